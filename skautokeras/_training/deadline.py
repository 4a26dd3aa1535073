"""Deadline: the one clock of a fit."""

import math
import time


class Deadline:
    """The moment at which a fit must be over.

    Parameters
    ----------
    seconds : float or None
        From now. None: never.

    Examples
    --------
    >>> from skautokeras._training.deadline import Deadline
    >>> Deadline(None).left()
    inf
    >>> Deadline(0).passed()
    True
    """

    def __init__(self, seconds):
        self.start = time.monotonic()
        self.end = math.inf if seconds is None else self.start + seconds

    def left(self):
        """Return the seconds that are left, never less than 0."""
        return max(0.0, self.end - time.monotonic())

    def passed(self):
        """Return whether the time is over."""
        return self.left() <= 0

    def spent(self):
        """Return the seconds since the start."""
        return time.monotonic() - self.start

    def within(self, seconds):
        """Return a deadline ``seconds`` from now, or this one if that is earlier."""
        other = Deadline(seconds)
        other.end = min(other.end, self.end)
        return other
