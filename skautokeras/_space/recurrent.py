"""Recurrent networks for series."""

from numbers import Integral, Real

import keras

from skautokeras._layers.regularization import Dropout
from skautokeras._sklearn import Interval, StrOptions
from skautokeras._space.block import Block
from skautokeras._space.hyperparameters import (
    SEARCHED,
    Boolean,
    Choice,
    Int,
    check_parameters,
    choose,
)
from skautokeras._space.shapes import SERIES, check_rank, choose_dropout

_LAYERS = {"lstm": keras.layers.LSTM, "gru": keras.layers.GRU}


@keras.saving.register_keras_serializable("skautokeras")
class RNNBlock(Block):
    """Recurrent layers on series (batch, steps, channels).

    Parameters
    ----------
    layer_type : {"gru", "lstm"} or None, default=None
        Kind of the layers. None: searched, like every parameter of a block.
    bidirectional : bool or None, default=None
        Whether each series is also read from its end.
    n_layers : int or None, default=None
        Number of layers.
    units : int or None, default=None
        Width of every layer, in each direction.
    dropout : float or None, default=None
        Share of each layer's outputs that is dropped in training.
    return_sequences : bool or None, default=None
        Whether the output is a series again, (batch, steps, channels), rather than what
        the last layer holds at the end, (batch, channels). None: False.

    Examples
    --------
    >>> from skautokeras import Input, RNNBlock
    >>> node = RNNBlock(layer_type="gru", units=32)(Input())
    """

    _parameter_constraints = {
        "layer_type": [StrOptions(set(_LAYERS)), *SEARCHED],
        "bidirectional": ["boolean", *SEARCHED],
        "n_layers": [Interval(Integral, 1, None, closed="left"), *SEARCHED],
        "units": [Interval(Integral, 1, None, closed="left"), *SEARCHED],
        "dropout": [Interval(Real, 0, 1, closed="left"), *SEARCHED],
        "return_sequences": ["boolean", None],
    }

    def __init__(
        self,
        *,
        layer_type=None,
        bidirectional=None,
        n_layers=None,
        units=None,
        dropout=None,
        return_sequences=None,
    ):
        self.layer_type = layer_type
        self.bidirectional = bidirectional
        self.n_layers = n_layers
        self.units = units
        self.dropout = dropout
        self.return_sequences = return_sequences

    def build(self, hp, inputs):
        """Stack the layers."""
        advice = (
            "Put it on an Input of series, put Embedding before it for codes, or put "
            "DenseBlock here."
        )
        check_rank(self, inputs, {3: SERIES}, advice)
        values = {
            "layer_type": choose(
                hp, "layer_type", self.layer_type, Choice(("gru", "lstm"))
            ),
            "bidirectional": choose(
                hp, "bidirectional", self.bidirectional, Boolean(default=True)
            ),
            "n_layers": choose(hp, "n_layers", self.n_layers, Int(1, 3)),
            "units": choose(
                hp, "units", self.units, Choice((16, 32, 64, 128, 256), 64)
            ),
        }
        dropout, has_dropout = choose_dropout(hp, self.dropout)
        check_parameters(self, **values, dropout=dropout)
        x = inputs
        for i in range(values["n_layers"]):
            is_last = i == values["n_layers"] - 1
            layer = _LAYERS[values["layer_type"]](
                values["units"], return_sequences=self.return_sequences or not is_last
            )
            if values["bidirectional"]:
                layer = keras.layers.Bidirectional(layer)
            x = layer(x)
            if has_dropout:
                x = Dropout(dropout)(x)
        return x
