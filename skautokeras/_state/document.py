"""Document: one value as one file, which says what wrote it.

A document is an archive of `state.json`, which holds the value as the codec writes it,
and of the arrays and networks beside it. `loads` is the only way into the package for
bytes from elsewhere: estimators and the trials of a `directory` are read with it.
"""

import json
import re
import struct
import zipfile
import zlib

from skautokeras import __version__
from skautokeras._state.archive import pack, unpack
from skautokeras._state.codec import decode, encode
from skautokeras._state.versions import version_of
from skautokeras.exceptions import FileFormatError

# The version of what documents look like; no other one can be read.
FORMAT = 2
_CONTENT = "state.json"
_PACKAGES = ("keras", "tensorflow", "scikit-learn", "numpy", "pandas")
# What reading a file that somebody has tampered with can raise.
_UNREADABLE = (
    ArithmeticError,
    AttributeError,
    EOFError,
    ImportError,
    LookupError,
    MemoryError,
    NotImplementedError,
    OSError,
    RecursionError,
    TypeError,
    ValueError,
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
)


def dumps(value, *, compress=True):
    """Return the content of a file that holds a value.

    Parameters
    ----------
    value : object
        The value, of a kind that the codec knows.
    compress : bool, default=True
        Whether to make the file shorter, which takes longer.

    Returns
    -------
    content : bytes
        Content of the file.

    Raises
    ------
    TypeError
        If the value, or a part of it, cannot be written.

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._state.document import dumps, loads
    >>> loads(dumps({"weights": np.arange(3.0)}))[0]
    {'weights': array([0., 1., 2.])}
    """
    members = {}
    content = {
        "format": FORMAT,
        "versions": _versions(),
        "value": encode(value, members),
    }
    text = json.dumps(content, allow_nan=False).encode()
    return pack({_CONTENT: text, **members}, compress=compress)


def loads(content):
    """Return the value in a file.

    Parameters
    ----------
    content : bytes
        A file from anywhere. No code in it is run.

    Returns
    -------
    value : object
        Equal to the one that was written.
    other_version : str or None
        The version of skautokeras that wrote the file, if it is another minor version.

    Raises
    ------
    FileFormatError
        If it is no such file, has been damaged or cannot be read by this version; the
        message says which version wrote it.
    """
    written_by = "?"
    try:
        members = unpack(content)
        found = json.loads(members[_CONTENT])
        written_by = str(found["versions"]["skautokeras"])
        if found["format"] == FORMAT:
            value = decode(found["value"], members)
            return value, None if _is_this_minor(written_by) else written_by
    except _UNREADABLE as error:
        reason = str(error)
        if not isinstance(error, ValueError):
            reason = f"{type(error).__name__}: {error}"
        if written_by != "?" and not _is_this_minor(written_by):
            reason += (
                f"\nIt was saved by skautokeras {written_by}; this is "
                f"{__version__}. Load it with the former, or fit again."
            )
        raise FileFormatError(reason) from error
    raise FileFormatError(
        f"It was written by skautokeras {written_by} in file format "
        f"{found['format']!r}, but this version reads format {FORMAT}: load it with "
        "the version that wrote it, or fit again."
    )


def _versions():
    """Return the versions of the packages that write and read documents."""
    others = {package: version_of(package) for package in _PACKAGES}
    return {"skautokeras": __version__, **others}


def _is_this_minor(written_by):
    return _minor(written_by) == _minor(__version__)


def _minor(version_text):
    """Return the first two numbers of a version.

    >>> _minor("0.1.0.dev0")
    ['0', '1']
    """
    return re.findall(r"\d+", version_text)[:2]
