"""A search that was interrupted and starts again ends as if nothing had happened."""

import subprocess
import sys
import time
from dataclasses import fields

import keras_tuner
import numpy as np
import pytest

from skautokeras._search import (
    ORACLES,
    Journal,
    Rejection,
    Trial,
    evaluate,
    make_oracle,
    run_search,
)
from skautokeras._state import Deadline
from skautokeras._training import Problem
from tests.search.conftest import FakeWorkers, Limited

N_TRIALS, N_BEFORE = 5, 2
DATA = {"data": "1", "parameters": {"loss": "2"}}


class Counted:
    """Counts how often it evaluates; may be interrupted."""

    def __init__(self, evaluate, interrupt_at=None):
        self._evaluate, self._interrupt_at = evaluate, interrupt_at
        self.calls = 0

    def __call__(self, *args):
        if self.calls == self._interrupt_at:
            raise KeyboardInterrupt
        self.calls += 1
        return self._evaluate(*args)


def run(tuner, space, evaluate, journal=None):
    oracle = make_oracle(
        tuner,
        space.copy(),
        initial_values=[],
        max_trials=N_TRIALS,
        max_epochs=9,
        seed=1,
    )
    return run_search(
        oracle,
        evaluate,
        seeds=range(N_TRIALS),
        deadline=Deadline(None),
        journal=journal,
    )


def check_resumes(tuner, space, evaluate, directory):
    """Interrupt a search, go on with it, compare with one that was not interrupted."""
    expected, _ = run(tuner, space, evaluate)
    first = Counted(evaluate, interrupt_at=N_BEFORE)
    journal = Journal(directory, DATA, seed=1)
    before, interrupted = run(tuner, space, first, journal)
    assert interrupted
    assert len(before) == N_BEFORE
    second = Counted(evaluate)
    found, _ = run(tuner, space, second, Journal(directory, DATA, seed=1))
    assert second.calls == N_TRIALS - N_BEFORE
    assert len(found) == len(expected) == N_TRIALS
    for one, other in zip(found, expected, strict=True):
        for field in fields(Trial):
            if field.name not in ("seconds", "fitting_seconds", "ended"):
                np.testing.assert_equal(
                    getattr(one, field.name), getattr(other, field.name), field.name
                )


@pytest.mark.parametrize("tuner", ORACLES)
def test_every_oracle_goes_on_where_it_was(tuner, space, tmp_path):
    def fake(values, seed, deadline):
        if seed == 1:
            return Trial(dict(values), seed, error="ValueError: no")
        score = values["training/rate"]
        return Trial(dict(values), seed, score=score, weights=[np.full(3, score)])

    check_resumes(tuner, space, fake, tmp_path)


def test_trained_networks_are_the_same_to_the_last_bit(problem, tmp_path):
    space = keras_tuner.HyperParameters()
    space.Float("training/learning_rate", 1e-3, 1e-2)
    space.Choice("dense_block_1/activation", ["relu", "silu"])

    def train(values, seed, deadline):
        return evaluate(
            {**values, "tuner/epochs": 2},
            seed,
            deadline,
            problem=Problem.of_one_fold(
                problem.search_space, problem.objective(), problem.options
            ),
            data=problem.data,
        )

    check_resumes("greedy", space, train, tmp_path)


def test_more_trials_ask_the_oracle_in_the_same_order(tmp_path):
    space = keras_tuner.HyperParameters()
    space.Int("x", 0, 1000)
    evaluated = []

    def reject_once(values, seed, deadline, *, limits):
        if seed == 1 and 1 not in rejected:
            rejected.append(seed)
            return Rejection("large", 1, 1)
        evaluated.append(seed)
        return Trial(dict(values), seed, score=values["x"])

    def run(n_trials):
        oracle = make_oracle(
            "greedy",
            space.copy(),
            initial_values=[],
            max_trials=n_trials,
            max_epochs=9,
            seed=1,
        )
        trials, _ = run_search(
            oracle,
            reject_once,
            seeds=range(n_trials),
            deadline=Deadline(None),
            hooks=Limited(),
            journal=Journal(tmp_path, DATA, seed=1),
            workers=FakeWorkers(2, lambda n_running: 0),
        )
        return [(trial.seed, trial.values) for trial in trials]

    rejected = []
    first = run(2)
    assert rejected == [1]
    again = run(4)
    assert again[:2] == first
    assert evaluated == [0, 1, 2, 3]


@pytest.mark.parametrize("left", [0.01, 0.4])
@pytest.mark.parametrize("n_jobs", [1, 2])
@pytest.mark.parametrize("tuner", ORACLES)
def test_what_was_rejected_for_want_of_time_stays_so(
    tuner, n_jobs, left, space, tmp_path, clock
):
    calls = []

    def fake(values, seed, deadline, *, limits=None):
        rate = values["training/rate"]
        if limits is not None and rate > limits.seconds:
            return Rejection("too slow", 1, rate, depends_on_time=True)
        if seed == interrupted_at:
            raise KeyboardInterrupt
        calls.append(seed)
        return Trial(dict(values), seed, score=values["training/rate"])

    def run(seconds):
        oracle = make_oracle(
            tuner,
            space.copy(),
            initial_values=[{"training/rate": rate} for rate in (0.9, 0.8, 0.1)],
            max_trials=8,
            max_epochs=9,
            seed=1,
        )
        trials, _ = run_search(
            oracle,
            fake,
            seeds=range(8),
            deadline=Deadline(seconds, clock),
            hooks=Limited(),
            journal=Journal(tmp_path, DATA, seed=1),
            workers=FakeWorkers(2) if n_jobs == 2 else None,
        )
        return [(trial.seed, trial.values) for trial in trials]

    interrupted_at = 5
    first = run(left)
    n_first, interrupted_at = len(calls), None
    # More time does not bring back what came before trials that are known.
    again = run(100.0)
    assert again[: len(first)] == first
    assert calls[n_first:] == [seed for seed, _ in again[len(first) :]]
    assert len(again) == 8


# Runs five searches side by side, so that one kill hits five moments. Each goes through
# a small space, writes down which trials it computes and, at the end, all it has found.
SEARCHES = """
import sys, threading, time
from pathlib import Path
import numpy as np
import keras_tuner
from skautokeras._state import Deadline
from skautokeras._search import Journal
from skautokeras._search import run_search
from skautokeras._search import make_oracle
from skautokeras._search import Trial

def run(folder, seed):
    space = keras_tuner.HyperParameters()
    space.Float("rate", 1e-3, 1.0)
    space.Choice("units", [8, 16, 32])
    computed = open(folder / "computed.txt", "a")

    def evaluate(values, trial_seed, deadline):
        time.sleep(0.003)
        print(trial_seed, file=computed, flush=True)
        weights = [[np.full((50, 50), trial_seed, "float32")]]
        score = values["rate"] - values["units"] / 100
        return Trial(dict(values), trial_seed, score=score, weights=weights)

    oracle = make_oracle("greedy", space, initial_values=[], max_trials=60,
                         max_epochs=2, seed=seed)
    journal = Journal(folder / "journal", {"data": "1", "parameters": {}},
                      seed=seed)
    trials, _ = run_search(oracle, evaluate, seeds=range(60), deadline=Deadline(None),
                       journal=journal)
    found = [(t.seed, t.score, t.weights and float(t.weights[0][0].sum()))
             for t in trials]
    (folder / "found.txt").write_text(str(found))

folders = sorted(Path(sys.argv[1]).iterdir())
threads = [threading.Thread(target=run, args=(folder, seed))
           for seed, folder in enumerate(folders, start=1)]
print("ready", flush=True)
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
"""


def run_searches(folder, kill_after=None):
    """Run the searches above in a process, which may be killed after some seconds."""
    process = subprocess.Popen(
        [sys.executable, "-W", "error::UserWarning", "-c", SEARCHES, folder],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout.readline() == "ready\n"
    if kill_after is not None:
        time.sleep(kill_after)
        process.kill()
    process.communicate()


@pytest.mark.slow
def test_searches_that_are_killed_at_thirty_moments_lose_nothing(tmp_path):
    for name in ("whole", "killed"):
        for i in range(5):
            (tmp_path / name / str(i)).mkdir(parents=True)
    run_searches(tmp_path / "whole")
    rng = np.random.default_rng(0)
    for _ in range(6):
        run_searches(tmp_path / "killed", kill_after=0.05 + rng.random() / 5)
    n_found = len(list((tmp_path / "killed").glob("*/found.txt")))
    run_searches(tmp_path / "killed")
    for i in range(5):
        whole, killed = (tmp_path / name / str(i) for name in ("whole", "killed"))
        for name in ("found.txt", "computed.txt"):
            assert (whole / name).exists()
        assert (killed / "found.txt").read_text() == (whole / "found.txt").read_text()
        computed = (killed / "computed.txt").read_text().split()
        assert set(computed) == set((whole / "computed.txt").read_text().split())
        # Computed again are only trials killed between their end and their file.
        assert len(computed) - len(set(computed)) <= 6
    assert n_found < 5
