"""Fitted estimators in one file, without pickles."""

import io
import json
import re
import struct
import zipfile
import zlib
from importlib.metadata import version
from pathlib import Path

from skautokeras import __version__
from skautokeras._ensemble.ensemble import Ensemble
from skautokeras._export.state import (
    array_from_bytes,
    array_to_bytes,
    decode,
    encode,
)
from skautokeras._state.archive import check_members, pack, unpack
from skautokeras._state.files import write_whole
from skautokeras.exceptions import FileFormatError

# Of the file; another one cannot be read.
_FORMAT = 1
_PACKAGES = ("keras", "tensorflow", "scikit-learn", "numpy", "pandas")
# What belongs to the process that has fitted the estimator: trials that a warm start
# goes on with, callbacks of scikit-learn, requests for metadata.
_LEFT_OUT = ("_journal", "_skl_callbacks", "_metadata_request")
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


def save_estimator(estimator, path):
    """Write a fitted estimator.

    Parameters
    ----------
    estimator : estimator
        Fitted.
    path : str or path-like
        The file. It is replaced at once if it is there.

    Raises
    ------
    TypeError
        If a parameter or attribute cannot be written, or a layer is not registered with
        Keras; no file is written then.
    """
    state = {k: v for k, v in vars(estimator).items() if k not in _LEFT_OUT}
    ensemble = state.pop("_ensemble").__getstate__()
    arrays = []
    parameters = estimator.get_params(deep=False)
    content = {
        "format": _FORMAT,
        "versions": {
            "skautokeras": __version__,
            **{package: version(package) for package in _PACKAGES},
        },
        "estimator": type(estimator).__name__,
        "weights": ensemble["weights"],
        "temperatures": ensemble["temperatures"],
        # Parameters first: they are what the user can change if one cannot be written.
        "state": {
            name: _encoded(name, state[name], name in parameters, arrays)
            for name in sorted(state, key=lambda name: name not in parameters)
        },
    }
    members = {"state.json": json.dumps(content, allow_nan=False).encode()}
    for i, array in enumerate(arrays):
        members[f"arrays/{i}.npy"] = array_to_bytes(array)
    for i, network in enumerate(ensemble["networks"]):
        members[f"networks/{i}.keras"] = network
    write_whole(Path(path), pack(members))


def load_estimator(path, find_class):
    """Read a fitted estimator.

    Parameters
    ----------
    path : str or path-like
        What `save_estimator` has written.
    find_class : callable
        Returns the class of an estimator by its name.

    Returns
    -------
    estimator : estimator
        As it was saved.
    other_version : str or None
        What wrote it, if that was another minor version of skautokeras.

    Raises
    ------
    OSError
        If there is no file to read.
    FileFormatError
        If it is no such file, has been damaged or cannot be read here.
    """
    content = Path(path).read_bytes()
    written_by = "?"
    try:
        members = unpack(content)
        found = json.loads(members["state.json"])
        written_by = str(found["versions"]["skautokeras"])
        if found["format"] != _FORMAT:
            raise ValueError(f"It has the format {found['format']}, not {_FORMAT}.")
        estimator = _put_together(found, members, find_class)
    except _UNREADABLE as error:
        reason = f"{type(error).__name__}: {error}"
        if isinstance(error, ValueError):
            reason = str(error)
        message = f"{str(path)!r} cannot be loaded. {reason}"
        if _minor(written_by) not in ("?", _minor(__version__)):
            message += (
                f"\nIt was saved by skautokeras {written_by}; this is "
                f"{__version__}. Load it with the former, or fit again."
            )
        raise FileFormatError(message) from error
    is_other = _minor(written_by) != _minor(__version__)
    return estimator, written_by if is_other else None


def _encoded(name, value, is_parameter, arrays):
    """Return a parameter or an attribute as plain values; say which if it is none."""
    try:
        return encode(value, arrays)
    except TypeError as error:
        what = "parameter" if is_parameter else "attribute"
        message = f"The {name!r} {what} cannot be saved. {error}"
        if is_parameter:
            message += (
                " Or give it another value with `set_params`, which leaves the fitted "
                "networks as they are."
            )
        raise TypeError(message) from error


def _put_together(content, members, find_class):
    """Return the estimator that the members of an archive describe."""
    cls = find_class(content["estimator"])
    arrays = [array_from_bytes(m) for m in _numbered(members, "arrays/{}.npy")]
    networks = list(_numbered(members, "networks/{}.keras"))
    for network in networks:
        with zipfile.ZipFile(io.BytesIO(network)) as archive:
            check_members(archive, len(network), most_compression=1)
    state = {name: decode(value, arrays) for name, value in content["state"].items()}
    state["_ensemble"] = Ensemble.__new__(Ensemble)
    state["_ensemble"].__setstate__(
        {
            "networks": networks,
            "weights": content["weights"],
            "temperatures": content["temperatures"],
        }
    )
    estimator = cls.__new__(cls)
    vars(estimator).update(state)
    return estimator


def _numbered(members, name):
    """Yield the members that are numbered from 0."""
    i = 0
    while name.format(i) in members:
        yield members[name.format(i)]
        i += 1


def _minor(version_text):
    """Return the first two numbers of a version.

    >>> _minor("0.1.0.dev0")
    '0.1'
    """
    return ".".join(re.findall(r"\d+", version_text)[:2]) or "?"
