"""Registry: the one list of classes and functions that a file may name.

A file may name objects of Keras, what is registered with Keras, the classes that
declare themselves with `saved_as`, the few of scikit-learn below, and the classes of
the namespaces below. Everything else is refused, in reading and in writing.
"""

import sys
from functools import cache
from inspect import isclass, isfunction

import keras
import keras_tuner
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

from skautokeras._state.names import class_named, import_public, name_of, saved_as

# Packages whose objects are what their configuration says: a configuration of a network
# that names only them tells everything about the network.
PACKAGES = ("keras", "keras_hub", "skautokeras")
# Where the functions are that Keras writes by their name alone.
_FUNCTIONS_IN = (
    keras.activations,
    keras.losses,
    keras.metrics,
    keras.initializers,
    keras.regularizers,
    keras.constraints,
)
_NO_PART_OF_A_NETWORK = {"get", "serialize", "deserialize"}
# Classes that are parameters are named by the module they are public in.
_CLASSES_IN = {
    "keras.losses": keras.losses,
    "keras.metrics": keras.metrics,
    "keras_tuner.oracles": keras_tuner.oracles,
    "tf.distribute": tf.distribute,
}
# Fitted parts of adapters, and splitters.
for _cls in (
    TfidfTransformer,
    KFold,
    StratifiedKFold,
    ShuffleSplit,
    StratifiedShuffleSplit,
    TimeSeriesSplit,
    LeaveOneOut,
):
    saved_as(_cls.__name__)(_cls)
# What runs code of somebody else. A TFSMLayer has the path of a SavedModel; Keras 3.12
# loads that in its safe mode, too.
_CODE = {
    "__lambda__": "A lambda",
    "Lambda": "A lambda",
    "TFSMLayer": "The program of a TFSMLayer",
}
_ADVICE = 'Put @keras.saving.register_keras_serializable(package="my_package") before'


def is_users_own(layer):
    """Return whether the class of a layer is neither of Keras nor of this package.

    Parameters
    ----------
    layer : keras.layers.Layer
        Layer of a network.

    Examples
    --------
    >>> import keras
    >>> from skautokeras._state.registry import is_users_own
    >>> is_users_own(keras.layers.Dense(2))
    False
    """
    return type(layer).__module__.partition(".")[0] not in PACKAGES


def class_path(cls):
    """Return the name of a class that is a parameter, or None if it has none.

    Parameters
    ----------
    cls : type
        Class that may be a parameter.

    Examples
    --------
    >>> import keras
    >>> from skautokeras._state.registry import class_at, class_path
    >>> class_path(keras.losses.Huber)
    'keras.losses.Huber'
    >>> class_at(_) is keras.losses.Huber
    True
    """
    for home, module in _CLASSES_IN.items():
        if getattr(module, cls.__name__, None) is cls:
            return f"{home}.{cls.__name__}"
    name = keras.saving.get_registered_name(cls)
    if keras.saving.get_registered_object(name) is cls:
        return name
    return name_of(cls)


def class_at(path):
    """Return the class that has a name from `class_path`.

    Parameters
    ----------
    path : str
        A name from a file.

    Raises
    ------
    ValueError
        If it is not the name of a class that a file may name.
    """
    home, _, name = path.rpartition(".")
    if home in _CLASSES_IN:
        found = getattr(_CLASSES_IN[home], name, None)
    else:
        found = keras.saving.get_registered_object(path) or class_named(path)
    if not isclass(found):
        raise ValueError(f"{path!r} is not the name of a class.")
    return found


def registered_name(item):
    """Return the name of a class or function in Keras's registry.

    Parameters
    ----------
    item : type or function
        Class or function that may be registered.

    Raises
    ------
    TypeError
        If it is not registered.
    """
    name = keras.saving.get_registered_name(item)
    if keras.saving.get_registered_object(name) is item:
        return name
    raise TypeError(
        f"{getattr(item, '__name__', item)} is not registered with Keras. {_ADVICE} "
        "its definition."
    )


def registered(name):
    """Return the class or function that has a name in Keras's registry.

    Parameters
    ----------
    name : str
        A name from a file, ``"my_package>MyBlock"``. What this package has registered
        is imported; nothing else is.

    Raises
    ------
    ValueError
        If nothing has the name.
    """
    if not _is_registered(name):
        raise ValueError(
            f"Nothing is registered with Keras as {name!r}. Import the module that "
            "defines it first; its definition needs "
            "@keras.saving.register_keras_serializable."
        )
    return keras.saving.get_registered_object(name)


def scorer_name(value):
    """Return the name of a scorer that scikit-learn has one for, or None.

    Parameters
    ----------
    value : callable
        Perhaps a scorer.
    """
    for name, scorer in _scorers().items():
        if type(scorer) is type(value) and vars(scorer) == vars(value):
            return name
    return None


@cache
def _scorers():
    return {name: get_scorer(name) for name in get_scorer_names()}


def check_registered(model):
    """Raise unless all parts of a network are known to Keras by name.

    Copies, files and pickles of a network are made from its configuration, in which
    classes and functions are names.

    Parameters
    ----------
    model : keras.Model
        Functional model that is to be written.

    Raises
    ------
    TypeError
        If a layer, or a function in one, is a user's own and not registered.

    Examples
    --------
    >>> import keras
    >>> from skautokeras._state.registry import check_registered
    >>> x = keras.Input((3,))
    >>> check_registered(keras.Model(x, keras.layers.Dense(2)(x)))
    >>> try:
    ...     check_registered(keras.Model(x, keras.layers.Lambda(lambda x: 2 * x)(x)))
    ... except TypeError as error:
    ...     print(str(error).partition(",")[0])
    A lambda is not registered with Keras
    """
    try:
        config = model.get_config()
    except NotImplementedError as error:
        # Keras says which class, and shows how to write the method.
        raise TypeError(
            f"The network cannot be copied, written to a file or pickled: {error}"
        ) from error
    for name in _unknown_to_keras(config):
        raise TypeError(
            f"{name} is not registered with Keras, so the network cannot be written to "
            f"a file or pickled. {_ADVICE} its definition, and import that before the "
            "network is read back."
        )


def check_readable(config):
    """Raise unless all that a configuration names is known to Keras.

    Parameters
    ----------
    config : object
        Configuration of a network or another object, from anywhere.

    Raises
    ------
    ValueError
        If something is not registered, is no part of networks, or is code.

    Examples
    --------
    >>> from skautokeras._state.registry import check_readable
    >>> config = {
    ...     "class_name": "Gate",
    ...     "module": "mine",
    ...     "registered_name": "mine>Gate",
    ... }
    >>> check_readable(config)
    Traceback (most recent call last):
    ValueError: Gate is not registered with Keras. Import the module that defines it...
    """
    for name in _unknown_to_keras(config):
        raise ValueError(
            f"{name} is not registered with Keras. Import the module that defines it "
            "first; its definition needs @keras.saving.register_keras_serializable."
        )


def _unknown_to_keras(config):
    """Yield the names in a configuration that Keras must not look for."""
    if isinstance(config, list | tuple):
        for part in config:
            yield from _unknown_to_keras(part)
    if not isinstance(config, dict):
        return
    kind, module = config.get("class_name"), config.get("module")
    if isinstance(kind, str) and kind in _CODE:
        yield _CODE[kind]
    elif kind == "function":
        name = config.get("config")
        if not (_is_registered(name) or _is_function_of_keras(module, name)):
            yield f"The function {name}"
    elif kind is not None and module is not None:
        name = config.get("registered_name") or kind
        if not (_is_registered(name) or _is_class_of_keras(module, kind)):
            yield str(kind)
    for part in config.values():
        yield from _unknown_to_keras(part)


def _is_registered(name):
    """Return whether Keras's registry has a name, after our own has been imported."""
    if not isinstance(name, str):
        return False
    package, _, own = name.partition(">")
    if package == "skautokeras" and keras.saving.get_registered_object(name) is None:
        import_public(own)
    return keras.saving.get_registered_object(name) is not None


def _is_function_of_keras(module, name):
    """Return whether Keras writes a function by its name: its losses, for instance."""
    return (
        module in (None, "builtins")
        and isinstance(name, str)
        and name not in _NO_PART_OF_A_NETWORK
        and any(isfunction(getattr(home, name, None)) for home in _FUNCTIONS_IN)
    )


def _is_class_of_keras(module, name):
    """Return whether a class of Keras or KerasHub is made from a configuration."""
    if not (isinstance(module, str) and isinstance(name, str)):
        return False
    if module.partition(".")[0] == "keras_hub":
        return True  # Keras imports it, and takes nothing but such classes.
    if module.partition(".")[0] != "keras":
        return False
    found = getattr(sys.modules.get(module), name, None)
    return isclass(found) and hasattr(found, "from_config")
