"""Shared blocks: built once, called wherever the block was called."""

from dataclasses import replace

import keras

from skautokeras._space.block import as_tensor, build_block
from skautokeras._space.records import Image, Table, Text


class SharedBlock:
    """The layers of a block that is called several times in one graph.

    Parameters
    ----------
    hp : keras_tuner.HyperParameters
        Asked for the values of hyperparameters.
    name : str
        Of the block.
    block : Block
        What is shared.
    inputs : list of keras.KerasTensor or Image
        What the block is first called on. The others must have the same shapes; images
        are normalised alike.
    """

    def __init__(self, hp, name, block, inputs):
        self._name, self._takes_records = name, block.takes_records
        tensors = [self._tensor(x) for x in inputs]
        self._shapes = [x.shape for x in tensors]
        stand_ins = [keras.Input(x.shape[1:], dtype=x.dtype) for x in tensors]
        records = [_with_tensor(*pair) for pair in zip(inputs, stand_ins, strict=True)]
        several = len(records) > 1
        self._output = build_block(hp, name, block, records if several else records[0])
        self._model = keras.Model(stand_ins, as_tensor(self._output))

    def __call__(self, inputs):
        """Return the output of the block on ``inputs``."""
        tensors = [self._tensor(x) for x in inputs]
        shapes = [x.shape for x in tensors]
        if shapes != self._shapes:
            raise ValueError(
                f"{self._name} is shared, so it must be called on the same shapes "
                f"everywhere. Got {shapes} after {self._shapes}."
            )
        return _with_tensor(self._output, self._model(tensors))

    def _tensor(self, x):
        """Return an input as one tensor."""
        if isinstance(x, Table | Text) and self._takes_records:
            raise ValueError(
                f"{self._name} is called several times, on a {type(x).__name__}: what "
                "it makes of columns and words belongs to one input. Make a block for "
                "each."
            )
        return as_tensor(x)


def _with_tensor(x, tensor):
    """Return a tensor with what was known of another; plain for a plain one."""
    return replace(x, pixels=tensor) if isinstance(x, Image) else tensor
