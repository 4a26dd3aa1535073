"""Objective: what the search optimises, as one number of which more is better."""

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


class Outputs:
    """What a network said about the validation rows.

    Parameters
    ----------
    y_pred : dict of str to ndarray
        Outputs by head.
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
    scoring : None, str or callable
        None or "val_loss": the loss. Another name that starts with "val_": a Keras
        metric. Any other name, or a callable: a scikit-learn scorer.
    heads : dict of str to (Head, TargetSchema)
        Of the graph.
    targets : dict of str to ClassificationTarget or RegressionTarget
        Fitted adapters of the targets, by the names of the heads.
    rows : Rows
        The validation rows.
    y_true : array-like
        Their targets as the user gave them.
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
        return _keras_objective(scoring, heads, rows)
    (name, target), *_ = targets.items()
    scorer = get_scorer(scoring)
    weights = {} if sample_weight is None else {"sample_weight": sample_weight}

    def score(outputs):
        return scorer(predicted(target, outputs.y_pred[name]), X, y_true, **weights)

    return Objective(score)


def _negative_loss(outputs):
    return -outputs.loss


def predicted(target, y_pred=None):
    """Return an estimator that has made the predictions ``y_pred`` of a network.

    Parameters
    ----------
    target : ClassificationTarget or RegressionTarget
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


def _keras_objective(scoring, heads, rows):
    """Return the objective for a Keras name such as "val_auc"."""
    (name, (head, target)), *others = heads.items()
    if others:
        raise ValueError(
            f"scoring={scoring!r} names no head; the graph has {list(heads)}."
        )
    metric_name = scoring.removeprefix("val_")
    sign = _direction(metric_name)
    layout = head.layout(target)
    given = {getattr(m, "name", m): m for m in head.metrics or ()}
    metric = make_metric(given.get(metric_name, metric_name), layout)
    y_true = np.asarray(head.encode(rows.y[name], target))
    _check_is_number(metric, metric_name, y_true, target)

    def score(outputs):
        metric.reset_state()
        metric.update_state(y_true, outputs.y_pred[name], sample_weight=rows.weight)
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
