"""Blocks for texts."""

from numbers import Integral, Real

import keras
from sklearn.utils._param_validation import Interval, StrOptions

from skautokeras._layers.regularization import Dropout
from skautokeras._layers.text import KnownCodes, WeightedBag
from skautokeras._space.block import Block, build_block
from skautokeras._space.dense import DenseBlock
from skautokeras._space.hyperparameters import (
    SEARCHED,
    Choice,
    Float,
    check_parameters,
    choose,
    is_searched,
)
from skautokeras._space.records import Text

_POSITIVE_INT = Interval(Integral, 1, None, closed="left")
VOCABULARY_SIZES = (2000, 5000, 10_000, 20_000)


class TextToNgramVector(Block):
    """Turn each text into a vector by the n-grams that are in it, in any order.

    N-grams of one and two words, and of three to five characters within a word, are
    weighted by tf-idf; the vector is a learned linear map of these weights.

    Parameters
    ----------
    ngrams : {"word", "character", "both"} or None, default=None
        Which n-grams. There are none of characters where texts are long. None:
        searched.
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
        "ngrams": [StrOptions({"word", "character", "both"}), *SEARCHED],
        "vocabulary_size": [_POSITIVE_INT, *SEARCHED],
        "dim": [_POSITIVE_INT, *SEARCHED],
        "dropout": [Interval(Real, 0, 1, closed="left"), *SEARCHED],
    }

    def __init__(self, *, ngrams=None, vocabulary_size=None, dim=None, dropout=None):
        self.ngrams = ngrams
        self.vocabulary_size = vocabulary_size
        self.dim = dim
        self.dropout = dropout

    def build(self, hp, inputs):
        """Sum the vectors of the n-grams."""
        text = _as_text(self, inputs)
        kind = "word"
        if text.character_ngrams is not None:
            kinds = Choice(("word", "character", "both"), default="both")
            kind = choose(hp, "ngrams", self.ngrams, kinds)
        size = choose(
            hp,
            "vocabulary_size",
            self.vocabulary_size,
            Choice(VOCABULARY_SIZES, default=20_000),
        )
        dim = choose(hp, "dim", self.dim, Choice((16, 32, 64, 128), default=64))
        dropout = choose(
            hp, "dropout", self.dropout, Float(0.0, 0.5, default=0.2, step=0.05)
        )
        check_parameters(
            self, ngrams=kind, vocabulary_size=size, dim=dim, dropout=dropout
        )
        sums = []
        for part in ("word", "character"):
            if kind in (part, "both"):
                codes = getattr(text, f"{part}_ngrams")
                weights = getattr(text, f"{part}_weights")
                n_codes = getattr(text.schema, f"n_{part}_ngrams")
                if size < n_codes:
                    n_codes = size
                    codes = KnownCodes(n_codes, unknown=0)(codes)
                if dropout > 0 or is_searched(self.dropout):
                    weights = Dropout(dropout)(weights)
                sums.append(WeightedBag(n_codes, dim, **EXTRA)([codes, weights]))
        return sums[0] if len(sums) == 1 else keras.layers.Add()(sums)


EXTRA = {}


def _as_text(block, inputs):
    if not isinstance(inputs, Text):
        raise TypeError(f"{type(block).__name__} needs texts: call it on a TextInput.")
    return inputs
