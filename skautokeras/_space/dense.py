"""Fully connected networks."""

from numbers import Integral, Real

import keras

from skautokeras._layers.regularization import Dropout
from skautokeras._sklearn import Interval
from skautokeras._space.block import Block
from skautokeras._space.hyperparameters import (
    SEARCHED,
    Boolean,
    Choice,
    Float,
    Int,
    check_parameters,
    choose,
    each,
    is_searched,
)
from skautokeras._space.shapes import activate, check_activation

WIDTHS = (32, 64, 128, 256, 512)
DEPTHS = Int(1, 4, default=3)


@keras.saving.register_keras_serializable("skautokeras")
class DenseBlock(Block):
    """Fully connected layers, each with activation and dropout.

    Parameters
    ----------
    n_layers : int or None, default=None
        Number of layers. None: searched, like every parameter of a block.
    units : int or None, default=None
        Width of each layer; searched for each layer by itself.
    activation : str or None, default=None
        Name of a Keras activation.
    use_batchnorm : bool or None, default=None
        Whether a batch normalization precedes each activation.
    residual : bool or None, default=None
        Whether a layer as wide as its input adds that input to its output.
    dropout : float or None, default=None
        Share of each layer's outputs that is dropped in training.

    Examples
    --------
    >>> from skautokeras import DenseBlock, StructuredDataInput
    >>> DenseBlock(n_layers=2, dropout=0.1)
    DenseBlock(n_layers=2, dropout=0.1)
    """

    _parameter_constraints = {
        "n_layers": [Interval(Integral, 1, None, closed="left"), *SEARCHED],
        "units": [Interval(Integral, 1, None, closed="left"), *SEARCHED],
        "use_batchnorm": ["boolean", *SEARCHED],
        "residual": ["boolean", *SEARCHED],
        "dropout": [Interval(Real, 0, 1, closed="left"), *SEARCHED],
    }

    def __init__(
        self,
        *,
        n_layers=None,
        units=None,
        activation=None,
        use_batchnorm=None,
        residual=None,
        dropout=None,
    ):
        self.n_layers = n_layers
        self.units = units
        self.activation = activation
        self.use_batchnorm = use_batchnorm
        self.residual = residual
        self.dropout = dropout

    def build(self, hp, inputs):
        """Stack the layers."""
        x = inputs
        if len(x.shape) > 2:
            x = keras.layers.Flatten()(x)
        n_layers = choose(hp, "n_layers", self.n_layers, DEPTHS)
        activation = choose(
            hp, "activation", self.activation, Choice(("relu", "silu", "selu", "mish"))
        )
        use_batchnorm = choose(hp, "use_batchnorm", self.use_batchnorm, Boolean())
        residual = choose(hp, "residual", self.residual, Boolean())
        dropout = choose(
            hp, "dropout", self.dropout, Float(0.0, 0.5, default=0.1, step=0.05)
        )
        check_parameters(self, n_layers=n_layers, dropout=dropout)
        check_activation(self, activation)
        space = Choice(WIDTHS, default=256)
        for width in each(hp, self, "n_layers", DEPTHS, "units", space):
            skip = x
            x = keras.layers.Dense(width)(x)
            if use_batchnorm:
                x = keras.layers.BatchNormalization()(x)
            x = activate(x, activation)
            if dropout > 0 or is_searched(self.dropout):
                x = Dropout(dropout)(x)
            if residual and skip.shape[-1] == width:
                x = keras.layers.Add()([skip, x])
        return x
