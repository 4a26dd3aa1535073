"""Nothing that is not used any more stays in memory, and the collector as it was."""

import gc

import pytest
import tensorflow as tf

from skautokeras._search import Collector
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
    return sum(issubclass(type(thing), tf.SearchSpace) for thing in gc.get_objects())


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


def test_the_garbage_collector_is_left_as_it_was_found():
    # Python can have frozen some objects of its own.
    before = gc.get_freeze_count()
    with Collector():
        assert gc.get_freeze_count() > before + 10_000
    assert gc.get_freeze_count() <= before


def test_what_somebody_else_has_frozen_stays_frozen():
    gc.freeze()
    frozen = gc.get_freeze_count()
    try:
        with Collector():
            pass
        assert gc.get_freeze_count() == frozen
    finally:
        gc.unfreeze()
