"""What runs in a worker: one trial, or a nap.

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

from skautokeras._search.collector import Collector
from skautokeras._training.deadline import Deadline

_NAP = 0.02
# Workers that a trial may take down with it before it counts as failed.
_MAX_ATTEMPTS = 2
# About what compiled functions come to use in a worker.
_BALLAST_BYTES = 400_000_000
# What the search of this worker shares among trials. Dask may run several workers as
# threads of one process, and compiled functions are not for several threads.
_own = threading.local()


@dataclass(frozen=True)
class Parcel:
    """Where a worker finds what all trials of a search share.

    ``content`` is what the file holds, for a worker on another machine; only that is
    slow to send. ``is_watched`` says that workers are replaced which come to use much
    more memory than after their first task, as loky's are.
    """

    key: str
    path: str
    n_jobs: int
    content: bytes | None = None
    is_watched: bool = False


def nap_end():
    """Return until when a nap that begins now lasts."""
    return time.time() + _NAP


def nap(parcel, until):
    """Wait a moment, for the parent to take in the last result of this worker.

    A new worker makes itself ready.
    """
    _ready(parcel)
    # The clock of another machine may be a wrong one.
    time.sleep(min(max(until - time.time(), 0.0), _NAP))


def work(parcel, number, values, seed, seconds, options):
    """Evaluate one configuration.

    Parameters
    ----------
    parcel : Parcel
        What all trials share.
    number : int
        Of the trial.
    values : dict of str to object
        Hyperparameters by name.
    seed : int
        Of the trial.
    seconds : float
        Until the deadline of the trial.
    options : dict
        What else the evaluation is told.

    Returns
    -------
    number : int
        As given.
    trial : Trial or None
        None: the file of the parcel is not there; its content has to be sent.
    """
    deadline = Deadline(seconds)
    if not _ready(parcel):
        return number, None
    if _count_attempt(parcel, number) > _MAX_ATTEMPTS:
        return number, _lethal(values, seed)
    trial = _own.evaluate(values, seed, deadline, **options)
    _own.collector.collect()
    return number, trial


def _ready(parcel):
    """Make this worker ready for the trials of a parcel; return whether it is."""
    if parcel.is_watched:
        _ballast.carry_during_first_task()
    _limit_threads(parcel.n_jobs)
    return _unpack(parcel)


class _Ballast:
    """Memory that a worker holds during its first task, and never again.

    Where psutil is installed, loky measures after the first task how much memory a
    worker uses, and replaces a worker that has come to use 300 MB more. Compiled
    functions add up to that, and the new worker has to start TensorFlow and to compile
    again: a search with two workers was slower than one without.
    """

    def __init__(self):
        self._is_new, self._memory = True, None

    def carry_during_first_task(self):
        """Take the memory in the first call, give it back in the second."""
        # Only memory that is written to counts.
        self._memory = np.ones(_BALLAST_BYTES, "uint8") if self._is_new else None
        self._is_new = False


_ballast = _Ballast()


def _limit_threads(n_jobs):
    """Give TensorFlow its share of the cores, if it is yet to start."""
    if "tensorflow" not in sys.modules:
        n_threads = str(max(1, joblib.cpu_count() // n_jobs))
        os.environ.setdefault("TF_NUM_INTRAOP_THREADS", n_threads)
        os.environ.setdefault("TF_NUM_INTEROP_THREADS", n_threads)


def _unpack(parcel):
    """Load a parcel unless it is there; return whether it is now."""
    if getattr(_own, "key", None) == parcel.key:
        return True
    _own.key = _own.evaluate = None
    if Path(parcel.path).exists():
        evaluate, data = joblib.load(parcel.path, mmap_mode="r")
    elif parcel.content is not None:
        evaluate, data = joblib.load(io.BytesIO(parcel.content))
    else:
        return False
    _own.evaluate = partial(evaluate, data=data)
    _own.collector = Collector()
    _own.key = parcel.key
    return True


def _count_attempt(parcel, number):
    """Return how often a trial has been started: Dask repeats those of dead workers.

    joblib would wait for ever for a task that Dask gives up.
    """
    path = Path(parcel.path).with_name(f"trial_{number}")
    try:
        with path.open("ab") as file:
            file.write(b".")
            return file.tell()
    except OSError:
        return 1  # on another machine


def _lethal(values, seed):
    from skautokeras._search.trial import Trial

    reason = f"Its worker died, {_MAX_ATTEMPTS} times; too little memory?"
    return Trial(dict(values), seed, error=reason)
