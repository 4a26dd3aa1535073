"""Recurrent networks for series."""

import keras

from skautokeras._space.block import Block
from skautokeras._space.declaration import Fixed, Searched
from skautokeras._space.hyperparameters import Boolean, Choice, Int
from skautokeras._space.shapes import (
    SERIES,
    check_rank,
    choose_dropout,
    searched_dropout,
)

_LAYERS = {"lstm": keras.layers.LSTM, "gru": keras.layers.GRU}


@keras.saving.register_keras_serializable("skautokeras")
class RNNBlock(Block):
    """Recurrent layers on series (batch, steps, channels).

    Examples
    --------
    >>> from skautokeras import Input, RNNBlock
    >>> node = RNNBlock(layer_type="gru", units=32)(Input())
    """

    layer_type = Searched(Choice(("gru", "lstm")), doc="Kind of the layers.")
    bidirectional = Searched(
        Boolean(default=True), doc="Whether each series is also read from its end."
    )
    n_layers = Searched(Int(1, 3), at_least=1, doc="Number of layers.")
    units = Searched(
        Choice((16, 32, 64, 128, 256), default=64),
        at_least=1,
        doc="Width of every layer, in each direction.",
    )
    dropout = searched_dropout(
        "Share of each layer's outputs that is dropped in training."
    )
    return_sequences = Fixed(
        bool,
        doc="Whether the output is a series again, (batch, steps, channels), rather "
        "than what the last layer holds at the end, (batch, channels). None means "
        "False.",
    )

    def build(self, hp, inputs):
        """Stack the layers."""
        advice = (
            "Put it on an Input of series, put Embedding before it for codes, or put "
            "DenseBlock here."
        )
        check_rank(self, inputs, {3: SERIES}, advice)
        layer_class = _LAYERS[self.choose(hp, "layer_type")]
        bidirectional = self.choose(hp, "bidirectional")
        n_layers = self.choose(hp, "n_layers")
        units = self.choose(hp, "units")
        drop = choose_dropout(hp, self)
        x = inputs
        for i in range(n_layers):
            is_last = i == n_layers - 1
            layer = layer_class(
                units, return_sequences=self.return_sequences or not is_last
            )
            if bidirectional:
                layer = keras.layers.Bidirectional(layer)
            x = drop(layer(x))
        return x
