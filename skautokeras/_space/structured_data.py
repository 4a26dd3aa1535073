"""The block that searches over whole networks for tables."""

from dataclasses import replace

import keras

from skautokeras._space.block import Block, build_block, build_chosen, inner_name
from skautokeras._space.declaration import Fixed, Searched, check_parameters
from skautokeras._space.dense import DenseBlock
from skautokeras._space.hyperparameters import Choice
from skautokeras._space.portfolio.tables import for_tables, rank_for_tables
from skautokeras._space.preprocessing import (
    CategoricalEncoding,
    Normalization,
    NumericalEmbedding,
    SparseEmbedding,
)
from skautokeras._space.pretrained import PRETRAINED
from skautokeras._space.real_mlp import RealMLPBlock
from skautokeras._space.records import Table
from skautokeras._space.residual_dense import ResidualDenseBlock
from skautokeras._space.tab_m import TabMBlock
from skautokeras._space.text import TextBlock
from skautokeras._space.trees import (
    BoostedTreesBlock,
    ExtraTreesBlock,
    RandomForestBlock,
)

_NETWORKS = {
    "dense": DenseBlock,
    "real_mlp": RealMLPBlock,
    "tab_m": TabMBlock,
    "residual_dense": ResidualDenseBlock,
}
_TREES = {
    "boosted_trees": BoostedTreesBlock,
    "extra_trees": ExtraTreesBlock,
    "random_forest": RandomForestBlock,
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
        Choice((*_NETWORKS, *_TREES)),
        doc="Kind of the layers: `DenseBlock`, `RealMLPBlock`, `TabMBlock` or "
        "`ResidualDenseBlock`, everything in it being searched. `BoostedTreesBlock`, "
        "`ExtraTreesBlock` and `RandomForestBlock` take the place of all steps.",
    )
    trees = Fixed(
        bool,
        default=True,
        doc="Whether decision trees are tried besides networks. They are if the block "
        "is called on a table of numbers and categories, heads with their default "
        "losses are called on the block, and there is no ``dense``.",
    )
    text = Fixed(
        Block,
        doc="Network for each column of texts. If None, it is `TextBlock` with "
        "everything searched.",
    )
    pretrained = Fixed(
        PRETRAINED,
        doc="Pretrained models for columns of texts, as in `TextBlock`, if there is no "
        "``text``. If None, there are none.",
    )

    def build(self, hp, inputs):
        """Build the steps one after another.

        With columns that are mostly zero, dense layers are searched: a linear model of
        thousands of them is hard to beat.
        """
        check_parameters(self)
        if not self._may_be_trees(inputs):
            return self._network(hp, inputs)
        kind = self.choose(hp, "block_type")
        # KerasTuner has no condition inside of a condition on the same hyperparameter.
        with self.when(hp, "block_type", list(_NETWORKS)):
            features = self._features(hp, inputs) if kind in _NETWORKS else None
        predictions = build_chosen(hp, self, kind, _TREES, inputs)
        layers = build_chosen(hp, self, kind, _NETWORKS, features)
        return predictions if layers is None else layers

    @property
    def presets(self):
        """The names or folders of the pretrained models for columns of texts."""
        return () if self.text else TextBlock(pretrained=self.pretrained).presets

    def trained_if(self, inputs):
        """Return the kinds of layers that are trained; decision trees are fitted."""
        if self._may_be_trees(inputs) and self.is_searched("block_type"):
            return "block_type", list(_NETWORKS)
        return None

    def _may_be_trees(self, inputs):
        """Return whether trees can predict from the inputs what heads ask for."""
        return (
            self.trees
            and self.dense is None
            and isinstance(inputs, Table)
            and inputs.leads_to_head
            and not _is_sparse(inputs)
            and not inputs.texts
        )

    def _network(self, hp, inputs):
        """Build a network where there can be no trees."""
        features = self._features(hp, inputs)
        if not _is_sparse(inputs):
            return self._layers(hp, features)
        has_layers = hp.Boolean("has_layers", default=True)
        with hp.conditional_scope("has_layers", [True]):
            return self._layers(hp, features) if has_layers else features

    def _features(self, hp, inputs):
        """Build the steps before the layers one after another."""
        steps = {
            "normalization_1": self.normalization or Normalization(),
            "numerical_embedding_1": self.numerical_embedding or NumericalEmbedding(),
            "categorical_encoding_1": self.categorical_encoding
            or CategoricalEncoding(),
        }
        if _is_sparse(inputs):
            steps["sparse_embedding_1"] = SparseEmbedding()
        x = inputs
        if isinstance(x, Table) and x.texts:
            x = self._with_encoded_texts(hp, x)
        for name, block in steps.items():
            x = build_block(hp, name, block, x)
        return x

    def known_configurations(self, schemas, targets):
        """Return the configurations for tables like these."""
        return for_tables(schemas, targets)

    def rank(self, values, schemas, targets):
        """Return the place of a configuration among those for tables like these."""
        return rank_for_tables(values, schemas, targets)

    def inner_blocks(self):
        """Return the block for columns of texts."""
        block = self.text or TextBlock(pretrained=self.pretrained)
        return {inner_name(type(block)): block}

    def _with_encoded_texts(self, hp, table):
        """Return a table with features of its texts, which share hyperparameters."""
        ((name, block),) = self.inner_blocks().items()
        features = [build_block(hp, name, block, text) for text in table.texts]
        return replace(table, texts=(), encoded=(*table.encoded, *features))

    def _layers(self, hp, x):
        """Return what the layers make of the features."""
        if self.dense is not None:
            return build_block(hp, "dense_block_1", self.dense, x)
        kind = self.choose(hp, "block_type", Choice(tuple(_NETWORKS)))
        if kind not in _NETWORKS:
            raise ValueError(
                f"block_type={kind!r} needs a table of numbers and categories, heads "
                "with their default losses on the block, trees=True and dense=None."
            )
        return build_chosen(hp, self, kind, _NETWORKS, x)


def _is_sparse(inputs):
    """Return whether a table has columns that are mostly zero."""
    return isinstance(inputs, Table) and inputs.sparse_codes is not None
