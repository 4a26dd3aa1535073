"""Losses on the scale of the user, and metrics of any make."""

import keras
import keras_tuner
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from skautokeras import RegressionHead, StructuredDataRegressor
from skautokeras._data import NumberAdapter
from skautokeras._space.heads import make_metric
from skautokeras._space.losses import (
    FunctionMetric,
    LossInUnits,
    LossOfMembers,
    as_loss,
    asks_for_logarithm,
)

Y = np.array([1.0, 2.0, 4.0, 10.0])
P = np.array([2.0, 2.0, 3.0, 12.0])
LOSSES = [
    "mean_absolute_percentage_error",
    "mean_squared_logarithmic_error",
    "poisson",
    keras.losses.Huber(delta=0.5),
    keras.losses.LogCosh(),
    lambda y, p: ops.mean(ops.abs(y - p) ** 1.5, axis=-1),
]


@pytest.mark.parametrize("loss", LOSSES, ids=lambda x: getattr(x, "name", str(x)[:9]))
def test_losses_mean_what_they_say_on_the_users_scale(loss):
    target = NumberAdapter().fit(Y)
    z, p = target.transform(Y), target.transform(P)
    found = RegressionHead(loss=loss).make_loss(target.schema_)
    assert isinstance(found, LossInUnits)
    expected = as_loss(loss)(Y[:, None].astype("float32"), P[:, None].astype("float32"))
    assert float(found(z, p)) == pytest.approx(float(expected), rel=1e-4)
    # In a training, the loss differs by a factor, and is about 1 for the median.
    trained = RegressionHead(loss=loss).training_loss(target.schema_, None)
    ratio = float(trained(z, p) - trained(z, z)) / float(found(z, p) - found(z, z))
    assert ratio == pytest.approx(trained.factor, rel=1e-3)
    copy = LossInUnits.from_config(trained.get_config()) if loss in LOSSES[:3] else None
    if copy is not None:
        assert float(copy(z, p)) == pytest.approx(float(trained(z, p)))


@pytest.mark.parametrize("loss", ["mse", "mean_absolute_error"])
def test_losses_of_any_scale_stay_standardised(loss):
    target = NumberAdapter().fit(Y)
    found = RegressionHead(loss=loss).make_loss(target.schema_)
    assert not isinstance(found, LossInUnits)


def test_poisson_is_finite_below_zero():
    target = NumberAdapter().fit(Y)
    found = RegressionHead(loss="poisson").make_loss(target.schema_)
    losses = [
        float(found(target.transform([1.0]), target.transform([p])))
        for p in (-9.0, -1.0, 0.0, 1.0)
    ]
    assert np.isfinite(losses).all()
    assert losses == sorted(losses, reverse=True)


def test_counts_are_learned_by_their_own_loss():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 3))
    y = rng.poisson(np.exp(X[:, 0] + 1))
    reg = StructuredDataRegressor(
        loss="poisson", max_trials=1, epochs=20, cv=None, random_state=0
    ).fit(X, y)
    found = reg.predict(X)
    assert np.corrcoef(found, y)[0, 1] > 0.6
    # evaluate tells the loss on the user's scale as well.
    poisson = np.mean(found - y * np.log(found + 1e-7))
    assert reg.evaluate(X, y)["loss"] == pytest.approx(poisson, rel=1e-3)


def gamma_deviance(y_true, y_pred):
    return ops.mean(y_true / y_pred + ops.log(y_pred), axis=-1)


def symmetric_percentage(y_true, y_pred):
    sum_ = ops.abs(y_true) + ops.abs(y_pred) + 1e-7
    return ops.mean(ops.abs(y_true - y_pred) / sum_, axis=-1)


def unexplained_variance(y_true, y_pred):
    rest = ops.square(y_true - ops.mean(y_true))
    return ops.sum(ops.square(y_true - y_pred)) / (ops.sum(rest) + 1e-7)


def pinball(y_true, y_pred):
    error = y_true - y_pred
    return ops.mean(ops.maximum(0.9 * error, -0.1 * error), axis=-1)


@pytest.mark.parametrize("n_outputs", [1, 2])
@pytest.mark.parametrize(
    ("loss", "expected"),
    [
        ("poisson", True),
        ("mean_squared_logarithmic_error", True),
        ("mean_absolute_percentage_error", True),
        (gamma_deviance, True),
        (symmetric_percentage, True),
        ("mean_squared_error", False),
        ("mean_absolute_error", False),
        ("huber", False),
        ("cosine_similarity", False),
        ("hinge", False),
        (unexplained_variance, False),
        (pinball, False),
    ],
)
def test_losses_of_ratios_ask_for_the_logarithm(loss, expected, n_outputs):
    assert asks_for_logarithm(as_loss(loss), n_outputs) is expected


@pytest.mark.parametrize(
    ("lowest", "expected"), [(1.0, "log"), (0.0, "log"), (-1.0, "none")]
)
def test_a_loss_of_ratios_begins_with_the_logarithm(lowest, expected):
    target = NumberAdapter().fit(np.linspace(lowest, 9.0, 99)).schema_
    hp = keras_tuner.HyperParameters()
    RegressionHead(loss="poisson").choose_scale(hp, target)
    assert hp.values == {"transformation": expected}


def rms(y_true, y_pred):
    return ops.sqrt(ops.mean(ops.square(y_true - y_pred)))


def test_a_function_of_the_batch_is_a_metric():
    metric = make_metric(rms, "columns")
    metric.update_state(np.zeros((2, 1)), np.ones((2, 1)), sample_weight=[1.0, 1.0])
    metric.update_state(np.zeros((1, 1)), np.full((1, 1), 4.0), sample_weight=[1.0])
    assert float(metric.result()) == pytest.approx(2.0)
    config = FunctionMetric(keras.losses.mean_squared_error).get_config()
    for _ in range(2):
        copy = FunctionMetric.from_config(config)
        assert copy.name == "mean_squared_error"


class Above(keras.metrics.Metric):
    """A metric of the user without a configuration."""

    def __init__(self, limit):
        super().__init__(name="above")
        self.limit = limit
        self.n = self.add_weight(name="n", initializer="zeros")

    def update_state(self, y_true, y_pred, sample_weight=None):
        self.n.assign_add(ops.sum(ops.cast(y_pred > self.limit, "float32")))

    def result(self):
        return self.n

    def reset_state(self):
        self.n.assign(0.0)


def test_a_metric_without_a_configuration_is_used_itself():
    metric = Above(0.5)
    assert make_metric(metric, "columns") is metric
    reg = StructuredDataRegressor(
        metrics=[metric], max_trials=2, epochs=2, cv=None, refit=False, random_state=0
    ).fit(np.arange(40.0)[:, None], np.arange(40.0))
    assert "val_above" in reg.history_


@pytest.mark.parametrize(
    "loss",
    [
        "categorical_crossentropy",
        keras.losses.Dice(),
        keras.losses.Dice(axis=1),
        keras.losses.Dice(axis=0),
        keras.losses.Tversky(alpha=0.3, beta=0.7),
        rms,
    ],
    ids=range(6),
)
@pytest.mark.parametrize("compiled", [False, True])
def test_the_loss_of_members_is_the_mean_of_their_losses(loss, compiled):
    rng = np.random.default_rng(0)
    y = np.eye(3, dtype="float32")[rng.integers(0, 3, 16)]
    y_pred = rng.dirichlet(np.ones(3), (16, 4)).astype("float32")
    plain, of_members = as_loss(loss), LossOfMembers(as_loss(loss), [0.25, 0.75])
    if compiled:
        rows = [tf.TensorSpec([None, 3]), tf.TensorSpec([None, 4, 3])]
        of_members = tf.function(of_members, input_signature=rows)
    weights = [0.125, 0.125, 0.375, 0.375]
    losses = [float(plain(y, y_pred[:, member])) for member in range(4)]
    expected = np.dot(weights, losses)
    assert float(of_members(y, y_pred)) == pytest.approx(expected, rel=1e-5)
