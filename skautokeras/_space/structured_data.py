"""The block that searches over whole networks for tables."""

from dataclasses import replace

import keras

from skautokeras._space.block import Block, build_block, snake_case
from skautokeras._space.dense import DenseBlock
from skautokeras._space.hyperparameters import Boolean, choose, when
from skautokeras._space.preprocessing import (
    CategoricalEncoding,
    Normalization,
    NumericalEmbedding,
    SparseEmbedding,
)
from skautokeras._space.records import Table


@keras.saving.register_keras_serializable("skautokeras")
class StructuredDataBlock(Block):
    """A network for a table: scaling, embeddings, then dense layers.

    Each column of texts goes through a network of its own, all of one kind; what comes
    out stands beside the other columns before the dense layers.

    Parameters
    ----------
    normalization, numerical_embedding, categorical_encoding, dense : Block or None
        The steps, in this order. None: `Normalization`, `NumericalEmbedding`,
        `CategoricalEncoding` and `DenseBlock` with everything searched.
    text : Block or None, default=None
        The network for each column of texts. None: `TextBlock`.

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
        text=None,
    ):
        self.normalization = normalization
        self.numerical_embedding = numerical_embedding
        self.categorical_encoding = categorical_encoding
        self.dense = dense
        self.text = text

    def build(self, hp, inputs):
        """Build the steps one after another.

        With columns that are mostly zero, dense layers are searched: a linear model of
        thousands of them is hard to beat.
        """
        steps = {
            "normalization_1": self.normalization or Normalization(),
            "numerical_embedding_1": self.numerical_embedding or NumericalEmbedding(),
            "categorical_encoding_1": self.categorical_encoding
            or CategoricalEncoding(),
        }
        is_sparse = isinstance(inputs, Table) and inputs.sparse_codes is not None
        if is_sparse:
            steps["sparse_embedding_1"] = SparseEmbedding()
        x = inputs
        if isinstance(x, Table) and x.texts:
            x = self._with_encoded_texts(hp, x)
        for name, block in steps.items():
            x = build_block(hp, name, block, x)
        dense = self.dense or DenseBlock()
        if not is_sparse:
            return build_block(hp, "dense_block_1", dense, x)
        has_layers = choose(hp, "has_layers", None, Boolean(default=True))
        with when(hp, "has_layers", None, [True]):
            return build_block(hp, "dense_block_1", dense, x) if has_layers else x

    def _with_encoded_texts(self, hp, table):
        """Return a table with features of its texts, which share hyperparameters."""
        # Texts need more layers than others; whoever has none does not import them.
        from skautokeras._space.text import TextBlock

        block = self.text or TextBlock()
        name = f"{snake_case(type(block).__name__)}_1"
        features = [build_block(hp, name, block, text) for text in table.texts]
        return replace(table, texts=(), encoded=(*table.encoded, *features))
