"""Centre and scale one column of numbers in float64, whatever its magnitude."""

from dataclasses import dataclass

import numpy as np

from skautokeras._data.codes import LARGEST

# Quantiles of a column that are kept at most: one per thousandth.
MAX_QUANTILES = 1001


def mean_and_scale(values):
    """Compute mean and standard deviation of a column without overflow.

    Parameters
    ----------
    values : ndarray of shape (n_samples,), dtype float64
        Finite numbers.

    Returns
    -------
    mean : float
        Mean of the values.

    scale : float
        Standard deviation of the values. It is 1 for a constant column.

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._data.standardisation import mean_and_scale
    >>> [round(float(x), 3) for x in mean_and_scale(np.array([1.0, 2.0, 3.0]))]
    [2.0, 0.816]
    """
    low, high = values.min(), values.max()
    if low == high:
        return float(low), 1.0
    # The sum and the squares of 1e300 overflow, those of numbers in [-1, 1] do not; a
    # power of two keeps every digit.
    unit = np.ldexp(1.0, np.frexp(max(abs(low), abs(high)))[1] - 1)
    scaled = values / unit
    # Rounding must not push the mean out of the range of the values.
    mean = np.clip(scaled.mean(), low / unit, high / unit) * unit
    scale = scaled.std() * unit
    return float(mean), float(scale) if scale > 0 else 1.0


def standardise(values, mean, scale):
    """Centre and scale in float64, so that float32 keeps the differences.

    Parameters
    ----------
    values : ndarray of shape (n_samples,) or (n_samples, n_columns), dtype float64
        Finite numbers.

    mean, scale : float or ndarray of shape (n_columns,)
        Results of `mean_and_scale`.

    Returns
    -------
    standardised : ndarray of the shape of `values`, dtype float32
        Within plus and minus `LARGEST`.

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._data.standardisation import standardise
    >>> standardise(np.array([1e9, 1e9 + 1]), mean=1e9, scale=1.0)
    array([0., 1.], dtype=float32)
    """
    with np.errstate(over="ignore"):
        standardised = (values - mean) / scale
    return np.clip(standardised, -LARGEST, LARGEST).astype(np.float32)


@dataclass(frozen=True, eq=False)
class NumberStatistics:
    """Statistics of a column of numbers.

    Parameters
    ----------
    median : float
        Value that replaces missing ones.

    mean, scale : float
        Mean and standard deviation, missing values replaced.

    quantiles : ndarray of shape (n_quantiles,), dtype float32
        Equally spaced quantiles of the standardised values; none is below the one
        before.

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._data.standardisation import NumberStatistics
    >>> statistics = NumberStatistics.of(np.array([1.0, np.nan, 3.0]))
    >>> statistics.median, statistics.mean
    (2.0, 2.0)
    """

    median: float
    mean: float
    scale: float
    quantiles: np.ndarray

    @classmethod
    def of(cls, values):
        """Compute the statistics of a column.

        Parameters
        ----------
        values : ndarray of shape (n_samples,), dtype float64
            Finite numbers, and NaN where one is missing.

        Returns
        -------
        statistics : NumberStatistics
        """
        median = _median(values[~np.isnan(values)])
        mean, scale = mean_and_scale(np.where(np.isnan(values), median, values))
        quantiles = _quantiles(fill_and_standardise(values, median, mean, scale))
        return cls(median, mean, scale, quantiles)


def fill_and_standardise(values, median, mean, scale):
    """Replace missing numbers by the median, then centre and scale.

    Parameters
    ----------
    values : ndarray of shape (n_samples,), dtype float64
        Finite numbers, and NaN where one is missing.

    median, mean, scale : float
        Statistics of the column, as in `NumberStatistics`.

    Returns
    -------
    standardised : ndarray of shape (n_samples,), dtype float32

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._data.standardisation import fill_and_standardise
    >>> fill_and_standardise(np.array([1.0, np.nan]), median=3.0, mean=1.0, scale=2.0)
    array([0., 1.], dtype=float32)
    """
    return standardise(np.where(np.isnan(values), median, values), mean, scale)


def _median(values):
    """Return the median of finite numbers, 0 of none."""
    if not len(values):
        return 0.0
    # The numbers are halved first, because the sum of two numbers of 1e308 is infinite.
    return float(np.median(values / 2) * 2)


def _quantiles(values):
    """Return equally spaced quantiles of float32 values, none below the one before."""
    ordered = np.sort(values)
    positions = np.linspace(0, len(values) - 1, min(len(values), MAX_QUANTILES))
    quantiles = np.interp(positions, np.arange(len(values)), ordered)
    return np.maximum.accumulate(quantiles.astype(np.float32))
