"""What the user has fixed about training, the same for all trainings of a search."""

import contextlib
from dataclasses import dataclass, field, replace

import keras
import tensorflow as tf

from skautokeras._space.accelerator import built_for_training
from skautokeras._training.compiled_cache import CompiledCache
from skautokeras._training.streaming import STREAMING, Streaming


@dataclass(frozen=True, eq=False)
class TrainingOptions:
    """What is the same for all trainings of a search.

    Parameters
    ----------
    heads : dict of str to (Head, TargetSchema)
        Heads of the graph.
    callbacks : tuple of keras.callbacks.Callback, default=()
        The user's callbacks, which are copied for each training.
    shuffle : bool, default=True
        Whether each epoch has another order of rows.
    fit_arguments : dict, default={}
        Further arguments of `keras.Model.fit`, which then runs all trainings.
    epochs : int or None, default=None
        Number of epochs. None: what each configuration says.
    early_stopping : bool, default=True
        Whether a training ends that has had no better score for a third of its epochs.
    stop_after : int or None, default=None
        Number of epochs after which a training ends in any case, although its learning
        rate is planned for more.
    distribution : tf.distribute.Strategy or None, default=None
        Strategy that spreads every training over several devices.
    cache : CompiledCache
        What has been compiled.
    streaming : Streaming, default=STREAMING
        How much of the data is sent to the device at once.
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
    streaming: Streaming = STREAMING

    @contextlib.contextmanager
    def scope(self):
        """Let networks be built and trained as the devices want it."""
        distribution = contextlib.nullcontext()
        if self.distribution is not None:
            distribution = self.distribution.scope()
        with distribution, built_for_training():
            yield

    def as_refit(self, planned_epochs, best_epoch):
        """Return the options that repeat a training up to its best epoch.

        Without validation rows most callbacks have nothing to look at; those that
        schedule the learning rate stay.

        Parameters
        ----------
        planned_epochs : int
            Number of epochs that the learning rate was planned for.
        best_epoch : int
            Number of epochs to train.
        """
        scheduler = keras.callbacks.LearningRateScheduler
        return replace(
            self,
            callbacks=tuple(c for c in self.callbacks if isinstance(c, scheduler)),
            epochs=planned_epochs,
            stop_after=best_epoch,
            early_stopping=False,
        )
