"""Predefined configurations: what is known to work, cheapest first.

Each is a plain dict of values; hyperparameters that it does not name have their
default. Names are those of the graph that a task estimator makes.
"""

import re

from skautokeras._data.schema import ImageSchema, StructuredDataSchema, TextSchema
from skautokeras._space import accelerator
from skautokeras._space.hyperparameters import admits
from skautokeras._space.training import SMALL_DATA

_BLOCK = "structured_data_block_1"
_IMAGE_BLOCK = "image_block_1"
_TEXT = "text_block_1"
_BERT = "bert_block_1"


def _sparse_data(*, sparse, dense=None, training):
    """Return the full names where most columns of a table are mostly zero."""
    values = _structured_data(
        normalization="standard",
        numerical={"method": "none"},
        dense=dense or {},
        training=training,
    )
    values[f"{_BLOCK}/has_layers"] = dense is not None
    if dense is None:
        del values[f"{_BLOCK}/block_type"]
    return values | {f"{_BLOCK}/sparse_embedding_1/{k}": v for k, v in sparse.items()}


def _structured_data(
    *, normalization, numerical, categorical="one_hot", training, **network
):
    """Return the full names for the steps of a `StructuredDataBlock`.

    The network is one of ``dense``, ``real_mlp``, ``tab_m`` and ``residual_dense``.
    """
    ((block_type, layers),) = network.items()
    parts = {
        f"{_BLOCK}/normalization_1/method": normalization,
        f"{_BLOCK}/categorical_encoding_1/method": categorical,
        f"{_BLOCK}/block_type": block_type,
    }
    scopes = {
        f"{_BLOCK}/numerical_embedding_1": numerical,
        f"{_BLOCK}/{block_type}_block_1": layers,
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
# What is another one in it where numbers are predicted.
_FOR_NUMBERS = {
    f"{_BLOCK}/real_mlp_block_1/activation": "mish",
    "training/learning_rate": 5e-3,
    "training/epochs": 32,
}

STRUCTURED_DATA = (
    # A plain network: the first answer, in seconds.
    _structured_data(
        normalization="standard",
        numerical={"method": "none"},
        dense=_dense(2, 128, activation="relu", dropout=0.1),
        training={"learning_rate": 2e-3, "weight_decay": 1e-2, "epochs": 32},
    ),
    # Bins of numbers, no normalization of batches: noise and heavy tails.
    _structured_data(
        normalization="standard",
        numerical=_BINS,
        dense=_dense(2, 256, activation="silu", dropout=0.3),
        training={"learning_rate": 5e-3, "weight_decay": 1e-1, "epochs": 16},
    ),
    _REAL_MLP,
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
# Dense layers, the first ones also held back: what is predefined for few rows.
FEW_ROWS = (
    STRUCTURED_DATA[0],
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
    *(v for v in STRUCTURED_DATA[1:] if v[f"{_BLOCK}/block_type"] == "dense"),
)


def _image(*, block_type, network, augmentation=None, reduction, training):
    """Return the full names for the steps of an `ImageBlock`."""
    values = {
        f"{_IMAGE_BLOCK}/normalize": True,
        f"{_IMAGE_BLOCK}/augment": augmentation is not None,
        f"{_IMAGE_BLOCK}/block_type": block_type,
        f"{_IMAGE_BLOCK}/spatial_reduction_1/reduction_type": reduction,
    }
    scopes = {
        f"{_IMAGE_BLOCK}/image_augmentation_1": augmentation or {},
        f"{_IMAGE_BLOCK}/{block_type}_block_1": network,
        "training": {"schedule": "one_cycle", **training},
    }
    for scope, parts in scopes.items():
        values |= {f"{scope}/{name}": value for name, value in parts.items()}
    return values


def _convolutions(filters, **others):
    return {
        "kernel_size": 3,
        "n_blocks": len(filters),
        **{f"filters_{i}": n for i, n in enumerate(filters)},
        **others,
    }


# Four pixels of 32, a square of eight (Page, How to train your ResNet).
_CROP_AND_CUTOUT = {"translation": 0.0, "crop": 0.125, "cutout": 0.25}
_MIRRORED = {"flip": "horizontal", **_CROP_AND_CUTOUT}
# Digits and letters: not mirrored, but written in many ways.
_WRITTEN = {"flip": "none", "translation": 0.1, "rotation": 10.0, "zoom": 0.1}


def _nine_layers(filters, augmentation, epochs):
    """Return the residual network of nine layers, published with 64 filters."""
    return _image(
        block_type="res_net",
        network={"version": "v1", "depth": 9, "filters": filters},
        augmentation=augmentation,
        reduction="global_max",
        training=_regularized(5e-3, epochs),
    )


def _regularized(learning_rate, epochs):
    """Return a training that holds large networks back."""
    return {
        "learning_rate": learning_rate,
        "weight_decay": 1e-1,
        "epochs": epochs,
        "label_smoothing": 0.1,
    }


IMAGE = (
    # A small network: the first answer, in a minute. No flips: digits have a direction.
    _image(
        block_type="conv",
        network=_convolutions((16, 32, 64), n_layers=1, dropout=0.1),
        augmentation={"flip": "none", "translation": 0.1},
        reduction="flatten",
        training={"learning_rate": 1e-2, "weight_decay": 1e-2, "epochs": 16},
    ),
    # Things have no direction, clothes and photographs among them: twice as wide, and
    # images mirrored but nowhere else than they were.
    _image(
        block_type="conv",
        network=_convolutions((32, 64, 128), n_layers=1, dropout=0.1),
        augmentation={"flip": "horizontal", "translation": 0.0},
        reduction="flatten",
        training={"learning_rate": 1e-2, "weight_decay": 1e-2, "epochs": 16},
    ),
    # A residual network of nine layers, a quarter as wide as it was published. So short
    # a training learns less from images that are covered in part.
    *(
        _nine_layers(16, {"flip": flip, **_CROP_AND_CUTOUT, "cutout": 0.0}, epochs=16)
        for flip in ("none", "horizontal")
    ),
    # More convolutions, images turned and zoomed as well: digits and letters.
    _image(
        block_type="conv",
        network=_convolutions((32, 64, 128), n_layers=2, dropout=0.2),
        augmentation=_WRITTEN,
        reduction="flatten",
        training={
            "learning_rate": 3e-3,
            "weight_decay": 1e-2,
            "epochs": 16,
            "label_smoothing": 0.1,
        },
    ),
    # The residual network half as wide as published and longer; then as wide.
    *(_nine_layers(filters, _MIRRORED, epochs=32) for filters in (32, 64)),
)

# Behind those, where a fast GPU trains them: what would take days on two cores.
LARGE_IMAGES = (
    # An EfficientNet at the size of the images.
    _image(
        block_type="efficient_net",
        network={"version": "small"},
        augmentation=_MIRRORED,
        reduction="global_avg",
        training=_regularized(2e-3, epochs=64),
    ),
    # The network of nine layers as wide as published and longer: for what must not be
    # mirrored, and for what may.
    *(_nine_layers(64, variation, epochs=64) for variation in (_WRITTEN, _MIRRORED)),
    # Deeper ones (He et al., arXiv:1603.05027), as wide as published.
    *(
        _image(
            block_type="res_net",
            network={"version": "v2", "depth": depth, "filters": 64},
            augmentation=_MIRRORED,
            reduction="global_avg",
            training=_regularized(2e-3, epochs=64),
        )
        for depth in (18, 50)
    ),
)

# Fewer images than these are described as well as learned from.
_FEW = 1000
FEW_IMAGES = (
    _image(
        block_type="oriented_gradients",
        network={"n_cells": 8, "n_directions": 8},
        reduction="flatten",
        training={
            "learning_rate": 5e-3,
            "weight_decay": 1e-1,
            "epochs": 32,
            "batch_size": 32,
        },
    ),
    *IMAGE,
)


def _text(block_type, *, training, **parts):
    """Return the full names for one network of a `TextBlock`."""
    values = {f"{_TEXT}/block_type": block_type}
    for part, part_values in parts.items():
        scope = f"{_TEXT}/{part}_1"
        values |= {f"{scope}/{name}": value for name, value in part_values.items()}
    return values | {f"training/{name}": value for name, value in training.items()}


def _ngrams(ngrams, weighting, **others):
    return {"ngrams": ngrams, "weighting": weighting, **others}


def _text_convolutions(filters, **others):
    return {
        "n_blocks": len(filters),
        **{f"filters_{i}": n for i, n in enumerate(filters)},
        "use_batchnorm": False,
        "activation": "relu",
        **others,
    }


# For many texts; `_with_enough_steps` says what few of them need.
_LONG = {"epochs": 16, "batch_size": 128}
_SHORT = {"epochs": 8, "batch_size": 128}

TEXT = (
    # Linear models of n-grams, those that tell classes apart and all of them alike: the
    # first answers, in seconds.
    *(
        _text(
            "linear",
            text_to_ngram_vector=_ngrams(ngrams, weighting, dim=16, dropout=0.2),
            training={"learning_rate": rate, "weight_decay": 1e-3, **_SHORT},
        )
        for ngrams, weighting, rate in (
            ("word", "naive_bayes", 1e-2),
            ("both", "tf_idf", 3e-3),
        )
    ),
    # A hidden layer behind them: combinations of words.
    _text(
        "ngram",
        text_to_ngram_vector=_ngrams("word", "naive_bayes", dim=64, dropout=0.5),
        dense_block=_dense(1, 64, activation="relu", dropout=0.2),
        training={"learning_rate": 1e-3, **_SHORT},
    ),
    # The same with n-grams of characters: short texts, typing errors, inflected words.
    _text(
        "ngram",
        text_to_ngram_vector=_ngrams("both", "naive_bayes", dim=32, dropout=0.5),
        dense_block=_dense(1, 64, activation="relu", dropout=0.2),
        training={"learning_rate": 1e-3, **_SHORT},
    ),
    # All n-grams alike, and a deeper network: numbers rather than classes.
    _text(
        "ngram",
        text_to_ngram_vector=_ngrams("both", "tf_idf", dim=32, dropout=0.2),
        dense_block=_dense(2, 64, activation="relu", dropout=0.2),
        training={"learning_rate": 2e-3, **_SHORT},
    ),
    # Phrases wherever they are (arXiv:1408.5882).
    _text(
        "conv",
        text_to_int_sequence={"length": 256},
        embedding={"dim": 64, "dropout": 0.5},
        conv_block=_text_convolutions(
            (128,), n_layers=1, kernel_size=3, pooling="none", dropout=0.2
        ),
        temporal_reduction={"reduction_type": "global_max"},
        training={"learning_rate": 2e-3, **_SHORT},
    ),
    # Separable convolutions: many texts, few words each.
    _text(
        "conv",
        text_to_int_sequence={"length": 512},
        embedding={"dim": 128, "dropout": 0.2},
        conv_block=_text_convolutions(
            (64, 128),
            n_layers=2,
            kernel_size=3,
            pooling="max",
            separable=True,
            use_batchnorm=True,
            dropout=0.2,
        ),
        temporal_reduction={"reduction_type": "global_avg"},
        training={"learning_rate": 1e-3, **_LONG},
    ),
    # Attention.
    _text(
        "transformer",
        text_to_int_sequence={"length": 256},
        embedding={"dim": 64, "dropout": 0.2},
        transformer_block={"n_layers": 1, "n_heads": 4, "width": 64, "dropout": 0.2},
        temporal_reduction={"reduction_type": "global_avg"},
        training={"learning_rate": 1e-3, **_LONG},
    ),
)

# Tables of which most columns are mostly zero: weights of words, very many categories.
SPARSE_DATA = (
    # A linear model: the first answer, and hard to beat.
    _sparse_data(
        sparse={"dim": 16, "dropout": 0.2},
        training={"learning_rate": 1e-2, "weight_decay": 1e-3, **_SHORT},
    ),
    # A hidden layer behind it: combinations of columns.
    *(
        _sparse_data(
            sparse={"dim": dim, "dropout": dropout},
            dense=_dense(1, 64, activation="relu", dropout=0.2),
            training={"learning_rate": 1e-3, **_SHORT},
        )
        for dim, dropout in ((32, 0.2), (64, 0.5))
    ),
)

# Texts for each word of one from which on convolutions come before n-grams.
_MANY_TEXTS_PER_WORD = 1500
# Steps that an epoch and a training need, and where to stop for them.
_STEPS_OF_EPOCH, _SMALLEST_BATCH = 24, 16
_STEPS, _MOST_EPOCHS = 300, 64
# What a hidden layer behind n-grams needs, most of which are in few texts.
_STEPS_OF_NGRAMS = 1500


def _with_enough_steps(values, schemas):
    """Return a configuration that learns from few rows in smaller batches, and longer.

    Batches of 128 of 500 texts are 4 steps an epoch, and 32 steps teach nothing. Where
    no size of batches is named, it is for the space to choose.
    """
    if not schemas or "training/batch_size" not in values:
        return values
    n_samples = schemas[0].n_samples
    batch_size, epochs = values["training/batch_size"], values["training/epochs"]
    is_ngram = any(
        k.endswith("/block_type") and v == "ngram" for k, v in values.items()
    )
    n_steps = _STEPS_OF_NGRAMS if is_ngram else _STEPS
    while batch_size > _SMALLEST_BATCH and n_samples < _STEPS_OF_EPOCH * batch_size:
        batch_size //= 2
    while epochs < _MOST_EPOCHS and epochs * n_samples < n_steps * batch_size:
        epochs *= 2
    return {**values, "training/batch_size": batch_size, "training/epochs": epochs}


def _bert(name, **training):
    """Return the full names for a `BertBlock`, its weights trained further."""
    return {
        f"{name}/trainable": True,
        f"{name}/pooling": "mean",
        f"{name}/learning_rate_factor": 0.03,
        "training/learning_rate": 2e-3,
        "training/weight_decay": 1e-2,
        "training/warm_up": 0.1,
        "training/batch_size": 32,
        **{f"training/{key}": value for key, value in training.items()},
    }


# As published (arXiv:1810.04805): a few epochs at small rates.
BERT = (_bert(_BERT, epochs=2), _bert(_BERT, epochs=4))
# The same where it is one of the networks for texts.
_TEXT_BERT = {
    f"{_TEXT}/block_type": "bert",
    **_bert(f"{_TEXT}/{_BERT}", epochs=4),
}

# Block -> its configurations. What they say of training counts in this order, the last
# one most.
_BY_BLOCK = {
    "structured_data_block": STRUCTURED_DATA,
    "text_block": TEXT,
    "bert_block": BERT,
    "image_block": IMAGE,
}


def _for_tables(schemas, targets):
    """Return the configurations for tables of such rows and targets."""
    tables = [s for s in schemas if isinstance(s, StructuredDataSchema)]
    if any(table.n_sparse for table in tables):
        return SPARSE_DATA
    if any(table.n_samples < SMALL_DATA for table in tables):
        return FEW_ROWS
    if not targets or any(target.is_classification for target in targets):
        return STRUCTURED_DATA
    return tuple(
        values | _FOR_NUMBERS if values is _REAL_MLP else values
        for values in STRUCTURED_DATA
    )


def predefined(block_names, schemas=(), targets=(), given=None):
    """Return the predefined configurations of a graph.

    Parameters
    ----------
    block_names : list of str
        The blocks of the graph, such as "structured_data_block_1", and those inside of
        them, "structured_data_block_1/text_block_1". Blocks that search over whole
        networks have configurations of their own; those of several such blocks are
        joined in their order, shorter lists repeat their last one.
    schemas : sequence, default=()
        One per input of the graph: few texts are learned from in smaller batches, and
        wide sparse tables, few rows and few images have configurations of their own.
        On a fast GPU there are more for images, larger ones.
    targets : sequence of TargetSchema, default=()
        One per output: some values differ between numbers and classes.
    given : dict of str to object or None, default=None
        What the user gave for parameters of the blocks, by full name: configurations
        that say something else are left out, as far as there are others.

    Returns
    -------
    configurations : list of dict
        Cheapest first. If nothing is known of any block: the one of all defaults.
    """
    whatever = _BY_BLOCK | {"structured_data_block": _for_tables((), targets)}
    by_block = whatever | {"structured_data_block": _for_tables(schemas, targets)}
    if _has_few_images(schemas):
        by_block["image_block"] = FEW_IMAGES
    elif accelerator.has_fast_gpu():
        by_block["image_block"] = (*IMAGE, *LARGE_IMAGES)
    found = []
    for base, each in by_block.items():
        for name in block_names:
            if re.fullmatch(rf"({_BLOCK[:-1]}\d+/)?{base}_\d+", name):
                bert = (_TEXT_BERT,) * (f"{name}/{_BERT}" in block_names)
                known = _renamed((*each, *bert), base, name)
                others = _renamed(whatever[base], base, name)
                found.append(_that_fit(known, others, given or {}))
    if not found:
        return [{}]
    joined = [{} for _ in range(max(map(len, found)))]
    for configurations in found:
        for i, values in enumerate(joined):
            values |= configurations[min(i, len(configurations) - 1)]
    return [_with_enough_steps(values, schemas) for values in joined]


def _renamed(configurations, base, name):
    """Return the configurations of a block by the name that it has in a graph."""
    return [
        {k.replace(f"{base}_1/", f"{name}/"): v for k, v in values.items()}
        for values in configurations
    ]


def _that_fit(configurations, others, given):
    """Return those of a block that its parameters contradict least.

    Where all of them are contradicted, the others of its kind are asked as well: few
    rows begin with dense layers, but not if the user wants a RealMLP.
    """

    def n_contradictions(values):
        return sum(not admits(given.get(k), v) for k, v in values.items())

    if all(map(n_contradictions, configurations)):
        more = (values for values in others if values not in configurations)
        configurations = [*configurations, *more]
    counts = list(map(n_contradictions, configurations))
    pairs = zip(configurations, counts, strict=True)
    return [values for values, count in pairs if count == min(counts)]


def rank(values, schemas):
    """Return which of the predefined configurations come first whatever they cost.

    Where there are 1500 texts or more for each word of a text, separable convolutions
    learn more from them than n-grams (Google, Text classification guide, 2018). Few
    images are learned from by convolutions before they are described, which costs less.

    Parameters
    ----------
    values : dict of str to object
        A configuration.
    schemas : sequence
        One per input of the graph.

    Returns
    -------
    rank : int
        0 for those that come first.
    """
    if _has_few_images(schemas):
        kinds = {v for k, v in values.items() if k.endswith("/block_type")}
        return int("oriented_gradients" in kinds or "res_net" in kinds)
    texts = _texts(schemas)
    kinds = {k: v for k, v in values.items() if re.search(r"\btext_block_\d+/", k)}
    if texts is None or not kinds:
        return 0
    kind = next(v for k, v in kinds.items() if k.endswith("/block_type"))
    if texts.n_samples < _MANY_TEXTS_PER_WORD * texts.n_words:
        return int(kind not in ("linear", "ngram"))
    is_separable = any(v for k, v in kinds.items() if k.endswith("/separable"))
    return int(not (is_separable or kind == "linear"))


def _has_few_images(schemas):
    return any(isinstance(s, ImageSchema) and s.n_samples < _FEW for s in schemas)


def _texts(schemas):
    """Return the schema of the first texts, those in tables included, or None."""
    found = [s for s in schemas if isinstance(s, TextSchema)]
    for schema in schemas:
        found += getattr(schema, "texts", {}).values()
    return found[0] if found else None
