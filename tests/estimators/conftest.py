"""Small data and quick estimators for the tests of the estimators."""

import numpy as np
import pytest
from sklearn.datasets import load_diabetes

from skautokeras import StructuredDataClassifier, StructuredDataRegressor

QUICK = {"max_trials": 1, "epochs": 3, "random_state": 0, "ensemble_size": 1}


@pytest.fixture
def classifier():
    """A classifier whose fit takes about a second."""
    return StructuredDataClassifier(**QUICK)


@pytest.fixture
def regressor():
    """A regressor whose fit takes about a second."""
    return StructuredDataRegressor(**QUICK)


@pytest.fixture
def diabetes():
    """442 rows of ten numbers, and a number to predict."""
    return load_diabetes(return_X_y=True, as_frame=True)


@pytest.fixture(scope="session")
def wines():
    """Texts of six words of which one tells the class, and the classes."""
    words = ["a", "dry", "red", "wine", "wines", "oak", "with"]
    rng = np.random.default_rng(0)
    y = np.arange(200) % 2
    texts = [
        " ".join(rng.permutation([*rng.choice(words, 5), "good" if good else "bad"]))
        for good in y
    ]
    return texts, y
