"""Compute scores, losses and metrics once, so that bad ones end no training."""

import contextlib
import copy
import math
import warnings

import numpy as np
import tensorflow as tf
from sklearn.metrics import get_scorer_names

from skautokeras._training.evaluation import evaluate_head
from skautokeras._training.keras_metrics import KerasMetrics
from skautokeras._training.objective import Evaluation, is_keras_metric
from skautokeras._training.tracing import compile_function, signature
from skautokeras._training.validation_loss import loss_on

# Rows on which losses and metrics are computed; fewer could all have the same target.
_FEW_ROWS = 256
# Predicted numbers are closer to the mean than the true ones are.
_SHRINKAGE = 0.9
# Probability of a class of which a network is certain, beside equal shares of all.
_CERTAINTY = 1 - 1e-6
# If a prediction becomes greater by a share, and the loss changes by this much less,
# the change is one of rounding in single precision.
_ROUNDING = 1e-6


def made_up_outputs(labels, heads, rng):
    """Return random outputs of all heads.

    Parameters
    ----------
    labels : dict of str to ndarray
        Labels or numbers that are predicted, by the names of the heads.
    heads : dict of str to (Head, TargetSchema)
        Heads of the graph, and the schemas of their targets.
    rng : numpy.random.Generator
        Source of the probabilities.

    Returns
    -------
    y_pred : dict of str to ndarray of shape (n_samples, n_outputs)
        Probabilities whose greatest belongs to the label, and numbers between the true
        ones and their mean.
    """
    return {name: _outputs_for(labels[name], *heads[name], rng) for name in heads}


def _outputs_for(y, head, target, rng):
    """Return random outputs of a head that predict these labels or numbers."""
    if not target.is_classification:
        return (_SHRINKAGE * y).astype("float32")
    if head.has_separate_outputs(target):
        y = y.reshape(len(y), -1)
        sure = rng.uniform(0.05, 0.45, y.shape)
        return np.where(y > 0.5, 0.5 + sure, 0.5 - sure).astype("float32")
    n_classes = head.output_width(target)
    shares = rng.uniform(0.1, 0.9, (len(y), n_classes))
    shares += np.eye(n_classes)[y.astype(int)]
    return (shares / shares.sum(axis=1, keepdims=True)).astype("float32")


def check_objective(objective, scoring, heads, rows, loss):
    """Raise if a score cannot be computed for the validation rows.

    Parameters
    ----------
    objective : Objective
        Objective that scores predictions.
    scoring : None, str, callable or dict
        Parameter of the estimator that it was made from.
    heads : dict of str to (Head, TargetSchema)
        Heads of the graph, and the schemas of their targets.
    rows : Rows
        Validation rows, as the adapter makes them.
    loss : callable
        Function of the predictions by head that returns their loss.

    Raises
    ------
    ValueError
        If the score raises an error, if it is not a finite number, or if it is a metric
        of Keras that does not depend on the predictions.
    """
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            (y_pred,) = _some_outputs(heads, rows)
            score = objective(Evaluation(y_pred, loss))
        # A scorer is code of the user, which may raise anything.
        except Exception as error:
            raise ValueError(
                f"scoring={scoring!r} cannot be computed for the validation rows: "
                f"{error}{_advice(scoring, error, heads)}"
            ) from error
    if not math.isfinite(score):
        reason = f" {caught[0].message}" if caught else ""
        raise ValueError(
            f"scoring={scoring!r} is {score} for the {len(rows)} validation rows."
            f"{reason} Pass more rows, a larger validation_fraction, or another "
            "scoring."
        )
    if is_keras_metric(scoring) and _is_constant(objective, heads, rows, loss, score):
        raise ValueError(
            f"scoring={scoring!r} is {abs(score):.6g} for right and for wrong "
            "predictions alike, so the search could not compare networks. Pass another "
            "scoring."
        )


def _is_constant(objective, heads, rows, loss, score):
    """Return whether right and wrong predictions have the score of others as well."""
    if not all(np.ptp(rows.y[name], axis=0).any() for name in heads):
        return False
    scores = []
    for is_right in (True, False):
        y_pred = {n: _certain(rows.y[n], *heads[n], is_right) for n in heads}
        scores.append(score_or_none(objective, Evaluation(y_pred, loss)))
    return scores[0] == scores[1] == score


def _certain(y, head, target, is_right):
    """Return outputs of a head that are right for all rows, or wrong for all."""
    if not target.is_classification:
        return (y if is_right else -y).astype("float32")
    if head.has_separate_outputs(target):
        right, n_classes = y.reshape(len(y), -1), 2
    else:
        n_classes = head.output_width(target)
        right = np.eye(n_classes)[y.astype(int)]
    shares = right if is_right else (1 - right) / (n_classes - 1)
    # Logarithms of the user may not be defined for 0.
    return (_CERTAINTY * shares + (1 - _CERTAINTY) / n_classes).astype("float32")


def is_defined(objective, heads, rows, loss):
    """Return whether a score can be computed for some validation rows.

    Parameters
    ----------
    objective : Objective
        Objective that scores predictions.
    heads : dict of str to (Head, TargetSchema)
        Heads of the graph, and the schemas of their targets.
    rows : Rows
        Validation rows, as the adapter makes them.
    loss : callable
        Function of the predictions by head that returns their loss.

    Returns
    -------
    is_defined : bool
    """
    (y_pred,) = _some_outputs(heads, rows)
    return score_or_none(objective, Evaluation(y_pred, loss)) is not None


def score_or_none(objective, evaluation):
    """Return the score of some outputs, without a warning or an error.

    Parameters
    ----------
    objective : Objective
        Objective that scores predictions.
    evaluation : Evaluation
        Outputs of all heads.

    Returns
    -------
    score : float or None
        None if the score is not defined for these outputs.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            score = objective(evaluation)
        # A scorer is code of the user, which may raise anything.
        except Exception:  # noqa: BLE001
            return None
    return score if math.isfinite(score) else None


def _some_outputs(heads, rows, n=1):
    """Return random outputs that predict the same labels, ``n`` times."""
    rng = np.random.default_rng(0)
    # Permuted labels have the true frequencies of the classes, and some are correct.
    labels = {name: rng.permutation(y) for name, y in rows.y.items()}
    return [made_up_outputs(labels, heads, rng) for _ in range(n)]


def _advice(scoring, error, heads):
    """Return the next thing to try, as a sentence that begins with a space."""
    if callable(scoring) and isinstance(error, TypeError):
        return (
            ". A scorer is called as scoring(estimator, X, y). If this is a metric of "
            "y_true and y_pred, pass sklearn.metrics.make_scorer(...) of it."
        )
    if callable(scoring) and "pos_label" in str(error):
        return ". Pass pos_label to sklearn.metrics.make_scorer."
    if isinstance(scoring, str):
        names = [n for n in get_scorer_names() if n.startswith(f"{scoring}_")]
        if any(target.n_outputs > 1 for _, target in heads.values()) and names:
            return f" Scorers for several classes: {names}."
    return ""


def judges_labels(objective, heads, rows, loss):
    """Return whether a score depends only on the predicted labels.

    Label smoothing can improve such a score. If a score depends on probabilities,
    smoothing does harm, because the probabilities are wrong by the amount of smoothing.
    The score itself is used to find out: two sets of probabilities that predict the
    same labels must have the same score.

    Parameters
    ----------
    objective : Objective
        Objective that scores predictions.
    heads : dict of str to (Head, TargetSchema)
        Heads of the graph, and the schemas of their targets.
    rows : Rows
        Validation rows, as the adapter makes them.
    loss : callable
        Function of the predictions by head that returns their loss.

    Returns
    -------
    judges_labels : bool
        Whether the score depends only on labels. It is False if no target has classes,
        and if the score cannot be computed.

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras import ClassificationHead
    >>> from skautokeras._data.schema import TargetSchema
    >>> from skautokeras._data.split import Rows
    >>> from skautokeras._training.objective import Objective
    >>> from skautokeras._training.probe import judges_labels
    >>> heads = {"kind": (ClassificationHead(), TargetSchema("binary", 1))}
    >>> rows = Rows({}, {"kind": np.array([0, 1, 1, 0])}, None)
    >>> of_labels = Objective(
    ...     lambda evaluation: np.mean(evaluation.y_pred["kind"] > 0.5)
    ... )
    >>> of_numbers = Objective(lambda evaluation: np.mean(evaluation.y_pred["kind"]))
    >>> [judges_labels(o, heads, rows, None) for o in (of_labels, of_numbers)]
    [True, False]
    """
    if not any(target.is_classification for _, target in heads.values()):
        return False
    scores = []
    # `check_objective` tells about errors of a score.
    with contextlib.suppress(Exception):
        for y_pred in _some_outputs(heads, rows, 2):
            scores.append(objective(Evaluation(y_pred, loss)))
    return len(scores) == 2 and scores[0] == scores[1]


def check_losses_and_metrics(heads, rows):
    """Raise if the loss or a metric of a head cannot be computed.

    Parameters
    ----------
    heads : dict of str to (Head, TargetSchema)
        Heads of the graph, and the schemas of their targets.
    rows : Rows
        Validation rows, as the adapter makes them; a few of them are used.

    Raises
    ------
    ValueError
        If a loss or a metric raises an error, or is not one finite number, or if a loss
        does not depend on the predictions.
    """
    rng = np.random.default_rng(0)
    for name, (head, target) in heads.items():
        y = rows.y[name][:_FEW_ROWS]
        y_pred = _outputs_for(y, head, target, rng)
        if head.loss is not None:
            _check_loss(name, _with_metrics(head, None), target, y, y_pred)
        for metric in head.metrics or ():
            _check_metric(name, _with_metrics(head, [metric]), target, y, y_pred)


def _with_metrics(head, metrics):
    """Return a copy of a head with other metrics."""
    head = copy.copy(head)
    head.metrics = metrics
    return head


def _check_loss(name, head, target, y, y_pred):
    """Raise unless training can compute a loss, and a user can in units."""
    with _blamed(f"The loss {head.loss!r}", name):
        value = _evaluated(head, target, y, y_pred)["loss"]
        _check_slope(head, target, y, y_pred)
        is_flat = _is_flat(head, target, y)
    if not math.isfinite(value):
        raise ValueError(
            f"The loss {head.loss!r} of head {name!r} is {value} for predictions "
            "within the range of y."
        )
    if is_flat:
        what = "classes" if target.is_classification else "numbers"
        raise ValueError(
            f"The loss {head.loss!r} of head {name!r} does not depend on the "
            f"predictions, so nothing can be learned by it. Pass a loss of {what}."
        )


def _is_flat(head, target, y):
    """Return whether a loss stays the same for all predictions within the range of y.

    Of a single number, the cosine is a sign, and the share of the sum is always 1.
    """
    y = np.concatenate([y] * math.ceil(_FEW_ROWS / len(y)))
    y_pred = _anywhere(head, target, y, np.random.default_rng(0))
    if not np.ptp(y_pred, axis=0).any():
        return False
    loss, outputs = head.training_loss(target, None), tf.constant(y_pred, "float32")
    with tf.GradientTape() as tape:
        tape.watch(outputs)
        losses = loss.call(head.encode(tf.constant(y), target), outputs)
    # Errors of rounding are a share of the numbers on the scale of the user.
    sizes_of_outputs = target.in_units(y_pred) / (target.scale or 1.0)
    # What picks rows of the outputs has a gradient of some rows.
    gradient = tf.convert_to_tensor(tape.gradient(losses, outputs))
    changes = np.asarray(gradient) * sizes_of_outputs
    sizes = np.abs(_by_row(np.asarray(losses), len(y)))
    # NaN does not compare as smaller, and so proves nothing.
    return bool((np.abs(changes).max(axis=1) <= _ROUNDING * sizes).all())


def _anywhere(head, target, y, rng):
    """Return outputs of a head that know nothing about these labels or numbers."""
    if not target.is_classification:
        return rng.uniform(y.min(axis=0), y.max(axis=0), y.shape)
    shares = rng.uniform(0.05, 0.95, (len(y), head.output_width(target)))
    if head.has_separate_outputs(target):
        return shares
    return shares / shares.sum(axis=1, keepdims=True)


def _by_row(losses, n_rows):
    """Return the loss of each row; rows have equal shares of the loss of a batch."""
    if losses.shape[:1] == (n_rows,):
        return losses.reshape(n_rows, -1).sum(axis=1)
    return np.full(n_rows, losses.sum() / n_rows)


def _check_metric(name, head, target, y, y_pred):
    """Raise unless a metric is one number, also in a compiled function."""
    (metric,) = head.metrics
    with _blamed(f"The metric {metric!r}", name):
        _evaluated(head, target, y, y_pred)
        metrics = KerasMetrics({name: (head, target)})
        weight = np.ones(len(y), "float32")

        def values(y, y_pred, weight):
            rows = {name: y}, {name: y_pred}, {name: weight}
            return metrics.results(metrics.update(metrics.zeros(), *rows))

        _run_compiled(values, y, y_pred, weight)


def _evaluated(head, target, y, y_pred):
    """Return the loss and the metrics as `evaluate` does."""
    compared = target.in_units(y), target.in_units(y_pred)
    return evaluate_head(head, target, *compared, np.ones(len(y), "float32"))


def _check_slope(head, target, y, y_pred):
    """Raise unless a compiled function can compute the gradient of a loss."""
    loss = head.training_loss(target, None)

    def slope(y, y_pred, weight):
        with tf.GradientTape() as tape:
            tape.watch(y_pred)
            value = loss(head.encode(y, target), y_pred, sample_weight=weight)
        return tape.gradient(value, y_pred)

    if _run_compiled(slope, y, y_pred, np.ones(len(y), "float32")) is None:
        raise ValueError("it has no gradient. Compute it by operations of Keras.")


def _run_compiled(function, *arrays):
    """Return the results of a function in the form in which trainings call it."""
    arrays = tuple(map(tf.constant, arrays))
    return compile_function(function, list(signature(arrays)))(*arrays)


@contextlib.contextmanager
def _blamed(what, head):
    """Say which loss or metric of which head cannot be computed, if it fails."""
    try:
        yield
    # Losses and metrics are code of the user, which may raise anything.
    except Exception as error:
        reason = str(error).strip() or type(error).__name__
        if reason.startswith("in user code:"):
            # The error of a compiled function begins with where it comes from.
            reason = reason.rpartition("\n")[-1].strip()
        raise ValueError(
            f"{what} of head {head!r} cannot be computed: {reason}"
        ) from error


def score_without_x(heads, objective, rows, valid_rows):
    """Return the score of predicting the means of the training rows for all rows.

    Parameters
    ----------
    heads : dict of str to (Head, TargetSchema)
        Heads of the graph, and the schemas of their targets.
    objective : Objective
        Objective that scores predictions.
    rows : Rows
        Training rows, whose means are weighted as the losses of the rows are.
    valid_rows : Rows
        Validation rows, as the adapter makes them.

    Returns
    -------
    score : float or None
        None if such predictions have no score.
    """
    y_pred = {
        name: np.repeat(_means(rows, name, *pair)[None], len(valid_rows), axis=0)
        for name, pair in heads.items()
    }
    return score_or_none(objective, Evaluation(y_pred, loss_on(heads, valid_rows)))


def _means(rows, name, head, target):
    """Return the shares of the classes, or the means of the numbers, as outputs."""
    y = rows.y[name]
    weight = None if rows.weight is None else rows.weight[name]
    if weight is not None and not weight.any():
        weight = None
    if head.has_separate_outputs(target):
        means = np.average(y.reshape(len(y), -1), axis=0, weights=weight)
    else:
        sums = np.bincount(y.astype(int), weight, head.output_width(target))
        means = sums / sums.sum()
    return means.astype("float32")
