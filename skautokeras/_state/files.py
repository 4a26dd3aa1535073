"""Files of this machine that are there whole or not at all."""

import os
import re
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

# "C:/" is a drive, "gs://" and "s3://" are addresses.
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:/")


def local_path(path, parameter):
    """Return a path on this machine, in which "~" is the home folder.

    Parameters
    ----------
    path : str, bytes or path-like
        Path as the user passed it.
    parameter : str
        Name of the parameter, for the error message.

    Returns
    -------
    path : pathlib.Path

    Raises
    ------
    ValueError
        If the path is the address of another machine.

    Examples
    --------
    >>> from skautokeras._state.files import local_path
    >>> local_path("runs/1", "directory").parts
    ('runs', '1')
    >>> local_path("gs://bucket/1", "directory")
    Traceback (most recent call last):
        ...
    ValueError: directory='gs://bucket/1' is an address, but must be a path on this \
machine. Mount the store, or copy what was written.
    """
    path = os.fsdecode(path)
    if _ADDRESS.match(path):
        raise ValueError(
            f"{parameter}={path!r} is an address, but must be a path on this machine. "
            "Mount the store, or copy what was written."
        )
    return Path(path).expanduser()


def file_to_write(path, parameter):
    """Return the path of a file that is going to be written, or raise before any work.

    Parameters
    ----------
    path : str, bytes or path-like
        Path as the user passed it.
    parameter : str
        Name of the parameter, for the error message.

    Returns
    -------
    path : pathlib.Path
        Path without links, so that the file that a link names is written.

    Raises
    ------
    TypeError
        If it is no path.
    ValueError
        If it is the address of another machine, or the path of something that is no
        file.
    FileNotFoundError
        If its folder does not exist.

    Examples
    --------
    >>> from skautokeras._state.files import file_to_write
    >>> file_to_write(".", "path")
    Traceback (most recent call last):
        ...
    ValueError: path='.' is no file.
    """
    found = local_path(path, parameter).resolve()
    passed = f"{parameter}={os.fsdecode(path)!r}"
    if found.exists() and not found.is_file():
        raise ValueError(f"{passed} is no file.")
    if not found.parent.is_dir():
        raise FileNotFoundError(f"{passed} lies in a folder that does not exist.")
    return found


@contextmanager
def made_whole(path):
    """Let a file or a folder be made in another place, and move it when it is whole.

    Parameters
    ----------
    path : pathlib.Path
        Where it is to be. A file that is there is replaced, and an empty folder is
        filled.

    Yields
    ------
    made : pathlib.Path
        Path of the same name in a temporary folder on the same disk.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from skautokeras._state.files import made_whole
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with made_whole(Path(folder, "a.txt")) as made:
    ...         length = made.write_text("whole")
    ...     [path.name for path in Path(folder).iterdir()]
    ['a.txt']
    """
    # A folder that is there may be a mounted one, which cannot be replaced.
    is_there = path.is_dir()
    where = path if is_there else path.parent
    with TemporaryDirectory(prefix=".", dir=where) as folder:
        made = Path(folder, path.name or "made")
        yield made
        if is_there and made.is_dir():
            for part in made.iterdir():
                os.replace(part, path / part.name)
        else:
            os.replace(made, path)


def write_whole(path, content):
    """Write a file so that it is there whole or not at all, and on the disk.

    Parameters
    ----------
    path : pathlib.Path
        Path of the file. A file that is there is replaced.
    content : bytes
        Whole content of the file.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from skautokeras._state.files import write_whole
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_whole(Path(folder, "a"), b"whole")
    ...     [(path.name, path.read_bytes()) for path in Path(folder).iterdir()]
    [('a', b'whole')]
    """
    # Two processes may write the same file.
    temporary = path.with_name(f".{uuid4().hex}.tmp")
    try:
        with temporary.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    _sync_folder(path.parent)


def _sync_folder(folder):
    """Let the name of a new file reach the disk; not every system can."""
    if hasattr(os, "O_DIRECTORY"):
        descriptor = os.open(folder, os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
