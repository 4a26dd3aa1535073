"""Structure: which networks can share one compiled function."""

import json
import re

from skautokeras._layers.base import traits_of
from skautokeras._state.registry import PACKAGES


def structure(network):
    """Return what networks share that differ only in values and names.

    Parameters
    ----------
    network : keras.Model
        Functional.

    Returns
    -------
    structure : object
        Equal, and of equal hash, for networks that one compiled function can train.
    """
    try:
        layers = network.get_config()["layers"]
    except (NotImplementedError, OSError):
        # A user's layer without a config, or a lambda without a source: like no other.
        return object()
    # A layer's own class is compared below; what else it runs is known by name only.
    if any(_names_code({**layer, "module": None}) for layer in layers):
        return object()
    places = {layer["name"]: f'"#{i}"' for i, layer in enumerate(layers)}
    operations = {operation.name: operation for operation in network.operations}
    for layer in layers:
        for name in traits_of(operations[layer["name"]]).uncompiled_config:
            layer["config"].pop(name, None)
    text = json.dumps(layers, default=repr)
    # Keys keep their names, also where the first layer of a process is "activation".
    text = re.sub(
        r'"([^"]*)"(:?)', lambda m: m[0] if m[2] else places.get(m[1], m[0]), text
    )
    # A class defined inside of a function is another one each time it is run.
    classes = tuple(type(operations[layer["name"]]) for layer in layers)
    return classes, text


def _names_code(config):
    """Return whether a config holds a function or an object of a user's."""
    if isinstance(config, (list, tuple)):
        return any(_names_code(part) for part in config)
    if not isinstance(config, dict):
        return False
    if config.get("class_name") in ("Lambda", "__lambda__"):
        return True
    # Keras gives the activation of a layer that is a lambda as its bytes alone.
    if list(config) == ["value"] and isinstance(config["value"], (list, tuple)):
        return True
    package = str(config.get("module") or "keras").split(".")[0]
    return package not in PACKAGES or _names_code(list(config.values()))
