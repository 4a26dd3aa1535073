import copy
import pickle

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from skautokeras._data import (
    ClassAdapter,
    NumberAdapter,
    YAdapter,
    take_rows,
)

PRICE = np.array([10.0, 20.0, 40.0, 15.0])
SOLD = np.array(["no", "yes", "no", "no"])
HEADS = ["regression_head_1", "classification_head_1"]


def make_adapter():
    return YAdapter(HEADS, [NumberAdapter(), ClassAdapter()])


FORMS = {
    "list": [PRICE, SOLD],
    "list of lists": [PRICE.tolist(), SOLD.tolist()],
    "tuple": (PRICE, SOLD),
    "dict by head": dict(zip(HEADS[::-1], [SOLD, PRICE], strict=True)),
    "dict by column": {"price": PRICE, "sold": SOLD},
    "DataFrame": pd.DataFrame({"price": PRICE, "sold": SOLD}, index=[7, 8, 9, 10]),
    "DataFrame by head": pd.DataFrame({HEADS[1]: SOLD, HEADS[0]: PRICE}),
    "DataFrame of objects": pd.DataFrame({0: PRICE, 1: SOLD}, dtype=object),
    "category": pd.DataFrame({"price": PRICE, "sold": pd.Categorical(SOLD)}),
    "array of objects": np.column_stack([PRICE.astype(object), SOLD.astype(object)]),
}


@pytest.mark.parametrize("y", FORMS.values(), ids=FORMS)
def test_every_form_is_encoded_and_comes_back(y):
    before = copy.deepcopy(y)
    adapter = make_adapter().fit(y)
    arrays = adapter.transform(y)
    assert list(arrays) == HEADS
    assert_array_equal(arrays[HEADS[0]], NumberAdapter().fit(PRICE).transform(PRICE))
    assert_array_equal(arrays[HEADS[1]], [0, 1, 0, 0])
    assert [schema.kind for schema in adapter.schemas_] == ["regression", "binary"]

    number, label = adapter.targets_
    predicted = {
        HEADS[0]: number.inverse_transform(arrays[HEADS[0]]),
        HEADS[1]: label.inverse_transform(np.eye(2)[arrays[HEADS[1]]]),
    }
    joined = adapter.join(predicted)
    assert type(joined) is type(y)
    again = adapter.transform(joined)
    for name, array in arrays.items():
        assert_allclose(again[name], array, rtol=1e-6)

    parts = adapter.split(y)
    assert_array_equal(np.asarray(parts[HEADS[0]]), PRICE)
    assert_array_equal(np.asarray(parts[HEADS[1]]), SOLD)
    if isinstance(y, pd.DataFrame):
        pd.testing.assert_frame_equal(y, before)
        assert joined.columns.tolist() == y.columns.tolist()
        assert joined.index.tolist() == [0, 1, 2, 3]
    if isinstance(y, dict):
        assert list(joined) == list(y)


def test_columns_of_numbers_come_back_as_numbers():
    y = np.array([[1.5, 0], [2.5, 1], [0.5, 1]])
    adapter = make_adapter().fit(y)
    joined = adapter.join(adapter.split(y))
    assert joined.dtype == np.float64
    assert_array_equal(joined, y)


def test_columns_of_other_things_come_back_as_objects():
    adapter = make_adapter().fit(FORMS["array of objects"])
    joined = adapter.join({HEADS[0]: PRICE, HEADS[1]: SOLD})
    assert joined.dtype == object
    assert joined.tolist() == FORMS["array of objects"].tolist()


def test_a_head_may_have_several_columns_of_its_own():
    y = [np.column_stack([PRICE, 2 * PRICE]), np.tri(4, dtype=int)]
    adapter = make_adapter().fit(y)
    shapes = [array.shape for array in adapter.transform(y).values()]
    assert shapes == [(4, 2), (4, 4)]
    joined = adapter.join(adapter.split(y))
    assert [part.shape for part in joined] == [(4, 2), (4, 4)]


@pytest.mark.parametrize(
    "y", [PRICE, PRICE.tolist(), pd.Series(PRICE), np.column_stack([PRICE, PRICE])]
)
def test_one_head_takes_y_of_any_form(y):
    adapter = YAdapter(["number"], [NumberAdapter()]).fit(y)
    assert_array_equal(adapter.split(y)["number"], np.asarray(y))
    assert_array_equal(
        adapter.transform(y)["number"], NumberAdapter().fit(y).transform(y)
    )
    assert adapter.join({"number": PRICE}) is PRICE


def test_one_head_may_have_a_dict():
    adapter = YAdapter(["number"], [NumberAdapter()]).fit({"price": PRICE})
    joined = adapter.join({"number": PRICE})
    assert joined.keys() == {"price"}
    assert adapter.transform({"price": PRICE})["number"].shape == (4, 1)


def test_another_form_is_good_for_transform():
    adapter = make_adapter().fit(FORMS["DataFrame"])
    wanted = adapter.transform(FORMS["DataFrame"])
    for name in ["list", "dict by head", "dict by column", "array of objects"]:
        found = adapter.transform(FORMS[name])
        for head, array in wanted.items():
            assert_array_equal(found[head], array)
    adapter = make_adapter().fit(FORMS["list"])
    assert_array_equal(adapter.split(FORMS["DataFrame"])[HEADS[1]], SOLD)


def test_columns_come_in_any_order():
    adapter = make_adapter().fit(FORMS["DataFrame"])
    wanted = adapter.transform(FORMS["DataFrame"])
    found = adapter.transform(FORMS["DataFrame"][["sold", "price"]])
    for head, array in wanted.items():
        assert_array_equal(found[head], array)


MISTAKES = {
    "elements": ([PRICE], r"y has 1 elements, but there are 2 heads: \['regression_"),
    "columns": (np.ones((4, 3)), r"y has 3 columns, but there are 2 heads"),
    "a key too many": ({"a": 1, "b": 2, "c": 3}, "y has 3 elements"),
    "an unknown key": (
        {HEADS[0]: PRICE, "sold": SOLD},
        r"only \['regression_head_1'\] are names of heads",
    ),
    "one column for two": (PRICE, r"y is ndarray of shape \(4,\), but the heads"),
    "a Series": (pd.Series(PRICE), r"y is Series of shape \(4,\)"),
    "nothing": (None, "y is NoneType, but the heads"),
    "rows": (
        [PRICE, SOLD[:3]],
        r"numbers of samples: {'regression_head_1': 4, 'classification_head_1': 3}",
    ),
    "a column twice": (
        pd.DataFrame([[1, 2], [3, 4]], columns=["a", "a"]),
        "The columns of y must have different names",
    ),
    "strings for numbers": (
        [SOLD, SOLD],
        "Head 'regression_head_1': Regression needs numbers",
    ),
    "one class": (
        [PRICE, ["no"] * 4],
        "Head 'classification_head_1': .*only one class",
    ),
    "missing": (
        pd.DataFrame({"a": [1.0, np.nan], "b": ["x", "y"]}),
        "Head 'regression_head_1': Input y contains NaN",
    ),
}


@pytest.mark.parametrize(("y", "message"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_told_in_a_sentence(y, message):
    with pytest.raises(ValueError, match=message):
        make_adapter().fit(y)


def test_what_does_not_fit_to_fit_is_told():
    adapter = make_adapter().fit(FORMS["DataFrame"])
    with pytest.raises(
        ValueError, match=r"columns \['price', 'x'\], but the ones seen"
    ):
        adapter.transform(FORMS["DataFrame"].rename(columns={"sold": "x"}))
    with pytest.raises(ValueError, match=r"Head 'classification_head_1': .*unseen"):
        adapter.transform([PRICE[:1], ["perhaps"]])


def test_an_error_of_a_single_head_is_its_own():
    with pytest.raises(ValueError, match=r"^Regression needs numbers"):
        YAdapter(["number"], [NumberAdapter()]).fit(SOLD)


def test_what_could_not_be_fitted_is_not_fitted():
    adapter = make_adapter()
    with pytest.raises(ValueError, match="only one class"):
        adapter.fit([PRICE, ["no"] * 4])
    with pytest.raises(NotFittedError):
        adapter.transform([PRICE, SOLD])


def test_the_adapter_is_cloned_and_pickled():
    adapter = make_adapter().fit(FORMS["DataFrame"])
    assert not hasattr(adapter.targets[0], "schema_")
    wanted = adapter.transform(FORMS["DataFrame"])
    for other in (
        pickle.loads(pickle.dumps(adapter)),
        clone(adapter).fit(FORMS["DataFrame"]),
    ):
        found = other.transform(FORMS["DataFrame"])
        for head, array in wanted.items():
            assert_array_equal(found[head], array)


@hypothesis_settings(max_examples=30, deadline=None)
@given(
    form=st.sampled_from(sorted(FORMS)),
    rows=st.lists(st.integers(0, 3), min_size=1, max_size=6),
)
def test_some_rows_give_the_same_as_all(form, rows):
    y = FORMS[form]
    adapter = make_adapter().fit(y)
    full = adapter.transform(y)
    some = adapter.transform(take_rows(y, rows, n_parts=2))
    for head, array in full.items():
        assert_array_equal(some[head], array[rows])
