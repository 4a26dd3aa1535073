"""What configurations for several kinds of data have in common."""

# For many rows of words; `predefined` makes batches smaller where rows are few.
SHORT = {"epochs": 8, "batch_size": 128}
# Networks on vectors that are computed before the trials: an epoch takes milliseconds.
HEAD = {"epochs": 64, "batch_size": 128, "schedule": "cosine", "warm_up": 0.0}
# Names of hyperparameters that are not inside of a block begin with one of these.
SHARED = ("training/", "target/")


def dense(n_layers, units, **values):
    """Return the values of a `DenseBlock` whose layers are equally wide.

    Parameters
    ----------
    n_layers : int
        Number of layers.
    units : int
        Width of each of them.
    **values : object
        Values of the other hyperparameters.

    Examples
    --------
    >>> from skautokeras._space.portfolio.parts import dense
    >>> dense(2, 64, dropout=0.1)
    {'n_layers': 2, 'units_0': 64, 'units_1': 64, 'dropout': 0.1}
    """
    return {
        "n_layers": n_layers,
        **{f"units_{i}": units for i in range(n_layers)},
        **values,
    }


def within(scope, values):
    """Return values by their names in an outer block.

    Parameters
    ----------
    scope : str
        Name of the inner block, or "training".
    values : dict of str to object
        Values by their names in the inner block.

    Examples
    --------
    >>> from skautokeras._space.portfolio.parts import within
    >>> within("dense_block_1", {"n_layers": 2})
    {'dense_block_1/n_layers': 2}
    """
    return {f"{scope}/{name}": value for name, value in values.items()}


def full_names(name, values):
    """Return values by their names in what is around a block.

    Values of the training and the target are shared by all blocks, and keep their
    names.

    Parameters
    ----------
    name : str
        Name of the block in an outer block, or in its graph.
    values : dict of str to object
        Values by their names in the block.

    Examples
    --------
    >>> from skautokeras._space import full_names
    >>> full_names("conv_block_1", {"n_blocks": 2, "training/epochs": 8})
    {'conv_block_1/n_blocks': 2, 'training/epochs': 8}
    """
    return {
        key if key.startswith(SHARED) else f"{name}/{key}": value
        for key, value in values.items()
    }


def doubled(epochs, most, n_samples, batch_size, n_steps):
    """Return epochs, doubled until a training has enough steps or the most epochs.

    Parameters
    ----------
    epochs, most : int
        Number of epochs of the configuration, and number from which on it stays.
    n_samples, batch_size : int
        Number of rows, and of the rows of a step.
    n_steps : int
        Number of steps that are enough.

    Examples
    --------
    >>> from skautokeras._space.portfolio.parts import doubled
    >>> doubled(16, most=256, n_samples=1000, batch_size=100, n_steps=600)
    64
    >>> doubled(3, most=256, n_samples=1000, batch_size=100, n_steps=60)
    8
    """
    while epochs < most and epochs * n_samples < n_steps * batch_size:
        epochs = 1 << epochs.bit_length()
    return epochs
