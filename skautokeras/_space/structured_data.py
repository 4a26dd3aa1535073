"""The block that searches over whole networks for tables."""

import keras

from skautokeras._space.block import Block, build_block
from skautokeras._space.dense import DenseBlock
from skautokeras._space.preprocessing import (
    CategoricalEncoding,
    Normalization,
    NumericalEmbedding,
)


@keras.saving.register_keras_serializable("skautokeras")
class StructuredDataBlock(Block):
    """A network for a table: scaling, embeddings, then dense layers.

    Parameters
    ----------
    normalization, numerical_embedding, categorical_encoding, dense : Block or None
        The steps, in this order. None: `Normalization`, `NumericalEmbedding`,
        `CategoricalEncoding` and `DenseBlock` with everything searched.

    Examples
    --------
    >>> from skautokeras import StructuredDataBlock, StructuredDataInput
    >>> node = StructuredDataBlock()(StructuredDataInput())
    """

    takes_records = True

    def __init__(
        self,
        *,
        normalization=None,
        numerical_embedding=None,
        categorical_encoding=None,
        dense=None,
    ):
        self.normalization = normalization
        self.numerical_embedding = numerical_embedding
        self.categorical_encoding = categorical_encoding
        self.dense = dense

    def build(self, hp, inputs):
        """Build the steps one after another."""
        steps = {
            "normalization_1": self.normalization or Normalization(),
            "numerical_embedding_1": self.numerical_embedding or NumericalEmbedding(),
            "categorical_encoding_1": self.categorical_encoding
            or CategoricalEncoding(),
            "dense_block_1": self.dense or DenseBlock(),
        }
        x = inputs
        for name, block in steps.items():
            x = build_block(hp, name, block, x)
        return x
