"""Read strings that are numbers or dates, as `pandas.read_csv` leaves them.

A format is learned from all strings of a column. With it, each string is read on its
own, so that a row becomes the same alone and among others.
"""

import re

import numpy as np
import pandas as pd

from skautokeras._data.date_strings import (
    MIXED,
    has_zone,
    is_zero_date,
    parse_dates,
    parse_digits,
)
from skautokeras._data.measures import (
    is_measure,
    learn_measure,
    parse_measures,
    what_measures_are,
)
from skautokeras._data.quantities import (
    learn_unit,
    parse_quantities,
    unit_of,
    what_quantities_are,
)
from skautokeras._data.series import are_zoned, content_of, read_column, read_keys

# A warning says if more than this share of the strings that look like numbers or dates
# cannot be read after `fit`, where at most a few could not.
_UNREADABLE_MAX_SHARE = 0.2

# Numbers without the percent sign look like fractions if the largest percentage in
# `fit` was so many times as large as all of them.
_FRACTIONS_BELOW = 20

_MISSING = {"numerical": np.nan, "datetime": np.datetime64("NaT", "us")}


def learn_number_format(strings, counts):
    """Find out how numbers are written in strings.

    Parameters
    ----------
    strings : sequence of str of length n_strings
        Different strings of a column.

    counts : sequence of int of length n_strings
        Number of rows of each string.

    Returns
    -------
    format : str
        Result of `learn_unit`, or of `learn_measure` if more strings can be read so.

    numbers : ndarray of shape (n_strings,), dtype float64
        Numbers in this format. NaN for strings that cannot be read.

    Examples
    --------
    >>> from skautokeras._data.parsing import learn_number_format
    >>> learn_number_format(["90 min", "20 min"], [1, 1])
    ('min', array([90., 20.]))
    >>> learn_number_format(["2h 50m", "19h", "25m"], [1, 1, 1])
    ('1:05 h', array([10200., 68400.,  1500.]))
    """
    unit = learn_unit(strings, counts)
    quantities = parse_quantities(strings, unit)
    if not np.isnan(quantities).any() or (measure := learn_measure(strings)) is None:
        return unit, quantities
    measures = parse_measures(strings, measure)
    if np.isnan(measures).sum() < np.isnan(quantities).sum():
        return measure, measures
    return unit, quantities


def what_numbers_are(format):
    """Say how numbers are written.

    Parameters
    ----------
    format : str
        Format of numbers, as `learn_number_format` returns it.

    Returns
    -------
    what : str

    Examples
    --------
    >>> from skautokeras._data.parsing import what_numbers_are
    >>> what_numbers_are("km"), what_numbers_are("1:05 h")
    ("numbers with the unit 'km'", 'durations or times of the day')
    """
    what = what_measures_are if is_measure(format) else what_quantities_are
    return what(format)


def parse_strings(strings, kind, format):
    """Read strings in the format that their column has.

    Parameters
    ----------
    strings : sequence of str of length n_strings
        Strings of a column.

    kind : {"numerical", "datetime"}
        Kind of the column.

    format : str
        Format of numbers or of dates.

    Returns
    -------
    values : ndarray of shape (n_strings,)
        Result of `parse_quantities`, `parse_measures` or `parse_dates`.

    Examples
    --------
    >>> from skautokeras._data.parsing import parse_strings
    >>> parse_strings(["18.2 kmpl", "?"], "numerical", "kmpl").tolist()
    [18.2, nan]
    """
    if kind == "datetime":
        return parse_dates(strings, format)
    parse = parse_measures if is_measure(format) else parse_quantities
    return parse(strings, format)


def read_in_format(series, kind, format, on_strings=None):
    """Read a column of numbers or dates, and the strings among them.

    Parameters
    ----------
    series : Series of shape (n_samples,)
        Column of any dtype.

    kind : {"numerical", "datetime"}
        Kind of the column.

    format : str or None
        Format of its numbers or dates in strings. If None, strings are an error.

    on_strings : callable or None, default=None
        Function that is told which strings cannot be read, such as
        `UnreadableStrings.count` and `refuse_unreadable`.

    Returns
    -------
    values : ndarray of shape (n_samples,), dtype float64 or datetime64[us]
        NaN or NaT where the value is missing, or a string in another format.

    Raises
    ------
    ValueError
        If the values are of another kind, or moments with a time zone come instead of
        those without one, or the reverse.

    Examples
    --------
    >>> import pandas as pd
    >>> from skautokeras._data.parsing import read_in_format
    >>> column = pd.Series(["3 km", None, "far", 7], dtype=object)
    >>> read_in_format(column, "numerical", "km").tolist()
    [3.0, nan, nan, 7.0]
    """
    if format is not None and isinstance(series.dtype, pd.CategoricalDtype):
        series = series.astype(object)
    content = content_of(series)
    if format is not None and content == "string":
        codes, keys = read_keys(series, content=content)
        values = parse_strings(keys, kind, format)
        if on_strings is not None:
            counts = np.bincount(codes[codes >= 0], minlength=len(keys))
            on_strings(series.name, kind, format, keys, counts, pd.isna(values))
        return values_of_codes(values, codes, kind)
    if (
        format is not None
        and content == "mixed"
        and (is_string := are_strings(series)).any()
    ):
        others = read_in_format(_without(series, is_string), kind, format)
        strings = read_in_format(_without(series, ~is_string), kind, format, on_strings)
        return np.where(is_string, strings, others)
    if kind == "numerical":
        _check_unit(series, content, format)
    elif format is not None and content == "datetime":
        _check_zones(series, has_zone(format))
    elif format is not None and content == "number" and _have_eight_digits(series):
        codes, keys = read_keys(series, content=content)
        moments = parse_digits(keys, format)
        if moments is not None:
            return values_of_codes(moments, codes, kind)
    return read_column(series, kind, content=content)


def _have_eight_digits(series):
    """Return whether numbers may be dates of eight digits, with one zero in front."""
    numbers = series.dropna().to_numpy(dtype=np.float64)
    return bool(((numbers >= 1e6) & (numbers < 1e8)).all())


def _check_unit(series, content, format):
    """Raise if numbers come instead of measures, or durations instead of numbers."""
    are_measures = format is not None and is_measure(format)
    if are_measures and content in {"number", "boolean"}:
        raise ValueError(
            f"Column {series.name!r} held {what_measures_are(format)} in fit and holds "
            "numbers now, whose unit is not known. Pass them as in fit."
        )
    if content == "timedelta" and not are_measures:
        raise ValueError(
            f"Column {series.name!r} held numbers in fit and holds durations now. "
            "Convert them, for example with .dt.total_seconds()."
        )


def are_percentages(format):
    """Whether numbers of a format have a percent sign.

    Parameters
    ----------
    format : str or None
        Format of numbers, as `learn_number_format` returns it.

    Returns
    -------
    are_percentages : bool

    Examples
    --------
    >>> from skautokeras._data.parsing import are_percentages
    >>> are_percentages("1.234,5 %"), are_percentages("km"), are_percentages(None)
    (True, False, False)
    """
    return bool(format) and not is_measure(format) and unit_of(format) == "%"


def _check_zones(series, is_zoned):
    """Raise if moments have a time zone that had none in `fit`, or the reverse.

    None of them would be an error, and all would be shifted by hours.
    """
    is_wrong = are_zoned(series) != is_zoned
    if is_zoned is None or not is_wrong.any():
        return
    example = str(series.dropna()[is_wrong].iloc[0])
    if is_zoned:
        raise ValueError(
            f"Column {series.name!r} held moments with a time zone in fit and holds "
            f"moments without one now, such as {example!r}. Give them their time zone, "
            "for example with .dt.tz_localize('UTC')."
        )
    raise ValueError(
        f"Column {series.name!r} held moments without a time zone in fit and holds "
        f"moments with one now, such as {example!r}. Convert them to the clock that "
        "those in fit followed, for example with "
        ".dt.tz_convert('UTC').dt.tz_localize(None)."
    )


def values_of_codes(values, codes, kind):
    """Return the value of each row.

    Parameters
    ----------
    values : ndarray of shape (n_strings,)
        Numbers or dates of the different strings.

    codes : ndarray of int of shape (n_samples,)
        Position of the string of each row, -1 where it is missing.

    kind : {"numerical", "datetime"}
        Kind of the column.

    Returns
    -------
    values : ndarray of shape (n_samples,)

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._data.parsing import values_of_codes
    >>> values_of_codes(np.array([5.0]), np.array([0, -1, 0]), "numerical").tolist()
    [5.0, nan, 5.0]
    """
    # Code -1 takes the value at the end.
    return np.append(values, _MISSING[kind])[codes]


def is_mark(string, kind):
    """Whether a string can mark a missing value.

    Parameters
    ----------
    string : str
        String that is no number or date.

    kind : {"numerical", "datetime"}
        Kind of the column.

    Returns
    -------
    is_mark : bool
        True if it has no digits, or is an error of a spreadsheet, or a date of zeros,
        as MySQL writes missing ones.

    Examples
    --------
    >>> from skautokeras._data.parsing import is_mark
    >>> is_mark("n/a", "numerical"), is_mark("0000-00-00", "datetime")
    (True, True)
    """
    if not any(map(str.isdigit, string)) or _CELL_ERROR.fullmatch(string.strip()):
        return True
    return kind == "datetime" and is_zero_date(string)


def says_nothing(string):
    """Whether a mark says that a value is missing, whatever the column is about.

    Parameters
    ----------
    string : str
        String that `is_mark` has found.

    Returns
    -------
    says_nothing : bool
        True if it has no letters, is a usual word for missing values, or an error of a
        spreadsheet. "XL" among sizes is none of these.

    Examples
    --------
    >>> from skautokeras._data.parsing import says_nothing
    >>> says_nothing("--"), says_nothing("N/A"), says_nothing("XL")
    (True, True, False)
    """
    string = string.strip()
    if not any(map(str.isalpha, string)) or _CELL_ERROR.fullmatch(string):
        return True
    letters = "".join(filter(str.isalpha, string)).lower()
    return letters in _WORDS_FOR_MISSING


# Letters of words for missing values.
_WORDS_FOR_MISSING = {
    "na",
    "nan",
    "nil",
    "none",
    "null",
    "missing",
    "notapplicable",
    "notavailable",
    "tba",
    "tbd",
    "undefined",
    "unknown",
    "unspecified",
}
# What spreadsheets show where a formula fails, such as #DIV/0!.
_CELL_ERROR = re.compile("#[A-Z][A-Z0-9/]*[!?]")


class UnreadableStrings:
    """Counts strings that look like numbers or dates and lack the format of `fit`.

    Strings that mark missing values do not count.

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._data.parsing import UnreadableStrings
    >>> unreadable = UnreadableStrings()
    >>> strings, is_wrong = ["5 km", "3 mi", "?"], np.array([False, True, True])
    >>> unreadable.count("way", "numerical", "km", strings, np.ones(3, int), is_wrong)
    >>> unreadable.warnings()
    ["The column 'way' held numbers with the unit 'km' in fit. 50 % of its strings \
cannot be read so now, '3 mi' for example, and count as missing."]
    """

    def __init__(self):
        self._columns = {}

    def count(self, name, kind, format, strings, counts, is_missing):
        """Count strings of some rows.

        Parameters
        ----------
        name : str
            Name of the column.
        kind : {"numerical", "datetime"}
            Kind of the column.
        format : str
            Format of numbers or of dates.
        strings : sequence of str of length n_strings
            Different strings of the column.
        counts : ndarray of int of shape (n_strings,)
            Number of rows of each string.
        is_missing : ndarray of bool of shape (n_strings,)
            Whether it cannot be read.
        """
        is_given = np.array([not is_mark(s, kind) for s in strings], dtype=bool)
        wrong = np.flatnonzero(is_given & is_missing)
        what = f"dates of the format {format!r}"
        if kind == "numerical":
            what = what_numbers_are(format)
        column = self._columns.setdefault(
            name, {"what": what, "given": 0, "unreadable": 0, "example": None}
        )
        column["given"] += int(counts[is_given].sum())
        column["unreadable"] += int(counts[wrong].sum())
        if len(wrong) and column["example"] is None:
            column["example"] = strings[wrong[0]]

    def warnings(self):
        """Return a warning for each column of which too much cannot be read.

        Returns
        -------
        warnings : list of str
        """
        return [
            _warning_of_unreadable(name, **column)
            for name, column in self._columns.items()
            if column["unreadable"] > _UNREADABLE_MAX_SHARE * column["given"]
        ]


class UnsignedPercentages:
    """Notices fractions in the place of percentages.

    Spreadsheets and other readers give 0.125 for a cell that shows 12.5%.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from skautokeras._data.parsing import UnsignedPercentages
    >>> unsigned = UnsignedPercentages()
    >>> rates = pd.Series([0.125, 0.5], name="rate")
    >>> unsigned.count(rates, rates.to_numpy(), largest=60.0)
    >>> unsigned.warnings()[0].partition(".")[0]
    "The column 'rate' held percentages up to 60% in fit and holds numbers without the \
sign now, up to 0"
    """

    def __init__(self):
        self._columns = {}

    def count(self, series, values, largest):
        """Look at some rows of a column.

        Parameters
        ----------
        series : Series of shape (n_samples,)
            Rows as they came.
        values : ndarray of shape (n_samples,)
            Numbers that were read of these rows.
        largest : float
            The largest size of a percentage in `fit`.
        """
        if content_of(series) != "number":
            return
        present = np.abs(values[~np.isnan(values)])
        parts = present[present % 1 > 0]
        seen = self._columns.setdefault(
            series.name, {"largest": largest, "highest": 0.0, "example": None}
        )
        seen["highest"] = max(seen["highest"], present.max(initial=0.0))
        if len(parts) and seen["example"] is None:
            seen["example"] = float(parts[0])

    def warnings(self):
        """Return a warning for each column whose numbers look like fractions.

        Returns
        -------
        warnings : list of str
        """
        return [
            _warning_of_fractions(name, **seen)
            for name, seen in self._columns.items()
            if seen["example"] is not None
            and seen["highest"] <= seen["largest"] / _FRACTIONS_BELOW
        ]


def _warning_of_fractions(name, largest, highest, example):
    return (
        f"The column {name!r} held percentages up to {largest:.4g}% in fit and "
        f"holds numbers without the sign now, up to {highest:.4g}. They are "
        f"read as percentages, {example} as {example}% for example. Multiply them "
        "by 100 if they are fractions, as spreadsheets have them."
    )


def _warning_of_unreadable(name, what, given, unreadable, example):
    which, end = f"{100 * unreadable / given:.0f} % of its strings cannot", "count"
    if unreadable == given:
        which, end = "None of its strings can", "all count"
    return (
        f"The column {name!r} held {what} in fit. {which} be read so now, {example!r} "
        f"for example, and {end} as missing."
    )


def refuse_unreadable(name, kind, format, strings, counts, is_missing):
    """Raise if a string that is not blank, and no date of zeros, cannot be read.

    Parameters
    ----------
    name, kind, format, strings, counts, is_missing : object
        Arguments of `UnreadableStrings.count`.

    Raises
    ------
    ValueError
        If there is such a string.
    """
    for i in np.flatnonzero(is_missing):
        if strings[i].strip():
            if kind == "datetime":
                if is_zero_date(strings[i]):
                    continue
                raise ValueError(
                    f"Column {name!r} is a datetime column and {strings[i]!r} is no "
                    f"date{_like(format)}."
                )
            raise ValueError(
                f"could not convert string to float: {strings[i]!r}\nColumn {name!r} "
                "is numerical."
            )


def _like(format):
    return "" if format.startswith(MIXED) else f" of the format {format!r}"


def _without(series, is_left_out):
    """Return a column of objects in which some values are missing."""
    # Series.mask would guess another dtype, and warn of it in some versions of pandas.
    values = series.to_numpy(dtype=object, copy=True)
    values[is_left_out] = None
    return pd.Series(values, dtype=object, name=series.name)


def are_strings(series):
    """Tell which values of a column of objects are strings.

    Parameters
    ----------
    series : Series of shape (n_samples,)
        Column of the dtype object.

    Returns
    -------
    are_strings : ndarray of bool of shape (n_samples,)

    Examples
    --------
    >>> import pandas as pd
    >>> from skautokeras._data.parsing import are_strings
    >>> are_strings(pd.Series([1, "1", None], dtype=object)).tolist()
    [False, True, False]
    """
    return np.array([isinstance(value, str) for value in series], dtype=bool)
