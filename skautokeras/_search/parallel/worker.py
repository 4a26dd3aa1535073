"""The functions that run in a worker: evaluate one trial, or idle for a moment.

TensorFlow is imported by the first trial only, not by this module: so the time that it
takes is part of the trial's, and the number of threads can be set before.
"""

import io
import os
import sys
import threading
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import joblib
import numpy as np

from skautokeras._search.garbage_collector import GarbageCollector
from skautokeras._state.deadline import Deadline

# Seconds for which a worker idles at most.
_IDLE_SECONDS = 0.02
# Workers that a trial may take down with it before it counts as failed.
_MAX_ATTEMPTS = 2
# Memory that compiled functions come to use in a worker, roughly.
_RESERVE_BYTES = 400_000_000
# The search that this worker works for. Dask may run several workers as threads of one
# process, and compiled functions are not for several threads.
_current = threading.local()


@dataclass(frozen=True)
class SharedContext:
    """The place where workers find what all trials of a search have in common.

    Attributes
    ----------
    key : str
        Identifier of the search.
    path : str
        File with the evaluation function and its shared arguments. Workers on this
        machine map its arrays into their memory.
    n_jobs : int
        Number of workers.
    content : bytes or None, default=None
        Content of the file, for workers on other machines. It is sent only to those
        that do not find the file, as it may be large.
    memory_is_watched : bool, default=False
        Whether workers are replaced once they use much more memory than after their
        first task, as loky's are.
    """

    key: str
    path: str
    n_jobs: int
    content: bytes | None = None
    memory_is_watched: bool = False


def idle_until():
    """Return until when a worker idles that begins now, as seconds since the epoch."""
    return time.time() + _IDLE_SECONDS


def idle(context, until):
    """Wait a moment, while the parent takes in a result and asks the oracle.

    A new worker prepares itself for the search.

    Parameters
    ----------
    context : SharedContext
        Place of what all trials have in common.
    until : float
        End of the wait from `idle_until`.
    """
    _prepare(context)
    # The clock of another machine may be a wrong one.
    time.sleep(min(max(until - time.time(), 0.0), _IDLE_SECONDS))


def run_trial(context, number, values, seed, seconds, options):
    """Evaluate one configuration.

    Parameters
    ----------
    context : SharedContext
        Place of what all trials have in common.
    number : int
        Number of the trial.
    values : dict of str to object
        Configuration to evaluate.
    seed : int
        Seed of the trial.
    seconds : float
        Time until the deadline of the trial.
    options : dict
        Further keyword arguments of the evaluation.

    Returns
    -------
    number : int
        Number of the trial.
    trial : Trial or None
        Result. None if the file of the context is not on this machine, so that its
        content has to be sent.
    """
    deadline = Deadline(seconds)
    if not _prepare(context):
        return number, None
    if _count_attempt(context, number) > _MAX_ATTEMPTS:
        return number, _failed_by_worker_death(values, seed)
    trial = _current.evaluate(values, seed, deadline, **options)
    _current.collector.collect()
    return number, trial


def _prepare(context):
    """Make this worker ready for the trials of a search; return whether it is."""
    if context.memory_is_watched:
        _memory_reserve.hold_during_first_task()
    _limit_threads(context.n_jobs)
    return _load(context)


class _MemoryReserve:
    """Memory that a worker holds during its first task, and never again.

    Where psutil is installed, loky measures after the first task how much memory a
    worker uses, and replaces a worker that has come to use 300 MB more. Compiled
    functions add up to that, and the new worker has to start TensorFlow and to compile
    again: a search with two workers was slower than one without.
    """

    def __init__(self):
        self._is_new, self._memory = True, None

    def hold_during_first_task(self):
        """Take the memory in the first call, give it back in the second."""
        # Only memory that is written to counts.
        self._memory = np.ones(_RESERVE_BYTES, "uint8") if self._is_new else None
        self._is_new = False


_memory_reserve = _MemoryReserve()


def _limit_threads(n_jobs):
    """Give TensorFlow its share of the cores, if it is yet to start."""
    if "tensorflow" not in sys.modules:
        n_threads = str(max(1, joblib.cpu_count() // n_jobs))
        os.environ.setdefault("TF_NUM_INTRAOP_THREADS", n_threads)
        os.environ.setdefault("TF_NUM_INTEROP_THREADS", n_threads)


def _load(context):
    """Load a context unless this worker has it; return whether it has it now."""
    if getattr(_current, "key", None) == context.key:
        return True
    _current.key = _current.evaluate = None
    if Path(context.path).exists():
        evaluate, shared = joblib.load(context.path, mmap_mode="r")
    elif context.content is not None:
        evaluate, shared = joblib.load(io.BytesIO(context.content))
    else:
        return False
    _current.evaluate = partial(evaluate, **shared)
    _current.collector = GarbageCollector()
    _current.key = context.key
    return True


def _count_attempt(context, number):
    """Return how often a trial has been started: Dask repeats those of dead workers.

    joblib would wait for ever for a task that Dask gives up.
    """
    path = Path(context.path).with_name(f"trial_{number}")
    try:
        with path.open("ab") as file:
            file.write(b".")
            return file.tell()
    except OSError:
        return 1  # The folder of the context is on another machine.


def _failed_by_worker_death(values, seed):
    # Importing it at the top would import TensorFlow.
    from skautokeras._search.trial import Trial

    reason = f"Its worker died, {_MAX_ATTEMPTS} times; too little memory?"
    return Trial(dict(values), seed, error=reason)
