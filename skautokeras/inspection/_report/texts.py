"""Texts: numbers and names as a report shows them."""

import math

import numpy as np

from skautokeras._data.containers import is_missing

# Numbers between these have no exponent, and others have so many digits.
_SMALL, _LARGE, _DIGITS = 1e-4, 1e9, 4


def number_text(value):
    """Return a number as text, as exact as a reader needs it.

    Parameters
    ----------
    value : object
        Number, truth value or text; missing values have no text.

    Returns
    -------
    text : str

    Examples
    --------
    >>> from skautokeras.inspection._report.texts import number_text
    >>> number_text(216716.38), number_text(0.04210), number_text(3.2e-7)
    ('216,716', '0.0421', '3.2e-07')
    """
    if is_missing(value):
        return ""
    if isinstance(value, bool | np.bool_):
        return "yes" if value else ""
    if isinstance(value, int | np.integer):
        return f"{value:,}"
    if not isinstance(value, float | np.floating):
        return str(value)
    size = abs(value)
    if size and not _SMALL <= size < _LARGE:
        return f"{value:.{_DIGITS}g}"
    n_digits = _DIGITS - 1 - math.floor(math.log10(size)) if size else 0
    text = f"{value:,.{max(n_digits, 0)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def counted(n, noun):
    """Return a number of things in words, such as "1 row" and "2,000 rows"."""
    return f"{n:,} {noun if n == 1 else noun + 's'}"


def target_names(y, n):
    """Return the names of the columns of y, or their numbers if they have none.

    Parameters
    ----------
    y : array-like
        Targets as the user has passed them.
    n : int
        Number of columns.

    Returns
    -------
    names : list of str
    """
    columns = getattr(y, "columns", None)
    return [str(c) for c in (range(n) if columns is None else columns)]
