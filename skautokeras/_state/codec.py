"""Codec: the one way from values to JSON and back, without running code.

Plain values, lists and dicts stay what they are. Everything else becomes
``{"class_name": ..., "config": ...}``. The class name is that of a kind of values below
("tuple", "array", "object", ...), or the name of a block or a loss in Keras's registry.
Keras's own objects look as Keras writes them. Reading looks names up in the tables
below and in `registry`; nothing in the content is imported or run.

Where there is room for members of a file beside the JSON, every value comes back as it
was. Where there is none, in a configuration, tuples and arrays become lists.

>>> from skautokeras._state.codec import decode, encode
>>> encode({"size": (3, 4)})
{'size': [3, 4]}
>>> encode({"size": (3, 4)}, members={})
{'size': {'class_name': 'tuple', 'config': [3, 4]}}
>>> decode(_)
{'size': (3, 4)}
"""

import io
import json
import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from inspect import isclass
from pathlib import Path, PurePath

import keras
import numpy as np
from sklearn.metrics import get_scorer

from skautokeras._state.kinds_pandas import PANDAS_KINDS
from skautokeras._state.names import class_named, name_of
from skautokeras._state.networks import from_bytes, to_bytes
from skautokeras._state.registry import (
    check_readable,
    class_at,
    class_path,
    registered,
    registered_name,
    scorer_name,
)

_PLAIN = (bool, int, str, type(None))
# Booleans, numbers, strings, durations and moments; no objects.
_DTYPES = "biufcSUmM"
_NUMBERS = "biuf"
_OBJECT = {"class_name", "config"}


@dataclass(frozen=True)
class Kind:
    """What a kind of values is made of.

    ``fits`` tells whether a value is of the kind, ``take_apart`` returns simpler values
    that stand for it, and ``put_together`` makes the value of them.
    """

    fits: Callable
    take_apart: Callable
    put_together: Callable


def encode(value, members=None, *, where="it"):
    """Return a value as plain values for JSON.

    Parameters
    ----------
    value : object
        The value, of a kind that this module knows.
    members : dict of str to bytes or None, default=None
        Members of a file, to which arrays and networks are added. None makes a
        configuration, in which arrays and tuples become lists.
    where : str, default="it"
        Name of the value in the message of an error.

    Returns
    -------
    content : object
        Plain values for JSON.

    Raises
    ------
    TypeError
        If the value, or a part of it, is of no known kind, or is not registered.
    """
    return Encoder(members, where)(value)


def decode(content, members=None):
    """Return the value that plain values describe.

    Parameters
    ----------
    content : object
        Plain values that `encode` has returned, or that come from anywhere.
    members : dict of str to bytes or None, default=None
        Members of the file.

    Returns
    -------
    value : object
        Equal to the one that was encoded.

    Raises
    ------
    Exception
        If the content is not what `encode` has returned. A class or function that is
        not known is a ValueError.
    """
    return _Decoder(members or {})(content)


def text_key(value):
    """Return a text that is equal for equal values, whatever the order of their names.

    Parameters
    ----------
    value : object
        A configuration, for instance.

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._state.codec import text_key
    >>> text_key({"b": 1, "a": np.int64(2)})
    '{"a": 2, "b": 1}'
    """
    return json.dumps(encode(value), sort_keys=True)


class Encoder:
    """Callable that encodes values; its subclass for fingerprints knows more of them.

    Parameters
    ----------
    members : dict of str to bytes or None
        Members of the file, or None for a configuration.
    where : str
        Name of the value in the message of an error.
    """

    def __init__(self, members, where="it"):
        self._members = members
        self._where = where
        self._counts = Counter()
        self._kinds = _IN_CONFIGURATIONS if members is None else _KINDS

    def __call__(self, value):
        """Return a value as plain values."""
        if self._members is None:
            value = _simplified(value)
        if type(value) in _PLAIN or (type(value) is float and math.isfinite(value)):
            return value
        if type(value) is list:
            return [self(part) for part in value]
        if type(value) is dict and _looks_like_no_object(value):
            return {key: self(part) for key, part in value.items()}
        if self._members is not None and is_plain_array(value):
            return _tagged("array", self.add_array(value))
        if self._members is not None and isinstance(value, keras.Model):
            return _tagged("network", self.add_network(value))
        for name, kind in self._kinds.items():
            if kind.fits(value):
                return _tagged(name, self(kind.take_apart(value)))
        return self.other(value)

    def add_array(self, array):
        """Keep an array beside the content, and return its name there."""
        return self._add_member("arrays/{}.npy", array_to_bytes(array))

    def add_network(self, model):
        """Keep a network beside the content, and return its name there."""
        return self._add_member("networks/{}.keras", to_bytes(model))

    def other(self, value):
        """Return an object of Keras or of its registry as a configuration."""
        if isclass(value):
            return _tagged("class", self._registered_name(value, value))
        if str(getattr(value, "__module__", "")).split(".")[0] == "keras":
            return self._of_keras(value)
        if hasattr(value, "get_config"):
            name = self._registered_name(type(value), value)
            try:
                return _tagged(name, value.get_config())
            except NotImplementedError:
                raise self._refusal(value, "It has no get_config.") from None
        if callable(value) and hasattr(value, "__name__"):
            return _tagged("function", self._registered_name(value, value))
        raise self._refusal(value)

    def _registered_name(self, item, value):
        try:
            return registered_name(item)
        except TypeError as error:
            raise self._refusal(value, error) from None

    def _of_keras(self, value):
        try:
            config = keras.saving.serialize_keras_object(value)
            check_readable(config)
        except (TypeError, ValueError):  # callbacks, for instance
            raise self._refusal(value) from None
        return config

    def _refusal(self, value, reason=""):
        if self._members is None:
            message = f"A configuration cannot hold {self._where}: got {value!r}."
        else:
            message = (
                f"A file without pickles cannot hold {value!r}; save with joblib "
                "instead."
            )
        return TypeError(f"{message} {reason}".strip())

    def _add_member(self, pattern, content):
        name = pattern.format(self._counts[pattern])
        self._counts[pattern] += 1
        self._members[name] = content
        return name


class _Decoder:
    """Callable that decodes content. Every member of the file can be used once only.

    Otherwise, a short file could name one long array so often that it fills the memory.
    """

    def __init__(self, members):
        self._members = dict(members)

    def __call__(self, content):
        if isinstance(content, list):
            return [self(part) for part in content]
        if not isinstance(content, dict):
            return content
        if "module" in content and "class_name" in content:
            check_readable(content)
            return keras.saving.deserialize_keras_object(content, safe_mode=True)
        if content.keys() != _OBJECT:
            return {key: self(part) for key, part in content.items()}
        name, config = content["class_name"], content["config"]
        if name == "array":
            return array_from_bytes(self._members.pop(config))
        if name == "network":
            return from_bytes(self._members.pop(config))
        if name == "function":
            return registered(config)
        if name in _KINDS:
            return _KINDS[name].put_together(self(config))
        item = registered(name)
        check_readable(config)
        return item.from_config(config)


def _tagged(class_name, config):
    return {"class_name": class_name, "config": config}


def _simplified(value):
    """Return a value with NumPy's numbers, arrays and tuples as JSON can hold them."""
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    for kind in (list, dict, str):
        if isinstance(value, kind):
            return kind(value)
    return list(value) if isinstance(value, tuple) else value


def _looks_like_no_object(value):
    return "class_name" not in value and all(type(key) is str for key in value)


def array_to_bytes(array):
    """Return an array as a `.npy` file.

    Parameters
    ----------
    array : ndarray
        An array of anything but objects.
    """
    file = io.BytesIO()
    np.save(file, array, allow_pickle=False)
    return file.getvalue()


def array_from_bytes(content):
    """Return the array of a `.npy` file, if it is as long as it says and no pickle.

    Parameters
    ----------
    content : bytes
        A file from anywhere.

    Raises
    ------
    ValueError
        If it is something else.

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._state.codec import array_from_bytes, array_to_bytes
    >>> content = array_to_bytes(np.arange(3))
    >>> array_from_bytes(content)
    array([0, 1, 2])
    >>> array_from_bytes(content.replace(b"(3,)", b"(9,)"))
    Traceback (most recent call last):
    ValueError: It holds an array that is not as long as it says.
    """
    file = io.BytesIO(content)
    if np.lib.format.read_magic(file) != (1, 0):
        raise ValueError("It holds an array of an unknown version.")
    shape, _, dtype = np.lib.format.read_array_header_1_0(file)
    if dtype.kind not in _DTYPES:
        raise ValueError("It holds an array of objects, which would be a pickle.")
    if math.prod(shape) * dtype.itemsize != len(content) - file.tell():
        raise ValueError("It holds an array that is not as long as it says.")
    file.seek(0)
    return np.load(file, allow_pickle=False)


def is_plain_array(value):
    """Return whether a value is an array that a `.npy` file holds without a pickle.

    Parameters
    ----------
    value : object
        Value that may be an array.
    """
    is_array = type(value) in (np.ndarray, np.memmap)
    return is_array and value.dtype.kind in _DTYPES


def _objects(parts):
    shape, items = parts["shape"], parts["items"]
    if math.prod(shape) != len(items):
        raise ValueError("It holds an array that is not as long as it says.")
    array = np.empty(len(items), dtype=object)
    for i, item in enumerate(items):
        array[i] = item
    return array.reshape(shape)


def _is_short(value):
    """Return whether JSON holds a scalar of NumPy's to the last bit."""
    if isinstance(value, np.str_):
        return True
    is_number = isinstance(value, np.generic) and value.dtype.kind in _NUMBERS
    return is_number and value.dtype.itemsize <= 8


def _short_scalar(parts):
    dtype, value = parts
    if not isinstance(dtype, str) or np.dtype(dtype).kind not in f"{_NUMBERS}U":
        raise ValueError(f"{dtype!r} is no dtype of a number or a string.")
    return np.dtype(dtype).type(value)


def _attributes(value):
    left_out = getattr(type(value), "_left_out", ())
    kept = {k: v for k, v in vars(value).items() if k not in left_out}
    return {"name": name_of(type(value)), "attributes": kept}


def _object(parts):
    value = object.__new__(class_named(parts["name"]))
    # Records are frozen, and no constructor is to run.
    vars(value).update(parts["attributes"])
    return value


def _random_state(state):
    random_state = np.random.RandomState()
    random_state.set_state(state)
    return random_state


def _is_named_class(value):
    return isclass(value) and class_path(value) is not None


# The kinds of values by name; the first one that fits counts.
_IN_CONFIGURATIONS = {
    "float": Kind(lambda value: type(value) is float, repr, float),
    "dict": Kind(
        lambda value: type(value) is dict,
        lambda value: [list(item) for item in value.items()],
        dict,
    ),
    "slice": Kind(
        lambda value: type(value) is slice,
        lambda value: [value.start, value.stop, value.step],
        lambda parts: slice(*parts),
    ),
    "range": Kind(
        lambda value: type(value) is range,
        lambda value: [value.start, value.stop, value.step],
        lambda parts: range(*parts),
    ),
    "path": Kind(lambda value: isinstance(value, PurePath), str, Path),
    "class": Kind(_is_named_class, class_path, class_at),
}
_KINDS = {
    **_IN_CONFIGURATIONS,
    "tuple": Kind(lambda value: type(value) is tuple, list, tuple),
    "set": Kind(lambda value: type(value) is set, list, set),
    "bytes": Kind(
        lambda value: type(value) is bytes,
        lambda value: np.frombuffer(value, "uint8"),
        lambda array: array.tobytes(),
    ),
    "objects": Kind(
        lambda value: type(value) is np.ndarray and value.dtype.kind == "O",
        lambda value: {"shape": list(value.shape), "items": value.ravel().tolist()},
        _objects,
    ),
    "number": Kind(
        _is_short, lambda value: [value.dtype.str, value.item()], _short_scalar
    ),
    "scalar": Kind(
        lambda value: isinstance(value, np.generic) and value.dtype.kind in _DTYPES,
        np.asarray,
        lambda array: array[()],
    ),
    **{name: Kind(*functions) for name, functions in PANDAS_KINDS.items()},
    "random_state": Kind(
        lambda value: type(value) is np.random.RandomState,
        lambda value: value.get_state(legacy=False),
        _random_state,
    ),
    "object": Kind(
        lambda value: name_of(type(value)) is not None, _attributes, _object
    ),
    "scorer": Kind(
        lambda value: callable(value) and scorer_name(value) is not None,
        scorer_name,
        get_scorer,
    ),
}
