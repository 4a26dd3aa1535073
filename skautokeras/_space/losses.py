"""Losses of outputs of any form: of members, and of plain functions."""

import keras
from keras import ops

from skautokeras._layers.ensemble import mean_over_members
from skautokeras._layers.target_scale import TargetScale


@keras.saving.register_keras_serializable("skautokeras")
class LossOfMembers(keras.losses.Loss):
    """The mean of the losses of all members, where a network has several.

    Parameters
    ----------
    loss : keras.losses.Loss
        Loss of encoded targets and the outputs of one network.
    network_weights : sequence of float, default=(1.0,)
        Weights of several networks, whose outputs stand side by side as members, the
        same number of each. They sum to 1.

    Examples
    --------
    >>> import keras
    >>> import numpy as np
    >>> from skautokeras._space.losses import LossOfMembers
    >>> loss = LossOfMembers(keras.losses.MeanSquaredError())
    >>> float(loss(np.array([[1.0]]), np.array([[[0.0], [2.0]]])))
    1.0
    """

    def __init__(self, loss, network_weights=(1.0,)):
        super().__init__(name=loss.name, reduction=loss.reduction)
        self.loss = loss
        self.network_weights = tuple(network_weights)

    def call(self, y_true, y_pred):
        """Return the loss of each row.

        Parameters
        ----------
        y_true : tensor of shape (batch, ...)
            Encoded targets.
        y_pred : tensor of shape (batch, n_members, n_outputs) or (batch, n_outputs)
            Evaluation in training, or their mean.
        """
        if len(y_pred.shape) == 2:
            return self.loss.call(y_true, y_pred)
        _, n_members, n_outputs = y_pred.shape
        losses = self.loss.call(
            ops.repeat(y_true, n_members, axis=0),
            ops.reshape(y_pred, (-1, n_outputs)),
        )
        losses = ops.reshape(losses, (-1, n_members))
        return mean_over_members(losses, self.network_weights)

    def get_config(self):
        """Return what `from_config` needs."""
        loss = keras.saving.serialize_keras_object(self.loss)
        return {"loss": loss, "network_weights": list(self.network_weights)}

    @classmethod
    def from_config(cls, config):
        """Return the loss that a configuration describes."""
        loss = keras.saving.deserialize_keras_object(config["loss"])
        return cls(loss, config.get("network_weights", (1.0,)))


@keras.saving.register_keras_serializable("skautokeras")
class ErrorOnScale(keras.losses.Loss):
    """The mean squared error of numbers on another scale.

    Parameters
    ----------
    scale : TargetScale or dict
        Scale on which targets and outputs are compared, or its configuration.

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._layers.target_scale import TargetScale
    >>> from skautokeras._space.losses import ErrorOnScale
    >>> loss = ErrorOnScale(TargetScale("log", [[1.0], [2.0], [4.0]], [0.0]))
    >>> y = np.array([[1.0], [2.0]], "float32")
    >>> float(loss(y, y)), round(float(loss(y, 2 * y)), 2)
    (0.0, 1.5)
    """

    def __init__(self, scale, name="mean_squared_error", **kwargs):
        super().__init__(name=name, **kwargs)
        self.scale = TargetScale.of(scale)

    def call(self, y_true, y_pred):
        """Return the error of each row.

        Parameters
        ----------
        y_true, y_pred : tensor of shape (batch, n_targets)
            Standardised targets and outputs.
        """
        difference = self.scale.forward(y_true) - self.scale.forward(y_pred)
        return ops.mean(ops.square(difference), axis=-1)

    def get_config(self):
        """Return what `from_config` needs."""
        return {"scale": self.scale.get_config()}


def as_loss(loss):
    """Return a loss in any form as a Keras loss, which knows the loss of each row.

    Parameters
    ----------
    loss : str, callable or keras.losses.Loss
        Loss as `keras.Model.compile` takes it.

    Returns
    -------
    loss : keras.losses.Loss

    Examples
    --------
    >>> from skautokeras._space.losses import as_loss
    >>> as_loss("mean_squared_error").name
    'mean_squared_error'
    """
    loss = keras.losses.get(loss)
    return loss if isinstance(loss, keras.losses.Loss) else _FunctionLoss(loss)


@keras.saving.register_keras_serializable("skautokeras")
class _FunctionLoss(keras.losses.Loss):
    """A plain function (y_true, y_pred) -> loss per row, as a Keras loss."""

    def __init__(self, function):
        super().__init__(name=function_name(function, "loss"))
        self.function = function

    def call(self, y_true, y_pred):
        return self.function(y_true, y_pred)

    def get_config(self):
        return {"function": keras.saving.serialize_keras_object(self.function)}

    @classmethod
    def from_config(cls, config):
        return cls(keras.saving.deserialize_keras_object(config["function"]))


def function_name(function, fallback):
    """Return a function's name if it is one that Keras can use, else ``fallback``.

    Parameters
    ----------
    function : callable
        A loss or a metric.
    fallback : str
        The name of a function without a proper one.
    """
    name = getattr(function, "__name__", fallback)
    return name if name.isidentifier() else fallback  # "<lambda>" is none


def loss_name(loss):
    """Return the name of a loss in any form, in lower case.

    Parameters
    ----------
    loss : str, callable or keras.losses.Loss
        Loss as `keras.Model.compile` takes it.
    """
    if isinstance(loss, str):
        return loss.lower()
    return getattr(loss, "__name__", type(loss).__name__).lower()
