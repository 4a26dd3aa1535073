"""Plain arrays of numbers, whatever holds them."""

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_array, check_is_fitted

from skautokeras._data.column_report import make_report, what_becomes_of_array
from skautokeras._data.containers import is_missing
from skautokeras._data.errors import errors_about
from skautokeras._data.schema import ArraySchema
from skautokeras._data.table import check_names
from skautokeras._state.names import saved_as


def row_contents(X):
    """Return the object of each row, if X has one column of objects.

    Parameters
    ----------
    X : object
        Data of one input.

    Returns
    -------
    contents : list of object, or None
        The elements of a list, of a Series, Index or one-dimensional array of objects
        or strings, and of a DataFrame or array with one such column. None for
        everything else: there is one array of numbers for all rows.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from skautokeras._data.array import row_contents
    >>> row_contents(pd.DataFrame({"photo": ["a.png", "b.png"]}))
    ['a.png', 'b.png']
    >>> row_contents(np.zeros((2, 8, 8))) is None
    True
    """
    if isinstance(X, list | tuple):
        return list(X)
    if isinstance(X, pd.DataFrame):
        if X.shape[1] != 1:
            return None
        X = X.iloc[:, 0]
    if isinstance(X, pd.Series | pd.Index):
        if X.dtype.kind not in "OUST":
            return None
        return X.tolist()
    if isinstance(X, np.ndarray) and X.dtype.kind in "OUST":
        if X.ndim == 1:
            return X.tolist()
        if X.ndim == 2 and X.shape[1] == 1:
            return X[:, 0].tolist()
    return None


def as_array(content):
    """Return what one row holds as one array, also where lists lie in lists.

    Parameters
    ----------
    content : array-like
        Array or nested lists. Parquet files and polars hold nested lists as arrays of
        arrays.

    Returns
    -------
    array : ndarray
        Array of all values. Arrays of other objects are returned as they are.

    Raises
    ------
    ValueError
        If lists of one level differ in length.

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._data.array import as_array
    >>> rows = np.empty(2, dtype=object)
    >>> rows[:] = [np.array([1, 2, 3]), np.array([4, 5, 6])]
    >>> as_array(rows)
    array([[1, 2, 3],
           [4, 5, 6]])
    """
    try:
        array = np.asarray(content)
        if array.dtype.kind == "O" and any(map(_is_nested, array.flat)):
            array = np.asarray(_as_lists(array))
    except ValueError as error:
        if not any(word in str(error) for word in _RAGGED):
            raise
        raise ValueError(
            "Its lists differ in length, so that they are no array."
        ) from error
    return array


# What NumPy says about lists of different lengths.
_RAGGED = ("inhomogeneous", "broadcast")


def _is_nested(part):
    return isinstance(part, list | tuple | np.ndarray)


def _as_lists(part):
    """Return arrays of objects as lists, which NumPy joins, unlike arrays of arrays."""
    if isinstance(part, np.ndarray) and part.dtype.kind != "O":
        return part
    return [_as_lists(inner) for inner in part] if _is_nested(part) else part


def check_numeric(array):
    """Check that an array holds numbers. scikit-learn takes dates for numbers.

    Parameters
    ----------
    array : ndarray
        Array that `check_array` has returned.

    Raises
    ------
    ValueError
        If the array holds something else.

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._data.array import check_numeric
    >>> check_numeric(np.array(["2020-01-01"], dtype="datetime64[D]"))
    Traceback (most recent call last):
    ValueError: X must hold numbers, got values of dtype datetime64[D].
    """
    if array.dtype.kind not in "biuf":
        raise ValueError(f"X must hold numbers, got values of dtype {array.dtype}.")


def stacked(contents):
    """Stack the arrays of all rows.

    Parameters
    ----------
    contents : list of array-like
        Arrays or numbers of the rows, all of one shape.

    Returns
    -------
    array : ndarray of shape (n_samples, ...)

    Raises
    ------
    ValueError
        If the shapes differ. The message names the rows.

    Examples
    --------
    >>> from skautokeras._data.array import stacked
    >>> stacked([[1, 2], [3, 4], [5, 6]]).shape
    (3, 2)
    """
    rows = []
    for i, content in enumerate(contents):
        with errors_about(f"Row {i} of X"):
            rows.append(as_array(content))
    shape = max((row.shape for row in rows), key=len, default=())
    for i, row in enumerate(rows):
        if shape and is_missing(contents[i]):
            raise ValueError(
                f"Input X contains NaN: row {i} is {contents[i]!r}, no array of shape "
                f"{shape}."
            )
        if row.shape != rows[0].shape:
            raise ValueError(
                "X must hold arrays of equal shape, but row 0 has the shape "
                f"{rows[0].shape} and row {i} the shape {row.shape}."
            )
    return np.stack(rows) if rows else np.empty(0)


@saved_as("ArrayAdapter")
class ArrayAdapter(TransformerMixin, BaseEstimator):
    """Turn numbers of any shape into one float32 array.

    X is an array of any rank, its first axis being the rows; a DataFrame of numbers; or
    a list, a Series or a DataFrame of one column with arrays of equal shape. Where X
    has one dimension, every row is one number.

    Attributes
    ----------
    schema_ : ArraySchema
        The shape of a row; (1,) where it is one number.

    feature_names_in_ : ndarray of shape (n_features,)
        Names of the columns of a DataFrame, where they are strings.

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._data.array import ArrayAdapter
    >>> series = [np.arange(6).reshape(3, 2), np.ones((3, 2))]
    >>> ArrayAdapter().fit_transform(series)["array"].shape
    (2, 3, 2)
    """

    def fit(self, X, y=None):
        """Learn the shape.

        Parameters
        ----------
        X : array-like of shape (n_samples, ...)
            Finite numbers. They are not changed.

        y : None
            Not used. It is here for scikit-learn's interface.

        Returns
        -------
        self : ArrayAdapter
        """
        check_names(self, X, reset=True)
        array = _to_float32(X, self)
        self.schema_ = ArraySchema(shape=array.shape[1:], n_samples=len(array))
        return self

    def transform(self, X):
        """Make the array.

        Parameters
        ----------
        X : array-like of shape (n_samples, ...)
            Rows of the shape seen in `fit`. They are not changed; a float32 array comes
            back itself.

        Returns
        -------
        arrays : dict of str to ndarray of shape (n_samples, ...), dtype float32
            The one array, ``"array"``.
        """
        check_is_fitted(self, "schema_")
        check_names(self, X, reset=False)
        array = _to_float32(X, self)
        shape, expected = array.shape[1:], self.schema_.shape
        if shape == expected:
            return {"array": array}
        who = type(self).__name__
        if len(shape) == len(expected) == 1:
            raise ValueError(
                f"X has {shape[0]} features, but {who} is expecting {expected[0]} "
                "features as input."
            )
        raise ValueError(
            f"X has rows of shape {shape}, but {who} is expecting rows of shape "
            f"{expected}."
        )

    def describe_columns(self, names):
        """Say what each column was taken for, why, and what it becomes.

        Parameters
        ----------
        names : list of str of length n_columns
            Names of the columns in X.

        Returns
        -------
        report : DataFrame with n_columns rows
            Report with the columns that `make_report` returns.
        """
        check_is_fitted(self, "schema_")
        return make_report(
            names,
            kind="numerical",
            reason="the input takes numbers",
            becomes=what_becomes_of_array(self.schema_.shape, "numbers", len(names)),
        )


def _to_float32(X, estimator):
    contents = row_contents(X)
    X = X if contents is None else stacked(contents)
    checks = {
        "ensure_2d": False,
        "allow_nd": True,
        "input_name": "X",
        "estimator": estimator,
    }
    # The dtype is checked first, because a string that looks like a number is none.
    array = check_array(X, dtype="numeric", ensure_all_finite=False, **checks)
    check_numeric(array)
    with np.errstate(over="ignore"):
        array = check_array(array, dtype=np.float32, **checks)
    return array.reshape(-1, 1) if array.ndim == 1 else array
