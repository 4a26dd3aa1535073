"""Folds: which rows a configuration is trained on, and which rows judge it."""

from numbers import Integral

import numpy as np

from skautokeras._data.split import (
    Rows,
    SplitRows,
    cv_splits,
    split_indices,
    valid_positions,
)
from skautokeras._data.target import balanced_weights


def make_rows(sample, x, y_adapter, class_weight):
    """Return the arrays of a sample.

    Parameters
    ----------
    sample : RawRows
        The rows, y taken apart by head.
    x : dict of str to ndarray
        The arrays of X.
    y_adapter : YAdapter
        Fitted.
    class_weight : dict, list of dict, "balanced" or None
        As in scikit-learn; with several heads a dict of these by head.

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
            class_weights = balanced_weights(by_head[name], sample.y_by_head[name])
            weight = class_weights if weight is None else weight * class_weights
        if weight is None:
            weight = np.ones(sample.n_rows)
        # With mean 1 the loss keeps its size, and learning rates their meaning.
        weights[name] = (weight / weight.mean()).astype("float32")
    return weights


def repeatable_cv(cv, sample, all_rows, y_adapter):
    """Return a cross-validation whose folds stay the same when a search goes on.

    A splitter may draw other folds the next time that it is asked.

    Parameters
    ----------
    cv : int, splitter, iterable or None
        The parameter of the estimator.
    sample : RawRows
        The rows that are used, y taken apart by head.
    all_rows : RawRows
        The rows that the user gave, those of weight 0 included.
    y_adapter : YAdapter
        Fitted.

    Returns
    -------
    cv : int, list of splits or None

    Raises
    ------
    ValueError
        If there are no such folds.
    """
    if cv is None or isinstance(cv, Integral):
        return cv
    if not hasattr(cv, "split") and sample.n_rows < all_rows.n_rows:
        raise ValueError(
            "Splits in 'cv' are positions of rows, and rows of sample weight 0 are "
            "left out. Take them out of X, y and the splits."
        )
    name = _leading_head(y_adapter)
    y = y_adapter.by_head[name].true_values(sample.y_by_head[name])
    return cv_splits(cv, sample.placeholder(), y, stratify=False)


def split_rows(sample, rows, y_adapter, options, seed):
    """Return rows to train on and rows to judge by.

    With several heads, the classes of the first one that has some are stratified.

    Parameters
    ----------
    sample : RawRows
        The rows as the user gave them.
    rows : Rows
        Their arrays.
    y_adapter : YAdapter
        Fitted.
    options : FitOptions
        Say into which parts the rows are split.
    seed : int
        Seed of the split.

    Returns
    -------
    data : SplitRows
        The arrays of the parts.
    valid : RawRows
        The rows to judge by, in the order of ``data.valid``.
    folds : list of (indices or slice, slice)
        Which rows of ``data.train`` each fold is trained on, and which rows of
        ``data.valid`` it is judged by.
    """
    name = _leading_head(y_adapter)
    stratify = y_adapter.by_head[name].schema_.is_classification
    if options.cv is not None:
        splits = cv_splits(
            options.cv, sample.placeholder(), rows.y[name], stratify=stratify, seed=seed
        )
        positions = valid_positions(splits)
        data = SplitRows(rows, rows.take(positions), all=rows)
        return data, sample.take(positions), _positions_of_folds(splits)
    train_rows, valid_rows = split_indices(
        rows.y[name], options.validation_fraction, stratify=stratify, seed=seed
    )
    # In this order the parts are views, and long data is there once.
    rows = rows.take(np.concatenate([train_rows, valid_rows]))
    n_train = len(train_rows)
    data = SplitRows(
        rows.take(slice(n_train)), rows.take(slice(n_train, None)), all=rows
    )
    return data, sample.take(valid_rows), ONE_FOLD


# All rows to train on, all rows to judge by.
ONE_FOLD = [(slice(None), slice(None))]


def _positions_of_folds(splits):
    """Return the training rows of each fold, and where its validation rows lie."""
    ends = np.cumsum([0, *(len(valid) for _, valid in splits)]).tolist()
    return [(train, slice(*ends[i : i + 2])) for i, (train, _) in enumerate(splits)]


def _leading_head(y_adapter):
    """Return the name of the first head that has classes, else of the first one."""
    return next(iter(y_adapter.class_adapters), y_adapter.names[0])
