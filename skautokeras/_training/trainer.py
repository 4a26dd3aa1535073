"""Training: one compiled function per epoch, `keras.Model.fit` where it must be."""

import contextlib
import copy
import time
from dataclasses import dataclass, field, replace
from functools import partial

import keras
import numpy as np
import tensorflow as tf

from skautokeras._layers.dense import starting_from_data
from skautokeras._space.accelerator import built_for_training
from skautokeras._state.randomness import seeded
from skautokeras._training.compiled_epoch import (
    CompiledCache,
    quick_compilation,
    rows_at_once,
)
from skautokeras._training.keras_epoch import train_with_fit
from skautokeras._training.monitor import Monitor
from skautokeras._training.optimization import (
    learning_rate_factor,
    patience,
    schedule_of,
)
from skautokeras._training.streaming import Chunks, in_order

# More rows do not change means and variances.
_ROWS_TO_START_FROM = 2048


@dataclass(frozen=True, eq=False)
class Recipe:
    """What is the same for all trainings of a search.

    ``callbacks`` are Keras callbacks, copied for each training; ``shuffle`` says
    whether each epoch has another order of rows. ``fit_arguments`` are further
    arguments of `keras.Model.fit`. ``epochs`` takes the place of the number that a
    configuration has; a training without a better score for a third of them ends early
    (``early_stopping``), and after ``stop_after`` it ends in any case. ``distribution``
    is the strategy that every training is spread by, or None. ``cache`` holds what has
    been compiled.
    """

    heads: dict
    callbacks: tuple = ()
    shuffle: bool = True
    fit_arguments: dict = field(default_factory=dict)
    epochs: int | None = None
    early_stopping: bool = True
    stop_after: int | None = None
    distribution: tf.distribute.Strategy | None = None
    cache: CompiledCache = field(default_factory=CompiledCache)

    @contextlib.contextmanager
    def scope(self):
        """Let networks be built and trained as the devices want it."""
        distribution = contextlib.nullcontext()
        if self.distribution is not None:
            distribution = self.distribution.scope()
        with distribution, built_for_training():
            yield

    def as_refit(self, planned_epochs, best_epoch):
        """Return the recipe that repeats a training up to its best epoch.

        Without validation rows most callbacks have nothing to look at; those that
        schedule the learning rate stay.
        """
        scheduler = keras.callbacks.LearningRateScheduler
        return replace(
            self,
            callbacks=tuple(c for c in self.callbacks if isinstance(c, scheduler)),
            epochs=planned_epochs,
            stop_after=best_epoch,
            early_stopping=False,
        )


def train(
    built,
    recipe,
    train_rows,
    valid_rows,
    objective,
    *,
    deadline,
    seed,
    on_epoch,
    curve=(),
):
    """Train one configuration; its network ends with the weights of the best epoch.

    Parameters
    ----------
    built : Built
        Freshly initialised.
    recipe : Recipe
        How long, with which callbacks.
    train_rows : Rows
        To learn from.
    valid_rows : Rows or None
        To judge by. None: the weights of the last epoch are kept.
    objective : Objective or None
        Scores the predictions for ``valid_rows``.
    deadline : Deadline
        Training ends at the first epoch behind it; the learning rate is annealed
        towards it.
    seed : int
        Of the order of the rows.
    on_epoch : callable
        Called as ``on_epoch(epoch, logs)`` after each epoch.
    curve : tuple of float, default=()
        What others had reached along their training; one that is behind ends.

    Returns
    -------
    monitor : Monitor
        History, best score and epoch, predictions of that epoch.

    Raises
    ------
    FloatingPointError
        If the loss or the score stops being finite.
    """
    callbacks = [copy.deepcopy(callback) for callback in recipe.callbacks]
    epochs = recipe.epochs or built.training.epochs
    monitor = Monitor(
        objective,
        epochs,
        patience=patience(built.training.schedule, epochs)
        if recipe.early_stopping
        else None,
        stop_after=recipe.stop_after,
        deadline=deadline,
        on_epoch=on_epoch,
        curve=curve,
    )
    plain = (
        not recipe.fit_arguments
        and recipe.distribution is None
        and not any(map(_works_on_batches, callbacks))
    )
    _start_from_data(built, train_rows, seed)
    loop = _train_compiled if plain else train_with_fit
    valid_rows = None if valid_rows is None else _prepared(built, valid_rows)
    if not plain:
        train_rows = _prepared(built, train_rows)
    loop(built, recipe, callbacks, train_rows, valid_rows, monitor, seed)
    return monitor


def time_step(search_space, recipe, rows, values):
    """Train a fresh network on one batch, twice; return the seconds per row.

    What is compiled is there for the training of the same network.

    Parameters
    ----------
    search_space : SearchSpace
        Makes networks from values.
    recipe : Recipe
        How they are trained.
    rows : Rows
        The training rows.
    values : dict of str to object
        The configuration.
    """
    with seeded(0), built_for_training():
        built = search_space.build(values)
    n_rows = min(built.training.batch_size, len(rows))
    batch = _prepared(built, rows.take(np.arange(n_rows)))
    compiled = recipe.cache.get(built, recipe.heads)
    chunks = Chunks(batch, lambda rows: rows, n_rows, seed=0)
    for _ in range(2):  # the first call compiles
        start = time.perf_counter()
        compiled.run_epoch(chunks.epoch(), np.zeros(1))
        seconds = time.perf_counter() - start
    if recipe.distribution is not None:
        seconds /= recipe.distribution.num_replicas_in_sync
    return seconds / n_rows


def _start_from_data(built, rows, seed):
    """Draw the weights after training rows where layers say how (RealMLP)."""
    layers = _layers(built.network)
    layers = [layer for layer in layers if getattr(layer, "from_data", False)]
    if not layers:
        return
    rng = np.random.default_rng(seed)
    some = rng.permutation(len(rows))[:_ROWS_TO_START_FROM]
    rows = _prepared(built, rows.take(some))
    with starting_from_data(layers, rng):
        built.network({name: tf.constant(array) for name, array in rows.x.items()})


def _layers(network):
    for layer in network.layers:
        if isinstance(layer, keras.Model):
            yield from _layers(layer)
        else:
            yield layer


def _prepared(built, rows):
    """Return the rows as the network takes them: preprocessing applied, once."""
    if built.preprocess is None:
        return rows
    x = {}
    size = rows_at_once(rows.x, built.preprocess)
    for i in range(0, len(rows), size):
        part = built.preprocess({k: v[i : i + size] for k, v in rows.x.items()})
        for name, values in part.items():
            if name not in x:
                shape = (len(rows), *values.shape[1:])
                x[name] = np.empty(shape, keras.backend.standardize_dtype(values.dtype))
            x[name][i : i + size] = values
    return type(rows)(x=x, y=rows.y, weight=rows.weight)


def _works_on_batches(callback):
    """Return whether a callback wants to be called around each batch."""
    if isinstance(callback, keras.callbacks.ModelCheckpoint):
        return callback.save_freq != "epoch"
    hooks = ("on_train_batch_begin", "on_train_batch_end", "on_batch_begin")
    hooks += ("on_batch_end", "on_test_batch_begin", "on_test_batch_end")
    base = keras.callbacks.Callback
    # A LambdaCallback sets its hooks on the instance.
    return any(
        h in vars(callback) or getattr(type(callback), h) is not getattr(base, h)
        for h in hooks
    )


def _train_compiled(built, recipe, callbacks, train_rows, valid_rows, monitor, seed):
    """Train with one compiled function per epoch."""
    compiled = recipe.cache.get(built, recipe.heads)
    schedule = schedule_of(built.training, callbacks)
    warm_up = built.training.warm_up
    chunks = Chunks(
        train_rows,
        partial(_prepared, built),
        built.training.batch_size,
        seed if recipe.shuffle else None,
    )
    valid_parts = None if valid_rows is None else in_order(valid_rows)
    hooks = _Callbacks(callbacks, built.network, compiled, monitor.epochs)
    with hooks, quick_compilation(chunks.n_steps * monitor.epochs):
        while not monitor.finished and not hooks.wants_to_stop:
            hooks.begin(monitor.epoch)
            rate = built.training.learning_rate
            if schedule == "by_callback":
                rate = float(compiled.optimizer.learning_rate)
            progress = np.linspace(*monitor.next_progress(), chunks.n_steps + 1)[:-1]
            compiled.begin_epoch(progress[0])
            rates = rate * learning_rate_factor(schedule, progress, warm_up)
            shares = learning_rate_factor(built.training.regularization, progress)
            logs = compiled.run_epoch(chunks.epoch(), rates, shares)
            outputs = None
            if valid_parts is not None:
                outputs, valid_logs = compiled.validate(valid_parts())
                logs.update(valid_logs)
            monitor.update(logs, outputs, lambda: compiled.state)
            hooks.end(monitor.epoch - 1, monitor.logs)
    if monitor.best_state is None:
        compiled.end()
    else:
        compiled.state = monitor.best_state
    compiled.write_back()


class _Callbacks:
    """The user's Keras callbacks around a compiled training.

    They see the network, so its variables follow the compiled weights before each call,
    and what they change is taken over afterwards.
    """

    def __init__(self, callbacks, network, compiled, epochs):
        self._network = network
        self._compiled = compiled
        self._list = None
        if callbacks:
            network.compile(optimizer=compiled.optimizer)
            network.stop_training = False
            self._list = keras.callbacks.CallbackList(
                callbacks, model=network, epochs=epochs, verbose=0
            )

    @property
    def wants_to_stop(self):
        return self._list is not None and self._network.stop_training

    def __enter__(self):
        if self._list is not None:
            self._list.on_train_begin()
        return self

    def __exit__(self, error, *_):
        if self._list is not None and error is None:
            self._call(self._list.on_train_end)

    def begin(self, epoch):
        if self._list is not None:
            self._call(self._list.on_epoch_begin, epoch)

    def end(self, epoch, logs):
        if self._list is not None:
            self._call(self._list.on_epoch_end, epoch, logs)

    def _call(self, hook, *args):
        self._compiled.write_back()
        hook(*args)
        self._compiled.read()
