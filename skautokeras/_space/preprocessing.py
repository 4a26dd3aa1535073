"""Blocks that prepare what comes in; each makes layers from constants."""

from contextlib import nullcontext
from dataclasses import replace

import keras
import numpy as np

from skautokeras._layers.categorical import CategoricalEmbedding, OneHot
from skautokeras._layers.numerical import (
    PeriodicEmbedding,
    PiecewiseLinearEmbedding,
    QuantileScaling,
    Scaling,
)
from skautokeras._layers.text import WeightedBag
from skautokeras._space.block import Block, as_tensor
from skautokeras._space.declaration import Searched, check_parameters
from skautokeras._space.hyperparameters import Choice, Float
from skautokeras._space.records import SPARSE_DIM, Image, Table
from skautokeras._space.shapes import choose_dropout, searched_dropout

# One-hot codes of a column with more categories than this would be a long, thin
# matrix; such columns are embedded under every encoding.
ONE_HOT_LIMIT = 64
# How many codes a column may have for them to be one-hot, by method; one code is that
# of unknown values.
_ONE_HOT_LIMITS = {"one_hot": ONE_HOT_LIMIT, "embedding": 0, "mixed": 10}


@keras.saving.register_keras_serializable("skautokeras")
class Normalization(Block):
    """Scale numbers.

    Notes
    -----
    Images are scaled to mean 0 and variance 1 of each channel over the training data.
    On a tensor that is neither, the values are normalised over each sample.

    Examples
    --------
    >>> from skautokeras import Normalization, StructuredDataInput
    >>> node = Normalization()(StructuredDataInput())
    """

    takes_records = True

    method = Searched(
        Choice(("standard", "robust", "quantile")),
        doc="Scaling of the columns of a table. "
        '``"standard"`` means mean 0 and variance 1, ``"robust"`` by median and '
        'quartiles (RealMLP), ``"quantile"`` to a normal distribution. Outliers are '
        "squashed smoothly: no value is beyond 10, 3 and 3.1.",
    )

    def build(self, hp, inputs):
        """Scale a table, images or a tensor."""
        if isinstance(inputs, Table):
            return self._scaled_table(hp, inputs)
        check_parameters(self)
        if isinstance(inputs, Image):
            return _scaled_image(inputs)
        return _scaled_samples(as_tensor(inputs))

    def _scaled_table(self, hp, table):
        if table.numerical is None:
            return table
        layer = _scaling_layer(self.choose(hp, "method"), table.quantiles)
        quantiles = np.asarray(layer(table.quantiles))
        return replace(table, numerical=layer(table.numerical), quantiles=quantiles)


def _scaled_image(image):
    """Return images with mean 0 and variance 1 of each channel."""
    scale, offset = 1.0 / image.std, -image.mean / image.std
    layer = keras.layers.Rescaling(*of_channels(scale, offset))
    return replace(
        image,
        pixels=layer(image.pixels),
        mean=np.zeros_like(image.mean),
        std=np.ones_like(image.std),
        black=scale * image.black + offset,
        white=scale * image.white + offset,
    )


def of_channels(scale, offset):
    """Return the arguments of a `keras.layers.Rescaling` for channels that come last.

    A list would be shaped for the place of channels in the settings of Keras, which may
    be another one when the model is called.

    Parameters
    ----------
    scale, offset : ndarray of shape (n_channels,)
        Factor and summand of each channel.

    Returns
    -------
    scale, offset : list
        Nested, of shape (1, 1, n_channels).
    """
    return tuple(part.reshape(1, 1, -1).tolist() for part in (scale, offset))


def _scaled_samples(x):
    """Return samples with mean 0 and variance 1 of the values of each."""
    if len(x.shape) == 2:
        # One value alone would become 0.
        return x if x.shape[-1] == 1 else keras.layers.LayerNormalization()(x)
    axes = list(range(1, len(x.shape)))
    return keras.layers.LayerNormalization(axis=axes, center=False, scale=False)(x)


def _scaling_layer(method, quantiles):
    """Return the layer for ``method``."""
    if method == "standard":
        # The adapter has standardised the columns.
        n_columns = quantiles.shape[1]
        return Scaling(np.zeros(n_columns), np.ones(n_columns), limit=10.0)
    if method == "robust":
        center, scale = _robust_statistics(quantiles)
        return Scaling(center, scale, limit=3.0)
    return QuantileScaling(_pick_quantiles(quantiles, 64))


def _robust_statistics(quantiles):
    """Return median and scale per column: the quartiles' distance, or half the range.

    RealMLP, arXiv:2407.04491, section 3: where the quartiles are equal, 2 / (max - min)
    takes the place of 1 / (q75 - q25).
    """
    low, center, high = np.quantile(quantiles, [0.25, 0.5, 0.75], axis=0)
    spread = np.ptp(quantiles, axis=0)
    scale = np.where(high > low, high - low, spread / 2)
    return center, np.where(scale > 0, scale, 1.0)


def _pick_quantiles(quantiles, n_bins):
    """Return n_bins + 1 equally spaced quantiles of each column, two at least."""
    if len(quantiles) == 1:
        return np.repeat(quantiles, 2, axis=0)
    steps = np.linspace(0, len(quantiles) - 1, min(n_bins, len(quantiles) - 1) + 1)
    return quantiles[np.round(steps).astype(int)]


def _distinct_quantiles(quantiles, n_bins):
    """Return n_bins + 1 different quantiles of each column, fewer if there are fewer.

    Where most rows share one value, quantiles as they are leave a bin or two for all
    other values (decision 0010). Columns with few values end in empty bins.
    """
    if len(quantiles) == 1:
        return np.repeat(quantiles, 2, axis=0)
    columns = [_pick_quantiles(np.unique(column), n_bins) for column in quantiles.T]
    n_edges = max(map(len, columns))
    padded = [np.pad(column, (0, n_edges - len(column)), "edge") for column in columns]
    return np.column_stack(padded)


def _has_several_values(quantiles):
    """Return which columns have more than two values, as far as quantiles tell."""
    return (np.diff(np.sort(quantiles, axis=0), axis=0) > 0).sum(axis=0) > 1


def _on_some(layer, x, chosen):
    """Return a layer applied to some columns, and the others behind its output."""
    if chosen.all():
        return layer(x)
    others = keras.ops.take(x, np.flatnonzero(~chosen).astype("int32"), axis=1)
    chosen = keras.ops.take(x, np.flatnonzero(chosen).astype("int32"), axis=1)
    return keras.layers.Concatenate()([layer(chosen), others])


@keras.saving.register_keras_serializable("skautokeras")
class NumericalEmbedding(Block):
    """Turn each number into a vector, so that a network sees its parts apart.

    Columns of two values stay as they are: a vector tells no more than one number.

    References
    ----------
    Gorishniy, Rubachev, Babenko, On Embeddings for Numerical Features in Tabular Deep
    Learning, arXiv:2203.05556.

    Examples
    --------
    >>> from skautokeras import NumericalEmbedding, StructuredDataInput
    >>> node = NumericalEmbedding(method="periodic")(StructuredDataInput())
    """

    takes_records = True

    method = Searched(
        Choice(("none", "piecewise_linear", "periodic")),
        doc="Embedding of a number: by the bins of its distribution "
        '("piecewise_linear"), by learned waves ("periodic"), or the number itself '
        '("none").',
    )
    dim = Searched(
        Choice((4, 8, 16, 32), default=16),
        at_least=1,
        doc="Length of the vector. Shorter ones are tried for waves.",
    )
    n_bins = Searched(
        Choice((8, 16, 32, 48, 64, 128), default=48),
        at_least=1,
        doc="Bins of each column (piecewise linear).",
    )
    sigma = Searched(
        Float(0.01, 3.0, default=0.1, sampling="log"),
        above=0,
        doc="Standard deviation of the frequencies at the start (periodic).",
    )

    def build(self, hp, inputs):
        """Embed the numerical columns of a table."""
        if not isinstance(inputs, Table):
            raise TypeError(
                "NumericalEmbedding needs the columns of a table: call it on a "
                "StructuredDataInput or on Normalization of one."
            )
        if inputs.numerical is None:
            return inputs
        method = self.choose(hp, "method")
        is_embedded = _has_several_values(inputs.quantiles)
        quantiles = inputs.quantiles[:, is_embedded]
        layers = [
            self._branch(
                hp, "piecewise_linear", method, self._piecewise_linear, quantiles
            ),
            self._branch(hp, "periodic", method, self._periodic, quantiles),
        ]
        layer = next((layer for layer in layers if layer is not None), None)
        if layer is None or not is_embedded.any():
            return inputs
        return inputs.encode(
            "numerical", _on_some(layer, inputs.numerical, is_embedded)
        )

    def _branch(self, hp, name, method, make, quantiles):
        """Return the layer of one method, its hyperparameters conditional on it."""
        with self.when(hp, "method", [name]), hp.name_scope(name):
            return make(hp, quantiles) if method == name else None

    def _piecewise_linear(self, hp, quantiles):
        n_bins = self.choose(hp, "n_bins")
        dim = self.choose(hp, "dim")
        if not quantiles.size:
            return None
        return PiecewiseLinearEmbedding(_distinct_quantiles(quantiles, n_bins), dim)

    def _periodic(self, hp, quantiles):
        dim = self.choose(hp, "dim", Choice((4, 8, 16), default=8))
        sigma = self.choose(hp, "sigma")
        activation = hp.Choice("activation", ["relu", "linear"], default="relu")
        return PeriodicEmbedding(
            dim, n_frequencies=16, sigma=sigma, activation=activation
        )


@keras.saving.register_keras_serializable("skautokeras")
class CategoricalEncoding(Block):
    """Turn category codes into features.

    Examples
    --------
    >>> from skautokeras import CategoricalEncoding, StructuredDataInput
    >>> node = CategoricalEncoding(method="one_hot")(StructuredDataInput())
    """

    takes_records = True

    method = Searched(
        Choice(tuple(_ONE_HOT_LIMITS)),
        doc='Encoding of a column. ``"one_hot"`` makes one feature per category; '
        f"columns with more than {ONE_HOT_LIMIT} codes get an embedding all the same. "
        '``"embedding"`` learns a vector per category. ``"mixed"`` makes one feature '
        f"per category of columns with up to {_ONE_HOT_LIMITS['mixed']} codes, 1 and "
        "-1 if there are two categories, else a vector (RealMLP).",
    )
    dim = Searched(Choice((4, 8, 16), default=8), at_least=1, doc="Length of a vector.")

    def build(self, hp, inputs):
        """Encode the categorical columns of a table."""
        if not isinstance(inputs, Table):
            raise TypeError(
                "CategoricalEncoding needs the columns of a table: call it on a "
                "StructuredDataInput."
            )
        if inputs.categorical is None:
            return inputs
        method = self.choose(hp, "method")
        limit = _ONE_HOT_LIMITS[method]
        narrow = [j for j, n in enumerate(inputs.cardinalities) if n <= limit]
        wide = [j for j, n in enumerate(inputs.cardinalities) if n > limit]
        # Wide columns are embedded in any case, the others by some methods only.
        widest = max(inputs.cardinalities)
        conditional = widest <= ONE_HOT_LIMIT and self.is_searched("method")
        dim = None
        if wide or conditional:
            embed = [name for name, most in _ONE_HOT_LIMITS.items() if widest > most]
            with self.when(hp, "method", embed) if conditional else nullcontext():
                dim = self.choose(hp, "dim")
        parts = []
        if narrow:
            signed = method == "mixed"
            parts.append(_on_columns(OneHot, inputs, narrow, signed=signed))
        if wide:
            parts.append(_on_columns(CategoricalEmbedding, inputs, wide, dim=dim))
        features = parts[0] if len(parts) == 1 else keras.layers.Concatenate()(parts)
        return inputs.encode("categorical", features)


class SparseEmbedding(Block):
    """Turn the columns of a table that are mostly zero into a vector.

    It is a learned linear map of their values. Not public: `StructuredDataBlock` has it
    where there are such columns.
    """

    takes_records = True

    dim = Searched(
        Choice((16, 32, 64, 128), default=SPARSE_DIM),
        at_least=1,
        doc="Length of the vector.",
    )
    dropout = searched_dropout(
        "Share of the values of a row that is dropped in training.", default=0.2
    )

    def build(self, hp, inputs):
        """Sum the vectors of the columns, weighted by their values."""
        dim = self.choose(hp, "dim")
        values = choose_dropout(hp, self)(inputs.sparse_values)
        features = WeightedBag(inputs.n_sparse, dim)(inputs.sparse_codes, values)
        return replace(inputs, sparse_values=None).encode("sparse_codes", features)


def _on_columns(layer_class, table, columns, **kwargs):
    """Return a layer applied to some of the categorical columns."""
    codes = table.categorical
    if len(columns) < len(table.cardinalities):
        codes = keras.ops.take(codes, np.array(columns, "int32"), axis=1)
    cardinalities = [table.cardinalities[j] for j in columns]
    return layer_class(cardinalities, **kwargs)(codes)
