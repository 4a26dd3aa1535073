"""Training: compiled epochs, or `keras.Model.fit` where it must be."""

import copy
import time

import numpy as np

from skautokeras._space.accelerator import built_for_training
from skautokeras._state.randomness import seeded
from skautokeras._training.callback_hooks import works_on_batches
from skautokeras._training.compiled_trainer import CompiledTrainer
from skautokeras._training.keras_trainer import KerasTrainer
from skautokeras._training.monitor import Monitor
from skautokeras._training.preparation import (
    prepared,
    prepared_arrays,
    start_from_data,
)
from skautokeras._training.schedules import patience
from skautokeras._training.streaming import Chunks


def train(
    built,
    options,
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
    built : BuiltNetwork
        Freshly initialised.
    options : TrainingOptions
        How long, with which callbacks.
    train_rows : Rows
        Rows to learn from.
    valid_rows : Rows or None
        Rows to judge by. None: the weights of the last epoch are kept.
    objective : Objective or None
        Scores the predictions for ``valid_rows``.
    deadline : Deadline
        Training ends at the first epoch behind it; the learning rate is annealed
        towards it.
    seed : int
        Seed of the order of the rows.
    on_epoch : callable
        Called as ``on_epoch(epoch, logs)`` after each epoch.
    curve : tuple of float, default=()
        Scores of other trials along their training; a training that is behind ends.

    Returns
    -------
    monitor : Monitor
        History, best score and epoch, predictions of that epoch.

    Raises
    ------
    FloatingPointError
        If the loss or the score stops being finite.
    """
    callbacks = [copy.deepcopy(callback) for callback in options.callbacks]
    epochs = options.epochs or built.training.epochs
    monitor = Monitor(
        objective,
        epochs,
        patience=patience(built.training.schedule, epochs)
        if options.early_stopping
        else None,
        stop_after=options.stop_after,
        deadline=deadline,
        on_epoch=on_epoch,
        curve=curve,
    )
    start_from_data(
        built.network,
        train_rows.x,
        np.random.default_rng(seed),
        lambda x: prepared_arrays(built.preprocess, x),
    )
    trainer_class = _trainer_class(options, callbacks)
    trainer = trainer_class(built, options, callbacks, train_rows, valid_rows, seed)
    trainer.run(monitor)
    trainer.end(monitor.best_state)
    return monitor


def _trainer_class(options, callbacks):
    """Return the way to train: compiled, unless only `keras.Model.fit` can do it."""
    needs_fit = (
        options.fit_arguments
        or options.distribution is not None
        or any(map(works_on_batches, callbacks))
    )
    return KerasTrainer if needs_fit else CompiledTrainer


def time_step(search_space, options, rows, values):
    """Train a fresh network on one batch, twice; return the seconds per row.

    What is compiled is there for the training of the same network.

    Parameters
    ----------
    search_space : SearchSpace
        Makes networks from values.
    options : TrainingOptions
        How they are trained.
    rows : Rows
        The training rows.
    values : dict of str to object
        The configuration.

    Returns
    -------
    seconds : float
        Time of a step for one row.
    """
    with seeded(0), built_for_training():
        built = search_space.build(values)
    n_rows = min(built.training.batch_size, len(rows))
    batch = prepared(built, rows.take(np.arange(n_rows)))
    compiled = options.cache.get(built, options.heads)
    chunks = Chunks(batch, lambda rows: rows, n_rows, seed=0)
    for _ in range(2):  # the first call compiles
        start = time.perf_counter()
        compiled.run_epoch(chunks.epoch(), np.zeros(1))
        seconds = time.perf_counter() - start
    if options.distribution is not None:
        seconds /= options.distribution.num_replicas_in_sync
    return seconds / n_rows
