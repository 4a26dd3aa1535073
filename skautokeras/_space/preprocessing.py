"""Blocks that prepare what comes in; each makes layers from constants."""

from dataclasses import replace
from numbers import Integral, Real

import keras
import numpy as np

from skautokeras._layers.categorical import CategoricalEmbedding, OneHot
from skautokeras._layers.numerical import (
    PeriodicEmbedding,
    PiecewiseLinearEmbedding,
    QuantileScaling,
    Scaling,
)
from skautokeras._layers.regularization import Dropout
from skautokeras._layers.text import WeightedBag
from skautokeras._sklearn import Interval, StrOptions
from skautokeras._space.block import Block, as_tensor
from skautokeras._space.hyperparameters import (
    SEARCHED,
    Choice,
    Float,
    check_parameters,
    choose,
    is_searched,
    when,
)
from skautokeras._space.records import SPARSE_DIM, Image, Table
from skautokeras._space.shapes import choose_dropout

# One-hot codes of a column with more categories than this would be a long, thin
# matrix; such columns are embedded under every encoding.
ONE_HOT_LIMIT = 64
# How many codes a column may have for them to be one-hot, by method; one code is that
# of unknown values.
_ONE_HOT_LIMITS = {"one_hot": ONE_HOT_LIMIT, "embedding": 0, "mixed": 10}

_POSITIVE_INT = Interval(Integral, 1, None, closed="left")


@keras.saving.register_keras_serializable("skautokeras")
class Normalization(Block):
    """Scale numbers.

    Parameters
    ----------
    method : {"standard", "robust", "quantile"} or None, default=None
        For the columns of a table. ``"standard"``: mean 0, variance 1. ``"robust"``: by
        median and quartiles, outliers squashed smoothly (RealMLP). ``"quantile"``: to a
        normal distribution. None: searched.

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

    _parameter_constraints = {
        "method": [StrOptions({"standard", "robust", "quantile"}), *SEARCHED]
    }

    def __init__(self, *, method=None):
        self.method = method

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
        method = choose(
            hp, "method", self.method, Choice(("standard", "robust", "quantile"))
        )
        check_parameters(self, method=method)
        layer = _scaling_layer(method, table.quantiles)
        if layer is None:
            return table
        quantiles = np.asarray(layer(table.quantiles))
        return replace(table, numerical=layer(table.numerical), quantiles=quantiles)


def _scaled_image(image):
    """Return images with mean 0 and variance 1 of each channel."""
    scale, offset = 1.0 / image.std, -image.mean / image.std
    layer = keras.layers.Rescaling(scale.tolist(), offset=offset.tolist())
    return Image(
        layer(image.pixels),
        mean=np.zeros_like(image.mean),
        std=np.ones_like(image.std),
        black=scale * image.black + offset,
        white=scale * image.white + offset,
    )


def _scaled_samples(x):
    """Return samples with mean 0 and variance 1 of the values of each."""
    if len(x.shape) == 2:
        # One value alone would become 0.
        return x if x.shape[-1] == 1 else keras.layers.LayerNormalization()(x)
    axes = list(range(1, len(x.shape)))
    return keras.layers.LayerNormalization(axis=axes, center=False, scale=False)(x)


def _scaling_layer(method, quantiles):
    """Return the layer for ``method``; None where the adapter has done it already."""
    if method == "standard":
        return None
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


@keras.saving.register_keras_serializable("skautokeras")
class NumericalEmbedding(Block):
    """Turn each number into a vector, so that a network sees its parts apart.

    Parameters
    ----------
    method : {"none", "piecewise_linear", "periodic"} or None, default=None
        ``"piecewise_linear"``: by the bins of its distribution. ``"periodic"``: by
        learned waves. ``"none"``: the number itself. None: searched.
    dim : int or None, default=None
        Length of the vector.
    n_bins : int or None, default=None
        Bins of each column (piecewise linear).
    sigma : float or None, default=None
        Standard deviation of the frequencies at the start (periodic).

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

    _parameter_constraints = {
        "method": [StrOptions({"none", "piecewise_linear", "periodic"}), *SEARCHED],
        "dim": [_POSITIVE_INT, *SEARCHED],
        "n_bins": [_POSITIVE_INT, *SEARCHED],
        "sigma": [Interval(Real, 0, None, closed="neither"), *SEARCHED],
    }

    def __init__(self, *, method=None, dim=None, n_bins=None, sigma=None):
        self.method = method
        self.dim = dim
        self.n_bins = n_bins
        self.sigma = sigma

    def build(self, hp, inputs):
        """Embed the numerical columns of a table."""
        if not isinstance(inputs, Table):
            raise TypeError(
                "NumericalEmbedding needs the columns of a table: call it on a "
                "StructuredDataInput or on Normalization of one."
            )
        if inputs.numerical is None:
            return inputs
        methods = Choice(("none", "piecewise_linear", "periodic"))
        method = choose(hp, "method", self.method, methods)
        check_parameters(self, method=method)
        layers = [
            self._branch(
                hp, "piecewise_linear", method, self._piecewise_linear, inputs
            ),
            self._branch(hp, "periodic", method, self._periodic, inputs),
        ]
        layer = next((layer for layer in layers if layer is not None), None)
        if layer is None:
            return inputs
        return inputs.encode("numerical", layer(inputs.numerical))

    def _branch(self, hp, name, method, make, table):
        """Return the layer of one method, its hyperparameters conditional on it."""
        with when(hp, "method", self.method, [name]), hp.name_scope(name):
            return make(hp, table) if method == name else None

    def _piecewise_linear(self, hp, table):
        n_bins = choose(
            hp, "n_bins", self.n_bins, Choice((16, 32, 64, 128), default=64)
        )
        dim = choose(hp, "dim", self.dim, Choice((4, 8, 16, 32), default=16))
        edges = _distinct_quantiles(table.quantiles, n_bins)
        return PiecewiseLinearEmbedding(edges, dim)

    def _periodic(self, hp, table):
        dim = choose(hp, "dim", self.dim, Choice((4, 8, 16), default=8))
        sigma = choose(
            hp, "sigma", self.sigma, Float(0.01, 3.0, default=0.1, sampling="log")
        )
        activation = choose(hp, "activation", None, Choice(("relu", "linear")))
        return PeriodicEmbedding(
            dim, n_frequencies=16, sigma=sigma, activation=activation
        )


@keras.saving.register_keras_serializable("skautokeras")
class CategoricalEncoding(Block):
    """Turn category codes into features.

    Parameters
    ----------
    method : {"one_hot", "embedding", "mixed"} or None, default=None
        ``"one_hot"``: one feature per category; columns with more than 64 codes get
        an embedding all the same. ``"embedding"``: a learned vector per category.
        ``"mixed"``: one feature per category up to 9 of them, 1 and -1 if there are
        two, else a vector (RealMLP).
        None: searched.
    dim : int or None, default=None
        Length of a vector.

    Examples
    --------
    >>> from skautokeras import CategoricalEncoding, StructuredDataInput
    >>> node = CategoricalEncoding(method="one_hot")(StructuredDataInput())
    """

    takes_records = True

    _parameter_constraints = {
        "method": [StrOptions(set(_ONE_HOT_LIMITS)), *SEARCHED],
        "dim": [_POSITIVE_INT, *SEARCHED],
    }

    def __init__(self, *, method=None, dim=None):
        self.method = method
        self.dim = dim

    def build(self, hp, inputs):
        """Encode the categorical columns of a table."""
        if not isinstance(inputs, Table):
            raise TypeError(
                "CategoricalEncoding needs the columns of a table: call it on a "
                "StructuredDataInput."
            )
        if inputs.categorical is None:
            return inputs
        methods = Choice(tuple(_ONE_HOT_LIMITS))
        method = choose(hp, "method", self.method, methods)
        check_parameters(self, method=method)
        limit = _ONE_HOT_LIMITS[method]
        narrow = [j for j, n in enumerate(inputs.cardinalities) if n <= limit]
        wide = [j for j, n in enumerate(inputs.cardinalities) if n > limit]
        # Wide columns are embedded in any case, the others by some methods only.
        widest = max(inputs.cardinalities)
        given = self.method if widest <= ONE_HOT_LIMIT else "embedding"
        dim = None
        if wide or is_searched(given):
            embed = [name for name, most in _ONE_HOT_LIMITS.items() if widest > most]
            with when(hp, "method", given, embed):
                dim = choose(hp, "dim", self.dim, Choice((4, 8, 16), default=8))
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

    Parameters
    ----------
    dim : int or None, default=None
        Length of the vector. None: searched.
    dropout : float or None, default=None
        Share of the values of a row that is dropped in training.
    """

    takes_records = True

    def __init__(self, *, dim=None, dropout=None):
        self.dim = dim
        self.dropout = dropout

    def build(self, hp, inputs):
        """Sum the vectors of the columns, weighted by their values."""
        dims = Choice((16, 32, 64, 128), default=SPARSE_DIM)
        dim = choose(hp, "dim", self.dim, dims)
        rates = Float(0.0, 0.5, default=0.2, step=0.05)
        dropout, has_dropout = choose_dropout(hp, self.dropout, rates)
        values = inputs.sparse_values
        if has_dropout:
            values = Dropout(dropout)(values)
        features = WeightedBag(inputs.n_sparse, dim)(inputs.sparse_codes, values)
        return replace(inputs, sparse_values=None).encode("sparse_codes", features)


def _on_columns(layer_class, table, columns, **kwargs):
    """Return a layer applied to some of the categorical columns."""
    codes = table.categorical
    if len(columns) < len(table.cardinalities):
        codes = keras.ops.take(codes, np.array(columns, "int32"), axis=1)
    cardinalities = [table.cardinalities[j] for j in columns]
    return layer_class(cardinalities, **kwargs)(codes)
