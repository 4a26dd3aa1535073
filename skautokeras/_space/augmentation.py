"""The block that varies images in training."""

from dataclasses import replace

import keras

from skautokeras._layers.image import Cutout, RandomAffine, RandomContrast
from skautokeras._space.block import Block, as_tensor
from skautokeras._space.declaration import Searched
from skautokeras._space.hyperparameters import Choice, Float
from skautokeras._space.records import Image
from skautokeras._space.shapes import IMAGES, check_rank

# Hyperparameters of what is done to an image in one interpolation.
_MOVES = ("flip", "translation", "rotation", "zoom", "crop")


@keras.saving.register_keras_serializable("skautokeras")
class ImageAugmentation(Block):
    """Vary every image at random, each time it is seen in training.

    Images in, images out; nothing happens in prediction. Flips, shifts, zoom and
    rotation are one interpolation.

    Examples
    --------
    >>> from skautokeras import ConvBlock, ImageAugmentation, ImageInput
    >>> node = ConvBlock()(ImageAugmentation(flip="none", rotation=10)(ImageInput()))
    """

    takes_records = True

    flip = Searched(
        Choice(("none", "horizontal", "both")),
        doc="Axes along which half of the images are mirrored.",
    )
    translation = Searched(
        Float(0.0, 0.2, default=0.1, step=0.05),
        at_least=0,
        below=1,
        doc="Greatest shift as a share of height and width.",
    )
    rotation = Searched(
        Float(0.0, 30.0, step=5.0),
        at_least=0,
        at_most=180,
        doc="Greatest angle in degrees.",
    )
    zoom = Searched(
        Float(0.0, 0.3, step=0.05),
        at_least=0,
        below=1,
        doc="Greatest change of the size: 0.1 for 0.9 to 1.1.",
    )
    contrast = Searched(
        Float(0.0, 0.5, step=0.1),
        at_least=0,
        at_most=1,
        doc="Greatest change of the contrast: 0.1 for 0.9 to 1.1.",
    )
    # Four pixels of 32, and squares of eight, are 1/8 and 1/4.
    crop = Searched(
        Float(0.0, 0.25, step=0.0625),
        at_least=0,
        below=1,
        doc="Greatest shift by whole pixels as a share of height and width, which is "
        "what padding and random cropping comes to: 0.125 for four pixels of 32.",
    )
    cutout = Searched(
        Float(0.0, 0.5, step=0.125),
        at_least=0,
        at_most=1,
        doc="Side of a square that is covered with the mean colour, as a share of the "
        "shorter side of the image.",
    )
    fill = Searched(
        Choice(("black", "reflect")),
        doc='Pixels beyond the edges: "black" for nothing, "reflect" for the image '
        'mirrored. If None, both are tried, "black" first for images of one channel '
        'and "reflect" first for colours.',
    )

    def build(self, hp, inputs):
        """Put the layers that vary something behind each other."""
        x = as_tensor(inputs)
        check_rank(self, x, {4: IMAGES}, "Put it on an ImageInput.")
        moves = {name: self.choose(hp, name) for name in _MOVES}
        contrast = self.choose(hp, "contrast")
        cutout = self.choose(hp, "cutout")
        fills = self.declaration("fill").range.values
        fill = self.choose(hp, "fill", Choice(fills[:: 1 if x.shape[-1] == 1 else -1]))
        is_image = isinstance(inputs, Image)
        mirrors = moves["flip"] != "none"
        if mirrors or any(value for name, value in moves.items() if name != "flip"):
            black = inputs.black if is_image else [0.0] * x.shape[-1]
            x = RandomAffine(**moves, fill=black if fill == "black" else None)(x)
        if contrast:
            x = RandomContrast(contrast)(x)
        if cutout:
            x = Cutout(cutout, fill=inputs.mean if is_image else 0.0)(x)
        if not is_image:
            return x
        varied = inputs.with_tensor(x)
        return replace(varied, mirrored=mirrors or inputs.mirrored)
