"""Structure: which networks can share one compiled function."""

import json
import re
from functools import cache

import keras

from skautokeras._layers.base import traits_of, walk
from skautokeras._state.registry import PACKAGES, is_users_own


def structure(network):
    """Return a key that is equal for networks which differ only in values and names.

    The names of inputs count, because networks are called on arrays by name.

    Parameters
    ----------
    network : keras.Model
        Functional network.

    Returns
    -------
    structure : object
        Hashable key, which is equal for networks that one compiled function can train.
    """
    try:
        layers = network.get_config()["layers"]
    except (NotImplementedError, OSError):
        # The user's layer has no config, or a lambda has no source, so that the network
        # cannot be compared and gets a key of its own.
        return object()
    # The class of a layer is compared below. Other code of the user that the layer runs
    # is known by its name only, so it cannot be compared.
    if any(_names_code({**layer, "module": None}) for layer in layers):
        return object()
    # Inputs keep their names, which say which array each of them reads. The order of
    # the layers does not.
    places = {
        layer["name"]: f'"#{i}"'
        for i, layer in enumerate(layers)
        if layer["class_name"] != "InputLayer"
    }
    operations = {operation.name: operation for operation in network.operations}
    for layer in layers:
        for name in traits_of(operations[layer["name"]]).uncompiled_config:
            layer["config"].pop(name, None)
    text = json.dumps(layers, default=repr)
    # Keys of a config keep their names, even if a layer has the same name: the first
    # activation layer of a process is called "activation".
    text = re.sub(
        r'"([^"]*)"(:?)', lambda m: m[0] if m[2] else places.get(m[1], m[0]), text
    )
    # Classes are compared themselves and not by name, because a function that defines a
    # class makes another one in each call.
    classes = tuple(type(operations[layer["name"]]) for layer in layers)
    # The config of a user's layer may lack arguments of its constructor.
    own = [_own_state(layer) for layer in walk(network) if is_users_own(layer)]
    if any(state is None for state in own):
        return object()
    return classes, text, json.dumps(own)


def _own_state(layer):
    """Return the attributes that the class of a layer sets; None if one is unknown.

    Layers and variables that it holds are compared elsewhere.
    """
    state = {}
    for name, value in vars(layer).items():
        if name in _usual_attributes():
            continue
        plain = _plain(value)
        if plain is _UNKNOWN:
            return None
        state[name] = plain
    return state


_UNKNOWN = object()


def _plain(value):
    """Return an attribute as JSON holds it."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, list | tuple):
        parts = [_plain(part) for part in value]
        return _UNKNOWN if any(part is _UNKNOWN for part in parts) else parts
    if isinstance(value, dict):
        return _plain([part for item in value.items() for part in item])
    if isinstance(value, keras.Variable):
        return [list(value.shape), value.dtype]
    if isinstance(value, keras.layers.Layer):
        return type(value).__qualname__
    return _UNKNOWN


@cache
def _usual_attributes():
    """Return the names of the attributes that layers and models have in any case."""
    x = keras.Input((1,))
    y = keras.layers.Dense(1)(x)
    subclass = type("Plain", (keras.Model,), {"call": lambda self, x: x})()
    subclass(x)
    layer = type("Plain", (keras.layers.Layer,), {"call": lambda self, x: x})()
    layer(x)
    found = {*vars(layer), *vars(subclass), *vars(keras.Model(x, y))}
    return frozenset(found)


def _names_code(config):
    """Return whether a config holds a function or an object of the user."""
    if isinstance(config, (list, tuple)):
        return any(_names_code(part) for part in config)
    if not isinstance(config, dict):
        return False
    if config.get("class_name") in ("Lambda", "__lambda__"):
        return True
    # If the activation of a layer is a lambda, Keras stores only its bytes, without a
    # class name.
    if list(config) == ["value"] and isinstance(config["value"], (list, tuple)):
        return True
    package = str(config.get("module") or "keras").split(".")[0]
    return package not in PACKAGES or _names_code(list(config.values()))
