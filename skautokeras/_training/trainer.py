"""Training of one network by compiled epochs, or by `keras.Model.fit` if needed."""

import numpy as np

from skautokeras._training.callback_hooks import works_on_batches
from skautokeras._training.compiled_trainer import CompiledTrainer
from skautokeras._training.keras_trainer import KerasTrainer
from skautokeras._training.monitor import Monitor
from skautokeras._training.preparation import known_rows, start_from_data
from skautokeras._training.schedules import patience
from skautokeras._training.user_callbacks import for_training, give_back


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
    floor=None,
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
        Scores of completed trials along their training, from `MedianCurve`. A training
        whose best score is below them ends.
    floor : float or None, default=None
        Score of predicting the same for all rows. A training ends that falls back
        towards it.

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
    train_rows = known_rows(built, train_rows)
    callbacks = for_training(options.callbacks)
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
        floor=floor,
    )
    start = deadline.spent()
    monitor.n_iterations, monitor.cut = start_from_data(
        built,
        train_rows,
        np.random.default_rng(seed),
        valid_rows=valid_rows if options.early_stopping else None,
        n_iterations=options.n_iterations,
        deadline=deadline,
        share=options.share_of_fitting,
    )
    monitor.fitting_seconds = deadline.spent() - start
    trainer_class = CompiledTrainer
    if is_trained:
        trainer_class = _trainer_class(options, callbacks, built.network)
    trainer = trainer_class(built, options, callbacks, train_rows, valid_rows, seed)
    trainer.run(monitor)
    trainer.end(monitor.best_state)
    give_back(callbacks, options.users_callbacks or callbacks)
    return monitor


def _trainer_class(options, callbacks, network):
    """Return `CompiledTrainer`, unless the training needs `keras.Model.fit`."""
    needs_fit = (
        options.fit_arguments
        or options.distribution is not None
        or any(map(works_on_batches, callbacks))
        or any(map(_needs_a_variable, network.trainable_variables))
    )
    return KerasTrainer if needs_fit else CompiledTrainer


def _needs_a_variable(weights):
    """Return whether weights cannot be a part of one variable with all others."""
    return weights.constraint is not None or weights.dtype == "float64"
