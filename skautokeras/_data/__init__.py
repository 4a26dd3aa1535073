"""What is there: the analysis of the data, and the adapters that make arrays of it."""
