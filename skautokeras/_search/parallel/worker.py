"""The functions that run in a worker: get at what tasks share, and do one task.

TensorFlow is imported by the first task only, not by this module: so the time that it
takes is part of the task's, and the number of threads can be set before.
"""

import io
import math
import os
import pickle
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

import cloudpickle
import joblib
import numpy as np

from skautokeras._search.garbage_collector import GarbageCollector
from skautokeras._state.deadline import Deadline

# Memory that compiled functions come to use in a worker, roughly.
_RESERVE_BYTES = 400_000_000
# Arrays of this size are sent apart from the pickle that they belong to.
_LARGE_BYTES = 1000
# Seconds without a task after which a worker frees what tasks share.
_SECONDS_TO_KEEP = 10.0
# Keys of what has been stopped.
_stopped = set()


@dataclass(frozen=True, eq=False)
class Job:
    """One task on its way to a worker.

    Attributes
    ----------
    key : str
        Identifier of what the task shares with others.
    args : tuple
        Arguments of the shared function.
    seconds : float
        Time from the start of the task to its deadline.
    options : dict of str to object
        Keyword arguments of the function beside those that are shared.
    n_workers : int
        Number of workers that share the cores of the machine.
    """

    key: str
    args: tuple
    seconds: float
    options: dict
    n_workers: int


def pack(function, objects):
    """Return a function and its arguments, such that large arrays are not copied.

    Classes and functions of notebooks are part of it, as a worker cannot import them.

    Parameters
    ----------
    function : callable
        Function that all tasks call.
    objects : dict of str to object
        Keyword arguments of all calls.

    Returns
    -------
    content : tuple (bytes, list of ndarray)
        The pickle without large arrays, and the memory of these arrays.

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._search.parallel.worker import pack
    >>> pickled, arrays = pack(print, {"x": np.zeros(1000)})
    >>> len(pickled) < 1000, arrays[0].nbytes
    (True, 8000)
    """
    arrays = []

    def is_part_of_the_pickle(buffer):
        array = np.asarray(buffer.raw())
        if array.nbytes >= _LARGE_BYTES:
            arrays.append(array)
        return array.nbytes < _LARGE_BYTES

    file = io.BytesIO()
    pickler = _Pickler(file, protocol=5, buffer_callback=is_part_of_the_pickle)
    pickler.dump((function, objects))
    return file.getvalue(), arrays


class _Pickler(cloudpickle.Pickler):
    """Pickler that leaves arrays in files apart, as it does with those in memory."""

    def reducer_override(self, obj):
        """Return how an object is pickled."""
        if isinstance(obj, np.memmap):
            return np.asarray(obj).__reduce_ex__(5)
        return super().reducer_override(obj)


def run_job(content, payload):
    """Do one task.

    Parameters
    ----------
    content : str or tuple (bytes, list of ndarray)
        Result of `pack` for what all tasks share, or the name of a file with it, whose
        arrays are mapped into memory.
    payload : bytes
        Pickled `Job`.

    Returns
    -------
    answer : bytes
        Pickled result of the function.
    """
    job = cloudpickle.loads(payload)
    deadline = Deadline(job.seconds, partial(_time_of, job.key))
    is_watched = isinstance(content, str)
    if is_watched:
        _memory_reserve.hold_during_first_task()
    _limit_threads(job.n_workers)
    with _loaded_by_this_thread().use(job.key, content) as function:
        return cloudpickle.dumps(function(*job.args, deadline, **job.options))


def stop(key):
    """Let the deadlines of all tasks in this process be over.

    Parameters
    ----------
    key : str
        Identifier of what the tasks share.
    """
    _stopped.add(key)


def _time_of(key):
    return math.inf if key in _stopped else time.monotonic()


class _Loaded:
    """What tasks share, as a worker has loaded it with the first of them.

    It is freed once there has been no task for some seconds: the search has ended then,
    or its process has died.
    """

    def __init__(self):
        self._key = self._function = self._timer = None
        self._collector = GarbageCollector()

    @contextmanager
    def use(self, key, content):
        """Lend the function that tasks call, with what they share.

        Parameters
        ----------
        key : str
            Identifier of the content.
        content : str or tuple
            File or result of `pack`, which is loaded unless it has been already.
        """
        if self._timer is not None:
            self._timer.cancel()
        function = self._function if self._key == key else None
        if function is None:
            self._function = None  # The former content gives way first.
            function = _load(content)
            self._key, self._function = key, function
        try:
            yield function
        finally:
            del function
            self._collector.collect()
            self._timer = threading.Timer(_SECONDS_TO_KEEP, self._forget)
            self._timer.daemon = True
            self._timer.start()

    def _forget(self):
        self._key = self._function = None


# Dask may run several workers as threads of one process, and compiled functions are not
# for several threads.
_threads = threading.local()


def _loaded_by_this_thread():
    if not hasattr(_threads, "loaded"):
        _threads.loaded = _Loaded()
    return _threads.loaded


def _load(content):
    if isinstance(content, str):
        content = joblib.load(content, mmap_mode="r")
    pickled, arrays = content
    # Tasks must not change what others share.
    buffers = [memoryview(array).toreadonly() for array in arrays]
    function, objects = pickle.loads(pickled, buffers=buffers)
    return partial(function, **objects)


class _MemoryReserve:
    """Memory that a worker of loky holds during its first task, and never again.

    loky measures after the first task how much memory a worker uses, and replaces a
    worker that has come to use 300 MB more. Compiled functions add up to that, and the
    new worker has to start TensorFlow and to compile again: a search with two workers
    was slower than one without.
    """

    def __init__(self):
        self._is_new, self._memory = True, None

    def hold_during_first_task(self):
        """Take the memory in the first call, give it back in the second."""
        # Only memory that is written to counts.
        self._memory = np.ones(_RESERVE_BYTES, "uint8") if self._is_new else None
        self._is_new = False


_memory_reserve = _MemoryReserve()


def _limit_threads(n_workers):
    """Give TensorFlow its share of the cores, if it is yet to start."""
    if "tensorflow" not in sys.modules:
        n_threads = str(max(1, joblib.cpu_count() // n_workers))
        os.environ.setdefault("TF_NUM_INTRAOP_THREADS", n_threads)
        os.environ.setdefault("TF_NUM_INTEROP_THREADS", n_threads)
