"""Inference: how many rows go through a network at once outside of training."""

import math

import keras
import tensorflow as tf

from skautokeras._layers.base import traits_of, walk

# Limits of the number of rows that go through a network at once, and of the number of
# values in their inputs. The latter is needed for images, because the feature maps
# inside of their networks are many times as large as the inputs.
MAX_ROWS = 4096
_MIN_ROWS, _MAX_VALUES = 32, 2**20
# Limit of the bytes of the inputs and outputs of one layer.
_MAX_BYTES = 2**28


def rows_at_once(x, network, max_rows=MAX_ROWS):
    """Return how many rows go through a network at once outside of training.

    Parameters
    ----------
    x : dict of str to array or tensor
        Inputs of the network.
    network : keras.Model
        Network whose layers may limit the number of rows (`Layer.max_rows_at_once`).
    max_rows : int, default=4096
        Maximum number of rows.

    Examples
    --------
    >>> import keras
    >>> import numpy as np
    >>> from skautokeras._training.inference import rows_at_once
    >>> network = keras.Sequential([keras.layers.Dense(2)])
    >>> rows_at_once({"numerical": np.zeros((9, 20))}, network)
    4096
    >>> rows_at_once({"pixels": np.zeros((9, 32, 32, 3))}, network)
    341
    """
    n_values = sum(math.prod(array.shape[1:]) for array in x.values())
    n_rows = min(max(_MAX_VALUES // n_values, _MIN_ROWS), max_rows)
    n_rows = min(n_rows, max(_MAX_BYTES // max(bytes_per_row(network)[1], 1), 1))
    limits = (traits_of(layer).max_rows_at_once for layer in walk(network))
    return min([n_rows, *(limit for limit in limits if limit is not None)])


def bytes_per_row(network):
    """Return how much memory the outputs of all layers take for one row.

    Parameters
    ----------
    network : keras.Model
        Functional, of known shapes. What a subclassed model computes is not known.

    Returns
    -------
    n_bytes : int
        Bytes of the outputs of all layers, which training keeps.
    most : int
        Most bytes of the inputs and outputs of one layer, which prediction holds.

    Examples
    --------
    >>> import keras
    >>> from skautokeras._training.inference import bytes_per_row
    >>> x = keras.Input((4,))
    >>> bytes_per_row(keras.Model(x, keras.layers.Dense(3)(x)))
    (28, 28)
    """
    n_bytes = most = 0
    for operation in getattr(network, "operations", ()):
        try:
            outputs = _bytes_of(operation.output)
            inputs = _bytes_of(operation.input)
        except (AttributeError, ValueError):
            continue  # a layer that is called several times, or inside of another one
        held, at_once = outputs, outputs
        if hasattr(operation, "operations"):
            held, at_once = bytes_per_row(operation)
        elif not isinstance(operation, keras.layers.InputLayer):
            at_once += inputs
        n_bytes += held
        most = max(most, at_once)
    return n_bytes, most


def _bytes_of(tensors):
    return sum(
        math.prod(n or 1 for n in x.shape[1:]) * _ITEMSIZES.get(x.dtype, 4)
        for x in keras.tree.flatten(tensors)
    )


_ITEMSIZES = {"bfloat16": 2, "float16": 2, "uint8": 1, "bool": 1, "int64": 8}


def in_chunks(call, x, shapes, size):
    """Return ``call(x)`` for all rows, ``size`` at a time, inside a compiled function.

    Parameters
    ----------
    call : callable
        Function of a dict of arrays that returns a dict of outputs.
    x : dict of str to tensor
        Arrays with one row per sample.
    shapes : dict of str to tuple
        Shape of one row of each output.
    size : int
        Number of rows at a time.
    """
    n_rows = tf.shape(next(iter(x.values())))[0]
    n_chunks = (n_rows + size - 1) // size

    def step(i, parts):
        rows = {name: a[i * size : (i + 1) * size] for name, a in x.items()}
        outputs = call(rows)
        return i + 1, {
            name: part.write(i, outputs[name]) for name, part in parts.items()
        }

    parts = {
        name: tf.TensorArray(
            "float32", size=n_chunks, infer_shape=False, element_shape=(None, *shape)
        )
        for name, shape in shapes.items()
    }
    _, parts = tf.while_loop(
        lambda i, _: i < n_chunks, step, (tf.constant(0), parts), parallel_iterations=1
    )
    return {name: part.concat() for name, part in parts.items()}


def output_shapes(model):
    """Return the shape of one row of each output of a model, by name."""
    return {name: tuple(y.shape[1:]) for name, y in model.output.items()}
