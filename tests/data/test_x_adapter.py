import copy
import pickle

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from sklearn.base import BaseEstimator, TransformerMixin, clone

from skautokeras._data import StructuredDataAdapter, XAdapter, take_rows

N_SAMPLES = 6


TABLE = pd.DataFrame(
    {
        "size": np.arange(N_SAMPLES) * 1.5,
        "rooms": np.arange(N_SAMPLES) % 3,
        "deck": list("abcabc"),
    },
    index=range(100, 100 + N_SAMPLES),
)


class Rooms(TransformerMixin, BaseEstimator):
    """An adapter as others may write it."""

    def fit(self, X, y=None):
        self.schema_ = None
        return self

    def transform(self, X):
        return {"rooms": np.asarray(X)}


def make_adapter(columns=(["size", "deck"], None)):
    adapters = [StructuredDataAdapter(), StructuredDataAdapter()]
    return XAdapter(["first", "second"], adapters, list(columns))


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


def test_the_report_has_one_row_per_column_in_their_order():
    report = make_adapter().fit(TABLE).describe_columns()
    assert report["name"].tolist() == ["size", "rooms", "deck"]
    assert report["input"].tolist() == ["first", "second", "first"]
    assert report["kind"].tolist() == ["numerical", "numerical", "categorical"]
    assert report["distinct"].tolist() == [6, 3, 3]


def test_a_column_of_an_array_has_its_position_in_x_as_its_name():
    X = TABLE.to_numpy(dtype=object)
    report = make_adapter(([2, 0], [1])).fit(X).describe_columns()
    assert report["name"].tolist() == ["x0", "x1", "x2"]
    assert report["input"].tolist() == ["first", "second", "first"]
    assert report["kind"].tolist() == ["numerical", "numerical", "categorical"]


def test_columns_that_two_inputs_or_none_take_are_in_the_report():
    report = make_adapter((["size"], ["size"])).fit(TABLE).describe_columns()
    assert report["name"].tolist() == ["size", "size", "rooms", "deck"]
    assert report["input"].tolist()[:2] == ["first", "second"]
    assert report["kind"].tolist()[2:] == ["unused", "unused"]


def test_an_adapter_that_does_not_describe_its_columns_is_named():
    adapters = [StructuredDataAdapter(), Rooms()]
    adapter = XAdapter(["table", "other"], adapters, [None, ["rooms"]]).fit(TABLE)
    report = adapter.describe_columns().set_index("name")
    assert report.loc["rooms", "kind"] == "other"
    assert report.loc["rooms", "reason"] == "Rooms takes it"
    assert np.isnan(report.loc["rooms", "missing"])
