import datetime
import re
from decimal import Decimal
from enum import Enum

import numpy as np
import pandas as pd
import pytest

from skautokeras._data import (
    can_be_numbers,
    content_of,
    parse_numbers,
    read_datetimes,
    read_keys,
    read_numbers,
)


def series(values, dtype=None):
    return pd.Series(values, dtype=dtype, name="col")


def describe(value):
    """A short test id: the dtype of a column, anything else as pytest has it."""
    return str(value.dtype) if isinstance(value, pd.Series) else None


def keys_of(values):
    """The key of each row, None where missing."""
    codes, keys = read_keys(values)
    return [None if code < 0 else keys[code] for code in codes]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (series([1, 2]), "number"),
        (series([1.0, None], "Float64"), "number"),
        (series([1, None], object), "number"),
        (series([Decimal(1), None], object), "number"),
        (series([0.0, 1.0], pd.SparseDtype(float)), "number"),
        (series([True, False]), "boolean"),
        (series([True, None], "boolean"), "boolean"),
        (series([True, None], object), "boolean"),
        (series(["a", None], object), "string"),
        (series(["a", None], "string"), "string"),
        (series(["a", None], "str"), "string"),
        (series(["a", "b"], "category"), "category"),
        (series(pd.to_datetime(["2020-01-01"])), "datetime"),
        (series(pd.to_datetime(["2020-01-01"], utc=True)), "datetime"),
        (series(pd.period_range("2020-01", periods=2, freq="M")), "datetime"),
        (series([datetime.date(2020, 1, 1), None], object), "datetime"),
        (series(pd.to_timedelta([1, 2], unit="s")), "timedelta"),
        (series([datetime.timedelta(1)], object), "timedelta"),
        (series([1, "a"], object), "mixed"),
        (series([True, 1.5], object), "mixed"),
        (series(pd.interval_range(0, 2)), "mixed"),
        (series([None, np.nan, pd.NA], object), "empty"),
        (series([np.nan]), "empty"),
        (series([pd.NaT]), "empty"),
    ],
    ids=describe,
)
def test_content_depends_on_the_values_and_not_on_the_container(values, expected):
    assert content_of(values) == expected


@pytest.mark.parametrize("dtype", [complex, object])
def test_complex_numbers_are_not_supported(dtype):
    with pytest.raises(ValueError, match="Complex data not supported\nColumn 'col'"):
        content_of(series([1j, 2j], dtype))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (series([True, None], object), True),
        (series([1, 2], "category"), True),
        (series(["1", "2"], "category"), False),
        (series(["1", "2"]), False),
    ],
    ids=describe,
)
def test_booleans_and_numbers_can_be_numbers(values, expected):
    assert can_be_numbers(values) is expected


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (series([1, 2], np.uint8), [1, 2]),
        (series([1.5, np.nan], np.float16), [1.5, None]),
        (series([1, None], "Int64"), [1, None]),
        (series([True, None], "boolean"), [1, None]),
        (series([True, False]), [1, 0]),
        (series([1, None, pd.NA, np.nan, 2.5], object), [1, None, None, None, 2.5]),
        (series([Decimal("1.5"), True, np.float32(2)], object), [1.5, 1, 2]),
        (series([3, None, 1], "category"), [3, None, 1]),
        (series(pd.to_timedelta(["1min", None])), [60, None]),
        (series([datetime.timedelta(hours=1), None], object), [3600, None]),
        (series([0, 2.0], pd.SparseDtype(float)), [0, 2]),
        (series([None, None], object), [None, None]),
        (series([pd.NaT, pd.NaT]), [None, None]),
        (series([None, None], "category"), [None, None]),
    ],
    ids=describe,
)
def test_numbers_are_read_from_any_container(values, expected):
    numbers = read_numbers(values)
    assert numbers.dtype == np.float64
    np.testing.assert_array_equal(numbers, np.array(expected, dtype=float))


def test_a_string_that_is_no_number_is_named_with_its_column():
    with pytest.raises(
        ValueError, match=r"could not convert string to float: 'abc'\nColumn 'col'"
    ):
        read_numbers(series(["abc", None]))


def test_a_string_that_looks_like_a_number_is_still_a_string():
    with pytest.raises(
        ValueError,
        match=r"string to float: '2'\nColumn 'col' was numerical in fit and holds "
        r"strings now.*column_types=\{'col': 'numerical'\}",
    ):
        read_numbers(series([1.0, "2"], object))


def test_dates_are_no_numbers():
    with pytest.raises(ValueError, match="Column 'col' is numerical and holds dates"):
        read_numbers(series(pd.to_datetime(["2020-01-01"])))


@pytest.mark.parametrize(
    "values",
    [
        series([1, np.inf]),
        series([1, -np.inf], object),
        series([1.0, np.inf], "Float64"),
        series([1, 10**400], object),
        series([1.0, np.inf], "category"),
    ],
    ids=["float", "object", "Float64", "int", "category"],
)
def test_infinity_is_an_error_with_the_column(values):
    message = r"Input X contains infinity or a value too large.*float64.*\nColumn 'col'"
    with pytest.raises(ValueError, match=message):
        read_numbers(values)


def test_infinite_categories_are_an_error_too():
    with pytest.raises(ValueError, match=r"infinity.*\nColumn 'col'"):
        read_keys(series([1.0, np.inf]))


@pytest.mark.parametrize("read", [read_numbers, read_keys])
def test_a_dict_is_neither_string_nor_number(read):
    with pytest.raises(TypeError, match=r"argument must be .* string.* number"):
        read(series([1.0, {"foo": "bar"}], object))


def test_strings_are_parsed_as_a_whole_or_not_at_all():
    assert parse_numbers(series(["1", "x"])).tolist() == ["1", "x"]
    np.testing.assert_array_equal(parse_numbers(series(["1", ""])), [1, np.nan])


MOMENT = np.datetime64("2020-01-01T12:00", "us")


@pytest.mark.parametrize(
    "values",
    [
        series(pd.to_datetime(["2020-01-01 12:00", None])),
        series(pd.to_datetime(["2020-01-01 13:00+01:00", None])),
        series([datetime.datetime(2020, 1, 1, 12), None], object),
        series([pd.Timestamp("2020-01-01 13:00+01:00"), pd.NaT], object),
        series([np.datetime64("2020-01-01T12:00"), None], object),
        series(pd.to_datetime(["2020-01-01 12:00", None]).astype("category")),
        series(pd.PeriodIndex(["2020-01-01 12:00", None], freq="h")),
    ],
    ids=describe,
)
def test_dates_are_read_from_any_container(values):
    moments = read_datetimes(values)
    assert moments.dtype == np.dtype("datetime64[us]")
    np.testing.assert_array_equal(moments, np.array([MOMENT, "NaT"], moments.dtype))


def test_moments_of_several_time_zones_are_compared_in_utc():
    values = [pd.Timestamp("2020-01-01 13:00+01:00"), pd.Timestamp("2020-01-01 12:00Z")]
    assert read_datetimes(series(values, object)).tolist() == [MOMENT.item()] * 2


@pytest.mark.parametrize("values", [[None, None], [np.nan, np.nan], [pd.NaT, pd.NaT]])
@pytest.mark.parametrize("dtype", [object, None])
def test_only_missing_dates_are_no_error(values, dtype):
    assert np.isnat(read_datetimes(series(values, dtype))).all()


@pytest.mark.parametrize("values", [["2020-01-01"], [1, 2]])
def test_numbers_and_strings_are_no_dates(values):
    with pytest.raises(ValueError, match="Column 'col' is a datetime column"):
        read_datetimes(series(values))


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("dtype", [int, float, object])
def test_the_advice_about_numbers_leads_to_the_dates(unit, dtype):
    moments = pd.Series(
        pd.date_range("1975-01-01", "2090-01-01", periods=50).floor("s")
    )
    numbers = moments.astype(f"datetime64[{unit}]").astype("int64").astype(dtype)
    with pytest.raises(ValueError, match=r"Convert it with .*unit='") as told:
        read_datetimes(numbers.rename("when"))
    advice = re.search(rf"pandas.to_datetime\(\.\.\., unit='{unit}'\)", str(told.value))
    assert advice
    found = read_datetimes(pd.to_datetime(numbers.astype("int64"), unit=unit))
    np.testing.assert_array_equal(found, moments.to_numpy().astype("datetime64[us]"))


@pytest.mark.parametrize(
    ("numbers", "advice"),
    [
        ([20200123, 19991231], r"pandas.to_datetime\(..., format='%Y%m%d'\)\."),
        # A mark for the end of time tells nothing about the unit.
        ([1579773600000, 1579773700000, 253402214400000], "unit='ms'"),
        ([-1579773600000], "unit='ms'"),
        ([2020, 1999], "unless its unit, origin or format says what they are"),
        ([43853.5], "unless its unit, origin or format"),
    ],
)
def test_the_advice_depends_on_the_size_of_the_numbers(numbers, advice):
    with pytest.raises(ValueError, match=advice) as told:
        read_datetimes(series(numbers))
    assert f"such as {numbers[0]!r}. " in str(told.value)


@pytest.mark.parametrize(
    "values",
    [
        series([1, 2], np.int8),
        series([1.0, 2.0], np.float32),
        series([1.0, 2.0], np.float16),
        series([1, 2], "Int64"),
        series([1, 2], "category"),
        series([1.0, 2.0], "category"),
        series([1, 2.0], object),
        series([Decimal(1), Decimal("2.0")], object),
        series(["1", 2], object),
        series(["1", "2"]),
    ],
    ids=describe,
)
def test_the_key_of_a_whole_number_does_not_depend_on_its_dtype(values):
    assert keys_of(values) == ["1", "2"]


@pytest.mark.parametrize("dtype", [bool, "boolean", object, "category"])
def test_the_keys_of_booleans_are_their_names(dtype):
    assert keys_of(series([True, False], dtype)) == ["True", "False"]


def test_true_and_one_are_two_categories_among_mixed_values():
    values = [1, True, "a", 1.5, None, datetime.date(2020, 1, 1), b"x", "", np.nan]
    expected = ["1", "True", "a", "1.5", None, "2020-01-01", "x", "", None]
    assert keys_of(series(values, object)) == expected
    assert keys_of(series(values[::-1], object)) == expected[::-1]


def test_the_key_of_a_moment_does_not_depend_on_its_neighbours():
    moment = pd.Timestamp("2020-01-01 12:00")
    alone = keys_of(series([moment]))
    assert keys_of(series([moment, "a"], object))[:1] == alone


@pytest.mark.parametrize("missing", [None, np.nan, pd.NA, pd.NaT])
def test_missing_values_have_no_key_and_empty_strings_do(missing):
    assert keys_of(series(["", missing, " "], object)) == ["", None, " "]


@pytest.mark.parametrize("dtype", ["Int64", "category", "str", float, "boolean"])
def test_a_column_of_missing_values_has_no_keys(dtype):
    assert keys_of(series([None, None], dtype)) == [None, None]


class Deck(str, Enum):  # noqa: UP042
    """Strings with names, whose str() is not the string, as that of a StrEnum is."""

    first = "a"
    second = "b"


@pytest.mark.parametrize("others", [[], [1]], ids=["strings", "mixed"])
def test_members_of_an_enumeration_of_strings_are_their_strings(others):
    column = pd.Series([Deck.first, Deck.second, *others], dtype=object)
    _, keys = read_keys(column)
    assert keys.tolist() == ["a", "b", *map(str, others)]
    assert {type(key) for key in keys} == {str}


@pytest.mark.parametrize("dtype", [np.float32, "Float32", object, "category"])
def test_single_precision_has_the_keys_of_double_precision(dtype):
    column = pd.Series(np.array([0.1, 2.0, 1e10], dtype=np.float32)).astype(dtype)
    if dtype is object:
        column = pd.Series(list(column.to_numpy(np.float32)), dtype=object)
    _, keys = read_keys(column)
    assert sorted(keys) == sorted(["0.1", "2", "10000000000"])


@pytest.mark.parametrize("as_objects", [False, True])
def test_half_precision_has_the_keys_of_double_precision(as_objects):
    numbers = np.array([0.1, 0.7, 0.25, np.nan, 3, 10008, 65504], dtype=np.float16)
    column = (
        pd.Series(list(numbers), dtype=object) if as_objects else pd.Series(numbers)
    )
    expected = ["0.1", "0.7", "0.25", None, "3", "10008", "65504"]
    assert keys_of(column) == expected
