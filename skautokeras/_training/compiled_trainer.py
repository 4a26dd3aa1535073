"""Training by compiled epochs, which nearly all trainings use."""

from functools import partial

import numpy as np

from skautokeras._data.rows import spread_rows
from skautokeras._training.base import Trainer
from skautokeras._training.callback_hooks import CallbackHooks
from skautokeras._training.preparation import prepared
from skautokeras._training.schedules import schedule_of, scheduled_share
from skautokeras._training.streaming import Chunks, in_order
from skautokeras._training.tracing import quick_compilation

# Training rows of which a network that is not trained tells its loss and metrics.
_MOST_EVALUATED = 10_000


class CompiledTrainer(Trainer):
    """Trains one network with one compiled function per epoch.

    Parameters
    ----------
    built : BuiltNetwork
        Freshly initialised network to train.
    options : TrainingOptions
        Settings that all trainings of a search share.
    callbacks : list of keras.callbacks.Callback
        The user's callbacks, none of which acts on batches.
    train_rows : Rows
        Training rows, as the adapter makes them.
    valid_rows : Rows or None
        Validation rows, as the adapter makes them. If None, nothing is validated.
    seed : int
        Seed of the order of the rows.
    """

    def __init__(self, built, options, callbacks, train_rows, valid_rows, seed):
        super().__init__(built, options, callbacks)
        self._train_rows = train_rows
        self._compiled = options.cache.get(built, options.heads)
        self._schedule = schedule_of(built.training, callbacks)
        self._chunks = Chunks(
            train_rows,
            partial(prepared, built),
            built.training.batch_size,
            seed if options.shuffle else None,
            options.streaming,
        )
        self._valid_parts, self._n_valid_rows = None, 0
        self._hooks = None
        if valid_rows is not None:
            self._n_valid_rows = len(valid_rows)
            self._valid_parts = in_order(prepared(built, valid_rows), options.streaming)

    def run(self, monitor):
        """Train epoch by epoch until the monitor, or a callback, has finished."""
        if self._callbacks:
            self.compile(self._compiled.weights.optimizer)
        self._hooks = hooks = CallbackHooks(
            self._callbacks,
            self._built.network,
            self._compiled.weights,
            monitor.epochs,
            self._chunks.n_steps,
        )
        n_steps = self._chunks.n_steps * monitor.epochs
        with hooks, quick_compilation(n_steps):
            # As with Keras, a callback cannot prevent the first epoch.
            while not (monitor.finished or (monitor.epoch and hooks.wants_to_stop)):
                hooks.begin(monitor.epoch)
                if hooks.have_set_rate:
                    self._schedule = "by_callback"
                logs, share = self.run_epoch(monitor)
                self.judge(logs, monitor, share=share)
                hooks.end(monitor.epoch - 1, monitor.logs)

    def run_epoch(self, monitor):
        """Learn from all rows once, or until the deadline.

        Parameters
        ----------
        monitor : Monitor
            Monitor that follows the training.

        Returns
        -------
        logs : dict of str to float
            Mean loss and metrics of the training rows.
        share : float
            Share of the steps that there was time for.
        """
        if not self._built.network.trainable_variables:
            return self._evaluate_training_rows(), 1.0
        training = self._built.training
        rate = training.learning_rate
        if self._schedule == "by_callback":
            rate = float(self._compiled.weights.optimizer.learning_rate)
        start, end = monitor.next_progress()
        progress = np.linspace(start, end, self._chunks.n_steps + 1)

        def plan(first, last):
            # Where an epoch takes longer than the time that is left, time decides.
            done = np.maximum(progress[first:last], monitor.share_of_time())
            rates = scheduled_share(self._schedule, done, training.warm_up)
            shares = scheduled_share(training.regularization, done)
            return np.stack([rate * rates, np.broadcast_to(shares, rates.shape)], 1)

        logs, n_steps = self._compiled.run_epoch(
            self._chunks.epoch(),
            plan,
            (start + end) / 2,
            monitor.deadline,
            self._n_valid_rows,
        )
        return logs, n_steps / self._chunks.n_steps

    def _evaluate_training_rows(self):
        """Return loss and metrics of a network in which nothing is trained.

        Some of many rows are enough, because the numbers are for the user to read.
        """
        if self._valid_parts is None:
            return {}
        rows = self._train_rows
        if len(rows) > _MOST_EVALUATED:
            rows = rows.take(spread_rows(len(rows), _MOST_EVALUATED))
        rows = prepared(self._built, rows)
        _, logs = self._compiled.validate(in_order(rows, self._options.streaming)())
        return {name.removeprefix("val_"): value for name, value in logs.items()}

    def validate(self):
        """Evaluate the network on the validation rows."""
        if self._valid_parts is None:
            return None, {}
        self._hooks.begin_test()
        evaluation, logs = self._compiled.validate(self._valid_parts())
        self._hooks.end_test(logs)
        return evaluation, logs

    @property
    def state(self):
        """A copy of all weights, as averages if the training averages them."""
        return self._compiled.weights.state

    def end(self, best_state):
        """Write the final weights into the network."""
        weights = self._compiled.weights
        if best_state is None:
            weights.take_average()
        else:
            weights.state = best_state
        weights.write_back()
