"""Heads: the form of y and the loss for every kind of target."""

import keras
import numpy as np
import pytest

from skautokeras import ClassificationHead, RegressionHead
from skautokeras._data.schema import TargetSchema
from skautokeras._space.heads import make_metric

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
