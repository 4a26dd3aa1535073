"""Wording: the lines that a fit says about its data, its trials and its result."""

from skautokeras._search.record import kind_of, scoring_name


def data_line(x_adapter, y_adapter, n_rows):
    """Return the line about the data.

    Parameters
    ----------
    x_adapter : XAdapter
        Fitted adapter of X.
    y_adapter : YAdapter
        Fitted adapter of y.
    n_rows : int
        Number of rows, those for validation included.

    Returns
    -------
    line : str
    """
    targets = [
        _target(name if len(y_adapter.names) > 1 else "y", schema)
        for name, schema in zip(y_adapter.names, y_adapter.schemas_, strict=True)
    ]
    return f"Data: {n_rows:,} rows; X: {_columns(x_adapter)}; {'; '.join(targets)}."


def _columns(x_adapter):
    """Return how many columns of each kind there are."""
    report = x_adapter.describe_columns()
    if not hasattr(x_adapter, "n_features_in_") and len(report) == 1:
        return report["becomes"].iloc[0]
    counts = report["kind"].value_counts()
    kinds = ", ".join(f"{n} {kind}" for kind, n in counts.items())
    return f"{_count(len(report), 'column')} ({kinds})"


def _target(name, schema):
    """Return what a head predicts."""
    if schema.kind == "regression":
        return f"{name}: {_count(schema.n_outputs, 'number')}"
    if schema.kind == "multilabel":
        return f"{name}: {_count(schema.n_outputs, 'label')}"
    return f"{name}: {_count(max(schema.n_outputs, 2), 'class', 'classes')}"


def search_line(options, n_folds, n_valid):
    """Return the line about the search that begins.

    Parameters
    ----------
    options : FitOptions
        Parameters of this call.
    n_folds : int
        Number of folds of a trial.
    n_valid : int
        Number of validation rows, of all folds together.

    Returns
    -------
    line : str
    """
    time = "" if options.max_time is None else f" in {options.max_time:g} s"
    where = f"on {n_valid:,} rows"
    if n_folds > 1:
        where = f"on {n_valid:,} rows in {n_folds} folds"
    trials = _count(options.max_trials, "trial")
    return f"Search: up to {trials}{time}, judged by {_scoring(options)} {where}."


def trial_line(trials, options, deadline, is_best):
    """Return the line about the trial that has just ended.

    Parameters
    ----------
    trials : list of Trial
        Trials that have ended, in their order.
    options : FitOptions
        Parameters of this call.
    deadline : Deadline or None
        Deadline of the fit. None if the trial is one of an earlier fit, which is read
        from the directory.
    is_best : bool
        Whether its score is the greatest so far.

    Returns
    -------
    line : str
    """
    trial = trials[-1]
    # The number is that of the leaderboard, from 0.
    head = f"Trial {len(trials) - 1}"
    kind = kind_of(trial.values)
    parts = [kind] if kind else []
    if trial.error is not None:
        parts.append(f"failed: {trial.error}")
    else:
        parts += _scores(trial.metrics, trial.score, options)
        parts.append(_length(trial))
        if len({t.every for t in trials}) > 1 or trial.every > 1:
            parts.append(_count(trial.n_rows, "row"))
    parts.append(f"{trial.seconds:.1f} s")
    if trial.pruned:
        parts.append("pruned")
    rest = "; read, not run again" if deadline is None else _left(deadline)
    line = f"{head}: {', '.join(parts)}{rest}"
    return f"{line} (best so far)" if is_best else line


def _scores(metrics, score, options):
    """Return the metrics and the score, unless the score is one of the metrics."""
    name = _scoring(options)
    shown = {**metrics, name: score}
    return [f"{name} {value:.5g}" for name, value in shown.items()]


def _length(trial):
    """Return how long a training was."""
    cut = " (cut by the time)" if trial.cut else ""
    if trial.n_iterations is not None:
        return f"{_count(trial.n_iterations, 'iteration')}{cut}"
    return f"{_count(trial.epochs, 'epoch')}{cut}"


def refit_line(i, n_members, n_rows, deadline):
    """Return the line about a training on all rows that begins.

    Parameters
    ----------
    i : int
        Number of the member of the final model, from 1.
    n_members : int
        Number of members.
    n_rows : int
        Number of rows to train on.
    deadline : Deadline
        Deadline of the fit.

    Returns
    -------
    line : str
    """
    which = f"network {i} of {n_members}" if n_members > 1 else "the best network"
    return f"Refit: {which} on all {n_rows:,} rows{_left(deadline)}"


def model_line(outcome, options, seconds):
    """Return the line about the final model.

    Parameters
    ----------
    outcome : Outcome
        Result of the search.
    options : FitOptions
        Parameters of this call.
    seconds : float
        Seconds that the fit has taken.

    Returns
    -------
    line : str
    """
    members = [
        f"{kind_of(outcome.trials[i].values) or 'network'} {weight:.2f}"
        for i, weight in outcome.weights.items()
    ]
    scores = ", ".join(_scores(outcome.metrics, outcome.score, options))
    n_refitted = len(outcome.refitted)
    trained = "not refitted"
    if n_refitted:
        trained = f"{n_refitted} of {len(members)} refitted on all rows"
    return (
        f"Final model: {_count(len(members), 'network')} ({', '.join(members)}), "
        f"{trained}; {scores} on the validation rows; {seconds:.1f} s."
    )


def _scoring(options):
    return scoring_name(options.scoring)


def _left(deadline):
    """Return how much time is left, if that is limited."""
    left = deadline.left()
    return "" if left == float("inf") else f"; {left:.0f} s left"


def _count(n, noun, plural=None):
    return f"{n:,} {noun if n == 1 else plural or noun + 's'}"
