"""Parquet files: which ones X stands for, and the columns that they have together.

A path that is something else is explained here as well.
"""

import os
from os import PathLike
from pathlib import Path

from skautokeras._data.containers import is_of
from skautokeras._warnings import warn

# Endings of the names of files that are read, in small letters or capitals.
_ENDINGS = (".parquet", ".pq")
# PyArrow leaves out files and folders whose names begin with these, such as "_SUCCESS".
_HIDDEN = (".", "_")
# Columns, and types of a column, that a message names.
_MOST_NAMED = 5
# Readers of PyArrow, which say how files are read, and are no tables themselves.
_READERS = ("ParquetFile", "ParquetDataset", "Scanner")


def is_parquet(X):
    """Return whether X says which Parquet files hold a table.

    Parameters
    ----------
    X : object
        X as the user gave it.

    Returns
    -------
    is_parquet : bool
        True for the path of a Parquet file, whether it is there or not, for the path of
        a folder of them, and for a list of paths of Parquet files.

    Examples
    --------
    >>> from skautokeras._data.parquet_files import is_parquet
    >>> is_parquet("rows.parquet"), is_parquet(["a.PARQUET", "b.pq"])
    (True, True)
    >>> is_parquet("rows.csv"), is_parquet(["red", "dry"])
    (False, False)
    """
    if isinstance(X, list | tuple):
        return len(X) > 0 and all(_is_path(path) and _has_ending(path) for path in X)
    if _is_folder(X):
        return any(True for _ in _files_in(X))
    return _is_path(X) and _has_ending(X)


def open_parquet(X):
    """Return the rows of Parquet files as a Dataset.

    Parameters
    ----------
    X : str, path-like, or list of them
        Path of a file or of a folder, or paths of files.

    Returns
    -------
    dataset : pyarrow.dataset.Dataset
        Dataset with the columns of all files. Where files hold a column in several
        types, it has one that holds the values of all of them.

    Raises
    ------
    FileNotFoundError
        If a file does not exist.
    ImportError
        If PyArrow is not installed.
    ValueError
        If a file cannot be read, or if a column has types that do not go together.
    """
    try:
        import pyarrow.dataset
    except ImportError as error:
        raise ImportError(
            f'Reading {_told(X)} needs PyArrow: pip install "skautokeras[parquet]".'
        ) from error
    files = _files_of(X)
    # Folders can tell the values of columns, as in "year=2024/part.parquet".
    options = {"format": "parquet", "partitioning": "hive"}
    if _is_folder(X):
        options["partition_base_dir"] = Path(X).as_posix()
    try:
        dataset = pyarrow.dataset.dataset(files, **options)
        return _with_columns_of_all_files(dataset, _told(X))
    except (pyarrow.ArrowException, OSError) as error:
        raise ValueError(f"X={_told(X)} cannot be read: {error}") from error


def check_is_no_path(X):
    """Raise if X is the path of something else than Parquet files.

    Parameters
    ----------
    X : object
        X as the user gave it, where it has to be a table.

    Raises
    ------
    FileNotFoundError
        If there is nothing at the path.
    TypeError
        If there is something else. The message says how to read it.

    Examples
    --------
    >>> from skautokeras._data.parquet_files import check_is_no_path
    >>> check_is_no_path("rows.csv")
    Traceback (most recent call last):
        ...
    FileNotFoundError: There is no file 'rows.csv'.
    """
    if not _is_path(X):
        return
    path = str(X)
    if _is_folder(X):
        raise TypeError(
            f"X is the path {path!r} of a folder without Parquet files, whose names "
            f"end with {' or '.join(_ENDINGS)}. For other files, pass a Dataset of "
            "PyArrow: pyarrow.dataset.dataset(path, format=...)."
        )
    _check_is_there(path)
    raise TypeError(
        f"X is the path {path!r}, and must be a table, or the path of a Parquet file "
        "or of a folder of them. Read other files first, for example with "
        "pandas.read_csv. If it is a Parquet file by another name, pass a Dataset of "
        "PyArrow: pyarrow.dataset.dataset(path)."
    )


def check_is_no_reader(X):
    """Raise if X reads Parquet files, and is no table itself.

    Parameters
    ----------
    X : object
        X as the user gave it.

    Raises
    ------
    TypeError
        If it is a reader of PyArrow. The message says what to pass instead.
    """
    if any(is_of(X, "pyarrow", name) for name in _READERS):
        raise TypeError(
            f"X is a {type(X).__name__} of PyArrow. Pass the path of its files, or a "
            "Dataset of them: pyarrow.dataset.dataset(path)."
        )


def index_columns(schema):
    """Return the names of columns that pandas has written for the index of a frame.

    Parameters
    ----------
    schema : pyarrow.Schema
        Schema of a file or of a Dataset.

    Returns
    -------
    names : set of str
    """
    metadata = schema.pandas_metadata or {}
    return {name for name in metadata.get("index_columns", []) if isinstance(name, str)}


def _is_path(X):
    return isinstance(X, str | PathLike)


def _is_folder(X):
    return _is_path(X) and os.path.isdir(X)


def _has_ending(path):
    return str(path).lower().endswith(_ENDINGS)


def _files_of(X):
    """Return the paths of the files, which are there, in the order of their rows."""
    if _is_folder(X):
        # PyArrow orders them in this way, too.
        return sorted(path.as_posix() for path in _files_in(X))
    paths = [X] if _is_path(X) else X
    for path in paths:
        _check_is_there(str(path))
    return [Path(path).as_posix() for path in paths]


def _files_in(folder):
    """Yield the paths of the Parquet files in a folder, and in the folders below it."""
    for place, folders, names in os.walk(folder, followlinks=True):
        folders[:] = [name for name in folders if not name.startswith(_HIDDEN)]
        for name in names:
            if _has_ending(name) and not name.startswith(_HIDDEN):
                yield Path(place, name)


def _check_is_there(path):
    """Raise if there is no file at a path."""
    if os.path.exists(path):
        return
    advice = ""
    if "://" in path:
        advice = " Pass an address as a Dataset: pyarrow.dataset.dataset(address)."
    elif any(sign in path for sign in "*?["):
        advice = " Pass a pattern as a list of paths: sorted(glob.glob(pattern))."
    raise FileNotFoundError(f"There is no file {path!r}.{advice}")


def _told(X):
    """Return how messages name what the user passed."""
    if _is_path(X):
        return repr(str(X))
    return repr(str(X[0])) + (f" and {len(X) - 1} more" if len(X) > 1 else "")


def _with_columns_of_all_files(dataset, told):
    """Return a Dataset with the columns of all files: PyArrow looks at the first one.

    Its own Datasets would leave the other columns out, without a word.
    """
    import pyarrow
    import pyarrow.dataset

    fragments = list(dataset.get_fragments())
    schemas = {fragment.path: fragment.physical_schema for fragment in fragments}
    by_file = {file: _types_of_columns(schema) for file, schema in schemas.items()}
    first, *others = by_file.values()
    if all(types == first for types in others):
        return dataset
    in_first = fragments[0].physical_schema.names
    in_folders = {f.name: f.type for f in dataset.schema if f.name not in in_first}
    by_column = _by_column({**by_file, "the names of folders": in_folders})
    in_files = [name for name in by_column if name not in in_folders]
    _warn_of_lacking_columns(in_files, schemas, told)
    types = {name: _common_type(name, found) for name, found in by_column.items()}
    return pyarrow.dataset.FileSystemDataset(
        fragments, pyarrow.schema(types.items()), dataset.format, dataset.filesystem
    )


def _types_of_columns(schema):
    """Return the types of the columns by their names."""
    index = index_columns(schema)
    return {field.name: field.type for field in schema if field.name not in index}


def _by_column(by_file):
    """Return the types by file for each column, in the order of the first file."""
    found = {}
    for file, types in by_file.items():
        for name, kind in types.items():
            found.setdefault(name, {})[file] = kind
    return found


def _warn_of_lacking_columns(columns, schemas, told):
    """Warn of the columns that some files do not have.

    Parameters
    ----------
    columns : list of str
        Columns of all files.
    schemas : dict of str to pyarrow.Schema
        Schemas of the files by their paths.
    told : str
        Name of all files together, for the message.
    """
    lacking = []
    for name in columns:
        files = [file for file, schema in schemas.items() if name not in schema.names]
        if files:
            example = os.path.basename(files[0])
            lacking.append(f"{name!r} in {len(files)} of them (such as {example!r})")
    if lacking:
        n_more = len(lacking) - _MOST_NAMED
        more = f", and {n_more} columns more" if n_more > 0 else ""
        warn(
            f"The {len(schemas)} files of X={told} do not have the same columns. Rows "
            "have no value in a column that their file lacks: "
            f"{', '.join(lacking[:_MOST_NAMED])}{more}."
        )


def _common_type(name, types):
    """Return a type that holds the values of a column in all files.

    Parameters
    ----------
    name : str
        Name of the column.
    types : dict of str to pyarrow.DataType
        Its types by file.
    """
    import pyarrow

    examples = {}
    for file, kind in types.items():
        examples.setdefault(kind, file)
    for change in (lambda kind: kind, _wider_type):
        schemas = [pyarrow.schema([(name, change(kind))]) for kind in examples]
        try:
            both = pyarrow.unify_schemas(schemas, promote_options="permissive")
        except pyarrow.ArrowException:
            continue
        return both.field(name).type
    found = [f"{kind} in {os.path.basename(file)!r}" for kind, file in examples.items()]
    raise ValueError(
        f"Column {name!r} of X has types that do not go together: "
        f"{', '.join(found[:_MOST_NAMED])}. Write the files with one type, or pass a "
        "Dataset that says which: pyarrow.dataset.dataset(path, schema=...)."
    )


def _wider_type(kind):
    """Return a type that holds the same values, and goes together with more others."""
    import pyarrow

    if pyarrow.types.is_dictionary(kind):
        return _wider_type(kind.value_type)
    if pyarrow.types.is_boolean(kind):
        return pyarrow.int8()
    if pyarrow.types.is_date(kind):
        return pyarrow.timestamp("s")
    if pyarrow.types.is_timestamp(kind) and kind.tz is not None:
        return pyarrow.timestamp(kind.unit, "UTC")
    return kind
