"""The network of TabM, behind the columns of a table."""

from numbers import Integral, Real

import keras

from skautokeras._layers.ensemble import BatchEnsembleDense, MemberScaling
from skautokeras._layers.regularization import Dropout
from skautokeras._sklearn import Interval, StrOptions
from skautokeras._space.block import Block
from skautokeras._space.hyperparameters import (
    SEARCHED,
    Boolean,
    Choice,
    Float,
    Int,
    check_parameters,
    choose,
)
from skautokeras._space.records import Members
from skautokeras._space.shapes import activate, check_activation, choose_dropout

_ADAPTERS = ("first", "all")


@keras.saving.register_keras_serializable("skautokeras")
class TabMBlock(Block):
    """Many networks in one: they share their matrices and predict by their mean.

    Every member scales the features in its own way, and has its own head. Each is
    trained by its own loss; what is predicted is the mean of their probabilities or
    numbers. Behind other blocks than a head, members are averaged at once.

    Parameters
    ----------
    n_members : int or None, default=None
        Number of networks. None: searched, like every parameter of a block.
    n_layers : int or None, default=None
        Number of layers.
    units : int or None, default=None
        Width of all layers.
    activation : str or None, default=None
        Name of a Keras activation.
    use_batchnorm : bool or None, default=None
        Whether a batch normalization, of all members alike, precedes each activation.
    dropout : float or None, default=None
        Share of each layer's outputs that is dropped in training.
    adapters : {"first", "all"} or None, default=None
        ``"first"``: members scale the features and share the layers (TabM-mini).
        ``"all"``: they scale inputs and outputs of each layer as well, and have their
        own biases (TabM).

    References
    ----------
    Yury Gorishniy, Akim Kotelnikov and Artem Babenko, "TabM: advancing tabular deep
    learning with parameter-efficient ensembling", arXiv:2410.24210.

    Examples
    --------
    >>> from skautokeras import StructuredDataInput, TabMBlock
    >>> TabMBlock(n_members=16, n_layers=2)(StructuredDataInput()).block
    TabMBlock(n_members=16, n_layers=2)
    """

    _parameter_constraints = {
        "n_members": [Interval(Integral, 1, None, closed="left"), *SEARCHED],
        "n_layers": [Interval(Integral, 1, None, closed="left"), *SEARCHED],
        "units": [Interval(Integral, 1, None, closed="left"), *SEARCHED],
        "use_batchnorm": ["boolean", *SEARCHED],
        "dropout": [Interval(Real, 0, 1, closed="left"), *SEARCHED],
        "adapters": [StrOptions(set(_ADAPTERS)), *SEARCHED],
    }

    def __init__(
        self,
        *,
        n_members=None,
        n_layers=None,
        units=None,
        activation=None,
        use_batchnorm=None,
        dropout=None,
        adapters=None,
    ):
        self.n_members = n_members
        self.n_layers = n_layers
        self.units = units
        self.activation = activation
        self.use_batchnorm = use_batchnorm
        self.dropout = dropout
        self.adapters = adapters

    def build(self, hp, inputs):
        """Stack the layers of all members."""
        sizes = Choice((8, 16, 32), default=16)
        n_members = choose(hp, "n_members", self.n_members, sizes)
        n_layers = choose(hp, "n_layers", self.n_layers, Int(1, 4, default=2))
        widths = Choice((64, 128, 256, 512), default=128)
        units = choose(hp, "units", self.units, widths)
        names = Choice(("relu", "silu"))
        activation = choose(hp, "activation", self.activation, names)
        use_batchnorm = choose(hp, "use_batchnorm", self.use_batchnorm, Boolean())
        rates = Float(0.0, 0.5, default=0.1, step=0.05)
        dropout, has_dropout = choose_dropout(hp, self.dropout, rates)
        adapters = choose(hp, "adapters", self.adapters, Choice(_ADAPTERS))
        check_parameters(
            self,
            n_members=n_members,
            n_layers=n_layers,
            units=units,
            dropout=dropout,
            adapters=adapters,
        )
        check_activation(self, activation)
        dense = keras.layers.Dense if adapters == "first" else BatchEnsembleDense
        x = inputs
        if len(x.shape) > 2:
            x = keras.layers.Flatten()(x)
        x = MemberScaling(n_members)(x)
        for _ in range(n_layers):
            x = dense(units)(x)
            if use_batchnorm:
                x = keras.layers.BatchNormalization()(x)
            x = activate(x, activation)
            if has_dropout:
                x = Dropout(dropout)(x)
        return Members(x)
