"""Networks compute numbers on other scales, from which every number comes back."""

import json

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.special import ndtri
from scipy.stats import yeojohnson
from sklearn.preprocessing import PowerTransformer

from skautokeras._layers.target_scale import FromTargetScale, TargetScale
from skautokeras._space.losses import ErrorOnScale

SHARES = np.linspace(0, 1, 201)
RNG = np.random.default_rng(0)
# Two targets for each of the kinds.
POSITIVE = RNG.lognormal([0, 3], [1.0, 0.5], (500, 2))
WITH_ZEROS = RNG.poisson([1.0, 3.0], (500, 2)) * [1.0, 0.7]
BOTH_SIGNS = np.column_stack([POSITIVE[:, 0] - 3, RNG.normal(5, 9, 500)])
CASES = {
    "log": ("log", POSITIVE),
    "log of zeros": ("log", WITH_ZEROS),
    "yeo_johnson": ("yeo_johnson", BOTH_SIGNS),
    "quantile": ("quantile", BOTH_SIGNS),
}
every_case = pytest.mark.parametrize(
    ("kind", "y"), list(CASES.values()), ids=list(CASES)
)


def standardised(y):
    """Return the standardised targets, and what the number 0 is on their scale."""
    scale = np.where(np.ptp(y, axis=0) > 0, y.std(axis=0), 1.0)
    return (y - y.mean(axis=0)) / scale, -y.mean(axis=0) / scale


def scale_and_targets(kind, y):
    """Return the scale for some targets, and their standardised values."""
    z, origin = standardised(np.asarray(y, "float64"))
    scale = TargetScale(kind, np.quantile(z, SHARES, axis=0), origin)
    return scale, z.astype("float32")


def forward(scale, z):
    return np.asarray(scale.forward(tf.constant(z, "float32")))


def inverse(scale, u):
    return np.asarray(scale.inverse(tf.constant(u, "float32")))


# --- What the scales are


@pytest.mark.parametrize("y", [POSITIVE, WITH_ZEROS], ids=["positive", "zeros"])
def test_the_logarithm_is_that_of_the_target_or_of_its_distance_from_the_median(y):
    scale, z = scale_and_targets("log", y)
    # Zeros have no logarithm: the usual number is added to all numbers.
    shift = np.zeros(2)
    if not y.all():
        shift = [np.median(some[some > 0]) for some in np.quantile(y, SHARES, axis=0).T]
    expected = np.log(y + shift)
    of_quantiles = np.log(np.quantile(y, SHARES, axis=0) + shift)
    expected = (expected - of_quantiles.mean(axis=0)) / of_quantiles.std(axis=0)
    np.testing.assert_allclose(forward(scale, z), expected, rtol=1e-3, atol=1e-3)


def test_the_power_is_the_one_that_makes_quantiles_most_normal():
    y = np.random.default_rng(0).gamma([5.0, 50.0], size=(500, 2)) * [1, -1]
    scale, z = scale_and_targets("yeo_johnson", y)
    low, center, high = np.quantile(scale.quantiles, [0.25, 0.5, 0.75], axis=0)
    x, quantiles = ((some - center) / (high - low) for some in (z, scale.quantiles))
    powers = PowerTransformer(standardize=False).fit(quantiles).lambdas_
    assert ((powers > 0) & (powers < 2)).all()
    for j, power in enumerate(powers):
        expected, usual = (yeojohnson(some[:, j], power) for some in (x, quantiles))
        expected = (expected - usual.mean()) / usual.std()
        np.testing.assert_allclose(forward(scale, z)[:, j], expected, atol=1e-4)


@pytest.mark.parametrize("sign", [1, -1])
def test_a_power_beyond_a_logarithm_is_not_used(sign):
    # The best power would be below 0, or above 2 for the mirrored target.
    y = sign * np.random.default_rng(0).pareto(0.8, (500, 1))
    scale, _ = scale_and_targets("yeo_johnson", y)
    center, low, high = np.quantile(scale.quantiles, [0.5, 0.25, 0.75])
    side = np.array([0, 1, 3, 7, 15]) * (high - low)  # distances that double, but for 1
    u = forward(scale, (center + sign * side)[:, None])[:, 0]
    steps = np.diff(sign * u)
    np.testing.assert_allclose(steps, steps[0], rtol=1e-3)


def test_quantiles_become_those_of_a_normal_distribution():
    scale, _ = scale_and_targets("quantile", BOTH_SIGNS)
    expected = ndtri(1e-3 + (1 - 2e-3) * SHARES)
    for column in forward(scale, scale.quantiles).T:
        np.testing.assert_allclose(column, expected, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("name", ["log", "log of zeros", "yeo_johnson"])
def test_the_network_computes_numbers_of_mean_0_and_variance_1(name):
    scale, _ = scale_and_targets(*CASES[name])
    u = forward(scale, scale.quantiles)
    np.testing.assert_allclose(u.mean(axis=0), 0, atol=1e-4)
    np.testing.assert_allclose(u.var(axis=0), 1, atol=1e-3)


# --- There and back


@every_case
def test_larger_targets_stay_larger(kind, y):
    scale, z = scale_and_targets(kind, y)
    inside = np.linspace(z.min(axis=0), z.max(axis=0), 500)
    assert (np.diff(forward(scale, inside), axis=0) > 0).all()
    around = np.linspace(z.min(axis=0) - 10, z.max(axis=0) + 10, 500)
    assert (np.diff(forward(scale, around), axis=0) >= 0).all()
    u = np.linspace([-8, -8], [8, 8], 500)
    assert (np.diff(inverse(scale, u), axis=0) >= 0).all()


@every_case
def test_every_target_comes_back(kind, y):
    scale, z = scale_and_targets(kind, y)
    back = inverse(scale, forward(scale, z))
    np.testing.assert_allclose(back, z, atol=1e-4)


def lists_of(low, high):
    """Return a strategy for targets: some numbers, of which a few may be equal."""
    numbers = st.integers(low, high).map(lambda n: n / 100)
    return st.lists(numbers, min_size=2, max_size=40)


@given(
    st.one_of(
        st.tuples(st.just("log"), lists_of(1, 10**6)),
        st.tuples(st.just("log"), lists_of(0, 10**6).map(lambda y: [0.0, *y])),
        st.tuples(
            st.sampled_from(["yeo_johnson", "quantile"]), lists_of(-(10**6), 10**6)
        ),
    )
)
def test_all_random_targets_come_back(case):
    kind, y = case
    # There is no logarithmic scale for one number alone.
    assume(kind != "log" or len(set(y)) > 1)
    scale, z = scale_and_targets(kind, np.array(y)[:, None])
    u = forward(scale, z)
    assert np.isfinite(u).all()
    # A network does not compute numbers that are farther from the mean.
    near = np.abs(u) <= 6
    back = inverse(scale, u)
    size = max(1, np.abs(z).max(), np.abs(scale.origin).max())
    np.testing.assert_allclose(back[near], z[near], atol=1e-5 * size)
    cut_off = inverse(scale, np.sign(u) * 6)
    np.testing.assert_allclose(back[~near], cut_off[~near], rtol=1e-6)


# --- Far outliers, saving and training


@every_case
def test_numbers_far_away_stay_finite(kind, y):
    scale, z = scale_and_targets(kind, y)
    far = np.array([[-3e38], [-1e15], [-100], [100], [1e15], [3e38]])
    back = inverse(scale, np.repeat(far, 2, axis=1))
    assert np.isfinite(back).all()
    assert (np.abs(forward(scale, back)) < 6.01).all()
    for side in (back[:3], back[3:]):
        np.testing.assert_allclose(side, side[[0, 0, 0]], rtol=1e-6)
    assert (back[0] <= z.min(axis=0) + 1e-4).all()
    assert (back[-1] >= z.max(axis=0) - 1e-4).all()
    assert np.isfinite(forward(scale, np.repeat(far[1:-1], 2, axis=1))).all()


@pytest.mark.parametrize("kind", ["yeo_johnson", "quantile"])
def test_a_target_of_one_number_stays_that_number(kind):
    scale, z = scale_and_targets(kind, np.full((50, 1), 3.0))
    assert np.isfinite(forward(scale, z)).all()
    np.testing.assert_array_equal(inverse(scale, forward(scale, z)), z)


def model_of(scale):
    inputs = keras.Input((2,))
    return keras.Model(inputs, FromTargetScale(scale)(inputs))


@every_case
def test_a_saved_layer_has_the_same_scale(kind, y, tmp_path):
    scale, z = scale_and_targets(kind, y)
    model = model_of(scale)
    model.save(tmp_path / "scale.keras")
    loaded = keras.models.load_model(tmp_path / "scale.keras", safe_mode=True)
    u = forward(scale, z)
    np.testing.assert_array_equal(loaded(u), inverse(scale, u))
    config = json.loads(json.dumps(model.layers[-1].get_config()))
    copied = FromTargetScale.from_config(config)
    np.testing.assert_array_equal(copied(u), inverse(scale, u))


@every_case
def test_the_layer_has_the_slope_of_its_scale(kind, y):
    layer = FromTargetScale(scale_and_targets(kind, y)[0])
    # No edge between quantiles is so close to these numbers that the slope changes.
    u = tf.constant([[-2.13, -1.57], [-0.61, -0.33], [0.37, 0.68], [1.41, 1.9]])
    with tf.GradientTape() as tape:
        tape.watch(u)
        z = layer(u)
    step = 1e-3
    expected = np.asarray(layer(u + step) - layer(u - step)) / (2 * step)
    np.testing.assert_allclose(tape.gradient(z, u), expected, rtol=0.01)


@every_case
@pytest.mark.parametrize("far", [0.0, 3.0, 6.0, 100.0, 1e30])
def test_the_error_on_a_scale_has_a_finite_gradient(kind, y, far):
    scale, z = scale_and_targets(kind, y)
    layer, loss = FromTargetScale(scale), ErrorOnScale(scale)
    # Targets at both ends and in the middle.
    rows = np.argsort(z[:, 0])[[0, 1, 250, -2, -1]]
    for sign in (1, -1):
        u = tf.fill((5, 2), np.float32(sign * far))
        with tf.GradientTape() as tape:
            tape.watch(u)
            error = loss(z[rows], layer(u))
        assert np.isfinite(error)
        gradient = np.asarray(tape.gradient(error, u))
        assert np.isfinite(gradient).all()
        assert gradient.any() or far > 3


@every_case
def test_the_error_on_a_scale_is_the_mean_square_of_differences(kind, y):
    scale, z = scale_and_targets(kind, y)
    loss = ErrorOnScale(scale)
    difference = forward(scale, z) - forward(scale, z[::-1])
    for same in (loss, ErrorOnScale.from_config(loss.get_config())):
        of_rows = np.asarray(same.call(z, tf.constant(z[::-1])))
        np.testing.assert_allclose(of_rows, (difference**2).mean(axis=1), rtol=1e-4)
        assert float(same(z, z[::-1])) == pytest.approx(of_rows.mean(), rel=1e-5)
        assert float(same(z, z)) == 0
        assert same.name == "mean_squared_error"
