"""The contract of workers, which every engine keeps on a cluster of its own.

Functions that run in workers are defined inside of others, so that they are sent by
value: workers cannot import this file. Most do without TensorFlow, which takes seconds
to start.
"""

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from functools import partial

import joblib
import keras_tuner
import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.model_selection import cross_val_score

import skautokeras
from skautokeras import StructuredDataClassifier
from skautokeras._search import (
    SearchHooks,
    Trial,
    WorkerPool,
    count_workers,
    count_workers_of_a_machine,
    make_executor,
    run_search,
)
from skautokeras._search.parallel.loky import stop_idle_workers
from skautokeras._state import Deadline
from skautokeras.exceptions import SearchError

# Dask's and Ray's own, while workers come and go.
pytestmark = pytest.mark.filterwarnings("ignore")


class Loky:
    """Processes of this machine."""

    backend = "loky"
    address = None

    @contextmanager
    def running(self):
        yield
        stop_idle_workers()

    def wait_for_workers(self):
        """Processes start when they are needed."""


class Dask:
    """A cluster of two processes."""

    backend = "dask"

    @contextmanager
    def running(self):
        distributed = pytest.importorskip("distributed")
        with (
            distributed.LocalCluster(
                n_workers=2,
                processes=True,
                threads_per_worker=1,
                dashboard_address=None,
            ) as self.cluster,
            distributed.Client(self.cluster) as self.client,
        ):
            self.address = self.cluster.scheduler_address
            yield

    def wait_for_workers(self):
        self.client.wait_for_workers(2, timeout=60)

    def grow(self):
        self.cluster.scale(3)

    def shrink(self):
        self.cluster.scale(2)

    def is_empty(self):
        return not any(self.client.has_what().values())


class Ray:
    """A cluster of one machine with two cores, which others can join."""

    backend = "ray"

    @contextmanager
    def running(self):
        self.ray = pytest.importorskip("ray")
        from ray.cluster_utils import Cluster
        from ray.util.joblib import register_ray

        register_ray()
        quiet = {"include_dashboard": False}
        self.cluster = Cluster(
            initialize_head=True, head_node_args={"num_cpus": 2, **quiet}
        )
        self.address = self.cluster.address
        self.ray.init(address=self.address, log_to_driver=False)
        yield
        self.ray.shutdown()
        self.cluster.shutdown()

    def wait_for_workers(self):
        """Processes start when they are needed."""

    def grow(self):
        self.node = self.cluster.add_node(num_cpus=1)

    def shrink(self):
        self.cluster.remove_node(self.node)

    def is_empty(self):
        left = self.ray.available_resources()["object_store_memory"]
        return left == self.ray.cluster_resources()["object_store_memory"]


@pytest.fixture(scope="module", params=[Loky, Dask, Ray], ids=lambda e: e.backend)
def cluster(request):
    cluster = request.param()
    with cluster.running():
        yield cluster


@pytest.fixture
def engine(cluster):
    """The cluster as the active backend of joblib, with all of its workers."""
    cluster.wait_for_workers()
    with joblib.parallel_config(cluster.backend):
        yield cluster


def make_evaluate(folder):
    """Return an evaluation that notes its starts: a file by seed, a process a line."""
    blank = vars(Trial({}, 0))

    def evaluate(values, seed, deadline, *, data, seconds=0.05, dies=()):
        from dataclasses import make_dataclass

        with folder.joinpath(f"seed_{seed}").open("a") as file:
            file.write(f"{os.getpid()}\n")
        n_starts = len(folder.joinpath(f"seed_{seed}").read_text().split())
        if (seed, n_starts) in dies:
            os.kill(os.getpid(), signal.SIGKILL)
        stop = time.monotonic() + seconds
        while time.monotonic() < stop and not deadline.passed():
            time.sleep(0.01)
        known = {"values": dict(values), "seed": seed, "score": float(data.sum())}
        known |= {"status": "completed", "quality": (0.0, 0.0)}
        known = blank | known
        return make_dataclass("Result", list(known))(**known)

    return evaluate


def starts(folder, seed):
    return folder.joinpath(f"seed_{seed}").read_text().split()


def search(evaluate, n_trials=8, n_jobs=2, *, workers=True, hooks=None, **options):
    space = keras_tuner.HyperParameters()
    space.Int("x", 0, 1000)
    oracle = keras_tuner.oracles.RandomSearchOracle(
        keras_tuner.Objective("score", "max"), hyperparameters=space, seed=1
    )
    shared = {"data": np.arange(6.0), **options}
    if not workers:
        evaluate = partial(evaluate, **shared)
    return run_search(
        oracle,
        evaluate,
        seeds=range(n_trials),
        deadline=Deadline(None),
        hooks=hooks,
        workers=WorkerPool(n_jobs, shared) if workers else None,
    )


def by_seed(trials):
    return {trial.seed: trial.values for trial in trials}


def test_configurations_are_those_of_one_process(engine, tmp_path):
    evaluate = make_evaluate(tmp_path)
    trials, _ = search(evaluate)
    pids = {pid for seed in range(8) for pid in starts(tmp_path, seed)}
    assert str(os.getpid()) not in pids
    assert len(pids) == 2
    assert {trial.score for trial in trials} == {15.0}
    alone, _ = search(evaluate, workers=False)
    assert by_seed(trials) == by_seed(alone)
    assert len(trials) == len(alone) == 8


def test_results_come_as_tasks_end(engine, tmp_path):
    ended = []
    seconds = iter([3.0, 0.1, 0.1, 0.1])

    with make_executor(2) as executor:
        executor.share(make_evaluate(tmp_path), {"data": np.arange(6.0)})
        for seed in range(2):
            executor.submit(seed, ({}, seed), 60.0, {"seconds": next(seconds)})
        while len(ended) < 3:
            seed, trial = executor.next_result()
            ended.append(seed)
            assert trial.seed == seed
            if len(ended) < 3:
                executor.submit(
                    1 + len(ended), ({}, 1 + len(ended)), 60.0, {"seconds": 0.1}
                )
        assert ended == [1, 2, 3]
        assert executor.next_result()[0] == 0


def make_look():
    """Return a function that tells how its process has got at the data."""

    def look(values, seed, deadline, *, data):
        time.sleep(0.1)
        return {"pid": os.getpid(), "id": id(data), "writeable": data.flags.writeable}

    return look


def test_each_worker_loads_the_data_once(engine):
    with make_executor(2) as executor:
        executor.share(make_look(), {"data": np.arange(1_000_000.0)})
        for seed in range(2):
            executor.submit(seed, ({}, seed), 60.0, {})
        found = []
        for seed in range(2, 10):
            found.append(executor.next_result()[1])
            executor.submit(seed, ({}, seed), 60.0, {})
    assert len({look["pid"] for look in found}) == 2
    assert len({(look["pid"], look["id"]) for look in found}) == 2
    assert not any(look["writeable"] for look in found)


def test_the_data_is_freed_at_the_end(engine, monkeypatch, tmp_path):
    if engine.backend == "loky":
        monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    def evaluate(values, seed, deadline, *, data):
        import skautokeras._search.parallel.worker as worker

        worker._SECONDS_TO_KEEP = 0.1
        return data.sum()

    with make_executor(2) as executor:
        executor.share(evaluate, {"data": np.ones(1_000_000)})
        executor.submit(0, ({}, 0), 60.0, {})
        assert executor.next_result() == (0, 1_000_000.0)
        if engine.backend == "loky":
            assert list(tmp_path.iterdir()) != []
        else:
            # Ray says with a delay what its store holds.
            wait_until(lambda: not engine.is_empty())
    if engine.backend == "loky":
        assert list(tmp_path.iterdir()) == []
    else:
        wait_until(engine.is_empty)


def wait_until(is_true, seconds=30.0):
    end = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < end, "It took too long."
        time.sleep(0.05)


def test_the_trial_of_a_killed_worker_runs_again(engine, tmp_path):
    evaluate = make_evaluate(tmp_path)
    trials, _ = search(evaluate, dies=[(2, 1)])
    assert [trial.error for trial in trials] == [None] * 8
    assert len(set(starts(tmp_path, 2))) == 2
    assert sum(len(starts(tmp_path, seed)) for seed in range(8)) == 9
    assert by_seed(trials) == by_seed(search(evaluate, workers=False)[0])


def test_a_trial_that_kills_two_workers_fails(engine, tmp_path):
    trials, _ = search(make_evaluate(tmp_path), dies=[(2, 1), (2, 2)])
    assert sorted(trial.seed for trial in trials) == list(range(8))
    (failed,) = [trial for trial in trials if trial.error]
    assert failed.seed == 2
    assert "worker of this trial died, 2 times" in failed.error
    assert len(starts(tmp_path, 2)) == 2


class InterruptAfter(SearchHooks):
    """Is the user who presses Ctrl+C after some trials."""

    def __init__(self, n_trials):
        self.n_trials = n_trials

    def on_trial_end(self, pending, trials):
        if len(trials) == self.n_trials:
            raise KeyboardInterrupt


def test_ctrl_c_keeps_what_is_there_and_frees_the_workers(engine, tmp_path):
    def one_is_slow(values, seed, deadline, **shared):
        return evaluate(
            values, seed, deadline, **shared, seconds=600 if seed == 0 else 0.05
        )

    evaluate = make_evaluate(tmp_path)
    trials, interrupted = search(one_is_slow, hooks=InterruptAfter(3))
    assert interrupted
    assert [trial.seed for trial in trials] == [1, 2, 3]
    start = time.monotonic()
    engine.wait_for_workers()
    assert len(search(evaluate, 4)[0]) == 4
    assert time.monotonic() - start < 20


def test_another_version_is_a_clear_error(engine, tmp_path, monkeypatch):
    monkeypatch.setattr(skautokeras, "__version__", "99.0")
    with pytest.raises(SearchError, match=r"skautokeras 99\.0 here and 0\.\S+ there"):
        search(make_evaluate(tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_what_a_task_raises_is_raised(engine):
    def break_down(values, seed, deadline, *, data):
        raise MemoryError("out of memory")

    with pytest.raises(MemoryError, match="out of memory"):
        search(break_down)


def test_what_cannot_be_sent_back_is_said_at_once(engine):
    def generate(values, seed, deadline, *, data):
        return (n for n in range(3))

    with pytest.raises(TypeError, match="pickle"):
        search(generate)


def test_workers_are_counted_as_joblib_counts(engine):
    n_workers = joblib.cpu_count() if engine.backend == "loky" else 2
    assert count_workers(1) == 1
    assert count_workers(2) == 2
    assert count_workers(-1) == n_workers
    assert count_workers(None) == (1 if engine.backend == "loky" else 2)
    with pytest.raises(ValueError, match="n_jobs == 0"):
        count_workers(0)


def test_the_workers_of_one_machine_share_its_memory(engine):
    assert count_workers_of_a_machine(1) == 1
    assert count_workers_of_a_machine(2) == 2
    assert count_workers_of_a_machine(3) == (3 if engine.backend == "loky" else 2)


def test_trials_follow_a_cluster_that_grows_and_shrinks(engine, tmp_path):
    if engine.backend == "loky":
        pytest.skip("One machine does not grow.")

    evaluate = make_evaluate(tmp_path)
    with make_executor(None) as free, make_executor(2) as bound:
        for executor in (free, bound):
            executor.share(evaluate, {"data": np.arange(6.0)})
        assert free.n_workers == bound.n_workers == 2
        free.submit(0, ({}, 0), 600.0, {"seconds": 600})
        engine.grow()
        assert free.next_result() is None
        assert free.n_workers == 3
        if engine.backend == "ray":  # Another machine does not share the memory.
            assert count_workers_of_a_machine(None) == 2
        engine.shrink()
        assert free.next_result() is None
        assert free.n_workers == 2
        free.cancel()
        bound.submit(1, ({}, 1), 60.0, {})
        assert bound.next_result()[0] == 1
        assert bound.n_workers == 2


# Searches with a journal, and kills itself with its first three trials.
PARENT = """
import os, signal, sys
from functools import partial
import joblib, keras_tuner, numpy as np
from skautokeras._search import Journal, SearchHooks, Trial, WorkerPool, run_search
from skautokeras._state import Deadline

backend, address, folder = sys.argv[1:]
if backend == "dask":
    import distributed
    client = distributed.Client(address)
if backend == "ray":
    import ray
    from ray.util.joblib import register_ray
    register_ray()
    ray.init(address=address, log_to_driver=False)

def evaluate(values, seed, deadline, *, data):
    from skautokeras._search import Trial
    return Trial(dict(values), seed, score=float(data.sum()))

class Dies(SearchHooks):
    def on_trial_end(self, pending, trials):
        print(pending.is_known, flush=True)
        if len(trials) == 3 and not pending.is_known:
            os.kill(os.getpid(), signal.SIGKILL)

space = keras_tuner.HyperParameters()
space.Int("x", 0, 1000)
oracle = keras_tuner.oracles.RandomSearchOracle(
    keras_tuner.Objective("score", "max"), hyperparameters=space, seed=1
)
with joblib.parallel_config(backend):
    trials, _ = run_search(
        oracle,
        evaluate,
        seeds=range(6),
        deadline=Deadline(None),
        hooks=Dies(),
        journal=Journal(folder, {"data": "1", "parameters": {}}, seed=1),
        workers=WorkerPool(2, {"data": np.arange(6.0)}),
    )
print(sorted(trial.seed for trial in trials))
"""


def test_a_parent_that_was_killed_goes_on(engine, tmp_path):
    command = [sys.executable, "-c", PARENT, engine.backend, str(engine.address)]
    command.append(str(tmp_path))

    def run():
        return subprocess.run(command, capture_output=True, text=True, timeout=120)

    first = run()
    assert (first.returncode, first.stdout.split()) == (-9, ["False"] * 3)
    second = run()
    assert second.returncode == 0, second.stderr
    assert second.stdout.split("\n") == [
        *["True"] * 3,
        *["False"] * 3,
        "[0, 1, 2, 3, 4, 5]",
        "",
    ]


def test_folds_on_the_same_cluster_do_not_wait_for_their_trials(engine):
    classifier = StructuredDataClassifier(
        max_trials=2, epochs=2, random_state=0, n_jobs=2, refit=False, tuner="random"
    )
    X, y = load_iris(return_X_y=True)
    scores = cross_val_score(classifier, X, y, cv=2, n_jobs=2, error_score="raise")
    assert scores.shape == (2,)


@contextmanager
def without_the_package(engine, folder):
    """Let workers of the cluster do without skautokeras."""
    if engine.backend == "dask":

        def hide(names):
            import sys

            return sys.modules.update(dict.fromkeys(names))

        def show():
            import sys

            del sys.modules["skautokeras"]

        engine.client.run(hide, ["skautokeras"])
        yield
        engine.client.run(show)
    else:
        # Python runs this file when it starts.
        code = "import sys; sys.modules['skautokeras'] = None"
        folder.joinpath("sitecustomize.py").write_text(code)
        environment = {"env_vars": {"PYTHONPATH": str(folder)}}
        arguments = {"ray_remote_args": {"runtime_env": environment}}
        with joblib.parallel_config("ray", **arguments):
            yield


def test_a_worker_without_the_package_is_a_clear_error(engine, tmp_path):
    if engine.backend == "loky":
        pytest.skip("Workers have the Python of the process that starts them.")

    with (
        without_the_package(engine, tmp_path),
        pytest.raises(SearchError, match=r"skautokeras \S+ here and none there"),
    ):
        search(make_evaluate(tmp_path))
