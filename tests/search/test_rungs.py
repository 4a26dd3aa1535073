"""Many rows: configurations prove themselves on some before the best get all."""

from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
import pytest

from skautokeras import GreedyOracle, StructuredDataClassifier
from skautokeras._search import SearchHooks, Trial, run_search
from skautokeras._search import rungs as room
from skautokeras._search.rungs import Promotion, Promotions, Rungs
from skautokeras._state import Deadline
from skautokeras.inspection import read_search


@pytest.fixture(autouse=True)
def no_time_to_end(monkeypatch):
    monkeypatch.setattr(room, "_SECONDS_TO_END", 0.0)


def trial_of(score, *, seconds=1.0, every=10, **facts):
    facts = {"y_pred": {"head": np.zeros(2)}, "weights": [], **facts}
    return Trial(
        {"x": score}, 0, score=score, loss=0.0, seconds=seconds, every=every, **facts
    )


def all_of(trials):
    return range(len(trials))


def test_all_rows_are_learned_from_where_they_are_few_or_time_is_not_limited():
    assert not Rungs.for_time(60_000, 10).are_several
    assert not Rungs.for_time(10**7, None).are_several
    assert not Rungs.for_time(10**6, 3600).are_several


@pytest.mark.parametrize("n_rows", [150_000, 1_000_000, 10_000_000])
@pytest.mark.parametrize("max_time", [5, 60, 300])
def test_there_are_never_few_rows_in_a_trial(n_rows, max_time):
    assert n_rows / Rungs.for_time(n_rows, max_time).every >= 49_000


def test_those_that_predict_best_together_come_first_and_share_the_time():
    trials = [trial_of(s) for s in (0.1, 0.2, 0.9, 0.5)]
    promotions = Promotions(Rungs(10), lambda trials: [0, 3])
    assert promotions.next(trials, 60.0) == Promotion(0, every=1, seconds=30.0)
    assert promotions.next(trials, 30.0) == Promotion(3, every=1, seconds=30.0)
    # The others follow if time is left, the best one first.
    assert promotions.next(trials, 20.0) == Promotion(2, every=1, seconds=20.0)
    assert promotions.next(trials, 15.0) == Promotion(1, every=1, seconds=15.0)
    assert promotions.next(trials, 15.0) is None


def test_workers_train_at_the_same_time_and_each_has_all_of_it():
    promotions = Promotions(Rungs(10), all_of, n_workers=2)
    trials = [trial_of(s) for s in (0.1, 0.2)]
    assert promotions.next(trials, 60.0).seconds == 60.0
    assert promotions.next(trials, 60.0).seconds == 60.0


def test_fewer_configurations_are_promoted_where_time_is_short():
    trials = [trial_of(s, seconds=10.0) for s in (0.1, 0.2)]
    assert Promotions(Rungs(10), all_of).next(trials, 15.0).seconds == 15.0
    assert Promotions(Rungs(10), all_of).next(trials, 9.0) is None


def test_trees_get_as_many_rows_as_their_time_allows():
    trees = trial_of(0.5, n_iterations=100, seconds=1.5, fitting_seconds=1.0)
    promoted = partial(Rungs(10).promotion, 0)
    assert promoted(trees, 100.0).every == 1
    # Four times the rows take 4 s, and the evaluation half a second as before.
    some = promoted(trees, 4.5 / 0.7)
    assert some.every == 3
    assert some.share_of_fitting == pytest.approx(0.7 * (10 / 3) / (10 / 3 + 0.5))
    assert promoted(trees, 1.6) is None
    assert promoted(trial_of(0.5), 1.6).every == 1
    # Trees that the time has cut get more iterations, too.
    cut = replace(trees, cut=True)
    assert 1 < promoted(cut, 100.0).every < 10
    assert promoted(cut, 1000.0).every == 1


def test_failed_trials_are_not_promoted():
    failed = trial_of(0.5, error="no", y_pred=None)
    assert Promotions(Rungs(10), all_of).next([failed], 100.0) is None


class TwoRungs(SearchHooks):
    """Hooks of a search in which the best configuration is trained again."""

    def __init__(self):
        self.promotions = Promotions(Rungs(5), lambda trials: [best_of(trials)])
        self.begun = []

    def every(self):
        return 5

    def promotion(self, trials, seconds):
        return self.promotions.next(trials, 2.0)

    def on_trial_begin(self, pending):
        self.begun.append(pending)


def best_of(trials):
    return max(range(len(trials)), key=lambda i: trials[i].score)


def evaluated(values, seed, deadline, share_of_fitting, every=1):
    score = -((values["x"] - 3) ** 2) + (1.0 if every == 1 else 0.0)
    trial = trial_of(score, seconds=1.5, every=every, n_rows=100 // every)
    return replace(trial, values=values, seed=seed)


def test_a_promoted_configuration_is_a_further_trial(space_of_one_number):
    hooks = TwoRungs()
    oracle = GreedyOracle(**space_of_one_number, max_trials=7, seed=0)
    trials, _ = run_search(
        oracle, evaluated, seeds=range(7), deadline=Deadline(60), hooks=hooks
    )
    first, promoted = trials[:7], trials[7:]
    assert [t.every for t in first] == [5] * 7
    assert [t.every for t in promoted] == [1] * 5
    assert promoted[0].score == 1.0
    seeds = {pending.seed for pending in hooks.begun}
    assert len(seeds) == len(trials)


@pytest.fixture
def space_of_one_number():
    import keras_tuner

    space = keras_tuner.HyperParameters()
    space.Int("x", 0, 6)
    return {
        "objective": keras_tuner.Objective("score", "max"),
        "hyperparameters": space,
    }


@pytest.fixture
def few_are_many(monkeypatch):
    """Let a table of some thousand rows be too long for its time."""
    monkeypatch.setattr(room, "_FEWEST_ROWS", 300)
    monkeypatch.setattr(room, "_ROWS_PER_SECOND", 10)


def table(n_rows=3_000):
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.standard_normal((n_rows, 4)), columns=list("abcd"))
    X["kind"] = rng.choice(["x", "y"], n_rows)
    return X, (X["a"] * X["b"] > 0).astype(int)


@pytest.mark.slow
@pytest.mark.parametrize("n_jobs", [1, 2])
def test_the_best_configurations_learn_from_all_rows(few_are_many, tmp_path, n_jobs):
    X, y = table()
    # Rows in the order of the classes: each trial has to see all of them.
    X, y = X.loc[y.sort_values().index], y.sort_values()
    params = {"max_trials": 3, "max_time": 30, "random_state": 0, "n_jobs": n_jobs}
    classifier = StructuredDataClassifier(**params, directory=tmp_path).fit(X, y)
    board = classifier.leaderboard_.sort_values("trial")
    # Workers take a part of the time to start.
    assert board["n_rows"].iloc[0] == 300
    assert board["n_rows"].max() == 2400
    assert set(board["n_rows"].head(3)) == {300} or n_jobs > 1
    assert not board["refitted"].any()
    assert classifier.score(X, y) > 0.9
    assert len(read_search(tmp_path).trials) == len(board)
    # The trials of both kinds are read again.
    again = StructuredDataClassifier(**params, directory=tmp_path).fit(X, y)
    common = ["score", "n_rows"]
    # Where the workers started late, there is time for another trial before them.
    found = again.leaderboard_[common].merge(board[common])
    assert len(found) == len(board)
    if len(again.leaderboard_) == len(board):
        np.testing.assert_allclose(
            again.predict_proba(X), classifier.predict_proba(X), atol=0.2
        )
