"""Long tables: what is learned from some of their rows, and batches of all of them."""

from scipy.sparse import issparse

from skautokeras._data.rows import spread_rows, take_rows
from skautokeras._data.storage import empty
from skautokeras._data.stored_table import StoredTable

# Rows from which it is learned what columns are. More of them take seconds and change
# hardly any decision, median or quantile.
MOST_ANALYSED = 300_000
# Values that are read at a time, so that what is made of them on the way stays small.
_VALUES_AT_ONCE = 2**23


def some_rows(X, most):
    """Return rows of a table that has more of them than a limit, spread evenly.

    Parameters
    ----------
    X : DataFrame, ndarray, sparse matrix or StoredTable
        Table that `check_structured_data` has returned.

    most : int
        Limit of the number of rows.

    Returns
    -------
    some : DataFrame, ndarray or sparse matrix of shape (n_some, n_features)
        Rows in memory: all of them if they are not more than the limit.

    rows : ndarray of int of shape (n_some,)
        Positions of these rows.

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._data.long_tables import some_rows
    >>> some, rows = some_rows(np.arange(1000)[:, None], 4)
    >>> some.shape, rows.shape
    ((4, 1), (4,))
    """
    n_samples = X.shape[0]
    rows = spread_rows(n_samples, most)
    if n_samples <= most and not isinstance(X, StoredTable):
        return X, rows
    return take_rows(X, rows), rows


def batches_of(X):
    """Return the batches of a table that is not in memory.

    Parameters
    ----------
    X : object
        X as the checks of an estimator have returned it.

    Returns
    -------
    batches : iterable of object
        X itself is the only batch if it is in memory.

    Examples
    --------
    >>> from skautokeras._data.long_tables import batches_of
    >>> list(batches_of([[1.0], [2.0]]))
    [[[1.0], [2.0]]]
    """
    return X.batches() if isinstance(X, StoredTable) else [X]


def in_batches(make, X):
    """Make arrays from a table, a batch of its rows after the other.

    Parameters
    ----------
    make : callable
        Function from a batch of the rows of X to a dict of arrays by name. Each of its
        rows depends on the same row of X only.

    X : DataFrame, ndarray, sparse matrix or StoredTable
        Table that `check_structured_data` has returned.

    Returns
    -------
    arrays : dict of str to ndarray of shape (n_samples, ...)
        Arrays of all rows. They are in memory of their own.

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._data.long_tables import in_batches
    >>> in_batches(lambda X: {"double": 2 * X}, np.eye(2))["double"].tolist()
    [[2.0, 0.0], [0.0, 2.0]]
    """
    arrays = {}
    for rows, batch in _batches(X):
        made = make(batch)
        if rows == slice(0, X.shape[0]):
            return made
        for name, array in made.items():
            if name not in arrays:
                shape = (X.shape[0], *array.shape[1:])
                arrays[name] = empty(shape, array.dtype)
            arrays[name][rows] = array
    return arrays


def _batches(X):
    """Yield slices of rows, and the rows themselves."""
    if isinstance(X, StoredTable):
        start = 0
        for batch in X.batches():
            yield slice(start, start + len(batch)), batch
            start += len(batch)
        return
    n_samples, n_columns = X.shape
    size = max(1, _VALUES_AT_ONCE // max(n_columns, 1))
    if n_samples <= size:
        yield slice(0, n_samples), X
        return
    if issparse(X):
        X = X.tocsr()
    for start in range(0, n_samples, size):
        rows = slice(start, min(start + size, n_samples))
        yield rows, take_rows(X, rows)
