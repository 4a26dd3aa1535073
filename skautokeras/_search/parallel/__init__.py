"""Trials at the same time: the pool in this process, and the workers' side of it."""
