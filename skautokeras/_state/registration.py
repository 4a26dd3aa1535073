"""Registration: whether Keras could read a network back."""

import keras

# Packages whose objects Keras finds without registration, or that register all of them.
_KNOWN = ("keras", "keras_hub", "skautokeras")
# What runs code of somebody else. A TFSMLayer has the path of a SavedModel; Keras 3.12
# loads that in its safe mode, too.
_CODE = {
    "__lambda__": "A lambda",
    "Lambda": "A lambda",
    "TFSMLayer": "The program of a TFSMLayer",
}


def check_registered(model):
    """Raise unless all parts of a network are known to Keras by name.

    Copies, files and pickles of a network are made from its configuration, in which
    classes and functions are names.

    Parameters
    ----------
    model : keras.Model
        Functional.

    Raises
    ------
    TypeError
        If a layer, or a function in one, is a user's own and not registered.

    Examples
    --------
    >>> import keras
    >>> from skautokeras._state.registration import check_registered
    >>> x = keras.Input((3,))
    >>> check_registered(keras.Model(x, keras.layers.Dense(2)(x)))
    >>> try:
    ...     check_registered(keras.Model(x, keras.layers.Lambda(lambda x: 2 * x)(x)))
    ... except TypeError as error:
    ...     print(str(error).partition(",")[0])
    A lambda is not registered with Keras
    """
    for name in _unregistered(model.get_config()):
        raise TypeError(
            f"{name} is not registered with Keras, so the network cannot be written to "
            "a file or pickled. Put "
            '@keras.saving.register_keras_serializable(package="my_package") before '
            "its definition, and import that before the network is read back."
        )


def check_readable(config):
    """Raise unless all that a configuration names is known to Keras.

    Parameters
    ----------
    config : dict or list
        Of a network or another object, from elsewhere.

    Raises
    ------
    ValueError
        If something is not registered, or is code.

    Examples
    --------
    >>> from skautokeras._state.registration import check_readable
    >>> config = {
    ...     "class_name": "Gate",
    ...     "module": "mine",
    ...     "registered_name": "mine>Gate",
    ... }
    >>> check_readable(config)
    Traceback (most recent call last):
    ValueError: Gate is not registered with Keras. Import the module that defines it...
    """
    for name in _unregistered(config):
        raise ValueError(
            f"{name} is not registered with Keras. Import the module that defines it "
            "first; its definition needs @keras.saving.register_keras_serializable."
        )


def _unregistered(config):
    """Yield the names in a configuration that Keras will not find."""
    if isinstance(config, list | tuple):
        for part in config:
            yield from _unregistered(part)
    if not isinstance(config, dict):
        return
    kind = config.get("class_name")
    if kind in _CODE:
        yield _CODE[kind]
    elif kind == "function":
        # Keras writes its own activations as plain names, its losses like this.
        name = config.get("config")
        known = hasattr(keras.losses, name) or hasattr(keras.metrics, name)
        if not known and keras.saving.get_registered_object(name) is None:
            yield f"The function {name}"
    elif kind is not None and config.get("module") is not None:
        package = config["module"].split(".")[0]
        name = config.get("registered_name") or kind
        if package not in _KNOWN and keras.saving.get_registered_object(name) is None:
            yield kind
    for part in config.values():
        yield from _unregistered(part)
