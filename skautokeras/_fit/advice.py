"""Advice: what a user should know about a result that is poor for want of time."""

import numpy as np

from skautokeras._training.probe import score_or_none
from skautokeras._training.validation_loss import loss_on

# Trainings of fewer epochs, and trees of fewer iterations, tell little.
_FEWEST_EPOCHS, _FEWEST_ITERATIONS = 4, 25


def advice(outcome, problem, data, max_time):
    """Return what is wrong with the result of a search, and what helps, or None.

    Parameters
    ----------
    outcome : Outcome
        Result of the search.
    problem : Problem
        Problem of the search.
    data : SplitRows
        Training rows and validation rows.
    max_time : float or None
        Seconds that the fit has had.

    Returns
    -------
    advice : str or None
        One or two sentences. None if nothing is wrong.
    """
    sentences = []
    best = outcome.best
    if best.cut and _is_hardly_trained(best):
        done = f"{best.n_iterations} trees"
        if best.n_iterations is None:
            done = f"{best.trained_epochs:.2g} epochs"
        sentences.append(
            f"The best trial had {done} when its share of max_time={max_time} was over."
        )
    baseline = score_without_x(problem, data)
    if baseline is not None and best.score <= baseline:
        sentences.append(
            f"Its score of {best.score:.3g} is no better than {baseline:.3g}, the "
            "score of predicting the same for all rows."
        )
    if not sentences:
        return None
    help_ = "a larger max_time, fewer rows, smaller images or shorter texts"
    if not best.cut:
        help_ = "more trials or epochs, unless X tells nothing about y"
    return " ".join([*sentences, f"What may help: {help_}."])


def _is_hardly_trained(trial):
    if trial.n_iterations is not None:
        return trial.n_iterations < _FEWEST_ITERATIONS
    return trial.trained_epochs < _FEWEST_EPOCHS


def score_without_x(problem, data):
    """Return the score of predicting the means of the training rows for all rows.

    Parameters
    ----------
    problem : Problem
        Problem of the search.
    data : SplitRows
        Training rows and validation rows.

    Returns
    -------
    score : float or None
        None if such predictions have no score.
    """
    n_rows = len(data.valid)
    y_pred = {
        name: np.repeat(_means(data.train.y[name], *pair)[None], n_rows, axis=0)
        for name, pair in problem.heads.items()
    }
    loss = loss_on(problem.heads, data.valid)
    return score_or_none(problem.objective, y_pred, loss)


def _means(y, head, target):
    """Return the shares of the classes, or the means of the numbers, as outputs."""
    if target.is_classification and head.layout(target) not in ("binary", "columns"):
        shares = np.bincount(y.astype(int), minlength=max(target.n_outputs, 2)) / len(y)
        return shares.astype("float32")
    return y.reshape(len(y), -1).mean(axis=0).astype("float32")
