"""Text and image estimators pass scikit-learn's checks, on rows of numbers.

The checks bring tables of 1 to 20 columns. For texts, every row is written out: for
each column a word that names the column and about how large the number is. For images,
every row is an image one pixel high, as wide as the table.
"""

from functools import partial

import numpy as np
import pytest
from sklearn.base import is_regressor
from sklearn.utils.estimator_checks import estimator_checks_generator
from sklearn.utils.validation import validate_data

from skautokeras import (
    Flatten,
    GreedyOracle,
    ImageClassifier,
    ImageInput,
    ImageRegressor,
    Normalization,
    TextClassifier,
    TextRegressor,
    TextToNgramVector,
)

QUICK = {"max_trials": 1, "ensemble_size": 1, "refit": False, "random_state": 0}
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


# An oracle that begins with a training that learns fast.
START = partial(
    GreedyOracle,
    initial_values=[{"training/learning_rate": 3e-2, "training/batch_size": 16}],
)


class _Written:
    """Takes tables of numbers, and searches nothing."""

    def _check_X(self, X, *, reset):
        X = validate_data(self, X, reset=reset)
        X = [" ".join(f"c{j}v{round(v)}" for j, v in enumerate(row)) for row in X]
        return super()._check_X(X, reset=False)

    def _nodes(self):
        (text,), _ = super()._nodes()
        return [text], [self._make_head()(TextToNgramVector(dim=8, dropout=0.0)(text))]

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = True
        tags.input_tags.allow_nan = False
        tags.input_tags.one_d_array = tags.input_tags.string = False
        return tags


class WrittenTextClassifier(_Written, TextClassifier):
    """Classifier for rows of numbers, written out."""


class WrittenTextRegressor(_Written, TextRegressor):
    """Regressor for rows of numbers, written out."""


class _AnyWidth:
    """Takes tables of any width, and searches nothing."""

    def fit(self, X, y, sample_weight=None, **fit_params):
        shape = np.shape(X) if hasattr(X, "shape") else np.asarray(X).shape
        self._width = shape[1] if len(shape) == 2 else 1
        return super().fit(X, y, sample_weight, **fit_params)

    def _nodes(self):
        image = ImageInput(image_shape=(1, max(self._width, 1)))
        return [image], [self._make_head()(Flatten()(Normalization()(image)))]


class WideImageClassifier(_AnyWidth, ImageClassifier):
    """Classifier for images one pixel high."""


class WideImageRegressor(_AnyWidth, ImageRegressor):
    """Regressor for images one pixel high."""


ESTIMATORS = (
    WrittenTextClassifier(epochs=32, tuner=START, **QUICK),
    WrittenTextRegressor(epochs=32, tuner=START, **QUICK),
    WideImageClassifier(epochs=16, image_shape=(1, 1), tuner=START, **QUICK),
    WideImageRegressor(epochs=16, image_shape=(1, 1), tuner=START, **QUICK),
)


def checks():
    """Yield estimators with checks: all that concern X, and what a regressor adds."""
    for estimator in ESTIMATORS:
        of = "regressor" if is_regressor(estimator) else ""
        for one, check in estimator_checks_generator(estimator):
            name, options = check.func.__name__, check.keywords
            # The same with memory that cannot be written is left once.
            repeated = options == {"readonly_memmap": True}
            if of in name and not repeated and not _is_left_out(name):
                id_ = f"{type(estimator).__name__}-{name}{options or ''}"
                yield pytest.param(one, check, id=id_)


def _is_left_out(name):
    return any(part in name for part in SAME_FOR_TABLES)


@pytest.mark.slow
@pytest.mark.parametrize(("estimator", "check"), list(checks()))
def test_rows_as_texts_and_images_pass_the_checks_of_sklearn(estimator, check):
    check(estimator)
