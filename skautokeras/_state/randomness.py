"""The one place where Python's global generator is used, and put back."""

import contextlib
import random
import threading

# The greatest seed that every generator takes: that of an int32.
MAX_SEED = 2**31 - 1
# Threads that fit at the same time share the generator.
_LOCK = threading.RLock()


@contextlib.contextmanager
def seeded(seed):
    """Let Keras draw its seeds from ``seed``, and leave the generator as it was.

    Keras takes the seed of every initializer and dropout layer that has none from
    Python's global generator.

    Parameters
    ----------
    seed : int
        Seed of the layers that are built inside. Other threads wait, so nothing is
        trained there.

    Examples
    --------
    >>> import random
    >>> from skautokeras._state.randomness import seeded
    >>> before = random.getstate()
    >>> with seeded(0):
    ...     first = random.random()
    >>> random.getstate() == before, round(first, 3)
    (True, 0.844)
    """
    with _LOCK:
        state = random.getstate()
        random.seed(seed)
        try:
            yield
        finally:
            random.setstate(state)
