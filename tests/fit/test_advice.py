"""A result that is poor for want of time, or no better than a guess, is told."""

import warnings

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer
from sklearn.exceptions import ConvergenceWarning

from skautokeras import StructuredDataClassifier, StructuredDataRegressor

FAST = {"cv": None, "refit": False, "random_state": 0}
RNG = np.random.default_rng(0)
NOISE = RNG.normal(size=(200, 3))


@pytest.mark.parametrize("scoring", [None, "accuracy", "roc_auc"])
def test_labels_that_are_only_guessed_are_told_once(scoring):
    y = np.repeat([0, 1], 100)
    clf = StructuredDataClassifier(max_trials=1, epochs=1, scoring=scoring, **FAST)
    with pytest.warns(ConvergenceWarning) as caught:
        clf.fit(np.ones((200, 3)), RNG.permutation(y))
    (told,) = (w for w in caught if w.category is ConvergenceWarning)
    score = clf.leaderboard_["score"].max()
    assert f"The best trial's score of {score:.3g} is no better than" in str(
        told.message
    )
    assert "more trials or epochs" in str(told.message)


def test_numbers_that_are_only_guessed_are_told():
    reg = StructuredDataRegressor(max_trials=1, epochs=1, scoring="r2", **FAST)
    with pytest.warns(ConvergenceWarning, match="no better than .* the same for all"):
        reg.fit(NOISE, RNG.normal(size=200))


def test_numbers_that_are_all_equal_are_told():
    reg = StructuredDataRegressor(max_trials=1, epochs=1, **FAST)
    with pytest.warns(ConvergenceWarning, match="All targets are equal"):
        reg.fit(NOISE, np.full(200, 7.0))
    np.testing.assert_allclose(reg.predict(NOISE), 7.0)


def test_what_is_learned_gives_no_warning():
    X, y = load_breast_cancer(return_X_y=True)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        clf = StructuredDataClassifier(max_trials=2, epochs=8, **FAST).fit(X, y)
    assert not clf.leaderboard_["cut"].any()


def test_a_training_that_the_time_has_cut_is_told():
    X, y = load_breast_cancer(return_X_y=True)
    clf = StructuredDataClassifier(max_trials=1, max_time=0.01, **FAST)
    with pytest.warns(ConvergenceWarning, match=r"when its share of max_time=0.01"):
        clf.fit(X, y)
    assert clf.leaderboard_["cut"].all()
