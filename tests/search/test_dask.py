"""Trials on a Dask cluster of two processes."""

import os
import signal
import time

import joblib
import keras_tuner
import numpy as np
import pytest

from skautokeras._data import Rows, SplitRows
from skautokeras._search import Trial, WorkerPool, count_workers, run_search
from skautokeras._state import Deadline

distributed = pytest.importorskip("distributed")
BLANK = vars(Trial({}, 0))

pytestmark = pytest.mark.filterwarnings("ignore")  # Dask's own, while it shuts down


@pytest.fixture(scope="module")
def client():
    with (
        distributed.LocalCluster(
            n_workers=2, processes=True, threads_per_worker=1, dashboard_address=None
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


@pytest.fixture
def run(client):
    rows = Rows({"x": np.arange(6.0)}, {"y": np.arange(6)}, None)
    data = SplitRows(rows, rows, all=None)
    space = keras_tuner.HyperParameters()
    space.Int("x", 0, 1000)

    def run(evaluate, n_trials=6):
        # With one worker, after the other was killed, joblib would run trials here.
        client.wait_for_workers(2, timeout=60)
        oracle = keras_tuner.oracles.RandomSearchOracle(
            keras_tuner.Objective("score", "max"), hyperparameters=space, seed=1
        )
        with joblib.parallel_config("dask"):
            trials, _ = run_search(
                oracle,
                evaluate,
                seeds=range(n_trials),
                deadline=Deadline(None),
                workers=WorkerPool(count_workers(None), {"data": data}),
            )
        return trials

    return run


def make_evaluate(folder, dies):
    """Return a function for workers; they cannot import this file."""
    from dataclasses import make_dataclass

    def evaluate(values, seed, deadline, *, data):
        time.sleep(0.1)
        path = folder.joinpath(f"seed_{seed}")
        with path.open("a") as file:
            file.write(f"{os.getpid()}\n")
        if seed == 2 and dies(len(path.read_text().split())):
            os.kill(os.getpid(), signal.SIGKILL)
        score = float(data.train.x["x"].sum())
        known = {"values": dict(values), "seed": seed, "score": score}
        known["status"] = "completed"
        known["quality"] = known["score"], 0.0
        known = BLANK | known
        return make_dataclass("Result", list(known))(**known)

    return evaluate


def starts(folder, seed):
    return folder.joinpath(f"seed_{seed}").read_text().split()


def test_trials_run_on_the_cluster(run, tmp_path):
    trials = run(make_evaluate(tmp_path, lambda n_starts: False))
    assert sorted(trial.seed for trial in trials) == list(range(6))
    assert {trial.score for trial in trials} == {15.0}
    pids = {pid for seed in range(6) for pid in starts(tmp_path, seed)}
    assert str(os.getpid()) not in pids
    assert len(pids) == 2


def test_the_trial_of_a_killed_worker_runs_again(run, tmp_path):
    trials = run(make_evaluate(tmp_path, lambda n_starts: n_starts == 1))
    assert sorted(trial.seed for trial in trials) == list(range(6))
    assert [trial.error for trial in trials] == [None] * 6
    assert len(set(starts(tmp_path, 2))) == 2


def test_a_trial_that_kills_all_its_workers_fails(run, tmp_path):
    trials = run(make_evaluate(tmp_path, lambda n_starts: True))
    assert sorted(trial.seed for trial in trials) == list(range(6))
    (failed,) = [trial for trial in trials if trial.error]
    assert failed.seed == 2
    assert "Its worker died" in failed.error
    assert len(starts(tmp_path, 2)) == 2
