"""The profile of the rows of a fit: what one column tells, copies, and differences."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skautokeras._data import (
    ClassAdapter,
    ImageAdapter,
    NumberAdapter,
    Rows,
    SplitRows,
    StructuredDataAdapter,
    TextAdapter,
)
from skautokeras._data.profile import FeatureProfile, features_of, make_profile
from skautokeras._data.x_adapter import XAdapter
from skautokeras._data.y_adapter import YAdapter

HEAD = "classification_head_1"
RNG = np.random.default_rng(0)


def profile_of(X, y, adapter=None, target=None, n_train=None):
    """Return the profile of some rows, and the fitted adapter of X."""
    x_adapter = XAdapter(["a"], [adapter or StructuredDataAdapter()], [None])
    y_adapter = YAdapter([HEAD], [target or ClassAdapter()])
    x = x_adapter.fit_transform(X)
    y_adapter.fit(y)
    rows = Rows(x, y_adapter.transform(y), None)
    n_train = len(rows) * 4 // 5 if n_train is None else n_train
    data = SplitRows(
        rows.take(slice(n_train)), rows.take(slice(n_train, None)), all=rows
    )
    return make_profile(x_adapter, y_adapter, data), x_adapter


def strengths(profile):
    return {feature.name: feature.strength for feature in profile.features}


@pytest.fixture
def table():
    n = 600
    return pd.DataFrame(
        {
            "noise": RNG.normal(size=n),
            "size": RNG.gamma(1, size=n),
            "town": RNG.choice(["Ulm", "Bonn", "Kiel"], n),
        }
    )


@pytest.mark.parametrize("n_classes", [2, 4])
def test_a_column_that_tells_the_class_is_found(table, n_classes):
    y = np.arange(600) % n_classes
    table = table.assign(
        code=np.array(list("wxyz"))[y], level=10 * y + RNG.random(600), when=None
    )
    found = strengths(profile_of(table, y)[0])
    assert found["code"] > 0.95
    assert found["level"] > 0.85
    assert max(found[name] for name in ("noise", "size", "town")) < 0.1


def test_a_column_that_tells_the_number_is_found(table):
    y = table["size"] ** 2 * 1e6
    found = strengths(profile_of(table, y, target=NumberAdapter())[0])
    assert found["size"] > 0.95
    assert found["noise"] < 0.1


def test_that_something_is_missing_may_tell_the_class(table):
    y = np.arange(600) % 2
    table.loc[y == 1, "size"] = np.nan
    found = strengths(profile_of(table, y)[0])
    assert found["size:missing"] > 0.95


def test_columns_may_have_colons_in_their_names(table):
    y = np.arange(600) % 2
    table = table.rename(columns={"size": "size:cm", "town": ":town:"})
    table["a:when"] = pd.Timestamp("2020-01-01") + pd.to_timedelta(100 * y, "D")
    table["x:word=y"] = RNG.normal(size=600)
    table["name:"] = [f"{'mr' if i % 3 else 'mrs'} x{i}y" for i in range(600)]
    table.loc[::7, "size:cm"] = np.nan
    profile, adapter = profile_of(table, y)
    columns = {feature.name: feature.column for feature in profile.features}
    assert columns["size:cm"] == columns["size:cm:missing"] == "size:cm"
    assert columns[":town:"] == ":town:"
    assert columns["a:when:elapsed"] == "a:when"
    assert columns["x:word=y"] == "x:word=y"
    assert any(":word=" in name for name in adapter.schemas_[0].indicator)
    assert not any(name.startswith("name::word=") for name in columns)
    moved = adapter.transform(
        table.assign(
            **{
                "size:cm": table["size:cm"] + 1e3,
                "a:when": table["a:when"] + pd.Timedelta("9999 D"),
            }
        )
    )
    assert adapter.schemas_[0].far_columns(moved) == ["size:cm"]


def test_few_rows_tell_nothing():
    X = pd.DataFrame({"a": np.arange(20.0)})
    profile, _ = profile_of(X, np.arange(20) > 9)
    assert strengths(profile) == {"a": 0.0}


def test_copies_of_columns_are_found_whatever_their_unit(table):
    table = table.assign(
        pounds=2.2 * table["size"] + 1,
        code=table["town"].map({"Ulm": "c", "Bonn": "a", "Kiel": "b"}),
        one=1,
        other=RNG.normal(size=600),
    )
    profile, _ = profile_of(table, np.arange(600) % 2)
    assert set(profile.copies) == {("pounds", "size"), ("code", "town")}


def test_copies_of_rows_are_counted_and_those_across_the_split(table):
    table = pd.concat([table[:100], table[:30]], ignore_index=True)
    profile, _ = profile_of(table, np.arange(130) % 2, n_train=100)
    assert (profile.n_rows, profile.n_repeated, profile.n_shared) == (130, 30, 30)
    profile, _ = profile_of(table, np.arange(130) % 2, n_train=115)
    assert (profile.n_repeated, profile.n_shared) == (30, 15)


def test_classes_are_counted_in_all_rows(table):
    y = ["no"] * 450 + ["yes"] * 140 + ["perhaps"] * 10
    profile, _ = profile_of(table, y)
    assert profile.classes == {HEAD: [450, 10, 140]}


def test_other_rows_are_compared_with_those_of_the_fit(table):
    profile, adapter = profile_of(table, np.arange(600) % 2)
    by_name = {f.name: f for f in profile.features}

    def drifts(X):
        features = features_of(adapter, adapter.transform(X))
        return {f.name: by_name[f.name].drift(f.values) for f in features}

    same = drifts(table.sample(200, random_state=0))
    assert max(same.values()) < 0.15
    with pytest.warns(UserWarning, match="No value of column 'town' is known"):
        moved = drifts(table.assign(size=table["size"] + 2, town="Rome"))
    assert moved["size"] > 0.5
    assert moved["town"] > 0.9
    assert moved["noise"] < 0.05


@given(
    st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=30),
    st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=30),
)
def test_a_difference_of_numbers_is_between_0_and_1(known, other):
    reference = np.quantile(known, np.linspace(0, 1, 101))
    feature = FeatureProfile("a", False, reference, 0.0)
    assert 0 <= feature.drift(np.array(other)) <= 1
    assert feature.drift(reference) == 0
    assert feature.drift(np.array([max(known) + 1.0])) == 1


@given(
    st.lists(st.integers(0, 5), min_size=1, max_size=30),
    st.lists(st.integers(0, 9), min_size=1, max_size=30),
)
def test_a_difference_of_categories_is_between_0_and_1(known, other):
    reference = np.bincount(known) / len(known)
    feature = FeatureProfile("a", True, reference, 0.0)
    assert -1e-12 <= feature.drift(np.array(other)) <= 1 + 1e-12
    assert feature.drift(np.array(known)) == pytest.approx(0)


def test_images_and_texts_have_measures():
    y = np.arange(100) % 2
    dark = RNG.integers(0, 60, (100, 4, 4, 1)).astype("uint8")
    dark[y == 1] += 190
    profile, _ = profile_of(dark, y, ImageAdapter())
    found = strengths(profile)
    assert found["a: brightness"] > 0.9
    assert set(found) == {"a: brightness", "a: contrast"}
    texts = ["short" if i % 2 else "a much longer text" for i in range(100)]
    found = strengths(profile_of(texts, y, TextAdapter())[0])
    assert found == {"a: words": pytest.approx(1.0, abs=0.1)}


def test_categories_of_few_rows_are_no_difference():
    rng = np.random.default_rng(0)
    tickets = pd.DataFrame({"ticket": rng.integers(0, 400, 1200).astype(str)})
    tickets["town"] = rng.choice(["Ulm", "Bonn"], 1200)
    adapter = StructuredDataAdapter(column_types={"ticket": "categorical"})
    profile, x_adapter = profile_of(tickets[:600], np.arange(600) % 2, adapter)
    features = features_of(x_adapter, x_adapter.transform(tickets[600:]))
    known = {f.name: f for f in profile.features}
    for feature in features:
        assert known[feature.name].drift(feature.values) < 0.15
