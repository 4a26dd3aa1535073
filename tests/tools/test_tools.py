"""Tools around scikit-learn work with the estimators as with any other estimator.

Each test needs its tool, which the extra `tools` installs, and is skipped without it.
"""

import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.model_selection import cross_val_score, train_test_split
from sklearn.pipeline import make_pipeline

from skautokeras import StructuredDataClassifier, StructuredDataRegressor

pytestmark = pytest.mark.slow

FAST = {
    "max_trials": 1,
    "epochs": 8,
    "cv": None,
    "refit": False,
    "ensemble_size": 1,
    "random_state": 0,
}


@pytest.fixture(autouse=True)
def _data_of_skrub(monkeypatch, tmp_path):
    """Keep skrub from making a folder in the home folder."""
    monkeypatch.setenv("SKB_DATA_DIRECTORY", str(tmp_path))


@pytest.fixture(autouse=True)
def _only_own_warnings_are_errors():
    """Let tools warn of what they use themselves."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.filterwarnings("error", module="skautokeras")
        yield


@pytest.fixture(scope="module")
def numbers():
    """A table of eight numbers and two classes."""
    X, y = load_breast_cancer(return_X_y=True, as_frame=True)
    return X.iloc[:, :8], y


@pytest.fixture(scope="module")
def clf(numbers):
    """A classifier that is fitted to numbers."""
    return StructuredDataClassifier(**FAST).fit(*numbers)


def with_categories(titanic):
    """Return the columns of the passengers that encoders can take."""
    X, y = titanic
    X = X[["pclass", "sex", "age", "fare"]].assign(age=X["age"].fillna(30.0))
    return X.astype({"sex": object, "fare": float}).fillna({"fare": 0.0}), y


def test_shap_explains_predicted_probabilities(clf, numbers):
    shap = pytest.importorskip("shap")
    X = numbers[0]

    def probability(rows):
        return clf.predict_proba(pd.DataFrame(rows, columns=X.columns))[:, 1]

    explainer = shap.Explainer(probability, shap.maskers.Independent(X, 20))
    explained = explainer(X.iloc[:3])
    total = explained.values.sum(axis=1) + explained.base_values
    np.testing.assert_allclose(total, probability(X.iloc[:3]), atol=1e-3)


def test_mapie_gives_intervals_that_hold_the_truth():
    regression = pytest.importorskip("mapie.regression")
    X, y = load_diabetes(return_X_y=True)
    X_train, X_rest, y_train, y_rest = train_test_split(X, y, random_state=0)
    X_rest, X_test, y_rest, y_test = train_test_split(X_rest, y_rest, random_state=0)
    reg = StructuredDataRegressor(**FAST).fit(X_train, y_train)
    conformal = regression.SplitConformalRegressor(
        reg, confidence_level=0.9, prefit=True
    ).conformalize(X_rest, y_rest)
    _, intervals = conformal.predict_interval(X_test)
    low, high = intervals[:, 0, 0], intervals[:, 1, 0]
    assert np.mean((low <= y_test) & (y_test <= high)) > 0.7


def test_imbalanced_learn_resamples_in_front_of_it(numbers):
    over_sampling = pytest.importorskip("imblearn.over_sampling")
    from imblearn.pipeline import make_pipeline as make_sampling_pipeline

    pipeline = make_sampling_pipeline(
        over_sampling.RandomOverSampler(random_state=0),
        StructuredDataClassifier(**FAST),
    )
    assert (cross_val_score(pipeline, *numbers, cv=2) > 0.8).all()


def test_skrub_prepares_tables_for_it(titanic):
    skrub = pytest.importorskip("skrub")
    X, y = with_categories(titanic)
    pipeline = skrub.tabular_pipeline(StructuredDataClassifier(**FAST)).fit(X, y)
    assert pipeline.score(X, y) > 0.7


def test_skrub_searches_data_operations_that_end_with_it(titanic):
    skrub = pytest.importorskip("skrub")
    X, y = with_categories(titanic)
    data = skrub.X(X)
    predicted = data.skb.apply(StructuredDataClassifier(**FAST), y=skrub.y(y))
    learner = predicted.skb.make_learner(fitted=True)
    assert (learner.predict({"X": X}) == y).mean() > 0.7


def test_skops_writes_and_reads_it(clf, numbers, tmp_path):
    sio = pytest.importorskip("skops.io")
    sio.dump(clf, tmp_path / "model.skops")
    trusted = sio.get_untrusted_types(file=tmp_path / "model.skops")
    loaded = sio.load(tmp_path / "model.skops", trusted=trusted)
    np.testing.assert_allclose(
        loaded.predict_proba(numbers[0]), clf.predict_proba(numbers[0]), atol=1e-6
    )


def test_mlflow_keeps_it_as_a_scikit_learn_model(clf, numbers, tmp_path):
    flavour = pytest.importorskip("mlflow.sklearn")
    flavour.save_model(clf, tmp_path / "model", serialization_format="cloudpickle")
    loaded = flavour.load_model(str(tmp_path / "model"))
    np.testing.assert_array_equal(loaded.predict(numbers[0]), clf.predict(numbers[0]))


def test_category_encoders_encode_in_front_of_it(titanic):
    encoders = pytest.importorskip("category_encoders")
    X, y = with_categories(titanic)
    pipeline = make_pipeline(
        encoders.TargetEncoder(cols=["sex"]), StructuredDataClassifier(**FAST)
    )
    assert pipeline.fit(X, y).score(X, y) > 0.7


def test_feature_engine_imputes_in_front_of_it(titanic):
    imputation = pytest.importorskip("feature_engine.imputation")
    X, y = titanic
    X = X[["pclass", "age", "fare"]].astype(float)
    pipeline = make_pipeline(
        imputation.MeanMedianImputer(), StructuredDataClassifier(**FAST)
    )
    assert pipeline.fit(X, y).score(X, y) > 0.6


def test_mlxtend_selects_columns_for_it(numbers):
    selection = pytest.importorskip("mlxtend.feature_selection")
    X, y = numbers
    selector = selection.SequentialFeatureSelector(
        StructuredDataClassifier(**FAST), k_features=2, cv=2
    ).fit(X.iloc[:, :3], y)
    assert len(selector.k_feature_names_) == 2
    assert selector.k_score_ > 0.8
