"""Which rows a configuration is trained on, and which rows judge it."""

from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.model_selection import KFold, TimeSeriesSplit

from skautokeras._data import ClassAdapter, Rows, YAdapter
from skautokeras._fit import ONE_FOLD, RawRows, split_rows
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
    np.testing.assert_array_equal(valid.X, data.valid.x["x"])
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
