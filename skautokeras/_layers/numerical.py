"""Layers for columns of numbers: scaling by constants and numerical embeddings."""

import math

import keras
import numpy as np
from keras import ops

from skautokeras._layers.base import Layer

# Bins narrower than this are steps. Columns are scaled to about unit variance before.
_STEP = 1e-6
# Least probability of a normal score, which is then within about +-3.1.
SCORE_MARGIN = 1e-3


@keras.saving.register_keras_serializable("skautokeras")
class Scaling(Layer):
    """Centre and scale each column, and clip outliers smoothly.

    If ``limit`` is a number c, a scaled value z becomes ``z / sqrt(1 + (z / c)^2)``,
    which lies within ``(-c, c)``. This is the smooth clipping of RealMLP
    (arXiv:2407.04491, section 3).

    Parameters
    ----------
    center : sequence of float, shape (n_columns,)
        Number that is subtracted from each column.
    scale : sequence of float, shape (n_columns,)
        Number, not zero, by which each column is divided afterwards.
    limit : float or None, default=None
        Bound c of the smooth clipping. If None, values are not clipped.

    Notes
    -----
    **Shape**: ``(batch, n_columns) -> (batch, n_columns)``. The layer has no weights
    and treats rows one by one, so it is applied once per configuration
    (``preprocessing``).

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._layers.numerical import Scaling
    >>> Scaling(center=[1.0], scale=[2.0])(np.array([[5.0]])).numpy()
    array([[2.]], dtype=float32)
    """

    preprocessing = True

    def __init__(self, center, scale, limit=None, **kwargs):
        super().__init__(**kwargs)
        self.center = np.asarray(center, "float32")
        self.scale = np.asarray(scale, "float32")
        self.limit = limit

    def call(self, x):
        """Return the scaled columns."""
        x = (x - self.center) / self.scale
        if self.limit is not None:
            x = x / ops.sqrt(1.0 + ops.square(x / self.limit))
        return x

    def compute_output_shape(self, input_shape):
        """Return the shape of the input."""
        return input_shape

    def get_config(self):
        """Return the configuration for `from_config`."""
        config = {
            "center": self.center.tolist(),
            "scale": self.scale.tolist(),
            "limit": self.limit,
        }
        return {**super().get_config(), **config}


@keras.saving.register_keras_serializable("skautokeras")
class QuantileScaling(Layer):
    """Map each column to a normal distribution through its empirical quantiles.

    The distribution function of a column is piecewise linear between the knots. Its
    values are moved into [0.001, 0.999] and mapped by the quantile function of the
    normal distribution. Values outside the knots have the score of the outermost knot.
    Where many values are equal, neighbouring knots are equal, and the function has a
    step.

    Parameters
    ----------
    knots : array-like, shape (n_knots, n_columns)
        Non-decreasing quantiles of each column at equally spaced probabilities.

    Notes
    -----
    **Shape**: ``(batch, n_columns) -> (batch, n_columns)``. The layer has no weights
    and treats rows one by one, so it is applied once per configuration
    (``preprocessing``).

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._layers.numerical import QuantileScaling
    >>> layer = QuantileScaling(knots=[[0.0], [1.0], [10.0]])
    >>> abs(layer(np.array([[1.0]])).numpy().round(3))
    array([[0.]], dtype=float32)
    """

    preprocessing = True

    def __init__(self, knots, **kwargs):
        super().__init__(**kwargs)
        self.knots = np.asarray(knots, "float32")

    def call(self, x):
        """Return the normal scores of ``x``."""
        return normal_scores(x, self.knots)

    def compute_output_shape(self, input_shape):
        """Return the shape of the input."""
        return input_shape

    def get_config(self):
        """Return the configuration for `from_config`."""
        return {**super().get_config(), "knots": self.knots.tolist()}


@keras.saving.register_keras_serializable("skautokeras")
class PiecewiseLinearEmbedding(keras.layers.Layer):
    """Embed each number by the bins of its distribution that it fills.

    The encoding of bin t with edges ``b_t < b_(t+1)`` is
    ``clip((x - b_t) / (b_(t+1) - b_t), 0, 1)`` (Gorishniy et al., On Embeddings for
    Numerical Features, arXiv:2203.05556, equation 1). The embedding is a linear map of
    the encoding, which starts as zero, plus a linear function of x (Gorishniy et al.,
    TabM, arXiv:2410.24210, appendix). It is therefore a linear function at first, and
    beyond the outer edges it always is. A bin whose edges are equal is a step from 0 to
    1.

    Parameters
    ----------
    edges : array-like, shape (n_bins + 1, n_columns)
        Non-decreasing edges of the bins of each column.
    dim : int
        Length of the embedding of one number.
    activation : str or None, default=None
        Name of the Keras activation of the embedding. If None, it is the identity.

    Notes
    -----
    **Shape**: ``(batch, n_columns) -> (batch, n_columns * dim)``.

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._layers.numerical import PiecewiseLinearEmbedding
    >>> layer = PiecewiseLinearEmbedding(edges=[[0.0], [1.0], [2.0]], dim=4)
    >>> layer(np.array([[0.5], [3.0]])).shape
    TensorShape([2, 4])
    """

    def __init__(self, edges, dim, activation=None, **kwargs):
        super().__init__(**kwargs)
        self.edges = np.asarray(edges, "float32")
        self.dim = dim
        self.activation = keras.activations.get(activation)

    def build(self, input_shape):
        """Create one linear map of the bins and one of the number per column."""
        n_columns, n_bins = input_shape[-1], len(self.edges) - 1
        bound = 1 / math.sqrt(self.dim)
        self.kernel = self.add_weight(
            shape=(n_columns, n_bins, self.dim), initializer="zeros", name="kernel"
        )
        self.slope = self.add_weight(
            shape=(n_columns, self.dim),
            initializer=keras.initializers.RandomUniform(-bound, bound),
            name="slope",
        )
        self.bias = self.add_weight(
            shape=(n_columns, self.dim),
            initializer=keras.initializers.RandomUniform(-bound, bound),
            name="bias",
        )

    def call(self, x):
        """Return the embeddings of all columns, next to each other."""
        encoded = _bin_shares(x, self.edges)  # (batch, p, n_bins)
        embedded = ops.einsum("bpk,pkd->bpd", encoded, self.kernel) + self.bias
        embedded = embedded + x[:, :, None] * self.slope
        n_columns = self.edges.shape[1]
        return ops.reshape(self.activation(embedded), (-1, n_columns * self.dim))

    def compute_output_shape(self, input_shape):
        """Return ``(batch, n_columns * dim)``."""
        return (input_shape[0], input_shape[-1] * self.dim)

    def get_config(self):
        """Return the configuration for `from_config`."""
        activation = keras.activations.serialize(self.activation)
        config = {
            "edges": self.edges.tolist(),
            "dim": self.dim,
            "activation": activation,
        }
        return {**super().get_config(), **config}


@keras.saving.register_keras_serializable("skautokeras")
class PeriodicEmbedding(Layer):
    """Embed each number by itself and by learned periodic functions of it.

    The embedding of a number x is ``[x, f(W2 cos(2 pi w1 x + b1) + b2)]``, with weights
    of its own for each column. At the start, w1 is drawn from N(0, sigma^2) and b1 from
    U(-pi, pi). If f is the identity, this is the PBLD embedding of RealMLP (Holzmueller
    et al., arXiv:2407.04491). If f is ReLU, it is close to the PLR embedding of
    Gorishniy et al. (arXiv:2203.05556).

    Parameters
    ----------
    dim : int, default=4
        Length of the embedding of one number, which includes the number itself.
    n_frequencies : int, default=16
        Number of frequencies per column.
    sigma : float, default=0.1
        Standard deviation of the frequencies at the start.
    activation : str or None, default=None
        Name of the Keras activation f. If None, it is the identity.

    Notes
    -----
    **Shape**: ``(batch, n_columns) -> (batch, n_columns * dim)``.

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._layers.numerical import PeriodicEmbedding
    >>> PeriodicEmbedding(dim=4)(np.array([[0.5, 1.0]])).shape
    TensorShape([1, 8])
    """

    # Sigma only decides where the weights start.
    uncompiled_config = ("sigma",)
    # Decay makes frequencies low and functions flat (decision 0053).
    uses_weight_decay = False

    def __init__(self, dim=4, n_frequencies=16, sigma=0.1, activation=None, **kwargs):
        super().__init__(**kwargs)
        self.activation = keras.activations.get(activation)
        self.dim = dim
        self.n_frequencies = n_frequencies
        self.sigma = sigma

    def build(self, input_shape):
        """Create frequencies, phases and one linear map per column."""
        n_columns, n_waves = input_shape[-1], self.n_frequencies
        bound = 1 / math.sqrt(n_waves)
        self.frequency = self.add_weight(
            shape=(n_columns, n_waves),
            initializer=keras.initializers.RandomNormal(stddev=self.sigma),
            name="frequency",
        )
        self.phase = self.add_weight(
            shape=(n_columns, n_waves),
            initializer=keras.initializers.RandomUniform(-math.pi, math.pi),
            name="phase_bias",
        )
        self.kernel = self.add_weight(
            shape=(n_columns, n_waves, self.dim - 1),
            initializer=keras.initializers.RandomUniform(-bound, bound),
            name="kernel",
        )
        self.bias = self.add_weight(
            shape=(n_columns, self.dim - 1),
            initializer=keras.initializers.RandomUniform(-bound, bound),
            name="bias",
        )

    def call(self, x):
        """Return the embeddings of all columns, next to each other."""
        n_columns = x.shape[-1]
        angle = 2 * math.pi * x[:, :, None] * self.frequency + self.phase
        waves = ops.einsum("bpk,pkd->bpd", ops.cos(angle), self.kernel) + self.bias
        embedded = ops.concatenate([x[:, :, None], self.activation(waves)], axis=-1)
        return ops.reshape(embedded, (-1, n_columns * self.dim))

    def compute_output_shape(self, input_shape):
        """Return ``(batch, n_columns * dim)``."""
        return (input_shape[0], input_shape[-1] * self.dim)

    def get_config(self):
        """Return the configuration for `from_config`."""
        config = {
            "dim": self.dim,
            "n_frequencies": self.n_frequencies,
            "sigma": self.sigma,
            "activation": keras.activations.serialize(self.activation),
        }
        return {**super().get_config(), **config}


def _bin_shares(x, edges):
    """Return the share of each bin that lies below x: (batch, n_columns, n_bins).

    All factors are constants of the graph. A bin whose edges are equal is treated as a
    very narrow one, so that its share is a step.
    """
    lower = edges[:-1].T.astype("float32")  # (n_columns, n_bins)
    width = np.maximum(np.diff(edges, axis=0).T, _STEP).astype("float32")
    return ops.clip((x[..., None] - lower) / width, 0.0, 1.0)


def normal_scores(x, knots):
    """Return the normal quantiles of the shares of the training rows below numbers.

    Parameters
    ----------
    x : tensor of shape (batch, n_columns)
        Numbers of each column, one row per sample.
    knots : ndarray of shape (n_knots, n_columns)
        Non-decreasing quantiles of each column at equally spaced probabilities.

    Returns
    -------
    scores : tensor of shape (batch, n_columns)
        Scores between about -3.1 and 3.1.
    """
    share = ops.mean(_bin_shares(x, knots), axis=-1)
    return normal_quantile(SCORE_MARGIN + (1.0 - 2.0 * SCORE_MARGIN) * share)


# Coefficients for the middle and for the tails, the highest power first.
_MIDDLE = (
    2.81022636e-08,
    3.43273939e-07,
    -3.5233877e-06,
    -4.39150654e-06,
    2.1858087e-04,
    -1.25372503e-03,
    -4.17768164e-03,
    2.46640727e-01,
    1.50140941,
)
_TAILS = (
    -2.00214257e-04,
    1.00950558e-04,
    1.34934322e-03,
    -3.67342844e-03,
    5.73950773e-03,
    -7.6224613e-03,
    9.43887047e-03,
    1.00167406,
    2.83297682,
)


def normal_quantile(p):
    """Return the quantile of the standard normal distribution.

    It consists of logarithms, roots and polynomials (Giles, Approximating the erfinv
    function, GPU Computing Gems 2, 2011), because ONNX and LiteRT have no inverse error
    function. The error is below 1e-5.

    Parameters
    ----------
    p : tensor, dtype float32
        Probabilities between 0 and 1, both excluded.

    Returns
    -------
    z : tensor
        Quantiles of the shape of ``p``.

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._layers.numerical import normal_quantile
    >>> p = np.array([0.5, 0.975, 0.999], "float32")
    >>> abs(normal_quantile(p).numpy()).round(3).tolist()
    [0.0, 1.9600000381469727, 3.0899999141693115]
    """
    x = 2.0 * p - 1.0
    w = -ops.log((1.0 - x) * (1.0 + x))
    middle = _polynomial(_MIDDLE, w - 2.5)
    tails = _polynomial(_TAILS, ops.sqrt(ops.maximum(w, 0.0)) - 3.0)
    return math.sqrt(2.0) * x * ops.where(w < 5.0, middle, tails)


def _polynomial(coefficients, x):
    """Return the value of a polynomial by Horner's rule."""
    value = ops.zeros_like(x)
    for coefficient in coefficients:
        value = value * x + coefficient
    return value
