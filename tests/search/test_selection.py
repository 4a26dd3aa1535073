"""Ensemble selection: which trials keep their arrays, and which ones are chosen."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skautokeras import (
    ClassificationHead,
    ImageBlock,
    ImageInput,
    StructuredDataBlock,
    StructuredDataInput,
)
from skautokeras._data import ImageSchema, StructuredDataAdapter, TargetSchema
from skautokeras._search import (
    Trial,
    best_trial,
    ensemble_candidates,
    kept_trials,
    network_types,
    select_ensemble,
)
from skautokeras._space import Graph, SearchSpace
from skautokeras._state import Deadline
from skautokeras._training import Objective

TRUTH = np.array([1.0, 0.0, 1.0, 0.0])


def loss(y_pred):
    return float(np.mean((y_pred["head"] - TRUTH) ** 2))


OBJECTIVE = Objective(lambda outputs: -outputs.loss)


def trial(y_pred, values=()):
    y_pred = {"head": np.asarray(y_pred)}
    return Trial(dict(values), 0, score=-loss(y_pred), y_pred=y_pred)


def plain(units):
    return {"block/block_type": "a", "block/units": units}


def failed_trial():
    return Trial({}, 0, error="ValueError: no such shape")


def score_of(trials, weights):
    mean = sum(w * trials[i].y_pred["head"] for i, w in weights.items())
    return -loss({"head": mean})


@pytest.mark.parametrize("bad", [float("nan"), None])
def test_a_mean_without_a_score_is_not_chosen(bad):
    def score(evaluation):
        # Means of these predictions are neither 0.0 nor 1.0.
        if not set(evaluation.y_pred["head"].tolist()) <= {0.0, 1.0}:
            if bad is None:
                raise ValueError("such predictions have no score")
            return bad
        return -evaluation.loss

    trials = [trial([0.0, 0.0, 1.0, 0.0]), trial([1.0, 0.0, 0.0, 0.0])]
    assert select_ensemble(trials, Objective(score), loss, size=5) == {0: 1.0}


def without_arrays(trial):
    return replace(trial, y_pred=None, weights=None)


# The choice of members


def test_networks_that_err_apart_are_put_together():
    trials = [trial([1, 0.6, 1, 0]), trial([0.4, 0, 1, 0]), trial([0, 1, 0, 1])]
    weights = select_ensemble(trials, OBJECTIVE, loss, size=3)
    assert set(weights) == {0, 1}
    assert score_of(trials, weights) > max(t.score for t in trials)


def test_two_networks_that_err_in_opposite_ways_weigh_the_same():
    trials = [trial(TRUTH + 0.25), trial(TRUTH - 0.25), trial([0.5] * 4)]
    weights = select_ensemble(trials, OBJECTIVE, loss, size=3)
    assert weights == {0: 0.5, 1: 0.5}
    assert score_of(trials, weights) == 0


def test_without_time_the_best_network_is_alone():
    trials = [trial(TRUTH + 0.25), trial(TRUTH - 0.25)]
    weights = select_ensemble(trials, OBJECTIVE, loss, size=3, deadline=Deadline(0))
    assert weights == {0: 1.0}


def test_a_better_network_weighs_more_and_comes_first():
    trials = [trial(TRUTH - 0.75), trial(TRUTH + 0.25)]
    weights = select_ensemble(trials, OBJECTIVE, loss, size=2)
    assert list(weights.items()) == [(1, 0.75), (0, 0.25)]


def test_one_network_is_the_best_one():
    trials = [trial([0.5] * 4), trial([0.9, 0.1, 0.9, 0.1]), trial([1, 1, 1, 1])]
    assert select_ensemble(trials, OBJECTIVE, loss, size=1) == {1: 1.0}


def test_a_perfect_network_stays_alone():
    trials = [trial([0.9, 0.1, 0.9, 0.1]), trial(TRUTH), trial(TRUTH)]
    assert select_ensemble(trials, OBJECTIVE, loss, size=3) == {1: 1.0}


def test_failed_trials_are_left_out_wherever_they_stand():
    good = [trial(TRUTH + 0.25), trial(TRUTH - 0.25)]
    trials = [failed_trial(), good[0], failed_trial(), good[1], failed_trial()]
    assert select_ensemble(trials, OBJECTIVE, loss, size=5) == {1: 0.5, 3: 0.5}
    assert select_ensemble(trials[:3], OBJECTIVE, loss, size=5) == {1: 1.0}


def test_many_variations_of_one_network_leave_room_for_the_best_of_another_type():
    variations = [trial(TRUTH + 0.1 + i / 1000, plain(i)) for i in range(30)]
    others = [trial(TRUTH - error, {"block/block_type": "b"}) for error in (0.3, 0.2)]
    for trials in ([*variations, *others], [*others, *variations]):
        # As the search leaves them: only trials that are kept have predictions.
        kept = kept_trials(trials)
        left = [t if i in kept else without_arrays(t) for i, t in enumerate(trials)]
        weights = select_ensemble(left, OBJECTIVE, loss, size=5)
        worse, better = map(trials.index, others)
        assert weights == {trials.index(variations[0]): 2 / 3, better: 1 / 3}
        assert worse not in kept_trials(trials)


def test_kept_are_the_best_trials_and_the_best_of_six_network_types():
    trials = [Trial(plain(i), 0, score=-float(i), y_pred={}) for i in range(20)]
    assert kept_trials(trials) == list(range(12))
    others = [
        Trial({"a/block_type": f"kind_{i}", "units": 1}, 0, score=-30.0 - i, y_pred={})
        for i in range(7)
    ]
    assert kept_trials([*trials, *others]) == [*range(7), *range(20, 25)]
    assert kept_trials([*others, *trials]) == [*range(7, 14), *range(5)]


@settings(max_examples=50)
@given(
    scores=st.lists(st.integers(-5, 5), min_size=1, max_size=60),
    kinds=st.lists(st.sampled_from("abcdefghi"), min_size=60, max_size=60),
    joint=st.booleans(),
)
def test_a_trial_that_is_not_kept_is_never_wanted_later(scores, kinds, joint):
    def values(kind):
        types = {"x/block_type": kind, "y/block_type": "a" if joint else kind}
        return {**types, "units": 1}

    pairs = zip(scores, kinds, strict=False)
    trials = [
        Trial(values(kind), 0, score=float(score), y_pred={}) for score, kind in pairs
    ]
    for n in range(1, len(trials)):
        before, after = kept_trials(trials[:n]), kept_trials(trials[: n + 1])
        assert set(after) <= {*before, n}
        assert len(after) == min(n + 1, 12)
        assert after[0] == max(range(n + 1), key=lambda i: (trials[i].score, -i))


@settings(max_examples=25)
@given(seed=st.integers(0, 10_000), n=st.integers(1, 20), size=st.integers(1, 4))
def test_an_ensemble_is_never_worse_than_its_best_member(seed, n, size):
    rng = np.random.default_rng(seed)
    trials = [failed_trial(), *(trial(rng.random(4)) for _ in range(n))]
    weights = select_ensemble(trials, OBJECTIVE, loss, size)
    assert 0 not in weights
    assert 1 <= len(weights) <= size
    assert sum(weights.values()) == pytest.approx(1)
    assert min(weights.values()) > 0
    assert list(weights.values()) == sorted(weights.values(), reverse=True)
    assert score_of(trials, weights) >= max(t.score for t in trials[1:]) - 1e-12


def test_choosing_leaves_the_predictions_of_the_trials_alone():
    trials = [trial(TRUTH + 0.25), trial(TRUTH - 0.25)]
    before = [t.y_pred["head"].copy() for t in trials]
    select_ensemble(trials, OBJECTIVE, loss, size=2)
    np.testing.assert_array_equal([t.y_pred["head"] for t in trials], before)


def test_only_completed_trials_with_predictions_can_be_chosen():
    best, pruned, worst = trial(TRUTH), trial(TRUTH), trial(TRUTH + 0.5)
    middle = trial(TRUTH + 0.25)
    trials = [
        worst,
        without_arrays(best),
        replace(pruned, pruned=True),
        failed_trial(),
        middle,
    ]
    assert ensemble_candidates(trials) == [4, 0]
    assert set(select_ensemble(trials, OBJECTIVE, loss, size=5)) <= {0, 4}


@pytest.mark.parametrize(
    ("block", "node", "schema"),
    [
        (
            StructuredDataBlock(),
            StructuredDataInput(),
            StructuredDataAdapter().fit(np.eye(20)).schema_,
        ),
        (
            ImageBlock(),
            ImageInput(),
            ImageSchema((8, 8, 1), 20, "uint8", 0.0, 255.0, (0.5,), (0.3,)),
        ),
    ],
    ids=["table", "image"],
)
def test_the_blocks_that_choose_a_network_tell_its_type(block, node, schema):
    search_space = SearchSpace(
        Graph([node], [ClassificationHead()(block(node))]),
        schemas=[schema],
        targets=[TargetSchema(kind="binary", n_outputs=1)],
        n_samples=20,
    )
    values = search_space.hyperparameters().values
    (name,) = search_space.graph.block_names
    assert network_types(values) == (
        (f"{name}/block_type", values[f"{name}/block_type"]),
    )
    without = {k: v for k, v in values.items() if "block_type" not in k}
    assert network_types(without) == ()


# Equal scores


ACCURACY = Objective(lambda o: float(np.mean((o.y_pred["head"] > 0.5) == TRUTH)))


def judged(y_pred):
    """Return a trial whose score is its accuracy."""
    y_pred = {"head": np.asarray(y_pred)}
    right = float(np.mean((y_pred["head"] > 0.5) == TRUTH))
    return Trial({}, 0, score=right, loss=loss(y_pred), y_pred=y_pred)


def test_of_equal_scores_the_one_with_the_least_loss_is_best():
    trials = [judged([0.6, 0.4, 0.6, 0.4]), judged([0.9, 0.1, 0.9, 0.1])]
    assert best_trial(trials) is trials[1]
    assert ensemble_candidates(trials) == [1, 0]
    weights = select_ensemble(trials, ACCURACY, loss, size=2)
    assert weights == {1: 1.0}


def test_networks_of_equal_scores_are_put_together_if_that_lowers_the_loss():
    trials = [judged(TRUTH + np.array([0.2, 0.2, -0.2, -0.2])), judged(TRUTH - 0.2)]
    assert trials[0].score == trials[1].score == 1
    assert set(select_ensemble(trials, ACCURACY, loss, size=2)) == {0, 1}


def test_a_loss_that_is_not_defined_comes_last():
    trials = [Trial({}, 0, score=1.0), judged(TRUTH)]
    assert best_trial(trials) is trials[1]
