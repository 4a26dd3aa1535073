"""The estimators inside scikit-learn's meta-estimators, on real data."""

import keras
import numpy as np
import pytest
from sklearn import config_context
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_breast_cancer, load_iris
from sklearn.ensemble import StackingClassifier
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.frozen import FrozenEstimator
from sklearn.inspection import permutation_importance
from sklearn.model_selection import (
    GridSearchCV,
    HalvingRandomSearchCV,
    TunedThresholdClassifierCV,
    cross_val_score,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier

from skautokeras import (
    AutoModel,
    Block,
    ClassificationHead,
    Input,
    StructuredDataClassifier,
)


def test_a_clone_has_the_parameters_and_nothing_else(classifier, titanic):
    classifier.fit(*titanic)
    copy = clone(classifier)
    assert copy.get_params() == classifier.get_params()
    assert not hasattr(copy, "classes_")


def test_it_works_alone_in_a_pipeline_and_after_a_column_transformer(
    classifier, titanic
):
    X, y = titanic
    columns = ColumnTransformer(
        [
            ("numbers", StandardScaler(), ["fare", "pclass"]),
            ("categories", OneHotEncoder(), ["sex"]),
        ]
    )
    for pipeline in [make_pipeline(classifier), make_pipeline(columns, classifier)]:
        assert pipeline.fit(X, y).score(X, y) > 0.7


@pytest.mark.parametrize("n_jobs", [None, 2])
def test_cross_validation_runs_here_and_in_workers(classifier, titanic, n_jobs):
    scores = cross_val_score(classifier, *titanic, cv=2, n_jobs=n_jobs)
    assert scores.shape == (2,)
    assert (scores > 0.6).all()


def test_grid_search_goes_over_tuners_and_task_parameters(classifier, titanic):
    grid = {"tuner": ["greedy", "random"], "categorical_features": ["from_dtype", None]}
    search = GridSearchCV(classifier, grid, cv=2, error_score="raise").fit(*titanic)
    assert len(search.cv_results_["params"]) == 4
    assert search.predict(titanic[0]).shape == (len(titanic[0]),)


def test_halving_search_takes_trials_for_its_resource(classifier):
    X, y = load_iris(return_X_y=True)
    search = HalvingRandomSearchCV(
        classifier,
        {"validation_fraction": [0.2, 0.3]},
        resource="epochs",
        max_resources=4,
        min_resources=2,
        factor=2,
        cv=2,
        random_state=0,
        error_score="raise",
    ).fit(X, y)
    assert search.best_params_["validation_fraction"] in {0.2, 0.3}


def test_it_is_calibrated_stacked_and_thresholded(classifier, titanic):
    X, y = titanic
    X = X[["fare", "pclass", "sibsp", "parch"]]
    for model in [
        CalibratedClassifierCV(classifier, cv=2),
        TunedThresholdClassifierCV(classifier, cv=2),
        StackingClassifier(
            [("net", classifier), ("tree", DecisionTreeClassifier(max_depth=3))], cv=2
        ),
    ]:
        assert model.fit(X, y).score(X, y) > 0.6


class CountTrainings(keras.callbacks.Callback):
    """Counts the trainings of this process."""

    trainings = 0

    def on_train_begin(self, logs=None):
        """Count one more."""
        type(self).trainings += 1


@pytest.mark.parametrize(
    "make",
    [
        lambda clf: TunedThresholdClassifierCV(clf, cv="prefit", refit=False),
        lambda clf: CalibratedClassifierCV(FrozenEstimator(clf), cv=2),
    ],
    ids=["threshold", "calibration"],
)
def test_a_fitted_classifier_gets_a_threshold_without_another_search(make):
    X, y = load_breast_cancer(return_X_y=True)
    clf = StructuredDataClassifier(
        max_trials=1, epochs=4, cv=None, callbacks=[CountTrainings()], random_state=0
    ).fit(X[:400], y[:400])
    CountTrainings.trainings = 0
    model = make(clf).fit(X[400:], y[400:])
    assert model.score(X[400:], y[400:]) > 0.8
    assert CountTrainings.trainings == 0


@keras.saving.register_keras_serializable("tests")
class Narrow(Block):
    """A block of the user, of a width that a grid compares."""

    def __init__(self, units=4):
        self.units = units

    def build(self, hp, inputs):
        """Build one layer."""
        return keras.layers.Dense(self.units)(inputs)


@pytest.mark.parametrize("n_jobs", [None, 2])
def test_a_grid_compares_blocks_and_callbacks(n_jobs):
    X, y = load_iris(return_X_y=True)

    def head(units):
        return ClassificationHead()(Narrow(units)(node))

    node = Input()
    model = AutoModel(
        inputs=node, outputs=head(2), max_trials=1, epochs=2, cv=None, refit=False
    )
    grid = {
        "outputs": [head(2), head(32)],
        "callbacks": [[CountTrainings()], [keras.callbacks.TerminateOnNaN()]],
    }
    search = GridSearchCV(model, grid, cv=2, n_jobs=n_jobs, error_score="raise")
    search.fit(X.astype("float32"), y)
    assert len(search.cv_results_["params"]) == 4
    assert search.predict(X.astype("float32")).shape == y.shape


def test_permutation_importance_finds_the_column_that_matters(titanic):
    X, y = titanic
    X = X[["sex", "sibsp"]]
    classifier = StructuredDataClassifier(max_trials=1, epochs=8, random_state=0)
    classifier.fit(X, y)
    found = permutation_importance(classifier, X, y, n_repeats=2, random_state=0)
    assert found.importances_mean.argmax() == 0


def test_sample_weights_are_routed(classifier, titanic):
    X, y = titanic
    weight = np.where(y == 1, 20.0, 1.0)
    with config_context(enable_metadata_routing=True):
        classifier.set_fit_request(sample_weight=True)
        classifier.set_score_request(sample_weight=True)
        pipeline = make_pipeline(classifier)
        plain = pipeline.fit(X, y).predict(X).mean()
        weighted = pipeline.fit(X, y, sample_weight=weight).predict(X).mean()
        scores = GridSearchCV(pipeline, {}, cv=2).fit(X, y, sample_weight=weight)
    assert weighted > plain
    assert np.isfinite(scores.best_score_)


def test_clones_keep_their_searches_apart_in_one_directory(tmp_path, monkeypatch):
    from skautokeras._search import trial

    X, y = load_iris(return_X_y=True)
    clf = StructuredDataClassifier(
        max_trials=1, epochs=1, cv=None, directory=tmp_path, random_state=0
    )
    scores = cross_val_score(clf, X, y, cv=2, error_score="raise")
    assert len(list(tmp_path.iterdir())) == 2
    search = GridSearchCV(clf, {"batch_size": [16, 32]}, cv=2, error_score="raise")
    search.fit(X, y)
    assert len(list(tmp_path.iterdir())) == 2 + 2 * 2 + 1
    # The folds are found again, and nothing is trained.
    trained = []
    train = trial.train
    monkeypatch.setattr(
        trial, "train", lambda *a, **k: trained.append(1) or train(*a, **k)
    )
    again = cross_val_score(clf, X, y, cv=2, error_score="raise")
    np.testing.assert_array_equal(scores, again)


def test_a_pipeline_transforms_validation_data():
    X, y = load_iris(return_X_y=True)
    X = X * 100 + 5000
    rows = np.random.default_rng(0).permutation(len(X))
    train, valid = rows[:100], rows[100:]
    clf = StructuredDataClassifier(max_trials=1, epochs=2, refit=False, random_state=0)
    with config_context(enable_metadata_routing=True):
        pipeline = make_pipeline(
            StandardScaler(),
            clone(clf).set_fit_request(X_val=True, y_val=True),
            transform_input=["X_val"],
        )
        pipeline.fit(X[train], y[train], X_val=X[valid], y_val=y[valid])
    scaler = StandardScaler().fit(X[train])
    plain = clone(clf).fit(
        scaler.transform(X[train]),
        y[train],
        validation_data=(scaler.transform(X[valid]), y[valid]),
    )
    assert pipeline[-1].best_score_ == plain.best_score_


def test_validation_rows_of_another_scale_are_noticed():
    X, y = load_iris(return_X_y=True)
    X = X * 100 + 5000
    pipeline = make_pipeline(
        StandardScaler(),
        StructuredDataClassifier(max_trials=1, epochs=1, refit=False, random_state=0),
    )
    with pytest.warns(UserWarning, match="other ranges.*transform_input"):
        pipeline.fit(X, y, structureddataclassifier__validation_data=(X, y))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"X_val": [[1.0]]}, "both X_val and y_val"),
        ({"y_val": [1]}, "both X_val and y_val"),
        ({"validation_data": ([[1.0]], [1]), "X_val": [[1.0]], "y_val": [1]}, "either"),
    ],
)
def test_parts_of_validation_data_belong_together(arguments, message):
    clf = StructuredDataClassifier(max_trials=1, epochs=1)
    with pytest.raises(ValueError, match=message):
        clf.fit([[1.0], [2.0]], [0, 1], **arguments)


class InterruptSecondTrial(keras.callbacks.Callback):
    """Presses Ctrl+C in the second training of a process."""

    trainings = 0

    def on_train_begin(self, logs=None):
        """Count the trainings."""
        type(self).trainings += 1
        if self.trainings == 2:
            raise KeyboardInterrupt


@pytest.fixture
def interrupted():
    """A classifier whose search is interrupted when it has one result."""
    InterruptSecondTrial.trainings = 0
    return StructuredDataClassifier(
        max_trials=3,
        epochs=1,
        cv=None,
        refit=False,
        callbacks=[InterruptSecondTrial()],
        random_state=0,
    )


@pytest.mark.parametrize(
    "run",
    [
        lambda clf, X, y: cross_val_score(clf, X, y, cv=2),
        lambda clf, X, y: GridSearchCV(clf, {"epochs": [1, 2]}, cv=2).fit(X, y),
        lambda clf, X, y: cross_val_score(make_pipeline(clf), X, y, cv=2),
    ],
    ids=["cross_val_score", "GridSearchCV", "of a pipeline"],
)
def test_an_interruption_ends_all_fits_of_a_tool(interrupted, run):
    with (
        pytest.warns(UserWarning, match="interrupted after 1 trials"),
        pytest.raises(KeyboardInterrupt),
    ):
        run(interrupted, *load_iris(return_X_y=True))
    assert InterruptSecondTrial.trainings == 2


def test_an_interrupted_pipeline_keeps_the_result(interrupted):
    X, y = load_iris(return_X_y=True)
    with pytest.warns(UserWarning, match="interrupted after 1 trials"):
        pipeline = make_pipeline(StandardScaler(), interrupted).fit(X, y)
    assert pipeline.predict(X).shape == y.shape
    assert interrupted.interrupted_
