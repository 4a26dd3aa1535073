"""Scores, losses and metrics are computed once before the first training."""

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, f1_score, make_scorer

from skautokeras import (
    ClassificationHead,
    RegressionHead,
    StructuredDataClassifier,
    StructuredDataRegressor,
)
from skautokeras._data import Rows
from skautokeras._data.schema import TargetSchema
from skautokeras._training import (
    Objective,
    check_losses_and_metrics,
    score_without_x,
)

RNG = np.random.default_rng(0)
X = RNG.normal(size=(120, 3))
TWO = np.where(RNG.uniform(size=120) > 0.5, "spam", "ham")
THREE = RNG.integers(0, 3, 120)


def positive_share(estimator, X, y):
    return {"f1": 0.5}


@pytest.mark.parametrize(
    ("scoring", "y", "message"),
    [
        (accuracy_score, THREE, "metric function rather than a scorer"),
        (lambda y, p: 0.0, THREE, "scoring\\(estimator, X, y\\).*make_scorer"),
        ("roc_auc", THREE, "Scorers for several classes:.*roc_auc_ovr"),
        ("f1", THREE, "cannot be computed.*f1_macro"),
        (make_scorer(f1_score), TWO, "Pass pos_label to sklearn.metrics.make_scorer"),
        (positive_share, TWO, "scoring must return a number, got {'f1': 0.5}"),
        ("roc_auc", np.arange(120) == 0, "cannot be computed|is nan"),
    ],
    ids=range(7),
)
def test_a_score_that_cannot_be_computed_is_refused_before_training(
    scoring, y, message
):
    clf = StructuredDataClassifier(
        scoring=scoring, max_trials=1, epochs=1, cv=None, random_state=0
    )
    with pytest.raises(ValueError, match=message):
        clf.fit(X, y)
    assert not hasattr(clf, "n_trials_")


def test_accuracy_is_no_score_of_numbers():
    reg = StructuredDataRegressor(scoring="accuracy", max_trials=1, epochs=1)
    with pytest.raises(ValueError, match="scoring='accuracy' cannot be computed"):
        reg.fit(X, X[:, 0])


@pytest.mark.parametrize("scoring", ["f1", "precision", "average_precision"])
@pytest.mark.parametrize(
    "y",
    [TWO, (TWO == "spam").astype(int), np.where(TWO == "spam", 1, -1)],
    ids=range(3),
)
def test_the_second_of_two_classes_is_the_positive_one(scoring, y):
    settings = {"max_trials": 1, "epochs": 2, "cv": None, "random_state": 0}
    clf = StructuredDataClassifier(scoring=scoring, **settings).fit(X, y)
    codes = (TWO == "spam").astype(int)
    plain = StructuredDataClassifier(scoring=scoring, **settings).fit(X, codes)
    assert clf.best_score_ == plain.best_score_


def test_folds_without_a_score_are_judged_together():
    reg = StructuredDataRegressor(
        scoring="r2", cv=len(X) // 4, max_trials=1, epochs=1, random_state=0
    )
    one_row_folds = StructuredDataRegressor(
        scoring="r2", cv=20, max_trials=1, epochs=1, random_state=0
    )
    assert np.isfinite(reg.fit(X, X[:, 0]).best_score_)
    # A fold of one row has no R2.
    one_row_folds.fit(X[:20], X[:20, 0])
    assert np.isfinite(one_row_folds.best_score_)


def test_losses_and_metrics_are_checked():
    rows = Rows({}, {"a": np.zeros((5, 1), "float32")}, None)
    target = TargetSchema("regression", 1)

    def bad(y_true, y_pred):
        raise TypeError("no such thing")

    for head in (RegressionHead(loss=bad), RegressionHead(metrics=[bad])):
        with pytest.raises(ValueError, match="head 'a' cannot be computed: no such"):
            check_losses_and_metrics({"a": (head, target)}, rows)
    infinite = RegressionHead(loss=lambda y, p: (y - p) / 0)
    with pytest.raises(ValueError, match=r"is nan|cannot be computed"):
        check_losses_and_metrics({"a": (infinite, target)}, rows)
    rows = Rows({}, {"a": np.array([0, 1, 1])}, None)
    head = ClassificationHead(loss="binary_crossentropy", metrics=["accuracy", "auc"])
    check_losses_and_metrics({"a": (head, TargetSchema("binary", 1))}, rows)


@pytest.mark.parametrize(
    ("head", "target", "y"),
    [
        (RegressionHead(), TargetSchema("regression", 1), [[0.0], [1.0]]),
        (ClassificationHead(), TargetSchema("binary", 1), [0, 1]),
        (ClassificationHead(), TargetSchema("multiclass", 3), [0, 2]),
        (ClassificationHead(), TargetSchema("multilabel", 2), [[1, 0], [1, 1]]),
    ],
    ids=["numbers", "two classes", "classes", "labels"],
)
@pytest.mark.parametrize(
    ("weight", "expected"), [(None, 0.5), ([1.0, 3.0], 0.75), ([0.0, 0.0], 0.5)]
)
def test_the_means_that_predict_without_x_are_weighted(
    head, target, y, weight, expected
):
    weight = None if weight is None else {"a": np.array(weight, "float32")}
    rows = Rows({}, {"a": np.array(y)}, weight)
    last = Objective(lambda evaluation: evaluation.y_pred["a"][0, -1])
    assert score_without_x({"a": (head, target)}, last, rows, rows) == expected
