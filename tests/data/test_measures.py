"""Durations, lengths, weights and angles of several numbers become one number."""

import io
from datetime import time, timedelta

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skautokeras import StructuredDataRegressor
from skautokeras._data import (
    Declaration,
    StructuredDataAdapter,
    analyse_column,
    learn_measure,
    parse_measures,
)

HOURS, MINUTES = "1:05 h", "1:05 min"
SECONDS = np.random.default_rng(0).integers(0, 86400, 120)
DURATIONS = pd.to_timedelta(SECONDS, unit="s")
TIMES = [time(s // 3600, s // 60 % 60, s % 60) for s in SECONDS.tolist()]


def column_of(values, dtype=object):
    return analyse_column(pd.Series(values, dtype=dtype, name="col"))


@pytest.mark.parametrize(
    ("strings", "format", "numbers"),
    [
        (["2h 50m", "19h", "25m"], HOURS, [10200, 68400, 1500]),
        (["1 hour, 5 minutes", "2 hrs and 30 secs"], HOURS, [3900, 7230]),
        (["2h30", "0.5h"], HOURS, [9000, 1800]),
        (["3 days", "5 hours", "1 week"], HOURS, [259200, 18000, 604800]),
        (["14:30", "09:05"], HOURS, [52200, 32700]),
        (["14:30", "09:05:30"], HOURS, [52200, 32730]),
        (["2:30 PM", "12:00 AM", "12:15 p.m."], HOURS, [52200, 0, 44100]),
        (["3:45", "1:02:30", "12:07"], MINUTES, [225, 3750, 727]),
        (["59:10", "12:07.5"], MINUTES, [3550, 727.5]),
        (["1:02:30.25", "-0:00:10"], HOURS, [3750.25, -10]),
        (["PT1H30M", "P1DT5S", "-PT5M"], HOURS, [5400, 86405, -300]),
        (["6'2", "5'11\"", "5 ft 3 in", "6'"], "5 ft 2 in", [74, 71, 63, 72]),
        (["7 lbs 8 oz", "10 st 2 lb"], "5 lb 2 oz", [120, 2272]),
        (["9:30", "14:13", "14:30:15"], HOURS, [34200, 51180, 52215]),
        (["9'24\"", "10'05\"", "12'59\""], HOURS, [564, 605, 779]),
        (["P2W", "P-1DT23H0M0S"], HOURS, [1209600, -3600]),
        (["40° 30' 36\" N", "10°30\u2032S"], "5° 2'", [40.51, -10.5]),
    ],
)
def test_measures_are_learned_and_read(strings, format, numbers):
    assert learn_measure(strings) == format
    np.testing.assert_allclose(parse_measures(strings, format), numbers)


@pytest.mark.parametrize(
    "string",
    [
        "",
        "h",
        "5",
        "5 km",
        "1:65",
        "13:00 PM",
        "1:2",
        "P",
        "2h 3d",
        "10 m2",
        "1d4",
        "P3M",
        "P1Y",
        "2h 75m",
    ],
)
def test_other_strings_are_no_durations(string):
    assert learn_measure([string]) is None


def test_a_last_number_has_the_next_smaller_unit():
    found = parse_measures(["5ft 3", "5'3\" 2"], "5 ft 2 in")
    np.testing.assert_array_equal(found, [63, np.nan])


@given(st.timedeltas(timedelta(days=-9999), timedelta(days=9999)))
def test_each_duration_keeps_its_value(duration):
    written = [str(duration), str(pd.Timedelta(duration))]
    found = parse_measures(written, HOURS)
    np.testing.assert_allclose(found, duration.total_seconds(), rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    "strings",
    [
        list(map(str, DURATIONS)),
        list(map(str, DURATIONS.to_pytimedelta())),
        [duration.isoformat() for duration in DURATIONS],
        list(map(str, TIMES)),
        [*map(str, TIMES), "unknown", None],
    ],
)
def test_columns_of_durations_are_numbers(strings):
    column, values = column_of(strings)
    assert (column.kind, column.format) == ("numerical", HOURS)
    np.testing.assert_array_equal(values[:120], SECONDS)
    assert "durations or times of the day such as" in column.reason


@pytest.mark.parametrize(
    "strings",
    [
        [f"{i % 5}:{i % 7}" for i in range(120)],
        [f"{i}{'abcdhs'[i % 6]}" for i in range(120)],
        [f"{i % 7}-{i % 12}" for i in range(120)],
    ],
)
def test_scores_codes_and_ranges_remain_strings(strings):
    assert column_of(strings)[0].format is None


@pytest.mark.parametrize("string", ["6'13", "-40°26'S", "40°75'", "26'N"])
def test_parts_of_other_measures_do_not_add_up(string):
    for format in ("5 ft 2 in", "5° 2'"):
        assert np.isnan(parse_measures([string], format)).all()


def test_minutes_alone_are_numbers_with_a_unit():
    assert column_of([f"{s} min" for s in SECONDS])[0].format == "min"


@pytest.mark.parametrize(
    ("values", "dtype"),
    [
        (TIMES, object),
        ([*TIMES[:60], *DURATIONS[60:].to_pytimedelta()], object),
        (DURATIONS, "timedelta64[ns]"),
        (DURATIONS, pd.ArrowDtype(pa.duration("s"))),
        (pa.array(TIMES).to_pandas(), pd.ArrowDtype(pa.time64("us"))),
    ],
)
def test_durations_of_any_dtype_are_seconds(values, dtype):
    column, found = column_of(values, dtype)
    assert column.kind == "numerical"
    np.testing.assert_array_equal(found, SECONDS)


@pytest.mark.parametrize("values", [TIMES, DURATIONS, -DURATIONS], ids=str)
def test_durations_come_back_from_files_as_they_were(values):
    X = pd.DataFrame({"col": values})
    adapter = StructuredDataAdapter().fit(X)
    expected = adapter.transform(X)["numerical"]
    returned = pd.read_csv(io.StringIO(X.to_csv(index=False)))
    np.testing.assert_array_equal(adapter.transform(returned)["numerical"], expected)


def test_durations_in_another_form_are_told():
    X = pd.DataFrame({"col": [f"{s // 60}m {s % 60}s" for s in SECONDS]})
    adapter = StructuredDataAdapter().fit(X)
    with pytest.warns(
        UserWarning, match="held durations or times of the day in fit. None"
    ):
        adapter.transform(pd.DataFrame({"col": ["5 km", "7 km"]}))


def test_times_are_no_target():
    X = pd.DataFrame({"a": SECONDS})
    with pytest.raises(ValueError, match=r"holds times of the day \(time.*astype\(str"):
        StructuredDataRegressor().fit(X, pd.Series(TIMES))


@pytest.mark.parametrize(
    ("fitted", "given", "message"),
    [
        (SECONDS, DURATIONS[:2], "held numbers in fit and holds durations"),
        (DURATIONS, SECONDS[:2], "held durations or times .* in fit and holds numbers"),
        (DURATIONS, ["0 days 01:00:00", "soon"], "string to float: 'soon'"),
        (SECONDS, ["2 days"], "string to float: '2 days'"),
    ],
)
def test_numbers_and_durations_do_not_take_each_others_place(fitted, given, message):
    adapter = StructuredDataAdapter().fit(pd.DataFrame({"col": fitted}))
    with pytest.raises(ValueError, match=message):
        adapter.transform(pd.DataFrame({"col": given}))


def test_durations_may_be_strings_and_categories_among_others():
    adapter = StructuredDataAdapter().fit(pd.DataFrame({"col": DURATIONS}))
    expected = adapter.transform(pd.DataFrame({"col": DURATIONS}))["numerical"]
    mixed = [str(d) if i % 2 else d for i, d in enumerate(DURATIONS)]
    for values in (mixed, pd.Series(DURATIONS.astype(str)).astype("category")):
        found = adapter.transform(pd.DataFrame({"col": values}))["numerical"]
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    ("strings", "kind", "found"),
    [
        (
            ["31/12/2020", "01/02/2020", ""],
            "datetime",
            ["2020-12-31", "2020-02-01", "NaT"],
        ),
        (["2020", "May 2021"], "datetime", ["2020-01-01", "2021-05-01"]),
        (["1,234", " ", "12"], "numerical", [1234, np.nan, 12]),
        ([1, "2", 3.5], "numerical", [1, 2, 3.5]),
        (["2h 50m", "19h"], "numerical", [10200, 68400]),
    ],
)
def test_declared_columns_are_read_in_the_format_of_their_strings(strings, kind, found):
    declaration = Declaration(kind, "column_types")
    column = pd.Series(strings, dtype=object, name="col")
    _, values = analyse_column(column, declaration)
    expected = np.array(found, dtype=values.dtype)
    np.testing.assert_array_equal(values, expected)
