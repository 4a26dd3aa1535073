"""Collector: frees the networks of past trials."""

import gc
import time

# Share of the time that may go into collecting garbage.
_COLLECTING_SHARE = 0.05


class Collector:
    """Frees the networks of past trials, as often as it is worth its time.

    Keras models are part of reference cycles, and Python does not see how much memory
    their weights take.
    """

    def __init__(self):
        self._next = time.monotonic()

    def collect(self):
        """Collect garbage, unless the last time was too short ago."""
        start = time.monotonic()
        if start >= self._next:
            gc.collect()
            end = time.monotonic()
            self._next = end + (end - start) / _COLLECTING_SHARE
