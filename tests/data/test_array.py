import copy
import pickle

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.testing import assert_array_equal
from scipy import sparse
from sklearn.base import clone

from skautokeras._data import ArrayAdapter, take_rows


def array_of_arrays(rows):
    """Return rows as pandas reads nested lists of a Parquet file."""
    array = np.empty(len(rows), dtype=object)
    array[:] = list(rows)
    return array


NUMBERS = np.arange(24.0).reshape(4, 3, 2)
CONTAINERS = {
    "array": NUMBERS,
    "int array": NUMBERS.astype(np.int8),
    "nested lists": NUMBERS.tolist(),
    "list of arrays": list(NUMBERS),
    "tuple of arrays": tuple(NUMBERS),
    "Series of arrays": pd.Series(list(NUMBERS), index=[5, 6, 7, 8]),
    "DataFrame of arrays": pd.DataFrame({"signal": list(NUMBERS)}),
    "Series of lists": pd.Series(NUMBERS.tolist()),
    "object column": pd.DataFrame({"signal": list(NUMBERS)}).to_numpy(),
    "lists of arrays": pd.Series([list(rows) for rows in NUMBERS]),
    "arrays of arrays": pd.Series([array_of_arrays(rows) for rows in NUMBERS]),
}


@pytest.mark.parametrize("X", CONTAINERS.values(), ids=CONTAINERS)
def test_every_container_of_arrays_becomes_one_array(X):
    before = copy.deepcopy(X)
    adapter = ArrayAdapter().fit(X)
    array = adapter.transform(X)["array"]
    assert array.dtype == np.float32
    assert_array_equal(array, NUMBERS)
    assert (adapter.schema_.shape, adapter.schema_.n_samples) == ((3, 2), 4)
    assert_array_equal(ArrayAdapter().fit_transform(before)["array"], NUMBERS)


@pytest.mark.parametrize(
    "X",
    [
        [1, 2, 4],
        np.array([1.0, 2.0, 4.0]),
        np.array([1, 2, 4], dtype=object),
        pd.Series([1, 2, 4]),
        pd.Series([1, 2, 4], dtype="Int64"),
        pd.DataFrame({"a": [1, 2, 4]}),
        [[1], [2], [4]],
    ],
)
def test_one_number_per_row_is_a_column(X):
    array = ArrayAdapter().fit_transform(X)["array"]
    assert array.dtype == np.float32
    assert array.tolist() == [[1.0], [2.0], [4.0]]


def test_columns_of_numbers_become_an_array():
    X = pd.DataFrame({"a": [1, 2], "b": [0.5, 1.5], "c": [True, False]})
    wanted = [[1, 0.5, 1], [2, 1.5, 0]]
    adapter = ArrayAdapter().fit(X)
    assert adapter.transform(X)["array"].tolist() == wanted
    assert adapter.feature_names_in_.tolist() == ["a", "b", "c"]
    assert ArrayAdapter().fit_transform(X.to_numpy(object))["array"].tolist() == wanted


def test_an_array_that_is_ready_is_not_copied():
    X = NUMBERS.astype(np.float32)
    assert np.shares_memory(ArrayAdapter().fit_transform(X)["array"], X)


BAD = {
    "ragged": (
        [np.zeros(3), np.zeros(3), np.zeros(2)],
        r"row 0 has the shape \(3,\) and row 2 the shape \(2,\)",
    ),
    "ragged inside": (
        [[1, 2], [[1], [1, 2]]],
        "Row 1 of X: Its lists differ in length",
    ),
    "a missing row": (
        [np.zeros(3), None],
        r"Input X contains NaN: row 1 is None, no array of shape \(3,\)",
    ),
    "strings": (np.array([["a", "b"]]), "not compatible with arrays of bytes/strings"),
    "strings that read like numbers": (["1", "2"], "not compatible with arrays of"),
    "a string among objects": (
        np.array([[1, "a"]], dtype=object),
        "could not convert string to float: 'a'",
    ),
    "strings in a frame": (pd.DataFrame({"a": [1], "b": ["x"]}), "could not convert"),
    "NaN": (np.array([[1.0, np.nan]]), "Input X contains NaN"),
    "NaN in a list": ([1.0, None], "Input X contains NaN"),
    "NA": (pd.DataFrame({"a": pd.array([1, None], dtype="Int64")}), "contains NaN"),
    "infinity": (np.array([[1.0, np.inf]]), "Input X contains infinity"),
    "too large": (np.array([[1e300]]), "too large for dtype"),
    "complex": (np.array([[1j]]), "Complex data not supported"),
    "dates": (
        pd.DataFrame({"when": pd.date_range("2020", periods=3)}),
        "X must hold numbers, got values of dtype datetime64",
    ),
    "no rows": (np.zeros((0, 3)), "Found array with 0 sample"),
    "an empty list": ([], "Found array with 0 sample"),
}


@pytest.mark.parametrize(("X", "message"), BAD.values(), ids=BAD)
def test_what_is_no_number_is_refused(X, message):
    with pytest.raises(ValueError, match=message):
        ArrayAdapter().fit(X)
    adapter = ArrayAdapter().fit([[1.0, 2.0]])
    with pytest.raises(ValueError, match=message):
        adapter.transform(X)


def test_sparse_data_are_refused():
    with pytest.raises(TypeError, match="Sparse data was passed"):
        ArrayAdapter().fit(sparse.csr_array(np.eye(2)))


def test_rows_of_another_shape_are_refused():
    adapter = ArrayAdapter().fit(NUMBERS)
    with pytest.raises(
        ValueError,
        match=r"rows of shape \(2, 3\), but ArrayAdapter is expecting .* \(3, 2\)",
    ):
        adapter.transform(NUMBERS.transpose(0, 2, 1))
    adapter = ArrayAdapter().fit(np.zeros((2, 3)))
    with pytest.raises(
        ValueError, match="X has 2 features, but ArrayAdapter is expecting 3 features"
    ):
        adapter.transform(np.zeros((5, 2)))


def test_columns_in_another_order_are_refused():
    X = pd.DataFrame({"a": [1, 2], "b": [3, 4]})
    adapter = ArrayAdapter().fit(X)
    with pytest.raises(ValueError, match="feature names should match"):
        adapter.transform(X[["b", "a"]])
    assert adapter.transform(X.to_numpy())["array"].shape == (2, 2)


def test_the_adapter_is_pickled_and_cloned():
    adapter = ArrayAdapter().fit(NUMBERS)
    for other in (pickle.loads(pickle.dumps(adapter)), clone(adapter).fit(NUMBERS)):
        assert other.schema_ == adapter.schema_
        assert_array_equal(other.transform(NUMBERS)["array"], NUMBERS)


@hypothesis_settings(max_examples=40, deadline=None)
@given(
    X=hnp.arrays(
        st.sampled_from(["int16", "float32", "bool"]),
        hnp.array_shapes(min_dims=1, max_dims=4, max_side=4),
        elements={"allow_nan": False, "allow_infinity": False},
    ),
    data=st.data(),
)
def test_some_rows_give_the_same_as_all(X, data):
    rows = data.draw(st.lists(st.integers(0, len(X) - 1), min_size=1, max_size=5))
    before = X.copy()
    adapter = ArrayAdapter().fit(X)
    array = adapter.transform(X)["array"]
    assert array.shape[1:] == adapter.schema_.shape
    assert_array_equal(adapter.transform(take_rows(X, rows))["array"], array[rows])
    as_list = list(X)
    assert_array_equal(
        adapter.transform(take_rows(as_list, rows))["array"], array[rows]
    )
    assert_array_equal(X, before)
