"""Pruning: a training ends early if most other trainings were better."""

import math

import numpy as np

# Number of points along a training at which trials are compared.
_N_POINTS = 64
# Share of a training before which trials are not compared, because even the best trial
# can be slow to start.
_WARM_UP = 0.25
# Minimum number of completed trials for a comparison.
_MIN_TRIALS = 5
# The median of many trials is found anew once there are so many more, as a share.
_MORE_TRIALS = 0.01


class _EachOnce:
    """Looks once at each of the trials of a search, which become more."""

    _n_seen = 0

    def _newly_completed(self, trials):
        new = [t for t in trials[self._n_seen :] if t.status == "completed"]
        self._n_seen = len(trials)
        return new


class MedianCurve(_EachOnce):
    """The median score of completed trials at each point of their training.

    This is the median stopping rule (Golovin et al., Google Vizier, KDD 2017, section
    3.2.1): a trial ends if its best score so far is below the median of the mean scores
    that completed trials had up to the same point. Since trainings differ in length and
    anneal their learning rate, the same point means the same share of the planned
    epochs. Trials are not compared in the first quarter (decision 0015).

    Each trial is looked at once. The median of hundreds of trials hardly changes with
    one of them, so that it is found anew each time that there are a hundredth more.

    Examples
    --------
    >>> from skautokeras._search import Trial
    >>> from skautokeras._training import MedianCurve
    >>> trial = Trial({}, 0, planned_epochs=1, history={"val_score": [0.5]})
    >>> curve = MedianCurve()
    >>> curve.of([trial] * 4), set(curve.of([trial] * 5))
    ((), {0.5})
    """

    def __init__(self):
        self._curves = []
        self._n_in_median, self._median = 0, ()

    def of(self, trials):
        """Return the curve of the trials.

        Parameters
        ----------
        trials : list of Trial
            Trials that have ended so far, of any status: those of the last call, and
            others behind them.

        Returns
        -------
        curve : tuple of float
            Scores at equal steps of the training. It is empty if too few trials are
            completed.
        """
        new = self._newly_completed(trials)
        self._curves += [_curve(trial) for trial in new if trial.history]
        n_curves = len(self._curves)
        is_old = n_curves > (1 + _MORE_TRIALS) * self._n_in_median
        if n_curves >= _MIN_TRIALS and is_old:
            self._median = tuple(np.median(self._curves, axis=0).tolist())
            self._n_in_median = n_curves
        return self._median


class WorstFold(_EachOnce):
    """The lowest score in a fold of the last of the best trials.

    A trial whose folds are worse on average so far will hardly become one of the best.
    This forgiving rule nearly never ends a trial that would (Bergman et al., "Don't
    waste your time: early stopping cross-validation", arXiv:2405.03389, who compare
    with the best trial alone). Each trial is looked at once.

    Parameters
    ----------
    n_best : int, default=1
        Number of the best trials. The last of them is compared with.

    Examples
    --------
    >>> from skautokeras._training import WorstFold
    >>> WorstFold().of([])
    -inf
    """

    def __init__(self, n_best=1):
        self._n_best = n_best
        self._best = []  # scores of the best trials, and of their lowest folds

    def of(self, trials):
        """Return the lowest score in a fold of the last of the best trials.

        Parameters
        ----------
        trials : list of Trial
            Trials that have ended so far, of any status: those of the last call, and
            others behind them.

        Returns
        -------
        score : float
            -inf if fewer trials are completed, or if trials have one fold.
        """
        new = self._newly_completed(trials)
        self._best += [(trial.score, _lowest_fold(trial)) for trial in new]
        self._best.sort(key=lambda pair: pair[0], reverse=True)
        del self._best[self._n_best :]
        return self._best[-1][1] if len(self._best) == self._n_best else -math.inf


def _lowest_fold(trial):
    """Return the lowest score in a fold of a trial, -inf if it has one fold."""
    if trial.n_folds < 2:
        return -math.inf
    return min(max(trial.history[fold_score(i)]) for i in range(trial.n_folds))


def fold_score(i):
    """Return the name that the score of one of several folds has in the history.

    Parameters
    ----------
    i : int
        Number of the fold, which starts from 0.
    """
    return f"split{i}_val_score"


def is_behind(score, share, curve):
    """Return whether a training should end, because most trials were better.

    Parameters
    ----------
    score : float
        Best score of the training so far.
    share : float
        Share of the planned epochs that are done, from 0 to 1.
    curve : tuple of float
        Median scores of completed trials, from `MedianCurve`.

    Examples
    --------
    >>> from skautokeras._training.pruning import is_behind
    >>> is_behind(0.5, 0.5, (0.4, 0.6)), is_behind(0.5, 1.0, (0.4, 0.6))
    (False, True)
    """
    if not curve or share <= _WARM_UP:
        return False
    return score < curve[max(math.ceil(share * len(curve)) - 1, 0)]


def _curve(trial):
    """Return the mean score so far at equal steps of the planned training.

    With several folds, the scores are those of the first fold, because trials are
    compared in their first fold only.
    """
    history = trial.history
    scores = np.asarray(history.get(fold_score(0), history["val_score"]))
    means = np.cumsum(scores) / np.arange(1, len(scores) + 1)
    shares = np.arange(1, _N_POINTS + 1) / _N_POINTS
    # The curve of a training that ended early continues with its last value.
    epochs = np.ceil(shares * trial.planned_epochs).astype(int)
    return means[np.minimum(epochs, len(means)) - 1]
