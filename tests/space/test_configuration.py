"""Blocks and ranges as plain values, equality, and who may be read back."""

import json
import re
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

import skautokeras
from skautokeras import (
    Block,
    Boolean,
    Choice,
    ClassificationHead,
    DenseBlock,
    Flatten,
    Float,
    ImageInput,
    Input,
    Int,
    Merge,
    Normalization,
    RegressionHead,
    StructuredDataBlock,
    StructuredDataInput,
)
from skautokeras._space import Graph, Node
from skautokeras._state import decode, encode

RANGES = [
    Choice([32, 64]),
    Choice(("relu", "silu"), default="silu"),
    Int(1, 4),
    Int(1, 512, default=8, sampling="log"),
    Float(0.0, 0.5, step=0.1),
    Boolean(default=True),
]


@keras.saving.register_keras_serializable("skautokeras_tests")
class Registered(Block):
    def __init__(self, *, inner=None, size=3):
        self.inner = inner
        self.size = size


class Unregistered(Block):
    pass


class Tuple(tuple):
    """A class that Keras does not know."""


@keras.saving.register_keras_serializable("skautokeras_tests")
def far(y_true, y_pred):
    return keras.ops.abs(y_true - y_pred)


def public_blocks():
    found = [getattr(skautokeras, name) for name in skautokeras.__all__]
    return [c for c in found if isinstance(c, type) and issubclass(c, Block)]


@pytest.mark.parametrize("value", RANGES, ids=repr)
def test_a_range_is_read_back_as_it_was(value):
    config = json.loads(json.dumps(encode(value)))
    assert decode(config) == value
    assert type(value).from_config(value.get_config()) == value
    assert hash(decode(config)) == hash(value)


def test_a_list_of_choices_is_left_as_it_is():
    values = [32, 64]
    block = DenseBlock(units=Choice(values), n_layers=1)
    assert values == [32, 64]
    assert block.units == Choice((32, 64))


@pytest.mark.parametrize(
    "block_class",
    [c for c in public_blocks() if c is not Block],
    ids=lambda c: c.__name__,
)
def test_every_public_block_is_read_back_as_it_was(block_class):
    block = block_class()
    config = json.loads(json.dumps(block.get_config()))
    assert block_class.from_config(config) == block
    found = decode(json.loads(json.dumps(encode(block))))
    assert found == block
    assert type(found) is block_class


@pytest.mark.parametrize(
    "block",
    [
        DenseBlock(units=Choice([32, 64]), n_layers=2, dropout=0.1),
        StructuredDataBlock(
            dense=DenseBlock(n_layers=Int(1, 2)), normalization=Normalization()
        ),
        Registered(inner=[Merge(merge_type="add"), {"key": Boolean()}]),
        ClassificationHead(loss="hinge", metrics=["accuracy"]),
        RegressionHead(loss=far),
        RegressionHead(loss=keras.losses.mean_squared_error),
    ],
    ids=lambda block: type(block).__name__,
)
def test_parameters_are_read_back_as_they_were(block):
    config = json.loads(json.dumps(encode(block)))
    assert decode(config) == block


def test_objects_of_keras_are_read_back():
    head = RegressionHead(loss=keras.losses.Huber(delta=2.0))
    config = json.loads(json.dumps(head.get_config()))
    loss = RegressionHead.from_config(config).loss
    assert isinstance(loss, keras.losses.Huber)
    assert loss.get_config() == head.loss.get_config()


def test_numbers_of_numpy_become_plain_ones():
    config = DenseBlock(units=np.int64(3), dropout=np.float32(0.5)).get_config()
    assert json.dumps({"units": config["units"], "dropout": config["dropout"]}) == (
        '{"units": 3, "dropout": 0.5}'
    )


def test_numbers_of_columns_stay_numbers():
    node = StructuredDataInput(
        columns=np.array([0, 1]), column_types={0: "numerical", "deck": "text"}
    )
    found = decode(json.loads(json.dumps(encode(node))))
    assert found.column_types == {0: "numerical", "deck": "text"}
    assert found.columns == [0, 1]


def test_blocks_are_equal_by_class_and_parameters():
    assert DenseBlock(units=3) == DenseBlock(units=3)
    assert hash(DenseBlock(units=3)) == hash(DenseBlock(units=3))
    assert DenseBlock(units=3) != DenseBlock(units=4)
    assert DenseBlock() != Merge()
    assert DenseBlock() != "DenseBlock()"
    with_list = ClassificationHead(metrics=["accuracy", {"a": [1]}])
    assert hash(with_list) == hash(ClassificationHead(metrics=["accuracy", {"a": [1]}]))
    assert len({DenseBlock(), DenseBlock(), Merge()}) == 2


@pytest.mark.parametrize(
    ("block", "message"),
    [
        (StructuredDataBlock(dense=Unregistered()), "Unregistered is not registered"),
        (RegressionHead(loss=lambda y_true, y_pred: 0.0), "is not registered"),
        (DenseBlock(units=object()), "'units' parameter of DenseBlock: got <object"),
        (DenseBlock(units=Tuple), "'units' parameter of DenseBlock"),
    ],
    ids=["block", "function", "object", "class"],
)
def test_what_cannot_be_read_back_is_not_written(block, message):
    with pytest.raises(TypeError, match=message):
        block.get_config()


@pytest.mark.parametrize("name", ["json>loads", "Unregistered", "skautokeras>os"])
def test_only_what_is_registered_is_read(name):
    with pytest.raises(ValueError, match=f"registered with Keras as '{name}'"):
        decode({"class_name": name, "config": {}})
    with pytest.raises(ValueError, match=f"registered with Keras as '{name}'"):
        decode({"class_name": "function", "config": name})


def test_nothing_is_imported_for_a_foreign_name():
    code = (
        "import sys\n"
        "from skautokeras._state import decode\n"
        "try:\n"
        "    decode({'module': 'antigravity', 'class_name': 'X', 'config': {},\n"
        "                 'registered_name': None})\n"
        "except (TypeError, ValueError):\n"
        "    pass\n"
        "block = decode({'class_name': 'skautokeras>DenseBlock', 'config': {}})\n"
        "print(block, 'antigravity' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "DenseBlock() False"


def test_configurations_are_read_and_written_as_before():
    before = json.loads(
        (Path(__file__).parent / "data/configurations.json").read_text()
    )
    classes = {
        "node": Node,
        "block": DenseBlock,
        "input": StructuredDataInput,
        "head": RegressionHead,
    }
    for name, cls in classes.items():
        written = json.dumps(cls.from_config(before[name]).get_config())
        # A parameter that is newer than the file has its default.
        for newer in ("trees", "transformation", "pretrained"):
            written = re.sub(f', "{newer}": (true|null)', "", written)
        assert json.loads(written) == before[name]
    node = Node.from_config(before["node"])
    shared = DenseBlock(units=Choice([32, 64]), n_layers=Int(1, 2), dropout=0.1)
    assert node.parents[0].parents[0].parents[1].block == shared
    assert node.block.loss is keras.losses.mean_squared_error


def test_tuples_and_numbers_that_json_lacks_are_written_all_the_same():
    block = Registered(inner={"class_name": "x", "config": float("inf")}, size=(1, 2))
    config = json.loads(json.dumps(block.get_config(), allow_nan=False))
    found = Registered.from_config(config)
    assert found.inner == block.inner
    assert found.size == [1, 2]


def test_a_class_of_keras_or_of_the_registry_may_be_a_parameter():
    for loss in (keras.losses.Huber, Registered):
        config = json.loads(json.dumps(RegressionHead(loss=loss).get_config()))
        assert RegressionHead.from_config(config).loss is loss


def test_nodes_are_written_down_with_all_that_lead_to_them():
    image, table = ImageInput(columns="photo"), StructuredDataInput(columns=[0, 1])
    shared = DenseBlock(n_layers=1)
    merged = Merge()([shared(Flatten()(image)), shared(Flatten()(image))])
    outputs = [
        ClassificationHead(name="sold")(Merge()([merged, DenseBlock()(table)])),
        RegressionHead()(merged),
    ]
    configs = json.loads(json.dumps([node.get_config() for node in outputs]))
    found = [Node.from_config(config) for config in configs]
    assert found == outputs
    assert found[0] != outputs[1]
    inputs = [
        type(node).from_config(json.loads(json.dumps(node.get_config())))
        for node in (image, table)
    ]
    assert inputs == [image, table]
    # Nodes that were the same still are: the graph can be made of them.
    graph = Graph(inputs, found)
    assert graph.head_names == ["sold", "regression_head_1"]
    assert graph.block_names == Graph([image, table], outputs).block_names
    assert len([name for name in graph.block_names if "dense" in name]) == 2


def test_nodes_are_equal_if_they_are_wired_alike():
    def output(units, *, shared):
        node = Input()
        blocks = [DenseBlock(units=units) for _ in range(2)]
        second = blocks[0] if shared else blocks[1]
        return RegressionHead()(Merge()([blocks[0](node), second(node)]))

    assert output(3, shared=True) == output(3, shared=True)
    assert output(3, shared=True) != output(4, shared=True)
    assert output(3, shared=True) != output(3, shared=False)
    assert hash(output(3, shared=True)) == hash(output(3, shared=True))
    assert output(3, shared=True) != "node"


def test_the_text_of_a_node_is_the_code_that_makes_it():
    node = StructuredDataInput(columns=["age"])
    dense = DenseBlock(n_layers=2)(node)
    output = ClassificationHead()(Merge()([dense, dense]))
    assert repr(output) == (
        "ClassificationHead()(Merge()([DenseBlock(n_layers=2)("
        "StructuredDataInput(columns=['age'])), DenseBlock(n_layers=2)(...)]))"
    )
