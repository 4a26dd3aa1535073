"""Trainer: the contract of the two ways in which a network is trained."""

from abc import ABC, abstractmethod


class Trainer(ABC):
    """A way to train one network; `train` chooses it.

    A training begins with the constructor, runs its epochs by `run` and ends by `end`.
    In each epoch, a trainer asks the monitor how far the training is
    (`Monitor.next_progress`), sets what the rules of `optimization` say for that
    share, learns from all rows once, and hands the logs to `judge`. It stops where
    `Monitor.finished` says so.

    Parameters
    ----------
    built : BuiltNetwork
        Freshly initialised.
    options : TrainingOptions
        What is the same for all trainings.
    callbacks : list of keras.callbacks.Callback
        The user's callbacks, for this training only.
    """

    def __init__(self, built, options, callbacks):
        self._built = built
        self._options = options
        self._callbacks = callbacks

    @abstractmethod
    def run(self, monitor):
        """Train epoch by epoch until the monitor has finished.

        Parameters
        ----------
        monitor : Monitor
            Follows the training.
        """

    @abstractmethod
    def validate(self):
        """Return what the network says about the validation rows.

        Returns
        -------
        outputs : Evaluation or None
            Outputs and loss. None: there are no validation rows.
        logs : dict of str to float
            Loss and metrics, with names that begin with "val_".
        """

    @property
    @abstractmethod
    def state(self):
        """A copy of the weights that are judged: averages where they are averaged."""

    @abstractmethod
    def end(self, best_state):
        """Let the network have its final weights.

        Parameters
        ----------
        best_state : object
            What `state` was after the best epoch. None: the last weights stay.
        """

    def judge(self, logs, monitor, *, validates=True):
        """End an epoch: validate, and tell the monitor.

        Parameters
        ----------
        logs : dict of str to float
            Loss and metrics of the training rows.
        monitor : Monitor
            Follows the training.
        validates : bool, default=True
            Whether the validation rows are looked at.
        """
        outputs, valid_logs = self.validate() if validates else (None, {})
        monitor.update({**logs, **valid_logs}, outputs, lambda: self.state)
