"""The block that searches over whole networks for tables."""

from dataclasses import replace

import keras

from skautokeras._sklearn import StrOptions
from skautokeras._space.block import Block, build_block, snake_case
from skautokeras._space.dense import DenseBlock
from skautokeras._space.hyperparameters import (
    SEARCHED,
    Boolean,
    Choice,
    check_parameters,
    choose,
    when,
)
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

    Parameters
    ----------
    normalization, numerical_embedding, categorical_encoding : Block or None
        The steps, in this order. None: `Normalization`, `NumericalEmbedding` and
        `CategoricalEncoding` with everything searched.
    dense : Block or None, default=None
        The layers behind them, whatever they are. None: as ``block_type`` says.
    block_type : {"dense", "real_mlp", "tab_m", "residual_dense"} or None, default=None
        `DenseBlock`, `RealMLPBlock`, `TabMBlock` or `ResidualDenseBlock`, everything in
        it being searched. None: searched.
    text : Block or None, default=None
        The network for each column of texts. None: `TextBlock`.

    Examples
    --------
    >>> from skautokeras import StructuredDataBlock, StructuredDataInput
    >>> node = StructuredDataBlock(block_type="real_mlp")(StructuredDataInput())
    """

    takes_records = True

    _parameter_constraints = {"block_type": [StrOptions(set(_NETWORKS)), *SEARCHED]}

    def __init__(
        self,
        *,
        normalization=None,
        numerical_embedding=None,
        categorical_encoding=None,
        dense=None,
        block_type=None,
        text=None,
    ):
        self.normalization = normalization
        self.numerical_embedding = numerical_embedding
        self.categorical_encoding = categorical_encoding
        self.dense = dense
        self.block_type = block_type
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
        if not is_sparse:
            return self._layers(hp, x)
        has_layers = choose(hp, "has_layers", None, Boolean(default=True))
        with when(hp, "has_layers", None, [True]):
            return self._layers(hp, x) if has_layers else x

    def _with_encoded_texts(self, hp, table):
        """Return a table with features of its texts, which share hyperparameters."""
        # Texts need more layers than others; whoever has none does not import them.
        from skautokeras._space.text import TextBlock

        block = self.text or TextBlock()
        name = f"{snake_case(type(block).__name__)}_1"
        features = [build_block(hp, name, block, text) for text in table.texts]
        return replace(table, texts=(), encoded=(*table.encoded, *features))

    def _layers(self, hp, x):
        """Return what the layers make of the features."""
        if self.dense is not None:
            return build_block(hp, "dense_block_1", self.dense, x)
        kinds = Choice(tuple(_NETWORKS))
        kind = choose(hp, "block_type", self.block_type, kinds)
        check_parameters(self, block_type=kind)
        for each_kind, network in _NETWORKS.items():
            with when(hp, "block_type", self.block_type, [each_kind]):
                if each_kind == kind:
                    name = f"{snake_case(network.__name__)}_1"
                    output = build_block(hp, name, network(), x)
        return output
