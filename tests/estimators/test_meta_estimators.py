"""The estimators inside scikit-learn's meta-estimators, on real data."""

import numpy as np
import pytest
from sklearn import config_context
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_iris
from sklearn.ensemble import StackingClassifier
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
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

from skautokeras import StructuredDataClassifier


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
