"""Blocks that bring tensors together or into another shape."""

import keras

from skautokeras._sklearn import StrOptions
from skautokeras._space.block import Block
from skautokeras._space.hyperparameters import (
    SEARCHED,
    Choice,
    check_parameters,
    choose,
)
from skautokeras._space.shapes import IMAGES, SERIES, check_rank

_KINDS = ("flatten", "global_max", "global_avg")


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
        return inputs if len(inputs.shape) == 2 else keras.layers.Flatten()(inputs)


@keras.saving.register_keras_serializable("skautokeras")
class SpatialReduction(Block):
    """Make one row of features of every map (batch, height, width, channels).

    Parameters
    ----------
    reduction_type : {"flatten", "global_max", "global_avg"} or None, default=None
        All values side by side, or the greatest or the mean of each channel. None:
        searched.

    Examples
    --------
    >>> from skautokeras import ConvBlock, ImageInput, SpatialReduction
    >>> node = SpatialReduction()(ConvBlock()(ImageInput()))
    """

    _parameter_constraints = {"reduction_type": [StrOptions(set(_KINDS)), *SEARCHED]}

    def __init__(self, *, reduction_type=None):
        self.reduction_type = reduction_type

    def build(self, hp, inputs):
        """Reduce height and width."""
        advice = "Put it behind a ConvBlock or another block of images."
        check_rank(self, inputs, {4: IMAGES}, advice)
        kinds = Choice(_KINDS, default="global_avg")
        kind = choose(hp, "reduction_type", self.reduction_type, kinds)
        check_parameters(self, reduction_type=kind)
        return reduce(inputs, kind)


@keras.saving.register_keras_serializable("skautokeras")
class TemporalReduction(Block):
    """Make one row of features of every series (batch, steps, channels).

    Parameters
    ----------
    reduction_type : {"flatten", "global_max", "global_avg", "last"} or None, \
            default=None
        All values side by side, the greatest or the mean of each channel, or the last
        step. None: searched.

    Examples
    --------
    >>> from skautokeras import Input, TemporalReduction, TransformerBlock
    >>> node = TemporalReduction()(TransformerBlock()(Input()))
    """

    _parameter_constraints = {
        "reduction_type": [StrOptions({*_KINDS, "last"}), *SEARCHED]
    }

    def __init__(self, *, reduction_type=None):
        self.reduction_type = reduction_type

    def build(self, hp, inputs):
        """Reduce the steps."""
        advice = "Put it behind an RNNBlock(return_sequences=True) or a ConvBlock."
        check_rank(self, inputs, {3: SERIES}, advice)
        kinds = Choice((*_KINDS, "last"), default="global_avg")
        kind = choose(hp, "reduction_type", self.reduction_type, kinds)
        check_parameters(self, reduction_type=kind)
        return reduce(inputs, kind)


def reduce(x, kind):
    """Return (batch, features) of a series or of maps.

    Parameters
    ----------
    x : keras.KerasTensor
        (batch, steps, channels) or (batch, height, width, channels); anything else is
        flattened.
    kind : {"flatten", "global_max", "global_avg", "last"}
        How.
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

    Parameters
    ----------
    merge_type : {"concatenate", "add"} or None, default=None
        How. Before an addition, branches of another width than the first are projected
        to it by a dense layer. None: searched.
    reduction_type : {"flatten", "global_max", "global_avg"} or None, default=None
        How series and maps become one row where branches differ in their axes, as in
        `SpatialReduction`. None: searched.

    Examples
    --------
    >>> from skautokeras import DenseBlock, Merge, StructuredDataInput
    >>> node = StructuredDataInput()
    >>> merged = Merge()([DenseBlock()(node), DenseBlock()(node)])
    """

    _parameter_constraints = {
        "merge_type": [StrOptions({"concatenate", "add"}), *SEARCHED],
        "reduction_type": [StrOptions(set(_KINDS)), *SEARCHED],
    }

    def __init__(self, *, merge_type=None, reduction_type=None):
        self.merge_type = merge_type
        self.reduction_type = reduction_type

    def build(self, hp, inputs):
        """Merge the tensors."""
        tensors = inputs if isinstance(inputs, list) else [inputs]
        if len(tensors) == 1:
            return tensors[0]
        kinds = Choice(("concatenate", "add"))
        kind = choose(hp, "merge_type", self.merge_type, kinds)
        check_parameters(self, merge_type=kind)
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
        kinds = Choice(_KINDS, default="global_avg")
        kind = choose(hp, "reduction_type", self.reduction_type, kinds)
        check_parameters(self, reduction_type=kind)
        return [x if len(x.shape) == 2 else reduce(x, kind) for x in tensors]
