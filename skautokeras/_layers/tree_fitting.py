"""Fitting of the trees of a layer: scikit-learn grows them, arrays hold their nodes."""

import contextlib
from dataclasses import asdict, dataclass

import numpy as np
import sklearn
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
)
from threadpoolctl import threadpool_limits

from skautokeras._sklearn import boosted_trees

# Total number of boosted trees: more classes have fewer trees each.
_MOST_TREES = 3000
# More classes than this have no mean targets of categories: there would be too many
# columns.
_MOST_MEANS = 10
# Rows of the prior in the mean target of a category, and folds for training rows.
_PRIOR_ROWS, _FOLDS = 10.0, 5
# Probabilities of extremely randomised trees are not closer to 0 or 1.
SURE = 1e-3
# Distance of the logit of a class without training rows from those of other classes.
_MARGIN_OF_ABSENT_CLASSES = 5.0
# Rows whose predictions are compared with those of scikit-learn, and how much they may
# differ: the layer adds up in float32.
_ROWS_TO_COMPARE, _TOLERANCE = 200, 1e-3
# Fewer rows are boosted faster by one thread.
_ROWS_FOR_THREADS = 20_000
# Iterations of boosting between two looks at the clock.
_STEP = 10


@dataclass(frozen=True)
class TreeSettings:
    """Settings of the trees of one layer.

    Parameters
    ----------
    kind : {"boosted", "extra"}
        Gradient boosting, or extremely randomised trees.
    n_trees : int, default=100
        Number of trees, for each output if they are boosted. There are fewer for very
        many classes.
    max_leaf_nodes : int, default=31
        Maximum number of leaves of a tree.
    max_depth : int, default=12
        Maximum number of nodes between the root and a leaf.
    min_samples_leaf : int, default=20
        Minimum number of training rows in a leaf.
    max_features : float, default=1.0
        Share of the features that each split chooses from.
    learning_rate : float, default=0.1
        Factor of each boosted tree.
    l2_regularization : float, default=0.0
        Penalty of the values of leaves of boosted trees.
    """

    kind: str
    n_trees: int = 100
    max_leaf_nodes: int = 31
    max_depth: int = 12
    min_samples_leaf: int = 20
    max_features: float = 1.0
    learning_rate: float = 0.1
    l2_regularization: float = 0.0

    @property
    def n_nodes(self):
        """Number of nodes of the largest possible tree."""
        return 2 * self.max_leaf_nodes - 1

    def n_iterations(self, n_outputs):
        """Return the number of trees for each output.

        Parameters
        ----------
        n_outputs : int
            Number of outputs.
        """
        if self.kind == "extra":
            return self.n_trees
        return max(1, min(self.n_trees, _MOST_TREES // n_outputs))

    def n_trees_in_all(self, n_outputs):
        """Return the number of all trees.

        Extremely randomised trees predict all outputs at once.

        Parameters
        ----------
        n_outputs : int
            Number of outputs.
        """
        return self.n_iterations(n_outputs) * n_outputs // self.n_values(n_outputs)

    def n_values(self, n_outputs):
        """Return the number of values of a leaf.

        Parameters
        ----------
        n_outputs : int
            Number of outputs.
        """
        return n_outputs if self.kind == "extra" else 1

    def n_means(self, n_outputs):
        """Return the number of mean targets of each category.

        Parameters
        ----------
        n_outputs : int
            Number of outputs.
        """
        return n_outputs if n_outputs <= _MOST_MEANS else 0

    def as_dict(self):
        """Return the settings as a dict."""
        return asdict(self)


def fit_trees(
    x,
    y,
    weight,
    *,
    settings,
    task,
    n_outputs,
    cardinalities,
    rng,
    deadline=None,
):
    """Return the weights of a `TreeEnsemble`, whose trees are fitted to rows.

    Parameters
    ----------
    x : ndarray of shape (n_rows, n_features), dtype float32
        Features of the training rows, categories last.
    y : ndarray of shape (n_rows,) or (n_rows, n_outputs)
        Codes of classes, zeros and ones for labels, or standardised numbers.
    weight : ndarray of shape (n_rows,) or None
        Weights of the rows.
    settings : TreeSettings
        Settings of the trees.
    task : {"binary", "classes", "labels", "numbers"}
        Kind of the target.
    n_outputs : int
        Number of outputs of the layer.
    cardinalities : sequence of int
        Number of codes of the last columns of ``x``.
    rng : numpy.random.Generator
        Source of the random numbers.
    deadline : Deadline or None, default=None
        Deadline after which boosting adds no tree.

    Returns
    -------
    weights : dict of str to ndarray
        Arrays by the names of the weights of the layer.
    """
    y = np.asarray(y)
    columns = _as_columns(y, task, n_outputs)
    means, of_rows = _mean_targets(
        x, columns[:, : settings.n_means(n_outputs)], weight, cardinalities, rng
    )
    x = np.hstack([x, *of_rows])
    arrays = _empty(settings, n_outputs)
    if settings.kind == "extra":
        _fit_extra(arrays, x, columns, weight, settings, task, rng, deadline)
    elif task == "classes":
        _fit_boosted(
            arrays, x, y.ravel().astype(int), weight, settings, None, rng, deadline
        )
    else:
        for output, target in enumerate(columns.T):
            if task != "numbers":
                target = target.astype(int)
            _fit_boosted(arrays, x, target, weight, settings, output, rng, deadline)
    return {**arrays, "means": means}


def _as_columns(y, task, n_outputs):
    """Return the targets as columns of numbers."""
    if task == "classes":
        return (y.reshape(-1, 1) == np.arange(n_outputs)).astype("float64")
    return y.reshape(len(y), -1).astype("float64")


def _mean_targets(x, targets, weight, cardinalities, rng):
    """Return the mean targets by code, and those of the training rows out of fold.

    A mean is ``(n * mean + 10 * prior) / (n + 10)`` of the ``n`` rows of the category,
    and the prior is the mean of all rows. A training row has the means of the folds
    that it is not in, because its own target would give itself away.
    """
    n_means = targets.shape[1]
    table = np.zeros((sum(cardinalities), n_means), "float32")
    if not len(cardinalities) or not n_means:
        return table, []
    weight = np.ones(len(x)) if weight is None else np.asarray(weight, "float64")
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


def _empty(settings, n_outputs):
    """Return the arrays of trees that consist of one leaf of value 0 each."""
    n_nodes = settings.n_trees_in_all(n_outputs) * settings.n_nodes
    return {
        "feature": np.zeros(n_nodes, "int32"),
        "threshold": np.full(n_nodes, np.inf, "float32"),
        "left": np.arange(n_nodes, dtype="int32"),
        "value": np.zeros((n_nodes, settings.n_values(n_outputs)), "float32"),
        "base": np.zeros(n_outputs, "float32"),
    }


def _place(arrays, tree, start):
    """Write a tree into the arrays; its nodes begin at ``start``.

    The right child of a node stands behind the left one, and a leaf is its own left
    child, to which all rows go.
    """
    order, place = _by_levels(tree["left"], tree["right"])
    is_inner = tree["left"][order] >= 0
    inner, at = order[is_inner], start + np.flatnonzero(is_inner)
    arrays["feature"][at] = tree["feature"][inner]
    arrays["threshold"][at] = largest_float32(tree["threshold"][inner])
    arrays["left"][at] = start + place[tree["left"][inner]]
    arrays["value"][start : start + len(order)] = tree["value"][order]


def _by_levels(left, right):
    """Return the nodes of a tree level by level, and the place of each in that order.

    Siblings stand side by side.
    """
    level, levels = np.zeros(1, int), []
    while len(level):
        levels.append(level)
        inner = level[left[level] >= 0]
        level = np.column_stack([left[inner], right[inner]]).ravel()
    order = np.concatenate(levels)
    place = np.empty(len(left), int)
    place[order] = np.arange(len(order))
    return order, place


def largest_float32(threshold):
    """Return the largest float32 that is not above each float64.

    For a number ``x`` in float32, ``x <= threshold`` then holds for both or for none.

    Parameters
    ----------
    threshold : ndarray, dtype float64
        Numbers to be rounded down.

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._layers.tree_fitting import largest_float32
    >>> bool(largest_float32(np.array([0.1]))[0] <= 0.1)
    True
    """
    with np.errstate(over="ignore"):
        rounded = threshold.astype("float32")
    below = np.nextafter(rounded, np.float32(-np.inf))
    return np.where(rounded.astype("float64") > threshold, below, rounded)


def _fit_boosted(arrays, x, y, weight, settings, output, rng, deadline):
    """Fit boosted trees for one output, or for classes where ``output`` is None."""
    is_class = y.dtype.kind == "i"
    if is_class and len(np.unique(y)) == 1:
        _predict_always(arrays["base"], y[0], output)
        return
    boosting = (
        HistGradientBoostingClassifier if is_class else HistGradientBoostingRegressor
    )
    model = boosting(
        learning_rate=settings.learning_rate,
        max_leaf_nodes=settings.max_leaf_nodes,
        max_depth=settings.max_depth,
        min_samples_leaf=settings.min_samples_leaf,
        max_features=settings.max_features,
        l2_regularization=settings.l2_regularization,
        early_stopping=False,
        warm_start=True,
        random_state=int(rng.integers(2**31)),
    )
    n_iterations = settings.n_iterations(arrays["base"].size)
    _grow(model, "max_iter", n_iterations, x, y, weight, deadline)
    trees, base = boosted_trees(model)
    outputs = [output]
    if output is None:
        # Two classes have one tree per iteration: the logit of the second one.
        outputs = model.classes_ if len(base) > 1 else model.classes_[1:]
        lowest = min(base.min(), 0.0)
        arrays["base"][:] = lowest - _MARGIN_OF_ABSENT_CLASSES
        arrays["base"][model.classes_] = 0.0
    arrays["base"][outputs] = base
    n_outputs = arrays["base"].size
    for i, of_iteration in enumerate(trees):
        for place, tree in zip(outputs, of_iteration, strict=True):
            _place(arrays, tree, (i * n_outputs + place) * settings.n_nodes)
    some = x[:_ROWS_TO_COMPARE]
    predict = model.decision_function if is_class else model.predict
    _check_equal(
        predict(some).reshape(len(some), -1),
        sum_of_leaves(arrays, some, settings)[:, outputs],
    )


def sum_of_leaves(arrays, x, settings):
    """Return what the trees in the arrays predict, as a `TreeEnsemble` does.

    Parameters
    ----------
    arrays : dict of str to ndarray
        Arrays by the names of the weights of the layer.
    x : ndarray of shape (n_rows, n_features), dtype float32
        Features, with the mean targets of categories.
    settings : TreeSettings
        Settings of the trees.

    Returns
    -------
    sums : ndarray of shape (n_rows, n_outputs)
    """
    n_outputs = arrays["base"].size
    n_trees = settings.n_trees_in_all(n_outputs)
    node = np.tile(np.arange(n_trees) * settings.n_nodes, (len(x), 1))
    rows = np.arange(len(x))[:, None]
    for _ in range(settings.max_depth):
        goes_right = x[rows, arrays["feature"][node]] > arrays["threshold"][node]
        node = arrays["left"][node] + goes_right
    leaves = arrays["value"][node].astype("float64").reshape(len(x), -1, n_outputs)
    return leaves.sum(axis=1) + arrays["base"]


def _check_equal(expected, predicted):
    """Raise unless the trees in the arrays predict what scikit-learn predicts."""
    difference = np.abs(expected - predicted).max()
    if difference > _TOLERANCE * max(1.0, np.abs(expected).max()):
        raise RuntimeError(
            "The boosted trees that were read from scikit-learn "
            f"{sklearn.__version__} predict other values than scikit-learn does (the "
            f"difference is {difference:.3g}), so they are not used. Its versions 1.6 "
            "to 1.9 are known to work."
        )


def _grow(model, parameter, n_trees, x, y, weight, deadline):
    """Add trees until there are enough of them or the time is over.

    ``parameter`` is the one that says how many trees there are.
    """
    done = 0
    while done < n_trees:
        step = n_trees if deadline is None else max(_STEP, done)
        done = min(done + step, n_trees)
        before = 0.0 if deadline is None else deadline.spent()
        model.set_params(**{parameter: done})
        with _threads_for(x):
            model.fit(x, y, sample_weight=weight)
        # The next step adds as many trees as there are.
        if deadline is not None and deadline.left() < 2 * (deadline.spent() - before):
            break


def _threads_for(x):
    """Return a context with as many threads as make boosting faster.

    Threads wait for one another after each node. With few rows that takes longer than
    it saves, and many times as long if other processes need the processor, too.
    """
    if len(x) < _ROWS_FOR_THREADS:
        return threadpool_limits(1, user_api="openmp")
    return contextlib.nullcontext()


def _predict_always(base, code, output):
    """Let a layer predict the only class of the training rows."""
    logit = np.log(1.0 / SURE - 1.0)
    if output is None:
        base[:] = -logit
        base[code] = 0.0
    else:
        base[output] = logit if code else -logit


def _fit_extra(arrays, x, targets, weight, settings, task, rng, deadline):
    """Fit extremely randomised trees, which predict all outputs at once."""
    is_class = task != "numbers"
    if task == "classes":
        targets = targets.argmax(axis=1)[:, None]
    forest = ExtraTreesClassifier if is_class else ExtraTreesRegressor
    model = forest(
        max_leaf_nodes=settings.max_leaf_nodes,
        max_depth=settings.max_depth,
        min_samples_leaf=settings.min_samples_leaf,
        max_features=settings.max_features,
        warm_start=True,
        random_state=int(rng.integers(2**31)),
    )
    y = targets if targets.shape[1] > 1 else targets[:, 0]
    _grow(model, "n_estimators", settings.n_trees, x, y, weight, deadline)
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
        _place(arrays, nodes, i * settings.n_nodes)


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
