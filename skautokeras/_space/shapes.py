"""What shape a block is built on, and the error for any other one."""

import keras

from skautokeras._space.hyperparameters import Float, choose, is_searched

SERIES = "series (batch, steps, channels)"
IMAGES = "images (batch, height, width, channels)"

DROPOUT = Float(0.0, 0.5, default=0.0, step=0.05)


def check_rank(block, x, expected, advice):
    """Raise unless ``x`` is one tensor of a rank that a block can work on.

    Parameters
    ----------
    block : Block
        Named in the error.
    x : keras.KerasTensor
        What it is built on.
    expected : dict of int to str
        Rank -> what it is called.
    advice : str
        What to do if it is another one.

    Raises
    ------
    TypeError
        If ``x`` is a list: the block was called on several nodes.
    ValueError
        If the rank is none of those expected.
    """
    name = type(block).__name__
    if isinstance(x, (list, tuple)):
        raise TypeError(f"{name} takes one node, got {len(x)}. Put Merge before it.")
    if len(x.shape) not in expected:
        wanted = " or ".join(expected.values())
        raise ValueError(f"{name} needs {wanted}, got {tuple(x.shape)}. {advice}")


def check_activation(block, activation):
    """Raise ValueError if Keras knows no such activation; a list would be outdated.

    Parameters
    ----------
    block : Block
        Named in the error.
    activation : object
        What was given.
    """
    try:
        keras.activations.get(activation)
    except ValueError:
        raise ValueError(
            f"The 'activation' parameter of {type(block).__name__} must be the name of "
            f"a Keras activation. Got {activation!r} instead."
        ) from None


def activate(x, activation):
    """Return ``x`` behind an activation.

    Parameters
    ----------
    x : keras.KerasTensor
        Of any shape.
    activation : str or callable
        As `keras.layers.Activation` takes it.
    """
    if keras.activations.get(activation) is keras.activations.silu:
        # TensorFlow's own has a custom gradient: it keeps the graph of every network
        # (decision 0017).
        return keras.layers.Multiply()([x, keras.layers.Activation("sigmoid")(x)])
    return keras.layers.Activation(activation)(x)


def window(x, size=2, smallest=1):
    """Return how far pooling or a stride may go along each axis of a tensor.

    Parameters
    ----------
    x : keras.KerasTensor
        (batch, steps, channels) or (batch, height, width, channels).
    size : int, default=2
        Wanted.
    smallest : int, default=1
        Axes that would become shorter than that are left as they are.

    Returns
    -------
    window : tuple of int
        One number per axis: ``size``, or 1 where the axis is too short.

    Examples
    --------
    >>> import keras
    >>> from skautokeras._space.shapes import window
    >>> window(keras.Input((1, 9, 3)))
    (1, 2)
    """
    return tuple(
        size if length is None or length >= size * smallest else 1
        for length in x.shape[1:-1]
    )


def stride(x, size=2, smallest=2):
    """Return how far a convolution may go along all axes of a tensor alike.

    Convolutions want equal strides, so the shortest axis decides.

    Parameters
    ----------
    x : keras.KerasTensor
        (batch, steps, channels) or (batch, height, width, channels).
    size : int, default=2
        Wanted.
    smallest : int, default=2
        No axis may become shorter than that.

    Returns
    -------
    stride : int
        ``size`` or 1.
    """
    return min(window(x, size, smallest))


def choose_dropout(hp, given, default=DROPOUT):
    """Return a rate of dropout, and whether a layer for it belongs into the network.

    A rate that is searched may become anything, so the layer is there for 0, too:
    networks that differ in the rate alone share a compiled function.

    Parameters
    ----------
    hp : keras_tuner.HyperParameters
        Asked for the rate.
    given : float, range or None
        The parameter of the block.
    default : Float, default=DROPOUT
        The range for None.

    Returns
    -------
    rate : float
        Between 0 and 1.
    needed : bool
        Whether there is a layer.
    """
    rate = choose(hp, "dropout", given, default)
    return rate, rate > 0 or is_searched(given)
