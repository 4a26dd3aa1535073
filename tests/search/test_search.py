"""The search with fakes: what it keeps, whom it asks and tells, when it stops."""

import math
from dataclasses import replace

import keras_tuner
import numpy as np
import pytest

from skautokeras import GreedyOracle
from skautokeras._search import (
    ORACLES,
    Limits,
    Rejection,
    SearchHooks,
    Trial,
    best_trial,
    make_oracle,
    run_search,
    trial_deadline,
)
from skautokeras._state import Deadline
from skautokeras.exceptions import SearchError
from tests.search.conftest import FakeWorkers, Limited


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
    trials, interrupted = run_search(
        oracle, parabola, seeds=range(20), deadline=Deadline(None)
    )
    assert best_trial(trials).values == {"x": 3}
    assert best_trial(trials).score == 0
    assert [trial.seed for trial in trials] == list(range(20))
    assert not interrupted


def test_the_search_ends_when_the_oracle_has_nothing_new(oracle, capsys):
    trials, interrupted = run_search(
        oracle, parabola, seeds=range(1000), deadline=Deadline(None)
    )
    assert sorted(trial.values["x"] for trial in trials) == list(range(20))
    assert not interrupted
    assert capsys.readouterr() == ("", "")


def test_a_search_without_a_proposal_says_so(oracle):
    oracle.populate_space = lambda trial_id: {"status": "STOPPED", "values": None}
    with pytest.raises(SearchError, match="The oracle proposed no configuration"):
        run_search(oracle, parabola, seeds=range(3), deadline=Deadline(None))


def test_every_trial_is_given_its_own_values_seed_and_deadline(oracle):
    calls = []

    def record(values, seed, deadline):
        calls.append((dict(values), seed, deadline.left()))
        return parabola(values, seed, deadline)

    trials, _ = run_search(oracle, record, seeds=[7, 3, 5], deadline=Deadline(None))
    assert [call[0] for call in calls] == [trial.values for trial in trials]
    assert [call[1:] for call in calls] == [(s, math.inf) for s in (7, 3, 5)]


def test_the_earlier_of_equal_trials_is_the_best():
    trials = [Trial({}, i, score=score) for i, score in enumerate([1.0, 2.0, 2.0])]
    assert best_trial(trials).seed == 1


def with_arrays(values, seed, deadline):
    trial = parabola(values, seed, deadline)
    return replace(trial, weights=[np.ones(2)], y_pred={"y": np.ones(2)})


def test_only_trials_that_can_be_in_an_ensemble_keep_their_arrays(oracle):
    trials, _ = run_search(
        oracle, with_arrays, seeds=range(20), deadline=Deadline(None)
    )
    kept = [trial.score for trial in trials if trial.weights is not None]
    assert sorted(kept) == sorted(trial.score for trial in trials)[-12:]
    assert kept == [trial.score for trial in trials if trial.y_pred is not None]


def test_failures_are_kept_and_do_not_end_the_search(oracle):
    def every_second(values, seed, deadline):
        trial = parabola(values, seed, deadline)
        return Trial(values, seed, error="odd") if seed % 2 else trial

    trials, _ = run_search(
        oracle, every_second, seeds=range(8), deadline=Deadline(None)
    )
    assert [trial.status for trial in trials] == ["completed", "failed"] * 4
    assert [trial.error for trial in trials[1::2]] == ["odd"] * 4
    assert best_trial(trials).error is None


def test_only_a_search_without_any_result_raises(oracle):
    def fail(values, seed, deadline):
        return Trial(dict(values), seed, error=f"reason {seed}")

    with pytest.raises(SearchError, match=r"All 4 trials failed(.|\n)*reason 0"):
        run_search(oracle, fail, seeds=range(4), deadline=Deadline(None))


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
            run_search(oracle, interrupt, **arguments)
    else:
        trials, interrupted = run_search(oracle, interrupt, **arguments)
        assert [trial.seed for trial in trials] == list(range(n_finished))
        assert interrupted is True
    assert list(tmp_path.iterdir()) == []


def test_ctrl_c_after_nothing_but_failures_is_raised(oracle):
    def fail_then_interrupt(values, seed, deadline):
        if seed == 2:
            raise KeyboardInterrupt
        return Trial(dict(values), seed, error="no")

    with pytest.raises(KeyboardInterrupt, match="before a trial had finished"):
        run_search(oracle, fail_then_interrupt, seeds=range(9), deadline=Deadline(None))


def test_another_error_passes_and_leaves_nothing(oracle, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    def break_down(values, seed, deadline):
        raise MemoryError("out of memory")

    with pytest.raises(MemoryError, match="out of memory"):
        run_search(oracle, break_down, seeds=range(9), deadline=Deadline(None))
    assert list(tmp_path.iterdir()) == []


def test_the_hooks_can_end_the_search(oracle):
    seen = []

    class StopAtThree(SearchHooks):
        def on_trial_end(self, pending, trials):
            assert (pending.seed, pending.values) == (
                trials[-1].seed,
                trials[-1].values,
            )
            seen.append([trial.seed for trial in trials])
            return len(trials) == 3

    trials, interrupted = run_search(
        oracle,
        parabola,
        seeds=range(9),
        deadline=Deadline(None),
        hooks=StopAtThree(),
    )
    assert len(trials) == 3
    assert seen == [[0], [0, 1], [0, 1, 2]]
    assert not interrupted


def test_the_first_trial_is_always_started(oracle):
    trials, _ = run_search(oracle, parabola, seeds=range(9), deadline=Deadline(1e-9))
    assert len(trials) == 1


def finished(*seconds):
    return [Trial({}, 0, score=0.0, seconds=s) for s in seconds]


# So many trials share the time equally.
N_FIRST = 8


@pytest.mark.parametrize("n_done", range(N_FIRST))
def test_the_first_trials_have_an_eighth_of_the_time_each(clock, n_done):
    deadline, done = Deadline(100, clock), finished(*[1] * n_done)
    assert trial_deadline(deadline, done, 0.0).left() == 12.5
    # It is an eighth of the whole time, as long as half of the rest suffices for it.
    assert trial_deadline(deadline, done, 75.0).left() == 12.5
    # Trials that end early leave their time to all that follow.
    clock.now = 50.0
    assert trial_deadline(deadline, done, 0.0).left() == 12.5


@pytest.mark.parametrize("n_done", [0, 1, N_FIRST - 1])
def test_the_first_trials_have_five_seconds_at_least_as_far_as_there_is_time(
    clock, n_done
):
    done = finished(*[0.1] * n_done)
    for total, expected in ((40, 5.0), (39, 5.0), (16, 5.0), (10, 5.0), (8, 4.0)):
        deadline = Deadline(total, clock)
        assert trial_deadline(deadline, done, 0.0).left() == expected


def test_what_takes_long_has_most_of_the_time_that_is_left(oracle, clock):
    class Hooks(SearchHooks):
        def takes_long(self, values):
            return values["x"] % 2 == 1

        def reserved_seconds(self, trials):
            return 10.0

    def evaluate(values, seed, deadline):
        left = 90.0 - clock.now
        expected = 0.75 * left if values["x"] % 2 else 12.5
        assert deadline.left() == pytest.approx(expected)
        clock.now += 1.0
        return parabola(values, seed, deadline)

    trials, _ = run_search(
        oracle, evaluate, seeds=range(6), deadline=Deadline(100, clock), hooks=Hooks()
    )
    assert {trial.values["x"] % 2 for trial in trials} == {0, 1}


@pytest.mark.parametrize("n_done", [0, 1, N_FIRST - 1])
def test_the_first_trials_leave_half_of_the_time(clock, n_done):
    deadline, done = Deadline(100, clock), finished(*[1] * n_done)
    assert trial_deadline(deadline, done, 80.0).left() == 10
    clock.now = 80.0
    assert trial_deadline(deadline, done, 0.0).left() == 10
    assert trial_deadline(deadline, done, 8.0).left() == 6
    clock.now = 98.0
    assert trial_deadline(deadline, done, 0.0).left() == 1


def test_later_trials_have_half_of_the_time_that_is_left(clock):
    deadline, done = Deadline(100, clock), finished(*[1] * N_FIRST)
    assert trial_deadline(deadline, done, 0.0).left() == 50
    assert trial_deadline(deadline, done, 20.0).left() == 40
    clock.now = 60.0
    assert trial_deadline(deadline, done, 10.0).left() == 15
    # A half that is less than an eighth of all time is no share.
    clock.now = 80.0
    assert trial_deadline(deadline, done, 0.0).left() == 12.5
    assert trial_deadline(deadline, done, 10.0).left() == 10
    clock.now = 95.0
    assert trial_deadline(deadline, done, 0.0).left() == 5
    assert trial_deadline(Deadline(12, clock), done, 0.0).left() == 6
    assert trial_deadline(Deadline(8, clock), done, 0.0).left() == 5


def test_a_trial_that_has_too_little_time_is_not_started(clock):
    deadline = Deadline(100, clock)
    clock.now = 95.0
    for n_done in (3, N_FIRST):
        assert trial_deadline(deadline, finished(*[4] * n_done), 0.0) is not None
        assert trial_deadline(deadline, finished(*[40] * n_done), 0.0) is None
        assert trial_deadline(deadline, finished(*[4] * n_done), 5.0) is None


def test_without_a_limit_every_trial_has_all_the_time(clock):
    for n_done in (0, 1, N_FIRST):
        done = finished(*[4] * n_done)
        assert trial_deadline(Deadline(None, clock), done, 9e9).left() == math.inf


def test_a_deadline_passes(clock):
    deadline = Deadline(10, clock)
    clock.now = 4.0
    assert (deadline.left(), deadline.spent(), deadline.passed()) == (6.0, 4.0, False)
    assert deadline.within(3).left() == 3
    assert deadline.within(30).left() == 6
    clock.now = 11.0
    assert deadline.passed()
    assert deadline.left() == 0
    assert (deadline.total(), Deadline(None, clock).total()) == (10.0, math.inf)


def test_failed_trials_say_nothing_about_how_long_a_trial_takes(clock):
    deadline = Deadline(100, clock)
    failed = [Trial({}, 0, error="no", seconds=1000.0)] * N_FIRST
    # Still among the first: none has completed.
    assert trial_deadline(deadline, failed, 0.0).left() == 12.5
    most = finished(*[1] * (N_FIRST - 1))
    assert trial_deadline(deadline, failed + most, 0.0).left() == 12.5
    assert trial_deadline(deadline, failed + most + finished(1), 0.0).left() == 50


def test_a_trial_that_gets_half_of_the_usual_time_is_started(clock):
    deadline = Deadline(10, clock)
    usual = finished(1, 20, 1000)  # the median counts
    assert trial_deadline(deadline, usual, 0.0).left() == 5
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

    run_search(oracle, slow, seeds=range(9), deadline=Deadline(100, clock))
    # At 90 seconds there is less than half of a usual trial left.
    assert starts == [0.0, 30.0, 60.0]


@pytest.mark.parametrize("reserved", [0.0, 20.0])
def test_a_search_leaves_the_time_that_is_reserved(oracle, clock, reserved):
    given, asked = [], []

    def use_up(values, seed, deadline):
        given.append(deadline.left())
        clock.now += given[-1]
        return Trial(dict(values), seed, score=0.0, seconds=given[-1])

    class Reserving(SearchHooks):
        def reserved_seconds(self, trials):
            asked.append(len(trials))
            return reserved

    trials, _ = run_search(
        oracle,
        use_up,
        seeds=range(20),
        deadline=Deadline(100, clock),
        hooks=Reserving(),
    )
    budget = 100 - reserved
    # An eighth of all time for each, as long as that is no more than half of what is
    # left; the ninth trial has the rest.
    last = [8.75, 4.375] if reserved else [12.5, 12.5, 6.25, 6.25]
    assert given == [12.5] * 5 + last
    assert sum(given) <= budget
    assert asked == list(range(len(trials) + 1))
    assert clock.now <= budget


class RejectAbove:
    """Rejects numbers above a limit; notes what was proposed."""

    def __init__(self, limit, *, depends_on_time=False):
        self.limit, self.depends_on_time = limit, depends_on_time
        self.proposed = []

    def __call__(self, values, seed, deadline, *, limits=None):
        x = values["x"]
        if limits is None or x <= self.limit:
            return parabola(values, seed, deadline)
        self.proposed.append(x)
        return Rejection(f"{x} is too much.", x, x, self.depends_on_time)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("n_jobs", [1, 3])
@pytest.mark.parametrize("tuner", ORACLES)
def test_a_rejected_proposal_takes_no_trial(tuner, n_jobs):
    space = keras_tuner.HyperParameters()
    space.Int("x", 0, 19)
    oracle = make_oracle(
        tuner, space, initial_values=[{"x": 15}], max_trials=8, max_epochs=9, seed=1
    )
    hooks = Limited()
    trials, _ = run_search(
        oracle,
        RejectAbove(9),
        seeds=range(8),
        deadline=Deadline(None),
        hooks=hooks,
        workers=FakeWorkers(n_jobs),
    )
    assert hooks.started == sorted(trial.seed for trial in trials) == list(range(8))
    assert max(trial.values["x"] for trial in trials) <= 9
    assert hooks.left_out == []


class OneAtATime(keras_tuner.Oracle):
    """Proposes 0, 1, 2, ..., each as soon as it knows what became of the one before."""

    def populate_space(self, trial_id):
        if self.ongoing_trials:
            return {"status": "IDLE"}
        return {"status": "RUNNING", "values": {"x": len(self.trials)}}


@pytest.mark.parametrize("n_jobs", [1, 3])
def test_an_oracle_that_waits_is_told_of_rejections(n_jobs):
    space = keras_tuner.HyperParameters()
    space.Int("x", 0, 19)
    oracle = OneAtATime(keras_tuner.Objective("score", "max"), hyperparameters=space)

    def evaluate(values, seed, deadline, *, limits=None):
        if values["x"] % 3:
            return Rejection("It is no multiple of 3.")
        return parabola(values, seed, deadline)

    trials, _ = run_search(
        oracle,
        evaluate,
        seeds=range(4),
        deadline=Deadline(None),
        hooks=Limited(),
        workers=FakeWorkers(n_jobs),
    )
    assert [trial.values["x"] for trial in trials] == [0, 3, 6, 9]


@pytest.mark.parametrize("n_jobs", [1, 3])
def test_a_search_that_may_try_nothing_names_the_smallest_network(oracle, n_jobs):
    hooks = Limited()
    with pytest.raises(SearchError, match=r"None of 20 .* smallest one: 0 is too muc"):
        run_search(
            oracle,
            RejectAbove(-1),
            seeds=range(3),
            deadline=Deadline(None),
            hooks=hooks,
            workers=FakeWorkers(n_jobs),
        )
    assert sorted(hooks.left_out) == hooks.started == list(range(n_jobs))


def test_a_rejection_without_a_size_counts_as_the_smallest(oracle):
    reject = RejectAbove(-1)

    def no_weights(values, seed, deadline, **options):
        if values["x"] == 0:
            return Rejection("There are no weights.")
        return reject(values, seed, deadline, **options)

    with pytest.raises(SearchError, match="The smallest one: There are no weights"):
        run_search(
            oracle,
            no_weights,
            seeds=range(3),
            deadline=Deadline(None),
            hooks=Limited(),
        )


@pytest.mark.parametrize("n_jobs", [1, 3])
def test_what_workers_lack_is_told_once(oracle, n_jobs):
    def evaluate(values, seed, deadline, **options):
        if values["x"] % 2:
            reason = f"There are no weights for {values['x']}."
            return Rejection(reason, lacks_weights=True)
        if values["x"] % 4:
            return Rejection("The user knows.", lacks_weights=True, is_told=True)
        return parabola(values, seed, deadline)

    with pytest.warns(UserWarning, match=r"no weights for \d+. The search") as caught:
        run_search(
            oracle,
            evaluate,
            seeds=range(4),
            deadline=Deadline(None),
            hooks=Limited(),
            workers=FakeWorkers(n_jobs),
        )
    assert len(caught) == 1


def test_without_a_result_the_cheapest_is_tried_whatever_the_time(oracle):
    evaluate = RejectAbove(-1, depends_on_time=True)
    trials, _ = run_search(
        oracle, evaluate, seeds=range(3), deadline=Deadline(60), hooks=Limited()
    )
    assert [trial.values["x"] for trial in trials] == [min(evaluate.proposed[:10])]


def inexhaustible():
    space = keras_tuner.HyperParameters()
    space.Int("x", 0, 10**9)
    return make_oracle(
        "random", space, initial_values=[], max_trials=99, max_epochs=9, seed=1
    )


@pytest.mark.parametrize("depends_on_time", [False, True])
@pytest.mark.parametrize("seconds", [None, 60])
@pytest.mark.parametrize("n_jobs", [1, 2, 4])
def test_a_search_gives_up_though_the_oracle_does_not(n_jobs, seconds, depends_on_time):
    evaluate = RejectAbove(-1, depends_on_time=depends_on_time)
    oracle = inexhaustible()

    def search():
        return run_search(
            oracle,
            evaluate,
            seeds=range(99),
            deadline=Deadline(seconds),
            hooks=Limited(),
            workers=FakeWorkers(n_jobs, np.random.default_rng(0).integers),
        )

    if depends_on_time:
        # The cheapest of all proposals, whichever place it was made for.
        trials, _ = search()
        assert trials[0].values["x"] == min(evaluate.proposed[: 10 * n_jobs])
    else:
        with pytest.raises(SearchError, match="proposed configurations was tried"):
            search()
        assert len(evaluate.proposed) == 50 * n_jobs


def test_the_oracle_is_not_asked_in_vain_while_a_long_trial_runs():
    evaluate = RejectAbove(-1, depends_on_time=True)
    n_rejected = []

    class OneIsLong:
        def run(self, search, evaluate):
            search.n_jobs = 4
            long, *waiting = search.start_trials()
            while waiting:
                pending = waiting.pop()
                result = evaluate(pending.values, 0, None, limits=pending.limits)
                search.finish_trial(pending, result)
                waiting += search.start_trials()
            n_rejected.append(len(evaluate.proposed))
            search.finish_trial(long, parabola(long.values, 0, None))

    oracle = inexhaustible()
    trials, _ = run_search(
        oracle,
        evaluate,
        seeds=range(99),
        deadline=Deadline(60),
        hooks=Limited(),
        workers=OneIsLong(),
    )
    assert n_rejected == [30]
    assert len(trials) == 1


def test_without_time_for_a_trial_the_oracle_is_not_asked_again(clock):
    class Reserving(Limited):
        def reserved_seconds(self, trials):
            return 50.0

        def limits(self, seconds):
            given.append(seconds)
            return Limits(seconds)

    given = []

    def evaluate(values, seed, deadline, *, limits=None):
        clock.now += 4.0
        if limits is None or seed == 0:
            return parabola(values, seed, deadline)
        return Rejection("slow", 1, 1, depends_on_time=True)

    oracle = inexhaustible()
    run_search(
        oracle,
        evaluate,
        seeds=range(99),
        deadline=Deadline(60, clock),
        hooks=Reserving(),
    )
    assert given == [10.0, 6.0, 2.0]


def test_looking_for_a_configuration_takes_nothing_from_its_trial(oracle, clock):
    given = []

    def evaluate(values, seed, deadline, *, limits=None):
        if values["x"] > 1:
            clock.now += 1.0
            return Rejection("large", 1, 1)
        given.append(deadline.left())
        return parabola(values, seed, deadline)

    run_search(
        oracle,
        evaluate,
        seeds=range(2),
        deadline=Deadline(100, clock),
        hooks=Limited(),
    )
    assert given == [12.5, 12.5]


def test_behind_the_deadline_no_configuration_is_looked_for(clock):
    def evaluate(values, seed, deadline, *, limits=None):
        clock.now += 2.0
        return Rejection("large", 1, 1)

    oracle = inexhaustible()
    with pytest.raises(SearchError, match="None of 5 proposed"):
        run_search(
            oracle,
            evaluate,
            seeds=range(99),
            deadline=Deadline(10, clock),
            hooks=Limited(),
        )


def test_a_failed_trial_has_learned_from_the_rows_that_it_was_given(oracle):
    class Some(SearchHooks):
        def every(self):
            return 5

    def fail(values, seed, deadline, **options):
        return Trial(values, seed, error="no")

    with pytest.raises(SearchError, match="All 2 trials failed"):
        run_search(oracle, fail, seeds=range(2), deadline=Deadline(None), hooks=Some())

    def fail_once(values, seed, deadline, **options):
        if seed == 0:
            return fail(values, seed, deadline)
        return parabola(values, seed, deadline)

    trials, _ = run_search(
        oracle, fail_once, seeds=range(2), deadline=Deadline(None), hooks=Some()
    )
    assert [trial.every for trial in trials] == [5, 5]


def test_after_a_result_nothing_is_tried_that_takes_too_long(oracle):
    evaluate = RejectAbove(7, depends_on_time=True)
    trials, _ = run_search(
        oracle,
        evaluate,
        seeds=range(30),
        deadline=Deadline(60),
        hooks=Limited(),
        workers=FakeWorkers(2),
    )
    assert sorted({trial.values["x"] for trial in trials}) == list(range(8))
    assert len(trials) == 8


def test_the_time_that_is_left_for_a_trial_is_without_the_reserve(oracle, clock):
    seen = []

    class Reserving(SearchHooks):
        def reserved_seconds(self, trials):
            return 20.0

        def limits(self, seconds):
            seen.append(seconds)

    run_search(
        oracle,
        parabola,
        seeds=range(1),
        deadline=Deadline(60, clock),
        hooks=Reserving(),
    )
    assert seen == [40.0]


def test_a_trial_is_told_the_curve_that_it_must_not_fall_behind(oracle):
    class Curve(SearchHooks):
        def pruning_curve(self, trials):
            return tuple(trial.score for trial in trials)

    told = []

    def record(values, seed, deadline, **options):
        told.append(options)
        return parabola(values, seed, deadline)

    trials, _ = run_search(
        oracle, record, seeds=range(3), deadline=Deadline(None), hooks=Curve()
    )
    first, second, _ = [trial.score for trial in trials]
    # Without a curve, the evaluation need not know that there can be one.
    assert told == [{}, {"curve": (first,)}, {"curve": (first, second)}]
