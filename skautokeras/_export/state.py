"""State: fitted attributes and parameters as plain values for JSON and arrays.

Everything is one of a few known kinds. A kind says how a value is taken apart into
simpler ones and how it is put together again; reading a file does nothing but that, so
a file from elsewhere can run no code.

>>> from skautokeras._export.state import decode, encode
>>> arrays = []
>>> encode({"size": (3, 4)}, arrays)
{'is': 'dict', 'keys': ['size'], 'values': [{'is': 'tuple', 'items': [3, 4]}]}
>>> decode(_, arrays)
{'size': (3, 4)}
"""

import io
import math
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from inspect import isclass
from pathlib import Path, PurePath

import keras
import keras_tuner
import numpy as np
import tensorflow as tf
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.metrics import get_scorer, get_scorer_names
from sklearn.model_selection import (
    KFold,
    LeaveOneOut,
    ShuffleSplit,
    StratifiedKFold,
    StratifiedShuffleSplit,
    TimeSeriesSplit,
)

import skautokeras._data
from skautokeras._export.pandas_state import PANDAS_KINDS
from skautokeras._search import oracle
from skautokeras._space.node import Node
from skautokeras._state.configuration import deserialize, serialize
from skautokeras._state.registration import check_readable

_PLAIN = (bool, int, str, type(None))
# Booleans, numbers, strings, durations and moments; no objects.
_DTYPES = "biufcSUmM"
# What classes that are parameters are called in a file: the module they are public in.
_CLASSES_IN = {
    "keras.losses": keras.losses,
    "keras.metrics": keras.metrics,
    "keras_tuner.oracles": keras_tuner.oracles,
    "skautokeras": oracle,
    "tf.distribute": tf.distribute,
}
# Fitted parts of adapters, and splitters, that are scikit-learn's.
_FROM_SKLEARN = (
    TfidfTransformer,
    KFold,
    StratifiedKFold,
    ShuffleSplit,
    StratifiedShuffleSplit,
    TimeSeriesSplit,
    LeaveOneOut,
)


@dataclass(frozen=True)
class Kind:
    """What a kind of values is made of.

    ``fits`` tells whether a value is of the kind, ``take_apart`` returns its parts by
    name, and ``put_together`` is called with them.
    """

    fits: Callable
    take_apart: Callable
    put_together: Callable


def encode(value, arrays):
    """Return a value as plain values for JSON.

    Parameters
    ----------
    value : object
        Of a known kind.
    arrays : list of ndarray
        Arrays in the value are put at its end.

    Returns
    -------
    content : object
        Ready for JSON.

    Raises
    ------
    TypeError
        If the value, or a part of it, is of no known kind.
    """
    if type(value) in _PLAIN or (type(value) is float and math.isfinite(value)):
        return value
    if type(value) is list:
        return [encode(part, arrays) for part in value]
    if _is_plain_array(value):
        arrays.append(np.asarray(value))
        return {"is": "array", "place": len(arrays) - 1}
    for name, kind in _kinds().items():
        if kind.fits(value):
            parts = kind.take_apart(value)
            return {"is": name, **{k: encode(v, arrays) for k, v in parts.items()}}
    raise TypeError(
        f"A file without pickles cannot hold {value!r}; save with joblib instead."
    )


def decode(content, arrays):
    """Return the value that plain values describe.

    Parameters
    ----------
    content : object
        From `encode`, or from anywhere.
    arrays : sequence of ndarray
        Those of the file.

    Returns
    -------
    value : object
        Equal to the one that was encoded.
    """
    if isinstance(content, list):
        return [decode(part, arrays) for part in content]
    if not isinstance(content, dict):
        return content
    parts = {k: decode(v, arrays) for k, v in content.items() if k != "is"}
    if content["is"] == "array":
        return arrays[parts["place"]]
    return _kinds()[content["is"]].put_together(**parts)


def array_to_bytes(array):
    """Return an array as a `.npy` file.

    Parameters
    ----------
    array : ndarray
        Not of objects.
    """
    file = io.BytesIO()
    np.save(file, array, allow_pickle=False)
    return file.getvalue()


def array_from_bytes(content):
    """Return the array of a `.npy` file, if it is as long as it says and no pickle.

    Parameters
    ----------
    content : bytes
        From anywhere.

    Raises
    ------
    ValueError
        If it is something else.

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._export.state import array_from_bytes, array_to_bytes
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


def _is_plain_array(value):
    is_array = type(value) in (np.ndarray, np.memmap)
    return is_array and value.dtype.kind in _DTYPES


def _is_of_objects(value):
    return type(value) is np.ndarray and value.dtype.kind == "O"


def _objects(shape, items):
    if math.prod(shape) != len(items):
        raise ValueError("It holds an array that is not as long as it says.")
    array = np.empty(len(items), dtype=object)
    for i, item in enumerate(items):
        array[i] = item
    return array.reshape(shape)


def _is_scalar(value):
    return isinstance(value, np.generic) and value.dtype.kind in _DTYPES


@cache
def _own_classes():
    """Return the classes of adapters and of what they find out, by name."""
    classes = {cls.__name__: cls for cls in _FROM_SKLEARN}
    home = skautokeras._data
    for found in pkgutil.walk_packages(home.__path__, f"{home.__name__}."):
        module = import_module(found.name)
        own = (v for v in vars(module).values() if isclass(v))
        classes |= {v.__name__: v for v in own if v.__module__ == module.__name__}
    return classes


def _is_own(value):
    return _own_classes().get(type(value).__name__) is type(value)


def _make_own(class_name, attributes):
    value = object.__new__(_own_classes()[class_name])
    # Records are frozen, and no constructor is to run.
    vars(value).update(attributes)
    return value


def _home(cls):
    """Return the name of the module that a class is public in, or None."""
    homes = (k for k, m in _CLASSES_IN.items() if getattr(m, cls.__name__, None) is cls)
    return next(homes, None)


def _find_class(module, name):
    cls = getattr(_CLASSES_IN[module], name)
    if not isclass(cls):
        raise ValueError(f"{module}.{name} is no class.")
    return cls


@cache
def _scorers():
    return {name: get_scorer(name) for name in get_scorer_names()}


def _scorer_name(value):
    """Return the name of a scorer that scikit-learn has one for, or None."""
    found = (
        name
        for name, scorer in _scorers().items()
        if type(scorer) is type(value) and vars(scorer) == vars(value)
    )
    return next(found, None)


def _random_state(state):
    random_state = np.random.RandomState()
    random_state.set_state(state)
    return random_state


def _is_in_keras_registry(value):
    return not isclass(value) and (hasattr(value, "get_config") or callable(value))


def _checked_config(value):
    """Return the configuration of an object that can be read again."""
    try:
        return {"config": serialize(value, "it")}
    except NotImplementedError as error:
        raise TypeError(
            f"A configuration cannot hold it: {value!r} has no get_config."
        ) from error


def _from_config(config):
    check_readable(config)
    return deserialize(config)


def _from_node_config(config):
    check_readable(config)
    return Node.from_config(config)


@cache
def _kinds():
    """Return all kinds but arrays by name; the first one that fits counts."""
    return {
        "float": Kind(
            lambda value: type(value) is float,
            lambda value: {"text": repr(value)},
            lambda text: float(text),
        ),
        "dict": Kind(
            lambda value: type(value) is dict,
            lambda value: {"keys": list(value), "values": list(value.values())},
            lambda keys, values: dict(zip(keys, values, strict=True)),
        ),
        "tuple": Kind(
            lambda value: type(value) is tuple,
            lambda value: {"items": list(value)},
            lambda items: tuple(items),
        ),
        "set": Kind(
            lambda value: type(value) is set,
            lambda value: {"items": list(value)},
            lambda items: set(items),
        ),
        "objects": Kind(
            _is_of_objects,
            lambda value: {"shape": list(value.shape), "items": value.ravel().tolist()},
            _objects,
        ),
        "scalar": Kind(
            _is_scalar,
            lambda value: {"array": np.asarray(value)},
            lambda array: array[()],
        ),
        **{name: Kind(*functions) for name, functions in PANDAS_KINDS.items()},
        "random_state": Kind(
            lambda value: type(value) is np.random.RandomState,
            lambda value: {"state": value.get_state(legacy=False)},
            _random_state,
        ),
        "path": Kind(
            lambda value: isinstance(value, PurePath),
            lambda value: {"path": str(value)},
            lambda path: Path(path),
        ),
        "own": Kind(
            _is_own,
            lambda value: {
                "class_name": type(value).__name__,
                "attributes": dict(vars(value)),
            },
            _make_own,
        ),
        "class": Kind(
            lambda value: isclass(value) and _home(value) is not None,
            lambda value: {"module": _home(value), "name": value.__name__},
            _find_class,
        ),
        "scorer": Kind(
            lambda value: callable(value) and _scorer_name(value) is not None,
            lambda value: {"name": _scorer_name(value)},
            lambda name: get_scorer(name),
        ),
        "node": Kind(
            lambda value: isinstance(value, Node) and value.block is not None,
            lambda value: {"config": value.get_config()},
            _from_node_config,
        ),
        "config": Kind(_is_in_keras_registry, _checked_config, _from_config),
    }
