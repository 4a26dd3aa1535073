"""Scores: greater is better, whatever they are made of."""

from dataclasses import replace
from functools import partial

import keras
import numpy as np
import pandas as pd
import pytest
from sklearn import __version__ as sklearn_version
from sklearn import metrics
from sklearn.metrics import make_scorer
from sklearn.utils.fixes import parse_version

from skautokeras import ClassificationHead, RegressionHead
from skautokeras._data import ClassAdapter, NumberAdapter, Rows, TargetSchema
from skautokeras._training import (
    Evaluation,
    judges_labels,
    make_objective,
    validation_loss,
)

HEAD = "classification_head_1"


class Case:
    """Targets and made-up predictions of one head; no network is needed."""

    def __init__(self, head, target, y, y_pred):
        self.head, self.target, self.y = head, target, np.asarray(y)
        self.y_pred = np.asarray(y_pred, "float32")
        self.encoded = target.transform(y)
        self.heads = {"head": (head, target.schema_)}
        self.rows = Rows({}, {"head": self.encoded}, None)

    def objective(self, scoring, *, weight=None, **kwargs):
        rows = self.rows
        if weight is not None:
            rows = replace(rows, weight={"head": weight})
        targets = {"head": self.target}
        y_true = {"head": self.y}
        return make_objective(
            scoring, self.heads, targets, rows, y_true=y_true, **kwargs
        )

    def score(self, scoring, **kwargs):
        return self.objective(scoring, **kwargs)(
            Evaluation({"head": self.y_pred}, 0.25)
        )


def binary_case(head=None, labels=(0, 1)):
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 2, 60)
    proba = np.clip(0.3 * codes + 0.7 * rng.random(60), 0.01, 0.99)
    y = np.asarray(labels)[codes]
    target = ClassAdapter().fit(y)
    return Case(head or ClassificationHead(), target, y, proba[:, None])


@pytest.fixture
def binary():
    """Probabilities of a binary target of numbers, mostly right."""
    return binary_case()


@pytest.fixture
def regression():
    """Standardised predictions of a target that is far from standardised."""
    rng = np.random.default_rng(0)
    y = 1000 + 50 * rng.normal(size=60)
    target = NumberAdapter().fit(y)
    noise = 0.5 * rng.normal(size=(60, 1))
    return Case(RegressionHead(), target, y, target.transform(y) + noise)


@pytest.fixture
def y_pred(problem):
    """Probabilities that are right most of the time."""
    rng = np.random.default_rng(0)
    proba = rng.random((len(problem.y), 3)) + 0.6 * np.eye(3)[problem.y]
    return (proba / proba.sum(axis=1, keepdims=True)).astype("float32")


def test_without_scoring_less_loss_is_better(problem):
    assert problem.objective()(Evaluation({}, 0.25)) == -0.25
    assert problem.objective("val_loss")(Evaluation({}, lambda y_pred: 2.0)) == -2.0


def test_without_scoring_the_score_is_minus_the_loss_of_labels_that_may_be_wrong(
    problem,
):
    """However training smooths them: each of n has a share of 1 / (n + 2) to be so."""
    values = {"training/label_smoothing": 0.1}
    _, monitor = problem.train(values, epochs=1)
    proba = monitor.best_evaluation.y_pred[HEAD].astype("float64")
    shares = np.eye(3)[problem.y]
    error = 1 / (len(proba) + 2)
    shares = shares * (1 - error) + (1 - shares) * error / 2
    loss = -(shares * np.log(proba)).sum(axis=1).mean()
    assert monitor.best_score == pytest.approx(-loss, rel=1e-5)


@pytest.mark.parametrize("weight", [None, 2.0])
@pytest.mark.parametrize("n_rows", [30, 30_000])
def test_the_most_certain_network_is_not_the_best_one_about_few_rows(n_rows, weight):
    head, target = ClassificationHead(), TargetSchema("binary", 1)
    y = np.arange(n_rows) % 2

    def loss(p):
        y_pred = {"kind": np.where(y, p, 1 - p)[:, None].astype("float32")}
        weights = None if weight is None else {"kind": np.full(n_rows, weight)}
        return float(
            validation_loss({"kind": (head, target)}, {"kind": y}, y_pred, weights)
        )

    # As certain as after one mistake in so many rows and two.
    best = (n_rows + 1) / (n_rows + 2)
    losses = {p: loss(p) for p in (0.9, best, 1 - (1 - best) / 30)}
    assert min(losses, key=losses.get) == best
    if n_rows > 1000:  # labels as they are
        assert losses[0.9] == pytest.approx(-np.log(0.9), rel=1e-3)


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
        ("val_mean_absolute_error", lambda y, p: -np.mean(abs(np.eye(3)[y] - p))),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_scores_of_several_classes_agree_with_sklearn(
    problem, y_pred, scoring, expected
):
    found = problem.objective(scoring)(Evaluation({HEAD: y_pred}, 0.0))
    assert found == pytest.approx(expected(problem.y, y_pred), abs=1e-5)


@pytest.mark.parametrize(
    ("scoring", "expected", "tolerance"),
    [
        ("accuracy", lambda y, p: metrics.accuracy_score(y, p > 0.5), 0),
        ("f1", lambda y, p: metrics.f1_score(y, p > 0.5), 0),
        ("roc_auc", lambda y, p: metrics.roc_auc_score(y, p), 0),
        ("neg_log_loss", lambda y, p: -metrics.log_loss(y, p), 1e-6),
        ("neg_brier_score", lambda y, p: -metrics.brier_score_loss(y, p), 1e-6),
        ("val_accuracy", lambda y, p: metrics.accuracy_score(y, p > 0.5), 1e-6),
        # Keras counts at 200 thresholds.
        ("val_auc", lambda y, p: metrics.roc_auc_score(y, p), 0.02),
        ("val_mean_absolute_error", lambda y, p: -np.mean(abs(y - p)), 1e-6),
        ("val_binary_crossentropy", lambda y, p: -metrics.log_loss(y, p), 1e-5),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_scores_of_two_classes_agree_with_sklearn(binary, scoring, expected, tolerance):
    found = binary.score(scoring)
    assert found == pytest.approx(
        expected(binary.y, binary.y_pred[:, 0]), rel=1e-12, abs=tolerance
    )
    assert found != 0


@pytest.mark.parametrize("scoring", ["accuracy", "roc_auc", "neg_log_loss", "val_auc"])
def test_labels_may_be_words(binary, scoring):
    words = binary_case(labels=("no", "yes"))
    assert words.score(scoring) == binary.score(scoring)


@pytest.mark.parametrize(
    ("scoring", "expected"),
    [
        ("r2", metrics.r2_score),
        ("neg_mean_absolute_error", lambda y, p: -np.mean(abs(y - p))),
        ("neg_mean_squared_error", lambda y, p: -np.mean((y - p) ** 2)),
    ],
    ids=["r2", "neg_mean_absolute_error", "neg_mean_squared_error"],
)
def test_scores_of_numbers_are_on_the_scale_of_the_user(regression, scoring, expected):
    decoded = regression.target.inverse_transform(regression.y_pred)
    assert decoded.mean() > 900
    assert regression.score(scoring) == pytest.approx(expected(regression.y, decoded))


def test_scores_of_a_trained_network_agree_with_sklearn(regression_problem):
    _, monitor = regression_problem.train(epochs=2)
    y_pred = monitor.best_evaluation.y_pred["regression_head_1"]
    decoded = regression_problem.target.inverse_transform(y_pred)
    found = regression_problem.objective("r2")(monitor.best_evaluation)
    assert found == pytest.approx(metrics.r2_score(regression_problem.y, decoded))


def test_keras_metrics_of_numbers_are_in_the_unit_of_y(regression):
    predicted = regression.target.inverse_transform(regression.y_pred)
    off = np.abs(regression.y.ravel() - predicted.ravel())
    assert regression.score("val_mean_absolute_error") == pytest.approx(-off.mean())
    assert off.mean() > 1


def test_a_metric_of_the_head_is_found_by_its_name():
    recall = keras.metrics.Recall(thresholds=0.1, name="caught_recall")
    case = binary_case(ClassificationHead(metrics=[recall]))
    expected = metrics.recall_score(case.y, case.y_pred[:, 0] > 0.1)
    assert case.score("val_caught_recall") == pytest.approx(expected)
    assert float(recall.result()) == 0  # the user's object has counted nothing


def test_a_score_does_not_remember_the_one_before(binary):
    objective = binary.objective("val_accuracy")
    right = binary.encoded[:, None].astype("float32")
    scores = [
        objective(Evaluation({"head": p}, 0.0)) for p in (right, 1 - right, right)
    ]
    assert scores == [1, 0, 1]


def test_a_callable_sees_the_rows_and_targets_of_the_user(problem, y_pred):
    seen = []

    def scorer(estimator, X, y):
        seen.append((X, y))
        return estimator.predict_proba(X)[0, 0]

    objective = problem.objective(scorer, X=problem.X)
    assert objective(Evaluation({HEAD: y_pred}, 0.0)) == pytest.approx(y_pred[0, 0])
    ((X, y),) = seen
    assert X is problem.X
    assert y is problem.y


def test_a_made_scorer_is_one(problem, y_pred):
    made = problem.objective(make_scorer(metrics.balanced_accuracy_score))
    assert made(Evaluation({HEAD: y_pred}, 0.0)) == pytest.approx(
        metrics.balanced_accuracy_score(problem.y, y_pred.argmax(axis=1))
    )
    less = problem.objective(
        make_scorer(metrics.zero_one_loss, greater_is_better=False)
    )
    assert less(Evaluation({HEAD: y_pred}, 0.0)) < 0


@pytest.mark.parametrize("scoring", ["accuracy", "roc_auc", "neg_log_loss"])
def test_weights_of_rows_reach_the_scorer(binary, scoring):
    weight = np.random.default_rng(1).random(60)
    p = binary.y_pred[:, 0]
    expected = {
        "accuracy": metrics.accuracy_score(binary.y, p > 0.5, sample_weight=weight),
        "roc_auc": metrics.roc_auc_score(binary.y, p, sample_weight=weight),
        "neg_log_loss": -metrics.log_loss(binary.y, p, sample_weight=weight),
    }[scoring]
    found = binary.score(scoring, sample_weight=weight)
    assert found == pytest.approx(expected, abs=1e-6)
    assert found != pytest.approx(binary.score(scoring), abs=1e-6)


def test_weights_of_rows_reach_callables_and_keras_metrics(binary):
    weight = np.random.default_rng(1).random(60).astype("float32")
    seen = []

    def scorer(estimator, X, y, sample_weight=None):
        seen.append(sample_weight)
        return 1.0

    assert binary.score(scorer, sample_weight=weight) == 1.0
    assert seen[0] is weight
    right = (binary.y_pred[:, 0] > 0.5) == binary.y
    assert binary.score("val_accuracy", sample_weight=weight) == pytest.approx(
        np.average(right, weights=weight), abs=1e-6
    )


@pytest.mark.parametrize(
    ("scoring", "message"),
    [
        ("val_mine", "whether more of the metric 'mine'"),
        ("val_no_such_accuracy", "no_such_accuracy"),
        ("mine", "mine"),
        ("val", "val"),
    ],
)
def test_unknown_scores_are_refused(problem, scoring, message):
    with pytest.raises(ValueError, match=message):
        problem.objective(scoring)


def test_a_keras_name_is_refused_where_it_could_mean_several_heads(problem):
    (head,) = problem.search_space.heads.values()
    heads = {"first": head, "second": head}
    targets = dict.fromkeys(heads, problem.target)
    rows = replace(problem.data.valid, y=dict.fromkeys(heads, problem.y))
    with pytest.raises(ValueError, match=r"'val_auc' names no head.*first.*second"):
        make_objective("val_auc", heads, targets, rows, y_true=problem.y)
    objective = make_objective("val_loss", heads, targets, rows, y_true=problem.y)
    assert objective(Evaluation({}, 2.0)) == -2.0


@pytest.mark.parametrize(
    ("scoring", "expected"),
    [
        (None, False),
        ("neg_log_loss", False),
        ("neg_brier_score", False),
        ("roc_auc_ovr", False),
        ("val_loss", False),
        ("val_mean_squared_error", False),
        ("accuracy", True),
        ("balanced_accuracy", True),
        ("f1_macro", True),
        ("val_accuracy", True),
        (
            lambda estimator, X, y: metrics.jaccard_score(
                y, estimator.predict(X), average="macro"
            ),
            True,
        ),
        (lambda estimator, X, y: estimator.predict_proba(X)[:, 0].mean(), False),
        (lambda estimator, X, y: estimator.decision_function(X), False),
    ],
)
def test_it_is_known_whether_a_score_judges_labels(problem, scoring, expected):
    heads, rows = problem.search_space.heads, problem.data.valid
    loss = partial(_loss, problem)
    assert judges_labels(problem.objective(scoring), heads, rows, loss) is expected


def _loss(problem, y_pred):
    rows = problem.data.valid
    return float(
        validation_loss(problem.search_space.heads, rows.y, y_pred, rows.weight)
    )


@pytest.mark.parametrize(
    ("scoring", "expected"),
    [("roc_auc", False), ("average_precision", False), ("f1", True)],
)
def test_it_is_known_of_two_classes_as_well(binary, scoring, expected):
    heads, rows = binary.heads, binary.rows
    assert judges_labels(binary.objective(scoring), heads, rows, None) is expected


def test_scores_of_numbers_judge_no_labels(regression):
    found = regression.objective("r2")
    assert not judges_labels(found, regression.heads, regression.rows, None)


def test_the_loss_is_computed_when_it_is_asked_for():
    calls = []
    outputs = Evaluation({HEAD: 1}, lambda y_pred: calls.append(y_pred) or 3.0)
    assert calls == []
    assert outputs.loss == outputs.loss == 3.0
    assert calls == [{HEAD: 1}]


IS_NEW = parse_version(sklearn_version) >= parse_version("1.8")
NAMES_OF_PROBABILITIES = [
    "neg_log_loss",
    # Before scikit-learn 1.8, these need two classes, or rows of all classes.
    *(["neg_brier_score", "d2_log_loss_score"] if IS_NEW else []),
    "top_k_accuracy",
]


@pytest.mark.parametrize("name", NAMES_OF_PROBABILITIES)
def test_scores_of_probabilities_are_defined_without_all_classes(name):
    target = ClassAdapter().fit(["a", "b", "c", "d"])
    y = np.array(["a", "c"] * 10)
    y_pred = np.random.default_rng(0).dirichlet(np.ones(4), 20)
    case = Case(ClassificationHead(), target, y, y_pred)
    whole = Case(
        ClassificationHead(),
        target,
        np.append(y, ["b", "d"]),
        np.vstack([y_pred, np.eye(4)[[1, 3]]]),
    )
    weight = np.append(np.ones(20), [1e-9, 1e-9])
    of_some, of_all = case.score(name), whole.score(name, sample_weight=weight)
    assert np.isfinite(of_some)
    if name != "d2_log_loss_score":  # it compares with the frequencies of the classes
        assert of_some == pytest.approx(of_all, rel=1e-3)


@pytest.mark.parametrize(
    "name", ["accuracy", "balanced_accuracy", *NAMES_OF_PROBABILITIES]
)
def test_intervals_have_scores_as_their_codes_have(name):
    codes = np.arange(40) % 3
    bins = pd.IntervalIndex.from_breaks([0, 1, 2, 3])
    y = np.array(bins[codes], dtype=object)
    y_pred = np.random.default_rng(0).dirichlet(np.ones(3), 40)
    cases = [
        Case(ClassificationHead(), ClassAdapter().fit(labels), labels, y_pred)
        for labels in (y, codes)
    ]
    assert cases[0].score(name) == pytest.approx(cases[1].score(name))
