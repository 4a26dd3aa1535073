"""Vectors for codes, and networks of attention over series."""

import keras
from keras import ops

from skautokeras._data.codes import UNKNOWN_TOKEN
from skautokeras._layers.sequence import PositionEmbedding
from skautokeras._layers.text import CodeEmbedding
from skautokeras._space.block import Block
from skautokeras._space.declaration import Searched
from skautokeras._space.hyperparameters import Choice, Int
from skautokeras._space.records import Text
from skautokeras._space.shapes import (
    SERIES,
    check_rank,
    choose_dropout,
    searched_dropout,
)


@keras.saving.register_keras_serializable("skautokeras")
class Embedding(Block):
    """A learned vector for each code: (batch, steps) -> (batch, steps, dim).

    Takes texts, the whole numbers that `TextToIntSequence` makes of them, and an
    `Input` of whole numbers.

    Examples
    --------
    >>> from skautokeras import Embedding, Input, RNNBlock
    >>> node = RNNBlock()(Embedding(max_features=1000)(Input()))
    """

    takes_records = True

    max_features = Searched(
        Choice((1_000, 5_000, 20_000), default=20_000),
        at_least=2,
        doc="Number of codes that are told apart, 0 included; all from there on share "
        "the vector of code 1, which stands for unknown words. For texts, the default "
        "is the size of their vocabulary, which ``max_tokens`` of `TextInput` and "
        "``vocabulary_size`` of `TextToIntSequence` limit.",
    )
    dim = Searched(
        Choice((16, 32, 64, 128, 256), default=64),
        at_least=1,
        doc="Length of a vector.",
    )
    dropout = searched_dropout("Share of the values that is dropped in training.")

    def build(self, hp, inputs):
        """Look the vectors up."""
        codes, n_codes = inputs, None
        if isinstance(inputs, Text):
            codes = inputs.tokens
            if self.max_features is None:
                n_codes = max(inputs.schema.vocabulary_size, 2)
        elif hasattr(inputs, "to_tensor"):
            codes = inputs.to_tensor()
        advice = "Put TextToIntSequence before it, or put it on an Input of codes."
        check_rank(self, codes, {2: "codes (batch, steps)"}, advice)
        n_codes = n_codes or self.choose(hp, "max_features")
        dim = self.choose(hp, "dim")
        drop = choose_dropout(hp, self)
        codes = ops.cast(codes, "int32")
        is_known = ops.logical_and(codes >= 0, codes < n_codes)
        codes = ops.where(is_known, codes, UNKNOWN_TOKEN)
        return drop(CodeEmbedding(n_codes, dim)(codes))


@keras.saving.register_keras_serializable("skautokeras")
class TransformerBlock(Block):
    """Layers of attention on series (batch, steps, channels), which it returns.

    The encoder of Vaswani et al. (arXiv:1706.03762) with the normalization in front of
    each step (arXiv:2002.04745), on learned vectors for the positions.

    Examples
    --------
    >>> from skautokeras import Embedding, Input, TransformerBlock
    >>> node = TransformerBlock(n_layers=1)(Embedding(max_features=1000)(Input()))
    """

    n_layers = Searched(Int(1, 4, default=2), at_least=1, doc="Number of layers.")
    n_heads = Searched(
        Choice((1, 2, 4, 8), default=4),
        at_least=1,
        doc="Heads of the attention. The width need not be a multiple.",
    )
    width = Searched(
        Choice((32, 64, 128, 256), default=64),
        at_least=1,
        doc="Channels inside and at the end; a series of another width is projected to "
        "it.",
    )
    dropout = searched_dropout(
        "Share of the outputs of each step that is dropped in training."
    )

    def build(self, hp, inputs):
        """Stack the layers."""
        advice = "Put Embedding before it for codes, or put it on an Input of series."
        check_rank(self, inputs, {3: SERIES}, advice)
        if inputs.shape[1] is None:
            raise ValueError(
                "TransformerBlock needs series of one length: it learns a vector for "
                "each position."
            )
        n_layers = self.choose(hp, "n_layers")
        n_heads = self.choose(hp, "n_heads")
        width = self.choose(hp, "width")
        drop = choose_dropout(hp, self)
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
