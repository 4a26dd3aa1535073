import subprocess
import sys
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.model_selection import GroupKFold, KFold, ShuffleSplit, TimeSeriesSplit

from skautokeras._data import (
    Rows,
    SplitRows,
    cv_splits,
    split_indices,
    valid_positions,
)

SEEDS = st.integers(0, 2**31 - 2)
FRACTIONS = st.floats(0.01, 0.99)


@given(
    y=st.lists(st.integers(0, 5), min_size=2, max_size=60),
    fraction=FRACTIONS,
    stratify=st.booleans(),
    seed=SEEDS,
)
@settings(max_examples=150)
def test_the_parts_are_disjoint_complete_and_not_empty(y, fraction, stratify, seed):
    train, valid = split_indices(np.array(y), fraction, stratify=stratify, seed=seed)
    assert sorted([*train, *valid]) == list(range(len(y)))
    assert len(train) > 0
    assert len(valid) > 0


@given(
    y=st.lists(st.integers(0, 5), min_size=2, max_size=60),
    fraction=FRACTIONS,
    seed=SEEDS,
)
@settings(max_examples=150)
def test_every_class_is_trained_on_if_there_are_rows_enough(y, fraction, seed):
    y = np.array(y)
    train, _ = split_indices(y, fraction, stratify=True, seed=seed)
    n_classes = len(np.unique(y))
    # With one row per class, one class has to go without.
    n_trained = min(n_classes, len(y) - 1)
    assert len(np.unique(y[train])) == n_trained


@given(
    y=st.lists(st.integers(0, 3), min_size=2, max_size=30),
    stratify=st.booleans(),
    seed=SEEDS,
)
@settings(max_examples=50)
def test_the_same_seed_gives_the_same_rows(y, stratify, seed):
    state = np.random.get_state()[1].tolist()  # noqa: NPY002 - to see it untouched
    first = split_indices(np.array(y), 0.3, stratify=stratify, seed=seed)
    again = split_indices(np.array(y), 0.3, stratify=stratify, seed=seed)
    np.testing.assert_array_equal(first[0], again[0])
    np.testing.assert_array_equal(first[1], again[1])
    assert np.random.get_state()[1].tolist() == state  # noqa: NPY002


def test_another_process_draws_the_same_rows():
    code = (
        "import numpy as np\n"
        "from skautokeras._data import split_indices\n"
        "y = np.arange(40) % 3\n"
        "print(split_indices(y, 0.25, stratify=True, seed=0)[1].tolist())\n"
    )
    there = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    here = split_indices(np.arange(40) % 3, 0.25, stratify=True, seed=0)[1]
    assert there.strip() == str(here.tolist())


def test_another_seed_draws_other_rows():
    y = np.arange(100) % 2
    draws = {
        tuple(split_indices(y, 0.2, stratify=True, seed=seed)[1]) for seed in range(5)
    }
    assert len(draws) == 5


def test_classes_keep_their_shares():
    y = np.repeat([0, 1, 2], [100, 50, 10])
    _, valid = split_indices(y, 0.2, stratify=True, seed=3)
    assert np.bincount(y[valid]).tolist() == [20, 10, 2]


def test_a_class_of_one_row_is_trained_on_and_the_others_stay_stratified():
    y = np.array([7] + [0] * 20 + [1] * 20)
    for seed in range(10):
        train, valid = split_indices(y, 0.25, stratify=True, seed=seed)
        assert 0 in train
        assert abs(np.sum(y[valid] == 0) - np.sum(y[valid] == 1)) <= 1


def test_more_classes_than_validation_rows_is_no_error():
    y = np.repeat(np.arange(10), 2)
    train, valid = split_indices(y, 0.2, stratify=True, seed=0)
    assert len(valid) == 4
    assert set(y[train]) == set(range(10))


def test_a_large_fraction_leaves_each_class_a_row_to_train_on():
    y = np.array([0, 1, 2, 3] * 3)
    train, valid = split_indices(y, 0.95, stratify=True, seed=0)
    assert sorted(y[train]) == [0, 1, 2, 3]
    assert len(valid) == 8


@pytest.mark.parametrize("shape", [(20,), (20, 3)])
def test_without_strata_the_rows_are_shuffled(shape):
    y = np.random.RandomState(0).normal(size=shape)
    train, valid = split_indices(y, 0.25, stratify=False, seed=0)
    assert (len(train), len(valid)) == (15, 5)
    assert valid.tolist() != sorted(valid.tolist())


def test_indicators_of_labels_are_split_plainly():
    y = np.eye(10, dtype=np.float32)
    stratified = split_indices(y, 0.3, stratify=True, seed=1)
    plain = split_indices(y, 0.3, stratify=False, seed=1)
    assert [part.tolist() for part in stratified] == [part.tolist() for part in plain]


@pytest.mark.parametrize("y", [np.array([]), np.array([1])])
def test_fewer_than_two_rows_cannot_be_split(y):
    with pytest.raises(ValueError, match=f"n_samples={len(y)}.*validation_data"):
        split_indices(y, 0.5, stratify=True, seed=0)


@pytest.mark.parametrize("weight", [None, {"first": np.array([0.5, 1.0, 1.5])}])
def test_rows_are_taken_from_all_arrays_alike(weight):
    rows = Rows(
        x={"numerical": np.eye(3), "categorical": np.arange(3)[:, None]},
        y={"first": np.array([5, 6, 7]), "second": np.eye(3)},
        weight=weight,
    )
    taken = rows.take([2, 0])
    assert len(taken) == 2
    assert taken.x["categorical"].tolist() == [[2], [0]]
    assert taken.x["numerical"].tolist() == [[0, 0, 1], [1, 0, 0]]
    assert taken.y["first"].tolist() == [7, 5]
    assert taken.y["second"].tolist() == [[0, 0, 1], [1, 0, 0]]
    if weight is None:
        assert taken.weight is None
    else:
        assert taken.weight["first"].tolist() == [1.5, 0.5]
    assert len(SplitRows(train=taken, valid=rows, all=None).train) == 2


# Folds


def some_rows(y):
    y = np.asarray(y)
    return Rows(x={"x": np.arange(len(y))[:, None]}, y={"head": y}, weight=None)


@given(
    y=st.lists(st.integers(0, 2), min_size=9, max_size=40),
    n_folds=st.integers(2, 4),
    stratify=st.booleans(),
    seed=SEEDS,
)
@settings(max_examples=50)
def test_the_folds_of_a_number_are_shuffled_and_judge_every_row_once(
    y, n_folds, stratify, seed
):
    y = np.array([*sorted(y), 0, 0, 0, 0])
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The least populated class")
        splits = cv_splits(n_folds, y, y, stratify=stratify, seed=seed)
        again = cv_splits(n_folds, y, y, stratify=stratify, seed=seed)
    assert len(splits) == n_folds
    assert sorted(valid_positions(splits)) == list(range(len(y)))
    for (train, valid), (train_again, valid_again) in zip(splits, again, strict=True):
        assert sorted([*train, *valid]) == list(range(len(y)))
        np.testing.assert_array_equal(train, train_again)
        np.testing.assert_array_equal(valid, valid_again)


def test_folds_of_sorted_rows_are_alike():
    y = np.arange(400.0)
    splits = cv_splits(4, y, y, stratify=False, seed=0)
    assert all(150 < valid.mean() < 250 for _, valid in splits)


def test_folds_keep_the_shares_of_the_classes():
    y = np.array([0] * 90 + [1] * 10)
    for _, valid in cv_splits(5, y, y, stratify=True, seed=0):
        assert np.bincount(y[valid]).tolist() == [18, 2]


@pytest.mark.parametrize(
    "cv",
    [
        KFold(3),
        ShuffleSplit(2, random_state=0),
        TimeSeriesSplit(3),
        [(np.arange(8), np.arange(8, 12)), (np.arange(4, 12), np.arange(4))],
        iter([(np.arange(12) < 8, np.arange(12) >= 8)]),
    ],
    ids=["k-fold", "shuffled", "time", "list", "masks"],
)
def test_splitters_and_splits_are_taken_as_they_are(cv):
    y = np.arange(12) % 2
    splits = cv_splits(cv, y, y, stratify=True)
    positions = np.arange(12)
    for train, valid in splits:
        assert len(train) > 0
        assert not set(positions[train]) & set(positions[valid])


@pytest.mark.parametrize(
    ("cv", "message"),
    [
        (GroupKFold(2), r"needs groups, .*cv=list\(splitter.split\(X, y, groups\)\)"),
        ([], "at least one split"),
        ([([0, 1], [])], "rows to validate on"),
        ([([0, 1], [12])], "holds no positions of the 12 rows"),
        (KFold(13), "number of splits n_splits=13 greater"),
    ],
    ids=str,
)
def test_folds_that_cannot_be_are_refused(cv, message):
    y = np.arange(12) % 2
    with pytest.raises(ValueError, match=message):
        cv_splits(cv, y, y, stratify=True)


@given(
    n_rows=st.integers(2, 60),
    data=st.data(),
)
def test_rows_that_become_the_last_ones_move_in_place(n_rows, data):
    positions = st.integers(0, n_rows - 1)
    last = data.draw(st.lists(positions, min_size=1, max_size=n_rows - 1, unique=True))
    numbers = np.arange(n_rows, dtype="float32")
    own, foreign = numbers[:, None].copy(), numbers[:, None].copy()
    rows = Rows(
        x={"own": own, "foreign": foreign},
        y={"head": numbers.copy()},
        weight={"head": numbers.copy()},
    )
    moved = rows.with_last(np.array(last), kept=[foreign])
    found = moved.x["own"][:, 0].tolist()
    assert found[-len(last) :] == last
    assert sorted(found) == numbers.tolist()
    assert moved.x["own"] is own
    assert foreign[:, 0].tolist() == numbers.tolist()
    for array in (moved.x["foreign"][:, 0], moved.y["head"], moved.weight["head"]):
        assert array.tolist() == found


def test_many_rows_are_stratified(monkeypatch):
    monkeypatch.setattr("skautokeras._data.split._MANY", 100)
    y = np.repeat([0, 1, 2], [900, 90, 10])
    train, valid = split_indices(y, 0.1, stratify=True, seed=0)
    assert sorted([*train, *valid]) == list(range(1000))
    assert np.bincount(y[valid]).tolist() == [90, 9, 1]
    again = split_indices(y, 0.1, stratify=True, seed=0)
    np.testing.assert_array_equal(valid, again[1])
