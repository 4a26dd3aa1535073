"""Read one column of a table, whatever dtype it has: numbers, dates, or category keys.

Each value is read on its own: what a row becomes never depends on the rows beside it.
"""

from datetime import UTC, date, time, timedelta
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
from skautokeras._data.containers import plain_string
from skautokeras._data.errors import too_large

# Names that pandas has for the values of an object column, and the names they have
# here. Values with any other name are "mixed".
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
    "time": "timedelta",
    "complex": "complex",
    "period": "datetime",
}
# Types of values that are the same kind of data, and types that are not of this kind
# although Python derives them from the others.
_FAMILIES = {
    "boolean": ((bool, np.bool_), ()),
    "string": ((str, bytes), ()),
    "datetime": ((date, np.datetime64, pd.Period), ()),
    "timedelta": ((timedelta, np.timedelta64, time), ()),
    "number": (Number, (bool, complex, np.complexfloating, np.timedelta64)),
}

_NOT_A_TIME = np.datetime64("NaT", "us")


def content_of(series):
    """Tell what the values of a column are.

    Parameters
    ----------
    series : Series of shape (n_samples,)
        Column of any dtype.

    Returns
    -------
    content : str
        One of "empty" (nothing but missing values), "number", "boolean", "timedelta",
        "datetime", "string", "category" (the pandas dtype), "mixed".

    Raises
    ------
    ValueError
        If the values are complex numbers.

    Examples
    --------
    >>> import pandas as pd
    >>> from skautokeras._data.series import content_of
    >>> content_of(pd.Series([1, None, 2.5], dtype=object))
    'number'
    >>> content_of(pd.Series([1, "a"], dtype=object))
    'mixed'
    """
    content = _content_of_dtype(series.dtype)
    if content in {"object", "mixed"}:
        values = series.astype(object)
        inferred = infer_dtype(values, skipna=True)
        content = _CONTENTS.get(inferred) or _content_of_types(values)
    if content == "complex":
        raise ValueError(f"Complex data not supported\nColumn {series.name!r}.")
    if content != "empty" and series.isna().all():
        return "empty"
    return content


def content_of_values(series):
    """Tell what the values of a column are, those of categories included.

    Parameters
    ----------
    series : Series of shape (n_samples,)
        Column of any dtype.

    Returns
    -------
    content : str
        Result of `content_of` for the values, or for the categories of the dtype
        "category".

    Examples
    --------
    >>> import pandas as pd
    >>> from skautokeras._data.series import content_of_values
    >>> content_of_values(pd.Series([1, 2], dtype="category"))
    'number'
    """
    content = content_of(series)
    if content != "category":
        return content
    return content_of(pd.Series(series.cat.categories))


def _content_of_types(series):
    """Return what values of several types have in common; "mixed" if nothing."""
    types = {type(value) for value in series.dropna()}
    for content, (family, others) in _FAMILIES.items():
        if all(issubclass(t, family) and not issubclass(t, others) for t in types):
            return content
    return "mixed"


def _content_of_dtype(dtype):
    if isinstance(dtype, pd.CategoricalDtype):
        return "category"
    # Objects first, because pandas counts their dtype as one of strings too.
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


def can_be_numbers(series, content=None):
    """Whether a column of booleans or categories can be read as numbers.

    Parameters
    ----------
    series : Series of shape (n_samples,)
        Column of any dtype.

    content : str or None, default=None
        Result of `content_of`. None finds it out.

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
    content = content or content_of(series)
    if content == "category":
        content = content_of(series.cat.categories.to_series())
    return content in {"boolean", "number"}


def parse_numbers(series):
    """Read strings as numbers, if every string that is not empty is a number.

    Parameters
    ----------
    series : Series of str of shape (n_samples,)
        Column of an array of strings.

    Returns
    -------
    series : Series of shape (n_samples,)
        Numbers of dtype float64, with NaN for empty strings. The column itself if one
        of its strings is not a number.

    Examples
    --------
    >>> import pandas as pd
    >>> from skautokeras._data.series import parse_numbers
    >>> parse_numbers(pd.Series(["1", "", "2.5"])).tolist()
    [1.0, nan, 2.5]
    """
    try:
        codes, strings = pd.factorize(series)
        numbers = [float(s) if s.strip() else np.nan for s in strings]
    except ValueError:
        return series
    return pd.Series(np.append(numbers, np.nan)[codes], name=series.name)


def read_column(series, kind, *, content=None):
    """Read a column as its kind needs it.

    Parameters
    ----------
    series : Series of shape (n_samples,)
        Column of any dtype.

    kind : str
        Kind of the column, as in `Column`.

    content : str or None, default=None
        Result of `content_of`. None finds it out.

    Returns
    -------
    values : ndarray of shape (n_samples,) or tuple of (ndarray, ndarray)
        The result of `read_numbers` for "numerical", of `read_datetimes` for
        "datetime", and of `read_keys` for every other kind.

    Examples
    --------
    >>> import pandas as pd
    >>> from skautokeras._data.series import read_column
    >>> read_column(pd.Series([3, 1]), "numerical").tolist()
    [3.0, 1.0]
    """
    if kind == "numerical":
        return read_numbers(series, content=content)
    if kind == "datetime":
        return read_datetimes(series)
    return read_keys(series, content=content)


def read_numbers(series, *, content=None):
    """Read a column of numbers.

    Parameters
    ----------
    series : Series of shape (n_samples,)
        Numbers, booleans, durations and times of the day (read as seconds), or
        categories that are numbers.

    content : str or None, default=None
        Result of `content_of`. None finds it out.

    Returns
    -------
    values : ndarray of shape (n_samples,), dtype float64
        NaN where the value is missing, and finite elsewhere.

    Raises
    ------
    ValueError
        If the column holds strings, dates, or numbers that are not finite.

    Examples
    --------
    >>> import pandas as pd
    >>> from skautokeras._data.series import read_numbers
    >>> read_numbers(pd.Series([True, None, False], dtype="boolean")).tolist()
    [1.0, nan, 0.0]
    """
    content = content or content_of(series)
    if content == "empty":
        return np.full(len(series), np.nan)
    if content == "category":
        # One number per category. Code -1, a missing value, takes the NaN at the end.
        categories = series.cat.categories.to_series(name=series.name)
        values = np.append(read_numbers(categories), np.nan)
        return values[series.cat.codes]
    if content == "timedelta":
        values = _durations(series).to_numpy() / SECOND
    else:
        _check_only_numbers(series, content)
        values = _as_floats(series)
    if np.isinf(values).any():
        raise ValueError(too_large(series.name))
    return values


def _durations(series):
    """Read durations, and times of the day, which pandas takes as strings alone."""
    if isinstance(series.dtype, np.dtype) and series.dtype.kind == "m":
        return series
    return pd.to_timedelta(
        series.astype(object).map(
            lambda v: v.replace(tzinfo=None).isoformat() if isinstance(v, time) else v
        )
    )


def _as_floats(series):
    if series.dtype != object:
        return series.to_numpy(dtype=np.float64, na_value=np.nan)
    values = np.full(len(series), np.nan)
    is_present = series.notna().to_numpy()
    try:
        values[is_present] = series.to_numpy()[is_present].astype(np.float64)
    except OverflowError as error:
        raise ValueError(too_large(series.name)) from error
    except TypeError as error:
        error.add_note(f"Column {series.name!r} was numerical in fit.")
        raise
    return values


def _check_only_numbers(series, content):
    """Raise if a column of numbers holds strings or dates."""
    if content == "datetime":
        raise ValueError(
            f"Column {series.name!r} is numerical and holds dates, such as "
            f"{str(series.dropna().iloc[0])!r}. "
            f"Pass column_types={{{series.name!r}: 'datetime'}} if they are meant."
        )
    if content not in {"string", "mixed"}:
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


def read_datetimes(series):
    """Read a column of dates.

    Parameters
    ----------
    series : Series of shape (n_samples,)
        Dates and times. They may have one time zone, several, or none; those without a
        time zone are read as UTC. That `predict` gets no other ones than `fit` is
        checked in `read_in_format`.

    Returns
    -------
    values : ndarray of shape (n_samples,), dtype datetime64[us]
        Moments in UTC, NaT where the value is missing.

    Raises
    ------
    ValueError
        If a value is not a date.

    Examples
    --------
    >>> import pandas as pd
    >>> from skautokeras._data.series import read_datetimes
    >>> read_datetimes(pd.Series([pd.Timestamp("1912-04-15 02:20+02:00")]))
    array(['1912-04-15T00:20:00.000000'], dtype='datetime64[us]')
    """
    codes, moments = pd.factorize(series)
    moments = pd.Series(moments)
    content = content_of(moments)
    if content == "empty":
        return np.full(len(series), _NOT_A_TIME)
    if content == "category":
        moments = pd.Series(moments.to_numpy())
        content = content_of(moments)
    if content != "datetime":
        raise ValueError(
            f"Column {series.name!r} is a datetime column and holds values of another "
            f"kind, such as {moments.tolist()[0]!r}. "
            f"{_how_to_convert(moments, content)}"
        )
    parsed = _to_utc(moments)
    return np.append(parsed, _NOT_A_TIME)[codes]


# Numbers from which a moment is counted in this unit since 1970: those of early 1973.
_FIRST_OF_UNITS = {"ns": 1e17, "us": 1e14, "ms": 1e11, "s": 1e8}
# Numbers whose digits are those of a date.
_FIRST_DIGITS, _LAST_DIGITS = 19000101, 21001231


def _how_to_convert(values, content):
    """Say how values become dates; pandas takes all numbers for nanoseconds."""
    if content != "number":
        return "Convert it with pandas.to_datetime."
    numbers = np.abs(_as_floats(values))
    if ((numbers >= _FIRST_DIGITS) & (numbers <= _LAST_DIGITS)).all():
        return "Convert it with pandas.to_datetime(..., format='%Y%m%d')."
    # A mark for the end of time, such as the year 9999, must not tell the unit.
    usual = np.median(numbers)
    for unit, first in _FIRST_OF_UNITS.items():
        if usual >= first:
            return f"Convert it with pandas.to_datetime(..., unit={unit!r})."
    return (
        "Convert it to dates. pandas.to_datetime takes numbers for nanoseconds since "
        "1970, unless its unit, origin or format says what they are."
    )


def are_zoned(series):
    """Tell which moments of a column have a time zone.

    Parameters
    ----------
    series : Series of shape (n_samples,)
        Dates and times as `read_datetimes` takes them.

    Returns
    -------
    are_zoned : ndarray of bool of shape (n_present,)
        One for each value that is not missing.

    Examples
    --------
    >>> import pandas as pd
    >>> from skautokeras._data.series import are_zoned
    >>> are_zoned(pd.Series([pd.Timestamp("2024-05-31", tz="UTC"), None])).tolist()
    [True]
    """
    present = series.dropna()
    if present.dtype != object and not isinstance(present.dtype, pd.CategoricalDtype):
        # The time zone of a column of PyArrow is that of its own type.
        dtype = getattr(present.dtype, "pyarrow_dtype", present.dtype)
        return np.full(len(present), getattr(dtype, "tz", None) is not None)
    return np.array([getattr(v, "tzinfo", None) is not None for v in present], bool)


def _to_utc(moments):
    if isinstance(moments.dtype, pd.PeriodDtype):
        moments = moments.dt.to_timestamp()
    elif moments.dtype == object:
        moments = moments.map(_without_period)
    if moments.dtype == object:
        # pandas before version 3 has no dates behind the year 2262 among objects.
        return np.array([_moment(value) for value in moments], dtype="datetime64[us]")
    moments = pd.to_datetime(moments, utc=True)
    return moments.dt.tz_localize(None).to_numpy().astype("datetime64[us]")


def _moment(value):
    """Return a date of any class as a moment in UTC."""
    if getattr(value, "tzinfo", None) is not None:
        value = value.astimezone(UTC).replace(tzinfo=None)
    return np.datetime64(value, "us")


def _without_period(moment):
    return moment.to_timestamp() if isinstance(moment, pd.Period) else moment


def read_keys(series, *, content=None):
    """Read a column of categories as keys that do not depend on its dtype.

    The key is the string of the value. The key of a whole number has no decimal point,
    so that 1, 1.0 and "1" are one category. The key of a number of half or single
    precision is its shortest string, so that 0.1 is one category in any precision.

    Parameters
    ----------
    series : Series of shape (n_samples,)
        Column of any dtype.

    content : str or None, default=None
        Result of `content_of`. None finds it out.

    Returns
    -------
    codes : ndarray of int of shape (n_samples,)
        Positions in `keys`, -1 where the value is missing. An empty string is a value.

    keys : ndarray of str objects of shape (n_keys,)
        The keys. Each occurs at least once, and several values may have the same key.

    Examples
    --------
    >>> import pandas as pd
    >>> from skautokeras._data.series import read_keys
    >>> codes, keys = read_keys(pd.Series([1.0, None, "a", True], dtype=object))
    >>> codes.tolist(), keys.tolist()
    ([0, -1, 1, 2], ['1', 'a', 'True'])
    """
    content = content or content_of(series)
    if content == "category":
        codes, values = series.cat.codes.to_numpy(), series.cat.categories
    elif series.dtype == object and content not in {"number", "boolean", "string"}:
        # Python holds True and 1 for equal, so that mixed values are compared by key.
        is_missing = series.isna().to_numpy()
        keys_of_rows = [
            None if missing else _key(value, series.name)
            for value, missing in zip(series, is_missing, strict=True)
        ]
        codes, values = pd.factorize(np.array(keys_of_rows, dtype=object))
        return codes, values
    else:
        codes, values = pd.factorize(series)
    dtype = values.dtype if content == "category" else series.dtype
    dtype = getattr(dtype, "numpy_dtype", dtype)
    if dtype in (np.float16, np.float32):
        # pandas makes numbers of greater precision of the elements.
        values = np.asarray(values, dtype=dtype)
    keys = np.empty(len(values), dtype=object)
    keys[:] = [_key(value, series.name) for value in values]
    return codes, keys


def _key(value, name):
    if isinstance(value, str):
        return plain_string(value)
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, bool | np.bool_):
        return str(bool(value))
    if isinstance(value, Number):
        return _key_of_number(value, name)
    if getattr(value, "__hash__", None) is None:
        raise TypeError(
            "argument must be a string or a number, not "
            f"{type(value).__name__!r}\nColumn {name!r} holds collections. Give their "
            "elements columns of their own, or join them to strings."
        )
    return str(value)


def _key_of_number(value, name):
    if isinstance(value, complex | np.complexfloating):
        raise ValueError(f"Complex data not supported\nColumn {name!r}.")
    if isinstance(value, int | np.integer):
        return str(int(value))
    # The digits that half and single precision need are fewer than those of the same
    # number in double precision. They are too few for whole numbers of half precision,
    # whose greatest would be 65500.
    is_whole_half = isinstance(value, np.float16) and value.is_integer()
    if isinstance(value, np.float16 | np.float32) and not is_whole_half:
        value = str(value)
    value = float(value)
    if np.isinf(value):
        raise ValueError(too_large(name))
    return str(int(value)) if value.is_integer() else repr(value)
