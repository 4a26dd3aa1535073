"""Tables in files and on clusters are read like tables in memory."""

import shutil
import warnings
from pathlib import Path

import dask.dataframe as dd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.dataset
import pyarrow.parquet
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
    for path in (str(tmp_path / "rows.csv"), str(tmp_path), "a" * 10_000, ["a", "b"]):
        assert as_stored(path) == path


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    (tmp_path / "rows.parquet").write_text("not a table")
    with pytest.raises(ValueError, match=r"rows.parquet' cannot be read"):
        as_stored(tmp_path / "rows.parquet")


@pytest.mark.parametrize("name", ["no.parquet", "no.PQ", Path("no.pq"), ["no.pq"]])
def test_a_file_that_is_not_there_is_said_to_be_missing(name):
    with pytest.raises(FileNotFoundError, match=r"There is no file 'no\."):
        as_stored(name)


@pytest.mark.parametrize(
    ("path", "way_out"),
    [
        ("data/*.parquet", r"glob\.glob"),
        ("s3://data/rows.parquet", r"pyarrow\.dataset\.dataset\(address\)"),
    ],
)
def test_patterns_and_addresses_have_a_way_out(path, way_out):
    with pytest.raises(FileNotFoundError, match=way_out):
        as_stored(path)


def test_a_path_is_wrong_before_the_name_of_the_target_is(tmp_path, frame):
    frame.to_parquet(tmp_path / "rows", engine="pyarrow")
    (tmp_path / "empty").mkdir()
    for path, message in {
        "rows": r"by another name, pass a Dataset of PyArrow",
        "empty": "a folder without Parquet files",
    }.items():
        with pytest.raises(TypeError, match=message):
            with_target(tmp_path / path, "count")
    with pytest.raises(FileNotFoundError, match="There is no file"):
        with_target(str(tmp_path / "rows.csv"), "count")


def test_capitals_in_the_ending_do_not_matter(tmp_path, frame):
    frame.to_parquet(tmp_path / "ROWS.PARQUET")
    assert as_stored(tmp_path / "ROWS.PARQUET").shape == frame.shape
    assert as_stored(tmp_path).shape == frame.shape


def test_files_are_read_in_the_order_of_their_list(tmp_path, frame):
    parts = frame.iloc[50:], frame.iloc[:20], frame.iloc[20:50]
    paths = [tmp_path / f"{name}.parquet" for name in "bca"]
    for part, path in zip(parts, paths, strict=True):
        part.to_parquet(path)
    assert plain(as_stored([str(paths[0]), *paths[1:]]).iloc[:]) == plain(
        pd.concat(parts)
    )


@pytest.mark.parametrize(
    "make",
    [
        lambda path: pyarrow.parquet.ParquetFile(path),
        lambda path: pyarrow.parquet.ParquetDataset(path),
        lambda path: pyarrow.dataset.dataset(path).scanner(),
    ],
)
def test_readers_of_pyarrow_have_a_way_out(tmp_path, frame, make):
    frame.to_parquet(tmp_path / "rows.parquet")
    with pytest.raises(TypeError, match="Pass the path of its files, or a Dataset"):
        with_target(make(tmp_path / "rows.parquet"), "count")


def test_other_files_in_a_folder_are_left_out(frame, folder, tmp_path):
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    (tmp_path / "notes.txt").write_text("hello")
    for hidden in ("_temporary", ".trash"):
        (tmp_path / hidden).mkdir()
        (tmp_path / hidden / "a.parquet").write_text("not a table")
    (tmp_path / "._c.parquet").write_text("not a table")
    assert plain(as_stored(tmp_path).iloc[:]) == plain(frame)


def write(folder, *tables):
    """Write files with these columns, and return the folder."""
    for i, columns in enumerate(tables):
        table = columns if hasattr(columns, "schema") else pa.table(columns)
        pyarrow.parquet.write_table(table, folder / f"{i}.parquet")
    return folder


def test_columns_that_some_files_lack_are_read_and_told(tmp_path):
    write(tmp_path, {"a": [1], "b": [2]}, {"c": ["x"], "a": [3]}, {"a": [4]})
    with pytest.warns(UserWarning, match="do not have the same columns") as told:
        table = as_stored(tmp_path)
    assert len(told) == 1
    message = str(told[0].message)
    assert "'b' in 2 of them (such as '1.parquet')" in message
    assert "'c' in 2 of them (such as '0.parquet')" in message
    assert "'a'" not in message
    assert list(table.columns) == ["a", "b", "c"]
    assert plain(table.iloc[:]) == [[1, 2, None], [3, None, "x"], [4, None, None]]
    assert plain(table.iloc[:, 2].to_frame()) == [[None], ["x"], [None]]


def test_of_many_columns_that_some_files_lack_some_are_named(tmp_path):
    write(tmp_path, {"a": [1]}, {f"x{i}": [1] for i in range(9)} | {"a": [2]})
    with pytest.warns(UserWarning, match="'x4' in 1 .*, and 4 columns more"):
        as_stored(tmp_path)


berlin, utc = (pa.timestamp("us", zone) for zone in ("Europe/Berlin", "UTC"))


@pytest.mark.parametrize(
    ("first", "second", "kind"),
    [
        (pa.nulls(1), ["x"], "string"),
        ([1], [1.5], "double"),
        (pa.array([1], "int8"), [2**40], "int64"),
        (pa.array(["x"]), pa.array(["y"], "large_string"), "large_string"),
        (pa.array(["x"]).dictionary_encode(), ["y"], "string"),
        (pa.nulls(1), pa.array(["y"]).dictionary_encode(), "dictionary"),
        ([True], [2], "int64"),
        (pa.array([1], "date32"), pa.array([1], "timestamp[us]"), "timestamp[us]"),
        (pa.array([1], berlin), pa.array([1], utc), str(utc)),
    ],
)
def test_types_of_files_become_one_that_holds_both(tmp_path, first, second, kind):
    for i, parts in enumerate([(first, second), (second, first)]):
        (tmp_path / str(i)).mkdir()
        columns = [{"x": part} for part in parts]
        table = as_stored(write(tmp_path / str(i), *columns))
        found = table.iloc[:]["x"]
        common = found.dtype.pyarrow_dtype
        assert str(common).startswith(kind)
        expected = pa.chunked_array([pa.array(part).cast(common) for part in parts])
        assert pa.array(found.array).to_pylist() == expected.to_pylist()


def test_types_that_do_not_go_together_are_named(tmp_path):
    write(tmp_path, {"x": [1], "y": [1]}, {"x": [2], "y": ["a"]})
    with pytest.raises(
        ValueError,
        match=r"'y' .*: int64 in '0\.parquet', string in '1\.parquet'.*schema=",
    ):
        as_stored(tmp_path)


def test_an_index_of_some_files_is_no_column(tmp_path, frame):
    numbers = frame[["number", "count"]]
    numbers[:50].to_parquet(tmp_path / "0.parquet")
    numbers[50:].sample(frac=1, random_state=0).to_parquet(tmp_path / "1.parquet")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        table = as_stored(tmp_path)
    assert list(table.columns) == ["number", "count"]


def test_a_column_that_is_the_index_of_another_file_is_read(tmp_path, frame):
    numbers = frame[["number", "count"]]
    numbers[:50].set_index("count").to_parquet(tmp_path / "0.parquet")
    numbers[50:].to_parquet(tmp_path / "1.parquet")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        table = as_stored(tmp_path)
    assert plain(table.iloc[:][["number", "count"]]) == plain(numbers)


def test_folders_that_tell_a_column_may_hold_different_files(tmp_path):
    for year, columns in {2023: {"a": [1]}, 2024: {"a": [0.5], "b": ["x"]}}.items():
        (tmp_path / f"year={year}").mkdir()
        write(tmp_path / f"year={year}", columns)
    with pytest.warns(UserWarning, match=r"'b' in 1 of them \(such as '0\.parquet'\)"):
        table = as_stored(tmp_path)
    assert list(table.columns) == ["a", "b", "year"]
    assert plain(table.iloc[:]) == [[1, None, 2023], [0.5, "x", 2024]]


def test_a_folder_above_tells_no_column(tmp_path):
    (tmp_path / "run=3").mkdir()
    table = as_stored(write(tmp_path / "run=3", {"a": [1]}, {"a": [2]}))
    assert list(table.columns) == ["a"]


def test_the_schema_of_a_dataset_of_the_user_is_kept(tmp_path):
    write(tmp_path, {"a": [1]}, {"a": [2], "b": ["x"]})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        table = as_stored(pyarrow.dataset.dataset(tmp_path))
        chosen = pa.schema({"b": "string", "a": "double"})
        wider = as_stored(pyarrow.dataset.dataset(tmp_path, schema=chosen))
    assert plain(table.iloc[:]) == [[1], [2]]
    assert plain(wider.iloc[:]) == [[None, 1.0], ["x", 2.0]]


def test_a_value_that_cannot_be_read_is_named_by_column_and_file(tmp_path):
    write(tmp_path, {"a": [1], "b": [1]}, {"a": [2], "b": [0.5]})
    table = as_stored(pyarrow.dataset.dataset(tmp_path))
    message = r"column 'b' of .*1\.parquet': Float value 0\.5"
    for read in (lambda: list(table.batches()), lambda: table.iloc[[1]]):
        with pytest.raises(ValueError, match=message):
            read()
    kept = pyarrow.dataset.dataset(tmp_path).filter(pyarrow.dataset.field("a") > 0)
    with pytest.raises(ValueError, match="X cannot be read: Float value"):
        list(as_stored(kept).batches())


def test_a_damaged_part_of_a_file_is_named(tmp_path):
    columns = {"a": np.arange(5000), "b": [f"row {i}" for i in range(5000)]}
    path = write(tmp_path, columns) / "0.parquet"
    content = bytearray(path.read_bytes())
    content[-20_000:-5000] = b"\xff" * 15_000
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"column 'b' of .*0\.parquet'"):
        list(as_stored(path).batches())


def test_all_rows_can_become_an_array(folder, frame):
    table = as_stored(folder)
    assert np.asarray(table.select(["number"])).dtype == "float64"
    np.testing.assert_array_equal(
        np.asarray(table.select(["number", "count"]), dtype="float64"),
        frame[["number", "count"]],
    )
    assert np.asarray(table.select(["number", "count", "flag"])).dtype == "float64"
    assert np.asarray(table.select(["kind", "count"])).dtype == object


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
