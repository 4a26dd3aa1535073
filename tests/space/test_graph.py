"""Graphs: names, conditions, wiring, and the cut behind the preprocessing."""

import copy

import numpy as np
import pytest

from skautokeras import (
    ClassificationHead,
    DenseBlock,
    Flatten,
    Input,
    Merge,
    Normalization,
    RegressionHead,
    StructuredDataBlock,
    StructuredDataInput,
)
from skautokeras._data.schema import ArraySchema, TargetSchema
from skautokeras._search.compiled import structure
from skautokeras._space.graph import Graph

BLOCK = "structured_data_block_1"


@pytest.fixture
def graph(make_graph):
    """The graph of the table estimators."""
    return make_graph()


def test_names_are_paths_through_the_graph(graph):
    names = [hp.name for hp in graph.space().space]
    assert f"{BLOCK}/dense_block_1/units_0" in names
    assert f"{BLOCK}/numerical_embedding_1/periodic/sigma" in names
    assert "training/learning_rate" in names
    assert len(names) == len(set(names))


def test_conditions_tell_what_exists(graph):
    deep = graph.active_names({f"{BLOCK}/dense_block_1/n_layers": 4})
    flat = graph.active_names({f"{BLOCK}/dense_block_1/n_layers": 3})
    assert deep - flat == {f"{BLOCK}/dense_block_1/units_3"}
    method = f"{BLOCK}/numerical_embedding_1/method"
    for name in ("periodic", "piecewise_linear"):
        found = graph.active_names({method: name})
        others = {"periodic", "piecewise_linear"} - {name}
        assert any(f"/{name}/" in n for n in found)
        assert not any(f"/{other}/" in n for n in found for other in others)


def test_building_fills_in_defaults_and_drops_what_is_not_needed(graph):
    values = {
        f"{BLOCK}/dense_block_1/n_layers": 1,
        f"{BLOCK}/dense_block_1/units_0": 64,
        f"{BLOCK}/dense_block_1/units_3": 512,
        "no/such/name": 1,
    }
    used = graph.build(values).values
    assert set(used) == graph.active_names(values)
    assert used[f"{BLOCK}/dense_block_1/units_0"] == 64
    assert "no/such/name" not in used


def test_what_the_user_fixes_is_not_searched(make_graph):
    graph = make_graph(batch_size=7, epochs=3)
    assert {"training/batch_size", "training/epochs"}.isdisjoint(graph.active_names({}))
    training = graph.build({}).training
    assert (training.batch_size, training.epochs) == (7, 3)


@pytest.mark.parametrize("method", ["standard", "robust", "quantile"])
def test_preprocessing_and_network_make_the_model(graph, table, method):
    built = graph.build({f"{BLOCK}/normalization_1/method": method})
    arrays = table[1]
    ready = arrays if built.preprocess is None else built.preprocess(arrays)
    assert (built.preprocess is None) == (method == "standard")
    (chained,) = built.network(ready).values()
    (whole,) = built.model(arrays).values()
    np.testing.assert_allclose(chained, whole, atol=1e-6)


def test_structure_is_blind_to_numbers_only(graph):
    def found(**values):
        names = {"sigma": f"{BLOCK}/numerical_embedding_1/periodic/sigma"}
        names |= {"dropout": f"{BLOCK}/dense_block_1/dropout"}
        names |= {"units": f"{BLOCK}/dense_block_1/units_0"}
        names |= {"method": f"{BLOCK}/normalization_1/method"}
        full = {f"{BLOCK}/numerical_embedding_1/method": "periodic"}
        full |= {names[name]: value for name, value in values.items()}
        return structure(graph.build(full).network)

    assert found() == found(sigma=2.0, dropout=0.5)
    assert found() == found(method="quantile")
    assert found() != found(units=32)


def test_branches_are_merged(table):
    for kind in ("add", "concatenate"):
        node = StructuredDataInput()
        branches = [DenseBlock(n_layers=1, units=u)(node) for u in (4, 6)]
        output = ClassificationHead()(Merge(merge_type=kind)(branches))
        graph = Graph(
            [node],
            [output],
            schemas=[table[0].schema_],
            targets=[TargetSchema(kind="binary", n_outputs=1)],
            n_samples=60,
        )
        (y_pred,) = graph.build({}).model(table[1]).values()
        assert y_pred.shape == (60, 1)


def two_by_two(table):
    """Return inputs, outputs and a function that makes a graph of them."""
    rows, image = StructuredDataInput(), Input()
    merged = Merge(merge_type="concatenate")(
        [StructuredDataBlock()(rows), DenseBlock()(Flatten()(image))]
    )
    outputs = [ClassificationHead()(merged), RegressionHead()(merged)]

    def make(inputs, outputs):
        return Graph(
            inputs,
            outputs,
            schemas=[table[0].schema_, ArraySchema(shape=(3, 4), n_samples=60)],
            targets=[
                TargetSchema(kind="multiclass", n_outputs=3),
                TargetSchema(kind="regression", n_outputs=2),
            ],
            n_samples=60,
        )

    return [rows, image], outputs, make


def test_several_inputs_and_heads_have_names(table):
    inputs, outputs, make = two_by_two(table)
    built = make(inputs, outputs).build({})
    assert set(built.model.input) == {
        "input_1__array",
        "structured_data_input_1__numerical",
        "structured_data_input_1__indicator",
        "structured_data_input_1__categorical",
    }
    shapes = {name: y.shape[1:] for name, y in built.model.output.items()}
    assert shapes == {"classification_head_1": (3,), "regression_head_1": (2,)}


def test_inputs_and_outputs_may_be_copied_apart(table):
    inputs, outputs, make = two_by_two(table)
    copied = make(copy.deepcopy(inputs), copy.deepcopy(outputs))
    expected = [hp.name for hp in make(inputs, outputs).space().space]
    assert [hp.name for hp in copied.space().space] == expected


def test_loose_ends_are_refused(table):
    inputs, outputs, make = two_by_two(table)
    with pytest.raises(ValueError, match="not among the inputs"):
        make([inputs[0], Input()], outputs)
    with pytest.raises(ValueError, match="ClassificationHead or a RegressionHead"):
        make(inputs, [outputs[0], Normalization()(inputs[0])])


def test_every_branch_is_found_with_its_conditions(graph):
    found = {
        hp.name.removeprefix(f"{BLOCK}/"): {
            c.name.removeprefix(f"{BLOCK}/"): list(c.values) for c in hp.conditions
        }
        for hp in graph.space().space
        if hp.conditions
    }
    method = "numerical_embedding_1/method"
    expected = {
        f"dense_block_1/units_{i}": {
            "dense_block_1/n_layers": list(range(i + 1, 5)),
        }
        for i in range(4)
    }
    for branch, parts in {
        "periodic": ("dim", "sigma", "activation"),
        "piecewise_linear": ("n_bins", "dim"),
    }.items():
        for part in parts:
            expected[f"numerical_embedding_1/{branch}/{part}"] = {method: [branch]}
    expected["categorical_encoding_1/dim"] = {
        "categorical_encoding_1/method": ["embedding"]
    }
    assert found == expected


def test_the_space_is_handed_out_as_a_copy(graph):
    graph.space().values.clear()
    graph.space().Int("mine", 1, 2)
    assert "mine" not in graph.space().values
    assert graph.space().values


def test_structure_is_blind_to_the_learning_rate(graph):
    slow, fast = (
        graph.build({"training/learning_rate": rate}) for rate in (1e-3, 1e-2)
    )
    assert slow.training.learning_rate != fast.training.learning_rate
    assert structure(slow.network) == structure(fast.network)


def graph_of(node, output, table):
    return Graph(
        [node],
        [output],
        schemas=[table[0].schema_],
        targets=[TargetSchema(kind="binary", n_outputs=1)],
        n_samples=60,
    )


def test_a_block_called_twice_is_searched_twice(table):
    node, dense = StructuredDataInput(), DenseBlock(n_layers=1)
    merged = Merge(merge_type="concatenate")([dense(node), dense(node)])
    graph = graph_of(node, ClassificationHead()(merged), table)
    units = {"dense_block_1/units_0": 32, "dense_block_2/units_0": 64}
    assert set(units) <= graph.active_names({})
    widths = [layer.output.shape[-1] for layer in graph.build(units).network.layers]
    assert {32, 64, 96} <= set(widths)


def test_a_node_used_twice_is_built_once(table):
    node = StructuredDataInput()
    shared = DenseBlock(n_layers=1, units=6)(node)
    merged = Merge(merge_type="add")([shared, shared])
    graph = graph_of(node, ClassificationHead()(merged), table)
    assert not any("dense_block_2" in hp.name for hp in graph.space().space)
    layers = graph.build({}).network.layers
    assert sum(layer.name.startswith("dense") for layer in layers) == 1


def test_an_addition_projects_to_the_shape_of_the_first_branch(table):
    node = StructuredDataInput()
    branches = [DenseBlock(n_layers=1, units=u)(node) for u in (4, 6)]
    output = ClassificationHead()(Merge(merge_type="add")(branches))
    layers = graph_of(node, output, table).build({}).network.layers
    (add,) = [layer for layer in layers if type(layer).__name__ == "Add"]
    assert [x.shape[-1] for x in add.input] == [4, 4]


def test_a_head_takes_one_node(table):
    node = StructuredDataInput()
    branches = [DenseBlock(n_layers=1, units=u)(node) for u in (4, 6)]
    with pytest.raises(ValueError, match="takes one node, got 2"):
        graph_of(node, ClassificationHead()(branches), table)
