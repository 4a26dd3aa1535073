"""Blocks that predict by decision trees, which are fitted instead of trained."""

import keras

from skautokeras._layers.categorical import OneHot
from skautokeras._space.block import Block, as_tensor
from skautokeras._space.declaration import Searched, declared
from skautokeras._space.hyperparameters import Choice, Float
from skautokeras._space.records import Table, Trees
from skautokeras._space.shapes import flattened

# Categories of columns with more codes than this are numbered instead of one-hot, and
# have the mean target as a second number.
_ONE_HOT_LIMIT = 12
# Splits between the root of a random tree and a leaf, at most.
_DEEPEST = 64


class TreeBlock(Block):
    """Base class of the blocks that predict by decision trees."""

    takes_records = True
    _fixed_settings = {}

    def build(self, hp, inputs):
        """Return the columns with the settings of the trees, for a head."""
        settings = self._settings(hp)
        if not isinstance(inputs, Table):
            return Trees(flattened(as_tensor(inputs)), settings)
        if inputs.encoded or inputs.texts or inputs.sparse_codes is not None:
            raise ValueError(
                f"{type(self).__name__} needs columns of numbers and categories. Call "
                "it on a StructuredDataInput without texts and wide sparse matrices."
            )
        return _trees_of(inputs, settings)

    def _settings(self, hp):
        """Return the parameters of `TreeSettings`, which are those of the block."""
        chosen = {name: self.choose(hp, name) for name in declared(type(self))}
        return {**self._fixed_settings, **chosen}


def _trees_of(table, settings):
    """Return the columns of a table, those with many categories last."""
    parts = [part for part in (table.numerical, table.indicator) if part is not None]
    sizes = table.cardinalities
    narrow = [j for j, n in enumerate(sizes) if n <= _ONE_HOT_LIMIT]
    wide = [j for j, n in enumerate(sizes) if n > _ONE_HOT_LIMIT]
    if narrow:
        codes = _columns(table.categorical, narrow)
        parts.append(OneHot([sizes[j] for j in narrow])(codes))
    if wide:
        parts.append(keras.ops.cast(_columns(table.categorical, wide), "float32"))
    features = parts[0] if len(parts) == 1 else keras.layers.Concatenate()(parts)
    return Trees(features, settings, tuple(sizes[j] for j in wide))


def _columns(x, positions):
    """Return some columns of a tensor."""
    return keras.ops.take(x, positions, axis=1)


@keras.saving.register_keras_serializable("skautokeras")
class BoostedTreesBlock(TreeBlock):
    """Gradient boosting of decision trees, as layers of the network.

    scikit-learn's `HistGradientBoostingClassifier` or `HistGradientBoostingRegressor`
    fits the trees before the training of the network would begin. They become weights
    of a layer, so that the network is saved and exported as one file. A head must be
    called on the block directly, and must have its default loss.

    References
    ----------
    Guolin Ke et al., "LightGBM: a highly efficient gradient boosting decision tree",
    NeurIPS 2017.

    Examples
    --------
    >>> from skautokeras import BoostedTreesBlock, StructuredDataInput
    >>> node = BoostedTreesBlock(n_trees=100)(StructuredDataInput())
    """

    _fixed_settings = {"kind": "boosted"}

    n_trees = Searched(
        Choice((100, 200, 400, 800), default=400),
        at_least=1,
        doc="Maximum number of trees for each output. The loss for the validation rows "
        "decides how many are kept. There are fewer for very many classes.",
    )
    learning_rate = Searched(
        Float(0.02, 0.3, default=0.1, sampling="log"),
        above=0,
        doc="Factor of each tree.",
    )
    max_leaf_nodes = Searched(
        Choice((8, 15, 31, 63), default=31),
        at_least=2,
        doc="Maximum number of leaves of a tree.",
    )
    min_samples_leaf = Searched(
        Choice((2, 5, 10, 20, 40), default=20),
        at_least=1,
        doc="Minimum number of training rows in a leaf.",
    )
    max_features = Searched(
        Choice((0.3, 0.5, 0.75, 1.0), default=1.0),
        above=0,
        at_most=1,
        doc="Share of the columns that each split chooses from.",
    )
    l2_regularization = Searched(
        Choice((0.0, 1.0, 10.0)),
        at_least=0,
        doc="Penalty of large values in leaves.",
    )


class RandomTreesBlock(TreeBlock):
    """Base class of the blocks whose trees are random and independent of each other."""

    n_trees = Searched(
        Choice((25, 50, 100), default=50),
        at_least=1,
        doc="Number of trees. There are fewer if their nodes took more than 64 MB.",
    )
    max_leaf_nodes = Searched(
        Choice((128, 1024, 8192, 32768), default=32768),
        at_least=2,
        doc="Maximum number of leaves of a tree. Targets that depend on many columns "
        "at once, such as those of neighbours in time, need deep trees.",
    )
    min_samples_leaf = Searched(
        Choice((1, 2, 3, 5, 10), default=2),
        at_least=1,
        doc="Minimum number of training rows in a leaf.",
    )
    max_features = Searched(
        Choice((0.3, 0.5, 1.0), default=0.5),
        above=0,
        at_most=1,
        doc="Share of the columns that each split chooses from.",
    )


@keras.saving.register_keras_serializable("skautokeras")
class ExtraTreesBlock(RandomTreesBlock):
    """Extremely randomised trees, as layers of the network.

    scikit-learn's `ExtraTreesClassifier` or `ExtraTreesRegressor` fits the trees before
    the training of the network would begin. They become weights of a layer, so that the
    network is saved and exported as one file. A head must be called on the block
    directly, and must have its default loss.

    References
    ----------
    Pierre Geurts, Damien Ernst and Louis Wehenkel, "Extremely randomized trees",
    Machine Learning 63, 2006.

    Examples
    --------
    >>> from skautokeras import ExtraTreesBlock, StructuredDataInput
    >>> node = ExtraTreesBlock(n_trees=100)(StructuredDataInput())
    """

    _fixed_settings = {"kind": "extra", "max_depth": _DEEPEST}


@keras.saving.register_keras_serializable("skautokeras")
class RandomForestBlock(RandomTreesBlock):
    """A random forest, as layers of the network.

    scikit-learn's `RandomForestClassifier` or `RandomForestRegressor` fits the trees
    before the training of the network would begin. They become weights of a layer, so
    that the network is saved and exported as one file. A head must be called on the
    block directly, and must have its default loss.

    References
    ----------
    Leo Breiman, "Random forests", Machine Learning 45, 2001.

    Examples
    --------
    >>> from skautokeras import RandomForestBlock, StructuredDataInput
    >>> node = RandomForestBlock(n_trees=100)(StructuredDataInput())
    """

    _fixed_settings = {"kind": "forest", "max_depth": _DEEPEST}
