"""The predefined configurations fit the graph that a task estimator makes."""

import dataclasses
import math

import keras
import numpy as np
import pandas as pd
import pytest

from skautokeras import (
    Choice,
    ClassificationHead,
    DenseBlock,
    ImageBlock,
    ImageInput,
    Merge,
    RegressionHead,
    StructuredDataBlock,
    StructuredDataInput,
    TextBlock,
    TextInput,
)
from skautokeras._data import (
    ImageSchema,
    NumberAdapter,
    StructuredDataAdapter,
    TargetSchema,
    TextAdapter,
    TextSchema,
)
from skautokeras._search import count_flops
from skautokeras._space import (
    Graph,
    SearchSpace,
    accelerator,
    full_names,
    predefined,
    rank,
)
from skautokeras._training import structure

BLOCKS = {
    "structured_data": StructuredDataBlock,
    "text": TextBlock,
    "image": ImageBlock,
}


def table_of(n_samples, n_columns=3):
    """Return the schema of a table of numbers, said to have so many rows."""
    X = np.random.default_rng(0).normal(size=(80, n_columns))
    schema = StructuredDataAdapter().fit(X).schema_
    return dataclasses.replace(schema, n_samples=n_samples)


def images_of(n_samples, shape=(8, 8, 1)):
    """Return the schema of so many images."""
    facts = [(0.5,) * shape[-1], (0.3,) * shape[-1]]
    return ImageSchema(shape, n_samples, "uint8", 0.0, 255.0, *facts)


def texts_of(n_samples, n_words):
    """Return the schema of texts; only these numbers decide."""
    return TextSchema(n_samples, n_words, 64, 9000, 64, 9000)


def known(task, *schemas, targets=()):
    """Return the configurations of one block by full names."""
    configurations = BLOCKS[task]().known_configurations(schemas, targets)
    return [full_names(f"{task}_block_1", values) for values in configurations]


CLASSES = TargetSchema(kind="binary", n_outputs=1)
NUMBERS = TargetSchema(kind="regression", n_outputs=1)


def every(task):
    """Return those for few rows, for numbers and for a fast GPU as well.

    Tables have each of them once, however long it is trained.
    """
    found = known(task)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(accelerator, "has_fast_gpu", lambda: True)
        for n_samples in (100, 10_000):
            schema = {
                "structured_data": table_of(n_samples),
                "image": images_of(n_samples),
                "text": texts_of(n_samples, 10.0),
            }[task]
            for target in (CLASSES, NUMBERS):
                found += [
                    values
                    for values in known(task, schema, targets=[target])
                    if values not in found
                ]
    if task == "structured_data":
        found = list({repr(without_epochs(v)): v for v in reversed(found)}.values())
    return found


def without_epochs(values):
    return {k: v for k, v in values.items() if k != "training/epochs"}


each = pytest.mark.parametrize(
    ("task", "i"), [(task, i) for task in BLOCKS for i in range(len(every(task)))]
)


@pytest.fixture(scope="session")
def texts():
    """An input for texts of 70 short words, their schema and arrays."""
    rng = np.random.default_rng(0)
    words = ["".join(rng.choice(list("abcdef"), 4)) for _ in range(80)]
    texts = [" ".join(rng.choice(words, 70)) for _ in range(60)]
    adapter = TextAdapter().fit(texts)
    arrays = adapter.transform(texts)
    schema = adapter.schema_.with_training_rows(arrays, np.arange(60) % 2)
    return TextInput(), schema, arrays


@pytest.fixture
def source(task, source_for, texts):
    """What the graph of a task's estimators is built on."""
    return texts if task == "text" else source_for(BLOCKS[task]())


@pytest.fixture
def search_space(make_graph, task, source):
    """The graph of the estimators of a task."""
    return make_graph(BLOCKS[task](), source=source)


@each
def test_every_name_exists_under_the_values_of_its_configuration(
    search_space, task, i, active_names
):
    values = every(task)[i]
    assert set(values) <= active_names(search_space, values)


@each
def test_every_value_lies_in_its_range(search_space, task, i):
    space = {hp.name: hp for hp in search_space.hyperparameters().space}
    for name, value in every(task)[i].items():
        hp = space[name]
        if not hasattr(hp, "min_value"):
            assert value in hp.values, name
        else:
            assert hp.min_value <= value <= hp.max_value, name
            if hp.step and hp.sampling == "linear":
                steps = (value - hp.min_value) / hp.step
                assert math.isclose(steps, round(steps), abs_tol=1e-9), name


@each
def test_every_configuration_builds_and_predicts(search_space, source, task, i):
    built = search_space.build(every(task)[i])
    (y_pred,) = built.model(source[2]).values()
    assert y_pred.shape == (60, 1)
    assert np.isfinite(y_pred).all()


def graph_on(node, block, schema, target=CLASSES):
    head = ClassificationHead() if target.is_classification else RegressionHead()
    return SearchSpace(
        Graph([node], [head(block(node))]),
        schemas=[schema],
        targets=[target],
        n_samples=80,
    )


def targets_of(*numbers):
    """Return the schema of numbers to predict, one column for each of them."""
    return NumberAdapter().fit(np.column_stack(numbers).squeeze()).schema_


RNG = np.random.default_rng(0)
BELL = RNG.normal(size=300)
# Prices, counts with zeros, and what they are if a number is taken away or mirrored.
PRICES, COUNTS = RNG.lognormal(size=300), RNG.geometric(0.3, 300) - 1.0
TARGETS = {
    "binary": CLASSES,
    "eight classes": TargetSchema(kind="multiclass", n_outputs=8),
    "nine classes": TargetSchema(kind="multiclass", n_outputs=9),
    "numbers": NUMBERS,
    "a bell": targets_of(BELL),
    "prices": targets_of(PRICES),
    "counts": targets_of(COUNTS),
    "profits": targets_of(PRICES - 2),
    "mirrored": targets_of(20 - np.minimum(PRICES, 20)),
    "two prices": targets_of(PRICES, PRICES[::-1]),
}
KIND, SCALE = "structured_data_block_1/block_type", "target/transformation"
TREES = {"boosted_trees", "extra_trees", "random_forest"}


def kinds_of(configurations):
    return [values[KIND] for values in configurations]


@pytest.mark.parametrize("n_samples", [300, 6000])
@pytest.mark.parametrize("name", TARGETS)
def test_configurations_for_tables_are_tried_in_their_own_order(name, n_samples):
    schema, target = table_of(n_samples), TARGETS[name]
    search_space = graph_on(
        StructuredDataInput(), StructuredDataBlock(), schema, target
    )
    configurations = predefined(search_space)
    assert configurations == known("structured_data", schema, targets=[target])
    ranks = [rank(values, search_space) for values in configurations]
    assert ranks == list(range(len(configurations)))
    # Beside other inputs, another block decides on the training.
    other = configurations[0] | {"training/learning_rate": 1e-4}
    assert rank(other, search_space) == 0
    # Another network comes behind all of them.
    other = configurations[0] | {"structured_data_block_1/dense_block_1/units_0": 32}
    assert rank(other, search_space) == len(configurations)


@pytest.mark.parametrize("name", TARGETS)
def test_the_first_answer_is_a_plain_network_and_the_second_are_boosted_trees(name):
    target = TARGETS[name]
    for schema in ((), (table_of(200),), (table_of(100_000),)):
        configurations = known("structured_data", *schema, targets=[target])
        first, second = kinds_of(configurations)[:2]
        assert first == "dense"
        assert configurations[0]["training/epochs"] == 32
        assert (second == "boosted_trees") is (name != "nine classes")


def test_classes_and_numbers_have_portfolios_of_all_kinds():
    classes, numbers = (
        known("structured_data", targets=[target]) for target in (CLASSES, NUMBERS)
    )
    assert classes == known("structured_data")
    assert classes != numbers
    assert set(kinds_of(classes)) == set(kinds_of(numbers))
    assert set(kinds_of(classes)) >= {"dense", "real_mlp", "tab_m", *TREES}


def test_boosted_trees_come_last_where_there_are_many_classes():
    few, many = (
        known("structured_data", targets=[TARGETS[name]])
        for name in ("eight classes", "nine classes")
    )
    boosted = [v for v in few if v[KIND] == "boosted_trees"]
    others = [v for v in few if v[KIND] != "boosted_trees"]
    assert boosted
    assert many == [*others, *boosted]
    assert few != many


# Rows, and the size of the batches from which they are learned.
BATCH_SIZES = {100: 64, 1000: 64, 2000: 128, 8000: 128, 20_000: 256, 60_000: 512}


@pytest.mark.parametrize("n_samples", BATCH_SIZES)
@pytest.mark.parametrize("name", ["binary", "numbers"])
def test_few_rows_are_learned_from_for_more_epochs(name, n_samples):
    target = TARGETS[name]
    schema, batch_size = table_of(n_samples), BATCH_SIZES[n_samples]
    search_space = SearchSpace(
        graph_on(StructuredDataInput(), StructuredDataBlock(), schema, target).graph,
        schemas=[schema],
        targets=[target],
        n_samples=n_samples,
    )
    default = search_space.hyperparameters().values["training/batch_size"]
    assert default == batch_size
    configurations = [
        values
        for values in known("structured_data", schema, targets=[target])
        if "training/label_smoothing" not in values
    ]
    usual = known("structured_data", targets=[target])
    assert kinds_of(configurations) == kinds_of(usual)
    plain, *pairs = zip(configurations, usual, strict=True)
    assert plain[0] == plain[1]  # the first answer is to be there soon
    for values, before in pairs:
        if values[KIND] in TREES:
            assert values == before
            continue
        epochs, n_epochs = values["training/epochs"], before["training/epochs"]
        # TabM has eight networks in one, and learns in fewer steps.
        least, most = (1500, 1500) if values[KIND] == "tab_m" else (2000, 4000)
        assert epochs == 256 or epochs * n_samples >= least * batch_size
        assert epochs == n_epochs or epochs * n_samples < 2 * most * batch_size
        assert math.log2(epochs / n_epochs) in range(6)


@pytest.mark.parametrize(
    ("n_columns", "dim"), [(3, 16), (32, 16), (33, 8), (64, 8), (65, 4), (300, 4)]
)
def test_numbers_of_many_columns_have_shorter_vectors(n_columns, dim):
    name = "structured_data_block_1/numerical_embedding_1/piecewise_linear/dim"
    for target in (CLASSES, NUMBERS):
        few, many = (
            known("structured_data", table_of(6000, n), targets=[target])
            for n in (3, n_columns)
        )
        dims = [values[name] for values in many if name in values]
        assert dims
        assert set(dims) == {dim}
        # Nothing else differs.
        assert [v | {name: 16} if name in v else v for v in many] == few


def scales_of(name):
    """Return the configurations for a target, with the scales that they name."""
    configurations = known("structured_data", targets=[TARGETS[name]])
    return configurations, [values.get(SCALE) for values in configurations]


@pytest.mark.parametrize(
    ("name", "scale"),
    [
        ("prices", "log"),
        ("counts", "log"),
        ("profits", "yeo_johnson"),
        ("mirrored", "yeo_johnson"),
    ],
)
def test_skewed_numbers_are_tried_on_another_scale_as_well(name, scale):
    configurations, scales = scales_of(name)
    usual = known("structured_data", targets=[NUMBERS])
    assert [v for v in configurations if SCALE not in v] == usual
    assert set(scales) == {None, scale}
    # What is tried on another scale has been tried on that of the target before.
    for i, found in enumerate(scales):
        if found is not None:
            before = [values | {SCALE: scale} for values in configurations[:i]]
            assert configurations[i] in before
    changed = {v[KIND] for v in configurations if SCALE in v}
    assert changed >= {"boosted_trees", "tab_m"}


@pytest.mark.parametrize("name", ["numbers", "a bell", "two prices", "binary"])
def test_other_targets_are_tried_on_their_own_scale(name):
    _, scales = scales_of(name)
    assert set(scales) == {None}


def test_the_place_of_a_configuration_depends_on_its_scale():
    schema, target = table_of(300), TARGETS["prices"]
    search_space = graph_on(
        StructuredDataInput(), StructuredDataBlock(), schema, target
    )
    configurations = predefined(search_space)
    for i, values in enumerate(configurations):
        if SCALE not in values:
            named = values | {SCALE: "none"}
            assert rank(named, search_space) == i
        else:
            own = {k: v for k, v in values.items() if k != SCALE}
            assert rank(own, search_space) < i


@pytest.mark.parametrize("name", ["prices", "counts", "profits", "mirrored"])
def test_every_configuration_for_skewed_numbers_builds_and_predicts(
    name, source_for, active_names
):
    node, schema, arrays = source_for(StructuredDataBlock())
    target = TARGETS[name]
    search_space = graph_on(node, StructuredDataBlock(), schema, target)
    scales = {hp.name: hp for hp in search_space.hyperparameters().space}[SCALE].values
    found = [values for values in predefined(search_space) if SCALE in values]
    assert found
    for values in found:
        assert values[SCALE] in scales
        assert set(values) <= active_names(search_space, values)
        built = search_space.build(values)
        (y_pred,) = built.model(arrays).values()
        assert np.isfinite(y_pred).all()


@pytest.mark.parametrize("shape", [(8, 8, 1), (28, 28, 1), (32, 32, 3)], ids=repr)
def test_configurations_for_images_are_ordered_by_what_they_cost(shape):
    search_space = graph_on(ImageInput(), ImageBlock(), images_of(80, shape))
    costs = []
    for values in known("image"):
        built = search_space.build(values)
        costs.append(count_flops(built.network) * built.training.epochs)
    assert costs == sorted(costs)


def test_a_fast_gpu_gets_larger_networks_for_many_images(monkeypatch):
    few, many = images_of(999), images_of(1000)
    before = [known("image", schema) for schema in (few, many)]
    monkeypatch.setattr(accelerator, "has_fast_gpu", lambda: True)
    after = [known("image", schema) for schema in (few, many)]
    assert after[0] == before[0]
    assert after[1][: len(before[1])] == before[1]
    larger = after[1][len(before[1]) :]
    kinds = {values["image_block_1/block_type"] for values in larger}
    assert kinds == {"efficient_net", "res_net"}


@pytest.mark.parametrize(("n_samples", "few"), [(1999, True), (2000, False)])
def test_few_rows_have_one_more_network_that_is_held_back(n_samples, few):
    values = known("structured_data", table_of(n_samples))
    held_back = [v for v in values if "training/label_smoothing" in v]
    assert len(held_back) == few
    others = [without_epochs(v) for v in values if v not in held_back]
    assert others == [
        without_epochs(v) for v in known("structured_data", table_of(2000))
    ]
    assert len({repr(v) for v in values}) == len(values)
    # Labels of numbers cannot be smoothed.
    numbers = known("structured_data", table_of(n_samples), targets=[NUMBERS])
    assert not any("training/label_smoothing" in v for v in numbers)


@pytest.mark.parametrize(("n_samples", "few"), [(999, True), (1000, False)])
def test_few_images_are_described_behind_plain_convolutions(n_samples, few):
    search_space = graph_on(ImageInput(), ImageBlock(), images_of(n_samples))
    configurations = predefined(search_space)
    kinds = [values["image_block_1/block_type"] for values in configurations]
    assert ("oriented_gradients" in kinds) is few
    ranks = [rank(values, search_space) for values in configurations]
    expected = [int(few and kind != "conv") for kind in kinds]
    assert ranks == expected
    if few:
        values = configurations[kinds.index("oriented_gradients")]
        built = search_space.build(values)
        assert values.items() <= built.values.items()


@pytest.mark.parametrize("task", ["text"])
def test_configurations_for_texts_are_ordered_by_what_they_cost(search_space, task):
    costs = []
    for values in known(task):
        built = search_space.build(values)
        costs.append(count_flops(built.network) * built.training.epochs)
    assert costs == sorted(costs)


# What is the same: mirroring would bring layers for prediction.
FIXED = {"image_block_1/average_mirrored": False}
# What differs in numbers only, by task.
DIFFERENT = {
    "structured_data": {
        "structured_data_block_1/dense_block_1/dropout": 0.45,
        "structured_data_block_1/real_mlp_block_1/dropout": 0.45,
        "structured_data_block_1/tab_m_block_1/dropout": 0.45,
    },
    "text": {
        "text_block_1/text_to_ngram_vector_1/dropout": 0.45,
        "text_block_1/embedding_1/dropout": 0.45,
    },
    "image": {
        "image_block_1/conv_block_1/dropout": 0.45,
        "image_block_1/res_net_block_1/dropout": 0.45,
        "image_block_1/image_augmentation_1/flip": "both",
        "image_block_1/image_augmentation_1/zoom": 0.2,
    },
}


@each
def test_configurations_that_differ_in_numbers_share_a_structure(search_space, task, i):
    values = every(task)[i] | FIXED
    numbers = {**DIFFERENT[task], "training/learning_rate": 1e-4}
    # The first layers of a process have names like the keys of their config.
    keras.utils.clear_session()
    one, other = (
        structure(search_space.build(values | n).network) for n in ({}, numbers)
    )
    assert one == other
    assert hash(one) == hash(other)


def test_configurations_are_handed_out_as_copies():
    for task in BLOCKS:
        known(task)[0].clear()
        assert known(task)[0]


def test_configurations_of_several_blocks_are_joined():
    images, table = [ImageInput(), ImageInput()], StructuredDataInput()
    blocks = [ImageBlock()(node) for node in images]
    blocks += [DenseBlock()(table), StructuredDataBlock()(table)]
    search_space = SearchSpace(
        Graph([*images, table], [ClassificationHead()(Merge()(blocks))]),
        schemas=[images_of(5000), images_of(5000), table_of(5000)],
        targets=[TargetSchema(kind="binary", n_outputs=1)],
        n_samples=5000,
    )
    joined = predefined(search_space)
    # Behind Merge there are no trees.
    n_networks = sum(
        values["structured_data_block_1/block_type"] not in TREES
        for values in known("structured_data")
    )
    assert len(joined) == max(len(known("image")), n_networks)
    first = joined[0]
    assert first["image_block_1/block_type"] == first["image_block_2/block_type"]
    assert "structured_data_block_1/normalization_1/method" in first
    image = known("image")[0]
    assert first["training/learning_rate"] == image["training/learning_rate"]


def test_texts_in_tables_have_the_configurations_of_texts(make_graph, active_names):
    rng = np.random.default_rng(0)
    words = [f"word{i}" for i in range(30)]
    X = pd.DataFrame(
        {
            "number": rng.normal(size=60),
            "kind": rng.choice(["red", "white"], 60),
            "a": [" ".join(rng.choice(words, 70)) for _ in range(60)],
            "b": [" ".join(rng.choice(words, 70)) for _ in range(60)],
        }
    )
    adapter = StructuredDataAdapter().fit(X)
    arrays = adapter.transform(X)
    texts = zip(
        adapter.schema_.texts.items(), adapter.schema_.text_arrays(arrays), strict=True
    )
    texts = {k: s.with_training_rows(a, np.arange(60) % 2) for (k, s), a in texts}
    schema = dataclasses.replace(adapter.schema_, texts=texts)
    source = StructuredDataInput(), schema, arrays
    search_space = make_graph(StructuredDataBlock(), source=source)
    inner = "structured_data_block_1/text_block_1"
    kinds = []
    for values in predefined(search_space):
        assert set(values) <= active_names(search_space, values)
        (y_pred,) = search_space.build(values).model(arrays).values()
        assert np.isfinite(y_pred).all()
        kinds.append(values[f"{inner}/block_type"])
    expected = [v["text_block_1/block_type"] for v in known("text")]
    assert kinds[: len(expected)] == expected


def kinds_in_front(n_samples, n_words):
    search_space = graph_on(TextInput(), TextBlock(), texts_of(n_samples, n_words))
    configurations = predefined(search_space)
    first = [v for v in configurations if rank(v, search_space) == 0]
    return {values["text_block_1/block_type"] for values in first}


def test_convolutions_come_first_where_texts_are_many_and_short():
    # 1499 and 1500 texts for each word.
    assert kinds_in_front(14_990, 10.0) == {"linear", "ngram"}
    assert kinds_in_front(15_000, 10.0) == {"linear", "conv"}


@pytest.mark.parametrize("n_samples", [60, 500, 4000, 8000, 100_000])
def test_few_texts_are_learned_from_in_small_batches(n_samples):
    schema = texts_of(n_samples, 10.0)
    for values in predefined(graph_on(TextInput(), TextBlock(), schema)):
        batch_size, epochs = values["training/batch_size"], values["training/epochs"]
        assert batch_size == 16 or n_samples / batch_size >= 24
        assert epochs == 64 or epochs * n_samples / batch_size >= 300
    if n_samples == 100_000:
        assert batch_size == 128
        assert epochs == 16


class Wide(DenseBlock):
    """A user's block that names batches, and no epochs."""

    def known_configurations(self, schemas, targets):
        """Return one configuration."""
        return [{"units_0": 512, "training/batch_size": 128}]


def test_epochs_that_nobody_names_are_for_the_space_to_choose():
    search_space = graph_on(StructuredDataInput(), Wide(), table_of(60))
    (values,) = predefined(search_space)
    assert values == {"wide_1/units_0": 512, "training/batch_size": 16}
    assert search_space.build(values).training.epochs == 32


class Mine(DenseBlock):
    """A user's block that inherits its hyperparameters and knows no configurations."""


def test_the_defaults_come_first_where_nothing_is_known():
    node = StructuredDataInput()
    search_space = graph_on(node, Mine(), table_of(100))
    assert predefined(search_space) == [{}]
    assert rank({}, search_space) == 0


def begins_with(block, schema):
    """Return the configurations that a search begins with behind a block."""
    node = ImageInput() if isinstance(block, ImageBlock) else StructuredDataInput()
    return predefined(graph_on(node, block, schema, NUMBERS))


@pytest.mark.parametrize("n_rows", [200, 5000])
@pytest.mark.parametrize("given", ["real_mlp", Choice(["real_mlp"])])
def test_a_block_of_one_type_begins_with_the_configurations_of_that(n_rows, given):
    data = np.zeros((n_rows, 1)) + np.arange(2)
    schema = StructuredDataAdapter().fit(data).schema_
    block = StructuredDataBlock(block_type=given)
    configurations = begins_with(block, schema)
    assert configurations == [
        values
        for values in known("structured_data", schema, targets=[NUMBERS])
        if values[KIND] == "real_mlp"
    ]
    assert configurations
    for values in configurations:
        assert values["structured_data_block_1/real_mlp_block_1/n_layers"] == 3
        assert values["training/schedule"] == "cos_log"
    search_space = graph_on(StructuredDataInput(), block, schema, NUMBERS)
    ranks = [rank(values, search_space) for values in configurations]
    assert ranks == sorted(set(ranks))


def test_of_what_nothing_predefined_is_all_that_fits_otherwise_is_kept():
    schema = images_of(5000)
    name = "image_block_1/block_type"
    kinds = [v[name] for v in begins_with(ImageBlock(), schema)]
    assert set(kinds) == {"conv", "res_net"}
    unknown = begins_with(ImageBlock(block_type="xception"), schema)
    assert [v[name] for v in unknown] == kinds
    still = begins_with(ImageBlock(block_type="res_net", augment=False), schema)
    assert {v[name] for v in still} == {"res_net"}
