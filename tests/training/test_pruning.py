"""A training that falls behind half of the others ends, and is never used."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skautokeras._search import Trial, best_trial
from skautokeras._state import Deadline
from skautokeras._training import (
    Evaluation,
    MedianCurve,
    Monitor,
    Objective,
    is_behind,
)


def trial(scores, planned=None, **others):
    planned = planned or len(scores)
    return Trial(
        {},
        0,
        score=max(scores),
        epochs=len(scores),
        planned_epochs=planned,
        history={"val_score": list(scores)},
        **others,
    )


def stops_at(scores, planned, curve):
    """Return after how many epochs a training with these scores is over."""
    monitor = Monitor(
        Objective(lambda evaluation: evaluation.loss),
        planned,
        patience=None,
        stop_after=None,
        deadline=Deadline(None),
        on_epoch=lambda epoch, logs: False,
        curve=curve,
    )
    for score in scores:
        monitor.update({"loss": 0.0}, Evaluation({}, score), list)
        if monitor.finished:
            return monitor.epoch, monitor.pruned
    return monitor.epoch, False


def test_there_is_nothing_to_compare_with_at_first():
    assert MedianCurve().of([trial([1.0])] * 4) == ()
    assert not is_behind(-1e9, 1.0, ())
    assert len(MedianCurve().of([trial([1.0])] * 5)) > 0


def test_failed_and_pruned_trials_set_no_example():
    others = [trial([0.0, 0.0], error="no"), trial([0.0, 0.0], pruned=True)] * 9
    assert MedianCurve().of(others) == ()
    assert set(MedianCurve().of(others + [trial([5.0, 5.0])] * 5)) == {5.0}


def test_the_curve_is_the_median_of_the_mean_scores_so_far():
    trials = [trial([level, level - 1, level + 4, level - 3]) for level in range(5)]
    curve = np.array(MedianCurve().of(trials)).reshape(4, -1)
    np.testing.assert_array_equal(np.unique(curve, axis=1).ravel(), [2, 1.5, 3, 2])


def test_trainings_of_different_length_are_compared_at_the_same_share():
    short, long = [0.0, 1.0], [0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0]
    curves = [MedianCurve().of([trial(scores)] * 5) for scores in (short, long)]
    assert curves[0][:32] == curves[1][:32] == (0.0,) * 32
    assert curves[0][-1] == curves[1][-1] == 0.5


def test_a_training_that_ended_early_stays_what_it_was():
    curve = MedianCurve().of([trial([0.0, 4.0, 2.0], planned=10)] * 5)
    assert curve[-1] == 2.0


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ([0, 1, 2, 3], (4, False)),  # just as good
        ([0, 0, 9, 9], (2, True)),
        ([0, 0.5, 0.9, 9], (3, True)),
        ([-1, 9, 9, 9], (4, False)),  # the first quarter does not count
        ([5, 0, 0, 0], (4, False)),  # its best is what counts
        ([1, 1, 1, 1], (4, False)),  # the last epoch is over in any case
    ],
)
def test_a_training_ends_where_it_falls_behind(scores, expected):
    curve = MedianCurve().of([trial([0, 1, 2, 3])] * 5)
    assert stops_at(scores, 4, curve) == expected


@given(
    st.lists(st.lists(st.floats(-5, 5), min_size=1, max_size=8), min_size=5, max_size=9)
)
def test_the_best_of_all_is_never_pruned(histories):
    trials = [trial(scores) for scores in histories]
    best = [max(t.score for t in trials)] * 8
    assert stops_at(best, 8, MedianCurve().of(trials)) == (8, False)


def test_a_pruned_trial_never_wins():
    assert best_trial([trial([1.0]), trial([2.0], pruned=True)]).score == 1.0
