"""Workers of a Dask cluster."""

from collections import Counter
from concurrent.futures import BrokenExecutor
from urllib.parse import urlsplit

from skautokeras._search.parallel.executor import MAX_ATTEMPTS, Executor
from skautokeras._search.parallel.worker import pack, stop


class DaskExecutor(Executor):
    """Workers of a Dask cluster.

    Dask itself runs the tasks of a dead worker again, and more often than `Executor`
    promises. So a task counts its starts in the scheduler.

    Parameters
    ----------
    n_jobs : int or None
        Greatest number of tasks at the same time. If None, it is the number of threads
        of all workers.
    client : distributed.Client
        Connection to the cluster.
    **options : dict
        Arguments of ``client.submit``, such as ``resources``.
    """

    def __init__(self, n_jobs, client, **options):
        self._client = client
        self._options = options
        self._content = self._packed = None
        super().__init__(n_jobs)
        self._run = _make_run()

    def _n_workers_now(self):
        return sum(self._client.nthreads().values())

    def workers_of_a_machine(self):
        hosts = Counter()
        for address, n_threads in self._client.nthreads().items():
            hosts[urlsplit(address).hostname] += n_threads
        return max([1, *hosts.values()])

    def _share(self, function, objects):
        self._packed = pack(function, objects)
        self._scatter()

    def _scatter(self):
        # A tuple would be sent element by element, and hashing data takes long.
        (self._content,) = self._client.scatter(
            [self._packed], broadcast=True, hash=False
        )

    def _send(self, key, payload):
        if self._content.status != "finished":
            self._scatter()  # All workers that had it are gone.
        return self._client.submit(
            self._run,
            self._enter,
            self._content,
            payload,
            [self._key, str(key)],
            MAX_ATTEMPTS,
            pure=False,
            **self._options,
        )

    def _is_death(self, error):
        import distributed

        # A future is cancelled when the last worker with the shared content has died.
        deaths = distributed.KilledWorker, distributed.CancelledError, BrokenExecutor
        return isinstance(error, deaths)

    def _cancel(self, futures):
        self._client.cancel(futures)
        # Dask does not stop what runs in a thread of a worker.
        self._client.run(stop, self._key, on_error="ignore")

    def _free(self):
        self._content = self._packed = None
        if self._key is not None:
            self._client.set_metadata([self._key], {})


def _make_run():
    """Return a function that counts how often a task has been started."""

    # A function inside of another one is pickled with its code.
    def run(enter, content, payload, name, max_attempts):
        import concurrent.futures

        import distributed

        client = distributed.get_client()
        n_starts = client.get_metadata(name, 0) + 1
        client.set_metadata(name, n_starts)
        if n_starts > max_attempts:
            raise concurrent.futures.BrokenExecutor(f"It died {max_attempts} times.")
        return enter(content, payload)

    return run
