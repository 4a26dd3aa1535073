"""Whether pixels have the range of those in `fit`, such as 0 to 1 or 0 to 255.

An image may be dark, or bright, or have a few odd values, so that only what no image of
the same range can be is an error.
"""

import numpy as np

from skautokeras._data.codes import BRIGHTEST

# Pixels that are fractions in other images are hardly above this, and those of a few
# levels, or of standardised images, not above so many times the largest one in `fit`.
_HIGHEST_FRACTION, _TIMES_THE_HIGHEST = 16.0, 15.0
# Pixels that are no fractions have so many levels.
_FEWEST_LEVELS = 15.0
# Numbers of levels that are few: some count from 0 to 16.
_FEW_LEVELS = 16.0
# Where no pixel is negative, resizing may make some of them a little so.
_NEGATIVE = -0.25
# Some images may be dark; so many with no pixel above this share of the range are not.
_MANY_IMAGES, _DARK_SHARE = 10, 0.01


def problem_with_range(arrays, schema):
    """Say how pixels are on another scale than those in `fit`.

    Parameters
    ----------
    arrays : list of ndarray
        Finite pixels of all images, as they came.

    schema : ImageSchema
        Facts that `fit` has learned.

    Returns
    -------
    problem : str or None
        Message of an error. None if the range can be the same.

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._data.pixel_ranges import problem_with_range
    >>> from skautokeras._data.schema import ImageSchema
    >>> schema = ImageSchema((1, 2, 1), 9, "uint8", 0.0, 255.0, (0.3,), (0.4,))
    >>> problem_with_range([np.array([[7, 200]])], schema) is None
    True
    >>> problem_with_range([np.array([[True, False]])], schema)
    'The images hold booleans, but the pixels seen in fit are between 0 and 255. Bring \
them to the same range, or fit on such images.'
    """
    arrays = [array for array in arrays if array.size]
    if not arrays or _have_all_values(arrays, schema):
        return None
    lowest = float(min(array.min() for array in arrays))
    highest = float(max(array.max() for array in arrays))
    return (
        _problem_with_fractions(arrays, lowest, highest, schema)
        or _problem_with_dtype(arrays, highest, schema)
        or _problem_with_values(arrays, lowest, highest, schema)
    )


def _have_all_values(arrays, schema):
    """Whether `fit` has seen all values that pixels of this dtype may have."""
    is_full = schema.low == 0 and schema.high == BRIGHTEST
    return is_full and all(array.dtype == np.uint8 for array in arrays)


def _problem_with_fractions(arrays, lowest, highest, schema):
    """Say that `fit` has seen fractions and these are levels, or the reverse."""
    if schema.low == 0 and schema.high == 1 and highest > _HIGHEST_FRACTION:
        what = "fractions between 0 and 1" if schema.dtype == "float32" else "0 and 1"
        return (
            f"The images hold values up to {highest:g}, but the pixels seen in fit are "
            f"{what}. Divide by 255, or fit on whole numbers from 0 to 255."
        )
    are_fractions = 0.5 < highest <= 1 and lowest >= 0 and _have_fractions(arrays)
    if schema.low == 0 and schema.high >= _FEWEST_LEVELS and are_fractions:
        return (
            "The images hold fractions between 0 and 1, but the pixels seen in fit are "
            f"between 0 and {schema.high:g}. Multiply by {schema.high:g}, or fit on "
            "fractions."
        )
    return None


def _have_fractions(arrays):
    return any(array.dtype.kind == "f" and (array % 1 > 0).any() for array in arrays)


def _problem_with_dtype(arrays, highest, schema):
    """Say that the dtype tells another range; what is black is so in any range."""
    if schema.low < 0 or highest == 0:
        return None
    dtypes = {array.dtype.name for array in arrays}
    if dtypes == {"bool"} and schema.high >= _FEWEST_LEVELS:
        return _other_range("booleans", schema)
    if dtypes == {"uint8"} and schema.high > BRIGHTEST + 1:
        return _other_range("whole numbers of 8 bits", schema)
    if dtypes == {"uint16"} and schema.high <= BRIGHTEST + 1 < highest:
        return _other_range(f"whole numbers of 16 bits up to {highest:g}", schema)
    return None


def _problem_with_values(arrays, lowest, highest, schema):
    """Say that values are negative, far above those in `fit`, or all nearly black."""
    low, high = schema.low, schema.high
    is_centred = lowest < _NEGATIVE and highest <= 1 and _are_floats(arrays)
    if low >= 0 and is_centred:
        return _other_range(f"values from {lowest:g} to {highest:g}", schema)
    if _are_far_above(arrays, highest, low, high):
        return _other_range(f"values up to {highest:g}", schema)
    if low == 0 and high > BRIGHTEST + 1 and 0 < highest < _DARK_SHARE * high:
        n_images = sum(len(array) if array.ndim == 4 else 1 for array in arrays)
        if n_images >= _MANY_IMAGES and highest < min(schema.mean) * high:
            return _other_range(f"no values above {highest:g}", schema)
    return None


def _are_floats(arrays):
    return all(array.dtype.kind == "f" for array in arrays)


def _are_far_above(arrays, highest, low, high):
    largest = max(high, -low)
    if low < 0 or high <= _FEW_LEVELS:
        return highest > max(_HIGHEST_FRACTION, _TIMES_THE_HIGHEST * largest)
    # A few values may be wrong, and are clipped. If most are, the range is.
    if highest <= high:
        return False
    n_above = sum(np.count_nonzero(array > high) for array in arrays)
    return 2 * n_above > sum(array.size for array in arrays)


def _other_range(what, schema):
    return (
        f"The images hold {what}, but the pixels seen in fit are between "
        f"{schema.low:g} and {schema.high:g}. Bring them to the same range, or fit on "
        "such images."
    )
