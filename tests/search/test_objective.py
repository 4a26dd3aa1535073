"""Scores: greater is better, whatever they are made of."""

import keras
import numpy as np
import pytest
from sklearn import metrics
from sklearn.metrics import make_scorer

from skautokeras._search.objective import Outputs

HEAD = "classification_head_1"


@pytest.fixture
def y_pred(problem):
    """Probabilities that are right most of the time."""
    rng = np.random.default_rng(0)
    proba = rng.random((len(problem.y), 3)) + 1.2 * np.eye(3)[problem.y]
    return (proba / proba.sum(axis=1, keepdims=True)).astype("float32")


def test_without_scoring_less_loss_is_better(problem):
    assert problem.objective()(Outputs({}, 0.25)) == -0.25
    assert problem.objective("val_loss")(Outputs({}, lambda y_pred: 2.0)) == -2.0


@pytest.mark.parametrize(
    ("scoring", "expected"),
    [
        ("accuracy", lambda y, p: metrics.accuracy_score(y, p.argmax(axis=1))),
        ("neg_log_loss", lambda y, p: -metrics.log_loss(y, p)),
        (
            "f1_macro",
            lambda y, p: metrics.f1_score(y, p.argmax(axis=1), average="macro"),
        ),
        ("roc_auc_ovr", lambda y, p: metrics.roc_auc_score(y, p, multi_class="ovr")),
        ("val_accuracy", lambda y, p: metrics.accuracy_score(y, p.argmax(axis=1))),
        ("val_mean_squared_error", lambda y, p: -np.mean((np.eye(3)[y] - p) ** 2)),
    ],
)
def test_scores_agree_with_sklearn(problem, y_pred, scoring, expected):
    found = problem.objective(scoring)(Outputs({HEAD: y_pred}, 0.0))
    assert found == pytest.approx(expected(problem.y, y_pred), abs=1e-5)


def test_callables_see_the_rows_and_weights_are_used(problem, y_pred):
    seen = []

    def scorer(estimator, X, y):
        seen.append(X)
        return estimator.predict_proba(X)[0, 0]

    objective = problem.objective(scorer, X=problem.X)
    assert objective(Outputs({HEAD: y_pred}, 0.0)) == pytest.approx(y_pred[0, 0])
    assert seen[0] is problem.X
    weight = np.r_[1.0, np.zeros(len(problem.y) - 1)]
    first = problem.objective("accuracy", sample_weight=weight)
    assert first(Outputs({HEAD: y_pred}, 0.0)) == (y_pred[0].argmax() == problem.y[0])
    made = problem.objective(make_scorer(metrics.balanced_accuracy_score))
    assert 0 < made(Outputs({HEAD: y_pred}, 0.0)) <= 1


@pytest.mark.parametrize(
    ("scoring", "message"),
    [("val_mine", "whether more of the metric 'mine'"), ("mine", "scoring")],
)
def test_unknown_scores_are_refused(problem, scoring, message):
    with pytest.raises(ValueError, match=message):
        problem.objective(scoring)


def test_the_loss_is_computed_when_it_is_asked_for():
    calls = []
    outputs = Outputs({HEAD: 1}, lambda y_pred: calls.append(y_pred) or 3.0)
    assert calls == []
    assert outputs.loss == outputs.loss == 3.0
    assert calls == [{HEAD: 1}]
    assert keras.backend.backend() == "tensorflow"
