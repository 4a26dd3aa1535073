"""Feature: one number or category of every row."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Feature:
    """One number or category of every row.

    Parameters
    ----------
    name : str
        Name of the column, or of what was measured of an image or a text.

    values : ndarray of shape (n_samples,)
        Numbers, or codes of categories.

    is_category : bool, default=False
        Whether the values are codes.

    column : str or None, default=None
        Name of the column that the values are made of. If None, it is the name itself.
    """

    name: str
    values: np.ndarray
    is_category: bool = False
    column: str | None = None
