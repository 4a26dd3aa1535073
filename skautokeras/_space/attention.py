"""Vectors for codes, and networks of attention over series."""

from numbers import Integral, Real

import keras
from keras import ops

from skautokeras._data.codes import UNKNOWN_TOKEN
from skautokeras._layers.regularization import Dropout
from skautokeras._layers.sequence import PositionEmbedding
from skautokeras._layers.text import CodeEmbedding
from skautokeras._sklearn import Interval
from skautokeras._space.block import Block
from skautokeras._space.hyperparameters import (
    SEARCHED,
    Choice,
    Int,
    check_parameters,
    choose,
)
from skautokeras._space.records import Text
from skautokeras._space.shapes import SERIES, check_rank, choose_dropout

_POSITIVE = Interval(Integral, 1, None, closed="left")
_SHARE = Interval(Real, 0, 1, closed="left")


@keras.saving.register_keras_serializable("skautokeras")
class Embedding(Block):
    """A learned vector for each code: (batch, steps) -> (batch, steps, dim).

    Takes texts, the whole numbers that `TextToIntSequence` makes of them, and an
    `Input` of whole numbers.

    Parameters
    ----------
    max_features : int or None, default=None
        Number of codes that are told apart, 0 included; all from there on share the
        vector of code 1, which stands for unknown words. None: the size of the
        vocabulary for texts, else searched.
    dim : int or None, default=None
        Length of a vector. None: searched, like every parameter of a block.
    dropout : float or None, default=None
        Share of the values that is dropped in training.

    Examples
    --------
    >>> from skautokeras import Embedding, Input, RNNBlock
    >>> node = RNNBlock()(Embedding(max_features=1000)(Input()))
    """

    takes_records = True

    _parameter_constraints = {
        "max_features": [Interval(Integral, 2, None, closed="left"), *SEARCHED],
        "dim": [_POSITIVE, *SEARCHED],
        "dropout": [_SHARE, *SEARCHED],
    }

    def __init__(self, *, max_features=None, dim=None, dropout=None):
        self.max_features = max_features
        self.dim = dim
        self.dropout = dropout

    def build(self, hp, inputs):
        """Look the vectors up."""
        codes, known = inputs, self.max_features
        if isinstance(inputs, Text):
            codes = inputs.tokens
            known = known or max(inputs.schema.vocabulary_size, 2)
        elif hasattr(inputs, "to_tensor"):
            codes = inputs.to_tensor()
        advice = "Put TextToIntSequence before it, or put it on an Input of codes."
        check_rank(self, codes, {2: "codes (batch, steps)"}, advice)
        sizes = Choice((1_000, 5_000, 20_000), default=20_000)
        n_codes = choose(hp, "max_features", known, sizes)
        dim = choose(hp, "dim", self.dim, Choice((16, 32, 64, 128, 256), 64))
        dropout, has_dropout = choose_dropout(hp, self.dropout)
        check_parameters(self, max_features=n_codes, dim=dim, dropout=dropout)
        codes = ops.cast(codes, "int32")
        is_known = ops.logical_and(codes >= 0, codes < n_codes)
        codes = ops.where(is_known, codes, UNKNOWN_TOKEN)
        x = CodeEmbedding(n_codes, dim)(codes)
        return Dropout(dropout)(x) if has_dropout else x


@keras.saving.register_keras_serializable("skautokeras")
class TransformerBlock(Block):
    """Layers of attention on series (batch, steps, channels), which it returns.

    The encoder of Vaswani et al. (arXiv:1706.03762) with the normalization in front of
    each step (arXiv:2002.04745), on learned vectors for the positions.

    Parameters
    ----------
    n_layers : int or None, default=None
        Number of layers. None: searched, like every parameter of a block.
    n_heads : int or None, default=None
        Heads of the attention. The width need not be a multiple.
    width : int or None, default=None
        Channels inside and at the end; a series of another width is projected to it.
    dropout : float or None, default=None
        Share of the outputs of each step that is dropped in training.

    Examples
    --------
    >>> from skautokeras import Embedding, Input, TransformerBlock
    >>> node = TransformerBlock(n_layers=1)(Embedding(max_features=1000)(Input()))
    """

    _parameter_constraints = {
        "n_layers": [_POSITIVE, *SEARCHED],
        "n_heads": [_POSITIVE, *SEARCHED],
        "width": [_POSITIVE, *SEARCHED],
        "dropout": [_SHARE, *SEARCHED],
    }

    def __init__(self, *, n_layers=None, n_heads=None, width=None, dropout=None):
        self.n_layers = n_layers
        self.n_heads = n_heads
        self.width = width
        self.dropout = dropout

    def build(self, hp, inputs):
        """Stack the layers."""
        advice = "Put Embedding before it for codes, or put it on an Input of series."
        check_rank(self, inputs, {3: SERIES}, advice)
        if inputs.shape[1] is None:
            raise ValueError(
                "TransformerBlock needs series of one length: it learns a vector for "
                "each position."
            )
        n_layers = choose(hp, "n_layers", self.n_layers, Int(1, 4, default=2))
        n_heads = choose(hp, "n_heads", self.n_heads, Choice((1, 2, 4, 8), 4))
        width = choose(hp, "width", self.width, Choice((32, 64, 128, 256), 64))
        dropout, has_dropout = choose_dropout(hp, self.dropout)
        check_parameters(
            self, n_layers=n_layers, n_heads=n_heads, width=width, dropout=dropout
        )

        def drop(x):
            return Dropout(dropout)(x) if has_dropout else x

        x = inputs if inputs.shape[-1] == width else keras.layers.Dense(width)(inputs)
        x = drop(PositionEmbedding()(x))
        for _ in range(n_layers):
            attention = keras.layers.MultiHeadAttention(n_heads, -(-width // n_heads))
            normal = keras.layers.LayerNormalization()(x)
            x = keras.layers.Add()([x, drop(attention(normal, normal))])
            hidden = keras.layers.LayerNormalization()(x)
            hidden = keras.layers.Dense(4 * width, activation="gelu")(hidden)
            hidden = drop(keras.layers.Dense(width)(hidden))
            x = keras.layers.Add()([x, hidden])
        return keras.layers.LayerNormalization()(x)
