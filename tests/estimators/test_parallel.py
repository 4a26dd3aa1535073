"""The estimators with several trials at the same time."""

from functools import partial

import keras
import pytest
from sklearn.datasets import load_iris
from sklearn.model_selection import cross_val_score

from skautokeras import (
    Block,
    ClassificationHead,
    GreedyOracle,
    StructuredDataClassifier,
    StructuredDataInput,
)


@pytest.fixture
def iris():
    return load_iris(return_X_y=True)


class Watch:
    """A scikit-learn callback that notes the tasks that end."""

    def __init__(self):
        self.ended = []

    def setup(self, estimator, context):
        pass

    def teardown(self, estimator, context):
        pass

    def on_fit_task_begin(self, estimator, context):
        pass

    def on_fit_task_end(self, estimator, context):
        self.ended.append((context.task_name, context.task_id))


def test_two_jobs_find_what_one_finds(iris, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    params = {"max_trials": 4, "epochs": 2, "tuner": "random", "random_state": 0}
    params |= {"scoring": "accuracy", "refit": False, "verbose": 1}
    watch = Watch()
    boards = []
    for n_jobs in (1, 2):
        classifier = StructuredDataClassifier(**params, n_jobs=n_jobs)
        if n_jobs == 2:
            classifier.set_callbacks(watch)
        classifier.fit(*iris)
        board = classifier.leaderboard_.sort_values(["score", "n_parameters"])
        boards.append(board)
    assert boards[1]["score"].tolist() == pytest.approx(boards[0]["score"].tolist())
    lines = capsys.readouterr().out.splitlines()
    assert len([line for line in lines if line.startswith("Trial ")]) == 8
    assert sorted(watch.ended) == [("fit", 0), *(("trial", i) for i in range(4))]
    assert classifier.predict(iris[0]).shape == (150,)
    assert list(tmp_path.iterdir()) == []


def make_classifier():
    """Return a classifier over a block that workers cannot import."""

    class Unlucky(Block):
        def build(self, hp, inputs):
            if hp.Choice("kind", ["error", "good"]) == "error":
                raise ArithmeticError("this block cannot be built")
            return keras.layers.Dense(4)(inputs)

    class WithBlock(StructuredDataClassifier):
        def _nodes(self):
            node = StructuredDataInput()
            return [node], [ClassificationHead()(Unlucky()(node))]

    start = partial(
        GreedyOracle,
        initial_values=[{"unlucky_1/kind": kind} for kind in ("error", "good")],
    )

    return WithBlock(
        max_trials=2, epochs=2, random_state=0, n_jobs=2, refit=False, tuner=start
    )


def test_a_block_of_a_users_own_fails_in_a_worker(iris):
    board = make_classifier().fit(*iris).leaderboard_
    assert board["status"].tolist() == ["completed", "failed"]
    assert "this block cannot be built" in board["error"][1]


def test_a_directory_goes_on_with_another_number_of_jobs(iris, tmp_path):
    params = {"epochs": 2, "refit": False, "directory": tmp_path, "tuner": "random"}
    params |= {"random_state": 0}
    first = StructuredDataClassifier(max_trials=3, n_jobs=2, **params).fit(*iris)
    second = StructuredDataClassifier(max_trials=4, n_jobs=1, **params).fit(*iris)
    assert second.leaderboard_["score"].isin(first.leaderboard_["score"]).sum() == 3


def test_there_are_no_workers_of_workers(iris):
    classifier = StructuredDataClassifier(
        max_trials=2, epochs=2, random_state=0, n_jobs=2, refit=False
    )
    scores = cross_val_score(classifier, *iris, cv=2, n_jobs=2, error_score="raise")
    assert scores.shape == (2,)
