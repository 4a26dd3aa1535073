"""The search with fakes: what it keeps, when it stops."""

import math
from dataclasses import replace

import keras_tuner
import numpy as np
import pytest

from skautokeras import GreedyOracle
from skautokeras._search import (
    ORACLES,
    Cost,
    Refusal,
    Trial,
    best_trial,
    make_oracle,
    search,
    trial_deadline,
)
from skautokeras._training import Deadline
from skautokeras.exceptions import SearchError


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
    assert best_trial(trials).score == 0
    assert [trial.seed for trial in trials] == list(range(20))
    assert not interrupted


def test_the_search_ends_when_the_oracle_has_nothing_new(oracle, capsys):
    trials, interrupted = search(
        oracle, parabola, seeds=range(1000), deadline=Deadline(None)
    )
    assert sorted(trial.values["x"] for trial in trials) == list(range(20))
    assert not interrupted
    assert capsys.readouterr() == ("", "")


def test_a_search_without_a_proposal_says_so(oracle):
    oracle.populate_space = lambda trial_id: {"status": "STOPPED", "values": None}
    with pytest.raises(SearchError, match="The oracle proposed no configuration"):
        search(oracle, parabola, seeds=range(3), deadline=Deadline(None))


def test_every_trial_is_given_its_own_values_seed_and_deadline(oracle):
    calls = []

    def record(values, seed, deadline):
        calls.append((dict(values), seed, deadline.left()))
        return parabola(values, seed, deadline)

    trials, _ = search(oracle, record, seeds=[7, 3, 5], deadline=Deadline(None))
    assert [call[0] for call in calls] == [trial.values for trial in trials]
    assert [call[1:] for call in calls] == [(s, math.inf) for s in (7, 3, 5)]


def test_the_earlier_of_equal_trials_is_the_best():
    trials = [Trial({}, i, score=score) for i, score in enumerate([1.0, 2.0, 2.0])]
    assert best_trial(trials).seed == 1


def test_only_trials_that_can_be_in_an_ensemble_keep_their_arrays(oracle):
    def with_arrays(values, seed, deadline):
        trial = parabola(values, seed, deadline)
        return replace(trial, weights=[np.ones(2)], y_pred={"y": np.ones(2)})

    trials, _ = search(oracle, with_arrays, seeds=range(20), deadline=Deadline(None))
    kept = [trial.score for trial in trials if trial.weights is not None]
    assert sorted(kept) == sorted(trial.score for trial in trials)[-12:]
    assert kept == [trial.score for trial in trials if trial.y_pred is not None]


def test_failures_are_kept_and_do_not_end_the_search(oracle):
    def every_second(values, seed, deadline):
        trial = parabola(values, seed, deadline)
        return Trial(values, seed, error="odd") if seed % 2 else trial

    trials, _ = search(oracle, every_second, seeds=range(8), deadline=Deadline(None))
    assert [trial.status for trial in trials] == ["completed", "failed"] * 4
    assert [trial.error for trial in trials[1::2]] == ["odd"] * 4
    assert best_trial(trials).error is None


def test_only_a_search_without_any_result_raises(oracle):
    def fail(values, seed, deadline):
        return Trial(dict(values), seed, error=f"reason {seed}")

    with pytest.raises(SearchError, match=r"All 4 trials failed(.|\n)*reason 0"):
        search(oracle, fail, seeds=range(4), deadline=Deadline(None))


@pytest.mark.parametrize("n_finished", [0, 2])
def test_ctrl_c_keeps_what_is_there(oracle, n_finished, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

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
        assert [trial.seed for trial in trials] == list(range(n_finished))
        assert interrupted is True
    assert list(tmp_path.iterdir()) == []


def test_ctrl_c_after_nothing_but_failures_is_raised(oracle):
    def fail_then_interrupt(values, seed, deadline):
        if seed == 2:
            raise KeyboardInterrupt
        return Trial(dict(values), seed, error="no")

    with pytest.raises(KeyboardInterrupt, match="before a trial had finished"):
        search(oracle, fail_then_interrupt, seeds=range(9), deadline=Deadline(None))


def test_another_error_passes_and_leaves_nothing(oracle, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    def break_down(values, seed, deadline):
        raise MemoryError("out of memory")

    with pytest.raises(MemoryError, match="out of memory"):
        search(oracle, break_down, seeds=range(9), deadline=Deadline(None))
    assert list(tmp_path.iterdir()) == []


def test_a_callback_can_end_the_search(oracle):
    seen = []

    def stop_at_three(job, trials):
        seen.append([trial.seed for trial in trials])
        return len(trials) == 3

    trials, interrupted = search(
        oracle,
        parabola,
        seeds=range(9),
        deadline=Deadline(None),
        on_trial=stop_at_three,
    )
    assert len(trials) == 3
    assert seen == [[0], [0, 1], [0, 1, 2]]
    assert not interrupted


def test_the_first_trial_is_always_started(oracle):
    trials, _ = search(oracle, parabola, seeds=range(9), deadline=Deadline(1e-9))
    assert len(trials) == 1


def finished(*seconds):
    return [Trial({}, 0, score=0.0, seconds=s) for s in seconds]


def test_the_time_that_is_left_is_shared_out(clock):
    deadline = Deadline(100, clock)
    assert trial_deadline(deadline, [], 0.0).left() == 50
    assert trial_deadline(deadline, finished(1), 20.0).left() == 40
    assert trial_deadline(deadline, finished(1, 1), 20.0).left() == 80
    clock.now = 95.0
    assert trial_deadline(deadline, finished(4, 4, 4), 0.0).left() == 5
    assert trial_deadline(deadline, finished(40, 40, 40), 0.0) is None
    assert trial_deadline(deadline, finished(4, 4, 4), 5.0) is None
    assert trial_deadline(Deadline(None, clock), finished(4), 9e9).left() == float(
        "inf"
    )


def test_a_deadline_passes(clock):
    deadline = Deadline(10, clock)
    clock.now = 4.0
    assert (deadline.left(), deadline.spent(), deadline.passed()) == (6.0, 4.0, False)
    assert deadline.within(3).left() == 3
    assert deadline.within(30).left() == 6
    clock.now = 11.0
    assert deadline.passed()
    assert deadline.left() == 0


def test_failed_trials_say_nothing_about_how_long_a_trial_takes(clock):
    deadline = Deadline(100, clock)
    failed = [Trial({}, 0, error="no", seconds=1000.0)] * 5
    # Still among the first: none has completed.
    assert trial_deadline(deadline, failed, 0.0).left() == 50
    assert trial_deadline(deadline, failed + finished(1), 0.0).left() == 50
    assert trial_deadline(deadline, failed + finished(1, 1), 0.0).left() == 100


def test_a_trial_that_gets_half_of_the_usual_time_is_started(clock):
    deadline = Deadline(10, clock)
    usual = finished(1, 20, 1000)  # the median counts
    assert trial_deadline(deadline, usual, 0.0).left() == 10
    assert trial_deadline(deadline, usual, 0.1) is None


def test_the_first_trial_is_started_even_if_all_time_is_reserved(clock):
    assert trial_deadline(Deadline(10, clock), [], 10.0).passed()
    assert trial_deadline(Deadline(10, clock), [], 30.0).passed()
    assert trial_deadline(Deadline(0, clock), [], 0.0).passed()
    failed = [Trial({}, 0, error="no")]
    assert trial_deadline(Deadline(10, clock), failed, 10.0) is None
    assert trial_deadline(Deadline(0, clock), failed, 0.0) is None


def test_no_trial_starts_behind_the_deadline(oracle, clock):
    starts = []

    def slow(values, seed, deadline):
        starts.append(clock.now)
        clock.now += 30.0  # whatever the deadline says
        return Trial(dict(values), seed, score=0.0, seconds=30.0)

    search(oracle, slow, seeds=range(9), deadline=Deadline(100, clock))
    # At 90 seconds there is less than half of a usual trial left.
    assert starts == [0.0, 30.0, 60.0]


@pytest.mark.parametrize("reserved", [0.0, 20.0])
def test_a_search_leaves_the_time_that_is_reserved(oracle, clock, reserved):
    given, asked = [], []

    def use_up(values, seed, deadline):
        given.append(deadline.left())
        clock.now += given[-1]
        return Trial(dict(values), seed, score=0.0, seconds=given[-1])

    def reserve(trials):
        asked.append(len(trials))
        return reserved

    trials, _ = search(
        oracle, use_up, seeds=range(9), deadline=Deadline(100, clock), reserve=reserve
    )
    budget = 100 - reserved
    # A half of what is left for each of the first two, then all of it.
    assert given[:3] == [budget / 2, budget / 4, budget / 4]
    assert sum(given) <= budget
    assert asked == list(range(len(trials) + 1))
    assert clock.now <= budget


def refuse_above(limit, *, depends_on_time=False):
    """Return what turns down numbers above a limit."""

    def refusal(values, trials, seconds):
        if values["x"] <= limit:
            return None
        cost = Cost(n_parameters=values["x"], flops=values["x"], epochs=1)
        return Refusal(cost, f"{cost.n_parameters} is too much.", depends_on_time)

    return refusal


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("tuner", ORACLES)
def test_what_is_turned_down_takes_no_trial(tuner):
    space = keras_tuner.HyperParameters()
    space.Int("x", 0, 19)
    oracle = make_oracle(
        tuner, space, initial_values=[{"x": 15}], max_trials=8, max_epochs=9, seed=1
    )
    started = []
    trials, _ = search(
        oracle,
        parabola,
        seeds=range(8),
        deadline=Deadline(None),
        refusal=refuse_above(9),
        on_start=lambda job: started.append(job.number),
    )
    assert started == [trial.seed for trial in trials] == list(range(8))
    assert max(trial.values["x"] for trial in trials) <= 9


def test_a_search_that_may_try_nothing_names_the_smallest(oracle):
    with pytest.raises(SearchError, match=r"None of 20 .* smallest one: 0 is too muc"):
        search(
            oracle,
            parabola,
            seeds=range(3),
            deadline=Deadline(None),
            refusal=refuse_above(-1),
        )


def test_without_a_result_the_cheapest_is_tried_whatever_the_time(oracle):
    proposed = []

    def refusal(values, trials, seconds):
        proposed.append(values["x"])
        return refuse_above(-1, depends_on_time=True)(values, trials, seconds)

    trials, _ = search(
        oracle,
        parabola,
        seeds=range(3),
        deadline=Deadline(60),
        refusal=refusal,
    )
    assert [trial.values["x"] for trial in trials] == [min(proposed[:10])]


def test_what_is_left_for_a_first_epoch_is_without_the_reserve(oracle, clock):
    seen = []

    def refusal(values, trials, seconds):
        seen.append(seconds)

    search(
        oracle,
        parabola,
        seeds=range(1),
        deadline=Deadline(60, clock),
        reserve=lambda trials: 20.0,
        refusal=refusal,
    )
    assert seen == [40.0]
