"""Layers say what they ask of a training, and all layers of a network are found."""

import keras
import numpy as np
import pytest

from skautokeras._layers import starting_from_data, traits_of, walk
from skautokeras.layers import Layer

USUAL = {
    "preprocessing": False,
    "uncompiled_config": (),
    "max_rows_at_once": None,
    "uses_weight_decay": True,
    "learning_rate_factor": None,
    "relative_rates": None,
    "frozen_until": 0.0,
    "starts_from_data": False,
}


class Slow(Layer):
    """A layer that learns slowly, and starts from the data."""

    learning_rate_factor = 0.1
    starts_from_data = True

    def build(self, input_shape):
        """Create one number per feature."""
        self.mean = self.add_weight(shape=(input_shape[-1],), name="mean")

    def start_from(self, x, rng):
        """Start from the means."""
        self.mean.assign(x.mean(axis=0))

    def call(self, x):
        """Subtract the means."""
        return x - self.mean


class Undeclared(keras.layers.Layer):
    """Has an attribute of that name for reasons of its own."""

    preprocessing = True


@pytest.mark.parametrize("name", USUAL)
def test_layers_of_another_origin_have_the_usual_traits(name):
    for layer in (keras.layers.Dense(3), Undeclared(), Layer()):
        assert getattr(traits_of(layer), name) == USUAL[name]


def test_a_layer_of_the_users_says_what_it_asks():
    traits = traits_of(Slow())
    assert (traits.learning_rate_factor, traits.uses_weight_decay) == (0.1, True)


def test_a_layer_starts_from_what_it_is_called_on_first():
    x = np.array([[1.0, 2.0], [3.0, 6.0]], "float32")
    layer = Slow()
    with starting_from_data([layer], np.random.default_rng(0)):
        np.testing.assert_allclose(layer(x), [[-1, -2], [1, 2]])
        np.testing.assert_allclose(layer(x + 1), [[0, -1], [2, 3]])
    np.testing.assert_allclose(layer(x + 1), [[0, -1], [2, 3]])


def test_a_layer_that_cannot_start_from_data_says_so():
    with (
        starting_from_data([layer := Layer()], np.random.default_rng(0)),
        pytest.raises(NotImplementedError),
    ):
        layer(np.zeros((2, 2)))


def test_all_layers_of_nested_networks_are_found_in_their_order():
    first, second, third = (keras.layers.Dense(2) for _ in range(3))
    inner = keras.Sequential([keras.Input((2,)), first])
    middle = keras.Sequential([inner, second])
    x = keras.Input((2,))
    network = keras.Model(x, third(middle(x)))
    found = [layer for layer in walk(network) if isinstance(layer, keras.layers.Dense)]
    assert found == [first, second, third]
    assert not any(isinstance(layer, keras.Model) for layer in walk(network))
