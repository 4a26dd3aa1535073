"""Rows as a report shows them: cells, texts and small pictures."""

import base64
import io

import numpy as np
import pandas as pd

from skautokeras._data.rows import is_dict, take_rows
from skautokeras._data.schema import ImageSchema

_MOST_COLUMNS, _MOST_LETTERS = 8, 160
# Longest side of a picture in pixels.
_SIDE = 96


def shown_rows(estimator, X, positions, names=()):
    """Return rows for a table of a report.

    Parameters
    ----------
    estimator : estimator
        Fitted estimator.
    X : object
        Rows in the form that `fit` takes.
    positions : ndarray of int
        Rows to show.
    names : list of str, default=()
        Columns to show first, the most important one first.

    Returns
    -------
    columns : list of str
        Names of the columns.
    rows : list of list of dict
        Cells of each row: "text" or "picture" (a data URL).
    """
    adapter = estimator._adapter
    part = take_rows(X, positions, len(adapter.names))
    columns, cells = _cells_of_table(part, names)
    pictures = _pictures(adapter, part)
    columns = [*pictures, *columns]
    rows = [
        [{"picture": pictures[name][i]} for name in pictures]
        + [{"text": column[i]} for column in cells]
        for i in range(len(positions))
    ]
    return columns, rows


def _cells_of_table(part, names):
    """Return the names and the texts of the cells of a table or a list of texts."""
    if isinstance(part, pd.DataFrame):
        first = [name for name in names if name in part.columns]
        others = [name for name in part.columns if name not in first]
        columns = [*first, *others][:_MOST_COLUMNS]
        return [str(c) for c in columns], [_texts(part[c]) for c in columns]
    if is_dict(part):
        return [], []
    values = np.asarray(part, dtype=object) if isinstance(part, list) else part
    if isinstance(values, pd.Series) or getattr(values, "ndim", 0) == 1:
        return ["X"], [_texts(values)]
    if getattr(values, "ndim", 0) == 2 and isinstance(values, np.ndarray):
        n_columns = min(values.shape[1], _MOST_COLUMNS)
        return [f"x{i}" for i in range(n_columns)], [
            _texts(values[:, i]) for i in range(n_columns)
        ]
    return [], []


def _texts(values):
    """Return values as short texts."""
    return [_text(value) for value in values]


def _text(value):
    if isinstance(value, float | np.floating):
        return "" if np.isnan(value) else f"{value:.6g}"
    if not isinstance(value, str | bytes | int | bool | np.generic | pd.Timestamp):
        value = "" if value is None or value is pd.NA else type(value).__name__
    text = str(value)
    return text if len(text) <= _MOST_LETTERS else f"{text[: _MOST_LETTERS - 3]}..."


def _pictures(adapter, part):
    """Return small pictures of the images of some rows, by the name of the input."""
    schemas = dict(zip(adapter.names, adapter.schemas_, strict=True))
    if not any(isinstance(schema, ImageSchema) for schema in schemas.values()):
        return {}
    arrays = adapter.transform(part)
    several = len(adapter.names) > 1
    return {
        name: [
            _picture(pixels, schema)
            for pixels in arrays[f"{name}__pixels" if several else "pixels"]
        ]
        for name, schema in schemas.items()
        if isinstance(schema, ImageSchema)
    }


def _picture(pixels, schema):
    """Return a picture as a data URL."""
    import matplotlib.image

    pixels = np.asarray(pixels, np.float64)
    width = schema.high - schema.low
    pixels = ((pixels - schema.low) / (width or 1.0)).clip(0, 1)
    step = -(-max(pixels.shape[:2]) // _SIDE)
    pixels = pixels[::step, ::step]
    if pixels.shape[2] not in (3, 4):
        pixels = np.repeat(pixels[:, :, :1], 3, axis=2)
    file = io.BytesIO()
    matplotlib.image.imsave(file, pixels, format="png")
    encoded = base64.b64encode(file.getvalue()).decode("ascii")
    return f"data:image/png;base64,{encoded}"
