"""Networks that are built only to inspect them, without memory for their weights."""

from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar

import keras

from skautokeras._state.randomness import seeded

_wanted = ContextVar("weights_are_wanted", default=True)


def without_weights(function, *args):
    """Return the result of a function that builds networks without their weights.

    The weights take no memory. Keras keeps a list, in each thread, of variables that it
    initializes later, and would initialize these variables along with the next network.
    The function is therefore called in a thread of its own, whose list ends with it.

    Parameters
    ----------
    function : callable
        Function that builds networks.
    *args : object
        Arguments of the function.

    Examples
    --------
    >>> import keras
    >>> from skautokeras._space.unfilled import without_weights
    >>> def build(units):
    ...     x = keras.Input((units,))
    ...     return keras.Model(x, keras.layers.Dense(units)(x)).count_params()
    >>> without_weights(build, 1_000_000)  # four terabytes
    1000001000000
    """
    with ThreadPoolExecutor(max_workers=1) as thread:
        return thread.submit(_unfilled, function, args).result()


def weights_are_wanted():
    """Return whether networks are built with weights, and not only to inspect them."""
    return _wanted.get()


def _unfilled(function, args):
    # The variable changes only in this thread, which ends with this function.
    _wanted.set(False)
    with seeded(0), keras.StatelessScope(initialize_variables=False):
        return function(*args)
