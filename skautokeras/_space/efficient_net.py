"""EfficientNets: those of Keras, with or without weights, and a small one."""

import os

import keras

from skautokeras._layers.pretrained import FineTuned
from skautokeras._space.block import Block, as_tensor
from skautokeras._space.convolution import batch_normalization, convolution
from skautokeras._space.declaration import Fixed, Searched, check_parameters
from skautokeras._space.hyperparameters import Boolean, Choice, Float
from skautokeras._space.preprocessing import of_channels
from skautokeras._space.records import Image
from skautokeras._space.residual import LARGE
from skautokeras._space.shapes import (
    IMAGES,
    activate,
    check_rank,
    choose_dropout,
    searched_dropout,
    stride,
)
from skautokeras.exceptions import WeightsMissingError

# Version -> side of the images that it was trained on (arXiv:1905.11946).
_RESOLUTIONS = {
    "b0": 224,
    "b1": 240,
    "b2": 260,
    "b3": 300,
    "b4": 380,
    "b5": 456,
    "b6": 528,
    "b7": 600,
}
# Keras makes none of them for smaller images.
_SMALLEST = 32
# The small network: expansion, channels, layers, stride and kernel size of each stage.
_SMALL = (
    (1, 16, 1, 1, 3),
    (4, 24, 2, 2, 3),
    (4, 40, 2, 2, 5),
    (4, 80, 2, 2, 3),
    (4, 112, 1, 1, 3),
)
_SMALL_TOP = 448
# Parameters that say how weights that were given are trained further.
_FINE_TUNING = ("learning_rate_factor", "head_first")


@keras.saving.register_keras_serializable("skautokeras")
class EfficientNetBlock(Block):
    """An EfficientNet on images, without its last layers.

    Tan and Le, arXiv:1905.11946. Returns maps (batch, height, width, channels).

    Notes
    -----
    With weights that were given, batch normalization stays as it was for the data that
    they were trained on.

    A tensor that does not come from an `ImageInput` is taken for pixels between 0 and
    255.

    Examples
    --------
    >>> from skautokeras import EfficientNetBlock, ImageInput
    >>> node = EfficientNetBlock(version="b0", weights="imagenet")(ImageInput())
    """

    takes_records = True
    tolerates_bfloat16 = True

    version = Searched(
        Choice(("small", "b0", "b1", "b2")),
        allowed=("small", *_RESOLUTIONS),
        doc='Version of the network. ``"small"`` is made of the same parts, for images '
        "of 8 to 64 pixels; the others are those of `keras.applications`. If there are "
        'weights, "small" is left out.',
    )
    weights = Fixed(
        (str, os.PathLike),
        doc='Weights to start from: "imagenet" for those that Keras downloads once, or '
        "the path of a file of weights for the version, without the top. Images "
        "are then resized to the size that the network was trained on, and their "
        "pixels brought to between 0 and 255. If they cannot be had, a warning says so "
        "and a search leaves out what needs them. None stands for random weights and "
        "the size of the images, 32 pixels at least.",
    )
    trainable = Searched(
        Boolean(), doc="Whether weights that were given are trained further."
    )
    learning_rate_factor = Searched(
        Float(1e-3, 1.0, default=0.03, sampling="log"),
        above=0,
        doc="Factor on the learning rate for weights that were given.",
    )
    head_first = Searched(
        Choice((0.0, 0.25, 0.5), default=0.25),
        at_least=0,
        below=1,
        doc="Share of the training in which weights that were given stay as they are, "
        "while what follows learns to use them.",
    )
    dropout = searched_dropout("Share of the outputs that is dropped in training.")

    def build(self, hp, inputs):
        """Build the network of the version."""
        x = as_tensor(inputs)
        advice = "Put it on an ImageInput, or on ImageAugmentation of one."
        check_rank(self, x, {4: IMAGES}, advice)
        check_parameters(self)
        version = self.choose(hp, "version", self._versions(x.shape[-1]))
        fine_tuning = self._fine_tuning(hp)
        drop = choose_dropout(hp, self, channels=True)
        self._check_weights(version)
        if version == "small":
            return drop(_small(x))
        return drop(self._of_keras(pixels_as_bytes(inputs), version, fine_tuning))

    def _fine_tuning(self, hp):
        """Return what becomes of weights that were given; nothing without them."""
        if self.weights is None:
            return {}
        values = {"trainable": self.choose(hp, "trainable")}
        with self.when(hp, "trainable", [True]):
            if values["trainable"]:
                values |= {name: self.choose(hp, name) for name in _FINE_TUNING}
        return values

    def _versions(self, n_channels):
        """Return the versions that are searched: some need weights, some colours."""
        small, *of_keras = self.declaration("version").range.values
        if self.weights is not None:
            return Choice(of_keras)
        # Those of Keras take grey images and colours.
        return Choice((small, *of_keras) if n_channels in (1, 3) else (small,))

    def _check_weights(self, version):
        """Raise unless weights belong to the version, and can be there."""
        if self.weights is None:
            if self.trainable is False:
                raise ValueError(
                    "EfficientNetBlock(trainable=False) needs weights: a network of "
                    "random weights must be trained."
                )
            for name in _FINE_TUNING:
                if getattr(self, name) is not None:
                    raise ValueError(
                        f"EfficientNetBlock({name}={getattr(self, name)!r}) needs "
                        "weights: it is about those that were given."
                    )
            return
        if version == "small":
            raise ValueError(
                "There are no weights for EfficientNetBlock(version='small'). Take "
                "another version, or weights=None."
            )
        if self.weights == "imagenet":
            return
        if not isinstance(self.version, str):
            raise ValueError(
                "EfficientNetBlock needs the 'version' that the file of weights is for."
            )
        if not os.path.exists(self.weights):
            raise WeightsMissingError(
                "The 'weights' parameter of EfficientNetBlock must be 'imagenet' or "
                f"the path of a file. There is no file {os.fspath(self.weights)!r}."
            )

    def _of_keras(self, x, version, fine_tuning):
        """Return the maps of a network of `keras.applications`."""
        if x.shape[-1] not in (1, 3):
            raise ValueError(
                f"EfficientNetBlock(version={version!r}) needs images of one or three "
                f"channels, got {x.shape[-1]}. Take version='small' or another block."
            )
        if self.weights is not None:
            side = _RESOLUTIONS[version]
            size = (side, side)
            x = x if x.shape[-1] == 3 else keras.layers.Concatenate()([x, x, x])
        else:
            size = tuple(max(length, _SMALLEST) for length in x.shape[1:3])
        if tuple(x.shape[1:3]) != size:
            x = keras.layers.Resizing(*size, dtype="float32")(x)
        network = self._network(version, tuple(x.shape[1:]))
        if self.weights is None:
            return network(x)
        network.trainable = fine_tuning["trainable"]
        for layer in network.layers:
            if isinstance(layer, keras.layers.BatchNormalization):
                layer.trainable = False
        if not network.trainable:
            return network(x)
        factor, frozen_until = (
            fine_tuning["learning_rate_factor"],
            fine_tuning["head_first"],
        )
        return FineTuned(network, factor, frozen_until)(x)

    def _network(self, version, shape):
        make = getattr(keras.applications, f"EfficientNet{version.upper()}")
        weights = self.weights
        if weights is not None:
            weights = os.fspath(weights)
        try:
            return make(include_top=False, weights=weights, input_shape=shape)
        except Exception as error:
            if weights is None:
                raise
            raise WeightsMissingError(
                f"The weights {weights!r} of EfficientNetBlock(version={version!r}) "
                f"could not be had: {error}. If there is no network here, call "
                f"keras.applications.EfficientNet{version.upper()}(include_top=False) "
                "where there is one, save its weights with "
                "save_weights('name.weights.h5'), and pass that path as 'weights'."
            ) from error


def pixels_as_bytes(inputs):
    """Return pixels between 0 and 255, whatever has been done to them.

    Parameters
    ----------
    inputs : Image or keras.KerasTensor
        Image, or pixels that a user says are between 0 and 255.
    """
    if not isinstance(inputs, Image):
        return inputs
    scale = 255.0 / (inputs.white - inputs.black)
    offset = -scale * inputs.black
    # bfloat16 would round the pixels before anything has looked at them.
    rescaling = keras.layers.Rescaling(*of_channels(scale, offset), dtype="float32")
    return rescaling(inputs.pixels)


def _small(x):
    """Return the maps of the small network."""
    is_large = min(x.shape[1:3]) >= LARGE
    x = _activated(convolution(x, 32, 3, 2 if is_large else 1))
    for expansion, channels, n_layers, wanted, size in _SMALL:
        for i in range(n_layers):
            strides = stride(x, wanted) if i == 0 else 1
            x = _inverted_residual(x, expansion, channels, strides, size)
    return _activated(convolution(x, _SMALL_TOP, 1))


def _inverted_residual(x, expansion, channels, strides, size):
    """Return the mobile bottleneck with squeeze and excitation (arXiv:1801.04381)."""
    width = expansion * x.shape[-1]
    y = _activated(convolution(x, width, 1)) if expansion > 1 else x
    y = keras.layers.DepthwiseConv2D(
        size, strides=strides, padding="same", use_bias=False
    )(y)
    y = _activated(y)
    squeezed = keras.layers.GlobalAveragePooling2D(keepdims=True)(y)
    n_squeezed = max(1, x.shape[-1] // 4)
    gate = activate(keras.layers.Conv2D(n_squeezed, 1)(squeezed), "silu")
    gate = keras.layers.Conv2D(width, 1, activation="sigmoid")(gate)
    y = convolution(keras.layers.Multiply()([y, gate]), channels, 1)
    y = batch_normalization(y)
    return keras.layers.Add()([x, y]) if x.shape == y.shape else y


def _activated(x):
    """Return the activation of the normalized maps."""
    return activate(batch_normalization(x), "silu")
