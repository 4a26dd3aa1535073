"""Rows as a report shows them: cells, texts and small pictures."""

import base64
import io
import os

import numpy as np
import pandas as pd

from skautokeras._data.containers import is_missing
from skautokeras._data.rows import is_dict, take_rows
from skautokeras._data.schema import ImageSchema
from skautokeras._data.table import names_of_positions

_MOST_COLUMNS, _MOST_LETTERS = 8, 160
# Longest side of a picture in pixels.
_SIDE = 96


def shown_rows(estimator, X, positions, order=()):
    """Return rows for a table of a report.

    Parameters
    ----------
    estimator : estimator
        Fitted estimator.
    X : object
        Rows in the form that `fit` takes.
    positions : ndarray of int
        Rows to show.
    order : sequence of int, default=()
        Positions of the columns to show first, the most important one first.

    Returns
    -------
    columns : list of str
        Names of the columns.
    rows : list of list of dict
        Cells of each row: "text" or "picture" (a data URL).
    """
    adapter = estimator._adapter
    n_inputs = len(adapter.names)
    part = take_rows(X, positions, n_inputs)
    columns, cells = [], []
    if n_inputs == 1 or isinstance(part, pd.DataFrame):
        columns, cells = _cells_of_table(part, order)
    pictures = _pictures(adapter, part)
    columns = [*pictures, *columns]
    rows = [
        [{"picture": pictures[name][i]} for name in pictures]
        + [{"text": column[i]} for column in cells]
        for i in range(len(positions))
    ]
    return columns, rows


def column_titles(X):
    """Return the names of the columns of a table, as `columns_` has them.

    Parameters
    ----------
    X : array-like, sparse matrix or DataFrame of shape (n_samples, n_features)
        Table whose columns are shown.

    Returns
    -------
    titles : list of str
    """
    names = list(getattr(X, "columns", ()))
    if names and all(isinstance(name, str) for name in names):
        return names
    return names_of_positions(range(X.shape[1]))


def _cells_of_table(part, order):
    """Return the names and the texts of the cells of a table or a list of texts."""
    if is_dict(part):
        return [], []
    if isinstance(part, list):
        part = as_cells(part)
    if isinstance(part, pd.Series) or getattr(part, "ndim", 0) == 1:
        return ["X"], [_texts(part)]
    if getattr(part, "ndim", 0) != 2:
        return [], []
    if hasattr(part, "toarray"):
        part = part.toarray()
    chosen = list(dict.fromkeys([*order, *range(part.shape[1])]))[:_MOST_COLUMNS]
    titles = column_titles(part)
    columns = part.iloc if isinstance(part, pd.DataFrame) else part
    return [titles[i] for i in chosen], [_texts(columns[:, i]) for i in chosen]


def as_cells(rows):
    """Return a list of texts, or of rows of cells, as an array of objects."""
    cells = np.array(rows, dtype=object)
    # Rows of images have more dimensions, which are not shown.
    return cells if cells.ndim <= 2 else np.empty((len(rows), 0), dtype=object)


def _texts(values):
    """Return values as short texts."""
    return [_text(value) for value in values]


def _text(value):
    if not pd.api.types.is_scalar(value) and not isinstance(value, os.PathLike):
        return type(value).__name__
    if is_missing(value):
        return ""
    text = f"{value:.6g}" if isinstance(value, float | np.floating) else str(value)
    return text if len(text) <= _MOST_LETTERS else f"{text[: _MOST_LETTERS - 3]}..."


def _pictures(adapter, part):
    """Return small pictures of the images of some rows, by the name of the input."""
    schemas = dict(zip(adapter.names, adapter.schemas_, strict=True))
    if not any(isinstance(schema, ImageSchema) for schema in schemas.values()):
        return {}
    arrays = adapter.transform(part)
    return {
        name: [
            _picture(pixels, schema)
            for pixels in arrays[f"{adapter.prefix(name)}pixels"]
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
