"""Losses of outputs of any form: of members, and of plain functions; their metrics."""

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from skautokeras._layers.ensemble import mean_over_members
from skautokeras._layers.target_scale import TargetScale

# The layouts for names of Keras that do not tell them. Divergences and similarities
# compare all shares of a row. Of one column, most of them would ignore a class.
_LAYOUTS = {
    "categoricalgeneralizedcrossentropy": "codes",
    "cosinesimilarity": "one_hot",
    "kld": "one_hot",
    "kldivergence": "one_hot",
    "kullbackleiblerdivergence": "one_hot",
}


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
        """Return the loss of each row, or the loss of the batch if that is one number.

        Parameters
        ----------
        y_true : tensor of shape (batch, ...)
            Encoded targets.
        y_pred : tensor of shape (batch, n_members, n_outputs) or (batch, n_outputs)
            Outputs of the members in training, or their mean.
        """
        if len(y_pred.shape) == 2:
            return self.loss.call(y_true, y_pred)
        _, n_members, n_outputs = y_pred.shape
        y_repeated = ops.repeat(y_true, n_members, axis=0)
        losses = self.loss.call(y_repeated, ops.reshape(y_pred, (-1, n_outputs)))
        if losses.shape[:1] == y_repeated.shape[:1]:
            losses = ops.reshape(losses, (-1, n_members))
        else:
            losses = self._losses_of_batch(y_true, y_pred)
        return mean_over_members(losses, self.network_weights)

    def _losses_of_batch(self, y_true, y_pred):
        """Return the losses (n_values, n_members) of a loss that is not one per row.

        The Dice loss, for instance, is a ratio of sums over the batch, or over the
        batch for each class. Members are no further rows of the same batch.
        """
        members = range(y_pred.shape[1])
        losses = [self.loss.call(y_true, y_pred[:, member]) for member in members]
        return ops.stack([ops.reshape(values, (-1,)) for values in losses], axis=1)

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


@keras.saving.register_keras_serializable("skautokeras")
class LossInUnits(keras.losses.Loss):
    """A loss of numbers on the scale of the user, whose networks standardise them.

    Parameters
    ----------
    loss : keras.losses.Loss
        Loss that is taken of targets and predictions on their own scale.
    origin, scale : sequence of float, shape (n_targets,)
        The number z of the network is ``(z - origin) * scale`` on the scale of the
        user.
    factor : float, default=1.0
        Factor of the loss, which changes no optimum.
    floor : sequence of float, default=()
        For losses that are not defined for negative predictions: smaller predictions
        ``y`` become ``floor * exp(y / floor - 1)``, which is positive and as smooth.

    Examples
    --------
    >>> import keras
    >>> import numpy as np
    >>> from skautokeras._space.losses import LossInUnits
    >>> mape = keras.losses.MeanAbsolutePercentageError()
    >>> loss = LossInUnits(mape, origin=[-1.0], scale=[10.0])
    >>> round(float(loss(np.array([[0.0]]), np.array([[1.0]]))))
    100
    """

    def __init__(self, loss, origin, scale, factor=1.0, floor=()):
        super().__init__(name=loss.name, reduction=loss.reduction)
        self.loss = loss
        self.origin, self.scale = tuple(origin), tuple(scale)
        self.factor, self.floor = float(factor), tuple(floor)

    def call(self, y_true, y_pred):
        """Return the loss of each row."""
        y_true, y_pred = self._in_units(y_true), self._in_units(y_pred)
        if self.floor:
            floor = ops.cast(self.floor, y_pred.dtype)
            below = ops.minimum(y_pred / floor, 1.0)
            y_pred = ops.where(y_pred > floor, y_pred, floor * ops.exp(below - 1.0))
        return self.factor * self.loss.call(y_true, y_pred)

    def _in_units(self, z):
        z = ops.convert_to_tensor(z, "float32")
        origin, scale = ops.cast(self.origin, z.dtype), ops.cast(self.scale, z.dtype)
        return (z - origin) * scale

    def get_config(self):
        """Return what `from_config` needs."""
        return {
            "loss": keras.saving.serialize_keras_object(self.loss),
            "origin": list(self.origin),
            "scale": list(self.scale),
            "factor": self.factor,
            "floor": list(self.floor),
        }

    @classmethod
    def from_config(cls, config):
        """Return the loss that a configuration describes."""
        loss = keras.saving.deserialize_keras_object(config["loss"])
        return cls(loss, **{k: v for k, v in config.items() if k != "loss"})


def in_units(loss, target):
    """Return a loss that is taken on the scale of a target, whatever networks compute.

    Parameters
    ----------
    loss : keras.losses.Loss
        Loss that the user has passed.
    target : TargetSchema
        Facts about the numbers.

    Returns
    -------
    loss : keras.losses.Loss
        The loss itself if another scale has the same optimum.
    """
    if not target.scale or loss.name in _OF_ANY_SCALE:
        return loss
    floor = ()
    # Losses of the batch, such as correlations, are not defined for one row.
    y = np.linspace(1.0, 2.0, 8)[:, None].repeat(target.n_outputs, axis=1)
    y = y.astype("float32")
    is_fine, is_fine_below = (
        np.isfinite(_values_of(loss, y, p)).all() for p in (1.1 * y, -y)
    )
    if is_fine and not is_fine_below:
        means = -np.array(target.origin) * target.scale
        floor = tuple((_FLOOR * np.maximum(means, _LEAST_MEAN)).tolist())
    return LossInUnits(loss, target.origin, target.scale, floor=floor)


def asks_for_logarithm(loss, n_outputs=1):
    """Return whether a loss is one of ratios, or of predictions above zero only.

    Such losses are those of generalized linear models with a logarithmic link
    (McCullagh and Nelder, Generalized linear models, 1989): networks that compute the
    logarithm have gradients for all rows.

    Parameters
    ----------
    loss : keras.losses.Loss
        Loss that is taken on the scale of the user.
    n_outputs : int, default=1
        Number of targets.

    Returns
    -------
    asks_for_it : bool
        True if predictions below zero have no loss, or all the same, or if the loss
        stays the same where targets and predictions are multiplied by a thousand.

    Examples
    --------
    >>> from skautokeras._space.losses import as_loss, asks_for_logarithm
    >>> asks_for_logarithm(as_loss("poisson")), asks_for_logarithm(as_loss("huber"))
    (True, False)
    """

    def of(target, prediction):
        # One row, so that losses of the batch, such as correlations, say no.
        rows = (np.full((1, n_outputs), v, "float32") for v in (target, prediction))
        return float(np.mean(_values_of(loss, *rows)))

    value, exact = of(1e3, 1.5e3), of(1e3, 1e3)
    if not np.isfinite([value, exact]).all() or np.isclose(value, exact):
        return False
    below = [of(1e3, -1.5e3), of(1e3, -3e3)]
    is_flat_below = not np.isfinite(below).all() or np.isclose(*below)
    return bool(is_flat_below or np.isclose(of(1e6, 1.5e6), value, rtol=0.01))


def _values_of(loss, y_true, y_pred):
    """Return the loss of each row as an array, even while a function is compiled."""
    with tf.init_scope():
        y_true, y_pred = map(ops.convert_to_tensor, (y_true, y_pred))
        return np.asarray(loss.call(y_true, y_pred))


# Squares and absolute values of differences only become longer on another scale.
_OF_ANY_SCALE = ("mean_squared_error", "mean_absolute_error", "mse", "mae")
# Predictions below this share of the mean are bent, so that they remain positive.
_FLOOR, _LEAST_MEAN = 0.05, 1e-12


def with_unit_spread(loss, target):
    """Return a loss in units whose values in a training have a usual size.

    Optimizers, and penalties that are added to a loss, suit losses of about 1. The loss
    of the median is this far from the loss of perfect predictions.

    Parameters
    ----------
    loss : keras.losses.Loss
        Result of `in_units`.
    target : TargetSchema
        Facts about the numbers.

    Returns
    -------
    loss : keras.losses.Loss
    """
    if not isinstance(loss, LossInUnits) or target.quantiles is None:
        return loss
    z = np.asarray(target.quantiles, "float32")
    middle = np.broadcast_to(np.median(z, axis=0), z.shape)
    values = [np.mean(_values_of(loss, z, p)) for p in (z, middle)]
    spread = abs(values[1] - values[0])
    if not np.isfinite(spread) or spread == 0:
        return loss
    return LossInUnits(loss.loss, loss.origin, loss.scale, 1.0 / spread, loss.floor)


@keras.saving.register_keras_serializable("skautokeras")
class FunctionMetric(keras.metrics.Mean):
    """The mean of a function of targets and outputs over all rows.

    Parameters
    ----------
    function : callable
        Function ``(y_true, y_pred) -> values`` that returns one value for each row, or
        one for the batch, which then counts for each of its rows.
    name : str or None, default=None
        Name of the metric. If None, it is the name of the function.

    Examples
    --------
    >>> import numpy as np
    >>> from keras import ops
    >>> from skautokeras._space.losses import FunctionMetric
    >>> metric = FunctionMetric(lambda y, p: ops.mean(ops.abs(y - p)), name="mae")
    >>> metric.update_state(np.zeros((3, 1)), np.ones((3, 1)))
    >>> metric.update_state(np.zeros((1, 1)), np.full((1, 1), 5.0))
    >>> float(metric.result())
    2.0
    """

    def __init__(self, function, name=None, **kwargs):
        super().__init__(name=name or function_name(function, "metric"), **kwargs)
        self.function = function

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Add the values of some rows."""
        values = ops.convert_to_tensor(self.function(y_true, y_pred))
        if len(values.shape) == 0:
            values = ops.broadcast_to(values, (ops.shape(y_pred)[0],))
        super().update_state(values, sample_weight)

    def get_config(self):
        """Return what `from_config` needs."""
        function = keras.saving.serialize_keras_object(self.function)
        return {**super().get_config(), "function": function}

    @classmethod
    def from_config(cls, config):
        """Return the metric that a configuration describes."""
        function = keras.saving.deserialize_keras_object(config["function"])
        return cls(**{**config, "function": function})


@keras.saving.register_keras_serializable("skautokeras")
class MetricOfClasses(keras.metrics.Metric):
    """A metric that gets y in another layout than the loss of its head.

    Parameters
    ----------
    metric : keras.metrics.Metric
        Metric of targets and outputs in the layout that it needs.
    layout : {"binary", "one_hot", "codes", "columns"}
        Layout of the targets that are passed, from `Head.layout`.
    needed : {"one_hot", "codes"} or None
        Layout that the metric needs. None stands for that of losses whose names ask for
        none: one column for two classes, and one column per class for more.
    of_labels : bool, default=False
        Whether the metric compares classes with predicted classes, not with
        probabilities.

    Examples
    --------
    >>> import keras
    >>> import numpy as np
    >>> from skautokeras._space.losses import MetricOfClasses
    >>> accuracy = keras.metrics.SparseCategoricalAccuracy()
    >>> metric = MetricOfClasses(accuracy, "binary", "codes")
    >>> metric.update_state(np.array([[0.0], [1.0]]), np.array([[0.2], [0.4]]))
    >>> float(metric.result())
    0.5
    """

    def __init__(self, metric, layout, needed, of_labels=False):
        super().__init__(name=metric.name)
        self.metric = metric
        self.layout, self.needed = layout, needed
        self.of_labels = of_labels

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Add rows, whose targets are laid out as ``layout`` says."""
        if self.layout == "columns":
            self._check_columns(y_pred)
        else:
            y_true, y_pred = self._as_needed(y_true, y_pred)
        self.metric.update_state(y_true, y_pred, sample_weight=sample_weight)

    def _check_columns(self, y_pred):
        """Raise unless columns of numbers or labels can stand for those of classes."""
        if self.needed == "one_hot" and not self.of_labels and y_pred.shape[-1] > 1:
            return
        raise ValueError(
            f"the metric {self.name!r} compares rows of which each has one of several "
            "classes, and y holds numbers or independent labels. Pass "
            "'binary_accuracy' for labels, or 'mean_absolute_error' for numbers."
        )

    def _as_needed(self, y_true, y_pred):
        """Return targets and outputs of classes as the metric needs them."""
        y_true, y_pred = _shares_of_classes(y_true, y_pred, self.layout)
        if self.needed == "codes":
            y_true = ops.argmax(y_true, axis=-1)
        elif self.needed is None and y_pred.shape[-1] == 2:
            y_true, y_pred = y_true[:, 1:], y_pred[:, 1:]
        return y_true, ops.argmax(y_pred, axis=-1) if self.of_labels else y_pred

    def result(self):
        """Return the value for all rows."""
        return self.metric.result()

    def reset_state(self):
        """Forget all rows."""
        self.metric.reset_state()

    def get_config(self):
        """Return what `from_config` needs."""
        return {
            "metric": keras.saving.serialize_keras_object(self.metric),
            "layout": self.layout,
            "needed": self.needed,
            "of_labels": self.of_labels,
        }

    @classmethod
    def from_config(cls, config):
        """Return the metric that a configuration describes."""
        metric = keras.saving.deserialize_keras_object(config["metric"])
        return cls(**{**config, "metric": metric})


def _shares_of_classes(y_true, y_pred, layout):
    """Return targets and outputs with one column per class, of two classes, too."""
    y_true, y_pred = map(ops.convert_to_tensor, (y_true, y_pred))
    if layout == "codes":
        codes = ops.cast(ops.reshape(y_true, (-1,)), "int32")
        return ops.one_hot(codes, y_pred.shape[-1], dtype="float32"), y_pred
    if layout == "binary":
        return tuple(ops.concatenate([1 - z, z], axis=-1) for z in (y_true, y_pred))
    return y_true, y_pred


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


def layout_by_name(name):
    """Return the layout of y that the name of a loss or a metric asks for.

    Parameters
    ----------
    name : str
        Name from `loss_name`.

    Returns
    -------
    layout : {"codes", "one_hot"} or None
        None if it asks for none.

    Examples
    --------
    >>> from skautokeras._space.losses import layout_by_name
    >>> [layout_by_name(n) for n in ("sparse_categorical_accuracy", "kld", "hinge")]
    ['codes', 'one_hot', None]
    """
    name = name.lower().replace("_", "")
    if name in _LAYOUTS:
        return _LAYOUTS[name]
    if "sparse" in name:
        return "codes"
    return "one_hot" if "categorical" in name else None
