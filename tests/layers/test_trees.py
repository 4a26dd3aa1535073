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
)

from skautokeras._layers import TreeEnsemble, largest_float32
from skautokeras._training import Deadline

SEED = int(np.random.default_rng(0).integers(2**31))


def fitted(kind, task, n_outputs, X, y, *, weight=None, cardinalities=(), **settings):
    """Return a layer whose trees are fitted."""
    X = np.asarray(X, "float32")
    layer = TreeEnsemble(
        {"kind": kind, **settings},
        task=task,
        n_outputs=n_outputs,
        cardinalities=cardinalities,
    )
    layer.build(X.shape)
    layer.start_from(X, np.random.default_rng(0), y=y, weight=weight)
    return layer


def boosted(model, **settings):
    """Return scikit-learn's boosting with the settings of the layer."""
    return model(early_stopping=False, max_depth=12, random_state=SEED, **settings)


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


@pytest.mark.parametrize("task", ["classes", "numbers"])
def test_random_trees_are_those_of_sklearn(task):
    load = load_wine if task == "classes" else load_diabetes
    X, y = load(return_X_y=True)
    X, y = X.astype("float32"), y if task == "classes" else y / 100
    limits = {"max_leaf_nodes": 64, "min_samples_leaf": 2, "max_features": 0.5}
    n_outputs = 3 if task == "classes" else 1
    layer = fitted("extra", task, n_outputs, X, y, n_trees=20, **limits)
    forest = ExtraTreesClassifier if task == "classes" else ExtraTreesRegressor
    model = forest(20, max_depth=12, random_state=SEED, **limits).fit(X, y)
    predicted = layer(X).numpy()
    if task == "numbers":
        np.testing.assert_allclose(predicted[:, 0], model.predict(X), atol=1e-4)
    else:
        expected = model.predict_proba(X).clip(1e-3, 1 - 1e-3)
        np.testing.assert_allclose(np.exp(predicted), expected, atol=1e-4)


@pytest.mark.parametrize("kind", ["boosted", "extra"])
def test_a_class_without_training_rows_is_improbable(kind):
    X, y = load_wine(return_X_y=True)
    layer = fitted(kind, "classes", 5, X, np.where(y == 0, 4, 1), n_trees=20)
    outputs = keras.ops.softmax(layer(X.astype("float32"))).numpy()
    assert outputs[:, [0, 2, 3]].max() < 0.02
    assert (outputs.argmax(axis=1) == np.where(y == 0, 4, 1)).mean() > 0.95


@pytest.mark.parametrize("kind", ["boosted", "extra"])
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


@pytest.mark.parametrize("kind", ["boosted", "extra"])
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
