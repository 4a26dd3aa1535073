"""The final model: calibrated, no worse than the best trial, fair to rare classes."""

import pickle

import keras
import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import make_classification
from sklearn.metrics import balanced_accuracy_score, f1_score, get_scorer, log_loss

from skautokeras import StructuredDataClassifier, StructuredDataRegressor, load
from skautokeras._ensemble import Ensemble


@pytest.fixture(scope="module")
def noisy():
    """Rows to train on and rows to judge by, a third of the labels drawn by chance."""
    X, y = make_classification(
        1200, n_features=8, n_informative=4, flip_y=0.33, random_state=0
    )
    return (X[:600], y[:600]), (X[600:], y[600:])


@pytest.fixture(scope="module")
def calibrated(noisy):
    """Networks that say too little: focal loss takes caution for a virtue."""
    train, valid = noisy
    classifier = StructuredDataClassifier(
        max_trials=2,
        epochs=20,
        loss=keras.losses.BinaryFocalCrossentropy(gamma=4.0),
        scoring="accuracy",
        random_state=0,
    ).fit(*train, validation_data=valid)
    assert classifier._ensemble.temperatures
    return classifier


def uncalibrated(classifier):
    copied = pickle.loads(pickle.dumps(classifier))
    ensemble = copied._ensemble
    copied._ensemble = Ensemble(ensemble.models, ensemble.weights)
    return copied


def test_calibration_improves_the_log_loss_and_predicts_the_same(calibrated, noisy):
    _, (X, y) = noisy
    plain = uncalibrated(calibrated)
    before, after = (log_loss(y, e.predict_proba(X)) for e in (plain, calibrated))
    assert after < before - 0.01
    np.testing.assert_array_equal(calibrated.predict(X), plain.predict(X))


def test_every_form_of_the_model_is_calibrated(calibrated, noisy, tmp_path):
    _, (X, _) = noisy
    expected = calibrated.predict_proba(X)
    calibrated.save(tmp_path / "model")
    copies = pickle.loads(pickle.dumps(calibrated)), load(tmp_path / "model")
    for copied in copies:
        np.testing.assert_array_equal(copied.predict_proba(X), expected)
    pipeline = calibrated.to_scikeras(fitted=True)
    np.testing.assert_allclose(pipeline.predict_proba(X), expected, atol=1e-5)
    x = calibrated._adapter.transform(X)
    for model in (calibrated.model_, calibrated.export_model()):
        (y_pred,) = model(x).values()
        np.testing.assert_allclose(np.ravel(y_pred), expected[:, 1], atol=1e-5)


@pytest.mark.parametrize(
    "scoring",
    ["accuracy", "f1", "roc_auc", "neg_log_loss", "val_auc"],
)
def test_the_final_model_is_not_worse_than_the_best_trial(titanic, scoring):
    X, y = titanic
    X = X[["pclass", "sex", "age", "fare"]]
    valid = X[600:], y[600:]
    classifier = StructuredDataClassifier(
        max_trials=3, epochs=3, scoring=scoring, metrics=["AUC"], random_state=0
    ).fit(X[:600], y[:600], validation_data=valid)
    if scoring == "val_auc":
        score = classifier.evaluate(*valid)["auc"]
    else:
        score = get_scorer(scoring)(classifier, *valid)
    assert score >= classifier.best_score_ - 1e-6


@pytest.mark.parametrize("scoring", ["r2", "neg_mean_absolute_error"])
def test_nor_is_that_of_numbers(diabetes, scoring):
    X, y = diabetes
    valid = X[300:], y[300:]
    regressor = StructuredDataRegressor(
        max_trials=3, epochs=3, scoring=scoring, random_state=0
    ).fit(X[:300], y[:300], validation_data=valid)
    score = get_scorer(scoring)(regressor, *valid)
    assert score >= regressor.best_score_ - 1e-6
    assert regressor._ensemble.temperatures == {}


@pytest.fixture(scope="module")
def rare():
    """One row in a hundred is of the second class, which overlaps with the first."""
    rng = np.random.default_rng(0)
    y = (np.arange(6000) % 100 == 0).astype(int)
    X = rng.normal(size=(6000, 4)) + 1.5 * y[:, None] * [1, 1, 0, 0]
    X = pd.DataFrame(X, columns=list("abcd"))
    return (X[:3000], y[:3000]), (X[3000:], y[3000:])


def test_class_weight_and_scoring_help_rare_classes(rare):
    train, (X, y) = rare
    params = {"max_trials": 2, "epochs": 8, "random_state": 0}
    plain = StructuredDataClassifier(**params).fit(*train)
    balanced = StructuredDataClassifier(
        class_weight="balanced", scoring="balanced_accuracy", **params
    ).fit(*train)
    by_f1 = StructuredDataClassifier(
        class_weight={0: 1, 1: 8}, scoring="f1", **params
    ).fit(*train)
    before = balanced_accuracy_score(y, plain.predict(X))
    assert balanced_accuracy_score(y, balanced.predict(X)) > before + 0.15
    assert f1_score(y, by_f1.predict(X)) > f1_score(y, plain.predict(X)) + 0.05
