"""Convolutional networks for series and images."""

from numbers import Integral, Real

import keras

from skautokeras._layers.regularization import Dropout
from skautokeras._sklearn import Interval, StrOptions
from skautokeras._space.block import Block
from skautokeras._space.hyperparameters import (
    SEARCHED,
    Boolean,
    Choice,
    Int,
    check_parameters,
    choose,
    each,
)
from skautokeras._space.shapes import (
    IMAGES,
    SERIES,
    activate,
    check_activation,
    check_rank,
    choose_dropout,
    window,
)

FILTERS = (16, 32, 64, 128, 256)
N_BLOCKS = Int(1, 4, default=3)


@keras.saving.register_keras_serializable("skautokeras")
class ConvBlock(Block):
    """Convolutions with activation, the last of some with pooling, several times.

    Works on series (batch, steps, channels) and images (batch, height, width,
    channels), and returns the same rank. No axis becomes shorter than 1: pooling leaves
    short ones alone.

    Parameters
    ----------
    kernel_size : int or None, default=None
        Length of the window along each axis. None: searched, like every parameter of a
        block.
    n_blocks : int or None, default=None
        How many blocks of convolutions follow each other.
    n_layers : int or None, default=None
        Convolutions of each block.
    filters : int or None, default=None
        Channels of each block; searched for each by itself.
    pooling : {"max", "none"} or None, default=None
        ``"max"``: the greatest of each two neighbours along each axis, behind the last
        convolution of each block and before its normalization and activation.
    separable : bool or None, default=None
        Whether convolutions go along the axes first and mix channels afterwards.
    use_batchnorm : bool or None, default=None
        Whether a batch normalization precedes each activation.
    activation : str or None, default=None
        Name of a Keras activation.
    dropout : float or None, default=None
        Share of each block's outputs that is dropped in training.

    Examples
    --------
    >>> from skautokeras import ConvBlock, ImageInput
    >>> node = ConvBlock(kernel_size=3, n_layers=2)(ImageInput())
    """

    tolerates_bfloat16 = True

    _parameter_constraints = {
        "kernel_size": [Interval(Integral, 1, None, closed="left"), *SEARCHED],
        "n_blocks": [Interval(Integral, 1, None, closed="left"), *SEARCHED],
        "n_layers": [Interval(Integral, 1, None, closed="left"), *SEARCHED],
        "filters": [Interval(Integral, 1, None, closed="left"), *SEARCHED],
        "pooling": [StrOptions({"max", "none"}), *SEARCHED],
        "separable": ["boolean", *SEARCHED],
        "use_batchnorm": ["boolean", *SEARCHED],
        "dropout": [Interval(Real, 0, 1, closed="left"), *SEARCHED],
    }

    def __init__(
        self,
        *,
        kernel_size=None,
        n_blocks=None,
        n_layers=None,
        filters=None,
        pooling=None,
        separable=None,
        use_batchnorm=None,
        activation=None,
        dropout=None,
    ):
        self.kernel_size = kernel_size
        self.n_blocks = n_blocks
        self.n_layers = n_layers
        self.filters = filters
        self.pooling = pooling
        self.separable = separable
        self.use_batchnorm = use_batchnorm
        self.activation = activation
        self.dropout = dropout

    def build(self, hp, inputs):
        """Stack the blocks."""
        advice = (
            "Put it on an ImageInput or an Input of series, or put DenseBlock here."
        )
        check_rank(self, inputs, {3: SERIES, 4: IMAGES}, advice)
        values = {
            "kernel_size": choose(
                hp, "kernel_size", self.kernel_size, Choice((3, 5, 7))
            ),
            "n_blocks": choose(hp, "n_blocks", self.n_blocks, N_BLOCKS),
            "n_layers": choose(hp, "n_layers", self.n_layers, Int(1, 2, default=2)),
            "pooling": choose(hp, "pooling", self.pooling, Choice(("max", "none"))),
            "separable": choose(hp, "separable", self.separable, Boolean()),
            "use_batchnorm": choose(
                hp, "use_batchnorm", self.use_batchnorm, Boolean(default=True)
            ),
        }
        activation = choose(
            hp, "activation", self.activation, Choice(("relu", "gelu", "silu"))
        )
        dropout, has_dropout = choose_dropout(hp, self.dropout)
        check_parameters(self, **values, dropout=dropout)
        check_activation(self, activation)
        widths = each(
            hp, self, "n_blocks", N_BLOCKS, "filters", Choice(FILTERS, default=32)
        )
        x = inputs
        for width in widths:
            for i in range(values["n_layers"]):
                x = _convolution(x, width, values)
                # Before normalization and activation, which then have less to do.
                if values["pooling"] == "max" and i == values["n_layers"] - 1:
                    x = max_pooling(x)
                if values["use_batchnorm"]:
                    x = batch_normalization(x)
                x = activate(x, activation)
            if has_dropout:
                x = Dropout(dropout, channels=True)(x)
        return x


def _convolution(x, filters, values):
    """Return one convolution of series or images, as long as its input."""
    of_series = len(x.shape) == 3
    if values["separable"]:
        layer = (
            keras.layers.SeparableConv1D if of_series else keras.layers.SeparableConv2D
        )
    else:
        layer = keras.layers.Conv1D if of_series else keras.layers.Conv2D
    return layer(
        filters,
        values["kernel_size"],
        padding="same",
        # The normalization that follows has a bias of its own.
        use_bias=not values["use_batchnorm"],
    )(x)


def max_pooling(x, size=2, smallest=1):
    """Return the greatest of neighbours along the axes that are long enough.

    Parameters
    ----------
    x : keras.KerasTensor
        (batch, steps, channels) or (batch, height, width, channels).
    size : int, default=2
        Neighbours along each axis.
    smallest : int, default=1
        No axis becomes shorter.
    """
    sizes = window(x, size, smallest)
    if set(sizes) == {1}:
        return x
    if len(sizes) == 1:
        return keras.layers.MaxPooling1D(sizes[0])(x)
    return keras.layers.MaxPooling2D(sizes)(x)


def batch_normalization(x):
    """Return ``x`` normalized over the batch, as the networks for images are.

    Parameters
    ----------
    x : keras.KerasTensor
        Channels last.
    """
    # Keras's 0.99 needs hundreds of steps to forget where it starts, more than a small
    # training has (decision 0019).
    return keras.layers.BatchNormalization(momentum=0.9)(x)
