"""Decide what each column of a table is, and say why.

The first rule that applies to a column decides its kind:

1. The user declares it, with `column_types` or else with `categorical_features`.
2. All of its values are missing, or all are the same: "constant".
3. Its values are numbers or durations: "numerical". Its values are dates: "datetime".
4. Its values are booleans, or categories that are numbers, and `categorical_features`
   is None: "numerical".
5. Its values are strings, most of them differ, and most have several words: "text".
6. Its values are strings or of several types, and many of them differ: "short_text".
7. Otherwise: "categorical".

Columns of a wide sparse matrix that are mostly zero are not looked at one by one; the
two rules about them are at the end of this file.

The thresholds of these rules stand here and nowhere else. docs/columns.md explains them
to users, and the attribute `columns_` of an estimator shows the reasons.
"""

import warnings
from dataclasses import replace
from math import ceil
from numbers import Integral

import numpy as np
import pandas as pd
from scipy.sparse import issparse

from skautokeras._data.schema import Column
from skautokeras._data.series import (
    can_be_numbers,
    content_of,
    parse_numbers,
    read_column,
)
from skautokeras._data.table import columns_of

# Strings are texts if half of them have this many words. Names of passengers have four.
TEXT_MIN_WORDS = 6
# They also differ in this share of the rows, and in this many rows at least.
TEXT_MIN_UNIQUE_SHARE = 0.5
TEXT_MIN_UNIQUE = 10

# Other strings are short texts if there are more different ones than this, and than
# this share of the rows. Fewer of them are categories, each with enough rows to learn
# from.
SHORT_TEXT_MIN_UNIQUE = 50
SHORT_TEXT_MIN_UNIQUE_SHARE = 0.1

# A column in which every row has its own value looks like an identifier only if there
# are this many rows: in fewer, any column of whole numbers may do so by chance.
IDENTIFIER_MIN_ROWS = 50

# Sparse matrices with more columns than this are not made dense.
MAX_DENSE_COLUMNS = 1000
# Columns with a value in a greater share of the rows are columns like any other.
MOSTLY_ZERO_SHARE = 0.5
# Columns with a value in one row only are left out, unless there are fewer rows.
RARE_MIN_SAMPLES = 100


def analyse_table(X, declarations, *, prefer_numbers=False):
    """Decide what each column of a table is, and read its values.

    Each column is read once, and only one is held in memory at a time.

    Parameters
    ----------
    X : DataFrame, ndarray or sparse matrix of shape (n_samples, n_features)
        Table that `check_structured_data` has returned.

    declarations : dict of int to Declaration
        Result of `declared_kinds`.

    prefer_numbers : bool, default=False
        Whether booleans, and categories that are numbers, are numerical. That is the
        meaning of ``categorical_features=None``.

    Yields
    ------
    column : Column
        Kind of the column, and the reason for it.

    values : ndarray of shape (n_samples,), tuple of (ndarray, ndarray), or None
        Values as `read_column` returns them for this kind. None for a constant column.

    Examples
    --------
    >>> import pandas as pd
    >>> from skautokeras._data.analysis import analyse_table
    >>> X = pd.DataFrame({"size": [1.5, 2.5], "deck": ["a", "b"]})
    >>> [(column.kind, column.reason) for column, _ in analyse_table(X, {})]
    [('numerical', 'dtype float64'), ('categorical', '2 different strings in 2 rows')]
    """
    # NumPy makes strings of the numbers that share an array with a string.
    are_strings = isinstance(X, np.ndarray) and X.dtype.kind == "U"
    for i, series in enumerate(columns_of(X)):
        is_parsed = False
        if are_strings and i not in declarations:
            original, series = series, parse_numbers(series)
            is_parsed = series is not original
        column, values = analyse_column(
            series, declarations.get(i), prefer_numbers=prefer_numbers
        )
        if is_parsed and column.kind == "numerical":
            column = replace(column, reason="all strings are numbers")
        yield column, values


def analyse_column(series, declaration=None, *, prefer_numbers=False):
    """Decide what one column is, and read its values.

    Parameters
    ----------
    series : Series of shape (n_samples,)
        Column of any dtype.

    declaration : Declaration or None, default=None
        Kind that the user has declared. If None, dtype and values decide.

    prefer_numbers : bool, default=False
        Whether booleans, and categories that are numbers, are numerical.

    Returns
    -------
    column : Column
        Kind of the column, and the reason for it.

    values : ndarray of shape (n_samples,), tuple of (ndarray, ndarray), or None
        Values as `read_column` returns them. None for a constant column.

    Examples
    --------
    >>> import pandas as pd
    >>> from skautokeras._data.analysis import analyse_column
    >>> from skautokeras._data.declarations import Declaration
    >>> column, _ = analyse_column(pd.Series(["a", "b", None, "a"], name="deck"))
    >>> column.kind, column.reason
    ('categorical', '2 different strings in 3 rows')
    >>> declaration = Declaration("categorical", "column_types")
    >>> column, _ = analyse_column(pd.Series([1, 2, 3]), declaration)
    >>> column.kind, column.reason
    ('categorical', 'declared by column_types')
    """
    content = content_of(series)
    if declaration is not None:
        return _declared_column(series, content, declaration)
    if content == "empty":
        facts = {"n_missing": len(series), "n_unique": 0}
        return _constant_column(series, "all values are missing", facts), None
    kind, reason = _kind_from_content(series, content, prefer_numbers)
    values = read_column(series, kind, content=content)
    n_missing, unique = _missing_and_unique(values)
    facts = {"n_missing": n_missing, "n_unique": len(unique)}
    if len(unique) == 1 and n_missing == 0:
        return _constant_column(series, "all values are the same", facts), None
    if content in {"string", "mixed"}:
        kind, reason = _kind_from_strings(series, content, **facts)
    identifier = _is_identifier(series, content, unique)
    if identifier:
        reason += "; every row has its own value, as in an identifier"
    column = Column(series.name, kind, identifier=identifier, reason=reason, **facts)
    return column, values


def _declared_column(series, content, declaration):
    kind = declaration.kind
    values = read_column(series, kind, parse=True, content=content)
    n_missing, unique = _missing_and_unique(values)
    reason = f"declared by {declaration.parameter}"
    return Column(series.name, kind, n_missing, len(unique), reason=reason), values


def _constant_column(series, why, facts):
    return Column(series.name, "constant", reason=f"{why}, so it is left out", **facts)


_NAMES_OF_CONTENTS = {
    "number": "numbers",
    "timedelta": "durations",
    "datetime": "dates",
    "boolean": "booleans",
}


def _kind_from_content(series, content, prefer_numbers):
    """Decide by what the values are; strings are categories until they are counted."""
    reason = f"dtype {series.dtype}"
    if series.dtype == object and content in _NAMES_OF_CONTENTS:
        reason = f"all values are {_NAMES_OF_CONTENTS[content]}"
    if content in {"number", "timedelta"}:
        return "numerical", reason
    if content == "datetime":
        return "datetime", reason
    if prefer_numbers and can_be_numbers(series, content):
        return "numerical", f"{reason}, and categorical_features is None"
    return "categorical", reason


def _kind_from_strings(series, content, n_missing, n_unique):
    """Decide by how many of the values differ, and how many words they have."""
    n_present = len(series) - n_missing
    what = "string" if content == "string" else "value"
    reason = f"{_counted(n_unique, what)} in {_counted(n_present, 'row', '')}"
    if content == "string" and n_unique >= max(
        TEXT_MIN_UNIQUE, TEXT_MIN_UNIQUE_SHARE * n_present
    ):
        n_words = series.dropna().str.split().str.len().median()
        if n_words >= TEXT_MIN_WORDS:
            return "text", f"{reason}, half of them with {ceil(n_words)} words or more"
    most = max(SHORT_TEXT_MIN_UNIQUE, SHORT_TEXT_MIN_UNIQUE_SHARE * n_present)
    if n_unique > most:
        return "short_text", f"{reason}, more than the {int(most)} of a category"
    return "categorical", reason


def _counted(n, noun, adjective="different "):
    return f"1 {noun}" if n == 1 else f"{n} {adjective}{noun}s"


def _missing_and_unique(values):
    """Return the number of missing values, and the different values."""
    if isinstance(values, tuple):
        codes, keys = values
        is_present = codes >= 0
        # Several positions may have the same key.
        values = pd.factorize(keys)[0][codes] if len(keys) else codes
    else:
        is_present = ~pd.isna(values)
    return len(values) - int(is_present.sum()), pd.unique(values[is_present])


def _is_identifier(series, content, unique):
    """Whether all values differ and number the rows, or have no white space."""
    if not IDENTIFIER_MIN_ROWS <= len(series) == len(unique):
        return False
    if content == "number":
        is_integer = all(isinstance(v, Integral) for v in series.iloc[:1].tolist())
        return is_integer and np.ptp(unique) == len(unique) - 1
    return content == "string" and not series.str.contains(r"\s", regex=True).any()


def warn_about_identifiers(columns):
    """Warn about columns that look like identifiers, naming them.

    Parameters
    ----------
    columns : list of Column
        All columns of a table.

    Examples
    --------
    >>> from skautokeras._data.analysis import warn_about_identifiers
    >>> from skautokeras._data.schema import Column
    >>> warn_about_identifiers([Column("age", "numerical", 0, 80)])
    """
    names = [column.name for column in columns if column.identifier]
    if names:
        warnings.warn(
            f"The columns {names} look like identifiers: every row has its own value. "
            "They are used nevertheless. Drop them from X if they mean nothing, or say "
            "with column_types what they are.",
            UserWarning,
            stacklevel=3,
        )


def is_wide(X):
    """Whether a table is a sparse matrix with too many columns to be made dense.

    Parameters
    ----------
    X : DataFrame, ndarray or sparse matrix of shape (n_samples, n_features)
        Table that `check_structured_data` has returned.

    Returns
    -------
    is_wide : bool

    Examples
    --------
    >>> from scipy.sparse import csr_matrix
    >>> from skautokeras._data.analysis import is_wide
    >>> is_wide(csr_matrix((5, 20))), is_wide(csr_matrix((5, 20_000)))
    (False, True)
    """
    return issparse(X) and X.shape[1] > MAX_DENSE_COLUMNS


def is_mostly_zero(n_values, n_samples):
    """Whether columns of a wide sparse matrix are mostly zero.

    Parameters
    ----------
    n_values : ndarray of int of shape (n_features,)
        Number of rows in which each column has a value.

    n_samples : int
        Number of all rows.

    Returns
    -------
    is_mostly_zero : ndarray of bool of shape (n_features,)

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._data.analysis import is_mostly_zero
    >>> is_mostly_zero(np.array([2, 80]), n_samples=100).tolist()
    [True, False]
    """
    return n_values <= MOSTLY_ZERO_SHARE * n_samples


def is_too_rare(n_values, n_samples):
    """Whether columns have so few values that they are left out.

    Parameters
    ----------
    n_values : ndarray of int of shape (n_features,)
        Number of rows in which each column has a value.

    n_samples : int
        Number of all rows.

    Returns
    -------
    is_too_rare : ndarray of bool of shape (n_features,)

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._data.analysis import is_too_rare
    >>> is_too_rare(np.array([0, 1, 2]), n_samples=100).tolist()
    [True, True, False]
    >>> is_too_rare(np.array([0, 1, 2]), n_samples=99).tolist()
    [True, False, False]
    """
    return n_values < (1 if n_samples < RARE_MIN_SAMPLES else 2)
