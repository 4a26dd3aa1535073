"""Read strings that are numbers or dates, as `pandas.read_csv` leaves them.

A format is learned from all strings of a column. With it, each string is read on its
own, so that a row becomes the same alone and among others.
"""

import re
from collections import Counter
from decimal import Decimal
from itertools import product
from math import ceil

import numpy as np
import pandas as pd

from skautokeras._data.series import content_of, read_column, read_keys

# White space that does not break lines, and apostrophes, separate groups of digits
# wherever the decimal mark is.
_BETWEEN_GROUPS = "\u00a0\u202f\u2009'\u2019"

# Signs and codes of currencies that stand in front of numbers.
_CURRENCY = (
    "[$€£¥₹]|(?:US|A|C|HK|NZ|R|S)\\$|Rs\\.?|(?:AED|ARS|AUD|BGN|BRL|CAD|CHF|CLP|CNY|COP"
    "|CZK|DKK|EGP|EUR|GBP|HKD|HUF|IDR|ILS|INR|JPY|KRW|MXN|MYR|NOK|NZD|PEN|PHP|PKR|PLN"
    "|RON|RUB|SAR|SEK|SGD|THB|TRY|TWD|UAH|USD|VND|ZAR)"
)


def _pattern(groups, mark):
    """Return the pattern of numbers: a sign, a currency, digits and a unit.

    The digits are in groups or not, and the unit has one or two words.
    """
    exponent = r"(?:[eE][+-]?[0-9]+)?"
    grouped = (
        rf"(?:{groups}|[1-9][0-9]{{0,2}}(?:[{_BETWEEN_GROUPS}][0-9]{{3}})+|[0-9]+)"
    )
    return re.compile(
        rf"(?P<sign>[+-]?)\s?(?P<currency>(?:{_CURRENCY})?)\s?(?P<sign_behind>[+-]?)"
        rf"(?P<number>{grouped}(?:{mark}[0-9]*)?{exponent}|{mark}[0-9]+{exponent})"
        r"\s*(?P<unit>(?:[%°$€£¥₹]|[^\W\d_])[^\d\s]{0,9}(?:\s[^\d\s]{1,10})?)?"
    )


# Patterns by the decimal mark. A group of thousands does not start with a zero: "0,123"
# is less than one. Those of India have two digits.
_NUMBERS = {
    ".": _pattern(r"[1-9][0-9]{0,2}(?:,[0-9]{2,3})*,[0-9]{3}", r"\."),
    ",": _pattern(r"[1-9][0-9]{0,2}(?:\.[0-9]{3})+", ","),
}
_TO_PLAIN = {
    ".": str.maketrans("", "", "," + _BETWEEN_GROUPS),
    ",": str.maketrans(",", ".", "." + _BETWEEN_GROUPS),
}

# Letters behind numbers that multiply them, as powers of ten.
_POWERS = {"K": 3, "k": 3, "M": 6, "mn": 6, "B": 9, "bn": 9}

# The decimal mark is a comma if the point explains less than this share of the numbers
# with a comma or a point that the comma explains. A few typing errors change nothing.
_POINT_MIN_SHARE = 0.95

# Digits of whole numbers that are looked at.
_MANY_DIGITS = 9

# Letters are powers if the numbers without one are this much larger than the others.
# Otherwise the letter is a unit that they lack.
_POWER_MIN_RATIO = 10

# The form of pandas for all strings such as 2024-05-31 and 2024-05-31T23:59+01:00.
ISO_8601 = "ISO8601"

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

# A warning says if more than this share of the strings that look like numbers or dates
# cannot be read after `fit`, where at most a few could not.
_UNREADABLE_MAX_SHARE = 0.2

_MISSING = {"numerical": np.nan, "datetime": np.datetime64("NaT", "us")}


def learn_unit(strings, counts):
    """Find the unit of numbers in strings, and the way in which they are written.

    Parameters
    ----------
    strings : sequence of str of length n_strings
        Different strings of a column.

    counts : sequence of int of length n_strings
        Number of rows of each string.

    Returns
    -------
    unit : str
        Most frequent unit or currency sign. It is empty if most numbers have none. A
        number is in front of it if the decimal mark is a comma, or if letters stand for
        thousands and millions: it shows how numbers are written.

    Examples
    --------
    >>> from skautokeras._data.parsing import learn_unit
    >>> learn_unit(["18.2 kmpl", "17 kmpl", "null kmpl", "12"], [1, 1, 9, 1])
    'kmpl'
    >>> learn_unit(["12,50 €", "1.234,00 €"], [1, 1])
    '1.234,5 €'
    >>> learn_unit(["$1.2M", "$800K"], [1, 1])
    '1,234.5K $'
    """
    mark = "," if _has_decimal_comma(strings, counts) else "."
    found = [
        (parts, int(count))
        for string, count in zip(strings, counts, strict=True)
        if (parts := _parts_of(string, mark))
    ]
    with_powers = _has_powers([parts for parts, _ in found], mark)
    units = Counter()
    for parts, count in found:
        units[_unit_and_power(parts, with_powers)[0]] += count
    unit = units.most_common(1)[0][0] if units else ""
    return _as_format(unit, mark, with_powers)


# How numbers are written, by the decimal mark. No unit has digits.
_SAMPLES = {".": "1,234.5", ",": "1.234,5"}


def _as_format(unit, mark, with_powers):
    if mark == "." and not with_powers:
        return unit
    return f"{_SAMPLES[mark]}{'K' if with_powers else ''} {unit}".strip()


def _from_format(format):
    """Return the unit, the decimal mark, and whether letters are powers of ten."""
    if not format[:1].isdigit():
        return format, ".", False
    sample, _, unit = format.partition(" ")
    return unit, "," if sample.startswith(_SAMPLES[","]) else ".", sample[-1:] == "K"


def _parts_of(string, mark):
    """Return the parts of a number as a match, or None if the string is none."""
    string = string.strip().replace("\u2212", "-")
    is_in_parentheses = string[:1] == "(" and string[-1:] == ")"
    if is_in_parentheses:
        # In accounts, such numbers are negative.
        string = f"-{string[1:-1].strip()}"
    parts = _NUMBERS[mark].fullmatch(string)
    return None if parts and parts["sign"] and parts["sign_behind"] else parts


def _unit_and_power(parts, with_powers):
    unit = parts["unit"] or ""
    if with_powers and unit:
        first, *rest = unit.split(maxsplit=1)
        if first in _POWERS:
            return parts["currency"] + "".join(rest), _POWERS[first]
    return parts["currency"] + unit, 0


def _value_of(parts, mark, power=0):
    sign = parts["sign"] or parts["sign_behind"]
    number = sign + parts["number"].translate(_TO_PLAIN[mark])
    # The product of a float would be another one than that of the whole number.
    return float(Decimal(number).scaleb(power)) if power else float(number)


def _has_decimal_comma(strings, counts):
    """Whether numbers are written as in 1.234,5 and not as in 1,234.5."""
    n_rows = Counter()
    whole, has_commas, has_groups = set(), False, False
    for string, count in zip(strings, counts, strict=True):
        by_comma = _parts_of(string, ",")
        number = by_comma["number"] if by_comma else string
        if number.isdecimal():
            # Longer ones are no smaller than a thousand.
            whole.add(int(number[:_MANY_DIGITS]))
        elif "," in number or "." in number:
            by_point = _parts_of(string, ".")
            n_rows[bool(by_point), bool(by_comma)] += int(count)
            has_commas |= "," in number
            has_groups |= number.count(".") > 1 and bool(by_comma)
    n_both, n_comma = n_rows[True, True], n_rows[False, True]
    n_point = n_rows[True, False]
    if n_both + n_point < _POINT_MIN_SHARE * (n_both + n_comma):
        return True
    # If no number is read by the point alone, each point is followed by three digits.
    are_groups = has_groups or (n_both > 0 and not has_commas and _fill_up(whole))
    return n_point == 0 and are_groups


def _fill_up(whole):
    """Whether whole numbers are those that have no group of thousands.

    1.234 is a number of thousands if there are numbers such as 850 beside it, and none
    such as 1850. Other numbers with three decimals are hardly ever whole, and one that
    is may mark missing values.
    """
    return max(whole, default=0) < 1000 and sum(number >= 100 for number in whole) > 1


def _has_powers(found, mark):
    """Whether letters behind numbers multiply them, as in 1.2K beside 3.4M."""
    by_power = {}
    for parts in found:
        power = _unit_and_power(parts, with_powers=True)[1]
        by_power.setdefault(power, []).append(parts)
    plain = by_power.pop(0, [])
    if len(by_power) != 1 or not plain:
        return len(by_power) > 1
    medians = [
        np.median([abs(_value_of(parts, mark)) for parts in some])
        for some in (plain, *by_power.values())
    ]
    return bool(medians[0] > _POWER_MIN_RATIO * medians[1])


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
    >>> parse_quantities(["$5", "-$1.50", "$-2", "($3)"], "$").tolist()
    [5.0, -1.5, -2.0, -3.0]
    >>> parse_quantities(["12,50 €", "1.234 €"], "1.234,5 €").tolist()
    [12.5, 1234.0]
    """
    unit, mark, with_powers = _from_format(unit)
    numbers = [_quantity(string, unit, mark, with_powers) for string in strings]
    return np.array(numbers, dtype=np.float64)


def _quantity(string, unit, mark, with_powers):
    parts = _parts_of(string, mark)
    if not parts:
        return np.nan
    own_unit, power = _unit_and_power(parts, with_powers)
    if own_unit not in {"", unit}:
        return np.nan
    number = _value_of(parts, mark, power)
    return number if np.isfinite(number) else np.nan


def what_numbers_are(unit):
    """Say how numbers are written.

    Parameters
    ----------
    unit : str
        Unit or currency sign, as `learn_unit` returns it.

    Returns
    -------
    what : str

    Examples
    --------
    >>> from skautokeras._data.parsing import what_numbers_are
    >>> what_numbers_are("km"), what_numbers_are("")
    ("numbers with the unit 'km'", 'numbers')
    >>> what_numbers_are("1.234,5 €")
    "numbers with the unit '€' and a decimal comma"
    """
    unit, mark, with_powers = _from_format(unit)
    facts = [
        *([f"the unit {unit!r}"] if unit else []),
        *(["a decimal comma"] if mark == "," else []),
        *(["letters for powers of ten"] if with_powers else []),
    ]
    *others, last = facts or [""]
    listed = f"{', '.join(others)} and {last}" if others else last
    return f"numbers with {listed}" if listed else "numbers"


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


def read_in_format(series, kind, format, unreadable=None):
    """Read a column whose strings were numbers or dates in `fit`.

    Parameters
    ----------
    series : Series of shape (n_samples,)
        Column of any dtype. Numbers or dates may be among the strings.

    kind : {"numerical", "datetime"}
        Kind of the column.

    format : str
        Unit of numbers, or format of dates.

    unreadable : UnreadableStrings or None, default=None
        Counter of the strings that cannot be read.

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
        if unreadable is not None:
            counts = np.bincount(codes[codes >= 0], minlength=len(keys))
            unreadable.count(series.name, kind, format, keys, counts, pd.isna(values))
        # Code -1, a missing value, takes the one at the end.
        return np.append(values, _MISSING[kind])[codes]
    if content == "mixed":
        is_string = are_strings(series)
        others = read_column(_without(series, is_string), kind)
        strings = read_in_format(_without(series, ~is_string), kind, format, unreadable)
        return np.where(is_string, strings, others)
    return read_column(series, kind, content=content)


class UnreadableStrings:
    """Counts strings that look like numbers or dates and lack the format of `fit`.

    Strings without digits mark missing values, and do not count.

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._data.parsing import UnreadableStrings
    >>> unreadable = UnreadableStrings()
    >>> strings, is_wrong = ["5 km", "3 mi", "?"], np.array([False, True, True])
    >>> unreadable.count("way", "numerical", "km", strings, np.ones(3, int), is_wrong)
    >>> unreadable.warnings()
    ["The strings of the column 'way' were numbers with the unit 'km' in fit. 50 % of \
them cannot be read so now, '3 mi' for example, and count as missing."]
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
            Unit of numbers, or format of dates.
        strings : sequence of str of length n_strings
            Different strings of the column.
        counts : ndarray of int of shape (n_strings,)
            Number of rows of each string.
        is_missing : ndarray of bool of shape (n_strings,)
            Whether it cannot be read.
        """
        with_digits = np.array([any(map(str.isdigit, s)) for s in strings], dtype=bool)
        wrong = np.flatnonzero(with_digits & is_missing)
        what = f"dates of the format {format!r}"
        if kind == "numerical":
            what = what_numbers_are(format)
        column = self._columns.setdefault(
            name, {"what": what, "given": 0, "unreadable": 0, "example": None}
        )
        column["given"] += int(counts[with_digits].sum())
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


def _warning_of_unreadable(name, what, given, unreadable, example):
    which, end = f"{100 * unreadable / given:.0f} % of them cannot", "count as missing"
    if unreadable == given:
        which, end = "None of them can", "all count as missing"
    return (
        f"The strings of the column {name!r} were {what} in fit. {which} be read so "
        f"now, {example!r} for example, and {end}."
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
