"""Durations and other measures in strings that have several numbers, such as 2h 50m.

Which measure a column has is learned from all of its strings. With it, each string is
read on its own, so that a row becomes the same alone and among others.
"""

import re
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from skautokeras._data.quantities import plain_form

# Durations in seconds. With two numbers between colons, they are hours and minutes, or
# minutes and seconds.
HOURS_AND_MINUTES = "1:05 h"
_MINUTES_AND_SECONDS = "1:05 min"

# Times of the day and durations, as clocks and as Python and pandas write them.
_CLOCK = re.compile(
    r"(?:(?P<days>[+-]?[0-9]+)\s(?i:days?),?\s\+?)?(?P<sign>[+-]?)(?P<first>[0-9]{1,4})"
    r":(?:(?P<second>[0-5][0-9])(?::(?P<third>[0-5][0-9](?:[.,][0-9]*)?))?"
    r"|(?P<seconds>[0-5][0-9]\.[0-9]+))"
    r"(?:\s?(?P<half>[aApP])\.?[mM]\.?)?"
)
# Durations of ISO 8601, such as PT2H50M. Years and months have no fixed length.
_ISO_8601 = re.compile(
    r"(?P<sign>[+-]?)P(?=[0-9T-])(?:(?P<weeks>-?[0-9.]+)W)?(?:(?P<days>-?[0-9.]+)D)?"
    r"(?:T(?:(?P<hours>[0-9.]+)H)?(?:(?P<minutes>[0-9.]+)M)?(?:(?P<seconds>[0-9.]+)S)?)?"
)
_WEEK, _DAY, _HOUR, _MINUTE = 604800, 86400, 3600, 60
_SIZES = {
    "weeks": _WEEK,
    "days": _DAY,
    "hours": _HOUR,
    "minutes": _MINUTE,
    "seconds": 1,
}

# A first number of so many hours is no time of the day. If some durations of a column
# lack hours, the others seldom have hours of two digits.
_HOURS_OF_A_DAY, _TWO_DIGITS = 24, 10

_NUMBER = r"[0-9]+(?:\.[0-9]*)?|\.[0-9]+"
_FEET, _INCHES = "(?i:feet|foot|ft)\\.?|['\u2032\u2019]", "(?i:inch|inches|in)\\.?"
_DOUBLE = "\"|''|[\u2033\u201d]"


@dataclass(frozen=True)
class _Measure:
    """A kind of measure.

    Parameters
    ----------
    name : str
        Words for the values.
    units : tuple of (str, float)
        Pattern of the spellings of each unit, and its size; the largest comes first.
    last : dict of int to str, default={}
        Units, by their positions, behind which a last number may lack its own, which is
        the next one; and the pattern of this number.
    begins_with_largest : bool, default=False
        Whether the largest unit cannot be left out.
    """

    name: str
    units: tuple
    last: dict = field(default_factory=dict)
    begins_with_largest: bool = False

    def pattern(self):
        """Return the pattern of strings with these units."""
        parts = []
        for i, (spellings, _) in enumerate(self.units):
            part = rf"(?P<n{i}>{_NUMBER})\s*(?:{spellings})(?![a-z])[\s,]*(?:and\s+)?"
            needed = "" if self.begins_with_largest and i == 0 else "?"
            # Behind a number without a unit, nothing else comes.
            last = f"(?:(?P<last{i}>{self.last[i]})$)?" if i in self.last else ""
            parts.append(f"(?:{part}{last}){needed}")
        sides = "(?P<side>[NSEW]?)" if self.begins_with_largest else ""
        return re.compile(rf"(?P<sign>[+-]?)\s?{''.join(parts)}{sides}")


_DURATIONS = _Measure(
    "durations or times of the day",
    (
        ("(?i:weeks?|wks?)|w", _WEEK),
        ("(?i:days?)|d", _DAY),
        ("(?i:hours?|hrs?)\\.?|h", _HOUR),
        ("(?i:minutes?|mins?)\\.?|m|['\u2032\u2019]", _MINUTE),
        (f"(?i:seconds?|secs?)\\.?|s|{_DOUBLE}", 1),
        ("(?i:milliseconds?)|ms", 0.001),
    ),
    last={2: "[0-9]{2}", 3: r"[0-9]{2}(?:\.[0-9]*)?"},
)
_MEASURES = {
    "5 ft 2 in": _Measure(
        "lengths",
        ((_FEET, 12), (f"{_INCHES}|{_DOUBLE}", 1)),
        last={0: _NUMBER},
    ),
    "5 lb 2 oz": _Measure(
        "weights",
        (
            ("(?i:stones?|st)\\.?", 224),
            ("(?i:pounds?|lbs?)\\.?", 16),
            ("(?i:ounces?|oz)\\.?", 1),
        ),
        last={0: _NUMBER, 1: _NUMBER},
    ),
    "5° 2'": _Measure(
        "angles",
        (
            ("°|(?i:deg)\\.?", 1),
            ("['\u2032\u2019]", 1 / 60),
            (_DOUBLE, 1 / 3600),
        ),
        begins_with_largest=True,
    ),
    HOURS_AND_MINUTES: _DURATIONS,
    _MINUTES_AND_SECONDS: _DURATIONS,
}
_PATTERNS = {format: measure.pattern() for format, measure in _MEASURES.items()}


def is_measure(format):
    """Whether a format of numbers is that of a measure.

    Parameters
    ----------
    format : str
        Format of numbers in strings.

    Returns
    -------
    is_measure : bool
    """
    return format in _MEASURES


def learn_measure(strings):
    """Find the measure that strings are.

    Parameters
    ----------
    strings : sequence of str
        Different strings of a column.

    Returns
    -------
    format : str or None
        The measure that most strings are. None if no string is one.

    Examples
    --------
    >>> from skautokeras._data.measures import learn_measure
    >>> learn_measure(["2h 50m", "19h"]), learn_measure(["6'2", "5'11"])
    ('1:05 h', '5 ft 2 in')
    >>> learn_measure(["3:45", "12:07", "1:02:30"])
    '1:05 min'
    >>> learn_measure(["12 km"]) is None
    True
    """
    others = [f for f, measure in _MEASURES.items() if measure is not _DURATIONS]
    formats = [*others, _format_of_clocks(strings)]
    n_read = {
        format: np.count_nonzero(~np.isnan(parse_measures(strings, format)))
        for format in formats
    }
    best = max(n_read, key=n_read.get)
    return best if n_read[best] else None


def _format_of_clocks(strings):
    """Tell whether the numbers in 1:05 are hours and minutes, or minutes and seconds.

    They are minutes and seconds if there are fractions, or more than 23 of the first
    ones. So they are if other strings have a few hours in front of them, unless all are
    written as the times of a day are, with two digits or with AM and PM.
    """
    clocks = [found for s in strings if (found := _CLOCK.fullmatch(plain_form(s)))]
    short = [clock for clock in clocks if not clock["third"]]
    firsts = [int(clock["first"]) for clock in short]
    hours = [int(clock["first"]) for clock in clocks if clock["third"]]
    if max(firsts, default=0) >= _HOURS_OF_A_DAY or any(c["seconds"] for c in clocks):
        return _MINUTES_AND_SECONDS
    are_of_a_day = all(len(clock["first"]) == 2 for clock in short)
    are_of_a_day |= any(clock["half"] for clock in clocks)
    if hours and max(hours) < _TWO_DIGITS and not are_of_a_day:
        return _MINUTES_AND_SECONDS
    return HOURS_AND_MINUTES


def parse_measures(strings, format):
    r"""Read strings as measures.

    Parameters
    ----------
    strings : sequence of str of length n_strings
        Strings such as "2h 50m", "1 day, 1:29:05", "2:30 PM", "PT5M", "6'2" and
        "40° 26' 46\" N".

    format : str
        Measure, as `learn_measure` returns it.

    Returns
    -------
    numbers : ndarray of shape (n_strings,), dtype float64
        Seconds, inches, ounces or degrees. NaN for strings that are no such measure.

    Examples
    --------
    >>> from skautokeras._data.measures import parse_measures
    >>> parse_measures(["2h 50m", "0 days 01:00:30", "soon"], "1:05 h").tolist()
    [10200.0, 3630.0, nan]
    >>> parse_measures(["6'2", "5 ft 11 in"], "5 ft 2 in").tolist()
    [74.0, 71.0]
    """
    return np.array([_measured(s, format) for s in strings], dtype=np.float64)


def _measured(string, format):
    measure = _MEASURES[format]
    string = plain_form(string)
    if measure is _DURATIONS:
        if clock := _CLOCK.fullmatch(string):
            return _seconds_of(clock, format)
        if iso := _ISO_8601.fullmatch(string):
            parts = {name: float(iso[name]) for name in _SIZES if iso[name]}
            total = sum(number * _SIZES[name] for name, number in parts.items())
            return (-total if iso["sign"] == "-" else total) if parts else np.nan
    found = _PATTERNS[format].fullmatch(string)
    return _sum_of(found, measure) if found else np.nan


def _seconds_of(clock, format):
    """Return the seconds that a clock shows, NaN if no clock does."""
    first = int(clock["first"])
    if clock["half"]:
        if not 1 <= first <= 12 or clock["days"]:
            return np.nan
        first = first % 12 + 12 * (clock["half"] in "pP")
    if clock["seconds"]:
        seconds = first * _MINUTE + float(clock["seconds"])
    elif format == _MINUTES_AND_SECONDS and not (clock["third"] or clock["half"]):
        seconds = first * _MINUTE + int(clock["second"])
    else:
        seconds = first * _HOUR + int(clock["second"]) * _MINUTE
        seconds += float((clock["third"] or "0").replace(",", "."))
    # Of negative durations, pandas and Python write the days as negative alone.
    seconds *= -1 if clock["sign"] == "-" else 1
    return float(seconds + int(clock["days"] or 0) * _DAY)


def _sum_of(found, measure):
    """Return the sum of the numbers with their units, NaN if they are no measure."""
    groups = found.groupdict()
    parts = []
    for i, (_, size) in enumerate(measure.units):
        if groups[f"n{i}"]:
            parts.append((float(groups[f"n{i}"]), size))
        if groups.get(f"last{i}"):
            parts.append((float(groups[f"last{i}"]), measure.units[i + 1][1]))
    # A smaller unit does not reach the next larger one: 9'24" is no length.
    is_whole = all(
        number * size < larger for (_, larger), (number, size) in pairwise(parts)
    )
    side = groups.get("side")
    if not parts or not is_whole or (side and groups["sign"]):
        return np.nan
    is_negative = groups["sign"] == "-" or side in {"S", "W"}
    total = sum(number * size for number, size in parts)
    return -total if is_negative else total


def what_measures_are(format):
    """Say what a measure is.

    Parameters
    ----------
    format : str
        Measure, as `learn_measure` returns it.

    Returns
    -------
    what : str

    Examples
    --------
    >>> from skautokeras._data.measures import what_measures_are
    >>> what_measures_are("5 ft 2 in")
    'lengths'
    """
    return _MEASURES[format].name
