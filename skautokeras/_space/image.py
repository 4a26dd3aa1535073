"""The block that searches over whole networks for images."""

from dataclasses import replace

import keras

from skautokeras._layers.image import MeanOfMirrored, WithMirrored
from skautokeras._sklearn import HasMethods, StrOptions
from skautokeras._space.augmentation import ImageAugmentation
from skautokeras._space.block import Block, as_tensor, build_block, snake_case
from skautokeras._space.convolution import ConvBlock
from skautokeras._space.efficient_net import EfficientNetBlock
from skautokeras._space.gradients import OrientedGradientsBlock
from skautokeras._space.hyperparameters import (
    SEARCHED,
    Boolean,
    Choice,
    check_parameters,
    choose,
    is_searched,
    when,
)
from skautokeras._space.preprocessing import Normalization
from skautokeras._space.reduction import SpatialReduction
from skautokeras._space.residual import ResNetBlock, XceptionBlock
from skautokeras._space.shapes import IMAGES, check_rank

_NETWORKS = {
    "conv": ConvBlock,
    "res_net": ResNetBlock,
    "xception": XceptionBlock,
    "efficient_net": EfficientNetBlock,
    "oriented_gradients": OrientedGradientsBlock,
}


@keras.saving.register_keras_serializable("skautokeras")
class ImageBlock(Block):
    """A network for images: scaling, augmentation, convolutions, then one row each.

    Parameters
    ----------
    block_type : {"conv", "res_net", "xception", "efficient_net", \
            "oriented_gradients"} or None, default=None
        `ConvBlock`, `ResNetBlock`, `XceptionBlock`, `EfficientNetBlock` or
        `OrientedGradientsBlock`, everything in it being searched. None: searched, like
        every parameter of a block.
    normalize : bool or None, default=None
        Whether `Normalization` comes first.
    augment : bool, Block or None, default=None
        Whether images are varied in training, by `ImageAugmentation` or by the block
        that is given.
    reduction_type : {"flatten", "global_max", "global_avg"} or None, default=None
        How maps become one row of features, as in `SpatialReduction`.
    average_mirrored : bool or None, default=None
        Whether features are averaged over the image and its mirror image in prediction
        (at twice the cost), where training has mirrored images. None: searched.

    Examples
    --------
    >>> from skautokeras import ImageAugmentation, ImageBlock, ImageInput
    >>> block = ImageBlock(block_type="res_net", augment=ImageAugmentation(flip="none"))
    >>> node = block(ImageInput())
    """

    takes_records = True

    _parameter_constraints = {
        "block_type": [StrOptions(set(_NETWORKS)), *SEARCHED],
        "normalize": ["boolean", *SEARCHED],
        "augment": ["boolean", HasMethods("build"), *SEARCHED],
        "average_mirrored": ["boolean", *SEARCHED],
    }

    def __init__(
        self,
        *,
        block_type=None,
        normalize=None,
        augment=None,
        reduction_type=None,
        average_mirrored=None,
    ):
        self.block_type = block_type
        self.normalize = normalize
        self.augment = augment
        self.reduction_type = reduction_type
        self.average_mirrored = average_mirrored

    def build(self, hp, inputs):
        """Build the steps one after another."""
        advice = "Put it on an ImageInput."
        check_rank(self, as_tensor(inputs), {4: IMAGES}, advice)
        normalize = choose(hp, "normalize", self.normalize, Boolean(default=True))
        given = self.augment
        augmentation = ImageAugmentation()
        if isinstance(given, Block):
            augmentation, given = given, True
        augment = choose(hp, "augment", given, Boolean())
        kinds = Choice(tuple(_NETWORKS))
        kind = choose(hp, "block_type", self.block_type, kinds)
        check_parameters(self, normalize=normalize, augment=augment, block_type=kind)
        x, averages = inputs, False
        if normalize:
            x = build_block(hp, "normalization_1", Normalization(), x)
        with when(hp, "augment", given, [True]):
            if augment:
                x = build_block(hp, "image_augmentation_1", augmentation, x)
                averages = self._averages_mirrored(hp, augmentation, x)
        if averages:
            x = replace(x, pixels=WithMirrored()(x.pixels))
        for each_kind, network in _NETWORKS.items():
            with when(hp, "block_type", self.block_type, [each_kind]):
                if each_kind == kind:
                    name = f"{snake_case(network.__name__)}_1"
                    x = build_block(hp, name, network(), x)
        reduction = SpatialReduction(reduction_type=self.reduction_type)
        x = build_block(hp, "spatial_reduction_1", reduction, x)
        return MeanOfMirrored()(x) if averages else x

    def _averages_mirrored(self, hp, augmentation, x):
        """Return whether prediction looks at mirror images as well."""
        given, mirrored = self.average_mirrored, getattr(x, "mirrored", False)
        searched = is_searched(getattr(augmentation, "flip", "none"))
        if isinstance(augmentation, ImageAugmentation) and (searched or mirrored):
            flips, name = ["horizontal", "both"], "image_augmentation_1/flip"
            with when(hp, name, augmentation.flip, flips):
                given = choose(hp, "average_mirrored", given, Boolean(default=True))
        check_parameters(self, average_mirrored=given)
        return bool(given) and mirrored
