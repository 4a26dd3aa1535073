"""Fitting of the trees of a layer: scikit-learn grows them, arrays hold their nodes."""

import math
from dataclasses import dataclass, replace

import numpy as np
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)

from skautokeras._layers.boosting import fit_boosted, fit_constant, grow
from skautokeras._layers.tree_nodes import empty_trees, place_tree
from skautokeras._state.deadline import NO_DEADLINE

# Rows of the prior in the mean target of a category, and folds for training rows.
_PRIOR_ROWS, _FOLDS = 10.0, 5
# The estimators of random trees, for classes and for numbers.
_RANDOM_TREES = {
    "extra": (ExtraTreesClassifier, ExtraTreesRegressor),
    "forest": (RandomForestClassifier, RandomForestRegressor),
}


@dataclass(frozen=True, eq=False)
class FittingRows:
    """Rows that trees are fitted to, or validated on.

    Parameters
    ----------
    x : ndarray of shape (n_rows, n_features), dtype float32
        Features, categories last.
    y : ndarray of shape (n_rows,) or (n_rows, n_outputs)
        Codes of classes, zeros and ones for labels, or standardised numbers.
    weight : ndarray of shape (n_rows,) or None, default=None
        Weights of the rows. If None, all rows weigh the same.
    """

    x: np.ndarray
    y: np.ndarray
    weight: np.ndarray | None = None

    def with_features(self, features):
        """Return the rows with further features.

        Parameters
        ----------
        features : list of ndarray of shape (n_rows, n_new_features)
            Features that follow the others.
        """
        return replace(self, x=np.hstack([self.x, *features]))


def fit_trees(
    train,
    *,
    settings,
    task,
    n_outputs,
    cardinalities,
    rng,
    valid=None,
    n_iterations=None,
    deadline=None,
):
    """Return the weights of a `TreeEnsemble`, whose trees are fitted to rows.

    Parameters
    ----------
    train : FittingRows
        Training rows.
    settings : TreeSettings
        Settings of the trees.
    task : {"binary", "classes", "labels", "numbers"}
        Kind of the target.
    n_outputs : int
        Number of outputs of the layer.
    cardinalities : sequence of int
        Number of codes of the last columns of the features.
    rng : numpy.random.Generator
        Source of the random numbers.
    valid : FittingRows or None, default=None
        Validation rows, which tell after how many iterations boosting is best. If None,
        all trees are kept.
    n_iterations : int or None, default=None
        Number of iterations of boosting, or of random trees, which is at most that of
        the settings. If None, the validation rows decide.
    deadline : Deadline or None, default=None
        Deadline after which no tree is added. If None, there is none.

    Returns
    -------
    weights : dict of str to ndarray
        Arrays by the names of the weights of the layer.
    n_iterations : int
        Number of iterations of boosting, the mean over outputs that are boosted one by
        one, or the number of random trees.
    """
    n_trees = settings.n_iterations(n_outputs)
    if n_iterations is not None:
        n_trees, valid = min(n_iterations, n_trees), None
    columns = _as_columns(train.y, task, n_outputs)
    targets = columns[:, : settings.n_means(n_outputs)]
    means, of_rows = _mean_targets(train, targets, cardinalities, rng)
    train = train.with_features(of_rows)
    if valid is not None:
        of_rows = _look_up(means, valid.x, cardinalities)
        valid = valid.with_features(of_rows)
    arrays = empty_trees(settings, n_outputs)
    options = {
        "settings": settings,
        "task": task,
        "rng": rng,
        "n_trees": n_trees,
        "deadline": deadline,
    }
    if settings.is_random:
        n_done = _fit_random(arrays, train, columns, **options)
    else:
        n_done = _boost_each_output(arrays, train, valid, **options)
    return {**arrays, "means": means}, n_done


def _boost_each_output(arrays, train, valid, *, settings, task, rng, n_trees, deadline):
    """Boost trees, for one output after the other; return their mean number."""
    n_outputs = arrays["base"].size
    parts = _by_output(train, task, n_outputs)
    valid_parts = [None] * len(parts)
    if valid is not None:
        valid_parts = _by_output(valid, task, n_outputs)
    shares = _SharesOfTime(deadline or NO_DEADLINE, len(parts), n_trees)
    counts = []
    for output, (part, valid_part) in enumerate(zip(parts, valid_parts, strict=True)):
        share, most_trees = shares.next()
        if output and share.passed():
            fit_constant(arrays, part, output)
            continue
        n_done = fit_boosted(
            arrays,
            part,
            settings,
            None if task == "classes" else output,
            rng,
            valid=valid_part,
            n_trees=most_trees,
            deadline=share,
        )
        shares.take(share, n_done)
        counts.append(n_done)
    # Nothing is boosted for a label that all rows have, or none.
    counts = [count for count in counts if count]
    return round(np.mean(counts)) if counts else 1


class _SharesOfTime:
    """Shares of the time for outputs that are boosted one after the other.

    Parameters
    ----------
    deadline : Deadline
        Deadline of all outputs. It is told if the time of one does not suffice.
    n_outputs : int
        Number of outputs.
    n_trees : int
        Maximum number of trees of each of them.
    """

    def __init__(self, deadline, n_outputs, n_trees):
        self._deadline, self._n_left, self._n_trees = deadline, n_outputs, n_trees
        self._seconds = self._n_grown = 0

    def next(self):
        """Return the deadline of the next output, and its maximum number of trees.

        The first trees are grown before the clock is looked at, so that there must be
        fewer of them where the outputs so far tell that they take too long.
        """
        share = self._deadline.within(self._deadline.left() / self._n_left)
        self._n_left -= 1
        most_trees = self._n_trees
        if self._n_grown and share.left() < math.inf:
            per_tree = max(self._seconds / self._n_grown, 1e-9)
            most_trees = min(most_trees, max(int(share.left() / per_tree), 1))
        self._deadline.cut |= share.passed() or most_trees < self._n_trees
        return share, most_trees

    def take(self, share, n_done):
        """Take in how many trees have been kept in a share of the time."""
        self._deadline.cut |= share.cut
        self._seconds += share.spent()
        self._n_grown += n_done


def _as_columns(y, task, n_outputs):
    """Return the targets as columns of numbers."""
    if task == "classes":
        return (y.reshape(-1, 1) == np.arange(n_outputs)).astype("float64")
    return y.reshape(len(y), -1).astype("float64")


def _by_output(rows, task, n_outputs):
    """Return the rows with the targets that are boosted one after the other."""
    if task == "classes":
        return [replace(rows, y=rows.y.ravel().astype(int))]
    columns = _as_columns(rows.y, task, n_outputs).T
    return [replace(rows, y=y if task == "numbers" else y.astype(int)) for y in columns]


def _mean_targets(train, targets, cardinalities, rng):
    """Return the mean targets by code, and those of the training rows out of fold.

    A mean is ``(n * mean + 10 * prior) / (n + 10)`` of the ``n`` rows of the category,
    and the prior is the mean of all rows. A training row has the means of the folds
    that it is not in, because its own target would give itself away.
    """
    n_means = targets.shape[1]
    table = np.zeros((sum(cardinalities), n_means), "float32")
    if not len(cardinalities) or not n_means:
        return table, []
    x, weight = train.x, np.ones(len(train.x))
    if train.weight is not None:
        weight = np.asarray(train.weight, "float64")
    fold = rng.permutation(len(x)) % _FOLDS
    starts = np.cumsum([0, *cardinalities[:-1]])
    codes = x[:, -len(cardinalities) :].astype(int)
    extra = []
    for column, start, n in zip(codes.T, starts, cardinalities, strict=True):
        table[start : start + n] = _smoothed(column, targets, weight, n)
        of_rows = np.empty((len(x), n_means), "float32")
        for i in range(_FOLDS):
            rest = fold != i
            if rest.any():
                means = _smoothed(column[rest], targets[rest], weight[rest], n)
                of_rows[~rest] = means[column[~rest]]
        extra.append(of_rows)
    return table, extra


def _smoothed(codes, targets, weight, n_codes):
    """Return the smoothed mean targets of each code."""
    if not weight.any():
        return np.zeros((n_codes, targets.shape[1]))
    prior = np.average(targets, axis=0, weights=weight)
    count = np.bincount(codes, weight, n_codes)[:, None]
    sums = [np.bincount(codes, weight * t, n_codes) for t in targets.T]
    return (np.column_stack(sums) + _PRIOR_ROWS * prior) / (count + _PRIOR_ROWS)


def _look_up(means, x, cardinalities):
    """Return the mean targets of the categories of some rows."""
    if not len(cardinalities) or not means.shape[1]:
        return []
    starts = np.cumsum([0, *cardinalities[:-1]])
    codes = x[:, -len(cardinalities) :].astype(int) + starts
    return [means[column] for column in codes.T]


def _fit_random(arrays, train, columns, *, settings, task, rng, n_trees, deadline):
    """Fit random trees, which predict all outputs at once; return their number."""
    model = _random_trees(settings, task, len(train.x), rng)
    targets = columns if columns.shape[1] > 1 else columns[:, 0]
    if task == "classes":
        targets = columns.argmax(axis=1)
    rows = replace(train, y=targets)
    n_trees = grow(model, "n_estimators", n_trees, rows, deadline=deadline)
    n_outputs = arrays["value"].shape[1]
    for i, estimator in enumerate(model.estimators_):
        tree = estimator.tree_
        values = _values_of_nodes(tree.value, model, task, n_outputs)
        nodes = {
            "feature": tree.feature,
            "threshold": tree.threshold,
            "left": tree.children_left,
            "right": tree.children_right,
            "value": values / len(model.estimators_),
        }
        place_tree(arrays, nodes, i * settings.n_nodes)
    arrays["n_iterations"] = np.int32(n_trees)
    return n_trees


def _random_trees(settings, task, n_rows, rng):
    """Return an estimator of scikit-learn for random trees, with nothing fitted yet."""
    for_classes, for_numbers = _RANDOM_TREES[settings.kind]
    forest = for_numbers if task == "numbers" else for_classes
    # Trees grow faster without a limit, and need none where there are few rows.
    needs_limit = settings.most_leaves(n_rows) > settings.max_leaf_nodes
    return forest(
        max_leaf_nodes=settings.max_leaf_nodes if needs_limit else None,
        max_depth=settings.max_depth,
        min_samples_leaf=settings.min_samples_leaf,
        max_features=settings.max_features,
        warm_start=True,
        random_state=int(rng.integers(2**31)),
    )


def _values_of_nodes(value, model, task, n_outputs):
    """Return the outputs of each node: (n_nodes, n_outputs)."""
    if task == "numbers":
        return value[:, :, 0]
    classes = model.classes_ if value.shape[1] > 1 else [model.classes_]
    outputs = np.zeros((len(value), n_outputs))
    if task == "classes":
        outputs[:, classes[0].astype(int)] = value[:, 0, : len(classes[0])]
        return outputs
    for j, of_label in enumerate(classes):
        if of_label[-1] == 1:
            outputs[:, j] = value[:, j, len(of_label) - 1]
    return outputs
