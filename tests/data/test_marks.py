"""Marks of missing values, and marks on numbers: limits, estimates and footnotes."""

import warnings

import numpy as np
import pandas as pd
import pytest

from skautokeras._data import (
    MOST_MARKS,
    StructuredDataAdapter,
    analyse_column,
    learn_date_format,
    parse_dates,
    parse_quantities,
)

N = 240
NUMBERS = np.random.default_rng(0).permutation(N) / 4 + 0.05
STRINGS = [f"{number:.2f}" for number in NUMBERS]
DAYS = list(pd.date_range("2020-01-06", periods=N, freq="3D").strftime("%Y-%m-%d"))


def column_of(values):
    return analyse_column(pd.Series(list(values), dtype=object, name="col"))[0]


def with_marks(values, marks, every=10):
    """Put marks in the place of some values, in turn."""
    return [
        marks[i // every % len(marks)] if i % every == 0 else value
        for i, value in enumerate(values)
    ]


def arrays(adapter, values):
    X = pd.DataFrame({"col": pd.Series(list(values), dtype=object)})
    return adapter.transform(X)


def fitted(values, kind=None):
    types = None if kind is None else {"col": kind}
    X = pd.DataFrame({"col": pd.Series(list(values), dtype=object)})
    return StructuredDataAdapter(column_types=types).fit(X)


def assert_equal(some, others):
    assert list(some) == list(others)
    for name, array in some.items():
        np.testing.assert_array_equal(array, others[name])


# --- Marks of missing values


@pytest.mark.parametrize(
    "marks",
    [
        ["?", "n/a"],
        ["-", "--"],
        ["#VALUE!", "#DIV/0!"],
        ["#DIV/0!"],
        ["?", "n/a", "none", "tbd", "..."],
    ],
)
@pytest.mark.parametrize("values", [STRINGS, DAYS], ids=["numbers", "dates"])
def test_a_few_marks_of_missing_values_do_not_count(values, marks):
    assert len(marks) <= MOST_MARKS
    marked = with_marks(values, marks)
    column = column_of(marked)
    assert column.kind == ("numerical" if values is STRINGS else "datetime")
    listed = " and ".join(map(repr, marks))
    assert column.reason.startswith("90.0 % of the strings are ")
    assert sorted(column.reason.split("the others are ")[1].split(" and ")) == sorted(
        listed.split(" and ")
    )
    assert column.n_missing == N // 10
    adapter = fitted(marked)
    expected = arrays(adapter, [None if v in marks else v for v in marked])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert_equal(arrays(adapter, marked), expected)


@pytest.mark.parametrize(
    "values",
    [
        # Too many different ones, too many rows, or strings that are not repeated.
        with_marks(STRINGS, ["a", "b", "c", "d", "e", "f"]),
        [*STRINGS, *["low", "high"] * N],
        [*STRINGS, *["far"] * 9, "near"],
        # Words that say something.
        with_marks(STRINGS, ["S", "M", "L"]),
        with_marks(STRINGS, ["low", "n/a"]),
        # Strings with digits are values.
        with_marks(STRINGS, ["?", "3 or 4"]),
    ],
)
def test_other_strings_are_no_marks(values):
    assert column_of(values).kind in {"categorical", "short_text"}


ZEROS = ["0000-00-00", "0000-00-00 00:00:00", "00/00/0000", "00.00.0000", "00000000"]


@pytest.mark.parametrize("zero", ZEROS)
@pytest.mark.parametrize("every", [33, 10, 3])
@pytest.mark.parametrize("kind", [None, "datetime"])
def test_dates_of_zeros_are_missing(zero, every, kind):
    marked = with_marks(DAYS, [zero], every)
    adapter = fitted(marked, kind)
    column = adapter.schema_.columns[0]
    assert (column.kind, column.n_missing) == ("datetime", len(range(0, N, every)))
    assert column.format == learn_date_format(DAYS)
    expected = arrays(adapter, [None if v == zero else v for v in marked])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert_equal(arrays(adapter, marked), expected)
        # In `predict`, too, where all of them are so.
        arrays(adapter, [zero] * 20)


@pytest.mark.parametrize("zero", ZEROS)
def test_zeros_are_missing_where_fit_had_real_dates(zero):
    X = pd.DataFrame({"col": pd.to_datetime(DAYS)})
    adapter = StructuredDataAdapter().fit(X)
    assert_equal(arrays(adapter, [DAYS[0], zero]), arrays(adapter, [DAYS[0], None]))


# --- Marks on numbers


@pytest.mark.parametrize(
    ("string", "number"),
    [
        *(("<5", 5), ("< 5", 5), (">5", 5), ("<=5", 5), (">=5", 5), ("\u22645", 5)),
        *(("\u22655", 5), ("~3.2", 3.2), ("\u22483.2", 3.2), ("12.5*", 12.5)),
        *(("12.5 **", 12.5), ("5+", 5), ("10,000+", 10000), ("7\u2020", 7)),
        *(("<-5", -5), ("~5 km", 5), ("5 km*", 5), (" >5+ ", 5), ("+5*", 5)),
    ],
)
def test_marks_on_numbers_are_left_out(string, number):
    assert parse_quantities([string], "km").tolist() == [number]


@pytest.mark.parametrize(
    "string", ["<", "*", "+", "~", "<<5", "5****", "*5", "5<", "5~", "<5-10", "5++"]
)
def test_other_marks_are_no_numbers(string):
    assert np.isnan(parse_quantities([string], "")).all()


@pytest.mark.parametrize("mark", ["<{}", ">= {}", "~{}", "{}*", "{}+", "{}\u2020"])
@pytest.mark.parametrize("unit", ["", " mg"])
def test_marks_on_a_part_of_the_numbers_are_said(mark, unit):
    plain = [f"{string}{unit}" for string in STRINGS]
    marked = [mark.format(s) if i % 12 == 0 else s for i, s in enumerate(plain)]
    column = column_of(marked)
    assert column.kind == "numerical"
    assert column.reason.endswith(f"some with marks as in {marked[0]!r}")
    adapter = fitted(marked)
    assert_equal(arrays(adapter, marked), arrays(fitted(plain), plain))
    assert "mark" not in column_of([f" {string}" for string in plain]).reason


def test_marks_do_not_make_numbers_of_other_strings():
    groups = ["0-17", "18-24", "25-34", "35-44", "45-54", "55+"] * 40
    assert column_of(groups).kind == "categorical"
    # Few whole numbers remain codes.
    assert column_of([*map(str, range(9)), "9+"] * 20).kind == "categorical"
    assert column_of([f"{10000 + 7 * i}*" for i in range(N)]).kind != "numerical"


def test_durations_and_lengths_may_have_marks():
    durations = [f"{1 + i % 9}h {i % 60}m" for i in range(N)]
    marked = [f"~{d}" if i % 12 == 0 else d for i, d in enumerate(durations)]
    assert_equal(arrays(fitted(marked), marked), arrays(fitted(durations), durations))


# --- Digits of other scripts

SCRIPTS = ["\u0660", "\u06f0", "\u0966", "\uff10", "\U0001d7ce"]


def in_script(string, zero):
    digits = {str(i): chr(ord(zero) + i) for i in range(10)}
    return string.translate(str.maketrans(digits))


@pytest.mark.parametrize("zero", SCRIPTS)
def test_digits_of_other_scripts_are_digits(zero):
    numbers = [in_script(string, zero) for string in STRINGS]
    assert column_of(numbers).kind == "numerical"
    assert_equal(arrays(fitted(numbers), numbers), arrays(fitted(STRINGS), STRINGS))
    days = [in_script(day, zero) for day in DAYS]
    assert column_of(days).kind == "datetime"
    assert_equal(arrays(fitted(days), days), arrays(fitted(DAYS), DAYS))
    clocks = [f"{i % 24}:{i % 60:02d}" for i in range(N)]
    others = [in_script(clock, zero) for clock in clocks]
    assert_equal(arrays(fitted(others), others), arrays(fitted(clocks), clocks))
    # They come back in either form.
    assert_equal(arrays(fitted(STRINGS), numbers), arrays(fitted(STRINGS), STRINGS))


def test_signs_of_other_scripts_are_signs():
    arabic = "\u0661\u066c\u0662\u0663\u0664\u066b\u0665"
    assert parse_quantities([arabic], "").tolist() == [1234.5]
    assert parse_quantities(["\uff0d\uff15\uff0e\uff15"], "").tolist() == [-5.5]
    assert np.isnan(parse_quantities(["x\u00b2", "\u00b2", "\u2460"], "")).all()


# --- Forms of dates


def ordinal(day):
    ends = {1: "st", 2: "nd", 3: "rd"}
    return f"{day}{'th' if 10 < day < 20 else ends.get(day % 10, 'th')}"


def of_newspapers(day):
    """Write a date as American newspapers do: short months are written in full."""
    month = f"{day:%b}." if day.month in {1, 2, 8, 10, 11, 12} else f"{day:%B}"
    return f"{'Sept.' if day.month == 9 else month} {day.day}, {day.year}"


@pytest.mark.parametrize(
    ("write", "whole_days"),
    [
        (lambda d: d.strftime("%a %b %d %H:%M:%S +0000 %Y"), False),
        (lambda d: f"{d:%B} {ordinal(d.day)}, {d.year}", True),
        (lambda d: f"{ordinal(d.day)} {d:%B %Y}", True),
        (lambda d: f"{ordinal(d.day)} of {d:%B} {d.year}", True),
        (lambda d: f"{d:%b} {ordinal(d.day)} {d.year}", True),
        (lambda d: f"{d:%b}. {d.day}, {d.year}".replace("Sep.", "Sept."), True),
        (of_newspapers, True),
        (lambda d: d.strftime("%d.%m.%Y %H.%M.%S"), False),
        (lambda d: f"/Date({int(d.timestamp() * 1000)})/", False),
        (lambda d: f"/Date({int(d.timestamp() * 1000)}+0200)/", False),
    ],
)
def test_usual_forms_of_dates_are_read(write, whole_days):
    moments = pd.Series(pd.date_range("2019-12-30", periods=N, freq="1785min"))
    moments = moments.dt.floor("D" if whole_days else "s")
    strings = [write(moment) for moment in moments]
    column = column_of(strings)
    assert column.kind == "datetime"
    np.testing.assert_array_equal(parse_dates(strings, column.format), moments)


@pytest.mark.parametrize("form", ["%d.%m.%Y %H.%M", "%d/%m/%Y %Hh%M", "%d %B %Y %H:%M"])
def test_clocks_may_have_a_point_or_a_letter(form):
    moments = pd.Series(pd.date_range("2019-12-30", periods=N, freq="1785min"))
    strings = list(moments.dt.strftime(form))
    column = column_of(strings)
    assert column.kind == "datetime"
    np.testing.assert_array_equal(parse_dates(strings, column.format), moments)


@pytest.mark.parametrize(
    "strings",
    [
        [f"{i}th Street" for i in range(N)],
        [f"/Data({i})/" for i in range(N)],
        [f"/Date({i}" for i in range(N)],
        [f"Marching {i}, 2020" for i in range(N)],
    ],
)
def test_other_strings_are_no_dates(strings):
    assert column_of(strings).kind != "datetime"
