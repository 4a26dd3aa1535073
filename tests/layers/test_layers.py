"""Every layer against its formula in NumPy, and the contract that all of them keep."""

import inspect
import math

import keras
import numpy as np
import pytest
from scipy.stats import norm

from skautokeras._layers import categorical, numerical, regularization
from skautokeras._layers.categorical import CategoricalEmbedding, OneHot
from skautokeras._layers.numerical import (
    PeriodicEmbedding,
    PiecewiseLinearEmbedding,
    QuantileScaling,
    Scaling,
)
from skautokeras._layers.regularization import Dropout

EDGES = np.array([[-1.0, 0.0], [0.0, 0.0], [2.0, 1.0]])  # the second has a step
X = np.array([[-3.0, -1.0], [0.5, 0.0], [9.0, 0.5]], dtype="float32")
CODES = np.array([[0, 1], [2, 4], [1, 0]], dtype="int32")
EXAMPLES = {
    Scaling: (Scaling([0.5, 1.0], [2.0, 3.0], limit=3.0), X),
    QuantileScaling: (QuantileScaling(EDGES), X),
    PiecewiseLinearEmbedding: (PiecewiseLinearEmbedding(EDGES, 4), X),
    PeriodicEmbedding: (PeriodicEmbedding(4, activation="relu"), X),
    OneHot: (OneHot([3, 5]), CODES),
    CategoricalEmbedding: (CategoricalEmbedding([3, 5], 4), CODES),
    Dropout: (Dropout(0.3), X),
}


def every_layer():
    """Return all layers that the room defines."""
    return [
        layer
        for module in (numerical, categorical, regularization)
        for _, layer in inspect.getmembers(module, inspect.isclass)
        if issubclass(layer, keras.layers.Layer) and layer.__module__ == module.__name__
    ]


def test_scaling_centres_scales_and_squashes():
    z = (X - [0.5, 1.0]) / [2.0, 3.0]
    expected = z / np.sqrt(1 + (z / 3) ** 2)
    np.testing.assert_allclose(EXAMPLES[Scaling][0](X), expected, rtol=1e-5)


def test_quantile_scaling_maps_the_knots_to_normal_quantiles():
    knots = np.array([[0.0], [1.0], [4.0]])
    x = np.array([[-9.0], [0.0], [1.0], [2.5], [4.0], [99.0]], dtype="float32")
    share = np.array([0, 0, 0.5, 0.75, 1, 1])
    expected = norm.ppf(1e-3 + (1 - 2e-3) * share)
    found = np.ravel(QuantileScaling(knots)(x))
    np.testing.assert_allclose(found, expected, atol=1e-3)


def test_piecewise_linear_embedding_is_the_filled_share_of_each_bin():
    layer = PiecewiseLinearEmbedding([[0.0], [1.0], [3.0]], dim=2)
    x = np.array([[-0.5], [0.25], [2.0], [5.0]], dtype="float32")
    out = np.asarray(layer(x))
    # The first bin goes on below its edge, the last one above.
    shares = np.array([[-0.5, 0], [0.25, 0], [1, 0.5], [1, 2]])
    expected = shares @ np.asarray(layer.kernel)[0] + np.asarray(layer.bias)[0]
    np.testing.assert_allclose(out, expected, atol=1e-5)


def test_a_bin_of_no_width_is_a_step():
    layer = PiecewiseLinearEmbedding([[0.0], [0.0], [1.0]], dim=1)
    low, high = np.ravel(layer(np.array([[-5.0], [0.5]], dtype="float32")))
    kernel = np.asarray(layer.kernel)[0, :, 0]
    assert low == pytest.approx(0, abs=1e-6)
    assert high == pytest.approx(kernel[0] + 0.5 * kernel[1], abs=1e-5)


@pytest.mark.parametrize("activation", [None, "relu"])
def test_periodic_embedding_follows_its_formula(activation):
    layer = PeriodicEmbedding(dim=3, n_frequencies=5, sigma=1.0, activation=activation)
    out = np.asarray(layer(X)).reshape(3, 2, 3)
    frequency, phase = np.asarray(layer.frequency), np.asarray(layer.phase)
    waves = np.cos(2 * math.pi * X[:, :, None] * frequency + phase)
    z = np.einsum("bpk,pkd->bpd", waves, np.asarray(layer.kernel))
    z = z + np.asarray(layer.bias)
    z = np.maximum(z, 0) if activation == "relu" else z
    np.testing.assert_allclose(out[:, :, 0], X)
    np.testing.assert_allclose(out[:, :, 1:], z, atol=1e-4)


def test_one_hot_leaves_code_zero_empty():
    expected = [[0, 0, 1, 0, 0, 0], [0, 1, 0, 0, 0, 1], [1, 0, 0, 0, 0, 0]]
    np.testing.assert_array_equal(OneHot([3, 5])(CODES), expected)


def test_categorical_embedding_looks_up_a_row_per_code():
    layer = CategoricalEmbedding([3, 5], dim=2)
    out = np.asarray(layer(CODES)).reshape(3, 2, 2)
    np.testing.assert_array_equal(
        out, np.asarray(layer.table)[CODES + np.array([0, 3])]
    )


def test_dropout_drops_its_share_and_keeps_the_mean():
    layer = Dropout(0.25, seed=0)
    x = np.ones((200, 200), dtype="float32")
    out = np.asarray(layer(x, training=True))
    assert np.mean(out == 0) == pytest.approx(0.25, abs=0.01)
    assert out.mean() == pytest.approx(1, abs=0.01)
    np.testing.assert_array_equal(layer(x), x)
    layer.current_rate.assign(0.0)
    np.testing.assert_array_equal(layer(x, training=True), x)


def test_every_layer_has_an_example():
    assert set(EXAMPLES) == set(every_layer())


@pytest.mark.parametrize("layer_class", every_layer())
def test_a_layer_survives_its_config_and_a_file(layer_class, tmp_path):
    layer, x = EXAMPLES[layer_class]
    expected = np.asarray(layer(x))
    copy = layer_class.from_config(layer.get_config())
    copy(x)
    copy.set_weights(layer.get_weights())
    np.testing.assert_array_equal(copy(x), expected)

    node = keras.Input(x.shape[1:], dtype=x.dtype.name)
    keras.Model(node, layer(node)).save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras", safe_mode=True)
    np.testing.assert_allclose(loaded(x), expected, atol=1e-6)


@pytest.mark.parametrize("layer_class", every_layer())
def test_symbolic_and_real_shapes_agree(layer_class):
    layer, x = EXAMPLES[layer_class]
    symbolic = layer(keras.Input(x.shape[1:], dtype=x.dtype.name))
    for rows in (1, 3):
        real = layer(x[:rows])
        assert tuple(real.shape) == (rows, *symbolic.shape[1:])
        assert real.dtype.name == symbolic.dtype == "float32"
