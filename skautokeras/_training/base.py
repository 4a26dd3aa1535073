"""Trainer: the contract of the two ways in which a network is trained."""

from abc import ABC, abstractmethod

from skautokeras._training.keras_metrics import metrics_of_mean


class Trainer(ABC):
    """Base class of the two ways to train one network; `train` chooses between them.

    The constructor prepares a training, `run` runs its epochs, and `end` sets the final
    weights. In each epoch, a trainer asks the monitor how much of the training is done
    (`Monitor.next_progress`), applies the rules of `optimization` for that share,
    learns from all rows once, and passes the logs to `judge`. It stops as soon as
    `Monitor.finished` is True.

    Parameters
    ----------
    built : BuiltNetwork
        Freshly initialised network to train.
    options : TrainingOptions
        Settings that all trainings of a search share.
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
            Monitor that follows the training.
        """

    @abstractmethod
    def validate(self):
        """Evaluate the network on the validation rows.

        Returns
        -------
        evaluation : Evaluation or None
            Outputs and loss. It is None if there are no validation rows.
        logs : dict of str to float
            Loss and metrics, with names that begin with "val_".
        """

    @property
    @abstractmethod
    def state(self):
        """A copy of the weights, as averages if the training averages them."""

    @abstractmethod
    def end(self, best_state):
        """Set the final weights of the network.

        Parameters
        ----------
        best_state : object
            Value of `state` after the best epoch. If None, the last weights are kept.
        """

    def compile(self, optimizer):
        """Compile the network, for `keras.Model.fit` and for the user's callbacks.

        Parameters
        ----------
        optimizer : keras.optimizers.Optimizer
            Optimizer of the training.
        """
        heads, network = self._options.heads, self._built.network
        network.compile(
            optimizer=optimizer,
            loss=self._built.losses,
            loss_weights={n: float(head.loss_weight) for n, (head, _) in heads.items()},
            weighted_metrics={
                name: metrics_of_mean(head.make_metrics(target), network)
                for name, (head, target) in heads.items()
            },
            jit_compile=False,
        )

    def judge(self, logs, monitor, *, validates=True, share=1.0):
        """End an epoch: evaluate the network, and update the monitor.

        Parameters
        ----------
        logs : dict of str to float
            Loss and metrics of the training rows.
        monitor : Monitor
            Monitor that follows the training.
        validates : bool, default=True
            Whether the network is evaluated on the validation rows.
        share : float, default=1.0
            Share of the epoch that there was time for.
        """
        evaluation, valid_logs = self.validate() if validates else (None, {})
        logs = {**logs, **valid_logs}
        monitor.update(logs, evaluation, lambda: self.state, share)
