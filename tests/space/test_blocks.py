"""The contract of blocks, for every public one and for a user's own."""

import copy
import pickle

import keras
import numpy as np
import pytest

import skautokeras
from skautokeras import (
    Block,
    CategoricalEncoding,
    DenseBlock,
    Merge,
    Normalization,
    NumericalEmbedding,
    StructuredDataInput,
)
from skautokeras._space.heads import Head
from skautokeras._space.hyperparameters import Choice


class Tower(Block):
    """A user's block, defined by running: no conditions."""

    def build(self, hp, inputs):
        """Stack as many layers as the hyperparameter says."""
        x = inputs
        for i in range(hp.Int("depth", 1, 3, default=2)):
            x = keras.layers.Dense(hp.Int(f"width_{i}", 2, 8, default=4))(x)
        return x


def every_block():
    """Return an instance of each public block that sits on one node."""
    public = [getattr(skautokeras, name) for name in skautokeras.__all__]
    blocks = [
        item()
        for item in public
        if isinstance(item, type)
        and issubclass(item, Block)
        and item is not Block
        and not issubclass(item, Head)
    ]
    return [*blocks, Tower()]


def names(graph):
    return [hp.name for hp in graph.space().space]


@pytest.mark.parametrize("block", every_block(), ids=repr)
def test_the_defaults_of_a_block_build_and_predict(block, make_graph, table):
    built = make_graph(block).build({})
    (y_pred,) = built.model(table[1]).values()
    assert y_pred.shape == (60, 1)
    assert np.isfinite(y_pred).all()


@pytest.mark.parametrize("block", every_block(), ids=repr)
def test_names_do_not_depend_on_copies_or_on_what_was_built_before(block, make_graph):
    graph = make_graph(block)
    expected = names(graph)
    make_graph(DenseBlock(), DenseBlock()).build({})
    assert names(make_graph(block)) == expected
    assert names(copy.deepcopy(graph)) == expected
    assert names(pickle.loads(pickle.dumps(graph))) == expected


def test_equal_blocks_are_counted_inside_their_graph(make_graph):
    found = names(make_graph(DenseBlock(), DenseBlock()))
    assert {name.split("/")[0] for name in found} == {
        "dense_block_1",
        "dense_block_2",
        "training",
    }


def test_fixed_parameters_are_not_searched_and_ranges_can_be_narrowed(make_graph):
    block = DenseBlock(n_layers=1, units=Choice((2, 3)), dropout=0.0)
    graph = make_graph(block)
    space = {hp.name: hp for hp in graph.space().space}
    assert "dense_block_1/n_layers" not in space
    assert "dense_block_1/dropout" not in space
    assert list(space["dense_block_1/units_0"].values) == [2, 3]
    built = graph.build({"dense_block_1/units_0": 3})
    assert 3 in [layer.output.shape[-1] for layer in built.network.layers]


def test_hyperparameters_of_a_users_block_are_found_as_it_runs(make_graph):
    graph = make_graph(Tower())
    assert graph.build({}).values["tower_1/width_1"] == 4
    assert "tower_1/width_1" not in graph.build({"tower_1/depth": 1}).values


@pytest.mark.parametrize(
    "block",
    [
        Normalization(method="wrong"),
        NumericalEmbedding(method="wrong"),
        CategoricalEncoding(method="wrong"),
    ],
    ids=repr,
)
def test_a_wrong_value_is_named(block, make_graph):
    with pytest.raises(ValueError, match=r"'method' parameter of .*'wrong'"):
        make_graph(block).build({})


def test_a_wrong_way_to_merge_is_named(table, make_graph):
    node = StructuredDataInput()
    merged = Merge(merge_type="wrong")([DenseBlock()(node), DenseBlock()(node)])
    assert len(merged.parents) == 2

    class TwoBranches(Block):
        """Two branches inside of one block."""

        def build(self, hp, inputs):
            """Merge the inputs with themselves."""
            return Merge(merge_type="wrong").build(hp, [inputs, inputs])

    with pytest.raises(ValueError, match="'merge_type' parameter of Merge"):
        make_graph(TwoBranches()).build({})


def test_blocks_are_wired_on_nodes_only():
    with pytest.raises(TypeError, match="must be called on an input"):
        DenseBlock()(np.zeros((3, 2)))
