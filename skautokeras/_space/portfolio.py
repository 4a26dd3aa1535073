"""Predefined configurations: what is known to work, cheapest first.

Each is a plain dict of values; hyperparameters that it does not name have their default.
Names are those of the graph that a task estimator makes.
"""

_BLOCK = "structured_data_block_1"


def _structured_data(
    *, normalization, numerical, categorical="one_hot", dense, training
):
    """Return the full names for the steps of a `StructuredDataBlock`."""
    parts = {
        f"{_BLOCK}/normalization_1/method": normalization,
        f"{_BLOCK}/categorical_encoding_1/method": categorical,
    }
    scopes = {
        f"{_BLOCK}/numerical_embedding_1": numerical,
        f"{_BLOCK}/dense_block_1": dense,
        "training": training,
    }
    for scope, values in scopes.items():
        parts |= {f"{scope}/{name}": value for name, value in values.items()}
    return parts


def _dense(n_layers, units, **others):
    return {
        "n_layers": n_layers,
        **{f"units_{i}": units for i in range(n_layers)},
        **others,
    }


_PIECEWISE = {
    "method": "piecewise_linear",
    "piecewise_linear/n_bins": 32,
    "piecewise_linear/dim": 8,
}
_PERIODIC = {"method": "periodic", "periodic/dim": 4, "periodic/sigma": 0.1}

STRUCTURED_DATA = (
    # A plain network: the first answer, in seconds.
    _structured_data(
        normalization="standard",
        numerical={"method": "none"},
        dense=_dense(2, 128, activation="relu", dropout=0.1),
        training={"learning_rate": 2e-3, "schedule": "cosine", "weight_decay": 1e-2},
    ),
    # Waves of robustly scaled numbers (the embeddings of RealMLP, arXiv:2407.04491).
    _structured_data(
        normalization="robust",
        numerical=_PERIODIC,
        dense=_dense(3, 256, activation="mish", dropout=0.15),
        training={"learning_rate": 3e-3, "schedule": "cosine", "weight_decay": 1e-2},
    ),
    # Bins of numbers (arXiv:2203.05556).
    _structured_data(
        normalization="quantile",
        numerical=_PIECEWISE,
        dense=_dense(3, 256, activation="relu", dropout=0.15),
        training={"learning_rate": 2e-3, "schedule": "cosine", "weight_decay": 1e-2},
    ),
)


def predefined(task):
    """Return the predefined configurations of a task.

    Parameters
    ----------
    task : {"structured_data"}
        What the network is for.

    Returns
    -------
    configurations : list of dict
        Cheapest first.
    """
    return [dict(values) for values in {"structured_data": STRUCTURED_DATA}[task]]
