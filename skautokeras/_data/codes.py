"""Numbers and names that adapters and the layers that repeat their work share.

An adapter turns raw data into arrays. The layers of an exported model do the same
inside of a network. Both read the constants of this file, so that they cannot drift
apart. The file imports NumPy and nothing else.
"""

import numpy as np

# Codes of a categorical column: a category that is unknown or rare, a missing value,
# and the first of the learned categories.
UNKNOWN_CATEGORY, MISSING_CATEGORY, FIRST_CATEGORY = 0, 1, 2

# Codes of a text: an unknown token, and the first of the learned tokens. Code 0 fills
# the rows of short texts. Codes of characters follow the same rule.
UNKNOWN_TOKEN, FIRST_TOKEN = 1, 2

# Kinds of columns that become numbers, and kinds that become codes of categories.
# Texts become arrays of their own, and constant columns become nothing.
WITH_NUMBERS = ("numerical", "datetime")
WITH_KEYS = ("categorical", "short_text")

# The largest value of a pixel of 8 bits.
BRIGHTEST = 255

# Standardised numbers are clipped to this many standard deviations. It lies far beyond
# any real value, and its square, which a normalisation layer computes, is still a
# finite float32.
LARGEST = 1e9

# The calendar. Dates are kept in microseconds since 1 January 1970, which was a
# Thursday: three days after a Monday. A year has its mean length.
SECOND = np.timedelta64(1, "s")
DAY = np.timedelta64(1, "D")
MICROSECONDS_PER_SECOND = 1_000_000
MICROSECONDS_PER_DAY = 86_400 * MICROSECONDS_PER_SECOND
DAYS_PER_WEEK = 7
DAYS_PER_YEAR = 365.25
EPOCH_WEEKDAY = 3


def prefix_among(names, name):
    """Return the beginning of the names of what belongs to one of several parts.

    Parameters
    ----------
    names : list of str
        Names of all inputs, or of all heads.

    name : str
        Name of the input or of the head.

    Returns
    -------
    prefix : str
        The name and "__"; "" if there is one part.

    Examples
    --------
    >>> from skautokeras._data.codes import prefix_among
    >>> prefix_among(["table", "text"], "text"), prefix_among(["text"], "text")
    ('text__', '')
    """
    return f"{name}__" if len(names) > 1 else ""
