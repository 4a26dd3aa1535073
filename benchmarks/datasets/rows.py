"""A part of the training rows of a data set."""

import numpy as np


def some_rows(X, y, n_rows, seed):
    """Return rows that are drawn without replacement.

    Parameters
    ----------
    X : ndarray of shape (n_samples, ...)
        Texts or images.
    y : ndarray of shape (n_samples,)
        Target.
    n_rows : int or None
        Number of rows to draw. None takes all of them.
    seed : int
        Seed of the draw.
    """
    if n_rows is None or n_rows >= len(y):
        return X, y
    rows = np.random.default_rng(seed).permutation(len(y))[:n_rows]
    return X[rows], y[rows]
