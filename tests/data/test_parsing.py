"""Strings that are numbers or dates become what they are."""

import json
import pickle
from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from skautokeras._data import (
    CODE_MIN_LENGTH,
    PARSED_MIN_SHARE,
    PARSED_MIN_UNIQUE,
    WHOLE_MIN_UNIQUE,
    StructuredDataAdapter,
    analyse_column,
    learn_date_format,
    learn_unit,
    long_tables,
    parse_dates,
    parse_quantities,
)
from skautokeras._data.parsing import read_in_format
from skautokeras._state import decode, encode

N = 120
RNG = np.random.default_rng(0)
MOMENTS = pd.Timestamp("2020-01-06") + pd.to_timedelta(
    RNG.integers(0, 9 * 10**7, N), unit="s"
)
NUMBERS = RNG.normal(50, 9, N).round(1)
COUNTS = RNG.integers(10, 10**6, N)
KM = [f"{x} km" for x in NUMBERS]


def column_of(values, dtype=object):
    return analyse_column(pd.Series(values, dtype=dtype, name="col"))[0]


def adapted(values, X=None, dtype=object):
    adapter = StructuredDataAdapter().fit(
        pd.DataFrame({"col": pd.Series(values, dtype=dtype)})
    )
    X = values if X is None else X
    return adapter, adapter.transform(pd.DataFrame({"col": pd.Series(X, dtype=object)}))


# --- Numbers


@pytest.mark.parametrize(
    ("string", "unit", "number"),
    [
        ("1,234", "", 1234),
        ("1,234,567.5", "", 1234567.5),
        ("12,34,567", "", 1234567),
        (" 7 ", "", 7),
        ("-.5", "", -0.5),
        ("3.5e-3", "", 0.0035),
        ("$1,234.50", "$", 1234.5),
        ("-$5", "$", -5),
        ("$-5", "$", -5),
        ("€ 3", "€", 3),
        ("3 €", "€", 3),
        ("12.5%", "%", 12.5),
        ("12.5 %", "%", 12.5),
        ("18.2 kmpl", "kmpl", 18.2),
        ("1197CC", "CC", 1197),
        ("90 km/h", "km/h", 90),
        ("1,200 sq ft", "sq ft", 1200),
        ("5 m²", "m²", 5),
    ],
)
def test_numbers_are_read_with_separators_signs_and_units(string, unit, number):
    assert learn_unit([string], [1]) == unit
    assert parse_quantities([string], unit).tolist() == [number]


@pytest.mark.parametrize(
    "string",
    ["", " ", "-", "$", "+-5", "1,5", "1,2345", "12+-", "1-2", "1 2", "0x10", "1_000",
     "nan", "inf", "1e999", "1.2.3", "five", "km 5", "5 km 3", "null km"],
)  # fmt: skip
def test_other_strings_are_no_numbers(string):
    assert np.isnan(parse_quantities([string], "km")).all()


# --- Other ways to write numbers


@pytest.mark.parametrize(
    ("strings", "format", "numbers"),
    [
        (["12,5", "1.234,56", "1.234", "7"], "1.234,5", [12.5, 1234.56, 1234, 7]),
        (["12,50 €", "1.000 €"], "1.234,5 €", [12.5, 1000]),
        (["R$ 1.234,50", "R$ -3,20"], "1.234,5 R$", [1234.5, -3.2]),
        (["0,123", "1,234", "2,500"], "1.234,5", [0.123, 1.234, 2.5]),
        (["1\u00a0234,5", "1\u202f234"], "1.234,5", [1234.5, 1234]),
        (["1\u00a0234.5", "1'234", "1\u2019234"], "", [1234.5, 1234, 1234]),
        (["\u22125", "(1,234)", "(5)", "7"], "", [-5, -1234, -5, 7]),
        (["($1,234.50)", "$3"], "$", [-1234.5, 3]),
        (["USD 5", "-USD 1,234.5", "USD7"], "USD", [5, -1234.5, 7]),
        (["5 USD", "USD 6"], "USD", [5, 6]),
        (["1.2K", "3.4M", "500"], "1,234.5K", [1200, 3400000, 500]),
        (["$1.1M", "$800K", "$5", "$2B"], "1,234.5K $", [1.1e6, 8e5, 5, 2e9]),
        (["1,2K", "850", "9,5K"], "1.234,5K", [1200, 850, 9500]),
        (["1.2M €", "3K €"], "1,234.5K €", [1200000, 3000]),
        # Points between thousands, beside whole numbers that need none.
        (["1.234", "850", "912", "12.345"], "1.234,5", [1234, 850, 912, 12345]),
        (["1.234.567", "1.234"], "1.234,5", [1234567, 1234]),
        # Decimal points.
        (["0.123", "1.234", "2.500"], "", [0.123, 1.234, 2.5]),
        (["1.234", "2.345"], "", [1.234, 2.345]),
        (["1.234", "3", "999"], "", [1.234, 3, 999]),
        (["1.234", "850", "1850"], "", [1.234, 850, 1850]),
        (["1.234", "850", "912", "2.5"], "", [1.234, 850, 912, 2.5]),
        (["1,234", "850", "912"], "", [1234, 850, 912]),
        # Letters that all numbers have are units, and some may lack them.
        (["1.2M", "3.4M"], "M", [1.2, 3.4]),
        (["300 K", "310"], "K", [300, 310]),
    ],
)
def test_the_way_in_which_numbers_are_written_is_learned(strings, format, numbers):
    assert learn_unit(strings, [1] * len(strings)) == format
    assert parse_quantities(strings, format).tolist() == numbers


def test_a_few_typing_errors_do_not_move_the_decimal_mark():
    strings = [f"{x:,}" for x in COUNTS] + ["12,5", "3,7"]
    assert learn_unit(strings, [1] * len(strings)) == ""


@pytest.mark.parametrize("string", ["12.5", "1.2345", "01.234", "1,2,3", "1.234,5.6"])
def test_no_other_decimal_mark_is_read(string):
    assert np.isnan(parse_quantities([string], "1.234,5")).all()


@pytest.mark.parametrize("string", ["(-5)", "-(5)", "()", "(5", "0,123", "1'23", "USD"])
def test_signs_and_groups_in_the_wrong_place_are_no_numbers(string):
    assert np.isnan(parse_quantities([string], "")).all()


@given(st.integers(-(10**12), 10**12))
def test_separators_of_thousands_may_be_points(number):
    string = f"{number:,}".replace(",", ".")
    assert parse_quantities([f"{string},5"], "1.234,5").tolist() == [
        number + 0.5 if string[0] != "-" else number - 0.5
    ]


@pytest.mark.parametrize(
    ("strings", "reason"),
    [
        ([f"{x}".replace(".", ",") for x in NUMBERS],
         "all strings are numbers with a decimal comma"),
        ([f"{x} €".replace(".", ",") for x in NUMBERS],
         "all strings are numbers with the unit '€' and a decimal comma"),
        ([*(f"${x}K" for x in NUMBERS), "$1.5M"],
         "all strings are numbers with the unit '$' and letters for powers of ten"),
    ],
)  # fmt: skip
def test_numbers_of_other_countries_become_what_their_values_become(strings, reason):
    column = column_of(strings)
    assert (column.kind, column.reason) == ("numerical", reason)
    adapter, of_strings = adapted(strings)
    _, of_numbers = adapted(parse_quantities(strings, column.format), dtype=float)
    assert_equal_arrays(of_strings, of_numbers)
    members = {}
    again = decode(json.loads(json.dumps(encode(adapter, members))), members)
    X = pd.DataFrame({"col": strings})
    assert_equal_arrays(again.transform(X), of_strings)


def test_the_unit_is_that_of_most_rows_and_may_lack():
    strings = ["5 km", "6 km", "7 miles", "8"]
    assert learn_unit(strings, [1, 1, 3, 1]) == "miles"
    unit = learn_unit(strings, [1, 1, 1, 1])
    np.testing.assert_array_equal(parse_quantities(strings, unit), [5, 6, np.nan, 8])


@given(
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(["", "$", "%", "km", "sq ft"]),
)
def test_each_number_keeps_its_value(number, unit):
    string = f"{unit}{number!r}" if unit == "$" else f"{number!r} {unit}"
    assert parse_quantities([string], unit).tolist() == [number]


@given(st.integers(-(10**15), 10**15))
def test_separators_of_thousands_change_nothing(number):
    assert parse_quantities([f"{number:,}"], "").tolist() == [number]


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        (KM, "all strings are numbers with the unit 'km'"),
        ([f"${x:,}" for x in COUNTS], "all strings are numbers with the unit '$'"),
        ([f"{x}%" for x in NUMBERS], "all strings are numbers with the unit '%'"),
        ([" 7.5", *NUMBERS.astype(str)], "all strings are numbers such as ' 7.5'"),
        (["1,234", *COUNTS.astype(str)], "all strings are numbers such as '1,234'"),
        (
            [*KM, "far", "far", None],
            "98.3 % of the strings are numbers with the unit 'km'",
        ),
        (
            [*KM, *["tbd"] * 40],
            "75.0 % of the strings are numbers with the unit 'km', "
            "the others are 'tbd'",
        ),
        ([*NUMBERS, *map(str, NUMBERS), "?"],
         f"99.5 % of the values are numbers such as '{NUMBERS[0]}'"),
        ([*KM, "", " "], "all strings are numbers with the unit 'km'"),
    ],
)  # fmt: skip
def test_strings_are_numbers_if_nearly_all_can_be_read(values, reason):
    column = column_of(values)
    assert (column.kind, column.reason) == ("numerical", reason)
    if all(isinstance(value, str | None) for value in values):
        assert column_of(values, "string") == column


@pytest.mark.parametrize(
    "values",
    [
        [f"{i % (WHOLE_MIN_UNIQUE - 1)}" for i in range(N)],
        [f"{i % (PARSED_MIN_UNIQUE - 1)} km" for i in range(N)],
        [f"{i:05d}" for i in range(N)],
        [*map(str, range(N)), "007"],
        [str(10 ** (CODE_MIN_LENGTH - 1) + 7 * i) for i in range(N)],
        [f"{1000 + 7 * i}A" for i in range(N)],
        [f"{i}-{i + 5}" for i in range(N)],
        [f"1.{i}.7" for i in range(N)],
        [f"A{i}" for i in range(N)],
        [*KM, "far", "near", "80+", "?"],
        [*KM, *["80 or more"] * 40],
        [*KM, *["tbd"] * (N + 1)],
        [*KM, *[True] * 9, *[5] * 9],
        ["1 1/2", *["3,5,7"] * N, *map("{},5,1".format, range(N))],
        [f"({i})-{i}" for i in range(N)],
    ],
)
def test_codes_and_other_strings_remain_strings(values):
    column = column_of(values)
    assert column.kind in {"categorical", "short_text"}
    assert column.format is None


def test_the_borders_of_the_rules():
    enough = [f"{i}.5" for i in range(PARSED_MIN_UNIQUE)] * 10
    assert column_of(enough).kind == "numerical"
    whole = [str(i) for i in range(WHOLE_MIN_UNIQUE)] * 10
    assert column_of(whole).kind == "numerical"
    shorter = [str(10 ** (CODE_MIN_LENGTH - 2) + 7 * i) for i in range(N)]
    assert column_of(shorter).kind == "numerical"
    n_wrong = int(len(enough) * (1 / PARSED_MIN_SHARE - 1))
    wrong = [f"a{i}" for i in range(n_wrong + 1)]
    assert column_of([*enough, *wrong[:-1]]).kind == "numerical"
    assert column_of([*enough, *wrong]).kind == "categorical"


def test_categories_that_are_whole_numbers_are_meant():
    assert column_of(map(str, range(N)), "category").kind == "categorical"
    assert column_of(map(float, range(N)), "category").kind == "categorical"
    assert column_of(KM, "category").kind == "numerical"
    assert column_of(map(str, MOMENTS), "category").kind == "datetime"


def test_numbers_of_rows_look_like_an_identifier():
    column = column_of(map(str, range(N)))
    assert column.kind == "numerical"
    assert column.identifier is True
    assert column.reason.endswith("every row has its own value, as in an identifier")
    assert not column_of(KM).identifier
    assert not column_of(f"{i}.5 km" for i in range(N)).identifier


def test_a_declaration_wins():
    X = pd.DataFrame({"km": KM, "when": MOMENTS.astype(str)})
    by_type = {"column_types": {"km": "categorical", "when": "short_text"}}
    for parameters in (by_type, {"categorical_features": ["km", "when"]}):
        columns = StructuredDataAdapter(**parameters).fit(X).schema_.columns
        assert not {column.kind for column in columns} & {"numerical", "datetime"}


# --- Dates


FORMATS = [
    "%Y-%m-%d", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M", "%Y%m%dT%H%M%S", "%Y%m%d",
    "%Y/%m/%d", "%m/%d/%Y", "%d/%m/%Y %H:%M", "%d.%m.%Y", "%m/%d/%y", "%d-%b-%Y",
    "%d-%b-%y", "%B %d, %Y", "%d %b %Y %I:%M %p", "%b-%Y", "%Y-%m", "%Y, %B",
    "%a %b %d %H:%M:%S %Y", "%A, %d %B %Y", "%a, %d %b %Y %H:%M:%S GMT",
    "%d.%m.%y", "%d-%m-%y", "%m-%d-%y", "%y-%m-%d", "%y/%m/%d", "%y.%m.%d %H:%M",
    "%d/%m/%Y, %H:%M:%S", "%m/%d/%Y, %I:%M:%S %p", "%Y-%m-%d, %H:%M",
    "%Y-%m-%d %H:%M:%S UTC", "%Y-%m-%d %I:%M:%S %p", "%d-%B-%Y", "%d. %B %Y",
    "%m/%Y", "%m.%Y", "%m-%Y", "%d%m%Y", "%m%d%Y",
    "%d-%m-%Y %H.%M", "%Y-%m-%d %H.%M.%S", "%d %b %Y %Hh%M",
    "%a %d %b %Y", "%A %d %B %Y", "%a %b %d %Y", "%A, %b %d, %Y", "%a %d/%m/%Y %H:%M",
    "%A %Y-%m-%d",
]  # fmt: skip


@pytest.mark.parametrize("format", FORMATS)
def test_strings_are_dates_if_nearly_all_have_one_format(format):
    strings = list(MOMENTS.strftime(format))
    column = column_of([*strings, "soon", None])
    assert column.kind == "datetime"
    assert column.reason == f"99.1 % of the strings are dates such as {strings[0]!r}"
    assert column.n_missing == 2
    found = parse_dates(strings, column.format)
    expected = pd.to_datetime(strings, format=format).to_numpy()
    np.testing.assert_array_equal(found, expected)


def test_a_day_of_the_week_may_lack_or_be_there():
    strings = [
        "Sun 14 Jun 2020",
        "14 Jun 2020",
        "sunday, 14 june 2020",
        "Sun. 14 Jun 2020",
    ]
    days = parse_dates(strings, "%d %b %Y").astype("datetime64[D]")
    assert days.astype(str).tolist() == ["2020-06-14"] * 4
    # Formats that were learned with the day of the week are still known.
    assert parse_dates(["Sun, 14 Jun 2020"], "%a, %d %b %Y") == days[:1]


def test_strings_with_the_day_first_are_told_by_the_days_behind_the_twelfth():
    assert learn_date_format(["01/02/2020", "31/01/2020"]) == "%d/%m/%Y"
    assert learn_date_format(["01/02/2020", "01/31/2020"]) == "%m/%d/%Y"
    assert learn_date_format(["01/02/2020", "02/02/2020"]) == "%m/%d/%Y"


TWO_YEARS = pd.date_range("2024-01-01", "2025-12-31", freq="3D")
MONTHS = pd.date_range("2001-01-01", "2019-12-01", freq="MS")


@pytest.mark.parametrize("format", ["%y/%m/%d", "%d/%m/%y", "%m/%d/%y", "%y-%m-%d"])
@pytest.mark.parametrize("days", [TWO_YEARS, TWO_YEARS[:40]], ids=["years", "months"])
def test_years_of_two_digits_are_where_they_vary_less(format, days):
    assert learn_date_format(list(days.strftime(format))) == format


@pytest.mark.parametrize("format", ["%m/%d/%y", "%y/%m/%d"])
def test_first_days_of_months_may_go_on_for_years(format):
    months = MONTHS if format == "%m/%d/%y" else MONTHS[-100:]
    assert learn_date_format(list(months.strftime(format))) == format


@pytest.mark.parametrize(
    "strings",
    [
        [f"{i // 60:02d}:{i % 60:02d}" for i in range(N)],
        [str(2000 + i) for i in range(N)],
        [f"{i}.{i + 1}.{i + 2}" for i in range(N)],
        [f"2014.{i}" for i in range(1, 13)],
        [f"10.0.{i}.7" for i in range(N)],
        [f"555-{i:04d}" for i in range(N)],
        [str(20 * 10**6 + 99 * i) for i in range(N)],
        [f"2020-W{i % 52}" for i in range(N)],
        [f"Platform {i}" for i in range(N)],
        # Fractions, seasons, versions and files of courts are no months of years.
        [f"{i}/2000" for i in range(1, N)],
        [f"{i % 12 + 1}/{1900 + i}" for i in range(N)],
        [f"{1990 + i}/{(91 + i) % 100:02d}" for i in range(25)],
        [f"{i:02d}/2019" for i in range(1, N)],
        [f"{i % 12 + 1:02d}.{i:04d}" for i in range(N)],
        [f"{i % 12 + 1:02d}/{i:02d}" for i in range(N)],
        [f"{i % 12 + 1}.{2000 + i}" for i in range(N)],
        [f"{10 + i % 3}.{1950 + i}" for i in range(N)],
        # Numbers of eight digits that follow one another.
        [str(10_102_000 + i) for i in range(90)],
        [str(20_112_000 + 7919 * i) for i in range(N)],
        # Days of the week in front of what is no date.
        [f"Mon {i % 12:02d}:{i % 60:02d}" for i in range(N)],
        [f"Sat {i}" for i in range(1900, 2000)],
        [f"Sun {i}.{1900 + i}" for i in range(N)],
        [f"Fri {10_000_000 + 99 * i}" for i in range(N)],
        [f"Monday{i} 2020" for i in range(N)],
        [*MOMENTS.strftime("%d/%m/%Y"), *MOMENTS.strftime("%Y-%m-%d")],
        list(MOMENTS.strftime("%b-%Y"))[: PARSED_MIN_UNIQUE - 1] * 20,
    ],
)
def test_other_strings_are_no_dates(strings):
    assert column_of(strings).kind != "datetime"


@given(st.datetimes(pd.Timestamp("1700-01-01"), pd.Timestamp("2250-01-01")))
def test_each_moment_keeps_its_value(moment):
    found = parse_dates([moment.isoformat(), f" {moment} "], "ISO8601")
    assert found.tolist() == [moment, moment]


def test_moments_with_a_time_zone_are_compared_in_utc():
    column, values = analyse_column(pd.Series(MOMENTS.astype(str) + "+02:00"))
    assert column.kind == "datetime"
    np.testing.assert_array_equal(values, MOMENTS - pd.Timedelta("2h"))


# --- What a row becomes


def assert_equal_arrays(some, other):
    assert list(some) == list(other)
    for name in some:
        np.testing.assert_array_equal(some[name], other[name])


def test_strings_become_what_their_values_become():
    _, of_strings = adapted([*KM, None])
    _, of_numbers = adapted([*NUMBERS, np.nan], dtype=float)
    assert_equal_arrays(of_strings, of_numbers)
    _, of_strings = adapted([*MOMENTS.strftime("%d.%m.%Y %H:%M:%S"), None])
    _, of_dates = adapted(pd.Series([*MOMENTS, pd.NaT]), dtype=None)
    assert_equal_arrays(of_strings, of_dates)


def test_elapsed_time_and_cycles_are_made_of_a_time_stamp():
    adapter, _ = adapted(MOMENTS.astype(str))
    cycles = [f"{c}_{f}" for c in ("year", "week", "day") for f in ("sin", "cos")]
    expected = tuple(f"col:{part}" for part in ["elapsed", *cycles])
    assert adapter.schema_.numerical == expected


TABLE = pd.DataFrame(
    {"km": [*KM, None, "far"], "when": [*MOMENTS.strftime("%d.%m.%Y"), None, "?"]}
)
ADAPTER = StructuredDataAdapter().fit(TABLE)
ANY_KM = (
    st.sampled_from(["", "5 miles", "12 km", "7", "1,000 km", "soon"])
    | st.text()
    | st.floats(allow_infinity=False)
    | st.integers(-(10**6), 10**6)
    | st.booleans()
    | st.none()
)
ANY_WHEN = (
    st.sampled_from(["", "31.12.2020", "12/31/2020", "2020-12-31", "20201231"])
    | st.text()
    | st.dates(date(1700, 1, 1), date(2200, 1, 1))
    | st.just(pd.NaT)
    | st.none()
)


@pytest.mark.filterwarnings("ignore:The column .* held")
@given(rows=st.lists(st.tuples(ANY_KM, ANY_WHEN), min_size=1, max_size=5))
@hypothesis_settings(max_examples=60)
def test_a_row_becomes_the_same_alone_and_among_others(rows):
    X = pd.DataFrame(
        {
            name: pd.Series(list(values), dtype=object)
            for name, values in zip(TABLE, zip(*rows, strict=True), strict=True)
        }
    )
    together = ADAPTER.transform(X)
    assert np.isfinite(together["numerical"]).all()
    for i in range(len(X)):
        alone = ADAPTER.transform(X.iloc[[i]])
        assert_equal_arrays(alone, {name: a[[i]] for name, a in together.items()})


def test_strings_in_another_format_are_missing():
    rows = TABLE.iloc[:4].copy()
    rows["km"] = ["5 miles", "far", None, "5 km"]
    rows["when"] = ["2020-12-31", "soon", None, "31.12.2020"]
    with pytest.warns(UserWarning, match="50 % of its strings cannot be read"):
        arrays = ADAPTER.transform(rows)
    assert arrays["indicator"].tolist() == [[1, 1]] * 3 + [[0, 0]]


def test_a_warning_tells_if_no_string_can_be_read():
    rows = TABLE.iloc[:2].copy()
    rows["km"] = ["5 mi", "7 mi"]
    with pytest.warns(UserWarning, match="numbers with the unit 'km' in fit.*'5 mi'"):
        arrays = ADAPTER.transform(rows)
    assert (arrays["indicator"][:, 0] == 1).all()
    # Marks of missing values are no numbers of another form.
    ADAPTER.transform(rows.assign(km=["tbd", "?"]))


@pytest.mark.parametrize(
    ("n_wrong", "message"),
    [
        (2, None),
        (3, "30 % of its strings cannot be read so now, '5 mi'"),
        (10, "None of its strings can be"),
    ],
)
def test_a_warning_tells_which_share_cannot_be_read(n_wrong, message):
    rows = TABLE.iloc[:10].assign(km=["5 mi"] * n_wrong + ["5 km"] * (10 - n_wrong))
    if message is None:
        ADAPTER.transform(rows)  # no warning
        return
    with pytest.warns(UserWarning, match=f"the unit 'km' in fit. {message}"):
        ADAPTER.transform(rows)


def test_the_strings_of_all_batches_are_counted(monkeypatch):
    monkeypatch.setattr(long_tables, "_VALUES_AT_ONCE", 4)
    rows = TABLE.iloc[:100]
    ADAPTER.transform(rows.assign(km=["5 mi"] * 20 + ["5 km"] * 80))  # no warning
    with pytest.warns(UserWarning, match="30 % of its strings cannot be read") as told:
        ADAPTER.transform(rows.assign(km=["5 mi"] * 30 + ["5 km"] * 70))
    assert len(told) == 1


def test_numbers_and_dates_may_come_in_the_place_of_strings():
    X = pd.DataFrame({"km": [12.0], "when": [pd.Timestamp("2020-12-31")]})
    as_strings = pd.DataFrame({"km": ["12 km"], "when": ["31.12.2020"]})
    as_categories = as_strings.astype("category")
    expected = ADAPTER.transform(as_strings)
    assert_equal_arrays(ADAPTER.transform(X), expected)
    assert_equal_arrays(ADAPTER.transform(as_categories), expected)
    assert_equal_arrays(ADAPTER.transform(as_strings.to_numpy(dtype=object)), expected)


@pytest.mark.parametrize("format", ["%Y%m%d", "%d%m%Y", "%m%d%Y"])
@pytest.mark.parametrize("dtype", [int, float, "Int64", "category"])
def test_dates_of_digits_may_come_back_as_whole_numbers(format, dtype):
    strings = MOMENTS.strftime(format).astype(object)
    adapter = StructuredDataAdapter().fit(pd.DataFrame({"when": strings}))
    assert adapter.schema_.columns[0].kind == "datetime"
    numbers = pd.Series(strings.astype(int), dtype=dtype)
    found = adapter.transform(pd.DataFrame({"when": numbers}))
    assert_equal_arrays(found, adapter.transform(pd.DataFrame({"when": strings})))


def test_missing_dates_of_digits_are_missing():
    X = pd.DataFrame({"when": MOMENTS.strftime("%Y-%m-%d").astype(object)})
    adapter = StructuredDataAdapter(column_types={"when": "datetime"}).fit(X)
    found = adapter.transform(pd.DataFrame({"when": [20201231, np.nan]}))
    strings = pd.Series(["2020-12-31", None], dtype=object)
    assert_equal_arrays(found, adapter.transform(strings.to_frame("when")))


@pytest.mark.parametrize("numbers", [[20201231, 5], [2020, 2021], [20201301], [0.5]])
@pytest.mark.parametrize("format", ["ISO8601", "mixed", "%Y%m%d", "%d.%m.%Y"])
def test_other_numbers_are_no_dates(numbers, format):
    with pytest.raises(ValueError, match="Column 'when' is a datetime column"):
        read_in_format(pd.Series(numbers, name="when"), "datetime", format)


SHARES = pd.DataFrame({"rate": [f"{x / 2}%" for x in range(60)]})


@pytest.mark.parametrize("values", [[0.125, 0.3, np.nan], [-0.5, 1.0]])
def test_a_warning_tells_that_percentages_look_like_fractions(values):
    adapter = StructuredDataAdapter().fit(SHARES)
    X = pd.DataFrame({"rate": values})
    with pytest.warns(UserWarning, match="'rate' held percentages.*Multiply them by"):
        found = adapter.transform(X)
    strings = X["rate"].map("{}%".format, na_action="ignore")
    expected = adapter.transform(strings.astype(object).to_frame())
    assert_equal_arrays(found, expected)


@pytest.mark.parametrize(
    ("unit", "values"),
    [("%", [12.5, 0.5]), ("%", [0, 1]), ("%", [np.nan]), ("km", [0.125]), ("", [0.1])],
)
def test_other_numbers_look_like_no_fractions(unit, values):
    strings = SHARES["rate"].str.replace("%", unit)
    adapter = StructuredDataAdapter().fit(pd.DataFrame({"rate": strings}))
    assert adapter.schema_.columns[0].kind == "numerical"
    adapter.transform(pd.DataFrame({"rate": values}))  # no warning


def test_small_percentages_look_like_no_fractions():
    rates = pd.DataFrame({"rate": [f"{x / 100}%" for x in range(60)]})
    StructuredDataAdapter().fit(rates).transform(pd.DataFrame({"rate": [0.25, 0.5]}))


@pytest.mark.parametrize(
    ("values", "n_warnings"),
    [([0.2, 0.5] * 20, 1), ([0.2, 0.5] * 19 + [25.0, 30.0], 0)],
)
def test_all_batches_of_percentages_are_judged_together(
    monkeypatch, recwarn, values, n_warnings
):
    monkeypatch.setattr("skautokeras._data.long_tables._VALUES_AT_ONCE", 4)
    StructuredDataAdapter().fit(SHARES).transform(pd.DataFrame({"rate": values}))
    assert len(recwarn) == n_warnings


def test_dates_in_the_place_of_numbers_are_an_error():
    X = pd.DataFrame({"km": MOMENTS[:2], "when": "31.12.2020"})
    with pytest.raises(ValueError, match="Column 'km' is numerical and holds dates"):
        ADAPTER.transform(X)


@pytest.mark.parametrize("dtype", [object, str])
def test_arrays_are_read_as_tables_are(dtype):
    X = TABLE.fillna("").to_numpy(dtype=dtype)
    adapter = StructuredDataAdapter().fit(X)
    assert [c.kind for c in adapter.schema_.columns] == ["numerical", "datetime"]
    assert_equal_arrays(adapter.transform(X), ADAPTER.transform(TABLE.fillna("")))


@pytest.mark.parametrize("copy", ["pickle", "codec"])
def test_the_format_is_saved(copy):
    if copy == "pickle":
        again = pickle.loads(pickle.dumps(ADAPTER))
    else:
        members = {}
        again = decode(json.loads(json.dumps(encode(ADAPTER, members))), members)
    assert_equal_arrays(again.transform(TABLE), ADAPTER.transform(TABLE))
    assert [c.format for c in again.schema_.columns] == ["km", "%d.%m.%Y"]


def test_the_report_says_what_strings_become():
    report = ADAPTER.describe_columns(list(TABLE)).set_index("name")
    assert report.loc["km", "becomes"] == (
        "1 number, standardised, and whether it is missing"
    )
    assert "parts of a date, and whether it is missing" in report.loc["when", "becomes"]
    assert report.loc["km", "missing"] == 2 / len(TABLE)


def test_bills_of_the_same_day_have_their_year_at_the_end():
    days = pd.date_range("2020-01-15", periods=48, freq="MS") + pd.Timedelta(days=14)
    assert learn_date_format(days.strftime("%d/%m/%y").tolist()) == "%d/%m/%y"


def test_numbers_of_thousands_of_digits_are_looked_at():
    strings = ["1" * 5000, "1.234", "12.500"]
    assert learn_unit(strings, [1, 1, 1]) == ""
