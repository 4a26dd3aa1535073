"""Layers of trees predict what scikit-learn's trees predict, wherever they go."""

import itertools

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.datasets import load_breast_cancer, load_diabetes, load_wine
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.metrics import log_loss, mean_squared_error
from threadpoolctl import threadpool_limits

from skautokeras._layers import TreeEnsemble, largest_float32
from skautokeras._layers.target_scale import TargetScale
from skautokeras._layers.tree_nodes import TreeSettings
from skautokeras._state import Deadline

KINDS = ["boosted", "extra", "forest"]
SEED = int(np.random.default_rng(0).integers(2**31))


@pytest.fixture(scope="module", autouse=True)
def _one_thread():
    """Fit with one thread: on a busy machine, several wait for one another."""
    with threadpool_limits(1, user_api="openmp"):
        yield


def fit(
    kind,
    task,
    n_outputs,
    X,
    y,
    *,
    weight=None,
    valid=None,
    n_iterations=None,
    cardinalities=(),
    **settings,
):
    """Return a layer whose trees are fitted, and how many iterations were made."""
    X = np.asarray(X, "float32")
    layer = TreeEnsemble(
        {"kind": kind, **settings},
        task=task,
        n_outputs=n_outputs,
        cardinalities=cardinalities,
    )
    layer.build(X.shape)
    n_done = layer.start_from(
        X,
        np.random.default_rng(0),
        y=y,
        weight=weight,
        valid=valid,
        n_iterations=n_iterations,
    )
    return layer, n_done


def fitted(*args, **kwargs):
    """Return a layer whose trees are fitted."""
    return fit(*args, **kwargs)[0]


def boosted(model, **settings):
    """Return scikit-learn's boosting with the settings of the layer."""
    return model(early_stopping=False, max_depth=16, random_state=SEED, **settings)


@pytest.mark.parametrize("weighted", [False, True])
def test_boosting_of_two_classes_is_that_of_sklearn(weighted):
    X, y = load_breast_cancer(return_X_y=True)
    X = X.astype("float32")
    weight = np.linspace(0.1, 2, len(y)) if weighted else None
    layer = fitted("boosted", "binary", 1, X, y, weight=weight, n_trees=20)
    model = boosted(HistGradientBoostingClassifier, max_iter=20)
    expected = model.fit(X, y, weight).decision_function(X)
    np.testing.assert_allclose(layer(X).numpy()[:, 0], expected, atol=1e-4)


def test_boosting_of_several_classes_is_that_of_sklearn():
    X, y = load_wine(return_X_y=True)
    X = X.astype("float32")
    layer = fitted("boosted", "classes", 3, X, y, n_trees=20, max_features=0.5)
    model = boosted(HistGradientBoostingClassifier, max_iter=20, max_features=0.5)
    expected = model.fit(X, y).decision_function(X)
    np.testing.assert_allclose(layer(X).numpy(), expected, atol=1e-4)


def test_boosting_of_several_numbers_is_that_of_sklearn():
    X, y = load_diabetes(return_X_y=True)
    X, y = X.astype("float32"), np.column_stack([y, -y]) / 100
    layer = fitted("boosted", "numbers", 2, X, y, n_trees=20, min_samples_leaf=5)
    model = boosted(HistGradientBoostingRegressor, max_iter=20, min_samples_leaf=5)
    expected = model.fit(X, y[:, 0]).predict(X)
    np.testing.assert_allclose(layer(X).numpy()[:, 0], expected, atol=1e-4)
    np.testing.assert_allclose(layer(X).numpy()[:, 1], -expected, atol=1e-2)


def test_labels_are_boosted_one_by_one():
    X, y = load_diabetes(return_X_y=True)
    labels = np.column_stack([y > 100, y > 200, y > 0]).astype("float32")
    layer = fitted("boosted", "labels", 3, X, labels, n_trees=20)
    outputs = layer(X.astype("float32")).numpy()
    assert ((outputs[:, :2] > 0) == labels[:, :2]).mean() > 0.9
    assert (outputs[:, 2] > 5).all()  # the label that every row has


@pytest.mark.parametrize("max_leaf_nodes", [16, 512])
@pytest.mark.parametrize(
    ("kind", "task", "forest"),
    [
        ("extra", "classes", ExtraTreesClassifier),
        ("extra", "numbers", ExtraTreesRegressor),
        ("forest", "classes", RandomForestClassifier),
        ("forest", "numbers", RandomForestRegressor),
    ],
)
def test_random_trees_are_those_of_sklearn(kind, task, forest, max_leaf_nodes):
    load = load_wine if task == "classes" else load_diabetes
    X, y = load(return_X_y=True)
    X, y = X.astype("float32"), y if task == "classes" else y / 100
    limits = {"min_samples_leaf": 2, "max_features": 0.5}
    n_outputs = 3 if task == "classes" else 1
    settings = {**limits, "n_trees": 20, "max_leaf_nodes": max_leaf_nodes}
    layer = fitted(kind, task, n_outputs, X, y, **settings)
    # There are fewer rows than leaves in the second case, so that nothing limits them.
    limits["max_leaf_nodes"] = max_leaf_nodes if max_leaf_nodes < 100 else None
    model = forest(20, max_depth=16, random_state=SEED, **limits).fit(X, y)
    predicted = layer(X).numpy()
    if task == "numbers":
        np.testing.assert_allclose(predicted[:, 0], model.predict(X), atol=1e-4)
    else:
        expected = model.predict_proba(X).clip(1e-3, 1 - 1e-3)
        np.testing.assert_allclose(np.exp(predicted), expected, atol=1e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_a_class_without_training_rows_is_improbable(kind):
    X, y = load_wine(return_X_y=True)
    layer = fitted(kind, "classes", 5, X, np.where(y == 0, 4, 1), n_trees=20)
    outputs = keras.ops.softmax(layer(X.astype("float32"))).numpy()
    assert outputs[:, [0, 2, 3]].max() < 0.02
    assert (outputs.argmax(axis=1) == np.where(y == 0, 4, 1)).mean() > 0.95


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("task", "n"), [("binary", 1), ("classes", 3), ("numbers", 1)])
def test_one_value_of_the_target_is_predicted_always(kind, task, n):
    X = np.arange(60, dtype="float32")[:, None]
    layer = fitted(kind, task, n, X, np.ones(60), n_trees=5)
    output = layer(X).numpy()
    if task == "numbers":
        np.testing.assert_allclose(output, 1, atol=1e-5)
    elif task == "binary":
        assert (output > 5).all()
    else:
        assert (output.argmax(axis=1) == 1).all()


@given(st.lists(st.floats(-1e30, 1e30, width=64), min_size=1, max_size=20))
def test_rows_go_where_they_go_in_double_precision(thresholds):
    thresholds = np.array(thresholds)
    rounded = largest_float32(thresholds)
    around = np.float32(thresholds)
    for x in (around, np.nextafter(around, np.inf), np.nextafter(around, -np.inf)):
        np.testing.assert_array_equal(x <= rounded, x.astype("float64") <= thresholds)


def test_categories_have_the_mean_target_of_other_rows():
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 300, 900)
    y = rng.normal(size=900)  # nothing to be learned from the codes
    X = codes[:, None].astype("float32")
    layer = fitted("boosted", "numbers", 1, X, y, cardinalities=[300], n_trees=50)
    means = layer.means.numpy()[:, 0]
    n = np.bincount(codes, minlength=300)
    sums = np.bincount(codes, y, 300)
    np.testing.assert_allclose(means, (sums + 10 * y.mean()) / (n + 10), atol=1e-5)
    # With their own targets in the means, trees would explain the training rows.
    unexplained = np.var(y - layer(X).numpy()[:, 0]) / np.var(y)
    assert unexplained > 0.75


def test_a_saved_layer_predicts_the_same(tmp_path):
    X, y = load_wine(return_X_y=True)
    x = keras.Input((X.shape[1],))
    layer = TreeEnsemble({"kind": "boosted", "n_trees": 5}, task="classes", n_outputs=3)
    model = keras.Model(x, layer(x))
    X = X.astype("float32")
    layer.start_from(X, np.random.default_rng(0), y=y)
    model.save(tmp_path / "trees.keras")
    loaded = keras.models.load_model(tmp_path / "trees.keras", safe_mode=True)
    np.testing.assert_array_equal(loaded(X).numpy(), model(X).numpy())
    assert not model.trainable_variables


@given(
    kind=st.sampled_from(KINDS),
    n_leaves=st.integers(2, 10**5),
    n_trees=st.integers(1, 1000),
    min_samples_leaf=st.integers(1, 50),
    n_rows=st.integers(10, 10**6),
    n_outputs=st.integers(1, 300),
)
def test_no_more_leaves_than_rows_and_memory_allow(
    kind, n_leaves, n_trees, min_samples_leaf, n_rows, n_outputs
):
    settings = TreeSettings(
        kind,
        n_trees=n_trees,
        max_leaf_nodes=n_leaves,
        min_samples_leaf=min_samples_leaf,
    )
    limited = settings.limited(n_rows, n_outputs)
    assert limited == limited.limited(n_rows, n_outputs)
    assert 2 <= limited.max_leaf_nodes <= n_leaves
    assert limited.max_leaf_nodes <= max(2, n_rows // min_samples_leaf)
    assert 1 <= limited.n_trees <= n_trees
    if kind != "boosted":
        n_nodes = limited.n_trees_in_all(n_outputs) * limited.n_nodes
        assert n_nodes * (n_outputs + 3) * 4 <= 64 * 2**20
        # Leaves are fewer for the sake of memory only if the trees are few.
        if limited.max_leaf_nodes < min(n_leaves, n_rows // min_samples_leaf):
            assert limited.n_trees == min(n_trees, 16)


@pytest.mark.parametrize("kind", KINDS)
def test_trees_end_with_their_time(kind):
    X, y = load_diabetes(return_X_y=True)
    X, n_trees = X.astype("float32"), 400
    settings = {"kind": kind, "n_trees": n_trees}
    layer = TreeEnsemble(settings, task="numbers", n_outputs=1)
    layer.build(X.shape)
    seconds = itertools.count()
    deadline = Deadline(12, clock=lambda: next(seconds))
    layer.start_from(X, np.random.default_rng(0), y=y / 100, deadline=deadline)
    n_grown = (layer.value.numpy().reshape(n_trees, -1) != 0).any(axis=1).sum()
    assert 10 <= n_grown < n_trees
    assert np.corrcoef(layer(X).numpy()[:, 0], y)[0, 1] > 0.5
    np.testing.assert_allclose(layer(X).numpy().mean(), y.mean() / 100, rtol=0.1)


@pytest.mark.parametrize(("task", "mean"), [("numbers", 0.25), ("labels", -1.0986)])
def test_outputs_share_the_time_and_those_without_any_have_their_mean(task, mean):
    X = np.random.default_rng(0).normal(size=(400, 3)).astype("float32")
    y = np.repeat((np.argsort(np.argsort(X[:, 0])) >= 300).astype("float32"), 30)
    layer = TreeEnsemble({"kind": "boosted", "n_trees": 99}, task=task, n_outputs=30)
    layer.build(X.shape)
    seconds = itertools.count(step=0.1)
    deadline = Deadline(20, clock=lambda: next(seconds))
    rng = np.random.default_rng(0)
    layer.start_from(X, rng, y=y.reshape(400, 30), deadline=deadline)
    assert deadline.cut
    spread = np.ptp(layer(X).numpy(), axis=0)
    n_grown = (spread > 0).sum()
    assert 2 <= n_grown < 30
    # Those that come first have trees, and the others the mean alone.
    assert (spread[:n_grown] > 0).all()
    np.testing.assert_allclose(layer(X).numpy()[:, n_grown:], mean, atol=1e-3)


@pytest.mark.parametrize("kind", KINDS)
def test_trees_of_many_rows_are_fitted_to_some_if_one_tree_takes_too_long(
    kind, monkeypatch
):
    X, y = load_diabetes(return_X_y=True)
    X = X.astype("float32")
    # Rows with which the first trees take about a second.
    monkeypatch.setattr("skautokeras._layers.boosting._QUICK", 50 * X.shape[1])
    layer = TreeEnsemble({"kind": kind, "n_trees": 50}, task="numbers", n_outputs=1)
    layer.build(X.shape)
    seconds = itertools.count(step=0.5)
    deadline = Deadline(9, clock=lambda: next(seconds))
    n_done = layer.start_from(X, np.random.default_rng(0), y=y / 100, deadline=deadline)
    assert deadline.cut
    assert 1 <= n_done <= 50
    assert np.corrcoef(layer(X).numpy()[:, 0], y)[0, 1] > 0.3
    whole = Deadline(None)
    layer.start_from(X, np.random.default_rng(0), y=y / 100, deadline=whole)
    assert not whole.cut


# --- Where boosting ends

# Two classes, three classes and numbers: the task, the number of outputs, and the data.
TASKS = {
    "two classes": ("binary", 1, load_breast_cancer),
    "three classes": ("classes", 3, load_wine),
    "numbers": ("numbers", 1, load_diabetes),
}
every_task = pytest.mark.parametrize(
    ("task", "n_outputs", "load"), list(TASKS.values()), ids=list(TASKS)
)


def halves(load):
    """Return the training rows and the validation rows of a data set."""
    X, y = load(return_X_y=True)
    # scikit-learn takes long to bin many columns of rows with weights.
    X, y = X[:, :10].astype("float32"), y / 100 if load is load_diabetes else y
    return (X[::2], y[::2]), (X[1::2], y[1::2])


def stages_of_sklearn(train, valid, *, weight=None, valid_weight=None, **settings):
    """Return outputs for the validation rows and the loss after each iteration."""
    is_class = train[1].dtype.kind == "i"
    if is_class:
        model = boosted(HistGradientBoostingClassifier, **settings)
    else:
        model = boosted(HistGradientBoostingRegressor, **settings)
    model.fit(*train, weight)
    X, y = valid
    outputs = list(
        (model.staged_decision_function if is_class else model.staged_predict)(X)
    )
    if is_class:
        losses = [
            log_loss(y, probability, sample_weight=valid_weight)
            for probability in model.staged_predict_proba(X)
        ]
    else:
        losses = [
            mean_squared_error(y, output, sample_weight=valid_weight)
            for output in outputs
        ]
    return [output.reshape(len(X), -1) for output in outputs], losses


@every_task
@pytest.mark.parametrize(
    ("learning_rate", "weighted"), [(0.1, False), (0.2, False), (0.2, True)]
)
def test_boosting_ends_where_the_loss_for_validation_rows_is_least(
    task, n_outputs, load, learning_rate, weighted
):
    train, valid = halves(load)
    weight = valid_weight = None
    if weighted:
        # What differs in weight differs in number: the first validation rows.
        weight = np.linspace(0.1, 2, len(train[0]))
        valid_weight = np.linspace(3, 0.1, len(valid[0]))
    outputs, losses = stages_of_sklearn(
        train,
        valid,
        weight=weight,
        valid_weight=valid_weight,
        learning_rate=learning_rate,
        max_iter=100,
    )
    layer, n_done = fit(
        "boosted",
        task,
        n_outputs,
        *train,
        weight=weight,
        valid=(*valid, valid_weight),
        learning_rate=learning_rate,
        n_trees=100,
    )
    best = int(np.argmin(losses))
    assert 5 < best < 90
    assert n_done == int(layer.n_iterations) == best + 1
    np.testing.assert_allclose(layer(valid[0]).numpy(), outputs[best], atol=1e-4)


@every_task
def test_all_trees_are_kept_as_long_as_they_help(task, n_outputs, load):
    train, _ = halves(load)
    layer, n_done = fit(
        "boosted", task, n_outputs, *train, valid=(*train, None), n_trees=30
    )
    outputs, _ = stages_of_sklearn(train, train, max_iter=30)
    assert n_done == int(layer.n_iterations) == 30
    np.testing.assert_allclose(layer(train[0]).numpy(), outputs[-1], atol=1e-4)


@every_task
def test_boosting_makes_as_many_iterations_as_it_is_told(task, n_outputs, load):
    train, valid = halves(load)
    outputs, _ = stages_of_sklearn(train, valid, max_iter=100)
    for n_iterations in (1, 63, 64, 65, 100):
        layer, n_done = fit(
            "boosted",
            task,
            n_outputs,
            *train,
            n_iterations=n_iterations,
            n_trees=100,
        )
        assert n_done == int(layer.n_iterations) == n_iterations
        expected = outputs[n_iterations - 1]
        np.testing.assert_allclose(layer(valid[0]).numpy(), expected, atol=2e-4)


def test_there_are_never_more_trees_than_the_layer_has_room_for():
    train, _ = halves(load_diabetes)
    layer, n_done = fit("boosted", "numbers", 1, *train, n_iterations=50, n_trees=20)
    assert n_done == int(layer.n_iterations) == 20
    assert layer.value.shape[0] == 20 * 61


def test_each_number_has_the_trees_that_help_it():
    (X, y), (X_valid, y_valid) = halves(load_diabetes)
    rng = np.random.default_rng(0)
    y = np.column_stack([y, rng.normal(size=len(y))])
    y_valid = np.column_stack([y_valid, rng.normal(size=len(y_valid))])
    valid = (X_valid, y_valid, None)
    layer, n_done = fit("boosted", "numbers", 2, X, y, valid=valid, n_trees=60)
    found, counts = layer(X_valid).numpy(), []
    for j in range(2):
        outputs, losses = stages_of_sklearn(
            (X, y[:, j]), (X_valid, y_valid[:, j]), max_iter=60
        )
        counts.append(1 + int(np.argmin(losses)))
        np.testing.assert_allclose(found[:, [j]], outputs[counts[j] - 1], atol=1e-4)
    # Noise needs fewer trees than what can be learned.
    assert counts[1] < counts[0] == int(layer.n_iterations)
    assert n_done == round(np.mean(counts))


def test_each_label_has_the_trees_that_help_it():
    (X, y), (X_valid, y_valid) = halves(load_diabetes)
    limits = [1.0, 2.0]
    labels, labels_valid = (
        (some[:, None] > limits).astype("float32") for some in (y, y_valid)
    )
    valid = (X_valid, labels_valid, None)
    layer = fitted("boosted", "labels", 2, X, labels, valid=valid, n_trees=60)
    found = layer(X_valid).numpy()
    for j in range(2):
        outputs, losses = stages_of_sklearn(
            (X, labels[:, j].astype(int)),
            (X_valid, labels_valid[:, j].astype(int)),
            max_iter=60,
        )
        best = int(np.argmin(losses))
        assert best < 55
        np.testing.assert_allclose(found[:, [j]], outputs[best], atol=1e-4)


@pytest.mark.parametrize("absent", [0, 1, 2, 3])
def test_validation_rows_of_a_class_that_training_rows_lack_do_no_harm(absent):
    (X, y), (X_valid, y_valid) = halves(load_wine)
    # There are four classes; nothing is known about one of them.
    codes = np.delete(np.arange(4), absent)
    y, y_valid = codes[y], codes[y_valid]
    y_with = np.where(np.arange(len(y_valid)) % 3 == 0, absent, y_valid)
    is_known = y_with != absent
    layers = [
        fit("boosted", "classes", 4, X, y, valid=(*rows, None), n_trees=100)
        for rows in ((X_valid, y_with), (X_valid[is_known], y_with[is_known]))
    ]
    assert layers[0][1] == layers[1][1]
    assert 5 < layers[0][1] < 95
    outputs = [layer(X_valid).numpy() for layer, _ in layers]
    np.testing.assert_array_equal(*outputs)
    assert (outputs[0].argmax(axis=1) == y_valid).mean() > 0.9


def test_a_second_class_in_validation_rows_alone_changes_nothing():
    X = np.arange(60, dtype="float32")[:, None]
    valid = (X, np.arange(60) % 2, None)
    layer, n_done = fit("boosted", "binary", 1, X, np.ones(60), valid=valid, n_trees=9)
    assert n_done == 1
    assert (layer(X).numpy() > 5).all()


@every_task
def test_validation_rows_of_weight_0_do_not_matter(task, n_outputs, load):
    train, (X_valid, y_valid) = halves(load)
    weight = np.linspace(0.1, 2, len(y_valid))
    # The targets of the further rows are wrong, so that they would end it early.
    with_more = (
        np.concatenate([X_valid, X_valid]),
        np.concatenate([y_valid, y_valid[::-1]]),
    )
    weights = (weight, np.concatenate([weight, 0 * weight]), None)
    rows = ((X_valid, y_valid), with_more, with_more)
    layers = [
        fit(
            "boosted",
            task,
            n_outputs,
            *train,
            valid=(*some, some_weights),
            n_trees=100,
            learning_rate=0.2,
        )
        for some, some_weights in zip(rows, weights, strict=True)
    ]
    counts = [n_done for _, n_done in layers]
    assert counts[0] == counts[1] != counts[2]
    first, second = (layer(X_valid).numpy() for layer, _ in layers[:2])
    np.testing.assert_array_equal(first, second)


def test_categories_of_validation_rows_have_the_mean_targets_of_training_rows():
    rng = np.random.default_rng(0)
    effects = rng.normal(size=40)
    codes = rng.integers(0, 40, (2, 400))
    y, y_valid = effects[codes] + rng.normal(size=codes.shape)
    noise = rng.normal(size=(2, 400, 3))
    X, X_valid = np.dstack([noise, codes]).astype("float32")
    settings = {"cardinalities": [40], "n_trees": 30, "learning_rate": 0.2}
    full = fitted("boosted", "numbers", 1, X, y, **settings)
    losses = []
    value = full.value.numpy().reshape(30, -1, 1)
    for n in range(1, 31):
        first = np.where(np.arange(30)[:, None, None] < n, value, 0)
        full.value.assign(first.reshape(-1, 1))
        losses.append(np.mean((full(X_valid).numpy()[:, 0] - y_valid) ** 2))
    valid = (X_valid, y_valid, None)
    layer, n_done = fit("boosted", "numbers", 1, X, y, valid=valid, **settings)
    assert n_done == int(layer.n_iterations) == 1 + np.argmin(losses)
    assert 2 < n_done < 28
    assert min(losses) < 0.8 * y_valid.var()


def test_a_layer_that_ended_early_is_saved_with_its_number_of_trees(tmp_path):
    train, valid = halves(load_wine)
    layer, n_done = fit("boosted", "classes", 3, *train, valid=(*valid, None))
    x = keras.Input((10,))
    keras.Model(x, layer(x)).save(tmp_path / "trees.keras")
    loaded = keras.models.load_model(tmp_path / "trees.keras", safe_mode=True)
    assert int(loaded.layers[-1].n_iterations) == n_done < 100
    np.testing.assert_array_equal(loaded(valid[0]).numpy(), layer(valid[0]).numpy())


def test_trees_may_predict_on_another_scale():
    (X, y), (X_valid, y_valid) = halves(load_diabetes)
    quantiles = np.quantile(y, np.linspace(0, 1, 101))[:, None]
    scale = TargetScale("log", quantiles, [0.0])
    settings = {"kind": "boosted", "n_trees": 60}
    layer = TreeEnsemble(settings, task="numbers", n_outputs=1, scale=scale)
    layer.build(X.shape)
    n_done = layer.start_from(
        X,
        np.random.default_rng(0),
        y=y[:, None],
        valid=(X_valid, y_valid[:, None], None),
    )
    on_scale, on_scale_valid = (
        np.asarray(scale.forward(some[:, None].astype("float32")))[:, 0]
        for some in (y, y_valid)
    )
    outputs, losses = stages_of_sklearn(
        (X, on_scale), (X_valid, on_scale_valid), max_iter=60
    )
    assert n_done == 1 + np.argmin(losses)
    np.testing.assert_allclose(layer(X_valid).numpy(), outputs[n_done - 1], atol=1e-4)
    copied = TreeEnsemble.from_config(layer.get_config())
    assert copied.get_config() == layer.get_config()
