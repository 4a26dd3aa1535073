"""EfficientNets: those of Keras, with or without weights, and a small one."""

import os
from numbers import Real

import keras

from skautokeras._layers.pretrained import FineTuned
from skautokeras._layers.regularization import Dropout
from skautokeras._sklearn import Interval, StrOptions
from skautokeras._space.block import Block, as_tensor
from skautokeras._space.convolution import batch_normalization
from skautokeras._space.hyperparameters import (
    SEARCHED,
    Boolean,
    Choice,
    Float,
    check_parameters,
    choose,
    when,
)
from skautokeras._space.records import Image
from skautokeras._space.residual import LARGE
from skautokeras._space.shapes import (
    IMAGES,
    activate,
    check_rank,
    choose_dropout,
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
# How weights that were given are trained further.
_FINE_TUNING = {
    "learning_rate_factor": Float(1e-3, 1.0, default=0.03, sampling="log"),
    "head_first": Choice((0.0, 0.25, 0.5), default=0.25),
}


@keras.saving.register_keras_serializable("skautokeras")
class EfficientNetBlock(Block):
    """An EfficientNet on images, without its last layers.

    Tan and Le, arXiv:1905.11946. Returns maps (batch, height, width, channels).

    Parameters
    ----------
    version : {"small", "b0", "b1", ..., "b7"} or None, default=None
        ``"small"``: a network of the same parts for images of 8 to 64 pixels. The
        others are those of `keras.applications`. None: searched, up to "b2"; from "b0"
        on if there are weights.
    weights : "imagenet", path or None, default=None
        Weights to start from: those for ImageNet, which Keras downloads once, or a file
        of weights for the version, without the top. Images are then resized to the size
        that the network was trained on, and their pixels brought to between 0 and 255.
        None: random weights and the size of the images, 32 pixels at least. If they
        cannot be had, a warning says so and a search leaves out what needs them.
    trainable : bool or None, default=None
        Whether weights that were given are trained further. None: searched.
    learning_rate_factor : float or None, default=None
        What the learning rate is multiplied by for weights that were given. None:
        searched.
    head_first : float or None, default=None
        Share of the training in which weights that were given stay as they are, while
        what follows learns to use them. None: searched.
    dropout : float or None, default=None
        Share of the outputs that is dropped in training. None: searched.

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

    _parameter_constraints = {
        "version": [StrOptions({"small", *_RESOLUTIONS}), *SEARCHED],
        "weights": [str, os.PathLike, None],
        "trainable": ["boolean", *SEARCHED],
        "learning_rate_factor": [Interval(Real, 0, None, closed="neither"), *SEARCHED],
        "head_first": [Interval(Real, 0, 1, closed="left"), *SEARCHED],
        "dropout": [Interval(Real, 0, 1, closed="left"), *SEARCHED],
    }

    def __init__(
        self,
        *,
        version=None,
        weights=None,
        trainable=None,
        learning_rate_factor=None,
        head_first=None,
        dropout=None,
    ):
        self.version = version
        self.weights = weights
        self.trainable = trainable
        self.learning_rate_factor = learning_rate_factor
        self.head_first = head_first
        self.dropout = dropout

    def build(self, hp, inputs):
        """Build the network of the version."""
        x = as_tensor(inputs)
        advice = "Put it on an ImageInput, or on ImageAugmentation of one."
        check_rank(self, x, {4: IMAGES}, advice)
        check_parameters(self)
        versions = Choice(self._versions(x.shape[-1]))
        version = choose(hp, "version", self.version, versions)
        fine_tuning = self._fine_tuning(hp)
        dropout, has_dropout = choose_dropout(hp, self.dropout)
        check_parameters(self, version=version, dropout=dropout, **fine_tuning)
        self._check_weights(version)
        if version == "small":
            x = _small(x)
        else:
            x = self._of_keras(_bytes(inputs), version, fine_tuning)
        return Dropout(dropout, channels=True)(x) if has_dropout else x

    def _fine_tuning(self, hp):
        """Return what becomes of weights that were given; nothing without them."""
        if self.weights is None:
            return {}
        values = {"trainable": choose(hp, "trainable", self.trainable, Boolean())}
        with when(hp, "trainable", self.trainable, [True]):
            if values["trainable"]:
                for name, searched in _FINE_TUNING.items():
                    values[name] = choose(hp, name, getattr(self, name), searched)
        return values

    def _versions(self, n_channels):
        """Return the versions that are searched."""
        if self.weights is not None:
            return ("b0", "b1", "b2")
        # Those of Keras take grey images and colours.
        return ("small", "b0", "b1", "b2") if n_channels in (1, 3) else ("small",)

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


def _bytes(inputs):
    """Return pixels between 0 and 255, whatever has been done to them."""
    if not isinstance(inputs, Image):
        return inputs
    scale = 255.0 / (inputs.white - inputs.black)
    offset = -scale * inputs.black
    # bfloat16 would round the pixels before anything has looked at them.
    rescaling = keras.layers.Rescaling(
        scale.tolist(), offset=offset.tolist(), dtype="float32"
    )
    return rescaling(inputs.pixels)


def _small(x):
    """Return the maps of the small network."""
    is_large = min(x.shape[1:3]) >= LARGE
    x = _activated(_convolution(x, 32, 3, 2 if is_large else 1))
    for expansion, channels, n_layers, wanted, size in _SMALL:
        for i in range(n_layers):
            strides = stride(x, wanted) if i == 0 else 1
            x = _inverted_residual(x, expansion, channels, strides, size)
    return _activated(_convolution(x, _SMALL_TOP, 1))


def _inverted_residual(x, expansion, channels, strides, size):
    """Return the mobile bottleneck with squeeze and excitation (arXiv:1801.04381)."""
    width = expansion * x.shape[-1]
    y = _activated(_convolution(x, width, 1)) if expansion > 1 else x
    y = keras.layers.DepthwiseConv2D(
        size, strides=strides, padding="same", use_bias=False
    )(y)
    y = _activated(y)
    squeezed = keras.layers.GlobalAveragePooling2D(keepdims=True)(y)
    n_squeezed = max(1, x.shape[-1] // 4)
    gate = activate(keras.layers.Conv2D(n_squeezed, 1)(squeezed), "silu")
    gate = keras.layers.Conv2D(width, 1, activation="sigmoid")(gate)
    y = _convolution(keras.layers.Multiply()([y, gate]), channels, 1)
    y = batch_normalization(y)
    return keras.layers.Add()([x, y]) if x.shape == y.shape else y


def _convolution(x, filters, size, strides=1):
    return keras.layers.Conv2D(
        filters, size, strides=strides, padding="same", use_bias=False
    )(x)


def _activated(x):
    """Return the activation of the normalized maps."""
    return activate(batch_normalization(x), "silu")
