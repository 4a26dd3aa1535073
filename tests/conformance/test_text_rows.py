"""The text estimators pass scikit-learn's checks, on rows that are written as texts.

The checks bring tables of numbers. Every row becomes a text: for each column a word
that names the column and about how large the number is.
"""

import pytest
from sklearn.utils.estimator_checks import estimator_checks_generator
from sklearn.utils.validation import validate_data

from skautokeras import TextClassifier, TextRegressor, TextToNgramVector

QUICK = {"max_trials": 1, "epochs": 32, "ensemble_size": 1, "refit": False}
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


class _Written:
    """Takes tables of numbers, and searches nothing."""

    def _check_X(self, X, *, reset):
        X = validate_data(self, X, reset=reset)
        X = [" ".join(f"c{j}v{round(v)}" for j, v in enumerate(row)) for row in X]
        return super()._check_X(X, reset=False)

    def _nodes(self):
        (text,), _ = super()._nodes()
        return [text], [self._make_head()(TextToNgramVector(dim=8, dropout=0.0)(text))]

    def _predefined(self, graph):
        return [{"training/learning_rate": 3e-2, "training/batch_size": 16}]

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


def checks():
    """Yield estimators with checks: all that concern X, and what the regressor adds."""
    for kind, of in ((WrittenTextClassifier, ""), (WrittenTextRegressor, "regressor")):
        for one, check in estimator_checks_generator(kind(random_state=0, **QUICK)):
            name, options = check.func.__name__, check.keywords
            # The same with memory that cannot be written is left once.
            repeated = options == {"readonly_memmap": True}
            if of in name and not repeated and not _is_left_out(name):
                yield pytest.param(one, check, id=f"{name}{options or ''}")


def _is_left_out(name):
    return any(part in name for part in SAME_FOR_TABLES)


@pytest.mark.slow
@pytest.mark.parametrize(("estimator", "check"), list(checks()))
def test_rows_as_texts_pass_the_checks_of_sklearn(estimator, check):
    check(estimator)
