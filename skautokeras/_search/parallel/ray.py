"""Workers of a Ray cluster."""

from skautokeras._search.parallel.executor import Executor
from skautokeras._search.parallel.worker import pack


class RayExecutor(Executor):
    """Workers of a Ray cluster, to which tasks of Ray go.

    joblib's own way to Ray gives results in rounds, in which workers wait for the
    slowest task.

    Parameters
    ----------
    n_jobs : int or None
        Greatest number of tasks at the same time. If None, the resources of the cluster
        decide.
    **options : dict
        Arguments of ``ray.remote``, such as ``num_cpus``, ``num_gpus`` or
        ``resources``.
    """

    def __init__(self, n_jobs, **options):
        import ray

        if not ray.is_initialized():
            ray.init()
        self._needs = _needed_resources(options)
        self._content = None
        self._references = {}  # by future
        super().__init__(n_jobs)
        # `Executor` starts a task again. Workers stay, because TensorFlow takes seconds
        # to start.
        self._run = ray.remote(max_retries=0, max_calls=0, **options)(self._enter)

    def _n_workers_now(self):
        import ray

        return _n_tasks(ray.cluster_resources(), self._needs)

    def workers_of_a_machine(self):
        import ray

        machines = [node["Resources"] for node in ray.nodes() if node["Alive"]]
        return max([1, *(_n_tasks(machine, self._needs) for machine in machines)])

    def _share(self, function, objects):
        import ray

        self._content = ray.put(pack(function, objects))

    def _send(self, key, payload):
        reference = self._run.remote(self._content, payload)
        future = reference.future()
        self._references[future] = reference
        future.add_done_callback(lambda future: self._references.pop(future, None))
        return future

    def _is_death(self, error):
        from ray import exceptions

        deaths = (
            exceptions.LocalRayletDiedError,
            exceptions.NodeDiedError,
            exceptions.ObjectLostError,
            exceptions.OutOfMemoryError,
            exceptions.WorkerCrashedError,
        )
        return isinstance(error, deaths)

    def _cancel(self, futures):
        import ray

        for future in futures:
            reference = self._references.pop(future, None)
            if reference is not None:
                ray.cancel(reference, force=True)

    def _free(self):
        self._content = None


def _needed_resources(options):
    """Return the amount of each resource that a task takes."""
    needs = {"CPU": options.get("num_cpus", 1), "GPU": options.get("num_gpus", 0)}
    needs |= options.get("resources") or {}
    return {name: amount for name, amount in needs.items() if amount}


def _n_tasks(resources, needs):
    """Return how many tasks some resources suffice for."""
    counts = [int(resources.get(name, 0) // amount) for name, amount in needs.items()]
    return min(counts, default=0)
