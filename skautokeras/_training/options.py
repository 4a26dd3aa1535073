"""Settings of the user that all trainings of a search share."""

import contextlib
from dataclasses import dataclass, field, replace

import keras
import tensorflow as tf

from skautokeras._space.accelerator import built_for_training
from skautokeras._training.compiled_cache import CompiledCache
from skautokeras._training.streaming import STREAMING, Streaming


@dataclass(frozen=True, eq=False)
class TrainingOptions:
    """Settings that all trainings of a search share.

    Parameters
    ----------
    heads : dict of str to (Head, TargetSchema)
        Heads of the graph, and the schemas of their targets.
    callbacks : tuple of keras.callbacks.Callback, default=()
        The user's callbacks as they were before the search. They are copied for each
        training.
    users_callbacks : tuple of keras.callbacks.Callback, default=()
        The user's own objects in the same order, which are told what the copies have
        seen. Empty: nobody is told.
    shuffle : bool, default=True
        Whether each epoch uses another order of the rows.
    fit_arguments : dict, default={}
        Further arguments of `keras.Model.fit`. If there are any, it runs all trainings.
    epochs : int or None, default=None
        Maximum number of epochs. If None, each configuration has its own.
    early_stopping : bool, default=True
        Whether a training ends when its score has not improved for as many epochs as
        `patience` returns.
    stop_after : int or None, default=None
        Number of epochs after which a training ends in any case, although its learning
        rate is planned for more. If None, there is no such limit.
    n_iterations : int or None, default=None
        Number of iterations of layers that are fitted before a training, such as
        boosted trees. If None, the layers decide by the validation rows.
    share_of_fitting : float, default=0.25
        Share of the time of a training that the fitting of such layers takes at most.
    distribution : tf.distribute.Strategy or None, default=None
        Strategy that spreads every training over several devices. If None, one device
        is used.
    cache : CompiledCache
        Compiled epochs that trainings of the same process share.
    streaming : Streaming, default=STREAMING
        Amounts of data that are sent to the device at once.
    """

    heads: dict
    callbacks: tuple = ()
    users_callbacks: tuple = ()
    shuffle: bool = True
    fit_arguments: dict = field(default_factory=dict)
    epochs: int | None = None
    early_stopping: bool = True
    stop_after: int | None = None
    n_iterations: int | None = None
    # Many classes have many trees, and other configurations need time as well.
    share_of_fitting: float = 0.25
    distribution: tf.distribute.Strategy | None = None
    cache: CompiledCache = field(default_factory=CompiledCache)
    streaming: Streaming = STREAMING

    @contextlib.contextmanager
    def scope(self):
        """Return a context in which networks are built and trained for the devices."""
        distribution = contextlib.nullcontext()
        if self.distribution is not None:
            distribution = self.distribution.scope()
        with distribution, built_for_training():
            yield

    def as_refit(self, planned_epochs, best_epoch, n_iterations=None):
        """Return the options that repeat a training up to its best epoch.

        There are no validation rows, so most callbacks have nothing to monitor. Only
        `LearningRateScheduler` is kept, as it acts on the training itself.

        Parameters
        ----------
        planned_epochs : int
            Number of epochs that the learning rate was planned for.
        best_epoch : int
            Number of epochs after which the training ends.
        n_iterations : int or None, default=None
            Number of iterations of layers that are fitted before the training.
        """
        scheduler = keras.callbacks.LearningRateScheduler
        return replace(
            self,
            callbacks=tuple(c for c in self.callbacks if isinstance(c, scheduler)),
            users_callbacks=(),
            epochs=planned_epochs,
            stop_after=best_epoch,
            n_iterations=n_iterations,
            share_of_fitting=1.0,
            early_stopping=False,
        )
