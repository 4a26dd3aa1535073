"""The arithmetic of a network is told from its layers."""

import keras
import pytest

from skautokeras import (
    BoostedTreesBlock,
    ClassificationHead,
    DenseBlock,
    ExtraTreesBlock,
    Input,
    RegressionHead,
)
from skautokeras._data import ArraySchema, TargetSchema
from skautokeras._layers import (
    BatchEnsembleDense,
    ImageEncoder,
    MemberDense,
    MemberScaling,
    NTKDense,
    WeightedBag,
)
from skautokeras._search import Cost, count_flops, estimate_cost
from skautokeras._space import Graph, SearchSpace


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


def cost_of(block, *, n_columns=4, n_classes=None):
    """Return the cost of a block on some columns, for a number or for classes."""
    node = Input()
    head = RegressionHead() if n_classes is None else ClassificationHead()
    target = TargetSchema(kind="regression", n_outputs=1)
    if n_classes is not None:
        target = TargetSchema(kind="multiclass", n_outputs=n_classes)
    search_space = SearchSpace(
        Graph([node], [head(block(node))]),
        schemas=[ArraySchema(shape=(n_columns,), n_samples=100)],
        targets=[target],
        n_samples=100,
    )
    return estimate_cost(search_space, {})


def encoder(trained_share):
    pixels = keras.Input((8, 8, 3))
    x = keras.layers.Conv2D(4, 3, padding="same")(pixels)
    x = keras.layers.Conv2D(4, 3, padding="same")(x)
    layer = ImageEncoder(keras.Model(pixels, x), trained_share=trained_share)
    return keras.Model(pixels, layer(pixels))


def test_layers_that_are_not_trained_are_passed_once():
    first, second = (2 * 9 * n * 4 * 64 for n in (3, 4))
    assert count_flops(encoder(1.0), training=True) == first + second
    assert count_flops(encoder(0.5), training=True) == first // 3 + second
    assert count_flops(encoder(0.5)) == first + second


def test_a_training_costs_what_all_its_passes_cost():
    cost = cost_of(DenseBlock(n_layers=1, units=64))
    assert (cost.epochs, cost.fitting_flops) == (32, 0)
    assert cost.training_flops == 32 * cost.flops > 0
    assert Cost(7, 100, 3).training_flops == 300
    assert Cost(7, 100, 3, fitting_flops=50).training_flops == 350


@pytest.mark.parametrize("block", [BoostedTreesBlock, ExtraTreesBlock])
def test_trees_cost_their_fitting_and_no_epoch(block):
    cost = cost_of(block(n_trees=50))
    assert cost.epochs == 0
    assert cost.training_flops == cost.fitting_flops > 0
    # A prediction is much cheaper than the fitting.
    assert 0 < cost.flops < cost.fitting_flops / 50


@pytest.mark.parametrize("block", [BoostedTreesBlock, ExtraTreesBlock])
def test_more_trees_cost_more(block):
    one, twice = (cost_of(block(n_trees=n)).fitting_flops for n in (50, 100))
    assert twice == 2 * one


def test_wider_tables_make_trees_dearer():
    few, more, many = (
        cost_of(BoostedTreesBlock(n_trees=50), n_columns=n).fitting_flops
        for n in (1, 11, 21)
    )
    assert few < more < many
    assert many - more == more - few


def test_there_are_as_many_boosted_trees_as_classes():
    three, six = (
        cost_of(BoostedTreesBlock(n_trees=50), n_classes=n).fitting_flops
        for n in (3, 6)
    )
    assert six == 2 * three
    # Random trees predict all classes at once.
    three, six = (
        cost_of(ExtraTreesBlock(n_trees=50), n_classes=n).fitting_flops for n in (3, 6)
    )
    assert six == three
