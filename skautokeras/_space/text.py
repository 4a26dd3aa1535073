"""Blocks for texts."""

from dataclasses import replace

import keras

from skautokeras._layers.text import FeatureScaling, KnownCodes, WeightedBag
from skautokeras._space.attention import Embedding, TransformerBlock
from skautokeras._space.bert import BertBlock
from skautokeras._space.block import Block, build_block
from skautokeras._space.convolution import ConvBlock
from skautokeras._space.declaration import Fixed, Searched, check_parameters
from skautokeras._space.dense import DenseBlock
from skautokeras._space.hyperparameters import Choice
from skautokeras._space.portfolio.texts import (
    for_texts,
    rank_for_texts,
    steps_for_texts,
)
from skautokeras._space.pretrained import (
    PRETRAINED,
    PRETRAINED_KINDS,
    PretrainedBlock,
)
from skautokeras._space.records import check_text
from skautokeras._space.recurrent import RNNBlock
from skautokeras._space.reduction import TemporalReduction
from skautokeras._space.shapes import choose_dropout, searched_dropout

_NGRAMS = {"word": ["word"], "character": ["character"], "both": ["word", "character"]}
# Networks for which the order of words does not matter, and for which it does.
_BAGS = ["linear", "ngram"]
_SERIES = ["conv", "rnn", "transformer"]


@keras.saving.register_keras_serializable("skautokeras")
class TextToNgramVector(Block):
    """Turn each text into a vector by the n-grams that are in it, in any order.

    N-grams of one to three words, and of three to five characters within a word, are
    weighted; the vector is a learned linear map of these weights, and the sum of both
    maps if both kinds are taken.

    Examples
    --------
    >>> from skautokeras import DenseBlock, TextInput, TextToNgramVector
    >>> node = DenseBlock()(TextToNgramVector(ngrams="word")(TextInput()))
    """

    takes_records = True

    ngrams = Searched(
        Choice(tuple(_NGRAMS), default="both"),
        doc="Kinds of n-grams. Where texts are long there are only those of words.",
    )
    weighting = Searched(
        Choice(("tf_idf", "naive_bayes")),
        doc='Weights of the n-grams. With ``"tf_idf"``, those that are in few texts '
        'weigh more. With ``"naive_bayes"``, that is multiplied by the square root of '
        "the largest log-count ratio, so that those weigh more which tell classes "
        "apart (after Wang and Manning, Baselines and Bigrams, 2012). It needs to be "
        "known which ones do; where it is not, tf-idf is taken.",
    )
    vocabulary_size = Searched(
        Choice((5000, 20_000, 60_000, 200_000), default=200_000),
        at_least=1,
        doc="Number of n-grams of each kind that are told apart, the most frequent "
        "ones. There are at most ``max_tokens`` of the `TextInput`.",
    )
    dim = Searched(
        Choice((16, 32, 64, 128), default=64), at_least=1, doc="Length of the vector."
    )
    dropout = searched_dropout(
        "Share of the n-grams of a text that is dropped in training.", default=0.2
    )

    def build(self, hp, inputs):
        """Sum the vectors of the n-grams."""
        check_text(self, inputs)
        ngrams, weighting = "word", "tf_idf"
        if inputs.character_ngrams is not None:
            ngrams = self.choose(hp, "ngrams")
        if inputs.schema.word_contrasts is not None:
            weighting = self.choose(hp, "weighting")
        size = self.choose(hp, "vocabulary_size")
        dim = self.choose(hp, "dim")
        drop = choose_dropout(hp, self)
        sums = []
        for kind in _NGRAMS[ngrams]:
            codes, weights, n_codes = _weighted_ngrams(inputs, kind, weighting, size)
            sums.append(WeightedBag(n_codes, dim)(codes, drop(weights)))
        return sums[0] if len(sums) == 1 else keras.layers.Add()(sums)


@keras.saving.register_keras_serializable("skautokeras")
class TextToIntSequence(Block):
    """Turn each text into whole numbers, one per word in their order.

    `Embedding` makes series of them. 0 stands behind the end of a text, 1 for words
    that are not in the vocabulary; the others follow by falling frequency.

    Examples
    --------
    >>> from skautokeras import Embedding, RNNBlock, TextInput, TextToIntSequence
    >>> codes = TextToIntSequence(vocabulary_size=1000)(TextInput())
    >>> node = RNNBlock()(Embedding(max_features=1002)(codes))
    """

    takes_records = True

    vocabulary_size = replace(
        TextToNgramVector.vocabulary_size,
        doc="Number of words that are told apart, the most frequent ones. There are at "
        "most ``max_tokens`` of the `TextInput`. ``max_features`` of `Embedding` is "
        "greater by 2, for the codes 0 and 1.",
    )
    length = Searched(
        Choice((64, 128, 256, 512), default=256),
        at_least=1,
        doc="Words of a text that are kept, those at its beginning. Where all texts "
        "are short, all are kept.",
    )

    def build(self, hp, inputs):
        """Keep the frequent words of the beginnings."""
        check_text(self, inputs)
        size = self.choose(hp, "vocabulary_size")
        shortest = min(self.declaration("length").range.values)
        length = None
        if self.length is not None or inputs.schema.n_tokens > shortest:
            length = self.choose(hp, "length")
        return KnownCodes(_n_codes(inputs, size), length=length)(inputs.tokens)


@keras.saving.register_keras_serializable("skautokeras")
class TextBlock(PretrainedBlock):
    """A network for texts, learned from nothing but them, or a pretrained one.

    Examples
    --------
    >>> from skautokeras import ClassificationHead, TextBlock, TextInput
    >>> node = ClassificationHead()(TextBlock(block_type="ngram")(TextInput()))
    """

    takes_records = True
    training_priority = 1

    block_type = Searched(
        Choice((*_BAGS, *_SERIES), default="ngram"),
        allowed=(*_BAGS, *_SERIES, *PRETRAINED_KINDS),
        doc='Kind of the network. ``"linear"`` is `TextToNgramVector`, so that the '
        'head behind it is a linear model of the n-grams; ``"ngram"`` is the same with '
        "a `DenseBlock`. The next three take the words in their order, "
        "`TextToIntSequence`, through `Embedding` and `ConvBlock`, `RNNBlock` or "
        "`TransformerBlock`. The last two need ``pretrained`` weights: with "
        '``"pretrained"`` they stay as they are, and a `DenseBlock` and '
        "`TextToNgramVector` may stand behind and beside the vectors; with "
        '``"tuned"`` they are trained further. Both are a `BertBlock`.',
    )
    vocabulary_size = replace(
        TextToNgramVector.vocabulary_size,
        doc="Number of words and n-grams that are told apart, the most frequent ones. "
        "There are at most ``max_tokens`` of the `TextInput`.",
    )
    pretrained = Fixed(
        PRETRAINED,
        doc="Name or folder of a pretrained model, as ``preset`` of `BertBlock`, or a "
        "list of them. If None, there is none, and nothing is downloaded.",
    )

    def build(self, hp, inputs):
        """Build one of the networks."""
        check_text(self, inputs)
        check_parameters(self)
        kind, preset = self._choose_kind(hp)
        size = self.choose(hp, "vocabulary_size")
        parts = [
            (_BAGS, "text_to_ngram_vector", TextToNgramVector(vocabulary_size=size)),
            (["ngram"], "dense_block", DenseBlock()),
            (_SERIES, "text_to_int_sequence", TextToIntSequence(vocabulary_size=size)),
            (_SERIES, "embedding", Embedding(max_features=_n_codes(inputs, size))),
            (["conv"], "conv_block", ConvBlock()),
            (["rnn"], "rnn_block", RNNBlock()),
            (["transformer"], "transformer_block", TransformerBlock()),
            (["conv", "transformer"], "temporal_reduction", TemporalReduction()),
        ]
        x = inputs
        for used_by, name, block in parts:
            with self.when(hp, "block_type", used_by):
                if kind in used_by:
                    x = build_block(hp, f"{name}_1", block, x)
        with self.when(hp, "block_type", ["pretrained"]):
            if kind == "pretrained":
                x = self._pretrained(hp, inputs, preset, size)
        with self.when(hp, "block_type", ["tuned"]):
            if kind == "tuned":
                block = BertBlock(preset=preset, trainable=True)
                x = build_block(hp, "tuned_1", block, inputs)
        return x

    def _pretrained(self, hp, inputs, preset, size):
        """Return the vectors of a pretrained model, with what may stand beside them."""
        block = BertBlock(preset=preset, trainable=False)
        x = build_block(hp, "bert_block_1", block, inputs)
        with_ngrams = hp.Boolean("with_ngrams", default=False)
        with hp.conditional_scope("with_ngrams", [True]):
            if with_ngrams:
                block = TextToNgramVector(vocabulary_size=size)
                beside = build_block(hp, "beside_1", block, inputs)
                x = keras.layers.Concatenate()([x, beside])
        return self._behind_vectors(hp, x)

    def known_configurations(self, schemas, targets):
        """Return the configurations for texts, those of pretrained models included."""
        return for_texts(self.presets, schemas)

    def rank(self, values, schemas, targets):
        """Return whether a configuration comes behind others."""
        return rank_for_texts(values, schemas)

    def least_steps(self, values):
        """Return the steps that training needs at least."""
        return steps_for_texts(values)


def _weighted_ngrams(text, kind, weighting, size):
    """Return codes of n-grams of a kind, their weights, and the number of codes."""
    codes = getattr(text, f"{kind}_ngrams")
    weights = getattr(text, f"{kind}_weights")
    n_codes = getattr(text.schema, f"n_{kind}_ngrams")
    contrasts = getattr(text.schema, f"{kind}_contrasts")
    if weighting == "naive_bayes" and contrasts is not None:
        weights = FeatureScaling(contrasts)(codes, weights)
    if size + 1 < n_codes:
        n_codes = size + 1
        codes = KnownCodes(n_codes, unknown=0)(codes)
    return codes, weights, n_codes


def _n_codes(text, size):
    """Return the number of codes of a vocabulary: none, unknown, and the words."""
    return min(size + 2, text.schema.vocabulary_size)
