"""Wide sparse matrices: which columns are told apart, and the arrays they become."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse

from skautokeras._data import (
    MAX_DENSE_COLUMNS,
    SparseColumns,
    StructuredDataAdapter,
    is_wide,
)

N_SAMPLES, N_FEATURES = 200, 3000


@pytest.fixture
def X():
    """Five values between 0 and 1 in every row, and a column of numbers before them."""
    rng = np.random.default_rng(0)
    rows = np.repeat(np.arange(N_SAMPLES), 5)
    columns = rng.integers(1, N_FEATURES // 10, len(rows))
    shape = N_SAMPLES, N_FEATURES
    X = sparse.csr_matrix((rng.random(len(rows)), (rows, columns)), shape=shape)
    X = X.minimum(1.0).tolil()
    X[:, 0] = rng.normal(5, 2, (N_SAMPLES, 1))
    return X.tocsr()


def dense_again(arrays, n_codes):
    """Put values back into the columns that their codes, from 1 on, stand for."""
    codes = arrays["sparse_codes"]
    found = np.zeros((len(codes), n_codes))
    np.add.at(found, (np.arange(len(codes))[:, None], codes), arrays["sparse_values"])
    return found[:, 1:]


@pytest.mark.parametrize(
    "make", [sparse.csr_matrix, sparse.csc_array, sparse.coo_array, np.asarray]
)
def test_codes_and_values_are_all_that_a_row_has(X, make):
    columns = SparseColumns().fit(X)
    given = X.toarray() if make is np.asarray else make(X)
    found = dense_again(columns.transform(given), columns.n_codes_)
    known = np.flatnonzero(columns.codes_)
    # A row of the longest kind may lose its smallest values.
    full = X.toarray()[:, known]
    assert_allclose(found, np.where(found != 0, full, 0), rtol=1e-6)
    assert (found != 0).sum() > 0.98 * (full != 0).sum()
    assert_array_equal(columns.rest_, [0])
    assert_allclose(columns.rest(given)["x0"], X.toarray()[:, 0])


def test_columns_of_one_row_are_left_aside_where_rows_are_many(X):
    n_found = np.diff(X.tocsc().indptr)
    codes = SparseColumns().fit(X).codes_
    assert_array_equal(codes[1:] > 0, n_found[1:] > 1)
    few = X[:50]
    n_found = np.diff(few.tocsc().indptr)
    assert_array_equal(SparseColumns().fit(few).codes_[1:] > 0, n_found[1:] > 0)


def test_large_values_are_scaled_and_small_ones_stay(X):
    columns = SparseColumns().fit(X * 100)
    values = columns.transform(X * 100)["sparse_values"]
    assert values.max() == pytest.approx(1)
    # New rows may have larger ones.
    assert columns.transform(X * 200)["sparse_values"].max() == pytest.approx(2)
    assert_array_equal(SparseColumns().fit(-X).scales_, 1)


def test_the_values_of_largest_size_are_kept():
    X = sparse.csr_matrix(np.array([[0.1, -0.5, 0.3], *np.zeros((5, 3))]))
    columns = SparseColumns().fit(X)
    columns.width_ = 2
    assert_allclose(columns.transform(X)["sparse_values"][0], [-0.5, 0.3])


def test_missing_values_are_zeros_and_infinite_ones_an_error(X):
    X.data[X.indices == 7] = np.nan
    values = SparseColumns().fit_transform(X)["sparse_values"]
    assert np.isfinite(values).all()
    X.data[X.indices == 7] = -np.inf
    with pytest.raises(ValueError, match=r"infinity or a value too large(?s:.*)'x7'"):
        SparseColumns().fit(X)


def written_otherwise(X):
    """Return an equal matrix with values out of order, in parts, zero and repeated."""
    X = X.tocoo()
    rows, columns = np.concatenate([X.coords, X.coords, X.coords], axis=1)
    data = np.concatenate([X.data * 0.25, X.data * 0.75, X.data * 0])
    columns[-len(X.data) :] = 50  # a column of which half of the rows have no value
    order = np.random.default_rng(1).permutation(len(rows))
    order = order[np.argsort(rows[order], kind="stable")]
    starts = np.r_[0, np.cumsum(np.bincount(rows, minlength=X.shape[0]))]
    return sparse.csr_matrix((data[order], columns[order], starts), shape=X.shape)


def buffers(X):
    """Return copies of the arrays that a sparse matrix consists of."""
    names = ("data", "row", "col") if X.format == "coo" else ("data", "indices")
    return [getattr(X, name).copy() for name in names]


@pytest.mark.parametrize("form", ["csr", "csc", "coo"])
def test_a_matrix_is_left_as_it_is_and_its_form_does_not_matter(X, form):
    other = written_otherwise(X).asformat(form)
    assert_allclose(other.toarray(), X.toarray())
    before = buffers(other)
    adapter = StructuredDataAdapter().fit(other)
    arrays = adapter.transform(other)
    for array, expected in zip(buffers(other), before, strict=True):
        assert_array_equal(array, expected)
    found, expected = adapter.sparse_, StructuredDataAdapter().fit(X).sparse_
    for name in ("rest_", "codes_", "n_values_", "n_missing_", "width_"):
        assert_array_equal(getattr(found, name), getattr(expected, name))
    for name, array in expected.transform(X).items():
        assert_allclose(arrays[name], array, rtol=1e-6)


def test_missing_values_are_no_values(X):
    X = X.tolil()
    X[:, 7] = 0
    X[:4, 7], X[4:50, 7] = 0.5, np.nan
    X = X.tocsr()
    columns = SparseColumns().fit(X)
    assert columns.n_values_[7] == 4
    assert columns.n_missing_[7] == 46
    zeros = X.copy()
    zeros.data = np.nan_to_num(zeros.data)
    assert columns.width_ == SparseColumns().fit(zeros).width_
    codes = columns.transform(X)["sparse_codes"]
    assert_array_equal((codes == columns.codes_[7]).any(axis=1).nonzero()[0], range(4))


def test_the_adapter_takes_a_wide_matrix_apart(X):
    adapter = StructuredDataAdapter().fit(X)
    schema, arrays = adapter.schema_, adapter.transform(X)
    assert adapter.n_features_in_ == N_FEATURES
    assert [column.name for column in schema.columns] == ["x0"]
    assert list(arrays) == ["numerical", "sparse_codes", "sparse_values"]
    assert {k: a.shape[1:] for k, a in arrays.items()} == {
        name: (width,) for name, (width, _) in schema.shapes.items()
    }
    assert arrays["sparse_codes"].max() < schema.n_sparse
    assert arrays["numerical"].std() == pytest.approx(1, abs=1e-3)
    one = adapter.transform(X[3].toarray())
    assert_array_equal(one["sparse_codes"][0], arrays["sparse_codes"][3])
    with pytest.raises(ValueError, match="X has 5 features, but StructuredDataAdapter"):
        adapter.transform(np.zeros((2, 5)))


def test_what_the_user_says_of_columns_of_a_wide_matrix_counts(X):
    X = X.tolil()
    X[:, 9] = np.arange(N_SAMPLES)[:, None] % 3
    X = X.tocsr()
    adapter = StructuredDataAdapter(column_types={9: "categorical"}).fit(X)
    assert adapter.schema_.categorical == ("x9",)
    assert adapter.sparse_.codes_[9] == 0
    mask = np.arange(N_FEATURES) == 9
    by_mask = StructuredDataAdapter(categorical_features=mask).fit(X)
    assert by_mask.schema_.categorical == ("x9",)
    with pytest.raises(ValueError, match="column_types names 3000"):
        StructuredDataAdapter(column_types={3000: "categorical"}).fit(X)


def test_a_matrix_of_nothing_but_zeros_has_a_column_of_zeros():
    adapter = StructuredDataAdapter().fit(sparse.csr_matrix((10, 2000)))
    arrays = adapter.transform(sparse.csr_matrix((3, 2000)))
    assert list(arrays) == ["numerical"]
    assert_array_equal(arrays["numerical"], np.zeros((3, 1)))


def test_only_sparse_matrices_that_are_wide_are_wide(X):
    assert is_wide(X)
    assert not is_wide(X[:, :MAX_DENSE_COLUMNS])
    assert not is_wide(X.toarray())
    assert not is_wide(pd.DataFrame(X.toarray()))
