"""Tables in files and on clusters are read like tables in memory."""

import dask.dataframe as dd
import numpy as np
import pandas as pd
import pyarrow.dataset
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import coo_matrix, csr_matrix

from skautokeras._data import StructuredDataAdapter, stored_table
from skautokeras._data.long_tables import in_batches, some_rows
from skautokeras._data.stored_table import StoredTable, as_stored, with_target

N_ROWS = 101


@pytest.fixture(autouse=True)
def small_batches(monkeypatch):
    monkeypatch.setattr(stored_table, "_VALUES_AT_ONCE", 40)


@pytest.fixture(scope="module")
def frame():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "number": rng.standard_normal(N_ROWS),
            "count": rng.integers(0, 9, N_ROWS),
            "kind": rng.choice(["a", "b", "c"], N_ROWS),
            "day": pd.date_range("2024-01-01", periods=N_ROWS),
            "flag": rng.random(N_ROWS) > 0.5,
            "level": pd.Categorical(rng.choice(["low", "high"], N_ROWS)),
        }
    )
    frame.loc[::7, "number"] = np.nan
    frame.loc[::5, "kind"] = None
    return frame


@pytest.fixture(scope="module")
def folder(frame, tmp_path_factory):
    path = tmp_path_factory.mktemp("rows")
    frame.iloc[:30].to_parquet(path / "a.parquet")
    frame.iloc[30:30].to_parquet(path / "b.parquet")
    frame.iloc[30:].to_parquet(path / "c.parquet", row_group_size=13)
    return path


@pytest.fixture(params=["file", "folder", "dataset", "table", "dask"])
def stored(request, frame, folder, tmp_path):
    if request.param == "file":
        frame.to_parquet(tmp_path / "rows.parquet")
        return as_stored(str(tmp_path / "rows.parquet"))
    if request.param == "folder":
        return as_stored(folder)
    if request.param == "dask":
        return as_stored(dd.from_pandas(frame, npartitions=4))
    dataset = pyarrow.dataset.dataset(folder)
    if request.param == "table":
        dataset = pyarrow.dataset.dataset(dataset.to_table())
    return as_stored(dataset)


def plain(frame):
    """Return the values of a table, whatever their dtypes."""
    return frame.astype(object).where(frame.notna(), None).to_numpy().tolist()


def test_all_rows_come_in_batches_and_in_their_order(stored, frame):
    batches = list(stored.batches())
    assert isinstance(stored, StoredTable)
    assert len(batches) > 5
    assert stored.shape == frame.shape
    assert plain(pd.concat(batches)) == plain(frame)


@pytest.mark.parametrize(
    "rows", [slice(None, None, 7), [3, 90, 3, 0], np.arange(N_ROWS)[::-1], []]
)
def test_rows_are_taken_by_their_positions(stored, frame, rows):
    assert plain(stored.iloc[rows]) == plain(frame.iloc[rows])


def test_columns_are_taken_by_their_positions(stored, frame):
    assert list(stored.iloc[:, [2, 0]].columns) == ["kind", "number"]
    assert stored.iloc[:, 1].tolist() == frame["count"].tolist()


def test_the_adapter_makes_the_same_arrays_as_in_memory(stored, frame):
    in_memory, from_file = StructuredDataAdapter(), StructuredDataAdapter()
    expected = in_memory.fit(frame).transform(frame)
    found = from_file.fit(stored).transform(stored)
    assert expected.keys() == found.keys()
    for name in expected:
        np.testing.assert_allclose(found[name], expected[name], atol=1e-6)
    # The dtypes of PyArrow have other names.
    described, told = (
        adapter.describe_columns(list(frame)).drop(columns="reason")
        for adapter in (from_file, in_memory)
    )
    pd.testing.assert_frame_equal(described, told)
    # Other columns of a file are not looked at.
    reordered = from_file.transform(as_stored(stored))
    np.testing.assert_allclose(reordered["numerical"], expected["numerical"], atol=1e-6)


def test_the_target_is_a_column_by_its_name(stored, frame):
    X, y = with_target(stored, "count")
    assert y.tolist() == frame["count"].tolist()
    assert "count" not in X.columns
    with pytest.raises(ValueError, match="must be the name of a column of X"):
        with_target(stored, "price")


def test_a_path_that_is_no_parquet_is_left_to_others(tmp_path):
    (tmp_path / "rows.csv").write_text("a,b")
    for path in (str(tmp_path / "rows.csv"), str(tmp_path), "a" * 10_000, "no.parquet"):
        assert as_stored(path) == path


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    (tmp_path / "rows.parquet").write_text("not a table")
    with pytest.raises(ValueError, match=r"rows.parquet' cannot be read"):
        as_stored(tmp_path / "rows.parquet")


@given(n_rows=st.integers(1, 300), most=st.integers(1, 300))
def test_some_rows_are_spread_evenly(n_rows, most):
    positions = some_rows(np.arange(n_rows)[:, None], most)[0].ravel()
    assert len(positions) == min(n_rows, most)
    assert (np.diff(positions) > 0).all()
    assert (
        np.diff(positions, prepend=-1, append=n_rows).max() <= 2 * (n_rows / most) + 2
    )


def test_rows_that_repeat_a_pattern_are_all_represented():
    X = np.tile([0, 1], 500)[:, None]
    assert set(some_rows(X, 500)[0].ravel()) == {0, 1}


def test_a_sparse_matrix_is_read_in_batches(monkeypatch):
    monkeypatch.setattr("skautokeras._data.long_tables._VALUES_AT_ONCE", 12)
    X = np.arange(40.0).reshape(10, 4)
    for matrix in (csr_matrix(X), coo_matrix(X)):
        made = in_batches(lambda batch: {"dense": batch.toarray()}, matrix)
        np.testing.assert_array_equal(made["dense"], X)


def test_the_index_of_a_frame_is_no_column(frame, tmp_path):
    shuffled = frame.sample(frac=1, random_state=0)
    shuffled.to_parquet(tmp_path / "shuffled.parquet")
    table = as_stored(tmp_path / "shuffled.parquet")
    assert list(table.columns) == list(frame)
    assert plain(table.iloc[:]) == plain(shuffled)
    frame.set_index("kind").to_parquet(tmp_path / "named.parquet")
    assert "kind" not in as_stored(tmp_path / "named.parquet").columns
    numbered = pd.DataFrame({0: [1.5, 2.5], 1: [3, 4]})
    numbered.to_parquet(tmp_path / "numbered.parquet")
    X, y = with_target(str(tmp_path / "numbered.parquet"), "1")
    assert y.tolist() == [3, 4]
    assert X.iloc[[1]].to_numpy().tolist() == [[2.5]]


def test_names_of_folders_can_be_values_of_a_column(frame, tmp_path):
    frame.to_parquet(tmp_path / "rows", partition_cols=["level"])
    table = as_stored(tmp_path / "rows")
    assert set(table.columns) == set(frame)
    assert sorted(table.iloc[:, list(table.columns).index("level")]) == sorted(
        frame["level"]
    )


def test_a_name_needs_a_table_with_names(frame):
    polars = pytest.importorskip("polars")
    X, y = with_target(polars.from_pandas(frame[["number", "count"]]), "count")
    assert list(X.columns) == ["number"]
    assert y.tolist() == frame["count"].tolist()
    with pytest.raises(ValueError, match="table with named columns, but X is ndarray"):
        with_target(np.eye(3), "count")


def test_a_file_without_rows_has_none(frame, tmp_path):
    frame.iloc[:0].to_parquet(tmp_path / "rows.parquet")
    X, y = with_target(tmp_path / "rows.parquet", "count")
    assert len(X) == len(y) == 0


def test_arrays_of_batches_are_those_of_all_rows(monkeypatch):
    monkeypatch.setattr("skautokeras._data.long_tables._VALUES_AT_ONCE", 12)
    X = np.arange(40.0).reshape(10, 4)
    seen = []

    def make(batch):
        seen.append(len(batch))
        return {"double": 2 * batch, "first": batch[:, 0].astype("int32")}

    arrays = in_batches(make, X)
    assert seen == [3, 3, 3, 1]
    np.testing.assert_array_equal(arrays["double"], 2 * X)
    assert arrays["first"].dtype == "int32"
