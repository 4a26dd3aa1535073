"""The search with fakes: what it keeps, when it stops."""

import keras_tuner
import pytest

from skautokeras import GreedyOracle
from skautokeras._search import deadline as deadline_module
from skautokeras._search.deadline import Deadline
from skautokeras._search.loop import best_trial, search, trial_deadline
from skautokeras._search.trial import Trial


@pytest.fixture
def oracle():
    """A greedy oracle over twenty numbers."""
    hp = keras_tuner.HyperParameters()
    hp.Int("x", 0, 19)
    oracle = GreedyOracle(
        keras_tuner.Objective("score", "max"), hyperparameters=hp, seed=0
    )
    oracle.verbose = 0
    oracle.max_consecutive_failed_trials = None
    return oracle


def parabola(values, seed, deadline):
    return Trial(dict(values), seed, score=-((values["x"] - 3) ** 2), seconds=1.0)


def test_the_best_configuration_is_found(oracle):
    trials, interrupted = search(
        oracle, parabola, seeds=range(20), deadline=Deadline(None)
    )
    assert best_trial(trials).values == {"x": 3}
    assert not interrupted


def test_the_earlier_of_equal_trials_is_the_best():
    trials = [Trial({}, i, score=score) for i, score in enumerate([1.0, 2.0, 2.0])]
    assert best_trial(trials).seed == 1


def test_failures_are_kept_and_do_not_end_the_search(oracle):
    def every_second(values, seed, deadline):
        trial = parabola(values, seed, deadline)
        return Trial(values, seed, error="odd") if seed % 2 else trial

    trials, _ = search(oracle, every_second, seeds=range(8), deadline=Deadline(None))
    assert [trial.status for trial in trials] == ["completed", "failed"] * 4


def test_only_a_search_without_any_result_raises(oracle):
    def fail(values, seed, deadline):
        return Trial(dict(values), seed, error=f"reason {seed}")

    with pytest.raises(RuntimeError, match=r"All 4 trials failed(.|\n)*reason 0"):
        search(oracle, fail, seeds=range(4), deadline=Deadline(None))


@pytest.mark.parametrize("n_finished", [0, 2])
def test_ctrl_c_keeps_what_is_there(oracle, n_finished):
    def interrupt(values, seed, deadline):
        if seed == n_finished:
            raise KeyboardInterrupt
        return parabola(values, seed, deadline)

    arguments = {"seeds": range(9), "deadline": Deadline(None)}
    if n_finished == 0:
        with pytest.raises(KeyboardInterrupt):
            search(oracle, interrupt, **arguments)
    else:
        trials, interrupted = search(oracle, interrupt, **arguments)
        assert len(trials) == n_finished
        assert interrupted


def test_a_callback_can_end_the_search(oracle):
    trials, _ = search(
        oracle,
        parabola,
        seeds=range(9),
        deadline=Deadline(None),
        on_trial=lambda trials: len(trials) == 3,
    )
    assert len(trials) == 3


def test_the_first_trial_is_always_started(oracle):
    trials, _ = search(oracle, parabola, seeds=range(9), deadline=Deadline(1e-9))
    assert len(trials) == 1


@pytest.fixture
def clock(monkeypatch):
    """A clock that is set by hand."""

    class Clock:
        now = 0.0

    monkeypatch.setattr(deadline_module.time, "monotonic", lambda: Clock.now)
    return Clock


def finished(*seconds):
    return [Trial({}, 0, score=0.0, seconds=s) for s in seconds]


def test_the_time_that_is_left_is_shared_out(clock):
    deadline = Deadline(100)
    assert trial_deadline(deadline, [], 0.0).left() == 50
    assert trial_deadline(deadline, finished(1, 1), 20.0).left() == 40
    assert trial_deadline(deadline, finished(1, 1, 1), 20.0).left() == 80
    clock.now = 95.0
    assert trial_deadline(deadline, finished(4, 4, 4), 0.0).left() == 5
    assert trial_deadline(deadline, finished(40, 40, 40), 0.0) is None
    assert trial_deadline(deadline, finished(4, 4, 4), 5.0) is None
    assert trial_deadline(Deadline(None), finished(4), 9e9).left() == float("inf")


def test_a_deadline_passes(clock):
    deadline = Deadline(10)
    clock.now = 4.0
    assert (deadline.left(), deadline.spent(), deadline.passed()) == (6.0, 4.0, False)
    assert deadline.within(3).left() == 3
    assert deadline.within(30).left() == 6
    clock.now = 11.0
    assert deadline.passed()
    assert deadline.left() == 0
