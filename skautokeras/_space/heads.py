"""Heads: the last layer for a target, its loss, and the form the loss wants y in."""

import re
import warnings
from dataclasses import replace

import keras
import numpy as np
from keras import ops

from skautokeras._layers.target import WithinRange
from skautokeras._layers.target_scale import FromTargetScale, TargetScale
from skautokeras._space.block import Block, snake_case
from skautokeras._space.declaration import Fixed, Searched, check_parameters
from skautokeras._space.hyperparameters import Choice
from skautokeras._space.losses import (
    ErrorOnScale,
    FunctionMetric,
    MetricOfClasses,
    as_loss,
    asks_for_logarithm,
    in_units,
    layout_by_name,
    loss_name,
    with_unit_spread,
)
from skautokeras._space.records import OutputLayer, Predictions

# Scales on which networks compute numbers.
SCALES = ("none", "log", "yeo_johnson", "quantile")
# Names in the logs that are not those of metrics.
_OTHER_LOGS = ("loss", "score")


class Head(Block):
    """Base class of the blocks that end a graph."""

    loss = Fixed((str, callable), doc="Loss that training minimises.")
    metrics = Fixed((list, tuple), doc="Keras metrics recorded for each epoch.")
    loss_weight = Fixed(
        float,
        default=1.0,
        above=0,
        doc="Factor on the loss before those of all heads are added.",
    )
    name = Fixed(
        str,
        doc="Name of the output. If None, it is the kind of the head with a count in "
        'the graph, such as "classification_head_1" or "regression_head_1".',
    )

    def choose_scale(self, hp, target):
        """Return the scale on which a network computes the target.

        Parameters
        ----------
        hp : keras_tuner.HyperParameters
            Container that is asked where the scale is searched.
        target : TargetSchema
            Facts about y.

        Returns
        -------
        scale : TargetScale or None
            None means that the network computes the encoded target itself.
        """
        return None

    def make_loss(self, target):
        """Return the loss of the head, by which networks are compared.

        Parameters
        ----------
        target : TargetSchema
            Facts about y.

        Returns
        -------
        loss : keras.losses.Loss
            Taken of encoded targets and outputs.
        """
        return self.loss_in_units(target)

    def loss_in_units(self, target):
        """Return the loss of targets and predictions on the scale of the user.

        Parameters
        ----------
        target : TargetSchema
            Facts about y.

        Returns
        -------
        loss : keras.losses.Loss
            For classes, it is `make_loss`.
        """
        return self.default_loss(target) if self.loss is None else as_loss(self.loss)

    def training_loss(self, target, scale):
        """Return the loss that the training of a network minimises.

        Parameters
        ----------
        target : TargetSchema
            Facts about y.
        scale : TargetScale or None
            Scale on which the network computes the target.

        Returns
        -------
        loss : keras.losses.Loss
            Taken of encoded targets and outputs.
        """
        if scale is None or self.loss is not None:
            return with_unit_spread(self.make_loss(target), target)
        return ErrorOnScale(scale)

    def make_metrics(self, target):
        """Return the metrics of the head, with nothing counted yet.

        Parameters
        ----------
        target : TargetSchema
            Facts about y.

        Returns
        -------
        metrics : list of keras.metrics.Metric
            Taken of encoded targets and outputs.
        """
        return [make_metric(m, self.layout(target)) for m in self.metrics or ()]

    def encode(self, y, target):
        """Return y in the form that loss and metrics want.

        Works on NumPy arrays and inside a compiled function.

        Parameters
        ----------
        y : array of shape (n_samples,) or (n_samples, n_outputs)
            Codes of classes, or numbers.
        target : TargetSchema
            Facts about y.

        Returns
        -------
        encoded : tensor
            Laid out as `layout` says.
        """
        layout = self.layout(target)
        if layout == "one_hot":
            n_classes = self.output_width(target)
            return ops.one_hot(ops.cast(y, "int32"), n_classes, dtype="float32")
        if layout == "binary":
            return ops.reshape(ops.cast(y, "float32"), (-1, 1))
        return y

    def layout(self, target):
        """Return how y is laid out.

        Parameters
        ----------
        target : TargetSchema
            Facts about y.

        Returns
        -------
        layout : {"binary", "one_hot", "codes", "columns"}
            One column of 0 and 1, a column per class, codes of classes, or as it is.
        """
        raise NotImplementedError

    def has_separate_outputs(self, target):
        """Return whether outputs are numbers or labels that do not depend on others.

        Parameters
        ----------
        target : TargetSchema
            Facts about y.

        Returns
        -------
        has_separate_outputs : bool
            False if the outputs are the probabilities of classes, whose sum is 1.
        """
        return self.layout(target) in ("binary", "columns")

    def output_width(self, target):
        """Return how many outputs a network has for the target.

        Parameters
        ----------
        target : TargetSchema
            Facts about y.

        Returns
        -------
        width : int
            Number of columns of the predictions.
        """
        is_separate = self.has_separate_outputs(target)
        return target.n_outputs if is_separate else max(target.n_outputs, 2)

    def default_loss(self, target):
        """Return the loss for when the user gives none.

        Parameters
        ----------
        target : TargetSchema
            Facts about y.

        Returns
        -------
        loss : keras.losses.Loss
            Taken of encoded targets and outputs.
        """
        raise NotImplementedError

    def smooth(self, encoded, target, amount):
        """Return the targets that training aims at.

        Parameters
        ----------
        encoded : array
            Encoded targets, from `encode`.
        target : TargetSchema
            Facts about y.
        amount : float or tensor
            Label smoothing, 0 for none.

        Returns
        -------
        smoothed : array
            Targets of the same shape.
        """
        raise NotImplementedError

    def soften_validation_labels(self, encoded, target):
        """Return the targets that networks are compared on; labels are less certain.

        Parameters
        ----------
        encoded : array of shape (n_samples, n_outputs)
            Encoded targets of all rows, from `encode`.
        target : TargetSchema
            Facts about y.

        Returns
        -------
        softened : array
            Targets of the same shape.
        """
        return encoded

    def build_output(self, x, target, name, scale=None):
        """Return the output of the network.

        Parameters
        ----------
        x : keras.KerasTensor of shape (batch, n_features), or Predictions
            Features that the graph has made.
        target : TargetSchema
            Facts about y.
        name : str
            Name of the output layer.
        scale : TargetScale or None, default=None
            Scale on which the network computes the target.

        Returns
        -------
        output : keras.KerasTensor of shape (batch, n_outputs)
            Probabilities or standardised numbers.
        """
        raise NotImplementedError


@keras.saving.register_keras_serializable("skautokeras")
class ClassificationHead(Head):
    """Head for classes: binary, multi-class or multi-label, as the target is.

    Examples
    --------
    >>> from skautokeras import ClassificationHead, DenseBlock, StructuredDataInput
    >>> output = ClassificationHead()(DenseBlock()(StructuredDataInput()))
    """

    loss = replace(
        Head.loss,
        doc="Loss that training minimises, of Keras or your own. If None, it is the "
        "cross-entropy, with the label smoothing that the search proposes. A loss with "
        '"sparse" in its name gets class codes, one with "categorical" gets one-hot '
        "rows, all others one column of 0 and 1 for a binary target and one-hot rows "
        "for more classes. Two losses of Keras, the divergence of Kullback and Leibler "
        "and the cosine similarity, get one-hot rows, and its "
        "`CategoricalGeneralizedCrossEntropy` gets class codes.",
    )
    metrics = replace(
        Head.metrics,
        doc="Keras metrics recorded for each epoch. A metric gets the form of y that "
        "its name asks for, as a loss does. If its name asks for none, it gets the "
        "form that the loss gets, except that metrics of Keras get no class codes.",
    )

    def layout(self, target):
        """Return how y is laid out: "binary", "one_hot", "codes" or "columns"."""
        if target.kind == "multilabel":
            return "columns"
        asked = None if self.loss is None else layout_by_name(loss_name(self.loss))
        return asked or ("one_hot" if target.kind == "multiclass" else "binary")

    def default_loss(self, target):
        """Return the cross-entropy for the layout of y."""
        if self.layout(target) == "one_hot":
            return keras.losses.CategoricalCrossentropy()
        return keras.losses.BinaryCrossentropy()

    def smooth(self, encoded, target, amount):
        """Return encoded labels moved towards equal shares of all classes.

        ``y (1 - a) + a / n_classes`` (Szegedy et al., arXiv:1512.00567); only for the
        default loss.
        """
        if self.loss is not None:
            return encoded
        n_classes = self._n_classes(target)
        return encoded * (1.0 - amount) + amount / n_classes

    def soften_validation_labels(self, encoded, target):
        """Return encoded labels, each wrong with the `probability_of_error`.

        Otherwise the most certain one of several networks that predict a few rows
        correctly would be the best. It holds for the default loss only.
        """
        n_rows = ops.cast(ops.shape(encoded)[0], "float32")
        n_classes = self._n_classes(target)
        amount = n_classes / (n_classes - 1) * probability_of_error(n_rows)
        return self.smooth(encoded, target, amount)

    def _n_classes(self, target):
        """Return how many classes a label is one of."""
        return 2 if self.has_separate_outputs(target) else self.output_width(target)

    def build_output(self, x, target, name, scale=None):
        """Return the probabilities: (batch, 1) if binary, else (batch, n_classes)."""
        activation = "sigmoid" if self.has_separate_outputs(target) else "softmax"
        tasks = {"binary": "binary", "columns": "labels"}
        task = tasks.get(self.layout(target), "classes")
        n_units = self.output_width(target)
        output = OutputLayer(n_units, activation, task, name, name)
        return _output(x, output, self.loss)


@keras.saving.register_keras_serializable("skautokeras")
class RegressionHead(Head):
    """Head for numbers, one or several.

    Examples
    --------
    >>> from skautokeras import DenseBlock, RegressionHead, StructuredDataInput
    >>> output = RegressionHead()(DenseBlock()(StructuredDataInput()))
    """

    loss = replace(
        Head.loss,
        doc="Loss that training minimises, of Keras or your own. If None, it is the "
        "mean squared error of the standardised target.",
    )
    within_range = Fixed(
        bool,
        default=True,
        doc="Whether predictions stay within the range of the training data. If not, "
        "they may lie outside, as those of a line that goes on.",
    )

    transformation = Searched(
        Choice(SCALES),
        doc="Scale on which networks compute the target, and on which their errors are "
        "squared in training: that of the target, its logarithm, a power of it (Yeo "
        "and Johnson), or the quantiles of a normal distribution. Predictions are on "
        "the scale of the target, and so is the comparison of networks. A loss of your "
        "own is taken on the scale of the target whatever networks compute. If it is "
        "one of relative errors or of predictions above zero, as the mean squared "
        "logarithmic error is, the search begins with the logarithm. A target with "
        "numbers below zero has no logarithm.",
    )

    def make_loss(self, target):
        """Return the loss of standardised numbers, which is that of their own scale."""
        return in_units(self.loss_in_units(target), target)

    def choose_scale(self, hp, target):
        """Return the scale on which a network computes the numbers."""
        if target.quantiles is None:
            return None
        quantiles = np.array(target.quantiles)
        possible = [name for name in SCALES if name != "log"]
        if target.is_never_negative and np.ptp(quantiles, axis=0).all():
            possible = SCALES
        default = "log" if self._begins_with_logarithm(possible, target) else "none"
        range_ = Choice(tuple(possible), default=default)
        kind = self.choose(hp, "transformation", range_)
        if kind not in possible:
            if not self.is_searched("transformation"):
                raise ValueError(
                    "transformation='log' needs a target of which no number is below "
                    "zero."
                )
            # Another head, which shares the hyperparameter, has a logarithm.
            kind = "yeo_johnson"
        if kind == "none":
            return None
        return TargetScale(kind, quantiles, target.origin)

    def _begins_with_logarithm(self, possible, target):
        """Return whether the loss suits the logarithm, as a link function does."""
        if self.loss is None or "log" not in possible:
            return False
        return asks_for_logarithm(self.loss_in_units(target), target.n_outputs)

    def layout(self, target):
        """Return how y is laid out: as columns of numbers."""
        return "columns"

    def default_loss(self, target):
        """Return the mean squared error."""
        return keras.losses.MeanSquaredError()

    def smooth(self, encoded, target, amount):
        """Return the numbers as they are."""
        return encoded

    def build_output(self, x, target, name, scale=None):
        """Return the standardised predictions (batch, n_targets)."""
        n_units = self.output_width(target)
        output = OutputLayer(n_units, None, "numbers", name, name, scale)
        is_bounded = self.within_range and target.lowest
        if scale is None and not is_bounded:
            return _output(x, output, self.loss)
        z = _output(x, replace(output, name=None), self.loss)
        if scale is not None:
            z = FromTargetScale(scale, name=None if is_bounded else name)(z)
        if is_bounded:
            z = WithinRange(target.lowest, target.highest, name=name)(z)
        return z


def check_heads(heads):
    """Raise unless the parameters, losses and metrics of heads can be used.

    Parameters
    ----------
    heads : dict of str to (Head, TargetSchema)
        The heads of a graph.

    Raises
    ------
    ValueError or TypeError
        If a parameter is wrong, or if Keras knows no loss or metric of a name.
    """
    for head, target in heads.values():
        check_parameters(head)
        head.make_loss(target)
        _check_names(head.make_metrics(target))


def _check_names(metrics):
    """Raise unless each metric has a name of its own in the logs."""
    names = [metric.name for metric in metrics]
    for name in names:
        if name in _OTHER_LOGS or name.startswith("val_"):
            raise ValueError(
                f"The name {name!r} of a metric stands for something else in the logs. "
                "Give the metric another name."
            )
        if names.count(name) > 1:
            raise ValueError(
                f"{names.count(name)} metrics have the name {name!r}. Give each of "
                "them a name of its own."
            )


def probability_of_error(n_rows):
    """Return how likely a label is wrong if a network predicts n labels correctly.

    ``1 / (n + 2)``, Laplace's rule of succession for rows without a mistake (Platt,
    Probabilistic outputs for support vector machines, 1999).

    Parameters
    ----------
    n_rows : int or tensor
        Number of labels.

    Examples
    --------
    >>> from skautokeras._space.heads import probability_of_error
    >>> probability_of_error(98)
    0.01
    """
    return 1.0 / (n_rows + 2)


def _output(x, output, loss):
    """Return the last layer on features, or what makes the predictions otherwise."""
    if isinstance(x, Predictions):
        if loss is not None and not x.takes_losses:
            raise ValueError(
                f"The loss {loss!r} cannot be used: decision trees are fitted by the "
                "default loss. Pass loss=None, or StructuredDataBlock(trees=False)."
            )
        return x.to_output(output)
    dense = keras.layers.Dense(
        output.n_units, activation=output.activation, name=output.name
    )
    return dense(x)


def make_metric(metric, layout):
    """Return a fresh Keras metric, which takes y in the layout of the loss.

    Parameters
    ----------
    metric : str, callable or keras.metrics.Metric
        Metric as `keras.Model.compile` takes it. "accuracy" becomes the one for the
        layout of y.
    layout : str
        Layout of y, from `Head.layout`.

    Examples
    --------
    >>> from skautokeras._space.heads import make_metric
    >>> metric = make_metric("sparse_categorical_accuracy", "one_hot")
    >>> metric.update_state([[0.0, 1.0]], [[0.3, 0.7]])
    >>> float(metric.result())
    1.0
    """
    if metric in ("accuracy", "acc"):
        by_layout = {
            "one_hot": keras.metrics.CategoricalAccuracy,
            "codes": keras.metrics.SparseCategoricalAccuracy,
        }
        return by_layout.get(layout, keras.metrics.BinaryAccuracy)(name="accuracy")
    return _in_layout(_fresh_metric(metric), layout)


def _fresh_metric(metric):
    """Return a metric in any form as a Keras metric with nothing counted yet."""
    found = keras.metrics.get(metric)
    if isinstance(found, keras.metrics.Metric):
        return _fresh(found) if found is metric else _uncounted(found)
    return FunctionMetric(found, name=metric if isinstance(metric, str) else None)


def _in_layout(metric, layout):
    """Return a metric that takes y as the loss gets it, whatever it needs itself.

    Keras computes a number in any case where shapes match: the accuracy of classes is
    always the same for a single column, of which the greatest is the first.
    """
    if layout == "columns" and not _is_of_keras(metric):
        return metric  # Of numbers and labels, names of the user's own mean nothing.
    needed, of_labels = _needs(metric)
    has_columns = needed is None and (layout != "codes" or not _is_of_keras(metric))
    if not of_labels and (has_columns or needed == layout):
        return metric
    return MetricOfClasses(metric, layout, needed, of_labels)


def _needs(metric):
    """Return the layout of y that a metric asks for, and whether it compares labels."""
    if type(metric) is keras.metrics.Accuracy:
        return "codes", True
    if isinstance(metric, keras.metrics.IoU) and not isinstance(
        metric, keras.metrics.BinaryIoU
    ):
        return "codes" if metric.sparse_y_true else "one_hot", metric.sparse_y_pred
    return layout_by_name(loss_name(_computed_by(metric))), False


def _computed_by(metric):
    """Return the function that a metric is the mean of, or the metric itself."""
    if isinstance(metric, FunctionMetric):
        return metric.function
    is_plain_mean = type(metric) is keras.metrics.MeanMetricWrapper
    return metric._fn if is_plain_mean else metric


def _is_of_keras(metric):
    """Return whether a metric is one of Keras, none of which but "sparse" has codes."""
    found = _computed_by(metric)
    found = type(found) if isinstance(found, keras.metrics.Metric) else found
    return getattr(found, "__module__", "").startswith("keras.")


def result_of(metric):
    """Return the result of a Keras metric as a number.

    Parameters
    ----------
    metric : keras.metrics.Metric
        Metric of some rows.

    Returns
    -------
    value : float

    Raises
    ------
    ValueError
        If the result is not one number.

    Examples
    --------
    >>> import keras
    >>> from skautokeras._space.heads import result_of
    >>> metric = keras.metrics.F1Score()
    >>> metric.update_state([[1.0], [0.0]], [[0.9], [0.2]])
    >>> round(result_of(metric), 3)
    0.667
    """
    result = np.asarray(metric.result())
    if result.size != 1 or result.dtype == object:
        raise ValueError(
            f"The metric {metric.name!r} is not one number but one per class. Pass a "
            "metric object that averages them, such as "
            "keras.metrics.F1Score(average='macro'), or a scikit-learn scorer."
        )
    return float(result.reshape(()))


def _fresh(metric):
    """Return a copy of a metric object, which keeps sums, or the object itself.

    The configuration of a metric of the user's own may lack arguments. Trainings use
    metrics one after the other, and each of them begins with no sums.
    """
    try:
        with warnings.catch_warnings():
            # Keras warns of functions that it cannot store, which nobody asks for here.
            warnings.simplefilter("ignore")
            return type(metric).from_config(metric.get_config())
    # Keras refuses a lambda, for instance, in a configuration.
    except (TypeError, ValueError, NotImplementedError):
        metric.reset_state()
        return metric


def _uncounted(metric):
    """Return a metric that Keras has made of its name, without a count in its name."""
    config = {**metric.get_config(), "name": _uncounted_name(metric)}
    return type(metric).from_config(config)


def _uncounted_name(metric):
    """Return the name of a metric without the count that Keras may put behind it.

    >>> names = {make_metric("AUC", "binary").name for _ in range(3)}
    >>> names
    {'auc'}
    """
    base = snake_case(type(metric).__name__)
    return base if re.fullmatch(rf"{base}_\d+", metric.name) else metric.name
