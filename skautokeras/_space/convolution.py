"""Convolutional networks for series and images."""

import keras

from skautokeras._space.block import Block
from skautokeras._space.declaration import Searched
from skautokeras._space.hyperparameters import Boolean, Choice, Int
from skautokeras._space.shapes import (
    IMAGES,
    SERIES,
    activate,
    check_rank,
    choose_dropout,
    searched_activation,
    searched_dropout,
    window,
)

# Rank of the input, whether convolutions are separable -> layer.
_LAYERS = {
    (3, False): keras.layers.Conv1D,
    (3, True): keras.layers.SeparableConv1D,
    (4, False): keras.layers.Conv2D,
    (4, True): keras.layers.SeparableConv2D,
}


@keras.saving.register_keras_serializable("skautokeras")
class ConvBlock(Block):
    """Convolutions with activation, the last of some with pooling, several times.

    Works on series (batch, steps, channels) and images (batch, height, width,
    channels), and returns the same rank. No axis becomes shorter than 1: pooling leaves
    short ones alone.

    Examples
    --------
    >>> from skautokeras import ConvBlock, ImageInput
    >>> node = ConvBlock(kernel_size=3, n_layers=2)(ImageInput())
    """

    tolerates_bfloat16 = True

    kernel_size = Searched(
        Choice((3, 5, 7)), at_least=1, doc="Length of the window along each axis."
    )
    n_blocks = Searched(
        Int(1, 4, default=3),
        at_least=1,
        doc="Number of blocks of convolutions that follow each other.",
    )
    n_layers = Searched(
        Int(1, 2, default=2), at_least=1, doc="Convolutions of each block."
    )
    filters = Searched(
        Choice((16, 32, 64, 128, 256), default=32),
        at_least=1,
        doc="Channels of each block, searched for each block by itself.",
    )
    pooling = Searched(
        Choice(("max", "none")),
        doc='Pooling of each block. ``"max"`` takes the greatest of two neighbours '
        "along each axis, behind the last convolution and before its normalization "
        "and activation.",
    )
    separable = Searched(
        Boolean(),
        doc="Whether convolutions go along the axes first and mix channels afterwards.",
    )
    use_batchnorm = Searched(
        Boolean(default=True),
        doc="Whether a batch normalization precedes each activation.",
    )
    activation = searched_activation(Choice(("relu", "gelu", "silu")))
    dropout = searched_dropout(
        "Share of each block's outputs that is dropped in training."
    )

    def build(self, hp, inputs):
        """Stack the blocks."""
        advice = (
            "Put it on an ImageInput or an Input of series, or put DenseBlock here."
        )
        check_rank(self, inputs, {3: SERIES, 4: IMAGES}, advice)
        size = self.choose(hp, "kernel_size")
        # The number of blocks is asked for early, the widths of all come last.
        self.choose(hp, "n_blocks")
        n_layers = self.choose(hp, "n_layers")
        pools = self.choose(hp, "pooling") == "max"
        separable = self.choose(hp, "separable")
        use_batchnorm = self.choose(hp, "use_batchnorm")
        activation = self.choose(hp, "activation")
        drop = choose_dropout(hp, self, channels=True)
        layer_class = _LAYERS[len(inputs.shape), bool(separable)]
        x = inputs
        for width in self.choose_each(hp, "filters", "n_blocks"):
            for i in range(n_layers):
                # The normalization that follows has a bias of its own.
                x = layer_class(
                    width, size, padding="same", use_bias=not use_batchnorm
                )(x)
                # Before normalization and activation, which then have less to do.
                if pools and i == n_layers - 1:
                    x = max_pooling(x)
                if use_batchnorm:
                    x = batch_normalization(x)
                x = activate(x, activation)
            x = drop(x)
        return x


def convolution(x, filters, size, strides=1):
    """Return a convolution of maps without a bias: a normalization follows.

    Parameters
    ----------
    x : keras.KerasTensor
        Maps (batch, height, width, channels).
    filters : int
        Channels of the result.
    size : int
        Length of the window along both axes.
    strides : int, default=1
        Distance of the windows.
    """
    return keras.layers.Conv2D(
        filters, size, strides=strides, padding="same", use_bias=False
    )(x)


def max_pooling(x, smallest=1):
    """Return the greatest of two neighbours along the axes that are long enough.

    Parameters
    ----------
    x : keras.KerasTensor
        (batch, steps, channels) or (batch, height, width, channels).
    smallest : int, default=1
        No axis becomes shorter.
    """
    sizes = window(x, smallest=smallest)
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
        Maps or series whose last axis has the channels.
    """
    # Keras's 0.99 needs hundreds of steps to forget where it starts, more than a small
    # training has (decision 0019).
    return keras.layers.BatchNormalization(momentum=0.9)(x)
