"""Tables and columns of other libraries."""

from datetime import datetime
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from skautokeras._data import (
    ClassAdapter,
    StructuredDataAdapter,
    columns_of,
    read_numbers,
    read_texts,
)
from skautokeras._data.containers import check_is_no_stream, plain_column, to_pandas

# The strings of NumPy 2; before it, objects stand in for them.
STRINGS = np.dtypes.StringDType() if hasattr(np.dtypes, "StringDType") else object
COLUMNS = {"size": [1.5, 2.5, None], "deck": ["a", None, "b"], "rooms": [3, 4, 5]}
FRAME = pd.DataFrame(COLUMNS)


def polars_frame():
    return pytest.importorskip("polars").DataFrame(COLUMNS)


def lazy_frame():
    return polars_frame().lazy()


def arrow_table():
    return pytest.importorskip("pyarrow").Table.from_pandas(FRAME)


def arrow_batch():
    return pytest.importorskip("pyarrow").RecordBatch.from_pandas(FRAME)


@pytest.mark.parametrize("make", [polars_frame, lazy_frame, arrow_table, arrow_batch])
def test_tables_keep_names_and_values(make):
    found = to_pandas(make())
    assert isinstance(found, pd.DataFrame)
    assert list(found.columns) == list(FRAME.columns)
    adapter = StructuredDataAdapter()
    expected = adapter.fit_transform(FRAME)
    for name, array in adapter.transform(make()).items():
        np.testing.assert_array_equal(array, expected[name])


def test_polars_needs_no_pyarrow(monkeypatch):
    frame = polars_frame()

    def fail(*args, **kwargs):
        raise ModuleNotFoundError("pyarrow")

    monkeypatch.setattr(type(frame), "to_pandas", fail)
    found = to_pandas(frame)
    assert found["rooms"].tolist() == [3, 4, 5]


def test_dicts_and_lists_of_several_parts_are_looked_through():
    frame = polars_frame()
    assert isinstance(to_pandas({"a": frame})["a"], pd.DataFrame)
    assert isinstance(to_pandas([frame, FRAME], 2)[0], pd.DataFrame)
    assert to_pandas([frame])[0] is frame  # rows


@pytest.mark.parametrize(
    "values",
    [[1, 2, None], [1.5, None, 2.0], [True, None, False], ["a", None, "b"]],
    ids=repr,
)
def test_columns_of_pyarrow_are_read_as_plain_ones(values):
    pytest.importorskip("pyarrow")
    plain = pd.DataFrame({"x": pd.Series(values, dtype=object)}).convert_dtypes()
    arrow = plain.convert_dtypes(dtype_backend="pyarrow")
    assert isinstance(arrow["x"].dtype, pd.ArrowDtype)
    adapter = StructuredDataAdapter().fit(plain)
    expected = adapter.transform(plain)
    for name, array in adapter.transform(arrow).items():
        np.testing.assert_array_equal(array, expected[name])
    kinds = [c.kind for c in StructuredDataAdapter().fit(arrow).schema_.columns]
    assert kinds == [c.kind for c in adapter.schema_.columns]


def test_dates_of_pyarrow_are_dates():
    pyarrow = pytest.importorskip("pyarrow")
    days = pd.Series(pd.date_range("2024-01-01", periods=20).date)
    column = days.astype(pd.ArrowDtype(pyarrow.date32())).rename("day")
    adapter = StructuredDataAdapter().fit(column.to_frame())
    assert adapter.schema_.columns[0].kind == "datetime"


def test_lists_in_cells_are_refused_by_name():
    X = pd.DataFrame({"v": [[1], [2, 3], [4]]})
    with pytest.raises(TypeError, match="Column 'v' holds collections"):
        StructuredDataAdapter().fit(X)


@pytest.mark.parametrize("dtype", [">i4", ">f8", "float16", np.longdouble])
def test_numbers_of_any_make_are_read(dtype):
    series = pd.Series(np.array([1, 2, 3], dtype=dtype))
    assert plain_column(series).tolist() == [1, 2, 3]


def of_arrow(values):
    """Return half precision as PyArrow has it."""
    pa = pytest.importorskip("pyarrow")
    return pd.Series(pd.array(values, dtype=pd.ArrowDtype(pa.float16())))


@pytest.mark.parametrize(
    "make", [pd.Series, lambda v: pd.Series(v.astype(">f2")), of_arrow]
)
@pytest.mark.parametrize("fitted_on", ["half", "double"])
def test_categories_are_the_same_in_half_and_double_precision(make, fitted_on):
    values = np.array([0.1, 0.7, 0.25, np.nan] * 20)
    of = {
        "double": pd.DataFrame({"v": values}),
        "half": pd.DataFrame({"v": make(values.astype(np.float16))}),
    }
    adapter = StructuredDataAdapter(categorical_features=["v"]).fit(of[fitted_on])
    assert adapter.categories_ == {"v": ["0.1", "0.25", "0.7"]}
    for X in of.values():
        codes = adapter.transform(X)["categorical"].ravel()
        assert codes.tolist() == [2, 4, 3, 1] * 20


def test_bytes_are_strings():
    X = pd.DataFrame({"deck": [b"a", b"b", None, b"a"]})
    adapter = StructuredDataAdapter().fit(X)
    assert adapter.categories_["deck"] == ["a", "b"]


TEXTS = ["dry", "caf\u00e9", "oak"]


@pytest.mark.parametrize(
    "X",
    [
        [text.encode() for text in TEXTS],
        np.array([text.encode() for text in TEXTS]),
        pd.Index(TEXTS),
        pd.array(TEXTS, dtype="string"),
        np.array(TEXTS, dtype=STRINGS),
    ],
    ids=["bytes", "array of bytes", "Index", "extension array", "StringDType"],
)
def test_texts_come_in_any_container(X):
    assert read_texts(X) == TEXTS


def test_bytes_that_are_no_utf_8_are_named():
    with pytest.raises(ValueError, match=r"Row 1 of X is not UTF-8.*latin-1"):
        read_texts([b"dry", "caf\u00e9".encode("latin-1")])


@pytest.mark.parametrize("data", [iter([1]), (i for i in range(3))], ids=type)
def test_streams_are_refused(data):
    with pytest.raises(TypeError, match="must hold all rows at once"):
        check_is_no_stream(data, "X")


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1.5, 2.5], [1.5, None]),
        ([2**60 + 1, 5], [2**60 + 1, None]),
        ([True, False], [True, None]),
        (["a", "b"], ["a", None]),
        (np.array(["2024-05-01", "2023-01-01"], "datetime64[s]"),
         [datetime(2024, 5, 1), None]),
    ],
    ids=["floats", "integers", "booleans", "strings", "dates"],
)  # fmt: skip
def test_masked_values_are_missing(values, expected):
    found = to_pandas(np.ma.array(values, mask=[False, True]))
    assert not isinstance(found, np.ma.MaskedArray)
    assert pd.isna(found).tolist() == [False, True]
    assert found[0] == expected[0]


def test_nothing_masked_changes_nothing():
    assert to_pandas(np.ma.array([1, 2])).dtype == int


def test_decimals_that_raise_errors_are_missing():
    column = pd.Series([Decimal("sNaN"), Decimal("1.5"), None], dtype=object)
    (plain,) = columns_of(pd.DataFrame({"x": column}))
    assert read_numbers(plain)[1] == 1.5
    assert np.isnan(read_numbers(plain)[[0, 2]]).all()
    with pytest.raises(ValueError, match="Input y contains NaN"):
        ClassAdapter().fit([Decimal("sNaN"), Decimal(1)])
