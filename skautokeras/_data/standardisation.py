"""Centre and scale one column of numbers in float64, whatever its magnitude."""

import numpy as np

from skautokeras._data.codes import LARGEST


def mean_and_scale(values):
    """Mean and standard deviation of a column, without overflow.

    Parameters
    ----------
    values : ndarray of shape (n_samples,), dtype float64
        Finite numbers.

    Returns
    -------
    mean : float
        The mean.

    scale : float
        The standard deviation; 1 for a constant column.

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
        As found by `mean_and_scale`.

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
