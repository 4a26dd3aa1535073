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

    What reads a whole table, as Keras does, copies it at each step in which rows of it
    are changed.

    Parameters
    ----------
    sources : dict of int to tf.Variable
        By the id of the layer's variable.
    """
    token = _sources.set(sources)
    try:
        yield
    finally:
        _sources.reset(token)


def _vectors(table, codes):
    """Return the rows of a table for codes."""
    source = (_sources.get() or {}).get(id(table))
    if source is None:
        return ops.take(table, codes, axis=0)
    return tf.gather(source, codes)


@keras.saving.register_keras_serializable("skautokeras")
class KnownCodes(Layer):
    """Keep the first codes of a vocabulary, and the beginning of each sequence.

    Codes are ranks by frequency, so a smaller vocabulary is all codes below a bound.

    Parameters
    ----------
    n_codes : int
        Codes from this one on become ``unknown``.
    unknown : int, default=1
        What stands for them.
    length : int or None, default=None
        Length of the beginning. None: the whole.

    Notes
    -----
    **Shape**: int ``(batch, steps) -> (batch, min(steps, length))``. Without weights,
    applied once per configuration (``preprocessing``).

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
        """Return the codes that are left."""
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
        """Return integers, whatever dtype the layer computes in."""
        return keras.KerasTensor(self.compute_output_shape(codes.shape), dtype="int32")

    def get_config(self):
        """Return what `from_config` needs."""
        config = {
            "n_codes": self.n_codes,
            "unknown": self.unknown,
            "length": self.length,
        }
        return {**super().get_config(), **config}


@keras.saving.register_keras_serializable("skautokeras")
class FeatureScaling(Layer):
    """Multiply the values of sparse features by a constant of each feature.

    Parameters
    ----------
    scale : sequence of float, shape (n_codes,)
        The constant of each code.

    Notes
    -----
    **Shape**: int ``(batch, n)`` and float ``(batch, n) -> (batch, n)``. Without
    values, all are 1. Without weights, applied once per configuration
    (``preprocessing``).

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
        """Return floats although the codes are integers."""
        return keras.KerasTensor(codes.shape, dtype=self.compute_dtype)

    def get_config(self):
        """Return what `from_config` needs."""
        return {**super().get_config(), "scale": self.scale.tolist()}


@keras.saving.register_keras_serializable("skautokeras")
class CodeEmbedding(keras.layers.Embedding):
    """Keras's `Embedding`, large tables of which are learned by rows.

    Parameters
    ----------
    input_dim : int
        Codes are below it.
    output_dim : int
        Length of the vectors.
    **kwargs : dict
        As in `keras.layers.Embedding`.

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
        """The vectors."""
        return self.embeddings

    def call(self, inputs):
        """Return the vectors of codes."""
        return _vectors(self.embeddings, ops.cast(inputs, "int32"))


@keras.saving.register_keras_serializable("skautokeras")
class WeightedBag(Layer):
    """The weighted sum of a learned vector per code: a dense layer on sparse features.

    Each row of the input lists the features that are not zero, by their codes, and
    their values. The result is that of ``Dense(dim, use_bias=False)`` on a dense form
    that is never made. Code 0 stands for no feature.

    Parameters
    ----------
    n_codes : int
        Codes are below it.
    dim : int
        Length of the sum.
    stddev : float, default=0.05
        Standard deviation of the vectors at the start.

    Notes
    -----
    **Shape**: int ``(batch, n)`` and float ``(batch, n) -> (batch, dim)``. Without
    values, all features of a row are 1.

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._layers.text import WeightedBag
    >>> bag = WeightedBag(n_codes=5, dim=3)
    >>> bag(np.array([[2, 4, 0]]), np.array([[0.6, 0.8, 0.0]])).shape
    TensorShape([1, 3])
    """

    # The start of the weights is not part of the structure.
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
        # A product of matrices takes two thirds of the time of a sum of products.
        vectors = _vectors(self.table, codes)  # (batch, n, dim)
        return ops.squeeze(ops.matmul(values[:, None, :], vectors), axis=1)

    def compute_output_shape(self, input_shape):
        """Return ``(batch, dim)``."""
        return (input_shape[0], self.dim)

    def compute_output_spec(self, codes, values=None):
        """Return floats although the codes are integers."""
        shape = self.compute_output_shape(codes.shape)
        return keras.KerasTensor(shape, dtype=self.compute_dtype)

    def get_config(self):
        """Return what `from_config` needs."""
        config = {"n_codes": self.n_codes, "dim": self.dim, "stddev": self.stddev}
        return {**super().get_config(), **config}
