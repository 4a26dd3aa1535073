"""Warnings point at the line of the user that has led to them."""

import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline

from skautokeras import StructuredDataClassifier
from skautokeras._warnings import warn


def fit_alone(clf, X, y):
    clf.fit(X, y)


def fit_in_a_pipeline(clf, X, y):
    make_pipeline(clf).fit(X, y)


def fit_in_folds(clf, X, y):
    cross_val_score(clf, X, y, cv=2)


@pytest.mark.parametrize("fit", [fit_alone, fit_in_a_pipeline, fit_in_folds])
def test_a_warning_of_fit_points_at_the_call(fit):
    y = np.arange(80) % 2
    X = np.random.default_rng(0).normal(size=(80, 2))
    clf = StructuredDataClassifier(max_trials=1, epochs=1, cv=None, random_state=0)
    with pytest.warns(ConvergenceWarning) as caught:
        fit(clf, X, y)
    assert {w.filename for w in caught if w.category is ConvergenceWarning} == {
        __file__
    }
    assert caught[0].lineno == fit.__code__.co_firstlineno + 1


def test_a_warning_in_a_thread_is_issued():
    with ThreadPoolExecutor(1) as pool, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        pool.submit(warn, "The columns look alike.").result()
    assert str(caught[0].message) == "The columns look alike."
