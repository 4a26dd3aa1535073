import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skautokeras._data import LARGEST, mean_and_scale, standardise
from skautokeras._data.standardisation import ordinary_range

FINITE = st.floats(allow_nan=False, allow_infinity=False)


@given(values=st.lists(FINITE, min_size=1, max_size=20), other=FINITE)
@settings(max_examples=200)
def test_no_finite_number_becomes_infinite_or_nan(values, other):
    mean, scale = mean_and_scale(np.array(values))
    assert np.isfinite(mean)
    assert np.isfinite(scale)
    assert scale > 0
    z = standardise(np.array([*values, other]), mean, scale)
    assert z.dtype == np.float32
    assert np.isfinite(z).all()
    assert np.isfinite(np.square(z)).all()


@pytest.mark.parametrize("magnitude", [1e-300, 1e-5, 1.0, 1e9, 1e300])
def test_columns_of_any_magnitude_become_alike(magnitude):
    values = magnitude * np.array([1.0, 2.0, 3.0, 6.0])
    z = standardise(values, *mean_and_scale(values))
    np.testing.assert_allclose(z.mean(), 0, atol=1e-6)
    np.testing.assert_allclose(z.std(), 1, rtol=1e-6)


def test_small_differences_of_large_numbers_survive():
    values = 1.7e9 + np.array([0.0, 1.0, 2.0])
    z = standardise(values, *mean_and_scale(values))
    np.testing.assert_allclose(np.diff(z), [z[1] - z[0]] * 2, rtol=1e-6)


@pytest.mark.parametrize("value", [0.0, 0.1, 1e300])
def test_a_constant_column_has_scale_one(value):
    assert mean_and_scale(np.full(7, value)) == (value, 1.0)


def test_an_absurd_value_stops_at_the_limit():
    assert standardise(np.array([-1e300]), 0.0, 1.0).tolist() == [-LARGEST]


@pytest.mark.parametrize(
    "values",
    [
        np.random.default_rng(0).geometric(0.5, 100_000) - 1.0,
        np.r_[np.zeros(100_000), np.random.default_rng(0).exponential(30, 90)],
        np.r_[np.zeros(50_000), np.ones(100), 2.0, 3.0, 5.0],
    ],
    ids=["counts", "rare amounts", "claims"],
)
def test_rare_numbers_are_not_far_if_others_are_about_as_far(values):
    low, high = ordinary_range(values, far=1000, most_rows=100)
    assert (low, high) == (values.min(), values.max())
