"""Workers: trials at the same time, through joblib."""

import tempfile
import uuid
import warnings
from collections import deque
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from pathlib import Path

import joblib
from joblib.parallel import LokyBackend, MultiprocessingBackend, get_active_backend

from skautokeras._search.parallel.worker import Parcel, nap, nap_end, work
from skautokeras._search.trial import Trial

# Pools of workers that die one after the other, without a trial that completes.
_MAX_DEATHS = 3
# What Dask and Ray raise where loky says that the pool is broken.
_DEATHS = {"KilledWorker", "RayActorError", "ActorDiedError", "WorkerCrashedError"}


def count_workers(n_jobs):
    """Return how many workers there are; 1: the trials run here.

    Parameters
    ----------
    n_jobs : int or None
        As in `joblib.Parallel`.

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


class Workers:
    """Workers of the active joblib backend, for one search.

    Parameters
    ----------
    evaluate : callable
        ``evaluate(values, seed, deadline, data=data) -> Trial``.
    data : Data
        Its arrays are memory-mapped by all workers that see the same files.
    n_jobs : int
        Trials at the same time.
    """

    def __init__(self, evaluate, data, n_jobs):
        self._evaluate = evaluate
        self._data = data
        self.n_jobs = n_jobs

    def run(self, desk):
        """Run the trials that a desk hands out."""
        with tempfile.TemporaryDirectory(
            prefix="skautokeras-", ignore_cleanup_errors=True
        ) as folder:
            path = Path(folder) / "shared.joblib"
            # Classes and functions of notebooks are not there in a worker.
            evaluate = joblib.wrap_non_picklable_objects(
                self._evaluate, keep_wrapper=False
            )
            joblib.dump((evaluate, self._data), path)
            backend, _ = get_active_backend()
            parcel = Parcel(
                uuid.uuid4().hex,
                str(path),
                self.n_jobs,
                is_watched=type(backend) is LokyBackend,
            )
            _Shift(desk, parcel).run()


class _Shift:
    """The jobs of one search on their way to the workers and back.

    joblib pulls tasks from a generator as soon as a worker is free, in a thread of its
    own, and holds a lock meanwhile without which results cannot be had. So the
    generator neither waits nor asks the oracle: it gives a job that is in the queue, or
    a nap. All else happens in the thread of the search: it takes a result in, asks, and
    puts the next job into the queue, while the worker that has become free naps.
    """

    def __init__(self, desk, parcel):
        self._desk = desk
        self._parcel = parcel
        self._queue = deque()
        self._under_way = {}  # by number; those in the queue included
        self._to_other_machines = set()  # numbers of jobs
        self._full_parcel = None
        self._deaths = 0
        backend, _ = get_active_backend()
        self._one_by_one = backend.supports_return_generator

    def run(self):
        self._fill()
        while self._queue and not self._desk.stopped and self._deaths < _MAX_DEATHS:
            try:
                self._run_pool()
            except Exception as error:
                if not _is_death(error):
                    raise
                self._deaths += 1
                self._bury(error)
                self._fill()

    def _run_pool(self):
        parallel = joblib.Parallel(
            n_jobs=self._parcel.n_jobs,
            return_as="generator_unordered" if self._one_by_one else "list",
            pre_dispatch=self._parcel.n_jobs,
            batch_size=1,
        )
        with parallel, warnings.catch_warnings():
            # loky replaces workers that use more and more memory, which is well. Where
            # warnings are errors, this one would end the thread that does it.
            warnings.filterwarnings("ignore", "A worker stopped while some jobs")
            while self._queue:
                self._collect(parallel(self._tasks()))

    def _collect(self, results):
        """Take in results; those that are still to come are dropped if one stops it."""
        try:
            for result in results:
                if result is not None:
                    self._receive(*result)
                if self._desk.stopped:
                    self._queue.clear()
                    break
        finally:
            if self._one_by_one:
                _close(results)

    def _tasks(self):
        while True:
            try:
                job = self._queue.popleft()
            except IndexError:
                done = self._desk.over or not self._under_way
                if done or not self._one_by_one:
                    return
                yield joblib.delayed(nap)(self._parcel, nap_end())
            else:
                yield joblib.delayed(work)(
                    self._parcel_for(job),
                    job.number,
                    job.values,
                    job.seed,
                    job.deadline.left(),
                    job.options,
                )

    def _parcel_for(self, job):
        if job.number not in self._to_other_machines:
            return self._parcel
        if self._full_parcel is None:
            content = Path(self._parcel.path).read_bytes()
            self._full_parcel = replace(self._parcel, content=content)
        return self._full_parcel

    def _receive(self, number, trial):
        job = self._under_way[number]
        if trial is None:
            self._to_other_machines.add(number)
            self._queue.append(job)
            return
        if trial.error is None:
            self._deaths = 0
        self._desk.take_in(job, trial)
        self._fill()
        # Only now: without a job under way the generator of tasks would end.
        del self._under_way[number]

    def _fill(self):
        jobs = self._desk.hand_out()
        self._under_way.update((job.number, job) for job in jobs)
        self._queue.extend(jobs)

    def _bury(self, error):
        """Record the trials that were lost with their workers."""
        lost = [job for job in self._under_way.values() if job not in self._queue]
        (message, *_) = str(error).splitlines() or [""]
        reason = f"A worker died while this trial ran; too little memory? {message}"
        for job in lost:
            if not self._desk.stopped:
                trial = Trial(job.values, job.seed, error=reason)
                self._desk.take_in(job, trial)
            del self._under_way[job.number]


def _close(results):
    """End a generator of results; joblib stops the workers that are not done."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", r"(?s)\d+ tasks .*", UserWarning)
        results.close()


def _is_death(error):
    return isinstance(error, BrokenProcessPool) or type(error).__name__ in _DEATHS
