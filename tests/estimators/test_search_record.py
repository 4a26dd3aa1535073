"""What a fitted estimator tells about its search, and its validation rows."""

import pickle

import keras
import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_diabetes, load_iris
from sklearn.metrics import accuracy_score, log_loss, root_mean_squared_error
from sklearn.model_selection import KFold

import skautokeras
from skautokeras import (
    AutoModel,
    ClassificationHead,
    RegressionHead,
    StructuredDataClassifier,
    StructuredDataInput,
    StructuredDataRegressor,
)
from skautokeras.exceptions import FileFormatError
from skautokeras.inspection import read_search

QUICK = {"max_trials": 3, "epochs": 3, "random_state": 0}


def test_validation_predictions_belong_to_their_rows():
    X, y = load_iris(return_X_y=True, as_frame=True)
    clf = StructuredDataClassifier(cv=None, ensemble_size=3, **QUICK).fit(X, y)
    rows = clf.validation_indices_
    assert len(np.unique(rows)) == len(rows) == 30
    assert clf.validation_predictions_.shape == (30, 3)
    best = clf.leaderboard_.iloc[0]
    predicted = clf.validation_predictions_.argmax(axis=1)
    one = StructuredDataClassifier(cv=None, ensemble_size=1, refit=False, **QUICK)
    one.fit(X, y)
    assert accuracy_score(
        y.iloc[one.validation_indices_], one.validation_predictions_.argmax(axis=1)
    ) == pytest.approx(best["accuracy"])
    np.testing.assert_allclose(
        one.validation_predictions_,
        one.predict_proba(X.iloc[one.validation_indices_]),
        atol=1e-5,
    )
    assert accuracy_score(y.iloc[rows], predicted) > 0.5


def test_out_of_fold_predictions_are_of_all_rows_but_those_of_weight_0():
    X, y = load_iris(return_X_y=True)
    weight = np.ones(150)
    weight[:10] = 0
    clf = StructuredDataClassifier(cv=3, **QUICK).fit(X, y, weight)
    assert sorted(clf.validation_indices_) == list(range(10, 150))
    proba = clf.validation_predictions_
    assert proba.shape == (140, 3)
    assert log_loss(y[clf.validation_indices_], proba) < 1.2


def test_rows_of_validation_data_are_numbered_by_themselves():
    X, y = load_iris(return_X_y=True)
    clf = StructuredDataClassifier(**QUICK)
    clf.fit(X[::2], y[::2], validation_data=(X[1::5], y[1::5]))
    assert clf.validation_indices_.tolist() == list(range(30))


def test_errors_are_in_the_unit_of_y():
    X, y = load_diabetes(return_X_y=True)
    y = 1000 * y
    model = StructuredDataRegressor(cv=None, refit=False, ensemble_size=1, **QUICK)
    model.fit(X, y)
    board = model.leaderboard_
    assert (board["rmse"] > 10_000).all()
    error = root_mean_squared_error(
        y[model.validation_indices_], model.validation_predictions_
    )
    assert board["rmse"].iloc[0] == pytest.approx(error, rel=1e-5)
    assert model.search_.scoring == "neg_loss"


def test_several_heads_have_a_metric_each():
    X, species = load_iris(return_X_y=True, as_frame=True)
    y = {"species": species, "width": X.pop("petal width (cm)")}
    heads = [ClassificationHead(name="species"), RegressionHead(name="width")]
    model = AutoModel(StructuredDataInput(), heads, cv=None, **QUICK).fit(X, y)
    assert {"species_accuracy", "width_rmse"} <= set(model.leaderboard_)
    assert set(model.validation_predictions_) == {"species", "width"}


@pytest.mark.parametrize(
    ("scoring", "name"),
    [
        (None, "neg_loss"),
        ("accuracy", "accuracy"),
        ("val_accuracy", "accuracy"),
        ("val_loss", "neg_loss"),
        ("neg_log_loss", "neg_log_loss"),
    ],
)
def test_the_score_has_a_name(scoring, name):
    X, y = load_iris(return_X_y=True)
    clf = StructuredDataClassifier(
        scoring=scoring, max_trials=1, epochs=1, random_state=0
    )
    assert clf.fit(X, y).search_.scoring == name


def test_a_search_is_read_from_its_folder_while_it_runs_and_afterwards(tmp_path):
    pytest.importorskip("sklearn.callback")
    X, y = load_iris(return_X_y=True)
    seen = []

    class Look:
        def setup(self, estimator, context):
            pass

        def teardown(self, estimator, context):
            pass

        def on_fit_task_begin(self, estimator, context):
            pass

        def on_fit_task_end(self, estimator, context):
            if context.task_name == "trial":
                seen.append(len(read_search(tmp_path).trials))

    clf = StructuredDataClassifier(directory=tmp_path, **QUICK)
    clf.set_callbacks(Look()).fit(X, y)
    assert seen == [1, 2, 3]
    record = read_search(tmp_path)
    assert record.estimator == "StructuredDataClassifier"
    assert record.scoring == "neg_loss"
    shared = ["trial", "kind", "predefined", "score", "accuracy", "seconds", "ended"]
    pd.testing.assert_frame_equal(
        record.leaderboard[shared], clf.leaderboard_[shared], check_exact=False
    )


def test_a_continued_search_counts_its_seconds_on(tmp_path):
    X, y = load_iris(return_X_y=True)
    options = {**QUICK, "directory": tmp_path}
    first = StructuredDataClassifier(**{**options, "max_trials": 2}).fit(X, y)
    before = first.leaderboard_["ended"].max()
    board = StructuredDataClassifier(**options).fit(X, y).leaderboard_
    assert board.set_index("trial")["ended"][2] > before


def test_folders_without_a_search_are_refused(tmp_path):
    with pytest.raises(FileFormatError, match="holds no search"):
        read_search(tmp_path)
    inner = tmp_path / "fit-1"
    clf = StructuredDataClassifier(max_trials=1, epochs=1, directory=inner)
    clf.fit(*load_iris(return_X_y=True))
    with pytest.raises(FileFormatError, match=r"searches in its folders \['fit-1'\]"):
        read_search(tmp_path)


class FailInTheThird(keras.callbacks.Callback):
    """Fails in the third epoch of the third trial."""

    n_trainings = 0

    def on_train_begin(self, logs=None):
        type(self).n_trainings += 1

    def on_epoch_end(self, epoch, logs=None):
        if type(self).n_trainings == 3 and epoch == 2:
            raise RuntimeError("The third epoch failed.")


def test_a_failed_trial_keeps_the_epochs_it_had():
    X, y = load_iris(return_X_y=True)
    FailInTheThird.n_trainings = 0
    clf = StructuredDataClassifier(
        max_trials=3,
        epochs=5,
        cv=None,
        prune=None,
        refit=False,
        callbacks=[FailInTheThird()],
        random_state=0,
    ).fit(X, y)
    board = clf.leaderboard_.set_index("trial").sort_index()
    assert board["status"].tolist() == ["completed", "completed", "failed"]
    history = clf.search_.histories
    assert history.loc[history["trial"] == 2, "epoch"].tolist() == [1, 2, 3]
    assert np.isnan(board.loc[2, "accuracy"])


def test_copies_and_files_have_the_same_record(tmp_path):
    X, y = load_iris(return_X_y=True)
    clf = StructuredDataClassifier(cv=KFold(3), **QUICK).fit(X, y)
    clf.save(tmp_path / "clf.zip")
    for copied in (
        pickle.loads(pickle.dumps(clf)),
        skautokeras.load(tmp_path / "clf.zip"),
    ):
        pd.testing.assert_frame_equal(copied.leaderboard_, clf.leaderboard_)
        pd.testing.assert_frame_equal(copied.search_.params, clf.search_.params)
        pd.testing.assert_frame_equal(copied.search_.histories, clf.search_.histories)
        np.testing.assert_array_equal(
            copied.validation_predictions_, clf.validation_predictions_
        )


def test_networks_tell_what_they_add():
    X, y = load_iris(return_X_y=True)
    clf = StructuredDataClassifier(
        max_trials=6, epochs=4, ensemble_size=3, cv=None, random_state=0
    ).fit(X, y)
    record = clf.search_
    board = clf.leaderboard_
    members = set(board.loc[board["weight"] > 0, "trial"].astype(str))
    assert set(record.gains) == (members if len(members) > 1 else set())
    assert record.score >= clf.best_score_ - 1e-9
    assert record.seconds > board["ended"].max()
