"""Blocks for texts: which networks they make, and of what."""

import keras
import numpy as np
import pytest

from skautokeras import (
    Choice,
    DenseBlock,
    Embedding,
    GeneralBlock,
    Merge,
    RNNBlock,
    StructuredDataInput,
    TextBlock,
    TextInput,
    TextToIntSequence,
    TextToNgramVector,
)
from skautokeras._data import TextAdapter
from skautokeras._layers import (
    CodeEmbedding,
    FeatureScaling,
    KnownCodes,
    WeightedBag,
)

KINDS = ("linear", "ngram", "conv", "rnn", "transformer")


@pytest.fixture(scope="module")
def long_source():
    """An input for texts of 300 words, their schema and arrays."""
    words = [f"word{i}" for i in range(400)]
    rng = np.random.default_rng(0)
    texts = [" ".join(rng.choice(words, 300)) for _ in range(60)]
    adapter = TextAdapter().fit(texts)
    return TextInput(), adapter.schema_, adapter.transform(texts)


@pytest.fixture(scope="module")
def source_with_target():
    """An input for texts of which it is known what tells them apart."""
    texts = ["a dry red wine", "a sweet white wine", "a dry white one"] * 20
    adapter = TextAdapter().fit(texts)
    arrays = adapter.transform(texts)
    schema = adapter.schema_.with_training_rows(arrays, [0, 1, 1] * 20)
    return TextInput(), schema, arrays


def layers_of(built, kind):
    return [layer for layer in built.model.layers if isinstance(layer, kind)] + [
        layer
        for part in built.model.layers
        if isinstance(part, keras.Model)
        for layer in part.layers
        if isinstance(layer, kind)
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_every_network_for_texts_predicts_a_finite_row(make_graph, source_for, kind):
    source = source_for(TextBlock())
    search_space = make_graph(TextBlock(), source=source)
    built = search_space.build({"text_block_1/block_type": kind})
    (y_pred,) = built.model(source[2]).values()
    assert y_pred.shape == (60, 1)
    assert np.isfinite(y_pred).all()


@pytest.mark.parametrize("kind", KINDS)
def test_only_hyperparameters_of_the_chosen_network_are_active(
    make_graph, kind, active_names
):
    search_space = make_graph(TextBlock())
    active = active_names(search_space, {"text_block_1/block_type": kind})
    parts = {name.split("/")[1] for name in active if name.count("/") == 2}
    assert (
        parts
        == {
            "linear": {"text_to_ngram_vector_1"},
            "ngram": {"text_to_ngram_vector_1", "dense_block_1"},
            "conv": {"embedding_1", "conv_block_1", "temporal_reduction_1"},
            "rnn": {"embedding_1", "rnn_block_1"},
            "transformer": {
                "embedding_1",
                "transformer_block_1",
                "temporal_reduction_1",
            },
        }[kind]
    )


def test_a_fixed_network_has_no_hyperparameters_of_the_others(make_graph):
    search_space = make_graph(TextBlock(block_type="ngram", vocabulary_size=10))
    names = [hp.name for hp in search_space.hyperparameters().space]
    assert "text_block_1/block_type" not in names
    assert "text_block_1/vocabulary_size" not in names
    assert not [name for name in names if "conv" in name or "embedding" in name]


@pytest.mark.parametrize(
    ("ngrams", "n_bags"), [("word", 1), ("character", 1), ("both", 2)]
)
def test_each_kind_of_ngrams_has_a_table_of_its_own(make_graph, ngrams, n_bags):
    block = TextToNgramVector(ngrams=ngrams, dim=3, dropout=0.0)
    built = make_graph(block).build({})
    bags = layers_of(built, WeightedBag)
    assert [bag.dim for bag in bags] == [3] * n_bags


@pytest.mark.parametrize("size", [5, 1000])
def test_a_vocabulary_of_ngrams_is_the_most_frequent_ones(make_graph, source_for, size):
    block = TextToNgramVector(ngrams="word", vocabulary_size=size, dim=3, dropout=0.0)
    source = source_for(block)
    schema, arrays = source[1:]
    built = make_graph(block, source=source).build({})
    (bag,) = layers_of(built, WeightedBag)
    assert bag.n_codes == min(size + 1, schema.n_word_ngrams)
    # Rarer n-grams change nothing.
    codes = np.where(arrays["word_ngrams"] <= size, arrays["word_ngrams"], 0)
    (y_pred,) = built.model(arrays).values()
    (y_less,) = built.model({**arrays, "word_ngrams": codes}).values()
    np.testing.assert_array_equal(y_pred, y_less)


@pytest.mark.parametrize("ngrams", ["word", "both"])
def test_weights_of_naive_bayes_are_made_once_from_the_contrasts(
    make_graph, source_with_target, ngrams
):
    block = TextToNgramVector(ngrams=ngrams, weighting="naive_bayes", dropout=0.0)
    built = make_graph(block, source=source_with_target).build({})
    schema, arrays = source_with_target[1:]
    expected = arrays["word_weights"] * schema.word_contrasts[arrays["word_ngrams"]]
    made = [np.asarray(array) for array in built.preprocess(arrays).values()]
    assert any(
        array.shape == expected.shape and np.allclose(array, expected) for array in made
    )
    (y_pred,) = built.model(arrays).values()
    assert np.isfinite(y_pred).all()


def test_the_weighting_is_searched_where_contrasts_are_known(
    make_graph, source_for, source_with_target
):
    block = TextToNgramVector()
    for source, expected in [(source_for(block), False), (source_with_target, True)]:
        names = [
            h.name for h in make_graph(block, source=source).hyperparameters().space
        ]
        assert ("text_to_ngram_vector_1/weighting" in names) is expected
    given = TextToNgramVector(weighting="naive_bayes")
    built = make_graph(given, source=source_for(given)).build({})
    assert not layers_of(built, FeatureScaling)


def test_long_texts_have_ngrams_of_words_whatever_is_asked_for(make_graph, long_source):
    block = TextToNgramVector(ngrams="both")
    search_space = make_graph(block, source=long_source)
    assert len(layers_of(search_space.build({}), WeightedBag)) == 1
    searched = make_graph(TextToNgramVector(), source=long_source)
    assert not [
        hp.name for hp in searched.hyperparameters().space if "ngrams" in hp.name
    ]


@pytest.mark.parametrize("length", [None, 20, Choice([20, 30], default=20)])
def test_sequences_are_cut_and_rare_words_unknown(make_graph, long_source, length):
    blocks = TextToIntSequence(vocabulary_size=10, length=length), Embedding()
    search_space = make_graph(*blocks, RNNBlock(n_layers=1), source=long_source)
    built = search_space.build({})
    (codes,) = built.preprocess(long_source[2]).values()
    given = long_source[2]["tokens"][:, : 256 if length is None else 20]
    np.testing.assert_array_equal(codes, np.where(given < 12, given, 1))


def test_the_length_of_short_texts_is_not_searched(make_graph, long_source):
    blocks = TextToIntSequence(), Embedding(), RNNBlock()
    for source, expected in [(None, False), (long_source, True)]:
        names = [
            h.name for h in make_graph(*blocks, source=source).hyperparameters().space
        ]
        assert ("text_to_int_sequence_1/length" in names) is expected


def test_codes_are_prepared_once_and_not_in_the_network(make_graph, long_source):
    search_space = make_graph(TextBlock(block_type="rnn"), source=long_source)
    built = search_space.build({})
    assert list(built.network.input) == ["tokens"]
    kinds = [type(layer) for layer in built.network.layers]
    assert KnownCodes not in kinds
    assert CodeEmbedding in kinds


def test_vectors_are_as_many_as_there_are_words(make_graph, source_for):
    source = source_for(TextBlock())
    search_space = make_graph(TextBlock(block_type="rnn"), source=source)
    (layer,) = layers_of(search_space.build({}), keras.layers.Embedding)
    assert layer.input_dim == source[1].vocabulary_size


def test_a_general_block_on_texts_is_a_text_block(make_graph, source_for):
    source = source_for(TextBlock())
    names = {
        h.name
        for h in make_graph(GeneralBlock(), source=source).hyperparameters().space
    }
    assert "general_block_1/text_block_1/block_type" in names


@pytest.mark.parametrize("block", [TextBlock, TextToIntSequence, TextToNgramVector])
def test_what_is_no_text_is_an_error(make_graph, source_for, block):
    source = source_for(DenseBlock())
    assert isinstance(source[0], StructuredDataInput)
    with pytest.raises(TypeError, match=f"{block.__name__} needs texts: call it on a"):
        make_graph(block(), source=source).build({})


def test_words_are_no_numbers(make_graph, source_for):
    source = source_for(TextBlock())
    with pytest.raises(TypeError, match="call TextBlock"):
        make_graph(DenseBlock(), source=source).build({})


def test_ngrams_and_sequences_come_together(make_graph, source_for):
    source = source_for(TextBlock())

    class Both(TextBlock):
        """A user's block made of two."""

        def build(self, hp, inputs):
            sums = TextToNgramVector(dim=4, dropout=0.0).build(hp, inputs)
            codes = TextToIntSequence().build(hp, inputs)
            vectors = Embedding(max_features=9, dim=4).build(hp, codes)
            return Merge(merge_type="add").build(
                hp, [sums, RNNBlock(units=4, bidirectional=False).build(hp, vectors)]
            )

    (y_pred,) = make_graph(Both(), source=source).build({}).model(source[2]).values()
    assert np.isfinite(y_pred).all()
