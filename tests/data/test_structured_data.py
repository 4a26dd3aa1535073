import pickle
import warnings

import joblib
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from scipy import sparse
from sklearn.base import clone

from skautokeras._data import (
    StructuredDataAdapter,
    TextAdapter,
)

N_SAMPLES = 40


def make_frame():
    """One column of every kind and dtype, most with missing values."""
    i = np.arange(N_SAMPLES)
    some = i % 7 == 3
    when = pd.Timestamp("2020-01-01 06:00") + pd.to_timedelta(i * 37, unit="h")
    name = [f"mr smith {k}" if k % 3 else f"mrs jones {k}" for k in i]
    return pd.DataFrame(
        {
            "float": np.where(some, np.nan, np.sin(i)),
            "int": i % 11,
            "Int64": pd.Series(i % 5, dtype="Int64").mask(some),
            "bool": i % 2 == 0,
            "boolean": pd.Series(i % 3 == 0, dtype="boolean").mask(some),
            "string": pd.Series(["a", "b", "", "c"] * 10).mask(some),
            "object": pd.Series(["a", 1, 2.5, True] * 10, dtype=object).mask(
                some, None
            ),
            "category": pd.Series(list("xyzx") * 10, dtype="category").mask(some),
            "when": pd.Series(when).mask(some),
            "duration": pd.to_timedelta(i % 6, unit="min"),
            "name": name,
            "constant": 1.0,
        }
    )


FRAME = make_frame()
TYPES = {"name": "short_text"}


def fitted(X=FRAME, **parameters):
    return StructuredDataAdapter(**{"column_types": TYPES} | parameters).fit(X)


def assert_equal_arrays(some, other):
    assert list(some) == list(other)
    for name in some:
        assert some[name].dtype == other[name].dtype
        np.testing.assert_array_equal(some[name], other[name])


def single(values, kind=None, to_transform=None, name="col"):
    """Adapter of a table of one column, and the arrays of it or of other values."""
    X = pd.DataFrame({name: values})
    adapter = StructuredDataAdapter(column_types={name: kind} if kind else None).fit(X)
    given = X if to_transform is None else pd.DataFrame({name: to_transform})
    return adapter, adapter.transform(given)


IDENTIFIERS = {
    "counted": np.random.RandomState(0).permutation(60) + 100,
    "codes": [f"id-{i}" for i in range(60)],
}


@pytest.mark.parametrize("name", IDENTIFIERS)
def test_identifiers_are_used_with_a_warning_that_names_them(name):
    X = pd.DataFrame({name: IDENTIFIERS[name], "x": np.arange(60) % 7})
    message = rf"\['{name}'\] look like identifiers.*Drop them.*column_types"
    with pytest.warns(UserWarning, match=message):
        adapter = StructuredDataAdapter().fit(X)
    assert [column.identifier for column in adapter.schema_.columns] == [True, False]


@pytest.mark.parametrize("name", IDENTIFIERS)
def test_a_declared_identifier_needs_no_warning(name):
    X = pd.DataFrame({name: IDENTIFIERS[name]})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        StructuredDataAdapter(column_types={name: "categorical"}).fit(X)


@pytest.mark.parametrize("features", [["int"], [1], np.arange(12) == 1])
def test_categorical_features_make_categories_of_numbers(features):
    columns = fitted(categorical_features=features, column_types=None).schema_.columns
    assert columns[1].kind == "categorical"
    assert columns[0].kind == "numerical"


def test_without_categorical_features_only_what_is_no_number_is_categorical():
    X = FRAME.assign(numbers=pd.Series([1, 5] * 20, dtype="category"))
    adapter = StructuredDataAdapter(categorical_features=None).fit(X)
    kinds = {column.name: column.kind for column in adapter.schema_.columns}
    assert kinds["bool"] == kinds["boolean"] == kinds["numbers"] == "numerical"
    assert kinds["string"] == kinds["object"] == kinds["category"] == "categorical"
    assert adapter.transform(X)["categorical"].shape[1] == 4


def test_all_columns_together():
    adapter = fitted()
    schema = adapter.schema_
    date = [
        f"when:{part}"
        for part in ["elapsed", "year_sin", "year_cos", "week_sin", "week_cos"]
    ]
    assert schema.numerical == (
        *("float", "int", "Int64"),
        *date,
        *("when:day_sin", "when:day_cos", "duration"),
    )
    assert schema.indicator == (
        *("float:missing", "Int64:missing", "when:missing"),
        *(f"name:word={word}" for word in ["mr", "smith", "jones", "mrs"]),
    )
    assert schema.categorical == ("bool", "boolean", "string", "object", "category")
    assert schema.cardinalities == (4, 4, 6, 6, 5)
    assert schema.n_samples == N_SAMPLES
    assert [column.name for column in schema.columns] == list(FRAME)
    arrays = adapter.transform(FRAME)
    shapes = {name: (a.shape[1], str(a.dtype)) for name, a in arrays.items()}
    assert shapes == schema.shapes
    assert list(arrays) == ["numerical", "indicator", "categorical"]


def test_numbers_are_centred_scaled_and_filled_with_the_median():
    values = [1.0, 2.0, 9.0, None]
    adapter, arrays = single(values)
    filled = np.array([1.0, 2.0, 9.0, 2.0])
    expected = (filled - filled.mean()) / filled.std()
    np.testing.assert_allclose(arrays["numerical"][:, 0], expected, rtol=1e-6)
    assert arrays["indicator"].tolist() == [[0], [0], [0], [1]]
    assert adapter.schema_.indicator == ("col:missing",)
    assert adapter.medians_.tolist() == [2.0]


def test_a_number_that_is_first_missing_after_fit_is_filled_without_an_indicator():
    _, arrays = single([1.0, 2.0, 9.0], to_transform=[None, 2.0])
    assert list(arrays) == ["numerical"]
    assert arrays["numerical"][0] == arrays["numerical"][1]


def test_large_numbers_keep_their_small_differences():
    _, arrays = single(1.7e9 + np.arange(5.0))
    np.testing.assert_allclose(np.diff(arrays["numerical"][:, 0]), 0.5**0.5, rtol=1e-6)


@pytest.mark.parametrize("values", [[1e300, -1e300, 5.0], [1.7e308, 1.7e308, -1.7e308]])
def test_huge_numbers_stay_finite(values):
    _, arrays = single(values, to_transform=[*values, 1e308, None])
    assert np.isfinite(arrays["numerical"]).all()


@pytest.mark.parametrize(
    ("n_rows", "n_quantiles"), [(3, 3), (1001, 1001), (5000, 1001)]
)
def test_quantiles_describe_the_numerical_array(n_rows, n_quantiles):
    X = np.random.RandomState(0).lognormal(size=(n_rows, 2))
    adapter = StructuredDataAdapter().fit(X)
    quantiles = adapter.schema_.quantiles
    assert quantiles.dtype == np.float32
    assert quantiles.shape == (n_quantiles, 2)
    assert (np.diff(quantiles, axis=0) >= 0).all()
    numerical = adapter.transform(X)["numerical"]
    expected = np.quantile(numerical, np.linspace(0, 1, n_quantiles), axis=0)
    np.testing.assert_allclose(quantiles, expected, rtol=1e-5, atol=1e-6)


def test_categories_are_sorted_and_unknown_and_missing_have_codes_of_their_own():
    adapter, arrays = single(
        ["b", None, "a", "", "b"], to_transform=["a", "b", "", "new", None]
    )
    assert arrays["categorical"][:, 0].tolist() == [3, 4, 2, 0, 1]
    assert adapter.categories_ == {"col": ["", "a", "b"]}
    assert adapter.schema_.cardinalities == (5,)


@pytest.mark.parametrize("dtype", [float, "Int64", object, "category", "str", np.int8])
def test_categories_do_not_depend_on_the_dtype_at_transform(dtype):
    given = pd.Series([2, 1, 3]).astype(dtype)
    _, arrays = single([1, 2, 3], kind="categorical", to_transform=given)
    assert arrays["categorical"][:, 0].tolist() == [3, 2, 4]


def test_rare_categories_share_the_code_of_unknown_ones_if_there_are_many():
    values = [f"often {i}" for i in range(45)] * 2 + [f"once {i}" for i in range(6)]
    adapter, arrays = single(values, kind="categorical")
    assert adapter.schema_.cardinalities == (47,)
    assert arrays["categorical"][-6:, 0].tolist() == [0] * 6
    # One category less, and all are kept.
    assert single(values[:-1], kind="categorical")[0].schema_.cardinalities == (52,)


def test_categories_without_rows_are_not_learned():
    values = pd.Categorical(["a", "b"], categories=["a", "b", "c"])
    assert single(values)[0].categories_ == {"col": ["a", "b"]}


def test_a_short_text_becomes_words_and_repeated_values():
    values = (
        ["Mr Brown"] * 6 + ["Mr Green"] * 6 + [f"Mrs {i}" for i in range(8)] + [None]
    )
    adapter, arrays = single(values, "short_text", ["mr! 5", None, "Mr Brown"])
    assert adapter.vocabularies_ == {"col": ["mr", "mrs", "brown", "green"]}
    assert arrays["indicator"].tolist() == [[1, 0, 0, 0], [0, 0, 0, 0], [1, 0, 1, 0]]
    assert arrays["categorical"][:, 0].tolist() == [0, 1, 2]


def test_a_short_text_in_which_nothing_repeats_has_no_categories():
    adapter, arrays = single([f"text {i}" for i in range(60)])
    assert adapter.schema_.columns[0].kind == "short_text"
    assert list(arrays) == ["numerical"]
    assert not arrays["numerical"].any()


SENTENCES = [f"the wine number {i} is as dry as {i + 7}" for i in range(40)]


@pytest.mark.parametrize("dtype", [object, "string"])
def test_a_column_of_texts_becomes_the_arrays_of_texts(dtype):
    X = pd.DataFrame({"age": range(40), "a": SENTENCES, "b": SENTENCES[::-1]})
    X = X.astype({"a": dtype, "b": dtype})
    X.loc[3, "a"] = None
    new = X.head(5).assign(b=["wine", "", None, "unheard of", "is dry"])
    adapter = StructuredDataAdapter().fit(X)
    arrays = adapter.transform(new)
    shapes = {n: (a.shape[1], a.dtype.name) for n, a in arrays.items()}
    assert shapes == adapter.schema_.shapes
    assert list(adapter.schema_.texts) == ["a", "b"]
    assert "categorical" not in arrays
    for i, name in enumerate("ab"):
        alone = TextAdapter().fit(X[name])
        for part, expected in alone.transform(new[name]).items():
            np.testing.assert_array_equal(arrays[f"text_{i + 1}__{part}"], expected)
    np.testing.assert_array_equal(arrays["text_2__tokens"][1:3], 0)


@pytest.mark.parametrize("kind", ["short_text", "categorical"])
def test_a_column_of_texts_can_be_declared_something_else(kind):
    adapter, arrays = single([*SENTENCES, *SENTENCES[:5]], kind)
    assert not adapter.schema_.texts
    assert "categorical" in arrays


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        ([1, 2.5, None, "dry"], ["1", "2.5", "", "dry"]),
        (pd.Categorical(["dry", "red", None, "dry"]), ["dry", "red", "", "dry"]),
        ([None] * 4, [""] * 4),
        (["dry"] * 4, ["dry"] * 4),
    ],
)
def test_any_column_can_be_declared_a_text(values, texts):
    adapter, arrays = single(values, "text")
    assert list(adapter.schema_.texts) == ["col"]
    for part, expected in TextAdapter().fit_transform(texts).items():
        np.testing.assert_array_equal(arrays[f"text_1__{part}"], expected)


def test_texts_in_arrays_of_strings_and_of_objects_are_found():
    X = [[str(i), text] for i, text in enumerate(SENTENCES)]
    frame = pd.DataFrame({"x0": np.arange(40), "x1": SENTENCES})
    expected = StructuredDataAdapter().fit_transform(frame)
    assert_equal_arrays(StructuredDataAdapter().fit_transform(np.array(X)), expected)
    X = [[i, text] for i, text in enumerate(SENTENCES)]
    assert_equal_arrays(StructuredDataAdapter().fit_transform(X), expected)


def test_parts_of_dates_that_do_not_vary_are_dropped():
    days = pd.date_range("2020-01-06", periods=10, freq="7D")
    adapter, _ = single([*days, pd.NaT])
    assert adapter.schema_.numerical == ("col:elapsed", "col:year_sin", "col:year_cos")
    assert adapter.schema_.indicator == ("col:missing",)


def test_dates_that_are_declared_are_parsed():
    values = ["2020-01-01", "2020-01-02", "2020-01-04"]
    adapter, arrays = single(values, "datetime", pd.to_datetime(values))
    assert adapter.schema_.columns[0].kind == "datetime"
    _, undeclared = single(pd.to_datetime(values))
    assert_equal_arrays(arrays, undeclared)
    assert single(values)[0].schema_.columns[0].kind == "categorical"


@pytest.mark.parametrize(
    "X",
    [np.ones((5, 2)), [["a", None]] * 5, pd.DataFrame({"a": [pd.NaT] * 5, "b": "x"})],
)
def test_constant_columns_alone_still_give_an_array(X):
    adapter = StructuredDataAdapter().fit(X)
    assert adapter.schema_.shapes == {"numerical": (1, "float32")}
    assert adapter.schema_.quantiles.shape == (1, 1)
    assert adapter.transform(X)["numerical"].tolist() == [[0.0]] * 5


def test_a_constant_column_may_hold_anything_at_transform():
    X = pd.DataFrame({"constant": [1, 1, 1], "x": [1, 2, 3]})
    adapter = StructuredDataAdapter().fit(X)
    arrays = adapter.transform(X.assign(constant=["a", None, "b"]))
    assert_equal_arrays(arrays, adapter.transform(X))


NUMBERS = np.random.RandomState(0).normal(size=(6, 3)).round(2)


@pytest.mark.parametrize(
    "make",
    [
        np.ndarray.tolist,
        np.asfortranarray,
        lambda X: np.repeat(X, 2, axis=1)[:, ::2],
        lambda X: X.astype(object),
        lambda X: X.astype(str),
        lambda X: pd.DataFrame(X),
        lambda X: pd.DataFrame(X, columns=list("abc")),
        lambda X: pd.DataFrame(X).astype("Float64"),
        sparse.csr_matrix,
        sparse.csc_array,
        sparse.coo_array,
    ],
)
def test_numbers_in_any_container_give_the_same_arrays(make):
    X = make(NUMBERS)
    expected = StructuredDataAdapter().fit(NUMBERS).transform(NUMBERS)
    assert_equal_arrays(StructuredDataAdapter().fit(X).transform(X), expected)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.int8, np.uint64, bool])
def test_numbers_of_any_dtype_are_accepted(dtype):
    X = np.round(NUMBERS.clip(0)).astype(dtype)
    arrays = StructuredDataAdapter().fit(X).transform(X)
    assert list(arrays) == ["categorical" if dtype is bool else "numerical"]


def test_read_only_memory_maps_are_accepted(tmp_path):
    joblib.dump(NUMBERS, tmp_path / "X")
    X = joblib.load(tmp_path / "X", mmap_mode="r")
    arrays = StructuredDataAdapter().fit(X).transform(X)
    assert_equal_arrays(arrays, StructuredDataAdapter().fit_transform(NUMBERS))


def test_lists_of_mixed_types_keep_their_types():
    adapter = StructuredDataAdapter().fit([[1, "a", None], [2, "b", 0.5], [4, "a", 1]])
    assert [c.kind for c in adapter.schema_.columns] == [
        "numerical",
        "categorical",
        "numerical",
    ]


def test_numbers_that_numpy_has_made_strings_are_numbers_again():
    X = np.array([["1", "01"], ["", "x"], ["3.5", "02"]])
    adapter = StructuredDataAdapter().fit(X)
    assert [c.kind for c in adapter.schema_.columns] == ["numerical", "categorical"]
    arrays = adapter.transform(X)
    # The categories of a column stay strings, in every subset of the rows.
    assert arrays["categorical"][:, 0].tolist() == [2, 4, 3]
    assert arrays["indicator"][:, 0].tolist() == [0, 1, 0]
    assert adapter.transform(X[::2])["categorical"][:, 0].tolist() == [2, 3]
    with pytest.raises(ValueError, match="could not convert string to float: 'two'"):
        adapter.transform(np.array([["two", "x"]]))


def test_columns_without_names_go_by_their_position():
    X = pd.DataFrame({"a": [1.0, 2, 3], "b": list("xyx")})
    adapter = StructuredDataAdapter().fit(X)
    assert_equal_arrays(adapter.transform(X.to_numpy()), adapter.transform(X))
    assert adapter.feature_names_in_.tolist() == ["a", "b"]
    unnamed = StructuredDataAdapter().fit(X.to_numpy())
    assert not hasattr(unnamed, "feature_names_in_")
    assert_equal_arrays(unnamed.transform(X), adapter.transform(X))


@pytest.mark.parametrize("missing", ["", " ", None])
@pytest.mark.parametrize("dtype", [object, "category"])
def test_missing_dates_may_come_back_as_empty_strings(missing, dtype):
    X = pd.DataFrame({"when": pd.date_range("2020-01-01", periods=30, freq="D")})
    adapter = StructuredDataAdapter().fit(X)
    strings = [*X["when"].dt.strftime("%Y-%m-%d")[:5], missing]
    asked = pd.DataFrame({"when": pd.Series(strings, dtype=dtype)})
    expected = pd.DataFrame({"when": [*X["when"][:5], pd.NaT]})
    assert_equal_arrays(adapter.transform(asked), adapter.transform(expected))


@pytest.mark.parametrize("form", ["%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S.%f"])
def test_dates_that_come_back_from_a_file_as_strings_stay_the_same(form):
    adapter = fitted()
    strings = FRAME.assign(when=FRAME["when"].dt.strftime(form))
    assert_equal_arrays(adapter.transform(strings), adapter.transform(FRAME))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda X: X[X.columns[::-1]], "must be in the same order as they were in fit"),
        (lambda X: X.drop(columns="int"), "seen at fit time, yet now missing:\n- int"),
        (lambda X: X.assign(new=1), "Feature names unseen at fit time:\n- new"),
        (lambda X: X.to_numpy()[:, 1:], "X has 11 features, but .* is expecting 12"),
        (lambda X: X.assign(int="abc"), "to float: 'abc'\nColumn 'int'"),
        (
            lambda X: X.assign(int="3"),
            "'int' was numerical in fit and holds strings now",
        ),
        (lambda X: X.assign(float=np.inf), "contains infinity .*\nColumn 'float'"),
        (lambda X: X.assign(when="1.1.2020"), "Column 'when' is a datetime column"),
        (lambda X: X.iloc[:0], r"Found array with 0 sample\(s\)"),
    ],
)
def test_another_table_at_transform_is_an_error(change, message):
    with pytest.raises(ValueError, match=message):
        fitted().transform(change(FRAME))


@pytest.mark.parametrize(
    ("X", "types", "message"),
    [
        (
            [["abc"], ["1"]],
            {0: "numerical"},
            "could not convert string to float: 'abc'",
        ),
        ([["soon"], ["2020"]], {0: "datetime"}, "'x0' .* 'soon' is no date"),
        ([[1.0], [np.inf]], None, "Input X contains infinity or .*\nColumn 'x0'"),
        ([["a"], [1j]], None, "Complex data not supported"),
        ([[1], [2]], {"y": "text"}, "column_types names 'y'"),
        ([[1], [2]], {0: "date"}, r"column_types\[0\] must be one of"),
    ],
)
def test_a_wrong_table_is_an_error_in_fit(X, types, message):
    with pytest.raises(ValueError, match=message):
        StructuredDataAdapter(column_types=types).fit(X)


def test_names_must_not_be_mixed_with_numbers():
    X = pd.DataFrame({"a": [1, 2], 1: [3, 4]})
    with pytest.raises(
        TypeError, match="only supported if all input features have str"
    ):
        StructuredDataAdapter().fit(X)


@pytest.mark.parametrize(
    ("values", "warns"),
    [
        (["x"] * 5, True),
        (["x"] * 4, False),
        (["x"] * 9 + ["a"], False),
        ([" a", "b "] * 5, False),
        ([None] * 9, False),
    ],
)
def test_a_warning_tells_that_no_category_is_known(values, warns):
    adapter = StructuredDataAdapter().fit(pd.DataFrame({"deck": ["a", "b"] * 9}))
    X = pd.DataFrame({"deck": pd.Series(values, dtype=object)})
    if not warns:
        adapter.transform(X)
        return
    with pytest.warns(UserWarning, match="No value of column 'deck' is known, such as"):
        adapter.transform(X)


def test_new_names_are_no_surprise():
    names = [f"name {i}" for i in range(99)] + ["twin", "twin"]
    adapter = StructuredDataAdapter().fit(pd.DataFrame({"name": names}))
    assert "name" in adapter.categories_
    adapter.transform(pd.DataFrame({"name": [f"new {i}" for i in range(9)]}))


def test_categories_are_the_same_in_single_and_double_precision():
    X = pd.DataFrame({"x": np.array([0.1, 0.4, 0.1], dtype=np.float32)})
    adapter = StructuredDataAdapter(categorical_features=["x"]).fit(X)
    expected = adapter.transform(X)["categorical"].ravel().tolist()
    assert expected == [2, 3, 2]
    for dtype in (np.float64, "Float32", object, "category"):
        again = pd.DataFrame({"x": pd.Series([0.1, 0.4, 0.1]).astype(dtype)})
        assert adapter.transform(again)["categorical"].ravel().tolist() == expected


@pytest.mark.parametrize("dtype", [float, int, bool, object])
def test_masked_values_are_missing(dtype):
    values = np.array([[1, 0], [0, 1], [1, 1]], dtype=dtype)
    X = np.ma.array(values, mask=[[0, 0], [1, 0], [0, 1]])
    adapter = StructuredDataAdapter().fit(X)
    assert [column.n_missing for column in adapter.schema_.columns] == [1, 1]
    expected = pd.DataFrame({"x0": [1, None, 1], "x1": [0, 1, None]}, dtype=object)
    if dtype is bool:
        expected = expected.replace({1: True, 0: False})
    expected = StructuredDataAdapter().fit(expected).transform(expected)
    assert_equal_arrays(adapter.transform(X), expected)


def test_a_dict_among_numbers_is_an_error():
    X = NUMBERS.astype(object)
    adapter = StructuredDataAdapter().fit(X)
    X[0, 0] = {"foo": "bar"}
    for use in (adapter.transform, StructuredDataAdapter().fit):
        with pytest.raises(TypeError, match=r"argument must be .* string.* number"):
            use(X)


ROWS = st.lists(st.integers(0, N_SAMPLES - 1), min_size=1, max_size=8)


@given(rows=ROWS)
@hypothesis_settings(max_examples=30)
def test_what_a_row_becomes_does_not_depend_on_the_others(rows):
    adapter = fitted()
    of_all = adapter.transform(FRAME)
    of_rows = adapter.transform(FRAME.iloc[rows])
    assert_equal_arrays(of_rows, {name: a[rows] for name, a in of_all.items()})


ANYTHING = {
    "float": st.floats(allow_infinity=False) | st.none(),
    "int": st.integers() | st.booleans() | st.none(),
    "Int64": st.integers(-(2**40), 2**40) | st.just(pd.NA),
    "bool": st.booleans() | st.none() | st.text(),
    "boolean": st.booleans() | st.integers(),
    "string": st.text() | st.none(),
    "object": st.text() | st.booleans() | st.floats(allow_infinity=False) | st.none(),
    "category": st.dates() | st.text(),
    "when": st.datetimes() | st.just(pd.NaT) | st.none(),
    "duration": st.timedeltas(pd.Timedelta(-99, "D"), pd.Timedelta(99, "D"))
    | st.none(),
    "name": st.text() | st.none(),
    "constant": st.none() | st.text() | st.integers(),
}


@given(rows=st.lists(st.fixed_dictionaries(ANYTHING), min_size=1, max_size=4))
@pytest.mark.filterwarnings("ignore:No value of column")
@hypothesis_settings(max_examples=100)
def test_unseen_and_missing_values_give_finite_numbers_and_known_codes(rows):
    adapter = fitted()
    X = pd.DataFrame({name: pd.Series([row[name] for row in rows], dtype=object)
                      for name in ANYTHING})  # fmt: skip
    arrays = adapter.transform(X)
    assert {name: array.shape for name, array in arrays.items()} == {
        name: (len(rows), width) for name, (width, _) in adapter.schema_.shapes.items()
    }
    assert np.isfinite(arrays["numerical"]).all()
    assert np.isin(arrays["indicator"], [0, 1]).all()
    assert (arrays["categorical"] >= 0).all()
    assert (arrays["categorical"] < adapter.schema_.cardinalities).all()


@given(rows=ROWS)
@hypothesis_settings(max_examples=20)
def test_a_frame_and_its_array_of_objects_give_equal_arrays(rows):
    X = FRAME.iloc[rows + list(range(N_SAMPLES))]
    as_objects = X.to_numpy(dtype=object)
    types = {list(FRAME).index("name"): "short_text"}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        expected = fitted(X).transform(X)
        found = fitted(as_objects, column_types=types).transform(as_objects)
    assert_equal_arrays(found, expected)


@given(rows=ROWS)
@hypothesis_settings(max_examples=10)
def test_a_pickled_adapter_gives_equal_arrays(rows):
    X = FRAME.iloc[rows + list(range(N_SAMPLES))]
    adapter = fitted(X)
    again = pickle.loads(pickle.dumps(adapter))
    assert_equal_arrays(again.transform(X), adapter.transform(X))
    assert_equal_arrays(clone(adapter).fit(X).transform(X), adapter.transform(X))


@pytest.mark.parametrize(
    "make", [pd.DataFrame.copy, lambda X: X.to_numpy(dtype=object).tolist()]
)
def test_the_table_is_not_changed(make):
    X = make(FRAME)
    before = pickle.dumps(X)
    StructuredDataAdapter().fit(X).transform(X)
    assert pickle.dumps(X) == before


def test_an_adapter_can_be_fitted_again():
    adapter = fitted()
    adapter.set_params(column_types=None).fit(NUMBERS)
    assert_equal_arrays(
        adapter.transform(NUMBERS), StructuredDataAdapter().fit_transform(NUMBERS)
    )
    assert adapter.categories_ == adapter.vocabularies_ == {}


def test_the_titanic_table_becomes_arrays(titanic):
    X, _ = titanic
    arrays = StructuredDataAdapter().fit(X).transform(X)
    assert {len(array) for array in arrays.values()} == {len(X)}
    assert all(np.isfinite(array).all() for array in arrays.values())
