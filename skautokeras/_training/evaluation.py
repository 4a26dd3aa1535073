"""Keras losses and metrics of predictions that have already been made."""

import numpy as np

from skautokeras._space.heads import make_metric, result_of

_DEFAULT_METRICS = {True: ("accuracy",), False: ("mean_absolute_error",)}


def evaluate_heads(heads, compared, sample_weight=None):
    """Return the loss and the metrics of all heads for some predictions.

    Parameters
    ----------
    heads : dict of str to (Head, TargetSchema)
        Heads and schemas of their targets, by the names of the heads.
    compared : dict of str to (ndarray, ndarray)
        True values and predictions of each head.
    sample_weight : ndarray or None, default=None
        Weights of the rows.

    Returns
    -------
    results : dict of str to float
        Values by name; the first one is "loss". With several heads, it is the weighted
        sum of the losses of the heads, and the loss and the metrics of each head follow
        with the name of the head as a prefix.
    """
    by_head = {
        name: evaluate_head(head, target, *compared[name], sample_weight)
        for name, (head, target) in heads.items()
    }
    if len(by_head) == 1:
        return next(iter(by_head.values()))
    loss = sum(heads[name][0].loss_weight * r["loss"] for name, r in by_head.items())
    parts = {
        f"{name}_{key}": value
        for name, results in by_head.items()
        for key, value in results.items()
    }
    return {"loss": loss, **parts}


def evaluate_head(head, target, y_true, y_pred, sample_weight=None):
    """Return the loss and the metrics of a head for some predictions.

    Parameters
    ----------
    head : Head
        Head with the loss and the metrics. If it has no metrics, the accuracy is
        computed for classes, and the mean absolute error for numbers.
    target : TargetSchema
        Schema of the target of the head.
    y_true : ndarray
        True codes of classes, or true numbers.
    y_pred : ndarray of shape (n_samples, n_outputs)
        Predicted probabilities, or predicted numbers.
    sample_weight : ndarray or None, default=None
        Weights of the rows.

    Returns
    -------
    results : dict of str to float
        Values by name, first "loss" and then the metrics.
    """
    encoded = np.asarray(head.encode(y_true, target))
    loss = head.loss_in_units(target)(encoded, y_pred, sample_weight=sample_weight)
    results = {"loss": float(loss)}
    for metric in head.metrics or _DEFAULT_METRICS[target.is_classification]:
        metric = make_metric(metric, head.layout(target))
        metric.update_state(encoded, y_pred, sample_weight=sample_weight)
        results[metric.name] = result_of(metric)
    return results
