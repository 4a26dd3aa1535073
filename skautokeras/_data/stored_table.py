"""Tables that are not in memory: Parquet files, Datasets of PyArrow, and Dask."""

from contextlib import contextmanager

import numpy as np
import pandas as pd
from pandas.api.types import is_numeric_dtype

from skautokeras._data.containers import is_of, plain_column, to_pandas
from skautokeras._data.parquet_files import (
    check_is_no_path,
    check_is_no_reader,
    index_columns,
    is_parquet,
    open_parquet,
)
from skautokeras._data.rows import is_dict

# Values that are read at a time.
_VALUES_AT_ONCE = 2**22


def as_stored(X):
    """Return a table that is not in memory as a `StoredTable`.

    Parameters
    ----------
    X : object
        Path of a Parquet file or of a folder of them, list of paths of files, Dataset
        of PyArrow, DataFrame of Dask, a dict of them, or anything else.

    Returns
    -------
    X : StoredTable, dict or object
        Anything else is returned as it is.

    Raises
    ------
    FileNotFoundError
        If there is no file at the path of a Parquet file.
    TypeError
        If X is another reader of PyArrow than a Dataset.
    ValueError
        If a file cannot be read.

    Examples
    --------
    >>> from skautokeras._data.stored_table import as_stored
    >>> as_stored([[1.0]])
    [[1.0]]
    """
    if is_dict(X):
        return {name: as_stored(part) for name, part in X.items()}
    if is_parquet(X):
        return StoredTable(_ArrowSource(open_parquet(X)))
    check_is_no_reader(X)
    if is_of(X, "pyarrow", "Dataset"):
        return StoredTable(_ArrowSource(X))
    return StoredTable(_DaskSource(X)) if is_of(X, "dask", "DataFrame") else X


def with_target(X, y):
    """Return X without its column of targets, and this column, if y is its name.

    Parameters
    ----------
    X : object
        X of the user.

    y : object
        Name of a column of X, or y of the user.

    Returns
    -------
    X, y : object
        X as a `StoredTable` where it is not in memory, and y as a Series where it was a
        name.

    Raises
    ------
    FileNotFoundError, TypeError
        If X is the path of something else than Parquet files.
    ValueError
        If X has no such column.

    Examples
    --------
    >>> import pandas as pd
    >>> from skautokeras._data.stored_table import with_target
    >>> X = pd.DataFrame({"size": [1, 2], "price": [3.0, 5.0]})
    >>> X, y = with_target(X, "price")
    >>> list(X.columns), y.tolist()
    (['size'], [3.0, 5.0])
    """
    X = as_stored(X)
    if is_of(y, "dask", "Series"):
        y = y.compute()
    if not isinstance(y, str):
        return X, y
    # What is wrong with X comes first: without its columns, y says nothing.
    check_is_no_path(X)
    X = to_pandas(X)
    if not isinstance(X, pd.DataFrame | StoredTable):
        raise ValueError(
            f"y is {y!r}, which can only be the name of a column of a table with named "
            f"columns, but X is {type(X).__name__}. Pass one target per row."
        )
    names = list(X.columns)
    if names.count(y) != 1:
        raise ValueError(
            f"y is {y!r}, and must be the name of a column of X, or hold one target "
            f"per row. Columns of X: {names}."
        )
    rest = [i for i, name in enumerate(names) if name != y]
    return X.iloc[:, rest], X.iloc[:, names.index(y)]


class StoredTable:
    """A table that is read a batch of rows after the other.

    It has the parts of the interface of a DataFrame that the adapters use for the whole
    of a table. Rows that are taken out of it are a DataFrame in memory.

    Parameters
    ----------
    source : _ArrowSource or _DaskSource
        Reader of the file, Dataset or DataFrame that holds the rows.

    columns : list of str or None, default=None
        Names of the columns. If None, they are all columns of the source.

    Attributes
    ----------
    columns : Index of str
        Names of the columns.

    shape : tuple of int
        Numbers of rows and columns.

    iloc : _Positions
        Rows and columns by their positions.

    Examples
    --------
    >>> import pyarrow as pa
    >>> import pyarrow.dataset
    >>> from skautokeras._data.stored_table import as_stored
    >>> table = pa.table({"size": [1.0, 2.0, 3.0], "deck": ["a", "b", "a"]})
    >>> X = as_stored(pyarrow.dataset.dataset(table))
    >>> X.shape, X.iloc[::2]["deck"].tolist()
    ((3, 2), ['a', 'a'])
    """

    def __init__(self, source, columns=None):
        self._source = source
        self.columns = pd.Index(source.columns if columns is None else columns)
        self.shape = source.n_rows, len(self.columns)
        self.iloc = _Positions(self)

    def __len__(self):
        return self.shape[0]

    def __array__(self, dtype=None, copy=None):
        """Return all rows, in memory, as an array of NumPy."""
        rows = self.iloc[:]
        columns = [_as_numpy(rows.iloc[:, i]) for i in range(rows.shape[1])]
        return np.asarray(pd.concat(columns, axis=1), dtype=dtype)

    @property
    def header(self):
        """A DataFrame with the names of the columns, and no rows."""
        return pd.DataFrame(columns=self.columns)

    def select(self, columns):
        """Return a table with some of the columns.

        Parameters
        ----------
        columns : list of str
            Names of the columns.

        Returns
        -------
        table : StoredTable
        """
        return StoredTable(self._source, columns)

    def batches(self):
        """Read the table.

        Yields
        ------
        batch : DataFrame
            Some rows, which follow those of the batch before.
        """
        for batch in self._batches():
            if len(batch):
                yield self._source.as_frame(batch)

    def parts(self, positions):
        """Read some rows, of which only few are in memory at a time.

        Parameters
        ----------
        positions : ndarray of int of shape (n_taken,)
            Positions of the rows, sorted.

        Yields
        ------
        part : DataFrame
            Some of these rows, which follow those of the part before.
        """
        start = 0
        for batch in self._batches():
            stop = start + len(batch)
            taken = positions[slice(*np.searchsorted(positions, [start, stop]))]
            yield self._source.as_frame(batch, taken - start)
            start = stop

    def _batches(self):
        size = max(1, _VALUES_AT_ONCE // max(len(self.columns), 1))
        return self._source.batches(list(self.columns), size)


def _as_numpy(series):
    """Return a column with a dtype of NumPy, so that numbers stay numbers."""
    series = plain_column(series)
    if isinstance(series.dtype, np.dtype) or not is_numeric_dtype(series.dtype):
        return series
    values = series.to_numpy(dtype="float64", na_value=np.nan)
    return pd.Series(values, name=series.name)


class _Positions:
    """Rows and columns of a `StoredTable` by their positions."""

    def __init__(self, table):
        self._table = table

    def __getitem__(self, key):
        """Return columns as a table, one column as a Series, or rows as a DataFrame."""
        if not isinstance(key, tuple):
            return self._rows(key)
        _, columns = key
        names = self._table.columns[columns]
        if not isinstance(names, str):
            return self._table.select(list(names))
        table = self._table.select([names])
        frames = [batch[names] for batch in table.batches()] or [table.header[names]]
        return plain_column(pd.concat(frames, ignore_index=True))

    def _rows(self, key):
        """Return some rows, which are found in one pass."""
        positions = np.arange(len(self._table))[key]
        order = np.argsort(positions, kind="stable")
        parts = list(self._table.parts(positions[order])) or [self._table.header]
        found = pd.concat(parts, ignore_index=True)
        if (order[:-1] < order[1:]).all():
            return found
        places = np.empty(len(order), dtype=int)
        places[order] = np.arange(len(order))
        return found.take(places).reset_index(drop=True)


class _ArrowSource:
    """Rows of a Dataset of PyArrow.

    Parameters
    ----------
    dataset : pyarrow.dataset.Dataset
        Dataset that is read.
    """

    def __init__(self, dataset):
        self._dataset = dataset
        index = index_columns(dataset.schema)
        self.columns = [name for name in dataset.schema.names if name not in index]
        with self._errors_named(self.columns):
            self.n_rows = dataset.count_rows()

    def batches(self, columns, size):
        """Yield batches of PyArrow of at most some rows."""
        with self._errors_named(columns):
            yield from self._dataset.to_batches(
                columns=columns,
                batch_size=size,
                batch_readahead=2,
                fragment_readahead=1,
            )

    @contextmanager
    def _errors_named(self, columns):
        """Let errors of reading be a ValueError that names the column and the file."""
        import pyarrow

        errors = pyarrow.ArrowException, OSError
        try:
            yield
        except errors as error:
            reason = _unreadable_part(self._dataset, columns, errors) or error
            raise ValueError(f"X cannot be read: {reason}") from error

    @staticmethod
    def as_frame(batch, positions=None):
        """Return rows of a batch as a DataFrame; all of them by default."""
        batch = batch if positions is None else batch.take(positions)
        # What pandas has noted about an index does not hold for some of the columns.
        batch = batch.replace_schema_metadata(None)
        return batch.to_pandas(types_mapper=pd.ArrowDtype)


def _unreadable_part(dataset, columns, errors):
    """Return which column of which file cannot be read, and why; None if all can.

    PyArrow does not name them, so that all columns are read again, one by one.
    """
    try:
        fragments = list(dataset.get_fragments())
    except ValueError:  # A Dataset with a filter has none.
        return None
    for fragment in fragments:
        for name in columns:
            try:
                for _ in fragment.to_batches(schema=dataset.schema, columns=[name]):
                    pass
            except errors as error:
                place = f" of {fragment.path!r}" if hasattr(fragment, "path") else ""
                return f"column {name!r}{place}: {error}"
    return None


class _DaskSource:
    """Rows of a DataFrame of Dask.

    Parameters
    ----------
    frame : dask.dataframe.DataFrame
        DataFrame whose partitions are computed one by one.
    """

    def __init__(self, frame):
        self._frame = frame
        self.columns = list(frame.columns)
        self.n_rows = len(frame)

    def batches(self, columns, size):
        """Yield DataFrames of at most some rows; one partition is in memory."""
        frame = self._frame[columns]
        for i in range(frame.npartitions):
            partition = frame.partitions[i].compute()
            for start in range(0, len(partition), size):
                yield partition.iloc[start : start + size]

    @staticmethod
    def as_frame(batch, positions=None):
        """Return rows of a batch; all of them by default."""
        return batch if positions is None else batch.iloc[positions]
