"""Metrics of Keras in compiled epochs, and metrics of networks with members."""

import contextlib

import keras
import numpy as np
import tensorflow as tf

from skautokeras._layers.base import walk
from skautokeras._layers.ensemble import MeanOfMembers, mean_of_members


class KerasMetrics:
    """The metrics of all heads, whose sums are passed along as tensors.

    Parameters
    ----------
    heads : dict of str to (Head, TargetSchema)
        Heads of the graph.

    Attributes
    ----------
    labels : list of str
        Names of the metrics in the logs. With several heads, the name of the head is a
        prefix.

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras import RegressionHead
    >>> from skautokeras._data.schema import TargetSchema
    >>> from skautokeras._training.keras_metrics import KerasMetrics
    >>> head = RegressionHead(metrics=["mean_absolute_error"])
    >>> metrics = KerasMetrics({"price": (head, TargetSchema("numerical", 1))})
    >>> y, y_pred = np.zeros((2, 1), "float32"), np.ones((2, 1), "float32")
    >>> weight = {"price": np.ones(2, "float32")}
    >>> sums = metrics.update(metrics.zeros(), {"price": y}, {"price": y_pred}, weight)
    >>> metrics.labels, [float(value) for value in metrics.results(sums)]
    (['mean_absolute_error'], [1.0])
    """

    def __init__(self, heads):
        self._heads = heads
        self._metrics = [
            (name, metric)
            for name, (head, target) in heads.items()
            for metric in head.make_metrics(target)
        ]
        self._zeros = [
            _first_values(metric, *heads[name]) for name, metric in self._metrics
        ]
        several = len(heads) > 1
        self.labels = [
            f"{name}_{metric.name}" if several else metric.name
            for name, metric in self._metrics
        ]

    def zeros(self):
        """Return the sums of all metrics before the first row."""
        return tuple(tuple(map(tf.constant, values)) for values in self._zeros)

    def update(self, sums, y, y_pred, weight):
        """Return the sums after further rows.

        Parameters
        ----------
        sums : tuple of tuple of tensor
            Sums of each metric so far, from `zeros` or `update`.
        y, y_pred, weight : dict of str to tensor
            Targets, outputs and weights of the rows by head.
        """
        return tuple(
            tuple(
                metric.stateless_update_state(
                    list(of_metric),
                    self._encoded(name, y),
                    y_pred[name],
                    sample_weight=weight[name],
                )
            )
            for of_metric, (name, metric) in zip(sums, self._metrics, strict=True)
        )

    def results(self, sums):
        """Return the values of all metrics, in the order of ``labels``."""
        results = [
            metric.stateless_result(list(of_metric))
            for of_metric, (_, metric) in zip(sums, self._metrics, strict=True)
        ]
        # The F1 score of one column is an array of one number.
        return [tf.reshape(tf.cast(value, "float32"), ()) for value in results]

    def _encoded(self, name, y):
        head, target = self._heads[name]
        return head.encode(y[name], target)


def _first_values(metric, head, target):
    """Return the values that the variables of a metric begin with.

    Some metrics create them when they see the first rows.
    """
    n_rows = 2
    has_columns = not target.is_classification or head.layout(target) == "columns"
    y = np.zeros((n_rows, target.n_outputs) if has_columns else n_rows, "float32")
    encoded, weight = head.encode(y, target), np.ones(n_rows)
    width = head.output_width(target)
    y_pred = np.full((n_rows, width), 1 / width, "float32")
    # A metric of the user may not be defined for rows that are all alike.
    with contextlib.suppress(Exception):
        metric.update_state(encoded, y_pred, sample_weight=weight)
    metric.reset_state()
    return [variable.numpy() for variable in metric.variables]


def metrics_of_mean(metrics, network):
    """Return metrics that accept the outputs of members in training.

    Parameters
    ----------
    metrics : list of keras.metrics.Metric
        Metrics of one head.
    network : keras.Model
        Network that is trained.

    Returns
    -------
    metrics : list of keras.metrics.Metric
        Metrics of the mean of the members, or the same metrics if the network has no
        members.
    """
    if any(isinstance(layer, MeanOfMembers) for layer in walk(network)):
        return [MetricOfMean(metric) for metric in metrics]
    return metrics


@keras.saving.register_keras_serializable("skautokeras")
class MetricOfMean(keras.metrics.Metric):
    """A metric of the mean of the outputs of the members of a network.

    Parameters
    ----------
    metric : keras.metrics.Metric
        Metric of the mean output.
    network_weights : sequence of float, default=(1.0,)
        Weights of several networks, as in `mean_of_members`.
    """

    def __init__(self, metric, network_weights=(1.0,)):
        super().__init__(name=metric.name)
        self._metric = metric
        self._network_weights = tuple(network_weights)

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Update the metric with further rows.

        Parameters
        ----------
        y_true : tensor of shape (batch, ...)
            Encoded targets.
        y_pred : tensor of shape (batch, n_members, n_outputs) or (batch, n_outputs)
            Outputs of the members, or their mean.
        sample_weight : tensor of shape (batch,) or None, default=None
            Weights of the rows.
        """
        y_pred = mean_of_members(y_pred, self._network_weights)
        self._metric.update_state(y_true, y_pred, sample_weight=sample_weight)

    def result(self):
        """Return the value for all rows."""
        return self._metric.result()

    def reset_state(self):
        """Forget all rows."""
        self._metric.reset_state()

    def get_config(self):
        """Return the configuration that `from_config` reads."""
        metric = keras.saving.serialize_keras_object(self._metric)
        return {"metric": metric, "network_weights": list(self._network_weights)}

    @classmethod
    def from_config(cls, config):
        """Return the metric that a configuration describes."""
        metric = keras.saving.deserialize_keras_object(config["metric"])
        return cls(metric, config["network_weights"])
