import numpy as np
import pandas as pd
import pytest

from skautokeras._data import (
    StructuredDataAdapter,
    category_codes,
    frequent_categories,
)
from skautokeras._data.categories import places_of_spellings


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


@pytest.mark.parametrize(
    ("learned", "asked", "codes"),
    [
        (["False", "True"], ["true", "0", "1", "FALSE", "1.0"], [3, 2, 3, 2, 3]),
        (["0", "1"], ["True", "false", "1.0"], [3, 2, 3]),
        (["001", "002"], ["1", "2.0", "3"], [2, 3, 0]),
        (["1", "2", "x"], ["1.0", "02", "X"], [2, 3, 0]),
        (["1.5", "2.25"], ["1.50", "2.250e0"], [2, 3]),
        (["2024-05-01", "2024-06-01"], ["2024-05-01T00:00:00", "2024-06-02"], [2, 0]),
        # A spelling of two categories is that of neither, and a learned one is its own.
        (["05", "005"], ["5", "05", "005"], [0, 2, 3]),
        (["nan", "inf"], ["NaN", "1e999"], [0, 0]),
        # White space around a value does not count, unless it is all that differs.
        (["a", "b "], [" a", "b", "a\t", "c "], [2, 3, 2, 0]),
        (["a", "a "], ["a", "a ", " b"], [2, 3, 0]),
        (["False", "True"], [" true", "0 "], [3, 2]),
        (["1", "2"], [" 1", "2.0 "], [2, 3]),
        # An empty string is missing, as in an exported model, unless it is a category.
        ([" ", "x"], ["", "  "], [1, 0]),
        (["", "x"], ["", "y"], [2, 0]),
        (["False", "True"], [""], [1]),
    ],
)
def test_categories_may_come_back_in_another_spelling(learned, asked, codes):
    found = category_codes(np.arange(len(asked)), np.array(asked, object), learned)
    assert found.tolist() == codes


@pytest.mark.parametrize("missing", [None, "a"], ids=["missing values", "none"])
def test_empty_strings_in_the_place_of_missing_values_are_missing(missing):
    X = pd.DataFrame({"deck": pd.Series(["a", "b", "b", missing] * 9, dtype=object)})
    adapter = StructuredDataAdapter().fit(X)
    rows = pd.DataFrame({"deck": pd.Series(["", "a", None] * 9, dtype=object)})
    codes = adapter.transform(rows)["categorical"].ravel()
    assert codes.tolist() == [1, 2, 1] * 9
    alone = adapter.transform(rows[:1].astype("category"))["categorical"]
    assert alone.tolist() == [[1]]


def test_exports_know_the_usual_spellings():
    assert places_of_spellings(["False", "True"])["1"] == 1
    assert places_of_spellings(["001", "a"]) == {"1": 0, "1.0": 0}
    assert places_of_spellings(["05", "005"]) == {}
