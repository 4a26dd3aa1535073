"""Compiled functions that are not used any more are freed."""

import gc

import pytest
import tensorflow as tf

from skautokeras._training import CompiledCache

# Compiled networks that a cache may hold, and graphs of each (the epoch, two ways to
# order its rows, condition and body of its loop, the validation).
MOST_NETWORKS = 8
GRAPHS_PER_NETWORK = 6


@pytest.fixture
def structures(problem):
    """Values of networks that cannot share a compiled function."""
    return [
        {"dense_block_1/activation": activation, "training/optimizer": optimizer}
        for optimizer in ("adam", "nadam", "rmsprop")
        for activation in ("relu", "silu", "mish")
    ]


def count_graphs():
    gc.collect()
    return sum(issubclass(type(thing), tf.Graph) for thing in gc.get_objects())


@pytest.mark.slow
def test_compiled_functions_are_freed(problem, structures):
    # What is made once and stays.
    problem.train(structures[0], epochs=1)
    before = count_graphs()
    cache = CompiledCache()
    for values in structures:
        problem.train(values, epochs=1, cache=cache)
    n_graphs = count_graphs() - before
    assert 0 < n_graphs <= MOST_NETWORKS * GRAPHS_PER_NETWORK
    del cache
    assert count_graphs() == before
