"""The methods that are measured."""

import time
from itertools import count
from types import SimpleNamespace

import keras
import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import Ridge

from benchmarks.internals import predefined_values
from benchmarks.methods.autokeras_method import Budget, make_budget_callback
from benchmarks.methods.random_search import draw_boosting, random_search
from benchmarks.methods.table_methods import fit_method, make_boosting


@pytest.fixture
def line():
    """Rows of a line, which ridge regression fits best without a penalty."""
    X = pd.DataFrame({"x": np.arange(50.0)})
    return X, X["x"] * 2


def test_random_search_takes_the_best_candidate(line):
    candidates = [{"alpha": 1e5}, {"alpha": 0.0}, {"alpha": 1e3}]
    found = random_search(
        Ridge(), *line, candidates, seed=0, deadline=time.perf_counter() + 60
    )

    assert found.params == {"alpha": 0.0}
    assert found.estimator.get_params()["alpha"] == 0.0
    assert found.score == pytest.approx(0, abs=1e-9)
    assert found.n_candidates == 3


def test_random_search_ends_in_time(line, monkeypatch):
    # Every look at the clock takes a second, hence a training one, too.
    monkeypatch.setattr(time, "perf_counter", count().__next__)
    candidates = [{"alpha": 1.0}] * 100
    late = random_search(Ridge(), *line, candidates, seed=0, deadline=0)
    assert late.n_candidates == 1

    # Ten looks for the first candidate and three per fold for the others; the final
    # training ends in time.
    monkeypatch.setattr(time, "perf_counter", count().__next__)
    in_time = random_search(Ridge(), *line, candidates, seed=0, deadline=100)
    assert in_time.n_candidates == 7


def test_candidates_for_boosting_fit_a_column_of_many_categories():
    draws = draw_boosting(seed=0, n_categories=200)
    defaults, *drawn = (params for params, _ in zip(draws, range(4), strict=False))
    X = pd.DataFrame({"city": pd.Categorical([f"{i}" for i in range(200)] * 2)})
    for params in drawn:
        boosting = make_boosting({"dataset": "diamonds", "seed": 0}, max_iter=2)
        boosting.set_params(**params).fit(X, np.arange(400.0))

    assert defaults == {}
    assert all(0.01 <= params["learning_rate"] <= 0.3 for params in drawn)
    assert drawn[0] != drawn[1]


@pytest.mark.slow
def test_a_search_of_autokeras_ends_in_the_middle_of_an_epoch():
    budget = Budget(0.5)
    oracle = SimpleNamespace(trials={"0": SimpleNamespace(status="RUNNING")})
    network = keras.Sequential([keras.layers.Dense(1)])
    network.compile(loss="mse")

    def rows():
        while True:
            yield np.ones((1, 1)), np.ones((1, 1))

    callbacks = [make_budget_callback(budget, oracle)]
    quietly = {"verbose": 0, "shuffle": False, "callbacks": callbacks}
    network.fit(rows(), steps_per_epoch=10**9, **quietly)
    assert budget.cut_a_trial
    assert oracle.max_trials == 1

    # What is trained behind the search is left alone.
    oracle.trials["0"].status = "COMPLETED"
    budget.cut_a_trial = False
    network.fit(rows(), steps_per_epoch=3, epochs=2, **quietly)
    assert network.history.epoch == [0, 1]
    assert not budget.cut_a_trial


@pytest.mark.slow
@pytest.mark.parametrize("family", ["networks", "trees"])
def test_a_family_is_searched_alone(family):
    spec = {"folder": None, "dataset": "wine", "seed": 1, "rows": 100}
    spec |= {
        "method": f"skautokeras_{family}",
        "params": {"max_trials": 4, "epochs": 2},
    }
    reports = []
    fit_method(spec, reports.append)

    (report,) = reports
    of_block = "structured_data_block_1"
    kinds = [
        trial["params"].get(f"{of_block}/block_type") for trial in report["trials"]
    ]
    assert len(kinds) == 4
    are_trees = ["tree" in str(kind) or "forest" in str(kind) for kind in kinds]
    assert all(are_trees) if family == "trees" else not any(are_trees)


@pytest.mark.slow
@pytest.mark.parametrize("method", ["real_mlp", "tab_m"])
def test_a_network_is_measured_as_it_is_predefined(method):
    spec = {"folder": None, "dataset": "wine", "method": method, "seed": 1}
    reports = []
    fit_method({**spec, "rows": 100}, reports.append)

    (report,) = reports
    (trial,) = report["trials"]
    predefined = [v for v in predefined_values() if v["block_type"] == method]
    of_block = "structured_data_block_1/"
    params = {k.removeprefix(of_block): v for k, v in trial["params"].items()}
    parts = ("training/", f"{method}_block_1/")
    known = [
        {k: v for k, v in values.items() if k.startswith(parts)}
        for values in predefined
    ]
    assert min(map(len, known)) > 5
    assert any(values.items() <= params.items() for values in known)
    assert report["n_trials"] == 1
