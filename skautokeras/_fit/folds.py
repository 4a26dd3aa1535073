"""What trials are compared on: rows of the user's, a part of the rows, or folds."""

from numbers import Integral

import numpy as np

from skautokeras._data.split import Data, cv_splits, split_indices, valid_positions


def fixed_cv(cv, given, sample, targets):
    """Return a cross-validation whose folds stay the same when a search goes on.

    Parameters
    ----------
    cv : int, splitter, iterable or None
        The parameter of the estimator.
    given, sample : Sample
        All rows, and those that are used.
    targets : YAdapter
        Fitted.

    Returns
    -------
    cv : int, list of splits or None
        A splitter may draw others the next time it is asked.

    Raises
    ------
    ValueError
        If there are no such folds.
    """
    if cv is None or isinstance(cv, Integral):
        return cv
    if not hasattr(cv, "split") and sample.n_rows < given.n_rows:
        raise ValueError(
            "Splits in 'cv' are positions of rows, and rows of sample weight 0 are "
            "left out. Take them out of X, y and the splits."
        )
    name = _leading_head(targets)
    y = targets.by_head[name].true_values(targets.split(sample.y)[name])
    return cv_splits(cv, sample.countable[0], y, stratify=False)


def divide(sample, rows, targets, settings, seed):
    """Return rows to train on and rows to judge by.

    With several heads, the classes of the first one that has some are stratified.

    Parameters
    ----------
    sample : Sample
        The rows as the user gave them.
    rows : Rows
        Their arrays.
    targets : YAdapter
        Fitted.
    settings : FitSettings
        Says into which parts.
    seed : int
        Of the parts.

    Returns
    -------
    data : Data
        The arrays of the parts.
    valid : Sample
        The rows to judge by, in the order of ``data.valid``.
    """
    name = _leading_head(targets)
    stratify = targets.by_head[name].schema_.is_classification
    if settings.cv is not None:
        splits = cv_splits(
            settings.cv, sample.countable[0], rows.y[name], stratify=stratify, seed=seed
        )
        data = Data.of_splits(rows, splits)
        return data, sample.take(valid_positions(splits))
    train_rows, valid_rows = split_indices(
        rows.y[name], settings.validation_fraction, stratify=stratify, seed=seed
    )
    # In this order the parts are views, and long data is there once.
    rows = rows.take(np.concatenate([train_rows, valid_rows]))
    n_train = len(train_rows)
    parts = rows.take(slice(n_train)), rows.take(slice(n_train, None))
    return Data(*parts, all=rows), sample.take(valid_rows)


def _leading_head(targets):
    """Return the name of the first head that has classes, else of the first one."""
    of_classes = [
        name
        for name, target in targets.by_head.items()
        if target.schema_.is_classification
    ]
    return (of_classes or targets.names)[0]
