"""Graphs over small tables, images, series, codes and texts."""

import numpy as np
import pandas as pd
import pytest

from skautokeras import (
    ClassificationHead,
    ImageInput,
    Input,
    StructuredDataBlock,
    StructuredDataInput,
    TextInput,
)
from skautokeras._data import (
    ArraySchema,
    ImageSchema,
    StructuredDataAdapter,
    TargetSchema,
    TextAdapter,
    XAdapter,
)
from skautokeras._fit import encode_all
from skautokeras._space import Graph, PresetTokenizer, SearchSpace, complete

N_ROWS = 60
# What a block is built on where that is no table.
HOMES = {
    "ConvBlock": "images",
    "EfficientNetBlock": "images",
    "ImageAugmentation": "images",
    "ImageBlock": "images",
    "OrientedGradientsBlock": "images",
    "ResNetBlock": "images",
    "SpatialReduction": "images",
    "XceptionBlock": "images",
    "RNNBlock": "series",
    "TemporalReduction": "series",
    "TransformerBlock": "series",
    "Embedding": "codes",
    "BertBlock": "subwords",
    "TextBlock": "texts",
    "TextToIntSequence": "texts",
    "TextToNgramVector": "texts",
}


def image_source(*shape):
    """Return an input for images, its schema and the arrays of 60 of them."""
    pixels = np.random.default_rng(0).integers(0, 256, (N_ROWS, *shape))
    mean, std = (0.5,) * shape[-1], (0.3,) * shape[-1]
    schema = ImageSchema(shape, N_ROWS, "uint8", 0.0, 255.0, mean, std)
    return ImageInput(), schema, {"pixels": pixels.astype("uint8")}


def array_source(*shape, high=None):
    """Return an input for an array, its schema and the array; codes below ``high``."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(N_ROWS, *shape))
    if high is not None:
        X = rng.integers(0, high, X.shape)
    return Input(), ArraySchema(shape, N_ROWS), {"array": X.astype("float32")}


def text_source(*presets, texts=None):
    """Return an input for texts, their schema and the arrays of 60 of them."""
    rng = np.random.default_rng(0)
    words = [f"word{i}" for i in range(50)]
    if texts is None:
        texts = [" ".join(rng.choice(words, 8)) for _ in range(N_ROWS)]
    text = TextAdapter(tokenizers=tuple(map(PresetTokenizer, presets)))
    adapter = XAdapter(["text"], [text], [None])
    arrays = encode_all(adapter, adapter.fit_transform(texts))
    return TextInput(), adapter.schemas_[0], arrays


@pytest.fixture(scope="session")
def table():
    """A fitted adapter and the arrays it makes of 60 rows of every kind."""
    rng = np.random.default_rng(0)
    X = pd.DataFrame(
        {
            "number": rng.normal(size=N_ROWS),
            "gap": np.where(rng.random(N_ROWS) < 0.2, np.nan, rng.random(N_ROWS)),
            "kind": rng.choice(["a", "b", "c"], size=N_ROWS),
        }
    )
    adapter = StructuredDataAdapter().fit(X)
    return adapter, adapter.transform(X)


@pytest.fixture(scope="session")
def source_for(table, request):
    """From a block, to an input that it can be built on, its schema and its arrays."""

    def subword_source():
        request.getfixturevalue("tiny_default_preset")
        return text_source("bert_tiny_en_uncased")

    def source(block):
        home = HOMES.get(type(block).__name__, "table")
        if home == "table":
            return StructuredDataInput(), table[0].schema_, table[1]
        return {
            "images": lambda: image_source(8, 8, 1),
            "series": lambda: array_source(5, 3),
            "codes": lambda: array_source(6, high=9),
            "texts": text_source,
            "subwords": subword_source,
        }[home]()

    return source


@pytest.fixture(scope="session")
def active_names():
    """From a search space and values, to the names of what is active for them."""

    def names(search_space, values):
        return set(complete(search_space.hyperparameters(), values))

    return names


@pytest.fixture(scope="session")
def make_graph(source_for):
    """From blocks, each on the one before, to a graph for two classes."""

    def make(*blocks, source=None, n_samples=N_ROWS, **kwargs):
        blocks = blocks or [StructuredDataBlock()]
        node, schema, _ = source or source_for(blocks[0])
        x = node
        for block in blocks:
            x = block(x)
        return SearchSpace(
            Graph([node], [ClassificationHead()(x)]),
            schemas=[schema],
            targets=[TargetSchema(kind="binary", n_outputs=1)],
            n_samples=n_samples,
            **kwargs,
        )

    return make
