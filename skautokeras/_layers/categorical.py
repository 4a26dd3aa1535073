"""Layers for columns of category codes."""

import keras
import numpy as np
from keras import ops

# Cardinality of a column of two categories: one code is that of unknown values.
_TWO_CODES = 3


@keras.saving.register_keras_serializable("skautokeras")
class OneHot(keras.layers.Layer):
    """One-hot codes of several columns, side by side.

    Code 0 (unknown or rare) is all zeros, as `OneHotEncoder(handle_unknown="ignore")`
    of scikit-learn has it; every other code has its own place.

    Parameters
    ----------
    cardinalities : sequence of int, shape (n_columns,)
        Number of codes of each column, code 0 included.
    signed : bool, default=False
        Whether two codes besides 0 share one place, 1 for the one and -1 for the other
        (RealMLP, Holzmueller et al., arXiv:2407.04491).

    Notes
    -----
    **Shape**: int ``(batch, n_columns) -> (batch, sum(cardinalities) - n_columns)``,
    one less for each column that is signed.

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._layers.categorical import OneHot
    >>> OneHot(cardinalities=[3, 3])(np.array([[2, 0]])).numpy()
    array([[0., 1., 0., 0.]], dtype=float32)
    >>> OneHot(cardinalities=[3, 3], signed=True)(np.array([[2, 0]])).numpy()
    array([[-1.,  0.]], dtype=float32)
    """

    def __init__(self, cardinalities, signed=False, **kwargs):
        super().__init__(**kwargs)
        self.cardinalities = [int(n) for n in cardinalities]
        self.signed = signed

    def call(self, codes):
        """Return the one-hot form of ``codes``."""
        # One comparison for all columns: place j shows code value[j] of column[j].
        column = np.repeat(np.arange(len(self.cardinalities)), self._widths())
        value = np.concatenate([np.arange(1, n + 1) for n in self._widths()])
        spread = ops.take(ops.cast(codes, "int32"), column.astype("int32"), axis=1)
        shown = ops.cast(ops.equal(spread, value.astype("int32")), self.compute_dtype)
        # Of columns with one place, the second code; there is no code -1.
        second = np.where(self._is_signed()[column], 2, -1)
        if (second < 0).all():
            return shown
        against = ops.equal(spread, second.astype("int32"))
        return shown - ops.cast(against, self.compute_dtype)

    def _is_signed(self):
        return np.array([self.signed and n == _TWO_CODES for n in self.cardinalities])

    def _widths(self):
        return np.array(self.cardinalities) - 1 - self._is_signed()

    def compute_output_shape(self, input_shape):
        """Return ``(batch, n_places)``."""
        return (input_shape[0], int(self._widths().sum()))

    def compute_output_spec(self, codes):
        """Return floats although the input holds integers."""
        shape = self.compute_output_shape(codes.shape)
        return keras.KerasTensor(shape, dtype=self.compute_dtype)

    def get_config(self):
        """Return what `from_config` needs."""
        config = {"cardinalities": self.cardinalities, "signed": self.signed}
        return {**super().get_config(), **config}


@keras.saving.register_keras_serializable("skautokeras")
class CategoricalEmbedding(keras.layers.Layer):
    """A learned vector for every code of every column, in one table.

    Parameters
    ----------
    cardinalities : sequence of int, shape (n_columns,)
        Number of codes of each column, code 0 included.
    dim : int
        Length of each vector.

    Notes
    -----
    **Shape**: int ``(batch, n_columns) -> (batch, n_columns * dim)``.

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._layers.categorical import CategoricalEmbedding
    >>> CategoricalEmbedding(cardinalities=[3, 5], dim=4)(np.array([[2, 0]])).shape
    TensorShape([1, 8])
    """

    def __init__(self, cardinalities, dim, **kwargs):
        super().__init__(**kwargs)
        self.cardinalities = [int(n) for n in cardinalities]
        self.dim = dim

    def build(self, input_shape):
        """Create the table of vectors."""
        self.table = self.add_weight(
            shape=(sum(self.cardinalities), self.dim),
            initializer=keras.initializers.RandomNormal(stddev=self.dim**-0.5),
            name="embeddings",
        )

    def call(self, codes):
        """Return the vectors of ``codes``, side by side."""
        start = np.concatenate([[0], np.cumsum(self.cardinalities)[:-1]])
        rows = ops.cast(codes, "int32") + start.astype("int32")
        n_columns = len(self.cardinalities)
        vectors = ops.take(self.table, rows, axis=0)
        return ops.reshape(vectors, (-1, n_columns * self.dim))

    def compute_output_shape(self, input_shape):
        """Return ``(batch, n_columns * dim)``."""
        return (input_shape[0], len(self.cardinalities) * self.dim)

    def compute_output_spec(self, codes):
        """Return floats although the input holds integers."""
        shape = self.compute_output_shape(codes.shape)
        return keras.KerasTensor(shape, dtype=self.compute_dtype)

    def get_config(self):
        """Return what `from_config` needs."""
        config = {"cardinalities": self.cardinalities, "dim": self.dim}
        return {**super().get_config(), **config}
