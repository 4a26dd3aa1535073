"""Look at X as a table: check its shape, name its columns, take them out."""

import reprlib
from collections import Counter

import numpy as np
import pandas as pd
from scipy.sparse import issparse
from sklearn.utils.validation import check_array, validate_data

from skautokeras._data.containers import (
    check_is_no_stream,
    plain_column,
    to_pandas,
)
from skautokeras._data.parquet_files import check_is_no_path
from skautokeras._data.stored_table import StoredTable, as_stored


def check_structured_data(X, estimator):
    """Check that X is a table, in scikit-learn's own words.

    Parameters
    ----------
    X : DataFrame, array-like or sparse matrix of shape (n_samples, n_features)
        Table as the user gave it. A table of another library becomes a DataFrame.

    estimator : str or estimator
        Estimator, or its name, for the messages.

    Returns
    -------
    X : DataFrame, ndarray or sparse matrix of shape (n_samples, n_features)
        The table itself if it has one of these types. Lists become an array of objects,
        so that 1 beside "a" remains a number.

    Raises
    ------
    FileNotFoundError, TypeError
        If X is the path of something else than Parquet files.

    Examples
    --------
    >>> from skautokeras._data.table import check_structured_data
    >>> check_structured_data([[1, "a"], [2, "b"]], "the estimator").dtype
    dtype('O')
    """
    check_is_no_stream(X, "X")
    X = as_stored(X)
    check_is_no_path(X)
    X = _without_fixed_strings(to_pandas(X))
    checks = {"estimator": estimator, "input_name": "X", "ensure_all_finite": False}
    if is_frame(X):
        # Takes no memory, whatever the shape: only the shape is checked.
        check_array(np.broadcast_to(np.float64(0), X.shape), **checks)
        return X
    if issparse(X):
        return check_array(X, accept_sparse=True, dtype=None, **checks)
    if isinstance(X, list | tuple):
        X = np.array(X, dtype=object)
    return check_array(X, dtype=None, **checks)


def _without_fixed_strings(X):
    """Return arrays of bytes, or of NumPy's strings, as arrays that pandas knows."""
    kind = X.dtype.kind if isinstance(X, np.ndarray) else ""
    if kind == "S":
        return np.char.decode(X, "utf-8", errors="replace")
    return X.astype(object) if kind == "T" else X


def column_names(X):
    """Return the names of the columns of a table.

    Parameters
    ----------
    X : DataFrame, ndarray or sparse matrix of shape (n_samples, n_features)
        Table that `check_structured_data` has returned.

    Returns
    -------
    names : list of str of length n_features
        Names of X if all of them are strings, else "x0", "x1", ...

    Raises
    ------
    ValueError
        If two columns have the same name.

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._data.table import column_names
    >>> column_names(np.eye(2))
    ['x0', 'x1']
    """
    if not has_names(X):
        return names_of_positions(range(X.shape[1]))
    names = [str(name) for name in X.columns]
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise ValueError(f"Column names must be unique, got {twice} more than once.")
    return names


def names_of_positions(positions):
    """Return the names of columns that have none of their own.

    Parameters
    ----------
    positions : iterable of int
        Positions of the columns in X.

    Returns
    -------
    names : list of str
        "x0" for the first column of X, as scikit-learn names it.

    Examples
    --------
    >>> from skautokeras._data.table import names_of_positions
    >>> names_of_positions([0, 2])
    ['x0', 'x2']
    """
    return [f"x{i}" for i in positions]


def columns_of(X):
    """Take a table apart.

    Parameters
    ----------
    X : DataFrame, ndarray or sparse matrix of shape (n_samples, n_features)
        Table that `check_structured_data` has returned.

    Returns
    -------
    columns : iterator of Series of shape (n_samples,)
        Columns with their names, as `column_names` returns them, and with dtypes that
        NumPy or pandas hold themselves. One column is converted at a time, because a
        table may be large.

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._data.table import columns_of
    >>> [series.name for series in columns_of(np.eye(2))]
    ['x0', 'x1']
    """
    names = column_names(X)
    if issparse(X):
        X = X.toarray(order="F")
    frame = X if isinstance(X, pd.DataFrame) else pd.DataFrame(X, copy=False)
    return (plain_column(frame.iloc[:, i].rename(n)) for i, n in enumerate(names))


def has_names(X):
    """Whether a table has column names as scikit-learn knows them.

    Parameters
    ----------
    X : DataFrame, ndarray or sparse matrix of shape (n_samples, n_features)
        Table that `check_structured_data` has returned.

    Returns
    -------
    has_names : bool
        True for a DataFrame whose column labels are strings.

    Examples
    --------
    >>> import pandas as pd
    >>> from skautokeras._data.table import has_names
    >>> has_names(pd.DataFrame({"age": [1]})), has_names(pd.DataFrame({0: [1]}))
    (True, False)
    """
    return is_frame(X) and all(isinstance(c, str) for c in X.columns)


def is_frame(X):
    """Whether a table has labelled columns.

    Parameters
    ----------
    X : object
        X as the user gave it.

    Returns
    -------
    is_frame : bool
        True for a DataFrame, and for a table that is not in memory.

    Examples
    --------
    >>> import pandas as pd
    >>> from skautokeras._data.table import is_frame
    >>> is_frame(pd.DataFrame({"age": [1]})), is_frame([[1]])
    (True, False)
    """
    return isinstance(X, pd.DataFrame | StoredTable)


def validate_columns(estimator, X, *, reset):
    """Learn the columns of a table, or compare them with the learned ones.

    Parameters
    ----------
    estimator : estimator
        Estimator that keeps their number and names in `n_features_in_` and
        `feature_names_in_`.

    X : DataFrame, ndarray, sparse matrix or StoredTable
        Table with shape (n_samples, n_features).

    reset : bool
        Whether to learn the columns.

    Returns
    -------
    X : DataFrame, ndarray, sparse matrix or StoredTable
        The table itself. A table that is not in memory is left with the columns of
        `fit`, because a file often has other ones, too, such as the target.
    """
    header = X
    if isinstance(X, StoredTable):
        names = getattr(estimator, "feature_names_in_", ())
        if not reset and set(names) <= set(X.columns):
            X = X.select(list(names))
        header = X.header
    validate_data(estimator, header, skip_check_array=True, reset=reset)
    return X


def check_names(estimator, X, *, reset):
    """Learn the names of the columns of a DataFrame, or compare them with the learned.

    Parameters
    ----------
    estimator : estimator
        Estimator that keeps the names in `feature_names_in_`.

    X : object
        Data of an input. Only a DataFrame has names.

    reset : bool
        Whether to learn the names. Otherwise they are compared, if both X and the
        estimator have names. If only one of them has names, the estimator that the user
        called has warned already.

    Examples
    --------
    >>> import pandas as pd
    >>> from skautokeras._data.array import ArrayAdapter
    >>> from skautokeras._data.table import check_names
    >>> adapter = ArrayAdapter()
    >>> check_names(adapter, pd.DataFrame({"age": [1], "fare": [2]}), reset=True)
    >>> adapter.feature_names_in_.tolist()
    ['age', 'fare']
    """
    if reset or (has_names(X) and hasattr(estimator, "feature_names_in_")):
        validate_data(estimator, X, reset=reset, skip_check_array=True, ensure_2d=False)


def is_table(X):
    """Whether X has columns that inputs can name.

    Parameters
    ----------
    X : object
        X as the user gave it.

    Returns
    -------
    is_table : bool
        True for a DataFrame, a two-dimensional array and a sparse matrix.

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._data.table import is_table
    >>> is_table(np.zeros((5, 3))), is_table([[1, 2], [3, 4]])
    (True, False)
    """
    if is_frame(X):
        return True
    return (isinstance(X, np.ndarray) or issparse(X)) and X.ndim == 2


def check_columns(estimator, X, *, reset):
    """Learn the columns of X if it has columns, or compare them with the learned ones.

    Parameters
    ----------
    estimator : estimator
        Estimator that keeps their number and names in `n_features_in_` and
        `feature_names_in_`.

    X : object
        X as the user gave it.

    reset : bool
        Whether to learn the columns, and to forget those of an earlier fit.

    Returns
    -------
    X : object
        X itself. A table of another library becomes a DataFrame, and an object that can
        only be converted to an array becomes an array.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.base import BaseEstimator
    >>> from skautokeras._data.table import check_columns
    >>> estimator = BaseEstimator()
    >>> X = check_columns(estimator, np.zeros((5, 64)), reset=True)
    >>> estimator.n_features_in_
    64
    >>> X = check_columns(estimator, np.zeros((5, 8, 8)), reset=True)
    >>> hasattr(estimator, "n_features_in_")
    False
    """
    check_is_no_stream(X, "X")
    X = to_pandas(as_stored(X))
    if not hasattr(X, "__len__") and hasattr(X, "__array__"):
        X = np.asarray(X)
    if is_table(X):
        return validate_columns(estimator, X, reset=reset)
    if reset:
        for name in ("n_features_in_", "feature_names_in_"):
            vars(estimator).pop(name, None)
    return X


def only_column(X, estimator):
    """Return the column of a table that is not in memory, which has to be the only one.

    Parameters
    ----------
    X : object
        X that `check_columns` has returned.

    estimator : estimator
        Estimator that takes one image or text per row.

    Returns
    -------
    X : Series or object
        Column in memory. Whatever else X may be is returned as it is.

    Raises
    ------
    ValueError
        If the table has several columns.

    Examples
    --------
    >>> import pyarrow as pa
    >>> import pyarrow.dataset
    >>> from skautokeras._data.stored_table import as_stored
    >>> from skautokeras._data.table import only_column
    >>> notes = pa.table({"note": ["dry", "sweet"]})
    >>> X = as_stored(pyarrow.dataset.dataset(notes))
    >>> only_column(X, "TextClassifier").tolist()
    ['dry', 'sweet']
    """
    if not isinstance(X, StoredTable):
        return X
    if len(X.columns) != 1:
        raise ValueError(
            f"{type(estimator).__name__} takes one column, and X has "
            f"{len(X.columns)}: {reprlib.repr(list(X.columns))}. Use AutoModel, whose "
            "inputs name the columns that they take."
        )
    return X.iloc[:, 0]
