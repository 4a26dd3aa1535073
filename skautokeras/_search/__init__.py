"""What is tried: oracles propose, trials train and score, the best one is kept."""
