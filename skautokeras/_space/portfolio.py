"""Predefined configurations: what is known to work, cheapest first.

Each is a plain dict of values; hyperparameters that it does not name have their
default. Names are those of the graph that a task estimator makes.
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

STRUCTURED_DATA = (
    # A plain network: the first answer, in seconds.
    _structured_data(
        normalization="standard",
        numerical={"method": "none"},
        dense=_dense(2, 128, activation="relu", dropout=0.1),
        training={"learning_rate": 2e-3, "weight_decay": 1e-2, "epochs": 32},
    ),
    # The same held back: few rows.
    _structured_data(
        normalization="standard",
        numerical={"method": "none"},
        categorical="embedding",
        dense=_dense(2, 128, activation="relu", dropout=0.3),
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
        dense=_dense(2, 256, activation="silu", dropout=0.3, use_batchnorm=True),
        training={"learning_rate": 3e-3, "weight_decay": 1e-1, "epochs": 16},
    ),
    # Bins of numbers, no normalization of batches: noise and heavy tails.
    _structured_data(
        normalization="standard",
        numerical=_BINS,
        dense=_dense(2, 256, activation="silu", dropout=0.3),
        training={"learning_rate": 5e-3, "weight_decay": 1e-1, "epochs": 16},
    ),
    # Waves, little dropout, more epochs: targets with little noise.
    _structured_data(
        normalization="standard",
        numerical=_waves(16),
        dense=_dense(2, 256, activation="silu", dropout=0.15, use_batchnorm=True),
        training={"learning_rate": 3e-3, "weight_decay": 1e-1, "epochs": 32},
    ),
    # Bins, little dropout, more epochs: sharp steps.
    _structured_data(
        normalization="standard",
        numerical=_BINS,
        dense=_dense(2, 256, activation="silu", dropout=0.15, use_batchnorm=True),
        training={"learning_rate": 5e-3, "weight_decay": 1e-1, "epochs": 32},
    ),
)


_TEXT = "text_block_1"


def _text(block_type, *, training, **parts):
    """Return the full names for one network of a `TextBlock`."""
    values = {f"{_TEXT}/block_type": block_type}
    for part, part_values in parts.items():
        scope = f"{_TEXT}/{part}_1"
        values |= {f"{scope}/{name}": value for name, value in part_values.items()}
    return values | {f"training/{name}": value for name, value in training.items()}


def _ngrams(ngrams, weighting, **others):
    return {"ngrams": ngrams, "weighting": weighting, **others}


def _convolutions(filters, **others):
    return {
        "n_blocks": len(filters),
        **{f"filters_{i}": n for i, n in enumerate(filters)},
        "use_batchnorm": False,
        "activation": "relu",
        **others,
    }


TEXT = (
    # N-grams of words that tell classes apart: the first answer, and hard to beat.
    _text(
        "ngram",
        text_to_ngram_vector=_ngrams("word", "naive_bayes", dim=64, dropout=0.5),
        dense_block=_dense(1, 64, activation="relu", dropout=0.2),
        training={"learning_rate": 1e-3, "epochs": 8, "batch_size": 128},
    ),
    # The same with n-grams of characters: short texts, typing errors, inflected words.
    _text(
        "ngram",
        text_to_ngram_vector=_ngrams("both", "naive_bayes", dim=32, dropout=0.5),
        dense_block=_dense(1, 64, activation="relu", dropout=0.2),
        training={"learning_rate": 1e-3, "epochs": 8, "batch_size": 128},
    ),
    # All n-grams alike, and a deeper network: numbers rather than classes.
    _text(
        "ngram",
        text_to_ngram_vector=_ngrams("both", "tf_idf", dim=32, dropout=0.2),
        dense_block=_dense(2, 64, activation="relu", dropout=0.2),
        training={"learning_rate": 2e-3, "epochs": 8, "batch_size": 128},
    ),
    # Phrases wherever they are (arXiv:1408.5882).
    _text(
        "conv",
        text_to_int_sequence={"length": 256},
        embedding={"dim": 64, "dropout": 0.5},
        conv_block=_convolutions(
            (128,), n_layers=1, kernel_size=3, pooling="none", dropout=0.2
        ),
        temporal_reduction={"reduction_type": "global_max"},
        training={"learning_rate": 2e-3, "epochs": 8, "batch_size": 128},
    ),
    # Separable convolutions: many texts, few words each.
    _text(
        "conv",
        text_to_int_sequence={"length": 512},
        embedding={"dim": 128, "dropout": 0.2},
        conv_block=_convolutions(
            (64, 128),
            n_layers=2,
            kernel_size=3,
            pooling="max",
            separable=True,
            dropout=0.2,
        ),
        temporal_reduction={"reduction_type": "global_avg"},
        training={"learning_rate": 1e-3, "epochs": 16, "batch_size": 128},
    ),
    # Attention.
    _text(
        "transformer",
        text_to_int_sequence={"length": 256},
        embedding={"dim": 64, "dropout": 0.2},
        transformer_block={"n_layers": 1, "n_heads": 4, "width": 64, "dropout": 0.2},
        temporal_reduction={"reduction_type": "global_avg"},
        training={"learning_rate": 1e-3, "epochs": 16, "batch_size": 128},
    ),
)


def predefined(task):
    """Return the predefined configurations of a task.

    Parameters
    ----------
    task : {"structured_data", "text"}
        What the network is for.

    Returns
    -------
    configurations : list of dict
        Cheapest first.
    """
    tasks = {"structured_data": STRUCTURED_DATA, "text": TEXT}
    return [dict(values) for values in tasks[task]]
