"""Keras losses and metrics for predictions that are there already."""

import numpy as np

from skautokeras._space.heads import make_metric

_DEFAULT_METRICS = {True: ("accuracy",), False: ("mean_absolute_error",)}


def evaluate_heads(heads, compared, sample_weight=None):
    """Return the loss and the metrics of all heads for some predictions.

    Parameters
    ----------
    heads : dict of str to (Head, TargetSchema)
        By name.
    compared : dict of str to (ndarray, ndarray)
        True values and predictions of each head.
    sample_weight : ndarray or None, default=None
        Weights of the rows.

    Returns
    -------
    results : dict of str to float
        "loss" first. With several heads that is the weighted sum, and those of each
        head have its name before theirs.
    """
    by_head = {
        name: keras_metrics(head, target, *compared[name], sample_weight)
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


def keras_metrics(head, target, y_true, y_pred, sample_weight=None):
    """Return the loss and the metrics of a head for some predictions.

    Parameters
    ----------
    head : Head
        Knows its loss and metrics; without metrics: accuracy, or mean absolute error.
    target : TargetSchema
        What y is.
    y_true : ndarray
        Codes of classes, or numbers.
    y_pred : ndarray of shape (n_samples, n_outputs)
        Probabilities, or numbers.
    sample_weight : ndarray or None, default=None
        Weights of the rows.

    Returns
    -------
    results : dict of str to float
        "loss" first.
    """
    encoded = np.asarray(head.encode(y_true, target))
    loss = head.make_loss(target)(encoded, y_pred, sample_weight=sample_weight)
    results = {"loss": float(loss)}
    for metric in head.metrics or _DEFAULT_METRICS[target.is_classification]:
        metric = make_metric(metric, head.layout(target))
        metric.update_state(encoded, y_pred, sample_weight=sample_weight)
        results[metric.name] = float(metric.result())
    return results
