"""Data of any container, as pandas and NumPy know it."""

from collections.abc import Iterator
from decimal import Decimal, InvalidOperation

import narwhals.stable.v2 as nw
import numpy as np
import pandas as pd
from scipy.sparse import issparse

from skautokeras._data.rows import is_dict

# Containers that the adapters read as they are.
_KNOWN = (pd.DataFrame, pd.Series, np.ndarray, list, tuple, str, bytes, type(None))


def to_pandas(data, n_parts=1):
    """Return tables and columns of other libraries as pandas objects.

    Parameters
    ----------
    data : object
        A frame or a series of polars, PyArrow, Modin, cuDF, DuckDB or another library
        that narwhals knows, a dict of them, or anything else.
    n_parts : int, default=1
        Number of inputs or heads. If there are several, a list or tuple holds one
        element for each of them. Otherwise its elements are rows.

    Returns
    -------
    data : DataFrame, Series or object
        The same rows, with the names of the columns. Objects of pandas, NumPy, SciPy
        and Python, and those that are neither frames nor series, are returned as they
        are. Values that an array of NumPy masks are missing.

    Examples
    --------
    >>> import pandas as pd
    >>> from skautokeras._data.containers import to_pandas
    >>> frame = pd.DataFrame({"age": [22, 38]})
    >>> to_pandas(frame) is frame
    True
    """
    if is_dict(data):
        return {name: to_pandas(part) for name, part in data.items()}
    if n_parts > 1 and isinstance(data, list | tuple):
        return type(data)(to_pandas(part) for part in data)
    if isinstance(data, np.ma.MaskedArray):
        return _without_mask(data)
    if isinstance(data, _KNOWN) or issparse(data):
        return data
    native = nw.from_native(data, allow_series=True, pass_through=True)
    if isinstance(native, nw.LazyFrame):
        native = native.collect()
    if isinstance(native, nw.DataFrame | nw.Series):
        return _converted(native)
    # Arrays and batches of PyArrow have no names of columns, or no columns.
    is_flat = getattr(data, "ndim", 2) <= 2
    return data.to_pandas() if is_flat and hasattr(data, "to_pandas") else data


def _without_mask(array):
    """Return an array in which the masked values are missing."""
    is_masked = np.ma.getmaskarray(array)
    values = np.array(array.data)
    if not is_masked.any():
        return values
    if values.dtype.kind in "mM":
        values[is_masked] = "NaT"
    elif values.dtype.kind in "fc":
        values[is_masked] = np.nan
    else:
        # Objects hold large whole numbers, booleans and strings as they are.
        values = values.astype(object)
        values[is_masked] = None
    return values


def check_is_no_stream(data, name):
    """Raise if data comes in batches, because all rows are needed at once.

    Parameters
    ----------
    data : object
        X or y.
    name : str
        Its name, for the error message.

    Raises
    ------
    TypeError
        If the data is a `tf.data.Dataset`, a `keras.utils.PyDataset`, a `DataLoader` of
        PyTorch, a generator or another iterator.

    Examples
    --------
    >>> from skautokeras._data.containers import check_is_no_stream
    >>> check_is_no_stream(iter([1, 2]), "X")
    Traceback (most recent call last):
        ...
    TypeError: X is a list_iterator, and must hold all rows at once, as arrays, a \
DataFrame or lists do.
    """
    if any(is_of(data, *stream) for stream in _STREAMS):
        raise TypeError(
            f"{name} is a {type(data).__name__}, and must hold all rows at once. Pass "
            "arrays: X, y = map(np.stack, zip(*dataset.unbatch().as_numpy_iterator())) "
            "for a tf.data.Dataset, or np.concatenate of the batches."
        )
    if isinstance(data, Iterator) and not hasattr(data, "read"):
        raise TypeError(
            f"{name} is a {type(data).__name__}, and must hold all rows at once, as "
            "arrays, a DataFrame or lists do."
        )


_STREAMS = {
    ("tensorflow", "DatasetV2"),
    ("keras", "PyDataset"),
    ("torch", "DataLoader"),
}


def is_of(data, package, name):
    """Return whether an object is of a class of a package, which may be missing.

    Parameters
    ----------
    data : object
        Object of any class.
    package : str
        Name of the package, without those inside of it.
    name : str
        Name of the class, or of one that it derives from.

    Returns
    -------
    is_of : bool

    Examples
    --------
    >>> import pandas as pd
    >>> from skautokeras._data.containers import is_of
    >>> is_of(pd.Series([1]), "pandas", "Series"), is_of([1], "pandas", "Series")
    (True, False)
    """
    known = {(c.__module__.partition(".")[0], c.__name__) for c in type(data).__mro__}
    return (package, name) in known


def _converted(native):
    """Return a frame or a series of narwhals as pandas has it."""
    try:
        return native.to_pandas()
    except ModuleNotFoundError:
        # Polars converts through PyArrow, which may be missing.
        if isinstance(native, nw.Series):
            return pd.Series(native.to_list(), name=native.name)
        columns = {column.name: column.to_list() for column in native.iter_columns()}
        return pd.DataFrame(columns)


def plain_column(series):
    """Return a column with a dtype that NumPy or pandas holds itself.

    Parameters
    ----------
    series : Series of shape (n_samples,)
        Column of any dtype.

    Returns
    -------
    series : Series of shape (n_samples,)
        A column of PyArrow has the dtype that pandas has for its values, where whole
        numbers and booleans may be missing. Foreign byte orders, extended precision and
        bytes are converted; bytes are read as UTF-8. Half precision remains, because it
        tells which digits of a number count (`read_keys`).

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from skautokeras._data.containers import plain_column
    >>> plain_column(pd.Series(np.array([1, 2], dtype=">i4"))).dtype.isnative
    True
    >>> plain_column(pd.Series([b"dry", b"wet"])).tolist()
    ['dry', 'wet']
    """
    dtype = series.dtype
    if isinstance(dtype, pd.ArrowDtype):
        return plain_column(_without_arrow(series))
    if not isinstance(dtype, np.dtype):
        return series
    if dtype.kind == "O":
        series = _series_without_signals(series)
        has_bytes = isinstance(_first_present(series), bytes)
        return series.map(_as_string) if has_bytes else series
    is_half = dtype.kind == "f" and dtype.itemsize == 2
    plain = dtype.newbyteorder("=") if is_half else plain_dtype(dtype)
    return series if dtype == plain else series.astype(plain)


def _series_without_signals(series):
    values = series.to_numpy()
    found = without_signals(values)
    if found is values:
        return series
    return pd.Series(found, index=series.index, name=series.name, dtype=object)


def without_signals(array):
    """Return objects in which a decimal "signaling NaN" is an ordinary one.

    Whatever compares it raises an error, and so does the search for missing values.

    Parameters
    ----------
    array : ndarray of objects
        Values of any class.

    Returns
    -------
    array : ndarray of objects
        The array itself if it holds no such number.

    Examples
    --------
    >>> from decimal import Decimal
    >>> import numpy as np
    >>> from skautokeras._data.containers import without_signals
    >>> without_signals(np.array([Decimal("sNaN"), Decimal(5)], dtype=object))
    array([nan, Decimal('5')], dtype=object)
    """
    try:
        pd.isna(array)
    except InvalidOperation:
        array = array.copy()
        array.flat = [
            np.nan if isinstance(value, Decimal) and value.is_snan() else value
            for value in array.flat
        ]
    return array


def plain_string(value):
    """Return a string without what a class that is derived from strings adds to it.

    Parameters
    ----------
    value : str
        String, or member of an enumeration of strings.

    Returns
    -------
    string : str

    Examples
    --------
    >>> from enum import Enum
    >>> from skautokeras._data.containers import plain_string
    >>> class Sex(str, Enum):
    ...     male = "m"
    >>> str(Sex.male), plain_string(Sex.male)
    ('Sex.male', 'm')
    """
    # The method of str itself, which does not ask the class.
    return str.__str__(value)


def plain_dtype(dtype):
    """Return the dtype in which all libraries can hold the numbers of an array.

    Parameters
    ----------
    dtype : dtype
        Dtype of NumPy.

    Returns
    -------
    dtype : dtype
        The same with the byte order of this machine; single precision in the place of
        half precision, and double precision in the place of extended precision.

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._data.containers import plain_dtype
    >>> plain_dtype(np.dtype("float16")), plain_dtype(np.dtype("int8"))
    (dtype('float32'), dtype('int8'))
    """
    if dtype.kind == "f" and dtype.itemsize not in (4, 8):
        return np.dtype(np.float32 if dtype.itemsize < 4 else np.float64)
    return dtype if dtype.isnative else dtype.newbyteorder("=")


def is_missing(value):
    """Return whether a value is missing.

    Parameters
    ----------
    value : object
        Value of a row, or of a cell of a table.

    Returns
    -------
    is_missing : bool
        True for None, NaN, NA and NaT; False for lists and arrays of them.

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._data.containers import is_missing
    >>> is_missing(None), is_missing(float("nan")), is_missing(np.array([np.nan]))
    (True, True, False)
    """
    return pd.api.types.is_scalar(value) and bool(pd.isna(value))


def _first_present(series):
    """Return the first value of a column that is not missing, or None."""
    return next((value for value in series if not is_missing(value)), None)


def _as_string(value):
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def _without_arrow(series):
    """Return a column of PyArrow as pandas holds such values itself."""
    import pyarrow

    # Whole numbers and booleans would become floats and objects where some are missing.
    nullable = {
        pyarrow.type_for_alias(str(dtype).lower()): dtype
        for dtype in (
            pd.Int8Dtype(),
            pd.Int16Dtype(),
            pd.Int32Dtype(),
            pd.Int64Dtype(),
            pd.UInt8Dtype(),
            pd.UInt16Dtype(),
            pd.UInt32Dtype(),
            pd.UInt64Dtype(),
        )
    }
    nullable[pyarrow.bool_()] = pd.BooleanDtype()
    values = pyarrow.array(series.array).to_pandas(types_mapper=nullable.get)
    return pd.Series(values.array, index=series.index, name=series.name)
