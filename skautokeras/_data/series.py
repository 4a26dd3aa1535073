"""Read one column of a table, whatever holds it: numbers, dates, or category keys.

Each value is read on its own: what a row becomes never depends on the rows beside it.
"""

from numbers import Number

import numpy as np
import pandas as pd
from pandas.api.types import (
    infer_dtype,
    is_bool_dtype,
    is_complex_dtype,
    is_datetime64_any_dtype,
    is_numeric_dtype,
    is_string_dtype,
    is_timedelta64_dtype,
)

from skautokeras._data.codes import SECOND
from skautokeras._data.errors import too_large

# What pandas finds in an object column -> what it is here; anything else is "mixed".
_CONTENTS = {
    "empty": "empty",
    "integer": "number",
    "floating": "number",
    "mixed-integer-float": "number",
    "decimal": "number",
    "boolean": "boolean",
    "string": "string",
    "datetime": "datetime",
    "datetime64": "datetime",
    "date": "datetime",
    "timedelta": "timedelta",
    "timedelta64": "timedelta",
    "complex": "complex",
}


def content(series):
    """Tell what the values of a column are.

    Parameters
    ----------
    series : Series of shape (n_samples,)
        Any dtype.

    Returns
    -------
    content : str
        One of "empty" (nothing but missing values), "number", "boolean", "timedelta",
        "datetime", "string", "category" (the pandas dtype), "mixed".

    Examples
    --------
    >>> import pandas as pd
    >>> from skautokeras._data.series import content
    >>> content(pd.Series([1, None, 2.5], dtype=object))
    'number'
    >>> content(pd.Series([1, "a"], dtype=object))
    'mixed'
    """
    found = _content_of_dtype(series.dtype)
    if found == "object":
        found = _CONTENTS.get(infer_dtype(series, skipna=True), "mixed")
    if found == "complex":
        raise ValueError(f"Complex data not supported\nColumn {series.name!r}.")
    if found != "empty" and series.isna().all():
        return "empty"
    return found


def _content_of_dtype(dtype):
    if isinstance(dtype, pd.CategoricalDtype):
        return "category"
    # Objects first: their dtype counts as one of strings too.
    tests = {
        "object": lambda dtype: isinstance(dtype, np.dtype) and dtype.kind == "O",
        "boolean": is_bool_dtype,
        "complex": is_complex_dtype,
        "number": is_numeric_dtype,
        "timedelta": is_timedelta64_dtype,
        "datetime": is_datetime64_any_dtype,
        "string": is_string_dtype,
    }
    if isinstance(dtype, pd.PeriodDtype):
        return "datetime"
    return next((name for name, test in tests.items() if test(dtype)), "mixed")


def can_be_numbers(series):
    """Whether a column of booleans or categories holds nothing but numbers.

    Parameters
    ----------
    series : Series of shape (n_samples,)
        Any dtype.

    Returns
    -------
    can_be_numbers : bool

    Examples
    --------
    >>> import pandas as pd
    >>> from skautokeras._data.series import can_be_numbers
    >>> can_be_numbers(pd.Series([3, 1], dtype="category"))
    True
    """
    found = content(series)
    if found == "category":
        found = content(series.cat.categories.to_series())
    return found in {"boolean", "number"}


def parse_numbers(series):
    """Strings as numbers, if every non-empty one is a number.

    Parameters
    ----------
    series : Series of str of shape (n_samples,)
        A column of an array of strings.

    Returns
    -------
    series : Series of shape (n_samples,)
        Of dtype float64, empty strings as NaN; or as given, if a string is no number.

    Examples
    --------
    >>> import pandas as pd
    >>> from skautokeras._data.series import parse_numbers
    >>> parse_numbers(pd.Series(["1", "", "2.5"])).tolist()
    [1.0, nan, 2.5]
    """
    try:
        return pd.Series(_parsed(series), name=series.name)
    except ValueError:
        return series


def read_numbers(series, *, parse=False):
    """Values of a column of numbers.

    Parameters
    ----------
    series : Series of shape (n_samples,)
        Numbers, booleans, durations (read as seconds), categories that are numbers.

    parse : bool, default=False
        Whether strings that are numbers are read as such, empty ones as missing.

    Returns
    -------
    values : ndarray of shape (n_samples,), dtype float64
        NaN where the value is missing, finite elsewhere.

    Examples
    --------
    >>> import pandas as pd
    >>> from skautokeras._data.series import read_numbers
    >>> read_numbers(pd.Series([True, None, False], dtype="boolean")).tolist()
    [1.0, nan, 0.0]
    """
    found = content(series)
    if found == "empty":
        return np.full(len(series), np.nan)
    if found == "category":
        # One entry per category; code -1, the missing one, takes the NaN at the end.
        categories = series.cat.categories.to_series(name=series.name)
        values = np.append(read_numbers(categories, parse=parse), np.nan)
        return values[series.cat.codes]
    if found == "string" and parse:
        values = _parsed(series)
    elif found == "timedelta":
        values = pd.to_timedelta(series).to_numpy() / SECOND
    else:
        _check_no_other(series, found)
        values = _as_floats(series)
    if np.isinf(values).any():
        raise ValueError(too_large(series.name))
    return values


def _as_floats(series):
    if series.dtype != object:
        return series.to_numpy(dtype=np.float64, na_value=np.nan)
    values = np.full(len(series), np.nan)
    given = series.notna().to_numpy()
    try:
        values[given] = series.to_numpy()[given].astype(np.float64)
    except OverflowError as error:
        raise ValueError(too_large(series.name)) from error
    except TypeError as error:
        error.add_note(f"Column {series.name!r} was numerical in fit.")
        raise
    return values


def _check_no_other(series, found):
    """Raise if a column of numbers holds strings or dates."""
    if found == "datetime":
        raise ValueError(
            f"Column {series.name!r} is numerical and holds dates, such as "
            f"{str(series.dropna().iloc[0])!r}. "
            f"Pass column_types={{{series.name!r}: 'datetime'}} if they are meant."
        )
    if found not in {"string", "mixed"}:
        return
    string = next((v for v in series if isinstance(v, str)), None)
    if string is None:
        return
    message = f"could not convert string to float: {string!r}\nColumn {series.name!r} "
    if _is_number(string):
        message += (
            "was numerical in fit and holds strings now, even if they look like "
            "numbers. Convert it, or fit with column_types="
            f"{{{series.name!r}: 'numerical'}}."
        )
    else:
        message += "is numerical and holds strings."
    raise ValueError(message)


def _is_number(string):
    try:
        float(string)
    except ValueError:
        return False
    return True


def _parsed(series):
    codes, strings = pd.factorize(series)
    try:
        numbers = [float(s) if s.strip() else np.nan for s in strings]
    except ValueError as error:
        raise ValueError(f"{error}\nColumn {series.name!r} is numerical.") from error
    return np.append(np.array(numbers, dtype=np.float64), np.nan)[codes]


def read_datetimes(series, *, parse=False):
    """Values of a column of dates.

    Parameters
    ----------
    series : Series of shape (n_samples,)
        Dates and times, of one time zone, several, or none, which is read as UTC.

    parse : bool, default=False
        Whether strings are read as dates.

    Returns
    -------
    values : ndarray of shape (n_samples,), dtype datetime64[us]
        In UTC, NaT where the value is missing.

    Examples
    --------
    >>> import pandas as pd
    >>> from skautokeras._data.series import read_datetimes
    >>> read_datetimes(pd.Series(["1912-04-15 02:20+02:00"]), parse=True)
    array(['1912-04-15T00:20:00.000000'], dtype='datetime64[us]')
    """
    codes, moments = pd.factorize(series)
    moments = pd.Series(moments)
    found = content(moments)
    if found == "empty":
        return np.full(len(series), np.datetime64("NaT", "us"))
    if found == "category":
        moments = pd.Series(moments.to_numpy())
        found = content(moments)
    if found not in {"datetime", "string", "mixed"} or (
        found != "datetime" and not parse
    ):
        raise ValueError(
            f"Column {series.name!r} is a datetime column and holds values of another "
            f"kind, such as {moments.iloc[0]!r}. Convert it with pandas.to_datetime"
            + (
                "."
                if parse
                else f", or pass column_types={{{series.name!r}: 'datetime'}}."
            )
        )
    parsed = _to_utc(moments, series.name)
    return np.append(parsed, np.datetime64("NaT", "us"))[codes]


def _to_utc(moments, name):
    if isinstance(moments.dtype, pd.PeriodDtype):
        moments = moments.dt.to_timestamp()
    # Every string on its own: a format guessed from the first depends on the rows.
    how = {"format": "mixed"} if content(moments) != "datetime" else {}
    parsed = pd.to_datetime(moments, utc=True, errors="coerce", **how)
    if parsed.isna().any():
        wrong = moments[parsed.isna()].iloc[0]
        raise ValueError(
            f"Column {name!r} is a datetime column and {wrong!r} is no date."
        )
    return parsed.dt.tz_localize(None).to_numpy().astype("datetime64[us]")


def read_keys(series):
    """Values of a column of categories, as keys that do not depend on its dtype.

    The key is the string of the value; that of a whole number has no decimal point, so
    that 1, 1.0 and "1" are one category.

    Parameters
    ----------
    series : Series of shape (n_samples,)
        Any dtype.

    Returns
    -------
    codes : ndarray of int of shape (n_samples,)
        Positions in `keys`, -1 where the value is missing. An empty string is a value.

    keys : ndarray of str objects of shape (n_keys,)
        The keys, each at least once.

    Examples
    --------
    >>> import pandas as pd
    >>> from skautokeras._data.series import read_keys
    >>> codes, keys = read_keys(pd.Series([1.0, None, "a", True], dtype=object))
    >>> codes.tolist(), keys.tolist()
    ([0, -1, 1, 2], ['1', 'a', 'True'])
    """
    found = content(series)
    if found == "category":
        codes, values = series.cat.codes.to_numpy(), series.cat.categories
    elif series.dtype == object and found not in {"number", "boolean", "string"}:
        # Python takes True for 1: only the keys of mixed values may be compared.
        missing = series.isna().to_numpy()
        named = [
            None if is_missing else _key(value, series.name)
            for value, is_missing in zip(series, missing, strict=True)
        ]
        codes, values = pd.factorize(np.array(named, dtype=object))
        return codes, values
    else:
        codes, values = pd.factorize(series)
    keys = np.empty(len(values), dtype=object)
    keys[:] = [_key(value, series.name) for value in values]
    return codes, keys


def _key(value, name):
    if isinstance(value, str):
        return str(value)
    if isinstance(value, bool | np.bool_):
        return str(bool(value))
    if isinstance(value, Number):
        return _key_of_number(value, name)
    if getattr(value, "__hash__", None) is None:
        raise TypeError(
            "argument must be a string or a number, not "
            f"{type(value).__name__!r}\nColumn {name!r}."
        )
    return str(value)


def _key_of_number(value, name):
    if isinstance(value, complex | np.complexfloating):
        raise ValueError(f"Complex data not supported\nColumn {name!r}.")
    if isinstance(value, int | np.integer):
        return str(int(value))
    value = float(value)
    if np.isinf(value):
        raise ValueError(too_large(name))
    return str(int(value)) if value.is_integer() else repr(value)
