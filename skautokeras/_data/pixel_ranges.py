"""Whether pixels have the range of those in `fit`, such as 0 to 1 or 0 to 255.

An image may be dark, or bright, or have a few odd values, so that only what no image of
the same range can be is an error.
"""

from dataclasses import dataclass

import numpy as np

from skautokeras._data.codes import BRIGHTEST

# What 16 bits have for one level of 8, and the largest value that they hold.
DEEP_PER_LEVEL = 257
DEEPEST = BRIGHTEST * DEEP_PER_LEVEL

# Pixels that are fractions in other images are hardly above this, and those of a few
# levels, or of standardised images, not above so many times the largest one in `fit`.
_HIGHEST_FRACTION, _TIMES_THE_HIGHEST = 16.0, 15.0
# Pixels that are no fractions have so many levels.
_FEWEST_LEVELS = 15.0
# Numbers of levels that are few: some count from 0 to 16.
_FEW_LEVELS = 16.0
# Where no pixel is negative, resizing may make some of them a little so, and of
# fractions hardly any below the second value.
_NEGATIVE, _NEGATIVE_FRACTION = -0.25, -0.75
# A white pixel of a standardised photograph is not above this.
_HIGHEST_STANDARDISED = 3.0
# Where pixels are centred, about half of them are negative, and those weigh as much as
# the others. Resizing has been seen to make negative a fifth of the weight, and wrong
# values are few. So large shares are neither.
_NEGATIVE_SHARE, _NEGATIVE_WEIGHT = 0.25, 0.5
# The mean of grey levels is hardly below this share of their range.
_MEAN_OF_LEVELS = 0.2
# Some images may be dark; so many with no pixel above this share of the range are not.
_MANY_IMAGES, _DARK_SHARE = 10, 0.01
# The share of 16 bits that 12 bits fill.
_TWELVE_OF_16_BITS = 1 / 16


@dataclass(frozen=True)
class Values:
    """What tells the range of the pixels of an array, or of a file.

    Parameters
    ----------
    dtype : str
        Dtype in which they came.

    n_images, n_values : int
        Number of images and of pixels in all channels.

    lowest, highest : float
        Extreme values.

    has_fractions : bool
        Whether all values lie between 0 and 1, and some between them.

    n_above : int
        Number of values above those in `fit`.

    n_negative : int
        Number of negative values.

    negative_sum, positive_sum : float
        Sums of the negative values and of the others; 0 if none is negative.

    Examples
    --------
    >>> from skautokeras._data.pixel_ranges import Values
    >>> Values("uint8", 1, 64, 3.0, 250.0).n_above
    0
    """

    dtype: str
    n_images: int
    n_values: int
    lowest: float
    highest: float
    has_fractions: bool = False
    n_above: int = 0
    n_negative: int = 0
    negative_sum: float = 0.0
    positive_sum: float = 0.0

    @property
    def is_of_floats(self):
        """Whether the dtype is one of floats.

        Returns
        -------
        is_of_floats : bool
        """
        return np.dtype(self.dtype).kind == "f"


def values_of(array, schema):
    """Find out what tells the range of pixels; what cannot matter is not computed.

    Parameters
    ----------
    array : ndarray of shape (height, width, channels), or of one more axis before
        Finite pixels of one image or of several.

    schema : ImageSchema
        Facts that `fit` has learned.

    Returns
    -------
    values : Values or None
        None if there are no pixels, or `fit` has seen all values of their dtype.

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._data.pixel_ranges import values_of
    >>> from skautokeras._data.schema import ImageSchema
    >>> schema = ImageSchema((1, 2, 1), 9, "uint8", 0.0, 255.0, (0.3,), (0.4,))
    >>> values_of(np.array([[[7], [300]]]), schema).n_above
    1
    """
    is_full = schema.low == 0 and schema.high == BRIGHTEST
    if not array.size or (is_full and array.dtype == np.uint8):
        return None
    lowest, highest = float(array.min()), float(array.max())
    # Whether they are fractions matters only where `fit` has seen levels.
    are_fractions = array.dtype.kind == "f" and lowest >= 0 and highest <= 1
    are_fractions = are_fractions and schema.high >= _FEWEST_LEVELS
    n_above = np.count_nonzero(array > schema.high) if highest > schema.high else 0
    n_negative, negative, positive = 0, 0.0, 0.0
    if lowest < 0:
        is_negative = array < 0
        n_negative = int(np.count_nonzero(is_negative))
        negative = float(array.sum(dtype=np.float64, where=is_negative))
        positive = float(array.sum(dtype=np.float64, where=~is_negative))
    return Values(
        dtype=array.dtype.name,
        n_images=len(array) if array.ndim == 4 else 1,
        n_values=array.size,
        lowest=lowest,
        highest=highest,
        has_fractions=are_fractions and bool((array % 1 > 0).any()),
        n_above=int(n_above),
        n_negative=n_negative,
        negative_sum=negative,
        positive_sum=positive,
    )


def problem_with_range(arrays, files, schema):
    """Say how pixels are on another scale than those in `fit`.

    Parameters
    ----------
    arrays : list of ndarray
        Finite pixels of all images that are no files, as they came.

    files : list of Values or None
        Facts that `values_of` has found in each file. Those of a file of 16 bits that
        has been brought to 8 have the dtype "uint16".

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
    >>> problem_with_range([np.array([[7, 200]])], [], schema) is None
    True
    >>> problem_with_range([np.array([[True, False]])], [], schema)
    'The images hold booleans, but the pixels seen in fit are between 0 and 255. Bring \
them to the same range, or fit on such images.'
    """
    arrays = [values_of(array, schema) for array in arrays]
    arrays = [values for values in arrays if values is not None]
    files = [values for values in files if values is not None]
    seen = arrays + files
    if not seen:
        return None
    lowest = min(values.lowest for values in seen)
    highest = max(values.highest for values in seen)
    return (
        _problem_with_fractions(seen, lowest, highest, schema)
        or _problem_with_dtypes(arrays, files, schema)
        or _problem_with_values(seen, lowest, highest, schema)
        or _problem_with_deep_files(files, schema)
    )


def _problem_with_fractions(seen, lowest, highest, schema):
    """Say that `fit` has seen fractions and these are levels, or the reverse."""
    if schema.low == 0 and schema.high == 1 and highest > _HIGHEST_FRACTION:
        what = "fractions between 0 and 1" if schema.dtype == "float32" else "0 and 1"
        return (
            f"The images hold values up to {highest:g}, but the pixels seen in fit are "
            f"{what}. Divide by 255, or fit on whole numbers from 0 to 255."
        )
    are_fractions = 0.5 < highest <= 1 and lowest >= 0
    are_fractions = are_fractions and any(values.has_fractions for values in seen)
    if schema.low == 0 and schema.high >= _FEWEST_LEVELS and are_fractions:
        return (
            "The images hold fractions between 0 and 1, but the pixels seen in fit are "
            f"between 0 and {schema.high:g}. Multiply by {schema.high:g}, or fit on "
            "fractions."
        )
    return None


def _problem_with_dtypes(arrays, files, schema):
    """Say that dtypes tell another range: of all arrays, or of any file.

    Programs that write arrays may give those of one range several dtypes. The bits of
    a file tell its range.
    """
    groups = [arrays] if arrays else []
    groups += [[values] for values in files]
    problems = (_problem_with_dtype(group, schema) for group in groups)
    return next((problem for problem in problems if problem is not None), None)


def _problem_with_dtype(seen, schema):
    """Say that the dtype tells another range; what is black is so in any range."""
    highest = max(values.highest for values in seen)
    if schema.low < 0 or highest == 0:
        return None
    dtypes = {values.dtype for values in seen}
    if dtypes == {"bool"} and schema.high >= _FEWEST_LEVELS:
        return _other_range("booleans", schema)
    if dtypes == {"uint8"} and schema.high > BRIGHTEST + 1:
        return _other_range("whole numbers of 8 bits", schema)
    if dtypes == {"uint16"} and schema.high <= BRIGHTEST + 1 < highest:
        return _other_range(f"whole numbers of 16 bits up to {highest:g}", schema)
    return None


def _problem_with_values(seen, lowest, highest, schema):
    """Say that values are negative, far above those in `fit`, or all nearly black."""
    low, high = schema.low, schema.high
    if low >= 0 and _are_centred(seen, lowest, highest, schema):
        return _other_range(f"values from {lowest:g} to {highest:g}", schema)
    if _are_far_above(seen, highest, low, high):
        return _other_range(f"values up to {highest:g}", schema)
    if low == 0 and high > BRIGHTEST + 1 and 0 < highest < _DARK_SHARE * high:
        n_images = sum(values.n_images for values in seen)
        if n_images >= _MANY_IMAGES and highest < min(schema.mean) * high:
            return _other_range(f"no values above {highest:g}", schema)
    return None


def _are_centred(seen, lowest, highest, schema):
    """Whether pixels are between -1 and 1, standardised, or less their mean."""
    if lowest < _NEGATIVE and all(values.is_of_floats for values in seen):
        if highest <= (_HIGHEST_STANDARDISED if schema.high >= BRIGHTEST else 1):
            return True
        if schema.high == 1 and lowest < _NEGATIVE_FRACTION:
            return True
    if lowest >= _NEGATIVE and highest <= 1:
        return False  # What is nearly black may have noise about zero.
    if schema.dtype != "uint8" and min(schema.mean) < _MEAN_OF_LEVELS:
        return False  # Measured values, such as temperatures, may fall below zero.
    # Pixels less their mean may have any contrast, but more of them are negative than
    # resizing makes so.
    n_negative = sum(values.n_negative for values in seen)
    negative = sum(values.negative_sum for values in seen)
    positive = sum(values.positive_sum for values in seen)
    return (
        n_negative > _NEGATIVE_SHARE * sum(values.n_values for values in seen)
        and -negative >= _NEGATIVE_WEIGHT * positive
    )


def _are_far_above(seen, highest, low, high):
    largest = max(high, -low)
    if low < 0 or high <= _FEW_LEVELS:
        return highest > max(_HIGHEST_FRACTION, _TIMES_THE_HIGHEST * largest)
    # A few values may be wrong, and are clipped. If most are, the range is.
    n_above = sum(values.n_above for values in seen)
    return 2 * n_above > sum(values.n_values for values in seen)


def _problem_with_deep_files(files, schema):
    """Say that files of 16 bits hold 12, and are nearly black once brought to 8."""
    files = [values for values in files if values.dtype == "uint16"]
    if schema.low < 0 or schema.high != BRIGHTEST or len(files) < _MANY_IMAGES:
        return None
    highest = max(values.highest for values in files)
    most = np.ceil(_TWELVE_OF_16_BITS * BRIGHTEST)
    if 0 < highest <= most and highest < min(schema.mean) * BRIGHTEST:
        what = f"values up to about {highest * DEEP_PER_LEVEL:g} of {DEEPEST}"
        return _other_range(what, schema)
    return None


def _other_range(what, schema):
    return (
        f"The images hold {what}, but the pixels seen in fit are between "
        f"{schema.low:g} and {schema.high:g}. Bring them to the same range, or fit on "
        "such images."
    )
