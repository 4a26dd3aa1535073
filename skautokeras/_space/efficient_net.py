"""EfficientNets: those of Keras, with or without weights, and a small one."""

import os

import keras

from skautokeras._data.schema import IMAGE_VECTORS
from skautokeras._space.block import as_tensor
from skautokeras._space.convolution import batch_normalization, convolution
from skautokeras._space.declaration import Fixed, Searched, check_parameters
from skautokeras._space.hyperparameters import Boolean, Choice
from skautokeras._space.image_models import (
    SIDES,
    load_image_encoder,
    needs_network,
    sides_for,
    size_for,
)
from skautokeras._space.portfolio.images import are_few, for_efficient_net
from skautokeras._space.preprocessing import of_channels
from skautokeras._space.pretrained import (
    FIRST_LAYER_RATE,
    HEAD_FIRST,
    LEARNING_RATE_FACTOR,
    TRAINED_SHARE,
    EncoderBlock,
    check_vectors,
    name_of,
)
from skautokeras._space.records import Image
from skautokeras._space.shapes import (
    IMAGES,
    activate,
    check_rank,
    choose_dropout,
    is_large,
    searched_dropout,
    stride,
)

# Versions of `keras.applications`, and those whose weights are searched.
_VERSIONS = tuple(f"b{i}" for i in range(8))
_WITH_WEIGHTS = ("b0", "b1", "b2")
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


@keras.saving.register_keras_serializable("skautokeras")
class EfficientNetBlock(EncoderBlock):
    """An EfficientNet on images, or another network with pretrained weights.

    Tan and Le, arXiv:1905.11946. Returns maps (batch, height, width, channels); with
    ``weights``, it returns a vector per image, the mean over the maps.

    Notes
    -----
    If weights are given and not trained, each image is turned into a vector once,
    before the first trial, unless other blocks stand between the block and its
    `ImageInput`. Batch normalization stays as it was for the data that the weights were
    trained on.

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
        Choice(("small", *_WITH_WEIGHTS)),
        allowed=("small", *_VERSIONS),
        doc='Version of the network. ``"small"`` is made of the same parts, for images '
        "of 8 to 64 pixels; the others are those of `keras.applications`. With "
        'weights other than "imagenet", it only says which version a file of weights '
        "is for, if its name does not.",
    )
    weights = Fixed(
        (str, os.PathLike),
        doc='Weights to start from: "imagenet" for those of the version, which Keras '
        "downloads once, or one of the models that ``pretrained`` of `ImageBlock` "
        "and of the estimators takes. Images are then resized to what suits the "
        "network. If the weights cannot be had, a warning says so and a search leaves "
        "out what needs them. "
        "None stands for random weights and the size of the images, 32 pixels at "
        "least.",
    )
    trainable = Searched(
        Boolean(), doc="Whether weights that were given are trained further."
    )
    vectors = Searched(
        Choice(IMAGE_VECTORS),
        doc='Vector of an image if weights are given and not trained. ``"encoder"`` is '
        'that of the network. ``"mirrored"`` is the mean of this vector and that of '
        "the mirror image, which takes twice the time.",
    )
    learning_rate_factor = LEARNING_RATE_FACTOR
    first_layer_rate = FIRST_LAYER_RATE
    head_first = HEAD_FIRST
    trained_share = TRAINED_SHARE
    side = Searched(
        Choice(SIDES),
        at_least=32,
        doc="Side, in pixels, of a square with as many pixels as images are brought "
        "to, if weights are trained further. Fewer pixels take less time. A network "
        "that takes only one size has no such parameter.",
    )
    dropout = searched_dropout("Share of the outputs that is dropped in training.")

    @property
    def presets(self):
        """The names or files of the pretrained models."""
        names = name_of(self.weights)
        if not names or self.version == "small":
            return ()
        if names == ("imagenet",):
            return tuple(f"efficientnet_{v}" for v in self._versions_with_weights())
        if isinstance(self.version, str) and needs_network(*names):
            return (f"efficientnet_{self.version}:{names[0]}",)
        return names

    def build(self, hp, inputs):
        """Build the network, or take the vectors of a pretrained one."""
        x = as_tensor(inputs)
        advice = "Put it on an ImageInput, or on ImageAugmentation of one."
        check_rank(self, x, {4: IMAGES}, advice)
        check_parameters(self)
        self._check_weights()
        if self.weights is not None:
            return self._with_weights(hp, inputs)
        version = self.choose(hp, "version", self._versions(x.shape[-1]))
        drop = choose_dropout(hp, self, channels=True)
        return drop(
            _small(x) if version == "small" else self._of_keras(inputs, version)
        )

    def takes_long(self, values, schemas):
        """Return whether pretrained weights are trained further, on many images."""
        return super().takes_long(values, schemas) and not are_few(schemas)

    def known_configurations(self, schemas, targets):
        """Return the configurations that are known to work with weights."""
        return for_efficient_net(schemas) if self.weights is not None else ()

    def _versions(self, n_channels):
        """Return the versions that are searched: those of Keras take colours."""
        versions = self.declaration("version").range.values
        return Choice(versions if n_channels in (1, 3) else versions[:1])

    def _versions_with_weights(self):
        """Return the versions whose weights are asked for: one, or those to search."""
        if isinstance(self.version, str):
            return (self.version,)
        searched = isinstance(self.version, Choice)
        return tuple(self.version.values) if searched else _WITH_WEIGHTS

    def _check_weights(self):
        """Raise unless parameters about weights belong to some."""
        if self.weights is not None:
            if "small" in self._versions_with_weights():
                raise ValueError(
                    "There are no weights for EfficientNetBlock(version='small'). Take "
                    "another version, or weights=None."
                )
            return
        if self.trainable is False:
            raise ValueError(
                "EfficientNetBlock(trainable=False) needs weights: a network of "
                "random weights must be trained."
            )
        for name in ("vectors", "side", *self.fine_tuning):
            if getattr(self, name) is not None:
                raise ValueError(
                    f"EfficientNetBlock({name}={getattr(self, name)!r}) needs "
                    "weights: it is about those that were given."
                )

    def _of_keras(self, inputs, version):
        """Return the maps of a network of `keras.applications` that is trained."""
        x = pixels_as_bytes(inputs)
        if x.shape[-1] not in (1, 3):
            raise ValueError(
                f"EfficientNetBlock(version={version!r}) needs images of one or three "
                f"channels, got {x.shape[-1]}. Take version='small' or another block."
            )
        size = tuple(max(length, _SMALLEST) for length in x.shape[1:3])
        if tuple(x.shape[1:3]) != size:
            x = keras.layers.Resizing(*size, dtype="float32")(x)
        make = getattr(keras.applications, f"EfficientNet{version.upper()}")
        return make(include_top=False, weights=None, input_shape=x.shape[1:])(x)

    def _with_weights(self, hp, inputs):
        """Return the vectors of a pretrained model."""
        presets = self.presets
        preset = presets[0]
        if len(presets) > 1:
            version = self.choose(hp, "version", Choice(self._versions_with_weights()))
            preset = f"efficientnet_{version}"
        known = inputs.of_preset(preset) if isinstance(inputs, Image) else None
        facts, vectors = known or (None, {})
        trainable = self.choose(hp, "trainable")
        with self.when(hp, "trainable", [False]):
            kind = None
            if known and not trainable:
                kind = self._choose_vectors(hp, inputs.vectors)
        settings = {}
        with self.when(hp, "trainable", [True]):
            if trainable:
                settings = self._choose_fine_tuning(hp)
        drop = choose_dropout(hp, self)
        if known and not trainable:
            # Where there was no time for vectors, the weights can still be trained.
            check_vectors(facts, vectors)
            # Of several models, one may have fewer kinds than another.
            return drop(vectors[kind if kind in vectors else next(iter(vectors))])
        x, side = pixels_as_bytes(inputs), None
        with self.when(hp, "trainable", [True]):
            if trainable:
                side = self._side(hp, preset, x.shape[1:])
        size = size_for(preset, x.shape[1:], side)
        encoder = load_image_encoder(preset, size, trainable=trainable, **settings)
        return drop(encoder(x))

    def _side(self, hp, preset, shape):
        """Return the side that images are brought to; None if the network has one size.

        The largest is the default.
        """
        sides = tuple(sides_for(preset, shape))
        return self.choose(hp, "side", Choice(sides)) if sides else None


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
    x = _activated(convolution(x, 32, 3, 2 if is_large(x) else 1))
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
