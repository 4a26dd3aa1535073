import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from scipy import sparse
from sklearn.compose import ColumnTransformer, make_column_selector

from skautokeras._data import (
    StructuredDataAdapter,
    TextAdapter,
    XAdapter,
    split_columns,
)

N_SAMPLES = 6


def make_frame():
    i = np.arange(N_SAMPLES)
    return pd.DataFrame(
        {
            "size": i * 1.5,
            "photo": [f"{k}.png" for k in i],
            "rooms": i % 3,
            "deck": list("abcabc"),
            "text": [f"word {k}" for k in i],
        },
        index=i + 100,
    )


def test_columns_of_a_frame_go_to_the_inputs_that_name_them():
    X = make_frame()
    parts = split_columns(
        X, {"table": ["rooms", "size"], "image": "photo", "text": 4, "rest": [-2]}
    )
    assert list(parts) == ["table", "image", "text", "rest"]
    assert list(parts["table"].columns) == ["rooms", "size"]
    assert parts["image"].equals(X["photo"])
    assert parts["text"].equals(X["text"])
    assert list(parts["rest"].columns) == ["deck"]


def test_the_input_without_columns_gets_what_no_other_takes():
    parts = split_columns(
        make_frame(), {"text": "text", "table": None, "image": ["photo"]}
    )
    assert list(parts["table"].columns) == ["size", "rooms", "deck"]
    assert list(parts) == ["text", "table", "image"]


@pytest.mark.parametrize(
    "named",
    [
        np.array(["size", "rooms"]),
        pd.Index(["size", "rooms"]),
        pd.Series(["size", "rooms"]),
        [True, False, True, False, False],
        np.array([True, False, True, False, False]),
        make_column_selector(dtype_include="number"),
        lambda X: X.columns[[0, 2]],
    ],
    ids=range(7),
)
def test_columns_are_named_as_for_a_column_transformer(named):
    X = make_frame()
    transformer = ColumnTransformer([("same", "passthrough", named)]).fit(X)
    parts = split_columns(X, {"table": named, "rest": None})
    assert list(parts["table"].columns) == ["size", "rooms"]
    assert_array_equal(parts["table"], transformer.transform(X))
    assert list(parts["rest"].columns) == ["photo", "deck", "text"]


@pytest.mark.parametrize(
    "named", [slice(0, 3), slice(None, "rooms"), slice("size", "rooms"), slice(-5, 3)]
)
def test_a_slice_of_names_includes_its_end(named):
    X = make_frame()
    transformer = ColumnTransformer([("same", "passthrough", named)]).fit(X)
    parts = split_columns(X, {"table": named, "rest": None})
    assert list(parts["table"].columns) == ["size", "photo", "rooms"]
    assert_array_equal(parts["table"], transformer.transform(X))


@pytest.mark.parametrize("own_x", [False, True])
def test_a_selector_is_asked_in_fit_only(own_x):
    X = make_frame()
    # As it comes back from a file: whole numbers have become strings.
    other = X.astype({"size": str})
    selector = make_column_selector(dtype_include="number")
    adapter = XAdapter(
        ["table", "text"],
        [StructuredDataAdapter(), TextAdapter()],
        [selector, "text"],
    )
    parts = {"table": X, "text": X["text"]} if own_x else X
    adapter.fit(parts)
    assert adapter.adapters_[0].feature_names_in_.tolist() == ["size", "rooms"]
    other = {"table": other, "text": other["text"]} if own_x else other
    with pytest.raises(ValueError, match="'size' was numerical in fit"):
        adapter.transform(other)


def test_two_inputs_may_share_a_column():
    parts = split_columns(make_frame(), {"text": "text", "table": ["text", "size"]})
    assert parts["table"]["text"].equals(parts["text"])


@pytest.mark.parametrize(
    ("make", "is_sparse"),
    [
        (lambda: make_frame().to_numpy(dtype=object), False),
        (lambda: np.arange(30.0).reshape(N_SAMPLES, 5), False),
        (lambda: sparse.csr_array(np.arange(30.0).reshape(N_SAMPLES, 5)), True),
    ],
)
def test_columns_of_an_array_have_numbers(make, is_sparse):
    X = make()
    parts = split_columns(X, {"a": [0, 2], "b": None, "c": 1})
    full = X.toarray() if is_sparse else X
    found = {k: p.toarray() if is_sparse else p for k, p in parts.items()}
    assert_array_equal(found["a"], full[:, [0, 2]])
    assert_array_equal(found["b"], full[:, [3, 4]])
    assert_array_equal(found["c"], full[:, [1]] if is_sparse else full[:, 1])


@pytest.mark.parametrize(
    "X", [["one", "two", "three"], np.zeros((3, 8, 8)), make_frame(), [[1, 2], [3, 4]]]
)
def test_a_single_input_takes_x_as_it_is(X):
    assert split_columns(X, {"input": None})["input"] is X


def test_a_single_input_may_take_some_columns():
    assert split_columns(make_frame(), {"image": "photo"})["image"].name == "photo"


@pytest.mark.parametrize("container", [list, tuple])
def test_elements_of_a_list_go_to_the_inputs_in_their_order(container):
    images, texts = np.zeros((2, 8, 8)), ["one", "two"]
    parts = split_columns(container([images, texts]), {"image": None, "text": None})
    assert parts["image"] is images
    assert parts["text"] is texts


def test_values_of_a_dict_go_to_the_inputs_by_name():
    images, texts = np.zeros((2, 8, 8)), ["one", "two"]
    X = {"text": texts, "image": images}
    parts = split_columns(X, {"image": None, "text": None})
    assert list(parts) == ["image", "text"]
    assert parts["image"] is images
    assert parts["text"] is texts
    assert split_columns({"text": texts}, {"text": None}) == {"text": texts}


def test_columns_are_taken_out_of_a_frame_of_ones_own():
    X = make_frame()
    parts = split_columns([X, X[["text"]]], {"table": ["size"], "text": "text"})
    assert list(parts["table"].columns) == ["size"]
    assert parts["text"].equals(X["text"])


def test_an_x_of_ones_own_may_be_the_one_column_itself():
    X = make_frame()
    texts = X["text"].tolist()
    parts = split_columns(
        {"table": X[["size"]], "text": texts, "image": np.zeros((N_SAMPLES, 8, 8))},
        {"table": ["size"], "text": "text", "image": "photo"},
    )
    assert parts["text"] is texts
    assert parts["image"].shape == (N_SAMPLES, 8, 8)


FRAME = make_frame()
ARRAYS = [np.zeros((3, 8, 8)), np.zeros((2, 2))]
MISTAKES = {
    "a missing column": (
        FRAME,
        {"image": "foto", "table": None},
        r"Input 'image' takes the column 'foto', which is not in X.*'photo'",
    ),
    "a missing column in a list": (FRAME, {"image": ["photo", "x"]}, "column 'x'"),
    "a column twice": (
        pd.concat([FRAME, FRAME], axis=1),
        {"image": "photo", "table": None},
        "has 2 times",
    ),
    "a position too far": (
        FRAME,
        {"image": 5, "table": None},
        "Input 'image' takes column 5, but X has 5 columns",
    ),
    "two inputs without columns": (
        FRAME,
        {"a": None, "image": "photo", "b": None},
        r"The inputs \['a', 'b'\] do not say which columns",
    ),
    "nothing left": (
        FRAME[["photo"]],
        {"image": "photo", "table": None},
        "Input 'table' takes the columns that no other input names, but X has none",
    ),
    "an empty list": (FRAME, {"image": [], "b": None}, "'image' takes no columns"),
    "names in an array": (
        np.zeros((3, 2)),
        {"image": "photo", "table": None},
        "Input 'image' takes the column 'photo', but X is ndarray",
    ),
    "too many elements": (
        [*ARRAYS, 3],
        {"a": None, "b": None},
        r"X has 3 elements, but there are 2 inputs: \['a', 'b'\]",
    ),
    "texts for two inputs": (
        ["one", "two"],
        {"a": None, "b": None},
        "Expected the rows of 'a', got the string 'one'",
    ),
    "other numbers of rows": (
        ARRAYS,
        {"image": None, "table": None},
        r"inconsistent numbers of samples: {'image': 3, 'table': 2}",
    ),
    "an unknown key": (
        {"image": [1], "tabel": [2]},
        {"image": None, "table": None},
        r"unknown: \['tabel'\], missing: \['table'\]",
    ),
    "an unknown key of a single input": (
        {"pixels": [1]},
        {"image": None},
        r"unknown: \['pixels'\]",
    ),
    "an array for two inputs": (
        np.zeros((3, 8, 8)),
        {"a": None, "b": None},
        r"X has shape \(3, 8, 8\), but the inputs \['a', 'b'\] expect",
    ),
    "texts where columns are named": (
        ["one", "two"],
        {"text": "text"},
        r"X is <class 'list'>, but the inputs \['text'\] expect",
    ),
    "columns of what has none": (
        [np.zeros((3, 8, 8)), np.zeros((3, 1))],
        {"image": ["photo"], "b": None},
        r"Input 'image' takes the columns \['photo'\], but its X is ndarray",
    ),
}


@pytest.mark.parametrize(("X", "columns", "message"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_told_in_a_sentence(X, columns, message):
    with pytest.raises(ValueError, match=message):
        split_columns(X, columns)


@pytest.mark.parametrize("named", [1.5, {"photo"}, [None], True])
def test_columns_are_named_by_str_or_int(named):
    with pytest.raises(TypeError, match="'image' must be"):
        split_columns(FRAME, {"image": named, "table": None})
