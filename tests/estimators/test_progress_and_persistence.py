"""Progress for people and callbacks; fitted estimators on disk and elsewhere."""

import copy
import pickle
import subprocess
import sys

import joblib
import keras
import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_iris
from sklearn.model_selection import GridSearchCV

from skautokeras import ImageClassifier, StructuredDataClassifier
from skautokeras._data import ImageAdapter
from skautokeras.exceptions import JournalMismatchError


@pytest.fixture
def callback():
    """Callbacks are new in scikit-learn 1.9."""
    return pytest.importorskip("sklearn.callback")


class Watch:
    """A scikit-learn callback that notes the tasks that end."""

    def __init__(self, stop_after=None):
        self.ended = []
        self.stop_after = stop_after

    def setup(self, estimator, context):
        pass

    def teardown(self, estimator, context):
        pass

    def on_fit_task_begin(self, estimator, context):
        pass

    def on_fit_task_end(self, estimator, context):
        self.ended.append(context.task_name)
        return context.task_name == self.stop_after


class CountEpochs(keras.callbacks.Callback):
    """Counts epochs over all of its copies."""

    epochs = 0

    def on_epoch_end(self, epoch, logs=None):
        type(self).epochs += 1


def test_nothing_is_printed_unless_asked_for(classifier, titanic, capfd):
    classifier.fit(*titanic)
    assert capfd.readouterr() == ("", "")


def test_verbose_says_what_is_done(titanic, capsys):
    StructuredDataClassifier(max_trials=2, epochs=2, verbose=1).fit(*titanic)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("Data: 891 rows; X: 10 columns (5 numerical, ")
    assert lines[1].startswith("Search: up to 2 trials, judged by neg_loss ")
    assert [line.split(":")[0] for line in lines[2:4]] == ["Trial 0", "Trial 1"]
    assert all("accuracy 0." in line for line in lines[2:4])
    assert lines[4].startswith("Refit: ")
    assert lines[-1].startswith("Final model: ")
    assert "refitted on all rows; accuracy 0." in lines[-1]


def test_callbacks_see_trials_and_epochs(titanic, callback):
    watch = Watch()
    classifier = StructuredDataClassifier(max_trials=2, epochs=3, random_state=0)
    classifier.set_callbacks(watch).fit(*titanic)
    # The second trial has decision trees, which are fitted at once.
    assert watch.ended == [*["epoch"] * 3, "trial", "epoch", "trial", "fit"]


@pytest.mark.parametrize(
    ("task", "trials", "epochs"), [("trial", 1, 3), ("epoch", 2, 1)]
)
def test_callbacks_can_stop_a_search_or_a_training(
    titanic, callback, task, trials, epochs
):
    classifier = StructuredDataClassifier(max_trials=2, epochs=3, random_state=0)
    classifier.set_callbacks(Watch(stop_after=task)).fit(*titanic)
    assert classifier.leaderboard_["epochs"].tolist() == [epochs] * trials


def test_a_scoring_monitor_gets_a_score_per_trial(titanic, callback):
    monitor = callback.ScoringMonitor(scoring="accuracy")
    classifier = StructuredDataClassifier(max_trials=2, epochs=3, random_state=0)
    classifier.set_callbacks(monitor).fit(*titanic)
    scores = monitor.get_logs().data_as_pandas["accuracy"].dropna()
    assert len(scores) == 2
    assert (scores > 0.6).all()


def test_a_progress_bar_is_drawn(classifier, titanic, capsys, callback):
    pytest.importorskip("rich")
    classifier.set_callbacks(callback.ProgressBar()).fit(*titanic)
    assert "trial" in capsys.readouterr().out


def test_callbacks_reach_the_estimator_through_grid_search(
    classifier, titanic, callback
):
    pytest.importorskip("rich")
    search = GridSearchCV(classifier, {"validation_fraction": [0.2]}, cv=2)
    if hasattr(search, "set_callbacks"):
        search.set_callbacks(callback.ProgressBar())
    assert search.fit(*titanic).best_score_ > 0.5


@pytest.fixture
def fitted(titanic):
    """Four networks, preprocessing of every kind among them, as one model."""
    classifier = StructuredDataClassifier(
        max_trials=4, epochs=2, ensemble_size=4, refit=False, random_state=0
    )
    return classifier.fit(*titanic)


def test_copies_and_pickles_predict_the_same(fitted, titanic):
    X, _ = titanic
    expected = fitted.predict_proba(X)
    for copied in [copy.deepcopy(fitted), pickle.loads(pickle.dumps(fitted))]:
        np.testing.assert_array_equal(copied.predict_proba(X), expected)


def test_another_process_predicts_the_same(fitted, titanic, tmp_path):
    X, _ = titanic
    joblib.dump((fitted, X), tmp_path / "fitted.joblib")
    code = (
        "import sys, joblib, numpy as np\n"
        "fitted, X = joblib.load(sys.argv[1])\n"
        "np.save(sys.argv[2], fitted.predict_proba(X))\n"
    )
    paths = [str(tmp_path / "fitted.joblib"), str(tmp_path / "proba.npy")]
    subprocess.run([sys.executable, "-c", code, *paths], check=True)
    np.testing.assert_array_equal(np.load(paths[1]), fitted.predict_proba(X))


def test_the_exported_model_is_a_keras_model_of_its_own(fitted, titanic, tmp_path):
    X, _ = titanic
    model = fitted.export_model()
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    (y_pred,) = loaded(fitted._adapter.transform(X)).values()
    expected = fitted.predict_proba(X)
    np.testing.assert_allclose(np.ravel(y_pred), expected[:, 1], atol=1e-5)
    for weight in model.weights:
        weight.assign(keras.ops.zeros_like(weight))
    np.testing.assert_array_equal(fitted.predict_proba(X), expected)


def test_a_row_is_predicted_alike_in_any_company(fitted, titanic):
    X, _ = titanic
    together = fitted.predict_proba(X)
    np.testing.assert_array_equal(together[700:703], fitted.predict_proba(X[700:703]))


def test_a_directory_keeps_the_trials(tmp_path, titanic):
    X, y = titanic
    CountEpochs.epochs = 0
    params = {"epochs": 2, "refit": False, "callbacks": [CountEpochs()]}
    directory = tmp_path / "search"
    first = StructuredDataClassifier(max_trials=2, directory=directory, **params)
    first.fit(X, y)
    n_epochs = first.leaderboard_["epochs"].sum()
    assert CountEpochs.epochs == n_epochs
    second = StructuredDataClassifier(max_trials=3, directory=directory, **params)
    second.fit(X, y)
    # Only the third trial is new.
    third = second.leaderboard_.set_index("trial").loc[2]
    assert CountEpochs.epochs == n_epochs + third["epochs"]
    assert second.leaderboard_["score"].isin(first.leaderboard_["score"]).sum() == 2
    with pytest.raises(JournalMismatchError, match="holds the search of other data"):
        second.fit(*load_iris(return_X_y=True))


def test_nothing_is_left_on_disk(classifier, titanic, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    classifier.fit(*titanic)
    assert list(tmp_path.iterdir()) == []


def test_a_warm_start_goes_on_with_the_search(titanic):
    X, y = titanic
    params = {"epochs": 2, "refit": False, "random_state": 0}
    CountEpochs.epochs = 0
    warm = StructuredDataClassifier(
        max_trials=2, warm_start=True, callbacks=[CountEpochs()], **params
    ).fit(X, y)
    assert CountEpochs.epochs == warm.leaderboard_["epochs"].sum()
    warm.set_params(max_trials=4, ensemble_size=2).fit(X, y)
    assert CountEpochs.epochs == warm.leaderboard_["epochs"].sum()
    whole = StructuredDataClassifier(max_trials=4, ensemble_size=2, **params).fit(X, y)
    np.testing.assert_array_equal(warm.predict_proba(X), whole.predict_proba(X))
    pd.testing.assert_frame_equal(
        *(e.leaderboard_.drop(columns=["seconds", "ended"]) for e in (warm, whole))
    )


@pytest.mark.parametrize("change", ["data", "parameters"])
def test_a_warm_start_with_something_else_is_refused(titanic, change):
    X, y = titanic
    warm = StructuredDataClassifier(
        max_trials=1, epochs=1, refit=False, warm_start=True, random_state=0
    ).fit(X, y)
    before = warm.predict_proba(X)
    if change == "parameters":
        warm.set_params(epochs=2)
    else:
        X, y = X[1:], y[1:]
    with pytest.raises(
        JournalMismatchError, match=f"holds the search of other {change}"
    ):
        warm.fit(X, y)
    np.testing.assert_array_equal(warm.predict_proba(titanic[0]), before)


def test_a_search_of_images_goes_on_with_more_time(tmp_path):
    # With more time, the images of a new search would have more pixels.
    rng = np.random.default_rng(0)
    X = rng.integers(0, 256, (200, 110, 110, 1)).astype("uint8")
    y = np.arange(200) % 2
    runs = []
    for max_time in (1, 1000):
        clf = ImageClassifier(
            directory=tmp_path,
            max_trials=1,
            epochs=1,
            max_time=max_time,
            cv=None,
            refit=False,
            random_state=0,
        )
        runs.append(clf.fit(X, y).leaderboard_)
    # The trial is read from the folder.
    assert runs[0]["seconds"].tolist() == runs[1]["seconds"].tolist()
    assert ImageAdapter(max_time=1, n_cores=2).fit(X).schema_.shape != (
        ImageAdapter(max_time=1000, n_cores=2).fit(X).schema_.shape
    )
