"""Known configurations of `StructuredDataBlock`."""

from skautokeras._data.schema import StructuredDataSchema
from skautokeras._space.portfolio.parts import SHORT, dense, within
from skautokeras._space.training import SMALL_DATA


def _sparse_data(*, sparse, dense=None, training):
    """Return the values where most columns of a table are mostly zero."""
    values = _structured_data(
        normalization="standard",
        numerical={"method": "none"},
        dense=dense or {},
        training=training,
    )
    values["has_layers"] = dense is not None
    if dense is None:
        del values["block_type"]
    return values | within("sparse_embedding_1", sparse)


def _structured_data(
    *, normalization, numerical, categorical="one_hot", training, **network
):
    """Return the values for the steps of a `StructuredDataBlock`.

    The network is one of ``dense``, ``real_mlp``, ``tab_m`` and ``residual_dense``.
    """
    ((block_type, layers),) = network.items()
    return {
        "normalization_1/method": normalization,
        "categorical_encoding_1/method": categorical,
        "block_type": block_type,
        **within("numerical_embedding_1", numerical),
        **within(f"{block_type}_block_1", layers),
        **within("training", training),
    }


def _trees(**network):
    """Return the values of a `StructuredDataBlock` that predicts by trees.

    The trees are ``boosted_trees`` or ``extra_trees``.
    """
    ((block_type, trees),) = network.items()
    return {"block_type": block_type, **within(f"{block_type}_block_1", trees)}


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
    "piecewise_linear/n_bins": 64,
    "piecewise_linear/dim": 16,
}

# RealMLP (arXiv:2407.04491) with bins in the place of its waves.
_REAL_MLP = _structured_data(
    normalization="standard",
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
# Values that differ for regression.
_FOR_NUMBERS = {
    "real_mlp_block_1/activation": "mish",
    "training/learning_rate": 5e-3,
    "training/epochs": 32,
}

STRUCTURED_DATA = (
    # A plain network: the first answer, in seconds.
    _structured_data(
        normalization="standard",
        numerical={"method": "none"},
        dense=dense(2, 128, activation="relu", dropout=0.1),
        training={"learning_rate": 2e-3, "weight_decay": 1e-2, "epochs": 32},
    ),
    # Bins of numbers, no normalization of batches: noise and heavy tails.
    _structured_data(
        normalization="standard",
        numerical=_BINS,
        dense=dense(2, 256, activation="silu", dropout=0.3),
        training={"learning_rate": 5e-3, "weight_decay": 1e-1, "epochs": 16},
    ),
    _REAL_MLP,
    # Waves, little dropout, more epochs: targets with little noise.
    _structured_data(
        normalization="standard",
        numerical=_waves(16),
        dense=dense(2, 256, activation="silu", dropout=0.15, use_batchnorm=True),
        training={"learning_rate": 3e-3, "weight_decay": 1e-1, "epochs": 32},
    ),
    # Bins, little dropout, more epochs: sharp steps.
    _structured_data(
        normalization="standard",
        numerical=_BINS,
        dense=dense(2, 256, activation="silu", dropout=0.15, use_batchnorm=True),
        training={"learning_rate": 5e-3, "weight_decay": 1e-1, "epochs": 32},
    ),
    # Pairs of layers (ResNet for tables, arXiv:2106.11959) on numbers as they are: what
    # depends on many columns at once.
    _structured_data(
        normalization="standard",
        numerical={"method": "none"},
        residual_dense={
            "n_layers": 3,
            "units": 128,
            "expansion": 1,
            "activation": "relu",
            "hidden_dropout": 0.2,
            "residual_dropout": 0.0,
        },
        training={"learning_rate": 3e-3, "weight_decay": 1e-1, "epochs": 64},
    ),
    # Eight narrow networks with bins in one (TabM, arXiv:2410.24210), twice as long.
    _structured_data(
        normalization="standard",
        numerical=_BINS,
        tab_m={
            "n_members": 8,
            "n_layers": 2,
            "units": 128,
            "activation": "silu",
            "dropout": 0.1,
            "use_batchnorm": True,
            "adapters": "first",
        },
        training={"learning_rate": 5e-3, "weight_decay": 1e-1, "epochs": 64},
    ),
)
# Decision trees, which are fitted in seconds and err in other ways than networks: those
# of scikit-learn's defaults, slower ones that see fewer columns at once, and random
# ones.
TREES = (
    _trees(
        boosted_trees={
            "n_trees": 100,
            "learning_rate": 0.1,
            "max_leaf_nodes": 31,
            "min_samples_leaf": 20,
            "max_features": 1.0,
        }
    ),
    _trees(
        boosted_trees={
            "n_trees": 200,
            "learning_rate": 0.05,
            "max_leaf_nodes": 15,
            "min_samples_leaf": 5,
            "max_features": 0.5,
        }
    ),
    _trees(
        extra_trees={
            "n_trees": 100,
            "max_leaf_nodes": 512,
            "min_samples_leaf": 2,
            "max_features": 0.5,
        }
    ),
)
# Dense layers, the first ones also held back: what is predefined for few rows.
FEW_ROWS = (
    STRUCTURED_DATA[0],
    _structured_data(
        normalization="standard",
        numerical={"method": "none"},
        categorical="embedding",
        dense=dense(2, 128, activation="relu", dropout=0.3),
        training={
            "learning_rate": 2e-3,
            "weight_decay": 1e-2,
            "epochs": 32,
            "label_smoothing": 0.1,
        },
    ),
    # Waves, much dropout, few epochs: data with much noise.
    _structured_data(
        normalization="standard",
        numerical=_waves(8),
        dense=dense(2, 256, activation="silu", dropout=0.3, use_batchnorm=True),
        training={"learning_rate": 3e-3, "weight_decay": 1e-1, "epochs": 16},
    ),
    *(v for v in STRUCTURED_DATA[1:] if v["block_type"] == "dense"),
)

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


def rank_for_tables(values):
    """Return whether a configuration comes behind others whatever it costs.

    The plain network comes first, and decision trees, which cost less, come next.

    Parameters
    ----------
    values : dict of str to object
        Values of a `StructuredDataBlock`, by their names in it.

    Returns
    -------
    rank : int
        Rank of the configuration, 0 if it comes first.
    """
    plain = STRUCTURED_DATA[0]
    same = [values[name] == plain[name] for name in values if name in plain]
    return int(not (same and all(same)))


def for_tables(schemas, targets):
    """Return the configurations for tables.

    Parameters
    ----------
    schemas : sequence of Schema
        Schema of each input. Wide sparse tables and few rows have configurations of
        their own.
    targets : sequence of TargetSchema
        Schema of each target. Some values differ between numbers and classes.

    Returns
    -------
    configurations : tuple of dict
        Values by the names in the block, the cheapest configuration first.
    """
    tables = [s for s in schemas if isinstance(s, StructuredDataSchema)]
    if any(table.n_sparse for table in tables):
        return SPARSE_DATA
    if any(table.n_samples < SMALL_DATA for table in tables):
        return (*TREES, *FEW_ROWS)
    if not targets or any(target.is_classification for target in targets):
        return (*TREES, *STRUCTURED_DATA)
    networks = (
        values | _FOR_NUMBERS if values is _REAL_MLP else values
        for values in STRUCTURED_DATA
    )
    return (*TREES, *networks)
