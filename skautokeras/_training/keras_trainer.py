"""Training by `keras.Model.fit`, for trainings that need its features."""

import contextlib
from numbers import Integral

import keras
import numpy as np
import tensorflow as tf

from skautokeras._training.base import Trainer
from skautokeras._training.inference import rows_at_once
from skautokeras._training.objective import Evaluation
from skautokeras._training.optimization import make_optimizer, optimizer_for
from skautokeras._training.preparation import prepared
from skautokeras._training.rules_callback import TrainingRules
from skautokeras._training.schedules import schedule_of
from skautokeras._training.streaming import batch_bounds, weights_of
from skautokeras._training.validation_loss import validation_loss


class KerasTrainer(Trainer):
    """Trains one network by `keras.Model.fit`, which runs the epochs.

    Parameters
    ----------
    built : BuiltNetwork
        Freshly initialised network to train.
    options : TrainingOptions
        Settings that all trainings of a search share.
    callbacks : list of keras.callbacks.Callback
        The user's callbacks.
    train_rows : Rows
        Training rows, as the adapter makes them.
    valid_rows : Rows or None
        Validation rows, as the adapter makes them. If None, nothing is validated.
    seed : int
        Seed of the order of the rows.
    """

    def __init__(self, built, options, callbacks, train_rows, valid_rows, seed):
        super().__init__(built, options, callbacks)
        heads, training = options.heads, built.training
        train_rows = prepared(built, train_rows)
        self._valid_rows = None if valid_rows is None else prepared(built, valid_rows)
        self._batches = _Batches(
            _fit_data(train_rows, heads, training.label_smoothing),
            batch_bounds(len(train_rows), training.batch_size).numpy(),
            np.random.default_rng(seed) if options.shuffle else None,
        )
        self._rules = None
        self._last_state = None

    def run(self, monitor):
        """Train with Keras until the monitor, or a callback, has finished."""
        network, training = self._built.network, self._built.training
        weight_decay = training.weight_decay or None
        optimizer = make_optimizer(training, weight_decay=weight_decay)
        self.compile(optimizer_for(network, optimizer))
        self._rules = TrainingRules(
            schedule_of(training, self._callbacks),
            training.warm_up,
            training.regularization,
            progress=monitor.next_progress,
        )
        end = _EndOfEpoch(self, monitor, len(self._batches))
        callbacks = [self._rules, end, *self._callbacks]
        if training.ema_momentum:
            # At the end of an epoch, validation and callbacks see the averages.
            callbacks.insert(0, keras.callbacks.SwapEMAWeights(swap_on_epoch=True))
        valid = None
        if self._valid_rows is not None:
            valid = _fit_data(self._valid_rows, self._options.heads)
        first = self._options.fit_arguments.get("initial_epoch") or 0
        with _no_retracing_warnings():
            network.fit(
                self._batches,
                epochs=max(monitor.epochs, first + 1),
                validation_data=valid,
                callbacks=callbacks,
                shuffle=False,
                verbose=0,
                **self._options.fit_arguments,
            )

    def validate(self):
        """Evaluate the network on the validation rows."""
        rows, network = self._valid_rows, self._built.network
        if rows is None:
            return None, {}
        size = rows_at_once(rows.x, network)
        y_pred = network.predict(rows.x, verbose=0, batch_size=size)
        loss = validation_loss(self._options.heads, rows.y, y_pred, rows.weight)
        return Evaluation(y_pred, float(loss)), {"val_loss": float(loss)}

    @property
    def state(self):
        """A copy of all weights, as averages if the training averages them."""
        return self._built.network.get_weights()

    def end(self, best_state):
        """Set the final weights."""
        # Keras mistakes the weights for averages if a training ends before its last
        # epoch.
        state = self._last_state if best_state is None else best_state
        if state is not None:
            self._built.network.set_weights(state)
        self._rules.put_dropout_back()

    def end_epoch(self, epoch, logs, monitor, share):
        """End an epoch that Keras has run; return whether the training is over.

        Parameters
        ----------
        epoch : int
            Number of the epoch, from 0, as Keras counts.
        logs : dict of str to float
            Logs of Keras, to which those of the monitor are added.
        monitor : Monitor
            Monitor that follows the training.
        share : float
            Share of the epoch that there was time for.
        """
        validates = self._is_validated(epoch + 1) or monitor.ends_with_this_epoch
        values = {name: float(value) for name, value in logs.items()}
        self.judge(values, monitor, validates=validates, share=share)
        logs.update(monitor.logs)
        if monitor.finished and monitor.best_state is None:
            self._last_state = self.state
        return monitor.finished

    def _is_validated(self, epoch):
        """Return whether the user wants validation after an epoch, counted from 1."""
        freq = self._options.fit_arguments.get("validation_freq", 1)
        return epoch % freq == 0 if isinstance(freq, Integral) else epoch in freq


class _EndOfEpoch(keras.callbacks.Callback):
    """A callback that tells a trainer when an epoch of `keras.Model.fit` ends.

    Parameters
    ----------
    trainer : KerasTrainer
        Trainer that runs the epochs.
    monitor : Monitor
        Monitor that follows the training, and whose deadline ends an epoch.
    n_batches : int
        Number of batches of a whole epoch.
    """

    def __init__(self, trainer, monitor, n_batches):
        super().__init__()
        self._trainer = trainer
        self._monitor = monitor
        self._n_batches = n_batches
        self._share = 1.0

    def on_train_batch_end(self, batch, logs=None):
        if self._monitor.deadline.passed():
            self._share = min((batch + 1) / self._n_batches, 1.0)
            self.model.stop_training = True

    def on_epoch_end(self, epoch, logs=None):
        logs = {} if logs is None else logs
        if self._trainer.end_epoch(epoch, logs, self._monitor, self._share):
            self.model.stop_training = True


class _Batches(keras.utils.PyDataset):
    """Batches in the order of our own generator, as `Model.fit` uses a global one."""

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
    """Return x, y and sample_weight in the form that `Model.fit` takes."""
    y = {}
    for name, (head, target) in heads.items():
        encoded = np.asarray(head.encode(rows.y[name], target))
        y[name] = head.smooth(encoded, target, label_smoothing)
    return rows.x, y, weights_of(rows)


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
