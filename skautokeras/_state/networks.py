"""Networks as the bytes of `.keras` files, and back without running code of theirs."""

import io
import json
import tempfile
import zipfile
from pathlib import Path

import keras

from skautokeras._state.archive import check_members
from skautokeras._state.copies import checked_copy, is_known
from skautokeras._state.randomness import seeded
from skautokeras._state.registry import check_readable, check_registered

_CONFIG, _METADATA = "config.json", "metadata.json"
_SHARED = "shared_object_id"


def to_bytes(model):
    """Return a network as a `.keras` file, without an optimizer.

    Parameters
    ----------
    model : keras.Model
        A functional model.

    Returns
    -------
    content : bytes
        Content of the file. It is the same for the same network at any time, as
        `joblib.hash` of an estimator needs it.

    Raises
    ------
    TypeError
        If a layer is a user's own and not registered with Keras, or if its
        configuration does not tell all that it computes.

    Examples
    --------
    >>> import keras
    >>> from skautokeras._state.networks import from_bytes, to_bytes
    >>> x = keras.Input((3,))
    >>> content = to_bytes(keras.Model(x, keras.layers.Dense(2)(x)))
    >>> from_bytes(content).output_shape
    (None, 2)
    """
    check_registered(model)
    # A training may have compiled it; another model of the same layers is not.
    plain = keras.Model(model.input, model.output, name=model.name)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "network.keras")
        keras.saving.save_model(plain, path)
        content = _reproducible(path)
    if not is_known(model):
        checked_copy(model, lambda: from_bytes(content))
    return content


def _reproducible(path):
    """Return the content of a `.keras` file without the time and places in memory."""
    content = io.BytesIO()
    with zipfile.ZipFile(path) as written, zipfile.ZipFile(content, "w") as archive:
        for name in written.namelist():
            member = written.read(name)
            if name == _METADATA:
                metadata = json.loads(member)
                member = json.dumps({**metadata, "date_saved": ""}).encode()
            elif name == _CONFIG:
                _number_shared_objects(config := json.loads(member), {})
                member = json.dumps(config).encode()
            archive.writestr(zipfile.ZipInfo(name), member)
    return content.getvalue()


def _number_shared_objects(config, numbers):
    """Count the objects that parts of a configuration share, in their order.

    Keras tells them apart by their places in memory. ``numbers`` has the new numbers of
    those that have been seen.
    """
    if isinstance(config, list):
        for part in config:
            _number_shared_objects(part, numbers)
    if not isinstance(config, dict):
        return
    if config.get("class_name") == "DTypePolicy":
        # Layers that have been read share none of them any more.
        config.pop(_SHARED, None)
    elif _SHARED in config:
        config[_SHARED] = numbers.setdefault(config[_SHARED], len(numbers) + 1)
    for part in config.values():
        _number_shared_objects(part, numbers)


def from_bytes(content):
    """Return the network of a `.keras` file, opened in Keras's safe mode.

    Parameters
    ----------
    content : bytes
        A file from anywhere.

    Returns
    -------
    model : keras.Model
        The network with its weights, not compiled.

    Raises
    ------
    ValueError
        If a layer is not registered with Keras, or would run code of the file, or if
        the file is not harmless to open.
    """
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        # Keras does not compress what it writes.
        check_members(archive, len(content), most_compression=1)
        check_readable(json.loads(archive.read(_CONFIG)))
    with tempfile.TemporaryDirectory() as folder, seeded(0):
        path = Path(folder, "network.keras")
        path.write_bytes(content)
        return keras.saving.load_model(path, compile=False, safe_mode=True)
