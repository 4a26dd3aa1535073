"""Training a real network: compiled, or through Model.fit."""

import random
from dataclasses import replace
from itertools import pairwise

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skautokeras import Block, ClassificationHead, DenseBlock, StructuredDataInput
from skautokeras._data import Rows, SplitRows
from skautokeras._ensemble import Ensemble
from skautokeras._search import evaluate
from skautokeras._space import Graph, SearchSpace
from skautokeras._state import Deadline, seeded
from skautokeras._training import (
    CompiledCache,
    Problem,
    TrainingOptions,
    batch_bounds,
    scheduled_share,
    train,
)
from skautokeras.layers import Layer

HEAD = "classification_head_1"
THROUGH_FIT = {"fit_arguments": {"validation_freq": 1}}
# Nothing that is drawn in a training but the order of the rows.
CONSTANT = {"training/schedule": "constant", "dense_block_1/dropout": 0.0}

both_ways = pytest.mark.parametrize(
    "changes", [{}, THROUGH_FIT], ids=["compiled", "fit"]
)


class Recorder(keras.callbacks.Callback):
    """Writes down what is called, over all copies."""

    events = []

    def on_train_begin(self, logs=None):
        self.events.append("train begins")

    def on_epoch_begin(self, epoch, logs=None):
        self.events.append(f"epoch {epoch} begins")

    def on_epoch_end(self, epoch, logs=None):
        assert {"loss", "val_loss"} <= set(logs)
        self.events.append(f"epoch {epoch} ends")

    def on_train_end(self, logs=None):
        self.events.append("train ends")


class PerBatch(keras.callbacks.Callback):
    """Wants to be called around each batch."""

    batches = 0

    def on_train_batch_end(self, batch, logs=None):
        type(self).batches += 1


@pytest.fixture
def events():
    """What a Recorder has written down."""
    Recorder.events.clear()
    return Recorder.events


def weights_of(built):
    return np.concatenate([w.ravel() for w in built.network.get_weights()])


def ruined_after(n_epochs):
    """Return a callback that makes the network worse from some epoch on."""
    return keras.callbacks.LearningRateScheduler(
        lambda epoch, rate: 0.01 if epoch < n_epochs else 3.0
    )


def assert_is_the_network_of_the_best_epoch(problem, built, monitor):
    found = Ensemble([built.model], [1.0]).predict(problem.data.valid.x)
    for name, expected in monitor.best_evaluation.y_pred.items():
        np.testing.assert_allclose(found[name], expected, rtol=0, atol=1e-6)
    assert monitor.best_score == max(monitor.history["val_score"])
    assert monitor.best_epoch == 1 + np.argmax(monitor.history["val_score"])


@pytest.mark.parametrize(
    "changes",
    [{}, THROUGH_FIT, {"callbacks": (PerBatch(),)}],
    ids=["compiled", "fit", "batch callback"],
)
def test_a_network_learns_and_ends_with_its_best_epoch(problem, changes):
    built, monitor = problem.train(epochs=4, **changes)
    losses = monitor.history["loss"]
    assert losses[-1] < 0.9 * losses[0]
    assert len(losses) == len(monitor.history["val_loss"]) == 4
    assert_is_the_network_of_the_best_epoch(problem, built, monitor)


def test_a_network_learns_numbers(regression_problem):
    built, monitor = regression_problem.train()
    losses = monitor.history["loss"]
    assert losses[-1] < 0.9 * losses[0]
    assert_is_the_network_of_the_best_epoch(regression_problem, built, monitor)


@both_ways
def test_the_best_epoch_need_not_be_the_last(problem, changes):
    built, monitor = problem.train(callbacks=(ruined_after(2),), epochs=4, **changes)
    assert monitor.epoch == 4
    assert monitor.best_epoch <= 2
    assert_is_the_network_of_the_best_epoch(problem, built, monitor)


def test_validation_in_chunks_gives_what_validation_at_once_gives(problem):
    at_once = problem.train(epochs=2)[1]
    in_chunks = problem.train(epochs=2, cache=CompiledCache(max_rows=10))[1]
    assert in_chunks.history["val_loss"] == pytest.approx(at_once.history["val_loss"])
    np.testing.assert_allclose(
        in_chunks.best_evaluation.y_pred[HEAD],
        at_once.best_evaluation.y_pred[HEAD],
        rtol=0,
        atol=1e-6,
    )


@both_ways
def test_the_seed_decides_the_weights(problem, changes):
    options = problem.options
    first, again, other = (
        weights_of(problem.train(seed=seed, options=options, epochs=1, **changes)[0])
        for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_without_shuffling_both_ways_give_the_same_network(problem):
    values = {**CONSTANT, "training/weight_decay": 0.1, "training/label_smoothing": 0.1}
    (compiled_built, by_epoch), (fit_built, by_fit) = (
        problem.train(values, shuffle=False, epochs=2, **changes)
        for changes in ({}, THROUGH_FIT)
    )
    assert by_epoch.history["loss"] == pytest.approx(by_fit.history["loss"], rel=1e-4)
    np.testing.assert_allclose(
        weights_of(compiled_built), weights_of(fit_built), atol=1e-4
    )


class Weights(keras.callbacks.LearningRateScheduler):
    """Writes down the weights after each epoch; the rate stays."""

    seen = []

    def __init__(self):
        super().__init__(lambda epoch, rate: rate)

    def on_epoch_end(self, epoch, logs=None):
        super().on_epoch_end(epoch, logs)
        self.seen.append(np.concatenate([w.ravel() for w in self.model.get_weights()]))


def averaging(problem, momentum=0.8, **changes):
    """Train with averages, one batch an epoch; return the network and the monitor."""
    options = replace(problem.options, epochs=5, shuffle=False, **changes)
    with seeded(0):
        built = problem.search_space.build({**CONSTANT, "training/learning_rate": 0.01})
        training = replace(built.training, ema_momentum=momentum, batch_size=1000)
        built = replace(built, training=training)
        return built, lambda valid: train(
            built,
            options,
            problem.data.train,
            valid,
            None if valid is None else problem.objective(),
            deadline=Deadline(None),
            seed=0,
            on_epoch=lambda epoch, logs: False,
        )


@pytest.mark.parametrize("n_epochs", [3, 5], ids=["a refit", "all epochs"])
@both_ways
def test_averages_of_the_weights_are_what_a_training_ends_with(
    problem, changes, n_epochs
):
    Weights.seen.clear()
    averaging(problem, 0.0, callbacks=(Weights(),), stop_after=n_epochs)[1](None)
    average = Weights.seen[0]
    for weights in Weights.seen[1:]:
        average = 0.8 * average + 0.2 * weights
    assert len(Weights.seen) == n_epochs
    built, start = averaging(problem, stop_after=n_epochs, **changes)
    start(None)
    np.testing.assert_allclose(weights_of(built), average, atol=1e-5)


@both_ways
def test_averages_of_the_weights_are_what_is_judged(problem, changes):
    built, start = averaging(problem, **changes)
    monitor = start(problem.data.valid)
    assert_is_the_network_of_the_best_epoch(problem, built, monitor)
    plain = averaging(problem, 0.0, **changes)[1](problem.data.valid)
    assert monitor.history["loss"] == pytest.approx(plain.history["loss"], rel=1e-4)
    # An average is behind.
    assert monitor.history["val_loss"][-1] > plain.history["val_loss"][-1]


@pytest.mark.parametrize(
    "values",
    [
        {"training/learning_rate": 0.01, "dense_block_1/dropout": 0.4},
        {"training/weight_decay": 0.1, "training/label_smoothing": 0.1},
        {"training/schedule": "one_cycle"},
    ],
    ids=["rate and dropout", "decay and smoothing", "schedule"],
)
def test_a_shared_compiled_function_changes_nothing(problem, values):
    cache = CompiledCache()
    problem.train(cache=cache, epochs=3)
    shared, with_shared = problem.train(values, seed=3, cache=cache, epochs=3)
    alone, with_fresh = problem.train(values, seed=3, epochs=3)
    np.testing.assert_array_equal(weights_of(shared), weights_of(alone))
    assert with_shared.history == with_fresh.history
    assert len(cache) == 1


def weighted(weight):
    return None if weight is None else {HEAD: weight}


@both_ways
def test_rows_without_weight_have_no_influence(problem, changes):
    rows = problem.data.train
    weight = np.ones(len(rows), "float32")
    weight[:30] = 0
    corrupt = rows.y[HEAD].copy()
    corrupt[:30] = (corrupt[:30] + 1) % 3
    options = problem.options
    clean, corrupted, unweighted = (
        weights_of(
            problem.train(
                data=SplitRows(
                    Rows(rows.x, {HEAD: y}, weighted(w)), problem.data.valid, None
                ),
                options=options,
                epochs=1,
                **changes,
            )[0]
        )
        for y, w in ((rows.y[HEAD], weight), (corrupt, weight), (corrupt, None))
    )
    np.testing.assert_array_equal(clean, corrupted)
    assert not np.array_equal(clean, unweighted)


def test_validation_rows_without_weight_have_no_influence_on_the_score(problem):
    rows = problem.data.valid
    weight = np.r_[np.zeros(20), np.ones(len(rows) - 20)].astype("float32")
    corrupt = rows.y[HEAD].copy()
    corrupt[:20] = (corrupt[:20] + 1) % 3
    cache = CompiledCache()
    clean, corrupted, unweighted = (
        problem.train(
            data=replace(problem.data, valid=Rows(rows.x, {HEAD: y}, weighted(w))),
            epochs=2,
            cache=cache,
        )[1]
        for y, w in ((rows.y[HEAD], weight), (corrupt, weight), (corrupt, None))
    )
    assert clean.history == corrupted.history
    assert clean.history["val_score"] != unweighted.history["val_score"]


@pytest.mark.parametrize(
    "changes",
    [{}, THROUGH_FIT, {"callbacks": (Recorder(), PerBatch())}],
    ids=["compiled", "fit", "batch callback"],
)
def test_callbacks_are_called_alike_on_all_ways(problem, events, changes):
    PerBatch.batches = 0
    problem.train(**{"callbacks": (Recorder(),), "epochs": 2, **changes})
    assert events == [
        "train begins",
        "epoch 0 begins",
        "epoch 0 ends",
        "epoch 1 begins",
        "epoch 1 ends",
        "train ends",
    ]
    assert PerBatch.batches == (2 * -(-105 // 16) if "callbacks" in changes else 0)


@both_ways
def test_callbacks_see_the_score(problem, changes):
    seen = []
    spy = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: seen.append(set(logs))
    )
    problem.train(callbacks=(spy,), epochs=1, **changes)
    assert {"loss", "val_loss", "val_score"} <= seen[0]


@both_ways
def test_the_callbacks_of_the_user_stay_as_they_were(problem, changes):
    stop = keras.callbacks.EarlyStopping(monitor="val_loss", restore_best_weights=True)
    rate = keras.callbacks.ReduceLROnPlateau(monitor="val_loss", patience=1)
    before = [dict(vars(callback)) for callback in (stop, rate)]
    problem.train(callbacks=(stop, rate), epochs=2, **changes)
    assert [vars(callback) for callback in (stop, rate)] == before
    assert stop.model is None


def test_early_stopping_ends_a_compiled_training(problem):
    stop = keras.callbacks.EarlyStopping(
        monitor="val_loss", patience=2, restore_best_weights=True
    )
    built, monitor = problem.train(callbacks=(ruined_after(2), stop), epochs=20)
    assert monitor.best_epoch <= 2
    assert monitor.epoch == monitor.best_epoch + 2
    assert_is_the_network_of_the_best_epoch(problem, built, monitor)


@both_ways
def test_a_learning_rate_scheduler_sets_the_rate(problem, changes):
    rates = []
    spy = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: rates.append(float(logs["learning_rate"]))
    )
    planned = [0.004, 0.0, 0.0]
    scheduler = keras.callbacks.LearningRateScheduler(lambda epoch, _: planned[epoch])
    _, monitor = problem.train(callbacks=(scheduler, spy), epochs=3, **changes)
    assert rates == pytest.approx(planned)
    losses = monitor.history["val_loss"]
    np.testing.assert_allclose(losses, losses[0], rtol=1e-5)


@both_ways
def test_a_plateau_lowers_the_rate(problem, changes):
    plateau = keras.callbacks.ReduceLROnPlateau(
        monitor="loss", min_delta=9, patience=2, factor=0.0
    )
    _, monitor = problem.train(callbacks=(plateau,), epochs=5, **changes)
    losses = monitor.history["val_loss"]
    assert losses[0] > losses[1] > losses[2]
    np.testing.assert_allclose(losses[3:], losses[2], rtol=1e-5)


def test_what_callbacks_do_to_the_network_is_taken_over(problem):
    class Zero(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            self.model.set_weights([0 * w for w in self.model.get_weights()])

        def on_epoch_end(self, epoch, logs=None):
            self.model.stop_training = epoch == 2

    freeze = keras.callbacks.LearningRateScheduler(lambda epoch, rate: 0.0)
    _, monitor = problem.train(callbacks=(Zero(), freeze))
    assert monitor.epoch == 3
    np.testing.assert_allclose(monitor.best_evaluation.y_pred[HEAD], 1 / 3, atol=1e-6)


@both_ways
def test_weight_decay_shrinks_kernels_and_nothing_else(problem, changes):
    node = StructuredDataInput()
    block = DenseBlock(n_layers=1, units=4, use_batchnorm=True, residual=False)
    search_space = SearchSpace(
        Graph([node], [ClassificationHead()(block(node))]),
        schemas=problem.search_space.schemas,
        targets=problem.search_space.targets,
        n_samples=150,
        batch_size=35,
    )
    rate, decay, n_steps = 0.01, 0.1, 3
    built = search_space.build(
        {
            **CONSTANT,
            "training/learning_rate": rate,
            "training/weight_decay": decay,
        }
    )
    variables = built.network.trainable_variables
    for variable in variables:
        variable.assign(np.ones(variable.shape))
    # Rows that weigh nothing have no gradient: only the decay is left.
    rows = problem.data.train
    train(
        built,
        TrainingOptions(heads=search_space.heads, epochs=1, **changes),
        Rows(rows.x, rows.y, {HEAD: np.zeros(len(rows), "float32")}),
        None,
        None,
        deadline=Deadline(None),
        seed=0,
        on_epoch=lambda epoch, logs: False,
    )
    assert {v.name for v in variables} == {"kernel", "bias", "gamma", "beta"}
    for variable in variables:
        left = (1 - rate * decay) ** n_steps if variable.name == "kernel" else 1
        np.testing.assert_allclose(variable.numpy(), left, rtol=1e-6)


class LateLayer(Layer):
    """A dense layer that learns in the second half only, and half as fast."""

    learning_rate_factor = 0.5
    frozen_until = 0.5

    def build(self, input_shape):
        """Create the matrix."""
        shape = (input_shape[-1], 8)
        self.kernel = self.add_weight(shape=shape, name="kernel")

    def call(self, x):
        """Return the products."""
        return keras.ops.matmul(x, self.kernel)


class Late(Block):
    """A block of one such layer."""

    def build(self, hp, inputs):
        """Build the layer."""
        return LateLayer()(inputs)


@both_ways
@pytest.mark.parametrize(
    ("ema_momentum", "epochs", "frozen"),
    [(0.0, 4, 2), (0.9, 4, 2), (0.0, 3, 1), (0.0, 1, 0)],
    ids=["plain", "averaged", "odd", "one epoch"],
)
def test_layers_that_come_later_stay_as_they_are_first(
    problem, changes, ema_momentum, epochs, frozen
):
    class Watch(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            variables = self.model.trainable_variables
            states.append([variable.numpy().copy() for variable in variables])

    states = []
    node = StructuredDataInput()
    block = DenseBlock(n_layers=1, units=16, use_batchnorm=False, residual=False)
    search_space = SearchSpace(
        Graph([node], [ClassificationHead()(Late()(block(node)))]),
        schemas=problem.search_space.schemas,
        targets=problem.search_space.targets,
        n_samples=150,
        batch_size=16,
    )
    with seeded(0):
        built = search_space.build({"training/weight_decay": 0.1})
    built = replace(built, training=replace(built.training, ema_momentum=ema_momentum))
    (later,) = (v for v in built.network.layers if isinstance(v, LateLayer))
    variables = built.network.trainable_variables
    states.append([variable.numpy().copy() for variable in variables])
    options = TrainingOptions(
        heads=search_space.heads, epochs=epochs, callbacks=(Watch(),), **changes
    )
    train(
        built,
        options,
        problem.data.train,
        problem.data.valid,
        problem.objective(),
        deadline=Deadline(None),
        seed=0,
        on_epoch=lambda epoch, logs: False,
    )
    assert len(states) == epochs + 1
    for i, variable in enumerate(variables):
        moved = [(a[i] != b[i]).any() for a, b in pairwise(states)]
        comes_later = any(variable is v for v in later.trainable_variables)
        assert moved == [n >= frozen or not comes_later for n in range(epochs)]


@both_ways
def test_a_loss_that_is_not_finite_ends_the_training(problem, changes):
    # Not by way of the inputs: some processors' kernels turn NaN into 0 at a ReLU.
    rows = problem.data.train
    weight = {name: np.full(len(rows), np.nan, "float32") for name in rows.y}
    data = replace(problem.data, train=replace(rows, weight=weight))
    with pytest.raises(FloatingPointError, match="in epoch 1"):
        problem.train(data=data, epochs=2, **changes)


@pytest.mark.parametrize(
    ("schedule", "ends"),
    [
        ("constant", {0: 1, 0.5: 1, 1: 1}),
        ("by_callback", {0: 1, 0.5: 1, 1: 1}),
        ("cosine", {0: 1, 0.5: 0.5, 1: 0}),
        ("flat_cosine", {0: 1, 0.5: 1, 0.75: 0.5, 1: 0}),
        ("one_cycle", {0: 0.05, 0.1: 0.525, 0.2: 1, 0.6: 0.5, 1: 0}),
        ("cos_log", {0: 0, 1 / 15: 0, 0.2: 0, 7 / 15: 0, (8**0.5 - 1) / 15: 1, 1: 0}),
    ],
    ids=["constant", "by_callback", "cosine", "flat_cosine", "one_cycle", "cos_log"],
)
def test_schedules_go_through_their_end_points(schedule, ends):
    factors = scheduled_share(schedule, list(ends))
    np.testing.assert_allclose(factors, list(ends.values()), atol=1e-12)
    everywhere = scheduled_share(schedule, np.linspace(0, 1, 101))
    assert everywhere.min() >= 0
    assert everywhere.max() == pytest.approx(1, abs=1e-3)


@given(rows=st.integers(1, 5000), size=st.integers(1, 1024))
def test_batches_cover_every_row_once_and_are_of_equal_size(rows, size):
    bounds = batch_bounds(rows, size).numpy()
    assert (bounds[0], bounds[-1]) == (0, rows)
    sizes = np.diff(bounds)
    assert sizes.min() >= 1
    assert sizes.max() <= size
    assert np.ptp(sizes) <= 1


@both_ways
def test_the_generators_of_python_and_numpy_are_left_alone(problem, changes):
    def states():
        name, keys, *rest = np.random.get_state()  # noqa: NPY002
        return random.getstate(), (name, keys.tolist(), *rest)

    before = states()
    trial = evaluate(
        {},
        3,
        Deadline(None),
        problem=Problem.of_one_fold(
            problem.search_space,
            problem.objective(),
            replace(problem.options, epochs=1, **changes),
        ),
        data=problem.data,
    )
    assert trial.status == "completed"
    assert states() == before


# The clock


def test_slices_of_an_epoch_compute_what_the_whole_epoch_does(problem):
    whole, _ = problem.train(CONSTANT, epochs=3)
    sliced, _ = problem.train(CONSTANT, epochs=3, deadline=Deadline(1e9))
    np.testing.assert_array_equal(weights_of(whole), weights_of(sliced))


@both_ways
def test_an_epoch_ends_when_the_time_is_over(problem, changes):
    whole, _ = problem.train(CONSTANT, epochs=1, **changes)
    begun, monitor = problem.train(
        CONSTANT, epochs=5, deadline=Deadline(0.0), **changes
    )
    assert monitor.epoch == 1
    assert 0 < monitor.trained_epochs < 1
    assert monitor.cut
    assert np.isfinite(monitor.best_score)
    # Each step moves each weight by about the learning rate.
    built = problem.search_space.build(CONSTANT)
    assert weights_of(begun).shape == weights_of(built).shape
    assert not np.array_equal(weights_of(begun), weights_of(whole))


class Clock:
    """A clock that is two seconds later whenever somebody looks."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        self.now += 2.0
        return self.now


def test_the_learning_rate_is_annealed_inside_of_an_epoch(problem, monkeypatch):
    rates = []

    def spied(schedule, progress, *args):
        rates.extend(np.ravel(progress))
        return scheduled_share(schedule, progress, *args)

    module = "skautokeras._training.compiled_trainer.scheduled_share"
    monkeypatch.setattr(module, spied)
    problem.train(epochs=1000, deadline=Deadline(60.0, clock=Clock()))
    assert max(rates) > 0.5
