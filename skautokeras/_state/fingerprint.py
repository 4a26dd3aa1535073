"""Fingerprint: one hash for equal searches, in every process."""

import json
import re
import sys
from contextlib import suppress
from functools import cached_property, partial, partialmethod, singledispatch
from hashlib import sha256
from types import (
    BuiltinFunctionType,
    CodeType,
    FunctionType,
    MethodType,
    ModuleType,
    NoneType,
)

import keras
import numpy as np

from skautokeras._state.codec import Encoder


def fingerprint(value):
    """Return a hash of a value: of what it is, not of where it is in memory.

    It is the hash of what the codec writes. What the codec refuses, as no file can hold
    it, is described instead: functions by their code, their defaults and what they
    enclose, objects with a ``get_config`` by that and by their attributes, other
    objects by their attributes.

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
        return _parts_of_configured(value)
    attributes = _attributes(value)
    if attributes or hasattr(value, "__dict__"):
        return [attributes]
    return [] if " at 0x" in repr(value) else [repr(value)]


def _parts_of_configured(value):
    """Return what makes an object of Keras differ from others of its class."""
    # The config of a loss does not hold the arguments of its function, nor what a class
    # of the user does not write into it.
    is_told = _told_in(value)
    parts = {k: v for k, v in vars(value).items() if is_told(v)}
    # It has no config if something in it is not registered.
    with suppress(NotImplementedError, TypeError):
        parts |= value.get_config()
    # Names count the objects of a process.
    return [{k: v for k, v in parts.items() if k not in ("name", "_name")}]


def _attributes(value):
    """Return the attributes of an object, those in slots included."""
    state = object.__getstate__(value)
    if isinstance(state, tuple):
        own, in_slots = state
        return {**(own or {}), **in_slots}
    return state or {}


@_parts.register(np.ndarray)
def _(value):
    return [value.dtype.str, value.shape, value.tobytes()]


@_parts.register(tuple)
@_parts.register(list)
@_parts.register(dict)
def _(value):  # a subclass: the codec has all others
    return list(value.items() if isinstance(value, dict) else value)


@_parts.register(int)
@_parts.register(float)
@_parts.register(complex)
@_parts.register(str)
@_parts.register(bytes)
def _(value):  # a subclass, except of complex numbers
    bases = (int, float, complex, str, bytes)
    base = next(base for base in bases if isinstance(value, base))
    return [base.__repr__(value), _attributes(value)]


@_parts.register(re.Pattern)
def _(value):
    return [value.pattern, value.flags]


@_parts.register(FunctionType)
def _(value):
    defaults = [value.__defaults__, value.__kwdefaults__]
    enclosed = [_content(cell) for cell in value.__closure__ or ()]
    told = {}
    if not _is_known(value):  # Keras notes where its own functions are in memory.
        told = {k: v for k, v in vars(value).items() if _is_told(v)}
    return [_name(value), value.__code__, defaults, enclosed, told]


def _content(cell):
    """Return what a function encloses under one name."""
    try:
        return cell.cell_contents
    except ValueError:  # The name has no value yet.
        return "nothing"


@_parts.register(CodeType)
def _(value):
    return [getattr(value, name) for name in _OF_CODE]


# What decides about the results of code, and not where it was written.
_OF_CODE = (
    "co_code",
    "co_names",
    "co_consts",
    "co_varnames",
    "co_argcount",
    "co_posonlyargcount",
    "co_kwonlyargcount",
    "co_flags",
    "co_exceptiontable",
)


@_parts.register(MethodType)
def _(value):
    return [value.__func__, value.__self__]


@_parts.register(partial)
def _(value):
    return [value.func, value.args, value.keywords]


@_parts.register(ModuleType)
def _(value):
    return [value.__name__]


@_parts.register(BuiltinFunctionType)
def _(value):
    owner = value.__self__
    return [_name(value), None if isinstance(owner, ModuleType) else owner]


# Classes and functions of these packages do what their version says.
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
# Objects of these may be locks, tensors and caches.
_OPAQUE = {"keras", "tensorflow", *sys.stdlib_module_names}


@_parts.register(type)
def _(value):
    """Describe a class of the user by its code, which may change between searches."""
    if _is_known(value):
        return [_name(value)]
    return [_name(value), list(value.__bases__), _code_of(value)]


def _is_known(item):
    return _package(item) in _KNOWN


def _package(item):
    """Return the name of the package that defines a class or a function."""
    module = item.__module__
    return module.partition(".")[0] if isinstance(module, str) else ""


def _code_of(class_):
    """Return the functions and the values that a class sets itself."""
    found = {}
    for name, value in sorted(vars(class_).items()):
        if isinstance(value, staticmethod | classmethod):
            value = value.__func__
        if isinstance(value, property):
            value = [value.fget, value.fset, value.fdel]
        if isinstance(value, set | frozenset) or _is_told_of_users(value):
            found[name] = value
    return {k: v for k, v in found.items() if k not in _OF_PYTHON}


# What Python writes into classes: where they were defined, and what it has looked up.
_OF_PYTHON = (
    "__annotations__",
    "__annotations_cache__",
    "__doc__",
    "__firstlineno__",
    "__module__",
    "__qualname__",
    "__slotnames__",
    "__static_attributes__",
)

_PLAIN = (NoneType, bool, int, float, complex, str, bytes)
_TOLD = (
    *_PLAIN,
    np.ndarray,
    np.generic,
    FunctionType,
    BuiltinFunctionType,
    MethodType,
    partial,
    partialmethod,
    cached_property,
    type,
)


def _told_in(value):
    """Return the function that tells which attributes of an object are described."""
    if isinstance(value, keras.layers.Layer):
        return _is_plain  # All else is what Keras keeps of it.
    return _is_told if _is_known(type(value)) else _is_told_of_users


def _is_plain(value):
    """Return whether a value consists of nothing but plain values."""
    return _consists_of(value, lambda part: isinstance(part, _PLAIN))


def _is_told(value):
    """Return whether it consists of plain values, arrays, functions and classes."""
    return _consists_of(value, lambda part: isinstance(part, _TOLD))


def _is_told_of_users(value):
    """Return whether it consists of such values and of objects that hold settings."""
    return _consists_of(value, _is_told_part)


def _is_told_part(value):
    if isinstance(value, _TOLD) or hasattr(value, "get_config"):
        return True
    return _package(type(value)) not in _OPAQUE


def _consists_of(value, is_part):
    """Return whether all that lists, tuples and dicts hold is of some kind."""
    if isinstance(value, dict):
        return all(_consists_of(part, is_part) for part in value.values())
    if isinstance(value, list | tuple):
        return all(_consists_of(part, is_part) for part in value)
    return is_part(value)


def _name(value):
    module = getattr(value, "__module__", None)
    return f"{module}.{getattr(value, '__qualname__', value)}"
