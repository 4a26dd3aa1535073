"""The compiled epoch: one function over tensors that are already on the device.

`keras.Model.fit` spends most of its time outside the model on data that fits in memory.
Two things make the function here cheap to trace as well (figures in measurement 0001):
all weights live in one flat variable, so that the optimizer has one update instead of
one per weight, and the network is called statelessly, so that the loop carries plain
tensors. All values (weights, learning rates, weight decay, batches) are arguments or
variables, so that configurations which differ only in values share one compiled
function.
"""

import math
from functools import partial

import numpy as np
import tensorflow as tf

from skautokeras._layers.ensemble import mean_of_members
from skautokeras._state.deadline import NO_DEADLINE
from skautokeras._training.flat_weights import FlatWeights
from skautokeras._training.inference import (
    MAX_ROWS,
    in_chunks,
    output_shapes,
    rows_at_once,
)
from skautokeras._training.keras_metrics import KerasMetrics
from skautokeras._training.objective import Evaluation
from skautokeras._training.optimization import dropout_rates
from skautokeras._training.row_updates import LARGE
from skautokeras._training.tracing import compile_function, signature
from skautokeras._training.validation_loss import validation_loss

# Seconds between two looks at the clock, and steps where nobody looks.
_SLICE_SECONDS, _ALL_STEPS = 0.5, 2**31 - 1


class CompiledEpoch:
    """Compiled epochs and validation for all networks of one structure.

    Parameters
    ----------
    built : BuiltNetwork
        First network to train; `start` replaces it by another one.
    heads : dict of str to (Head, TargetSchema)
        Heads of the graph.
    max_rows : int, default=4096
        Maximum number of rows that go through the network at once in validation.
    min_row_updates : int, default=LARGE
        Minimum number of weights of an embedding that is updated by rows.

    Attributes
    ----------
    weights : FlatWeights
        Weights of the network that is trained, and their optimizer.
    """

    def __init__(self, built, heads, *, max_rows=MAX_ROWS, min_row_updates=LARGE):
        self._call = built.network.stateless_call
        self._losses = built.losses
        self._heads = heads
        self._max_rows = max_rows
        self._output_shapes = output_shapes(built.network)
        self._dropouts = _positions_of_dropout(built.network)
        self._metrics = KerasMetrics(heads)
        self._no_sums = (tf.zeros(2), self._metrics.zeros())
        self.weights = FlatWeights(built, min_row_updates)
        self._network = built.network
        self._values = _values_of(built.training)
        self._seconds_per_step, self._has_run = None, False
        # Both are compiled when they are first called, as the shapes are known then.
        self._compiled_epoch = self._compiled_validation = None

    def start(self, built):
        """Begin another training.

        Parameters
        ----------
        built : BuiltNetwork
            Freshly initialised network of the same structure.
        """
        self._network = built.network
        self._values = _values_of(built.training)
        # Batches may have another size now.
        self._seconds_per_step = None
        self.weights.start(built)

    def run_epoch(
        self, chunks, plan, progress=0.0, deadline=NO_DEADLINE, n_valid_rows=0
    ):
        """Train one epoch, or the part of it that there is time for.

        If there is a deadline, the steps are run in slices of about half a second, so
        that the epoch ends in time. The slices of an epoch compute the same as the
        whole (decision 0025).

        Parameters
        ----------
        chunks : iterable of tuple
            Chunks of rows as (x, y, weight, order, bounds), from `Chunks.epoch`.
        plan : callable
            Function from the positions of the first step and the one behind the last to
            an array of shape (n_steps, 2): the learning rate, and the share of weight
            decay and dropout that acts, in each of these steps.
        progress : float, default=0.0
            Share of the training that is done in the middle of the epoch, from 0 to 1.
        deadline : Deadline, default=NO_DEADLINE
            Deadline of the epoch and the validation that follows. No slice but the
            first one begins when there is no time left but for the validation.
        n_valid_rows : int, default=0
            Number of rows that are validated after the epoch.

        Returns
        -------
        logs : dict of str to float
            Mean loss and metrics of the training rows.
        n_steps : int
            Number of steps that there was time for.
        """
        self.weights.set_progress(self._network, progress)
        sums, n_done, scalars = self._no_sums, 0, None
        for x, y, weight, order, bounds in chunks:
            if self._compiled_epoch is None:
                self._compiled_epoch = self._compile_epoch(sums, x, y, weight)
            n_steps, i = len(bounds) - 1, 0
            reserve = self._seconds_of_validation(bounds, n_valid_rows)
            while i < n_steps and (scalars is None or deadline.left() > reserve):
                end = min(i + self._steps_at_once(deadline), n_steps)
                start = deadline.spent()
                (self.weights.untrained, sums), scalars = self._compiled_epoch(
                    (self.weights.untrained, sums),
                    x,
                    y,
                    weight,
                    order,
                    bounds[i : end + 1],
                    tf.constant(plan(n_done + i, n_done + end).astype("float32")),
                    self._values,
                )
                if deadline.left() < math.inf:
                    scalars.numpy()  # waits until the steps are done
                    # The first call takes many times as long as the next ones.
                    if self._has_run:
                        seconds = deadline.spent() - start
                        self._seconds_per_step = seconds / (end - i)
                        reserve = self._seconds_of_validation(bounds, n_valid_rows)
                self._has_run = True
                i = end
            n_done += i
            if i < n_steps:
                break
        return self._named(scalars), n_done

    def _seconds_of_validation(self, bounds, n_rows):
        """Return how long validation takes, about: a step passes rows three times."""
        if self._seconds_per_step is None or not n_rows:
            return 0.0
        n_rows_per_step = max(int(bounds[1] - bounds[0]), 1)
        return self._seconds_per_step * n_rows / n_rows_per_step / 3

    def _steps_at_once(self, deadline):
        """Return the number of steps of a slice."""
        if deadline.left() == math.inf:
            return _ALL_STEPS
        if self._seconds_per_step is None:
            return 1  # the call compiles
        return max(1, int(_SLICE_SECONDS / max(self._seconds_per_step, 1e-9)))

    def validate(self, parts):
        """Return the outputs for some rows, and their loss and metrics as logs.

        Parameters
        ----------
        parts : iterable of tuple
            Parts of the rows as (x, y, weight), from `in_order`.

        Returns
        -------
        evaluation : Evaluation
            Outputs and loss.
        logs : dict of str to float
            Loss and metrics, with names that begin with "val_".
        """
        results, targets, weights = [], [], []
        with self.weights.averaged():
            for x, y, weight in parts:
                if self._compiled_validation is None:
                    self._compiled_validation = self._compile_validation(x, y, weight)
                untrained = self.weights.untrained
                results.append(self._compiled_validation(untrained, x, y, weight))
                targets.append(y)
                weights.append(weight)
        if len(results) == 1:
            ((y_pred, scalars),) = results
            y_pred = {name: value.numpy() for name, value in y_pred.items()}
        else:
            parts = [y_pred for y_pred, _ in results]
            y_pred, y, weight = map(_joined, (parts, targets, weights))
            scalars = self._judged(y, y_pred, weight)
        logs = {f"val_{k}": value for k, value in self._named(scalars).items()}
        return Evaluation(y_pred, logs["val_loss"]), logs

    def _compile_epoch(self, sums, x, y, weight):
        return compile_function(
            self._epoch,
            [
                signature((self.weights.untrained, sums), rows=False),
                *signature((x, y, weight)),
                tf.TensorSpec((None,), "int32"),
                tf.TensorSpec((None,), "int32"),
                tf.TensorSpec((None, 2), "float32"),
                tf.TensorSpec((2,), "float32"),
            ],
        )

    def _compile_validation(self, x, y, weight):
        size = rows_at_once(x, self._network, self._max_rows)
        # If all rows fit at once, there is no loop, which would take time to trace.
        at_once = len(next(iter(y.values()))) <= size
        return compile_function(
            partial(self._validate, None if at_once else size),
            [signature(self.weights.untrained, rows=False), *signature((x, y, weight))],
        )

    def _epoch(self, carried, x, y, weight, order, bounds, rates, values):
        """Train on a chunk; pass ``carried`` on to the next chunk of the epoch."""
        weight_decay, smoothing = tf.unstack(values)

        def step(i, untrained, total, metrics):
            start, end = tf.gather(bounds, i), tf.gather(bounds, i + 1)
            rows = tf.slice(order, [start], [end - start])
            rate, share = tf.unstack(tf.gather(rates, i))
            batch = tf.nest.map_structure(lambda a: tf.gather(a, rows), (x, y, weight))
            self.weights.optimizer.learning_rate.assign(rate)
            decay = rate * share * weight_decay
            loss, y_pred, untrained = self._step(
                untrained, *batch, rate, decay, share, smoothing
            )
            metrics = self._metrics.update(metrics, batch[1], y_pred, batch[2])
            n_rows = tf.cast(tf.size(rows), "float32")
            total += tf.stack([n_rows * loss, n_rows])
            return i + 1, untrained, total, metrics

        untrained, (total, metrics) = carried
        _, untrained, total, metrics = tf.while_loop(
            lambda i, *_: i < tf.shape(rates)[0],
            step,
            (tf.constant(0), untrained, total, metrics),
            parallel_iterations=1,
        )
        scalars = self._scalars(total[0] / total[1], metrics)
        return (untrained, (total, metrics)), scalars

    def _step(self, untrained, x, y, weight, rate, decay, share, smoothing):
        """Make one step; return the loss, the outputs and the untrained state."""
        large, variable = self.weights.large, self.weights.variable
        dropouts = {i: untrained[i] for i in self._dropouts}
        untrained = [
            dropouts[i] * share if i in dropouts else v for i, v in enumerate(untrained)
        ]
        with tf.GradientTape() as tape, large.in_use():
            y_pred, untrained, extra = self._call(
                self.weights.tensors(), untrained, x, training=True, return_losses=True
            )
            extra = [tf.cast(value, "float32") for value in extra]
            loss = tf.add_n([*self._loss(y, y_pred, weight, smoothing), *extra])
        gradient, slopes = tape.gradient(loss, (variable.value, large.variables))
        variable.assign(variable.value * (1.0 - decay * self.weights.decayed))
        optimizer = self.weights.optimizer
        # Inside of a replica, Keras sums gradients with a function that has a custom
        # gradient, and TensorFlow keeps the graph of every such function (decision
        # 0017).
        tf.distribute.get_replica_context().merge_call(
            lambda _: optimizer.apply([gradient], [variable])
        )
        large.update(slopes, rate, decay, optimizer.iterations)
        untrained = tuple(dropouts.get(i, value) for i, value in enumerate(untrained))
        y_pred = {name: mean_of_members(value) for name, value in y_pred.items()}
        return loss, y_pred, untrained

    def _loss(self, y, y_pred, weight, smoothing):
        """Return the loss of each head for smoothed labels."""
        losses = []
        for name, loss in self._losses.items():
            head, target = self._heads[name]
            y_true = head.smooth(head.encode(y[name], target), target, smoothing)
            value = loss(y_true, y_pred[name], sample_weight=weight[name])
            # A loss can have a type of its own.
            losses.append(tf.cast(head.loss_weight * value, "float32"))
        return losses

    def _validate(self, size, untrained, x, y, weight):
        """Return outputs, loss and metrics; ``size`` rows at a time, or all at once."""

        def call(batch):
            with self.weights.large.in_use():
                weights = self.weights.tensors()
                return self._call(weights, untrained, batch, training=False)[0]

        if size is None:
            y_pred = call(x)
        else:
            y_pred = in_chunks(call, x, self._output_shapes, size)
        return y_pred, self._judged(y, y_pred, weight)

    def _judged(self, y, y_pred, weight):
        """Return the validation loss and the metrics as one vector."""
        loss = validation_loss(self._heads, y, y_pred, weight)
        sums = self._metrics.update(self._metrics.zeros(), y, y_pred, weight)
        return self._scalars(loss, sums)

    def _scalars(self, loss, sums):
        """Return the loss and the metrics as one vector, which needs one transfer."""
        values = (loss, *self._metrics.results(sums))
        return tf.stack([tf.cast(value, "float32") for value in values])

    def _named(self, scalars):
        labels = ["loss", *self._metrics.labels]
        return dict(zip(labels, scalars.numpy().tolist(), strict=True))


def _values_of(training):
    """Return the values of a configuration that are arguments of the epoch."""
    return tf.constant([training.weight_decay, training.label_smoothing], "float32")


def _positions_of_dropout(network):
    """Return the positions of dropout rates among the untrained variables."""
    rates = {id(v) for v in dropout_rates(network)}
    variables = enumerate(network.non_trainable_variables)
    return [i for i, variable in variables if id(variable) in rates]


def _joined(parts):
    """Concatenate the arrays of several dicts along the rows."""
    return {
        name: np.concatenate([np.asarray(part[name]) for part in parts])
        for name in parts[0]
    }
