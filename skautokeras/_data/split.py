"""Training and validation rows: how rows are split, and the arrays of each part."""

import warnings
from dataclasses import dataclass
from numbers import Integral

import numpy as np
import pandas as pd
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
        Encoded target of each head.

    weight : dict of str to ndarray of shape (n_samples,), dtype float32, or None
        Weights of the rows for each head, with mean 1. If None, all rows weigh the
        same.

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
        """Size of all arrays in bytes."""
        arrays = [*self.x.values(), *self.y.values()]
        arrays += [] if self.weight is None else [*self.weight.values()]
        return sum(array.nbytes for array in arrays)

    def take(self, indices):
        """Take some of the rows.

        Parameters
        ----------
        indices : array-like of int of shape (n_taken,) or slice
            Positions of the rows to take. A slice needs no additional memory.

        Returns
        -------
        rows : Rows
            The selected rows, whose weights are not normalised again.
        """
        weight = None if self.weight is None else _take(self.weight, indices)
        return Rows(x=_take(self.x, indices), y=_take(self.y, indices), weight=weight)

    def with_last(self, indices, kept=()):
        """Return the same rows in another order, where some of them are the last ones.

        Large arrays are changed in place, so that there is no second copy of them.

        Parameters
        ----------
        indices : ndarray of int of shape (n_last,)
            Positions of the rows that become the last ones, in this order.

        kept : list of ndarray, default=()
            Arrays that must not be changed, and are copied.

        Returns
        -------
        rows : Rows
            Rows whose arrays replace those of this object.
        """
        n_first = len(self) - len(indices)
        is_last = np.zeros(len(self), bool)
        is_last[indices] = True
        # Rows from the end move to the places that become free.
        free = np.flatnonzero(is_last[:n_first])
        moved = n_first + np.flatnonzero(~is_last[n_first:])
        order = np.arange(len(self))
        order[free], order[n_first:] = moved, indices
        x = {
            name: _reordered(array, order, free, moved, n_first)
            if _is_own(array, kept)
            else take(array, order)
            for name, array in self.x.items()
        }
        weight = None if self.weight is None else _take(self.weight, order)
        return Rows(x=x, y=_take(self.y, order), weight=weight)


def _take(arrays, indices):
    return {name: take(array, indices) for name, array in arrays.items()}


def _is_own(array, kept):
    """Return whether an array can be changed because nobody else has its memory."""
    has_memory = array.flags.owndata or isinstance(array, np.memmap)
    return has_memory and not any(np.may_share_memory(array, other) for other in kept)


def _reordered(array, order, free, moved, n_first):
    """Return an array whose rows are moved in place."""
    last = array[order[n_first:]]
    array[free] = array[moved]
    array[n_first:] = last
    return array


@dataclass(frozen=True, eq=False)
class SplitRows:
    """The training rows and the validation rows of a search.

    Parameters
    ----------
    train : Rows
        Rows that contain the training rows of every fold.

    valid : Rows
        Validation rows of all folds, in the order of the folds.

    all : Rows or None
        Rows of the final training. If None, the user passed validation data, and there
        is no final training, because `train` already holds all rows to train on.
    """

    train: Rows
    valid: Rows
    all: Rows | None


def valid_positions(splits):
    """Return the positions of the validation rows of all splits, concatenated.

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
        Cross-validation, as scikit-learn's `check_cv` takes it. If it is an int, the
        folds are shuffled.

    X : array-like of shape (n_samples, ...)
        Data for the splitter, of which only the length matters to most splitters.

    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        Target of the rows.

    stratify : bool
        Whether the folds keep the proportions of the classes, if `cv` is an int. It is
        ignored if `y` has two dimensions.

    seed : int or None, default=None
        Seed of the folds, if `cv` is an int.

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
        with warnings.catch_warnings():
            # A class that is rarer than folds is in the training rows of most of them.
            warnings.filterwarnings("ignore", "The least populated class in y has")
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
    """Turn positions or a mask into positions from 0."""
    part = np.asarray(part)
    try:
        return np.arange(n_samples)[part if part.size else part.astype(int)]
    except IndexError as error:
        raise ValueError(
            f"A split of 'cv' holds no positions of the {n_samples} rows: {error}."
        ) from error


def split_indices(y, validation_fraction, *, stratify, seed):
    """Draw the training rows and the validation rows.

    If there are more rows than classes, every class has a training row.

    Parameters
    ----------
    y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
        Encoded target of the rows.

    validation_fraction : float
        Fraction of the rows to validate on, between 0 and 1. Their number is rounded
        up, and each part has at least one row. The number is smaller if some classes
        would have no training row otherwise.

    stratify : bool
        Whether to keep the proportions of the classes. It is ignored if `y` has two
        dimensions. Classes with one row are in the training part. If there are fewer
        validation rows than classes, the split is not stratified.

    seed : int
        Seed of the draw.

    Returns
    -------
    train, valid : ndarray of int of shape (n_train,) and (n_valid,)
        Shuffled positions of the two parts, which together contain all rows.

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
    """Stratify the classes with two rows or more, unless there are too few rows."""
    is_single = counts[codes] == 1
    rest = np.flatnonzero(~is_single)
    n_classes = np.count_nonzero(counts > 1)
    if not 0 < n_classes <= min(n_valid, len(rest) - n_valid):
        return _plain_split(len(codes), n_valid, rng)
    if len(codes) > _MANY:
        return _split_of_many(codes, rest, n_valid, rng)
    train, valid = train_test_split(
        rest, test_size=n_valid, stratify=codes[rest], random_state=rng
    )
    return rng.permutation(np.concatenate([np.flatnonzero(is_single), train])), valid


# scikit-learn keeps lists of the positions of all rows, which take many times the
# memory of an array.
_MANY = 1_000_000


def _split_of_many(codes, rest, n_valid, rng):
    """Draw the same share of every class; the number of rows is about ``n_valid``."""
    positions = pd.Series(rest)
    drawn = positions.groupby(codes[rest]).sample(
        frac=n_valid / len(rest), random_state=rng
    )
    valid = rng.permutation(drawn.to_numpy())
    is_train = np.ones(len(codes), bool)
    is_train[valid] = False
    return rng.permutation(np.flatnonzero(is_train)), valid


def _with_every_class(train, valid, codes):
    """Swap rows between the parts until every class is in the training part."""
    n_train_rows = np.bincount(codes[train], minlength=codes.max() + 1)
    for code in np.flatnonzero(n_train_rows == 0):
        spare = np.flatnonzero(n_train_rows[codes[train]] > 1)
        if not len(spare):
            break
        wanted = np.flatnonzero(codes[valid] == code)[0]
        n_train_rows[[code, codes[train[spare[0]]]]] += [1, -1]
        train[spare[0]], valid[wanted] = valid[wanted], train[spare[0]]
    return train, valid
