"""A temperature is learned where it helps, and nowhere else."""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit, softmax
from sklearn.metrics import log_loss

from skautokeras import ClassificationHead, RegressionHead
from skautokeras._data import TargetSchema
from skautokeras._ensemble import calibrate, fit_temperature, fit_temperatures
from skautokeras._layers import Temperature
from skautokeras._training import Objective

BINARY = TargetSchema(kind="binary", n_outputs=1)


def sample(seed, temperature, n=2000, n_classes=3):
    """Return probabilities that need a temperature, and the classes."""
    rng = np.random.default_rng(seed)
    logits = 2.0 * rng.normal(size=(n, n_classes))
    cumulated = softmax(logits, axis=1).cumsum(axis=1)
    y = (cumulated < rng.random((n, 1))).sum(axis=1)
    return softmax(logits * temperature, axis=1), y


def loss_of(p, y, weight=None):
    """Return the log loss where each of n labels may be wrong by 1 / (n + 2)."""
    error, n_classes = 1 / (len(y) + 2), p.shape[1]
    shares = np.full(p.shape, error / (n_classes - 1))
    shares[np.arange(len(y)), y] = 1 - error
    losses = -(shares * np.log(np.maximum(p, 1e-7))).sum(axis=1)
    return np.average(losses, weights=weight)


@pytest.mark.parametrize("temperature", [0.5, 2.0, 4.0])
def test_the_temperature_of_classes_is_found(temperature):
    p, y = sample(0, temperature)
    assert fit_temperature(p, y, None, "softmax") == pytest.approx(temperature, rel=0.1)


@pytest.mark.parametrize("n_labels", [1, 4])
def test_the_temperature_of_labels_is_found(n_labels):
    rng = np.random.default_rng(0)
    logits = 2.0 * rng.normal(size=(2000, n_labels))
    y = (rng.random(logits.shape) < expit(logits)).astype("float32")
    found = fit_temperature(expit(3.0 * logits), y, None, "sigmoid")
    assert found == pytest.approx(3.0, rel=0.15)


def test_rows_count_by_their_weights():
    (p, y), (q, z) = sample(0, 2.0), sample(1, 0.5)
    weight = np.repeat([1.0, 1e-6], 2000)
    both = np.concatenate([p, q]), np.concatenate([y, z])
    assert fit_temperature(*both, weight, "softmax") == pytest.approx(2.0, rel=0.1)


def test_probabilities_that_are_right_are_mostly_left_alone():
    found = [fit_temperature(*sample(seed, 1.0), None, "softmax") for seed in range(40)]
    changed = [temperature for temperature in found if temperature is not None]
    assert len(changed) < 12  # one standard error: one time in six by chance
    np.testing.assert_allclose(changed, 1.0, atol=0.15)


@settings(max_examples=60)
@given(
    seed=st.integers(0, 10_000),
    n=st.integers(1, 60),
    n_classes=st.integers(2, 4),
    sharpness=st.floats(0.1, 20.0),
    weighted=st.booleans(),
)
def test_the_log_loss_of_the_validation_rows_never_rises(
    seed, n, n_classes, sharpness, weighted
):
    rng = np.random.default_rng(seed)
    p = softmax(sharpness * rng.normal(size=(n, n_classes)), axis=1).astype("float32")
    y = rng.integers(n_classes, size=n)
    weight = rng.random(n) + 0.1 if weighted else None
    temperature = fit_temperature(p, y, weight, "softmax")
    if temperature is not None:
        before, after = (
            loss_of(p, y, weight),
            loss_of(calibrate(p, temperature, "softmax"), y, weight),
        )
        assert after <= before + 1e-6
        assert 0.1 <= temperature <= 10


@pytest.mark.parametrize("n", [10, 100])
@pytest.mark.parametrize("p", [0.9, 1 - 1e-6])
def test_rows_without_a_mistake_do_not_prove_certainty(p, n):
    p, y = np.full((n, 1), p), np.ones(n)
    temperature = fit_temperature(p, y, None, "sigmoid")
    # As if one row more of each class had been seen.
    said = p if temperature is None else calibrate(p, temperature, "sigmoid")
    assert said.max() <= (n + 1) / (n + 2) + 1e-3


def test_one_row_tells_nothing():
    assert fit_temperature(np.array([[0.6]]), np.array([1]), None, "sigmoid") is None


@pytest.mark.parametrize("activation", ["softmax", "sigmoid"])
@pytest.mark.parametrize("temperature", [0.3, 1.0, 7.0])
def test_the_layer_computes_the_same(activation, temperature):
    p = np.random.default_rng(0).dirichlet([0.3] * 4, size=50).astype("float32")
    p = np.concatenate([p, np.eye(4, dtype="float32")])  # certainty
    found = np.asarray(Temperature(temperature, activation)(p))
    np.testing.assert_allclose(found, calibrate(p, temperature, activation), atol=1e-6)


@settings(max_examples=60)
@given(seed=st.integers(0, 10_000), temperature=st.floats(0.1, 10.0))
def test_what_is_predicted_stays(seed, temperature):
    rng = np.random.default_rng(seed)
    p = rng.dirichlet([0.5] * 3, size=20).astype("float32")
    found = calibrate(p, temperature, "softmax")
    np.testing.assert_array_equal(found.argmax(axis=1), p.argmax(axis=1))
    found = calibrate(p, temperature, "sigmoid")
    np.testing.assert_array_equal(found > 0.5, p > 0.5)


# In a search


def fitted(y_pred, y, objective, heads=None):
    heads = heads or {"head": (ClassificationHead(), BINARY)}
    rows = SimpleNamespace(y=y, weight=None)

    def loss(y_pred):
        return log_loss(y["head"], y_pred["head"][:, 0])

    return fit_temperatures(heads, rows, y_pred, objective, loss)


@pytest.fixture
def overconfident():
    p, y = sample(0, 4.0, n_classes=2)
    return {"head": p[:, 1:]}, {"head": y}


def test_heads_of_classes_are_calibrated_and_those_of_numbers_not(overconfident):
    y_pred, y = overconfident
    heads = {
        "number": (RegressionHead(), TargetSchema(kind="regression", n_outputs=1)),
        "head": (ClassificationHead(), BINARY),
    }
    numbers = {"number": y_pred["head"]}
    objective = Objective(lambda outputs: -outputs.loss)
    found = fitted({**numbers, **y_pred}, {**numbers, **y}, objective, heads)
    assert list(found) == ["head"]
    temperature, activation = found["head"]
    assert (temperature > 2, activation) == (True, "sigmoid")


def test_a_score_never_becomes_worse(overconfident):
    # What is far from 1/2 counts: caution is a mistake.
    objective = Objective(lambda outputs: abs(outputs.y_pred["head"] - 0.5).mean())
    assert fitted(*overconfident, objective) == {}
    indifferent = Objective(lambda outputs: (outputs.y_pred["head"] > 0.5).mean())
    assert list(fitted(*overconfident, indifferent)) == ["head"]
