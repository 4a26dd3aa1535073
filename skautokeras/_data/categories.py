"""Categories of a column: which are learned, and their codes."""

import re
from collections import Counter

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
    n_rows = Counter()
    for key, count in zip(keys, counts, strict=True):
        n_rows[key] += int(count)
    has_many = sum(n > 0 for n in n_rows.values()) > RARE_MIN_CATEGORIES
    at_least = RARE_MIN_ROWS if only_repeated or has_many else 1
    return sorted(key for key, n in n_rows.items() if n >= at_least)


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
        0 for unknown, 1 for missing, then the categories in their order. An empty
        string that is no category is missing, as some readers of files leave it, and
        as it is in an exported model.

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._data.categories import category_codes
    >>> category_codes(np.array([0, 1, -1]), np.array(["b", "z"]), ["a", "b"])
    array([3, 0, 1], dtype=int32)
    """
    code_of = {key: code for code, key in enumerate(categories, start=FIRST_CATEGORY)}
    if not all(key in code_of for key in keys):
        others = places_of_spellings(categories).items()
        code_of |= {key: place + FIRST_CATEGORY for key, place in others}
        code_of.setdefault("", MISSING_CATEGORY)
        are_booleans = _are_booleans(categories)
        for key in keys:
            form = _form(key, are_booleans)
            code_of.setdefault(key, code_of.get(form, UNKNOWN_CATEGORY))
    # The code at the end is that of position -1, a missing value.
    codes_of_keys = [*(code_of[key] for key in keys), MISSING_CATEGORY]
    return np.array(codes_of_keys, dtype=np.int32)[codes]


def places_of_spellings(categories):
    """Return other ways to write categories, with the positions of the categories.

    A file or another program may write a boolean as a number, a number with more or
    fewer zeros, a date with or without a time, and any of them with white space around.

    Parameters
    ----------
    categories : list of str
        The learned categories.

    Returns
    -------
    places : dict of str to int
        Spellings of exactly one category, which are no categories themselves.

    Examples
    --------
    >>> from skautokeras._data.categories import places_of_spellings
    >>> places_of_spellings(["001", "002", "x"])
    {'1': 0, '1.0': 0, '2': 1, '2.0': 1}
    """
    are_booleans = _are_booleans(categories)
    places, ambiguous = {}, set(categories)
    for place, category in enumerate(categories):
        for spelling in _spellings(category, are_booleans):
            if places.setdefault(spelling, place) != place:
                ambiguous.add(spelling)
    return {key: place for key, place in places.items() if key not in ambiguous}


_TRUE, _FALSE = (
    ("true", "True", "TRUE", "1", "1.0"),
    ("false", "False", "FALSE", "0", "0.0"),
)
_NUMBER = re.compile(r"[+-]?\d+(\.\d*)?([eE][+-]?\d+)?", re.ASCII)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}([T ][\d:.]+(Z|[+-]\d{2}:?\d{2})?)?", re.ASCII)


def _are_booleans(categories):
    """Whether all categories say true or false."""
    words = {category.lower() for category in categories}
    return bool(words) and (words <= {"true", "false"} or words <= {"0", "1"})


def _spellings(category, are_booleans):
    """Return common ways to write a category, the one that `_form` returns included."""
    if are_booleans:
        return _TRUE if category in _TRUE else _FALSE
    form = _form(category, are_booleans)
    if _NUMBER.fullmatch(form) and form.lstrip("+-").isdigit():
        return form, f"{form}.0"
    return (form,)


def _form(key, are_booleans):
    """Return the one form of all spellings of a boolean, a number or a date.

    White space around a value does not count.
    """
    key = key.strip() or key
    if are_booleans and key in _TRUE + _FALSE:
        return str(key in _TRUE)
    if _NUMBER.fullmatch(key):
        return _form_of_number(key)
    if _DATE.fullmatch(key):
        try:
            return pd.Timestamp(key).isoformat()
        except ValueError:
            return key
    return key


def _form_of_number(key):
    try:
        return str(int(key))
    except ValueError:
        value = float(key)
    if not np.isfinite(value):
        return key
    return str(int(value)) if value.is_integer() else repr(value)
