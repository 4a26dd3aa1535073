"""Which columns of X each input takes."""

from numbers import Integral

import numpy as np
import pandas as pd
from scipy.sparse import issparse

from skautokeras._data.rows import common_length, is_dict
from skautokeras._data.table import is_frame, is_table

# Names of columns that a message lists.
_MOST_NAMED = 20


def split_columns(X, columns):
    """Divide the columns of X among the inputs.

    Parameters
    ----------
    X : object
        A DataFrame, a two-dimensional array or a sparse matrix whose columns the inputs
        take. Or one X per input: a list or tuple in the order of the inputs, or a dict
        by their names.

    columns : dict of str to object
        Columns that each input takes, by the name of the input. A str or int is the
        name or the position of one column, which the input gets as a Series, or as an
        array of shape (n_samples,) if X is an array. Whatever else
        `sklearn.compose.ColumnTransformer` takes gives a table: a list, an array or an
        Index of names or positions, a slice, a mask of booleans, or a function of X
        such as `sklearn.compose.make_column_selector`. None stands for all columns that
        no other input names, and for X itself if there is only this input. An input
        with an X of its own takes the columns of that X, if it is a table.

    Returns
    -------
    parts : dict of str to object
        X of each input, by the name of the input. Data is copied only where a view is
        not possible.

    Raises
    ------
    ValueError
        If columns, inputs or rows are missing or do not fit together.

    Examples
    --------
    >>> import pandas as pd
    >>> from skautokeras._data.columns import split_columns
    >>> X = pd.DataFrame({"size": [1, 2], "photo": ["a.png", "b.png"], "rooms": [3, 4]})
    >>> parts = split_columns(X, {"image": "photo", "table": None})
    >>> parts["image"].tolist(), list(parts["table"].columns)
    (['a.png', 'b.png'], ['size', 'rooms'])
    >>> split_columns(["one", "two", "three"], {"text": None})
    {'text': ['one', 'two', 'three']}
    """
    if is_dict(X):
        return _own_parts(_by_name(X, list(columns)), columns)
    if len(columns) == 1 and takes_all(columns):
        return dict.fromkeys(columns, X)
    if is_table(X):
        positions = positions_by_input(X, columns)
        return {name: _take_columns(X, taken) for name, taken in positions.items()}
    if len(columns) > 1 and isinstance(X, list | tuple):
        if len(X) != len(columns):
            raise ValueError(
                f"X has {len(X)} elements, but there are {len(columns)} inputs: "
                f"{list(columns)}. Pass one array or DataFrame per input, in this "
                "order, or one DataFrame and the columns of each input."
            )
        return _own_parts(dict(zip(columns, X, strict=True)), columns)
    problem = f"X has shape {X.shape}" if hasattr(X, "shape") else f"X is {type(X)}"
    raise ValueError(
        f"{problem}, but the inputs {list(columns)} expect columns of a DataFrame or "
        "of a two-dimensional array, or a list or dict with one X per input."
    )


def takes_all(columns):
    """Return whether an input takes all columns that no other input names.

    Parameters
    ----------
    columns : dict of str to object
        Columns that each input takes, as `split_columns` has them.

    Returns
    -------
    takes_all : bool
    """
    return any(named is None for named in columns.values())


def without_functions(X, columns):
    """Return columns in which functions of X are replaced by what they choose.

    Parameters
    ----------
    X : object
        X as `split_columns` takes it, of `fit`.

    columns : dict of str to object
        Columns that each input takes, as `split_columns` has them.

    Returns
    -------
    columns : dict of str to object
        The same, where a function has become a list of names, or of positions if X has
        no names. Another X may have other dtypes, and means the same columns.
    """
    chosen = dict(columns)
    for i, (name, named) in enumerate(columns.items()):
        if not callable(named):
            continue
        part = X
        if not is_table(X):
            part = X[name] if is_dict(X) else X[i]
        if is_table(part):
            positions = _positions(part, name, named)
            labels = list(part.columns) if is_frame(part) else []
            by_name = all(isinstance(label, str) for label in labels) and labels
            chosen[name] = [labels[at] if by_name else at for at in positions]
    return chosen


def _by_name(X, names):
    unknown = [key for key in X if key not in names]
    missing = [name for name in names if name not in X]
    if unknown or missing:
        raise ValueError(
            f"X must be a dict with the keys {names}, the names of the inputs; "
            f"unknown: {unknown}, missing: {missing}."
        )
    return {name: X[name] for name in names}


def _own_parts(parts, columns):
    """Return the X of inputs that have one each; named columns are taken out of it."""
    own = {}
    for name, part in parts.items():
        # An X that is not a table is the one column itself.
        is_column = isinstance(columns[name], str | Integral) and not is_table(part)
        if columns[name] is None or is_column:
            own[name] = part
            continue
        if not is_table(part):
            raise ValueError(
                f"Input {name!r} takes the columns {columns[name]!r}, but its X is "
                f"{type(part).__name__}, not a DataFrame or a two-dimensional array."
            )
        own |= split_columns(part, {name: columns[name]})
    common_length(own)
    return own


def positions_by_input(X, columns):
    """Return the positions of the columns that each input takes.

    Parameters
    ----------
    X : DataFrame, ndarray or sparse matrix of shape (n_samples, n_features)
        Table whose columns the inputs take.

    columns : dict of str to object
        Columns that each input takes, as `split_columns` has them.

    Returns
    -------
    positions : dict of str to (int or list of int)
        Positions by the name of the input. An int is one column that is not a table.

    Raises
    ------
    ValueError
        If a column does not exist, or if it is not clear which input takes it.

    Examples
    --------
    >>> import pandas as pd
    >>> from skautokeras._data.columns import positions_by_input
    >>> X = pd.DataFrame({"size": [1, 2], "photo": ["a.png", "b.png"]})
    >>> positions_by_input(X, {"image": "photo", "table": None})
    {'image': 1, 'table': [0]}
    """
    positions = {
        name: _positions(X, name, named)
        for name, named in columns.items()
        if named is not None
    }
    rest = [name for name in columns if name not in positions]
    if len(rest) > 1:
        raise ValueError(
            f"The inputs {rest} do not say which columns of X they take. Pass columns "
            "to all inputs but one, or pass a list or dict with one X per input."
        )
    if rest:
        taken = set(np.hstack(list(positions.values())).tolist())
        positions[rest[0]] = [i for i in range(X.shape[1]) if i not in taken]
        if not positions[rest[0]]:
            raise ValueError(
                f"Input {rest[0]!r} takes the columns that no other input names, but "
                f"X has none left: the others take all {X.shape[1]}."
            )
    return {name: positions[name] for name in columns}


def _positions(X, name, named):
    if isinstance(named, str | Integral):
        return _position(X, name, named)
    if callable(named):
        named = named(X)
    if isinstance(named, slice):
        return _positions_of_slice(X, name, named)
    if not isinstance(named, list | tuple | range | np.ndarray | pd.Index | pd.Series):
        raise TypeError(
            f"The columns of input {name!r} must be None, a str, an int, a list, an "
            f"array or an Index of them, a slice, a mask, or a function of X that "
            f"returns such a list, got {named!r}."
        )
    named = list(named)
    if named and all(isinstance(column, bool | np.bool_) for column in named):
        named = _positions_of_mask(X, name, named)
    if not named:
        raise ValueError(f"Input {name!r} takes no columns: its list is empty.")
    return [_position(X, name, column) for column in named]


def _positions_of_slice(X, name, named):
    """Return the positions of a slice; one of names includes its end."""
    start, stop = (
        _position(X, name, end) if isinstance(end, str) else end
        for end in (named.start, named.stop)
    )
    if isinstance(named.stop, str):
        stop += 1
    positions = list(range(*slice(start, stop, named.step).indices(X.shape[1])))
    if not positions:
        raise ValueError(f"Input {name!r} takes no columns: {named} is empty.")
    return positions


def _positions_of_mask(X, name, mask):
    if len(mask) != X.shape[1]:
        raise ValueError(
            f"Input {name!r} takes columns by a mask of {len(mask)} booleans, but X "
            f"has {X.shape[1]} columns."
        )
    return np.flatnonzero(mask).tolist()


def _position(X, name, column):
    """Return the position of a column; an int is one, as in `ColumnTransformer`."""
    if isinstance(column, Integral) and not isinstance(column, bool | np.bool_):
        if -X.shape[1] <= column < X.shape[1]:
            return int(column) % X.shape[1]
        raise ValueError(
            f"Input {name!r} takes column {column}, but X has {X.shape[1]} columns."
        )
    if not isinstance(column, str):
        raise TypeError(
            f"The columns of input {name!r} must be named by str or int, got "
            f"{column!r}."
        )
    if not is_frame(X):
        raise ValueError(
            f"Input {name!r} takes the column {column!r}, but X is "
            f"{type(X).__name__}, which has no column names. Pass a DataFrame."
        )
    positions = [i for i, label in enumerate(X.columns) if label == column]
    if len(positions) != 1:
        problem = f"X has {len(positions)} times" if positions else "is not in X"
        raise ValueError(
            f"Input {name!r} takes the column {column!r}, which {problem}. Columns of "
            f"X: {_shortened(list(X.columns))}."
        )
    return positions[0]


def _shortened(names):
    """Return a list of names for a message, as far as it can be read."""
    more = f", ... ({len(names)} in all)" if len(names) > _MOST_NAMED else ""
    return f"[{', '.join(map(repr, names[:_MOST_NAMED]))}{more}]"


def _take_columns(X, positions):
    if is_frame(X):
        return X.iloc[:, positions]
    if issparse(X):
        return X.tocsc()[:, np.atleast_1d(positions)]
    return X[:, positions]
