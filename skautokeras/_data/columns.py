"""Which part of X goes to which input, and the adapters of all inputs together."""

from collections import Counter
from contextlib import contextmanager
from numbers import Integral

import numpy as np
import pandas as pd
from scipy.sparse import issparse
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.utils.validation import check_is_fitted, validate_data

from skautokeras._data.table import has_names


def n_rows(data, n_parts=1):
    """Count the rows of X or y, whatever holds them.

    Parameters
    ----------
    data : DataFrame, Series, array-like, sparse matrix, or list or dict of them
        X or y. The values of a dict are the data of one input or head each.

    n_parts : int, default=1
        Number of inputs or heads. With more than one, the elements of a list or tuple
        are the data of one each; else they are rows.

    Returns
    -------
    n_rows : int

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._data.columns import n_rows
    >>> n_rows(["a text", "another text"])
    2
    >>> n_rows([np.zeros((5, 8, 8)), np.zeros((5, 3))], n_parts=2)
    5
    """
    parts = _parts(data, n_parts)
    if parts is not None:
        return common_length(parts)
    if not hasattr(data, "__len__") and hasattr(data, "__array__"):
        data = np.asarray(data)
    if getattr(data, "shape", None) == () or not hasattr(data, "__len__"):
        raise TypeError(f"Expected sequence or array-like, got {type(data)}")
    return data.shape[0] if hasattr(data, "shape") else len(data)


def take_rows(data, rows, n_parts=1):
    """Take some of the rows of X or y, whatever holds them.

    Parameters
    ----------
    data : DataFrame, Series, array-like, sparse matrix, or list or dict of them
        X or y. The values of a dict are the data of one input or head each.

    rows : array-like of int of shape (n_taken,) or slice
        Positions of the rows.

    n_parts : int, default=1
        Number of inputs or heads. With more than one, the elements of a list or tuple
        are the data of one each; else they are rows.

    Returns
    -------
    taken : object
        Of the type of `data`; a sparse matrix comes back as CSR.

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._data.columns import take_rows
    >>> take_rows(["one", "two", "three"], [2, 0])
    ['three', 'one']
    >>> taken = take_rows({"image": np.zeros((5, 8, 8)), "text": list("abcde")}, [4])
    >>> taken["image"].shape, taken["text"]
    ((1, 8, 8), ['e'])
    """
    parts = _parts(data, n_parts)
    if parts is not None:
        taken = {name: take_rows(part, rows) for name, part in parts.items()}
        return taken if is_dict(data) else type(data)(taken.values())
    if hasattr(data, "iloc"):
        return data.iloc[rows]
    if issparse(data):
        return data.tocsr()[rows]
    if isinstance(data, list | tuple):
        return type(data)(data[i] for i in np.arange(len(data))[rows])
    return np.asarray(data)[rows]


def is_dict(data):
    """Whether X or y is a dict of several parts; some sparse matrices are dicts, too.

    Parameters
    ----------
    data : object
        X or y.

    Returns
    -------
    is_dict : bool

    Examples
    --------
    >>> from scipy.sparse import dok_array
    >>> from skautokeras._data.columns import is_dict
    >>> is_dict({"photo": [1]}), is_dict(dok_array((2, 2)))
    (True, False)
    """
    return isinstance(data, dict) and not issparse(data)


def _parts(data, n_parts):
    """Return the data of several inputs or heads as a dict; None for that of one."""
    if is_dict(data):
        return data
    if n_parts > 1 and isinstance(data, list | tuple):
        return dict(enumerate(data))
    return None


def common_length(parts):
    """Return the number of rows that all parts of X or y have.

    Parameters
    ----------
    parts : dict of str to object
        What belongs to each input or head.

    Returns
    -------
    n_rows : int

    Raises
    ------
    ValueError
        If the numbers differ.

    Examples
    --------
    >>> from skautokeras._data.columns import common_length
    >>> common_length({"text": ["a", "b"], "number": [1, 2]})
    2
    """
    lengths = {}
    for name, part in parts.items():
        if isinstance(part, str | bytes):
            raise ValueError(f"Expected the rows of {name!r}, got the string {part!r}.")
        with errors_about(repr(name)):
            lengths[name] = n_rows(part)
    if len(set(lengths.values())) > 1:
        raise ValueError(
            f"Found input variables with inconsistent numbers of samples: {lengths}"
        )
    return next(iter(lengths.values()), 0)


@contextmanager
def errors_about(what):
    """Put before the message of an error what it is about.

    Parameters
    ----------
    what : str or None
        Such as "Input 'image_input_1'". None: messages stay as they are.

    Examples
    --------
    >>> from skautokeras._data.columns import errors_about
    >>> with errors_about("Input 'photo'"):
    ...     raise ValueError("It is dark.")
    Traceback (most recent call last):
    ValueError: Input 'photo': It is dark.
    """
    try:
        yield
    except (TypeError, ValueError) as error:
        if what is None:
            raise
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise kind(f"{what}: {error}") from error


def split_columns(X, columns):
    """Give every input its part of X.

    Parameters
    ----------
    X : object
        A DataFrame, a two-dimensional array or a sparse matrix, of which the inputs
        take columns; or one X per input: a list or tuple in the order of the inputs, or
        a dict by their names.

    columns : dict of str to (None, str, int or list of them)
        What each input takes, by its name. A str or int is one column, by name or
        position, and gives a Series (of an array, an array of shape (n_samples,)); a
        list gives a table. None: all columns that no other input names; if there is
        only this input, X as it is. An input with an X of its own takes its columns out
        of it, if it is a table.

    Returns
    -------
    parts : dict of str to object
        The X of each input, by its name. Nothing is copied that need not be.

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
    if len(columns) == 1 and None in columns.values():
        return dict.fromkeys(columns, X)
    if is_table(X):
        positions = _all_positions(X, columns)
        return {name: _take_columns(X, taken) for name, taken in positions.items()}
    if len(columns) > 1 and isinstance(X, list | tuple):
        if len(X) != len(columns):
            raise ValueError(
                f"X has {len(X)} elements, but there are {len(columns)} inputs: "
                f"{list(columns)}. Pass one array or DataFrame per input, in this "
                "order, or one DataFrame and the columns of each input."
            )
        return _own_parts(dict(zip(columns, X, strict=True)), columns)
    found = f"X has shape {X.shape}" if hasattr(X, "shape") else f"X is {type(X)}"
    raise ValueError(
        f"{found}, but the inputs {list(columns)} expect columns of a DataFrame or of "
        "a two-dimensional array, or a list or dict with one X per input."
    )


def is_table(X):
    """Whether X has columns that inputs can name.

    Parameters
    ----------
    X : object
        As in `split_columns`.

    Returns
    -------
    is_table : bool
        True for a DataFrame, a two-dimensional array and a sparse matrix.

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._data.columns import is_table
    >>> is_table(np.zeros((5, 3))), is_table([[1, 2], [3, 4]])
    (True, False)
    """
    is_array = isinstance(X, pd.DataFrame | np.ndarray) or issparse(X)
    return is_array and X.ndim == 2


def check_columns(estimator, X, *, reset):
    """Learn the columns of X where it has some, or compare them with those known.

    Parameters
    ----------
    estimator : estimator
        Has their number and names as `n_features_in_` and `feature_names_in_`.

    X : object
        As in `split_columns`.

    reset : bool
        Whether to learn them, or to forget those of an earlier fit.

    Returns
    -------
    X : object
        X itself; what only says that it is an array becomes one.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.base import BaseEstimator
    >>> from skautokeras._data.columns import check_columns
    >>> estimator = BaseEstimator()
    >>> X = check_columns(estimator, np.zeros((5, 64)), reset=True)
    >>> estimator.n_features_in_
    64
    >>> X = check_columns(estimator, np.zeros((5, 8, 8)), reset=True)
    >>> hasattr(estimator, "n_features_in_")
    False
    """
    if not hasattr(X, "__len__") and hasattr(X, "__array__"):
        X = np.asarray(X)
    if is_table(X):
        validate_data(estimator, X, skip_check_array=True, reset=reset)
    elif reset:
        for name in ("n_features_in_", "feature_names_in_"):
            vars(estimator).pop(name, None)
    return X


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
    found = {}
    for name, part in parts.items():
        # Not in a table, it is the one column itself.
        is_column = isinstance(columns[name], str | Integral) and not is_table(part)
        if columns[name] is None or is_column:
            found[name] = part
            continue
        if not is_table(part):
            raise ValueError(
                f"Input {name!r} takes the columns {columns[name]!r}, but its X is "
                f"{type(part).__name__}, not a DataFrame or a two-dimensional array."
            )
        found |= split_columns(part, {name: columns[name]})
    common_length(found)
    return found


def _all_positions(X, columns):
    """Return the positions of the columns of each input: an int or a list of them."""
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
    if not isinstance(named, list | tuple | np.ndarray | pd.Index):
        raise TypeError(
            f"The columns of input {name!r} must be None, a str, an int or a list of "
            f"them, got {named!r}."
        )
    if not len(named):
        raise ValueError(f"Input {name!r} takes no columns: its list is empty.")
    return [_position(X, name, column) for column in named]


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
    if not isinstance(X, pd.DataFrame):
        raise ValueError(
            f"Input {name!r} takes the column {column!r}, but X is "
            f"{type(X).__name__}, which has no column names. Pass a DataFrame."
        )
    found = [i for i, label in enumerate(X.columns) if label == column]
    if len(found) != 1:
        problem = f"X has {len(found)} times" if found else "is not in X"
        raise ValueError(
            f"Input {name!r} takes the column {column!r}, which {problem}. Columns of "
            f"X: {_shortened(list(X.columns))}."
        )
    return found[0]


def _shortened(names, n_shown=20):
    more = f", ... ({len(names)} in all)" if len(names) > n_shown else ""
    return f"[{', '.join(map(repr, names[:n_shown]))}{more}]"


def _take_columns(X, positions):
    if isinstance(X, pd.DataFrame):
        return X.iloc[:, positions]
    if issparse(X):
        return X.tocsc()[:, np.atleast_1d(positions)]
    return X[:, positions]


class XAdapter(TransformerMixin, BaseEstimator):
    """Turn X into the arrays of all inputs.

    Parameters
    ----------
    names : list of str
        The names of the inputs, in their order.

    adapters : list of transformers
        One per input: `transform` returns a dict of arrays, `schema_` says what is in
        them. They are cloned.

    columns : list
        Columns of X that each input takes, as in `split_columns`.

    Attributes
    ----------
    adapters_ : list of transformers
        The fitted adapters.

    schemas_ : list
        What each input holds.

    columns_ : dict of str to object
        Columns of a table that each input takes. Of a DataFrame whose columns are named
        by strings these are names, so that `transform` takes them in any order.

    n_features_in_ : int
        Number of columns of X, where it is a table.

    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns, where they are strings.

    Examples
    --------
    >>> import pandas as pd
    >>> from skautokeras._data.columns import XAdapter
    >>> from skautokeras._data.structured_data import StructuredDataAdapter
    >>> X = pd.DataFrame({"size": [1.0, 2.0], "deck": ["C", "E"]})
    >>> adapter = XAdapter(
    ...     ["a", "b"],
    ...     [StructuredDataAdapter(), StructuredDataAdapter()],
    ...     [["size"], None],
    ... )
    >>> {name: array.shape for name, array in adapter.fit_transform(X).items()}
    {'a__numerical': (2, 1), 'b__categorical': (2, 1)}
    """

    def __init__(self, names, adapters, columns):
        self.names = names
        self.adapters = adapters
        self.columns = columns

    def fit(self, X, y=None):
        """Fit the adapter of every input.

        Parameters
        ----------
        X : object
            As in `split_columns`. It is not changed.

        y : None
            Ignored.

        Returns
        -------
        self : XAdapter
        """
        parts = self._learn_columns(X)
        for name, part, adapter in zip(self.names, parts, self.adapters_, strict=True):
            with self._errors_of(name):
                adapter.fit(part)
        self.schemas_ = [adapter.schema_ for adapter in self.adapters_]
        return self

    def fit_transform(self, X, y=None):
        """Fit the adapter of every input and make its arrays; files are read once.

        Parameters
        ----------
        X : object
            As in `split_columns`. It is not changed.

        y : None
            Ignored.

        Returns
        -------
        arrays : dict of str to ndarray of shape (n_samples, ...)
            As in `transform`.
        """
        parts = self._learn_columns(X)
        arrays = self._all_arrays(parts, "fit_transform")
        self.schemas_ = [adapter.schema_ for adapter in self.adapters_]
        return arrays

    def transform(self, X):
        """Make the arrays of every input.

        Parameters
        ----------
        X : object
            As in `split_columns`. It is not changed.

        Returns
        -------
        arrays : dict of str to ndarray of shape (n_samples, ...)
            By the names that the adapters give them. If there are several inputs, the
            name of the input and "__" stand before.
        """
        check_is_fitted(self, "schemas_")
        return self._all_arrays(self._split(X), "transform")

    def _all_arrays(self, parts, method):
        arrays = {}
        for name, part, adapter in zip(self.names, parts, self.adapters_, strict=True):
            prefix = f"{name}__" if len(self.names) > 1 else ""
            with self._errors_of(name):
                found = getattr(adapter, method)(part)
            arrays |= {prefix + key: array for key, array in found.items()}
        return arrays

    def _learn_columns(self, X):
        """Learn which columns there are; return the part of X of each input."""
        columns = dict(zip(self.names, self.columns, strict=True))
        parts = split_columns(X, columns)
        self.adapters_ = [clone(adapter) for adapter in self.adapters]
        for attribute in ("n_features_in_", "feature_names_in_"):
            vars(self).pop(attribute, None)
        self.columns_ = columns
        if is_table(X):
            self.n_features_in_ = X.shape[1]
        if is_table(X) and has_names(X):
            self.feature_names_in_ = np.asarray(X.columns, dtype=object)
            if len(columns) > 1 or None not in columns.values():
                positions = _all_positions(X, columns)
                self.columns_ = {name: _labels(X, at) for name, at in positions.items()}
        return parts.values()

    def _split(self, X):
        """Return the part of X of each input."""
        if not is_table(X):
            columns = dict(zip(self.names, self.columns, strict=True))
            return split_columns(X, columns).values()
        is_by_name = isinstance(X, pd.DataFrame) and hasattr(self, "feature_names_in_")
        n_expected = getattr(self, "n_features_in_", X.shape[1])
        if not is_by_name and len(self.names) > 1 and X.shape[1] != n_expected:
            raise ValueError(
                f"X has {X.shape[1]} features, but {type(self).__name__} is expecting "
                f"{n_expected} features as input."
            )
        return split_columns(X, self.columns_).values()

    def _errors_of(self, name):
        return errors_about(f"Input {name!r}" if len(self.names) > 1 else None)


def _labels(X, positions):
    """Return the names of columns, if they are unique, else their positions."""
    labels = list(X.columns)
    twice = [label for label, count in Counter(labels).items() if count > 1]
    if twice:
        raise ValueError(f"Column names must be unique, got {twice} more than once.")
    if isinstance(positions, int):
        return labels[positions]
    return [labels[i] for i in positions]
