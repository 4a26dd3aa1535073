"""The residual network for tables."""

import keras

from skautokeras._space.block import Block
from skautokeras._space.declaration import Searched
from skautokeras._space.hyperparameters import Choice, Int
from skautokeras._space.shapes import (
    activate,
    choose_dropout,
    flattened,
    searched_activation,
    searched_dropout,
)


@keras.saving.register_keras_serializable("skautokeras")
class ResidualDenseBlock(Block):
    """Dense layers in pairs around which their input goes, as ResNet has it for tables.

    A dense layer makes features of a common width, to which each pair adds:
    ``x + dropout(dense(dropout(f(dense(batch_norm(x))))))``. A batch normalization and
    the activation f end it.

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

    n_layers = Searched(Int(1, 4, default=2), at_least=1, doc="Number of pairs.")
    units = Searched(
        Choice((64, 128, 256, 512), default=128),
        at_least=1,
        doc="Width of what the pairs add to.",
    )
    expansion = Searched(
        Choice((1, 2, 4), default=2),
        at_least=1,
        doc="Ratio of the width of the first layer of a pair to ``units``.",
    )
    activation = searched_activation(Choice(("relu", "silu")))
    hidden_dropout = searched_dropout(
        "Share that is dropped in training behind the first layer of a pair.",
        default=0.2,
    )
    residual_dropout = searched_dropout(
        "Share that is dropped in training behind the second layer of a pair.",
        default=0.1,
    )

    def build(self, hp, inputs):
        """Stack the pairs."""
        n_layers = self.choose(hp, "n_layers")
        units = self.choose(hp, "units")
        expansion = self.choose(hp, "expansion")
        activation = self.choose(hp, "activation")
        drop_hidden = choose_dropout(hp, self, "hidden_dropout")
        drop_residual = choose_dropout(hp, self, "residual_dropout")
        x = keras.layers.Dense(units)(flattened(inputs))
        for _ in range(n_layers):
            z = keras.layers.BatchNormalization()(x)
            z = keras.layers.Dense(units * expansion)(z)
            z = drop_hidden(activate(z, activation))
            z = drop_residual(keras.layers.Dense(units)(z))
            x = keras.layers.Add()([x, z])
        return activate(keras.layers.BatchNormalization()(x), activation)
