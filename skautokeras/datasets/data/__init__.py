"""Data files and their descriptions."""
