"""The search: ask the oracle, evaluate, tell it, until the budget is spent."""

import gc
import statistics
import time

from skautokeras._search.oracle import ask, hosted, tell

# Trials that get no more than half of what is left, so that several are tried.
_FIRST_TRIALS = 3
# Share of the time that may go into collecting garbage.
_COLLECTING_SHARE = 0.05
# A trial that can have less than this share of a usual trial's time is not started.
_WORTH_STARTING = 0.5


def search(
    oracle,
    evaluate,
    *,
    seeds,
    deadline,
    reserve=lambda trials: 0.0,
    curve=lambda trials: (),
    on_trial=lambda trials: False,
):
    """Try configurations until the oracle stops, the seeds or the time are used up.

    Parameters
    ----------
    oracle : keras_tuner.Oracle
        Proposes values.
    evaluate : callable
        ``evaluate(values, seed, deadline) -> Trial``.
    seeds : sequence of int
        One per trial; their number is the most trials there are.
    deadline : Deadline
        Of the whole search.
    reserve : callable
        From the trials so far to the seconds to keep for what follows the search.
    curve : callable
        From the trials so far to what the next one must not be behind; passed on to
        ``evaluate`` as ``curve`` unless it is empty.
    on_trial : callable
        Called with the list of trials after each one; True ends the search.

    Returns
    -------
    trials : list of Trial
        In the order they were tried.
    interrupted : bool
        Whether the user pressed Ctrl+C; the trials before it are there.

    Raises
    ------
    RuntimeError
        If every trial failed; the message holds the first reason.
    KeyboardInterrupt
        If the user pressed Ctrl+C before a trial had finished.

    Examples
    --------
    >>> import keras_tuner
    >>> from skautokeras import GreedyOracle
    >>> from skautokeras._search.deadline import Deadline
    >>> from skautokeras._search.loop import search
    >>> from skautokeras._search.trial import Trial
    >>> space = keras_tuner.HyperParameters()
    >>> _ = space.Int("x", 0, 6)
    >>> objective = keras_tuner.Objective("score", "max")
    >>> oracle = GreedyOracle(objective=objective, hyperparameters=space, seed=0)
    >>> def parabola(values, seed, deadline):
    ...     return Trial(values, seed, score=-((values["x"] - 3) ** 2))
    >>> trials, _ = search(oracle, parabola, seeds=range(7), deadline=Deadline(60))
    >>> sorted(trial.values["x"] for trial in trials)
    [0, 1, 2, 3, 4, 5, 6]
    """
    trials, interrupted = [], False
    collector = _Collector()
    with hosted(oracle):
        try:
            for seed in seeds:
                limit = trial_deadline(deadline, trials, reserve(trials))
                proposal = None if limit is None else ask(oracle)
                if proposal is None:
                    break
                bar = curve(trials)
                trial = evaluate(
                    proposal.hyperparameters.values,
                    seed,
                    limit,
                    **({"curve": bar} if bar else {}),
                )
                tell(oracle, proposal, trial)
                trials.append(trial)
                collector.collect()
                if on_trial(trials):
                    break
        except KeyboardInterrupt:
            interrupted = True
    _check_any_completed(trials, interrupted)
    return trials, interrupted


def trial_deadline(deadline, trials, reserve):
    """Return until when the next trial may run; None if none is worth starting.

    Parameters
    ----------
    deadline : Deadline
        Of the whole search.
    trials : list of Trial
        So far.
    reserve : float
        Seconds to keep for what follows the search.
    """
    if deadline.left() == float("inf"):
        return deadline
    left = deadline.left() - reserve
    completed = [t.seconds for t in trials if t.status == "completed"]
    if completed and left < _WORTH_STARTING * statistics.median(completed):
        return None
    if trials and left <= 0:
        return None
    share = left / 2 if len(completed) < _FIRST_TRIALS else left
    return deadline.within(max(share, 0.0))


def best_trial(trials):
    """Return the completed trial with the greatest score; the earlier one of equals."""
    completed = [trial for trial in trials if trial.status == "completed"]
    return max(completed, key=lambda trial: trial.score)


class _Collector:
    """Frees the networks of past trials, as often as it is worth its time.

    Keras models are part of reference cycles, and Python does not see how much memory
    their weights take.
    """

    def __init__(self):
        self._next = time.monotonic()

    def collect(self):
        """Collect garbage, unless the last time was too short ago."""
        start = time.monotonic()
        if start >= self._next:
            gc.collect()
            end = time.monotonic()
            self._next = end + (end - start) / _COLLECTING_SHARE


def _check_any_completed(trials, interrupted):
    """Raise unless a trial can be used."""
    if any(trial.status == "completed" for trial in trials):
        return
    if interrupted:
        raise KeyboardInterrupt("Interrupted before a trial had finished.")
    if not trials:
        raise RuntimeError("The oracle proposed no configuration.")
    raise RuntimeError(
        f"All {len(trials)} trials failed. The first one:\n{trials[0].error}"
    )
