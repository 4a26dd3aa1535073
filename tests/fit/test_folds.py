"""Which rows a configuration is trained on, and which rows judge it."""

from datetime import date
from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.model_selection import KFold, TimeSeriesSplit

from skautokeras import StructuredDataClassifier
from skautokeras._data import (
    ClassAdapter,
    ImageAdapter,
    NumberAdapter,
    Rows,
    StructuredDataAdapter,
    YAdapter,
)
from skautokeras._fit import (
    ONE_FOLD,
    RawRows,
    automatic_cv,
    make_options,
    split_rows,
)
from skautokeras._training import Fold, Problem

HEAD = "classification_head_1"
Y = np.arange(12) % 2


def split(cv=None, fraction=0.25):
    """Return the data and the folds of twelve rows."""
    y_adapter = YAdapter([HEAD], [ClassAdapter()])
    sample = RawRows(X=np.arange(12)[:, None], y=Y)
    sample = sample.split_by_head(y_adapter.fit_split(Y))
    rows = Rows({"x": sample.X}, y_adapter.encode(sample.y_by_head), None)
    options = SimpleNamespace(cv=cv, validation_fraction=fraction)
    data, valid, positions = split_rows(sample, rows, y_adapter, options, seed=0)
    np.testing.assert_array_equal(sample.X[valid], data.valid.x["x"])
    return data, positions


def rows_of(positions, data):
    """Return the training and validation rows of each fold, as they are numbered."""
    folds = [Fold(None, None, *pair) for pair in positions]
    return [[part.x["x"].ravel() for part in fold.rows(data)] for fold in folds]


def test_one_part_is_the_case_of_one_fold():
    data, positions = split()
    assert positions is ONE_FOLD
    ((train, valid),) = rows_of(positions, data)
    assert (len(train), len(valid)) == (9, 3)
    assert sorted([*train, *valid]) == list(range(12))
    # Long data is there once.
    assert np.shares_memory(data.train.x["x"], data.all.x["x"])
    assert np.shares_memory(data.valid.x["x"], data.all.x["x"])


@pytest.mark.parametrize(
    "cv",
    [
        3,
        KFold(3),
        TimeSeriesSplit(3),
        [(np.arange(8), np.arange(8, 12)), (np.arange(4, 12), np.arange(4))],
    ],
    ids=["number", "k-fold", "time", "list"],
)
def test_folds_lie_behind_one_another(cv):
    data, positions = split(cv)
    folds = rows_of(positions, data)
    for train, valid in folds:
        assert not set(train) & set(valid)
    np.testing.assert_array_equal(
        data.valid.x["x"].ravel(), np.concatenate([valid for _, valid in folds])
    )
    problem = Problem(None, None, [Fold(None, None, *p) for p in positions], None)
    assert problem.n_train_rows(data) == sum(len(train) for train, _ in folds)


def test_splits_are_taken_as_they_are():
    splits = [(np.arange(8), np.arange(8, 12)), (np.arange(4, 12), np.arange(4))]
    folds = rows_of(split(splits)[1], split(splits)[0])
    for expected, found in zip(splits, folds, strict=True):
        for one, other in zip(expected, found, strict=True):
            np.testing.assert_array_equal(one, other)


def folds_of(n_rows, adapter=None, X=None, y=None, fit_params=None, **params):
    """Return the number of folds that is chosen for some rows."""
    X = np.arange(50.0)[:, None] if X is None else X
    y = np.arange(n_rows) % 2 if y is None else y
    target = NumberAdapter() if y.dtype.kind == "f" else ClassAdapter()
    y_adapter = YAdapter([HEAD], [target])
    encoded = y_adapter.encode(y_adapter.fit_split(y))
    adapter = (adapter or StructuredDataAdapter()).fit(X)
    options = make_options(StructuredDataClassifier(**params), fit_params or {})
    rows = Rows({"x": np.zeros((n_rows, 1))}, encoded, None)
    return automatic_cv(options, [adapter.schema_], rows, y_adapter)


@pytest.mark.parametrize(
    ("n_rows", "n_folds"), [(20, 5), (2999, 5), (3000, 3), (9999, 3), (10_000, None)]
)
def test_few_rows_have_folds(n_rows, n_folds):
    assert folds_of(n_rows) == n_folds
    assert folds_of(n_rows, y=np.arange(float(n_rows))) == n_folds


@pytest.mark.parametrize(
    "params",
    [
        {"max_trials": 4},
        {"max_time": 10.0},
        {"validation_fraction": 0.3},
        {"fit_params": {"validation_split": 0.3}},
        {"fit_params": {"steps_per_epoch": 2}},
    ],
    ids=repr,
)
def test_other_wishes_are_for_one_held_out_part(params):
    assert folds_of(1000) == 5
    assert folds_of(1000, **params) is None


@pytest.mark.parametrize(
    ("n_rows", "max_time", "n_folds"),
    [
        (200, 60.0, 5),
        (500, 60.0, 3),
        (1000, 60.0, None),
        (1000, 300.0, 5),
        (4000, 300.0, 3),
        (9000, 300.0, None),
        (9000, 3600.0, 3),
        (100, 15.0, None),
    ],
)
def test_folds_need_time_for_networks(n_rows, max_time, n_folds):
    assert folds_of(n_rows, max_time=max_time) == n_folds


def test_sentences_and_images_have_one_held_out_part():
    rng = np.random.default_rng(0)
    words = np.array(["dry", "red", "oak", "wine", "good", "bad", "old", "new"])
    texts = [[" ".join(rng.permutation(words))] for _ in range(50)]
    assert folds_of(1000, X=np.array(texts, dtype=object)) is None
    images = rng.integers(0, 256, (50, 8, 8))
    assert folds_of(1000, ImageAdapter(), images) is None


def test_a_score_needs_all_classes_in_each_fold():
    y = (np.arange(100) < 4).astype(int)
    assert folds_of(100, y=y) == 5
    assert folds_of(100, y=y, scoring="roc_auc") == 4
    assert folds_of(7, y=np.arange(7.0), scoring="r2") == 3
    assert folds_of(3, y=np.arange(3.0), scoring="r2") is None


def test_there_are_no_more_folds_than_rows_of_a_class():
    assert folds_of(60, y=np.arange(60) // 3) == 3
    assert folds_of(60, y=np.arange(60) // 2) == 2


@pytest.mark.parametrize(
    ("weight", "message"),
    [
        ("balanced", "class_weight='balanced'"),
        (np.array(["2024-05-01"] * 12, dtype="datetime64[D]"), "dates or durations"),
        ([date(2024, 5, 1)] * 12, "dates or durations such as 2024-05-01"),
        (np.full(12, np.timedelta64(1, "D")), "dates or durations"),
    ],
    ids=["balanced", "datetime64", "date", "timedelta64"],
)
def test_weights_of_rows_are_numbers(weight, message):
    rows = RawRows(np.zeros((12, 1)), Y, weight)
    with pytest.raises(ValueError, match=f"sample_weight must hold.*{message}"):
        rows.checked(lambda X: X, name="classifier")
