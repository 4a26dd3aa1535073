"""What networks for tables ask of a training: members, and regularization that ends."""

from dataclasses import replace

import keras
import numpy as np
import pytest

from skautokeras import (
    ClassificationHead,
    DenseBlock,
    Normalization,
    NumericalEmbedding,
    RealMLPBlock,
    RegressionHead,
    ResidualDenseBlock,
    StructuredDataBlock,
    StructuredDataInput,
    TabMBlock,
)
from skautokeras._ensemble import Ensemble
from skautokeras._layers import NTKDense, PeriodicEmbedding
from skautokeras._space import Graph, SearchSpace
from skautokeras._training import not_decayed

HEAD = "classification_head_1"
THROUGH_FIT = {"fit_arguments": {"validation_freq": 1}}
CONSTANT = {"training/schedule": "constant"}

both_ways = pytest.mark.parametrize(
    "changes", [{}, THROUGH_FIT], ids=["compiled", "fit"]
)


def with_block(problem, block, head=None, batch_size=16):
    """Return a problem with another network."""
    node = StructuredDataInput()
    search_space = SearchSpace(
        Graph(
            [node], [(head or ClassificationHead(metrics=["accuracy"]))(block(node))]
        ),
        schemas=problem.search_space.schemas,
        targets=problem.search_space.targets,
        n_samples=150,
        batch_size=batch_size,
    )
    return replace(problem, search_space=search_space)


def members(problem, **kwargs):
    return with_block(
        problem, TabMBlock(n_members=3, n_layers=1, units=8, dropout=0.0), **kwargs
    )


def weights_of(built):
    return np.concatenate([w.ravel() for w in built.network.get_weights()])


@both_ways
def test_members_learn_and_predict_by_their_mean(problem, changes):
    problem = members(problem)
    values = {"training/learning_rate": 0.02}
    built, monitor = problem.train(values, epochs=5, **changes)
    losses = monitor.history["loss"]
    assert losses[-1] < 0.9 * losses[0]
    rows = problem.data.valid
    apart = np.asarray(built.network(rows.x, training=True)[HEAD])
    assert apart.shape == (len(rows), 3, 3)
    np.testing.assert_allclose(apart.sum(axis=2), 1, rtol=1e-5)
    assert np.ptp(apart, axis=1).max() > 0.01
    together = Ensemble([built.model], [1.0]).predict(rows.x)[HEAD]
    np.testing.assert_allclose(together, apart.mean(axis=1), atol=1e-5)


def test_members_are_trained_alike_both_ways(problem):
    problem = members(problem)
    (compiled, by_epoch), (fit, by_fit) = (
        problem.train(CONSTANT, shuffle=False, epochs=2, **changes)
        for changes in ({}, THROUGH_FIT)
    )
    for name, values in by_epoch.history.items():
        assert by_fit.history[name] == pytest.approx(values, rel=1e-3), name
    np.testing.assert_allclose(weights_of(compiled), weights_of(fit), atol=1e-4)


def with_waves(problem):
    """Return a problem with RealMLP as it was published, small."""
    block = StructuredDataBlock(
        normalization=Normalization(method="robust"),
        numerical_embedding=NumericalEmbedding(method="periodic", dim=4, sigma=0.1),
        dense=RealMLPBlock(
            n_layers=2, units=8, activation="selu", dropout=0.0, start="data"
        ),
    )
    return with_block(problem, block)


def test_waves_are_not_decayed_and_both_ways_know(problem):
    problem = with_waves(problem)
    values = {**CONSTANT, "training/weight_decay": 0.3}
    networks = [
        problem.train(values, shuffle=False, epochs=2, **changes)[0].network
        for changes in ({}, THROUGH_FIT)
    ]
    compiled, fit = ([w.numpy() for w in network.weights] for network in networks)
    for a, b in zip(compiled, fit, strict=True):
        np.testing.assert_allclose(a, b, atol=2e-4)
    network = networks[0]
    variables = network.trainable_variables
    decayed = {id(v) for v in variables} - set(map(id, not_decayed(network, variables)))
    found = [v.name for v in variables if id(v) in decayed]
    # The factors of the features, two matrices and that of the head.
    assert sorted(found) == ["kernel", "kernel", "kernel", "scale"]
    (waves,) = (v for v in network.layers if isinstance(v, PeriodicEmbedding))
    assert not decayed & set(map(id, waves.trainable_variables))


@both_ways
def test_the_loss_is_the_mean_of_the_members_losses(problem, changes):
    problem = members(problem, batch_size=1000)
    values = {**CONSTANT, "training/learning_rate": 1e-4}
    built, monitor = problem.train(values, epochs=1, stop_after=1, **changes)
    rows = problem.data.train
    # Before the first step, as close as one step of this rate can be.
    y_pred = np.asarray(built.network(rows.x, training=True)[HEAD])
    y = rows.y[HEAD].astype(int)
    losses = -np.log(y_pred[np.arange(len(y)), :, y])
    assert monitor.history["loss"][0] == pytest.approx(losses.mean(), rel=5e-3)
    # That of the mean is another one.
    mean = -np.log(y_pred.mean(axis=1)[np.arange(len(y)), y]).mean()
    assert monitor.history["loss"][0] > mean + 0.02


@pytest.mark.parametrize(
    "block",
    [
        RealMLPBlock(n_layers=2, units=32, dropout=0.0),
        TabMBlock(n_layers=2, units=32, dropout=0.0),
        ResidualDenseBlock(n_layers=1, units=16),
    ],
    ids=lambda block: type(block).__name__,
)
def test_networks_for_tables_learn_numbers(regression_problem, block):
    problem = with_block(regression_problem, block, head=RegressionHead())
    values = {"training/learning_rate": 3e-3}
    losses = problem.train(values, epochs=8)[1].history["loss"]
    assert losses[-1] < 0.8 * losses[0]


@both_ways
def test_layers_start_from_the_training_rows(problem, changes):
    block = RealMLPBlock(n_layers=2, units=32, dropout=0.0, start="data")
    problem = with_block(problem, block)
    values = {**CONSTANT, "training/weight_decay": 0.0}
    # Rows of weight 0 have no gradient, so that the weights stay as they begin.
    rows = problem.data.train
    weight = {HEAD: np.zeros(len(rows), "float32")}
    data = replace(problem.data, train=replace(rows, weight=weight))
    first, again, other = (
        problem.train(values, seed=seed, data=data, epochs=1, **changes)[0].network
        for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(first.get_weights()[1], again.get_weights()[1])
    assert not np.array_equal(first.get_weights()[1], other.get_weights()[1])
    layers = [layer for layer in first.layers if isinstance(layer, NTKDense)]
    assert len(layers) == 2
    for layer in layers:
        sums = keras.Model(first.input, layer.output)(rows.x)
        np.testing.assert_allclose(np.std(sums, axis=0), 1, rtol=0.05)


def test_a_loss_of_the_users_is_that_of_the_members(problem):
    head = ClassificationHead(loss="sparse_categorical_crossentropy")
    losses = [
        members(problem, head=given).train(CONSTANT, epochs=2)[1].history
        for given in (head, ClassificationHead())
    ]
    assert losses[0]["loss"] == pytest.approx(losses[1]["loss"], rel=1e-4)


@both_ways
def test_a_model_with_members_is_saved_and_loaded(problem, changes, tmp_path):
    built, _ = members(problem).train(epochs=1, **changes)
    built.model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras", safe_mode=True)
    x = problem.data.valid.x
    np.testing.assert_array_equal(
        np.asarray(loaded(x)[HEAD]), np.asarray(built.model(x)[HEAD])
    )


def regularized(problem, dropout, decay, **changes):
    """Train on one batch an epoch without learning; return network and losses."""
    block = DenseBlock(
        n_layers=1, units=64, activation="relu", use_batchnorm=False, residual=False
    )
    problem = with_block(problem, block, batch_size=1000)
    values = {
        **CONSTANT,
        "dense_block_1/dropout": dropout,
        "training/weight_decay": decay,
        "training/learning_rate": 1e-4,
        "training/regularization": "flat_cosine",
    }
    options = replace(problem.options, early_stopping=False)
    built, monitor = problem.train(values, options=options, epochs=12, **changes)
    return built, np.array(monitor.history["loss"])


@both_ways
def test_dropout_ends_with_the_training(problem, changes):
    built, losses = regularized(problem, 0.5, 0.0, **changes)
    _, without = regularized(problem, 0.0, 0.0, **changes)
    difference = np.abs(losses - without)
    assert difference[:6].mean() > 3 * difference[-1]
    # What comes next drops as much as ever.
    (rate,) = (
        layer.current_rate
        for layer in built.network.layers
        if hasattr(layer, "current_rate")
    )
    assert float(rate) == 0.5


def test_weight_decay_ends_with_the_training_both_ways(problem):
    compiled, fit = (
        weights_of(regularized(problem, 0.0, 0.3, shuffle=False, **changes)[0])
        for changes in ({}, THROUGH_FIT)
    )
    np.testing.assert_allclose(compiled, fit, atol=1e-5)


def test_a_checkpoint_of_such_a_training_can_be_read(problem, tmp_path):
    path = tmp_path / "model.keras"
    checkpoint = keras.callbacks.ModelCheckpoint(path)
    block = DenseBlock(n_layers=1, units=4)
    with_block(problem, block).train(
        {"training/weight_decay": 0.1, "training/regularization": "flat_cosine"},
        callbacks=(checkpoint,),
        epochs=2,
        **THROUGH_FIT,
    )
    loaded = keras.models.load_model(path)
    assert loaded.optimizer.get_config()["weight_decay"] == pytest.approx(0.1)
