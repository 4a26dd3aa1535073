"""The contract of blocks, for every public one and for a user's own."""

import copy
import pickle

import keras
import keras_tuner
import numpy as np
import pytest

import skautokeras
from skautokeras import (
    Block,
    CategoricalEncoding,
    ClassificationHead,
    DenseBlock,
    Merge,
    Normalization,
    NumericalEmbedding,
    ResidualDenseBlock,
    StructuredDataInput,
)
from skautokeras._data import StructuredDataAdapter, TargetSchema
from skautokeras._layers import Dropout, PiecewiseLinearEmbedding
from skautokeras._space import Choice, Graph, Head, SearchSpace, Table


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


def names(search_space):
    return [hp.name for hp in search_space.hyperparameters().space]


@pytest.mark.parametrize("block", [DenseBlock(), Tower()], ids=repr)
def test_names_do_not_depend_on_copies_or_on_what_was_built_before(block, make_graph):
    search_space = make_graph(block)
    expected = names(search_space)
    make_graph(DenseBlock(), DenseBlock()).build({})
    assert names(make_graph(block)) == expected
    assert names(make_graph(pickle.loads(pickle.dumps(block)))) == expected
    assert names(copy.deepcopy(search_space)) == expected
    assert names(pickle.loads(pickle.dumps(search_space))) == expected


def test_equal_blocks_are_counted_inside_their_graph(make_graph):
    found = names(make_graph(DenseBlock(), DenseBlock()))
    assert {name.split("/")[0] for name in found} == {
        "dense_block_1",
        "dense_block_2",
        "training",
    }


def test_fixed_parameters_are_not_searched_and_ranges_can_be_narrowed(make_graph):
    block = DenseBlock(n_layers=1, units=Choice((2, 3)), dropout=0.0)
    search_space = make_graph(block)
    space = {hp.name: hp for hp in search_space.hyperparameters().space}
    assert "dense_block_1/n_layers" not in space
    assert "dense_block_1/dropout" not in space
    assert list(space["dense_block_1/units_0"].values) == [2, 3]
    built = search_space.build({"dense_block_1/units_0": 3})
    assert 3 in [layer.output.shape[-1] for layer in built.network.layers]


def test_hyperparameters_of_a_users_block_are_found_as_it_runs(make_graph):
    search_space = make_graph(Tower())
    assert search_space.build({}).values["tower_1/width_1"] == 4
    assert "tower_1/width_1" not in search_space.build({"tower_1/depth": 1}).values


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


@pytest.mark.parametrize("block", every_block(), ids=repr)
@pytest.mark.parametrize("wrong", [None, "node", np.zeros((3, 2)), Table(), DenseBlock])
def test_no_block_is_wired_on_what_is_no_node(block, wrong):
    name = type(block).__name__
    with pytest.raises(TypeError, match=f"{name} must be called on an input"):
        block(wrong)
    with pytest.raises(TypeError, match=f"{name} must be called on an input"):
        block([StructuredDataInput(), wrong])


@pytest.mark.parametrize(
    ("block", "searched"),
    [
        (Normalization(method="robust"), set()),
        (NumericalEmbedding(method="none"), set()),
        (NumericalEmbedding(method="piecewise_linear", dim=4, n_bins=8), set()),
        (NumericalEmbedding(method="periodic", dim=4), {"sigma", "activation"}),
        (CategoricalEncoding(method="one_hot"), set()),
        (CategoricalEncoding(method="embedding", dim=4), set()),
        (Merge(merge_type="add"), set()),
    ],
    # A set has another order in every process, and workers must agree on the names.
    ids=lambda value: (
        "-".join(sorted(value)) if isinstance(value, set) else repr(value)
    ),
)
def test_only_what_is_not_fixed_is_searched(block, searched, make_graph):
    found = {n.split("/")[-1] for n in names(make_graph(block)) if "training" not in n}
    assert found == searched


@pytest.mark.parametrize(
    ("block", "name", "values"),
    [
        (
            Normalization(method=Choice(("robust", "quantile"))),
            "normalization_1/method",
            ["robust", "quantile"],
        ),
        (
            NumericalEmbedding(method=Choice(("periodic", "none"))),
            "numerical_embedding_1/method",
            ["periodic", "none"],
        ),
        (
            NumericalEmbedding(method="periodic", dim=Choice((2, 3), default=3)),
            "numerical_embedding_1/periodic/dim",
            [2, 3],
        ),
        (
            CategoricalEncoding(method="embedding", dim=Choice((2, 3))),
            "categorical_encoding_1/dim",
            [2, 3],
        ),
        (
            DenseBlock(activation=Choice(("tanh", "gelu"))),
            "dense_block_1/activation",
            ["tanh", "gelu"],
        ),
    ],
    ids=repr,
)
def test_a_narrowed_range_takes_the_place_of_the_default(
    block, name, values, make_graph
):
    search_space = make_graph(block)
    space = {hp.name: hp for hp in search_space.hyperparameters().space}
    assert list(space[name].values) == values
    for value in values:
        assert search_space.build({name: value}).values[name] == value


def test_a_block_takes_the_place_of_a_step(make_graph):
    block = skautokeras.StructuredDataBlock(dense=Tower())
    found = names(make_graph(block))
    assert "structured_data_block_1/dense_block_1/depth" in found
    assert not any("units" in name for name in found)


@pytest.mark.parametrize("block", [NumericalEmbedding(), CategoricalEncoding()])
def test_blocks_for_columns_refuse_features(block, make_graph):
    with pytest.raises(TypeError, match=f"{type(block).__name__} needs the columns"):
        make_graph(DenseBlock(), block).build({})


def test_normalization_also_takes_features(make_graph):
    built = make_graph(DenseBlock(n_layers=1), Normalization()).build({})
    assert any(
        isinstance(layer, keras.layers.LayerNormalization)
        for layer in built.network.layers
    )


def test_bins_lie_where_values_differ_not_where_most_rows_are():
    rare = np.linspace(1.0, 2.0, 40)
    X = np.zeros((400, 2))
    X[:40, 0] = rare
    X[:, 1] = np.arange(400)
    adapter = StructuredDataAdapter().fit(X)
    node = StructuredDataInput()
    embedding = NumericalEmbedding(method="piecewise_linear", n_bins=16)
    search_space = SearchSpace(
        Graph([node], [ClassificationHead()(embedding(node))]),
        schemas=[adapter.schema_],
        targets=[TargetSchema(kind="binary", n_outputs=1)],
        n_samples=400,
    )
    layers = search_space.build({}).network.layers
    (layer,) = [x for x in layers if isinstance(x, PiecewiseLinearEmbedding)]
    assert layer.edges.shape == (17, 2)
    assert [len(np.unique(column)) for column in layer.edges.T] == [17, 17]


@pytest.mark.parametrize("method", ["piecewise_linear", "periodic"])
@pytest.mark.parametrize(("n_numbers", "width"), [(0, 2), (1, 2 + 4), (3, 2 + 12)])
def test_columns_of_two_values_are_not_embedded(method, n_numbers, width):
    rng = np.random.default_rng(0)
    common, rare = np.arange(400) % 2, np.arange(400) < 4
    X = np.column_stack([common, *rng.normal(size=(n_numbers, 400)), rare])
    adapter = StructuredDataAdapter().fit(X)
    node = StructuredDataInput()
    search_space = SearchSpace(
        Graph(
            [node],
            [ClassificationHead()(NumericalEmbedding(method=method, dim=4)(node))],
        ),
        schemas=[adapter.schema_],
        targets=[TargetSchema(kind="binary", n_outputs=1)],
        n_samples=400,
    )
    network = search_space.build({}).network
    assert network.layers[-1].kernel.shape == (width, 1)
    predicted = network(adapter.transform(X))["classification_head_1"].numpy()
    assert len(np.unique(predicted)) > 1


def test_pairs_of_dense_layers_add_to_what_goes_around_them():
    block = ResidualDenseBlock(
        n_layers=2,
        units=3,
        expansion=2,
        activation="relu",
        hidden_dropout=0.0,
        residual_dropout=0.0,
    )
    inputs = keras.Input((4,))
    model = keras.Model(inputs, block.build(keras_tuner.HyperParameters(), inputs))
    rng = np.random.default_rng(0)
    for weight in model.weights:
        low = 0.1 if weight.name == "moving_variance" else -0.5
        weight.assign(rng.uniform(low, 1.0, weight.shape))
    x = rng.normal(size=(5, 4)).astype("float32")
    weights = iter(model.get_weights())

    def dense(x):
        kernel, bias = next(weights), next(weights)
        return x @ kernel + bias

    def batch_norm(x):
        gamma, beta, mean, variance = (next(weights) for _ in range(4))
        return gamma * (x - mean) / np.sqrt(variance + 1e-3) + beta

    expected = dense(x)
    for _ in range(2):
        inside = np.maximum(dense(batch_norm(expected)), 0)
        assert inside.shape == (5, 6)
        expected = expected + dense(inside)
    expected = np.maximum(batch_norm(expected), 0)
    np.testing.assert_allclose(np.asarray(model(x)), expected, rtol=1e-4, atol=1e-5)
    assert not any(isinstance(layer, Dropout) for layer in model.layers)
