"""Blocks that bring tensors together or into another shape."""

import keras
from sklearn.utils._param_validation import StrOptions

from skautokeras._space.block import Block
from skautokeras._space.hyperparameters import (
    SEARCHED,
    Choice,
    check_parameters,
    choose,
)


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
class Merge(Block):
    """Bring several branches together.

    Parameters
    ----------
    merge_type : {"concatenate", "add"} or None, default=None
        How. Before an addition, branches of another shape than the first are
        projected to it by a dense layer. None: searched.

    Examples
    --------
    >>> from skautokeras import DenseBlock, Merge, StructuredDataInput
    >>> node = StructuredDataInput()
    >>> merged = Merge()([DenseBlock()(node), DenseBlock()(node)])
    """

    _parameter_constraints = {
        "merge_type": [StrOptions({"concatenate", "add"}), *SEARCHED]
    }

    def __init__(self, *, merge_type=None):
        self.merge_type = merge_type

    def build(self, hp, inputs):
        """Merge the tensors."""
        tensors = inputs if isinstance(inputs, list) else [inputs]
        if len(tensors) == 1:
            return tensors[0]
        kinds = Choice(("concatenate", "add"))
        kind = choose(hp, "merge_type", self.merge_type, kinds)
        check_parameters(self, merge_type=kind)
        if len({tuple(x.shape) for x in tensors}) > 1:
            tensors = [x if len(x.shape) == 2 else _flat(x) for x in tensors]
        if kind == "concatenate":
            return keras.layers.Concatenate()(tensors)
        shape = tuple(tensors[0].shape)
        return keras.layers.Add()(
            [
                x if tuple(x.shape) == shape else keras.layers.Dense(shape[-1])(x)
                for x in tensors
            ]
        )


def _flat(x):
    """Return ``x`` as (batch, features)."""
    return keras.layers.Flatten()(x)
