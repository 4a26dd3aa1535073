"""Files of pretrained models: found from any folder, and read again when replaced."""

import pickle
import shutil

import keras
import numpy as np
import pytest

from skautokeras import (
    BertBlock,
    Block,
    ClassificationHead,
    ImageBlock,
    ImageInput,
    TextBlock,
    TextInput,
)
from skautokeras._data import TargetSchema
from skautokeras._space import Graph
from skautokeras._space.image_models import load_image_encoder
from skautokeras._space.pretrained import all_presets, names_of
from skautokeras._space.pretrained_files import (
    digest_of,
    located,
    places_of,
    read_from,
)
from skautokeras._space.search_space import SearchSpace
from skautokeras.exceptions import WeightsMissingError
from tests.space.conftest import image_source, text_source

SIZE = (8, 8)
COLOURS = np.random.default_rng(0).integers(0, 256, (2, *SIZE, 3)).astype("float32")


def write_network(path, seed):
    """Write a file of a network with weights of its own."""
    keras.utils.set_random_seed(seed)
    colours = keras.Input((*SIZE, 3))
    keras.Model(colours, keras.layers.Conv2D(2, 3)(colours)).save(path)
    return str(path)


def vectors(path):
    return np.asarray(load_image_encoder(path, SIZE, trainable=False)(COLOURS))


def elsewhere(tmp_path, monkeypatch):
    """Change to another working folder, as workers have one, and return it."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.mark.parametrize(
    ("preset", "expected"),
    [
        ("models/hf", "{here}/models/hf"),
        ("~/models/hf", "{here}/models/hf"),
        ("efficientnet_b0:models/b0.h5", "efficientnet_b0:{here}/models/b0.h5"),
        ("efficientnet_b0", "efficientnet_b0"),
        ("bert_tiny_en_uncased", "bert_tiny_en_uncased"),
        ("hf://models/hf", "hf://models/hf"),
        ("", ""),
    ],
)
def test_paths_become_absolute_and_names_stay(tmp_path, monkeypatch, preset, expected):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "models" / "hf").mkdir(parents=True)
    (tmp_path / "models" / "b0.h5").write_bytes(b"")
    assert located(preset) == expected.format(here=tmp_path)


def test_another_process_reads_from_where_the_first_one_has_found(
    tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there").mkdir()
    (tmp_path / "gone").mkdir()
    places = places_of(["there", "gone", "name"])
    (tmp_path / "gone").rmdir()
    # What is a name for the first process is no folder for the others.
    (elsewhere(tmp_path, monkeypatch) / "name").mkdir()
    with read_from(places):
        assert located("there") == str(tmp_path / "there")
        assert located("name") == "name"
        with pytest.raises(WeightsMissingError, match=r"gone.*under the same path"):
            located("gone")
    assert located("there") == "there"


class Own(Block):
    """A block that makes another one of its own, which has the name of a model."""

    takes_records = True
    presets = ("hf",)

    def build(self, hp, inputs):
        """Build the block."""
        return BertBlock(preset="hf", trainable=True).build(hp, inputs)


@pytest.mark.parametrize(
    "block",
    [
        ImageBlock(block_type="tuned", pretrained="own.keras"),
        TextBlock(block_type="tuned", pretrained="hf"),
        Own(),
    ],
    ids=["image", "text", "own"],
)
def test_a_worker_builds_networks_in_another_working_folder(
    tmp_path, monkeypatch, write_bert, block
):
    monkeypatch.chdir(tmp_path)
    write_network("own.keras", seed=0)
    write_bert(tmp_path / "hf")
    is_image = isinstance(block, ImageBlock)
    node, schema, arrays = image_source(*SIZE, 3) if is_image else text_source("hf")
    search_space = SearchSpace(
        Graph([node], [ClassificationHead()(block(node))]),
        schemas=[schema],
        targets=[TargetSchema(kind="binary", n_outputs=1)],
        n_samples=60,
    )
    content = pickle.dumps(search_space)
    elsewhere(tmp_path, monkeypatch)
    (y_pred,) = pickle.loads(content).build({}).model(arrays).values()
    assert y_pred.shape == (60, 1)


def test_networks_of_a_replaced_file_have_its_weights(tmp_path):
    path = write_network(tmp_path / "own.keras", seed=0)
    first = vectors(path)
    np.testing.assert_array_equal(vectors(path), first)
    write_network(path, seed=1)
    second = vectors(path)
    assert np.abs(second - first).max() > 0.1
    other = write_network(tmp_path / "other.keras", seed=1)
    np.testing.assert_array_equal(vectors(other), second)


def test_a_file_is_read_once_however_many_networks_are_built(tmp_path, monkeypatch):
    paths = [write_network(tmp_path / f"{name}.keras", seed=0) for name in "abc"]
    load, read = keras.models.load_model, []
    monkeypatch.setattr(
        keras.models, "load_model", lambda *a, **k: read.append(a[0]) or load(*a, **k)
    )
    # A search among several models builds networks around each of them in turn.
    for path in 3 * paths:
        vectors(path)
    assert read == paths


def test_a_digest_is_that_of_the_content_and_not_of_the_place(tmp_path, write_bert):
    folder = write_bert(tmp_path / "a")
    (folder / "1_Pooling").mkdir()
    (folder / "1_Pooling" / "config.json").write_text("{}")
    digest = digest_of(str(folder))
    # Without the times of the files.
    copy = shutil.copytree(folder, tmp_path / "b", copy_function=shutil.copyfile)
    assert digest_of(str(copy)) == digest
    (copy / "README.md").write_text("notes, which no model is read from")
    assert digest_of(str(copy)) == digest
    (copy / "1_Pooling" / "config.json").write_text('{"pooling_mode_cls_token": true}')
    assert digest_of(str(copy)) != digest
    assert digest_of(str(write_bert(tmp_path / "c", seed=1))) != digest
    assert digest_of("bert_tiny_en_uncased") is None


def test_all_models_of_a_graph_are_found():
    text, image = TextInput(), ImageInput()
    outputs = [
        ClassificationHead()(BertBlock(preset="a")(text)),
        ClassificationHead()(ImageBlock(pretrained=["b.keras", "a"])(image)),
    ]
    assert all_presets(Graph([text, image], outputs)) == ["a", "b.keras"]


@pytest.mark.parametrize("wrong", [[None], ["folder", 3], [["folder"]]])
def test_what_names_no_model_is_an_error_with_the_parameter(wrong):
    with pytest.raises(TypeError, match="'pretrained' parameter must hold names or"):
        names_of(wrong)
