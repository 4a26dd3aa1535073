"""Known configurations of `TextBlock` and `BertBlock`."""

from skautokeras._data.schema import TextSchema
from skautokeras._space.portfolio.parts import HEAD, SHORT, dense, full_names, within

# Above this ratio of the number of texts to the median number of words of a text,
# convolutions are tried before n-grams (Google, Text classification guide, 2018).
_MANY_TEXTS_PER_WORD = 1500
# Steps that a hidden layer behind n-grams needs, most of which are in few texts.
_STEPS_OF_NGRAMS = 1500


def _text(block_type, *, training, **parts):
    """Return the values for one network of a `TextBlock`."""
    values = {"block_type": block_type}
    for part, part_values in parts.items():
        values |= within(f"{part}_1", part_values)
    return values | within("training", training)


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


_LONG = {**SHORT, "epochs": 16}

TEXT = (
    # Linear models of n-grams, those that tell classes apart and all of them alike: the
    # first answers, in seconds.
    *(
        _text(
            "linear",
            text_to_ngram_vector=_ngrams(ngrams, weighting, dim=16, dropout=0.2),
            training={"learning_rate": rate, "weight_decay": 1e-3, **SHORT},
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
        dense_block=dense(1, 64, activation="relu", dropout=0.2),
        training={"learning_rate": 1e-3, **SHORT},
    ),
    # The same with n-grams of characters: short texts, typing errors, inflected words.
    _text(
        "ngram",
        text_to_ngram_vector=_ngrams("both", "naive_bayes", dim=32, dropout=0.5),
        dense_block=dense(1, 64, activation="relu", dropout=0.2),
        training={"learning_rate": 1e-3, **SHORT},
    ),
    # All n-grams alike, and a deeper network: numbers rather than classes.
    _text(
        "ngram",
        text_to_ngram_vector=_ngrams("both", "tf_idf", dim=32, dropout=0.2),
        dense_block=dense(2, 64, activation="relu", dropout=0.2),
        training={"learning_rate": 2e-3, **SHORT},
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
        training={"learning_rate": 2e-3, **SHORT},
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


def _on_vectors(vectors, *, dropout=0.1, **training):
    """Return the values for a `BertBlock` with ``trainable=False``."""
    return {
        "vectors": vectors,
        "dropout": dropout,
        **within("training", {**HEAD, **training}),
    }


def _tuned(**training):
    """Return the values for a `BertBlock` with ``trainable=True``."""
    return {
        "pooling": "mean",
        "learning_rate_factor": 0.03,
        "head_first": 0.0,
        "training/learning_rate": 2e-3,
        "training/weight_decay": 1e-2,
        "training/warm_up": 0.1,
        "training/batch_size": 32,
        **within("training", training),
    }


# Heads on vectors, then trainings as published (arXiv:1810.04805): a few epochs at
# small rates.
BERT = (
    *(
        {"trainable": False, **_on_vectors(vectors, dropout=0.3, **training)}
        for vectors, training in (
            ("encoder", {"learning_rate": 1e-2, "weight_decay": 3e-1}),
            ("both", {"learning_rate": 3e-3, "weight_decay": 1e-1}),
        )
    ),
    *({"trainable": True, **_tuned(epochs=epochs)} for epochs in (2, 4)),
)


def _pretrained(vectors, *, beside=None, behind=None, **training):
    """Return the values of a `TextBlock` around vectors of a pretrained model."""
    return {
        "block_type": "pretrained",
        **full_names("bert_block_1", _on_vectors(vectors, **training)),
        "with_ngrams": beside is not None,
        "has_layers": behind is not None,
        **within("beside_1", beside or {}),
        **within("behind_1", behind or {}),
    }


_WORDS = _ngrams("word", "naive_bayes", dim=16, dropout=0.5)
_ALL_NGRAMS = {**_WORDS, "ngrams": "both"}
_LINEAR = {"learning_rate": 3e-3, "weight_decay": 1e-1, "dropout": 0.3}
_LAYERS = {
    "behind": dense(1, 256, activation="relu", dropout=0.3),
    "learning_rate": 1e-3,
    "weight_decay": 1e-2,
}
# N-grams beside the vectors help everywhere, and dense layers behind both help numbers
# (measurement 0060).
_PRETRAINED = (
    _pretrained("encoder", beside=_WORDS, **_LINEAR),
    _pretrained("both", beside=_WORDS, **_LAYERS),
    _pretrained("both", beside=_ALL_NGRAMS, **_LAYERS),
)
# Where there was no time to encode texts.
_STATIC = (
    _pretrained("static", beside=_WORDS, **_LINEAR),
    _pretrained("static", beside=_WORDS, **_LAYERS),
)


def for_texts(presets, schemas=()):
    """Return the configurations of a `TextBlock`.

    Parameters
    ----------
    presets : sequence of str
        Pretrained models, of which the first one is tuned.
    schemas : sequence of Schema, default=()
        Schema of each input. If empty, nothing is known about the data.

    Returns
    -------
    configurations : tuple of dict
        Values by the names in the block.
    """
    if not presets:
        return TEXT
    facts = [part for text in _texts_of(schemas) for part in text.subwords]
    facts = [part for part in facts if part.preset in presets]
    is_encoded = not facts or any(part.encoder for part in facts)
    is_static = not facts or any(part.static for part in facts)
    names = [{"preset": preset} for preset in presets] if len(presets) > 1 else [{}]
    known = _PRETRAINED if is_encoded else _STATIC
    frozen = [{**values, **name} for values in known for name in names]
    if not is_static:
        frozen = [_with_encoder(values) for values in frozen]
    tuned = full_names("tuned_1", _tuned(epochs=4))
    return (*TEXT, *frozen, {"block_type": "tuned", **tuned, **names[0]})


def rank_for_texts(values, schemas):
    """Return whether a configuration comes behind others whatever it costs.

    Where texts are many and short, separable convolutions learn more from them than
    n-grams.

    Parameters
    ----------
    values : dict of str to object
        Values of a `TextBlock`, by their names in it.
    schemas : sequence of Schema
        Schema of each input. The first texts decide, those in tables included.

    Returns
    -------
    rank : int or None
        Rank of the configuration, 0 if it comes first. If None, its cost decides.
    """
    texts = _first_texts(schemas)
    if texts is None:
        return None
    kind = values.get("block_type")
    if kind == "pretrained":
        return 0
    if texts.n_samples < _MANY_TEXTS_PER_WORD * texts.n_words:
        return int(kind not in ("linear", "ngram"))
    is_separable = values.get("conv_block_1/separable", False)
    return int(not (is_separable or kind == "linear"))


def steps_for_texts(values):
    """Return the steps that training needs at least.

    Parameters
    ----------
    values : dict of str to object
        Values of a `TextBlock`, by their names in it.

    Returns
    -------
    n_steps : int
    """
    return _STEPS_OF_NGRAMS if values.get("block_type") == "ngram" else 0


def _with_encoder(values):
    """Return a configuration that reads no static vectors."""
    name = "bert_block_1/vectors"
    return {**values, name: "encoder"}


def _first_texts(schemas):
    """Return the schema of the first texts, those in tables included, or None."""
    return next(iter(_texts_of(schemas)), None)


def _texts_of(schemas):
    """Return the schemas of all texts, those in tables behind the others."""
    found = [s for s in schemas if isinstance(s, TextSchema)]
    for schema in schemas:
        found += getattr(schema, "texts", {}).values()
    return found
