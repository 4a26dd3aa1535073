"""What a target is."""

from dataclasses import dataclass, field

import numpy as np

from skautokeras._state.names import saved_as

# Standardised numbers are as exact as this, or as this share of their distance from 0.
_EXACT = 1e-6
# A tail is long if it is so many times as long as the other one.
_SKEWED = 2.5
# One that is so many times as long leaves the other numbers no room.
_LOST = 100.0


@saved_as("TargetSchema")
@dataclass(frozen=True)
class TargetSchema:
    """Facts about the target of one head.

    Parameters
    ----------
    kind : {"binary", "multiclass", "multilabel", "regression"}
        Kind of the task.

    n_outputs : int
        1 for binary, else the number of classes, labels or regression targets.

    lowest, highest : tuple of float, default=()
        The range of each standardised number. Empty: not known, or no numbers.

    quantiles : ndarray of shape (n_quantiles, n_outputs) or None, default=None
        Equally spaced quantiles of each standardised number. If None, they are not
        known, or the target has no numbers.

    origin : tuple of float, default=()
        Value of the number 0 on the scale of each standardised number.

    scale : tuple of float, default=()
        Size of a step of 1 of each standardised number on the scale of the target.

    Examples
    --------
    >>> from skautokeras._data.schema import TargetSchema
    >>> TargetSchema(kind="multiclass", n_outputs=3).is_classification
    True
    """

    kind: str
    n_outputs: int
    lowest: tuple = ()
    highest: tuple = ()
    quantiles: np.ndarray | None = field(default=None, compare=False, repr=False)
    origin: tuple = ()
    scale: tuple = ()

    @property
    def is_classification(self):
        """Whether the target is made of classes or labels.

        Returns
        -------
        is_classification : bool
        """
        return self.kind != "regression"

    @property
    def skewed_to(self):
        """Direction in which a number has its long tail.

        Returns
        -------
        skewed_to : {"right", "left"} or None
            None if no tail is much longer than the other one, or with several numbers.
        """
        above, below = self._tails()
        if above > _SKEWED * below:
            return "right"
        return "left" if below > _SKEWED * above else None

    @property
    def is_lost_on_its_scale(self):
        """Whether one tail is so long that nearly all numbers look the same beside it.

        Returns
        -------
        is_lost_on_its_scale : bool
        """
        above, below = self._tails()
        return bool(max(above, below) > _LOST * min(above, below) > 0)

    def in_units(self, z):
        """Return standardised numbers on the scale of the target.

        Parameters
        ----------
        z : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            Standardised numbers.

        Returns
        -------
        y : ndarray of the same shape
            The same numbers if the scale is not known.
        """
        if not self.scale:
            return z
        z = np.asarray(z, "float64")
        y = (z.reshape(len(z), -1) - self.origin) * self.scale
        return y.reshape(z.shape)

    def _tails(self):
        """Return the lengths of the tails above and below the median of a number."""
        if self.quantiles is None or self.n_outputs != 1:
            return 0.0, 0.0
        low, middle, high = np.quantile(np.ravel(self.quantiles), [0.025, 0.5, 0.975])
        return high - middle, middle - low

    @property
    def is_never_negative(self):
        """Whether no number is below zero, as far as float32 tells.

        Returns
        -------
        is_never_negative : bool
        """
        if self.quantiles is None:
            return False
        origin = np.array(self.origin)
        tolerance = _EXACT * np.maximum(1.0, np.abs(origin))
        return bool((np.array(self.quantiles[0]) > origin - tolerance).all())
