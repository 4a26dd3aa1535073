"""Heads: the form of y and the loss for every kind of target."""

from dataclasses import replace
from functools import partial

import keras
import numpy as np
import pytest

from skautokeras import (
    AutoModel,
    BoostedTreesBlock,
    Choice,
    ClassificationHead,
    DenseBlock,
    Input,
    RegressionHead,
    StructuredDataBlock,
    StructuredDataInput,
)
from skautokeras._data import ArraySchema, NumberAdapter, TargetSchema
from skautokeras._layers import FromTargetScale, walk
from skautokeras._space import Graph, SearchSpace, check_heads, make_metric

BINARY = TargetSchema(kind="binary", n_outputs=1)
THREE = TargetSchema(kind="multiclass", n_outputs=3)
LABELS = TargetSchema(kind="multilabel", n_outputs=3)


@pytest.mark.parametrize(
    ("loss", "target", "layout", "units"),
    [
        (None, BINARY, "binary", 1),
        (None, THREE, "one_hot", 3),
        (None, LABELS, "columns", 3),
        ("hinge", BINARY, "binary", 1),
        ("categorical_crossentropy", BINARY, "one_hot", 2),
        ("sparse_categorical_crossentropy", THREE, "codes", 3),
        (keras.losses.SparseCategoricalCrossentropy(), BINARY, "codes", 2),
        (keras.losses.kl_divergence, THREE, "one_hot", 3),
        # Of one column, they would ignore the rows of the first class.
        ("kl_divergence", BINARY, "one_hot", 2),
        (keras.losses.CosineSimilarity(), BINARY, "one_hot", 2),
        (keras.losses.CategoricalGeneralizedCrossEntropy(), THREE, "codes", 3),
    ],
    ids=range(11),
)
def test_the_loss_decides_the_form_of_y(loss, target, layout, units):
    head = ClassificationHead(loss=loss)
    assert head.layout(target) == layout
    output = head.build_output(keras.Input((4,)), target, "head")
    assert output.shape == (None, units)
    y = np.eye(3)[[0, 1]] if target is LABELS else np.array([0, 1])
    y_true = head.encode(y.astype("float32"), target)
    y_pred = np.full((2, units), 1 / max(units, 2), dtype="float32")
    assert np.isfinite(float(head.make_loss(target)(y_true, y_pred)))


def test_smoothing_moves_labels_towards_equal_shares():
    head = ClassificationHead()
    y = np.array([[0.0], [1.0]])
    np.testing.assert_allclose(head.smooth(y, BINARY, 0.1), [[0.05], [0.95]])
    one_hot = head.smooth(np.eye(3), THREE, 0.3)
    np.testing.assert_allclose(one_hot.sum(axis=1), 1)
    np.testing.assert_allclose(np.diag(one_hot), 0.8)
    np.testing.assert_array_equal(RegressionHead().smooth(y, BINARY, 0.1), y)


def test_every_metric_is_a_fresh_one():
    metric = keras.metrics.AUC(name="auc")
    metric.update_state([0, 1], [0.1, 0.9])
    fresh = make_metric(metric, "binary")
    assert fresh is not metric
    assert float(fresh.result()) == 0
    assert make_metric("accuracy", "one_hot").name == "accuracy"
    assert make_metric(keras.metrics.mean_squared_error, "columns").name


def shares(y_pred, width):
    """Return what a network with a number of outputs says of the same predictions."""
    return y_pred[:, 1:] if width == 1 else y_pred


TWO_SHARES = np.array([[0.9, 0.1], [0.4, 0.6], [0.2, 0.8], [0.7, 0.3]], "float32")
THREE_SHARES = np.array(
    [[0.5, 0.3, 0.2], [0.1, 0.3, 0.6], [0.2, 0.1, 0.7], [0.4, 0.5, 0.1]], "float32"
)

ACCURACIES = [
    "accuracy",
    "categorical_accuracy",
    "sparse_categorical_accuracy",
    keras.metrics.categorical_accuracy,
    keras.metrics.sparse_categorical_accuracy,
    keras.metrics.Accuracy(),
    keras.metrics.SparseTopKCategoricalAccuracy(k=1),
    keras.metrics.TopKCategoricalAccuracy(k=1, name="top"),
]


@pytest.mark.parametrize(
    "loss", [None, "categorical_crossentropy", "sparse_categorical_crossentropy"]
)
@pytest.mark.parametrize(
    ("metric", "target", "expected"),
    [
        *((metric, BINARY, 0.5) for metric in ACCURACIES),
        *((metric, THREE, 0.75) for metric in ACCURACIES),
        ("categorical_crossentropy", BINARY, 0.6122),
        ("sparse_categorical_crossentropy", BINARY, 0.6122),
        ("categorical_crossentropy", THREE, 0.6192),
        ("sparse_categorical_crossentropy", THREE, 0.6192),
        ("auc", BINARY, 0.75),
        (keras.metrics.MeanIoU(3, dtype="float32"), THREE, 0.5),
        (keras.metrics.OneHotMeanIoU(3, dtype="float32"), THREE, 0.5),
        (keras.metrics.F1Score(average="macro"), THREE, 0.5556),
    ],
    ids=range(24),
)
def test_a_metric_gets_y_in_the_layout_that_it_needs(loss, metric, target, expected):
    head = ClassificationHead(loss=loss, metrics=[metric])
    y, y_pred = [0, 0, 1, 1], TWO_SHARES
    if target is THREE:
        y, y_pred = [0, 2, 2, 0], THREE_SHARES
    encoded = head.encode(np.array(y), target)
    outputs = shares(y_pred, head.output_width(target))
    (made,) = head.make_metrics(target)
    copy = type(made).from_config(made.get_config())
    for found in (made, copy):
        found.update_state(encoded, outputs, sample_weight=np.ones(4, "float32"))
        assert float(found.result()) == pytest.approx(expected, abs=1e-3)
        assert found.name == make_metric(metric, "one_hot").name
    made.reset_state()
    made.update_state(encoded, outputs, sample_weight=np.zeros(4, "float32"))
    assert float(made.result()) == pytest.approx(0, abs=1e-3)


def test_a_metric_of_the_user_gets_the_layout_of_the_loss_unless_its_name_asks():
    seen = {}

    def plain(y_true, y_pred):
        seen["plain"] = tuple(y_true.shape), tuple(y_pred.shape)
        return keras.ops.mean(y_pred, axis=-1)

    def sparse_share(y_true, y_pred):
        seen["sparse"] = tuple(y_true.shape), tuple(y_pred.shape)
        return keras.ops.mean(y_pred, axis=-1)

    for loss in (None, "sparse_categorical_crossentropy"):
        head = ClassificationHead(loss=loss, metrics=[plain, sparse_share])
        outputs = shares(TWO_SHARES, head.output_width(BINARY))
        for metric in head.make_metrics(BINARY):
            metric.update_state(head.encode(np.array([0, 0, 1, 1]), BINARY), outputs)
        of_plain = ((4,), (4, 2)) if loss else ((4, 1), (4, 1))
        assert seen == {"plain": of_plain, "sparse": ((4,), (4, 2))}


NUMBERS = TargetSchema(kind="regression", n_outputs=2)


@pytest.mark.parametrize(
    ("head", "target", "loss"),
    [
        (ClassificationHead(), BINARY, keras.losses.BinaryCrossentropy),
        (ClassificationHead(), THREE, keras.losses.CategoricalCrossentropy),
        (ClassificationHead(), LABELS, keras.losses.BinaryCrossentropy),
        (RegressionHead(), NUMBERS, keras.losses.MeanSquaredError),
    ],
    ids=["binary", "multiclass", "multilabel", "regression"],
)
def test_each_kind_of_target_has_its_default_loss(head, target, loss):
    assert type(head.make_loss(target)) is loss


@pytest.mark.parametrize(
    ("loss", "target", "y", "expected"),
    [
        (None, BINARY, [1, 0], [[1], [0]]),
        (None, THREE, [2, 0], [[0, 0, 1], [1, 0, 0]]),
        (None, LABELS, [[1, 0, 1]], [[1, 0, 1]]),
        ("categorical_crossentropy", BINARY, [1, 0], [[0, 1], [1, 0]]),
        ("sparse_categorical_crossentropy", THREE, [2, 0], [2, 0]),
    ],
    ids=["binary", "multiclass", "multilabel", "categorical", "sparse"],
)
def test_y_is_encoded_as_its_layout_says(loss, target, y, expected):
    encoded = ClassificationHead(loss=loss).encode(np.array(y), target)
    assert tuple(encoded.shape) == np.shape(expected)
    np.testing.assert_array_equal(encoded, expected)


def test_numbers_are_not_encoded():
    y = np.array([[0.5, -1.0]])
    head = RegressionHead()
    assert head.layout(NUMBERS) == "columns"
    assert head.encode(y, NUMBERS) is y
    assert head.build_output(keras.Input((4,)), NUMBERS, "head").shape == (None, 2)


@pytest.mark.parametrize(
    ("target", "metric"),
    [
        (BINARY, keras.metrics.BinaryAccuracy),
        (THREE, keras.metrics.CategoricalAccuracy),
        (LABELS, keras.metrics.BinaryAccuracy),
    ],
    ids=["binary", "multiclass", "multilabel"],
)
def test_accuracy_is_the_one_for_the_target_and_fresh_each_time(target, metric):
    head = ClassificationHead(metrics=["accuracy"])
    (first,), (second,) = head.make_metrics(target), head.make_metrics(target)
    assert type(first) is metric
    assert first is not second


def test_a_plain_function_is_a_loss_and_keeps_its_name():
    def distance(y_true, y_pred):
        return keras.ops.mean(keras.ops.abs(y_true - y_pred), axis=-1)

    loss = RegressionHead(loss=distance).make_loss(NUMBERS)
    assert isinstance(loss, keras.losses.Loss)
    assert loss.name == "distance"
    assert float(loss(np.ones((3, 2)), np.zeros((3, 2)))) == pytest.approx(1)


def distance(y_true, y_pred):
    """Return how far predictions are from the truth."""
    return keras.ops.mean(keras.ops.abs(y_true - y_pred), axis=-1)


nameless = lambda y_true, y_pred: distance(y_true, y_pred)  # noqa: E731


@pytest.mark.parametrize("function", [nameless, partial(distance)])
def test_a_function_without_a_name_gets_one_that_keras_can_use(function):
    loss = RegressionHead(loss=function).make_loss(NUMBERS)
    assert loss.name == "loss"
    assert float(loss(np.ones((3, 2)), np.zeros((3, 2)))) == pytest.approx(1)
    (metric,) = RegressionHead(metrics=[function]).make_metrics(NUMBERS)
    assert metric.name == "metric"
    metric.update_state(np.ones((3, 2)), np.zeros((3, 2)))
    assert float(metric.result()) == pytest.approx(1)


def test_a_metric_that_is_a_function_keeps_its_name():
    assert make_metric(distance, "columns").name == "distance"


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("auc", "auc"),
        ("AUC", "auc"),
        ("precision", "precision"),
        ("TruePositives", "true_positives"),
        ("R2Score", "r2_score"),
        ("mse", "mean_squared_error"),
        (keras.metrics.Recall, "recall"),
    ],
)
def test_a_metric_by_name_has_the_same_name_every_time(given, name):
    for _ in range(3):
        assert make_metric(given, "binary").name == name


def test_a_metric_object_keeps_its_name():
    metric = keras.metrics.AUC(name="auc_7")
    assert make_metric(metric, "binary").name == "auc_7"


def graph_with(head, target=NUMBERS):
    node = Input()
    return SearchSpace(
        Graph([node], [head(node)]),
        schemas=[ArraySchema(shape=(4,), n_samples=10)],
        targets=[target],
        n_samples=10,
    )


@pytest.mark.parametrize("within_range", [True, False])
def test_numbers_stay_in_the_range_of_the_target_unless_they_need_not(within_range):
    target = replace(NUMBERS, lowest=(-1.0, -0.5), highest=(1.0, 2.0))
    search_space = graph_with(RegressionHead(within_range=within_range), target)
    network = search_space.build({}).network
    (name,) = search_space.heads
    x = {"array": 1000 * np.random.default_rng(0).normal(size=(50, 4))}
    free = np.asarray(network(x, training=True)[name])
    y = np.asarray(network(x)[name])
    expected = np.clip(free, target.lowest, target.highest) if within_range else free
    np.testing.assert_allclose(y, expected, rtol=1e-5)
    assert abs(free).max() > 10


@pytest.mark.parametrize(
    "head",
    [
        RegressionHead(loss="wrong"),
        RegressionHead(metrics=["mse", "wrong"]),
    ],
    ids=repr,
)
def test_an_unknown_loss_or_metric_is_named(head):
    with pytest.raises(ValueError, match="wrong"):
        check_heads(graph_with(head).heads)


def test_heads_that_can_be_made_pass_the_check():
    head = RegressionHead(loss="mae", metrics=["mse", distance])
    check_heads(graph_with(head).heads)


# --- Scales on which numbers are computed

SCALE = "target/transformation"
RNG = np.random.default_rng(0)
PRICES = RNG.lognormal(3, 1, 300)
PROFITS = PRICES - 20
COUNTS = RNG.poisson(1.0, 300).astype(float)


def numbers(*columns):
    """Return the schema of numbers to predict."""
    return NumberAdapter().fit(np.column_stack(columns).squeeze()).schema_


def scales_of(head, target):
    """Return the scales among which a search chooses; None if it has no choice."""
    space = graph_with(head, target).hyperparameters().space
    found = {hp.name: hp for hp in space}.get(SCALE)
    return None if found is None else found.values


ALL = ["none", "log", "yeo_johnson", "quantile"]
WITHOUT_LOG = ["none", "yeo_johnson", "quantile"]


@pytest.mark.parametrize(
    ("head", "target", "expected"),
    [
        (RegressionHead(), numbers(PRICES), ALL),
        (RegressionHead(), numbers(COUNTS), ALL),
        (RegressionHead(), numbers(PRICES, COUNTS), ALL),
        (RegressionHead(), numbers(PROFITS), WITHOUT_LOG),
        (RegressionHead(), numbers(PRICES, PROFITS), WITHOUT_LOG),
        # There is no logarithmic scale for one number alone.
        (RegressionHead(), numbers(np.full(50, 3.0)), WITHOUT_LOG),
        (RegressionHead(), numbers(PRICES, np.full(300, 3.0)), WITHOUT_LOG),
        (
            RegressionHead(transformation=Choice(["none", "quantile"])),
            numbers(PRICES),
            ["none", "quantile"],
        ),
        (RegressionHead(transformation="log"), numbers(PRICES), None),
        # A loss of the user is taken on the scale of the target, whatever is learned.
        (RegressionHead(loss="mae"), numbers(PRICES), ALL),
        (RegressionHead(loss=distance), numbers(PRICES), ALL),
        (RegressionHead(), NUMBERS, None),
        (ClassificationHead(), BINARY, None),
    ],
    ids=range(13),
)
def test_the_scale_is_chosen_among_those_that_the_target_has(head, target, expected):
    assert scales_of(head, target) == expected


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("rate", [0.1, 1.0, 10.0])
def test_counts_with_zeros_have_a_logarithm(rate, seed):
    y = np.append(np.random.default_rng(seed).poisson(rate, 200), [0, 1]) / 3
    adapter = NumberAdapter().fit(y)
    head = RegressionHead(transformation="log")
    assert "log" in scales_of(RegressionHead(), adapter.schema_)
    scale = on_scale(graph_with(head, adapter.schema_).build({})).scale
    z = adapter.transform(y)
    u = np.asarray(scale.forward(z))
    assert np.isfinite(u).all()
    # Zeros are no outliers, and each count comes back.
    assert abs(u).max() < 6
    np.testing.assert_allclose(scale.inverse(u), z, atol=1e-4)


def on_scale(built):
    """Return the layer of a network that returns from another scale."""
    (layer,) = (v for v in walk(built.network) if isinstance(v, FromTargetScale))
    return layer


@pytest.mark.parametrize("kind", ["log", "yeo_johnson", "quantile"])
@pytest.mark.parametrize("fixed", [True, False])
def test_errors_of_the_training_are_squared_on_the_scale(kind, fixed):
    target = numbers(PRICES)
    head = RegressionHead(transformation=kind if fixed else None)
    built = graph_with(head, target).build({} if fixed else {SCALE: kind})
    (loss,) = built.losses.values()
    scale = on_scale(built).scale
    assert scale.kind == kind
    z = np.quantile(np.ravel(target.quantiles), [[0.1], [0.5], [0.9]])
    z = z.astype("float32")
    u = np.asarray(scale.forward(z))
    expected = np.mean((u - u[::-1]) ** 2)
    assert float(loss(z, z[::-1])) == pytest.approx(expected, rel=1e-4)
    if kind == "log":
        logs = np.log(NumberAdapter().fit(PRICES).inverse_transform(z))
        deviation = np.log(np.quantile(PRICES, np.linspace(0, 1, 201))).std()
        expected = np.mean(((logs - logs[::-1]) / deviation) ** 2)
        assert float(loss(z, z[::-1])) == pytest.approx(expected, rel=1e-2)
    # Networks are compared on the scale of the target.
    assert type(head.make_loss(target)) is keras.losses.MeanSquaredError


@pytest.mark.parametrize("values", [{}, {SCALE: "none"}])
def test_the_scale_of_the_target_needs_no_layer(values):
    built = graph_with(RegressionHead(), numbers(PRICES)).build(values)
    assert not any(isinstance(v, FromTargetScale) for v in walk(built.network))
    (loss,) = built.losses.values()
    assert type(loss) is keras.losses.MeanSquaredError


@pytest.mark.parametrize("within_range", [True, False])
@pytest.mark.parametrize("kind", ["log", "yeo_johnson", "quantile"])
def test_predictions_are_standardised_targets_whatever_the_scale(kind, within_range):
    target = numbers(PRICES)
    head = RegressionHead(transformation=kind, within_range=within_range)
    search_space = graph_with(head, target)
    (name,) = search_space.heads
    built = search_space.build({})
    assert list(built.network.output) == [name]
    x = {"array": 10 * np.random.default_rng(0).normal(size=(50, 4))}
    z = np.ravel(built.network(x)[name])
    layer = on_scale(built)
    before = keras.Model(built.network.input, layer.input)
    expected = np.ravel(layer.scale.inverse(before(x)))
    assert abs(np.asarray(before(x))).max() > 6
    if within_range:
        expected = np.clip(expected, *target.lowest, *target.highest)
    np.testing.assert_allclose(z, expected, rtol=1e-4, atol=1e-5)
    assert np.isfinite(z).all()


@pytest.mark.parametrize(
    "block", [DenseBlock, StructuredDataBlock, BoostedTreesBlock], ids=repr
)
def test_a_logarithm_of_negative_numbers_is_refused_before_any_training(block):
    trainings, node = [], StructuredDataInput()
    callback = keras.callbacks.LambdaCallback(on_train_begin=trainings.append)
    head = RegressionHead(transformation="log")
    model = AutoModel(node, head(block()(node)), max_trials=2)
    X = np.arange(300.0)[:, None]
    with pytest.raises(ValueError, match="needs a target of which no number is below"):
        model.fit(X, PROFITS, callbacks=[callback])
    assert trainings == []
    assert not hasattr(model, "leaderboard_")
    model.fit(X, PRICES, callbacks=[callback], epochs=1)
    assert len(trainings) == model.n_trials_


def test_an_unknown_scale_is_refused():
    with pytest.raises(ValueError, match=r"transformation.*'square'"):
        graph_with(RegressionHead(transformation="square"), numbers(PRICES)).build({})
