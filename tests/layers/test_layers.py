"""Every layer computes its formula and can be copied, saved and given one row."""

import functools
import importlib
import itertools
import math
import pkgutil

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy.ndimage import map_coordinates
from scipy.special import ndtri

import skautokeras._layers
from skautokeras._layers import (
    BatchEnsembleDense,
    BertEmbedding,
    BertLayer,
    CategoricalEmbedding,
    CodeEmbedding,
    Cutout,
    Dropout,
    FeatureScaling,
    ImageEncoder,
    InputScaling,
    KnownCodes,
    MeanOfMembers,
    MeanOfMirrored,
    MemberDense,
    MemberScaling,
    NTKDense,
    OneHot,
    OrientedGradients,
    PackedTokens,
    ParametricActivation,
    PeriodicEmbedding,
    PiecewiseLinearEmbedding,
    PositionEmbedding,
    QuantileScaling,
    RandomAffine,
    RandomContrast,
    Scaling,
    Temperature,
    TextEncoder,
    TreeEnsemble,
    WeightedBag,
    WithMirrored,
    starting_from_data,
    traits_of,
)
from skautokeras._layers.bert import make_bert
from skautokeras._layers.target_scale import FromTargetScale, TargetScale

NUMBERS = np.random.default_rng(0).normal(size=(7, 2)).astype("float32")
IMAGES = np.random.default_rng(4).random((6, 7, 9, 2)).astype("float32")
COLOURS = np.random.default_rng(6).random((6, 7, 9, 3)).astype("float32")
SERIES = np.random.default_rng(5).normal(size=(6, 4, 3)).astype("float32")
CODES = np.array([[0, 4], [2, 0], [1, 1], [2, 3], [0, 2]], dtype="int32")

# Layer class -> how instances are made. A new layer must get an entry.
MADE_BY = {
    Scaling: lambda: Scaling([1.0, -2.0], [2.0, 0.5], limit=3.0),
    QuantileScaling: lambda: QuantileScaling([[-1, 0], [0, 0], [0, 0], [2, 3]]),
    PiecewiseLinearEmbedding: lambda: PiecewiseLinearEmbedding(
        [[-1, 0], [0, 0], [2, 3]], dim=3, activation="relu"
    ),
    PeriodicEmbedding: lambda: PeriodicEmbedding(
        dim=5, n_frequencies=6, sigma=0.7, activation="relu"
    ),
    OneHot: lambda: OneHot([3, 5], signed=True),
    CategoricalEmbedding: lambda: CategoricalEmbedding([3, 5], dim=4),
    CodeEmbedding: lambda: CodeEmbedding(input_dim=5, output_dim=3),
    Dropout: lambda: Dropout(0.25, seed=1),
    Temperature: lambda: Temperature(1.5, "sigmoid"),
    RandomAffine: lambda: RandomAffine("both", 0.1, 0.2, 0.1, 10.0, [0.1, 0.2], seed=1),
    RandomContrast: lambda: RandomContrast(0.3, seed=1),
    PositionEmbedding: PositionEmbedding,
    Cutout: lambda: Cutout(0.5, [0.1, 0.2], seed=1),
    KnownCodes: lambda: KnownCodes(n_codes=3, unknown=1, length=9),
    FeatureScaling: lambda: FeatureScaling([0.0, 1.5, -1.0, 2.0, 0.5]),
    WeightedBag: lambda: WeightedBag(n_codes=5, dim=3, stddev=0.2),
    OrientedGradients: lambda: OrientedGradients(n_cells=3, n_directions=5),
    PackedTokens: lambda: PackedTokens(length=6, start=7, end=8),
    TextEncoder: lambda: TextEncoder(
        _bert(), "mean", learning_rate_factor=0.1, first_layer_rate=0.3
    ),
    BertEmbedding: lambda: BertEmbedding(vocabulary_size=5, n_places=4, width=3),
    BertLayer: lambda: BertLayer(n_heads=3, hidden=4),
    ImageEncoder: lambda: ImageEncoder(
        _image_network(),
        learning_rate_factor=0.1,
        frozen_until=0.25,
        trained_share=0.5,
    ),
    WithMirrored: WithMirrored,
    MeanOfMirrored: MeanOfMirrored,
    InputScaling: lambda: InputScaling(factor=3.0),
    NTKDense: lambda: NTKDense(3, factor=2.0, bias_factor=0.5, from_data=True),
    ParametricActivation: lambda: ParametricActivation("tanh", factor=2.0),
    MemberScaling: lambda: MemberScaling(n_members=4),
    BatchEnsembleDense: lambda: BatchEnsembleDense(5),
    MemberDense: lambda: MemberDense(2, activation="sigmoid"),
    MeanOfMembers: MeanOfMembers,
    TreeEnsemble: lambda: TreeEnsemble(
        {"kind": "extra", "n_trees": 3, "max_leaf_nodes": 4},
        task="labels",
        n_outputs=2,
        head="output",
    ),
    FromTargetScale: lambda kind: FromTargetScale(
        TargetScale(kind, np.exp(np.linspace([-2, -1], [2, 3], 21)), [0.0, -0.5])
    ),
}
# Layer class -> kinds, each of which is made, where there are several.
KINDS = {FromTargetScale: ("log", "yeo_johnson", "quantile")}
# Layers on (rows, members, features).
OF_MEMBERS = (BatchEnsembleDense, MemberDense, MeanOfMembers)
# Two rows of the one are one row of the other.
PAIRS = (WithMirrored, MeanOfMirrored)
ON_CODES = (
    OneHot,
    CategoricalEmbedding,
    CodeEmbedding,
    KnownCodes,
    FeatureScaling,
    WeightedBag,
    PackedTokens,
    TextEncoder,
    BertEmbedding,
)

# The base class is tested in test_base, the others in test_raw and test_frozen.
NOT_HERE = ("target", "base", "frozen")


def _image_network():
    pixels = keras.Input((8, 6, 3))
    return keras.Model(pixels, keras.layers.Conv2D(4, 3)(pixels))


def _bert():
    return make_bert(
        vocabulary_size=9, n_places=8, n_layers=1, n_heads=2, width=4, hidden=8
    )


def _all_layer_classes():
    package = skautokeras._layers
    found = set()
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        if module.name.rpartition(".")[2] in NOT_HERE:
            continue
        for value in vars(importlib.import_module(module.name)).values():
            ours = isinstance(value, type) and value.__module__ == module.name
            is_layer = ours and issubclass(value, keras.layers.Layer)
            # What is private are base classes.
            if is_layer and not value.__name__.startswith("_"):
                found.add(value)
    return sorted(found, key=lambda layer_class: layer_class.__name__)


def _every_layer(but=()):
    """Return a mark: layer classes, and functions that make the layers."""
    layers = []
    for layer_class in _all_layer_classes():
        if layer_class in but or layer_class not in MADE_BY:
            continue
        make, name = MADE_BY[layer_class], layer_class.__name__
        if layer_class not in KINDS:
            layers.append(pytest.param(layer_class, make, id=name))
        for kind in KINDS.get(layer_class, ()):
            make_kind = functools.partial(make, kind)
            layers.append(pytest.param(layer_class, make_kind, id=f"{name}-{kind}"))
    return pytest.mark.parametrize(("layer_class", "make"), layers)


every_layer, every_layer_of_rows = _every_layer(), _every_layer(but=PAIRS)


def _input_of(layer_class):
    if layer_class in (RandomAffine, RandomContrast, Cutout, OrientedGradients, *PAIRS):
        return IMAGES
    if layer_class in (PositionEmbedding, BertLayer, *OF_MEMBERS):
        return SERIES
    if layer_class is ImageEncoder:
        return COLOURS
    return CODES if layer_class in ON_CODES else NUMBERS


def _randomized(layer, x):
    """Build the layer and replace its weights, zeros and ones included."""
    layer.build(x.shape)
    rng = np.random.default_rng(1)
    layer.set_weights([rng.normal(size=w.shape) for w in layer.get_weights()])
    return layer


def _model_of(layer, x):
    inputs = keras.Input(x.shape[1:], dtype=str(x.dtype))
    return keras.Model(inputs, layer(inputs))


def _filled_bins(x, edges):
    """Transcribe the encoding of one number, bin after bin."""
    shares = np.empty(len(edges) - 1)
    for t, (low, high) in enumerate(itertools.pairwise(edges)):
        if high == low:
            shares[t] = float(x > low)
        else:
            shares[t] = min(max((x - low) / (high - low), 0.0), 1.0)
    return shares


# --- Scaling


def test_scaling_without_limit_is_centre_and_scale():
    center, scale = np.array([1.0, -2.0]), np.array([2.0, 0.5])
    result = np.asarray(Scaling(center, scale)(NUMBERS))
    np.testing.assert_allclose(result, (NUMBERS - center) / scale, rtol=1e-5)


@pytest.mark.parametrize("limit", [0.5, 3.0])
def test_scaling_with_limit_clips_smoothly(limit):
    center, scale = np.array([1.0, -2.0]), np.array([2.0, 0.5])
    z = (NUMBERS - center) / scale
    expected = z / np.sqrt(1 + (z / limit) ** 2)
    result = np.asarray(Scaling(center, scale, limit=limit)(NUMBERS))
    np.testing.assert_allclose(result, expected, rtol=1e-5)


def test_scaling_with_limit_keeps_far_outliers_within_the_limit():
    x = np.array([[-1e6], [1e6], [-1e15], [1e15]], dtype="float32")
    result = np.asarray(Scaling([0.0], [1.0], limit=3.0)(x))
    np.testing.assert_allclose(result[:, 0], [-3.0, 3.0, -3.0, 3.0], rtol=1e-5)


# --- QuantileScaling


def test_quantile_scaling_is_the_normal_quantile_of_the_empirical_distribution():
    knots = np.quantile(
        np.random.default_rng(2).exponential(size=(99, 2)),
        np.linspace(0, 1, 11),
        axis=0,
    )
    x = np.random.default_rng(3).exponential(size=(50, 2)).astype("float32")
    expected = np.empty_like(x)
    for j in range(2):
        share = np.interp(x[:, j], knots[:, j], np.linspace(0, 1, 11))
        expected[:, j] = ndtri(1e-3 + (1 - 2e-3) * share)
    result = np.asarray(QuantileScaling(knots)(x))
    np.testing.assert_allclose(result, expected, rtol=1e-3, atol=1e-4)


def test_quantile_scaling_of_equal_knots_is_a_step():
    # Half of all values are 0: bins 2 and 3 of 4 have no width.
    layer = QuantileScaling([[-1.0], [0.0], [0.0], [0.0], [1.0]])
    x = np.array([[-0.01], [0.0], [0.01]], dtype="float32")
    probability = 1e-3 + (1 - 2e-3) * np.array([0.99 / 4, 0.25, 3.01 / 4])
    result = np.asarray(layer(x))[:, 0]
    np.testing.assert_allclose(result, ndtri(probability), rtol=1e-4)


def test_quantile_scaling_is_bounded_outside_the_knots():
    layer = QuantileScaling([[0.0], [1.0], [2.0]])
    x = np.array([[-1e9], [0.0], [2.0], [1e9]], dtype="float32")
    bound = ndtri(1 - 1e-3)
    result = np.asarray(layer(x))[:, 0]
    np.testing.assert_allclose(result, [-bound, -bound, bound, bound], rtol=1e-3)


def test_quantile_scaling_never_decreases():
    layer = QuantileScaling([[-1.0], [0.0], [0.0], [0.5], [4.0]])
    x = np.linspace(-3, 6, 500, dtype="float32")[:, None]
    assert (np.diff(np.asarray(layer(x))[:, 0]) >= 0).all()


# --- PiecewiseLinearEmbedding


EDGES = np.array([[-1.0, 0.0], [0.0, 2.0], [0.0, 2.5], [1.0, 4.0]])


@pytest.mark.parametrize("activation", [None, "relu"])
def test_piecewise_linear_embedding_is_a_linear_map_of_the_bins_and_the_number(
    activation,
):
    x = np.array([[-3, 1], [-0.5, -1], [0.5, 2.2], [3, 3], [7, 7]], dtype="float32")
    layer = _randomized(PiecewiseLinearEmbedding(EDGES, 3, activation=activation), x)
    kernel, slope, bias = (np.asarray(w) for w in layer.get_weights())
    expected = np.empty((len(x), 2, 3))
    for i in range(len(x)):
        for j in range(2):
            encoded = _filled_bins(x[i, j], EDGES[:, j])
            expected[i, j] = encoded @ kernel[j] + x[i, j] * slope[j] + bias[j]
    if activation == "relu":
        expected = np.maximum(expected, 0)
    np.testing.assert_allclose(
        np.asarray(layer(x)), expected.reshape(len(x), 6), rtol=1e-4, atol=1e-5
    )


def _encoding(edges, x):
    """Return the encoding itself: an identity as kernel, and nothing of the number."""
    n_bins = len(edges) - 1
    layer = PiecewiseLinearEmbedding(np.array(edges)[:, None], n_bins)
    layer.build((None, 1))
    zeros = np.zeros((1, n_bins))
    layer.set_weights([np.eye(n_bins)[None], zeros, zeros])
    return np.asarray(layer(np.array(x, dtype="float32")[:, None]))


def test_piecewise_linear_encoding_ends_at_the_outer_edges():
    result = _encoding([0.0, 1.0, 3.0], [-1e6, -2.0, 0.0, 3.0, 7.0, 1e6])
    np.testing.assert_allclose(result, [[0, 0]] * 3 + [[1, 1]] * 3, atol=1e-6)


def test_piecewise_linear_embedding_is_linear_in_the_number_at_the_start():
    keras.utils.set_random_seed(0)
    layer = PiecewiseLinearEmbedding(EDGES, 100)
    x = np.linspace([-5.0, -5.0], [8.0, 8.0], 53, dtype="float32")
    embedded = np.asarray(layer(x)).reshape(-1, 2, 100)
    start, end = embedded[0], embedded[-1]
    share = np.linspace(0, 1, 53)[:, None, None]
    np.testing.assert_allclose(embedded, start + share * (end - start), atol=1e-5)
    # Every number of the embedding has a line of its own.
    for some in ((end - start) / 13, np.asarray(layer(0 * x[:1])).reshape(2, 100)):
        assert len(np.unique(some)) == some.size
        assert 0.08 < np.abs(some).max() <= 0.1
        assert abs(some.mean()) < 0.02


def test_piecewise_linear_embedding_is_linear_beyond_the_outer_edges_only():
    layer = _randomized(PiecewiseLinearEmbedding(EDGES, 3), NUMBERS)
    _, slope, _ = (np.asarray(w) for w in layer.get_weights())

    def slopes(low, high):
        x = np.linspace(low, high, 5, dtype="float32")
        embedded = np.asarray(layer(x)).reshape(-1, 2, 3)
        return np.diff(embedded, axis=0) / np.diff(x, axis=0)[:, :, None]

    for low, high in (([-9, -8], EDGES[0]), (EDGES[-1], [9, 12])):
        for found in slopes(low, high):
            np.testing.assert_allclose(found, slope, rtol=1e-4, atol=1e-5)
    assert np.abs(slopes(EDGES[0], EDGES[-1]) - slope).max(axis=(0, 2)).min() > 0.1


@pytest.mark.parametrize(
    ("edges", "expected"),
    [
        ([-1.0, 0.0, 0.0, 1.0], [[0.99, 0, 0], [1, 0, 0], [1, 1, 0.01]]),
        ([0.0, 0.0, 1.0], [[0, 0], [0, 0], [1, 0.01]]),
        ([-1.0, 0.0, 0.0], [[0.99, 0], [1, 0], [1, 1]]),
        ([0.0, 0.0], [[0], [0], [1]]),
    ],
    ids=["inside", "first", "last", "only"],
)
def test_piecewise_linear_encoding_of_a_bin_without_width_is_a_step(edges, expected):
    result = _encoding(edges, [-0.01, 0.0, 0.01])
    np.testing.assert_allclose(result, expected, atol=1e-6)


# --- PeriodicEmbedding


@pytest.mark.parametrize("activation", [None, "relu"])
def test_periodic_embedding_is_the_number_and_a_linear_map_of_its_waves(activation):
    layer = PeriodicEmbedding(dim=4, n_frequencies=5, activation=activation)
    _randomized(layer, NUMBERS)
    w1, b1 = np.asarray(layer.frequency), np.asarray(layer.phase)
    w2, b2 = np.asarray(layer.kernel), np.asarray(layer.bias)
    expected = np.empty((len(NUMBERS), 2, 4))
    for i, row in enumerate(NUMBERS):
        for j, x in enumerate(row):
            waves = np.cos(2 * math.pi * w1[j] * x + b1[j]) @ w2[j] + b2[j]
            if activation == "relu":
                waves = np.maximum(waves, 0)
            expected[i, j] = [x, *waves]
    np.testing.assert_allclose(
        np.asarray(layer(NUMBERS)), expected.reshape(-1, 8), rtol=1e-4, atol=1e-4
    )


def test_periodic_embedding_draws_frequencies_and_phases_as_it_says():
    keras.utils.set_random_seed(0)
    layer = PeriodicEmbedding(n_frequencies=4000, sigma=0.3)
    layer.build((None, 1))
    assert np.std(layer.frequency) == pytest.approx(0.3, rel=0.1)
    phase = np.asarray(layer.phase)
    assert np.abs(phase).max() <= math.pi
    assert phase.std() == pytest.approx(math.pi / math.sqrt(3), rel=0.1)


# --- OneHot and CategoricalEmbedding


def test_one_hot_has_a_place_for_every_code_but_code_zero():
    expected = np.zeros((len(CODES), 6))
    for i, (a, b) in enumerate(CODES):
        expected[i] = np.concatenate([np.eye(3)[a][1:], np.eye(5)[b][1:]])
    np.testing.assert_array_equal(np.asarray(OneHot([3, 5])(CODES)), expected)


def test_one_hot_of_a_column_with_code_zero_alone_has_no_feature():
    result = np.asarray(OneHot([1, 3])(np.array([[0, 2], [0, 0]])))
    np.testing.assert_array_equal(result, [[0, 1], [0, 0]])


def test_one_hot_of_two_codes_may_be_one_and_minus_one():
    codes = np.array([[0, 0, 0], [1, 2, 1], [2, 4, 2]])
    expected = np.zeros((3, 6))
    for i, (a, b, c) in enumerate(codes):
        sign = [0, 1, -1]
        expected[i] = [sign[a], *np.eye(5)[b][1:], sign[c]]
    layer = OneHot([3, 5, 3], signed=True)
    np.testing.assert_array_equal(np.asarray(layer(codes)), expected)


def test_categorical_embedding_looks_up_one_table_per_column():
    layer = _randomized(CategoricalEmbedding([3, 5], dim=4), CODES)
    (table,) = layer.get_weights()
    first, second = table[:3], table[3:]
    expected = np.hstack([first[CODES[:, 0]], second[CODES[:, 1]]])
    np.testing.assert_allclose(np.asarray(layer(CODES)), expected)


# --- Dropout


def test_dropout_does_nothing_in_inference():
    np.testing.assert_array_equal(np.asarray(Dropout(0.9)(NUMBERS)), NUMBERS)


def test_dropout_drops_its_share_and_scales_what_is_left():
    x = np.ones((200, 200), dtype="float32")
    result = np.asarray(Dropout(0.25, seed=0)(x, training=True))
    assert set(np.unique(result)) == {np.float32(0), np.float32(1) / np.float32(0.75)}
    assert (result == 0).mean() == pytest.approx(0.25, abs=0.01)


def test_dropout_follows_the_variable_that_holds_its_rate():
    layer = Dropout(0.25, seed=0)
    x = np.ones((4, 4), dtype="float32")
    layer(x)
    layer.current_rate.assign(0.0)
    np.testing.assert_array_equal(np.asarray(layer(x, training=True)), x)


# --- InputScaling, NTKDense and ParametricActivation


def test_input_scaling_multiplies_each_feature():
    layer = _randomized(InputScaling(factor=3.0), NUMBERS)
    (scale,) = layer.get_weights()
    expected = NUMBERS * 3.0 * scale
    np.testing.assert_allclose(np.asarray(layer(NUMBERS)), expected, rtol=1e-5)


def test_input_scaling_changes_nothing_at_the_start():
    np.testing.assert_allclose(np.asarray(InputScaling()(NUMBERS)), NUMBERS, rtol=1e-6)


def test_ntk_dense_divides_by_the_root_of_the_number_of_inputs():
    layer = _randomized(NTKDense(3, factor=2.0, bias_factor=0.5), NUMBERS)
    kernel, bias = layer.get_weights()
    expected = 2.0 / math.sqrt(2) * NUMBERS @ kernel + 0.5 * bias
    np.testing.assert_allclose(np.asarray(layer(NUMBERS)), expected, rtol=1e-4)


def test_ntk_dense_starts_from_weights_of_unit_variance():
    keras.utils.set_random_seed(0)
    layer = NTKDense(400, factor=16.0, bias_factor=1.6)
    layer.build((None, 100))
    kernel, bias = layer.get_weights()
    assert np.std(16.0 * kernel) == pytest.approx(1, rel=0.05)
    assert np.std(1.6 * bias) == pytest.approx(3**-0.5, rel=0.15)


def test_ntk_dense_starts_from_rows_as_real_mlp_does():
    rng = np.random.default_rng(1)
    x = np.add(NUMBERS, [3.0, -5.0]) * [1.0, 40.0]
    layer = NTKDense(50, factor=16.0, bias_factor=1.6)
    layer.build(x.shape)
    layer.start_from(x, np.random.default_rng(0))
    kernel, bias = layer.get_weights()
    draws = np.random.default_rng(0)
    matrix = draws.standard_normal((2, 50))
    sums = x @ matrix / math.sqrt(2)
    matrix, sums = matrix / sums.std(axis=0), sums / sums.std(axis=0)
    rows, shares = draws.integers(7, size=(5, 50)), draws.exponential(size=(5, 50))
    for j in range(50):
        share = shares[:, j] / shares[:, j].sum()
        mixed = sum(s * sums[row, j] for s, row in zip(share, rows[:, j], strict=True))
        assert 1.6 * bias[j] == pytest.approx(-mixed, rel=1e-4, abs=1e-5)
    np.testing.assert_allclose(16.0 * kernel, matrix, rtol=1e-4)
    y = np.asarray(layer(x.astype("float32")))
    np.testing.assert_allclose(y.std(axis=0), 1, rtol=1e-3)
    # Every neuron bends among the rows.
    assert ((y.min(axis=0) <= 1e-3) & (y.max(axis=0) >= -1e-3)).all()
    constant = NTKDense(3)
    constant.build((4, 1))
    constant.start_from(np.zeros((4, 1)), rng)
    assert all(np.isfinite(weight).all() for weight in constant.get_weights())


def test_layers_start_from_what_they_are_called_on_one_after_another():
    keras.utils.set_random_seed(0)
    layers = [NTKDense(20), NTKDense(20)]
    x = np.random.default_rng(0).normal(size=(200, 3)).astype("float32") * 1000
    inside = []
    with starting_from_data(layers, np.random.default_rng(0)):
        for layer in layers:
            x = layer(x)
            inside.append(np.asarray(x))
    for y in inside:
        np.testing.assert_allclose(y.std(axis=0), 1, rtol=1e-3)
    weights = layers[0].get_weights()
    layers[0](inside[0][:, :3])
    for before, after in zip(weights, layers[0].get_weights(), strict=True):
        np.testing.assert_array_equal(before, after)


def test_a_factor_multiplies_the_learning_rate_of_adam():
    # A step of Adam moves every weight by about the learning rate.
    layer = NTKDense(3, factor=16.0, bias_factor=1.6)
    layer.build((None, 256))
    x, start = np.ones((4, 256), "float32"), layer.get_weights()
    optimizer = keras.optimizers.Adam(1e-3)
    with tf.GradientTape() as tape:
        loss = keras.ops.sum(layer(x))
    variables = [v.value for v in layer.trainable_variables]
    optimizer.apply(tape.gradient(loss, variables), layer.trainable_variables)
    kernel, bias = (a - b for a, b in zip(layer.get_weights(), start, strict=True))
    np.testing.assert_allclose(16.0 * kernel, -16e-3, rtol=1e-2)
    np.testing.assert_allclose(1.6 * bias, -1.6e-3, rtol=1e-2)


def test_a_parametric_activation_lies_between_the_identity_and_the_function():
    layer = _randomized(ParametricActivation("tanh", factor=2.0), NUMBERS)
    (gamma,) = layer.get_weights()
    expected = NUMBERS + 2.0 * gamma * (np.tanh(NUMBERS) - NUMBERS)
    np.testing.assert_allclose(np.asarray(layer(NUMBERS)), expected, rtol=1e-4)


def test_a_parametric_activation_is_the_function_at_the_start():
    result = np.asarray(ParametricActivation("tanh")(NUMBERS))
    np.testing.assert_allclose(result, np.tanh(NUMBERS), rtol=1e-5, atol=1e-6)


# --- Layers of ensembles


def test_members_scale_the_features_each_in_its_way():
    layer = _randomized(MemberScaling(4), NUMBERS)
    (scale,) = layer.get_weights()
    result = np.asarray(layer(NUMBERS))
    assert result.shape == (len(NUMBERS), 4, 2)
    for k in range(4):
        np.testing.assert_allclose(result[:, k], NUMBERS * scale[k], rtol=1e-5)


def test_members_adapt_a_matrix_that_they_share():
    layer = _randomized(BatchEnsembleDense(5), SERIES)
    kernel, r, s, b = layer.get_weights()
    result = np.asarray(layer(SERIES))
    for k in range(SERIES.shape[1]):
        expected = ((SERIES[:, k] * r[k]) @ kernel) * s[k] + b[k]
        np.testing.assert_allclose(result[:, k], expected, rtol=1e-4, atol=1e-5)


def test_members_are_alike_at_the_start_where_a_matrix_is_shared():
    x = np.repeat(SERIES[:, :1], 4, axis=1)
    result = np.asarray(BatchEnsembleDense(5)(x))
    np.testing.assert_allclose(result, np.repeat(result[:, :1], 4, axis=1), rtol=1e-6)


def test_members_have_heads_of_their_own():
    layer = _randomized(MemberDense(2, activation="sigmoid"), SERIES)
    kernel, bias = layer.get_weights()
    result = np.asarray(layer(SERIES))
    for k in range(SERIES.shape[1]):
        expected = 1 / (1 + np.exp(-(SERIES[:, k] @ kernel[k] + bias[k])))
        np.testing.assert_allclose(result[:, k], expected, rtol=1e-4)


def test_members_are_averaged_in_prediction_only():
    layer = MeanOfMembers()
    np.testing.assert_array_equal(np.asarray(layer(SERIES, training=True)), SERIES)
    result = np.asarray(layer(SERIES))
    np.testing.assert_allclose(result, SERIES.mean(axis=1), rtol=1e-5, atol=1e-6)


# --- KnownCodes, FeatureScaling and WeightedBag


@pytest.mark.parametrize("length", [None, 1, 2, 5])
@pytest.mark.parametrize("unknown", [0, 1])
def test_known_codes_are_those_below_a_bound(length, unknown):
    layer = KnownCodes(n_codes=3, unknown=unknown, length=length)
    expected = np.where(CODES < 3, CODES, unknown)[:, :length]
    np.testing.assert_array_equal(np.asarray(layer(CODES)), expected)
    assert layer.compute_output_shape((None, 2)) == (None, expected.shape[1])


def test_feature_scaling_multiplies_each_value_by_the_constant_of_its_code():
    values = np.random.default_rng(2).normal(size=CODES.shape).astype("float32")
    scale = np.array([0.0, 1.5, -1.0, 2.0, 0.5])
    result = np.asarray(FeatureScaling(scale)(CODES, values))
    np.testing.assert_allclose(result, values * scale[CODES], rtol=1e-6)


def test_a_weighted_bag_is_a_dense_layer_on_the_dense_form():
    layer = _randomized(WeightedBag(n_codes=5, dim=3), CODES)
    values = np.random.default_rng(2).normal(size=CODES.shape).astype("float32")
    dense = np.zeros((len(CODES), 5))
    for row, codes, some in zip(dense, CODES, values, strict=True):
        np.add.at(row, codes[codes > 0], some[codes > 0])
    (table,) = layer.get_weights()
    result = np.asarray(layer(CODES, values))
    np.testing.assert_allclose(result, dense @ table, rtol=1e-5)


def test_a_code_that_a_bag_holds_twice_counts_twice_and_code_0_never():
    layer = _randomized(WeightedBag(n_codes=5, dim=3), CODES)
    (table,) = layer.get_weights()
    codes = np.array([[1, 1, 0], [0, 0, 0]], "int32")
    expected = [2 * table[1], np.zeros(3)]
    np.testing.assert_allclose(np.asarray(layer(codes)), expected, rtol=1e-6)


def test_a_model_with_a_weighted_bag_is_saved_with_both_inputs(tmp_path):
    codes, values = keras.Input((2,), dtype="int32"), keras.Input((2,))
    model = keras.Model([codes, values], WeightedBag(5, 3)(codes, values))
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras", safe_mode=True)
    x = [CODES, np.ones(CODES.shape, "float32")]
    np.testing.assert_array_equal(np.asarray(loaded(x)), np.asarray(model(x)))


@pytest.mark.parametrize("x", [SERIES, IMAGES], ids=["series", "images"])
def test_dropout_of_channels_drops_them_as_a_whole(x):
    x = np.resize(x, (40, *x.shape[1:]))
    result = np.asarray(Dropout(0.25, seed=0, channels=True)(x, training=True))
    dropped = (result == 0).reshape(len(x), -1, x.shape[-1])
    assert (dropped.all(axis=1) == dropped.any(axis=1)).all()
    assert 0.1 < dropped.mean() < 0.4
    kept = np.broadcast_to(dropped.any(axis=1)[:, None], dropped.shape)
    expected = np.where(kept.reshape(x.shape), 0, x / 0.75)
    np.testing.assert_allclose(result, expected, rtol=1e-5)


# --- PositionEmbedding


def test_position_embedding_adds_one_vector_for_each_position():
    layer = _randomized(PositionEmbedding(), SERIES)
    (table,) = layer.get_weights()
    assert table.shape == (4, 3)
    expected = [[x[t] + table[t] for t in range(4)] for x in SERIES]
    np.testing.assert_allclose(np.asarray(layer(SERIES)), expected, rtol=1e-5)


# --- OrientedGradients


def _cell_by_cell(images, n_cells, n_directions):
    """Transcribe the formula, pixel after pixel; sides must be multiples of n_cells."""
    gray = images.mean(axis=-1)
    n, height, width = gray.shape
    result = np.zeros((n, n_cells, n_cells, n_directions))
    padded = np.pad(gray, ((0, 0), (1, 1), (1, 1)), mode="edge")
    for i, row, column in np.ndindex(n, height, width):
        along_x = (padded[i, row + 1, column + 2] - padded[i, row + 1, column]) / 2
        along_y = (padded[i, row + 2, column + 1] - padded[i, row, column + 1]) / 2
        place = math.atan2(along_y, along_x) % math.pi / (math.pi / n_directions)
        cell = row * n_cells // height, column * n_cells // width
        for share, d in ((1 - place % 1, int(place)), (place % 1, int(place) + 1)):
            strength = math.hypot(along_x, along_y)
            result[i, *cell, d % n_directions] += share * strength
    return np.sqrt(result * n_cells**2 / (height * width))


@pytest.mark.parametrize(("n_cells", "n_directions"), [(1, 2), (3, 4), (2, 9)])
def test_gradients_are_summed_by_cell_and_direction(n_cells, n_directions):
    images = np.random.default_rng(2).normal(size=(3, 6, 12, 2)).astype("float32")
    layer = OrientedGradients(n_cells, n_directions)
    expected = _cell_by_cell(images, n_cells, n_directions)
    np.testing.assert_allclose(layer(images), expected, atol=2e-5)


def test_a_pixel_between_cells_of_gradients_counts_in_both():
    ramp = np.tile(np.arange(3.0, dtype="float32")[:, None], (2, 3, 1, 1))
    halves = OrientedGradients(n_cells=2, n_directions=1)(ramp).numpy()[0, 0, :, 0]
    # Steps of 0.5, 1 and 0.5; the middle one counts half as much on either side.
    np.testing.assert_allclose(halves**2, [(0.5 + 0.5) / 1.5] * 2, rtol=1e-5)


def test_an_edge_and_its_negative_are_alike():
    images = np.random.default_rng(2).random((3, 8, 8, 1)).astype("float32")
    layer = OrientedGradients(n_cells=2)
    np.testing.assert_allclose(layer(images), layer(1 - images), atol=1e-5)


# --- RandomAffine, RandomContrast and Cutout


def _moved(x, layer, draws):
    """Transcribe the formula of RandomAffine, image after image."""
    height, width, n_channels = x.shape[1:]
    size, center = np.array([width, height]), np.array([width - 1, height - 1]) / 2
    flips = {"none": (0, 0), "horizontal": (0.5, 0), "both": (0.5, 0.5)}[layer.flip]
    rows, columns = np.mgrid[:height, :width]
    places = np.stack([columns.ravel(), rows.ravel()], axis=1)
    result = np.empty_like(x)
    for i, draw in enumerate(draws.astype("float64")):
        border = np.round(size * layer.crop)
        shift = size * layer.translation * (2 * draw[2:4] - 1)
        shift = shift + np.floor((2 * border + 1) * draw[4:6]) - border
        scale = np.where(draw[:2] < flips, -1, 1)
        scale = scale * (1 + layer.zoom * (2 * draw[6] - 1))
        angle = np.radians(layer.rotation) * (2 * draw[7] - 1)
        turn = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
        source = center + shift + scale * ((places - center) @ np.transpose(turn))
        for k in range(n_channels):
            fill = 0.0 if layer.fill is None else layer.fill[k]
            values = map_coordinates(
                x[i, :, :, k] - fill,
                [source[:, 1], source[:, 0]],
                order=1,
                mode="reflect" if layer.fill is None else "grid-constant",
            )
            result[i, :, :, k] = values.reshape(height, width) + fill
    return result


@pytest.mark.parametrize("fill", [None, [0.3, 0.7]])
@pytest.mark.parametrize(
    "bounds",
    [
        {},
        {"flip": "horizontal"},
        {"flip": "both"},
        {"translation": 0.2},
        {"zoom": 0.3},
        {"crop": 0.3},
        {"rotation": 40.0},
        {"flip": "both", "translation": 0.1, "zoom": 0.2, "crop": 0.2, "rotation": 20},
    ],
    ids=repr,
)
def test_random_affine_moves_each_image_as_its_draws_say(bounds, fill):
    seed = keras.random.SeedGenerator(3)
    draws = np.asarray(keras.random.uniform((len(IMAGES), 8), seed=seed))
    layer = RandomAffine(**bounds, fill=fill, seed=3)
    result = np.asarray(layer(IMAGES, training=True))
    np.testing.assert_allclose(result, _moved(IMAGES, layer, draws), atol=1e-5)


def test_random_affine_crops_by_whole_pixels():
    x = np.arange(1, 65, dtype="float32").reshape(1, 8, 8, 1)
    layer = RandomAffine(crop=0.25, fill=[0.0], seed=0)
    seen = np.concatenate([layer(x, training=True) for _ in range(40)])
    padded = np.pad(x[0, :, :, 0], 2)
    crops = [padded[i : i + 8, j : j + 8] for i in range(5) for j in range(5)]
    found = [[np.array_equal(one[..., 0], crop) for crop in crops] for one in seen]
    assert np.sum(found, axis=1).tolist() == [1] * 40
    assert np.any(found, axis=0).sum() > 12


def test_random_contrast_scales_around_the_mean_of_each_channel():
    seed = keras.random.SeedGenerator(3)
    draws = np.asarray(keras.random.uniform((len(IMAGES), 1, 1, 1), seed=seed))
    mean = IMAGES.mean(axis=(1, 2), keepdims=True)
    expected = mean + (1 + 0.4 * (2 * draws - 1)) * (IMAGES - mean)
    result = RandomContrast(0.4, seed=3)(IMAGES, training=True)
    np.testing.assert_allclose(np.asarray(result), expected, atol=1e-5)


@pytest.mark.parametrize("size", [0.0, 0.3, 0.5, 1.0])
def test_cutout_covers_one_square(size):
    seed = keras.random.SeedGenerator(3)
    draws = np.asarray(keras.random.uniform((len(IMAGES), 2), seed=seed))
    expected = IMAGES.copy()
    side = round(size * 7)
    for image, (y, x) in zip(expected, draws, strict=True):
        top, left = int(y * 7) - side // 2, int(x * 9) - side // 2
        rows = slice(max(top, 0), max(top + side, 0))
        image[rows, max(left, 0) : max(left + side, 0)] = [0.25, -1.0]
    result = Cutout(size, [0.25, -1.0], seed=3)(IMAGES, training=True)
    np.testing.assert_allclose(np.asarray(result), expected)


VARYING = [RandomAffine, RandomContrast, Cutout]


@pytest.mark.parametrize("layer_class", VARYING)
def test_images_vary_in_training_only_and_in_batches_of_any_size(layer_class):
    layer = MADE_BY[layer_class]()
    vary = tf.function(
        lambda x: layer(x, training=True),
        autograph=False,
        input_signature=[tf.TensorSpec((None, *IMAGES.shape[1:]))],
    )
    for x in (IMAGES, IMAGES[:1], IMAGES[:0]):
        assert vary(x).shape == x.shape
    assert not np.array_equal(vary(IMAGES), vary(IMAGES))
    np.testing.assert_array_equal(layer(IMAGES), IMAGES)


@pytest.mark.parametrize("layer_class", VARYING)
def test_images_of_whole_numbers_become_floats(layer_class):
    x = (255 * IMAGES).astype("uint8")
    layer = MADE_BY[layer_class]()
    assert layer(keras.Input(x.shape[1:], dtype="uint8")).dtype == "float32"
    np.testing.assert_array_equal(layer(x), x.astype("float32"))
    assert np.asarray(layer(x, training=True)).dtype == np.float32


@pytest.mark.parametrize("layer_class", VARYING)
def test_images_vary_in_half_precision(layer_class):
    layer = type(MADE_BY[layer_class]()).from_config(
        {**MADE_BY[layer_class]().get_config(), "dtype": "mixed_float16"}
    )
    result = layer(IMAGES, training=True)
    assert keras.backend.standardize_dtype(result.dtype) == "float16"
    expected = MADE_BY[layer_class]()(IMAGES, training=True)
    np.testing.assert_allclose(np.asarray(result), np.asarray(expected), atol=0.02)


def test_mirror_images_come_and_go_in_prediction_only():
    pairs = np.asarray(WithMirrored()(IMAGES))
    np.testing.assert_array_equal(pairs[::2], IMAGES)
    np.testing.assert_array_equal(pairs[1::2], IMAGES[:, :, ::-1])
    mean = np.asarray(MeanOfMirrored()(pairs))
    expected = (IMAGES + IMAGES[:, :, ::-1]) / 2
    np.testing.assert_allclose(mean, expected, rtol=1e-6)
    np.testing.assert_array_equal(WithMirrored()(IMAGES, training=True), IMAGES)
    np.testing.assert_array_equal(MeanOfMirrored()(IMAGES, training=True), IMAGES)
    inputs = keras.Input(IMAGES.shape[1:])
    model = keras.Model(inputs, MeanOfMirrored()(WithMirrored()(inputs)))
    assert model.output.shape == inputs.shape
    predicted = model.predict(IMAGES, batch_size=5, verbose=0)
    np.testing.assert_allclose(predicted, expected, rtol=1e-6)


def test_the_first_layer_of_bert_computes_in_its_own_precision():
    layer = BertEmbedding(vocabulary_size=5, n_places=4, width=3, dtype="float16")
    result = layer(np.array([[1, 2]], "int32"))
    assert keras.backend.standardize_dtype(result.dtype) == "float16"


# --- The contract of every layer


@pytest.mark.parametrize(
    "layer_class", _all_layer_classes(), ids=lambda layer_class: layer_class.__name__
)
def test_every_layer_is_tested_here(layer_class):
    assert layer_class in MADE_BY


@every_layer
def test_a_layer_made_from_its_config_gives_the_same_outputs(layer_class, make):
    x = _input_of(layer_class)
    layer = _randomized(make(), x)
    other = layer_class.from_config(layer.get_config())
    other.build(x.shape)
    other.set_weights(layer.get_weights())
    np.testing.assert_array_equal(np.asarray(other(x)), np.asarray(layer(x)))
    assert other.get_config() == layer.get_config()


@every_layer
def test_every_argument_of_a_layer_is_in_its_config(layer_class, make):
    code = layer_class.__init__.__code__
    arguments = set(code.co_varnames[1 : code.co_argcount])
    assert arguments <= set(make().get_config())


@every_layer
def test_a_model_with_the_layer_is_saved_and_loaded_in_safe_mode(
    layer_class, make, tmp_path
):
    x = _input_of(layer_class)
    model = _model_of(_randomized(make(), x), x)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras", safe_mode=True)
    np.testing.assert_array_equal(np.asarray(loaded(x)), np.asarray(model(x)))
    assert type(loaded.layers[-1]) is layer_class


@every_layer
def test_the_symbolic_output_has_the_shape_and_dtype_of_the_eager_one(
    layer_class, make
):
    x = _input_of(layer_class)
    layer = make()
    symbolic = layer(keras.Input(x.shape[1:], dtype=str(x.dtype)))
    eager = layer(x)
    assert symbolic.shape == (None, *eager.shape[1:])
    assert tuple(layer.compute_output_shape(x.shape)) == tuple(eager.shape)
    assert symbolic.dtype == keras.backend.standardize_dtype(eager.dtype)


@every_layer_of_rows
def test_a_row_alone_gives_the_same_as_among_others(layer_class, make):
    x = _input_of(layer_class)
    layer = _randomized(make(), x)
    together = np.asarray(layer(x))
    alone = np.concatenate([np.asarray(layer(row[None])) for row in x])
    assert alone.shape == together.shape
    np.testing.assert_allclose(alone, together, rtol=1e-5, atol=1e-6)
    assert _model_of(layer, x).predict(x[:1], verbose=0).shape == together[:1].shape


@every_layer
def test_a_layer_marked_preprocessing_has_no_weights(layer_class, make):
    layer = _randomized(make(), _input_of(layer_class))
    assert not (traits_of(layer).preprocessing and layer.weights)


@every_layer
def test_what_is_not_compiled_of_a_layer_is_in_its_config(layer_class, make):
    layer = make()
    assert set(traits_of(layer).uncompiled_config) <= set(layer.get_config())


@every_layer
def test_outputs_have_one_dtype_for_wider_inputs_too(layer_class, make):
    x = _input_of(layer_class)
    for given in (x, x.astype("int64" if x.dtype == "int32" else "float64")):
        result = make()(given)
        on_integers = layer_class in (KnownCodes, PackedTokens)
        expected = "int32" if on_integers else "float32"
        assert keras.backend.standardize_dtype(result.dtype) == expected


@every_layer_of_rows
@pytest.mark.parametrize("n_rows", [1, 7])
def test_a_model_with_the_layer_takes_one_row_and_seven(layer_class, make, n_rows):
    x = _input_of(layer_class)
    x = np.resize(x, (n_rows, *x.shape[1:]))
    layer = make()
    result = _model_of(layer, x).predict(x, verbose=0, batch_size=n_rows)
    assert result.shape == (n_rows, *layer(x).shape[1:])
    assert np.isfinite(result).all()


@every_layer_of_rows
@pytest.mark.parametrize("n_rows", [1, 7])
def test_every_trained_weight_has_the_gradient_of_its_formula(
    layer_class, make, n_rows
):
    x = _input_of(layer_class)
    x = np.resize(x, (n_rows, *x.shape[1:]))
    layer = _randomized(make(), x)
    with tf.GradientTape() as tape:
        total = keras.ops.mean(keras.ops.square(layer(x)))
    variables = [v.value for v in layer.trainable_variables]
    gradients = [
        np.asarray(tf.convert_to_tensor(g)) for g in tape.gradient(total, variables)
    ]
    step = 1e-3
    for variable, gradient in zip(variables, gradients, strict=True):
        start, direction = variable.numpy(), np.sign(gradient)
        ends = []
        for sign in (1, -1):
            variable.assign(start + sign * step * direction)
            ends.append(float(keras.ops.mean(keras.ops.square(layer(x)))))
        variable.assign(start)
        slope = (ends[0] - ends[1]) / (2 * step)
        assert slope == pytest.approx(np.abs(gradient).sum(), rel=0.05, abs=1e-3)
    assert not variables or sum(np.abs(g).sum() for g in gradients) > 0
