"""Numbers in strings: their decimal mark, their separators, and one unit.

How the numbers of a column are written is learned from all of its strings. With it,
each string is read on its own, so that a row becomes the same alone and among others.
"""

import re
import unicodedata
from collections import Counter
from decimal import Decimal

import numpy as np

# Spaces and apostrophes separate groups of digits, whatever the decimal mark is.
_BETWEEN_GROUPS = " \u00a0\u202f\u2009'\u2019"

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
    >>> from skautokeras._data.quantities import learn_unit
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


def unit_of(format):
    """Return the unit of a format of numbers.

    Parameters
    ----------
    format : str
        Result of `learn_unit`.

    Returns
    -------
    unit : str

    Examples
    --------
    >>> from skautokeras._data.quantities import unit_of
    >>> unit_of("km"), unit_of("1.234,5 €")
    ('km', '€')
    """
    return _from_format(format)[0]


def _from_format(format):
    """Return the unit, the decimal mark, and whether letters are powers of ten."""
    if not format[:1].isdigit():
        return format, ".", False
    sample, _, unit = format.partition(" ")
    return unit, "," if sample.startswith(_SAMPLES[","]) else ".", sample[-1:] == "K"


# Marks that numbers of a limit or an estimate have in front of them, and those of
# footnotes and of what is at least so much behind them.
_MARK_IN_FRONT = re.compile(r"(?:[<>]=?|[\u2264\u2265~\u2248])\s*")
_MARK_BEHIND = re.compile(r"(?:\*{1,3}|[+\u2020\u2021])$")
_MOST_SIGNS = 3

_OTHER_DIGITS = re.compile(r"(?![0-9])\d")
# Longer strings are texts, and no numbers or dates.
LONGEST = 200
# Signs of the Arabic scripts and of full width.
_TO_ASCII = str.maketrans(
    "\u066b\u066c\u066a\uff0e\uff0c\uff0d\uff0b\uff05\uff1a\uff0f", ".,%.,-+%:/"
)


def plain_digits(string):
    """Write the decimal digits of any script, and the signs beside them, as in ASCII.

    Parameters
    ----------
    string : str
        Number or other string.

    Returns
    -------
    string : str
        The string itself if it is as long as a text.

    Examples
    --------
    >>> from skautokeras._data.quantities import plain_digits
    >>> plain_digits("\u0661\u0662\u066b\u0665"), plain_digits("x\u00b2")
    ('12.5', 'x²')
    """
    if string.isascii() or len(string) > LONGEST or not _OTHER_DIGITS.search(string):
        return string
    string = string.translate(_TO_ASCII)
    return _OTHER_DIGITS.sub(lambda digit: str(unicodedata.decimal(digit[0])), string)


def without_mark(string):
    """Leave out what marks a number as a limit, an estimate or one with a footnote.

    Parameters
    ----------
    string : str
        String such as "<5", "~3.2", "12.5*" and "5+", without white space around it.

    Returns
    -------
    string : str
        The string itself where it has no such mark.

    Examples
    --------
    >>> from skautokeras._data.quantities import without_mark
    >>> without_mark("<5"), without_mark("12.5*"), without_mark("5+"), without_mark("5")
    ('5', '12.5', '5', '5')
    """
    if found := _MARK_IN_FRONT.match(string):
        string = string[found.end() :]
    found = _MARK_BEHIND.search(string, max(len(string) - _MOST_SIGNS, 0))
    return string[: found.start()].rstrip() if found else string


def plain_form(string):
    """Write a number with digits of ASCII, no mark, and a hyphen in front as its sign.

    Parameters
    ----------
    string : str
        Number in any form.

    Returns
    -------
    string : str
        In accounts, numbers in parentheses or with a sign at the end are negative.

    Examples
    --------
    >>> from skautokeras._data.quantities import plain_form
    >>> plain_form("(5)"), plain_form("5-"), plain_form("\u22125"), plain_form(" <5 ")
    ('-5', '-5', '-5', '5')
    """
    string = without_mark(plain_digits(string).strip()).replace("\u2212", "-")
    if string[:1] == "(" and string[-1:] == ")":
        return f"-{string[1:-1].strip()}"
    return f"-{string[:-1].rstrip()}" if string[-1:] == "-" else string


def _parts_of(string, mark):
    """Return the parts of a number as a match, or None if the string is none."""
    parts = _NUMBERS[mark].fullmatch(plain_form(string))
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
    >>> from skautokeras._data.quantities import parse_quantities
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


def what_quantities_are(unit):
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
    >>> from skautokeras._data.quantities import what_quantities_are
    >>> what_quantities_are("km"), what_quantities_are("")
    ("numbers with the unit 'km'", 'numbers')
    >>> what_quantities_are("1.234,5 €")
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
    >>> from skautokeras._data.quantities import are_whole
    >>> are_whole(["1", "-20"]), are_whole(["1", "2.5"]), are_whole(["1 km"])
    (True, False, False)
    """
    return all(re.fullmatch(r"[+-]?[0-9]+", plain_form(string)) for string in strings)


# Numbers with the code of a country have at least eight digits.
_TELEPHONE = re.compile(r"\+(?:[0-9][\s-]?){7,}[0-9]")


def _is_of_groups(string):
    """Whether a string is a number of three groups of digits or more."""
    return string.count(" ") > 1 and string.replace(" ", "").isdecimal()


def are_codes(strings, min_length, unit=""):
    """Whether strings that are numbers look like codes, such as postal codes.

    Parameters
    ----------
    strings : sequence of str
        Strings that are numbers.

    min_length : int
        Number of characters from which whole numbers of one length are codes.

    unit : str, default=""
        Unit of the numbers. One of several letters is no part of a code.

    Returns
    -------
    are_codes : bool
        True if a string starts with a zero in front of other digits, if all are numbers
        of telephones with a plus in front, or if all have the same length and are
        digits, perhaps with a letter right behind them, or with two spaces or more
        between them.

    Examples
    --------
    >>> from skautokeras._data.quantities import are_codes
    >>> are_codes(["007", "12"], 5), are_codes(["90210", "94016"], 5)
    (True, True)
    >>> are_codes(["7220A", "1351A"], 5)
    True
    >>> are_codes(["555 123 456", "555 321 654"], 5)
    True
    >>> are_codes(["+49 151 86556179", "+41 22 7317131"], 5)
    True
    >>> are_codes(["1999", "2001"], 5), are_codes(["0.5", "12,000"], 5)
    (False, False)
    >>> are_codes(["1200cc", "1600cc"], 5, unit="cc")
    False
    """
    strings = [plain_form(string) for string in strings]
    if any(re.match(r"\D?0[0-9]", string) for string in strings):
        return True
    if all(_TELEPHONE.fullmatch(string) for string in strings):
        return True
    if sum(map(str.isalpha, unit)) > 1:
        return False
    if len(strings[0]) < min_length or len({len(string) for string in strings}) > 1:
        return False
    return all(string.isalnum() or _is_of_groups(string) for string in strings)
