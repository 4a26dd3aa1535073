"""Dates in strings: the format that a column has is learned from all of its strings."""

import re
from itertools import product
from math import ceil

import numpy as np
import pandas as pd

from skautokeras._data.quantities import LONGEST, plain_digits

# The form of pandas for all strings such as 2024-05-31 and 2024-05-31T23:59+01:00, and
# that for strings of several forms.
ISO_8601, MIXED = "ISO8601", "mixed"

# What stands behind them if all dates of a column have a time zone, or none of them
# has. Without it, dates of both sorts are read.
_ZONED, _WITHOUT_ZONE = " with time zone", " without time zone"
# The end of a moment with a time zone: behind digits of a clock, or of a year.
_ZONE = re.compile(
    r"[0-9]:[0-9.,:]*(?:\s?[AaPp][Mm])?\s?(?:Z|z|UTC|GMT|[+-][0-9]{2}(?::?[0-9]{2})?)"
    r"(?:\s[0-9]{4})?$|T[0-9.]+(?:Z|[+-][0-9:]+)$"
)

# The form of dates in JSON of .NET, whose number is in milliseconds since 1970 (UTC).
MILLISECONDS = "/Date()/"
_MILLISECONDS = re.compile(r"\\?/Date\((-?[0-9]{1,14})(?:[+-][0-9]{4})?\)\\?/")

# Dates without a day, such as 06/2020. Those of two digits and a year are hardly ever
# fractions, versions or prices; 6/2020 may be one.
_MONTHS_OF_YEARS = ("%m/%Y", "%m.%Y", "%m-%Y")
_MONTH_OF_YEAR = re.compile(r"(?:0[1-9]|1[0-2])[-/.](?:19|20)[0-9]{2}")

# Dates of eight digits with the year behind. None of them is a date with the year in
# front as well: a month is no year of this century or the last. A zero in front tells
# that the strings are no numbers, such as 10102000 and those that follow it.
_YEAR_BEHIND = ("%m%d%Y", "%d%m%Y")

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
# Clocks with a point or a letter stand behind a day whose parts are apart.
_OTHER_CLOCKS = ("%H.%M", "%H.%M.%S", "%Hh%M")
_DAYS_IN_PARTS = tuple(date for date in _DATES if re.search("%d[-./, ]|[-./ ]%d", date))
_TIMES = (
    *("", *(f" {clock}" for clock in _CLOCKS), *(f", {clock}" for clock in _CLOCKS)),
    *(f" {clock} UTC" for clock in _CLOCKS[:3]),
)
_FORMATS = (
    ISO_8601,
    *(f"{date}{time}" for date, time in product(_DATES, _TIMES)),
    *("%Y%m%dT%H%M", "%Y%m%dT%H%M%S", "%d/%b/%Y:%H:%M:%S", "%d/%b/%Y:%H:%M:%S %z"),
    *("%d %B, %Y", "%d %b, %Y"),
    *("%b, %Y", "%B, %Y", "%Y, %b", "%Y, %B", "%Y %b", "%Y %B", "%Y-%b"),
    *("%Y-%b-%d", "%Y %b %d", "%Y %B %d"),
    *("%a %b %d %H:%M:%S %Y", "%a, %d %b %Y %H:%M:%S %z"),
    *("%a %b %d %H:%M:%S UTC %Y", "%a, %d %b %Y %H:%M:%S GMT"),
    *("%a %b %d %H:%M:%S %z %Y", MILLISECONDS),
    *(f"{date} {clock}" for date, clock in product(_DAYS_IN_PARTS, _OTHER_CLOCKS)),
    *(*_MONTHS_OF_YEARS, *_YEAR_BEHIND),
)

# A day of the week in front of a date says nothing that the date does not say.
_WEEKDAY = re.compile(
    r"^\s*(?:mon(?:day)?|tue(?:s(?:day)?)?|wed(?:nesday)?|thu(?:r(?:s(?:day)?)?)?"
    r"|fri(?:day)?|sat(?:urday)?|sun(?:day)?)[.,]?\s+(?=\S)",
    re.IGNORECASE,
)

# Days in words of English are 1st, 2nd and so on. Names of months may have a point, and
# September may have four letters.
_ORDINAL = re.compile(r"\b([0-9]{1,2})(?:st|nd|rd|th)\b(?: of\b)?", re.IGNORECASE)
_MONTHS = re.compile(
    r"\b(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sep(?:t|tember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\b(?:\.(?=\s))?",
    re.IGNORECASE,
)

# Dates that are nothing but zeros stand for missing ones, as in MySQL.
_ZEROS = re.compile(
    r"0{1,4}[-/.]0{1,2}[-/.]0{1,4}(?:[ T]0{1,2}(?::0{1,2}){1,2}(?:\.0+)?Z?)?|0{8}|0{14}"
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
        Format of `pandas.to_datetime`, that of ISO 8601 with what is known of time
        zones behind it (`format_with_zone`). None if no string is a date.

    Examples
    --------
    >>> from skautokeras._data.date_strings import learn_date_format
    >>> learn_date_format(["1/2/1998 0:00", "1/31/1998 8:30"])
    '%m/%d/%Y %H:%M'
    >>> learn_date_format(["2016-01-03", "2016-01-04 12:00"])
    'ISO8601 without time zone'
    >>> learn_date_format(["12:30", "far"]) is None
    True
    """
    # A few strings tell which formats are possible; all of them tell which is the best.
    some = [s for s in strings[:: ceil(len(strings) / 20)] if _can_be_date(s)]
    if not some:
        return None
    characters = [_characters(string) for string in some]
    are_numbers = not any(string.lstrip().startswith("0") for string in strings)
    possible = [
        format
        for format in _FORMATS
        if any(_NEEDED[format] <= own for own in characters)
        and not (are_numbers and format in _YEAR_BEHIND)
        and _n_dates(some, format)
    ]
    if not possible:
        return None
    counts = {format: _n_dates(strings, format) for format in possible}
    most = max(counts.values())
    best = _likeliest([f for f, count in counts.items() if count == most], strings)
    return format_with_zone(best, strings) if best == ISO_8601 else best


def format_with_zone(format, strings):
    """Add to a format of several forms whether its dates have a time zone.

    Parameters
    ----------
    format : {"ISO8601", "mixed"}
        Format of `parse_dates`.

    strings : sequence of str
        Different strings of a column.

    Returns
    -------
    format : str
        With " with time zone" behind it if all dates have one, and with " without time
        zone" if none has. Otherwise it is as it was.

    Examples
    --------
    >>> from skautokeras._data.date_strings import format_with_zone
    >>> format_with_zone("ISO8601", ["2016-01-03 12:00", "2016-01-03 12:00Z"])
    'ISO8601'
    """
    are_dates = ~np.isnat(parse_dates(strings, format))
    return format + end_for_zones(_are_zoned(strings)[are_dates])


def end_for_zones(are_zoned):
    """Return what stands behind a format if these moments have a time zone or not.

    Parameters
    ----------
    are_zoned : ndarray of bool
        Whether each of some moments has a time zone.

    Returns
    -------
    end : {" with time zone", " without time zone", ""}
        Empty if some have one and others do not, or if there are none.
    """
    if not len(are_zoned) or are_zoned.any() != are_zoned.all():
        return ""
    return _ZONED if are_zoned.any() else _WITHOUT_ZONE


def has_zone(format):
    """Tell whether the dates of a format have a time zone.

    Parameters
    ----------
    format : str
        Format of `parse_dates`.

    Returns
    -------
    has_zone : bool or None
        None if dates with and without one are read.

    Examples
    --------
    >>> from skautokeras._data.date_strings import has_zone
    >>> has_zone("%d/%m/%Y"), has_zone("%d/%m/%Y %H:%M UTC"), has_zone("mixed")
    (False, True, None)
    """
    form, end = _form_and_end(format)
    if form in (ISO_8601, MIXED):
        return {_ZONED: True, _WITHOUT_ZONE: False, "": None}[end]
    return any(sign in format for sign in ("%z", "UTC", "GMT", MILLISECONDS))


def _form_and_end(format):
    """Return a format as pandas knows it, and what is known of time zones."""
    end = next((end for end in (_ZONED, _WITHOUT_ZONE) if format.endswith(end)), "")
    return format.removesuffix(end), end


def _are_zoned(strings):
    return np.array([bool(_ZONE.search(s.rstrip())) for s in strings], dtype=bool)


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
        Format as `learn_date_format` returns it. With ``"mixed"``, everything is read
        that pandas can read.

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
    form, end = _form_and_end(format)
    any_form = form == MIXED
    strings = [plain_digits(string) for string in strings]
    if form == MILLISECONDS:
        return _moments_of_milliseconds(strings)
    if not any_form and not form.startswith(("%a", "%A")):
        strings = [_WEEKDAY.sub("", string) for string in strings]
    can_be_date = _can_be_date
    if form in _MONTHS_OF_YEARS:
        can_be_date = _is_month_of_year
    stripped = [s.strip() if any_form or can_be_date(s) else None for s in strings]
    if any_form or "%b" in form or "%B" in form:
        stripped = [s and _with_usual_words(s, full="%B" in form) for s in stripped]
    stripped = pd.Series(stripped, dtype=object)
    moments = pd.to_datetime(stripped, format=form, errors="coerce", utc=True)
    moments = moments.dt.tz_localize(None).to_numpy().astype("datetime64[us]")
    if end:
        moments[_are_zoned(strings) != has_zone(format)] = _NO_DATE
    if any_form:
        return moments
    is_digits = np.array([s.strip().isdecimal() for s in strings], dtype=bool)
    years = moments.astype("datetime64[Y]")
    in_range = (years >= _FIRST_YEAR) & (years <= _LAST_YEAR)
    moments[is_digits & ~in_range] = _NO_DATE
    return moments


def parse_digits(numbers, format):
    """Read whole numbers as dates, if all of them are dates of eight digits.

    Files that are read without a format make the number 20240531 of such a string.

    Parameters
    ----------
    numbers : sequence of str of length n_numbers
        Keys of numbers, as `read_keys` returns them.

    format : str
        Format as `learn_date_format` returns it.

    Returns
    -------
    moments : ndarray of shape (n_numbers,), dtype datetime64[us] or None
        None if one of the numbers is no such date of this format.

    Examples
    --------
    >>> from skautokeras._data.date_strings import parse_digits
    >>> parse_digits(["20240531"], "ISO8601").astype("datetime64[D]")
    array(['2024-05-31'], dtype='datetime64[D]')
    >>> parse_digits(["1052024"], "%d%m%Y").astype("datetime64[D]")
    array(['2024-05-01'], dtype='datetime64[D]')
    >>> parse_digits(["20240531", "1717113600000"], "ISO8601") is None
    True
    """
    if format in _YEAR_BEHIND:
        # A number has lost the zero in front.
        numbers = [number.zfill(_DIGITS_OF_A_DATE) for number in numbers]
    form, end = _form_and_end(format)
    if form == MIXED:
        # In any form, other numbers would be years, or days without a month.
        format = ISO_8601 + end
    moments = parse_dates(numbers, format)
    are_digits = np.array([number.isdecimal() for number in numbers], dtype=bool)
    is_wrong = np.isnat(moments) | ~are_digits
    return None if is_wrong.any() else moments


def _moments_of_milliseconds(strings):
    found = [_MILLISECONDS.fullmatch(string.strip()) for string in strings]
    moments = [np.datetime64(int(f[1]), "ms") if f else _NO_DATE for f in found]
    return np.array(moments, dtype="datetime64[us]")


def _with_usual_words(string, *, full):
    """Return a date with days as numbers, and months in the words that pandas knows.

    Months that are written in full remain so if the format has them in full.
    """
    string = _ORDINAL.sub(r"\1", string)
    return string if full else _MONTHS.sub(lambda month: month[0][:3], string)


def is_zero_date(string):
    """Whether a string is a date of zeros, which stands for a missing one.

    Parameters
    ----------
    string : str
        Date or other string.

    Returns
    -------
    is_zero_date : bool

    Examples
    --------
    >>> from skautokeras._data.date_strings import is_zero_date
    >>> is_zero_date("0000-00-00 00:00:00"), is_zero_date("2000-01-01")
    (True, False)
    """
    return _ZEROS.fullmatch(string.strip()) is not None


def _can_be_date(string):
    """Whether pandas may read a string as a date; it also reads years and words."""
    if len(string) > LONGEST:
        return False
    string = plain_digits(string).strip()
    if _MILLISECONDS.fullmatch(string):
        return True
    if string.isdecimal():
        return len(string) == _DIGITS_OF_A_DATE
    if string.replace(".", "", 1).isdecimal():
        return _is_month_of_year(string)
    return string[:1].isalnum() and re.search("[0-9]", string) is not None


def _is_month_of_year(string):
    """Whether a string is a month of two digits and a year, such as 06/2020."""
    return _MONTH_OF_YEAR.fullmatch(string.strip()) is not None
