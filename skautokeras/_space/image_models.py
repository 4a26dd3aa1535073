"""Pretrained models for images: found by name, file or folder, and made into layers."""

import os
import re
from dataclasses import dataclass, field
from pathlib import Path

import keras
import numpy as np

from skautokeras._layers.pretrained import PREPROCESSING, ImageEncoder
from skautokeras._space.pretrained import (
    GELU,
    check_config,
    json_in,
    keras_hub,
    read_once,
    weights_missing,
)
from skautokeras._space.unfilled import weights_are_wanted
from skautokeras.exceptions import WeightsMissingError

# The network that "imagenet" stands for: much is learned from it in little time.
IMAGENET = "efficientnetv2_b0"
# Sides of the squares that have as many pixels as images are resized to. Images of
# fewer than 96 x 96 pixels are not brought to the first one.
SIDES = (224, 160, 128, 96)
_SMALL_IMAGE = 96
# Networks halve the size five times.
_MULTIPLE = 32
_WEIGHT_FILES = (".h5", ".keras")
# Architectures of Hugging Face whose activation KerasHub does not read.
_WITH_GELU = ("deit", "dinov2", "dinov2_with_registers", "swin", "vit")


def load_image_encoder(preset, size, **settings):
    """Return the layer that turns images into vectors by a pretrained model.

    The weights are filled in only if `weights_are_wanted`.

    Parameters
    ----------
    preset : str
        Name, file or folder of the model.
    size : tuple (height, width)
        Size that images are brought to. A model that takes only one size has that.
    **settings : object
        Arguments of `ImageEncoder`.

    Returns
    -------
    encoder : ImageEncoder

    Raises
    ------
    WeightsMissingError
        If the model cannot be had.
    """
    source = _read(preset)
    try:
        network = source.build(size)
    except ValueError as error:
        raise WeightsMissingError(
            f"The pretrained model {preset!r} takes no images of {size[0]} x {size[1]} "
            f"pixels: {error}"
        ) from error
    return ImageEncoder(network, **settings)


def sizes_for(preset, shape):
    """Return the sizes that images may be brought to for a model, the largest first.

    Parameters
    ----------
    preset : str
        Name, file or folder of the model.
    shape : tuple (height, width, channels)
        Shape of an image.

    Returns
    -------
    sizes : list of tuple (height, width)

    Raises
    ------
    WeightsMissingError
        If the model cannot be had, or if the images are neither grey nor coloured.
    """
    sides = sides_for(preset, shape) or [None]
    return list(dict.fromkeys(size_for(preset, shape, side) for side in sides))


def sides_for(preset, shape):
    """Return the sides of the squares that have the areas of `sizes_for`.

    Parameters
    ----------
    preset, shape : str, tuple
        Arguments of `sizes_for`.

    Returns
    -------
    sides : list of int
        The largest one first. Empty if the model takes only one size.
    """
    height, width, n_channels = shape
    if n_channels not in (1, 3):
        raise WeightsMissingError(
            f"The pretrained model {preset!r} needs images of one or three channels, "
            f"got {n_channels}."
        )
    if _read(preset).size is not None:
        return []
    return list(SIDES[1:] if height * width < _SMALL_IMAGE**2 else SIDES)


def size_for(preset, shape, side=None):
    """Return the size that images are brought to for a model.

    Small images are enlarged, because the model knows larger ones; the ratio of the
    sides is kept as far as possible.

    Parameters
    ----------
    preset, shape : str, tuple
        Arguments of `sizes_for`.
    side : int or None, default=None
        Side of a square with about as many pixels. None is the largest of `sides_for`.

    Returns
    -------
    size : tuple (height, width)
    """
    sides = sides_for(preset, shape)
    if not sides:
        return _read(preset).size
    height, width, _ = shape
    side = side or sides[0]
    factor = side / (height * width) ** 0.5 / _MULTIPLE
    return tuple(max(round(n * factor), 1) * _MULTIPLE for n in (height, width))


@dataclass(frozen=True, eq=False)
class _Source:
    """A network that has been read, and what it expects of pixels.

    A pixel x of colours between 0 and 255 becomes ``x @ matrix + offset``.
    """

    network: keras.Model
    matrix: np.ndarray = field(default_factory=lambda: np.eye(3))
    offset: np.ndarray = field(default_factory=lambda: np.zeros(3))

    @property
    def size(self):
        """The size that the network takes. None: it takes any."""
        size = tuple(self.network.inputs[0].shape[1:3])
        return None if None in size else size

    def build(self, size):
        """Return a copy for images of a size."""
        pixels = keras.Input((*(self.size or size), 3), dtype="float32")
        x = pixels
        if not (np.allclose(self.matrix, np.eye(3)) and np.allclose(self.offset, 0)):
            # bfloat16 would round what the network looks at.
            mixing = keras.layers.Dense(3, name=PREPROCESSING, dtype="float32")
            x = mixing(x)
            if weights_are_wanted():
                mixing.set_weights([self.matrix, self.offset])
        copy = keras.models.clone_model(
            self.network,
            input_tensors=keras.Input(pixels.shape[1:]),
            clone_function=_copied,
        )
        if weights_are_wanted():
            copy.set_weights(self.network.get_weights())
        return keras.Model(pixels, copy(x))


def _copied(layer):
    """Return a copy of a layer that computes in the precision of new layers."""
    config = layer.get_config()
    policy = keras.config.dtype_policy().name
    is_plain = isinstance(layer, keras.layers.Layer) and not isinstance(
        layer, keras.Model
    )
    if is_plain and policy != layer.dtype_policy.name:
        config["dtype"] = policy
    return type(layer).from_config(config)


def _read(preset):
    return read_once(_read_now, preset)


def _read_now(preset):
    way = "Pass the name of a network of keras.applications, a file or a folder."
    try:
        if preset.endswith(".keras"):
            return _Source(_checked(_of_keras_file(preset)))
        application = _application_of(preset)
        if application is not None:
            way = (
                "If there is no network connection here, call keras.applications."
                f"{application}(include_top=False).save_weights('{application}.weights."
                "h5') where there is one, and pass the path of that file."
            )
            return _of_application(application, _file_of(preset))
        if preset.endswith(_WEIGHT_FILES):
            raise ValueError(
                "The name of a file of weights must contain that of a network of "
                "keras.applications, as 'EfficientNetB0.weights.h5' does."
            )
        return _of_keras_hub(preset)
    except Exception as error:
        places = "keras.applications or KerasHub"
        raise weights_missing(preset, error, way, places) from error


def _of_keras_file(path):
    if not os.path.exists(path):
        raise FileNotFoundError(f"There is no file {path!r}")
    return keras.models.load_model(path, compile=False)


def _checked(network):
    """Return a network that takes colours and leads to maps or vectors."""
    shapes = [x.shape for x in keras.tree.flatten((network.inputs, network.outputs))]
    is_one = len(network.inputs) == len(network.outputs) == 1
    if not (is_one and len(shapes[0]) == 4 and shapes[0][-1] == 3):
        raise ValueError(
            f"It takes arrays of the shapes {shapes[: len(network.inputs)]} and has "
            f"{len(network.outputs)} outputs. One input of the shape (batch, height, "
            "width, 3) and one output are needed"
        )
    if isinstance(network.output, dict) or None in shapes[1][-1:]:
        raise ValueError(
            "Its output must be maps (batch, rows, columns, width) or vectors (batch, "
            "width) of a known width"
        )
    return network


# --- keras.applications


def _application_of(preset):
    """Return the name of the network of Keras that a name or a file stands for."""
    name, is_file = preset, preset.endswith(".h5")
    if _is_pair(preset):
        name = preset.partition(":")[0]
    elif is_file:
        name = Path(preset).name
    elif os.path.exists(preset) or re.search(r"[/\\]", preset):
        return None
    plain = _plain(name)
    known = {_plain(n): n for n in dir(keras.applications) if n[0].isupper()}
    if plain in known:
        return known[plain]
    found = [n for n in known if n in plain] if is_file else []
    return known[max(found, key=len)] if found else None


def needs_network(weights):
    """Return whether a file of weights has a name that tells no network.

    Parameters
    ----------
    weights : str
        Name, file or folder of a pretrained model.

    Examples
    --------
    >>> from skautokeras._space.image_models import needs_network
    >>> needs_network("own.weights.h5"), needs_network("EfficientNetB0.weights.h5")
    (True, False)
    """
    return weights.endswith(".h5") and _application_of(weights) is None


def _is_pair(preset):
    """Return whether the name of a network stands before the path of its file."""
    return re.match(r"\w\w+:", preset) is not None


def _file_of(preset):
    """Return the file of weights; "imagenet" if there is only a name."""
    path = preset.partition(":")[2] if _is_pair(preset) else preset
    if not path.endswith(".h5"):
        if _is_pair(preset):
            raise ValueError(f"{path!r} is no file of weights, which ends with .h5")
        return "imagenet"
    if not os.path.exists(path):
        raise FileNotFoundError(f"There is no file {path!r}")
    return path


def _plain(name):
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _of_application(name, weights):
    """Return a network of Keras with what its weights expect of pixels."""
    make = getattr(keras.applications, name)
    network = make(include_top=False, weights=weights, input_shape=(None, None, 3))
    return _Source(network, *_preprocessing(name))


def _preprocessing(name):
    """Return what `preprocess_input` of a network does to a pixel: matrix and offset.

    Each of these functions is affine, and some exchange colours.
    """
    modules = {
        own: module
        for own, module in vars(keras.applications).items()
        if hasattr(module, "preprocess_input")
    }
    # That of MobileNetV3 does not hold its networks.
    own = [n for n in modules if hasattr(modules[n], name)]
    own = own or [n for n in modules if _plain(name).startswith(_plain(n))]
    module = modules[max(own, key=len)]
    probes = np.vstack([np.zeros(3), 255 * np.eye(3)])[:, None, None, :]
    results = np.asarray(module.preprocess_input(probes.astype("float32")))[:, 0, 0]
    return (results[1:] - results[0]) / 255, results[0]


# --- KerasHub and folders of Hugging Face


def _of_keras_hub(preset):
    """Return a network of KerasHub with what its weights expect of pixels."""
    try:
        hub = keras_hub("images")
    except ImportError as error:
        raise ValueError(
            "It is no network of keras.applications, and no file .h5 or .keras. "
            "Whether KerasHub knows it, or can read a folder of that name, can only be "
            f"told with KerasHub: {error}"
        ) from error
    config = json_in(preset, "config.json")
    if config.get("model_type") in _WITH_GELU:
        check_config(config, {"hidden_act": GELU})
    backbone = hub.models.Backbone.from_preset(preset)
    _check_takes_images(backbone)
    network = _checked(keras.Model(backbone.inputs[0], backbone.output))
    scale, offset = _scaling(hub, preset)
    return _Source(network, np.eye(3) * scale, np.zeros(3) + offset)


def _check_takes_images(backbone):
    """Raise ValueError if a model of KerasHub takes something else than images alone.

    `_checked` looks at what leads from the one input to the one output.
    """
    names = sorted(backbone.input) if isinstance(backbone.input, dict) else []
    if len(backbone.inputs) > 1 or "token_ids" in names:
        of_texts = "token_ids" in names and "images" not in names
        what = "texts" if of_texts else names or f"{len(backbone.inputs)} inputs"
        raise ValueError(f"it is a {type(backbone).__name__}, which takes {what}")


def _scaling(hub, preset):
    """Return factors and summands by which pixels between 0 and 255 are changed."""
    config = json_in(preset, "preprocessor_config.json")
    if config:
        is_rescaled = config.get("do_rescale", True)
        factor = config.get("rescale_factor", 1 / 255) if is_rescaled else 1.0
        if not config.get("do_normalize", True):
            return factor, 0.0
        mean, std = (np.array(config[f"image_{name}"]) for name in ("mean", "std"))
        return factor / std, -mean / std
    converter = hub.layers.ImageConverter.from_preset(preset)
    scale = 1.0 if converter.scale is None else converter.scale
    offset = 0.0 if converter.offset is None else converter.offset
    return scale, offset
