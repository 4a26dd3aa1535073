"""The table estimators on real tables: columns, labels, predictions, scores."""

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array
from sklearn.base import clone
from sklearn.datasets import (
    load_diabetes,
    load_iris,
    load_linnerud,
    make_multilabel_classification,
)
from sklearn.exceptions import DataConversionWarning
from sklearn.metrics import accuracy_score, log_loss, mean_absolute_error, r2_score
from sklearn.model_selection import train_test_split

from skautokeras import (
    AutoModel,
    Choice,
    ClassificationHead,
    DenseBlock,
    Merge,
    StructuredDataBlock,
    StructuredDataClassifier,
    StructuredDataInput,
    StructuredDataRegressor,
)


def test_a_raw_table_is_learned_better_than_the_majority(titanic):
    X, y = titanic
    X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
    classifier = StructuredDataClassifier(max_trials=2, random_state=0)
    classifier.fit(X_train, y_train)
    assert classifier.score(X_test, y_test) > 0.76  # majority: 0.61
    assert classifier.n_features_in_ == X.shape[1]
    assert classifier.feature_names_in_.tolist() == X.columns.tolist()


def test_the_regressor_predicts_on_the_original_scale(diabetes):
    X, y = diabetes
    regressor = StructuredDataRegressor(max_trials=1, epochs=20, random_state=0)
    scaled = clone(regressor).fit(X, 1e6 + 1e3 * y)
    regressor.fit(X, y)
    assert regressor.score(X, y) > 0.3
    np.testing.assert_allclose(
        (scaled.predict(X) - 1e6) / 1e3, regressor.predict(X), rtol=1e-3
    )


def test_predictions_for_rows_far_from_all_others_stay_in_the_range(regressor):
    x = np.linspace(-1, 1, 60)[:, None]
    y = 100 + 7 * x.ravel()
    far = regressor.fit(x, y).predict([[-1e6], [0.0], [1e6]])
    assert far.min() >= 93 - 1e-4
    assert far.max() <= 107 + 1e-4
    assert np.ptp(far) > 3


def test_the_leaderboard_tells_what_was_tried(titanic):
    classifier = StructuredDataClassifier(max_trials=3, epochs=2, random_state=0)
    classifier.fit(*titanic)
    board = classifier.leaderboard_
    assert list(board) == [
        "rank",
        "trial",
        "kind",
        "predefined",
        "score",
        "accuracy",
        "weight",
        "refitted",
        "status",
        "epochs",
        "best_epoch",
        "cut",
        "iterations",
        "seconds",
        "ended",
        "n_parameters",
        "flops",
        "n_rows",
        "params",
        "error",
    ]
    assert board["rank"].tolist() == [1, 2, 3]
    assert board["score"].is_monotonic_decreasing
    assert board["score"].iloc[0] == classifier.best_score_
    assert board["params"].iloc[0] == classifier.best_params_
    assert board["weight"].sum() == pytest.approx(1)
    assert ((board["weight"] > 0) == board["refitted"]).all()
    assert board["predefined"].all()
    assert board.sort_values("trial")["ended"].is_monotonic_increasing
    assert (board["ended"] >= board["seconds"]).all()
    assert (board["status"] == "completed").all()
    assert (board["n_parameters"] > 0).all()
    assert (board["flops"] > 0).all()
    assert classifier.n_trials_ == 3
    assert set(classifier.history_) == {"loss", "val_loss", "val_score"}
    assert len(classifier.history_["loss"]) == board["epochs"].iloc[0]


def test_the_leaderboard_tells_kinds_of_networks_and_iterations_of_trees(titanic):
    classifier = StructuredDataClassifier(max_trials=6, epochs=1, random_state=0)
    classifier.fit(*titanic)
    board = classifier.leaderboard_.sort_values("trial")
    kinds = [p["structured_data_block_1/block_type"] for p in board["params"]]
    assert board["kind"].tolist() == kinds
    # A plain network and boosted trees come first.
    assert kinds[:2] == ["dense", "boosted_trees"]
    trees = ["boosted_trees", "extra_trees", "random_forest"]
    are_trees = board["kind"].isin(trees)
    assert (board["iterations"].notna() == are_trees).all()
    assert board["iterations"].dtype == "Int64"
    for values, n in zip(board["params"], board["iterations"], strict=True):
        most = [v for k, v in values.items() if k.endswith("/n_trees")]
        assert 1 <= n <= most[0] if most else n is pd.NA


def test_where_no_block_chooses_there_is_no_kind():
    X, y = load_iris(return_X_y=True)
    table = StructuredDataInput()
    output = ClassificationHead()(DenseBlock(n_layers=1, units=8)(table))
    model = AutoModel(table, output, max_trials=2, epochs=1, random_state=0).fit(X, y)
    assert model.leaderboard_["kind"].tolist() == ["", ""]
    assert model.leaderboard_["iterations"].isna().all()


def test_the_leaderboard_names_the_kinds_of_all_blocks():
    X, y = load_iris(return_X_y=True)
    table = StructuredDataInput()
    blocks = [StructuredDataBlock(block_type=Choice([k])) for k in ("dense", "tab_m")]
    output = ClassificationHead()(Merge()([block(table) for block in blocks]))
    model = AutoModel(table, output, max_trials=1, epochs=1, random_state=0).fit(X, y)
    assert model.leaderboard_["kind"].tolist() == ["dense + tab_m"]


@pytest.mark.parametrize(
    "labels",
    [
        np.array(["a", "b", "c"]),
        np.array(["a", "b", "c"], dtype=object),
        np.array([-5, 7, 100]),
        np.array([0.0, 1.0, 2.0]),
        pd.Series(["a", "b", "c"], dtype="category"),
        pd.Series(["a", "b", "c"], dtype="string"),
        pd.Series([3, 1, 2], dtype="Int64"),
    ],
    ids=lambda labels: f"{type(labels).__name__}-{labels.dtype}",
)
def test_labels_come_back_as_they_were(classifier, labels):
    X, codes = load_iris(return_X_y=True)
    y = labels[codes] if isinstance(labels, np.ndarray) else labels.iloc[codes]
    classifier.fit(X, y)
    predicted = classifier.predict(X)
    assert predicted.dtype == np.asarray(y).dtype
    assert set(predicted) <= set(np.asarray(y))
    assert classifier.classes_.tolist() == sorted(set(np.asarray(y)))
    assert classifier.predict_proba(X).shape == (150, 3)


def test_boolean_labels_come_back_as_booleans(classifier, titanic):
    X, y = titanic
    predicted = classifier.fit(X, y.astype(bool)).predict(X)
    assert predicted.dtype == bool
    proba = classifier.predict_proba(X)
    assert proba.shape == (len(X), 2)
    np.testing.assert_allclose(proba.sum(axis=1), 1, rtol=1e-6)


def test_multilabel_targets_have_a_column_per_label(classifier):
    X, Y = make_multilabel_classification(80, n_classes=4, random_state=0)
    classifier.fit(X, Y)
    assert classifier.predict(X).shape == (80, 4)
    assert set(np.unique(classifier.predict(X))) <= {0, 1}
    assert classifier.predict_proba(X).shape == (80, 4)
    assert 0 <= classifier.score(X, Y) <= 1


def test_several_numbers_are_predicted_at_once(regressor):
    X, Y = load_linnerud(return_X_y=True)
    assert regressor.fit(X, Y).predict(X).shape == Y.shape
    assert regressor.fit(X, Y[:, 0]).predict(X).shape == (len(X),)


def test_a_column_as_target_is_flattened_with_a_warning(classifier, titanic):
    X, y = titanic
    with pytest.warns(DataConversionWarning):
        classifier.fit(X, y.to_frame())
    assert classifier.predict(X).shape == (len(X),)


def test_evaluate_agrees_with_sklearn(classifier, titanic):
    X, y = titanic
    results = classifier.fit(X, y).evaluate(X, y)
    assert results["accuracy"] == pytest.approx(
        accuracy_score(y, classifier.predict(X)), abs=1e-6
    )
    assert results["loss"] == pytest.approx(
        log_loss(y, classifier.predict_proba(X)), rel=1e-4
    )


def test_evaluate_compares_numbers_on_their_scale(regressor, diabetes):
    X, y = diabetes
    results = regressor.fit(X, y).evaluate(X, y)
    expected = mean_absolute_error(y, regressor.predict(X))
    assert results["mean_absolute_error"] == pytest.approx(expected, rel=1e-4)


def test_missing_and_unseen_values_at_predict_do_not_fail(classifier, titanic):
    X, y = titanic
    classifier.fit(X, y)
    strange = X.head(4).copy()
    strange.loc[strange.index[0], "sex"] = "unknown"
    strange.loc[strange.index[1], ["pclass", "fare", "sex"]] = None
    strange.loc[strange.index[2]] = None
    assert np.isfinite(classifier.predict_proba(strange)).all()


def test_all_kinds_of_columns_are_taken(classifier):
    rng = np.random.default_rng(0)
    n = 60
    X = pd.DataFrame(
        {
            "float": rng.normal(size=n),
            "nullable": pd.array([1, None, 3] * 20, dtype="Int64"),
            "flag": pd.array([True, False, None] * 20, dtype="boolean"),
            "category": pd.Categorical(["a", "b", None] * 20),
            "text": ["x", "y", "z"] * 20,
            "date": pd.date_range("2020-01-01", periods=n, freq="D"),
            "constant": 1,
        }
    )
    y = (X["float"] > 0).astype(int)
    assert classifier.fit(X, y).predict(X).shape == (n,)


def test_sparse_dense_and_lists_give_the_same(classifier):
    X, y = load_iris(return_X_y=True)
    dense = clone(classifier).fit(X, y).predict_proba(X)
    sparse = clone(classifier).fit(csr_array(X), y).predict_proba(csr_array(X))
    lists = clone(classifier).fit(X.tolist(), y.tolist()).predict_proba(X.tolist())
    np.testing.assert_array_equal(dense, sparse)
    np.testing.assert_array_equal(dense, lists)


def test_lists_of_numbers_and_strings_are_taken(classifier):
    X = [[1, "a"], [2, "b"], [3, "a"], [4, "b"]] * 5
    assert classifier.fit(X, ["yes", "no"] * 10).predict(X).shape == (20,)


def test_a_table_of_constants_is_no_reason_to_fail(classifier):
    X, y = np.ones((20, 2)), [0, 1] * 10
    assert classifier.fit(X, y).predict_proba(X).shape == (20, 2)


def test_a_constant_number_is_predicted(regressor):
    X = np.arange(20.0).reshape(-1, 1)
    np.testing.assert_allclose(regressor.fit(X, np.full(20, 7.0)).predict(X), 7, atol=1)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda X: X.assign(fare=np.inf), "contains infinity"),
        (lambda X: X.assign(fare="much"), "could not convert string to float: 'much'"),
        (lambda X: X[X.columns[::-1]], "must be in the same order"),
        (lambda X: X.drop(columns="fare"), "Feature names seen at fit time, yet now"),
        (lambda X: X.assign(more=1), "Feature names unseen at fit time"),
    ],
    ids=["infinity", "string", "order", "missing", "more"],
)
def test_another_table_at_predict_is_refused(classifier, titanic, change, message):
    X, y = titanic
    classifier.fit(X, y)
    with pytest.raises(ValueError, match=message):
        classifier.predict(change(X))


@pytest.mark.parametrize(
    ("y", "message"),
    [
        ([1.0] * 19 + [np.nan], "Input y contains NaN"),
        ([1] * 20, "class"),
        (None, "requires y to be passed"),
        ([0, 1], "inconsistent numbers of samples"),
    ],
    ids=["nan", "one-class", "none", "length"],
)
def test_a_target_that_cannot_be_used_is_refused(classifier, y, message):
    with pytest.raises(ValueError, match=message):
        classifier.fit(np.arange(40.0).reshape(20, 2), y)


def test_what_the_user_says_of_a_column_wins(classifier, titanic):
    X, y = titanic
    classifier.set_params(
        categorical_features=["pclass"], column_types={"name": "categorical"}
    ).fit(X, y)
    kinds = {c.name: c.kind for c in classifier._adapter.schemas_[0].columns}
    assert kinds["pclass"] == "categorical"
    assert kinds["name"] == "categorical"
    with pytest.raises(ValueError, match="wrong"):
        classifier.set_params(column_types={"wrong": "categorical"}).fit(X, y)


def test_a_regressor_scores_a_table_that_holds_its_target():
    X, y = load_diabetes(return_X_y=True, as_frame=True)
    table = X.assign(progress=y)
    regressor = StructuredDataRegressor(max_trials=1, epochs=2, cv=None, refit=False)
    regressor.fit(table, "progress")
    expected = regressor.score(X, y)
    assert regressor.score(table, "progress") == pytest.approx(expected)
    assert expected == pytest.approx(r2_score(y, regressor.predict(X)))
