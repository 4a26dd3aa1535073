"""The image estimators pass scikit-learn's checks, on rows that are flattened images.

The checks bring tables of 1 to 20 columns: every row is an image one pixel high, as
wide as the table.
"""

import numpy as np
import pytest
from sklearn.utils.estimator_checks import estimator_checks_generator

from skautokeras import (
    Flatten,
    ImageClassifier,
    ImageInput,
    ImageRegressor,
    Normalization,
)

QUICK = {"max_trials": 1, "epochs": 16, "ensemble_size": 1, "refit": False}
# Parts of the names of checks of targets and weights. They see X as numbers only, and
# run with tables; the code is the same for all estimators. Among them is the
# equivalence of weights and repeated rows, which nothing that draws batches has.
SAME_FOR_TABLES = (
    "sample_weight",
    "class_weight",
    "one_label",
    "multilabel",
    "multioutput",
    "classifiers_classes",
    "regression_target",
    "regressors_int",
    "supervised_y",
)


class _AnyWidth:
    """Takes tables of any width, and searches nothing."""

    def fit(self, X, y, sample_weight=None, **fit_params):
        shape = np.shape(X) if hasattr(X, "shape") else np.asarray(X).shape
        self._width = shape[1] if len(shape) == 2 else 1
        return super().fit(X, y, sample_weight, **fit_params)

    def _nodes(self):
        image = ImageInput(image_shape=(1, max(self._width, 1)))
        return [image], [self._make_head()(Flatten()(Normalization()(image)))]

    def _predefined(self, graph):
        return [{"training/learning_rate": 3e-2, "training/batch_size": 16}]


class WideImageClassifier(_AnyWidth, ImageClassifier):
    """Classifier for images one pixel high."""


class WideImageRegressor(_AnyWidth, ImageRegressor):
    """Regressor for images one pixel high."""


def checks():
    """Yield estimators with checks: all that concern X, and what the regressor adds."""
    for kind, of in ((WideImageClassifier, ""), (WideImageRegressor, "regressor")):
        estimator = kind(image_shape=(1, 1), random_state=0, **QUICK)
        for one, check in estimator_checks_generator(estimator):
            name, options = check.func.__name__, check.keywords
            # The same with memory that cannot be written is left once.
            repeated = options == {"readonly_memmap": True}
            if of in name and not repeated and not _is_left_out(name):
                yield pytest.param(one, check, id=f"{name}{options or ''}")


def _is_left_out(name):
    return any(part in name for part in SAME_FOR_TABLES)


@pytest.mark.slow
@pytest.mark.parametrize(("estimator", "check"), list(checks()))
def test_images_as_rows_pass_the_checks_of_sklearn(estimator, check):
    check(estimator)
