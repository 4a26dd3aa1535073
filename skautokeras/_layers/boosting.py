"""Gradient boosting of the trees of a layer, until the validation loss is best."""

import contextlib
import itertools
import math
import threading
import time
from dataclasses import replace

import numpy as np
import sklearn
from scipy.special import logsumexp
from sklearn.base import clone
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
)
from threadpoolctl import threadpool_limits

from skautokeras._data.rows import spread_rows
from skautokeras._layers.tree_nodes import place_tree, sum_of_leaves
from skautokeras._sklearn import boosted_trees

# Probabilities of trees are not closer to 0 or 1 where a class has all rows or none.
SURE = 1e-3
# Distance of the logit of a class without training rows from those of other classes.
_MARGIN_OF_ABSENT_CLASSES = 5.0
# Rows whose predictions are compared with those of scikit-learn, and how much they may
# differ: the layer adds up in float32.
_ROWS_TO_COMPARE, _TOLERANCE = 200, 1e-3
# Fewer rows are boosted faster by one thread.
_ROWS_FOR_THREADS = 20_000
# Iterations of boosting before the first look at the clock and the validation loss, and
# iterations without a smaller loss after which boosting ends. Each step doubles the
# trees, because scikit-learn prepares all rows again.
_STEP, _PATIENCE = 25, 20
# Numbers in the rows with which these first iterations take about a second.
_QUICK = 500_000
# Share of the time that the first tree takes at most.
_SHARE_OF_A_TREE = 0.25
# The number of threads of OpenMP holds for the whole process, so that fits in several
# threads of Python wait for one another.
_PROCESS = threading.RLock()


def fit_boosted(arrays, train, settings, output, rng, *, valid, n_trees, deadline):
    """Write boosted trees into the arrays of a layer.

    Parameters
    ----------
    arrays : dict of str to ndarray
        Arrays by the names of the weights of a `TreeEnsemble`, from `empty_trees`.
    train : FittingRows
        Training rows. The targets are int codes of classes, or numbers.
    settings : TreeSettings
        Settings of the trees.
    output : int or None
        Position of the output that the targets belong to. If None, there is one output
        for each class.
    rng : numpy.random.Generator
        Source of the random numbers.
    valid : FittingRows or None
        Validation rows. The trees that follow the one with the least loss are left out.
        If None, all trees are kept.
    n_trees : int
        Maximum number of trees for each output.
    deadline : Deadline or None
        Deadline after which no tree is added. If None, there is none.

    Returns
    -------
    n_kept : int
        Number of trees for each output.
    """
    is_class = train.y.dtype.kind == "i"
    if is_class and len(np.unique(train.y)) == 1:
        _predict_always(arrays["base"], train.y[0], output)
        return 0
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
    n_outputs = arrays["base"].size
    n_kept = grow(model, "max_iter", n_trees, train, valid=valid, deadline=deadline)
    trees, base = boosted_trees(model)
    outputs = [output]
    if output is None:
        # Two classes have one tree per iteration: the logit of the second one.
        outputs = model.classes_ if len(base) > 1 else model.classes_[1:]
        lowest = min(base.min(), 0.0)
        arrays["base"][:] = lowest - _MARGIN_OF_ABSENT_CLASSES
        arrays["base"][model.classes_] = 0.0
    arrays["base"][outputs] = base
    for i, of_iteration in enumerate(trees[:n_kept]):
        for place, tree in zip(outputs, of_iteration, strict=True):
            place_tree(arrays, tree, (i * n_outputs + place) * settings.n_nodes)
    arrays["n_iterations"] = np.maximum(arrays["n_iterations"], np.int32(n_kept))
    some = train.x[:_ROWS_TO_COMPARE]
    _check_equal(
        _staged(model, some, n_kept), sum_of_leaves(arrays, some, settings, outputs)
    )
    return n_kept


def fit_constant(arrays, train, output):
    """Let a layer predict the mean of the targets, without trees.

    Parameters
    ----------
    arrays : dict of str to ndarray
        Arrays by the names of the weights of a `TreeEnsemble`.
    train : FittingRows
        Training rows. The targets are the int codes of a label, or numbers.
    output : int
        Position of the output that the targets belong to.
    """
    mean = np.average(train.y, weights=train.weight)
    if train.y.dtype.kind == "i":
        p = np.clip(mean, SURE, 1.0 - SURE)
        mean = np.log(p / (1.0 - p))
    arrays["base"][output] = mean


def grow(model, parameter, n_trees, train, *, valid=None, deadline=None):
    """Add trees until there are enough of them, they no longer help, or time is over.

    Parameters
    ----------
    model : estimator
        Estimator with ``warm_start=True``.
    parameter : str
        Parameter of the model that says how many trees there are.
    n_trees : int
        Maximum number of trees.
    train : FittingRows
        Training rows.
    valid : FittingRows or None, default=None
        Validation rows of a model with staged predictions. If None, all trees are kept.
    deadline : Deadline or None, default=None
        Deadline after which no tree is added. If None, there is none.

    Returns
    -------
    n_kept : int
        Number of trees after which the validation loss is least.
    """
    done, n_kept = 0, n_trees
    is_timed = deadline is not None and deadline.left() < math.inf
    if is_timed:
        train = _rows_for_the_time(model, parameter, train, deadline)
    threads = _Threads(len(train.x))
    step = n_trees
    if is_timed or valid is not None:
        step = min(max(_STEP * _QUICK // train.x.size, 1), _STEP)
    while done < n_trees:
        step = min(step, n_trees - done)
        done = n_kept = done + step
        before = deadline.spent() if is_timed else 0.0
        model.set_params(**{parameter: done})
        with threads.limit(step):
            model.fit(train.x, train.y, sample_weight=train.weight)
        losses = _losses(model, valid) if valid is not None else ()
        if len(losses):
            n_kept = 1 + int(np.argmin(losses))
            if done - n_kept >= _PATIENCE:
                break
        if is_timed and done < n_trees:
            # At most half of the time that is left.
            per_tree = (deadline.spent() - before) / step
            n_possible = int(deadline.left() / 2 / max(per_tree, 1e-9))
            if n_possible < 1:
                deadline.cut = True
                break
            step = min(max(done, _STEP), n_possible)
        else:
            step = done
    return n_kept


def _rows_for_the_time(model, parameter, train, deadline):
    """Return as many of the training rows as one tree can take in time.

    A tree cannot be interrupted. So the time of one is estimated from a tree of few
    rows before the first one of many.
    """
    n_rows, n_columns = train.x.shape
    n_few = _QUICK // n_columns
    if n_rows <= 2 * n_few:
        return train
    few = _some(train, n_few)
    if len(np.unique(few[1])) == 1:
        return train
    start = deadline.spent()
    # The first trees are fitted by one thread as well.
    with _PROCESS, threadpool_limits(1, user_api="openmp"):
        clone(model).set_params(**{parameter: 1}).fit(*few)
    per_row = (deadline.spent() - start) / len(few[1])
    n_possible = int(_SHARE_OF_A_TREE * deadline.left() / max(per_row, 1e-12))
    if n_possible >= n_rows:
        return train
    deadline.cut = True
    x, y, weight = _some(train, max(n_possible, n_few))
    return replace(train, x=x, y=y, weight=weight)


def _some(train, n_rows):
    """Return the features, targets and weights of some rows."""
    rows = spread_rows(len(train.x), n_rows)
    weight = None if train.weight is None else train.weight[rows]
    return train.x[rows], train.y[rows], weight


def _predict_always(base, code, output):
    """Let a layer predict the only class of the training rows.

    Parameters
    ----------
    base : ndarray of shape (n_outputs,)
        Numbers to which the trees are added; they are changed.
    code : int
        Code of the class.
    output : int or None
        Position of the output of a label. If None, there is one output for each class.
    """
    logit = np.log(1.0 / SURE - 1.0)
    if output is None:
        base[:] = -logit
        base[code] = 0.0
    else:
        base[output] = logit if code else -logit


def _losses(model, valid):
    """Return the loss for validation rows after each iteration; none without rows."""
    is_class = hasattr(model, "classes_")
    y, rows = valid.y, slice(None)
    if is_class:
        places = np.searchsorted(model.classes_, y)
        places = np.minimum(places, len(model.classes_) - 1)
        # Nothing is learned from a class that the training rows do not have.
        rows = model.classes_[places] == y
        y = places[rows]
    weight = None if valid.weight is None else valid.weight[rows]
    if not len(y) or (weight is not None and not weight.any()):
        return []
    return [
        np.average(_loss_of_rows(y, raw, is_class), weights=weight)
        for raw in _stages(model, valid.x[rows])
    ]


def _loss_of_rows(y, raw, is_class):
    """Return the cross-entropy or the squared error of each row."""
    if not is_class:
        return np.square(raw - y)
    if raw.ndim == 1 or raw.shape[1] == 1:
        return np.logaddexp(0.0, np.where(y == 1, -1.0, 1.0) * np.ravel(raw))
    return logsumexp(raw, axis=1) - raw[np.arange(len(y)), y]


def _staged(model, x, n_iterations):
    """Return what the first iterations of a model predict: (n_rows, n_outputs)."""
    for predicted in itertools.islice(_stages(model, x), n_iterations):
        last = predicted
    return last.reshape(len(x), -1)


def _stages(model, x):
    """Yield what a model predicts after each iteration."""
    is_class = hasattr(model, "classes_")
    stages = model.staged_decision_function if is_class else model.staged_predict
    # One tree is so fast that threads would only wait for one another.
    with _PROCESS, threadpool_limits(1, user_api="openmp"):
        yield from stages(x)


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


class _Threads:
    """Number of threads that fit trees, as many as make it faster.

    Threads wait for one another after each node. With few rows that takes longer than
    it saves, and many times as long if other processes need the processor, too. So the
    first trees are fitted by one thread, and the next ones by all threads. These go on
    if they have been faster.

    Parameters
    ----------
    n_rows : int
        Number of training rows.
    """

    def __init__(self, n_rows):
        self._uses_all = n_rows >= _ROWS_FOR_THREADS
        self._seconds = []  # for one tree, by one thread and by all

    @contextlib.contextmanager
    def limit(self, n_trees):
        """Return a context in which the threads are limited, and time it.

        Parameters
        ----------
        n_trees : int
            Number of trees that are fitted in the context.
        """
        if len(self._seconds) == 2:
            self._uses_all = self._seconds[1] < self._seconds[0]
        n_threads = None if self._uses_all and self._seconds else 1
        start = time.perf_counter()
        with _PROCESS, threadpool_limits(n_threads, user_api="openmp"):
            yield
        if self._uses_all and len(self._seconds) < 2:
            self._seconds.append((time.perf_counter() - start) / n_trees)
