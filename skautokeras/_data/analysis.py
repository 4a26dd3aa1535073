"""Decide what each column of a table is, and say why.

The first rule that applies to a column decides its kind:

1. The user declares it, with `column_types` or else with `categorical_features`.
2. All of its values are missing, or all are the same: "constant".
3. Its values are numbers, durations or times of the day: "numerical", but
   "categorical" if y tells that whole numbers name things (`are_numeric_codes`). Its
   values are dates: "datetime".
4. Its values are booleans, or categories that are numbers, and `categorical_features`
   is None: "numerical".
5. Its values are strings, and nearly all are numbers, with a unit or without, or
   measures of several units: "numerical", or "categorical" as above. Nearly all are
   dates of one format: "datetime".
6. Its values are strings, most of them differ, and most have several words: "text".
7. Its values are strings or of several types, and many of them differ: "short_text".
8. Otherwise: "categorical".

Columns of a wide sparse matrix that are mostly zero are not looked at one by one; the
two rules about them are at the end of this file.

The thresholds of these rules stand here and nowhere else. docs/columns.md explains them
to users, and the attribute `columns_` of an estimator shows the reasons.
"""

import re
from dataclasses import replace
from math import ceil, floor
from numbers import Integral

import numpy as np
import pandas as pd
from scipy.sparse import issparse

from skautokeras._data.codes import WITH_NUMBERS
from skautokeras._data.date_strings import (
    ISO_8601,
    MIXED,
    end_for_zones,
    format_with_zone,
    has_zone,
    is_zero_date,
    learn_date_format,
    parse_dates,
)
from skautokeras._data.measures import HOURS_AND_MINUTES, is_measure
from skautokeras._data.numeric_codes import are_numeric_codes
from skautokeras._data.parsing import (
    are_strings,
    is_mark,
    learn_number_format,
    read_in_format,
    refuse_unreadable,
    says_nothing,
    values_of_codes,
    what_numbers_are,
)
from skautokeras._data.quantities import are_codes, are_whole, unit_of, without_mark
from skautokeras._data.schema import Column
from skautokeras._data.series import (
    are_zoned,
    can_be_numbers,
    content_of,
    content_of_values,
    parse_numbers,
    read_column,
    read_keys,
)
from skautokeras._data.table import columns_of
from skautokeras._data.tokens import count_words, has_unsegmented
from skautokeras._warnings import warn

# Strings are numbers or dates if this share of the values that are not missing can be
# read, because a few typing errors do not matter. A few strings without digits, such as
# "tbd" and "?", mark missing values, if they have at most this share of them together,
# and all other strings can be read. Several of them are repeated, and say nothing else.
PARSED_MIN_SHARE = 0.98
MARK_MAX_SHARE = 0.5
MOST_MARKS = 5
# They also have this many different values, and twice as many if all are whole numbers
# without a unit. Fewer of these may be codes, such as "1" to "5", and each has enough
# rows to be learned as a category.
PARSED_MIN_UNIQUE = 10
WHOLE_MIN_UNIQUE = 20
# Whole numbers that all have the same number of characters, and this many at least, are
# codes, such as postal codes. Years have four.
CODE_MIN_LENGTH = 5
# Most columns of strings hold words, which this many strings tell.
N_LOOKED_AT = 100

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

# Reason for categories of whole numbers that y tells to name things.
_OF_CODES = "whole numbers that predict y better as categories than as sizes"

# A column in which every row has its own value looks like an identifier only if there
# are this many rows: in fewer, any column of whole numbers may do so by chance.
IDENTIFIER_MIN_ROWS = 50

# Sparse matrices with more columns than this are not made dense.
MAX_DENSE_COLUMNS = 1000
# Columns with a value in a greater share of the rows are columns like any other.
MOSTLY_ZERO_SHARE = 0.5
# Columns with a value in one row only are left out, unless there are fewer rows.
RARE_MIN_SAMPLES = 100


def analyse_table(X, declarations, *, prefer_numbers=False, targets=None):
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

    targets : ndarray of shape (n_samples, n_targets) or None, default=None
        Result of `targets_of`, with which numbers that name things are found.

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
        if i not in declarations and _are_names(column, values, targets):
            column = replace(
                column,
                kind="categorical",
                format=None,
                reason=_OF_CODES,
            )
            values = read_column(series, "categorical")
        if column.kind in ("categorical", *WITH_NUMBERS):
            column = replace(column, content=content_of_values(series))
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
    parsed = isinstance(values, tuple) and _parsed_column(series, content, *values)
    if parsed:
        return parsed
    if content in {"string", "mixed"}:
        kind, reason = _kind_from_strings(series, content, **facts)
    identifier = _is_identifier(series, content, unique)
    if identifier:
        reason += _LIKE_AN_IDENTIFIER
    format = _format_of_values(series, content) if kind in WITH_NUMBERS else None
    column = Column(
        series.name,
        kind,
        identifier=identifier,
        reason=reason,
        format=format,
        **facts,
    )
    return column, values


def _are_names(column, values, targets):
    """Whether the numbers of a column name things, as far as the targets tell."""
    may_be = column.kind == "numerical" and column.format in {None, ""}
    return may_be and targets is not None and are_numeric_codes(values, targets)


def _declared_column(series, content, declaration):
    kind, format = declaration.kind, None
    if kind in WITH_NUMBERS:
        format = _declared_format(series, content, kind)
        values = read_in_format(series, kind, format, refuse_unreadable)
    else:
        values = read_column(series, kind, content=content)
    n_missing, unique = _missing_and_unique(values)
    column = Column(
        series.name,
        kind,
        n_missing,
        len(unique),
        reason=f"declared by {declaration.parameter}",
        format=format,
    )
    return column, values


def _declared_format(series, content, kind):
    """Return the format in which the strings of a declared column are to be read."""
    if content == "category":
        series = series.astype(object)
        content = content_of(series)
    strings = series
    if content == "mixed":
        strings = series[are_strings(series)]
    elif content != "string":
        default = "" if kind == "numerical" else ISO_8601
        return _format_of_values(series, content) or default
    codes, keys = read_keys(strings, content="string")
    is_blank = np.array(
        [not key.strip() or (kind == "datetime" and is_zero_date(key)) for key in keys],
        dtype=bool,
    )
    counts = np.bincount(codes[codes >= 0], minlength=len(keys))
    keys, counts = keys[~is_blank], counts[~is_blank]
    if kind == "numerical":
        return learn_number_format(keys, counts)[0]
    format = learn_date_format(keys) if len(keys) else None
    if not format or np.isnat(parse_dates(keys, format)).any():
        # Who declares dates may have some of several formats.
        format = format_with_zone(MIXED, keys)
    if content == "mixed":
        others = are_zoned(series[~are_strings(series)])
        if (others != has_zone(format)).any():
            return MIXED
    return format


def _constant_column(series, why, facts):
    return Column(series.name, "constant", reason=f"{why}, so it is left out", **facts)


def _format_of_values(series, content):
    """Return how values that were no strings in `fit` may come back from files."""
    if content == "datetime":
        return ISO_8601 + end_for_zones(are_zoned(series))
    return HOURS_AND_MINUTES if content == "timedelta" else None


_LIKE_AN_IDENTIFIER = "; every row has its own value, as in an identifier"

_NAMES_OF_CONTENTS = {
    "number": "numbers",
    "timedelta": "durations or times of the day",
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


def _parsed_column(series, content, codes, keys):
    """Return column and values if the strings are numbers or dates, else None."""
    counts = np.bincount(codes[codes >= 0], minlength=len(keys))
    is_present = (counts > 0) & np.array([bool(key.strip()) for key in keys])
    strings, counts = keys[is_present], counts[is_present]
    for kind in _kinds_of_parsed(series, content):
        format, reason, parsed = _format_and_reason(strings, counts, kind, content)
        if format is None:
            continue
        if content == "string":
            places = np.where(is_present, np.cumsum(is_present) - 1, -1)
            values = values_of_codes(parsed, np.append(places, -1)[codes], kind)
        else:
            values = read_in_format(series, kind, format)
        n_missing, unique = _missing_and_unique(values)
        identifier = kind == "numerical" and _numbers_the_rows(values, unique)
        if identifier:
            reason += _LIKE_AN_IDENTIFIER
        column = Column(
            series.name, kind, n_missing, len(unique), identifier, reason, format
        )
        return column, values
    return None


def _kinds_of_parsed(series, content):
    """Return the kinds that strings of a column may have besides those of words."""
    if content == "mixed" and series.dtype == object:
        # Pandas reads long files in parts, and some of them may be all numbers.
        rest = content_of(series[~are_strings(series)])
        return ("numerical",) if rest == "number" else ()
    if content == "category":
        content = content_of(series.cat.categories.to_series())
    return WITH_NUMBERS if content == "string" else ()


def _format_and_reason(strings, counts, kind, content):
    """Return the format of nearly all strings, the reason and what they are read as.

    The format is None if there is none.
    """
    looked_at = slice(None, None, ceil(len(strings) / N_LOOKED_AT) or 1)
    if (
        len(strings) < PARSED_MIN_UNIQUE
        or _learn_format(strings[looked_at], counts[looked_at], kind) is None
        or (learned := _learn_format(strings, counts, kind)) is None
    ):
        return None, None, None
    format, values = learned
    is_parsed = ~pd.isna(values)
    parsed, wrong = strings[is_parsed], strings[~is_parsed]
    share = counts[is_parsed].sum() / counts.sum()
    are_missing = _are_marks(wrong, counts[~is_parsed], kind)
    if (
        share < (1 - MARK_MAX_SHARE if are_missing else PARSED_MIN_SHARE)
        or len(np.unique(values[is_parsed])) < PARSED_MIN_UNIQUE
        or (kind == "numerical" and _are_codes(parsed, format, content))
    ):
        return None, None, None
    what = "values" if content == "mixed" else "strings"
    # The share of nearly all strings is not rounded to all.
    which = (
        f"all {what}" if share == 1 else f"{floor(share * 1000) / 10} % of the {what}"
    )
    reason = f"{which} are {_what_they_are(kind, format, parsed[0])}"
    if kind == "numerical" and (marked := next(filter(_has_mark, parsed), None)):
        reason += f", some with marks as in {str(marked)!r}"
    if share < PARSED_MIN_SHARE:
        reason += f", the others are {' and '.join(repr(str(s)) for s in wrong)}"
    return format, reason, values


def _has_mark(string):
    return without_mark(string.strip()) != string.strip()


def _learn_format(strings, counts, kind):
    """Return the format in which half of some different strings can be read.

    What they are read as comes second.
    """
    if kind == "numerical":
        format, values = learn_number_format(strings, counts)
    elif format := learn_date_format(strings):
        values = parse_dates(strings, format)
    else:
        return None
    return (format, values) if pd.isna(values).mean() <= MARK_MAX_SHARE else None


def _are_marks(strings, counts, kind):
    """Whether the strings that cannot be read mark missing values."""
    if not len(strings) or len(strings) > MOST_MARKS:
        return False
    if not all(is_mark(string, kind) for string in strings):
        return False
    # Several words may be values of their own, such as "S", "M" and "L" among sizes.
    return len(strings) == 1 or (counts.min() > 1 and all(map(says_nothing, strings)))


def _are_codes(strings, format, content):
    """Whether strings that are numbers are rather categories."""
    if is_measure(format):
        return False
    if are_codes(strings, CODE_MIN_LENGTH, unit_of(format)):
        return True
    # Whoever makes categories of whole numbers means categories.
    is_meant = content == "category" or len(strings) < WHOLE_MIN_UNIQUE
    return is_meant and are_whole(strings)


def _what_they_are(kind, format, example):
    what = "dates" if kind == "datetime" else what_numbers_are(format)
    # A format says how numbers look, and durations are written in many ways.
    shows = kind == "numerical" and format and not is_measure(format)
    return what if shows else f"{what} such as {str(example)!r}"


def _kind_from_strings(series, content, n_missing, n_unique):
    """Decide by how many of the values differ, and how many words they have."""
    n_present = len(series) - n_missing
    what = "string" if content == "string" else "value"
    reason = f"{_counted(n_unique, what)} in {_counted(n_present, 'row', '')}"
    if content == "string" and n_unique >= max(
        TEXT_MIN_UNIQUE, TEXT_MIN_UNIQUE_SHARE * n_present
    ):
        n_words = np.median([count_words(str(value)) for value in series.dropna()])
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
    """Whether all values differ and number the rows, or are single words."""
    if content == "number":
        is_integer = all(isinstance(v, Integral) for v in series.iloc[:1].tolist())
        return is_integer and _numbers_the_rows(series, unique)
    if content != "string" or not _all_differ(series, unique):
        return False
    return not any(
        re.search(r"\s", value) or has_unsegmented(value) for value in series.dropna()
    )


def _all_differ(values, unique):
    return IDENTIFIER_MIN_ROWS <= len(values) == len(unique)


def _numbers_the_rows(values, unique):
    """Whether the numbers are whole and different, with no gap between them."""
    is_dense = _all_differ(values, unique) and np.ptp(unique) == len(unique) - 1
    return bool(is_dense and (unique == np.round(unique)).all())


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
        warn(
            f"The columns {names} look like identifiers: every row has its own value. "
            "They are used nevertheless. Drop them from X if they mean nothing, or say "
            "with column_types what they are.",
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
