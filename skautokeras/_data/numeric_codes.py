"""Whole numbers that name things, such as postal codes, told from sizes and counts."""

import numpy as np
import pandas as pd

from skautokeras._data.rows import spread_rows

# Fewer rows tell nothing, and more tell no more.
FEWEST_ROWS, _MOST_ROWS = 1000, 20_000
# A network sees a number in about so many intervals. Fewer different values are told
# apart as numbers, too.
_N_INTERVALS = 48
# Rows per value on average without which values say nothing of other rows.
_ROWS_PER_VALUE = 1.5
# Names must explain so much more of the variance than sizes do, and by so many standard
# errors of the difference.
LEAST_GAIN, _STANDARD_ERRORS = 0.005, 3.0

_N_FOLDS = 5
# So many rows of the mean of all count besides those of a value.
_PRIOR_ROWS = 10.0
# Numbers of more different values are ranked, so that a few large ones do not decide;
# of fewer, as of labels, the most frequent ones are told apart.
_MOST_CLASSES, _N_CLASSES = 20, 10


def targets_of(y, rows):
    """Return numbers that tell what is to be predicted.

    Parameters
    ----------
    y : object
        Target as `fit` takes it: labels or numbers, in one or several columns, or a
        dict of them by the names of heads.

    rows : ndarray of int
        Positions of the rows to return.

    Returns
    -------
    targets : ndarray of shape (n_rows, n_targets), or None
        Ranks of numbers between 0 and 1, and for each frequent label whether a row has
        it. None if y cannot be read so; what is wrong with it is said elsewhere.

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._data.numeric_codes import targets_of
    >>> targets_of(["a", "b", "a"], np.arange(3)).tolist()
    [[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]]
    """
    parts = list(y.values()) if isinstance(y, dict) else [y]
    try:
        frames = [
            pd.DataFrame(part if hasattr(part, "iloc") else np.asarray(part)).iloc[rows]
            for part in parts
        ]
        columns = [c for frame in frames for c in _columns_of(frame)]
    except (TypeError, ValueError, IndexError, NotImplementedError):
        # pandas has no columns of some dtypes of NumPy, such as those of bytes.
        return None
    return np.column_stack(columns) if columns else None


def _columns_of(frame):
    for _, column in frame.items():
        counts = column.value_counts()
        if len(counts) > _MOST_CLASSES and pd.api.types.is_numeric_dtype(column):
            ranks = column.rank().to_numpy(np.float64)
            yield ranks / len(column)
        else:
            for label in counts.index[:_N_CLASSES]:
                yield (column == label).to_numpy(np.float64)


def are_numeric_codes(numbers, targets):
    """Tell whether the numbers of a column are names rather than sizes.

    Two predictions of the targets are compared on rows of other folds. One is the mean
    of the rows with the same number, which is drawn to the mean of all rows if they are
    few (Micci-Barreca, A preprocessing scheme for high-cardinality categorical
    attributes, SIGKDD Explorations 2001). The other one is the same for 48 intervals of
    as many rows each, which keep what the size of a number says.

    Parameters
    ----------
    numbers : ndarray of shape (n_samples,), dtype float64
        Numbers of a column, NaN where one is missing.

    targets : ndarray of shape (n_samples, n_targets)
        Result of `targets_of`.

    Returns
    -------
    are_codes : bool
        False if there are few rows, few or too many different numbers, or numbers that
        are not whole.

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._data.numeric_codes import are_numeric_codes
    >>> rng = np.random.default_rng(0)
    >>> codes = rng.integers(10000, 10100, 2000).astype(float)
    >>> of_codes = rng.normal(size=100)[codes.astype(int) - 10000]
    >>> are_numeric_codes(codes, of_codes[:, None])
    True
    >>> are_numeric_codes(codes, np.sin(codes / 20)[:, None])
    False
    """
    is_present = ~np.isnan(numbers) & ~np.isnan(targets).any(axis=1)
    rows = np.flatnonzero(is_present)
    rows = rows[spread_rows(len(rows), _MOST_ROWS)]
    numbers, targets = numbers[rows], targets[rows]
    if len(rows) < FEWEST_ROWS or (numbers != np.round(numbers)).any():
        return False
    unique, codes = np.unique(numbers, return_inverse=True)
    if not _N_INTERVALS < len(unique) <= len(rows) / _ROWS_PER_VALUE:
        return False
    edges = np.quantile(numbers, np.linspace(0, 1, _N_INTERVALS + 1)[1:-1])
    intervals = np.searchsorted(np.unique(edges), numbers, side="right")
    variance = targets.var(axis=0).mean()
    if variance == 0:
        return False
    gains = _squared_errors(intervals, targets) - _squared_errors(codes, targets)
    gains /= variance
    error = gains.std() / np.sqrt(len(gains))
    return bool(gains.mean() > max(LEAST_GAIN, _STANDARD_ERRORS * error))


def _squared_errors(groups, targets):
    """Return the error of each row, if it is predicted by its group in other folds."""
    folds = np.random.default_rng(0).permutation(len(targets)) % _N_FOLDS
    errors = np.empty(len(targets))
    for fold in range(_N_FOLDS):
        is_in = folds == fold
        means = _smoothed_means(groups, targets, ~is_in)
        errors[is_in] = ((targets[is_in] - means[groups[is_in]]) ** 2).mean(axis=1)
    return errors


def _smoothed_means(groups, targets, is_used):
    """Return the mean of the targets of each group, over the rows that are used."""
    used, n_groups = groups[is_used], groups.max() + 1
    counts = np.bincount(used, minlength=n_groups)[:, None]
    sums = [np.bincount(used, t, minlength=n_groups) for t in targets[is_used].T]
    prior = _PRIOR_ROWS * targets[is_used].mean(axis=0)
    return (np.column_stack(sums) + prior) / (counts + _PRIOR_ROWS)
