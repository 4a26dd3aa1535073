"""Read strings that are numbers or dates, as `pandas.read_csv` leaves them.

A format is learned from all strings of a column. With it, each string is read on its
own, so that a row becomes the same alone and among others.
"""

import re
from collections import Counter
from itertools import product
from math import ceil

import numpy as np
import pandas as pd

from skautokeras._data.series import content_of, read_column, read_keys
from skautokeras._warnings import warn

# A sign, a currency, digits in groups or not, and a unit of one or two words.
_NUMBER = re.compile(
    r"(?P<sign>[+-]?)\s?(?P<currency>[$€£¥₹]?)\s?(?P<sign_behind>[+-]?)"
    r"(?P<number>(?:[0-9]{1,3}(?:,[0-9]{2,3})*,[0-9]{3}|[0-9]+)(?:\.[0-9]*)?"
    r"(?:[eE][+-]?[0-9]+)?|\.[0-9]+(?:[eE][+-]?[0-9]+)?)"
    r"\s*(?P<unit>(?:[%°$€£¥₹]|[^\W\d_])[^\d\s]{0,9}(?:\s[^\d\s]{1,10})?)?"
)

# The form of pandas for all strings such as 2024-05-31 and 2024-05-31T23:59+01:00.
ISO_8601 = "ISO8601"

# Formats of dates, beside ISO 8601, in the order in which they are tried: where all
# days are below 13, the month comes first, as in `pandas.to_datetime`.
_DATES = (
    *("%m/%d/%Y", "%d/%m/%Y", "%Y/%m/%d", "%d.%m.%Y", "%Y.%m.%d"),
    *("%m-%d-%Y", "%d-%m-%Y", "%m/%d/%y", "%d/%m/%y"),
    *("%d %b %Y", "%d-%b-%Y", "%d-%b-%y", "%d/%b/%Y", "%d %B %Y"),
    *("%b %d, %Y", "%B %d, %Y", "%b %d %Y", "%B %d %Y"),
    *("%b-%Y", "%b %Y", "%B %Y", "%b-%y", "%Y%m%d"),
)
_TIMES = ("", " %H:%M", " %H:%M:%S", " %H:%M:%S.%f", " %I:%M %p", " %I:%M:%S %p")
_FORMATS = (
    ISO_8601,
    *(f"{date}{time}" for date, time in product(_DATES, _TIMES)),
    *("%Y%m%dT%H%M", "%Y%m%dT%H%M%S", "%d/%b/%Y:%H:%M:%S", "%d/%b/%Y:%H:%M:%S %z"),
    *("%d %B, %Y", "%d %b, %Y", "%a, %d %b %Y", "%A, %d %B %Y"),
    *("%a, %b %d, %Y", "%A, %B %d, %Y", "%A, %b %d, %Y"),
    *("%b, %Y", "%B, %Y", "%Y, %b", "%Y, %B", "%Y %b", "%Y %B", "%Y-%b"),
    *("%Y-%b-%d", "%Y %b %d", "%Y %B %d"),
    *("%a %b %d %H:%M:%S %Y", "%a, %d %b %Y %H:%M:%S %z"),
    *("%a %b %d %H:%M:%S UTC %Y", "%a, %d %b %Y %H:%M:%S GMT"),
)

# Dates of digits only are read if they have eight, and years of this range. Without it
# many codes would be dates.
_DIGITS_OF_A_DATE = 8
_FIRST_YEAR, _LAST_YEAR = np.datetime64("1900"), np.datetime64("2100")

_MISSING = {"numerical": np.nan, "datetime": np.datetime64("NaT", "us")}


def learn_unit(strings, counts):
    """Find the unit of numbers in strings.

    Parameters
    ----------
    strings : sequence of str of length n_strings
        Different strings of a column.

    counts : sequence of int of length n_strings
        Number of rows of each string.

    Returns
    -------
    unit : str
        Most frequent unit or currency sign. It is empty if most numbers have none.

    Examples
    --------
    >>> from skautokeras._data.parsing import learn_unit
    >>> learn_unit(["18.2 kmpl", "17 kmpl", "null kmpl", "12"], [1, 1, 9, 1])
    'kmpl'
    """
    units = Counter()
    for string, count in zip(strings, counts, strict=True):
        parts = _NUMBER.fullmatch(string.strip())
        if parts:
            units[_unit_of(parts)] += int(count)
    return units.most_common(1)[0][0] if units else ""


def _unit_of(parts):
    return parts["currency"] + (parts["unit"] or "")


def parse_quantities(strings, unit):
    """Read strings as numbers with a unit.

    Parameters
    ----------
    strings : sequence of str of length n_strings
        Strings such as "1,234", "$5", "3 %" and "18.2 kmpl".

    unit : str
        Unit or currency sign, as `learn_unit` returns it. A string may lack it.

    Returns
    -------
    numbers : ndarray of shape (n_strings,), dtype float64
        NaN for strings that are not numbers of this unit.

    Examples
    --------
    >>> from skautokeras._data.parsing import parse_quantities
    >>> parse_quantities(["1,234 km", " 5 ", "3 miles", "far"], "km").tolist()
    [1234.0, 5.0, nan, nan]
    >>> parse_quantities(["$5", "-$1.50", "$-2"], "$").tolist()
    [5.0, -1.5, -2.0]
    """
    return np.array([_quantity(string, unit) for string in strings], dtype=np.float64)


def _quantity(string, unit):
    parts = _NUMBER.fullmatch(string.strip())
    if not parts or _unit_of(parts) not in {"", unit}:
        return np.nan
    if parts["sign"] and parts["sign_behind"]:
        return np.nan
    sign = parts["sign"] or parts["sign_behind"]
    number = float(sign + parts["number"].replace(",", ""))
    return number if np.isfinite(number) else np.nan


def are_whole(strings):
    """Whether strings are nothing but digits and signs.

    Parameters
    ----------
    strings : sequence of str
        Strings that are numbers.

    Returns
    -------
    are_whole : bool

    Examples
    --------
    >>> from skautokeras._data.parsing import are_whole
    >>> are_whole(["1", "-20"]), are_whole(["1", "2.5"]), are_whole(["1 km"])
    (True, False, False)
    """
    return all(re.fullmatch(r"[+-]?[0-9]+", string.strip()) for string in strings)


def are_codes(strings, min_length):
    """Whether strings that are numbers look like codes, such as postal codes.

    Parameters
    ----------
    strings : sequence of str
        Strings that are numbers.

    min_length : int
        Number of characters from which whole numbers of one length are codes.

    Returns
    -------
    are_codes : bool
        True if a string starts with a zero in front of other digits, or if all have the
        same length and are digits, perhaps with letters right behind them.

    Examples
    --------
    >>> from skautokeras._data.parsing import are_codes
    >>> are_codes(["007", "12"], 5), are_codes(["90210", "94016"], 5)
    (True, True)
    >>> are_codes(["7220A", "1351A"], 5)
    True
    >>> are_codes(["1999", "2001"], 5), are_codes(["0.5", "12,000"], 5)
    (False, False)
    """
    strings = [string.strip() for string in strings]
    if any(re.match(r"\D?0[0-9]", string) for string in strings):
        return True
    if len(strings[0]) < min_length or len({len(string) for string in strings}) > 1:
        return False
    return all(string.isalnum() for string in strings)


def learn_date_format(strings):
    """Find the format in which most strings are dates.

    Parameters
    ----------
    strings : sequence of str
        Different strings of a column.

    Returns
    -------
    format : str or None
        Format of `pandas.to_datetime`. None if no string is a date.

    Examples
    --------
    >>> from skautokeras._data.parsing import learn_date_format
    >>> learn_date_format(["1/2/1998 0:00", "1/31/1998 8:30"])
    '%m/%d/%Y %H:%M'
    >>> learn_date_format(["2016-01-03", "2016-01-04 12:00"])
    'ISO8601'
    >>> learn_date_format(["12:30", "far"]) is None
    True
    """
    # A few strings tell which formats are possible; all of them tell which is the best.
    some = [s for s in strings[:: ceil(len(strings) / 20)] if _can_be_date(s)]
    if not some:
        return None
    possible = [format for format in _FORMATS if _n_dates(some, format)]
    if not possible:
        return None
    return max(possible, key=lambda format: _n_dates(strings, format))


def _n_dates(strings, format):
    return np.count_nonzero(~np.isnat(parse_dates(strings, format)))


def parse_dates(strings, format):
    """Read strings as dates of one format.

    Parameters
    ----------
    strings : sequence of str of length n_strings
        Strings such as "2016-01-03".

    format : str
        Format of `pandas.to_datetime`, as `learn_date_format` returns it.

    Returns
    -------
    moments : ndarray of shape (n_strings,), dtype datetime64[us]
        Moments in UTC, NaT for strings that are not dates of this format.

    Examples
    --------
    >>> from skautokeras._data.parsing import parse_dates
    >>> parse_dates(["31/05/2024", "soon"], "%d/%m/%Y")
    array(['2024-05-31T00:00:00.000000',                        'NaT'],
          dtype='datetime64[us]')
    """
    stripped = [s.strip() if _can_be_date(s) else None for s in strings]
    stripped = pd.Series(stripped, dtype=object)
    moments = pd.to_datetime(stripped, format=format, errors="coerce", utc=True)
    moments = moments.dt.tz_localize(None).to_numpy().astype("datetime64[us]")
    is_digits = np.array([s.strip().isdecimal() for s in strings], dtype=bool)
    years = moments.astype("datetime64[Y]")
    in_range = (years >= _FIRST_YEAR) & (years <= _LAST_YEAR)
    moments[is_digits & ~in_range] = _MISSING["datetime"]
    return moments


def _can_be_date(string):
    """Whether pandas may read a string as a date; it also reads years and words."""
    string = string.strip()
    if string.isdecimal():
        return len(string) == _DIGITS_OF_A_DATE
    if string.replace(".", "", 1).isdecimal():
        return False
    return string[:1].isalnum() and re.search("[0-9]", string) is not None


def are_iso_dates(series):
    """Tell whether a column consists of strings that are dates of ISO 8601.

    Parameters
    ----------
    series : Series of shape (n_samples,)
        Column of any dtype.

    Returns
    -------
    are_dates : bool
        False if there is no string.

    Examples
    --------
    >>> import pandas as pd
    >>> from skautokeras._data.parsing import are_iso_dates
    >>> are_iso_dates(pd.Series(["2024-05-31", None, "2024-05-31T10:00:00Z"]))
    True
    >>> are_iso_dates(pd.Series(["2024-05-31", "31.5.2024"]))
    False
    """
    if isinstance(series.dtype, pd.CategoricalDtype):
        series = series.astype(object)
    if content_of(series) != "string":
        return False
    _, keys = read_keys(series, content="string")
    keys = [key for key in keys if key.strip()]
    return bool(keys) and not np.isnat(parse_dates(keys, ISO_8601)).any()


def parse_strings(strings, kind, format):
    """Read strings in the format that their column has.

    Parameters
    ----------
    strings : sequence of str of length n_strings
        Strings of a column.

    kind : {"numerical", "datetime"}
        Kind of the column.

    format : str
        Unit of numbers, or format of dates.

    Returns
    -------
    values : ndarray of shape (n_strings,)
        Result of `parse_quantities` or of `parse_dates`.

    Examples
    --------
    >>> from skautokeras._data.parsing import parse_strings
    >>> parse_strings(["18.2 kmpl", "?"], "numerical", "kmpl").tolist()
    [18.2, nan]
    """
    parse = parse_dates if kind == "datetime" else parse_quantities
    return parse(strings, format)


def read_in_format(series, kind, format):
    """Read a column whose strings were numbers or dates in `fit`.

    Parameters
    ----------
    series : Series of shape (n_samples,)
        Column of any dtype. Numbers or dates may be among the strings.

    kind : {"numerical", "datetime"}
        Kind of the column.

    format : str
        Unit of numbers, or format of dates.

    Returns
    -------
    values : ndarray of shape (n_samples,), dtype float64 or datetime64[us]
        NaN or NaT where the value is missing, or a string in another format.

    Examples
    --------
    >>> import pandas as pd
    >>> from skautokeras._data.parsing import read_in_format
    >>> column = pd.Series(["3 km", None, "far", 7], dtype=object)
    >>> read_in_format(column, "numerical", "km").tolist()
    [3.0, nan, nan, 7.0]
    """
    if isinstance(series.dtype, pd.CategoricalDtype):
        series = series.astype(object)
    content = content_of(series)
    if content == "string":
        codes, keys = read_keys(series, content=content)
        values = parse_strings(keys, kind, format)
        _warn_if_unreadable(keys, values, series.name, kind, format)
        # Code -1, a missing value, takes the one at the end.
        return np.append(values, _MISSING[kind])[codes]
    if content == "mixed":
        is_string = are_strings(series)
        others = read_column(_without(series, is_string), kind)
        strings = read_in_format(_without(series, ~is_string), kind, format)
        return np.where(is_string, strings, others)
    return read_column(series, kind, content=content)


def _warn_if_unreadable(strings, values, name, kind, format):
    """Warn if strings look like numbers or dates, and none has the format of `fit`."""
    with_digits = [any(map(str.isdigit, string)) for string in strings]
    if not any(with_digits) or not pd.isna(values).all():
        return
    what = f"dates of the format {format!r}"
    if kind == "numerical":
        what = f"numbers with the unit {format!r}" if format else "numbers"
    example = strings[with_digits.index(True)]
    warn(
        f"The strings of the column {name!r} were {what} in fit. None of them can be "
        f"read so now, {example!r} for example, and all count as missing.",
    )


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
