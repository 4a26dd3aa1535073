"""Trials in workers: the same trials, asked for in time, whatever happens to workers.

Functions that run in workers are defined inside of others, so that they are sent by
value: workers cannot import this file. Most do without TensorFlow, which takes seconds
to start.
"""

import os
import signal
import sys
import time
from dataclasses import fields, make_dataclass, replace
from functools import partial

import joblib
import keras
import keras_tuner
import numpy as np
import pytest
from joblib.parallel import ParallelBackendBase

from skautokeras import GreedyOracle
from skautokeras._data import Rows, SplitRows
from skautokeras._search import (
    Journal,
    SearchHooks,
    Trial,
    WorkerPool,
    count_workers,
    evaluate,
    make_oracle,
    run_search,
)
from skautokeras._search.parallel.loky import stop_idle_workers
from skautokeras._state import Deadline
from skautokeras._training import Problem

BLANK = vars(Trial({}, 0))
OBJECTIVE = keras_tuner.Objective("score", "max")


@pytest.fixture
def numbers():
    """A space of twenty numbers."""
    hp = keras_tuner.HyperParameters()
    hp.Int("x", 0, 19)
    return hp


@pytest.fixture
def oracle(numbers):
    return GreedyOracle(OBJECTIVE, hyperparameters=numbers, seed=0)


@pytest.fixture
def data():
    rows = Rows({"x": np.arange(6.0)}, {"y": np.arange(6)}, None)
    return SplitRows(rows, rows, all=None)


def make_fakes():
    def fake(values, seed, **known):
        known = {"values": dict(values), "seed": seed, "score": 0.0} | known
        known["status"] = "failed" if known.get("error") else "completed"
        known["quality"] = known["score"], 0.0
        known = BLANK | known
        return make_dataclass("Result", list(known))(**known)

    def parabola(values, seed, deadline, *, data):
        time.sleep(0.02 * (seed % 3))
        return fake(values, seed, score=-((values["x"] - 3) ** 2))

    return fake, parabola


fake, parabola = make_fakes()


@pytest.fixture
def run(oracle, data):
    def run(evaluate, n_trials=8, *, oracle=oracle, max_time=None, **kwargs):
        return run_search(
            oracle,
            evaluate,
            seeds=range(n_trials),
            deadline=Deadline(max_time),
            workers=WorkerPool(2, {"data": data}),
            **kwargs,
        )

    return run


def test_every_ask_knows_all_results_but_the_one_under_way(run):
    started, told = [], []

    class Notes(SearchHooks):
        def on_trial_begin(self, pending):
            started.append((pending.number, len(told)))

        def on_trial_end(self, pending, trials):
            assert (trials[-1].values, trials[-1].seed) == (
                pending.values,
                pending.seed,
            )
            told.append(pending.number)

    trials, interrupted = run(parabola, hooks=Notes())
    assert started == [(0, 0), (1, 0), *((n, n - 1) for n in range(2, 8))]
    assert sorted(told) == list(range(8))
    assert [trial.seed for trial in trials] == told
    assert not interrupted


@pytest.mark.slow
def test_trials_are_those_of_a_search_without_workers(problem):
    space = keras_tuner.HyperParameters()
    space.Float("training/learning_rate", 1e-3, 1e-2)
    space.Choice("dense_block_1/activation", ["relu", "silu"])
    train = partial(
        evaluate,
        problem=Problem.of_one_fold(
            problem.search_space,
            problem.objective("accuracy"),
            replace(problem.options, epochs=2),
        ),
    )
    data = replace(problem.data, all=None)
    trials, _ = run_search(
        keras_tuner.oracles.RandomSearchOracle(
            OBJECTIVE, hyperparameters=space, seed=1
        ),
        train,
        seeds=range(4),
        deadline=Deadline(None),
        workers=WorkerPool(2, {"data": data}),
    )
    assert sorted(trial.seed for trial in trials) == list(range(4))
    for trial in trials:
        expected = train(trial.values, trial.seed, Deadline(None), data=data)
        for field in fields(Trial):
            if field.name not in ("seconds", "fitting_seconds", "ended"):
                _assert_same_but_for_rounding(
                    getattr(trial, field.name), getattr(expected, field.name)
                )


def _assert_same_but_for_rounding(actual, expected):
    """Losses have differed in their last bit, once and for a reason not yet known."""
    keras.tree.assert_same_structure(actual, expected)
    for one, other in zip(
        keras.tree.flatten(actual), keras.tree.flatten(expected), strict=True
    ):
        if isinstance(one, (float, np.ndarray)):
            np.testing.assert_allclose(one, other, rtol=1e-6, atol=1e-7)
        else:
            assert one == other


def test_each_worker_maps_the_data_into_its_memory(oracle):
    def look(values, seed, deadline, *, data):
        time.sleep(0.1)
        base = data
        while getattr(base, "base", None) is not None:
            base = getattr(base.base, "obj", base.base)  # of a memoryview
        found = {"pid": os.getpid(), "base": type(base).__name__}
        return fake({**values, **found}, seed, score=float(data.sum()))

    trials, _ = run_search(
        oracle,
        look,
        seeds=range(8),
        deadline=Deadline(None),
        workers=WorkerPool(2, {"data": np.ones(1000)}),
    )
    assert {trial.values["base"] for trial in trials} == {"mmap"}
    assert {trial.score for trial in trials} == {1000.0}
    assert len({trial.values["pid"] for trial in trials}) == 2


def test_workers_share_the_cores(run, monkeypatch):
    for name in ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
        monkeypatch.delenv(name, raising=False)

    def look(values, seed, deadline, *, data):
        names = ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")
        found = {name: os.environ[name] for name in names}
        return fake({**values, **found, "late": "tensorflow" in sys.modules}, seed)

    stop_idle_workers()
    trials, _ = run(look, 4)
    share = str(max(1, joblib.cpu_count() // 2))
    found = {(*list(trial.values.values())[-3:],) for trial in trials}
    assert found == {(share, share, False)}


@pytest.mark.slow
def test_a_search_whose_workers_all_die_ends(run):
    def die(values, seed, deadline, *, data):
        if seed > 1:
            os.kill(os.getpid(), signal.SIGKILL)
        return fake(values, seed)

    with pytest.warns(UserWarning, match="workers of 3 trials in a row died"):
        trials, _ = run(die, 100)
    assert 1 + 3 <= len(trials) <= 2 + 6


def test_failures_are_recorded_and_the_search_goes_on(run):
    def every_second(values, seed, deadline, *, data):
        error = "odd" if seed % 2 else None
        return fake(values, seed, error=error)

    trials, _ = run(every_second)
    assert {trial.seed for trial in trials if trial.error == "odd"} == {1, 3, 5, 7}


def test_an_error_of_the_machinery_passes(run, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    def break_down(values, seed, deadline, *, data):
        raise MemoryError("out of memory")

    with pytest.raises(MemoryError, match="out of memory"):
        run(break_down)
    assert list(tmp_path.iterdir()) == []


def test_the_time_is_kept(run):
    def use_up(values, seed, deadline, *, data):
        start = time.monotonic()
        while not deadline.passed():
            time.sleep(0.01)
        seconds = time.monotonic() - start
        return fake(values, seed, seconds=seconds)

    run(parabola, 2)  # workers
    start = time.monotonic()
    trials, _ = run(use_up, 1000, max_time=4)
    assert 3 < time.monotonic() - start < 4 * 1.1
    assert len(trials) > 3


class InterruptAfter(SearchHooks):
    """Is the user who presses Ctrl+C after some trials."""

    def __init__(self, n_trials):
        self.n_trials = n_trials

    def on_trial_end(self, pending, trials):
        if len(trials) == self.n_trials:
            raise KeyboardInterrupt


class StopAtOnce(SearchHooks):
    """Ends the search after its first trial."""

    def on_trial_end(self, pending, trials):
        return True


def test_ctrl_c_keeps_what_is_there_and_nothing_else(run, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    trials, interrupted = run(parabola, 9, hooks=InterruptAfter(3))
    assert interrupted
    assert len(trials) == 3
    assert list(tmp_path.iterdir()) == []


def test_a_callback_ends_the_search_at_once(run, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    def one_is_slow(values, seed, deadline, *, data):
        time.sleep(60 if seed == 0 else 0)
        return fake(values, seed)

    start = time.monotonic()
    trials, interrupted = run(one_is_slow, hooks=StopAtOnce())
    assert [trial.seed for trial in trials] == [1]
    assert not interrupted
    assert time.monotonic() - start < 50
    assert list(tmp_path.iterdir()) == []


def test_a_search_goes_on_where_it_was(run, numbers, tmp_path):
    def new_oracle():
        return GreedyOracle(OBJECTIVE, hyperparameters=numbers.copy(), seed=0)

    def evaluate(values, seed, deadline, *, data):
        from skautokeras._search import Trial  # the journal holds nothing else

        return Trial(dict(values), seed, score=-((values["x"] - 3) ** 2))

    first, _ = run(
        evaluate,
        9,
        oracle=new_oracle(),
        journal=Journal(tmp_path, {"data": "1", "parameters": {"loss": "2"}}, seed=1),
        hooks=InterruptAfter(5),
    )
    second, _ = run(
        evaluate,
        9,
        oracle=new_oracle(),
        journal=Journal(tmp_path, {"data": "1", "parameters": {"loss": "2"}}, seed=1),
    )
    assert [(t.seed, t.values) for t in second[:5]] == [
        (t.seed, t.values) for t in first
    ]
    assert len(second) == 9
    assert len(list(tmp_path.glob("trial_*.zip"))) == 9


def test_hyperband_waits_for_results(run, numbers):
    hyperband = make_oracle(
        "hyperband",
        numbers,
        initial_values=[],
        max_trials=None,
        max_epochs=4,
        seed=1,
    )
    trials, _ = run(parabola, 6, oracle=hyperband)
    assert len(trials) == 6


def test_workers_that_come_to_use_memory_are_kept(run):
    pytest.importorskip("psutil", reason="without it, loky does not look")
    stop_idle_workers()

    def remembering(values, seed, deadline, *, data):
        kept = sys.modules.setdefault("memory_of_a_test", [])
        kept.append(np.ones(70_000_000, "uint8"))
        time.sleep(0.3)  # loky looks once in a second
        return fake(values, seed, history={"pid": [os.getpid()]})

    trials, _ = run(remembering, n_trials=14)
    pids = {trial.history["pid"][0] for trial in trials}
    stop_idle_workers()
    assert len(pids) == 2


def test_workers_are_counted_as_joblib_counts():
    assert count_workers(None) == count_workers(1) == 1
    assert count_workers(3) == 3
    assert count_workers(-1) == joblib.cpu_count()
    with joblib.parallel_config(n_jobs=3):
        assert count_workers(None) == 3
        assert count_workers(2) == 2
    with pytest.raises(ValueError, match="n_jobs == 0"):
        count_workers(0)


def test_trials_run_here_where_joblib_would_take_threads():
    with joblib.parallel_config("threading", n_jobs=3):
        assert count_workers(None) == count_workers(2) == 1


def test_no_worker_is_forked():
    with (
        joblib.parallel_config("multiprocessing"),
        pytest.raises(ValueError, match="forks this process"),
    ):
        count_workers(2)


class Elsewhere(ParallelBackendBase):
    """A backend of somebody else."""

    def effective_n_jobs(self, n_jobs):
        return 3


def test_an_unknown_backend_is_refused(monkeypatch):
    monkeypatch.setitem(joblib.parallel.BACKENDS, "elsewhere", Elsewhere)
    with (
        joblib.parallel_config("elsewhere"),
        pytest.raises(ValueError, match="'Elsewhere' cannot run trials"),
    ):
        count_workers(2)
