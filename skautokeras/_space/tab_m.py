"""The network of TabM, behind the columns of a table."""

import keras

from skautokeras._layers.ensemble import BatchEnsembleDense, MemberScaling
from skautokeras._space.block import Block
from skautokeras._space.declaration import Searched
from skautokeras._space.hyperparameters import Boolean, Choice, Int
from skautokeras._space.records import Members
from skautokeras._space.shapes import (
    activate,
    choose_dropout,
    flattened,
    searched_activation,
    searched_dropout,
)


@keras.saving.register_keras_serializable("skautokeras")
class TabMBlock(Block):
    """Many networks in one: they share their matrices and predict by their mean.

    Every member scales the features in its own way, and has its own head. Each is
    trained by its own loss; what is predicted is the mean of their probabilities or
    numbers. Behind other blocks than a head, members are averaged at once.

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

    n_members = Searched(
        Choice((8, 16, 32), default=16), at_least=1, doc="Number of networks."
    )
    n_layers = Searched(Int(1, 4, default=2), at_least=1, doc="Number of layers.")
    units = Searched(
        Choice((64, 128, 256, 512), default=128),
        at_least=1,
        doc="Width of all layers.",
    )
    activation = searched_activation(Choice(("relu", "silu")))
    use_batchnorm = Searched(
        Boolean(),
        doc="Whether a batch normalization, of all members alike, precedes each "
        "activation.",
    )
    dropout = searched_dropout(
        "Share of each layer's outputs that is dropped in training.", default=0.1
    )
    adapters = Searched(
        Choice(("first", "all")),
        doc='Parts that members do not share. ``"first"``: they scale the features and '
        'share the layers (TabM-mini). ``"all"``: they scale inputs and outputs of '
        "each layer as well, and have their own biases (TabM).",
    )

    def build(self, hp, inputs):
        """Stack the layers of all members."""
        n_members = self.choose(hp, "n_members")
        n_layers = self.choose(hp, "n_layers")
        units = self.choose(hp, "units")
        activation = self.choose(hp, "activation")
        use_batchnorm = self.choose(hp, "use_batchnorm")
        drop = choose_dropout(hp, self)
        adapters = self.choose(hp, "adapters")
        dense = keras.layers.Dense if adapters == "first" else BatchEnsembleDense
        x = MemberScaling(n_members)(flattened(inputs))
        for _ in range(n_layers):
            x = dense(units)(x)
            if use_batchnorm:
                x = keras.layers.BatchNormalization()(x)
            x = drop(activate(x, activation))
        return Members(x)
