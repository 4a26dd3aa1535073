"""Whole numbers that name things become categories."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skautokeras import StructuredDataRegressor
from skautokeras._data import (
    FEWEST_ROWS,
    StructuredDataAdapter,
    are_numeric_codes,
    targets_of,
)
from skautokeras.datasets import load_king_county

RNG = np.random.default_rng(0)
N = 3000
CODES = RNG.integers(10_000, 10_150, N)
EFFECTS = RNG.normal(size=150)[CODES - 10_000] + RNG.normal(size=N)
SIZES = RNG.lognormal(6, 1, N).round()


def kind_of(values, y, **params):
    X = pd.DataFrame({"col": values})
    adapter = StructuredDataAdapter(**params).fit(X, y)
    (column,) = adapter.schema_.columns
    return column.kind, column.reason


@pytest.mark.parametrize(
    "y",
    [
        EFFECTS,
        pd.Series(EFFECTS > 0).map({True: "yes", False: "no"}),
        {"head": EFFECTS},
        np.column_stack([RNG.normal(size=N), EFFECTS]),
        pd.Series(np.exp(3 * EFFECTS)),
    ],
    ids=["numbers", "labels", "head", "several", "skewed"],
)
@pytest.mark.parametrize("dtype", ["int64", "float64", "Int64", "str"])
def test_numbers_that_name_things_are_categories(y, dtype):
    kind, reason = kind_of(pd.Series(CODES).astype(dtype), y)
    assert kind == "categorical"
    if dtype != "str":  # All strings have five digits, as postal codes have.
        assert reason == (
            "whole numbers that predict y better as categories than as sizes"
        )


@pytest.mark.parametrize(
    ("values", "y"),
    [
        (SIZES, np.log(SIZES) + RNG.normal(size=N)),
        (SIZES, np.sin(SIZES / 200) + RNG.normal(size=N)),
        (SIZES, RNG.normal(size=N)),
        (CODES, RNG.permutation(EFFECTS)),
        (CODES, np.full(N, 3.0)),
        (CODES, None),
        (CODES + 0.5, EFFECTS),
        (3 * RNG.permutation(N), EFFECTS),
        (CODES[: FEWEST_ROWS - 1], EFFECTS[: FEWEST_ROWS - 1]),
        (CODES % 40, EFFECTS),
    ],
)
def test_sizes_and_what_says_nothing_are_numbers(values, y):
    assert kind_of(values, y)[0] == "numerical"


@pytest.mark.parametrize(
    "params",
    [
        {"column_types": {"col": "numerical"}},
        {"categorical_features": None},
        {"categorical_features": [False]},
    ],
)
def test_who_says_what_is_categorical_is_heard(params):
    assert kind_of(CODES, EFFECTS, **params)[0] == "numerical"


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=20)
def test_chance_makes_no_names(seed):
    rng = np.random.default_rng(seed)
    numbers = rng.integers(0, 500, 2000).astype(float)
    targets = targets_of(rng.integers(0, 3, 2000), np.arange(2000))
    assert not are_numeric_codes(numbers, targets)


@pytest.mark.parametrize("y", [["a"], [[1, 2], [3]], 5, "price"])
def test_a_target_that_cannot_be_read_decides_nothing(y):
    assert targets_of(y, np.arange(3)) is None


def test_postal_codes_are_found_on_real_houses():
    X, y = load_king_county(return_X_y=True)
    assert "zipcode" in X
    adapter = StructuredDataAdapter().fit(X, y)
    kinds = {column.name: column.kind for column in adapter.schema_.columns}
    assert kinds["zipcode"] == "categorical"
    assert kinds["sqft_living"] == kinds["yr_built"] == "numerical"
    arrays = adapter.transform(X.astype({"zipcode": float}))
    np.testing.assert_array_equal(
        arrays["categorical"], adapter.transform(X)["categorical"]
    )


def test_an_estimator_tells_which_numbers_are_names():
    X = pd.DataFrame({"code": CODES, "size": SIZES})
    regressor = StructuredDataRegressor(max_trials=1, epochs=1, refit=False, cv=None)
    regressor.fit(X, EFFECTS)
    kinds = regressor.columns_.set_index("name")["kind"]
    assert kinds.to_dict() == {"code": "categorical", "size": "numerical"}
