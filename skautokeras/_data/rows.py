"""Count and take rows of X or y, whatever holds them."""

import numpy as np
import pandas as pd
from scipy.sparse import issparse

from skautokeras._data.errors import errors_about


def n_rows(data, n_parts=1):
    """Count the rows of X or y, whatever holds them.

    Parameters
    ----------
    data : DataFrame, Series, array-like, sparse matrix, or list or dict of them
        X or y. A dict holds the data of several inputs or heads by name.

    n_parts : int, default=1
        Number of inputs or heads. If there are several, a list or tuple holds one
        element for each of them. Otherwise its elements are rows.

    Returns
    -------
    n_rows : int

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._data.rows import n_rows
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
        X or y. A dict holds the data of several inputs or heads by name.

    rows : array-like of int of shape (n_taken,) or slice
        Positions of the rows.

    n_parts : int, default=1
        Number of inputs or heads. If there are several, a list or tuple holds one
        element for each of them. Otherwise its elements are rows.

    Returns
    -------
    taken : object
        Rows in the type of `data`. A sparse matrix comes back as CSR.

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._data.rows import take_rows
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


def spread_rows(n_rows, most):
    """Return positions of rows that are spread evenly, one out of each stretch of them.

    Which one is random, because rows that repeat a pattern would be all of one kind
    otherwise. The same numbers give the same positions.

    Parameters
    ----------
    n_rows : int
        Number of rows.

    most : int
        Greatest number of positions.

    Returns
    -------
    positions : ndarray of int of shape (n_taken,)
        Sorted, and all different. If there are no more rows than ``most``, they are
        those of all rows.

    Examples
    --------
    >>> from skautokeras._data.rows import spread_rows
    >>> spread_rows(3, 3).tolist()
    [0, 1, 2]
    """
    n_taken = min(n_rows, most)
    edges = np.linspace(0, n_rows, n_taken + 1).round().astype(int)
    draws = np.random.default_rng(0).random(n_taken)
    return edges[:-1] + (draws * np.diff(edges)).astype(int)


def index_of(data):
    """Return the index of the rows of X, if pandas holds them.

    Parameters
    ----------
    data : DataFrame, Series, array-like, sparse matrix, or list or dict of them
        X. A dict or a list may hold the data of several inputs.

    Returns
    -------
    index : Index or None
        Index of the first part that has one. None if no part has one.

    Examples
    --------
    >>> import pandas as pd
    >>> from skautokeras._data.rows import index_of
    >>> index_of({"a": [1, 2], "b": pd.Series([3, 4], index=["x", "y"])}).tolist()
    ['x', 'y']
    """
    if isinstance(data, list | tuple) or is_dict(data):
        parts = data.values() if is_dict(data) else data[:_MOST_PARTS]
        return next((p.index for p in parts if _is_pandas(p)), None)
    return data.index if _is_pandas(data) else None


# More elements of a list are rows.
_MOST_PARTS = 64


def _is_pandas(data):
    return isinstance(data, pd.DataFrame | pd.Series)


def is_dict(data):
    """Whether X or y is a dict of data by name. Some sparse matrices are dicts too.

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
    >>> from skautokeras._data.rows import is_dict
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
    """Return the number of rows, which has to be the same for all inputs or heads.

    Parameters
    ----------
    parts : dict of str to object
        Data by the name of the input or head.

    Returns
    -------
    n_rows : int

    Raises
    ------
    ValueError
        If the numbers differ.

    Examples
    --------
    >>> from skautokeras._data.rows import common_length
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
