import copy
import pickle

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from scipy import sparse
from sklearn.base import clone

from skautokeras._data import (
    StructuredDataAdapter,
    XAdapter,
    n_rows,
    split_columns,
    take_rows,
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


def make_data():
    frame = make_frame()
    return {
        "DataFrame": frame,
        "Series": frame["size"],
        "array": np.arange(24).reshape(N_SAMPLES, 2, 2),
        "objects": frame.to_numpy(dtype=object),
        "sparse array": sparse.csc_array(np.eye(N_SAMPLES)),
        "sparse matrix": sparse.coo_matrix(np.eye(N_SAMPLES)),
        "list of texts": frame["text"].tolist(),
        "tuple of texts": tuple(frame["text"]),
        "list of arrays": [np.full((k + 1, 2), k) for k in range(N_SAMPLES)],
        "dict": {"a": frame, "b": frame["text"].tolist()},
    }


def dense(data):
    """What a container holds, as plain lists."""
    if isinstance(data, dict):
        return {name: dense(part) for name, part in data.items()}
    if sparse.issparse(data):
        data = data.toarray()
    if isinstance(data, list | tuple):
        return [np.asarray(value).tolist() for value in data]
    return np.asarray(data).tolist()


@pytest.mark.parametrize("name", make_data())
def test_rows_of_every_container_are_counted_and_taken(name):
    data = make_data()[name]
    rows = np.array([4, 0, 4])
    taken = take_rows(data, rows)
    assert n_rows(data) == N_SAMPLES
    assert n_rows(taken) == 3
    assert type(taken) is type(data) or sparse.issparse(taken)
    wanted = {"a": make_frame(), "b": make_frame()["text"]} if name == "dict" else data
    if isinstance(wanted, dict):
        wanted = {key: [dense(part)[i] for i in rows] for key, part in wanted.items()}
    else:
        wanted = [dense(data)[i] for i in rows]
    assert dense(taken) == wanted


@pytest.mark.parametrize("container", [list, tuple])
def test_elements_are_inputs_only_where_there_are_several(container):
    data = container([np.zeros((5, 2)), np.ones((5, 3, 3))])
    assert n_rows(data) == 2
    assert n_rows(data, n_parts=2) == 5
    (one,) = take_rows(data, [1])
    assert one.shape == (5, 3, 3)
    taken = take_rows(data, [1, 2], n_parts=2)
    assert isinstance(taken, container)
    assert [part.shape for part in taken] == [(2, 2), (2, 3, 3)]


def test_a_single_number_has_no_rows():
    with pytest.raises(TypeError, match="Expected sequence or array-like"):
        n_rows(3.0)
    with pytest.raises(TypeError, match="Expected sequence or array-like"):
        n_rows(np.array(3.0))


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


def make_adapter(columns=(["size", "deck"], None)):
    adapters = [StructuredDataAdapter(), StructuredDataAdapter()]
    return XAdapter(["first", "second"], adapters, list(columns))


TABLE = make_frame().drop(columns=["photo", "text"])


def test_every_input_has_its_arrays():
    adapter = make_adapter().fit(TABLE)
    arrays = adapter.transform(TABLE)
    assert {name: array.shape for name, array in arrays.items()} == {
        "first__numerical": (N_SAMPLES, 1),
        "first__categorical": (N_SAMPLES, 1),
        "second__numerical": (N_SAMPLES, 1),
    }
    alone = StructuredDataAdapter().fit_transform(TABLE[["size", "deck"]])
    assert_array_equal(arrays["first__categorical"], alone["categorical"])
    assert [len(schema.columns) for schema in adapter.schemas_] == [2, 1]
    assert adapter.n_features_in_ == 3
    assert adapter.feature_names_in_.tolist() == ["size", "rooms", "deck"]


def test_a_single_input_has_arrays_without_prefix():
    adapter = XAdapter(["only"], [StructuredDataAdapter()], [None])
    wanted = StructuredDataAdapter().fit_transform(TABLE)
    found = adapter.fit_transform(TABLE)
    assert found.keys() == wanted.keys()
    for name, array in wanted.items():
        assert_array_equal(found[name], array)
    assert adapter.n_features_in_ == 3


@pytest.mark.parametrize(
    "columns", [(["size", "deck"], None), ([0, 2], None), ([0, -1], [1])]
)
def test_columns_come_in_any_order_and_others_do_not_matter(columns):
    adapter = make_adapter(columns).fit(TABLE)
    wanted = adapter.transform(TABLE)
    other = TABLE[["deck", "size", "rooms"]].assign(more=1.0)
    found = adapter.transform(other)
    assert found.keys() == wanted.keys()
    for name, array in wanted.items():
        assert_array_equal(found[name], array)


def test_arrays_and_lists_and_dicts_are_split_the_same_way():
    wanted = make_adapter().fit_transform(TABLE)
    parts = {"second": TABLE[["rooms"]], "first": TABLE[["size", "deck"]]}
    for adapter, X in [
        (make_adapter((None, None)), parts),
        (make_adapter((None, None)), [parts["first"], parts["second"]]),
        (make_adapter(([0, 2], None)), TABLE.to_numpy(dtype=object)),
    ]:
        found = adapter.fit_transform(X)
        assert found.keys() == wanted.keys()
        for name, array in wanted.items():
            assert_array_equal(found[name], array)


def test_a_column_that_is_gone_is_named():
    adapter = make_adapter().fit(TABLE)
    with pytest.raises(ValueError, match="Input 'second' takes the column 'rooms'"):
        adapter.transform(TABLE.drop(columns="rooms"))


def test_an_array_of_another_width_is_refused():
    adapter = make_adapter(([0], None)).fit(TABLE.to_numpy(dtype=object))
    with pytest.raises(ValueError, match="X has 2 features, but XAdapter is expe"):
        adapter.transform(TABLE.to_numpy(dtype=object)[:, :2])


def test_columns_of_one_name_are_refused():
    with pytest.raises(ValueError, match=r"must be unique, got \['rooms'\]"):
        make_adapter().fit(pd.concat([TABLE, TABLE[["rooms"]]], axis=1))


def test_an_error_of_an_adapter_names_the_input_if_there_are_several():
    X = [TABLE, np.zeros(N_SAMPLES)]
    with pytest.raises(ValueError, match=r"Input 'second': Expected 2D array"):
        make_adapter((None, None)).fit(X)
    alone = XAdapter(["only"], [StructuredDataAdapter()], [None])
    with pytest.raises(ValueError, match=r"^Expected 2D array"):
        alone.fit(np.zeros(N_SAMPLES))


def test_fitting_again_forgets_the_names():
    adapter = make_adapter(([0, 2], None)).fit(TABLE).fit(TABLE.to_numpy(dtype=object))
    assert not hasattr(adapter, "feature_names_in_")
    assert adapter.n_features_in_ == 3


def test_the_adapter_is_cloned_pickled_and_changes_nothing():
    adapter = make_adapter()
    X = copy.deepcopy(TABLE)
    wanted = adapter.fit(X).transform(X)
    pd.testing.assert_frame_equal(X, TABLE)
    assert not hasattr(adapter.adapters[0], "schema_")
    for other in (pickle.loads(pickle.dumps(adapter)), clone(adapter).fit(TABLE)):
        found = other.transform(TABLE)
        for name, array in wanted.items():
            assert_array_equal(found[name], array)


@hypothesis_settings(max_examples=30, deadline=None)
@given(rows=st.lists(st.integers(0, N_SAMPLES - 1), min_size=1, max_size=8))
def test_some_rows_give_the_same_as_all(rows):
    adapter = make_adapter().fit(TABLE)
    full = adapter.transform(TABLE)
    some = adapter.transform(take_rows(TABLE, rows))
    for name, array in full.items():
        assert_array_equal(some[name], array[rows])
