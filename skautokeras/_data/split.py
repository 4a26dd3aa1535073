"""Training and validation rows: which rows, and the arrays of each part."""

from dataclasses import dataclass
from numbers import Integral

import numpy as np
from sklearn.model_selection import (
    KFold,
    StratifiedKFold,
    check_cv,
    train_test_split,
)

from skautokeras._data.storage import take


@dataclass(frozen=True, eq=False)
class Rows:
    """The arrays of some rows.

    Parameters
    ----------
    x : dict of str to ndarray of shape (n_samples, width)
        Model-ready arrays by name.

    y : dict of str to ndarray of shape (n_samples,) or (n_samples, n_outputs)
        The encoded target of each head.

    weight : dict of str to ndarray of shape (n_samples,), dtype float32, or None
        Weights of the rows for each head, with mean 1. None: every row weighs the same.

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._data.split import Rows
    >>> y = {"classification_head_1": np.array([0, 1, 0])}
    >>> rows = Rows(x={"numerical": np.eye(3)}, y=y, weight=None)
    >>> len(rows.take([0, 2]))
    2
    """

    x: dict
    y: dict
    weight: dict | None

    def __len__(self):
        return len(next(iter(self.y.values())))

    @property
    def nbytes(self):
        """The size of all arrays."""
        arrays = [*self.x.values(), *self.y.values()]
        arrays += [] if self.weight is None else [*self.weight.values()]
        return sum(array.nbytes for array in arrays)

    def take(self, indices):
        """Take some of the rows.

        Parameters
        ----------
        indices : array-like of int of shape (n_taken,) or slice
            Positions of the rows; a slice takes no memory.

        Returns
        -------
        rows : Rows
            Weights are taken as they are.
        """
        weight = None if self.weight is None else _take(self.weight, indices)
        return Rows(x=_take(self.x, indices), y=_take(self.y, indices), weight=weight)


def _take(arrays, indices):
    return {name: take(array, indices) for name, array in arrays.items()}


@dataclass(frozen=True, eq=False)
class SplitRows:
    """The rows to train on and those to judge by.

    Parameters
    ----------
    train : Rows
        Rows that every fold takes its training rows from.

    valid : Rows
        Rows a trial is scored on: the validation rows of all folds, one fold behind the
        other.

    all : Rows or None
        Rows of a final training. None: the user gave validation data, `train` is all.
    """

    train: Rows
    valid: Rows
    all: Rows | None


def valid_positions(splits):
    """Return the validation rows of all splits, one behind the other.

    Parameters
    ----------
    splits : list of (indices, indices)
        Positions of training and validation rows.
    """
    return np.concatenate([valid for _, valid in splits])


def cv_splits(cv, X, y, *, stratify, seed=None):
    """Return the folds of a cross-validation.

    Parameters
    ----------
    cv : int, splitter or iterable
        As in scikit-learn's `check_cv`. The folds of a number are shuffled.

    X : array-like of shape (n_samples, ...)
        What a splitter is given; its length counts.

    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        The target.

    stratify : bool
        Whether the folds of a number keep the shares of the classes. Ignored when `y`
        has two dimensions.

    seed : int or None, default=None
        Of the folds of a number.

    Returns
    -------
    splits : list of (ndarray of int, ndarray of int)
        Positions of the training and of the validation rows of each fold.

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._data.split import cv_splits
    >>> y = np.array([0, 1] * 3)
    >>> splits = cv_splits(3, np.eye(6), y, stratify=True, seed=0)
    >>> [sorted(y[valid].tolist()) for _, valid in splits]
    [[0, 1], [0, 1], [0, 1]]
    """
    if isinstance(cv, Integral):
        splitter = StratifiedKFold if stratify and np.ndim(y) == 1 else KFold
        cv = splitter(cv, shuffle=True, random_state=seed)
    try:
        found = list(check_cv(cv).split(X, y))
    except ValueError as error:
        if "groups" not in str(error):
            raise
        raise ValueError(
            f"cv={cv!r} needs groups, which fit does not take. Pass its splits: "
            "cv=list(splitter.split(X, y, groups))."
        ) from error
    splits = [tuple(_positions(part, len(y)) for part in split) for split in found]
    if not splits or not all(len(part) for split in splits for part in split):
        raise ValueError(
            "'cv' must give at least one split, each with rows to train on and rows to "
            "validate on."
        )
    return splits


def _positions(part, n_samples):
    """Return positions of rows from positions or a mask."""
    part = np.asarray(part)
    try:
        return np.arange(n_samples)[part if part.size else part.astype(int)]
    except IndexError as error:
        raise ValueError(
            f"A split of 'cv' holds no positions of the {n_samples} rows: {error}."
        ) from error


def split_indices(y, validation_fraction, *, stratify, seed):
    """Draw the rows of the validation part.

    Every class has a row in the training part if there are more rows than classes.

    Parameters
    ----------
    y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
        The encoded target.

    validation_fraction : float
        Share of the rows to validate on, between 0 and 1. Rounded up, with at least one
        row in each part; fewer when the classes need the rows for training.

    stratify : bool
        Whether to keep the shares of the classes. Ignored when `y` has two dimensions.
        Classes with one row go to the training part. With fewer validation rows than
        classes the draw is a plain one.

    seed : int
        Seed of the draw.

    Returns
    -------
    train, valid : ndarray of int of shape (n_train,) and (n_valid,)
        Shuffled positions. Together they are all rows.

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._data.split import split_indices
    >>> y = np.array([0, 1] * 5)
    >>> train, valid = split_indices(y, 0.2, stratify=True, seed=0)
    >>> len(train), sorted(y[valid].tolist())
    (8, [0, 1])
    """
    n_samples = len(y)
    if n_samples < 2:
        raise ValueError(
            "A validation split needs at least 2 samples, got "
            f"n_samples={n_samples}. Pass more rows, or validation_data."
        )
    rng = np.random.RandomState(seed)
    n_valid = int(np.clip(np.ceil(validation_fraction * n_samples), 1, n_samples - 1))
    if not stratify or np.ndim(y) > 1:
        return _plain_split(n_samples, n_valid, rng)
    codes, counts = np.unique(y, return_inverse=True, return_counts=True)[1:]
    n_valid = max(1, min(n_valid, n_samples - len(counts)))
    train, valid = _stratified_split(codes, counts, n_valid, rng)
    return _with_every_class(train, valid, codes)


def _plain_split(n_samples, n_valid, rng):
    order = rng.permutation(n_samples)
    return order[n_valid:], order[:n_valid]


def _stratified_split(codes, counts, n_valid, rng):
    """Stratify the classes with two rows or more, or all rows plainly if too few."""
    is_single = counts[codes] == 1
    rest = np.flatnonzero(~is_single)
    n_classes = np.count_nonzero(counts > 1)
    if not 0 < n_classes <= min(n_valid, len(rest) - n_valid):
        return _plain_split(len(codes), n_valid, rng)
    train, valid = train_test_split(
        rest, test_size=n_valid, stratify=codes[rest], random_state=rng
    )
    return rng.permutation(np.concatenate([np.flatnonzero(is_single), train])), valid


def _with_every_class(train, valid, codes):
    """Exchange rows until every class is in the training part, the sizes kept."""
    n_train_rows = np.bincount(codes[train], minlength=codes.max() + 1)
    for code in np.flatnonzero(n_train_rows == 0):
        spare = np.flatnonzero(n_train_rows[codes[train]] > 1)
        if not len(spare):
            break
        wanted = np.flatnonzero(codes[valid] == code)[0]
        n_train_rows[[code, codes[train[spare[0]]]]] += [1, -1]
        train[spare[0]], valid[wanted] = valid[wanted], train[spare[0]]
    return train, valid
