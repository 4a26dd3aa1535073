"""Decision trees are tried where they can predict what is asked for."""

import numpy as np
import pandas as pd
import pytest

from skautokeras import (
    AutoModel,
    BoostedTreesBlock,
    Choice,
    ClassificationHead,
    DenseBlock,
    ExtraTreesBlock,
    Merge,
    RegressionHead,
    StructuredDataBlock,
    StructuredDataInput,
)
from skautokeras._data import StructuredDataAdapter, TargetSchema
from skautokeras._space import Graph, SearchSpace, predefined

TABLE = pd.DataFrame(
    {"size": np.arange(60.0), "kind": ["a", "b", "c"] * 20, "town": range(60)}
).astype({"town": "category"})
TREES = {"boosted_trees", "extra_trees", "random_forest"}


def on_table(node, outputs, X=TABLE):
    """Return the search space of heads for two classes each, on a table."""
    return SearchSpace(
        Graph([node], outputs),
        schemas=[StructuredDataAdapter().fit(X).schema_],
        targets=[TargetSchema(kind="binary", n_outputs=1)] * len(outputs),
        n_samples=len(X),
    )


def kinds(node, outputs, X=TABLE):
    """Return the kinds of networks in a search space, and of those tried first."""
    search_space = on_table(node, outputs, X)
    name = "structured_data_block_1/block_type"
    space = {hp.name: hp for hp in search_space.hyperparameters().space}
    return set(space[name].values), {v[name] for v in predefined(search_space)}


def test_heads_on_the_block_have_trees_and_networks():
    node = StructuredDataInput()
    x = StructuredDataBlock()(node)
    searched, first = kinds(node, [ClassificationHead()(x), RegressionHead()(x)])
    assert searched >= TREES
    assert first >= TREES
    assert "dense" in first


@pytest.mark.parametrize(
    "make_outputs",
    [
        lambda node: [ClassificationHead()(StructuredDataBlock(trees=False)(node))],
        lambda node: [
            ClassificationHead(loss="hinge")(StructuredDataBlock()(node)),
        ],
        lambda node: [
            ClassificationHead()(DenseBlock()(StructuredDataBlock()(node))),
        ],
        lambda node: [
            ClassificationHead()(
                Merge()([StructuredDataBlock()(node), DenseBlock()(node)])
            ),
        ],
    ],
    ids=["trees=False", "a loss", "a block behind", "merged"],
)
def test_where_only_networks_can_be_trained_there_are_no_trees(make_outputs):
    node = StructuredDataInput()
    searched, first = kinds(node, make_outputs(node))
    assert not TREES & (searched | first)


def test_a_network_beside_trees_is_trained():
    node = StructuredDataInput()
    x = StructuredDataBlock()(node)
    values = {"structured_data_block_1/block_type": "boosted_trees"}
    for beside in (DenseBlock(), StructuredDataBlock(trees=False)):
        outputs = [ClassificationHead()(x), ClassificationHead()(beside(node))]
        built = on_table(node, outputs).build(values)
        assert built.network.trainable_variables
        assert built.training.epochs > 0
        assert "training/learning_rate" in built.values
    outputs = [ClassificationHead()(x), ClassificationHead()(x)]
    assert "training/learning_rate" not in on_table(node, outputs).build(values).values


def test_a_column_of_texts_needs_networks():
    words = [["dry", "red", "oak", "wine", "good", "bad", "old", "new", "a", "b"]] * 60
    rng = np.random.default_rng(0)
    texts = [" ".join(rng.permutation(row)) for row in words]
    node = StructuredDataInput()
    outputs = [ClassificationHead()(StructuredDataBlock()(node))]
    searched, first = kinds(node, outputs, TABLE.assign(note=texts))
    assert not TREES & (searched | first)


def test_trees_behind_other_blocks_are_refused():
    node = StructuredDataInput()
    for make in (
        lambda x: DenseBlock()(BoostedTreesBlock()(x)),
        lambda x: Merge()([BoostedTreesBlock()(x), DenseBlock()(x)]),
    ):
        model = AutoModel(node, ClassificationHead()(make(node)), max_trials=1)
        with pytest.raises(TypeError, match="predict the target itself"):
            model.fit(TABLE, np.arange(60) % 2)


def test_trees_refuse_a_loss():
    node = StructuredDataInput()
    outputs = RegressionHead(loss="mae")(BoostedTreesBlock()(node))
    with pytest.raises(ValueError, match="The loss 'mae' cannot be used"):
        AutoModel(node, outputs, max_trials=1).fit(TABLE, np.arange(60.0))


@pytest.mark.slow
def test_trees_behind_trained_layers_are_refused():
    node = StructuredDataInput()
    outputs = ClassificationHead()(BoostedTreesBlock()(DenseBlock()(node)))
    with pytest.raises(Exception, match="no trained layer can come before"):
        AutoModel(node, outputs, max_trials=1).fit(TABLE, np.arange(60) % 2)


@pytest.mark.slow
def test_trees_are_a_kind_of_their_own_and_are_refitted():
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"x": rng.normal(size=400), "town": rng.integers(0, 90, 400)})
    X["town"] = X["town"].astype(str) + "th town"
    y = (X["x"] > 0) ^ (X["town"].str.len() > 8)
    table = StructuredDataInput()
    block = StructuredDataBlock(block_type=Choice(["boosted_trees", "extra_trees"]))
    model = AutoModel(
        table, ClassificationHead()(block(table)), max_trials=3, random_state=0
    )
    model.fit(X, y)
    found = [
        params["structured_data_block_1/block_type"]
        for params in model.leaderboard_["params"]
    ]
    assert set(found) == {"boosted_trees", "extra_trees"}
    assert (model.leaderboard_["epochs"] == 1).all()
    assert (model.leaderboard_["iterations"] >= 1).all()
    # Nothing is trained, so that nothing of a training is searched.
    names = {name for params in model.leaderboard_["params"] for name in params}
    assert not any(name.startswith("training/") for name in names)
    assert model.score(X, y) > 0.9
    pipeline = model.to_scikeras()
    assert pipeline.fit(X, y).score(X, y) > 0.9
    again = AutoModel(
        table, ClassificationHead()(block(table)), max_trials=3, random_state=0
    )
    np.testing.assert_array_equal(
        again.fit(X, y).predict_proba(X), model.predict_proba(X)
    )


@pytest.mark.slow
def test_rows_without_weight_do_not_matter():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(300, 3)), rng.integers(0, 2, 300)
    node = StructuredDataInput()
    heads = ClassificationHead()(ExtraTreesBlock(n_trees=10)(node))
    models = [
        AutoModel(node, heads, max_trials=1, refit=False, random_state=0)
        for _ in range(2)
    ]
    weight = np.repeat([1.0, 0.0], [200, 100])
    models[0].fit(X, y, sample_weight=weight)
    y[200:] = 1 - y[200:]
    models[1].fit(X, y, sample_weight=weight)
    np.testing.assert_array_equal(*(m.predict_proba(X) for m in models))
