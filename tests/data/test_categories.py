import numpy as np
import pytest

from skautokeras._data import category_codes, frequent_categories


@pytest.mark.parametrize(
    ("n_categories", "n_kept"), [(49, 50), (50, 1)], ids=["few", "many"]
)
def test_categories_of_one_row_are_left_out_where_there_are_many(n_categories, n_kept):
    keys = np.array([f"once {i:02d}" for i in range(n_categories)] + ["often"])
    counts = np.array([1] * n_categories + [2])
    categories = frequent_categories(keys, counts)
    assert len(categories) == n_kept
    assert categories == sorted(categories)
    assert frequent_categories(keys, counts, only_repeated=True) == ["often"]


def test_values_with_one_key_are_counted_together():
    assert frequent_categories(["1", "1"], [1, 1], only_repeated=True) == ["1"]


def test_unknown_and_missing_categories_have_codes_of_their_own():
    keys = np.array(["b", "new", "a"], dtype=object)
    codes = category_codes(np.array([0, -1, 1, 2]), keys, ["a", "b"])
    assert codes.dtype == np.int32
    assert codes.tolist() == [3, 1, 0, 2]
