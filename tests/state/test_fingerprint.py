"""Equal searches have equal fingerprints, in every process; others do not."""

import subprocess
import sys
from functools import partial

import keras
import numpy as np
import pytest
from sklearn.metrics import make_scorer, mean_pinball_loss

from skautokeras._state import fingerprint


def weighted(factor):
    """Return a function that encloses a number."""
    return lambda y_true, y_pred: factor * (y_true - y_pred)


def scorer(alpha):
    return make_scorer(mean_pinball_loss, alpha=alpha, greater_is_better=False)


class Slow(keras.losses.Loss):
    """A user's loss."""

    def __init__(self, factor):
        super().__init__()
        self.factor = factor


@pytest.mark.parametrize(
    "make",
    [
        int,
        lambda n: [1, n],
        lambda n: {"a": n},
        lambda n: np.full(3, n),
        lambda n: np.array([n, "x"], dtype=object),
        lambda n: {n, "x"},
        lambda n: keras.losses.Huber(delta=n),
        lambda n: keras.metrics.AUC(num_thresholds=100 * n, name="auc"),
        Slow,
        scorer,
        weighted,
        lambda n: partial(weighted, n),
        lambda n: Slow(n).call,
    ],
    ids=range(13),
)
def test_equal_values_have_equal_fingerprints_and_others_do_not(make):
    assert fingerprint(make(1)) == fingerprint(make(1))
    assert fingerprint(make(1)) != fingerprint(make(2))


def test_functions_are_told_apart_by_their_code():
    first, same, other = (lambda y: y + 1), (lambda y: y + 1), (lambda y: y + 2)
    assert fingerprint(first) == fingerprint(same) != fingerprint(other)


def test_a_value_may_contain_itself():
    value = {"a": 1}
    value["self"] = value
    assert fingerprint(value) == fingerprint(value)


def test_fingerprints_are_the_same_in_another_process():
    code = (
        "import keras\n"
        "from sklearn.metrics import accuracy_score\n"
        "from skautokeras._state import fingerprint\n"
        "def loss(y_true, y_pred):\n"
        "    return (lambda: {'a', 'b', 'c'})() and y_true - y_pred\n"
        "print(fingerprint([loss, keras.losses.Huber(), keras.losses.Huber,\n"
        "    {'a', 'b', 'c'}, accuracy_score, object()]))\n"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, check=True
        ).stdout
        for _ in range(2)
    }
    assert len(found) == 1


def block_class(activation="relu", width=8, edited=False):
    """Return a class of the user, as its file defines it."""

    class Mine:
        size = width

        def build(self, x):
            return [x, activation] if edited else x

    return Mine


@pytest.mark.parametrize(
    "changes", [{"activation": "tanh"}, {"width": 9}, {"edited": True}], ids=str
)
def test_edited_code_is_another_search(changes):
    first = {"edited": True} if "activation" in changes else {}
    assert fingerprint(block_class(**first)) == fingerprint(block_class(**first))
    assert fingerprint(block_class(**first)) != fingerprint(
        block_class(**{**first, **changes})
    )
    assert fingerprint(block_class(**first)()) != fingerprint(
        block_class(**{**first, **changes})()
    )
