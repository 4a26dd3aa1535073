"""Blocks that bring tensors together or into another shape."""

from dataclasses import replace

import keras

from skautokeras._space.block import Block
from skautokeras._space.declaration import Searched
from skautokeras._space.hyperparameters import Choice
from skautokeras._space.shapes import IMAGES, SERIES, check_rank, flattened


@keras.saving.register_keras_serializable("skautokeras")
class Flatten(Block):
    """Make one row of features of every sample.

    Examples
    --------
    >>> from skautokeras import Flatten, Input
    >>> node = Flatten()(Input())
    """

    def build(self, hp, inputs):
        """Flatten all axes but the first."""
        return flattened(inputs)


@keras.saving.register_keras_serializable("skautokeras")
class SpatialReduction(Block):
    """Make one row of features of every map (batch, height, width, channels).

    Examples
    --------
    >>> from skautokeras import ConvBlock, ImageInput, SpatialReduction
    >>> node = SpatialReduction()(ConvBlock()(ImageInput()))
    """

    reduction_type = Searched(
        Choice(("flatten", "global_max", "global_avg"), default="global_avg"),
        doc="Way to one row: all values side by side, or the greatest or the mean of "
        "each channel.",
    )

    def build(self, hp, inputs):
        """Reduce height and width."""
        advice = "Put it behind a ConvBlock or another block of images."
        check_rank(self, inputs, {4: IMAGES}, advice)
        kind = self.choose(hp, "reduction_type")
        return reduce(inputs, kind)


@keras.saving.register_keras_serializable("skautokeras")
class TemporalReduction(Block):
    """Make one row of features of every series (batch, steps, channels).

    Examples
    --------
    >>> from skautokeras import Input, TemporalReduction, TransformerBlock
    >>> node = TemporalReduction()(TransformerBlock()(Input()))
    """

    reduction_type = Searched(
        Choice(("flatten", "global_max", "global_avg", "last"), default="global_avg"),
        doc="Way to one row: all values side by side, the greatest or the mean of each "
        "channel, or the last step.",
    )

    def build(self, hp, inputs):
        """Reduce the steps."""
        advice = "Put it behind an RNNBlock(return_sequences=True) or a ConvBlock."
        check_rank(self, inputs, {3: SERIES}, advice)
        kind = self.choose(hp, "reduction_type")
        return reduce(inputs, kind)


def reduce(x, kind):
    """Return (batch, features) of a series or of maps.

    Parameters
    ----------
    x : keras.KerasTensor
        (batch, steps, channels) or (batch, height, width, channels); anything else is
        flattened.
    kind : {"flatten", "global_max", "global_avg", "last"}
        Way to one row, as in `SpatialReduction` and `TemporalReduction`.
    """
    layers = {
        (3, "global_max"): keras.layers.GlobalMaxPooling1D,
        (3, "global_avg"): keras.layers.GlobalAveragePooling1D,
        (4, "global_max"): keras.layers.GlobalMaxPooling2D,
        (4, "global_avg"): keras.layers.GlobalAveragePooling2D,
    }
    if kind == "last":
        return x[:, -1]
    return layers.get((len(x.shape), kind), keras.layers.Flatten)()(x)


@keras.saving.register_keras_serializable("skautokeras")
class Merge(Block):
    """Bring several branches together.

    Branches of the same axes are merged as they are; of others, such as maps of an
    image and features of a table, each is made one row of features first.

    Examples
    --------
    >>> from skautokeras import DenseBlock, Merge, StructuredDataInput
    >>> node = StructuredDataInput()
    >>> merged = Merge()([DenseBlock()(node), DenseBlock()(node)])
    """

    merge_type = Searched(
        Choice(("concatenate", "add")),
        doc="Way to bring branches together. Before an addition, branches of another "
        "width than the first are projected to it by a dense layer.",
    )
    reduction_type = replace(
        SpatialReduction.reduction_type,
        doc="Way to make one row of series and maps where branches differ in their "
        "axes, as in `SpatialReduction`.",
    )

    def build(self, hp, inputs):
        """Merge the tensors."""
        tensors = inputs if isinstance(inputs, list) else [inputs]
        if len(tensors) == 1:
            return tensors[0]
        kind = self.choose(hp, "merge_type")
        if len({tuple(x.shape[:-1]) for x in tensors}) > 1:
            tensors = self._reduced(hp, tensors)
        if kind == "concatenate":
            return keras.layers.Concatenate()(tensors)
        width = tensors[0].shape[-1]
        return keras.layers.Add()(
            [
                x if x.shape[-1] == width else keras.layers.Dense(width)(x)
                for x in tensors
            ]
        )

    def _reduced(self, hp, tensors):
        """Return each branch as (batch, features)."""
        kind = self.choose(hp, "reduction_type")
        return [x if len(x.shape) == 2 else reduce(x, kind) for x in tensors]
