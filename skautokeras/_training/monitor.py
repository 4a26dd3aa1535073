"""Monitor: follows one training, keeps its best epoch and decides when it ends.

With few validation rows, several epochs often share the best score. The last of them is
kept, as RealMLP does (arXiv:2407.04491), because its learning rate has been annealed
further. Patience, in contrast, waits for a score that is strictly better.
"""

import math

from skautokeras._training.pruning import is_behind

# A training that has lost this share of its gain for so many epochs does not recover
# (measurement 0057).
_LOST_SHARE, _LOST_EPOCHS = 0.2, 8


class Monitor:
    """Record of the epochs of one training, which decides whether to continue.

    Parameters
    ----------
    objective : Objective or None
        Objective that scores the validation predictions. If None, the latest epoch is
        always the best one.
    epochs : int
        Maximum number of epochs, for which the learning rate is planned.
    patience : int or None
        Number of epochs without a better score after which the training ends. If None,
        it does not end for this reason.
    stop_after : int or None
        Number of epochs after which the training ends in any case. If None, it is
        ``epochs``.
    deadline : Deadline
        Deadline after which the training ends.
    on_epoch : callable
        Function that is called as ``on_epoch(epoch, logs)`` after each epoch. If it
        returns True, the training ends.
    curve : tuple of float, default=()
        Scores of completed trials along their training, from `MedianCurve`. A training
        whose best score is below them ends.
    floor : float or None, default=None
        Score of predicting the same for all rows. With patience, a training ends once
        several epochs in a row have lost a fifth of what the best epoch is above it.

    Attributes
    ----------
    epochs : int
        Maximum number of epochs.
    deadline : Deadline
        Deadline after which the training ends.
    epoch : int
        Number of epochs that are done.
    logs : dict of str to float
        Logs of the latest epoch.
    history : dict of str to list of float
        Logs by name, one entry per epoch.
    best_score, best_epoch : float and int
        Score and number of the best epoch, where the first epoch is 1. If several
        epochs have the best score, it is the last one.
    best_evaluation : Evaluation or None
        Outputs of the network in the best epoch.
    best_state : object
        Weights of the network in the best epoch.
    n_iterations : int or None
        Number of iterations of layers that were fitted before the training, such as
        boosted trees. None if there are no such layers.
    fitting_seconds : float
        Seconds that the fitting of such layers took.
    trained_epochs : float
        Number of epochs that are done, where an epoch that the time has ended counts by
        its share of the steps.
    finished : bool
        Whether the training is over.
    cut : bool
        Whether the time has ended the training, or the fitting of layers before it.
    pruned : bool
        Whether the training is over because its scores are below ``curve``.
    """

    def __init__(
        self,
        objective,
        epochs,
        *,
        patience,
        stop_after,
        deadline,
        on_epoch,
        curve=(),
        floor=None,
    ):
        self._objective = objective
        self.epochs = epochs
        self._patience = patience
        self._last_epoch = epochs if stop_after is None else stop_after
        self.deadline = deadline
        self._on_epoch = on_epoch
        self._curve = curve
        self._floor = floor
        self._n_lost = 0
        self._start = deadline.spent()
        self.epoch = 0
        self.logs = {}
        self.history = {}
        self.best_score = -math.inf
        self.best_epoch = self._last_progress = 0
        self.best_evaluation = None
        self.best_state = None
        self.n_iterations = None
        self.fitting_seconds = 0.0
        self.trained_epochs = 0.0
        self.finished = self.pruned = self.cut = False

    def next_progress(self):
        """Return the shares of the training at which the next epoch begins and ends.

        Shares are counted in epochs, or in time if the deadline comes before the last
        epoch. Therefore the learning rate has been annealed in either case.
        """
        by_epochs = 1 / self.epochs
        start = max(self.epoch * by_epochs, self.share_of_time())
        step = max(by_epochs, start / self.epoch if self.epoch else 0.0)
        return start, min(start + step, 1.0)

    def share_of_time(self):
        """Return the share of the time until the deadline that has passed, up to 1."""
        spent = self.deadline.spent() - self._start
        return min(spent / max(spent + self.deadline.left(), 1e-9), 1.0)

    def update(self, logs, evaluation, state, share=1.0):
        """Record one epoch, and decide whether the training ends with it.

        Parameters
        ----------
        logs : dict of str to float
            Losses and metrics of the epoch.
        evaluation : Evaluation or None
            Outputs of the network for the validation rows. If None, the epoch was not
            validated and has no score.
        state : callable
            Function that returns a copy of the weights of the network. It is called for
            the best epochs only.
        share : float, default=1.0
            Share of the epoch that there was time for.

        Raises
        ------
        FloatingPointError
            If the loss or the score is not finite.
        """
        self.epoch += 1
        self.trained_epochs += share
        logs = dict(logs)
        score = None
        if self._objective is not None and evaluation is not None:
            score = self._objective(evaluation)
            logs["val_score"] = score
        self._check_finite(logs.get("loss", 0.0), score)
        self.logs = logs
        for name, value in logs.items():
            self.history.setdefault(name, []).append(value)
        if self._objective is None:
            self.best_epoch = self._last_progress = self.epoch
        elif score is not None and score >= self.best_score:
            if score > self.best_score:
                self._last_progress = self.epoch
            self.best_score, self.best_epoch = score, self.epoch
            self.best_evaluation = evaluation
            self.best_state = state()
        self._count_lost(score)
        wants_to_stop = self._on_epoch(self.epoch, logs)
        is_done = bool(wants_to_stop) or self._is_done(share)
        is_cut = not is_done and (share < 1 or self.deadline.passed())
        self.finished = is_done or is_cut
        self.cut |= is_cut
        if not self.finished and score is not None:
            progress = self.epoch / self.epochs
            self.pruned = is_behind(self.best_score, progress, self._curve)
            self.finished = self.pruned

    @property
    def ends_with_this_epoch(self):
        """Whether the epoch that is running is the last one in any case."""
        return self.epoch + 1 >= self._last_epoch or self.deadline.passed()

    @property
    def planned_epochs(self):
        """The number of epochs over which the learning rate was annealed.

        They are the epochs that are done if the time has ended the training, else all
        epochs.
        """
        is_over = self.cut or self.deadline.passed()
        return self.epoch if is_over else self.epochs

    def _is_done(self, share):
        """Return whether the training has ended for another reason than the time."""
        waited = self.epoch - self._last_progress
        impatient = self._patience is not None and (
            waited >= self._patience or self._n_lost >= _LOST_EPOCHS
        )
        return impatient or (self.epoch >= self._last_epoch and share == 1)

    def _count_lost(self, score):
        """Count the last epochs in a row that have lost much of the best score."""
        if score is None or self._floor is None:
            return
        gained = self.best_score - self._floor
        has_lost = gained > 0 and score < self.best_score - _LOST_SHARE * gained
        self._n_lost = self._n_lost + 1 if has_lost else 0

    def _check_finite(self, loss, score):
        if not math.isfinite(loss) or (score is not None and not math.isfinite(score)):
            raise FloatingPointError(
                f"The loss became {loss} and the score {score} in epoch {self.epoch}."
            )
