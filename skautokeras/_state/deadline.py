"""Deadline: the one clock of a fit."""

import math
import time


class Deadline:
    """The moment at which a fit must be over.

    Parameters
    ----------
    seconds : float or None
        Seconds from now until the deadline. If None, there is no deadline.
    clock : callable, default=time.monotonic
        Function that returns the time in seconds.

    Attributes
    ----------
    cut : bool
        Whether some work was ended because of the deadline. Who ends it sets this.

    Examples
    --------
    >>> from skautokeras._state.deadline import Deadline
    >>> Deadline(None).left()
    inf
    >>> Deadline(0).passed()
    True
    """

    def __init__(self, seconds, clock=time.monotonic):
        self._clock = clock
        self.cut = False
        self.start = clock()
        self.end = math.inf if seconds is None else self.start + seconds

    def left(self):
        """Return the seconds that are left, never less than 0."""
        return max(0.0, self.end - self._clock())

    def passed(self):
        """Return whether the time is over."""
        return self.left() <= 0

    def spent(self):
        """Return the seconds since the start."""
        return self._clock() - self.start

    def total(self):
        """Return the seconds between the start and the deadline."""
        return self.end - self.start

    def within(self, seconds):
        """Return a deadline ``seconds`` from now, or this one if that is earlier."""
        other = Deadline(seconds, self._clock)
        other.end = min(other.end, self.end)
        return other


NO_DEADLINE = Deadline(None)
