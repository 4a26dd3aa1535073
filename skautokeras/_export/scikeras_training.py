"""Callbacks, layers and losses that train SciKeras's estimators as the search does."""

import math

import keras
import numpy as np
from keras import ops

from skautokeras._data.target import balanced_weights
from skautokeras._training.rules_callback import TrainingRules


class PipelineRules(TrainingRules):
    """The rules that change during a training, and averages of weights in validation.

    Parameters
    ----------
    schedule, warm_up, regularization : object
        Parameters of `TrainingRules`, with the same meaning.
    """

    def __init__(self, schedule="constant", warm_up=0.0, regularization="constant"):
        super().__init__(schedule, warm_up, regularization)
        self._averages = None

    def on_train_begin(self, logs=None):
        """Keep the rates at the start, and prepare the averages of the weights."""
        super().on_train_begin(logs)
        if self.model.optimizer.use_ema:
            self._averages = keras.callbacks.SwapEMAWeights()
            self._averages.set_model(self.model)

    def on_test_begin(self, logs=None):
        """Put in the averages of the weights if the optimizer computes them."""
        if self._averages is not None:
            self._averages.on_test_begin(logs)

    def on_test_end(self, logs=None):
        """Put the weights back for the training to continue."""
        if self._averages is not None:
            self._averages.on_test_end(logs)

    def on_train_end(self, logs=None):
        """Restore the rates, and release the network."""
        super().on_train_end(logs)
        self._averages = None


@keras.saving.register_keras_serializable("skautokeras")
class MeanOfNetworks(keras.layers.Layer):
    """Weighted mean of the outputs of networks; in training, all outputs separately.

    Each network is trained by its own loss, and so is each member of a network that has
    several. With the loss of the mean, they would act as a single network
    (arXiv:2410.24210).

    Parameters
    ----------
    network_weights : list of float
        Weights of the networks in the mean, which sum to 1.

    Notes
    -----
    **Shape**: n_networks times ``(batch, n_outputs) -> (batch, n_outputs)``; in
    training ``(batch, n_networks * k, n_outputs)``, where k is 1 or, with members, a
    multiple of the number of members of each network.

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._export.scikeras_training import MeanOfNetworks
    >>> outputs = [np.array([[1.0]]), np.array([[3.0]])]
    >>> MeanOfNetworks([0.75, 0.25])(outputs).numpy().tolist()
    [[1.5]]
    """

    def __init__(self, network_weights, **kwargs):
        super().__init__(**kwargs)
        self.network_weights = [float(weight) for weight in network_weights]

    def call(self, outputs, training=False):
        """Return the mean, or in training all outputs along the second axis."""
        if not training:
            return sum(
                weight * output
                for weight, output in zip(self.network_weights, outputs, strict=True)
            )
        outputs = [y[:, None] if len(y.shape) == 2 else y for y in outputs]
        n_each = math.lcm(*(output.shape[1] for output in outputs))
        return ops.concatenate(
            [ops.repeat(y, n_each // y.shape[1], axis=1) for y in outputs], axis=1
        )

    def compute_output_shape(self, input_shape):
        """Return the shape of the output of one network."""
        return input_shape[0]

    def get_config(self):
        """Return the configuration that `from_config` takes."""
        return {**super().get_config(), "network_weights": self.network_weights}


def loss_of(
    head, target, given=None, *, scale=None, label_smoothing=0.0, class_weights=None
):
    """Return the loss for the output of a head.

    Parameters
    ----------
    head : Head
        Head whose output is trained.
    target : TargetSchema
        Schema of the target of the head.
    given : str, callable, keras.losses.Loss or None, default=None
        Loss that replaces the one of the head. If None, the head decides.
    scale : TargetScale or None, default=None
        Scale on which numbers are computed.
    label_smoothing : float, default=0.0
        Label smoothing of the default loss for classes.
    class_weights : ndarray or None, default=None
        Weights of the classes, as `weights_of_values` returns them. If None, all
        classes weigh 1.

    Returns
    -------
    loss : object
        Loss that `keras.Model.compile` takes.
    """
    loss = head.training_loss(target, scale) if given is None else given
    is_default = given is None and head.loss is None
    if is_default and label_smoothing and target.is_classification:
        config = {**loss.get_config(), "label_smoothing": label_smoothing}
        loss = type(loss).from_config(config)
    if class_weights is not None:
        loss = LossOfClasses(loss, class_weights, head.layout(target))
    return loss


def weights_of_values(class_weight, y, encoded):
    """Return the weight of each value of the target of a head.

    The weights have mean 1 over the rows, so that the loss keeps its size relative to
    those of other heads.

    Parameters
    ----------
    class_weight : dict, list of dict or "balanced"
        Weights of the classes, as in scikit-learn.
    y : ndarray of shape (n_samples,) or (n_samples, n_labels)
        Classes of the rows, or zeros and ones for several labels.
    encoded : ndarray of shape (n_samples,) or (n_samples, n_labels)
        Codes of the same classes or labels.

    Returns
    -------
    weights : ndarray of shape (n_labels, n_values), dtype float64
        Weights of the values of each label. Classes that exclude each other have one
        row. The weight of a sample is the product of the weights of its labels.

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._export.scikeras_training import weights_of_values
    >>> y = np.array(["no", "no", "yes", "no"])
    >>> weights_of_values("balanced", y, np.array([0, 0, 1, 0])).round(2)
    array([[0.67, 2.  ]])
    """
    columns = y.reshape(len(y), -1).T
    codes = encoded.reshape(len(y), -1).T.astype(int)
    several = isinstance(class_weight, list)
    of_columns = class_weight if several else [class_weight] * len(columns)
    weights = np.ones((len(columns), max(codes.max() + 1, 2)))
    for row, of_column, column, code in zip(
        weights, of_columns, columns, codes, strict=True
    ):
        row[code] = balanced_weights(of_column, column)
    of_samples = np.take_along_axis(weights, codes, axis=1).prod(axis=0)
    weights[0] /= of_samples.mean()
    return weights


@keras.saving.register_keras_serializable("skautokeras")
class LossOfClasses(keras.losses.Loss):
    """A loss in which classes have different weights.

    SciKeras takes one weight per row, but with several heads a row has a weight for
    each head.

    Parameters
    ----------
    loss : str, callable or keras.losses.Loss
        Loss between encoded targets and outputs, whose rows are weighted.
    weights : array-like of shape (n_labels, n_values)
        Weights of the classes, as `weights_of_values` returns them.
    layout : {"binary", "one_hot", "codes", "columns"}
        Layout of the encoded targets, as `Head.layout` returns it.

    Examples
    --------
    >>> import keras
    >>> import numpy as np
    >>> from skautokeras._export.scikeras_training import LossOfClasses
    >>> squares = keras.losses.MeanSquaredError()
    >>> loss = LossOfClasses(squares, [[1.0, 3.0]], "binary")
    >>> float(loss(np.array([[0.0], [1.0]]), np.array([[1.0], [0.0]])))
    2.0
    """

    def __init__(self, loss, weights, layout):
        loss = keras.losses.get(loss)
        name = getattr(loss, "name", None) or getattr(loss, "__name__", "loss")
        super().__init__(name=name)
        self.loss = loss
        self.weights = np.asarray(weights, dtype="float32")
        self.layout = layout

    def call(self, y_true, y_pred):
        """Return the weighted loss of each row.

        Parameters
        ----------
        y_true : tensor of shape (batch,) or (batch, n)
            Encoded targets of the rows.
        y_pred : tensor of shape (batch, n_outputs)
            Outputs of the network.
        """
        # A loss object that is called itself returns the mean over the rows.
        losses = getattr(self.loss, "call", self.loss)(y_true, y_pred)
        return losses * self._weights_of_rows(y_true)

    def _weights_of_rows(self, y_true):
        if self.layout == "one_hot":
            return ops.matmul(y_true, self.weights[0])
        if self.layout == "codes":
            return ops.take(self.weights[0], ops.cast(ops.ravel(y_true), "int32"))
        low, high = self.weights.T
        return ops.prod(low + ops.cast(y_true, "float32") * (high - low), axis=-1)

    def get_config(self):
        """Return the configuration that `from_config` takes."""
        return {
            "loss": keras.saving.serialize_keras_object(self.loss),
            "weights": self.weights.tolist(),
            "layout": self.layout,
        }

    @classmethod
    def from_config(cls, config):
        """Return the loss that a configuration describes."""
        loss = keras.saving.deserialize_keras_object(config["loss"])
        return cls(loss, config["weights"], config["layout"])
