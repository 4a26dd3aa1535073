"""The rows of the data sets."""

import numpy as np
import pandas as pd
import pytest

from benchmarks.datasets.image_data import read_images
from benchmarks.datasets.rows import some_rows
from benchmarks.datasets.table_data import (
    WITHOUT_TEST_FILE,
    is_classification,
    read_split,
)
from benchmarks.datasets.table_folder import N_FOLDS
from benchmarks.datasets.text_data import read_texts
from skautokeras.datasets import load_titanic


def test_photographs_of_a_house_are_put_together(tmp_path):
    (tmp_path / "houses").mkdir()
    rooms = ("frontal", "kitchen", "bedroom", "bathroom")
    photos = {r: np.full((2, 4, 4, 3), i, "uint8") for i, r in enumerate(rooms)}
    np.savez(tmp_path / "houses" / "test.npz", y=np.exp([1.0, 2.0]), **photos)
    X, y = read_images(tmp_path, "houses", "test")
    np.testing.assert_array_equal(X[1, ::4, ::4, 0], [[0, 1], [2, 3]])
    np.testing.assert_allclose(y, [1, 2])


def test_texts_are_read_with_their_classes_or_stars(reviews):
    X, y = read_texts(reviews, "imdb", "train")
    assert X[0] == "null"
    assert y[:3].tolist() == [0, 1, 0]
    X_rating, stars = read_texts(reviews, "imdb_rating", "train")
    assert X_rating.tolist() == X.tolist()
    assert stars[:3].tolist() == [1.0, 2.0, 3.0]
    X_some, y_some = some_rows(X, y, 20, seed=0)
    assert len(set(X_some)) == len(y_some) == 20
    assert some_rows(X, y, None, seed=0)[0] is X


@pytest.mark.parametrize(
    "dataset", [d for d in WITHOUT_TEST_FILE if "titanic" not in d]
)
def test_five_splits_share_out_the_rows(dataset):
    n_rows, shares = 0, []
    for number in range(N_FOLDS):
        X, y = read_split("", dataset, "test", number)
        assert list(X.index) == list(y.index) == list(range(len(y)))
        n_rows += len(y)
        shares.append(np.mean(y == y.max()))
    X_train, y_train = read_split("", dataset, "train", 0)

    assert (
        len(y_train) == len(X_train) == n_rows - len(read_split("", dataset, "test")[1])
    )
    if is_classification(dataset):
        assert np.ptp(shares) < 0.03


def test_splits_differ_and_can_be_had_again():
    first, again, next_round = (
        read_split("", "wine", "test", number)[0] for number in (0, 0, N_FOLDS)
    )
    pd.testing.assert_frame_equal(first, again)
    assert not first.equals(next_round)


def test_titanic_all_has_the_rows_of_both_files(tmp_path):
    X, y = load_titanic(return_X_y=True)
    (tmp_path / "titanic").mkdir()
    table = X.assign(target=y)
    table[:60].to_csv(tmp_path / "titanic" / "train.csv.gz", index=False)
    table[60:100].to_csv(tmp_path / "titanic" / "test.csv.gz", index=False)
    sizes = [
        [len(read_split(tmp_path, "titanic_all", s, n)[1]) for n in range(N_FOLDS)]
        for s in ("train", "test")
    ]

    assert sizes == [[80] * N_FOLDS, [20] * N_FOLDS]


def test_the_structure_of_many_categories_is_what_it_says():
    X, y = read_split("", "many_categories", "train")
    slope = X["kind"].map({"kind 0": -1.0, "kind 1": 0.0, "kind 2": 1.0})
    level = y - X["a"] * X["b"] - slope * X["c"]
    noise = level - level.groupby(X["city"]).transform("mean")

    assert X["city"].nunique() == 200
    assert noise.std() == pytest.approx(0.3, abs=0.02)


def test_rows_to_learn_from_are_drawn_and_those_to_judge_by_stay():
    X, y = read_split(None, "wine", "train", number=1)
    few = read_split(None, "wine", "train", number=1, n_rows=50)
    assert [len(part) for part in few] == [50, 50]
    pd.testing.assert_frame_equal(X.loc[few[0].index], few[0])
    pd.testing.assert_series_equal(y.loc[few[1].index], few[1])
    all_test, test = (
        read_split(None, "wine", "test", number=1, n_rows=n)[1] for n in (None, 5)
    )
    assert len(all_test) == len(test) > 5
