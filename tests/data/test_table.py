from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from skautokeras._data import check_structured_data, columns_of


class Asker:
    """Stands for the estimator whose name the messages carry."""


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (np.zeros(3), "Expected 2D array, got 1D array instead"),
        ([1, 2, 3], "Expected 2D array, got 1D array instead"),
        ([[1, 2], [3]], "Expected 2D array, got 1D array instead"),
        (np.zeros((2, 2, 2)), "dim 3"),
        (np.zeros((2, 2)) * 1j, "Complex data not supported"),
        (
            np.zeros((0, 3)),
            r"0 sample\(s\) \(shape=\(0, 3\)\) while a minimum of 1 is ",
        ),
        (
            np.zeros((3, 0)),
            r"0 feature\(s\) \(shape=\(3, 0\)\) while a minimum of 1 is ",
        ),
        (pd.DataFrame({"a": []}), r"0 sample\(s\).* is required by Asker"),
        (pd.DataFrame(index=range(3)), r"0 feature\(s\).* is required by Asker"),
        (sparse.csr_array((0, 3)), r"0 sample\(s\).* is required by Asker"),
    ],
)
def test_what_is_no_table_is_an_error_in_the_words_of_scikit_learn(X, message):
    with pytest.raises(ValueError, match=message):
        check_structured_data(X, Asker())


def test_a_series_is_no_table():
    with pytest.raises(ValueError, match=r"Series|Expected (a )?2"):
        check_structured_data(pd.Series([1, 2]), Asker())


def test_lists_keep_the_types_of_their_values():
    X = check_structured_data([[1, "a"], [2.5, None]], Asker())
    assert X.tolist() == [[1, "a"], [2.5, None]]


def test_columns_have_the_names_of_the_table_if_all_are_strings():
    named = pd.DataFrame([[1, 2]], columns=["b", "a"])
    assert [series.name for series in columns_of(named)] == ["b", "a"]
    numbered = pd.DataFrame([[1, 2]], columns=[10, 5])
    assert [series.name for series in columns_of(numbered)] == ["x0", "x1"]


def test_names_that_come_twice_are_an_error():
    X = pd.DataFrame([[1, 2]], columns=["a", "a"])
    with pytest.raises(ValueError, match=r"unique, got \['a'\] more than once"):
        columns_of(X)


@pytest.mark.parametrize("kind", [str, Path])
def test_a_path_is_refused_with_advice(kind, tmp_path):
    path = kind(tmp_path / "train.csv")
    with pytest.raises(FileNotFoundError, match=r"There is no file .*train\.csv'"):
        check_structured_data(path, Asker())
    Path(path).write_text("a,b")
    with pytest.raises(TypeError, match=r"train\.csv'.*pandas\.read_csv"):
        check_structured_data(path, Asker())
