"""What shape a block is built on, and the error for any other one."""

import keras

from skautokeras._layers.regularization import Dropout
from skautokeras._space.declaration import Searched
from skautokeras._space.hyperparameters import Float

SERIES = "series (batch, steps, channels)"
IMAGES = "images (batch, height, width, channels)"
# Pixels of the shorter side from which on the first layer makes images smaller.
_LARGE = 64


def searched_activation(names, doc="Name of a Keras activation."):
    """Return the declaration of an activation: any that Keras knows is allowed.

    Parameters
    ----------
    names : Choice
        Activations that are searched.
    doc : str, default="Name of a Keras activation."
        Description of the parameter.
    """
    expected = "the name of a Keras activation"
    return Searched(names, allowed=_is_activation, expected=expected, doc=doc)


def _is_activation(value):
    """Return whether Keras knows an activation; a list of them would be outdated."""
    try:
        keras.activations.get(value)
    except ValueError:
        return False
    return True


def searched_dropout(doc, default=0.0):
    """Return the declaration of a rate of dropout.

    Parameters
    ----------
    doc : str
        Description of the parameter.
    default : float, default=0.0
        Rate that is tried first.
    """
    rates = Float(0.0, 0.5, default=default, step=0.05)
    return Searched(rates, at_least=0, below=1, doc=doc)


def choose_dropout(hp, block, name="dropout", **options):
    """Return a function that puts a dropout behind a tensor.

    A rate that is searched may become anything, so the layer is there for 0, too:
    networks that differ in the rate alone share a compiled function.

    Parameters
    ----------
    hp : keras_tuner.HyperParameters
        Container that is asked for the rate.
    block : Block
        Block whose class declares the rate.
    name : str, default="dropout"
        Name of the declaration.
    **options : object
        Further parameters of the layer.

    Returns
    -------
    drop : callable
        Function from a tensor to one behind a new layer, or to the tensor itself where
        the user has switched dropout off.
    """
    rate = block.choose(hp, name)
    if rate > 0 or block.is_searched(name):
        return lambda x: Dropout(rate, **options)(x)
    return lambda x: x


def flattened(x):
    """Return a tensor as rows of features: (batch, features) stays as it is.

    Parameters
    ----------
    x : keras.KerasTensor
        Tensor of rank 2 or more.
    """
    return x if len(x.shape) == 2 else keras.layers.Flatten()(x)


def check_rank(block, x, expected, advice):
    """Raise unless ``x`` is one tensor of a rank that a block can work on.

    Parameters
    ----------
    block : Block
        Block that the error names.
    x : keras.KerasTensor
        Input of the block.
    expected : dict of int to str
        Name of each rank that the block can work on.
    advice : str
        Sentence on what to do if the rank is another one.

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


def activate(x, activation):
    """Return ``x`` behind an activation.

    Parameters
    ----------
    x : keras.KerasTensor
        Tensor of any shape.
    activation : str or callable
        Activation as `keras.layers.Activation` takes it.
    """
    if keras.activations.get(activation) is keras.activations.silu:
        # TensorFlow's own has a custom gradient: it keeps the graph of every network
        # (decision 0017).
        return keras.layers.Multiply()([x, keras.layers.Activation("sigmoid")(x)])
    return keras.layers.Activation(activation)(x)


def is_large(x):
    """Return whether images are so large that the first layer makes them smaller.

    Parameters
    ----------
    x : keras.KerasTensor
        Images (batch, height, width, channels).
    """
    return min(x.shape[1:3]) >= _LARGE


def window(x, size=2, smallest=1):
    """Return how far pooling or a stride may go along each axis of a tensor.

    Parameters
    ----------
    x : keras.KerasTensor
        (batch, steps, channels) or (batch, height, width, channels).
    size : int, default=2
        Wanted size along each axis.
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


def stride(x, size=2):
    """Return how far a convolution may go along all axes of a tensor alike.

    Convolutions want equal strides, so the shortest axis decides. No axis becomes
    shorter than 2.

    Parameters
    ----------
    x : keras.KerasTensor
        (batch, steps, channels) or (batch, height, width, channels).
    size : int, default=2
        Wanted size along each axis.

    Returns
    -------
    stride : int
        ``size`` or 1.
    """
    return min(window(x, size, smallest=2))
