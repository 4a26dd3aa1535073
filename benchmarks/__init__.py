"""Benchmarks of skautokeras; the README next to this file says how to run them."""
