"""The loss by which networks are compared."""

import tensorflow as tf


def validation_loss(heads, y, y_pred, weight):
    """Return the loss over all heads, of labels as they are judged.

    `Head.soften_validation_labels` says what labels are judged as.

    Parameters
    ----------
    heads : dict of str to (Head, TargetSchema)
        Heads of the graph.
    y, y_pred : dict of str to array
        Targets, as their adapters encode them, and outputs by head.
    weight : dict of str to array of shape (n_samples,) or None
        Weights of the rows by head.
    """
    losses = []
    for name, (head, target) in heads.items():
        rows = None if weight is None else weight[name]
        encoded = head.encode(y[name], target)
        y_true = head.soften_validation_labels(encoded, target)
        value = head.make_loss(target)(y_true, y_pred[name], sample_weight=rows)
        losses.append(head.loss_weight * value)
    # Where a strategy is active, Keras divides by the number of its devices.
    return tf.add_n(losses) * tf.distribute.get_strategy().num_replicas_in_sync


def loss_on(heads, rows):
    """Return what computes the validation loss of predictions for some rows.

    Parameters
    ----------
    heads : dict of str to (Head, TargetSchema)
        The heads of the search space.
    rows : Rows
        The rows that were predicted.

    Returns
    -------
    loss : callable
        From predictions by head to a float.
    """

    def loss(y_pred):
        return float(validation_loss(heads, rows.y, y_pred, rows.weight))

    return loss
