"""Fingerprint: one hash for equal searches, in every process."""

from functools import partial, singledispatch
from types import BuiltinFunctionType, CodeType, FunctionType, MethodType

import numpy as np
from joblib import hash as joblib_hash

_PLAIN = (type(None), bool, int, float, complex, str, bytes)


def fingerprint(value):
    """Return a hash of a value: of what it is, not of where it is in memory.

    Parameters
    ----------
    value : object
        Settings and data: plain values, arrays, containers, functions (told apart by
        their code and what they enclose), objects with a ``get_config`` as those of
        Keras, and other objects (by their attributes).

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
    return joblib_hash(_described(value, seen=()))


def _described(value, seen):
    """Return nested lists of plain values and arrays that stand for a value."""
    is_array = isinstance(value, (np.ndarray, np.generic)) and value.dtype.kind != "O"
    if is_array or isinstance(value, _PLAIN):
        return value
    if id(value) in seen:
        return "seen before"
    seen = (*seen, id(value))
    return [_name(type(value)), *(_described(part, seen) for part in _parts(value))]


@singledispatch
def _parts(value):
    """Return what makes a value differ from others of its class."""
    if hasattr(value, "get_config"):
        # The config of a Keras loss does not hold the arguments of its function, and
        # names count the objects of a process.
        plain = {k: v for k, v in vars(value).items() if _is_plain(v)}
        parts = {**plain, **value.get_config()}
        return [{k: v for k, v in parts.items() if k not in ("name", "_name")}]
    if hasattr(value, "__dict__"):
        return [vars(value)]
    return [] if " at 0x" in repr(value) else [repr(value)]


@_parts.register(dict)
def _(value):
    return list(value.items())


@_parts.register(list)
@_parts.register(tuple)
@_parts.register(np.ndarray)
def _(value):
    return list(value)


@_parts.register(set)
@_parts.register(frozenset)
def _(value):
    return sorted(value, key=repr)


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


@_parts.register(type)
@_parts.register(BuiltinFunctionType)
def _(value):
    return [_name(value)]


def _is_plain(value):
    """Return whether a value consists of nothing but plain values."""
    if isinstance(value, dict):
        return all(map(_is_plain, value.values()))
    if isinstance(value, (list, tuple)):
        return all(map(_is_plain, value))
    return isinstance(value, _PLAIN)


def _name(value):
    module = getattr(value, "__module__", None)
    return f"{module}.{getattr(value, '__qualname__', value)}"
