"""Dates in strings: the format that a column has is learned from all of its strings."""

import re
from itertools import product
from math import ceil

import numpy as np
import pandas as pd

# The form of pandas for all strings such as 2024-05-31 and 2024-05-31T23:59+01:00, and
# that for strings of several forms.
ISO_8601, MIXED = "ISO8601", "mixed"

# Formats of dates, beside ISO 8601, in the order in which they are tried: where all
# days are below 13, the month comes first, as in `pandas.to_datetime`. Points stand
# where the day comes first.
_DATES = (
    *("%m/%d/%Y", "%d/%m/%Y", "%Y/%m/%d", "%d.%m.%Y", "%Y.%m.%d"),
    *("%m-%d-%Y", "%d-%m-%Y"),
    *("%m/%d/%y", "%d/%m/%y", "%d.%m.%y", "%m.%d.%y", "%m-%d-%y", "%d-%m-%y"),
    *("%d %b %Y", "%d-%b-%Y", "%d-%b-%y", "%d/%b/%Y", "%d %B %Y"),
    *("%b %d, %Y", "%B %d, %Y", "%b %d %Y", "%B %d %Y"),
    *("%b-%Y", "%b %Y", "%B %Y", "%b-%y", "%Y%m%d"),
    *("%d-%B-%Y", "%d. %B %Y", "%d. %b %Y", "%Y-%m-%d"),
    *("%y/%m/%d", "%y.%m.%d", "%y-%m-%d"),
)
_CLOCKS = ("%H:%M", "%H:%M:%S", "%H:%M:%S.%f", "%I:%M %p", "%I:%M:%S %p")
_TIMES = (
    *("", *(f" {clock}" for clock in _CLOCKS), *(f", {clock}" for clock in _CLOCKS)),
    *(f" {clock} UTC" for clock in _CLOCKS[:3]),
)
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


def _characters(string):
    """Return the characters of a string, all white space and both cases being one."""
    return {" " if character.isspace() else character for character in string.lower()}


# Characters without which no string has the format. They tell quickly which formats
# need not be tried.
_NEEDED = {
    format: _characters(re.sub("%[a-zA-Z]", "", format.replace("%p", "m")))
    for format in _FORMATS[1:]
} | {ISO_8601: set()}

# Dates of digits only are read if they have eight, and years of this range. Without it
# many codes would be dates.
_DIGITS_OF_A_DATE = 8
_FIRST_YEAR, _LAST_YEAR = np.datetime64("1900"), np.datetime64("2100")

# Different days of a month with which a year of two digits can stand in front of them,
# where they could be years as well.
_FEWEST_DAYS = 10

_NO_DATE = np.datetime64("NaT", "us")


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
    >>> from skautokeras._data.date_strings import learn_date_format
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
    characters = [_characters(string) for string in some]
    possible = [
        format
        for format in _FORMATS
        if any(_NEEDED[format] <= own for own in characters) and _n_dates(some, format)
    ]
    if not possible:
        return None
    counts = {format: _n_dates(strings, format) for format in possible}
    most = max(counts.values())
    return _likeliest([f for f, count in counts.items() if count == most], strings)


def _likeliest(formats, strings):
    """Return the first format, or the first with the year at the other end.

    Days that are taken for years of two digits spread over decades, so that the year is
    where it varies less. If the dates of a format are nothing but the first or the last
    days of months, it is the right one, however long they go on. A year in front needs
    many different days: bills of the 15th of each month over some years are no days of
    one year 2015.
    """
    by_place = {}
    for format in formats:
        by_place.setdefault(format.startswith("%y"), []).append(format)
    if len(by_place) == 1:
        return formats[0]
    doubts = {
        place: min(_doubt(parse_dates(strings, format)) for format in some)
        for place, some in by_place.items()
    }
    year_in_front = min(doubts, key=doubts.get)
    likeliest = by_place[year_in_front][0]
    if year_in_front and doubts[True][0]:
        year_in_front = _n_days(parse_dates(strings, likeliest)) >= _FEWEST_DAYS
    return by_place[year_in_front][0]


def _doubt(moments):
    """Return what speaks against the format of dates; less is better.

    The second number is the span of the years.
    """
    days = moments[~np.isnat(moments)].astype("datetime64[D]")
    months, next_days = days.astype("datetime64[M]"), days + 1
    are_first = (days == months.astype("datetime64[D]")).all()
    are_last = (next_days.astype("datetime64[M]") > months).all()
    years = np.ptp(days.astype("datetime64[Y]").astype(int))
    return not (are_first or are_last), int(years)


def _n_days(moments):
    """Return how many different days of a month there are."""
    days = moments[~np.isnat(moments)].astype("datetime64[D]")
    return len(np.unique(days - days.astype("datetime64[M]")))


def _n_dates(strings, format):
    return np.count_nonzero(~np.isnat(parse_dates(strings, format)))


def parse_dates(strings, format):
    """Read strings as dates of one format.

    Parameters
    ----------
    strings : sequence of str of length n_strings
        Strings such as "2016-01-03".

    format : str
        Format of `pandas.to_datetime`, as `learn_date_format` returns it. With
        ``"mixed"``, everything is read that pandas can read.

    Returns
    -------
    moments : ndarray of shape (n_strings,), dtype datetime64[us]
        Moments in UTC, NaT for strings that are not dates of this format.

    Examples
    --------
    >>> from skautokeras._data.date_strings import parse_dates
    >>> parse_dates(["31/05/2024", "soon"], "%d/%m/%Y")
    array(['2024-05-31T00:00:00.000000',                        'NaT'],
          dtype='datetime64[us]')
    """
    any_form = format == MIXED
    stripped = [s.strip() if any_form or _can_be_date(s) else None for s in strings]
    stripped = pd.Series(stripped, dtype=object)
    moments = pd.to_datetime(stripped, format=format, errors="coerce", utc=True)
    moments = moments.dt.tz_localize(None).to_numpy().astype("datetime64[us]")
    if any_form:
        return moments
    is_digits = np.array([s.strip().isdecimal() for s in strings], dtype=bool)
    years = moments.astype("datetime64[Y]")
    in_range = (years >= _FIRST_YEAR) & (years <= _LAST_YEAR)
    moments[is_digits & ~in_range] = _NO_DATE
    return moments


def _can_be_date(string):
    """Whether pandas may read a string as a date; it also reads years and words."""
    string = string.strip()
    if string.isdecimal():
        return len(string) == _DIGITS_OF_A_DATE
    if string.replace(".", "", 1).isdecimal():
        return False
    return string[:1].isalnum() and re.search("[0-9]", string) is not None
