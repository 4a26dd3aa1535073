"""What is handed over: a fitted network for use without this package."""
