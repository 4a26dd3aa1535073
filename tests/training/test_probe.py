"""Scores, losses and metrics are computed once before the first training."""

import keras
import numpy as np
import pytest
from keras import ops
from sklearn.metrics import accuracy_score, f1_score, make_scorer

from skautokeras import (
    ClassificationHead,
    RegressionHead,
    StructuredDataClassifier,
    StructuredDataRegressor,
)
from skautokeras._data import ClassAdapter, NumberAdapter, Rows
from skautokeras._data.schema import TargetSchema
from skautokeras._training import (
    Objective,
    check_losses_and_metrics,
    check_objective,
    loss_on,
    make_objective,
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


def checked(head, y):
    """Check the loss and the metrics of a head for some targets."""
    adapter = NumberAdapter() if isinstance(head, RegressionHead) else ClassAdapter()
    codes = adapter.fit(y).transform(y)
    rows = Rows({}, {"a": codes}, None)
    check_losses_and_metrics({"a": (head, adapter.schema_)}, rows)


def of_targets(y_true, y_pred):
    return ops.mean(0.0 * y_pred + ops.abs(y_true), axis=-1)


def of_neighbours(y_true, y_pred):
    """Return a loss that picks rows of the outputs."""
    order = ops.argsort(y_true[:, 0])
    y_true, y_pred = ops.take(y_true, order, axis=0), ops.take(y_pred, order, axis=0)
    differences = (y_true[1:] - y_true[:-1]) * (y_pred[1:] - y_pred[:-1])
    return ops.mean(ops.relu(1.0 - differences))


def sparse_error(y_true, y_pred):
    """Return a metric of numbers, whose name means nothing to Keras."""
    return ops.mean(ops.abs(y_true - y_pred), axis=-1)


@pytest.mark.parametrize(
    ("head", "y"),
    [
        (ClassificationHead(loss=of_neighbours), np.arange(60) % 2),
        (RegressionHead(loss=of_neighbours), RNG.normal(size=60)),
        (RegressionHead(metrics=[sparse_error]), RNG.normal(size=60)),
        (ClassificationHead(metrics=[sparse_error]), RNG.integers(0, 2, (60, 3))),
    ],
    ids=range(4),
)
def test_functions_of_the_user_are_taken_as_they_are(head, y):
    checked(head, y)


def test_a_score_of_very_certain_rows_may_be_optimised():
    precision = keras.metrics.Precision(thresholds=0.9995, name="precision")
    y = np.arange(60) % 2
    adapter = ClassAdapter().fit(y)
    heads = {"a": (ClassificationHead(metrics=[precision]), adapter.schema_)}
    rows = Rows({}, {"a": adapter.transform(y)}, None)
    objective = make_objective(
        "val_precision", heads, {"a": adapter}, rows, y_true={"a": y}
    )
    check_objective(objective, "val_precision", heads, rows, loss_on(heads, rows))


MIXED, PRICES = RNG.normal(size=100), RNG.lognormal(0, 3, 100)


@pytest.mark.parametrize("y", [MIXED, PRICES, [0.0] * 95 + [1.0] * 5], ids=range(3))
@pytest.mark.parametrize(
    "loss", ["categorical_crossentropy", "cosine_similarity", of_targets], ids=range(3)
)
@pytest.mark.filterwarnings("ignore:In loss categorical_crossentropy")
def test_a_loss_that_is_the_same_for_all_predictions_is_refused(loss, y):
    with pytest.raises(ValueError, match="does not depend on the predictions"):
        checked(RegressionHead(loss=loss), y)


def tolerant(y_true, y_pred):
    return ops.mean(ops.maximum(ops.abs(y_true - y_pred) - 0.5, 0.0), axis=-1)


def of_sales(y_true, y_pred):
    return ops.mean(ops.where(y_true > 0, ops.abs(y_true - y_pred), 0.0), axis=-1)


def correlation(y_true, y_pred):
    y, p = (z - ops.mean(z) for z in (y_true, y_pred))
    return -ops.sum(y * p) / ops.sqrt(ops.sum(y * y) * ops.sum(p * p) + 1e-9)


@pytest.mark.parametrize(
    ("loss", "y"),
    [
        *((loss, MIXED) for loss in ("mse", "huber", "hinge", tolerant, correlation)),
        *((loss, PRICES) for loss in ("mape", "msle", "poisson")),
        # The changes of these losses are small beside the losses.
        *((loss, RNG.poisson(1e6, 100)) for loss in ("poisson", "mape", "log_cosh")),
        *((loss, 1e9 + MIXED) for loss in ("mse", "mae")),
        (of_sales, [0.0] * 995 + [5.0, 7.0, 3.0, 1.0, 2.0]),
        (tolerant, [0.0, 1.0]),
        ("mape", [3.0] * 20),
        ("cosine_similarity", RNG.normal(size=(50, 2))),
        ("categorical_crossentropy", RNG.dirichlet([1, 1, 1], 50)),
    ],
    ids=range(18),
)
def test_other_losses_of_numbers_are_not_refused(loss, y):
    checked(RegressionHead(loss=loss), np.asarray(y, "float64"))


@pytest.mark.parametrize("y", [TWO, THREE], ids=["two", "three"])
@pytest.mark.parametrize(
    "loss",
    [
        "hinge",
        "kl_divergence",
        "cosine_similarity",
        "categorical_hinge",
        keras.losses.Dice(),
        keras.losses.Tversky(),
        keras.losses.CategoricalGeneralizedCrossEntropy(),
    ],
    ids=range(7),
)
def test_losses_of_classes_are_not_refused(loss, y):
    checked(ClassificationHead(loss=loss), y)


@pytest.mark.parametrize(
    ("head", "y"),
    [
        (RegressionHead(metrics=["categorical_accuracy"]), MIXED),
        (RegressionHead(metrics=["sparse_categorical_accuracy"]), MIXED),
        (
            ClassificationHead(metrics=["sparse_categorical_accuracy"]),
            RNG.integers(0, 2, (50, 3)),
        ),
    ],
    ids=range(3),
)
def test_metrics_of_classes_are_none_of_numbers_and_labels(head, y):
    with pytest.raises(ValueError, match=r"has one of several classes.*Pass"):
        checked(head, y)


@pytest.mark.parametrize(
    ("scoring", "y", "is_constant"),
    [
        ("val_top_k_categorical_accuracy", THREE, True),
        ("val_accuracy", MIXED, True),
        ("val_categorical_accuracy", THREE, False),
        ("val_categorical_accuracy", TWO, False),
        ("val_sparse_categorical_accuracy", TWO, False),
        ("val_recall", np.arange(120) == 0, False),
        ("val_mse", MIXED, False),
        ("val_mse", np.zeros(50), False),
        ("val_loss", TWO, False),
    ],
    ids=range(9),
)
def test_a_metric_that_is_the_same_for_all_predictions_is_no_score(
    scoring, y, is_constant
):
    is_number = y.dtype == float
    adapter = (NumberAdapter() if is_number else ClassAdapter()).fit(y)
    head = RegressionHead() if is_number else ClassificationHead()
    heads = {"a": (head, adapter.schema_)}
    rows = Rows({}, {"a": adapter.transform(y)}, None)
    objective = make_objective(scoring, heads, {"a": adapter}, rows, y_true={"a": y})
    arguments = (objective, scoring, heads, rows, loss_on(heads, rows))
    if is_constant:
        with pytest.raises(
            ValueError, match=f"{scoring}' is .* for right and for wrong predictions"
        ):
            check_objective(*arguments)
    else:
        check_objective(*arguments)


def test_two_classes_are_scored_by_metrics_of_several():
    X, y = RNG.normal(size=(200, 2)), RNG.integers(0, 2, 200)
    settings = {"max_trials": 2, "epochs": 3, "cv": None, "random_state": 0}
    scores = [
        StructuredDataClassifier(scoring=f"val_{name}accuracy", **settings)
        .fit(X, y)
        .leaderboard_["score"]
        .tolist()
        for name in ("", "categorical_", "sparse_categorical_")
    ]
    assert scores[0] == scores[1] == scores[2]


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
