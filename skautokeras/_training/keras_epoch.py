"""Training through `keras.Model.fit`, for what only that can do."""

import contextlib
from numbers import Integral

import keras
import numpy as np
import tensorflow as tf

from skautokeras._layers.ensemble import MeanOfMembers, mean_of_members
from skautokeras._training.compiled_epoch import (
    batch_bounds,
    rows_at_once,
    validation_loss,
    weights_of,
)
from skautokeras._training.objective import Evaluation
from skautokeras._training.optimization import (
    dropout_rates,
    learning_rate_factor,
    learning_rate_factors,
    make_optimizer,
    not_decayed,
    scale_learning_rates,
    schedule_of,
)


def train_with_fit(built, recipe, callbacks, train_rows, valid_rows, monitor, seed):
    """Train through `keras.Model.fit`, for what only that can do."""
    network, training = built.network, built.training
    optimizer = make_optimizer(training)
    factors = learning_rate_factors(network, network.trainable_variables)
    current_factors = None
    if any(factor is not None for factor in factors):
        current_factors = keras.Variable(np.ones(len(factors)), trainable=False)
        scale_learning_rates(optimizer, lambda i: current_factors[i])
    regularization = _Regularization(network, optimizer, training)
    if training.weight_decay:
        kept = not_decayed(network, network.trainable_variables)
        optimizer.exclude_from_weight_decay(var_list=kept)
    network.compile(
        optimizer=optimizer,
        loss=built.losses,
        loss_weights={
            name: float(head.loss_weight) for name, (head, _) in recipe.heads.items()
        },
        weighted_metrics={
            name: _of_mean(head.make_metrics(target), network)
            for name, (head, target) in recipe.heads.items()
        },
        jit_compile=False,
    )
    watch = _FitMonitor(
        monitor,
        valid_rows,
        recipe.heads,
        schedule_of(training, callbacks),
        training,
        regularization,
        validation_freq=recipe.fit_arguments.get("validation_freq", 1),
        factors=current_factors,
    )
    batches = _Batches(
        _fit_data(train_rows, recipe.heads, training.label_smoothing),
        batch_bounds(len(train_rows), training.batch_size).numpy(),
        np.random.default_rng(seed) if recipe.shuffle else None,
    )
    valid = None if valid_rows is None else _fit_data(valid_rows, recipe.heads)
    callbacks = [watch, *callbacks]
    if training.ema_momentum:
        # Whoever looks at an epoch sees the averages.
        callbacks.insert(0, keras.callbacks.SwapEMAWeights(swap_on_epoch=True))
    with _no_retracing_warnings():
        network.fit(
            batches,
            epochs=monitor.epochs,
            validation_data=valid,
            callbacks=callbacks,
            shuffle=False,
            verbose=0,
            **recipe.fit_arguments,
        )
    # Keras takes the weights for averages where a training ends before its last epoch.
    state = watch.last_state if monitor.best_state is None else monitor.best_state
    if state is not None:
        network.set_weights(state)
    regularization.leave(1.0)


@contextlib.contextmanager
def _no_retracing_warnings():
    """Keep TensorFlow from warning that Keras traces every network anew."""

    def is_no_such_warning(record):
        return "retracing" not in record.getMessage()

    logger = tf.get_logger()
    logger.addFilter(is_no_such_warning)
    try:
        yield
    finally:
        logger.removeFilter(is_no_such_warning)


class _Batches(keras.utils.PyDataset):
    """Batches in an order of our own: `Model.fit` would ask a global generator."""

    def __init__(self, arrays, bounds, rng):
        super().__init__()
        self._arrays = arrays
        self._bounds = bounds
        self._rng = rng
        self._order = np.arange(bounds[-1])
        self.on_epoch_end()

    def __len__(self):
        return len(self._bounds) - 1

    def __getitem__(self, i):
        rows = self._order[self._bounds[i] : self._bounds[i + 1]]
        return keras.tree.map_structure(lambda array: array[rows], self._arrays)

    def on_epoch_end(self):
        if self._rng is not None:
            self._rng.shuffle(self._order)


def _fit_data(rows, heads, label_smoothing=0.0):
    """Return x, y, sample_weight as `Model.fit` takes them."""
    y = {}
    for name, (head, target) in heads.items():
        encoded = np.asarray(head.encode(rows.y[name], target))
        y[name] = head.smooth(encoded, target, label_smoothing)
    return rows.x, y, weights_of(rows)


def _of_mean(metrics, network):
    """Return metrics that take the outputs of members, where there are some."""
    if any(isinstance(layer, MeanOfMembers) for layer in network.layers):
        return [_MetricOfMean(metric) for metric in metrics]
    return metrics


@keras.saving.register_keras_serializable("skautokeras")
class _MetricOfMean(keras.metrics.Metric):
    """A metric of the mean of what the members of a network say."""

    def __init__(self, metric):
        super().__init__(name=metric.name)
        self._metric = metric

    def update_state(self, y_true, y_pred, sample_weight=None):
        y_pred = mean_of_members(y_pred)
        self._metric.update_state(y_true, y_pred, sample_weight=sample_weight)

    def result(self):
        return self._metric.result()

    def reset_state(self):
        self._metric.reset_state()

    def get_config(self):
        return {"metric": keras.saving.serialize_keras_object(self._metric)}

    @classmethod
    def from_config(cls, config):
        return cls(keras.saving.deserialize_keras_object(config["metric"]))


class _Regularization:
    """Weight decay and dropout of a training, which may go down along it."""

    def __init__(self, network, optimizer, training):
        self.schedule = training.regularization
        self._decay = training.weight_decay
        self._optimizer = optimizer
        rates = dropout_rates(network) if self.schedule != "constant" else []
        self._rates = [(rate, float(rate)) for rate in rates]
        optimizer.weight_decay = self._decay or None
        if self._decay and self.schedule != "constant":
            # Compiled training reads a variable in each step; a file gets the number,
            # and is no place for the variable: Keras must not see it come.
            get_config = optimizer.get_config
            optimizer.get_config = lambda: get_config() | {"weight_decay": self._decay}
            decay = keras.Variable(self._decay, trainable=False)
            object.__setattr__(optimizer, "weight_decay", decay)

    def leave(self, share):
        """Leave so much of both."""
        for rate, start in self._rates:
            rate.assign(start * share)
        if self._decay and self.schedule != "constant":
            self._optimizer.weight_decay.assign(self._decay * share)


class _FitMonitor(keras.callbacks.Callback):
    """Lets a `Monitor` watch a training that `Model.fit` runs."""

    def __init__(
        self,
        monitor,
        valid_rows,
        heads,
        schedule,
        training,
        regularization,
        *,
        validation_freq,
        factors,
    ):
        super().__init__()
        self._monitor = monitor
        self._valid_rows = valid_rows
        self._heads = heads
        self._schedule = schedule
        self._rate, self._warm_up = training.learning_rate, training.warm_up
        self._regularization = regularization
        self._validation_freq = validation_freq
        self._factors = factors
        self.last_state = None

    def on_epoch_begin(self, epoch, logs=None):
        start, _ = self._monitor.next_progress()
        if self._schedule not in ("constant", "by_callback") or self._warm_up:
            factor = float(learning_rate_factor(self._schedule, start, self._warm_up))
            self.model.optimizer.learning_rate = self._rate * factor
        schedule = self._regularization.schedule
        self._regularization.leave(float(learning_rate_factor(schedule, start)))
        if self._factors is not None:
            variables = self.model.trainable_variables
            factors = learning_rate_factors(self.model, variables, start)
            self._factors.assign([1.0 if f is None else f for f in factors])

    def on_epoch_end(self, epoch, logs=None):
        seen, logs = logs, {name: float(value) for name, value in (logs or {}).items()}
        outputs = None
        if self._valid_rows is not None and self._is_judged(epoch + 1):
            rows = self._valid_rows
            size = rows_at_once(rows.x, self.model)
            y_pred = self.model.predict(rows.x, verbose=0, batch_size=size)
            loss = float(validation_loss(self._heads, rows.y, y_pred, rows.weight))
            logs["val_loss"] = loss
            outputs = Evaluation(y_pred, loss)
        self._monitor.update(logs, outputs, self.model.get_weights)
        if seen is not None:
            seen.update(self._monitor.logs)
        if self._monitor.finished:
            self.model.stop_training = True
            if self._monitor.best_state is None:
                self.last_state = self.model.get_weights()

    def _is_judged(self, epoch):
        """Return whether an epoch is compared with others: as asked, and the last."""
        freq = self._validation_freq
        asked = epoch % freq == 0 if isinstance(freq, Integral) else epoch in freq
        return asked or self._monitor.ends_with_next_epoch
