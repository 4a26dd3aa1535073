"""Inputs of a graph, and the symbolic table that blocks for tables work on."""

from dataclasses import dataclass, replace

import keras
import numpy as np

from skautokeras._layers.categorical import OneHot
from skautokeras._space.block import Node


@dataclass(frozen=True, eq=False)
class Table:
    """A table on its way through the network: symbolic columns and what is known.

    ``numerical`` (batch, p) float, ``indicator`` (batch, m) float and ``categorical``
    (batch, c) int codes are tensors or None; ``quantiles`` (n_quantiles, p) describe
    ``numerical`` as it is now; ``cardinalities`` are the numbers of codes; ``encoded``
    holds what blocks have already turned into plain features.
    """

    numerical: object = None
    indicator: object = None
    categorical: object = None
    quantiles: np.ndarray | None = None
    cardinalities: tuple = ()
    encoded: tuple = ()

    def to_tensor(self):
        """Return all columns as features (batch, n_features), categories one-hot."""
        parts = [self.numerical, self.indicator, *self.encoded]
        if self.categorical is not None:
            parts.append(OneHot(self.cardinalities)(self.categorical))
        parts = [part for part in parts if part is not None]
        return parts[0] if len(parts) == 1 else keras.layers.Concatenate()(parts)

    def encode(self, name, features):
        """Return the table with the columns ``name`` replaced by ``features``."""
        return replace(self, **{name: None}, encoded=(*self.encoded, features))


class StructuredDataInput(Node):
    """Input for a table: numbers, categories, dates, missing values, as they come.

    Examples
    --------
    >>> from skautokeras import DenseBlock, StructuredDataInput
    >>> node = DenseBlock()(StructuredDataInput())
    """

    def __init__(self):
        super().__init__()

    def symbolic(self, schema, prefix=""):
        """Return the tensors of the input and the symbolic table made of them.

        Parameters
        ----------
        schema : StructuredDataSchema
            What the analysis found.
        prefix : str, default=""
            Put before the names of the arrays.

        Returns
        -------
        tensors : dict of str to keras.KerasTensor
            One per array that the adapter makes.
        table : Table
            What blocks are called on.
        """
        tensors = {
            part: keras.Input((width,), dtype=dtype, name=prefix + part)
            for part, (width, dtype) in schema.shapes.items()
        }
        table = Table(
            **tensors, quantiles=schema.quantiles, cardinalities=schema.cardinalities
        )
        return {prefix + part: tensor for part, tensor in tensors.items()}, table


class Input(Node):
    """Input for a numeric array of any rank, the first axis being the rows.

    Examples
    --------
    >>> from skautokeras import DenseBlock, Flatten, Input
    >>> node = DenseBlock()(Flatten()(Input()))
    """

    def __init__(self):
        super().__init__()

    def symbolic(self, schema, prefix=""):
        """Return the tensor of the input, twice: by name and for the blocks.

        Parameters
        ----------
        schema : ArraySchema
            What the analysis found.
        prefix : str, default=""
            Put before the name of the array.

        Returns
        -------
        tensors : dict of str to keras.KerasTensor
            The one tensor, by name.
        tensor : keras.KerasTensor
            What blocks are called on.
        """
        tensor = keras.Input(schema.shape, dtype="float32", name=prefix + "array")
        return {prefix + "array": tensor}, tensor
