"""Categories of a column: which are learned, and their codes."""

import numpy as np
import pandas as pd

from skautokeras._data.codes import (
    FIRST_CATEGORY,
    MISSING_CATEGORY,
    UNKNOWN_CATEGORY,
)

# A column with more categories than this keeps only those of several rows: one row is
# too little to learn from, and the code of unknown categories gets rows to learn from.
RARE_MIN_CATEGORIES = 50
RARE_MIN_ROWS = 2


def frequent_categories(keys, counts, *, only_repeated=False):
    """Return the categories that are worth learning.

    Parameters
    ----------
    keys : ndarray of str objects of shape (n_keys,)
        Keys as `read_keys` returns them. Several positions may have the same key.

    counts : ndarray of int of shape (n_keys,)
        Number of rows of each position; it may be 0.

    only_repeated : bool, default=False
        Whether categories of one row are left out even if there are few categories.

    Returns
    -------
    categories : list of str
        Keys with enough rows, sorted.

    Examples
    --------
    >>> from skautokeras._data.categories import frequent_categories
    >>> frequent_categories(["b", "a", "c"], [2, 1, 0])
    ['a', 'b']
    >>> frequent_categories(["b", "a", "c"], [2, 1, 0], only_repeated=True)
    ['b']
    """
    n_rows = pd.Series(counts).groupby(keys).sum()
    has_many = (n_rows > 0).sum() > RARE_MIN_CATEGORIES
    at_least = RARE_MIN_ROWS if only_repeated or has_many else 1
    return sorted(n_rows[n_rows >= at_least].index)


def category_codes(codes, keys, categories):
    """Return the code of the category of each row.

    Parameters
    ----------
    codes : ndarray of int of shape (n_samples,)
        Positions in `keys`, -1 where the value is missing.

    keys : ndarray of str objects of shape (n_keys,)
        Keys as `read_keys` returns them.

    categories : list of str
        The learned categories.

    Returns
    -------
    codes : ndarray of shape (n_samples,), dtype int32
        0 for unknown, 1 for missing, then the categories in their order.

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._data.categories import category_codes
    >>> category_codes(np.array([0, 1, -1]), np.array(["b", "z"]), ["a", "b"])
    array([3, 0, 1], dtype=int32)
    """
    positions = pd.Index(categories, dtype=object).get_indexer(keys)
    codes_of_keys = np.where(
        positions < 0, UNKNOWN_CATEGORY, positions + FIRST_CATEGORY
    )
    # The code at the end is that of position -1, a missing value.
    return np.append(codes_of_keys, MISSING_CATEGORY).astype(np.int32)[codes]
