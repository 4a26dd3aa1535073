"""The loss by which networks are compared."""

import tensorflow as tf


def validation_loss(heads, y, y_pred, weight):
    """Return the loss over all heads, by which networks are compared.

    Labels are softened by `Head.soften_validation_labels`.

    Parameters
    ----------
    heads : dict of str to (Head, TargetSchema)
        Heads of the graph, and the schemas of their targets.
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
        loss = mean_loss(head.make_loss(target), y_true, y_pred[name], rows)
        # A loss can have a type of its own.
        losses.append(head.loss_weight * tf.cast(loss, "float32"))
    # If a strategy is active, Keras divides the loss by the number of its devices.
    return tf.add_n(losses) * tf.distribute.get_strategy().num_replicas_in_sync


def mean_loss(loss, y_true, y_pred, weight):
    """Return the weighted mean of a loss, which scales of the weights do not change.

    Parameters
    ----------
    loss : keras.losses.Loss
        Loss that returns the sum of the weighted losses divided by the number of rows.
    y_true, y_pred : array of shape (n_samples,) or (n_samples, n_outputs)
        True values and outputs of one head.
    weight : array of shape (n_samples,) or None
        Weights of the rows.
    """
    value = loss(y_true, y_pred, sample_weight=weight)
    if weight is None:
        return value
    return value / tf.cast(tf.reduce_mean(weight), value.dtype)


def loss_on(heads, rows):
    """Return a function that computes the validation loss of predictions.

    Parameters
    ----------
    heads : dict of str to (Head, TargetSchema)
        Heads of the search space, and the schemas of their targets.
    rows : Rows
        Rows that the predictions are for.

    Returns
    -------
    loss : callable
        Function of the predictions by head that returns their loss as a float.
    """

    def loss(y_pred):
        return float(validation_loss(heads, rows.y, y_pred, rows.weight))

    return loss
