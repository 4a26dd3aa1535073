"""Ensembles: the mean of several networks, and what is predicted for a row."""

import pickle

import keras
import numpy as np
import pytest

from skautokeras._ensemble import PREDICT_ROWS, Ensemble

HEAD = "classification_head_1"


@pytest.fixture(scope="module")
def models(problem):
    """Two networks of one graph."""
    return [
        problem.search_space.build({"dense_block_1/activation": a}).model
        for a in ("relu", "silu")
    ]


@pytest.fixture(scope="module")
def many(problem):
    """More rows than one chunk has, no two alike."""
    rng = np.random.default_rng(0)
    return {
        name: rng.normal(size=(2 * PREDICT_ROWS + 100, *a.shape[1:])).astype(a.dtype)
        for name, a in problem.data.all.x.items()
    }


def test_the_mean_is_the_mean(models, problem):
    x = problem.data.all.x
    ensemble = Ensemble(models, [0.25, 0.75])
    expected = sum(
        w * np.asarray(m(x)[HEAD]) for w, m in zip([0.25, 0.75], models, strict=True)
    )
    found = ensemble.predict(x)[HEAD]
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("n_members", [1, 2])
def test_as_one_model_an_ensemble_predicts_the_same(models, problem, n_members):
    x = problem.data.all.x
    weights = {1: [1.0], 2: [0.25, 0.75]}[n_members]
    ensemble = Ensemble(models[:n_members], weights)
    model = ensemble.as_model()
    assert isinstance(model, keras.Model)
    np.testing.assert_allclose(
        model(x)[HEAD], ensemble.predict(x)[HEAD], rtol=0, atol=1e-6
    )


@pytest.mark.parametrize("used", [False, True], ids=["fresh", "used"])
def test_a_pickled_ensemble_predicts_the_same(models, problem, used):
    x = problem.data.all.x
    ensemble = Ensemble(models, [0.25, 0.75])
    if used:
        ensemble.predict(x)
    copied = pickle.loads(pickle.dumps(ensemble))
    assert copied.weights == [0.25, 0.75]
    np.testing.assert_array_equal(copied.predict(x)[HEAD], ensemble.predict(x)[HEAD])


def test_a_row_does_not_depend_on_its_company(models, many):
    ensemble = Ensemble(models, [0.5, 0.5])
    whole = ensemble.predict(many)[HEAD]
    compiled = ensemble._compiled
    for n in (1, 7, PREDICT_ROWS, PREDICT_ROWS + 1):
        part = ensemble.predict({name: a[:n] for name, a in many.items()})[HEAD]
        assert len(part) == n
        np.testing.assert_array_equal(part, whole[:n])
    spoilt = {name: a.copy() for name, a in many.items()}
    for array in spoilt.values():
        array[1::2] = np.nan
    np.testing.assert_array_equal(ensemble.predict(spoilt)[HEAD][::2], whole[::2])
    # At another place a row may come out at the end of a vector of the processor.
    order = np.random.default_rng(1).permutation(len(whole))
    shuffled = ensemble.predict({name: a[order] for name, a in many.items()})[HEAD]
    np.testing.assert_allclose(shuffled, whole[order], rtol=0, atol=1e-6)
    # One compiled function serves them all.
    assert ensemble._compiled is compiled
