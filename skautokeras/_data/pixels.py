"""Values of pixels: their dtype, their range, and statistics of each channel."""

import numpy as np
from sklearn.utils.validation import assert_all_finite

from skautokeras._data.codes import BRIGHTEST

# Grey levels come in these numbers of bits: 16 of them, 0 to 15, are 4 bits.
USUAL_BITS = (1, 4, 8, 12, 16)

# Values that statistics are computed of at a time: 32 MB as float64.
CHUNK_SIZE = 2**22

# Below this a standard deviation is what rounding makes of a constant.
MIN_STD = 1e-6


def smallest_dtype(array):
    """Return the dtype in which a network takes pixels.

    Parameters
    ----------
    array : ndarray
        Booleans, integers or floats.

    Returns
    -------
    dtype : {"uint8", "float32"}
        "uint8" for booleans and for integers between 0 and 255.

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._data.pixels import smallest_dtype
    >>> smallest_dtype(np.array([0, 255])), smallest_dtype(np.array([0.0, 255.0]))
    ('uint8', 'float32')
    """
    if array.dtype == np.uint8 or array.dtype.kind == "b":
        return "uint8"
    if array.dtype.kind in "iu" and array.min() >= 0 and array.max() <= BRIGHTEST:
        return "uint8"
    return "float32"


def convert(array, dtype):
    """Convert pixels to the dtype that a network takes.

    Parameters
    ----------
    array : ndarray
        Booleans, integers or floats.

    dtype : {"uint8", "float32"}
        Dtype of the result. For "uint8", values are rounded and clipped.

    Returns
    -------
    converted : ndarray of the shape of `array`
        The array itself where it has the dtype.

    Raises
    ------
    ValueError
        If values are not finite in float32; or if uint8 is wanted, and they are
        fractions between 0 and 1.

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._data.pixels import convert
    >>> convert(np.array([-1.0, 127.6, 300.0]), "uint8")
    array([  0, 128, 255], dtype=uint8)
    """
    if array.dtype.kind == "f":
        with np.errstate(over="ignore"):
            array = array.astype(np.float32, copy=False)
        assert_all_finite(array, input_name="X")
    if dtype == "float32" or smallest_dtype(array) == "uint8":
        return array.astype(dtype, copy=False)
    rounded = np.rint(array)
    if array.min() >= 0 and array.max() <= 1 and (rounded != array).any():
        raise ValueError(
            "X holds fractions between 0 and 1, but the pixels seen in fit are whole "
            "numbers from 0 to 255. Multiply by 255, or fit on fractions."
        )
    return np.clip(rounded, 0, BRIGHTEST).astype(np.uint8)


def value_range(pixels):
    """Guess which values stand for the darkest and the brightest pixel.

    Parameters
    ----------
    pixels : ndarray of dtype uint8 or float32
        Finite values.

    Returns
    -------
    low, high : float
        Without negative values 0 and the largest value of the smallest usual number of
        bits: 1, 15, 255, 4095 or 65535 (or one more, if there is a pixel of that value:
        some count from 0 to 16). With negative values, -1 and 1 if all lie between
        them. Otherwise the extremes themselves.

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._data.pixels import value_range
    >>> value_range(np.array([0, 200], dtype=np.uint8))
    (0.0, 255.0)
    >>> value_range(np.array([0.0, 0.7])), value_range(np.array([0.0, 16.0]))
    ((0.0, 1.0), (0.0, 16.0))
    >>> value_range(np.array([-0.5, 0.7])), value_range(np.array([-2.0, 5.0]))
    ((-1.0, 1.0), (-2.0, 5.0))
    """
    low, high = float(pixels.min()), float(pixels.max())
    if low >= 0:
        levels = next((2.0**bits for bits in USUAL_BITS if high <= 2**bits), None)
        if levels is None:
            return 0.0, high
        return 0.0, max(levels - 1, high)
    if low >= -1 and high <= 1:
        return -1.0, 1.0
    return low, high if high > low else low + 1


def channel_statistics(pixels, low, high):
    """Compute mean and standard deviation of each channel, in little memory.

    Parameters
    ----------
    pixels : ndarray of shape (n_samples, height, width, channels)
        Pixels of dtype uint8 or float32.

    low, high : float
        Values that are taken to 0 and 1 before.

    Returns
    -------
    mean, std : tuple of float
        One value per channel. A constant channel has a standard deviation of 1.

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._data.pixels import channel_statistics
    >>> channel_statistics(
    ...     np.array([0, 255], dtype=np.uint8).reshape(2, 1, 1, 1), 0, 255
    ... )
    ((0.5,), (0.5,))
    """
    n_channels = pixels.shape[-1]
    sums, squares = np.zeros(n_channels), np.zeros(n_channels)
    n_rows = max(1, CHUNK_SIZE // pixels[0].size)
    for start in range(0, len(pixels), n_rows):
        chunk = pixels[start : start + n_rows].reshape(-1, n_channels)
        # One row per channel: sums along rows are fast and exact.
        scaled = chunk.T.astype(np.float64, order="C")
        scaled -= low
        scaled /= high - low
        sums += scaled.sum(axis=1)
        squares += np.einsum("ij,ij->i", scaled, scaled)
    n_values = pixels.size // n_channels
    mean = sums / n_values
    std = np.sqrt(np.maximum(squares / n_values - np.square(mean), 0))
    std[std < MIN_STD] = 1
    return tuple(mean.tolist()), tuple(std.tolist())
