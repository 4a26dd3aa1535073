"""Advice: what a user should know about a result that is poor for want of time."""

from skautokeras._training.probe import score_without_x

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
    n_rows = min(_rows_of_a_fold(trial) for trial in outcome.trials if trial.n_rows)
    if best.cut and _is_hardly_trained(best, n_rows):
        done = f"{best.n_iterations} trees"
        if best.n_iterations is None:
            done = f"{best.trained_epochs:.2g} epochs"
        sentences.append(
            f"The best trial had {done} when its share of max_time={max_time} was over."
        )
    baseline = score_without_x(problem.heads, problem.objective, data.train, data.valid)
    if baseline is not None and best.score <= baseline:
        if _is_constant(data.train.y):
            return "All targets are equal, so that X tells nothing about y."
        sentences.append(
            f"The best trial's score of {best.score:.3g} is no better than "
            f"{baseline:.3g}, the score of predicting the same for all rows."
        )
    if not sentences:
        return None
    help_ = "a larger max_time, fewer rows, smaller images or shorter texts"
    if not best.cut:
        help_ = "more trials or epochs, unless X tells nothing about y"
    return " ".join([*sentences, f"What may help: {help_}."])


def _is_constant(y):
    """Return whether all rows have the same targets."""
    return all((of_head == of_head[:1]).all() for of_head in y.values())


def _is_hardly_trained(trial, n_rows):
    """Return whether a trial had little time, counted in epochs of some rows."""
    if trial.n_iterations is not None:
        return trial.n_iterations < _FEWEST_ITERATIONS
    return trial.trained_epochs * _rows_of_a_fold(trial) < _FEWEST_EPOCHS * n_rows


def _rows_of_a_fold(trial):
    return trial.n_rows / trial.n_folds
