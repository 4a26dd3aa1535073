"""Fully connected networks."""

import keras

from skautokeras._space.block import Block
from skautokeras._space.declaration import Searched
from skautokeras._space.hyperparameters import Boolean, Choice, Int
from skautokeras._space.shapes import (
    activate,
    choose_dropout,
    flattened,
    searched_activation,
    searched_dropout,
)


@keras.saving.register_keras_serializable("skautokeras")
class DenseBlock(Block):
    """Fully connected layers, each with activation and dropout.

    Examples
    --------
    >>> from skautokeras import DenseBlock, StructuredDataInput
    >>> DenseBlock(n_layers=2, dropout=0.1)
    DenseBlock(n_layers=2, dropout=0.1)
    """

    n_layers = Searched(Int(1, 4, default=3), at_least=1, doc="Number of layers.")
    units = Searched(
        Choice((32, 64, 128, 256, 512), default=256),
        at_least=1,
        doc="Width of each layer, searched for each layer by itself.",
    )
    activation = searched_activation(Choice(("relu", "silu", "selu", "mish")))
    use_batchnorm = Searched(
        Boolean(), doc="Whether a batch normalization precedes each activation."
    )
    residual = Searched(
        Boolean(),
        doc="Whether a layer as wide as its input adds that input to its output.",
    )
    dropout = searched_dropout(
        "Share of each layer's outputs that is dropped in training.", default=0.1
    )

    def build(self, hp, inputs):
        """Stack the layers."""
        x = flattened(inputs)
        # The number of layers comes first in the search space, the widths come last.
        self.choose(hp, "n_layers")
        activation = self.choose(hp, "activation")
        use_batchnorm = self.choose(hp, "use_batchnorm")
        residual = self.choose(hp, "residual")
        drop = choose_dropout(hp, self)
        for width in self.choose_each(hp, "units", "n_layers"):
            skip = x
            x = keras.layers.Dense(width)(x)
            if use_batchnorm:
                x = keras.layers.BatchNormalization()(x)
            x = drop(activate(x, activation))
            if residual and skip.shape[-1] == width:
                x = keras.layers.Add()([skip, x])
        return x
