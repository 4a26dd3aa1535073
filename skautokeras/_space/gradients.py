"""The block that describes images without learning how."""

import keras

from skautokeras._layers.gradients import OrientedGradients
from skautokeras._space.block import Block
from skautokeras._space.declaration import Searched
from skautokeras._space.hyperparameters import Choice
from skautokeras._space.shapes import IMAGES, check_rank


@keras.saving.register_keras_serializable("skautokeras")
class OrientedGradientsBlock(Block):
    """Histograms of oriented gradients: what a few hundred images can be told by.

    How strong edges are, by place and direction (Dalal and Triggs, CVPR 2005). Nothing
    of it is trained, so it is ready in seconds, and better than convolutions where
    there are too few images to learn those from. Values have mean 0 over the training
    images, and a variance that adds up to 1: what follows starts small, as ridge
    regression does. Returns maps (batch, n_cells, n_cells, n_directions).

    Examples
    --------
    >>> from skautokeras import Flatten, ImageInput, OrientedGradientsBlock
    >>> node = Flatten()(OrientedGradientsBlock(n_cells=8)(ImageInput()))
    """

    n_cells = Searched(
        Choice((4, 8, 16), default=8),
        at_least=1,
        doc="Cells along each side of an image.",
    )
    n_directions = Searched(
        Choice((4, 8), default=8),
        at_least=1,
        doc="Directions that are told apart in each cell.",
    )

    def build(self, hp, inputs):
        """Describe the images, then scale what was found."""
        advice = "Put it on an ImageInput, or on ImageAugmentation of one."
        check_rank(self, inputs, {4: IMAGES}, advice)
        n_cells = self.choose(hp, "n_cells")
        n_directions = self.choose(hp, "n_directions")
        x = OrientedGradients(n_cells, n_directions)(inputs)
        shape = tuple(x.shape[1:])
        x = keras.layers.Flatten()(x)
        n_features = x.shape[-1]
        # Each value has a scale of its own: far cells are darker, say.
        scaling = keras.layers.BatchNormalization(
            momentum=0.9, epsilon=1e-6, center=False, scale=False
        )
        x = keras.layers.Rescaling(n_features**-0.5)(scaling(x))
        return keras.layers.Reshape(shape)(x)
