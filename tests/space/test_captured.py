"""Layers that a block has captured stay as they are; each network has copies."""

from concurrent.futures import ThreadPoolExecutor

import keras
import numpy as np
import pytest

from skautokeras import Block, ClassificationHead, Input
from skautokeras._data import ArraySchema, TargetSchema
from skautokeras._space import Graph, SearchSpace

N_COLUMNS = 4


class Calling(Block):
    """A block that builds what a function makes of its input."""

    def __init__(self, function):
        self.function = function

    def build(self, hp, inputs):
        """Call the function."""
        return self.function(inputs)


def search_space(function):
    """Return the search space of a block that calls a function."""
    node = Input()
    return SearchSpace(
        Graph([node], [ClassificationHead()(Calling(function)(node))]),
        schemas=[ArraySchema(shape=(N_COLUMNS,), n_samples=100)],
        targets=[TargetSchema(kind="binary", n_outputs=1)],
        n_samples=100,
    )


def network(*layers):
    """Return a network of layers on features, which is built."""
    return keras.Sequential([keras.Input((N_COLUMNS,)), *layers])


def built_layers(function):
    """Return the layers of a network after the search space has been looked through."""
    space = search_space(function)
    space.check()
    space.hyperparameters()
    return {layer.name: layer for layer in space.build({}).network.layers}


def test_each_network_begins_with_the_weights_of_a_captured_model():
    base = network(keras.layers.Dense(3), keras.layers.BatchNormalization())
    base.layers[1].set_weights([np.full(3, float(i)) for i in range(1, 5)])
    before = base.get_weights()
    copy = built_layers(base)[base.name]
    for weights, expected in zip(copy.get_weights(), before, strict=True):
        np.testing.assert_array_equal(weights, expected)
    copy.set_weights([weights + 1 for weights in before])
    for weights, expected in zip(base.get_weights(), before, strict=True):
        np.testing.assert_array_equal(weights, expected)


@pytest.mark.parametrize(
    "make",
    [
        lambda: keras.layers.Dense(3, name="own"),
        lambda: keras.Sequential([keras.layers.Dense(3)], name="own"),
        lambda: keras.layers.EinsumDense("ab,bc->ac", (3,), name="own"),
    ],
)
def test_a_captured_layer_that_is_not_built_is_not_built_either(make):
    layer = make()
    copy = built_layers(layer)["own"]
    assert copy is not layer
    assert copy.count_params() >= 3 * N_COLUMNS
    assert not layer.built
    assert not layer.weights


def test_frozen_layers_stay_frozen():
    base = network(keras.layers.Dense(3), keras.layers.Dense(2))
    base.trainable = False
    base.layers[1].trainable = True
    copy = built_layers(base)[base.name]
    trained = [layer.trainable for layer in copy.layers]
    assert trained == [False, True]
    assert len(search_space(base).build({}).network.trainable_weights) == 4


def test_a_part_of_a_captured_model_is_copied():
    base = network(keras.layers.Dense(3), keras.layers.Dense(2))

    def part(x):
        return keras.Model(base.inputs, base.layers[0].output, name="part")(x)

    copy = built_layers(part)["part"]
    (dense,) = [x for x in copy.layers if isinstance(x, keras.layers.Dense)]
    assert dense is not base.layers[0]
    np.testing.assert_array_equal(dense.kernel, base.layers[0].kernel)


@pytest.mark.parametrize(
    "around",
    [
        lambda base: keras.Sequential([base, keras.layers.Dense(2)]),
        lambda base: network(base, keras.layers.Dense(2)),
        lambda base: keras.Sequential(
            [
                keras.layers.Reshape((1, N_COLUMNS)),
                keras.layers.TimeDistributed(base),
                keras.layers.Flatten(),
            ]
        ),
    ],
)
def test_what_is_made_around_a_captured_model_has_a_copy_of_it(around):
    base = network(keras.layers.Dense(3, name="inner"))
    built = search_space(lambda x: around(base)(x)).build({})
    own = {id(weights) for weights in base.weights}
    assert own.isdisjoint(map(id, built.network.weights))
    values = [np.asarray(weights) for weights in built.network.weights]
    assert any(np.array_equal(base.weights[0], value) for value in values)


def test_a_captured_layer_that_is_called_twice_has_one_copy():
    dense = keras.layers.Dense(N_COLUMNS, name="dense_of_user")
    built = search_space(lambda x: dense(dense(x))).build({})
    assert [x.name for x in built.network.layers].count("dense_of_user") == 1


def test_what_was_adapted_to_data_is_copied():
    X = np.random.default_rng(0).normal(5.0, 3.0, size=(50, N_COLUMNS))
    normalization = keras.layers.Normalization(name="adapted")
    normalization.adapt(X)
    copy = built_layers(normalization)["adapted"]
    np.testing.assert_allclose(copy(X), normalization(X), rtol=1e-5)


def test_a_layer_that_the_block_keeps_is_not_trained_on():
    kept = {}

    def build(x):
        kept.setdefault("layer", keras.layers.Dense(3, name="kept"))
        return kept["layer"](x)

    space = search_space(build)
    space.check()
    first, second = [space.build({}).network.get_layer("kept") for _ in range(2)]
    assert first is not second
    np.testing.assert_array_equal(first.kernel, second.kernel)


class Unknown(keras.Model):
    """A model whose constructor nobody can know."""

    def __init__(self, function):
        super().__init__()
        self.function = function
        self.dense = keras.layers.Dense(3)

    def call(self, x):
        """Return what the only layer makes of features."""
        return self.dense(self.function(x))


class Holder(keras.layers.Layer):
    """A layer that was given another one."""

    def __init__(self, inner):
        super().__init__()
        self.inner = inner

    def call(self, x):
        """Return what the other layer makes of features."""
        return self.inner(x)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Unknown(lambda x: 2 * x),
        lambda: (lambda layer: lambda x: Holder(layer)(x))(keras.layers.Dense(3)),
    ],
)
def test_what_cannot_be_copied_is_refused_before_any_training(make):
    with pytest.raises(ValueError, match=r"(?s)calling_1, .*Make layers inside of"):
        search_space(make()).check()


def test_keras_is_as_it_was_after_a_network_is_built():
    before = keras.layers.Layer.__new__, keras.layers.Layer.__call__
    search_space(keras.layers.Dense(3)).build({})
    assert (keras.layers.Layer.__new__, keras.layers.Layer.__call__) == before


def test_other_threads_call_the_layer_itself():
    dense = keras.layers.Dense(3)

    def build(x):
        with ThreadPoolExecutor(1) as pool:
            pool.submit(dense, np.zeros((2, N_COLUMNS))).result()
        return keras.layers.Dense(2)(x)

    search_space(build).build({})
    assert dense.built
