"""Training of one network by compiled epochs, or by `keras.Model.fit` if needed."""

import copy
import time

import numpy as np

from skautokeras._space.accelerator import built_for_training
from skautokeras._state.randomness import seeded
from skautokeras._training.callback_hooks import works_on_batches
from skautokeras._training.compiled_trainer import CompiledTrainer
from skautokeras._training.keras_trainer import KerasTrainer
from skautokeras._training.monitor import Monitor
from skautokeras._training.preparation import prepared, start_from_data
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
        Freshly initialised network to train.
    options : TrainingOptions
        Settings that all trainings of a search share, such as callbacks.
    train_rows : Rows
        Training rows, as the adapter makes them.
    valid_rows : Rows or None
        Validation rows, as the adapter makes them. If None, the weights of the last
        epoch are kept.
    objective : Objective or None
        Objective that scores the predictions for ``valid_rows``.
    deadline : Deadline
        Deadline of the training, which ends after the first epoch that passes it. The
        learning rate is annealed until then.
    seed : int
        Seed of the order of the rows, and of weights that are drawn from rows.
    on_epoch : callable
        Function that is called as ``on_epoch(epoch, logs)`` after each epoch. If it
        returns True, the training ends.
    curve : tuple of float, default=()
        Scores of completed trials along their training, from `median_curve`. A training
        whose best score is below them ends.

    Returns
    -------
    monitor : Monitor
        Monitor with the history, the best score and its epoch, and the predictions of
        that epoch.

    Raises
    ------
    FloatingPointError
        If the loss or the score stops being finite.
    """
    callbacks = [copy.deepcopy(callback) for callback in options.callbacks]
    # A network that only consists of fitted layers is evaluated once.
    is_trained = bool(built.network.trainable_variables)
    epochs = (options.epochs or built.training.epochs) if is_trained else 1
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
    monitor.n_iterations = start_from_data(
        built,
        train_rows,
        np.random.default_rng(seed),
        valid_rows=valid_rows if options.early_stopping else None,
        n_iterations=options.n_iterations,
        deadline=deadline,
    )
    trainer_class = CompiledTrainer
    if is_trained:
        trainer_class = _trainer_class(options, callbacks)
    trainer = trainer_class(built, options, callbacks, train_rows, valid_rows, seed)
    trainer.run(monitor)
    trainer.end(monitor.best_state)
    return monitor


def _trainer_class(options, callbacks):
    """Return `CompiledTrainer`, unless the training needs `keras.Model.fit`."""
    needs_fit = (
        options.fit_arguments
        or options.distribution is not None
        or any(map(works_on_batches, callbacks))
    )
    return KerasTrainer if needs_fit else CompiledTrainer


def time_step(search_space, options, rows, values):
    """Return the time of a training step per row.

    A fresh network is trained on one batch twice, and the second step is timed, because
    the first one compiles. The compiled epoch stays in the cache of `options` for the
    training of the same network.

    Parameters
    ----------
    search_space : SearchSpace
        Search space that builds the network.
    options : TrainingOptions
        Settings that all trainings of a search share.
    rows : Rows
        Training rows, as the adapter makes them.
    values : dict of str to object
        Values of the hyperparameters of the network.

    Returns
    -------
    seconds : float
        Time of a step in seconds, divided by the number of rows of its batch and by the
        number of devices.
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
