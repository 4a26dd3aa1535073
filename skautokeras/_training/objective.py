"""Objective: what the search optimises, as one number that should be high."""

import warnings
from functools import cached_property
from inspect import signature

import numpy as np
from sklearn import metrics
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.metrics import check_scoring, make_scorer

from skautokeras._space.heads import make_metric, result_of
from skautokeras._training.validation_loss import mean_loss

# A Keras metric whose name contains one of these words should be low.
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
# A Keras metric whose name contains one of these words, and none of the above, should
# be high. Any other name belongs to a metric of the user.
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
    """The outputs of a network for the validation rows, and their loss.

    Parameters
    ----------
    y_pred : dict of str to ndarray
        Outputs of the network by head.
    loss : float or callable
        Weighted loss over all heads, or a function that computes it from ``y_pred``.
        The function is called when the loss is read for the first time.
    """

    def __init__(self, y_pred, loss):
        self.y_pred = y_pred
        self._loss = loss

    @cached_property
    def loss(self):
        """The loss, as a number."""
        return self._loss(self.y_pred) if callable(self._loss) else self._loss


class Objective:
    """A function of the outputs for the validation rows that returns their score.

    Parameters
    ----------
    score : callable
        Function that is called with an `Evaluation` and returns a float. Greater is
        better.
    """

    def __init__(self, score):
        self._score = score

    def __call__(self, evaluation):
        """Return the score of an `Evaluation`."""
        score = self._score(evaluation)
        try:
            return float(score)
        except (TypeError, ValueError):
            # In scikit-learn's words.
            raise ValueError(
                f"scoring must return a number, got {score} ({type(score)}) instead."
            ) from None


def make_objective(
    scoring, heads, targets, rows, *, y_true, X=None, sample_weight=None
):
    """Return the objective for the parameter ``scoring`` of an estimator.

    Parameters
    ----------
    scoring : None, str, callable or dict
        Criterion that the search optimises. If it is None or "val_loss", it is the
        loss, with labels from `Head.soften_validation_labels`. Other names that begin
        with "val_" are Keras metrics; with several heads, they contain the name of the
        head ("val_price_mean_absolute_error"). All other names, and callables, are
        scikit-learn scorers; with several heads, a callable receives predictions and
        targets as dicts by head. A dict by head stands for the mean of its criteria.
    heads : dict of str to (Head, TargetSchema)
        Heads of the graph, and the schemas of their targets.
    targets : dict of str to ClassAdapter or NumberAdapter
        Fitted adapters of the targets, by the names of the heads.
    rows : Rows
        Validation rows, as the adapter makes them.
    y_true : dict of str to array-like
        Targets of the validation rows by head, as the user passed them.
    X : array-like or None, default=None
        Validation rows as the user passed them, for callables that use them.
    sample_weight : ndarray or None, default=None
        The user's weights of the validation rows.

    Raises
    ------
    ValueError
        If a name is unknown, if it is unknown whether a metric should be high or low,
        if the name of a scorer is passed for several heads, or if a metric function of
        scikit-learn is passed in the place of a scorer.
    """
    if scoring is None or scoring == "val_loss":
        return Objective(negative_loss)
    known = {"y_true": y_true, "X": X, "sample_weight": sample_weight}
    if is_keras_metric(scoring):
        name, metric_name = _head_and_metric(scoring, heads)
        return _keras_objective(metric_name, name, heads, targets, rows, known)
    if isinstance(scoring, dict):
        return _mean_objective(scoring, heads, targets, rows, known)
    if isinstance(scoring, str) and len(heads) > 1:
        raise ValueError(
            f"scoring={scoring!r} is for one head, and there are {list(heads)}. Pass a "
            "dict by head."
        )
    return _scorer_objective(scoring, targets, **known)


def _scorer_objective(scoring, targets, y_true, X, sample_weight):
    """Return the objective for a scikit-learn scorer, or for the name of one."""
    weights = {} if sample_weight is None else {"sample_weight": sample_weight}
    if len(targets) > 1:
        scorer = check_scoring(None, scoring=scoring)

        def score(evaluation):
            return scorer(predicted_by_head(targets, evaluation), X, y_true, **weights)

        return Objective(score)
    ((name, target),) = targets.items()
    _check_name(scoring)
    y, make = y_true[name], predicted
    scorer = check_scoring(None, scoring=_with_all_labels(scoring, target))
    # Scorers of the user see the user's labels.
    if isinstance(scoring, str) and (
        _are_other_objects(target) or _needs_positive_label(scorer, target, y)
    ):
        y, make = target.transform(y), predicted_codes
        codes = np.arange(len(target.classes_))
        scorer = check_scoring(None, scoring=_with_all_labels(scoring, target, codes))
    return Objective(
        lambda evaluation: scorer(
            make(target, evaluation.y_pred[name]), X, y, **weights
        )
    )


def _check_name(scoring):
    """Raise ValueError if a string names no scorer, and say which names there are."""
    if not isinstance(scoring, str) or scoring in metrics.get_scorer_names():
        return
    like = [n for n in metrics.get_scorer_names() if scoring.lower() in n]
    hint = f" Did you mean {' or '.join(map(repr, like[:3]))}?" if like else ""
    raise ValueError(
        f"scoring={scoring!r} is not the name of a scorer of scikit-learn "
        f"(sklearn.metrics.get_scorer_names()).{hint} A Keras metric has the prefix "
        "'val_', such as 'val_accuracy'."
    )


def _with_all_labels(scoring, target, labels=None):
    """Return a scorer that is defined where validation rows lack classes.

    Scores of probabilities must be told which classes there are. A fold, or a held-out
    part, need not have all of them.
    """
    if target.schema_.kind not in ("binary", "multiclass"):
        return scoring
    of_all = _WITH_LABELS if target.schema_.kind == "multiclass" else _OF_TWO_CLASSES
    metric, is_greater_better = of_all.get(scoring, (None, True))
    if metric is None or "labels" not in signature(metric).parameters:
        return scoring
    return make_scorer(
        metric,
        greater_is_better=is_greater_better,
        response_method="predict_proba",
        labels=target.classes_ if labels is None else labels,
    )


# Metrics of probabilities by the names of their scorers, and whether greater is better.
_OF_TWO_CLASSES = {
    "neg_log_loss": (metrics.log_loss, False),
    "d2_log_loss_score": (metrics.d2_log_loss_score, True),
}
_WITH_LABELS = {
    **_OF_TWO_CLASSES,
    "neg_brier_score": (metrics.brier_score_loss, False),
    "top_k_accuracy": (metrics.top_k_accuracy_score, True),
    # It is new in scikit-learn 1.8.
    "d2_brier_score": (getattr(metrics, "d2_brier_score", None), True),
}


def _are_other_objects(target):
    """Return whether labels are intervals, periods or the like, unknown to scorers."""
    classes = getattr(target, "classes_", None)
    return (
        classes is not None
        and classes.dtype == object
        and not isinstance(classes[0], str)
    )


def _needs_positive_label(scorer, target, y):
    """Return whether a score of two classes asks which of them is the positive one.

    scikit-learn knows it of the labels 0 and 1, and of -1 and 1. Of all others, the
    second one is taken, as it is for `decision_function`.
    """
    if target.schema_.kind != "binary":
        return False
    y_pred = target.transform(y).reshape(-1, 1).astype("float32")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            scorer(predicted(target, y_pred), None, y)
    except ValueError as error:
        return "pos_label" in str(error)
    return False


def is_keras_metric(scoring):
    """Return whether a scoring names a metric of Keras.

    Parameters
    ----------
    scoring : object
        Scoring as `make_objective` takes it.

    Examples
    --------
    >>> from skautokeras._training.objective import is_keras_metric
    >>> is_keras_metric("val_accuracy"), is_keras_metric("accuracy")
    (True, False)
    """
    return isinstance(scoring, str) and scoring.startswith("val_")


def _mean_objective(scoring, heads, targets, rows, known):
    """Return the objective that is the mean of one objective per head."""
    unknown = [name for name in scoring if name not in heads]
    if unknown or not scoring:
        raise ValueError(
            f"The keys of 'scoring' must be names of heads, {list(heads)}. Got "
            f"{list(scoring)} instead."
        )
    parts = []
    for name, one in scoring.items():
        one = "val_loss" if one is None else one
        if is_keras_metric(one):
            metric_name = one.removeprefix("val_")
            part = _keras_objective(metric_name, name, heads, targets, rows, known)
        else:
            y_true = {name: known["y_true"][name]}
            part = _scorer_objective(
                one, {name: targets[name]}, **{**known, "y_true": y_true}
            )
        parts.append(part)
    return Objective(lambda evaluation: np.mean([part(evaluation) for part in parts]))


def _head_and_metric(scoring, heads):
    """Return the names of head and metric in a name such as "val_price_loss"."""
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


def negative_loss(evaluation):
    """Return minus the loss of an `Evaluation`."""
    return -evaluation.loss


def predicted(target, y_pred):
    """Return an estimator whose predictions are the output of a head.

    Parameters
    ----------
    target : ClassAdapter or NumberAdapter
        Fitted adapter that turns the output into labels or numbers.
    y_pred : ndarray of shape (n_samples, n_outputs)
        Output of the head.
    """
    if not target.schema_.is_classification:
        return PredictedRegressor({"predict": target.inverse_transform(y_pred)})
    proba = target.probabilities(y_pred)
    return PredictedClassifier(
        {
            "classes": target.classes_,
            "predict": target.inverse_transform(proba),
            "predict_proba": proba,
        }
    )


def predicted_codes(target, y_pred):
    """Return a classifier that predicts the positions of the classes.

    Parameters
    ----------
    target : ClassAdapter
        Fitted adapter of classes, not of labels.
    y_pred : ndarray of shape (n_samples, n_outputs)
        Output of the head.
    """
    proba = target.probabilities(y_pred)
    predictions = {"predict": proba.argmax(axis=1), "predict_proba": proba}
    return PredictedClassifier({"classes": np.arange(proba.shape[1]), **predictions})


def predicted_by_head(targets, evaluation):
    """Return an estimator whose predictions are dicts by head.

    Parameters
    ----------
    targets : dict of str to ClassAdapter or NumberAdapter
        Fitted adapters of the targets.
    evaluation : Evaluation
        Outputs of the network.
    """
    predictions = {}
    for name, target in targets.items():
        estimator = predicted(target, evaluation.y_pred[name])
        for method, value in estimator.predictions.items():
            predictions.setdefault(method, {})[name] = value
    return PredictedHeads(predictions)


def _keras_objective(metric_name, name, heads, targets, rows, known):
    """Return the objective for a Keras metric or for the loss of a head."""
    if metric_name == "loss":
        return _loss_objective(name, heads[name], rows)
    return _metric_objective(
        metric_name,
        name,
        heads[name],
        targets[name],
        known["y_true"][name],
        known["sample_weight"],
    )


def _loss_objective(name, head_and_target, rows):
    """Return the objective for the loss of one head."""
    head, target = head_and_target
    weight = None if rows.weight is None else rows.weight[name]
    y_true = np.asarray(head.encode(rows.y[name], target))
    y_soft = head.soften_validation_labels(y_true, target)
    loss = head.make_loss(target)
    return Objective(
        lambda evaluation: -mean_loss(loss, y_soft, evaluation.y_pred[name], weight)
    )


def _metric_objective(metric_name, name, head_and_target, adapter, y, weight):
    """Return the objective for a Keras metric, in the unit of y as in `evaluate`."""
    head, target = head_and_target
    sign = direction_of(metric_name)
    given = {getattr(m, "name", m): m for m in head.metrics or ()}
    metric = make_metric(given.get(metric_name, metric_name), head.layout(target))
    _check_is_number(metric, head, target, adapter.transform(y[:1]))

    def score(evaluation):
        y_true, y_pred = adapter.compared(y, evaluation.y_pred[name])
        metric.reset_state()
        metric.update_state(head.encode(y_true, target), y_pred, sample_weight=weight)
        return sign * result_of(metric)

    return Objective(score)


def _check_is_number(metric, head, target, y):
    """Raise ValueError if the result of a metric for one row is not one number."""
    y_true = np.asarray(head.encode(y, target))
    y_pred = np.full((1, head.output_width(target)), 0.5, "float32")
    metric.update_state(y_true, y_pred)
    result_of(metric)


def direction_of(metric_name):
    """Return 1 if a metric should be high, -1 if it should be low.

    Parameters
    ----------
    metric_name : str
        Name of a Keras metric or of a loss, without "val_".

    Raises
    ------
    ValueError
        If the name does not tell.

    Examples
    --------
    >>> from skautokeras._training.objective import direction_of
    >>> direction_of("auc"), direction_of("loss")
    (1, -1)
    """
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
    """An estimator with fixed predictions, which scorers are called with."""

    def __init__(self, predictions=None):
        self.predictions = predictions

    def predict(self, X):
        return self.predictions["predict"]


class PredictedClassifier(ClassifierMixin, _Predictions):
    """A classifier with fixed predictions, which do not depend on X.

    Parameters
    ----------
    predictions : dict or None, default=None
        Arrays with the keys "predict", "predict_proba" and "classes".
    """

    @property
    def classes_(self):
        """The labels, in the order of the columns of `predict_proba`."""
        return self.predictions["classes"]

    def predict_proba(self, X):
        """Return the fixed probabilities."""
        return self.predictions["predict_proba"]


class PredictedRegressor(RegressorMixin, _Predictions):
    """A regressor with fixed predictions, which do not depend on X.

    Parameters
    ----------
    predictions : dict or None, default=None
        Array of predictions with the key "predict".
    """


class PredictedHeads(_Predictions):
    """An estimator of several heads with fixed predictions.

    Parameters
    ----------
    predictions : dict or None, default=None
        Dicts of arrays by head, with the key "predict", and for heads of classes also
        "predict_proba" and "classes".
    """

    def predict_proba(self, X):
        """Return the fixed probabilities by head."""
        return self.predictions["predict_proba"]
