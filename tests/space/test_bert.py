"""BertBlock: what it makes of texts, of weights and of what is not there."""

import keras
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
from skautokeras._layers import PackedTokens, TextEncoder
from skautokeras._search import count_flops
from skautokeras._space import (
    Graph,
    PresetTokenizer,
    load_backbone,
    predefined,
    presets_on,
)
from skautokeras._training import learning_rate_factors, structure
from skautokeras.exceptions import WeightsMissingError
from tests.space.conftest import text_source

TEXTS = ["a dry red wine, good", "", "bad oaks", "good good good good wine"] * 15
KINDS = ("bert", "distil_bert", "roberta")


def source_of(preset, texts=TEXTS):
    """Return an input for texts, their schema and arrays, vectors among them."""
    node, schema, arrays = text_source(preset, texts=texts)
    schema = schema.with_training_rows(arrays, np.arange(len(texts)) % 2)
    return node, schema, arrays


def of_keras_hub(preset, texts, length, pooling):
    """Return the vectors that KerasHub makes of texts."""
    import keras_hub

    prepare = keras_hub.models.TextClassifierPreprocessor.from_preset(
        preset, sequence_length=length
    )
    inputs = prepare(texts)
    output = keras_hub.models.Backbone.from_preset(preset)(inputs)
    x = np.asarray(output["sequence_output"] if isinstance(output, dict) else output)
    mask = np.asarray(inputs["padding_mask"])[:, :, None]
    return x[:, 0] if pooling == "first" else (x * mask).sum(1) / mask.sum(1)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("pooling", ["first", "mean"])
@pytest.mark.parametrize("length", [5, 9])
def test_weights_that_are_trained_start_as_those_of_keras_hub(
    make_graph, tiny_preset, kind, pooling, length
):
    preset = tiny_preset(kind)
    block = BertBlock(
        preset=preset,
        sequence_length=length,
        pooling=pooling,
        trainable=True,
        dropout=0.0,
    )
    source = source_of(preset)
    built = make_graph(block, source=source).build({})
    layers = [*built.preprocess.layers, *built.network.layers]
    (pack,) = [layer for layer in layers if isinstance(layer, PackedTokens)]
    (encode,) = [layer for layer in layers if isinstance(layer, TextEncoder)]
    found = np.asarray(encode(pack(source[2]["subwords_1"][:4])))
    expected = of_keras_hub(preset, TEXTS[:4], length, pooling)
    np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_vectors_are_the_standardised_ones_of_keras_hub(tiny_preset, kind):
    preset = tiny_preset(kind)
    _, schema, arrays = source_of(preset)
    expected = of_keras_hub(preset, TEXTS, 32, "mean")
    expected = expected - expected.mean(0)
    expected = expected / np.sqrt((expected**2).mean())
    np.testing.assert_allclose(arrays["encoder_1"], expected, atol=1e-3)
    assert schema.shapes["encoder_1"] == (8, "float32")
    # KerasHub's networks do not tell with which vectors they begin.
    assert ("static_1" in schema.shapes) is (kind != "roberta")
    assert ("static_1" in arrays) is (kind != "roberta")


def test_a_model_of_bert_needs_no_keras_hub(tiny_preset):
    for kind in KINDS:
        layers = load_backbone(tiny_preset(kind)).layers
        homes = {type(layer).__module__.partition(".")[0] for layer in layers}
        assert ("keras_hub" in homes) is (kind == "roberta")


def test_frozen_weights_are_applied_before_the_trials(make_graph, tiny_preset):
    preset = tiny_preset("bert")
    source = source_of(preset)
    for trainable in (True, False):
        block = BertBlock(preset=preset, trainable=trainable, vectors="encoder")
        built = make_graph(block, source=source).build({})
        assert built.vectors == (() if trainable else ("encoder_1",))
        read = "subwords_1" if trainable else "encoder_1"
        assert list(built.network.input) == [read]
        assert len(built.network.trainable_variables) == (18 if trainable else 2)
        assert (count_flops(built.network) > 1000) is trainable


@pytest.mark.parametrize("kind", ["encoder", "static", "both"])
def test_vectors_of_a_kind_are_read(make_graph, tiny_preset, kind):
    preset = tiny_preset("bert")
    block = BertBlock(preset=preset, trainable=False, vectors=kind)
    built = make_graph(block, source=source_of(preset)).build({})
    expected = ("encoder_1", "static_1") if kind == "both" else (f"{kind}_1",)
    assert built.vectors == expected


def test_rates_of_dropout_share_a_structure_unless_it_is_switched_off(
    make_graph, tiny_preset
):
    preset = tiny_preset("bert")

    def structure_at(searched, **given):
        block = BertBlock(preset=preset, trainable=False, vectors="encoder", **given)
        search_space = make_graph(block, source=source_of(preset))
        keras.utils.clear_session()
        return structure(search_space.build(searched).network)

    zero, tenth = ({"bert_block_1/dropout": rate} for rate in (0.0, 0.1))
    assert structure_at(zero) == structure_at(tenth)
    assert structure_at({}, dropout=0.0) != structure_at(tenth)


def test_pretrained_weights_have_a_learning_rate_of_their_own(make_graph, tiny_preset):
    preset = tiny_preset("bert")
    block = BertBlock(preset=preset, trainable=True, learning_rate_factor=0.01)
    built = make_graph(block, source=source_of(preset)).build({})
    factors = learning_rate_factors(built.network, built.network.trainable_variables)
    assert factors == [0.01] * (len(factors) - 2) + [1.0, 1.0]


def test_first_layers_learn_slowest_and_the_head_may_be_first(make_graph, tiny_preset):
    preset = tiny_preset("bert")
    block = BertBlock(
        preset=preset,
        trainable=True,
        learning_rate_factor=0.1,
        first_layer_rate=0.01,
        head_first=0.5,
    )
    network = make_graph(block, source=source_of(preset)).build({}).network
    variables = network.trainable_variables
    *factors, weight, bias = learning_rate_factors(network, variables)
    assert factors == sorted(factors)
    assert factors[0] == pytest.approx(0.001)
    assert factors[-1] == pytest.approx(0.1)
    assert (weight, bias) == (1.0, 1.0)
    *factors, weight, bias = learning_rate_factors(network, variables, progress=0.4)
    assert set(factors) == {0.0}
    assert (weight, bias) == (1.0, 1.0)


def test_the_length_of_long_texts_is_searched(make_graph, tiny_preset):
    preset = tiny_preset("bert")
    long = source_of(preset, [" ".join(["wine"] * 100)] * 60)
    for source, expected in [(source_of(preset), False), (long, True)]:
        block = BertBlock(preset=preset, trainable=True)
        search_space = make_graph(block, source=source)
        names = [hp.name for hp in search_space.hyperparameters().space]
        assert ("bert_block_1/sequence_length" in names) is expected
    # The model has 32 positions.
    built = search_space.build({"bert_block_1/sequence_length": 256})
    (prepared,) = built.preprocess(long[2]).values()
    assert prepared.shape == (60, 32)
    block = BertBlock(preset=preset, trainable=True, sequence_length=Choice([8, 16]))
    built = make_graph(block, source=long).build({"bert_block_1/sequence_length": 16})
    (prepared,) = built.preprocess(long[2]).values()
    assert prepared.shape == (60, 16)


def test_a_warm_up_and_few_epochs_are_searched_beside_pretrained_weights(
    make_graph, tiny_preset
):
    preset = tiny_preset("bert")
    source = source_of(preset)
    with_bert = make_graph(TextBlock(pretrained=preset), source=source)
    space = {hp.name: hp for hp in with_bert.hyperparameters().space}
    assert space["training/warm_up"].default == 0.1
    assert min(space["training/epochs"].values) == 2
    assert {"pretrained", "tuned"} < {*space["text_block_1/block_type"].values}
    without = make_graph(TextBlock())
    space = {hp.name: hp for hp in without.hyperparameters().space}
    assert "training/warm_up" not in space
    assert min(space["training/epochs"].values) == 8
    assert not {"pretrained", "tuned"} & {*space["text_block_1/block_type"].values}


def test_hyperparameters_of_pretrained_types_belong_to_them(
    make_graph, tiny_preset, active_names
):
    block = TextBlock(pretrained=tiny_preset("bert"))
    search_space = make_graph(block, source=source_of(tiny_preset("bert")))
    scopes = {"ngram": None, "pretrained": "/bert_block_1/", "tuned": "/tuned_1/"}
    for kind, own in scopes.items():
        active = active_names(search_space, {"text_block_1/block_type": kind})
        for scope in ("/bert_block_1/", "/tuned_1/"):
            assert any(scope in name for name in active) is (scope == own)
    values = {"text_block_1/block_type": "pretrained"}
    names = active_names(search_space, values)
    assert not any("learning_rate_factor" in name for name in names)


def test_one_of_several_models_is_chosen(make_graph, tiny_preset):
    presets = [tiny_preset("bert"), tiny_preset("distil_bert")]
    source = text_source(*presets, texts=TEXTS)
    search_space = make_graph(TextBlock(pretrained=presets), source=source)
    space = {hp.name: hp for hp in search_space.hyperparameters().space}
    assert space["text_block_1/preset"].values == presets
    for i, preset in enumerate(presets, start=1):
        values = {
            "text_block_1/block_type": "pretrained",
            "text_block_1/preset": preset,
        }
        assert search_space.build(values).vectors == (f"encoder_{i}",)
    known = [v.get("text_block_1/preset") for v in predefined(search_space)]
    assert {*presets} < {*known}


@pytest.mark.parametrize("inside", [False, True])
def test_predefined_configurations_are_complete(
    make_graph, tiny_preset, inside, active_names
):
    preset = tiny_preset("bert")
    block = TextBlock(pretrained=preset) if inside else BertBlock(preset=preset)
    source = source_of(preset)
    search_space = make_graph(block, source=source)
    space = {hp.name: hp for hp in search_space.hyperparameters().space}
    configurations = predefined(search_space)
    needing = ("pretrained", "tuned", None)
    for values in configurations:
        known = set(values) & set(space)
        if values.get("text_block_1/block_type") in needing:
            assert known == set(values) <= active_names(search_space, values)
            (y_pred,) = search_space.build(values).model(source[2]).values()
            assert np.isfinite(y_pred).all()
        for name in known:
            # KerasTuner raises if a value is none of a range.
            assert space[name].value_to_prob(values[name]) <= 1.0
    kinds = [values.get("text_block_1/block_type") for values in configurations]
    assert (kinds.count("tuned") == 1 and "pretrained" in kinds) is inside


def test_it_is_all_that_is_begun_with_where_it_is_what_the_user_wants(
    make_graph, tiny_preset
):
    preset = tiny_preset("bert")
    block = TextBlock(block_type="tuned", pretrained=preset)
    (values,) = predefined(make_graph(block, source=source_of(preset)))
    assert values["text_block_1/tuned_1/learning_rate_factor"] == 0.03


def test_presets_are_found_wherever_a_block_is(tiny_preset):
    text, other = TextInput(), TextInput()

    class Own(Block):
        presets = ("own",)

    table = StructuredDataBlock(text=BertBlock(preset="table"), pretrained="unused")
    branches = [
        BertBlock(preset="a")(text),
        TextBlock(pretrained=["b", "c"])(text),
        BertBlock(preset="a")(text),
        Own()(text),
        table(text),
        TextBlock()(other),
    ]
    output = ClassificationHead()(DenseBlock()(Merge()(branches)))
    graph = Graph([text, other], [output])
    assert presets_on(graph, text) == ["a", "b", "c", "own", "table"]
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
    assert "could not be had" in missing.problem
    again = PresetTokenizer.from_config(missing.get_config())
    assert again.problem == missing.problem
    there = PresetTokenizer.from_config({"preset": tiny_preset("bert")})
    assert "There was no preset" in there.problem


@pytest.mark.parametrize(
    ("block", "message"),
    [
        (BertBlock(preset=3), "'preset' parameter of BertBlock"),
        (TextBlock(block_type="tuned"), "needs pretrained weights"),
        (TextBlock(pretrained=3), "'pretrained' parameter of TextBlock"),
    ],
)
def test_wrong_parameters_are_named(make_graph, source_for, block, message):
    with pytest.raises((TypeError, ValueError), match=message):
        make_graph(block, source=source_for(TextBlock())).build({})
