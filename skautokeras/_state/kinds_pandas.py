"""The kinds of values of pandas and of time that a fitted estimator may hold."""

import re
from datetime import date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

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


def _zone(tz):
    """Return the name of a time zone, or its offset if it always has the same one.

    It is None if there is no zone, or none that can be told: that of the machine, for
    instance.
    """
    # They are called so by `zoneinfo` and by pytz.
    name = getattr(tz, "key", None) or getattr(tz, "zone", None)
    return name or (None if tz is None else tz.utcoffset(None))


def _zone_again(zone):
    return ZoneInfo(zone) if isinstance(zone, str) else timezone(zone)


def _is_without_zone(cls):
    """Return a function that tells whether a moment is written whole by ISO 8601."""
    return lambda value: (
        type(value) is cls
        and (value.tzinfo is None or isinstance(_zone(value.tzinfo), timedelta))
    )


def _is_in_zone(cls):
    """Return a function that tells whether a moment is in a time zone with a name."""
    return lambda value: type(value) is cls and isinstance(_zone(value.tzinfo), str)


def _take_moment_apart(value):
    return {"moment": value.isoformat(), "zone": _zone(value.tzinfo)}


def _timestamp(parts):
    return pd.Timestamp(parts["moment"]).tz_convert(ZoneInfo(parts["zone"]))


def _datetime(parts):
    written = datetime.fromisoformat(parts["moment"])
    found = written.replace(tzinfo=ZoneInfo(parts["zone"]))
    # An hour that the clock shows twice has two offsets.
    is_first = found.utcoffset() == written.utcoffset()
    return found.replace(fold=0 if is_first else 1)


def _time(parts):
    return time.fromisoformat(parts["moment"]).replace(tzinfo=ZoneInfo(parts["zone"]))


def _are_in_zone(value):
    return type(value) is pd.arrays.DatetimeArray and _zone(value.tz) is not None


def _take_moments_apart(value):
    in_utc = value.tz_convert("UTC").tz_localize(None)
    return {"moments": in_utc.to_numpy(), "zone": _zone(value.tz)}


def _moments(parts):
    index = pd.DatetimeIndex(parts["moments"]).tz_localize("UTC")
    return index.tz_convert(_zone_again(parts["zone"])).array


# Name -> whether a value is of the kind, what it is taken apart into, and the value.
PANDAS_KINDS = {
    "missing": (
        lambda value: value is pd.NA or value is pd.NaT,
        str,
        {"<NA>": pd.NA, "NaT": pd.NaT}.__getitem__,
    ),
    "timestamp": (
        _is_without_zone(pd.Timestamp),
        pd.Timestamp.isoformat,
        pd.Timestamp,
    ),
    "timestamp_in_zone": (_is_in_zone(pd.Timestamp), _take_moment_apart, _timestamp),
    "timedelta": (_is(pd.Timedelta), pd.Timedelta.isoformat, pd.Timedelta),
    "datetime": (
        _is_without_zone(datetime),
        datetime.isoformat,
        datetime.fromisoformat,
    ),
    "datetime_in_zone": (_is_in_zone(datetime), _take_moment_apart, _datetime),
    "moments_in_zone": (_are_in_zone, _take_moments_apart, _moments),
    "date": (_is(date), date.isoformat, date.fromisoformat),
    "time": (_is_without_zone(time), time.isoformat, time.fromisoformat),
    "time_in_zone": (_is_in_zone(time), _take_moment_apart, _time),
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
