"""The garbage collector of a search: frees the networks of past trials."""

import gc
import time

# Share of the time that may go into collecting garbage.
_COLLECTING_SHARE = 0.05
# Frozen objects that may be those of Python itself: 3.12 starts with some hundreds.
_MOST_OF_PYTHON = 1000


class GarbageCollector:
    """Frees the networks of past trials, as often as it is worth its time.

    Keras models and TensorFlow's graphs are part of reference cycles, so only Python's
    garbage collector frees them, and it does not see how much memory they take. Used as
    a context, this class excludes all objects that exist already from collections:
    otherwise each one would look through the whole of TensorFlow (decision 0017).
    """

    def __init__(self):
        self._next = time.monotonic()
        self._freezes = False

    def __enter__(self):
        # What somebody else has frozen must not be unfrozen here.
        self._freezes = gc.get_freeze_count() < _MOST_OF_PYTHON
        if self._freezes:
            gc.freeze()
        return self

    def __exit__(self, *_):
        if self._freezes:
            gc.unfreeze()

    def collect(self):
        """Collect garbage, unless the last collection was too short ago."""
        start = time.monotonic()
        if start >= self._next:
            gc.collect()
            end = time.monotonic()
            self._next = end + (end - start) / _COLLECTING_SHARE
