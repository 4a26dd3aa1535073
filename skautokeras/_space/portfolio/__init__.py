"""Known configurations: what is known to work, cheapest first, for each kind of data.

Each is a plain dict of values for the hyperparameters of one block, by their names in
the block, and of values for training, whose names begin with "training/". What a
configuration does not name has its default.
"""
