"""Optimizers of Keras whose weights differ in rate and decay, and can be saved."""

import keras
import numpy as np
import pytest

from skautokeras._training import optimizer_class, optimizer_for
from skautokeras.layers import Layer


class Slow(Layer):
    """A layer that learns at a tenth of the rate."""

    learning_rate_factor = 0.1

    def build(self, input_shape):
        """Create one number per feature."""
        self.shift = self.add_weight(shape=(input_shape[-1],), name="shift")

    def call(self, x):
        """Return the sums."""
        return x + self.shift


def make_network():
    x = keras.Input((2,))
    return keras.Model(x, keras.layers.Dense(1)(Slow()(x)))


def gradients_of_ones(variables):
    return [keras.ops.ones(variable.shape) for variable in variables]


@pytest.mark.parametrize(
    "name", ["Adam", "AdamW", "Nadam", "RMSprop", "SGD", "Adagrad", "Lion"]
)
def test_an_optimizer_can_be_read_from_its_configuration(name):
    made = optimizer_class(getattr(keras.optimizers, name))(
        0.5, weight_decay=0.25, undecayed=[1], own_rates="variables"
    )
    config = keras.saving.serialize_keras_object(made)
    again = keras.saving.deserialize_keras_object(config)
    assert type(again) is type(made)
    assert again.get_config() == made.get_config()
    assert again.get_config()["weight_decay"] == 0.25


def test_an_optimizer_of_another_origin_has_no_class_here():
    class Own(keras.optimizers.SGD):
        """A user's own optimizer."""

    assert optimizer_class(Own) is None
    network = make_network()
    own = Own(0.1, weight_decay=0.5)
    assert optimizer_for(network, own) is own


def test_variables_have_their_own_rate_and_decay():
    network = make_network()
    shift, kernel, bias = network.trainable_variables
    for variable in (shift, kernel, bias):
        variable.assign(np.ones(variable.shape))
    optimizer = optimizer_for(
        network, keras.optimizers.SGD(learning_rate=0.1, weight_decay=0.5)
    )
    factors = [float(factor) for factor in optimizer.learning_rate_factors]
    assert factors == [1.0, 1.0, 1.0]
    optimizer.learning_rate_factors[0].assign(0.1)
    variables = [shift, kernel, bias]
    optimizer.apply(gradients_of_ones(variables), variables)
    np.testing.assert_allclose(shift, 1 - 0.1 * 0.1, rtol=1e-6)
    np.testing.assert_allclose(kernel, (1 - 0.1 * 0.5) - 0.1, rtol=1e-6)
    np.testing.assert_allclose(bias, 1 - 0.1, rtol=1e-6)
    # A half of the decay.
    kernel.assign(np.ones((2, 1)))
    optimizer.regularization.assign(0.5)
    optimizer.apply([keras.ops.zeros(v.shape) for v in variables], variables)
    np.testing.assert_allclose(kernel, 1 - 0.1 * 0.25, rtol=1e-6)


def test_rates_and_decay_are_those_of_a_file_that_is_read_back(tmp_path):
    network = make_network()
    given = keras.optimizers.Adam(learning_rate=0.1, weight_decay=0.5)
    network.compile(optimizer_for(network, given), "mse")
    network.optimizer.learning_rate_factors[0].assign(0.1)
    network.optimizer.regularization.assign(0.5)
    network.save(tmp_path / "model.keras")
    with keras.saving.custom_object_scope({"Slow": Slow}):
        loaded = keras.models.load_model(tmp_path / "model.keras", safe_mode=True)
    optimizer = loaded.optimizer
    assert float(optimizer.learning_rate_factors[0]) == pytest.approx(0.1)
    assert float(optimizer.weight_decay) == pytest.approx(0.25)
    assert optimizer.undecayed == network.optimizer.undecayed == (0, 2)


@pytest.mark.parametrize("name", ["Adam", "Nadam", "Adagrad", "Ftrl", "RMSprop"])
def test_a_restart_is_a_new_start(name):
    keras_class = getattr(keras.optimizers, name)
    optimizer, weights = optimizer_class(keras_class)(0.1), keras.Variable([1.0, 2.0])
    optimizer.build([weights])
    optimizer.keep_start()

    def train(optimizer, weights):
        for gradient in ([1.0, -1.0], [0.5, 0.5], [2.0, 0.0]):
            optimizer.apply([keras.ops.array(gradient)], [weights])
        return weights.numpy()

    train(optimizer, weights)
    weights.assign([1.0, 2.0])
    optimizer.restart(0.1)
    expected = train(keras_class(0.1), keras.Variable([1.0, 2.0]))
    np.testing.assert_allclose(train(optimizer, weights), expected, rtol=1e-6)


def test_a_restart_forgets_all_steps():
    weights = keras.Variable([1.0, 1.0])
    optimizer = optimizer_class(keras.optimizers.Adam)(0.1, own_rates="weights")
    optimizer.build([weights])
    optimizer.keep_start()
    optimizer.learning_rate_factors[0].assign([0.0, 0.0])
    optimizer.apply([keras.ops.ones(2)], [weights])
    np.testing.assert_array_equal(weights, [1.0, 1.0])
    optimizer.restart(0.2)
    optimizer.apply([keras.ops.ones(2)], [weights])
    np.testing.assert_allclose(weights, [0.8, 0.8], rtol=1e-5)
