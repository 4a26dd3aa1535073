"""The block that varies images in training."""

from dataclasses import replace
from numbers import Real

import keras

from skautokeras._layers.image import Cutout, RandomAffine, RandomContrast
from skautokeras._sklearn import Interval, StrOptions
from skautokeras._space.block import Block, as_tensor
from skautokeras._space.hyperparameters import (
    SEARCHED,
    Choice,
    Float,
    check_parameters,
    choose,
)
from skautokeras._space.records import Image
from skautokeras._space.shapes import IMAGES, check_rank

_SHARE = Interval(Real, 0, 1, closed="left")
# The last hyperparameters of the block; the order is that of the layers.
_RANGES = {
    "flip": Choice(("none", "horizontal", "both")),
    "translation": Float(0.0, 0.2, default=0.1, step=0.05),
    "rotation": Float(0.0, 30.0, step=5.0),
    "zoom": Float(0.0, 0.3, step=0.05),
    # Four pixels of 32, and squares of eight, are 1/8 and 1/4.
    "crop": Float(0.0, 0.25, step=0.0625),
    "contrast": Float(0.0, 0.5, step=0.1),
    "cutout": Float(0.0, 0.5, step=0.125),
}


@keras.saving.register_keras_serializable("skautokeras")
class ImageAugmentation(Block):
    """Vary every image at random, each time it is seen in training.

    Images in, images out; nothing happens in prediction. Flips, shifts, zoom and
    rotation are one interpolation.

    Parameters
    ----------
    flip : {"none", "horizontal", "both"} or None, default=None
        Along which axes half of the images are mirrored. None: searched, like every
        parameter of a block.
    translation : float or None, default=None
        Greatest shift as a share of height and width.
    rotation : float or None, default=None
        Greatest angle in degrees.
    zoom : float or None, default=None
        Greatest change of the size: 0.1 for 0.9 to 1.1.
    contrast : float or None, default=None
        Greatest change of the contrast: 0.1 for 0.9 to 1.1.
    crop : float or None, default=None
        Greatest shift by whole pixels as a share of height and width, which is what
        padding and random cropping comes to: 0.125 for four pixels of 32.
    cutout : float or None, default=None
        Side of a square that is covered with the mean colour, as a share of the shorter
        side of the image.
    fill : {"black", "reflect"} or None, default=None
        What is seen beyond the edges: nothing, or the image mirrored. None: searched,
        beginning with "black" for images of one channel and "reflect" for colours.

    Examples
    --------
    >>> from skautokeras import ConvBlock, ImageAugmentation, ImageInput
    >>> node = ConvBlock()(ImageAugmentation(flip="none", rotation=10)(ImageInput()))
    """

    takes_records = True

    _parameter_constraints = {
        "flip": [StrOptions({"none", "horizontal", "both"}), *SEARCHED],
        "translation": [_SHARE, *SEARCHED],
        "rotation": [Interval(Real, 0, 180, closed="both"), *SEARCHED],
        "zoom": [_SHARE, *SEARCHED],
        "contrast": [Interval(Real, 0, 1, closed="both"), *SEARCHED],
        "crop": [_SHARE, *SEARCHED],
        "cutout": [Interval(Real, 0, 1, closed="both"), *SEARCHED],
        "fill": [StrOptions({"black", "reflect"}), *SEARCHED],
    }

    def __init__(
        self,
        *,
        flip=None,
        translation=None,
        rotation=None,
        zoom=None,
        contrast=None,
        crop=None,
        cutout=None,
        fill=None,
    ):
        self.flip = flip
        self.translation = translation
        self.rotation = rotation
        self.zoom = zoom
        self.contrast = contrast
        self.crop = crop
        self.cutout = cutout
        self.fill = fill

    def build(self, hp, inputs):
        """Put the layers that vary something behind each other."""
        x = as_tensor(inputs)
        check_rank(self, x, {4: IMAGES}, "Put it on an ImageInput.")
        values = {
            name: choose(hp, name, getattr(self, name), space)
            for name, space in _RANGES.items()
        }
        fills = Choice(
            ("black", "reflect") if x.shape[-1] == 1 else ("reflect", "black")
        )
        fill = choose(hp, "fill", self.fill, fills)
        check_parameters(self, **values, fill=fill)
        is_image = isinstance(inputs, Image)
        contrast, cutout = values.pop("contrast"), values.pop("cutout")
        mirrors = values["flip"] != "none"
        if mirrors or any(value for name, value in values.items() if name != "flip"):
            black = inputs.black if is_image else [0.0] * x.shape[-1]
            x = RandomAffine(**values, fill=black if fill == "black" else None)(x)
        if contrast:
            x = RandomContrast(contrast)(x)
        if cutout:
            x = Cutout(cutout, fill=inputs.mean if is_image else 0.0)(x)
        if not is_image:
            return x
        return replace(inputs, pixels=x, mirrored=mirrors or inputs.mirrored)
