"""The block that takes whatever comes."""

import keras

from skautokeras._space.attention import TransformerBlock
from skautokeras._space.block import (
    Block,
    as_tensor,
    build_block,
    build_chosen,
    inner_name,
)
from skautokeras._space.convolution import ConvBlock
from skautokeras._space.declaration import Searched, check_parameters
from skautokeras._space.dense import DenseBlock
from skautokeras._space.hyperparameters import Choice
from skautokeras._space.image import ImageBlock
from skautokeras._space.recurrent import RNNBlock
from skautokeras._space.reduction import TemporalReduction
from skautokeras._space.shapes import IMAGES, SERIES, check_rank

_SERIES_NETWORKS = {"rnn": RNNBlock, "conv": ConvBlock, "transformer": TransformerBlock}
# The networks that return series.
_WITH_REDUCTION = ["conv", "transformer"]


@keras.saving.register_keras_serializable("skautokeras")
class GeneralBlock(Block):
    """A network that fits what it is built on.

    The default block of an input for its records (`ImageBlock` for images),
    `DenseBlock` for features (batch, features); for series (batch, steps, channels) a
    choice of networks. What comes out is one row of features for every sample.

    Examples
    --------
    >>> from skautokeras import GeneralBlock, Input
    >>> node = GeneralBlock()(Input())
    """

    takes_records = True

    block_type = Searched(
        Choice(tuple(_SERIES_NETWORKS)),
        doc="Kind of the network for series: `RNNBlock`, `ConvBlock` or "
        "`TransformerBlock`, the last two with `TemporalReduction`.",
    )

    def build(self, hp, inputs):
        """Build the network that fits."""
        check_parameters(self)
        default_block = getattr(inputs, "default_block", None)
        if default_block is not None:
            block = default_block()
        else:
            inputs = as_tensor(inputs)
            ranks = {2: "features (batch, features)", 3: SERIES, 4: IMAGES}
            check_rank(self, inputs, ranks, "Put Flatten before it.")
            if len(inputs.shape) == 3:
                return self._on_series(hp, inputs)
            block = DenseBlock() if len(inputs.shape) == 2 else ImageBlock()
        return build_block(hp, inner_name(type(block)), block, inputs)

    def _on_series(self, hp, x):
        """Return the features that one of the networks makes of series."""
        kind = self.choose(hp, "block_type")
        x = build_chosen(hp, self, kind, _SERIES_NETWORKS, x)
        with self.when(hp, "block_type", _WITH_REDUCTION):
            if kind in _WITH_REDUCTION:
                x = build_block(hp, "temporal_reduction_1", TemporalReduction(), x)
        return x
