"""The predefined configurations fit the graph that a task estimator makes."""

import math

import keras
import numpy as np
import pytest

from skautokeras import ClassificationHead, StructuredDataBlock, StructuredDataInput
from skautokeras._data.schema import TargetSchema
from skautokeras._data.structured_data import StructuredDataAdapter
from skautokeras._search.compiled import structure
from skautokeras._space.graph import Graph
from skautokeras._space.portfolio import predefined

each = pytest.mark.parametrize("i", range(len(predefined(["structured_data_block_1"]))))


@pytest.fixture
def graph(make_graph):
    """The graph of the table estimators."""
    return make_graph()


@each
def test_every_name_exists_under_the_values_of_its_configuration(graph, i):
    values = predefined(["structured_data_block_1"])[i]
    assert set(values) <= graph.active_names(values)


@each
def test_every_value_lies_in_its_range(graph, i):
    space = {hp.name: hp for hp in graph.space().space}
    for name, value in predefined(["structured_data_block_1"])[i].items():
        hp = space[name]
        if not hasattr(hp, "min_value"):
            assert value in hp.values, name
        else:
            assert hp.min_value <= value <= hp.max_value, name
            if hp.step and hp.sampling == "linear":
                steps = (value - hp.min_value) / hp.step
                assert math.isclose(steps, round(steps), abs_tol=1e-9), name


@each
def test_every_configuration_builds_and_predicts(graph, table, i):
    built = graph.build(predefined(["structured_data_block_1"])[i])
    (y_pred,) = built.model(table[1]).values()
    assert y_pred.shape == (60, 1)
    assert np.isfinite(y_pred).all()


@pytest.mark.parametrize("width", [1, 20])
def test_configurations_are_ordered_by_what_they_cost(width):
    adapter = StructuredDataAdapter()
    adapter.fit(np.random.default_rng(0).normal(size=(80, width)))
    node = StructuredDataInput()
    graph = Graph(
        [node],
        [ClassificationHead()(StructuredDataBlock()(node))],
        schemas=[adapter.schema_],
        targets=[TargetSchema(kind="binary", n_outputs=1)],
        n_samples=80,
    )
    costs = []
    for values in predefined(["structured_data_block_1"]):
        built = graph.build(values)
        costs.append(built.network.count_params() * built.training.epochs)
    assert costs == sorted(costs)


@each
def test_configurations_that_differ_in_numbers_share_a_structure(graph, i):
    values = predefined(["structured_data_block_1"])[i]
    numbers = {
        "structured_data_block_1/dense_block_1/dropout": 0.45,
        "training/learning_rate": 1e-4,
    }
    # The first layers of a process have names like the keys of their config.
    keras.utils.clear_session()
    one, other = (structure(graph.build(values | n).network) for n in ({}, numbers))
    assert one == other
    assert hash(one) == hash(other)


def test_configurations_are_handed_out_as_copies():
    predefined(["structured_data_block_1"])[0].clear()
    assert predefined(["structured_data_block_1"])[0]
