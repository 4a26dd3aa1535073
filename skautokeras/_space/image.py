"""The block that searches over whole networks for images."""

from contextlib import nullcontext
from dataclasses import replace

import keras

from skautokeras._layers.image import MeanOfMirrored, WithMirrored
from skautokeras._space.augmentation import ImageAugmentation
from skautokeras._space.block import Block, as_tensor, build_block, build_chosen
from skautokeras._space.convolution import ConvBlock
from skautokeras._space.declaration import Searched
from skautokeras._space.efficient_net import EfficientNetBlock
from skautokeras._space.gradients import OrientedGradientsBlock
from skautokeras._space.hyperparameters import Boolean, Choice
from skautokeras._space.portfolio.images import for_images, rank_for_images
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

    Examples
    --------
    >>> from skautokeras import ImageAugmentation, ImageBlock, ImageInput
    >>> block = ImageBlock(block_type="res_net", augment=ImageAugmentation(flip="none"))
    >>> node = block(ImageInput())
    """

    takes_records = True
    training_priority = 3

    block_type = Searched(
        Choice(tuple(_NETWORKS)),
        doc="Kind of the network: `ConvBlock`, `ResNetBlock`, `XceptionBlock`, "
        "`EfficientNetBlock` or `OrientedGradientsBlock`, everything in it being "
        "searched.",
    )
    normalize = Searched(
        Boolean(default=True), doc="Whether `Normalization` comes first."
    )
    augment = Searched(
        Boolean(),
        (Block,),
        doc="Whether images are varied in training, by `ImageAugmentation` or by the "
        "block that is given.",
    )
    reduction_type = replace(
        SpatialReduction.reduction_type,
        doc="Way to make one row of features of maps, as in `SpatialReduction`.",
    )
    average_mirrored = Searched(
        Boolean(default=True),
        doc="Whether features are averaged over the image and its mirror image in "
        "prediction (at twice the cost), where training has mirrored images.",
    )

    def build(self, hp, inputs):
        """Build the steps one after another."""
        advice = "Put it on an ImageInput."
        check_rank(self, as_tensor(inputs), {4: IMAGES}, advice)
        normalize = self.choose(hp, "normalize")
        augment = self.choose(hp, "augment")
        kind = self.choose(hp, "block_type")
        x, averages = inputs, False
        if normalize:
            x = build_block(hp, "normalization_1", Normalization(), x)
        with self.when(hp, "augment", [True]):
            if augment:
                varied = augment if isinstance(augment, Block) else ImageAugmentation()
                x = build_block(hp, "image_augmentation_1", varied, x)
                averages = self._averages_mirrored(hp, varied, x)
        if averages:
            x = replace(x, pixels=WithMirrored()(x.pixels))
        x = build_chosen(hp, self, kind, _NETWORKS, x)
        reduction = SpatialReduction(reduction_type=self.reduction_type)
        x = build_block(hp, "spatial_reduction_1", reduction, x)
        return MeanOfMirrored()(x) if averages else x

    def known_configurations(self, schemas, targets):
        """Return the configurations for images like these."""
        return for_images(schemas)

    def rank(self, values, schemas, targets):
        """Return whether a configuration comes behind others."""
        return rank_for_images(values, schemas)

    def _averages_mirrored(self, hp, augmentation, x):
        """Return whether prediction looks at mirror images as well."""
        mirrored = getattr(x, "mirrored", False)
        if not isinstance(augmentation, ImageAugmentation):
            return bool(self.average_mirrored) and mirrored
        flip_is_searched = augmentation.is_searched("flip")
        if not (flip_is_searched or mirrored):
            return False
        flips, name = ["horizontal", "both"], "image_augmentation_1/flip"
        scope = hp.conditional_scope(name, flips) if flip_is_searched else nullcontext()
        with scope:
            return bool(self.choose(hp, "average_mirrored")) and mirrored
