"""What goes wrong is recorded, and what is promised about time holds."""

import time

import keras
import pytest
from sklearn.datasets import load_iris

from skautokeras import (
    Block,
    ClassificationHead,
    GreedyOracle,
    StructuredDataClassifier,
    StructuredDataInput,
)
from skautokeras.exceptions import SearchError


class Unlucky(Block):
    """A user's block that fails for some of its values."""

    def build(self, hp, inputs):
        """Fail unless the hyperparameter is right."""
        kind = hp.Choice("kind", ["error", "nan", "huge", "good"])
        if kind == "error":
            raise ArithmeticError("this block cannot be built")
        if kind == "huge":  # 400 TB
            inputs = keras.layers.Dense(10_000_000)(inputs)
            inputs = keras.layers.Dense(10_000_000)(inputs)
        x = keras.layers.Dense(4)(inputs)
        return x * float("nan") if kind == "nan" else x


class WithBlock(StructuredDataClassifier):
    """The classifier over a search space of a user's own."""

    def _nodes(self):
        node = StructuredDataInput()
        return [node], [ClassificationHead()(Unlucky()(node))]


def _unlucky_first(*, objective, hyperparameters, max_trials, seed):
    kinds = {3: ["error", "nan", "good"], 2: ["huge", "good"], 1: ["error"]}
    kinds = [{"unlucky_1/kind": kind} for kind in kinds[max_trials]]
    return GreedyOracle(
        objective, max_trials, kinds, seed, hyperparameters=hyperparameters
    )


class InterruptAfter(keras.callbacks.Callback):
    """Press Ctrl+C in a certain epoch, counted over all trials."""

    epochs = 0

    def __init__(self, n_epochs):
        super().__init__()
        self.n_epochs = n_epochs

    def on_epoch_end(self, epoch, logs=None):
        type(self).epochs += 1
        if type(self).epochs == self.n_epochs:
            raise KeyboardInterrupt


@pytest.fixture
def iris():
    """150 rows, three classes."""
    return load_iris(return_X_y=True)


def test_failed_trials_are_recorded_and_the_search_goes_on(iris, capsys):
    classifier = WithBlock(
        max_trials=3, epochs=2, random_state=0, verbose=1, tuner=_unlucky_first
    ).fit(*iris)
    board = classifier.leaderboard_.set_index("trial")
    assert board["status"].to_dict() == {0: "failed", 1: "failed", 2: "completed"}
    assert "this block cannot be built" in board["error"][0]
    assert "nan" in board["error"][1]
    assert classifier.best_params_["unlucky_1/kind"] == "good"
    assert "failed" in capsys.readouterr().out


def test_a_network_too_large_for_the_memory_does_not_end_the_search(iris):
    classifier = WithBlock(max_trials=2, epochs=2, random_state=0, tuner=_unlucky_first)
    board = classifier.fit(*iris).leaderboard_
    assert (board["status"] == "completed").all()
    # It is not built: the process would end.
    assert all(params["unlucky_1/kind"] != "huge" for params in board["params"])


def test_a_search_in_which_all_trials_fail_raises_the_first_reason(iris):
    with pytest.raises(SearchError, match="this block cannot be built"):
        WithBlock(max_trials=1, epochs=2, random_state=0, tuner=_unlucky_first).fit(
            *iris
        )


def test_ctrl_c_leaves_the_best_trial_so_far(iris):
    InterruptAfter.epochs = 0
    classifier = StructuredDataClassifier(
        max_trials=5, epochs=2, cv=None, callbacks=[InterruptAfter(3)], random_state=0
    )
    with pytest.warns(UserWarning, match="interrupted after 1 trials"):
        classifier.fit(*iris)
    assert classifier.interrupted_
    assert classifier.n_trials_ == 1
    assert classifier.predict(iris[0]).shape == (150,)


def test_ctrl_c_in_the_final_training_keeps_the_networks_of_the_trials(
    iris, monkeypatch
):
    def interrupt(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr("skautokeras._ensemble.refit.train", interrupt)
    classifier = StructuredDataClassifier(
        max_trials=2, epochs=2, cv=None, random_state=0
    )
    with pytest.warns(UserWarning, match="final training was interrupted"):
        classifier.fit(*iris)
    assert classifier.interrupted_
    assert classifier.n_trials_ == 2
    assert not classifier.leaderboard_["refitted"].any()
    assert classifier.predict(iris[0]).shape == (150,)


def test_ctrl_c_before_the_first_result_is_raised(iris):
    InterruptAfter.epochs = 0
    classifier = StructuredDataClassifier(
        epochs=2, callbacks=[InterruptAfter(1)], random_state=0
    )
    with pytest.raises(KeyboardInterrupt):
        classifier.fit(*iris)


@pytest.mark.slow
def test_the_time_is_kept_to_a_tenth_and_an_epoch(titanic):
    StructuredDataClassifier(max_trials=1, epochs=1).fit(*titanic)  # imports
    classifier = StructuredDataClassifier(max_time=8, max_trials=10_000)
    start = time.monotonic()
    classifier.fit(*titanic)
    # An epoch of the slowest configuration here, compilation included, is below 2 s.
    assert time.monotonic() - start < 8 * 1.1 + 2
    assert classifier.n_trials_ > 1


@pytest.mark.slow
def test_the_first_network_is_there_in_hardly_any_time(titanic):
    classifier = StructuredDataClassifier(max_time=0.001, random_state=0).fit(*titanic)
    assert classifier.n_trials_ == 1
    assert classifier.predict(titanic[0]).shape == (len(titanic[0]),)
