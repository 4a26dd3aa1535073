"""The pool of workers: trials at the same time, through joblib.

joblib is used because it is what scikit-learn's users configure: ``n_jobs``, and a
`joblib.parallel_config` that may send the trials to Dask or Ray. Its interface is made
for lists of tasks that are known beforehand, but a search knows its next trial only
once a result has come back. `_PoolRun` says how the two are brought together.
"""

import tempfile
import uuid
import warnings
from collections import deque
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from pathlib import Path

import joblib
from joblib.parallel import LokyBackend, MultiprocessingBackend, get_active_backend

from skautokeras._search.parallel.worker import (
    SharedContext,
    idle,
    idle_until,
    run_trial,
)
from skautokeras._search.trial import Trial

# Pools of workers that die one after the other, without a trial that completes.
_MAX_DEATHS = 3
# Errors of Dask and Ray that mean what a broken pool means for loky.
_DEATHS = {"KilledWorker", "RayActorError", "ActorDiedError", "WorkerCrashedError"}


def count_workers(n_jobs):
    """Return the number of workers; 1 if trials run in this process.

    Parameters
    ----------
    n_jobs : int or None
        Number of jobs as in `joblib.Parallel`.

    Returns
    -------
    n_workers : int

    Raises
    ------
    ValueError
        If the active backend of joblib forks.
    """
    n_workers = joblib.effective_n_jobs(n_jobs)
    backend, _ = get_active_backend()
    # Trials in threads of one process would mostly wait for one another: tracing holds
    # the interpreter. It is also what joblib offers below its own workers.
    if n_workers == 1 or getattr(backend, "supports_sharedmem", False):
        return 1
    if type(backend) is MultiprocessingBackend:
        raise ValueError(
            "The joblib backend 'multiprocessing' forks this process, which TensorFlow "
            "does not survive. Choose 'loky' or 'dask'."
        )
    # Dask takes no notice of `n_jobs`.
    return min(n_workers, n_jobs) if n_jobs is not None and n_jobs > 0 else n_workers


class WorkerPool:
    """Workers of the active joblib backend, for one search.

    Parameters
    ----------
    n_jobs : int
        Number of trials at the same time.
    shared : dict of str to object
        Keyword arguments that every evaluation is called with. Their arrays are written
        to a file once, and all workers on this machine map it into their memory.
    """

    def __init__(self, n_jobs, shared):
        self.n_jobs = n_jobs
        self._shared = shared

    def run(self, search, evaluate):
        """Run the trials of a search until there is none to start.

        Parameters
        ----------
        search : Search
            Search that starts and finishes the trials.
        evaluate : callable
            Function ``evaluate(values, seed, deadline, **shared, **options) -> Trial``.
        """
        with tempfile.TemporaryDirectory(
            prefix="skautokeras-", ignore_cleanup_errors=True
        ) as folder:
            path = Path(folder) / "shared.joblib"
            # Classes and functions of notebooks cannot be imported in a worker.
            evaluate = joblib.wrap_non_picklable_objects(evaluate, keep_wrapper=False)
            joblib.dump((evaluate, self._shared), path)
            backend, _ = get_active_backend()
            context = SharedContext(
                uuid.uuid4().hex,
                str(path),
                self.n_jobs,
                memory_is_watched=type(backend) is LokyBackend,
            )
            _PoolRun(search, context).run()


class _PoolRun:
    """The trials of one search on their way to the workers and back.

    joblib pulls tasks from a generator as soon as a worker is free. It does so in a
    thread of its own and holds a lock meanwhile, without which no result can be had. So
    the generator must neither wait nor ask the oracle: it yields a trial from the queue
    or, if the queue is empty, an idle task. All else happens in the thread of the
    search: it takes a result in, asks the oracle and puts the next trial into the
    queue, while the worker that has become free idles.

    A backend that cannot return single results, such as Ray's, gets its trials in
    rounds: a list of tasks, all of whose results come back together.
    """

    def __init__(self, search, context):
        self._search = search
        self._context = context
        self._queue = deque()
        self._pending = {}  # by number; the trials in the queue included
        self._to_other_machines = set()  # numbers of trials
        self._context_with_content = None
        self._deaths = 0
        backend, _ = get_active_backend()
        self._returns_single_results = backend.supports_return_generator

    def run(self):
        self._start_trials()
        while self._queue and not self._search.stopped and self._deaths < _MAX_DEATHS:
            try:
                self._run_pool()
            except Exception as error:
                if not _is_worker_death(error):
                    raise
                self._deaths += 1
                self._record_worker_death(error)
                self._start_trials()

    def _run_pool(self):
        returned = "generator_unordered" if self._returns_single_results else "list"
        parallel = joblib.Parallel(
            n_jobs=self._context.n_jobs,
            return_as=returned,
            pre_dispatch=self._context.n_jobs,
            batch_size=1,
        )
        with parallel, warnings.catch_warnings():
            # loky replaces workers that use more and more memory, which is what we
            # want. Where warnings are errors, this one would end the thread that does.
            warnings.filterwarnings("ignore", "A worker stopped while some jobs")
            while self._queue:
                self._receive(parallel(self._tasks()))

    def _receive(self, results):
        """Take in results; if one of them stops the search, drop those to come."""
        try:
            for result in results:
                if result is not None:
                    self._finish_trial(*result)
                if self._search.stopped:
                    self._queue.clear()
                    break
        finally:
            if self._returns_single_results:
                _close(results)

    def _tasks(self):
        while True:
            try:
                pending = self._queue.popleft()
            except IndexError:
                done = self._search.exhausted or not self._pending
                if done or not self._returns_single_results:
                    return
                yield joblib.delayed(idle)(self._context, idle_until())
            else:
                yield joblib.delayed(run_trial)(
                    self._context_for(pending),
                    pending.number,
                    pending.values,
                    pending.seed,
                    pending.deadline.left(),
                    pending.options,
                )

    def _context_for(self, pending):
        if pending.number not in self._to_other_machines:
            return self._context
        if self._context_with_content is None:
            content = Path(self._context.path).read_bytes()
            self._context_with_content = replace(self._context, content=content)
        return self._context_with_content

    def _finish_trial(self, number, trial):
        pending = self._pending[number]
        if trial is None:
            self._to_other_machines.add(number)
            self._queue.append(pending)
            return
        if trial.error is None:
            self._deaths = 0
        self._search.finish_trial(pending, trial)
        self._start_trials()
        # Only now: without a pending trial the generator of tasks would end.
        del self._pending[number]

    def _start_trials(self):
        started = self._search.start_trials()
        self._pending.update((pending.number, pending) for pending in started)
        self._queue.extend(started)

    def _record_worker_death(self, error):
        """Record the trials that were lost with their workers as failed."""
        lost = [p for p in self._pending.values() if p not in self._queue]
        (message, *_) = str(error).splitlines() or [""]
        reason = f"A worker died while this trial ran; too little memory? {message}"
        for pending in lost:
            if not self._search.stopped:
                trial = Trial(pending.values, pending.seed, error=reason)
                self._search.finish_trial(pending, trial)
            del self._pending[pending.number]


def _close(results):
    """End a generator of results; joblib stops the workers that are not done."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", r"(?s)\d+ tasks .*", UserWarning)
        results.close()


def _is_worker_death(error):
    return isinstance(error, BrokenProcessPool) or type(error).__name__ in _DEATHS
