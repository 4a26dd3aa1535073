"""Training a real network: compiled, or through Model.fit."""

import random

import keras
import numpy as np
import pytest

from skautokeras._data.split import Data, Rows
from skautokeras._search.compiled import CompiledCache, batch_bounds
from skautokeras._search.ensemble import Ensemble
from skautokeras._search.optimization import learning_rate_factor

HEAD = "classification_head_1"
THROUGH_FIT = {"fit_arguments": {"validation_freq": 1}}


class Count(keras.callbacks.Callback):
    """Counts epochs over all copies."""

    calls = 0

    def on_epoch_end(self, epoch, logs=None):
        assert {"loss", "val_loss", "val_score"} >= set(logs) or logs
        type(self).calls += 1


class PerBatch(keras.callbacks.Callback):
    """Wants to be called around each batch."""

    batches = 0

    def on_train_batch_end(self, batch, logs=None):
        type(self).batches += 1


def weights_of(built):
    return np.concatenate([w.ravel() for w in built.network.get_weights()])


@pytest.mark.parametrize("changes", [{}, THROUGH_FIT], ids=["compiled", "fit"])
def test_a_network_learns_and_ends_with_its_best_epoch(problem, changes):
    built, monitor = problem.train(**changes)
    losses = monitor.history["loss"]
    assert losses[-1] < losses[0]
    assert len(losses) == 6
    found = Ensemble([built.model], [1.0]).predict(problem.data.valid.x)
    np.testing.assert_allclose(
        found[HEAD], monitor.best_outputs.y_pred[HEAD], atol=1e-5
    )


@pytest.mark.parametrize("changes", [{}, THROUGH_FIT], ids=["compiled", "fit"])
def test_the_seed_decides_the_weights(problem, changes):
    first, again, other = (
        weights_of(problem.train(seed=seed, **changes)[0]) for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_a_shared_compiled_function_changes_nothing(problem):
    cache = CompiledCache()
    values = {"training/learning_rate": 0.01, "dense_block_1/dropout": 0.4}
    problem.train(cache=cache)
    shared = problem.train(values, seed=3, cache=cache)[0]
    alone = problem.train(values, seed=3)[0]
    np.testing.assert_allclose(weights_of(shared), weights_of(alone), atol=1e-6)
    assert len(cache._networks) == 1


@pytest.mark.parametrize("changes", [{}, THROUGH_FIT], ids=["compiled", "fit"])
def test_rows_without_weight_have_no_influence(problem, changes):
    rows = problem.data.train
    weight = np.ones(len(rows), "float32")
    weight[:30] = 0
    corrupt = rows.y[HEAD].copy()
    corrupt[:30] = (corrupt[:30] + 1) % 3
    results = [
        weights_of(
            problem.train(
                data=Data(Rows(rows.x, {HEAD: y}, weight), problem.data.valid, None),
                **changes,
            )[0]
        )
        for y in (rows.y[HEAD], corrupt)
    ]
    np.testing.assert_array_equal(*results)


def test_callbacks_are_copied_and_called_alike_on_both_ways(problem):
    for changes in ({}, THROUGH_FIT):
        Count.calls = 0
        callback = Count()
        problem.train(callbacks=(callback,), **changes)
        assert Count.calls == 6
        assert callback.model is None


def test_callbacks_for_batches_are_called_for_batches(problem):
    PerBatch.batches = 0
    problem.train(callbacks=(PerBatch(),))
    assert PerBatch.batches == 6 * -(-105 // 16)


def test_keras_callbacks_act_on_the_compiled_training(problem):
    stop = keras.callbacks.EarlyStopping(monitor="val_loss", min_delta=9, patience=1)
    assert problem.train(callbacks=(stop,))[1].epoch == 3 - 1
    freeze = keras.callbacks.LearningRateScheduler(lambda epoch, rate: 0.0)
    _, monitor = problem.train(callbacks=(freeze,))
    losses = monitor.history["val_loss"]
    np.testing.assert_allclose(losses, losses[0], rtol=1e-5)
    plateau = keras.callbacks.ReduceLROnPlateau(monitor="loss", min_delta=9, patience=1)
    rates = []
    spy = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: rates.append(logs["learning_rate"])
    )
    problem.train(callbacks=(plateau, spy))
    assert rates[-1] < rates[0]


def test_weight_decay_shrinks_kernels_and_no_biases(problem):
    values = {"training/learning_rate": 1e-4, "training/schedule": "constant"}

    def trained(decay):
        built, _ = problem.train({**values, "training/weight_decay": decay})
        kernels = [v for v in built.network.trainable_variables if v.name == "kernel"]
        return sum(float(np.square(v.numpy()).sum()) for v in kernels)

    assert trained(0.1) < trained(0.0)


@pytest.mark.parametrize("schedule", ["cosine", "flat_cosine", "one_cycle"])
def test_schedules_end_at_zero_and_peak_at_one(schedule):
    factors = learning_rate_factor(schedule, np.linspace(0, 1, 101))
    assert factors[-1] == pytest.approx(0, abs=1e-9)
    assert factors.max() == pytest.approx(1)
    assert factors.min() >= 0


def test_a_constant_rate_is_constant():
    np.testing.assert_array_equal(learning_rate_factor("constant", [0, 0.5, 1]), 1)


@pytest.mark.parametrize(("rows", "size"), [(105, 16), (5, 8), (64, 64), (65, 64)])
def test_batches_cover_all_rows_and_are_of_equal_size(rows, size):
    bounds = batch_bounds(rows, size).numpy()
    assert (bounds[0], bounds[-1]) == (0, rows)
    sizes = np.diff(bounds)
    assert sizes.max() <= size
    assert np.ptp(sizes) <= 1


def test_generators_of_python_and_numpy_are_left_alone(problem):
    before = random.getstate(), np.random.get_state()[1].tolist()  # noqa: NPY002
    problem.train()
    after = random.getstate(), np.random.get_state()[1].tolist()  # noqa: NPY002
    assert before == after
