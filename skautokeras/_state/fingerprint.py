"""Fingerprint: one hash for equal searches, in every process."""

import json
from functools import partial, singledispatch
from hashlib import sha256
from types import BuiltinFunctionType, CodeType, FunctionType, MethodType

import numpy as np

from skautokeras._state.codec import Encoder


def fingerprint(value):
    """Return a hash of a value: of what it is, not of where it is in memory.

    It is the hash of what the codec writes. What the codec refuses, as no file can hold
    it, is described instead: functions by their code and what they enclose, objects
    with a ``get_config`` by that, other objects by their attributes.

    Parameters
    ----------
    value : object
        Settings and data.

    Returns
    -------
    fingerprint : str
        Hexadecimal digits.

    Examples
    --------
    >>> from skautokeras._state.fingerprint import fingerprint
    >>> fingerprint({"loss": lambda y, p: y - p}) == fingerprint(
    ...     {"loss": lambda y, p: y - p}
    ... )
    True
    >>> fingerprint([1, 2]) == fingerprint([2, 1])
    False
    """
    return sha256(json.dumps(_Describer()(value)).encode()).hexdigest()


class _Describer(Encoder):
    """Encodes values that may not come back, and hashes arrays where they are."""

    def __init__(self):
        super().__init__(members={})
        self._path = []

    def __call__(self, value):
        """Return plain values that stand for a value."""
        if id(value) in self._path:
            return "a value that it is a part of"
        self._path.append(id(value))
        try:
            if isinstance(value, set | frozenset):
                value = ["set", *sorted(value, key=repr)]
            return super().__call__(value)
        finally:
            self._path.pop()

    def add_array(self, array):
        """Return the hash of an array, which stays where it is."""
        content = np.ascontiguousarray(array).reshape(-1)
        # A buffer cannot be of strings or moments.
        if array.dtype.kind not in "biufc":
            content = content.tobytes()
        return f"{array.dtype.str} {array.shape} {sha256(content).hexdigest()}"

    def add_network(self, model):
        """Return the description of a network."""
        return self.other(model)

    def other(self, value):
        """Describe what no file can hold."""
        return [self(type(value)), *(self(part) for part in _parts(value))]


@singledispatch
def _parts(value):
    """Return what makes a value differ from others of its class."""
    if hasattr(value, "get_config"):
        # The config of a Keras loss does not hold the arguments of its function, and
        # names count the objects of a process.
        plain = {k: v for k, v in vars(value).items() if _is_plain(v)}
        try:
            parts = {**plain, **value.get_config()}
        except (NotImplementedError, TypeError):  # something in it is not registered
            return [vars(value)]
        return [{k: v for k, v in parts.items() if k not in ("name", "_name")}]
    if hasattr(value, "__dict__"):
        return [vars(value)]
    return [] if " at 0x" in repr(value) else [repr(value)]


@_parts.register(np.ndarray)
def _(value):
    return [value.dtype.str, value.shape, value.tobytes()]


@_parts.register(tuple)
@_parts.register(list)
@_parts.register(dict)
def _(value):  # a subclass: the codec has all others
    return list(value.items() if isinstance(value, dict) else value)


@_parts.register(FunctionType)
def _(value):
    enclosed = [cell.cell_contents for cell in value.__closure__ or ()]
    return [_name(value), value.__code__, value.__defaults__, enclosed]


@_parts.register(CodeType)
def _(value):
    return [value.co_code, value.co_names, value.co_consts]


@_parts.register(MethodType)
def _(value):
    return [value.__func__, value.__self__]


@_parts.register(partial)
def _(value):
    return [value.func, value.args, value.keywords]


@_parts.register(BuiltinFunctionType)
def _(value):
    return [_name(value)]


# Classes of these packages do what their version says.
_KNOWN = {
    "builtins",
    "joblib",
    "keras",
    "keras_hub",
    "keras_tuner",
    "numpy",
    "pandas",
    "scipy",
    "skautokeras",
    "sklearn",
    "tensorflow",
}


@_parts.register(type)
def _(value):
    """Describe a class of the user by its code, which may change between searches."""
    if (value.__module__ or "").partition(".")[0] in _KNOWN:
        return [_name(value)]
    return [_name(value), list(value.__bases__), _code_of(value)]


def _code_of(class_):
    """Return the functions and the plain values that a class sets itself."""
    found = {}
    for name, value in sorted(vars(class_).items()):
        if isinstance(value, staticmethod | classmethod):
            value = value.__func__
        if isinstance(value, property):
            value = [value.fget, value.fset, value.fdel]
        is_code = isinstance(value, FunctionType | list)
        if name != "__doc__" and (is_code or _is_plain(value)):
            found[name] = value
    return {k: v for k, v in found.items() if k not in _OF_PYTHON}


# What Python writes into classes, which tells where they were defined.
_OF_PYTHON = ("__module__", "__qualname__", "__firstlineno__", "__static_attributes__")


def _is_plain(value):
    """Return whether a value consists of nothing but plain values."""
    if isinstance(value, dict):
        return all(map(_is_plain, value.values()))
    if isinstance(value, list | tuple):
        return all(map(_is_plain, value))
    return isinstance(value, type(None) | bool | int | float | complex | str | bytes)


def _name(value):
    module = getattr(value, "__module__", None)
    return f"{module}.{getattr(value, '__qualname__', value)}"
