"""The seam between a search and its workers: `Executor`, which each engine implements.

An engine is what starts and finds processes: loky, Dask or Ray. Little is asked of it:
to send one object to all machines, to run a function in a worker, and to say when a
worker has died.
"""

import queue
import uuid
from abc import ABC, abstractmethod
from dataclasses import dataclass
from itertools import islice

import cloudpickle

from skautokeras._search.parallel.entry import check_answer, make_entry
from skautokeras._search.parallel.worker import Job

# Workers that a task may take down with it.
MAX_ATTEMPTS = 2
# Seconds after which a cluster is asked again how many workers it has.
_SECONDS_BETWEEN_LOOKS = 1.0


@dataclass(frozen=True)
class WorkerDeath:
    """The result of a task that has ended with its worker, as often as it was tried.

    Attributes
    ----------
    reason : str
        Text of the engine.
    """

    reason: str


@dataclass(frozen=True, eq=False)
class _Task:
    """A task that runs, and how often it was started."""

    key: object
    payload: bytes
    future: object
    attempt: int


class Executor(ABC):
    """Workers that call one function, with arguments of which most are shared.

    ``tests/search/test_executors.py`` tests this contract for every engine:

    - Results come in the order in which tasks end.
    - A task whose worker has died runs again in another one. If that one dies too, the
      result of the task is a `WorkerDeath`. No other task is lost.
    - What a task raises is raised by `next_result`. Workers with other versions of
      skautokeras, Keras or TensorFlow are an error, before they run a task.
    - `n_workers` follows a cluster that grows or shrinks, up to ``n_jobs``.
    - Tasks that were submitted are all taken back by `cancel`. To leave the context
      does so too, and frees what was shared.

    A subclass implements the methods whose names begin with an underscore.

    Parameters
    ----------
    n_jobs : int or None
        Greatest number of tasks at the same time. If None, it is the number of workers.

    Attributes
    ----------
    n_workers : int
        Number of tasks to submit before the next result. It changes only in
        `next_result`.
    """

    def __init__(self, n_jobs):
        self._n_jobs = n_jobs
        self._key = None
        self._tasks = {}  # by the number of the start
        self._n_starts = 0
        self._ended = queue.SimpleQueue()  # numbers of starts
        self._enter = make_entry()
        self.n_workers = self._usable_workers()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            self.cancel()
        finally:
            self._free()

    def share(self, function, objects):
        """Send what all tasks have in common, in place of what was shared before.

        Parameters
        ----------
        function : callable
            Function ``function(*args, deadline, **objects, **options)``.
        objects : dict of str to object
            Keyword arguments of all calls. Their arrays must not be changed.
        """
        self._key = uuid.uuid4().hex
        self._share(function, objects)

    def submit(self, key, args, seconds, options):
        """Start a task in a worker, and return at once.

        Parameters
        ----------
        key : hashable
            Name of the task.
        args : tuple
            Arguments of the function.
        seconds : float
            Time that the task may take; the function is given a `Deadline`.
        options : dict of str to object
            Keyword arguments of the function beside those that are shared.
        """
        job = Job(self._key, args, seconds, options, self.workers_of_a_machine())
        self._start(key, cloudpickle.dumps(job))

    def next_result(self):
        """Wait for the task that ends next.

        Returns
        -------
        result : tuple (key, object) or None
            Name of the task, and what the function has returned or a `WorkerDeath`.
            None as soon as the number of workers is another one.
        """
        while True:
            try:
                number = self._ended.get(timeout=_SECONDS_BETWEEN_LOOKS)
            except queue.Empty:
                before, self.n_workers = self.n_workers, self._usable_workers()
                if self.n_workers != before:
                    return None
                continue
            # Of a task that was taken back, nothing is there.
            result = self._take(self._tasks.pop(number, None))
            if result is not None:
                self.n_workers = self._usable_workers()
                return result

    def results_of(self, tasks):
        """Submit tasks as workers become free, and yield their results as they come.

        Parameters
        ----------
        tasks : iterable of tuple
            Arguments of `submit`.

        Yields
        ------
        result : tuple (key, object)
            Name of a task, and what the function has returned or a `WorkerDeath`.
        """
        tasks, n_running = iter(tasks), 0
        while True:
            for task in islice(tasks, max(0, self.n_workers - n_running)):
                self.submit(*task)
                n_running += 1
            if n_running == 0:
                return
            result = self.next_result()
            if result is not None:
                n_running -= 1
                yield result

    def cancel(self):
        """Take back all tasks; those that run are stopped as soon as possible."""
        futures = [task.future for task in self._tasks.values()]
        self._tasks.clear()
        if futures:
            self._cancel(futures)

    def _usable_workers(self):
        n_workers = max(1, self._n_workers_now())
        return n_workers if self._n_jobs is None else min(n_workers, self._n_jobs)

    def _start(self, key, payload, attempt=1):
        number = self._n_starts
        self._n_starts += 1
        future = self._send(key, payload)
        self._tasks[number] = _Task(key, payload, future, attempt)
        future.add_done_callback(lambda _: self._ended.put(number))

    def _take(self, task):
        """Return the name and the result of a task, None if it starts once more."""
        if task is None:
            return None
        try:
            answer = task.future.result()
        except Exception as error:
            if not self._is_death(error):
                raise
            if task.attempt < MAX_ATTEMPTS:
                self._start(task.key, task.payload, task.attempt + 1)
                return None
            (reason, *_) = str(error).splitlines() or [""]
            return task.key, WorkerDeath(reason)
        check_answer(answer)
        return task.key, cloudpickle.loads(answer)

    @abstractmethod
    def _n_workers_now(self):
        """Return the number of tasks that all workers can run at the same time."""

    @abstractmethod
    def workers_of_a_machine(self):
        """Return how many workers share the cores of a machine."""

    @abstractmethod
    def _share(self, function, objects):
        """Make something that all workers get at, for `_send`."""

    @abstractmethod
    def _send(self, key, payload):
        """Let a worker call ``self._enter(content, payload)``; return a future."""

    @abstractmethod
    def _is_death(self, error):
        """Return whether an error of a future means that its worker has died."""

    @abstractmethod
    def _cancel(self, futures):
        """Stop what runs in workers for futures that nobody waits for any more."""

    @abstractmethod
    def _free(self):
        """Free what is shared, and give the workers back."""
