"""Workers on this machine: processes of loky, which comes with joblib."""

import os
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
from skautokeras._search.parallel.gpus import (
    environment_of,
    least_used,
    share_memory_of_gpus,
    visible_gpus,
)
from skautokeras._search.parallel.worker import pack
from skautokeras._search.temporary_folder import temporary_folder

# Seconds after which a process without work ends.
_IDLE_SECONDS = 300
# Seconds after which a process looks whether the one that has started it is there.
_SECONDS_BETWEEN_LOOKS = 2.0
# Pools without work, by the process that has started them, the number of workers and
# the GPUs. The next search uses them again, because TensorFlow takes seconds to start.
_idle_pools = {}


class LokyExecutor(Executor):
    """Workers on this machine.

    Each worker is a pool of one process. When a process of a larger pool dies, all
    tasks of the pool are lost, and nobody knows which of them was the cause. Where this
    process sees several GPUs, each worker sees one of them. Workers beyond their number
    share them.

    Parameters
    ----------
    n_jobs : int
        Number of workers.
    """

    def __init__(self, n_jobs):
        super().__init__(n_jobs)
        self._gpus = visible_gpus()
        if self._gpus:
            share_memory_of_gpus()
        self._idle = _pools_for(n_jobs, self._gpus)
        self._busy = set()
        self._folder = self._path = None
        self._stack = ExitStack()
        # loky replaces workers that use more and more memory, which is what we want.
        # Where warnings are errors, this one would end the thread that does.
        self._stack.enter_context(warnings.catch_warnings())
        warnings.filterwarnings("ignore", "A worker stopped while some jobs")

    def _n_workers_now(self):
        return self._n_jobs

    def workers_of_a_machine(self):
        return self._n_jobs

    def _share(self, function, objects):
        if self._folder is None:
            self._folder = self._stack.enter_context(temporary_folder())
        if self._path is not None:
            Path(self._path).unlink(missing_ok=True)
        self._path = str(Path(self._folder) / self._key)
        joblib.dump(pack(function, objects), self._path)

    def _send(self, key, payload):
        while True:
            pool = _last_of(self._idle) or self._start_pool()
            try:
                future = pool.submit(self._enter, self._path, payload)
            except BrokenProcessPool:  # Its process has died while it was idle.
                continue
            self._busy.add(pool)
            future.add_done_callback(partial(self._release, pool))
            return future

    def _start_pool(self):
        used = [pool.gpu for pool in [*self._idle, *self._busy]]
        return _Pool(least_used(self._gpus, used))

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


class _Pool(ProcessPoolExecutor):
    """A pool of one process.

    Parameters
    ----------
    gpu : str or None
        Name of the only GPU that the process sees. If None, it sees what this one sees.
    """

    def __init__(self, gpu):
        super().__init__(
            max_workers=1,
            timeout=_IDLE_SECONDS,
            initializer=_end_with_parent,
            initargs=(os.getpid(),),
            # It is set before the process imports anything.
            env=environment_of(gpu),
        )
        self.gpu = gpu


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


def _pools_for(n_jobs, gpus):
    """Return the list of idle pools whose processes have their share of the machine."""
    place = os.getpid(), n_jobs, gpus
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
    but : tuple (int, int, tuple of str) or None, default=None
        Process, number of workers and GPUs whose pools are kept.
    """
    for place, pools in list(_idle_pools.items()):
        while place != but and (pool := _last_of(pools)):
            if place[0] == os.getpid():
                pool.shutdown(wait=True)
