"""The estimators pass scikit-learn's own checks, all of them but the two named here."""

import pytest
from sklearn.utils.estimator_checks import check_estimator, parametrize_with_checks

from skautokeras import (
    AutoModel,
    ClassificationHead,
    StructuredDataClassifier,
    StructuredDataInput,
    StructuredDataRegressor,
    TextClassifier,
    TextRegressor,
)

# scikit-learn runs this check on MLPClassifier and MLPRegressor with settings chosen
# for it alone (PER_ESTIMATOR_CHECK_PARAMS: no mini-batches, no early stopping). A
# random validation part and mini-batches make repeated rows other draws than weighted
# ones.
_OTHER_DRAWS = "repeated rows are other draws of the split and the batches than weights"
EXPECTED_FAILURES = {
    "check_sample_weight_equivalence_on_dense_data": _OTHER_DRAWS,
    "check_sample_weight_equivalence_on_sparse_data": _OTHER_DRAWS,
}


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
@parametrize_with_checks(
    [
        StructuredDataClassifier(max_trials=1, epochs=12, random_state=0),
        StructuredDataRegressor(max_trials=1, epochs=12, random_state=0),
        AutoModel(
            StructuredDataInput(),
            ClassificationHead(),
            max_trials=1,
            epochs=12,
            random_state=0,
        ),
    ],
    expected_failed_checks=lambda estimator: EXPECTED_FAILURES,
)
def test_estimators_pass_the_checks_of_sklearn(estimator, check):
    check(estimator)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
@pytest.mark.parametrize("estimator", [TextClassifier(), TextRegressor()], ids=repr)
def test_estimators_for_texts_pass_the_checks_that_need_no_table(estimator):
    # tests/conformance/test_texts_and_images.py runs the others.
    results = check_estimator(estimator)
    assert {result["status"] for result in results} == {"passed"}
