"""The residual network for tables."""

from numbers import Integral, Real

import keras

from skautokeras._layers.regularization import Dropout
from skautokeras._sklearn import Interval
from skautokeras._space.block import Block
from skautokeras._space.hyperparameters import (
    SEARCHED,
    Choice,
    Float,
    Int,
    check_parameters,
    choose,
    is_searched,
)
from skautokeras._space.shapes import activate, check_activation

_DROPOUTS = ("hidden_dropout", "residual_dropout")


@keras.saving.register_keras_serializable("skautokeras")
class ResidualDenseBlock(Block):
    """Dense layers in pairs around which their input goes, as ResNet has it for tables.

    A dense layer makes features of a common width, to which each pair adds:
    ``x + dropout(dense(dropout(f(dense(batch_norm(x))))))``. A batch normalization and
    the activation f end it.

    Parameters
    ----------
    n_layers : int or None, default=None
        Number of pairs. None: searched, like every parameter of a block.
    units : int or None, default=None
        Width of what the pairs add to.
    expansion : int or None, default=None
        How many times as wide the first layer of a pair is.
    activation : str or None, default=None
        Name of a Keras activation.
    hidden_dropout, residual_dropout : float or None, default=None
        Share that is dropped in training behind the first and the second layer of a
        pair.

    References
    ----------
    Yury Gorishniy, Ivan Rubachev, Valentin Khrulkov and Artem Babenko, "Revisiting deep
    learning models for tabular data", arXiv:2106.11959.

    Examples
    --------
    >>> from skautokeras import ResidualDenseBlock, StructuredDataInput
    >>> ResidualDenseBlock(n_layers=2, units=128)(StructuredDataInput()).block
    ResidualDenseBlock(n_layers=2, units=128)
    """

    _parameter_constraints = {
        "n_layers": [Interval(Integral, 1, None, closed="left"), *SEARCHED],
        "units": [Interval(Integral, 1, None, closed="left"), *SEARCHED],
        "expansion": [Interval(Integral, 1, None, closed="left"), *SEARCHED],
        **{
            name: [Interval(Real, 0, 1, closed="left"), *SEARCHED] for name in _DROPOUTS
        },
    }

    def __init__(
        self,
        *,
        n_layers=None,
        units=None,
        expansion=None,
        activation=None,
        hidden_dropout=None,
        residual_dropout=None,
    ):
        self.n_layers = n_layers
        self.units = units
        self.expansion = expansion
        self.activation = activation
        self.hidden_dropout = hidden_dropout
        self.residual_dropout = residual_dropout

    def build(self, hp, inputs):
        """Stack the pairs."""
        n_layers = choose(hp, "n_layers", self.n_layers, Int(1, 4, default=2))
        widths = Choice((64, 128, 256, 512), default=128)
        units = choose(hp, "units", self.units, widths)
        expansion = choose(
            hp, "expansion", self.expansion, Choice((1, 2, 4), default=2)
        )
        names = Choice(("relu", "silu"))
        activation = choose(hp, "activation", self.activation, names)
        rates = {
            name: choose(
                hp, name, getattr(self, name), Float(0.0, 0.5, default, step=0.05)
            )
            for name, default in zip(_DROPOUTS, (0.2, 0.1), strict=True)
        }
        check_parameters(
            self, n_layers=n_layers, units=units, expansion=expansion, **rates
        )
        check_activation(self, activation)
        x = inputs
        if len(x.shape) > 2:
            x = keras.layers.Flatten()(x)
        x = keras.layers.Dense(units)(x)
        for _ in range(n_layers):
            z = keras.layers.BatchNormalization()(x)
            z = keras.layers.Dense(units * expansion)(z)
            z = self._drop(activate(z, activation), "hidden_dropout", rates)
            z = self._drop(keras.layers.Dense(units)(z), "residual_dropout", rates)
            x = keras.layers.Add()([x, z])
        return activate(keras.layers.BatchNormalization()(x), activation)

    def _drop(self, x, name, rates):
        """Return ``x`` behind a dropout, unless it is known that there is none."""
        if rates[name] > 0 or is_searched(getattr(self, name)):
            return Dropout(rates[name])(x)
        return x
