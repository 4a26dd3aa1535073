"""Shared blocks: their layers are built once and called several times."""

import keras

from skautokeras._space.block import as_tensor, build_block
from skautokeras._space.records import Record


class SharedBlock:
    """The layers of a block that is called several times in one graph.

    Parameters
    ----------
    hp : keras_tuner.HyperParameters
        Hyperparameters that the block declares and whose values it uses.
    name : str
        Name of the block in the graph.
    block : Block
        Block that is called several times.
    inputs : list of keras.KerasTensor or Record
        Inputs of the first call of the block. The inputs of all other calls must have
        the same shapes, and their images are normalised as those of the first call.
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
        is_of_one_input = isinstance(x, Record) and not x.is_shareable
        if is_of_one_input and self._takes_records:
            raise ValueError(
                f"{self._name} is called several times, on a {type(x).__name__}: what "
                "it makes of columns and words belongs to one input. Make a block for "
                "each."
            )
        return as_tensor(x)


def _with_tensor(x, tensor):
    """Return a tensor with the facts about ``x``, if ``x`` is a shareable record."""
    is_shareable = isinstance(x, Record) and x.is_shareable
    return x.with_tensor(tensor) if is_shareable else tensor
