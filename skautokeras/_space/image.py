"""The block that searches over whole networks for images."""

from contextlib import nullcontext
from dataclasses import replace

import keras

from skautokeras._layers.image import MeanOfMirrored, WithMirrored
from skautokeras._space.augmentation import ImageAugmentation
from skautokeras._space.block import Block, as_tensor, build_block, build_chosen
from skautokeras._space.convolution import ConvBlock
from skautokeras._space.declaration import Fixed, Searched, check_parameters
from skautokeras._space.efficient_net import EfficientNetBlock
from skautokeras._space.gradients import OrientedGradientsBlock
from skautokeras._space.hyperparameters import Boolean, Choice
from skautokeras._space.image_models import IMAGENET
from skautokeras._space.portfolio.images import are_few, for_images, rank_for_images
from skautokeras._space.preprocessing import Normalization
from skautokeras._space.pretrained import (
    PRETRAINED,
    PRETRAINED_KINDS,
    PretrainedBlock,
)
from skautokeras._space.records import Image
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
class ImageBlock(PretrainedBlock):
    """A network for images, trained from random weights or pretrained.

    A network that is learned consists of scaling, augmentation, convolutions, and a
    step that makes one row of each image.

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
        allowed=(*_NETWORKS, *PRETRAINED_KINDS),
        doc="Kind of the network: `ConvBlock`, `ResNetBlock`, `XceptionBlock`, "
        "`EfficientNetBlock` or `OrientedGradientsBlock`, everything in it being "
        "searched. The last two need ``pretrained`` weights: with "
        '``"pretrained"`` they stay as they are, and a `DenseBlock` may stand behind '
        'the vectors; with ``"tuned"`` they are trained further. Both are an '
        "`EfficientNetBlock` with these weights.",
    )
    pretrained = Fixed(
        PRETRAINED,
        doc='Pretrained model: "imagenet", which stands for '
        '``"efficientnetv2_b0"``; the name of another network of '
        "`keras.applications`, whose weights Keras downloads once; a file of its "
        "weights whose name contains that of the network, such as "
        "``EfficientNetB0.weights.h5``; a file ``.keras`` of a network from pixels "
        "between 0 and 255 to maps or vectors; the name or the folder of a preset of "
        "KerasHub, or a folder of Hugging Face or timm that KerasHub reads; or a list "
        "of these. ``weights`` of `EfficientNetBlock` takes one of them. If None, "
        "there is none, and nothing is downloaded.",
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
        check_parameters(self)
        kind, preset = self._choose_kind(hp)
        x, averages = None, False
        with self.when(hp, "block_type", ["pretrained"]):
            if kind == "pretrained":
                x = self._pretrained(hp, inputs, preset)
        # All kinds but that one, of which there may be none.
        learned = [*_NETWORKS, "tuned"]
        scope = self.when(hp, "block_type", learned) if self.presets else nullcontext()
        with scope:
            if kind in learned:
                x = inputs if kind == "tuned" else _reduced(inputs)
                x, averages = self._prepared(hp, x)
        with self.when(hp, "block_type", ["tuned"]):
            if kind == "tuned":
                block = EfficientNetBlock(weights=preset, trainable=True)
                x = build_block(hp, "tuned_1", block, x)
        maps = build_chosen(hp, self, kind, _NETWORKS, x)
        scope = self.when(hp, "block_type", list(_NETWORKS))
        with scope if self.presets else nullcontext():
            if kind in _NETWORKS:
                reduction = SpatialReduction(reduction_type=self.reduction_type)
                x = build_block(hp, "spatial_reduction_1", reduction, maps)
        return MeanOfMirrored()(x) if averages else x

    def _prepared(self, hp, inputs):
        """Return images as they are learned from, and whether mirrored ones count."""
        normalize = self.choose(hp, "normalize")
        augment = self.choose(hp, "augment")
        x, averages = inputs, False
        if normalize:
            x = build_block(hp, "normalization_1", Normalization(), x)
        with self.when(hp, "augment", [True]):
            if augment:
                varied = augment if isinstance(augment, Block) else ImageAugmentation()
                before, x = x, build_block(hp, "image_augmentation_1", varied, x)
                if isinstance(before, Image) and not isinstance(x, Image):
                    # A block of the user returns a tensor, of the same pixels.
                    x = before.with_tensor(as_tensor(x))
                averages = self._averages_mirrored(hp, varied, before, x)
        if averages:
            x = replace(x, pixels=WithMirrored()(x.pixels))
        return x, averages

    def _pretrained(self, hp, inputs, preset):
        """Return the vectors of a pretrained model, and what may stand behind them."""
        block = EfficientNetBlock(weights=preset, trainable=False)
        return self._behind_vectors(hp, build_block(hp, "frozen_1", block, inputs))

    @property
    def presets(self):
        """The names, files or folders of the pretrained models."""
        return tuple(IMAGENET if n == "imagenet" else n for n in super().presets)

    def known_configurations(self, schemas, targets):
        """Return the configurations for images like these."""
        return for_images(schemas, self.presets)

    def takes_long(self, values, schemas):
        """Return whether pretrained weights are trained further, on many images."""
        return super().takes_long(values, schemas) and not are_few(schemas)

    def rank(self, values, schemas, targets):
        """Return whether a configuration comes behind others."""
        return rank_for_images(values, schemas)

    def _averages_mirrored(self, hp, augmentation, before, x):
        """Return whether prediction looks at mirror images as well."""
        mirrored = getattr(x, "mirrored", False)
        depends_on_flip = (
            isinstance(augmentation, ImageAugmentation)
            and augmentation.is_searched("flip")
            and not getattr(before, "mirrored", False)
        )
        if not (depends_on_flip or mirrored):
            return False
        scope = nullcontext()
        if depends_on_flip:
            flips = ["horizontal", "both"]
            scope = hp.conditional_scope("image_augmentation_1/flip", flips)
        with scope:
            return bool(self.choose(hp, "average_mirrored")) and mirrored


def _reduced(inputs):
    """Return images of the size that networks without pretrained weights learn from."""
    if not isinstance(inputs, Image) or inputs.learned_size is None:
        return inputs
    resizing = keras.layers.Resizing(*inputs.learned_size, dtype="float32")
    return replace(inputs.with_tensor(resizing(inputs.pixels)), learned_size=None)
