"""The pool of workers: the trials of a search on their way to them and back."""

from skautokeras._search.feasibility import Rejection
from skautokeras._search.parallel.backends import make_executor
from skautokeras._search.parallel.executor import MAX_ATTEMPTS, WorkerDeath
from skautokeras._search.trial import Trial
from skautokeras._warnings import warn

# Trials in a row that end with their workers, after which a search ends.
_MAX_DEATHS = 3


class WorkerPool:
    """Workers of the active joblib backend, for one search.

    Parameters
    ----------
    n_jobs : int or None
        Number of trials at the same time, as in `joblib.Parallel`.
    shared : dict of str to object
        Keyword arguments that every evaluation is called with. They are sent to the
        workers once.
    engine : callable, default=make_executor
        Function from ``n_jobs`` to the `Executor` whose workers are used.
    """

    def __init__(self, n_jobs, shared, engine=make_executor):
        self._n_jobs = n_jobs
        self._shared = shared
        self._engine = engine

    def run(self, search, evaluate):
        """Run the trials of a search until there is none to start.

        Parameters
        ----------
        search : Search
            Search that starts and finishes the trials.
        evaluate : callable
            Function ``evaluate(values, seed, deadline, **shared, **options)`` that
            returns a `Trial` or a `Rejection`.
        """
        with self._engine(self._n_jobs) as executor:
            executor.share(evaluate, self._shared)
            _run_trials(search, executor)


def _run_trials(search, executor):
    running, n_deaths = {}, 0
    while not search.stopped and n_deaths < _MAX_DEATHS:
        search.n_jobs = executor.n_workers
        for pending in search.start_trials():
            running[pending.number] = pending
            executor.submit(
                pending.number,
                (pending.values, pending.seed),
                pending.deadline.left(),
                pending.options,
            )
        if not running:
            return
        result = executor.next_result()
        if result is None:  # The number of workers has changed.
            continue
        number, result = result
        pending = running.pop(number)
        if isinstance(result, WorkerDeath):
            n_deaths += 1
            result = _failed_trial(pending, result)
        elif not isinstance(result, Rejection):
            n_deaths = 0
        search.finish_trial(pending, result)
    if n_deaths == _MAX_DEATHS:
        warn(
            f"The search has ended early, because the workers of {n_deaths} trials in "
            "a row died. Pass a smaller n_jobs, or smaller networks."
        )


def _failed_trial(pending, death):
    reason = (
        f"The worker of this trial died, {MAX_ATTEMPTS} times; too little memory? "
        f"{death.reason}"
    )
    return Trial(dict(pending.values), pending.seed, error=reason.strip())
