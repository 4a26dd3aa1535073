"""The kinds of values of pandas and of time that a fitted estimator may hold."""

import re
from datetime import date, datetime

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


def _extension(dtype, items):
    if not _EXTENSIONS.fullmatch(dtype):
        raise ValueError(f"{dtype!r} is no dtype that it can hold.")
    return pd.array(items, dtype=dtype)


def _values(column):
    """Return what a Series or an Index holds: an array of NumPy's if it can be."""
    if isinstance(column.dtype, np.dtype):
        return column.to_numpy()
    return column.array


def _index(values, name):
    return pd.Index(values, dtype=values.dtype, name=name)


def _take_frame_apart(value):
    columns = [_values(value.iloc[:, i]) for i in range(value.shape[1])]
    return {"columns": columns, "labels": value.columns, "index": value.index}


def _frame(columns, labels, index):
    series = {
        i: pd.Series(values, index=index, dtype=values.dtype)
        for i, values in enumerate(columns)
    }
    return pd.DataFrame(series, index=index).set_axis(labels, axis=1)


# Name -> whether a value is of the kind, its parts, and the value of them.
PANDAS_KINDS = {
    "missing": (
        lambda value: value is pd.NA or value is pd.NaT,
        lambda value: {"name": str(value)},
        lambda name: {"<NA>": pd.NA, "NaT": pd.NaT}[name],
    ),
    "timestamp": (
        lambda value: type(value) is pd.Timestamp,
        lambda value: {"text": value.isoformat()},
        lambda text: pd.Timestamp(text),
    ),
    "timedelta": (
        lambda value: type(value) is pd.Timedelta,
        lambda value: {"text": value.isoformat()},
        lambda text: pd.Timedelta(text),
    ),
    "datetime": (
        lambda value: type(value) is datetime,
        lambda value: {"text": value.isoformat()},
        lambda text: datetime.fromisoformat(text),
    ),
    "date": (
        lambda value: type(value) is date,
        lambda value: {"text": value.isoformat()},
        lambda text: date.fromisoformat(text),
    ),
    "extension": (_is_extension, _take_extension_apart, _extension),
    "categorical": (
        lambda value: isinstance(value, pd.Categorical),
        lambda value: {
            "codes": value.codes,
            "categories": value.categories,
            "ordered": value.ordered,
        },
        pd.Categorical.from_codes,
    ),
    "range_index": (
        lambda value: type(value) is pd.RangeIndex,
        lambda value: {
            "start": value.start,
            "stop": value.stop,
            "step": value.step,
            "name": value.name,
        },
        pd.RangeIndex,
    ),
    "index": (
        lambda value: (
            isinstance(value, pd.Index) and not isinstance(value, pd.MultiIndex)
        ),
        lambda value: {"values": _values(value), "name": value.name},
        _index,
    ),
    "series": (
        lambda value: type(value) is pd.Series,
        lambda value: {
            "values": _values(value),
            "index": value.index,
            "name": value.name,
        },
        lambda values, index, name: pd.Series(
            values, index=index, dtype=values.dtype, name=name
        ),
    ),
    "frame": (
        lambda value: type(value) is pd.DataFrame,
        _take_frame_apart,
        _frame,
    ),
}
