"""The block that searches over whole networks for tables."""

from dataclasses import replace

import keras

from skautokeras._space.block import Block, build_block, build_chosen, snake_case
from skautokeras._space.declaration import Fixed, Searched, check_parameters
from skautokeras._space.dense import DenseBlock
from skautokeras._space.hyperparameters import Choice
from skautokeras._space.portfolio.tables import for_tables
from skautokeras._space.preprocessing import (
    CategoricalEncoding,
    Normalization,
    NumericalEmbedding,
    SparseEmbedding,
)
from skautokeras._space.real_mlp import RealMLPBlock
from skautokeras._space.records import Table
from skautokeras._space.residual_dense import ResidualDenseBlock
from skautokeras._space.tab_m import TabMBlock
from skautokeras._space.text import TextBlock

_NETWORKS = {
    "dense": DenseBlock,
    "real_mlp": RealMLPBlock,
    "tab_m": TabMBlock,
    "residual_dense": ResidualDenseBlock,
}


@keras.saving.register_keras_serializable("skautokeras")
class StructuredDataBlock(Block):
    """A network for a table: scaling, embeddings, then layers.

    Each column of texts goes through a network of its own, all of one kind; what comes
    out stands beside the other columns before the dense layers.

    Examples
    --------
    >>> from skautokeras import StructuredDataBlock, StructuredDataInput
    >>> node = StructuredDataBlock(block_type="real_mlp")(StructuredDataInput())
    """

    takes_records = True

    normalization = Fixed(
        Block,
        doc="Scaling of the numbers, the first step. If None, it is `Normalization` "
        "with everything searched.",
    )
    numerical_embedding = Fixed(
        Block,
        doc="Embedding of the numbers, the second step. If None, it is "
        "`NumericalEmbedding` with everything searched.",
    )
    categorical_encoding = Fixed(
        Block,
        doc="Encoding of the categories, the third step. If None, it is "
        "`CategoricalEncoding` with everything searched.",
    )
    dense = Fixed(
        Block,
        doc="Layers behind these steps, whatever they are. If None, they are those of "
        "``block_type``.",
    )
    block_type = Searched(
        Choice(tuple(_NETWORKS)),
        doc="Kind of the layers: `DenseBlock`, `RealMLPBlock`, `TabMBlock` or "
        "`ResidualDenseBlock`, everything in it being searched.",
    )
    text = Fixed(
        Block,
        doc="Network for each column of texts. If None, it is `TextBlock` with "
        "everything searched.",
    )

    def build(self, hp, inputs):
        """Build the steps one after another.

        With columns that are mostly zero, dense layers are searched: a linear model of
        thousands of them is hard to beat.
        """
        check_parameters(self)
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
        if not is_sparse:
            return self._layers(hp, x)
        has_layers = hp.Boolean("has_layers", default=True)
        with hp.conditional_scope("has_layers", [True]):
            return self._layers(hp, x) if has_layers else x

    def known_configurations(self, schemas, targets):
        """Return the configurations for tables like these."""
        return for_tables(schemas, targets)

    def inner_blocks(self):
        """Return the block for columns of texts."""
        block = self.text or TextBlock()
        return {f"{snake_case(type(block).__name__)}_1": block}

    def _with_encoded_texts(self, hp, table):
        """Return a table with features of its texts, which share hyperparameters."""
        ((name, block),) = self.inner_blocks().items()
        features = [build_block(hp, name, block, text) for text in table.texts]
        return replace(table, texts=(), encoded=(*table.encoded, *features))

    def _layers(self, hp, x):
        """Return what the layers make of the features."""
        if self.dense is not None:
            return build_block(hp, "dense_block_1", self.dense, x)
        kind = self.choose(hp, "block_type")
        return build_chosen(hp, self, kind, _NETWORKS, x)
