"""The kinds of values of pandas and of time that a fitted estimator may hold."""

import re
from datetime import date, datetime, time, timedelta

import numpy as np
import pandas as pd

# The dtypes of pandas that a list of plain values and None can be turned back into.
_EXTENSIONS = re.compile(r"U?Int\d+|Float\d+|boolean|string|str")


def _is_extension(value):
    is_extension = isinstance(value, pd.api.extensions.ExtensionArray)
    return is_extension and _EXTENSIONS.fullmatch(str(value.dtype)) is not None


def _take_extension_apart(value):
    items = [None if pd.isna(item) else item for item in value.tolist()]
    return {"dtype": str(value.dtype), "items": items}


def _extension(parts):
    if not _EXTENSIONS.fullmatch(parts["dtype"]):
        raise ValueError(f"{parts['dtype']!r} is no dtype that it can hold.")
    return pd.array(parts["items"], dtype=parts["dtype"])


def _attributes(*names):
    """Return a function that takes a value apart into some of its attributes."""
    return lambda value: {name: getattr(value, name) for name in names}


def _values(column):
    """Return what a Series or an Index holds: an array of NumPy's if it can be."""
    if isinstance(column.dtype, np.dtype):
        return column.to_numpy()
    return column.array


def _is_index(value):
    return isinstance(value, pd.Index) and not isinstance(value, pd.MultiIndex)


def _index(parts):
    values = parts["values"]
    return pd.Index(values, dtype=values.dtype, name=parts["name"])


def _take_series_apart(value):
    return {"values": _values(value), "index": value.index, "name": value.name}


def _series(parts):
    values, index = parts["values"], parts["index"]
    # pandas would repeat a single value as often as the index says.
    if np.shape(values) != (len(index),):
        raise ValueError("It holds a column that is not as long as its index.")
    return pd.Series(values, index=index, dtype=values.dtype, name=parts["name"])


def _take_frame_apart(value):
    columns = [_values(value.iloc[:, i]) for i in range(value.shape[1])]
    return {"columns": columns, "labels": value.columns, "index": value.index}


def _frame(parts):
    index = parts["index"]
    series = {
        i: _series({"values": values, "index": index, "name": None})
        for i, values in enumerate(parts["columns"])
    }
    return pd.DataFrame(series, index=index).set_axis(parts["labels"], axis=1)


def _is(cls):
    return lambda value: type(value) is cls


# Name -> whether a value is of the kind, what it is taken apart into, and the value.
PANDAS_KINDS = {
    "missing": (
        lambda value: value is pd.NA or value is pd.NaT,
        str,
        {"<NA>": pd.NA, "NaT": pd.NaT}.__getitem__,
    ),
    "timestamp": (_is(pd.Timestamp), pd.Timestamp.isoformat, pd.Timestamp),
    "timedelta": (_is(pd.Timedelta), pd.Timedelta.isoformat, pd.Timedelta),
    "datetime": (_is(datetime), datetime.isoformat, datetime.fromisoformat),
    "date": (_is(date), date.isoformat, date.fromisoformat),
    "time": (_is(time), time.isoformat, time.fromisoformat),
    "duration": (
        _is(timedelta),
        _attributes("days", "seconds", "microseconds"),
        lambda parts: timedelta(**parts),
    ),
    "period": (
        _is(pd.Period),
        _attributes("ordinal", "freqstr"),
        lambda parts: pd.Period(ordinal=parts["ordinal"], freq=parts["freqstr"]),
    ),
    "interval": (
        _is(pd.Interval),
        _attributes("left", "right", "closed"),
        lambda parts: pd.Interval(**parts),
    ),
    "intervals": (
        _is(pd.arrays.IntervalArray),
        _attributes("left", "right", "closed"),
        lambda parts: pd.arrays.IntervalArray.from_arrays(**parts),
    ),
    "periods": (
        _is(pd.arrays.PeriodArray),
        lambda value: {"ordinals": value.asi8, "freq": value.freqstr},
        lambda parts: (
            pd.PeriodIndex.from_ordinals(parts["ordinals"], freq=parts["freq"]).array
        ),
    ),
    "extension": (_is_extension, _take_extension_apart, _extension),
    "categorical": (
        _is(pd.Categorical),
        _attributes("codes", "categories", "ordered"),
        lambda parts: pd.Categorical.from_codes(**parts),
    ),
    "range_index": (
        _is(pd.RangeIndex),
        _attributes("start", "stop", "step", "name"),
        lambda parts: pd.RangeIndex(**parts),
    ),
    "index": (
        _is_index,
        lambda value: {"values": _values(value), "name": value.name},
        _index,
    ),
    "series": (_is(pd.Series), _take_series_apart, _series),
    "frame": (_is(pd.DataFrame), _take_frame_apart, _frame),
}
