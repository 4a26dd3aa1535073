"""Graphs over a small table."""

import numpy as np
import pandas as pd
import pytest

from skautokeras import ClassificationHead, StructuredDataBlock, StructuredDataInput
from skautokeras._data.schema import TargetSchema
from skautokeras._data.structured_data import StructuredDataAdapter
from skautokeras._space.graph import Graph


@pytest.fixture(scope="session")
def table():
    """A fitted adapter and the arrays it makes of 60 rows of every kind."""
    rng = np.random.default_rng(0)
    X = pd.DataFrame(
        {
            "number": rng.normal(size=60),
            "gap": np.where(rng.random(60) < 0.2, np.nan, rng.random(60)),
            "kind": rng.choice(["a", "b", "c"], size=60),
        }
    )
    adapter = StructuredDataAdapter().fit(X)
    return adapter, adapter.transform(X)


@pytest.fixture(scope="session")
def make_graph(table):
    """From blocks, each on the one before, to a graph for two classes."""

    def make(*blocks, **kwargs):
        node = StructuredDataInput()
        x = node
        for block in blocks or [StructuredDataBlock()]:
            x = block(x)
        return Graph(
            [node],
            [ClassificationHead()(x)],
            schemas=[table[0].schema_],
            targets=[TargetSchema(kind="binary", n_outputs=1)],
            n_samples=60,
            **kwargs,
        )

    return make
