"""Folds: the training rows and the validation rows of each configuration."""

from numbers import Integral

import numpy as np

from skautokeras._data.rows import is_dict
from skautokeras._data.schema import TrainingTraits
from skautokeras._data.split import (
    Rows,
    SplitRows,
    cv_splits,
    split_indices,
    valid_positions,
)
from skautokeras._data.target import balanced_weights
from skautokeras._search.search import FIRST_TRIALS


def make_rows(sample, x, y_adapter, class_weight):
    """Return raw rows as arrays with weights.

    Parameters
    ----------
    sample : RawRows
        Raw rows whose y is split by head.
    x : dict of str to ndarray
        Arrays that the adapter of X has returned for these rows.
    y_adapter : YAdapter
        Fitted adapter of y.
    class_weight : dict, list of dict, "balanced" or None
        Weights of the classes, as in scikit-learn; with several heads, a dict by head.

    Returns
    -------
    rows : Rows

    Raises
    ------
    ValueError
        If there is a class weight for a head that has no classes.
    """
    y = y_adapter.encode(sample.y_by_head)
    return Rows(x, y, _row_weights(sample, y_adapter, class_weight))


def _row_weights(sample, y_adapter, class_weight):
    """Return the weights of rows by head, or None if all rows weigh the same."""
    by_head = y_adapter.class_weights(class_weight)
    if sample.sample_weight is None and not by_head:
        return None
    weights = {}
    for name in y_adapter.names:
        weight = sample.sample_weight
        if name in by_head:
            classes = y_adapter.class_adapters[name].classes_
            class_weights = balanced_weights(
                by_head[name], sample.y_by_head[name], classes
            )
            weight = class_weights if weight is None else weight * class_weights
        if weight is None:
            weight = np.ones(sample.n_rows)
        # With mean 1, the loss keeps its size, and the same learning rates fit.
        weights[name] = (weight / weight.mean()).astype("float32")
    return weights


# The default of `validation_fraction`. With another one, the user wants one part of the
# rows to be held out.
_USUAL_FRACTION = 0.2
# Fewer trials than this choose too little to need folds.
_FEWEST_TRIALS = 5
# Tables with fewer rows than this have so many folds.
_FOLDS_BELOW = {3_000: 5, 10_000: 3}
# The first trials share the time, and each of them should be able to train a network in
# every fold: seconds for the network of a fold, and rows for each further second.
_SECONDS_OF_A_FOLD, _ROWS_PER_SECOND = 1.0, 400


def automatic_cv(options, schemas, rows, y_adapter):
    """Return the number of folds that suits a search, or None for one held-out part.

    Parameters
    ----------
    options : FitOptions
        Parameters of this call.
    schemas : list of Schema
        Schema of each input.
    rows : Rows
        Arrays of the rows.
    y_adapter : YAdapter
        Fitted adapter of y.

    Returns
    -------
    n_folds : int or None
    """
    n_rows = len(rows)
    if (
        not TrainingTraits.of(schemas).prefers_folds
        or options.max_trials < _FEWEST_TRIALS
        or options.validation_fraction != _USUAL_FRACTION
        or options.fit_arguments
    ):
        return None
    most = _most_folds(rows, y_adapter, options.scoring)
    below = [min(n, most) for limit, n in _FOLDS_BELOW.items() if n_rows < limit]
    possible = [n for n in below if n > 1 and _has_time(n, n_rows, options.max_time)]
    return max(possible, default=None)


def _has_time(n_folds, n_rows, max_time):
    """Return whether networks can be trained in all folds of the first trials."""
    seconds = _SECONDS_OF_A_FOLD + n_rows / _ROWS_PER_SECOND
    return max_time is None or max_time >= FIRST_TRIALS * n_folds * seconds


def _most_folds(rows, y_adapter, scoring):
    """Return how many folds can be judged.

    Each of them has two rows or more. Folds of classes are stratified, and only the
    loss is defined in a fold that lacks a class.
    """
    name = _leading_head(y_adapter)
    y, most = rows.y[name], len(rows) // 2
    if y_adapter.by_head[name].schema_.is_classification and np.ndim(y) == 1:
        counts = np.unique(y, return_counts=True)[1]
        most = min(most, int(counts.max() if scoring is None else counts.min()))
    return most


def repeatable_cv(cv, sample, all_rows, y_adapter):
    """Return a cross-validation with the same folds when a search is continued.

    A splitter is replaced by its splits, because it may draw other folds when it is
    called again.

    Parameters
    ----------
    cv : int, splitter, iterable or None
        Cross-validation that the user asked for.
    sample : RawRows
        Raw rows without those of weight 0, whose y is split by head.
    all_rows : RawRows
        Raw rows as the user passed them, including those of weight 0.
    y_adapter : YAdapter
        Fitted adapter of y.

    Returns
    -------
    cv : int, list of splits or None

    Raises
    ------
    ValueError
        If `cv` has no valid splits, or if it is a list of splits and some rows have
        weight 0.
    """
    if cv is None or isinstance(cv, Integral):
        return cv
    if not hasattr(cv, "split") and sample.n_rows < all_rows.n_rows:
        raise ValueError(
            "Splits in 'cv' are positions of rows, and rows of sample weight 0 are "
            "left out. Take them out of X, y and the splits."
        )
    name = _leading_head(y_adapter)
    target = y_adapter.by_head[name]
    y = target.true_values(sample.y_by_head[name])
    if y.dtype == object and y.ndim == 1:
        # Splitters know strings and numbers, and no intervals or periods.
        y = target.transform(sample.y_by_head[name])
    return cv_splits(cv, sample.placeholder(), y, stratify=False)


def split_rows(sample, rows, y_adapter, options, seed):
    """Split rows into training rows and validation rows.

    With several heads, the split is stratified by the first head that has classes.

    Parameters
    ----------
    sample : RawRows
        Raw rows whose y is split by head.
    rows : Rows
        Arrays of the same rows.
    y_adapter : YAdapter
        Fitted adapter of y.
    options : FitOptions
        Parameters of this call, which hold `cv` and `validation_fraction`.
    seed : int
        Seed of the split.

    Returns
    -------
    data : SplitRows
        Arrays of the training rows and of the validation rows.
    valid : ndarray of int of shape (n_valid,)
        Positions of the validation rows in ``sample``, in the order of ``data.valid``.
    folds : list of (indices or slice, slice)
        Positions of the training rows in ``data.train`` and of the validation rows in
        ``data.valid``, for each fold.
    """
    name = _leading_head(y_adapter)
    stratify = y_adapter.by_head[name].schema_.is_classification
    if options.cv is not None:
        splits = cv_splits(
            options.cv, sample.placeholder(), rows.y[name], stratify=stratify, seed=seed
        )
        positions = valid_positions(splits)
        data = SplitRows(rows, rows.take(positions), all=rows)
        return data, positions, _positions_of_folds(splits)
    fraction = _enough(options.validation_fraction, len(rows))
    train_rows, valid_rows = split_indices(
        rows.y[name], fraction, stratify=stratify, seed=seed
    )
    # In this order, both parts are views, so that large data is held only once.
    if rows.nbytes <= _LARGE:
        rows = rows.take(np.concatenate([train_rows, valid_rows]))
    else:
        rows = rows.with_last(valid_rows, kept=_arrays_in(sample.X))
    n_train = len(train_rows)
    data = SplitRows(
        rows.take(slice(n_train)), rows.take(slice(n_train, None)), all=rows
    )
    return data, valid_rows, ONE_FOLD


# Rows that are larger, in bytes, are not copied to be split.
_LARGE = 2**28
# By default, no more rows are validated on: the standard error of an accuracy is about
# 0.002 then, and the validation of hundreds of trees takes seconds.
_MOST_VALID = 50_000


def _enough(fraction, n_rows):
    """Return the fraction of the rows to validate on."""
    if fraction != _USUAL_FRACTION:
        return fraction
    return min(fraction, _MOST_VALID / n_rows)


def _arrays_in(X):
    """Return the arrays of the user, which must not be changed."""
    parts = X.values() if is_dict(X) else X if isinstance(X, list | tuple) else [X]
    # Those of pandas always become other arrays, and may be large to convert.
    return [
        np.asarray(part)
        for part in parts
        if hasattr(part, "__array__") and not hasattr(part, "iloc")
    ]


# One fold with all rows of `SplitRows.train` and all rows of `SplitRows.valid`.
ONE_FOLD = [(slice(None), slice(None))]


def _positions_of_folds(splits):
    """Return the positions of the training and the validation rows of each fold."""
    ends = np.cumsum([0, *(len(valid) for _, valid in splits)]).tolist()
    return [(train, slice(*ends[i : i + 2])) for i, (train, _) in enumerate(splits)]


def _leading_head(y_adapter):
    """Return the name of the first head with classes, or else of the first head."""
    return next(iter(y_adapter.class_adapters), y_adapter.names[0])
