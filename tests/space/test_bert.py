"""BertBlock: what it makes of texts, of weights and of what is not there."""

import numpy as np
import pytest

pytest.importorskip("keras_hub")

from skautokeras import (
    BertBlock,
    Block,
    Choice,
    ClassificationHead,
    DenseBlock,
    Merge,
    StructuredDataBlock,
    TextBlock,
    TextInput,
)
from skautokeras._data import TextAdapter
from skautokeras._layers import PackedTokens, TextEncoder
from skautokeras._search import count_flops
from skautokeras._space import (
    Graph,
    PresetTokenizer,
    predefined,
    presets_on,
)
from skautokeras._training import learning_rate_factors
from skautokeras.exceptions import WeightsMissingError

TEXTS = ["a dry red wine, good", "", "bad oaks", "good good good good wine"] * 15
KINDS = ("bert", "distil_bert", "roberta")


def source_of(preset, texts=TEXTS):
    """Return an input for texts, their schema and arrays, subwords among them."""
    adapter = TextAdapter(tokenizers=[PresetTokenizer(preset)]).fit(texts)
    return TextInput(), adapter.schema_, adapter.transform(texts)


def features(make_graph, block, source):
    """Return what a block makes of the texts of a source."""
    built = make_graph(block, source=source).build({})
    layers = [*built.preprocess.layers, *built.network.layers]
    (pack,) = [layer for layer in layers if isinstance(layer, PackedTokens)]
    (encode,) = [layer for layer in layers if isinstance(layer, TextEncoder)]
    return np.asarray(encode(pack(source[2]["subwords_1"])))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("pooling", ["first", "mean"])
@pytest.mark.parametrize("length", [5, 9])
@pytest.mark.parametrize("trainable", [True, False])
def test_texts_become_what_keras_hub_makes_of_them(
    make_graph, tiny_preset, kind, pooling, length, trainable
):
    import keras_hub

    preset = tiny_preset(kind)
    block = BertBlock(
        preset=preset,
        sequence_length=length,
        pooling=pooling,
        trainable=trainable,
        dropout=0.0,
    )
    found = features(make_graph, block, source_of(preset))[:4]
    prepare = keras_hub.models.TextClassifierPreprocessor.from_preset(
        preset, sequence_length=length
    )
    inputs = prepare(TEXTS[:4])
    output = keras_hub.models.Backbone.from_preset(preset)(inputs)
    if pooling == "first" and kind == "bert":
        expected = output["pooled_output"]
    else:
        x = np.asarray(output["sequence_output"] if kind == "bert" else output)
        mask = np.asarray(inputs["padding_mask"])[:, :, None]
        expected = x[:, 0] if pooling == "first" else (x * mask).sum(1) / mask.sum(1)
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_frozen_weights_are_applied_before_the_training(make_graph, tiny_preset):
    preset = tiny_preset("bert")
    source = source_of(preset)
    for trainable in (True, False):
        block = BertBlock(preset=preset, trainable=trainable)
        built = make_graph(block, source=source).build({})
        (prepared,) = built.preprocess(source[2]).values()
        # Vectors of four numbers at most six tokens with those around them.
        assert prepared.dtype == ("int32" if trainable else "float32")
        assert prepared.shape == (60, 8)
        assert len(built.network.trainable_variables) == (25 if trainable else 2)
        assert (count_flops(built.network) > 1000) is trainable


def test_pretrained_weights_have_a_learning_rate_of_their_own(make_graph, tiny_preset):
    preset = tiny_preset("bert")
    block = BertBlock(preset=preset, trainable=True, learning_rate_factor=0.01)
    built = make_graph(block, source=source_of(preset)).build({})
    factors = learning_rate_factors(built.network, built.network.trainable_variables)
    assert factors == [0.01] * (len(factors) - 2) + [1.0, 1.0]


def test_the_length_of_long_texts_is_searched(make_graph, tiny_preset):
    preset = tiny_preset("bert")
    long = source_of(preset, [" ".join(["wine"] * 100)] * 60)
    for source, expected in [(source_of(preset), False), (long, True)]:
        search_space = make_graph(BertBlock(preset=preset), source=source)
        names = [hp.name for hp in search_space.hyperparameters().space]
        assert ("bert_block_1/sequence_length" in names) is expected
    # The model has 32 positions.
    built = search_space.build({"bert_block_1/sequence_length": 256})
    (prepared,) = built.preprocess(long[2]).values()
    assert prepared.shape == (60, 32)
    block = BertBlock(preset=preset, sequence_length=Choice([8, 16]))
    built = make_graph(block, source=long).build({"bert_block_1/sequence_length": 16})
    (prepared,) = built.preprocess(long[2]).values()
    assert prepared.shape == (60, 16)


def test_a_warm_up_and_few_epochs_are_searched_beside_pretrained_weights(
    make_graph, tiny_preset
):
    preset = tiny_preset("bert")
    source = source_of(preset)
    with_bert = make_graph(TextBlock(bert=BertBlock(preset=preset)), source=source)
    space = {hp.name: hp for hp in with_bert.hyperparameters().space}
    assert space["training/warm_up"].default == 0.1
    assert min(space["training/epochs"].values) == 2
    assert "bert" in space["text_block_1/block_type"].values
    without = make_graph(TextBlock())
    space = {hp.name: hp for hp in without.hyperparameters().space}
    assert "training/warm_up" not in space
    assert min(space["training/epochs"].values) == 8
    assert "bert" not in space["text_block_1/block_type"].values


def test_hyperparameters_of_bert_belong_to_its_type(make_graph, tiny_preset):
    preset = tiny_preset("bert")
    block = TextBlock(bert=BertBlock(preset=preset))
    search_space = make_graph(block, source=source_of(preset))
    for kind in ("ngram", "bert"):
        active = search_space.active_names({"text_block_1/block_type": kind})
        assert any("/bert_block_1/" in name for name in active) is (kind == "bert")
    values = {
        "text_block_1/block_type": "bert",
        "text_block_1/bert_block_1/trainable": 0,
    }
    names = search_space.active_names(values)
    assert "text_block_1/bert_block_1/learning_rate_factor" not in names


@pytest.mark.parametrize("inside", [False, True])
def test_predefined_configurations_fine_tune(make_graph, tiny_preset, inside):
    preset = tiny_preset("bert")
    block = BertBlock(preset=preset)
    source = source_of(preset)
    search_space = make_graph(TextBlock(bert=block) if inside else block, source=source)
    space = {hp.name: hp for hp in search_space.hyperparameters().space}
    configurations = predefined(search_space)
    for values in configurations:
        known = set(values) & set(space)
        if "bert" in values.get("text_block_1/block_type", "bert"):
            assert known == set(values) <= search_space.active_names(values)
            (y_pred,) = search_space.build(values).model(source[2]).values()
            assert np.isfinite(y_pred).all()
        for name in known:
            # KerasTuner raises if a value is none of a range.
            assert space[name].value_to_prob(values[name]) <= 1.0
    kinds = [values.get("text_block_1/block_type") for values in configurations]
    assert kinds.count("bert") == inside


def test_it_is_all_that_is_begun_with_where_it_is_what_the_user_wants(
    make_graph, tiny_preset
):
    preset = tiny_preset("bert")
    block = TextBlock(block_type="bert", bert=BertBlock(preset=preset))
    search_space = make_graph(block, source=source_of(preset))
    (values,) = predefined(search_space)
    assert values["text_block_1/bert_block_1/trainable"]


def test_presets_are_found_wherever_a_block_is(tiny_preset):
    text, other = TextInput(), TextInput()

    class Own(Block):
        presets = ("own",)

    table = StructuredDataBlock(text=BertBlock(preset="table"))
    branches = [
        BertBlock(preset="a")(text),
        TextBlock(bert=BertBlock(preset="b"))(text),
        BertBlock(preset="a")(text),
        Own()(text),
        table(text),
        TextBlock()(other),
    ]
    output = ClassificationHead()(DenseBlock()(Merge()(branches)))
    graph = Graph([text, other], [output])
    assert presets_on(graph, text) == ["a", "b", "own", "table"]
    assert presets_on(graph, other) == []


def test_a_block_of_which_nobody_knew_says_what_to_do(make_graph, source_for):
    source = source_for(TextBlock())
    search_space = make_graph(BertBlock(preset="unknown"), source=source)
    with pytest.raises(ValueError, match="have it as a parameter"):
        search_space.build({})


@pytest.mark.parametrize("missing", ["nowhere/at_all", "empty"])
def test_a_preset_that_cannot_be_had_is_missing(make_graph, tmp_path, missing):
    (tmp_path / "empty").mkdir()
    preset = str(tmp_path / missing)
    source = source_of(preset)
    assert "subwords_1" not in source[2]
    search_space = make_graph(BertBlock(preset=preset), source=source)
    with pytest.raises(WeightsMissingError, match=r"could not be had.*save_to_preset"):
        search_space.build({})
    search_space.check()


def test_a_configuration_tells_what_was_missing_and_reads_no_preset(tiny_preset):
    missing = PresetTokenizer("nowhere/at_all")
    again = PresetTokenizer.from_config(missing.get_config())
    assert again.problem == missing.problem
    there = PresetTokenizer.from_config({"preset": tiny_preset("bert")})
    assert "There was no preset" in there.problem


@pytest.mark.parametrize(
    ("block", "message"),
    [
        (BertBlock(preset=3), "'preset' parameter of BertBlock"),
        (TextBlock(block_type="bert"), "pass bert=BertBlock"),
        (TextBlock(bert="bert"), "'bert' parameter of TextBlock"),
    ],
)
def test_wrong_parameters_are_named(make_graph, source_for, block, message):
    with pytest.raises((TypeError, ValueError), match=message):
        make_graph(block, source=source_for(TextBlock())).build({})
