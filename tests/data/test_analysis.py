"""What each column is taken for, and why."""

import datetime
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from skautokeras._data import Declaration, analyse_column, analyse_table

LEFT_OUT = ", so it is left out"


def analysed(values, kind=None, dtype=None, **options):
    """Return the column without its values."""
    series = pd.Series(values, dtype=dtype, name="col")
    declaration = Declaration(kind, "column_types") if kind else None
    return analyse_column(series, declaration, **options)[0]


@pytest.mark.parametrize(
    ("values", "dtype", "kind", "reason"),
    [
        ([1.5, None], None, "numerical", "dtype float64"),
        ([1, 2], "int8", "numerical", "dtype int8"),
        ([1, None, 2], "Int64", "numerical", "dtype Int64"),
        (
            [Decimal(1), None, Decimal("2.5")],
            object,
            "numerical",
            "all values are numbers",
        ),
        (
            [datetime.timedelta(1)] * 2 + [None],
            object,
            "numerical",
            "all values are durations or times of the day",
        ),
        ([True, False], None, "categorical", "dtype bool"),
        ([True, None], "boolean", "categorical", "dtype boolean"),
        ([True, None], object, "categorical", "all values are booleans"),
        (["a", "b"], "category", "categorical", "dtype category"),
        ([3, 1], "category", "categorical", "dtype category"),
        (["a", "b", None], "str", "categorical", "2 different strings in 2 rows"),
        (["a", "b", "a"], object, "categorical", "2 different strings in 3 rows"),
        (["a", None, "a"], object, "categorical", "1 string in 2 rows"),
        (["", None, None], object, "categorical", "1 string in 1 row"),
        ([1, "a", True], object, "categorical", "3 different values in 3 rows"),
        (
            [datetime.date(2020, 1, 1), None],
            object,
            "datetime",
            "all values are dates",
        ),
        ([None, None], None, "constant", f"all values are missing{LEFT_OUT}"),
        ([pd.NaT] * 2, None, "constant", f"all values are missing{LEFT_OUT}"),
        ([7, 7], None, "constant", f"all values are the same{LEFT_OUT}"),
        (["a", "a"], "category", "constant", f"all values are the same{LEFT_OUT}"),
    ],
)
def test_the_reason_says_why_a_column_has_its_kind(values, dtype, kind, reason):
    column = analysed(values, dtype=dtype)
    assert (column.kind, column.reason) == (kind, reason)
    assert column.n_missing == pd.isna(list(values)).sum()


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (pd.to_datetime(["2020-01-01", None, "2021-01-01"]), "datetime"),
        (pd.to_datetime(["2020-01-01", None, "2021-01-01"], utc=True), "datetime"),
        (pd.PeriodIndex(["2020-01", None, "2020-02"], freq="M"), "datetime"),
        (pd.to_timedelta(["1min", None, "2min"]), "numerical"),
    ],
)
def test_moments_and_durations_are_known_by_their_dtype(values, kind):
    column = analysed(values)
    assert (column.kind, column.reason) == (kind, f"dtype {values.dtype}")
    assert (column.n_missing, column.n_unique) == (1, 2)


@pytest.mark.parametrize(
    ("n_unique", "n_rows", "kind", "reason"),
    [
        (50, 60, "categorical", "50 different strings in 60 rows"),
        (
            51,
            60,
            "short_text",
            "51 different strings in 60 rows, more than the 50 of a category",
        ),
        (60, 600, "categorical", "60 different strings in 600 rows"),
        (
            80,
            700,
            "short_text",
            "80 different strings in 700 rows, more than the 70 of a category",
        ),
    ],
)
def test_strings_are_short_texts_if_many_of_them_differ(n_unique, n_rows, kind, reason):
    values = [f"a b {i % n_unique}" for i in range(n_rows)]
    column = analysed(values)
    assert (column.kind, column.reason) == (kind, reason)
    # The pandas dtype decides before the strings are counted.
    assert analysed(values, dtype="category").reason == "dtype category"


@pytest.mark.parametrize("missing", [None, np.nan])
def test_a_value_that_comes_and_goes_is_not_constant(missing):
    assert analysed([1.0, missing, 1.0]).kind == "numerical"
    assert analysed(["a", missing, "a"]).kind == "categorical"


@pytest.mark.parametrize(
    "values", [[1, 1], ["a", "a"], [True, True], [None, None], [pd.NaT, pd.NaT]]
)
def test_one_value_or_none_at_all_is_constant(values):
    assert analysed(values).kind == "constant"
    assert analysed(values, dtype=object).kind == "constant"


@pytest.mark.parametrize(
    "kind", ["numerical", "categorical", "datetime", "short_text", "text"]
)
def test_the_user_decides_what_a_column_is(kind):
    column = analysed(["2020", "2020"] if kind == "datetime" else ["1", "1"], kind)
    assert (column.kind, column.reason) == (kind, "declared by column_types")


@pytest.mark.parametrize(
    "values",
    [np.random.RandomState(0).permutation(60) + 100, [f"id-{i}" for i in range(60)]],
)
def test_a_column_in_which_every_row_has_its_own_value_looks_like_an_identifier(values):
    column = analysed(values)
    assert column.identifier
    assert column.reason.endswith("; every row has its own value, as in an identifier")
    assert not analysed(values, "categorical").identifier


@pytest.mark.parametrize(
    "values",
    [
        np.arange(49),
        np.arange(60) * 2,
        np.arange(60.0),
        [f"id {i}" for i in range(60)],
        ["a", *(f"id-{i}" for i in range(58)), "a"],
    ],
)
def test_other_columns_are_no_identifiers(values):
    assert not analysed(values).identifier


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ([True, False], "dtype bool, and categorical_features is None"),
        (
            pd.Categorical([3, 1, None]),
            "dtype category, and categorical_features is None",
        ),
    ],
)
def test_what_can_be_a_number_is_one_where_numbers_are_preferred(values, reason):
    column = analysed(values, prefer_numbers=True)
    assert (column.kind, column.reason) == ("numerical", reason)
    assert analysed(values).kind == "categorical"


SENTENCES = [f"the wine number {i} is as dry as {i + 7}" for i in range(40)]


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (SENTENCES, "text"),
        ([*SENTENCES, *[None] * 30], "text"),
        ([*SENTENCES[:21], *SENTENCES[:19]], "text"),
        ([*SENTENCES[:19], *SENTENCES[:11], *SENTENCES[:10]], "categorical"),
        (SENTENCES[:10], "text"),
        (SENTENCES[:9], "categorical"),
        ([f"a b c d e {i}" for i in range(60)], "text"),
        ([f"a b c d {i}" for i in range(60)], "short_text"),
        ([*SENTENCES[:20], *[f"dry {i}" for i in range(40)]], "short_text"),
        ([*SENTENCES, 1.5], "categorical"),
    ],
)
def test_strings_are_texts_if_most_differ_and_have_some_words(values, kind):
    assert analysed(values, dtype=object).kind == kind
    if 1.5 not in values:
        assert analysed(values, dtype="string").kind == kind


def test_the_reason_of_a_text_counts_its_words():
    column = analysed(SENTENCES)
    assert column.reason == (
        "40 different strings in 40 rows, half of them with 9 words or more"
    )


def test_a_table_is_analysed_column_by_column():
    X = np.array([[1, "a", None], [2, "b", 0.5], [4, "a", 1]], dtype=object)
    analysis = analyse_table(X, {1: Declaration("short_text", "column_types")})
    columns, values = zip(*analysis, strict=True)
    assert [column.name for column in columns] == ["x0", "x1", "x2"]
    assert [column.kind for column in columns] == [
        "numerical",
        "short_text",
        "numerical",
    ]
    assert values[0].tolist() == [1, 2, 4]
    codes, keys = values[1]
    assert keys[codes].tolist() == ["a", "b", "a"]


def test_strings_of_an_array_are_numbers_if_all_of_them_are():
    X = np.array([["1", "x", "3"], ["", "5", "4"]])
    declarations = {2: Declaration("categorical", "categorical_features")}
    columns = [column for column, _ in analyse_table(X, declarations)]
    assert [(column.kind, column.reason) for column in columns] == [
        ("numerical", "all strings are numbers"),
        ("categorical", "2 different strings in 2 rows"),
        ("categorical", "declared by categorical_features"),
    ]


def test_constant_columns_are_not_read_further():
    X = pd.DataFrame({"a": [1, 1], "b": [None, None], "c": [1, 2]})
    values = [values for _, values in analyse_table(X, {})]
    assert values[:2] == [None, None]
    assert values[2].tolist() == [1, 2]


@pytest.mark.parametrize(
    "sentence",
    ["这家餐厅的第{}道菜非常好吃我们还会再来", "อาหารจานที่{}อร่อยมากเราจะกลับมาอีก"],
)
def test_sentences_of_scripts_without_spaces_are_texts(sentence):
    column = analysed([sentence.format(i) for i in range(80)])
    assert column.kind == "text"
    assert not column.identifier
    names = analysed([f"山田{chr(0x4E00 + i)}" for i in range(80)])
    assert names.kind == "short_text"
    assert not names.identifier
