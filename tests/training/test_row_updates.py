"""Large embeddings are learned by rows: only the rows that a batch uses."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from numpy.testing import assert_allclose, assert_array_equal

from skautokeras._layers import WeightedBag
from skautokeras._training import LARGE, CompiledCache, RowUpdates

N_CODES, DIM = 50, 3


def make_network(seed=0, bag=WeightedBag):
    keras.utils.set_random_seed(seed)
    codes = keras.Input((4,), dtype="int32")
    features = bag(n_codes=N_CODES, dim=DIM)(codes)
    return keras.Model(codes, keras.layers.Dense(1)(features))


def step(network, updates, codes, *, rate=0.1, decay=0.0, n_steps=1):
    """Make one step towards smaller outputs, by rows."""
    weights = [v.value for v in updates.without_large(network.trainable_variables)]
    with tf.GradientTape() as tape, updates.in_use():
        others = [v.numpy() for v in network.non_trainable_variables]
        y, _ = network.stateless_call(updates.with_large(weights), others, codes)
        loss = tf.reduce_sum(y)
    gradients = tape.gradient(loss, updates.variables)
    updates.update(gradients, rate, decay, n_steps)
    return gradients


@pytest.fixture
def network():
    """A bag of a few codes and a layer behind it."""
    return make_network()


@pytest.fixture
def updates(network):
    """Updates of its embedding, although it is a small one."""
    updates = RowUpdates(network, smallest=0)
    updates.read_from(network.trainable_variables)
    return updates


def test_only_large_embeddings_count(network):
    assert RowUpdates(network).variables == ()
    assert N_CODES * DIM < LARGE
    assert len(RowUpdates(network, smallest=N_CODES * DIM).variables) == 1
    variables = network.trainable_variables
    others = RowUpdates(network, smallest=0).without_large(variables)
    assert [v.shape for v in others] == [(DIM, 1), (1,)]


def test_embeddings_inside_of_a_shared_network_are_found():
    inner = make_network()
    codes = keras.Input((4,), dtype="int32")
    outer = keras.Model(codes, inner(codes))
    assert len(RowUpdates(outer, smallest=0).variables) == 1


def test_a_step_changes_the_rows_of_the_batch_and_no_others(network, updates):
    codes = np.array([[3, 7, 7, 0], [3, 9, 0, 0]], "int32")
    (before,) = updates.state
    step(network, updates, codes)
    (after,) = updates.state
    changed = np.flatnonzero((before != after).any(axis=1))
    assert_array_equal(changed, [3, 7, 9])
    # The first step of Adam is as long as the rate, whatever the gradient.
    assert_allclose(np.abs(after - before)[changed], 0.1, rtol=1e-3)


def test_weights_of_used_rows_decay(network, updates):
    (before,) = updates.state
    step(network, updates, np.array([[3, 3, 3, 3]], "int32"), rate=0.0, decay=0.5)
    (after,) = updates.state
    assert_allclose(after[3], before[3] / 2)
    assert_allclose(np.delete(after, 3, axis=0), np.delete(before, 3, axis=0))


def test_an_embedding_may_not_decay():
    class Undecayed(WeightedBag):
        uses_weight_decay = False

    network = make_network(bag=Undecayed)
    updates = RowUpdates(network, smallest=0)
    updates.read_from(network.trainable_variables)
    (before,) = updates.state
    step(network, updates, np.array([[3, 3, 3, 3]], "int32"), rate=0.0, decay=0.5)
    assert_array_equal(updates.state[0], before)


def test_an_embedding_with_a_rate_of_its_own_is_not_learned_by_rows():
    class Slow(WeightedBag):
        learning_rate_factor = 0.1

    assert RowUpdates(make_network(bag=Slow), smallest=0).variables == ()


def test_rows_that_are_always_there_take_steps_like_those_of_rmsprop(network, updates):
    codes = np.array([[3, 7, 7, 0]], "int32")
    (before,) = updates.state
    slopes = [step(network, updates, codes, n_steps=n)[0] for n in (1, 2)]
    expected, squares = before[7].copy(), 0.0
    for n, slope in enumerate(slopes, start=1):
        gradient = tf.convert_to_tensor(slope).numpy()[7]
        squares = 0.999 * squares + 0.001 * gradient**2
        expected -= 0.1 * gradient / np.sqrt(squares / (1 - 0.999**n))
    assert_allclose(updates.state[0][7], expected, rtol=1e-4)
    updates.restart()
    step(network, updates, codes, n_steps=1)
    assert_allclose(np.abs(updates.state[0][7] - expected), 0.1, rtol=1e-3)


def test_weights_go_into_networks_and_come_back(network, updates):
    other = make_network(seed=1)
    updates.read_from(other.trainable_variables)
    assert_allclose(updates.state[0], other.trainable_variables[0].numpy())
    step(network, updates, np.array([[5, 5, 5, 5]], "int32"))
    updates.write_to(network.trainable_variables)
    assert_allclose(network.trainable_variables[0].numpy(), updates.state[0])
    kept = updates.state
    step(network, updates, np.array([[5, 5, 5, 5]], "int32"))
    # What was written or kept before stays as it was.
    assert (network.trainable_variables[0].numpy() != updates.state[0]).any()
    updates.state = kept
    assert_allclose(network.trainable_variables[0].numpy(), updates.state[0])


@pytest.mark.parametrize("smallest", [0, LARGE])
def test_trainings_end_with_the_weights_of_their_best_epoch(words_problem, smallest):
    rate, cache = "training/learning_rate", CompiledCache(min_row_updates=smallest)
    built, monitor = words_problem.train({rate: 1e-2}, cache=cache)
    x = words_problem.data.valid.x
    expected = monitor.best_evaluation.y_pred
    for name, y_pred in built.model(x).items():
        assert_allclose(y_pred, expected[name], atol=1e-5)
    assert ((y_pred.numpy().ravel() > 0.5) == words_problem.y).mean() > 0.9
    # Another training of the same compiled function leaves the first network alone.
    other, _ = words_problem.train({rate: 2e-2}, seed=1, cache=cache)
    (again,) = built.model(x).values()
    assert_allclose(again, y_pred, atol=1e-6)
    assert not np.allclose(next(iter(other.model(x).values())), again)
