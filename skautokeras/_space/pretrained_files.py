"""Files of pretrained models: where they are, in workers too, and what is in them."""

import hashlib
import os
import re
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

from skautokeras.exceptions import WeightsMissingError

# What is read of a folder: files beside the weights, such as notes and checkpoints, may
# change. Folders of sentence-transformers and of KerasHub have some in inner folders.
_PATTERNS = ("*", "1_Pooling/*", "assets/*/*")
_ENDINGS = {".json", ".txt", ".model", ".spm", ".safetensors", ".h5"}
# The name of a network stands before the path of its weights; one letter is a drive.
_NETWORK = re.compile(r"(\w\w+:)(?!//)(.+)", re.DOTALL)

_places = ContextVar("places of pretrained models", default=MappingProxyType({}))


def located(preset):
    """Return a name of a pretrained model that does not depend on the working folder.

    Parameters
    ----------
    preset : str
        Name, file or folder of the model.

    Returns
    -------
    located : str
        The same model with an absolute path. What is no path here stays as it is.

    Raises
    ------
    WeightsMissingError
        If the model was found when the `fit` began, and is missing in this process.

    Examples
    --------
    >>> from skautokeras._space.pretrained_files import located
    >>> located("bert_tiny_en_uncased")
    'bert_tiny_en_uncased'
    """
    places = _places.get()
    found = places[preset] if preset in places else _found(preset)
    if found is None:
        return preset
    path = _path_of(found)
    if not os.path.exists(path):
        raise WeightsMissingError(
            f"The pretrained model {preset!r} could not be had: {path!r} was there "
            "when the fit began, and is missing in this process. Workers on other "
            "machines need it under the same path."
        )
    return found


def places_of(presets):
    """Return where pretrained models are in this process.

    Parameters
    ----------
    presets : list of str
        Names, files and folders of the models.

    Returns
    -------
    places : dict of str to (str or None)
        Each model with an absolute path. None for names that are no paths here.
    """
    return {preset: _found(preset) for preset in presets}


@contextmanager
def read_from(places):
    """Let pretrained models be read from where another process has found them.

    Parameters
    ----------
    places : dict of str to (str or None)
        Result of `places_of` in that process.
    """
    token = _places.set(places)
    try:
        yield
    finally:
        _places.reset(token)


def signature_of(preset):
    """Return what changes as soon as the files of a pretrained model are replaced.

    Parameters
    ----------
    preset : str
        Name, file or folder of the model.

    Returns
    -------
    signature : tuple
        Name, size and time of each file. Empty if there are no files here.
    """
    stats = [(name, path.stat()) for name, path in _files_of(preset)]
    return tuple((name, stat.st_size, stat.st_mtime_ns) for name, stat in stats)


def digest_of(preset):
    """Return a hash of what the files of a pretrained model hold.

    Copies have the same one, wherever they are. So a search can go on in a copy of the
    folder that it has begun in.

    Parameters
    ----------
    preset : str
        Name, file or folder of the model.

    Returns
    -------
    digest : str or None
        Hexadecimal digits. If None, there are no files here that can be read.
    """
    try:
        signature = signature_of(preset)
        return _digest(located(preset), signature) if signature else None
    except OSError:
        return None


# Files of a gigabyte take some seconds.
@lru_cache(maxsize=16)
def _digest(preset, signature):
    """Return the hash of the files of a model, which `signature` tells from others."""
    digest = hashlib.blake2b(digest_size=16)
    for name, file in _files_of(preset):
        with file.open("rb") as content:
            inner = hashlib.file_digest(content, "blake2b").digest()
        digest.update(name.encode() + b"\0" + inner)
    return digest.hexdigest()


def _files_of(preset):
    """Return the files that are read of a model, with their names in its folder."""
    found = _found(preset)
    if found is None:
        return []
    path = Path(_path_of(found))
    if path.is_file():
        # The parameters of a search tell what it is called.
        return [("", path)]
    files = sorted({file for pattern in _PATTERNS for file in path.glob(pattern)})
    return [
        (file.relative_to(path).as_posix(), file)
        for file in files
        if file.suffix in _ENDINGS and file.is_file()
    ]


def _found(preset):
    """Return a model with its absolute path; None if it is no path here."""
    network = _NETWORK.fullmatch(preset)
    for name, path in [("", preset), *([network.groups()] if network else [])]:
        path = os.path.expanduser(path)
        if path and os.path.exists(path):
            return name + os.path.abspath(path)
    return None


def _path_of(found):
    """Return the path in what `_found` has returned."""
    network = _NETWORK.fullmatch(found)
    return found if network is None else network[2]
