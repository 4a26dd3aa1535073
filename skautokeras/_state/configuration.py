"""Parameters of blocks as plain values for JSON, and back.

An object becomes ``{"class_name": ..., "config": ...}``, the name being the one that
its class has in Keras's registry. Reading looks names up there and imports nothing but
the blocks of this package, so that a configuration from elsewhere can run no code.
"""

import pkgutil
from importlib import import_module

import keras
import numpy as np

_PLAIN = (bool, int, float, str, type(None))


def serialize(value, where="a value"):
    """Return a parameter of a block as plain values.

    Parameters
    ----------
    value : object
        None, a number, a string, a block, a range, a Keras object, a function that is
        registered with Keras, or a list, array or dict of them.
    where : str, default="a value"
        What is said of the value in an error.

    Returns
    -------
    config : object
        Ready for JSON.

    Raises
    ------
    TypeError
        If the value is something else, or its class is not registered with Keras.

    Examples
    --------
    >>> from skautokeras import Boolean
    >>> from skautokeras._state.configuration import deserialize, serialize
    >>> serialize([0.5, Boolean()])
    [0.5, {'class_name': 'skautokeras>Boolean', 'config': {'default': False}}]
    >>> deserialize(_)
    [0.5, Boolean(default=False)]
    """
    if isinstance(value, _PLAIN):
        return value
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, (list, tuple)):
        return [serialize(part, where) for part in value]
    if isinstance(value, np.ndarray):
        return serialize(value.tolist(), where)
    if isinstance(value, dict):
        parts = {key: serialize(part, where) for key, part in value.items()}
        if all(isinstance(key, str) for key in value):
            return parts
        # JSON would make strings of the numbers of columns.
        return {"class_name": "dict", "config": serialize(list(parts.items()), where)}
    if str(getattr(value, "__module__", "")).split(".")[0] == "keras":
        return _keras_config(value, where)
    if hasattr(value, "get_config") and not isinstance(value, type):
        name = _registered_name(type(value), where)
        return {"class_name": name, "config": value.get_config()}
    if callable(value) and hasattr(value, "__name__"):
        return {"class_name": "function", "config": _registered_name(value, where)}
    raise TypeError(f"A configuration cannot hold {where}: got {value!r}.")


def deserialize(config):
    """Return the parameter of a block that plain values describe.

    Parameters
    ----------
    config : object
        From `serialize`.

    Returns
    -------
    value : object
        Tuples and arrays have become lists.

    Raises
    ------
    ValueError
        If a class or function is not registered with Keras.
    """
    if isinstance(config, list):
        return [deserialize(part) for part in config]
    if not isinstance(config, dict):
        return config
    if "module" in config and "class_name" in config:
        return keras.saving.deserialize_keras_object(config, safe_mode=True)
    if set(config) != {"class_name", "config"}:
        return {key: deserialize(part) for key, part in config.items()}
    if config["class_name"] == "function":
        return _registered(config["config"])
    if config["class_name"] == "dict":
        return {deserialize(key): deserialize(part) for key, part in config["config"]}
    return _registered(config["class_name"]).from_config(config["config"])


def _keras_config(value, where):
    try:
        return keras.saving.serialize_keras_object(value)
    except TypeError:  # of callbacks, for instance
        raise TypeError(
            f"A configuration cannot hold {where}: got {value!r}."
        ) from None


def _registered_name(item, where):
    """Return the name of a class or function in Keras's registry."""
    name = keras.saving.get_registered_name(item)
    if keras.saving.get_registered_object(name) is item:
        return name
    raise TypeError(
        f"A configuration cannot hold {where}: {getattr(item, '__name__', item)} is "
        "not registered with Keras. Put @keras.saving.register_keras_serializable("
        'package="my_package") before its definition.'
    )


def _registered(name):
    """Return the class or function of a name in Keras's registry."""
    item = keras.saving.get_registered_object(name)
    if item is None and str(name).startswith("skautokeras>"):
        # Registered as soon as they are imported.
        space = import_module("skautokeras._space")
        for module in pkgutil.iter_modules(space.__path__):
            import_module(f"{space.__name__}.{module.name}")
        item = keras.saving.get_registered_object(name)
    if item is None:
        raise ValueError(
            f"Nothing is registered with Keras as {name!r}. Import the module that "
            "defines it first; its definition needs "
            "@keras.saving.register_keras_serializable."
        )
    return item
