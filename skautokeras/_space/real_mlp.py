"""The network of RealMLP, behind the columns of a table."""

from numbers import Integral, Real

import keras

from skautokeras._layers.dense import InputScaling, NTKDense, ParametricActivation
from skautokeras._layers.regularization import Dropout
from skautokeras._sklearn import Interval, StrOptions
from skautokeras._space.block import Block
from skautokeras._space.hyperparameters import (
    SEARCHED,
    Choice,
    Float,
    Int,
    check_parameters,
    choose,
)
from skautokeras._space.shapes import check_activation, choose_dropout

_STARTS = ("random", "data")


@keras.saving.register_keras_serializable("skautokeras")
class RealMLPBlock(Block):
    """Dense layers that learn at rates of their own, as RealMLP has them.

    A learned factor for each feature comes first. Matrices are in the neural tangent
    parametrisation, and each neuron has a share of its activation that is learned.
    Factors of 6 (features) and 0.1 (biases, activations) on the learning rate of the
    matrices are those that were published; so that learning rates are comparable with
    those of other networks, that of a matrix of 256 inputs is the one of the training.

    Parameters
    ----------
    n_layers : int or None, default=None
        Number of layers. None: searched, like every parameter of a block.
    units : int or None, default=None
        Width of all layers.
    activation : str or None, default=None
        Name of a Keras activation; "selu" was published for classes, "mish" for
        numbers.
    dropout : float or None, default=None
        Share of each layer's outputs that is dropped in training.
    start : {"random", "data"} or None, default=None
        Whether matrices and biases are drawn whatever the data is, or so that sums over
        the training rows have unit variance and every neuron bends among these rows.
        ``"data"`` was published, for features of about unit variance; it makes up for
        small ones, which behind bins of numbers is too much.

    References
    ----------
    David Holzmüller, Léo Grinsztajn and Ingo Steinwart, "Better by default: strong
    pre-tuned MLPs and boosted trees on tabular data", arXiv:2407.04491.

    Examples
    --------
    >>> from skautokeras import RealMLPBlock, StructuredDataInput
    >>> RealMLPBlock(n_layers=3, units=256)(StructuredDataInput()).block
    RealMLPBlock(n_layers=3, units=256)
    """

    _parameter_constraints = {
        "n_layers": [Interval(Integral, 1, None, closed="left"), *SEARCHED],
        "units": [Interval(Integral, 1, None, closed="left"), *SEARCHED],
        "dropout": [Interval(Real, 0, 1, closed="left"), *SEARCHED],
        "start": [StrOptions(set(_STARTS)), *SEARCHED],
    }

    def __init__(
        self, *, n_layers=None, units=None, activation=None, dropout=None, start=None
    ):
        self.n_layers = n_layers
        self.units = units
        self.activation = activation
        self.dropout = dropout
        self.start = start

    def build(self, hp, inputs):
        """Scale the features and stack the layers."""
        n_layers = choose(hp, "n_layers", self.n_layers, Int(1, 4, default=3))
        widths = Choice((64, 128, 256, 384, 512), default=256)
        units = choose(hp, "units", self.units, widths)
        names = Choice(("mish", "selu", "silu", "relu"))
        activation = choose(hp, "activation", self.activation, names)
        rates = Float(0.0, 0.5, default=0.15, step=0.05)
        dropout, has_dropout = choose_dropout(hp, self.dropout, rates)
        start = choose(hp, "start", self.start, Choice(_STARTS))
        check_parameters(
            self, n_layers=n_layers, units=units, dropout=dropout, start=start
        )
        check_activation(self, activation)
        x = inputs
        if len(x.shape) > 2:
            x = keras.layers.Flatten()(x)
        x = InputScaling()(x)
        for _ in range(n_layers):
            x = NTKDense(units, from_data=start == "data")(x)
            x = ParametricActivation(activation)(x)
            if has_dropout:
                x = Dropout(dropout)(x)
        return x
