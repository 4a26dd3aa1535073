"""Numbers that networks compute on another scale are predicted in the user's units."""

import pickle

import keras
import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import (
    mean_absolute_error,
    mean_absolute_percentage_error,
    mean_poisson_deviance,
    mean_squared_log_error,
    r2_score,
)

import skautokeras
from skautokeras import (
    AutoModel,
    BoostedTreesBlock,
    DenseBlock,
    GreedyOracle,
    RegressionHead,
    StructuredDataInput,
    StructuredDataRegressor,
)

PARAMS = {"max_trials": 1, "random_state": 0, "ensemble_size": 1}
SCALE = "target/transformation"
BLOCKS = {
    "network": lambda: DenseBlock(n_layers=2, units=32, dropout=0.0),
    "trees": lambda: BoostedTreesBlock(n_trees=200, min_samples_leaf=5),
}


@pytest.fixture(scope="module")
def prices():
    """Three numbers, and prices that are products of what two of them are worth."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 3))
    noise = rng.normal(size=400)
    return X, 1000 * np.exp(1.2 * X[:, 0] + np.sin(2 * X[:, 1]) + 0.1 * noise)


def model_on(name, kind, **params):
    """Return a model of one block that computes numbers on a scale."""
    table = StructuredDataInput()
    head = RegressionHead(transformation=kind, name="price")
    output = head(BLOCKS[name]()(table))
    return AutoModel(table, output, **{**PARAMS, "epochs": 32, **params})


@pytest.fixture(scope="module")
def fitted(prices):
    """Models that were fitted on the logarithm of prices."""
    X, y = prices
    return {name: model_on(name, "log").fit(X[:300], y[:300]) for name in BLOCKS}


@pytest.mark.parametrize(
    ("loss", "error"),
    [
        ("mean_squared_logarithmic_error", mean_squared_log_error),
        ("mean_absolute_percentage_error", mean_absolute_percentage_error),
        ("poisson", mean_poisson_deviance),
    ],
)
def test_a_loss_of_ratios_lowers_its_own_error(prices, loss, error):
    X, y = prices
    errors = []
    for own in (loss, None):
        reg = StructuredDataRegressor(loss=own, epochs=20, cv=None, **PARAMS)
        reg.fit(X[:300], y[:300])
        errors.append(error(y[300:], np.maximum(reg.predict(X[300:]), 1.0)))
    assert errors[0] < errors[1]


@pytest.mark.parametrize("name", BLOCKS)
def test_predictions_are_in_the_units_of_the_target(fitted, prices, name):
    X, y = prices
    model = fitted[name]
    predicted = model.predict(X)
    assert predicted.min() >= y[:300].min() * 0.999
    assert predicted.max() <= y[:300].max() * 1.001
    assert r2_score(np.log(y[300:]), np.log(predicted[300:])) > 0.7
    assert model.score(X, y) == pytest.approx(r2_score(y, predicted))


@pytest.mark.parametrize("name", BLOCKS)
def test_other_units_change_nothing_else(fitted, prices, name):
    X, y = prices
    cents = model_on(name, "log").fit(X[:300], 100 * y[:300])
    np.testing.assert_allclose(
        cents.predict(X) / 100, fitted[name].predict(X), rtol=0.02
    )


@pytest.mark.parametrize("name", BLOCKS)
def test_exported_models_say_the_same(fitted, prices, name, tmp_path):
    X, _ = prices
    model = fitted[name]
    expected = model.predict(X)
    raw = model.export_model(raw=True)
    sent = {f"x{i}": column for i, column in enumerate(X.T)}
    np.testing.assert_allclose(np.ravel(raw(sent)["values"]), expected, rtol=1e-4)
    arrays = model._adapter.transform(X)
    model.export(tmp_path / "model.keras", format="keras", raw=False)
    network = keras.models.load_model(tmp_path / "model.keras", safe_mode=True)
    (target,) = model._targets.targets_
    for one in (model.model_, model.export_model(), network):
        z = one.predict(arrays, verbose=0)["price"]
        np.testing.assert_allclose(target.decode(z), expected, rtol=1e-4)


@pytest.mark.parametrize("name", BLOCKS)
def test_copies_and_files_say_the_same(fitted, prices, name, tmp_path):
    X, _ = prices
    model = fitted[name]
    model.save(tmp_path / "model")
    copies = pickle.loads(pickle.dumps(model)), skautokeras.load(tmp_path / "model")
    for copied in copies:
        np.testing.assert_array_equal(copied.predict(X), model.predict(X))


@pytest.mark.parametrize("kind", ["log", "yeo_johnson", "quantile"])
@pytest.mark.parametrize("name", BLOCKS)
def test_every_scale_makes_another_network_of_the_same_units(prices, name, kind):
    X, y = prices
    plain, scaled = (
        model_on(name, k, epochs=16, refit=False).fit(X[:300], y[:300])
        for k in ("none", kind)
    )
    one, other = plain.predict(X[300:]), scaled.predict(X[300:])
    assert (one != other).any()
    assert r2_score(np.log(y[300:]), np.log(np.maximum(other, 1))) > 0.5
    # Trials are compared on the scale of the target.
    assert 0.2 < scaled.best_score_ / plain.best_score_ < 5


@pytest.mark.parametrize("kind", ["yeo_johnson", "quantile"])
def test_several_numbers_are_computed_on_their_own_scales(prices, kind):
    X, y = prices
    both = np.column_stack([y, 50 - np.log(y)])
    model = model_on("network", kind, epochs=64).fit(X[:300], both[:300])
    assert r2_score(both[300:, 1], model.predict(X[300:])[:, 1]) > 0.6
    assert r2_score(np.log(y[300:]), np.log(model.predict(X[300:])[:, 0])) > 0.6


def test_a_search_tries_skewed_numbers_on_several_scales(prices):
    X, y = prices
    regressor = StructuredDataRegressor(
        max_trials=7, epochs=2, ensemble_size=1, prune=None, random_state=0
    )
    board = regressor.fit(X[:300], y[:300]).leaderboard_
    assert {params[SCALE] for params in board["params"]} >= {"none", "log"}
    assert (board["status"] == "completed").all()


def alternating(**kwargs):
    """Return an oracle that proposes one scale after the other."""
    first = [
        {SCALE: kind, "training/learning_rate": 5e-3, "training/weight_decay": decay}
        for decay in (0.01, 0.1)
        for kind in ("none", "log")
    ]
    return GreedyOracle(initial_values=first, **kwargs)


@pytest.fixture(scope="module")
def on_both_scales():
    """An ensemble of networks that compute a number and its logarithm, and its rows."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 6))
    y = 10 * np.exp(0.5 * X[:, 0]) + 4 * np.abs(X[:, 1]) + rng.exponential(4, 300)
    table = StructuredDataInput()
    output = RegressionHead()(DenseBlock(n_layers=1, units=32)(table))
    params = {**PARAMS, "max_trials": 4, "ensemble_size": 4, "prune": None}
    model = AutoModel(table, output, tuner=alternating, epochs=16, **params)
    return model.fit(X[:200], y[:200]), X, y


def test_networks_on_several_scales_have_a_mean_in_the_units_of_the_target(
    on_both_scales,
):
    model, X, y = on_both_scales
    board = model.leaderboard_
    scales = pd.Series([params[SCALE] for params in board["params"]])
    assert set(scales[board["weight"] > 0]) == {"none", "log"}
    assert model.score(X[200:], y[200:]) > 0.4
    arrays = model._adapter.transform(X)
    (target,) = model._targets.targets_
    expected = 0.0
    for network, weight in zip(
        model._ensemble.models, model._ensemble.weights, strict=True
    ):
        (z,) = network(arrays).values()
        expected = expected + weight * target.decode(np.asarray(z))
    np.testing.assert_allclose(model.predict(X), expected, rtol=1e-4)
    (z,) = model.export_model()(arrays).values()
    np.testing.assert_allclose(target.decode(np.asarray(z)), expected, rtol=1e-4)


def test_a_loss_of_the_user_is_meant_on_the_scale_of_the_target(prices):
    X, y = prices
    regressor = StructuredDataRegressor(
        loss="mae", max_trials=3, epochs=1, random_state=0
    )
    regressor.fit(X, y)
    error = mean_absolute_error(y, regressor.predict(X))
    assert regressor.evaluate(X, y)["loss"] == pytest.approx(error, rel=1e-3)
