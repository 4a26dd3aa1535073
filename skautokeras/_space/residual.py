"""Convolutional networks for images with connections around their layers."""

import keras

from skautokeras._space.block import Block
from skautokeras._space.convolution import (
    batch_normalization,
    convolution,
    max_pooling,
)
from skautokeras._space.declaration import Searched
from skautokeras._space.hyperparameters import Choice, Int
from skautokeras._space.shapes import (
    IMAGES,
    check_rank,
    choose_dropout,
    is_large,
    searched_dropout,
    stride,
)

_ADVICE = "Put it on an ImageInput, or on ImageAugmentation or Normalization of one."
# Depth -> residual blocks of each stage (He et al., arXiv:1512.03385, table 1).
_STAGES = {
    18: (2, 2, 2, 2),
    34: (3, 4, 6, 3),
    50: (3, 4, 6, 3),
    101: (3, 4, 23, 3),
    152: (3, 8, 36, 3),
}
# From this depth on a residual block narrows its input first.
_BOTTLENECKS = 50


@keras.saving.register_keras_serializable("skautokeras")
class ResNetBlock(Block):
    """A residual network on images, without its last layers.

    He et al., arXiv:1512.03385 and arXiv:1603.05027, fitted to the size of the images:
    small ones (under 64 pixels) keep their size in the first layer, and none becomes
    smaller than 2 pixels. Returns maps (batch, height, width, channels).

    Examples
    --------
    >>> from skautokeras import ImageInput, ResNetBlock
    >>> node = ResNetBlock(version="v2", depth=18)(ImageInput())
    """

    tolerates_bfloat16 = True

    version = Searched(
        Choice(("v1", "v2")),
        doc='Place of normalization and activation: behind each convolution ("v1") or '
        'before it ("v2").',
    )
    depth = Searched(
        Choice((9, 18, 34, 50)),
        allowed=(9, *_STAGES),
        doc="Number of layers. The network of 9 is the one for small images of "
        "DAWNBench (Page, How to train your ResNet): convolutions with pooling, the "
        "first and the last followed by a residual block.",
    )
    filters = Searched(
        Choice((16, 32, 64), default=32),
        at_least=1,
        doc="Channels of the first stage; each following one has twice as many.",
    )
    dropout = searched_dropout("Share of the outputs that is dropped in training.")

    def build(self, hp, inputs):
        """Stack the stages."""
        check_rank(self, inputs, {4: IMAGES}, _ADVICE)
        first = self.choose(hp, "version") == "v2"
        depth = self.choose(hp, "depth")
        filters = self.choose(hp, "filters")
        drop = choose_dropout(hp, self, channels=True)
        x = _stem(inputs, filters, first)
        x = _nine(x, filters, first) if depth == 9 else _deep(x, filters, first, depth)
        if first:
            x = _normalized(x)
        return drop(x)


def _stem(x, filters, normalize_first):
    """Return the first maps; those of large images are smaller."""
    if is_large(x):
        x = max_pooling(convolution(x, filters, 7, 2))
    else:
        x = convolution(x, filters, 3)
    return x if normalize_first else _normalized(x)


def _nine(x, filters, normalize_first):
    """Return the maps of the network of nine layers."""
    for i in range(3):
        width = filters * 2 ** (i + 1)
        if normalize_first:
            x = _normalized(x)
        x = max_pooling(convolution(x, width, 3), smallest=2)
        if not normalize_first:
            x = _normalized(x)
        if i != 1:
            x = _residual(x, [(width, 3), (width, 3)], 1, normalize_first)
    return x


def _deep(x, filters, normalize_first, depth):
    """Return the maps of a network of four stages."""
    for i, n_blocks in enumerate(_STAGES[depth]):
        width = filters * 2**i
        layers = [(width, 3), (width, 3)]
        if depth >= _BOTTLENECKS:
            layers = [(width, 1), (width, 3), (4 * width, 1)]
        for j in range(n_blocks):
            strides = stride(x) if i > 0 and j == 0 else 1
            x = _residual(x, layers, strides, normalize_first)
    return x


def _residual(x, layers, strides, normalize_first):
    """Return ``x`` plus what some convolutions make of it.

    ``layers`` are (channels, kernel size); the last but one goes by ``strides``.
    """
    width = layers[-1][0]
    skip, source = x, x
    if normalize_first:
        source = _normalized(x)
    if strides != 1 or x.shape[-1] != width:
        skip = convolution(source, width, 1, strides)
        if not normalize_first:
            skip = batch_normalization(skip)
    x = source
    for i, (channels, size) in enumerate(layers):
        if normalize_first and i > 0:
            x = _normalized(x)
        x = convolution(x, channels, size, strides if i == len(layers) - 2 else 1)
        if not normalize_first:
            x = batch_normalization(x)
            if i < len(layers) - 1:
                x = keras.layers.Activation("relu")(x)
    x = keras.layers.Add()([skip, x])
    return x if normalize_first else keras.layers.Activation("relu")(x)


def _normalized(x):
    """Return the activation of the normalized maps."""
    return keras.layers.Activation("relu")(batch_normalization(x))


@keras.saving.register_keras_serializable("skautokeras")
class XceptionBlock(Block):
    """A network of separable convolutions on images, without its last layers.

    Chollet, arXiv:1610.02357, fitted to the size of the images: small ones (under 64
    pixels) keep their size in the first layer, and none becomes smaller than 2 pixels.
    Returns maps (batch, height, width, channels).

    Examples
    --------
    >>> from skautokeras import ImageInput, XceptionBlock
    >>> node = XceptionBlock(filters=16)(ImageInput())
    """

    tolerates_bfloat16 = True

    filters = Searched(
        Choice((8, 16, 32)),
        at_least=1,
        doc="Channels of the first layer (32 in the paper); the last one has 32 times "
        "as many.",
    )
    n_blocks = Searched(
        Int(0, 8, default=2),
        at_least=0,
        doc="Residual blocks in the middle (8 in the paper).",
    )
    dropout = searched_dropout("Share of the outputs that is dropped in training.")

    def build(self, hp, inputs):
        """Stack entry, middle and exit."""
        check_rank(self, inputs, {4: IMAGES}, _ADVICE)
        filters = self.choose(hp, "filters")
        n_blocks = self.choose(hp, "n_blocks")
        drop = choose_dropout(hp, self, channels=True)
        strides = 2 if is_large(inputs) else 1
        x = _normalized(convolution(inputs, filters, 3, strides))
        x = _normalized(convolution(x, 2 * filters, 3))
        for width in (4 * filters, 8 * filters, 16 * filters):
            x = _separable_step(x, width, n_layers=2, pool=True)
        for _ in range(n_blocks):
            x = _separable_step(x, 16 * filters, n_layers=3, pool=False)
        x = keras.layers.Activation("relu")(x)
        x = keras.layers.SeparableConv2D(
            32 * filters, 3, padding="same", use_bias=False
        )(x)
        return drop(_normalized(x))


def _separable_step(x, filters, n_layers, pool):
    """Return ``x`` plus what some separable convolutions make of it."""
    strides = stride(x) if pool else 1
    skip = x
    if x.shape[-1] != filters or strides != 1:
        skip = convolution(x, filters, 1, strides)
        skip = batch_normalization(skip)
    for _ in range(n_layers):
        x = keras.layers.Activation("relu")(x)
        x = keras.layers.SeparableConv2D(filters, 3, padding="same", use_bias=False)(x)
        x = batch_normalization(x)
    if strides != 1:
        x = keras.layers.MaxPooling2D(3, strides=strides, padding="same")(x)
    return keras.layers.Add()([skip, x])
