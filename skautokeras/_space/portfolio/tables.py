"""Known configurations of `StructuredDataBlock`."""

from skautokeras._data.schema import StructuredDataSchema
from skautokeras._space.portfolio.parts import SHARED, SHORT, dense, doubled, within
from skautokeras._space.training import SMALL_DATA, default_batch_size


def _structured_data(*, numerical, categorical="one_hot", training, **network):
    """Return the values for the steps of a `StructuredDataBlock`.

    The network is one of ``dense``, ``real_mlp``, ``tab_m`` and ``residual_dense``.
    """
    return {
        **_columns(numerical, categorical),
        **_network(**network),
        **within("training", training),
    }


def _sparse_data(*, sparse, dense=None, training):
    """Return the values where most columns of a table are mostly zero."""
    return {
        **_columns(_NONE),
        "has_layers": dense is not None,
        **(_network(dense=dense) if dense else {}),
        **within("sparse_embedding_1", sparse),
        **within("training", training),
    }


def _columns(numerical, categorical="one_hot"):
    """Return the values for what makes features of columns."""
    return {
        "normalization_1/method": "standard",
        "categorical_encoding_1/method": categorical,
        **within("numerical_embedding_1", numerical),
    }


def _network(**network):
    """Return the values for one kind of network, or of trees, with its own values."""
    ((block_type, values),) = network.items()
    return {"block_type": block_type, **within(f"{block_type}_block_1", values)}


def _waves(dim):
    """Return the values of a periodic embedding with a ReLU (arXiv:2203.05556)."""
    return {
        "method": "periodic",
        "periodic/dim": dim,
        "periodic/sigma": 1.0,
        "periodic/activation": "relu",
    }


# A piecewise linear embedding (arXiv:2203.05556).
_BINS = {
    "method": "piecewise_linear",
    "piecewise_linear/n_bins": 48,
    "piecewise_linear/dim": 16,
}
_NONE = {"method": "none"}

# A plain network: the first answer, in seconds.
PLAIN = _structured_data(
    numerical=_NONE,
    dense=dense(2, 128, activation="relu", dropout=0.1),
    training={"learning_rate": 2e-3, "weight_decay": 1e-2, "epochs": 32},
)
# The same for long: smooth functions, and columns that tell nearly the same.
_LONG_PLAIN = PLAIN | {"training/epochs": 64}
# Decision trees, which are fitted in seconds and err in other ways than networks.
_BOOSTED = _network(
    boosted_trees={
        "n_trees": 800,
        "learning_rate": 0.05,
        "max_leaf_nodes": 31,
        "min_samples_leaf": 5,
        "max_features": 0.3,
        "l2_regularization": 10.0,
    }
)
_BOOSTED_ON_ALL = _network(
    boosted_trees={
        "n_trees": 400,
        "learning_rate": 0.1,
        "max_leaf_nodes": 31,
        "min_samples_leaf": 20,
        "max_features": 1.0,
        "l2_regularization": 0.0,
    }
)
# Deep trees: rows that are close to one another in all columns at once.
_DEEP = {"n_trees": 50, "max_leaf_nodes": 32768, "min_samples_leaf": 1}
_FOREST = _network(random_forest={**_DEEP, "max_features": 0.5})
_RANDOM_TREES = _network(extra_trees={**_DEEP, "max_features": 1.0})
# The same for noise.
_SMOOTH_RANDOM_TREES = _RANDOM_TREES | {"extra_trees_block_1/min_samples_leaf": 3}
# Eight narrow networks with bins in one (TabM, arXiv:2410.24210).
_TAB_M = _structured_data(
    numerical=_BINS,
    tab_m={
        "n_members": 8,
        "n_layers": 2,
        "units": 128,
        "activation": "relu",
        "dropout": 0.1,
        "use_batchnorm": False,
        "adapters": "first",
    },
    training={"learning_rate": 5e-3, "weight_decay": 1e-1, "epochs": 64},
)
# The same on normal scores, which suit classes, and on the scores alone.
_TAB_M_OF_SCORES = _TAB_M | {"normalization_1/method": "quantile"}
_PLAIN_TAB_M = {
    **{k: v for k, v in _TAB_M_OF_SCORES.items() if "numerical_embedding" not in k},
    **within("numerical_embedding_1", _NONE),
}
# Bins of numbers, no normalization of batches: noise and heavy tails.
_BINNED = _structured_data(
    numerical=_BINS,
    dense=dense(2, 256, activation="silu", dropout=0.3),
    training={"learning_rate": 5e-3, "weight_decay": 1e-1, "epochs": 16},
)
# Waves, little dropout: targets with little noise.
_WAVES = _structured_data(
    numerical=_waves(16),
    dense=dense(2, 256, activation="silu", dropout=0.15, use_batchnorm=True),
    training={"learning_rate": 3e-3, "weight_decay": 1e-1, "epochs": 32},
)
_SLOW_WAVES = _WAVES | {"numerical_embedding_1/periodic/sigma": 0.3}
# RealMLP (arXiv:2407.04491) with bins in the place of its waves.
_REAL_MLP = _structured_data(
    numerical=_BINS,
    categorical="mixed",
    real_mlp={
        "n_layers": 3,
        "units": 256,
        "activation": "selu",
        "dropout": 0.15,
        "start": "random",
    },
    training={
        "learning_rate": 2.5e-3,
        "schedule": "cos_log",
        "squared_momentum": 0.95,
        "weight_decay": 3e-1,
        "regularization": "flat_cosine",
        "epochs": 16,
    },
)
# The same with its waves.
_REAL_MLP_WAVES = {
    **{k: v for k, v in _REAL_MLP.items() if "numerical_embedding" not in k},
    "normalization_1/method": "robust",
    **within("numerical_embedding_1", _waves(4) | {"periodic/sigma": 0.1}),
}
# Pairs of layers (ResNet for tables, arXiv:2106.11959) on numbers as they are: what
# depends on many columns at once.
_RESIDUAL = _structured_data(
    numerical=_NONE,
    residual_dense={
        "n_layers": 3,
        "units": 128,
        "expansion": 1,
        "activation": "relu",
        "hidden_dropout": 0.2,
        "residual_dropout": 0.0,
    },
    training={"learning_rate": 3e-3, "weight_decay": 1e-1, "epochs": 64},
)
_RESIDUAL_OF_SCORES = _RESIDUAL | {"normalization_1/method": "quantile"}
# Dense layers that are held back: few rows.
_HELD_BACK = _structured_data(
    numerical=_NONE,
    categorical="embedding",
    dense=dense(2, 128, activation="relu", dropout=0.3),
    training={
        "learning_rate": 2e-3,
        "weight_decay": 1e-2,
        "epochs": 32,
        "label_smoothing": 0.1,
    },
)
_ALL_BOOSTED = (_BOOSTED, _BOOSTED_ON_ALL)
# The portfolios, each in the order in which its configurations are tried, with the
# number of steps for which a training lasts at least.
CLASSES = (
    (PLAIN, 0),
    (_BOOSTED, 0),
    (_TAB_M_OF_SCORES, 1500),
    (_REAL_MLP_WAVES, 2000),
    (_FOREST, 0),
    (_PLAIN_TAB_M, 1500),
    (_BINNED, 4000),
    (_SMOOTH_RANDOM_TREES, 0),
    (_RESIDUAL_OF_SCORES, 2000),
    (_REAL_MLP, 2000),
    (_LONG_PLAIN, 4000),
    (_WAVES, 2000),
    (_BOOSTED_ON_ALL, 0),
)
NUMBERS = (
    (PLAIN, 0),
    (_BOOSTED, 0),
    (_REAL_MLP_WAVES, 2000),
    (_TAB_M, 1500),
    (_WAVES, 4000),
    (_LONG_PLAIN, 4000),
    (_RANDOM_TREES, 0),
    (_SLOW_WAVES, 2000),
    (_REAL_MLP, 4000),
    (_BOOSTED_ON_ALL, 0),
    (_FOREST, 0),
    (_RESIDUAL, 4000),
)
# Boosting has as many trees as there are classes, so that it takes longer than networks
# where there are many.
_MANY_CLASSES = 8
_MOST_EPOCHS = 256
# Layers are narrower, and batches are not normalised, below so many rows.
_MANY_ROWS = 5000
_NARROW_REAL_MLP = {"real_mlp_block_1/units": 128}
_NARROW_WAVES = within("dense_block_1", dense(2, 128, use_batchnorm=False))
# Numbers are embedded in shorter vectors if there would be more features than this.
_MOST_FEATURES, _LEAST_DIM = 512, 4

# Tables of which most columns are mostly zero: weights of words, very many categories.
SPARSE_DATA = (
    # A linear model: the first answer, and hard to beat.
    _sparse_data(
        sparse={"dim": 16, "dropout": 0.2},
        training={"learning_rate": 1e-2, "weight_decay": 1e-3, **SHORT},
    ),
    # A hidden layer behind it: combinations of columns.
    *(
        _sparse_data(
            sparse={"dim": dim, "dropout": dropout},
            dense=dense(1, 64, activation="relu", dropout=0.2),
            training={"learning_rate": 1e-3, **SHORT},
        )
        for dim, dropout in ((32, 0.2), (64, 0.5))
    ),
)


def for_tables(schemas, targets):
    """Return the configurations for tables.

    Parameters
    ----------
    schemas : sequence of Schema
        Schema of each input. Wide sparse tables have configurations of their own.
    targets : sequence of TargetSchema
        Schema of each target. Numbers and classes have different portfolios.

    Returns
    -------
    configurations : tuple of dict
        Values by the names in the block, in the order in which they are tried.
    """
    tables = [s for s in schemas if isinstance(s, StructuredDataSchema)]
    if any(table.n_sparse for table in tables):
        return SPARSE_DATA
    n_samples = min((table.n_samples for table in tables), default=None)
    portfolio = _for_numbers(targets)
    if not targets or any(target.is_classification for target in targets):
        portfolio = CLASSES
        if n_samples is not None and n_samples < SMALL_DATA:
            portfolio = (*CLASSES[:3], (_HELD_BACK, 0), *CLASSES[3:])
        if any(target.n_outputs > _MANY_CLASSES for target in targets):
            portfolio = sorted(portfolio, key=lambda entry: entry[0] in _ALL_BOOSTED)
    widest = max((len(table.numerical) for table in tables), default=0)
    return tuple(
        _narrowed(_lasting(_small(values, n_samples), n_steps, n_samples), widest)
        for values, n_steps in portfolio
    )


def _for_numbers(targets):
    """Return the portfolio for numbers, on other scales too if they are skewed."""
    if not targets or targets[0].skewed_to is None:
        return NUMBERS
    has_logarithm = targets[0].is_never_negative and targets[0].skewed_to == "right"
    scale = {"target/transformation": "log" if has_logarithm else "yeo_johnson"}
    first, rest = NUMBERS[:2], NUMBERS[2:]
    if targets[0].is_lost_on_its_scale:
        ((values, n_steps), boosted) = first
        first = ((values | scale, n_steps), boosted)
    return (*first, (_BOOSTED | scale, 0), *rest[:3], (_TAB_M | scale, 1500), *rest[3:])


def rank_for_tables(values, schemas, targets):
    """Return the place of a configuration in its portfolio.

    Parameters
    ----------
    values : dict of str to object
        Values of a `StructuredDataBlock`, by their names in it.
    schemas : sequence of Schema
        Schema of each input.
    targets : sequence of TargetSchema
        Schema of each target.

    Returns
    -------
    rank : int
        Rank of the configuration, 0 if it comes first.
    """
    portfolio = for_tables(schemas, targets)
    # Another block may have decided on the training, if there are several.
    for fits in (_is_whole, _is_network):
        for place, known in enumerate(portfolio):
            if fits(known, values):
                return place
    return len(portfolio)


def _is_whole(known, values):
    """Return whether values are those of a known configuration."""
    scale = "target/transformation"
    same_scale = known.get(scale, "none") == values.get(scale, "none")
    return same_scale and known.items() <= values.items()


def _is_network(known, values):
    """Return whether values are those of a known configuration but for its training."""
    own = {k: v for k, v in known.items() if not k.startswith(SHARED)}
    return own.items() <= values.items()


def _small(values, n_samples):
    """Return a configuration with narrower layers where there are few rows."""
    if n_samples is None or n_samples >= _MANY_ROWS:
        return values
    for narrow in (_NARROW_REAL_MLP, _NARROW_WAVES):
        if narrow.keys() <= values.keys():
            return values | narrow
    return values


def _narrowed(values, n_columns):
    """Return a configuration with shorter vectors where there are many columns."""
    name = "numerical_embedding_1/piecewise_linear/dim"
    if name not in values:
        return values
    dim = values[name]
    while dim > _LEAST_DIM and dim * n_columns > _MOST_FEATURES:
        dim //= 2
    return values | {name: dim}


def _lasting(values, n_steps, n_samples):
    """Return a configuration whose training lasts for enough steps."""
    if n_samples is None or "training/epochs" not in values:
        return values
    epochs, batch_size = values["training/epochs"], default_batch_size(n_samples)
    epochs = doubled(epochs, _MOST_EPOCHS, n_samples, batch_size, n_steps)
    return values | {"training/epochs": epochs}
