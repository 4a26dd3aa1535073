"""Scales of numbers to predict: what a network computes, turned into targets."""

import math

import keras
import numpy as np
from keras import ops
from sklearn.preprocessing import PowerTransformer

from skautokeras._layers.numerical import SCORE_MARGIN, normal_scores

# Values on the transformed scale that are farther from the mean are cut off, in
# standard deviations. No target is there, and exponentials stay finite.
_FARTHEST = 6.0
# Smallest power that is not taken for 0.
_LEAST_POWER = 0.01
# Smallest distance from the end of a logarithmic scale, and narrowest bin.
_TINY = 1e-6


class TargetScale:
    """An increasing function of the standardised target on which a network computes.

    Parameters
    ----------
    kind : {"log", "yeo_johnson", "quantile"}
        ``"log"`` is the logarithm of the distance from ``origin``. ``"yeo_johnson"`` is
        the power transformation of Yeo and Johnson (Biometrika 87, 2000), whose power
        is between 0, which is a logarithm, and 2. ``"quantile"`` are normal scores,
        which are linear between the quantiles.
    quantiles : array-like of shape (n_quantiles, n_targets)
        Equally spaced quantiles of each standardised target.
    origin : sequence of float, shape (n_targets,)
        Value that the number 0 has on the standardised scale.

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._layers.target_scale import TargetScale
    >>> y = np.exp(np.linspace(-2, 2, 101))[:, None]
    >>> scale = TargetScale("log", y, [0.0])
    >>> u = scale.forward(y.astype("float32"))
    >>> bool(np.allclose(scale.inverse(u), y, rtol=1e-3))
    True
    """

    def __init__(self, kind, quantiles, origin):
        self.kind = kind
        self.quantiles = np.asarray(quantiles, "float64")
        self.origin = np.asarray(origin, "float64")
        if kind == "log":
            self._prepare_log()
        elif kind == "yeo_johnson":
            self._prepare_power()
        self.mean, self.deviation = np.zeros(1, "float32"), np.ones(1, "float32")
        if kind != "quantile":
            u = ops.convert_to_numpy(self._forward(self.quantiles.astype("float32")))
            deviation = u.std(axis=0)
            self.mean = u.mean(axis=0)
            self.deviation = np.where(deviation > 0, deviation, 1.0).astype("float32")

    @classmethod
    def of(cls, scale):
        """Return the scale that a configuration describes; others as they are.

        Parameters
        ----------
        scale : TargetScale, dict or None
            Scale, or its configuration from `get_config`.
        """
        return cls(**scale) if isinstance(scale, dict) else scale

    def forward(self, z):
        """Return standardised targets on the scale of the network.

        Parameters
        ----------
        z : array of shape (n_rows, n_targets), dtype float32
            Standardised targets.
        """
        return (self._forward(z) - self.mean) / self.deviation

    def inverse(self, u):
        """Return standardised targets for what a network has computed.

        Parameters
        ----------
        u : array of shape (n_rows, n_targets), dtype float32
            Numbers on the scale of the network.
        """
        u = ops.clip(u, -_FARTHEST, _FARTHEST)
        return self._inverse(u * self.deviation + self.mean)

    def get_config(self):
        """Return the parameters as JSON values."""
        return {
            "kind": self.kind,
            "quantiles": self.quantiles.tolist(),
            "origin": self.origin.tolist(),
        }

    def _prepare_log(self):
        """Choose the end of the scale: the origin, or below it if zeros occur."""
        distance = self.quantiles - self.origin
        # Targets far from zero are inexact in float32.
        zero = _TINY * np.maximum(1.0, np.abs(self.origin))
        lowest = distance.min(axis=0)
        usual = [np.median(d[d > e]) for d, e in zip(distance.T, zero, strict=True)]
        self._end = np.where(lowest > zero, self.origin, self.origin - usual)

    def _prepare_power(self):
        """Choose the power of each target, and the unit that it is measured in."""
        low, self._center, high = np.quantile(self.quantiles, [0.25, 0.5, 0.75], axis=0)
        spread = np.where(high > low, high - low, np.ptp(self.quantiles, axis=0))
        self._unit = np.where(spread > 0, spread, 1.0)
        power = PowerTransformer("yeo-johnson", standardize=False)
        power.fit((self.quantiles - self._center) / self._unit)
        # Small powers are inexact in float32, and hardly differ from a logarithm.
        power = np.clip(power.lambdas_, 0.0, 2.0)
        power = np.where(power < _LEAST_POWER, 0.0, power)
        self._power = np.where(power > 2.0 - _LEAST_POWER, 2.0, power)

    def _forward(self, z):
        if self.kind == "log":
            return ops.log(ops.maximum(z - self._end.astype("float32"), _TINY))
        if self.kind == "yeo_johnson":
            return self._powered(z)
        return normal_scores(z, self.quantiles)

    def _inverse(self, u):
        if self.kind == "log":
            return ops.exp(u) + self._end.astype("float32")
        if self.kind == "yeo_johnson":
            return self._rooted(u)
        probability = 0.5 * (1.0 + ops.erf(u / math.sqrt(2.0)))
        probability = (probability - SCORE_MARGIN) / (1.0 - 2.0 * SCORE_MARGIN)
        n_bins = len(self.quantiles) - 1
        share = ops.clip(
            probability[..., None] * n_bins - np.arange(n_bins, dtype="float32"),
            0.0,
            1.0,
        )
        widths = np.diff(self.quantiles, axis=0).T.astype("float32")
        return ops.sum(share * widths, axis=-1) + self.quantiles[0].astype("float32")

    def _powered(self, z):
        center, unit, power = self._float32()
        x = (z - center) / unit
        above = _power_of(ops.maximum(x, 0.0) + 1.0, power)
        below = _power_of(ops.maximum(-x, 0.0) + 1.0, 2.0 - power)
        return ops.where(x >= 0, above, -below)

    def _rooted(self, u):
        center, unit, power = self._float32()
        above = _root_of(ops.maximum(u, 0.0), power) - 1.0
        below = _root_of(ops.maximum(-u, 0.0), 2.0 - power) - 1.0
        return ops.where(u >= 0, above, -below) * unit + center

    def _float32(self):
        return [a.astype("float32") for a in (self._center, self._unit, self._power)]


def _power_of(x, power):
    """Return ``(x ** power - 1) / power``, or the logarithm for a power of 0."""
    usual = np.where(power > _TINY, power, 1.0).astype("float32")
    return ops.where(power > _TINY, (x**usual - 1.0) / usual, ops.log(x))


def _root_of(x, power):
    """Return the number whose `_power_of` is x."""
    usual = np.where(power > _TINY, power, 1.0).astype("float32")
    return ops.where(power > _TINY, (x * usual + 1.0) ** (1.0 / usual), ops.exp(x))


@keras.saving.register_keras_serializable("skautokeras")
class FromTargetScale(keras.layers.Layer):
    """Return standardised targets for numbers on another scale.

    Parameters
    ----------
    scale : TargetScale or dict
        Scale of the input, or its configuration.

    Notes
    -----
    **Shape**: ``(batch, n_targets) -> (batch, n_targets)``.

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._layers.target_scale import FromTargetScale, TargetScale
    >>> scale = TargetScale("log", [[1.0], [2.0], [4.0]], [0.0])
    >>> FromTargetScale(scale)(np.zeros((1, 1), "float32")).numpy().round(4).tolist()
    [[2.0]]
    """

    def __init__(self, scale, **kwargs):
        super().__init__(**{**kwargs, "dtype": "float32"})
        self.scale = TargetScale.of(scale)

    def call(self, u):
        """Return the standardised targets."""
        return self.scale.inverse(u)

    def compute_output_shape(self, input_shape):
        """Return the shape of the input."""
        return input_shape

    def get_config(self):
        """Return the configuration for `from_config`."""
        return {**super().get_config(), "scale": self.scale.get_config()}
