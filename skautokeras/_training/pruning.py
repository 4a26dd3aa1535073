"""Pruning: a training that falls behind most others ends early."""

import math

import numpy as np

# Shares of a training at which it is compared with others.
_N_POINTS = 64
# Share before which nothing is compared: the best trial can be slow to start.
_WARM_UP = 0.25
# Completed trials without which there is nothing to compare with.
_MIN_TRIALS = 5


def median_curve(trials):
    """Return what half of the completed trials were like along their training.

    The median stopping rule (Golovin et al., Google Vizier, KDD 2017, section 3.2.1):
    a trial stops where its best score so far is below the median of the mean scores of
    others up to the same point. Trainings are of different length and anneal their
    learning rate, so the same point is the same share of the planned epochs; the first
    quarter is not compared (decision 0015).

    Parameters
    ----------
    trials : list of Trial
        So far.

    Returns
    -------
    curve : tuple of float
        Scores at equal steps of the training; empty as long as there are few trials.
    """
    completed = [trial for trial in trials if trial.status == "completed"]
    curves = [_curve(trial) for trial in completed if trial.history]
    if len(curves) < _MIN_TRIALS:
        return ()
    return tuple(np.median(curves, axis=0).tolist())


def fold_score(i):
    """Return what the score of a fold is called in the history of several.

    Parameters
    ----------
    i : int
        Number of the fold, from 0.
    """
    return f"split{i}_val_score"


def is_behind(score, share, curve):
    """Return whether a training is to stop.

    Parameters
    ----------
    score : float
        The best one so far.
    share : float
        Of the planned epochs that are done, 0 to 1.
    curve : tuple of float
        From `median_curve`.

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

    Of several folds that of the first one, which is where others are compared.
    """
    history = trial.history
    scores = np.asarray(history.get(fold_score(0), history["val_score"]))
    means = np.cumsum(scores) / np.arange(1, len(scores) + 1)
    shares = np.arange(1, _N_POINTS + 1) / _N_POINTS
    # A training that ended early stays what it was.
    epochs = np.ceil(shares * trial.planned_epochs).astype(int)
    return means[np.minimum(epochs, len(means)) - 1]
