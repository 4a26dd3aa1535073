"""Monitor: follows one training, keeps its best epoch, says when it is over.

Of epochs with the best score, which few validation rows give often, the last one is
kept, as RealMLP does (arXiv:2407.04491): the rate has been annealed further by then.
Patience is for scores that are better.
"""

import math

from skautokeras._training.pruning import is_behind


class Monitor:
    """What happened in the epochs of one training, and whether to go on.

    Parameters
    ----------
    objective : Objective or None
        Scores the validation predictions. None: every epoch is better than the last.
    epochs : int
        At most; what the learning rate is planned for.
    patience : int or None
        Epochs without a better score after which the training ends. None: never.
    stop_after : int or None
        Epochs after which it ends all the same. None: ``epochs``.
    deadline : Deadline
        After which it ends.
    on_epoch : callable
        Called as ``on_epoch(epoch, logs)``; True ends the training.
    curve : tuple of float, default=()
        What others had reached along their training; one that is behind ends.

    Attributes
    ----------
    epochs : int
        As given.
    epoch : int
        Epochs that are done.
    history : dict of str to list of float
        Logs by name, one entry per epoch.
    best_score, best_epoch : float and int
        Of the last best epoch (the first epoch is 1).
    best_outputs : Evaluation or None
        What the network said in that epoch.
    best_state : object
        The weights of that epoch.
    finished : bool
        Whether the training is over.
    pruned : bool
        Whether it is because others had reached more.
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
    ):
        self._objective = objective
        self.epochs = epochs
        self._patience = patience
        self._last_epoch = epochs if stop_after is None else stop_after
        self._deadline = deadline
        self._on_epoch = on_epoch
        self._curve = curve
        self._start = deadline.spent()
        self.epoch = 0
        self.logs = {}
        self.history = {}
        self.best_score = -math.inf
        self.best_epoch = self._last_progress = 0
        self.best_outputs = None
        self.best_state = None
        self.finished = self.pruned = False

    def next_progress(self):
        """Return which share of the training the next epoch begins and ends at.

        Epochs count, or the time if that is over before them: so the learning rate has
        been annealed when the deadline comes.
        """
        by_epochs = 1 / self.epochs
        spent = self._deadline.spent() - self._start
        total = spent + self._deadline.left()
        by_time = spent / max(total, 1e-9)
        start = max(self.epoch * by_epochs, min(by_time, 1.0))
        step = max(by_epochs, start / self.epoch if self.epoch else 0.0)
        return start, min(start + step, 1.0)

    def update(self, logs, outputs, state):
        """Take in one epoch.

        Parameters
        ----------
        logs : dict of str to float
            Losses and metrics.
        outputs : Evaluation or None
            What the network said about the validation rows. None: it was not asked.
        state : object or callable
            The weights, or what returns a copy of them.

        Raises
        ------
        FloatingPointError
            If the loss or the score is not finite.
        """
        self.epoch += 1
        logs = dict(logs)
        score = None
        if self._objective is not None and outputs is not None:
            score = self._objective(outputs)
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
            self.best_outputs = outputs
            self.best_state = state() if callable(state) else state
        wants_to_stop = self._on_epoch(self.epoch, logs)
        self.finished = bool(wants_to_stop) or self._is_over()
        if not self.finished and score is not None:
            share = self.epoch / self.epochs
            self.pruned = is_behind(self.best_score, share, self._curve)
            self.finished = self.pruned

    @property
    def ends_with_next_epoch(self):
        """Whether the epoch that is running is the last one in any case."""
        return self.epoch + 1 >= self._last_epoch or self._deadline.passed()

    @property
    def planned_epochs(self):
        """Epochs that the learning rate was annealed over, the deadline considered."""
        return self.epoch if self._deadline.passed() else self.epochs

    def _is_over(self):
        waited = self.epoch - self._last_progress
        impatient = self._patience is not None and waited >= self._patience
        return self.epoch >= self._last_epoch or impatient or self._deadline.passed()

    def _check_finite(self, loss, score):
        if not math.isfinite(loss) or (score is not None and not math.isfinite(score)):
            raise FloatingPointError(
                f"The loss became {loss} and the score {score} in epoch {self.epoch}."
            )
