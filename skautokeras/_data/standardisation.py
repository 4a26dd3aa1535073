"""Centre and scale one column of numbers in float64, whatever its magnitude."""

from dataclasses import dataclass

import numpy as np

from skautokeras._data.codes import LARGEST

# Columns with fewer different numbers have no far ones.
_FEWEST_VALUES = 10
# Numbers of a column that are this many times as far away as the others are marks, such
# as -999999 and the year 9999, if there are so few different ones in so many rows. They
# stand this many standard deviations behind the last of the others.
_FAR, _MOST_MARKS, _MOST_MARKED, _STEP = 50.0, 2, 0.5, 3.0

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


def ordinary_range(values, *, far, most_rows, most_values=None):
    """Return the lowest and the highest number that is not far from all others.

    A number is far if the gap before it is a multiple of the distance between the
    median of the different numbers and the last number before the gap. The tail of a
    skewed distribution has no such gap; an error or a mark such as -999999 has.

    Parameters
    ----------
    values : ndarray of shape (n_samples,), dtype float64
        Finite numbers.

    far : float
        Multiple of the distance.

    most_rows : int
        Most rows at one end that can be far from the others.

    most_values : int or None, default=None
        Most different numbers at one end that can be far from the others. If None,
        there can be as many as there are rows.

    Returns
    -------
    low, high : float
        Range of the other numbers; that of all numbers if fewer than ten differ.

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._data.standardisation import ordinary_range
    >>> values = np.append(np.arange(100.0), 1e9)
    >>> [float(x) for x in ordinary_range(values, far=1000, most_rows=1)]
    [0.0, 99.0]
    """
    distinct, counts = np.unique(values, return_counts=True)
    if len(distinct) < _FEWEST_VALUES:
        return float(distinct[0]), float(distinct[-1])
    middle = len(distinct) // 2
    limits = far, most_rows, most_values
    high = _last_ordinary(distinct[middle:], counts[middle:], *limits)
    low = _last_ordinary(-distinct[middle::-1], counts[middle::-1], *limits)
    return -low, high


def _last_ordinary(values, counts, far, most_rows, most_values):
    """Return the last of ascending numbers before a gap, the first being the middle."""
    with np.errstate(over="ignore"):
        reach = values[:-1] - values[0]
        # Two different numbers tell nothing about usual distances.
        is_gap = (np.diff(values) > far * reach) & (reach > 0)
    rows_behind = counts.sum() - np.cumsum(counts)[:-1]
    values_behind = np.arange(len(values) - 1, 0, -1)
    is_small = rows_behind <= most_rows
    if most_values is not None:
        is_small &= values_behind <= most_values
    ends = np.flatnonzero(is_gap & is_small)
    return float(values[ends[0]] if len(ends) else values[-1])


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
        Mean and standard deviation, missing values replaced. Marks that are far from
        all other numbers do not count.

    low, high : float
        Standardised values are not below and above these. They are -1e9 and 1e9 unless
        there are such marks.

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
    low: float
    high: float
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
        filled = np.where(np.isnan(values), median, values)
        lowest, highest = ordinary_range(
            filled,
            far=_FAR,
            most_rows=int(_MOST_MARKED * len(filled)),
            most_values=_MOST_MARKS,
        )
        is_ordinary = (filled >= lowest) & (filled <= highest)
        mean, scale = mean_and_scale(filled[is_ordinary])
        low, high = -LARGEST, LARGEST
        if lowest > filled.min():
            low = (lowest - mean) / scale - _STEP
        if highest < filled.max():
            high = (highest - mean) / scale + _STEP
        quantiles = _quantiles(
            fill_and_standardise(values, median, mean, scale, low, high)
        )
        return cls(median, mean, scale, low, high, quantiles)


def fill_and_standardise(values, median, mean, scale, low=-LARGEST, high=LARGEST):
    """Replace missing numbers by the median, then centre and scale.

    Parameters
    ----------
    values : ndarray of shape (n_samples,), dtype float64
        Finite numbers, and NaN where one is missing.

    median, mean, scale, low, high : float
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
    filled = np.where(np.isnan(values), median, values)
    return np.clip(standardise(filled, mean, scale), low, high).astype(np.float32)


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
