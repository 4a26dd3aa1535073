"""Copies of networks, which predict what the network predicts, or are refused."""

import keras
import numpy as np

from skautokeras._state.registry import is_users_own

# Rows on which a network and its copy are compared.
_N_ROWS = 2


def checked_copy(model, make_copy):
    """Return a copy of a network, which is compared if layers are a user's own.

    Parameters
    ----------
    model : keras.Model
        Functional network.
    make_copy : callable
        Function without arguments that makes a network from the configuration and the
        weights of ``model``.

    Returns
    -------
    copy : keras.Model

    Raises
    ------
    TypeError
        If the configuration of a user's layer does not tell all that it computes.
    """
    if is_known(model):
        return make_copy()
    try:
        copy = make_copy()
    except ValueError as error:
        raise TypeError(f"The network cannot be copied: {error}") from error
    check_copy(model, copy)
    return copy


def check_copy(model, copy):
    """Raise if a copy of a network predicts something else.

    A copy is made from configurations. That of a layer outside of Keras and this
    package may lack an argument of its constructor, and nothing else would tell.

    Parameters
    ----------
    model : keras.Model
        Functional network.
    copy : keras.Model
        Network that was made from the configuration and the weights of ``model``.

    Raises
    ------
    TypeError
        If the outputs for random inputs differ.

    Examples
    --------
    >>> import keras
    >>> from skautokeras._state.copies import check_copy
    >>> x = keras.Input((3,))
    >>> model = keras.Model(x, keras.layers.Dense(2)(x))
    >>> check_copy(model, model)
    """
    x = _random_inputs(model)
    outputs = [keras.tree.flatten(network(x)) for network in (model, copy)]
    if all(map(_are_close, *outputs)):
        return
    own = sorted(
        {type(layer).__name__ for layer in _layers(model) if is_users_own(layer)}
    )
    raise TypeError(
        "A copy of the network predicts other values than the network. The get_config "
        f"of a layer must hold all arguments of its constructor: see {own}."
    )


def is_known(model):
    """Return whether all layers are those of Keras and this package.

    Parameters
    ----------
    model : keras.Model
        Network that may have layers of a user.
    """
    return not any(map(is_users_own, _layers(model)))


def _layers(model):
    """Yield the layers of a network, and those of networks inside of it."""
    for layer in model.layers:
        yield layer
        if isinstance(layer, keras.Model):
            yield from _layers(layer)


def _random_inputs(model):
    """Return small random numbers for all inputs, and empty strings."""
    rng = np.random.default_rng(0)

    def values(tensor):
        shape = (_N_ROWS, *(size or _N_ROWS for size in tensor.shape[1:]))
        dtype = keras.backend.standardize_dtype(tensor.dtype)
        if dtype == "string":
            return keras.ops.convert_to_tensor(np.full(shape, ""))
        if "int" in dtype or dtype == "bool":
            return np.zeros(shape, dtype)
        return rng.normal(size=shape).astype(dtype)

    return keras.tree.map_structure(values, model.input)


def _are_close(output, other):
    if output.dtype == "string":
        return bool((np.asarray(output) == np.asarray(other)).all())
    return np.allclose(output, other, rtol=1e-3, atol=1e-5, equal_nan=True)
