"""Networks that are built for what they would be, without memory for their weights."""

from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar

import keras

from skautokeras._state.randomness import seeded

_wanted = ContextVar("weights_are_wanted", default=True)


def without_weights(function, *args):
    """Return what a function that builds networks returns, their weights not filled.

    Keras notes which variables are to be initialized later, and would do so in the next
    network. It notes it by thread: the one that ends here takes it along.

    Parameters
    ----------
    function : callable
        Called with ``args``.
    *args : object
        Passed on.

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
    """Return whether networks are built for more than what they would be."""
    return _wanted.get()


def _unfilled(function, args):
    # Of this thread, which ends here.
    _wanted.set(False)
    with seeded(0), keras.StatelessScope(initialize_variables=False):
        return function(*args)
