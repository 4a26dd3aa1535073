"""Small spaces for oracles."""

import keras_tuner
import pytest


@pytest.fixture
def space():
    """A space with a branch: three hyperparameters exist for one choice only."""
    hp = keras_tuner.HyperParameters()
    kind = hp.Choice("block_1/kind", ["a", "b"])
    hp.Choice("block_1/size", [1, 2, 3])
    with hp.conditional_scope("block_1/kind", ["b"]):
        for name in ("x", "y", "z"):
            hp.Choice(f"block_1/b/{name}", [1, 2])
    hp.Float("training/rate", 0.0, 1.0)
    assert kind == "a"
    return hp
