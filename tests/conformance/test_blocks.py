"""The contract of blocks: copies, parameters, and blocks defined by running."""

import inspect
import json

import keras
import numpy as np
import pandas as pd
import pytest

import skautokeras
from skautokeras import (
    BertBlock,
    Block,
    CategoricalEncoding,
    ClassificationHead,
    ConvBlock,
    DenseBlock,
    EfficientNetBlock,
    Embedding,
    Fixed,
    Flatten,
    GeneralBlock,
    ImageAugmentation,
    ImageBlock,
    ImageInput,
    Input,
    Merge,
    Normalization,
    NumericalEmbedding,
    OrientedGradientsBlock,
    RealMLPBlock,
    ResidualDenseBlock,
    ResNetBlock,
    RNNBlock,
    Searched,
    SpatialReduction,
    StructuredDataBlock,
    StructuredDataInput,
    TabMBlock,
    TemporalReduction,
    TextBlock,
    TextInput,
    TextToIntSequence,
    TextToNgramVector,
    TransformerBlock,
    XceptionBlock,
)
from skautokeras._data import (
    ArraySchema,
    ImageSchema,
    StructuredDataAdapter,
    TargetSchema,
    TextAdapter,
    XAdapter,
)
from skautokeras._fit import encode_all
from skautokeras._search import Trial, make_oracle, run_search
from skautokeras._space import (
    Choice,
    Graph,
    Head,
    Int,
    PresetTokenizer,
    SearchSpace,
    complete,
)
from skautokeras._state import Deadline
from skautokeras.testing import check_block

N_ROWS = 60
_rng = np.random.default_rng(0)
NUMBERS = pd.DataFrame({"n": _rng.normal(size=N_ROWS), "m": _rng.random(N_ROWS)})
WORDS = pd.DataFrame({"w": _rng.choice(["a", "b", "c"], size=N_ROWS)})
MANY_WORDS = pd.DataFrame({"v": np.resize([f"v{i}" for i in range(70)], 2 * 70)})
TABLES = {
    "numbers": NUMBERS,
    "words": WORDS,
    "mixed": pd.concat([NUMBERS, WORDS], axis=1),
    "gaps": NUMBERS.mask(NUMBERS > 0.5),
    "many words": MANY_WORDS,
    "two rows": NUMBERS[:2],
}


class Tower(Block):
    """A user's block, defined by running: its last layer may have no condition."""

    def build(self, hp, inputs):
        """Stack as many layers as the hyperparameter says."""
        x = inputs
        for i in range(hp.Int("depth", 1, 3, default=2)):
            x = keras.layers.Dense(hp.Int(f"width_{i}", 2, 8, default=4))(x)
        return x


PUBLIC = [
    item
    for item in (getattr(skautokeras, name) for name in skautokeras.__all__)
    if isinstance(item, type) and issubclass(item, Block) and item is not Block
]
MIDDLE = [c for c in PUBLIC if not issubclass(c, Head)]

# What a block is built on where that is no table.
IMAGES, SERIES, CODES, TEXTS = "images", "series", "codes", "texts"
HOMES = {
    ConvBlock: IMAGES,
    EfficientNetBlock: IMAGES,
    ImageAugmentation: IMAGES,
    ImageBlock: IMAGES,
    OrientedGradientsBlock: IMAGES,
    ResNetBlock: IMAGES,
    SpatialReduction: IMAGES,
    XceptionBlock: IMAGES,
    RNNBlock: SERIES,
    TemporalReduction: SERIES,
    TransformerBlock: SERIES,
    Embedding: CODES,
    BertBlock: TEXTS,
    TextBlock: TEXTS,
    TextToIntSequence: TEXTS,
    TextToNgramVector: TEXTS,
}
ON_TABLES = [c for c in MIDDLE if c not in HOMES]

by_name = {"ids": lambda value: getattr(value, "__name__", repr(value))}
every_block_on_tables = pytest.mark.parametrize(
    "block_class", [*ON_TABLES, Tower], **by_name
)


pytestmark = pytest.mark.usefixtures("tiny_default_preset")


def source_of(block_class):
    """Return an input that a block can be built on, its schema and its arrays."""
    home = HOMES.get(block_class)
    if home is None:
        adapter = StructuredDataAdapter().fit(TABLES["mixed"])
        arrays = adapter.transform(TABLES["mixed"])
        return StructuredDataInput(), adapter.schema_, arrays
    if home == IMAGES:
        pixels = _rng.integers(0, 256, (N_ROWS, 8, 8, 1)).astype("uint8")
        facts = ((8, 8, 1), N_ROWS, "uint8", 0.0, 255.0, (0.5,), (0.3,))
        return ImageInput(), ImageSchema(*facts), {"pixels": pixels}
    if home == TEXTS:
        texts = [" ".join(_rng.choice(["oak", "dry", "red"], 4)) for _ in range(N_ROWS)]
        presets = BertBlock().presets if block_class is BertBlock else ()
        text = TextAdapter(tokenizers=tuple(map(PresetTokenizer, presets)))
        adapter = XAdapter(["text"], [text], [None])
        arrays = encode_all(adapter, adapter.fit_transform(texts))
        (schema,) = adapter.schemas_
        schema = schema.with_training_rows(arrays, np.arange(N_ROWS) % 2)
        return TextInput(), schema, arrays
    shape = (5, 3) if home == SERIES else (5,)
    array = _rng.integers(0, 9, (N_ROWS, *shape)).astype("float32")
    return Input(), ArraySchema(shape, N_ROWS), {"array": array}


def graph_on(source, block):
    """Return inputs and outputs of a graph with one block, and its schema."""
    node, schema, _ = source
    return [node], [ClassificationHead()(block(node))], schema


def graph_with(inputs, outputs, schema):
    target = TargetSchema(kind="binary", n_outputs=1)
    return SearchSpace(
        Graph(inputs, outputs), schemas=[schema], targets=[target], n_samples=N_ROWS
    )


def graph_of(inputs, outputs, X):
    adapter = StructuredDataAdapter().fit(X)
    search_space = SearchSpace(
        Graph(inputs, outputs),
        schemas=[adapter.schema_],
        targets=[TargetSchema(kind="binary", n_outputs=1)],
        n_samples=len(X),
    )
    return search_space, adapter.transform(X)


def wired(*blocks):
    node = StructuredDataInput()
    x = node
    for block in blocks:
        x = block(x)
    return [node], [ClassificationHead()(x)]


@pytest.mark.parametrize("block_class", [*MIDDLE, Tower], **by_name)
def test_a_block_keeps_the_contract(block_class):
    inputs, X = {
        None: (StructuredDataInput(), None),
        IMAGES: (ImageInput(), None),
        SERIES: (Input(), None),
        CODES: (Input(), _rng.integers(0, 9, (40, 5))),
        TEXTS: (TextInput(), None),
    }[HOMES.get(block_class)]
    if block_class is Merge:
        inputs = [Flatten()(inputs), DenseBlock(n_layers=1)(inputs)]
    check_block(block_class, inputs, X)


@pytest.mark.parametrize("block_class", PUBLIC, **by_name)
def test_every_parameter_of_a_public_block_is_declared(block_class):
    for parameter in inspect.signature(block_class).parameters.values():
        declaration = getattr(block_class, parameter.name)
        assert isinstance(declaration, Searched | Fixed)
        assert parameter.kind is inspect.Parameter.KEYWORD_ONLY
        assert parameter.default is declaration.default
        assert f"\n{parameter.name} : " in block_class.__doc__


class Stubborn(Block):
    """A block that does not store what it is given."""

    def __init__(self, *, units=None):
        self.units = units or 3


class Terse(Block):
    """A block whose parameter is described by half a sentence."""

    units = Searched(Choice((2, 3)), at_least=1, doc="Of the layer.")


class Outside(Block):
    """A block whose search starts outside of its range."""

    units = Searched(Int(2, 3, default=4), at_least=1, doc="Width of the layer.")


class Careless(Block):
    """A block that never looks at its parameter."""

    units = Searched(Choice((2, 3)), at_least=1, doc="Width of the layer.")

    def build(self, hp, inputs):
        return inputs


class Forgetful(Block):
    """A block whose configuration lacks a parameter."""

    units = Searched(Choice((2, 3)), at_least=1, doc="Width of the layer.")

    def get_config(self):
        return {}

    def build(self, hp, inputs):
        return keras.layers.Dense(self.choose(hp, "units"))(inputs)


class Restless(Block):
    """A block that counts how often it is built."""

    def build(self, hp, inputs):
        self.n_builds = getattr(self, "n_builds", 0) + 1
        return inputs


class Infinite(Block):
    """A block that divides by nothing."""

    def build(self, hp, inputs):
        return keras.layers.Rescaling(np.inf)(inputs)


class Moody(Block):
    """A block that makes another network each time."""

    def build(self, hp, inputs):
        return keras.layers.Rescaling(_rng.random())(inputs)


class Narrow(Block):
    """A block that fails at one end of its range."""

    def build(self, hp, inputs):
        return keras.layers.Dense(hp.Int("units", 0, 3, default=2))(inputs)


@pytest.mark.parametrize(
    ("block", "check"),
    [
        (Stubborn, "check_parameters_are_stored"),
        (Terse, "check_declarations"),
        (Outside, "check_declarations"),
        (Careless, "check_wrong_values_are_refused"),
        (Forgetful(units=3), "check_copies_are_equal"),
        (Restless, "check_building_changes_nothing"),
        (Infinite, "check_defaults_predict"),
        (Moody, "check_clones_make_the_same_network"),
        (Narrow, "check_ranges_build"),
    ],
    **by_name,
)
def test_a_block_that_breaks_the_contract_is_found(block, check):
    with pytest.raises(AssertionError, match=check):
        check_block(block)


def test_a_check_may_be_expected_to_fail():
    check_block(Narrow, expected_failed_checks={"check_ranges_build": "no units"})
    with pytest.raises(AssertionError, match="check_ranges_build passes"):
        check_block(Tower, expected_failed_checks={"check_ranges_build": "no units"})
    with pytest.raises(ValueError, match="no such checks"):
        check_block(Tower, expected_failed_checks={"check_range": "no units"})


@every_block_on_tables
@pytest.mark.parametrize("table", [t for t in TABLES if t != "mixed"])
def test_a_block_works_on_tables_of_one_kind(block_class, table):
    search_space, arrays = graph_of(*wired(block_class()), TABLES[table])
    (y_pred,) = search_space.build({}).model(arrays).values()
    assert np.isfinite(y_pred).all()


@pytest.mark.parametrize("table", TABLES)
def test_every_method_of_every_step_works_on_every_table(table):
    search_space, arrays = graph_of(*wired(StructuredDataBlock()), TABLES[table])
    methods = {
        hp.name: hp.values
        for hp in search_space.hyperparameters().space
        if "method" in hp.name
    }
    for name, values in methods.items():
        for value in values:
            (y_pred,) = search_space.build({name: value}).model(arrays).values()
            assert np.isfinite(y_pred).all(), (name, value)


@pytest.mark.parametrize(
    ("block", "parameter"),
    [
        (Normalization(method="wrong"), "method"),
        (NumericalEmbedding(method="wrong"), "method"),
        (CategoricalEncoding(method="wrong"), "method"),
        (NumericalEmbedding(method=Choice(("wrong",))), "method"),
        (DenseBlock(n_layers=-1), "n_layers"),
        (DenseBlock(n_layers=2.5), "n_layers"),
        (DenseBlock(units=0), "units"),
        (DenseBlock(activation="wrong"), "activation"),
        (DenseBlock(dropout=1.0), "dropout"),
        (DenseBlock(dropout=-0.1), "dropout"),
        (DenseBlock(use_batchnorm="yes"), "use_batchnorm"),
        (DenseBlock(residual=2), "residual"),
        (NumericalEmbedding(method="periodic", dim=0), "dim"),
        (NumericalEmbedding(method="piecewise_linear", n_bins=0), "n_bins"),
        (NumericalEmbedding(method="periodic", sigma=-1.0), "sigma"),
        (CategoricalEncoding(method="embedding", dim=0), "dim"),
        (RealMLPBlock(n_layers=0), "n_layers"),
        (RealMLPBlock(units=0.5), "units"),
        (RealMLPBlock(activation="wrong"), "activation"),
        (RealMLPBlock(dropout=1), "dropout"),
        (RealMLPBlock(start="middle"), "start"),
        (TabMBlock(n_members=0), "n_members"),
        (TabMBlock(n_layers=0), "n_layers"),
        (TabMBlock(units=-1), "units"),
        (TabMBlock(activation="wrong"), "activation"),
        (TabMBlock(use_batchnorm="no"), "use_batchnorm"),
        (TabMBlock(dropout=-0.5), "dropout"),
        (TabMBlock(adapters="last"), "adapters"),
        (ResidualDenseBlock(n_layers=0), "n_layers"),
        (ResidualDenseBlock(units=0), "units"),
        (ResidualDenseBlock(expansion=0.5), "expansion"),
        (ResidualDenseBlock(activation="wrong"), "activation"),
        (ResidualDenseBlock(hidden_dropout=1), "hidden_dropout"),
        (ResidualDenseBlock(residual_dropout=-1), "residual_dropout"),
        (StructuredDataBlock(block_type="wrong"), "block_type"),
    ],
    ids=repr,
)
def test_a_wrong_value_is_refused_with_the_name_of_its_parameter(block, parameter):
    search_space, _ = graph_of(*wired(block), TABLES["mixed"])
    message = rf"The '{parameter}' parameter of {type(block).__name__} must be .* Got "
    with pytest.raises(ValueError, match=message):
        search_space.build({})


@pytest.mark.parametrize(
    ("block", "parameter"),
    [
        (ConvBlock(kernel_size=0), "kernel_size"),
        (ConvBlock(n_blocks=0), "n_blocks"),
        (ConvBlock(n_layers=1.5), "n_layers"),
        (ConvBlock(filters=-8), "filters"),
        (ConvBlock(pooling="mean"), "pooling"),
        (ConvBlock(separable="no"), "separable"),
        (ConvBlock(use_batchnorm=3), "use_batchnorm"),
        (ConvBlock(activation="wrong"), "activation"),
        (ConvBlock(dropout=1), "dropout"),
        (ConvBlock(pooling=Choice(["mean"])), "pooling"),
        (ResNetBlock(version="v3"), "version"),
        (ResNetBlock(depth=10), "depth"),
        (ResNetBlock(filters=0), "filters"),
        (ResNetBlock(dropout=2.0), "dropout"),
        (XceptionBlock(filters=0), "filters"),
        (XceptionBlock(n_blocks=-1), "n_blocks"),
        (XceptionBlock(dropout=1.0), "dropout"),
        (EfficientNetBlock(version="b9"), "version"),
        (EfficientNetBlock(weights=3), "weights"),
        (EfficientNetBlock(version="b0", weights=["a", "b"]), "weights"),
        (EfficientNetBlock(version=3, weights="imagenet"), "version"),
        (EfficientNetBlock(trainable="no"), "trainable"),
        (EfficientNetBlock(dropout=-1), "dropout"),
        (OrientedGradientsBlock(n_cells=0), "n_cells"),
        (OrientedGradientsBlock(n_directions=2.5), "n_directions"),
        (ImageBlock(block_type="dense"), "block_type"),
        (ImageBlock(normalize="yes"), "normalize"),
        (ImageBlock(augment="yes"), "augment"),
        (ImageBlock(augment=True, average_mirrored="yes"), "average_mirrored"),
        (ImageAugmentation(flip="vertical"), "flip"),
        (ImageAugmentation(translation=1.0), "translation"),
        (ImageAugmentation(rotation=-5), "rotation"),
        (ImageAugmentation(zoom=1), "zoom"),
        (ImageAugmentation(contrast=1.1), "contrast"),
        (ImageAugmentation(crop=-0.1), "crop"),
        (ImageAugmentation(cutout=2), "cutout"),
        (ImageAugmentation(fill="white"), "fill"),
        (SpatialReduction(reduction_type="last"), "reduction_type"),
        (TemporalReduction(reduction_type="first"), "reduction_type"),
        (RNNBlock(layer_type="rnn"), "layer_type"),
        (RNNBlock(bidirectional=2), "bidirectional"),
        (RNNBlock(n_layers=0), "n_layers"),
        (RNNBlock(units=0), "units"),
        (RNNBlock(dropout=1.0), "dropout"),
        (RNNBlock(return_sequences="yes"), "return_sequences"),
        (TransformerBlock(n_layers=0), "n_layers"),
        (TransformerBlock(n_heads=0), "n_heads"),
        (TransformerBlock(width=0), "width"),
        (TransformerBlock(dropout=1.0), "dropout"),
        (Embedding(max_features=1), "max_features"),
        (Embedding(dim=0), "dim"),
        (Embedding(dropout=1.0), "dropout"),
        (GeneralBlock(block_type="wrong"), "block_type"),
        (TextBlock(block_type="bag"), "block_type"),
        (TextBlock(vocabulary_size=0), "vocabulary_size"),
        (TextToIntSequence(vocabulary_size=0), "vocabulary_size"),
        (TextToIntSequence(length=0), "length"),
        (TextToNgramVector(ngrams="words"), "ngrams"),
        (TextToNgramVector(weighting="bm25"), "weighting"),
        (TextToNgramVector(vocabulary_size=1.5), "vocabulary_size"),
        (TextToNgramVector(dim=0), "dim"),
        (TextToNgramVector(dropout=1.0), "dropout"),
    ],
    ids=repr,
)
def test_a_wrong_value_is_refused_off_tables_too(block, parameter):
    search_space = graph_with(*graph_on(source_of(type(block)), block))
    message = rf"The '{parameter}' parameter of {type(block).__name__} must be .* Got "
    with pytest.raises(ValueError, match=message):
        search_space.build({})


def test_a_wrong_value_of_a_nested_block_is_refused():
    block = StructuredDataBlock(dense=DenseBlock(units=0))
    search_space, _ = graph_of(*wired(block), TABLES["mixed"])
    with pytest.raises(ValueError, match=r"'units' parameter of DenseBlock .* 0 "):
        search_space.build({})


def test_a_wrong_way_to_merge_is_refused_in_a_graph():
    node = StructuredDataInput()
    merged = Merge(merge_type="wrong")([DenseBlock()(node), DenseBlock()(node)])
    search_space, _ = graph_of([node], [ClassificationHead()(merged)], TABLES["mixed"])
    with pytest.raises(ValueError, match="'merge_type' parameter of Merge"):
        search_space.build({})


@pytest.mark.parametrize("n_layers", [2, 6])
@pytest.mark.parametrize("depths", [Choice((2, 6)), Int(2, 6)], ids=repr)
def test_a_range_of_depths_may_be_another_one(n_layers, depths):
    block = DenseBlock(n_layers=depths, units=Choice((3, 5)))
    search_space, _ = graph_of(*wired(block), NUMBERS)
    values = {"dense_block_1/n_layers": n_layers}
    names = complete(search_space.hyperparameters(), values)
    active = {n for n in names if "/units_" in n}
    assert active == {f"dense_block_1/units_{i}" for i in range(n_layers)}
    layers = search_space.build(values).network.layers
    dense = [layer for layer in layers if isinstance(layer, keras.layers.Dense)]
    assert len(dense) == n_layers + 1  # and the head


# Blocks whose hyperparameters come up only while they run


def deep_is_better(used):
    return used["tower_1/depth"] + used["tower_1/width_0"] / 100


def search_tower(seed, n_trials=40, tuner="greedy"):
    """Search over a tower; return the proposals and what was built of them."""
    search_space, _ = graph_of(*wired(Tower()), NUMBERS)
    space = search_space.hyperparameters()
    oracle = make_oracle(
        tuner, space, initial_values=[], max_trials=n_trials, max_epochs=4, seed=seed
    )
    proposals = []

    def evaluate(values, seed, deadline):
        proposals.append(dict(values))
        built = search_space.build(values)
        return Trial(
            built.values,
            seed,
            score=deep_is_better(built.values),
            new_hyperparameters=search_space.unknown(built.hyperparameters),
        )

    trials, _ = run_search(
        oracle, evaluate, seeds=range(n_trials), deadline=Deadline(None)
    )
    return proposals, [trial.values for trial in trials]


@pytest.fixture(scope="module")
def towers():
    """Proposals and built values of two searches."""
    return [search_tower(seed) for seed in (0, 2)]


def test_values_that_come_up_while_a_block_runs_are_recorded(towers):
    for _, built in towers:
        deep = [used for used in built if used["tower_1/depth"] == 3]
        assert deep
        assert all("tower_1/width_2" in used for used in deep)


def test_a_block_that_grows_while_it_runs_is_not_proposed_twice(towers):
    for proposals, _ in towers:
        keys = [json.dumps(values, sort_keys=True) for values in proposals]
        assert len(set(keys)) == len(keys)


def test_a_hyperparameter_that_comes_up_while_a_block_runs_is_searched(towers):
    widths = {used.get("tower_1/width_2") for _, built in towers for used in built}
    assert len(widths - {None}) > 1


@pytest.mark.parametrize("tuner", ["random", "bayesian", "hyperband"])
def test_other_oracles_search_what_comes_up_while_a_block_runs_too(tuner):
    _, built = search_tower(7, n_trials=20, tuner=tuner)
    assert len({used.get("tower_1/width_2") for used in built} - {None}) > 1


@pytest.mark.parametrize("n_rows", [7, 60])
def test_rows_of_the_user_may_be_any_number(n_rows):
    X = np.random.default_rng(0).normal(size=(n_rows, 3))
    check_block(DenseBlock(units=8), StructuredDataInput(), X)
