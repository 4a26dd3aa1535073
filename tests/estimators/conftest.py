"""Small data and quick estimators for the tests of the estimators."""

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
