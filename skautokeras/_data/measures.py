"""Durations and other measures in strings that have several numbers, such as 2h 50m.

Which measure a column has is learned from all of its strings. With it, each string is
read on its own, so that a row becomes the same alone and among others.
"""

import re
from dataclasses import dataclass

import numpy as np

from skautokeras._data.quantities import sign_in_front
from skautokeras._data.series import content_of, read_keys

# Durations in seconds. With two numbers between colons, they are hours and minutes, or
# minutes and seconds.
HOURS_AND_MINUTES = "1:05 h"
_MINUTES_AND_SECONDS = "1:05 min"

# Times of the day and durations, as clocks and as Python and pandas write them.
_CLOCK = re.compile(
    r"(?:(?P<days>[+-]?[0-9]+)\s(?i:days?),?\s\+?)?(?P<sign>[+-]?)(?P<first>[0-9]{1,4})"
    r":(?P<second>[0-5][0-9])(?::(?P<third>[0-5][0-9](?:[.,][0-9]*)?))?"
    r"(?:\s?(?P<half>[aApP])\.?[mM]\.?)?"
)
# Durations of ISO 8601, such as PT2H50M.
_ISO_8601 = re.compile(r"(?P<sign>[+-]?)P(?=[0-9T])(?P<rest>[0-9.DTHMSW]+)")
# The forms in which pandas and Python write durations and times of the day.
_WRITTEN = re.compile(
    r"-?[0-9]+ days?(,? \+?[0-9:.]+)?|-?P[0-9]+DT[0-9.HMS]+"
    r"|[0-9]+(:[0-9]{2}){2}(\.[0-9]+)?"
)
_DAY, _HOUR, _MINUTE = 86400, 3600, 60

# Hours of a day, with which a clock without seconds hardly begins unless it means them.
_HOURS_OF_A_DAY = 24


@dataclass(frozen=True)
class _Measure:
    """A kind of measure: its name, its unit, and the units by which it is written.

    Each of these has the pattern of its spellings, and its size. The largest is first.
    """

    name: str
    unit: str
    units: tuple

    def pattern(self):
        """Return the pattern of numbers with these units; the last may lack its own."""
        number = r"[0-9]+(?:\.[0-9]*)?|\.[0-9]+"
        parts = [
            rf"(?:(?P<n{i}>{number})\s*(?:{spellings})(?![a-z])[\s,]*(?:and\s+)?)?"
            for i, (spellings, _) in enumerate(self.units)
        ]
        return re.compile(
            rf"(?P<sign>[+-]?)\s?{''.join(parts)}(?P<rest>{number})?"
            r"(?P<quarter>[NSEW]?)"
        )


_FEET, _INCHES = "(?i:feet|foot|ft)\\.?|'|[\u2032\u2019]", "(?i:inch|inches|in)\\.?"
_TIME = _Measure(
    "durations",
    "seconds",
    (
        ("(?i:weeks?|wks?)|w", 7 * _DAY),
        ("(?i:days?)|d", _DAY),
        ("(?i:hours?|hrs?)\\.?|h", _HOUR),
        ("(?i:minutes?|mins?)\\.?|m", _MINUTE),
        ("(?i:seconds?|secs?)\\.?|s", 1),
        ("(?i:milliseconds?)|ms", 0.001),
    ),
)
_MEASURES = {
    HOURS_AND_MINUTES: _TIME,
    _MINUTES_AND_SECONDS: _TIME,
    "5 ft 2 in": _Measure(
        "lengths",
        "inches",
        ((_FEET, 12), (f"{_INCHES}|\"|''|[\u2033\u201d]", 1)),
    ),
    "5 lb 2 oz": _Measure(
        "weights",
        "ounces",
        (
            ("(?i:stones?|st)\\.?", 224),
            ("(?i:pounds?|lbs?)\\.?", 16),
            ("(?i:ounces?|oz)\\.?", 1),
        ),
    ),
    "5° 2'": _Measure(
        "angles",
        "degrees",
        (
            ("°|(?i:deg)\\.?", 1),
            ("['\u2032\u2019]", 1 / 60),
            ("\"|''|[\u2033\u201d]", 1 / 3600),
        ),
    ),
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
    with_clocks = _format_of_clocks(strings)
    formats = [with_clocks, *(f for f in _MEASURES if _MEASURES[f] is not _TIME)]
    n_read = {
        format: np.count_nonzero(~np.isnan(parse_measures(strings, format)))
        for format in formats
    }
    best = max(n_read, key=n_read.get)
    return best if n_read[best] else None


def _format_of_clocks(strings):
    """Tell whether the numbers in 1:05 are hours and minutes, or minutes and seconds.

    They are minutes and seconds if other strings have hours in front of them, or if
    there are more than 23 of the first. A time of the day has two digits everywhere.
    """
    clocks = [found for s in strings if (found := _CLOCK.fullmatch(s.strip()))]
    firsts = [clock["first"] for clock in clocks if not clock["third"]]
    have_hours = any(clock["third"] for clock in clocks)
    if any(int(first) >= _HOURS_OF_A_DAY for first in firsts):
        return _MINUTES_AND_SECONDS
    are_of_a_day = all(len(first) == 2 for first in firsts) or any(
        clock["half"] for clock in clocks
    )
    return (
        _MINUTES_AND_SECONDS if have_hours and not are_of_a_day else HOURS_AND_MINUTES
    )


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
    return np.array([_measured(s.strip(), format) for s in strings], dtype=np.float64)


def _measured(string, format):
    measure = _MEASURES[format]
    string = sign_in_front(string)
    if measure is _TIME:
        if clock := _CLOCK.fullmatch(string):
            return _seconds_of(clock, format)
        if iso := _ISO_8601.fullmatch(string):
            string = iso["sign"] + iso["rest"].replace("T", "").lower()
    found = _PATTERNS[format].fullmatch(string)
    return _sum_of(found, measure) if found else np.nan


def _seconds_of(clock, format):
    """Return the seconds that a clock shows, NaN if no clock does."""
    first, second = int(clock["first"]), int(clock["second"])
    if clock["half"]:
        if not 1 <= first <= 12 or clock["days"]:
            return np.nan
        first = first % 12 + 12 * (clock["half"] in "pP")
    seconds = first * _HOUR + second * _MINUTE
    if clock["third"]:
        seconds += float(clock["third"].replace(",", "."))
    elif format == _MINUTES_AND_SECONDS and not clock["half"]:
        seconds = first * _MINUTE + second
    # Of negative durations, pandas and Python write the days as negative alone.
    seconds *= -1 if clock["sign"] == "-" else 1
    return float(seconds + int(clock["days"] or 0) * _DAY)


def _sum_of(found, measure):
    numbers = [found[f"n{i}"] for i in range(len(measure.units))]
    given = [i for i, number in enumerate(numbers) if number]
    if not given:
        return np.nan
    total = sum(float(numbers[i]) * measure.units[i][1] for i in given)
    if found["rest"]:
        if given[-1] + 1 == len(measure.units):
            return np.nan
        total += float(found["rest"]) * measure.units[given[-1] + 1][1]
    if found["quarter"] and measure.name != "angles":
        return np.nan
    is_negative = (found["sign"] == "-") != (found["quarter"] in {"S", "W"})
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
    'lengths in inches'
    """
    measure = _MEASURES[format]
    return f"{measure.name} in {measure.unit}"


def are_written_durations(series):
    """Tell whether a column consists of durations or times as files hold them.

    Parameters
    ----------
    series : Series of shape (n_samples,)
        Column of any dtype.

    Returns
    -------
    are_durations : bool
        False if there is no string.

    Examples
    --------
    >>> import pandas as pd
    >>> from skautokeras._data.measures import are_written_durations
    >>> are_written_durations(pd.Series(["0 days 01:29:05", None, "2 days"]))
    True
    >>> are_written_durations(pd.Series(["1:29"]))
    False
    """
    if content_of(series) != "string":
        return False
    _, keys = read_keys(series, content="string")
    keys = [key.strip() for key in keys if key.strip()]
    return bool(keys) and all(_WRITTEN.fullmatch(key) for key in keys)
