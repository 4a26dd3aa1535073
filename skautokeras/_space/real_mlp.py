"""The network of RealMLP, behind the columns of a table."""

import keras

from skautokeras._layers.dense import InputScaling, NTKDense, ParametricActivation
from skautokeras._space.block import Block
from skautokeras._space.declaration import Searched
from skautokeras._space.hyperparameters import Choice, Int
from skautokeras._space.shapes import (
    choose_dropout,
    flattened,
    searched_activation,
    searched_dropout,
)


@keras.saving.register_keras_serializable("skautokeras")
class RealMLPBlock(Block):
    """Dense layers that learn at rates of their own, as RealMLP has them.

    A learned factor for each feature comes first. Matrices are in the neural tangent
    parametrisation, and each neuron has a share of its activation that is learned.
    Factors of 6 (features) and 0.1 (biases, activations) on the learning rate of the
    matrices are those that were published; so that learning rates are comparable with
    those of other networks, that of a matrix of 256 inputs is the one of the training.

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

    n_layers = Searched(Int(1, 4, default=3), at_least=1, doc="Number of layers.")
    units = Searched(
        Choice((64, 128, 256, 384, 512), default=256),
        at_least=1,
        doc="Width of all layers.",
    )
    activation = searched_activation(
        Choice(("mish", "selu", "silu", "relu")),
        doc='Name of a Keras activation; "selu" was published for classes, "mish" for '
        "numbers.",
    )
    dropout = searched_dropout(
        "Share of each layer's outputs that is dropped in training.", default=0.15
    )
    start = Searched(
        Choice(("random", "data")),
        doc='Start of the weights. ``"random"`` draws them whatever the data is; '
        '``"data"`` so that sums over the training rows have unit variance and every '
        "neuron bends among these rows. The latter was published, for features of "
        "about unit variance; it makes up for small ones, which behind bins of numbers "
        "is too much.",
    )

    def build(self, hp, inputs):
        """Scale the features and stack the layers."""
        n_layers = self.choose(hp, "n_layers")
        units = self.choose(hp, "units")
        activation = self.choose(hp, "activation")
        drop = choose_dropout(hp, self)
        start = self.choose(hp, "start")
        x = InputScaling()(flattened(inputs))
        for _ in range(n_layers):
            x = NTKDense(units, from_data=start == "data")(x)
            x = drop(ParametricActivation(activation)(x))
        return x
