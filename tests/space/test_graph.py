"""Graphs: names, conditions, wiring, and the cut behind the preprocessing."""

import copy
import pickle

import keras
import numpy as np
import pytest

from skautokeras import (
    Block,
    ClassificationHead,
    ConvBlock,
    DenseBlock,
    Flatten,
    Input,
    Merge,
    Normalization,
    NumericalEmbedding,
    RegressionHead,
    StructuredDataBlock,
    StructuredDataInput,
)
from skautokeras._data import ArraySchema, TargetSchema
from skautokeras._space import Graph, SearchSpace
from skautokeras._state import seeded
from skautokeras._training import structure

HEAD = "classification_head_1"
BLOCK = "structured_data_block_1"


@pytest.fixture
def search_space(make_graph):
    """The graph of the table estimators."""
    return make_graph()


def test_names_are_paths_through_the_graph(search_space):
    names = [hp.name for hp in search_space.hyperparameters().space]
    assert f"{BLOCK}/dense_block_1/units_0" in names
    assert f"{BLOCK}/numerical_embedding_1/periodic/sigma" in names
    assert "training/learning_rate" in names
    assert len(names) == len(set(names))


def test_conditions_tell_what_exists(search_space, active_names):
    deep = active_names(search_space, {f"{BLOCK}/dense_block_1/n_layers": 4})
    flat = active_names(search_space, {f"{BLOCK}/dense_block_1/n_layers": 3})
    assert deep - flat == {f"{BLOCK}/dense_block_1/units_3"}
    method = f"{BLOCK}/numerical_embedding_1/method"
    for name in ("periodic", "piecewise_linear"):
        found = active_names(search_space, {method: name})
        others = {"periodic", "piecewise_linear"} - {name}
        assert any(f"/{name}/" in n for n in found)
        assert not any(f"/{other}/" in n for n in found for other in others)


def test_building_fills_in_defaults_and_drops_what_is_not_needed(
    search_space, active_names
):
    values = {
        f"{BLOCK}/dense_block_1/n_layers": 1,
        f"{BLOCK}/dense_block_1/units_0": 64,
        f"{BLOCK}/dense_block_1/units_3": 512,
        "no/such/name": 1,
    }
    used = search_space.build(values).values
    assert set(used) == active_names(search_space, values)
    assert used[f"{BLOCK}/dense_block_1/units_0"] == 64
    assert "no/such/name" not in used


def test_what_the_user_fixes_is_not_searched(make_graph, active_names):
    search_space = make_graph(batch_size=7, epochs=3)
    assert {"training/batch_size", "training/epochs"}.isdisjoint(
        active_names(search_space, {})
    )
    training = search_space.build({}).training
    assert (training.batch_size, training.epochs) == (7, 3)


@pytest.mark.parametrize("method", ["standard", "robust", "quantile"])
def test_preprocessing_and_network_make_the_model(search_space, table, method):
    built = search_space.build({f"{BLOCK}/normalization_1/method": method})
    arrays = table[1]
    ready = built.preprocess(arrays)
    assert not np.array_equal(ready["numerical"], arrays["numerical"])
    (chained,) = built.network(ready).values()
    (whole,) = built.model(arrays).values()
    np.testing.assert_allclose(chained, whole, atol=1e-6)


def test_there_is_no_preprocessing_without_a_scaling(make_graph):
    built = make_graph(DenseBlock(n_layers=1, units=3)).build({})
    assert built.preprocess is None
    assert built.network is built.model


@pytest.mark.parametrize(
    ("method", "limit"), [("standard", 10.0), ("robust", 3.0), ("quantile", 3.1)]
)
def test_outliers_are_squashed_by_every_scaling(search_space, table, method, limit):
    built = search_space.build({f"{BLOCK}/normalization_1/method": method})
    numbers = np.array([[-1e6], [-1.0], [0.0], [1.0], [1e6]], "float32")
    arrays = {name: array[:5] for name, array in table[1].items()}
    arrays["numerical"] = np.repeat(numbers, 2, axis=1)
    scaled = np.asarray(built.preprocess(arrays)["numerical"])
    assert (np.diff(scaled, axis=0) > 0).all()
    np.testing.assert_allclose(scaled[[0, -1]], [[-limit] * 2, [limit] * 2], rtol=0.01)


def test_structure_is_blind_to_numbers_only(search_space):
    def found(**values):
        names = {"sigma": f"{BLOCK}/numerical_embedding_1/periodic/sigma"}
        names |= {"dropout": f"{BLOCK}/dense_block_1/dropout"}
        names |= {"units": f"{BLOCK}/dense_block_1/units_0"}
        names |= {"method": f"{BLOCK}/normalization_1/method"}
        full = {f"{BLOCK}/numerical_embedding_1/method": "periodic"}
        full |= {names[name]: value for name, value in values.items()}
        return structure(search_space.build(full).network)

    assert found() == found(sigma=2.0, dropout=0.5)
    assert found() == found(method="quantile")
    assert found() != found(units=32)


def test_branches_are_merged(table):
    for kind in ("add", "concatenate"):
        node = StructuredDataInput()
        branches = [DenseBlock(n_layers=1, units=u)(node) for u in (4, 6)]
        output = ClassificationHead()(Merge(merge_type=kind)(branches))
        search_space = SearchSpace(
            Graph([node], [output]),
            schemas=[table[0].schema_],
            targets=[TargetSchema(kind="binary", n_outputs=1)],
            n_samples=60,
        )
        (y_pred,) = search_space.build({}).model(table[1]).values()
        assert y_pred.shape == (60, 1)


def two_by_two(table):
    """Return inputs, outputs and a function that makes a graph of them."""
    rows, image = StructuredDataInput(), Input()
    merged = Merge(merge_type="concatenate")(
        [StructuredDataBlock()(rows), DenseBlock()(Flatten()(image))]
    )
    outputs = [ClassificationHead()(merged), RegressionHead()(merged)]

    def make(inputs, outputs):
        return SearchSpace(
            Graph(inputs, outputs),
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
    expected = [hp.name for hp in make(inputs, outputs).hyperparameters().space]
    assert [hp.name for hp in copied.hyperparameters().space] == expected


def test_loose_ends_are_refused(table):
    inputs, outputs, make = two_by_two(table)
    with pytest.raises(ValueError, match="not among the inputs"):
        make([inputs[0], Input()], outputs)
    with pytest.raises(ValueError, match="ClassificationHead or a RegressionHead"):
        make(inputs, [outputs[0], Normalization()(inputs[0])])


def test_every_branch_is_found_with_its_conditions(search_space):
    found = {
        hp.name.removeprefix(f"{BLOCK}/"): {
            c.name.removeprefix(f"{BLOCK}/"): list(c.values) for c in hp.conditions
        }
        for hp in search_space.hyperparameters().space
        if hp.conditions
    }
    method = "numerical_embedding_1/method"
    networks = ["dense", "real_mlp", "tab_m", "residual_dense"]
    expected = {
        f"dense_block_1/units_{i}": {
            "block_type": ["dense"],
            "dense_block_1/n_layers": list(range(i + 1, 5)),
        }
        for i in range(4)
    }
    layers = {"n_layers", "activation", "dropout"}
    random_trees = {"n_trees", "max_leaf_nodes", "min_samples_leaf", "max_features"}
    for block_type, parts in {
        "dense": layers | {"use_batchnorm", "residual"},
        "real_mlp": layers | {"units", "start"},
        "tab_m": layers | {"units", "use_batchnorm", "n_members", "adapters"},
        "residual_dense": {
            "n_layers",
            "units",
            "expansion",
            "activation",
            "hidden_dropout",
            "residual_dropout",
        },
        "boosted_trees": {
            "n_trees",
            "learning_rate",
            "max_leaf_nodes",
            "min_samples_leaf",
            "max_features",
            "l2_regularization",
        },
        "extra_trees": random_trees,
        "random_forest": random_trees,
    }.items():
        for part in parts:
            expected[f"{block_type}_block_1/{part}"] = {"block_type": [block_type]}
    # Trees are fitted, so that only networks are trained.
    for part in (
        "batch_size",
        "epochs",
        "label_smoothing",
        "learning_rate",
        "optimizer",
        "regularization",
        "schedule",
        "squared_momentum",
        "weight_decay",
    ):
        expected[f"training/{part}"] = {"block_type": networks}
    expected["training/squared_momentum"]["training/optimizer"] = ["adam", "nadam"]
    for branch, parts in {
        "periodic": ("dim", "sigma", "activation"),
        "piecewise_linear": ("n_bins", "dim"),
    }.items():
        for part in parts:
            expected[f"numerical_embedding_1/{branch}/{part}"] = {
                "block_type": networks,
                method: [branch],
            }
    expected["categorical_encoding_1/dim"] = {
        "block_type": networks,
        "categorical_encoding_1/method": ["embedding"],
    }
    for step in ("normalization", "numerical_embedding", "categorical_encoding"):
        expected[f"{step}_1/method"] = {"block_type": networks}
    assert found == expected


@pytest.mark.parametrize("kind", ["boosted_trees", "extra_trees", "dense", "tab_m"])
def test_only_networks_have_hyperparameters_of_training(make_graph, kind, active_names):
    is_network = kind in ("dense", "tab_m")
    searched, fixed = make_graph(), make_graph(StructuredDataBlock(block_type=kind))
    chosen = {f"{BLOCK}/block_type": kind}
    for search_space, values in ((searched, chosen), (fixed, {})):
        found = {
            name
            for name in active_names(search_space, values)
            if name.startswith("training/")
        }
        assert ("training/learning_rate" in found) == bool(found) == is_network
        assert found <= set(search_space.build(values).values)
    names = [hp.name for hp in fixed.hyperparameters().space]
    assert any(name.startswith("training/") for name in names) == is_network


@pytest.mark.parametrize("trees", [True, False])
def test_training_depends_on_the_kind_of_layers_only_if_there_may_be_trees(
    make_graph, trees
):
    space = make_graph(StructuredDataBlock(trees=trees)).hyperparameters().space
    names = [hp.name for hp in space]
    (learning_rate,) = [hp for hp in space if hp.name == "training/learning_rate"]
    expected = [f"{BLOCK}/block_type"] if trees else []
    assert [c.name for c in learning_rate.conditions] == expected
    # What a condition asks for has been declared before.
    kind_of_layers = names.index(f"{BLOCK}/block_type")
    assert kind_of_layers < names.index("training/learning_rate")


def test_the_space_is_handed_out_as_a_copy(search_space):
    search_space.hyperparameters().values.clear()
    search_space.hyperparameters().Int("mine", 1, 2)
    assert "mine" not in search_space.hyperparameters().values
    assert search_space.hyperparameters().values


@pytest.mark.parametrize(
    ("block", "n_samples", "kept"),
    [
        (DenseBlock(n_layers=1, units=8), 2000, False),
        # Regularization, whatever is judged.
        (DenseBlock(n_layers=1, units=8), 1999, True),
        (ConvBlock(n_blocks=1, n_layers=1, filters=4), 2000, True),
    ],
    ids=["rows", "few rows", "images"],
)
def test_label_smoothing_is_searched_only_where_it_may_help(
    make_graph, block, n_samples, kept
):
    name = "training/label_smoothing"
    search_space = make_graph(block, n_samples=n_samples)
    without = make_graph(block, n_samples=n_samples, smooth_labels=False)
    names, names_without = (
        {hp.name for hp in each.hyperparameters().space}
        for each in (search_space, without)
    )
    assert names - names_without == (set() if kept else {name})
    assert name in names
    amount = without.build({name: 0.1}).training.label_smoothing
    assert amount == (0.1 if kept else 0.0)


def test_structure_is_blind_to_the_learning_rate(search_space):
    slow, fast = (
        search_space.build({"training/learning_rate": rate}) for rate in (1e-3, 1e-2)
    )
    assert slow.training.learning_rate != fast.training.learning_rate
    assert structure(slow.network) == structure(fast.network)


def graph_of(node, output, table):
    return SearchSpace(
        Graph([node], [output]),
        schemas=[table[0].schema_],
        targets=[TargetSchema(kind="binary", n_outputs=1)],
        n_samples=60,
    )


def test_a_block_called_twice_is_searched_once_and_shares_its_weights(
    table, active_names
):
    node, dense = StructuredDataInput(), DenseBlock(n_layers=1, activation="linear")
    first, second = dense(node), dense(Normalization(method="robust")(node))
    merged = Merge(merge_type="concatenate")([first, second])
    search_space = graph_of(node, ClassificationHead()(merged), table)
    assert not any("dense_block_2" in name for name in active_names(search_space, {}))
    values = {"dense_block_1/units_0": 32, "dense_block_1/use_batchnorm": False}
    network = search_space.build(values).network
    n_features = sum(x.shape[-1] for x in network.input.values()) - 1 + 5
    shapes = [tuple(v.shape) for v in network.trainable_variables]
    assert [shape for shape in shapes if shape[-1] == 32 and len(shape) == 2] == [
        (shapes[0][0], 32)
    ]
    assert n_features >= shapes[0][0]
    assert shapes[-2] == (64, 1)


def test_a_copied_graph_shares_its_blocks_as_well(table):
    node, dense = StructuredDataInput(), DenseBlock(n_layers=1)
    output = ClassificationHead()(Merge()([dense(node), dense(node)]))
    copied = pickle.loads(pickle.dumps(graph_of(node, output, table)))
    n_parameters = graph_of(node, output, table).build({}).network.count_params()
    assert copied.build({}).network.count_params() == n_parameters


def test_shared_blocks_need_the_same_shapes(table):
    node, dense = StructuredDataInput(), DenseBlock(n_layers=1, units=4)
    output = ClassificationHead()(dense(dense(node)))
    with pytest.raises(ValueError, match=r"dense_block_1.*same shapes everywhere"):
        graph_of(node, output, table).check()


def test_blocks_that_read_columns_cannot_be_shared(table):
    node, block = StructuredDataInput(), StructuredDataBlock()
    output = ClassificationHead()(Merge()([block(node), block(node)]))
    with pytest.raises(ValueError, match=r"structured_data_block_1.*Make a block for"):
        graph_of(node, output, table).check()


def test_a_cycle_is_found(table):
    node = StructuredDataInput()
    first = DenseBlock()(node)
    second = DenseBlock()(first)
    first.parents = (second,)
    with pytest.raises(ValueError, match="DenseBlock leads to itself"):
        graph_of(node, ClassificationHead()(second), table)


def test_what_cannot_be_built_is_named_before_any_training(table):
    node = StructuredDataInput()
    output = ClassificationHead()(NumericalEmbedding()(DenseBlock()(node)))
    with pytest.raises(TypeError, match=r"numerical_embedding_1, Numer.*of a table"):
        graph_of(node, output, table).check()


class Failing(Block):
    """Does what its function does while it is built."""

    def __init__(self, *, fails):
        self.fails = fails

    def build(self, hp, inputs):
        self.fails(inputs)
        return inputs


@pytest.mark.parametrize(
    ("fails", "error"),
    [
        (lambda x: {}["units"], KeyError),
        (lambda x: 1 / 0, ZeroDivisionError),
        (lambda x: x.nothing, AttributeError),
        (lambda x: b"\xff".decode(), UnicodeDecodeError),
    ],
)
def test_any_error_of_a_block_is_told_before_training(table, fails, error):
    node = StructuredDataInput()
    output = ClassificationHead()(Failing(fails=fails)(node))
    with pytest.raises(error) as told:
        graph_of(node, output, table).check()
    assert "failing_1, Failing" in told.value.__notes__[0]


def test_a_block_may_read_the_weights_that_it_makes(table):
    def read_weights(inputs):
        dense = keras.layers.Dense(3)
        dense(inputs)
        assert np.isfinite(keras.ops.convert_to_numpy(dense.kernel)).all()

    node = StructuredDataInput()
    output = ClassificationHead()(Failing(fails=read_weights)(node))
    graph_of(node, output, table).check()


def test_given_names_are_used_and_must_differ(table):
    node = StructuredDataInput(name="table")
    block = DenseBlock(n_layers=1)(node)
    heads = [ClassificationHead(name="sold")(block), ClassificationHead()(block)]
    model = graph_for([node], heads, table).build({}).model
    assert set(model.output) == {"sold", "classification_head_1"}
    for name, message in {
        "classification_head_1": "Two inputs or heads are called",
        "table": "Two inputs or heads are called 'table'",
        "a b": "must consist of letters",
    }.items():
        named = ClassificationHead(name=name)(block)
        with pytest.raises(ValueError, match=message):
            graph_for([node], [named, heads[1]], table)


def test_a_node_used_twice_is_built_once(table):
    node = StructuredDataInput()
    shared = DenseBlock(n_layers=1, units=6)(node)
    merged = Merge(merge_type="add")([shared, shared])
    search_space = graph_of(node, ClassificationHead()(merged), table)
    assert not any(
        "dense_block_2" in hp.name for hp in search_space.hyperparameters().space
    )
    layers = search_space.build({}).network.layers
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


def test_inputs_and_outputs_copied_apart_build_the_same_network(table):
    inputs, outputs, make = two_by_two(table)
    arrays = {f"structured_data_input_1__{name}": a for name, a in table[1].items()}
    image = np.random.default_rng(0).normal(size=(60, 3, 4)).astype("float32")
    arrays["input_1__array"] = image
    predictions = []
    for search_space in (
        make(inputs, outputs),
        make(copy.deepcopy(inputs), copy.deepcopy(outputs)),
    ):
        with seeded(0):
            built = search_space.build({f"{BLOCK}/normalization_1/method": "quantile"})
        predictions.append(built.model(arrays))
    for name in ("classification_head_1", "regression_head_1"):
        np.testing.assert_array_equal(*(y_pred[name] for y_pred in predictions))
    ready = built.preprocess(arrays)
    for name, y_pred in built.network(ready).items():
        np.testing.assert_allclose(y_pred, predictions[1][name], atol=1e-6)


class Nested(Block):
    """A user's block with a condition inside of a condition."""

    def build(self, hp, inputs):
        """Ask for a hyperparameter two conditions deep."""
        hp.Boolean("outer")
        with hp.conditional_scope("outer", [True]):
            hp.Choice("kind", ["a", "b"])
            with hp.conditional_scope("kind", ["b"]):
                hp.Int("deep", 1, 3)
        return keras.layers.Dense(3)(inputs)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, {"outer"}),
        ({"outer": True}, {"outer", "kind"}),
        ({"outer": True, "kind": "b"}, {"outer", "kind", "deep"}),
        ({"kind": "b", "deep": 2}, {"outer"}),
    ],
    ids=["none", "one", "both", "inner without outer"],
)
def test_conditions_inside_conditions_are_found(
    make_graph, values, expected, active_names
):
    search_space = make_graph(Nested())
    values = {f"nested_1/{name}": value for name, value in values.items()}
    found = {n for n in active_names(search_space, values) if n.startswith("nested")}
    assert found == {f"nested_1/{name}" for name in expected}
    assert found == {
        n for n in search_space.build(values).values if n.startswith("nested")
    }


@pytest.mark.parametrize("first", ["standard", "robust", "quantile"])
@pytest.mark.parametrize("second", ["standard", "robust", "quantile"])
@pytest.mark.parametrize("how", ["side by side", "in a row"])
def test_preprocessing_is_cut_off_wherever_the_scaling_is(
    table, first, second, how, tmp_path
):
    node = StructuredDataInput()
    scaled = [Normalization(method=method) for method in (first, second)]
    dense = DenseBlock(n_layers=1, units=3)
    if how == "in a row":
        x = dense(scaled[1](scaled[0](node)))
    else:
        x = Merge(merge_type="concatenate")([dense(s(node)) for s in scaled])
    built = graph_of(node, ClassificationHead()(x), table).build({})
    arrays = table[1]
    ready = built.preprocess(arrays)
    assert not np.array_equal(ready["numerical"], arrays["numerical"])
    (whole,) = built.model(arrays).values()
    np.testing.assert_allclose(built.network(ready)[HEAD], whole, atol=1e-6)
    assert not any(
        getattr(layer, "preprocessing", False) for layer in built.network.layers
    )
    built.model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras", safe_mode=True)
    np.testing.assert_array_equal(loaded(arrays)[HEAD], whole)


def graph_for(inputs, outputs, table, **kwargs):
    schemas = [table[0].schema_ for _ in inputs]
    targets = [TargetSchema(kind="binary", n_outputs=1) for _ in outputs]
    return SearchSpace(
        Graph(inputs, outputs), schemas=schemas, targets=targets, n_samples=60, **kwargs
    )


def wired_wrongly(how):
    """Return inputs and outputs of a graph with one mistake."""
    node = StructuredDataInput()
    head = ClassificationHead()
    output = head(DenseBlock()(node))
    return {
        "an input that nothing uses": ([node, StructuredDataInput()], [output]),
        "an input twice": ([node, node], [output]),
        "an input that is a string": (["x"], [output]),
        "an input that is a copy of another": ([node, copy.deepcopy(node)], [output]),
        "an input that a block makes": ([node, DenseBlock()(node)], [output]),
        "no inputs": ([], [output]),
        "an output that is a block": ([node], [DenseBlock()]),
        "an output twice": ([node], [output, output]),
        "no outputs": ([node], []),
        "a head in the middle": ([node], [ClassificationHead()(output)]),
        "a head that is also an output": (
            [node],
            [output, ClassificationHead()(DenseBlock()(output))],
        ),
    }[how]


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ("no inputs", r"'inputs' parameter .* Got \[\] instead"),
        ("an input that nothing uses", "'inputs' parameter .* at position 1"),
        ("an input twice", r"'inputs' parameter .* StructuredDataInput\(\) twice"),
        ("an input that is a string", "'inputs' parameter .* Got 'x' instead"),
        ("an input that is a copy of another", "'inputs' parameter .* twice"),
        ("an input that a block makes", r"'inputs' parameter .* Got DenseBlock"),
        ("an output that is a block", r"'outputs' parameter .* Got DenseBlock\(\)"),
        ("an output twice", "'outputs' parameter .* twice"),
        ("no outputs", r"'outputs' parameter .* Got \[\] instead"),
        ("a head in the middle", "ClassificationHead must be the last block"),
        ("a head that is also an output", "ClassificationHead must be the last block"),
    ],
)
def test_a_graph_that_is_wired_wrongly_is_refused_when_it_is_made(table, how, message):
    with pytest.raises((TypeError, ValueError), match=message):
        graph_for(*wired_wrongly(how), table)


def test_inputs_are_counted_in_the_order_in_which_they_are_given(table):
    inputs = [StructuredDataInput(), StructuredDataInput()]
    branches = [DenseBlock(n_layers=1)(node) for node in reversed(inputs)]
    output = ClassificationHead()(Merge(merge_type="add")(branches))
    first = next(iter(graph_for(inputs, [output], table).build({}).model.input))
    assert first.startswith("structured_data_input_1__")
