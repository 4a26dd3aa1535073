"""Ensembles: the choice of members, their mean, their refit."""

import pickle
from dataclasses import replace

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skautokeras._search.deadline import Deadline
from skautokeras._search.ensemble import Ensemble, select_ensemble
from skautokeras._search.objective import Objective
from skautokeras._search.refit import finish, refit_seconds
from skautokeras._search.trial import Trial, evaluate

HEAD = "classification_head_1"
TRUTH = np.array([1.0, 0.0, 1.0, 0.0])


def loss(y_pred):
    return float(np.mean((y_pred["head"] - TRUTH) ** 2))


OBJECTIVE = Objective(lambda outputs: -outputs.loss)


def trial(y_pred, **kwargs):
    y_pred = {"head": np.asarray(y_pred)}
    return Trial({}, 0, score=-loss(y_pred), y_pred=y_pred, **kwargs)


def score_of(trials, weights):
    mean = sum(w * trials[i].y_pred["head"] for i, w in weights.items())
    return -loss({"head": mean})


def test_networks_that_err_apart_are_put_together():
    trials = [trial([1, 0.6, 1, 0]), trial([0.4, 0, 1, 0]), trial([0, 1, 0, 1])]
    weights = select_ensemble(trials, OBJECTIVE, loss, size=3)
    assert set(weights) == {0, 1}
    assert score_of(trials, weights) > max(t.score for t in trials)


def test_one_network_is_the_best_one():
    trials = [trial([0.5] * 4), trial([0.9, 0.1, 0.9, 0.1]), trial([1, 1, 1, 1])]
    assert select_ensemble(trials, OBJECTIVE, loss, size=1) == {1: 1.0}


@settings(max_examples=25)
@given(seed=st.integers(0, 10_000), n=st.integers(1, 8), size=st.integers(1, 4))
def test_an_ensemble_is_never_worse_than_its_best_member(seed, n, size):
    rng = np.random.default_rng(seed)
    trials = [trial(rng.random(4)) for _ in range(n)]
    trials.insert(0, replace(trials[0], error="failed", score=float("nan")))
    weights = select_ensemble(trials, OBJECTIVE, loss, size)
    assert 0 not in weights
    assert len(weights) <= size
    assert sum(weights.values()) == pytest.approx(1)
    assert score_of(trials, weights) >= max(t.score for t in trials[1:]) - 1e-12


@pytest.fixture
def models(problem):
    """Two networks of one graph."""
    return [
        problem.graph.build({"dense_block_1/activation": a}).model
        for a in ("relu", "silu")
    ]


def test_the_mean_is_the_mean(models, problem):
    x = problem.data.all.x
    ensemble = Ensemble(models, [0.25, 0.75])
    expected = sum(
        w * np.asarray(m(x)[HEAD]) for w, m in zip([0.25, 0.75], models, strict=True)
    )
    found = ensemble.predict(x)[HEAD]
    np.testing.assert_allclose(found, expected, atol=1e-6)
    np.testing.assert_allclose(ensemble.as_model()(x)[HEAD], expected, atol=1e-6)
    copied = pickle.loads(pickle.dumps(ensemble))
    np.testing.assert_array_equal(copied.predict(x)[HEAD], found)


def test_rows_do_not_depend_on_their_company(models, problem):
    ensemble = Ensemble(models, [0.5, 0.5])
    x = problem.data.all.x
    whole = ensemble.predict(x)[HEAD]
    for n in (1, 7, 100):
        part = ensemble.predict({name: a[:n] for name, a in x.items()})[HEAD]
        np.testing.assert_array_equal(part, whole[:n])
    assert ensemble._compiled.experimental_get_tracing_count() == 1


@pytest.fixture(scope="module")
def trials(problem):
    """Two finished trials."""
    return [
        evaluate(
            {"training/learning_rate": rate},
            seed,
            Deadline(None),
            graph=problem.graph,
            recipe=problem.recipe,
            data=problem.data,
            objective=problem.objective(),
        )
        for seed, rate in enumerate([0.01, 0.001])
    ]


@pytest.mark.parametrize("how", ["no refit", "no rows", "no time"])
def test_trials_are_restored_as_they_were(problem, trials, how):
    data = replace(problem.data, all=None) if how == "no rows" else problem.data
    ensemble = finish(
        problem.graph,
        trials,
        {1: 0.6, 0: 0.4},
        problem.recipe,
        data,
        refit=how != "no refit",
        deadline=Deadline(0 if how == "no time" else None),
    )
    found = ensemble.predict(problem.data.valid.x)[HEAD]
    expected = 0.6 * trials[1].y_pred[HEAD] + 0.4 * trials[0].y_pred[HEAD]
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_a_refit_trains_again_on_all_rows(problem, trials):
    arguments = (problem.graph, trials, {0: 1.0}, problem.recipe)
    models = []
    for flip in (False, True):
        rows = problem.data.all
        y = {HEAD: (rows.y[HEAD] + flip) % 3}
        data = replace(problem.data, all=replace(rows, y=y))
        models.append(
            finish(*arguments, data, refit=True, deadline=Deadline(None)).models[0]
        )
    first, second = (m(problem.data.all.x)[HEAD] for m in models)
    assert not np.allclose(first, second, atol=0.05)  # other labels, another network
    assert refit_seconds(trials, problem.data, 2) > refit_seconds(
        trials, problem.data, 1
    )
    assert refit_seconds(trials, replace(problem.data, all=None), 1) == 0
    assert isinstance(models[0], keras.Model)
