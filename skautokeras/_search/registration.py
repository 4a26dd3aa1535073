"""Registration: whether Keras could read a network back."""

import keras

# Packages whose objects Keras finds without registration, or that register all of them.
_KNOWN = ("keras", "keras_hub", "skautokeras")


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
    >>> from skautokeras._search.registration import check_registered
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


def _unregistered(config):
    """Yield the names in a configuration that Keras will not find."""
    if isinstance(config, list | tuple):
        for part in config:
            yield from _unregistered(part)
    if not isinstance(config, dict):
        return
    kind = config.get("class_name")
    if kind in ("__lambda__", "Lambda"):
        yield "A lambda"
    elif kind == "function":
        # Keras writes its own functions as plain names.
        if keras.saving.get_registered_object(config.get("config")) is None:
            yield f"The function {config.get('config')}"
    elif kind is not None and config.get("module") is not None:
        package = config["module"].split(".")[0]
        name = config.get("registered_name") or kind
        if package not in _KNOWN and keras.saving.get_registered_object(name) is None:
            yield kind
    for part in config.values():
        yield from _unregistered(part)
