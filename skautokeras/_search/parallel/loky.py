"""Workers on this machine: processes of loky, which comes with joblib."""

import os
import tempfile
import threading
import time
import warnings
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import joblib
import psutil
from joblib.externals.loky import BrokenProcessPool, ProcessPoolExecutor

from skautokeras._search.parallel.executor import Executor
from skautokeras._search.parallel.worker import pack

# Seconds after which a process without work ends.
_IDLE_SECONDS = 300
# Seconds after which a process looks whether the one that has started it is there.
_SECONDS_BETWEEN_LOOKS = 2.0
# Pools without work, by the process that has started them and the number of workers.
# The next search uses them again, because TensorFlow takes seconds to start.
_idle_pools = {}


class LokyExecutor(Executor):
    """Workers on this machine.

    Each worker is a pool of one process. When a process of a larger pool dies, all
    tasks of the pool are lost, and nobody knows which of them was the cause.

    Parameters
    ----------
    n_jobs : int
        Number of workers.
    """

    def __init__(self, n_jobs):
        super().__init__(n_jobs)
        self._idle = _pools_for(n_jobs)
        self._busy = set()
        self._path = None
        self._stack = ExitStack()
        self._folder = self._stack.enter_context(
            tempfile.TemporaryDirectory(
                prefix="skautokeras-", ignore_cleanup_errors=True
            )
        )
        # loky replaces workers that use more and more memory, which is what we want.
        # Where warnings are errors, this one would end the thread that does.
        self._stack.enter_context(warnings.catch_warnings())
        warnings.filterwarnings("ignore", "A worker stopped while some jobs")

    def _n_workers_now(self):
        return self._n_jobs

    def workers_of_a_machine(self):
        return self._n_jobs

    def _share(self, function, objects):
        if self._path is not None:
            Path(self._path).unlink(missing_ok=True)
        self._path = str(Path(self._folder) / self._key)
        joblib.dump(pack(function, objects), self._path)

    def _send(self, key, payload):
        while True:
            pool = _last_of(self._idle) or _start_pool()
            try:
                future = pool.submit(self._enter, self._path, payload)
            except BrokenProcessPool:  # Its process has died while it was idle.
                continue
            self._busy.add(pool)
            future.add_done_callback(partial(self._release, pool))
            return future

    def _release(self, pool, future):
        """Take a pool back whose task has ended, unless it has been stopped."""
        if pool not in self._busy:
            return
        self._busy.discard(pool)
        if not isinstance(future.exception(), BrokenProcessPool):
            self._idle.append(pool)

    def _is_death(self, error):
        return isinstance(error, BrokenProcessPool)

    def _cancel(self, futures):
        pools = list(self._busy)
        self._busy.clear()
        for pool in pools:
            pool.shutdown(wait=True, kill_workers=True)

    def _free(self):
        while len(self._idle) > self._n_jobs:  # Searches in threads share the list.
            self._idle.pop().shutdown(wait=False)
        self._stack.close()


def _start_pool():
    return ProcessPoolExecutor(
        max_workers=1,
        timeout=_IDLE_SECONDS,
        initializer=_end_with_parent,
        initargs=(os.getpid(),),
    )


def _end_with_parent(pid):
    """Let this process end soon after the one that has started it, however that ends.

    Otherwise the trial of a search that was killed would go on, beside those of the
    search that continues it.
    """

    def watch():
        while os.getppid() == pid and psutil.pid_exists(pid):
            time.sleep(_SECONDS_BETWEEN_LOOKS)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _pools_for(n_jobs):
    """Return the list of idle pools whose processes have their share of the cores."""
    place = os.getpid(), n_jobs
    stop_idle_workers(but=place)
    return _idle_pools.setdefault(place, [])


def _last_of(pools):
    """Take the last pool, or None if there is none; searches in threads take, too."""
    try:
        return pools.pop()
    except IndexError:
        return None


def stop_idle_workers(but=None):
    """End the processes that no search uses.

    Parameters
    ----------
    but : tuple of int or None, default=None
        Process and number of workers whose pools are kept.
    """
    for place, pools in list(_idle_pools.items()):
        while place != but and (pool := _last_of(pools)):
            if place[0] == os.getpid():
                pool.shutdown(wait=True)
