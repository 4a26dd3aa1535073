"""From joblib's active backend to the executor that stands for it.

joblib is what scikit-learn's users configure: ``n_jobs``, and a
`joblib.parallel_config` that may send work to a cluster. Only this choice is taken from
it. `joblib.Parallel` needs to know its tasks beforehand, but a search knows its next
trial only once a result has come back.
"""

import joblib
from joblib.parallel import LokyBackend, get_active_backend

from skautokeras._search.parallel.dask import DaskExecutor
from skautokeras._search.parallel.loky import LokyExecutor
from skautokeras._search.parallel.ray import RayExecutor


def count_workers(n_jobs):
    """Return the number of trials at the same time; 1 if they run in this process.

    Parameters
    ----------
    n_jobs : int or None
        Number of jobs as in `joblib.Parallel`.

    Returns
    -------
    n_workers : int
        Number at present. A cluster may grow, so it counts as two workers at least.

    Raises
    ------
    ValueError
        If the active backend of joblib cannot run trials.
    """
    return _count(n_jobs, lambda executor: max(2, executor.n_workers))


def count_workers_of_a_machine(n_jobs):
    """Return how many trials share the memory of one machine.

    Parameters
    ----------
    n_jobs : int or None
        Number of jobs as in `joblib.Parallel`.

    Returns
    -------
    n_workers : int
        Number at present, of the machine that has most.
    """
    return _count(
        n_jobs,
        lambda executor: min(executor.n_workers, executor.workers_of_a_machine()),
    )


def _count(n_jobs, count):
    """Return a number of workers of an executor; 1 if there is none."""
    executor = make_executor(n_jobs)
    if executor is None:
        return 1
    with executor:
        return count(executor)


def make_executor(n_jobs):
    """Return an executor for the active backend of joblib.

    Parameters
    ----------
    n_jobs : int or None
        Number of jobs as in `joblib.Parallel`. On a cluster, None and -1 mean as many
        as there are workers, however many come and go.

    Returns
    -------
    executor : Executor or None
        None if trials run in this process, one after the other.

    Raises
    ------
    ValueError
        If the active backend of joblib cannot run trials.
    """
    backend, configured = get_active_backend()
    n_jobs = configured if n_jobs is None else n_jobs
    # joblib knows the classes by these names. To import them would import Ray and Dask.
    kind = type(backend).__name__
    if kind == "RayBackend":
        return _on_ray(backend, n_jobs)
    # It checks n_jobs, and waits for the first worker of a Dask cluster.
    n_workers = joblib.effective_n_jobs(n_jobs)
    if kind == "DaskDistributedBackend":
        return _on_dask(backend, n_jobs)
    # Trials in threads of one process would mostly wait for one another: tracing holds
    # the interpreter. It is also what joblib offers below its own workers.
    if n_workers == 1 or getattr(backend, "supports_sharedmem", False):
        return None
    if not isinstance(backend, LokyBackend):
        raise ValueError(
            f"The joblib backend {kind!r} cannot run trials. Choose 'loky', 'dask' or "
            "'ray', or pass n_jobs=1. A backend that forks this process, as "
            "'multiprocessing' does, is of no use, because TensorFlow does not survive "
            "it."
        )
    return LokyExecutor(n_workers)


def _on_dask(backend, n_jobs):
    if n_jobs == 1 or _is_in_a_worker_of_dask():
        return None
    return DaskExecutor(_limit(n_jobs), backend.client, **backend.submit_kwargs)


def _on_ray(backend, n_jobs):
    if n_jobs == 1:
        return None
    return RayExecutor(_limit(n_jobs), **(backend.ray_remote_args or {}))


def _limit(n_jobs):
    """Return the greatest number of trials at the same time, None for no limit."""
    if n_jobs == 0:
        raise ValueError("n_jobs == 0 has no meaning.")
    return n_jobs if n_jobs is not None and n_jobs > 0 else None


def _is_in_a_worker_of_dask():
    """Return whether this is a task, which would wait for workers that wait for it."""
    import distributed

    try:
        distributed.get_worker()
    except ValueError:
        return False
    return True
