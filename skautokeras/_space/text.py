"""Blocks for texts."""

from numbers import Integral, Real

import keras

from skautokeras._layers.regularization import Dropout
from skautokeras._layers.text import FeatureScaling, KnownCodes, WeightedBag
from skautokeras._sklearn import HasMethods, Interval, StrOptions
from skautokeras._space.attention import Embedding, TransformerBlock
from skautokeras._space.block import Block, build_block
from skautokeras._space.convolution import ConvBlock
from skautokeras._space.dense import DenseBlock
from skautokeras._space.hyperparameters import (
    SEARCHED,
    Choice,
    Float,
    check_parameters,
    choose,
    when,
)
from skautokeras._space.records import check_text
from skautokeras._space.recurrent import RNNBlock
from skautokeras._space.reduction import TemporalReduction
from skautokeras._space.shapes import choose_dropout

VOCABULARY_SIZES = Choice((5000, 20_000, 60_000, 200_000), default=200_000)
LENGTHS = Choice((64, 128, 256, 512), default=256)

_NGRAMS = {"word": ["word"], "character": ["character"], "both": ["word", "character"]}
_WEIGHTINGS = ("tf_idf", "naive_bayes")
# Networks for which the order of words does not matter, and for which it does.
_BAGS = ["linear", "ngram"]
_SERIES = ["conv", "rnn", "transformer"]

_POSITIVE_INT = Interval(Integral, 1, None, closed="left")


@keras.saving.register_keras_serializable("skautokeras")
class TextToNgramVector(Block):
    """Turn each text into a vector by the n-grams that are in it, in any order.

    N-grams of one to three words, and of three to five characters within a word, are
    weighted; the vector is a learned linear map of these weights, and the sum of both
    maps if both kinds are taken.

    Parameters
    ----------
    ngrams : {"word", "character", "both"} or None, default=None
        Which n-grams. Where texts are long there are only those of words. None:
        searched, like every parameter of a block.
    weighting : {"tf_idf", "naive_bayes"} or None, default=None
        ``"tf_idf"``: n-grams that are in few texts weigh more. ``"naive_bayes"``: that
        times the square root of the largest log-count ratio, so that those weigh more
        which tell classes apart (after Wang and Manning, Baselines and Bigrams, 2012).
        It needs to be known which ones do; where it is not, tf-idf is taken.
    vocabulary_size : int or None, default=None
        N-grams of each kind that are told apart, the most frequent ones.
    dim : int or None, default=None
        Length of the vector.
    dropout : float or None, default=None
        Share of the n-grams of a text that is dropped in training.

    Examples
    --------
    >>> from skautokeras import DenseBlock, TextInput, TextToNgramVector
    >>> node = DenseBlock()(TextToNgramVector(ngrams="word")(TextInput()))
    """

    takes_records = True

    _parameter_constraints = {
        "ngrams": [StrOptions(set(_NGRAMS)), *SEARCHED],
        "weighting": [StrOptions(set(_WEIGHTINGS)), *SEARCHED],
        "vocabulary_size": [_POSITIVE_INT, *SEARCHED],
        "dim": [_POSITIVE_INT, *SEARCHED],
        "dropout": [Interval(Real, 0, 1, closed="left"), *SEARCHED],
    }

    def __init__(
        self,
        *,
        ngrams=None,
        weighting=None,
        vocabulary_size=None,
        dim=None,
        dropout=None,
    ):
        self.ngrams = ngrams
        self.weighting = weighting
        self.vocabulary_size = vocabulary_size
        self.dim = dim
        self.dropout = dropout

    def build(self, hp, inputs):
        """Sum the vectors of the n-grams."""
        check_text(self, inputs)
        ngrams = "word"
        if inputs.character_ngrams is not None:
            kinds = Choice(tuple(_NGRAMS), default="both")
            ngrams = choose(hp, "ngrams", self.ngrams, kinds)
        weighting = "tf_idf"
        if inputs.schema.word_contrasts is not None:
            weightings = Choice(_WEIGHTINGS)
            weighting = choose(hp, "weighting", self.weighting, weightings)
        size = choose(hp, "vocabulary_size", self.vocabulary_size, VOCABULARY_SIZES)
        dim = choose(hp, "dim", self.dim, Choice((16, 32, 64, 128), default=64))
        rates = Float(0.0, 0.5, default=0.2, step=0.05)
        dropout, has_dropout = choose_dropout(hp, self.dropout, rates)
        check_parameters(
            self,
            ngrams=ngrams,
            weighting=weighting,
            vocabulary_size=size,
            dim=dim,
            dropout=dropout,
        )
        sums = []
        for kind in _NGRAMS[ngrams]:
            codes, weights, n_codes = _weighted_ngrams(inputs, kind, weighting, size)
            if has_dropout:
                weights = Dropout(dropout)(weights)
            sums.append(WeightedBag(n_codes, dim)(codes, weights))
        return sums[0] if len(sums) == 1 else keras.layers.Add()(sums)


@keras.saving.register_keras_serializable("skautokeras")
class TextToIntSequence(Block):
    """Turn each text into whole numbers, one per word in their order.

    `Embedding` makes series of them. 0 stands behind the end of a text, 1 for words
    that are not in the vocabulary; the others follow by falling frequency.

    Parameters
    ----------
    vocabulary_size : int or None, default=None
        Words that are told apart, the most frequent ones. None: searched, like every
        parameter of a block.
    length : int or None, default=None
        Words of a text that are kept, those at its beginning.

    Examples
    --------
    >>> from skautokeras import Embedding, RNNBlock, TextInput, TextToIntSequence
    >>> codes = TextToIntSequence(vocabulary_size=1000)(TextInput())
    >>> node = RNNBlock()(Embedding(max_features=1002)(codes))
    """

    takes_records = True

    _parameter_constraints = {
        "vocabulary_size": [_POSITIVE_INT, *SEARCHED],
        "length": [_POSITIVE_INT, *SEARCHED],
    }

    def __init__(self, *, vocabulary_size=None, length=None):
        self.vocabulary_size = vocabulary_size
        self.length = length

    def build(self, hp, inputs):
        """Keep the frequent words of the beginnings."""
        check_text(self, inputs)
        size = choose(hp, "vocabulary_size", self.vocabulary_size, VOCABULARY_SIZES)
        is_short = inputs.schema.n_tokens <= min(LENGTHS.values)
        length = None
        if self.length is not None or not is_short:
            length = choose(hp, "length", self.length, LENGTHS)
        check_parameters(self, vocabulary_size=size, length=length)
        return KnownCodes(_n_codes(inputs, size), length=length)(inputs.tokens)


@keras.saving.register_keras_serializable("skautokeras")
class TextBlock(Block):
    """A network for texts, learned from nothing but them, or a pretrained one.

    Parameters
    ----------
    block_type : {"linear", "ngram", "conv", "rnn", "transformer", "bert"} or None, \
            default=None
        ``"linear"``: `TextToNgramVector`, so that the head behind it is a linear model
        of the n-grams. ``"ngram"``: the same with a `DenseBlock`. The others: the words
        in their order, `TextToIntSequence`, through `Embedding` and `ConvBlock`,
        `RNNBlock` or `TransformerBlock`. ``"bert"``: the block given as `bert`. None:
        searched, like every parameter of a block.
    vocabulary_size : int or None, default=None
        Words and n-grams that are told apart.
    bert : BertBlock or None, default=None
        A pretrained network, which the search then takes for one more type. None: there
        is none.

    Examples
    --------
    >>> from skautokeras import ClassificationHead, TextBlock, TextInput
    >>> node = ClassificationHead()(TextBlock(block_type="ngram")(TextInput()))
    """

    takes_records = True

    _parameter_constraints = {
        "block_type": [StrOptions({*_BAGS, *_SERIES, "bert"}), *SEARCHED],
        "vocabulary_size": [_POSITIVE_INT, *SEARCHED],
        "bert": [HasMethods("build"), None],
    }

    def __init__(self, *, block_type=None, vocabulary_size=None, bert=None):
        self.block_type = block_type
        self.vocabulary_size = vocabulary_size
        self.bert = bert

    def build(self, hp, inputs):
        """Build one of the networks."""
        check_text(self, inputs)
        pretrained = () if self.bert is None else ("bert",)
        kinds = Choice((*_BAGS, *_SERIES, *pretrained), default="ngram")
        kind = choose(hp, "block_type", self.block_type, kinds)
        size = choose(hp, "vocabulary_size", self.vocabulary_size, VOCABULARY_SIZES)
        check_parameters(self, block_type=kind, vocabulary_size=size)
        if kind == "bert" and self.bert is None:
            raise ValueError(
                "TextBlock(block_type='bert') needs a pretrained network: pass "
                "bert=BertBlock(preset=...)."
            )
        parts = [
            (_BAGS, "text_to_ngram_vector", TextToNgramVector(vocabulary_size=size)),
            (["ngram"], "dense_block", DenseBlock()),
            (_SERIES, "text_to_int_sequence", TextToIntSequence(vocabulary_size=size)),
            (_SERIES, "embedding", Embedding(max_features=_n_codes(inputs, size))),
            (["conv"], "conv_block", ConvBlock()),
            (["rnn"], "rnn_block", RNNBlock()),
            (["transformer"], "transformer_block", TransformerBlock()),
            (["conv", "transformer"], "temporal_reduction", TemporalReduction()),
            (["bert"], "bert_block", self.bert),
        ]
        x = inputs
        for used_by, name, block in parts:
            with when(hp, "block_type", self.block_type, used_by):
                if kind in used_by:
                    x = build_block(hp, f"{name}_1", block, x)
        return x


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
