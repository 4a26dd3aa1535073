"""Heads: the form of y and the loss for every kind of target."""

from dataclasses import replace
from functools import partial

import keras
import numpy as np
import pytest

from skautokeras import ClassificationHead, Input, RegressionHead
from skautokeras._data import ArraySchema, TargetSchema
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
    ],
    ids=["binary", "multiclass", "multilabel", "hinge", "two", "codes", "object", "kl"],
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
