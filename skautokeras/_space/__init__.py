"""What could be built: blocks, their hyperparameters and the graph they form."""
