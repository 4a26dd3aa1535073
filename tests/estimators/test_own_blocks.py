"""Searches over blocks that users write as they would write them in Keras."""

import keras
import numpy as np
import pytest

from skautokeras import AutoModel, Block, ClassificationHead, Input

SETTINGS = {
    "max_trials": 4,
    "epochs": 1,
    "ensemble_size": 1,
    "cv": None,
    "refit": False,
    "random_state": 0,
}


@pytest.fixture
def rows():
    """120 rows of five numbers, of which two tell the class."""
    X = np.random.default_rng(0).normal(size=(120, 5)).astype("float32")
    return X, (X[:, 0] + X[:, 1] > 0).astype(int)


def model_of(block, **settings):
    """Return an estimator whose network is one block."""
    node = Input()
    return AutoModel(
        node, ClassificationHead()(block(node)), **{**SETTINGS, **settings}
    )


class Narrowing(Block):
    """Layers that share one hyperparameter, each with bounds of its own."""

    def build(self, hp, inputs):
        """Build up to three layers."""
        for i in range(hp.Int("n", 1, 3)):
            inputs = keras.layers.Dense(hp.Int("u", 4, 32 // (i + 1)))(inputs)
        return inputs


@pytest.mark.parametrize(
    "settings",
    [
        {"tuner": "random", "ensemble_size": 3},
        {"tuner": "bayesian", "cv": 2},
        {"tuner": "hyperband", "epochs": None},
    ],
)
def test_what_is_declared_twice_is_built_as_it_was_scored(rows, settings):
    model = model_of(Narrowing(), **settings).fit(*rows)
    assert set(model.leaderboard_["status"]) <= {"completed", "pruned"}
    assert model.predict_proba(rows[0]).shape == (120, 2)


class Captured(Block):
    """A block on a layer or a model of the user."""

    def __init__(self, layer):
        self.layer = layer

    def build(self, hp, inputs):
        """Call the layer."""
        return self.layer(inputs)


@pytest.mark.parametrize(
    "settings", [{}, {"cv": 2, "ensemble_size": 2}, {"refit": True}]
)
@pytest.mark.parametrize("is_built", [True, False])
def test_no_training_goes_on_with_a_captured_layer(rows, is_built, settings):
    layer = keras.Sequential([keras.layers.Dense(8, "relu"), keras.layers.Dense(3)])
    if is_built:
        layer.build((None, 5))
    before = layer.get_weights()
    first = model_of(Captured(layer), **settings).fit(*rows)
    predicted = first.predict_proba(rows[0])
    second = model_of(Captured(layer), **settings).fit(*rows)
    assert first.leaderboard_["score"].equals(second.leaderboard_["score"])
    np.testing.assert_array_equal(first.predict_proba(rows[0]), predicted)
    assert layer.built == is_built
    for weights, expected in zip(layer.get_weights(), before, strict=True):
        np.testing.assert_array_equal(weights, expected)
