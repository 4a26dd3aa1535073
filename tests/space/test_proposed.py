"""Proposed values stay within the bounds that a block sets as it builds."""

import keras
import pytest

from skautokeras import Block, ClassificationHead, Input
from skautokeras._data import ArraySchema, TargetSchema
from skautokeras._space import Graph, SearchSpace
from skautokeras._space.proposed import Proposed


@pytest.mark.parametrize(
    ("proposed", "declare", "value"),
    [
        (64, lambda hp: hp.Int("n", 4, 16), 16),
        (1, lambda hp: hp.Int("n", 4, 16), 4),
        (64, lambda hp: hp.Int("n", 4, 15, step=4), 12),
        (8, lambda hp: hp.Int("n", 4, 16), 8),
        (2.0, lambda hp: hp.Float("n", 0.0, 1.0), 1.0),
        ("c", lambda hp: hp.Choice("n", ["a", "b"]), "a"),
        ("c", lambda hp: hp.Choice("n", ["a", "b"], default="b"), "b"),
        ("b", lambda hp: hp.Choice("n", ["a", "b"]), "b"),
    ],
)
def test_a_value_is_the_nearest_that_is_allowed(proposed, declare, value):
    hp = Proposed({"scope/n": proposed})
    with hp.name_scope("scope"):
        assert declare(hp) == value
    assert hp.values == {"scope/n": value}


class Narrowing(Block):
    """A block whose second layer is no wider than its first."""

    def build(self, hp, inputs):
        """Build two layers."""
        first = hp.Int("first", 8, 128, default=64)
        second = hp.Int("second", first // 2, first)
        return keras.layers.Dense(second)(keras.layers.Dense(first)(inputs))


def test_what_was_built_is_what_is_reported():
    node = Input()
    space = SearchSpace(
        Graph([node], [ClassificationHead()(Narrowing()(node))]),
        schemas=[ArraySchema(shape=(4,), n_samples=100)],
        targets=[TargetSchema(kind="binary", n_outputs=1)],
        n_samples=100,
    )
    built = space.build({"narrowing_1/first": 16, "narrowing_1/second": 60})
    assert built.values["narrowing_1/second"] == 16
