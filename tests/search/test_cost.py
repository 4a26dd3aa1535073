"""The arithmetic of a network is told from its layers."""

import keras
import pytest

from skautokeras._layers import (
    BatchEnsembleDense,
    MemberDense,
    MemberScaling,
    NTKDense,
    WeightedBag,
)
from skautokeras._search import count_flops


def model_of(shape, *layers):
    x = inputs = keras.Input(shape)
    for layer in layers:
        x = layer(x)
    return keras.Model(inputs, x)


@pytest.mark.parametrize(
    ("shape", "layers", "expected"),
    [
        ((4,), [keras.layers.Dense(3)], 2 * 4 * 3),
        ((4,), [keras.layers.Dense(8), keras.layers.Dense(2)], 2 * (4 * 8 + 8 * 2)),
        ((4,), [keras.layers.BatchNormalization()], 0),
        ((5, 4), [keras.layers.Dense(3)], 2 * 5 * 4 * 3),
        ((8, 8, 3), [keras.layers.Conv2D(4, 3)], 2 * 36 * 3 * 3 * 3 * 4),
        ((8, 8, 3), [keras.layers.Conv2D(4, 3, strides=2)], 2 * 9 * 3 * 3 * 3 * 4),
        ((6, 2), [keras.layers.SimpleRNN(3)], 2 * 6 * (2 * 3 + 3 * 3)),
        ((6,), [keras.layers.Embedding(10, 4), keras.layers.Dense(3)], 2 * 6 * 4 * 3),
        ((6,), [WeightedBag(10, 4), keras.layers.Dense(3)], 2 * (6 * 4 + 4 * 3)),
        ((4,), [NTKDense(3)], 2 * 4 * 3),
        (
            (4,),
            [MemberScaling(7), BatchEnsembleDense(5), MemberDense(2)],
            2 * 7 * (4 * 5 + 5 * 2),
        ),
    ],
    ids=range(11),
)
def test_flops_are_those_of_the_matrices(shape, layers, expected):
    model = model_of(shape, *layers)
    assert count_flops(model) == expected
    nested = model_of(shape, model)
    assert count_flops(nested) == expected
