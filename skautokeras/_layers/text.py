"""Layers for codes of words and n-grams."""

import contextlib
import contextvars

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from skautokeras._layers.base import Layer

_sources = contextvars.ContextVar("sources", default=None)


@contextlib.contextmanager
def rows_read_from(sources):
    """Let layers read the vectors of codes from other variables than their own.

    Layers usually read their table as a whole, as Keras does. If a step changes only
    some rows of the table, this would copy all of it.

    Parameters
    ----------
    sources : dict of int to tf.Variable
        Variable to read from, by the id of the variable of the layer.
    """
    token = _sources.set(sources)
    try:
        yield
    finally:
        _sources.reset(token)


def _vectors(table, codes):
    """Return the rows of a table that belong to codes."""
    source = (_sources.get() or {}).get(id(table))
    if source is None:
        return ops.take(table, codes, axis=0)
    return tf.gather(source, codes)


@keras.saving.register_keras_serializable("skautokeras")
class KnownCodes(Layer):
    """Keep the first codes of a vocabulary and the beginning of each sequence.

    Codes are ranks by frequency, so that a smaller vocabulary consists of all codes
    below a bound.

    Parameters
    ----------
    n_codes : int
        Bound of the codes to keep. Larger codes, and this one, become ``unknown``.
    unknown : int, default=1
        Code that replaces all codes that are not kept.
    length : int or None, default=None
        Maximum length of a sequence. If None, sequences are not cut.

    Notes
    -----
    **Shape**: int ``(batch, steps) -> (batch, min(steps, length))``. The layer has no
    weights and treats rows one by one, so it is applied once per configuration
    (``preprocessing``).

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._layers.text import KnownCodes
    >>> KnownCodes(n_codes=5, length=3)(np.array([[2, 7, 4, 2]])).numpy()
    array([[2, 1, 4]], dtype=int32)
    """

    preprocessing = True

    def __init__(self, n_codes, unknown=1, length=None, **kwargs):
        super().__init__(**kwargs)
        self.n_codes = n_codes
        self.unknown = unknown
        self.length = length

    def call(self, codes):
        """Return the shortened sequences of codes."""
        codes = ops.cast(codes[:, : self.length], "int32")
        return ops.where(codes < self.n_codes, codes, self.unknown)

    def compute_output_shape(self, input_shape):
        """Return ``(batch, min(steps, length))``."""
        steps = input_shape[1]
        return (
            input_shape[0],
            steps if self.length is None else min(steps, self.length),
        )

    def compute_output_spec(self, codes):
        """Return integers, although the layer may compute in floats."""
        return keras.KerasTensor(self.compute_output_shape(codes.shape), dtype="int32")

    def get_config(self):
        """Return the configuration for `from_config`."""
        config = {
            "n_codes": self.n_codes,
            "unknown": self.unknown,
            "length": self.length,
        }
        return {**super().get_config(), **config}


@keras.saving.register_keras_serializable("skautokeras")
class FeatureScaling(Layer):
    """Multiply the value of each sparse feature by a constant for this feature.

    Parameters
    ----------
    scale : sequence of float, shape (n_codes,)
        Constant factor of the feature of each code.

    Notes
    -----
    **Shape**: int ``(batch, n)`` and float ``(batch, n) -> (batch, n)``. If the layer
    is called without values, all values are 1. The layer has no weights and treats rows
    one by one, so it is applied once per configuration (``preprocessing``).

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._layers.text import FeatureScaling
    >>> layer = FeatureScaling(scale=[0.0, 0.5, 2.0])
    >>> layer(np.array([[2, 1, 0]]), np.array([[0.5, 1.0, 0.0]])).numpy()
    array([[1. , 0.5, 0. ]], dtype=float32)
    """

    preprocessing = True

    def __init__(self, scale, **kwargs):
        super().__init__(**kwargs)
        self.scale = np.asarray(scale, "float32")

    def call(self, codes, values=None):
        """Return the scaled values."""
        codes = ops.cast(codes, "int32")
        values = ops.ones_like(codes) if values is None else values
        scale = ops.cast(ops.take(self.scale, codes, axis=0), self.compute_dtype)
        return ops.cast(values, self.compute_dtype) * scale

    def compute_output_shape(self, input_shape):
        """Return the shape of the codes."""
        return input_shape

    def compute_output_spec(self, codes, values=None):
        """Return floats, although the codes are integers."""
        return keras.KerasTensor(codes.shape, dtype=self.compute_dtype)

    def get_config(self):
        """Return the configuration for `from_config`."""
        return {**super().get_config(), "scale": self.scale.tolist()}


@keras.saving.register_keras_serializable("skautokeras")
class CodeEmbedding(keras.layers.Embedding):
    """A `keras.layers.Embedding` that can be trained row by row if it is large.

    Parameters
    ----------
    input_dim : int
        Number of codes, which are below this number.
    output_dim : int
        Length of the vector of one code.
    **kwargs : dict
        Other arguments of `keras.layers.Embedding`.

    Notes
    -----
    **Shape**: int ``(batch, steps) -> (batch, steps, output_dim)``.

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._layers.text import CodeEmbedding
    >>> CodeEmbedding(input_dim=9, output_dim=3)(np.array([[2, 8]])).shape
    TensorShape([1, 2, 3])
    """

    def __init__(self, input_dim, output_dim, **kwargs):
        super().__init__(input_dim, output_dim, **kwargs)

    @property
    def table(self):
        """The variable that holds the vectors of all codes."""
        return self.embeddings

    def call(self, inputs):
        """Return the vectors of the codes in ``inputs``."""
        return _vectors(self.embeddings, ops.cast(inputs, "int32"))


@keras.saving.register_keras_serializable("skautokeras")
class WeightedBag(Layer):
    """A dense layer for sparse features, as a weighted sum of one vector per code.

    Each row of the input lists the codes of the features that are not zero, and their
    values. The result is the same as that of ``Dense(dim, use_bias=False)`` on a dense
    array of all features, which is not needed here. Code 0 stands for no feature.

    Parameters
    ----------
    n_codes : int
        Number of codes, which are below this number.
    dim : int
        Length of the vectors and of their sum.
    stddev : float, default=0.05
        Standard deviation of the vectors at the start.

    Notes
    -----
    **Shape**: int ``(batch, n)`` and float ``(batch, n) -> (batch, dim)``. If the layer
    is called without values, all features that a row lists are 1.

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._layers.text import WeightedBag
    >>> bag = WeightedBag(n_codes=5, dim=3)
    >>> bag(np.array([[2, 4, 0]]), np.array([[0.6, 0.8, 0.0]])).shape
    TensorShape([1, 3])
    """

    # It only decides where the weights start.
    uncompiled_config = ("stddev",)

    def __init__(self, n_codes, dim, stddev=0.05, **kwargs):
        super().__init__(**kwargs)
        self.n_codes = n_codes
        self.dim = dim
        self.stddev = stddev

    def build(self, input_shape):
        """Create the table of vectors."""
        self.table = self.add_weight(
            shape=(self.n_codes, self.dim),
            initializer=keras.initializers.RandomNormal(stddev=self.stddev),
            name="kernel",
        )

    def call(self, codes, values=None):
        """Return the sums of the vectors of ``codes``, weighted by ``values``."""
        codes = ops.cast(codes, "int32")
        values = ops.ones_like(codes) if values is None else values
        values = ops.where(codes > 0, ops.cast(values, self.compute_dtype), 0.0)
        # A matrix product takes two thirds of the time of a sum of products.
        vectors = _vectors(self.table, codes)  # (batch, n, dim)
        return ops.squeeze(ops.matmul(values[:, None, :], vectors), axis=1)

    def compute_output_shape(self, input_shape):
        """Return ``(batch, dim)``."""
        return (input_shape[0], self.dim)

    def compute_output_spec(self, codes, values=None):
        """Return floats, although the codes are integers."""
        shape = self.compute_output_shape(codes.shape)
        return keras.KerasTensor(shape, dtype=self.compute_dtype)

    def get_config(self):
        """Return the configuration for `from_config`."""
        config = {"n_codes": self.n_codes, "dim": self.dim, "stddev": self.stddev}
        return {**super().get_config(), **config}
