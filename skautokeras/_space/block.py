"""Block, the one contract of the search space."""

import contextlib
import re
from collections.abc import Hashable

from skautokeras._space.accelerator import bfloat16_in_training
from skautokeras._space.node import (
    Node,
    given_parameters,
    parameters_config,
    parameters_of,
)
from skautokeras._state.configuration import deserialize


class Block:
    """Base class of everything that a search space is made of.

    A user's own block derives from it, takes what is fixed in its constructor and
    says in `build` which hyperparameters it needs and which layers come of them.
    Hyperparameters are named inside the block; the graph adds the path, so that names
    such as ``dense_block_1/units_0`` are the same in every process.

    Calling a block on the node of an input or of another block (or on a list of
    nodes) wires it into a graph and returns its own node. A block that is called
    several times is shared, as a Keras layer is: its hyperparameters and weights are
    the same everywhere, on tensors of the same shapes.

    Examples
    --------
    >>> import keras
    >>> from skautokeras import Block, ClassificationHead, StructuredDataInput
    >>> class Gated(Block):
    ...     def build(self, hp, inputs):
    ...         units = hp.Int("units", 8, 64, step=8, default=32)
    ...         gate = keras.layers.Dense(units, activation="sigmoid")(inputs)
    ...         return gate * keras.layers.Dense(units)(inputs)
    >>> head = ClassificationHead()(Gated()(StructuredDataInput()))
    """

    # True: `build` gets the record that an input gives (`Table`, `Image`, `Text`) as it
    # is; False: one float tensor.
    takes_records = False
    # True: on images, its layers may compute in bfloat16 while they are trained.
    tolerates_bfloat16 = False
    # Names or folders of pretrained models by whose tokenizers texts are to be taken
    # apart; those of blocks among the parameters are found without it.
    presets = ()

    def __call__(self, inputs):
        """Wire the block behind ``inputs``.

        Parameters
        ----------
        inputs : Node or list of Node
            What the block is built on.

        Returns
        -------
        node : Node
            The output of the block.

        Raises
        ------
        TypeError
            If ``inputs`` holds something else than nodes.
        ValueError
            If ``inputs`` is an empty list.
        """
        parents = inputs if isinstance(inputs, (list, tuple)) else [inputs]
        if not parents:
            raise ValueError(f"{type(self).__name__} was called on an empty list.")
        for parent in parents:
            if not isinstance(parent, Node):
                raise TypeError(
                    f"{type(self).__name__} must be called on an input or on the "
                    f"output of another block, got {type(parent).__name__}."
                )
        return Node(self, parents)

    def build(self, hp, inputs):
        """Return the output of the block on ``inputs``.

        Parameters
        ----------
        hp : keras_tuner.HyperParameters
            Asked for the values of hyperparameters, by names inside the block.
        inputs : keras.KerasTensor, or a list of them if called on several nodes
            What the layers of the block are called on.

        Returns
        -------
        outputs : keras.KerasTensor
            The symbolic output.
        """
        raise NotImplementedError(f"{type(self).__name__} must define build.")

    def get_config(self):
        """Return the parameters of the constructor, ready for JSON.

        Blocks and ranges among them become configurations by their names in Keras's
        registry, so that reading them back runs nothing but what is registered.

        Returns
        -------
        config : dict
            For `from_config`.

        Raises
        ------
        TypeError
            If a parameter is nothing that a configuration can hold, a block of a class
            that is not registered with Keras for instance.
        """
        return parameters_config(self)

    @classmethod
    def from_config(cls, config):
        """Return the block that a configuration describes.

        Parameters
        ----------
        config : dict
            From `get_config`.

        Returns
        -------
        block : Block
            Equal to the one that was asked.

        Raises
        ------
        ValueError
            If it names a class that is not registered with Keras.
        """
        return cls(**{name: deserialize(value) for name, value in config.items()})

    def __eq__(self, other):
        """Compare class and parameters."""
        if not isinstance(other, Block):
            return NotImplemented
        return type(self) is type(other) and (
            parameters_of(self) == parameters_of(other)
        )

    def __hash__(self):
        """Hash class and parameters."""
        return hash((type(self), _hashable(parameters_of(self))))

    def __repr__(self):
        """Show the parameters that are not None."""
        return f"{type(self).__name__}({given_parameters(self)})"


def _hashable(value):
    """Return something hashable that is equal for equal values."""
    if isinstance(value, dict):
        return frozenset((key, _hashable(part)) for key, part in value.items())
    if isinstance(value, (list, tuple)):
        return tuple(map(_hashable, value))
    return value if isinstance(value, Hashable) else None


def snake_case(name):
    """Return a class name as it stands in the names of hyperparameters.

    >>> snake_case("StructuredDataBlock"), snake_case("RNNBlock")
    ('structured_data_block', 'rnn_block')
    """
    boundary = r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])"
    return re.sub(boundary, "_", name).lower()


class Names:
    """Counts names inside one scope: ``dense_block_1``, ``dense_block_2``, ...

    >>> names = Names()
    >>> names("DenseBlock"), names("Merge"), names("DenseBlock")
    ('dense_block_1', 'merge_1', 'dense_block_2')
    """

    def __init__(self):
        self._counts = {}

    def __call__(self, class_name):
        """Return the next name for an instance of ``class_name``."""
        base = snake_case(class_name)
        self._counts[base] = self._counts.get(base, 0) + 1
        return f"{base}_{self._counts[base]}"


def build_block(hp, name, block, inputs):
    """Build ``block`` inside another one, its hyperparameters under ``name``.

    Parameters
    ----------
    hp : keras_tuner.HyperParameters
        Of the surrounding block.
    name : str
        Scope of the inner block, ``"dense_block_1"``.
    block : Block
        The inner block.
    inputs : keras.KerasTensor, Table or list of them
        What it is built on; a record becomes one tensor unless the block takes records.

    Returns
    -------
    outputs : keras.KerasTensor or Table
        What the block returns.
    """
    if not block.takes_records:
        several = isinstance(inputs, list)
        inputs = [as_tensor(x) for x in inputs] if several else as_tensor(inputs)
    with hp.name_scope(name), _precision(block, inputs):
        return block.build(hp, inputs)


def _precision(block, inputs):
    """Return the context that says what the layers of a block compute in."""
    if not block.tolerates_bfloat16:
        return contextlib.nullcontext()
    # A list of inputs has no shape; the block says what it thinks of it.
    of_images = len(getattr(as_tensor(inputs), "shape", ())) == 4
    return bfloat16_in_training() if of_images else contextlib.nullcontext()


def as_tensor(x):
    """Return ``x`` as one tensor: a record gives its own, a tensor stays."""
    to_tensor = getattr(x, "to_tensor", None)
    return x if to_tensor is None else to_tensor()
