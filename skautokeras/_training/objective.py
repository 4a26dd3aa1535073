"""Objective: what the search optimises, as one number of which more is better."""

import contextlib
from functools import cached_property

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.metrics import get_scorer

from skautokeras._space.heads import make_metric

# What a Keras metric's name must contain for less to be better.
_LESS_IS_BETTER = [
    "loss",
    "error",
    "crossentropy",
    "divergence",
    "deviance",
    "hinge",
    "poisson",
    "mse",
    "mae",
    "rmse",
    "mape",
    "msle",
    "kld",
    "logcosh",
    "log_cosh",
    "false_",
]
# ... and for more to be better; any other name is the user's own.
_MORE_IS_BETTER = [
    "accuracy",
    "acc",
    "auc",
    "precision",
    "recall",
    "f1",
    "fbeta",
    "sensitivity",
    "specificity",
    "iou",
    "similarity",
    "r2",
    "positives",
    "negatives",
    "score",
]


class Evaluation:
    """What a network said about the validation rows.

    Parameters
    ----------
    y_pred : dict of str to ndarray
        Evaluation by head.
    loss : float or callable
        The weighted loss over all heads, or what computes it from ``y_pred`` once
        somebody wants to know.
    """

    def __init__(self, y_pred, loss):
        self.y_pred = y_pred
        self._loss = loss

    @cached_property
    def loss(self):
        """The loss, as a number."""
        return self._loss(self.y_pred) if callable(self._loss) else self._loss


class Objective:
    """Turns predictions for the validation rows into a score.

    Parameters
    ----------
    score : callable
        ``score(outputs) -> float``, greater is better.
    """

    def __init__(self, score):
        self._score = score

    def __call__(self, outputs):
        """Return the score of some outputs."""
        return float(self._score(outputs))


def make_objective(
    scoring, heads, targets, rows, *, y_true, X=None, sample_weight=None
):
    """Return the objective that ``scoring`` asks for.

    Parameters
    ----------
    scoring : None, str, callable or dict
        None or "val_loss": the loss, of labels as `Head.soften_validation_labels`
        returns them. Another name that starts with "val_": a Keras metric, with the
        name of its head in between if there are several
        ("val_price_mean_absolute_error"). Any other name, or a
        callable: a scikit-learn scorer; with several heads, a callable sees predictions
        and targets as dicts by head. A dict by head: the mean of what it asks for.
    heads : dict of str to (Head, TargetSchema)
        Of the graph.
    targets : dict of str to ClassAdapter or NumberAdapter
        Fitted adapters of the targets, by the names of the heads.
    rows : Rows
        The validation rows.
    y_true : dict of str to array-like
        Their targets by head, as the user gave them.
    X : array-like or None, default=None
        The rows as the user gave them, for callables that look at them.
    sample_weight : ndarray or None, default=None
        The user's weights of the rows.

    Raises
    ------
    ValueError
        If a name is unknown, or if it cannot be told whether more of a metric is
        better.
    """
    if scoring is None or scoring == "val_loss":
        return Objective(_negative_loss)
    if isinstance(scoring, str) and scoring.startswith("val_"):
        name, metric_name = _head_and_metric(scoring, heads)
        return _keras_objective(metric_name, name, heads[name], rows)
    known = {"y_true": y_true, "X": X, "sample_weight": sample_weight}
    if isinstance(scoring, dict):
        return _mean_objective(scoring, heads, targets, rows, known)
    if isinstance(scoring, str) and len(heads) > 1:
        raise ValueError(
            f"scoring={scoring!r} is for one head, and there are {list(heads)}. Pass a "
            "dict by head."
        )
    return _scorer_objective(get_scorer(scoring), targets, **known)


def judges_labels(objective, heads, rows, loss):
    """Return whether a score depends on labels alone, not on how sure a network is.

    Where it does, smoothed labels may help; where probabilities count, they are wrong
    by as much as labels were smoothed. Asked is the score itself: two sets of
    probabilities that name the same labels must be worth the same.

    Parameters
    ----------
    objective : Objective
        Scores predictions.
    heads : dict of str to (Head, TargetSchema)
        Of the graph.
    rows : Rows
        The validation rows.
    loss : callable
        From predictions by head to the loss.

    Returns
    -------
    judges_labels : bool
        False as well where there are no classes, or where the score cannot be had.

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras import ClassificationHead
    >>> from skautokeras._data.schema import TargetSchema
    >>> from skautokeras._data.split import Rows
    >>> from skautokeras._training.objective import Objective, judges_labels
    >>> heads = {"kind": (ClassificationHead(), TargetSchema("binary", 1))}
    >>> rows = Rows({}, {"kind": np.array([0, 1, 1, 0])}, None)
    >>> of_labels = Objective(lambda outputs: np.mean(outputs.y_pred["kind"] > 0.5))
    >>> of_numbers = Objective(lambda outputs: np.mean(outputs.y_pred["kind"]))
    >>> [judges_labels(o, heads, rows, None) for o in (of_labels, of_numbers)]
    [True, False]
    """
    if not any(target.is_classification for _, target in heads.values()):
        return False
    rng = np.random.default_rng(0)
    # As many of each class as there are, some of them right.
    labels = {name: rng.permutation(y) for name, y in rows.y.items()}
    scores = []
    # What is wrong with a score is the business of the trials.
    with contextlib.suppress(Exception):
        for _ in range(2):
            y_pred = {
                name: _outputs_for(labels[name], *heads[name], rng) for name in heads
            }
            scores.append(objective(Evaluation(y_pred, loss)))
    return len(scores) == 2 and scores[0] == scores[1]


def _outputs_for(y, head, target, rng):
    """Return any outputs of a head that stand for given labels, or given numbers."""
    if not target.is_classification:
        return y
    if head.layout(target) in ("binary", "columns"):
        y = y.reshape(len(y), -1)
        sure = rng.uniform(0.05, 0.45, y.shape)
        return np.where(y > 0.5, 0.5 + sure, 0.5 - sure).astype("float32")
    n_classes = max(target.n_outputs, 2)
    shares = rng.uniform(0.1, 0.9, (len(y), n_classes))
    shares += np.eye(n_classes)[y.astype(int)]
    return (shares / shares.sum(axis=1, keepdims=True)).astype("float32")


def _scorer_objective(scorer, targets, y_true, X, sample_weight):
    """Return the objective for a scikit-learn scorer."""
    weights = {} if sample_weight is None else {"sample_weight": sample_weight}
    if len(targets) > 1:

        def score(outputs):
            return scorer(predicted_by_head(targets, outputs), X, y_true, **weights)

    else:
        ((name, target),) = targets.items()

        def score(outputs):
            estimator = predicted(target, outputs.y_pred[name])
            return scorer(estimator, X, y_true[name], **weights)

    return Objective(score)


def _mean_objective(scoring, heads, targets, rows, known):
    """Return the mean of objectives of one head each."""
    unknown = [name for name in scoring if name not in heads]
    if unknown or not scoring:
        raise ValueError(
            f"The keys of 'scoring' must be names of heads, {list(heads)}. Got "
            f"{list(scoring)} instead."
        )
    parts = []
    for name, one in scoring.items():
        one = "val_loss" if one is None else one
        if isinstance(one, str) and one.startswith("val_"):
            metric_name = one.removeprefix("val_")
            part = _keras_objective(metric_name, name, heads[name], rows)
        else:
            y_true = {name: known["y_true"][name]}
            part = _scorer_objective(
                get_scorer(one), {name: targets[name]}, **{**known, "y_true": y_true}
            )
        parts.append(part)
    return Objective(lambda outputs: np.mean([part(outputs) for part in parts]))


def _head_and_metric(scoring, heads):
    """Return head and metric of a Keras name such as "val_price_loss"."""
    metric_name = scoring.removeprefix("val_")
    if len(heads) == 1:
        return next(iter(heads)), metric_name
    for name in sorted(heads, key=len, reverse=True):
        if metric_name.startswith(f"{name}_"):
            return name, metric_name.removeprefix(f"{name}_")
    raise ValueError(
        f"scoring={scoring!r} names no head; the graph has {list(heads)}. "
        f"Pass 'val_loss', or a name such as 'val_{next(iter(heads))}_loss'."
    )


def _negative_loss(outputs):
    return -outputs.loss


def predicted(target, y_pred=None):
    """Return an estimator that has made the predictions ``y_pred`` of a network.

    Parameters
    ----------
    target : ClassAdapter or NumberAdapter
        Turns them into labels or numbers.
    y_pred : ndarray of shape (n_samples, n_outputs) or None, default=None
        Output of the head. None: nothing is predicted yet.
    """
    if not target.schema_.is_classification:
        y = None if y_pred is None else target.inverse_transform(y_pred)
        return PredictedRegressor({"predict": y})
    if y_pred is None:
        return PredictedClassifier({"classes": target.classes_})
    proba = target.probabilities(y_pred)
    return PredictedClassifier(
        {
            "classes": target.classes_,
            "predict": target.inverse_transform(proba),
            "predict_proba": proba,
        }
    )


def predicted_by_head(targets, outputs):
    """Return an estimator whose predictions are dicts by head.

    Parameters
    ----------
    targets : dict of str to ClassAdapter or NumberAdapter
        Fitted adapters of the targets.
    outputs : Evaluation
        Of the network.
    """
    predictions = {}
    for name, target in targets.items():
        estimator = predicted(target, outputs.y_pred[name])
        for method, value in estimator.predictions.items():
            predictions.setdefault(method, {})[name] = value
    return PredictedHeads(predictions)


def _keras_objective(metric_name, name, head_and_target, rows):
    """Return the objective for a Keras metric of a head, or its loss."""
    head, target = head_and_target
    weight = None if rows.weight is None else rows.weight[name]
    y_true = np.asarray(head.encode(rows.y[name], target))
    if metric_name == "loss":
        loss = head.make_loss(target)
        y_soft = head.soften_validation_labels(y_true, target)
        return Objective(
            lambda outputs: -loss(y_soft, outputs.y_pred[name], sample_weight=weight)
        )
    sign = _direction(metric_name)
    given = {getattr(m, "name", m): m for m in head.metrics or ()}
    metric = make_metric(given.get(metric_name, metric_name), head.layout(target))
    _check_is_number(metric, metric_name, y_true, target)

    def score(outputs):
        metric.reset_state()
        metric.update_state(y_true, outputs.y_pred[name], sample_weight=weight)
        return sign * float(metric.result())

    return Objective(score)


def _check_is_number(metric, metric_name, y_true, target):
    """Raise ValueError if a metric says something else than one number."""
    width = y_true.shape[1] if y_true.ndim == 2 else max(target.n_outputs, 2)
    metric.update_state(y_true[:1], np.full((1, width), 0.5, "float32"))
    if np.ndim(metric.result()) > 0:
        raise ValueError(
            f"The metric {metric_name!r} is not one number but one per class. Pass a "
            "metric object that averages them, or a scikit-learn scorer."
        )


def _direction(metric_name):
    """Return 1 if more of a metric is better, -1 if less is."""
    words = metric_name.lower()
    if any(word in words for word in _LESS_IS_BETTER):
        return -1
    if any(word in words for word in _MORE_IS_BETTER):
        return 1
    raise ValueError(
        f"It is not known whether more of the metric {metric_name!r} is better. Pass a "
        "scikit-learn scorer as 'scoring' (sklearn.metrics.make_scorer tells)."
    )


class _Predictions(BaseEstimator):
    """An estimator whose predictions are known: what a scorer is called on."""

    def __init__(self, predictions=None):
        self.predictions = predictions

    def predict(self, X):
        return self.predictions["predict"]


class PredictedClassifier(ClassifierMixin, _Predictions):
    """A classifier that answers with given predictions, whatever X is.

    Parameters
    ----------
    predictions : dict or None, default=None
        Arrays "predict" and "predict_proba", and "classes".
    """

    @property
    def classes_(self):
        """The labels, in the order of the columns of `predict_proba`."""
        return self.predictions["classes"]

    def predict_proba(self, X):
        """Return the given probabilities."""
        return self.predictions["predict_proba"]


class PredictedRegressor(RegressorMixin, _Predictions):
    """A regressor that answers with given predictions, whatever X is.

    Parameters
    ----------
    predictions : dict or None, default=None
        Array "predict".
    """


class PredictedHeads(_Predictions):
    """An estimator of several heads that answers with given predictions.

    Parameters
    ----------
    predictions : dict or None, default=None
        By method, then by head: "predict", and for heads of classes "predict_proba"
        and "classes".
    """

    def predict_proba(self, X):
        """Return the given probabilities by head."""
        return self.predictions["predict_proba"]
