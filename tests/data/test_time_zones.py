"""Moments with a time zone and moments without one are not taken for each other."""

import datetime
import warnings

import numpy as np
import pandas as pd
import pytest

from skautokeras._data import StructuredDataAdapter, learn_date_format, parse_dates
from skautokeras._state import decode, encode

MOMENTS = pd.Series(pd.date_range("2020-01-06", periods=60, freq="37h"))
AWARE = MOMENTS.dt.tz_localize("US/Pacific")


def of_python(moments):
    return pd.Series(list(moments.dt.to_pydatetime()), dtype=object)


def as_strings(moments):
    return moments.map(pd.Timestamp.isoformat).astype(object)


def of_arrow(moments):
    pytest.importorskip("pyarrow")
    zone = ", tz=UTC" if moments.dt.tz is not None else ""
    return moments.astype(f"timestamp[us{zone}][pyarrow]")


FORMS = {
    "pandas": lambda moments: moments,
    "objects": of_python,
    "categories": lambda moments: moments.astype("category"),
    "PyArrow": of_arrow,
}


def fitted(values, kind=None):
    types = None if kind is None else {"when": kind}
    adapter = StructuredDataAdapter(column_types=types)
    return adapter.fit(pd.DataFrame({"when": values}))


def arrays(adapter, values):
    return adapter.transform(pd.DataFrame({"when": values}))["numerical"]


@pytest.mark.parametrize("later", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("first", [FORMS["pandas"], of_python, of_arrow, as_strings])
def test_moments_of_the_other_sort_are_an_error(first, later):
    adapter = fitted(first(AWARE))
    with pytest.raises(ValueError, match=r"'when' held moments with.*tz_localize"):
        arrays(adapter, later(MOMENTS))
    adapter = fitted(first(MOMENTS))
    with pytest.raises(ValueError, match=r"'when' held moments without.*tz_convert"):
        arrays(adapter, later(AWARE))


@pytest.mark.parametrize("later", [*FORMS.values(), as_strings])
@pytest.mark.parametrize("moments", [MOMENTS, AWARE], ids=["naive", "aware"])
def test_moments_of_the_same_sort_are_read_in_any_form(moments, later):
    adapter = fitted(moments)
    expected = arrays(adapter, moments)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        np.testing.assert_array_equal(arrays(adapter, later(moments)), expected)


def test_the_zone_itself_may_be_another_one():
    adapter = fitted(AWARE)
    elsewhere = AWARE.dt.tz_convert("Asia/Tokyo")
    np.testing.assert_array_equal(arrays(adapter, elsewhere), arrays(adapter, AWARE))


def test_days_have_no_time_zone():
    days = pd.Series([datetime.date(2020, 1, 1 + i) for i in range(20)], dtype=object)
    with pytest.raises(ValueError, match=r"such as '2020-01-01'"):
        arrays(fitted(AWARE), days)
    arrays(fitted(MOMENTS), days)


@pytest.mark.parametrize("moments", [MOMENTS, AWARE], ids=["naive", "aware"])
def test_strings_of_the_other_sort_count_as_missing(moments):
    others = AWARE if moments is MOMENTS else MOMENTS
    adapter = fitted(as_strings(moments))
    with pytest.warns(UserWarning, match=r"with(out)? time zone.*None of its strings"):
        found = arrays(adapter, as_strings(others))
    assert len(np.unique(found, axis=0)) == 1


@pytest.mark.parametrize("moments", [MOMENTS, AWARE], ids=["naive", "aware"])
@pytest.mark.parametrize("values", [as_strings, FORMS["pandas"]])
def test_strings_of_the_other_sort_are_refused_where_strings_must_be_read(
    moments, values
):
    others = AWARE if moments is MOMENTS else MOMENTS
    adapter = fitted(values(moments), "datetime")
    with pytest.raises(ValueError, match=r"is no date of the format.*time zone"):
        arrays(adapter, as_strings(others))


def test_dates_of_both_sorts_in_fit_remain_possible():
    both = pd.concat([as_strings(MOMENTS), as_strings(AWARE)], ignore_index=True)
    assert learn_date_format(both) == "ISO8601"
    for kind, values in [
        (None, both),
        ("datetime", both),
        ("datetime", pd.concat([MOMENTS.astype(object), as_strings(AWARE)])),
    ]:
        adapter = fitted(values.reset_index(drop=True), kind)
        for moments in (MOMENTS, AWARE):
            arrays(adapter, moments)
            arrays(adapter, as_strings(moments))


@pytest.mark.parametrize(
    ("form", "has_zone"),
    [
        ("%d/%b/%Y:%H:%M:%S %z", True),
        ("%Y-%m-%d %H:%M:%S UTC", True),
        ("%a, %d %b %Y %H:%M:%S GMT", True),
        ("%d.%m.%Y %H:%M", False),
    ],
)
def test_a_format_tells_whether_there_is_a_zone(form, has_zone):
    moments = AWARE.dt.tz_convert("UTC")
    adapter = fitted(moments.dt.strftime(form))
    right, wrong = moments, moments.dt.tz_localize(None)
    if not has_zone:
        right, wrong = wrong, right
    arrays(adapter, right)
    with pytest.raises(ValueError, match="'when' held moments with"):
        arrays(adapter, wrong)


@pytest.mark.parametrize(
    ("string", "has_zone"),
    [
        *(("2020-01-03", False), ("2020-01-03 10:00", False)),
        *(("2020-01-03T10:00Z", True), ("2020-01-03 10:00:00-0500", True)),
        *(("2020-01-03T10:00:00.123+01:00", True), ("20200103T100000Z", True)),
    ],
)
def test_a_string_has_a_zone_or_not(string, has_zone):
    zoned, naive = "ISO8601 with time zone", "ISO8601 without time zone"
    assert learn_date_format([string]) == (zoned if has_zone else naive)
    assert np.isnat(parse_dates([string], zoned))[0] != has_zone
    assert np.isnat(parse_dates([string], naive))[0] == has_zone
    assert not np.isnat(parse_dates([string], "ISO8601"))[0]


def test_a_saved_column_knows_its_zones():
    members = {}
    again = decode(encode(fitted(AWARE), members), members)
    with pytest.raises(ValueError, match="'when' held moments with a time zone"):
        arrays(again, MOMENTS)
