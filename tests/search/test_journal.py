"""Trials on disk: found again, never half, never another search's."""

import numpy as np
import pytest

from skautokeras._search.journal import Journal
from skautokeras._search.trial import Trial


@pytest.fixture
def evaluate():
    """A fake evaluation that counts its calls."""

    def fake(values, seed, deadline):
        fake.calls += 1
        if values["x"] < 0:
            return Trial(dict(values), seed, error="negative")
        return Trial(
            dict(values),
            seed,
            score=0.5,
            epochs=3,
            history={"loss": [np.float32(1.0), 0.5]},
            y_pred={"head": np.ones((2, 1), "float32")},
            weights=[np.arange(3.0), np.array([7], dtype="uint32")],
        )

    fake.calls = 0
    return fake


def test_what_was_evaluated_is_not_evaluated_again(tmp_path, evaluate):
    first = Journal(tmp_path, "data", seed=1).remember(evaluate)
    expected = [first({"x": x}, 5, None) for x in (1, -1)]
    journal = Journal(tmp_path, "data", seed=2)
    assert journal.seed == 1
    second = journal.remember(evaluate)
    found = [second({"x": x}, 5, None) for x in (1, -1)]
    assert evaluate.calls == 2
    for one, other in zip(expected, found, strict=True):
        assert (one.values, one.error, one.epochs) == (
            other.values,
            other.error,
            other.epochs,
        )
    for one, other in zip(expected[0].weights, found[0].weights, strict=True):
        np.testing.assert_array_equal(one, other)
        assert one.dtype == other.dtype
    np.testing.assert_array_equal(expected[0].y_pred["head"], found[0].y_pred["head"])
    second({"x": 1}, 6, None)  # another seed is another trial
    assert evaluate.calls == 3


def test_a_half_written_trial_is_evaluated_again(tmp_path, evaluate):
    Journal(tmp_path, "data", seed=1).remember(evaluate)({"x": 1}, 5, None)
    next(tmp_path.glob("trial_*.json")).unlink()
    Journal(tmp_path, "data", seed=1).remember(evaluate)({"x": 1}, 5, None)
    assert evaluate.calls == 2


def test_another_search_is_refused(tmp_path):
    Journal(tmp_path, "data", seed=1)
    with pytest.raises(ValueError, match="holds the search of other data"):
        Journal(tmp_path, "other data", seed=1)


def test_files_hold_no_code(tmp_path, evaluate):
    Journal(tmp_path, "data", seed=1).remember(evaluate)({"x": 1}, 5, None)
    assert {path.suffix for path in tmp_path.iterdir()} == {".json", ".npz"}
    with np.load(next(tmp_path.glob("*.npz")), allow_pickle=False) as arrays:
        assert all(arrays[name].dtype != object for name in arrays.files)
