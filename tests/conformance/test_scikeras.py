"""What `to_scikeras` returns passes scikit-learn's checks, as far as SciKeras can."""

import pytest
from sklearn.pipeline import Pipeline
from sklearn.utils.estimator_checks import estimator_checks_generator

from skautokeras import (
    ClassificationHead,
    DenseBlock,
    RegressionHead,
    StructuredDataInput,
)
from skautokeras._data import (
    ClassAdapter,
    NumberAdapter,
    StructuredDataAdapter,
    XAdapter,
    YAdapter,
)
from skautokeras._export import (
    ChosenNetworks,
    KerasClassifier,
    KerasRegressor,
    Preprocessing,
)

# SciKeras has tags of scikit-learn 1.5 besides, which versions before 1.7 warn of.
pytest.importorskip("sklearn", minversion="1.7")

# scikit-learn expects the same of its own pipelines.
_IN_PLACE = "a Pipeline fits its steps in place"
EXPECTED_FAILURES = {
    "check_dont_overwrite_parameters": _IN_PLACE,
    "check_estimators_overwrite_params": _IN_PLACE,
    "check_estimators_nan_inf": "a Pipeline does not say that its first step takes NaN",
}


def pipeline(cls, head, target):
    """Return the pipeline of a search that has found one small network."""
    table = StructuredDataInput()
    output = head(DenseBlock(n_layers=1, units=32, dropout=0.0)(table))
    targets = YAdapter(["output"], [target])
    networks = ChosenNetworks(
        [table], [output], [{}], [1.0], [None], targets, 100, 16, 32
    )
    model = cls(
        networks=networks,
        optimizer="adam",
        optimizer__learning_rate=5e-2,
        batch_size=32,
        epochs=8,
        verbose=0,
        random_state=0,
    )
    adapter = XAdapter(["table"], [StructuredDataAdapter()], [None])
    steps = [("preprocessing", Preprocessing(adapter, targets)), ("model", model)]
    return Pipeline(steps)


def checks():
    """Yield pipelines with checks: all of a classifier, what a regressor adds."""
    classifier = pipeline(KerasClassifier, ClassificationHead(), ClassAdapter())
    regressor = pipeline(KerasRegressor, RegressionHead(), NumberAdapter())
    for estimator, of in ((classifier, ""), (regressor, "regressor")):
        for one, check in estimator_checks_generator(estimator):
            name, options = check.func.__name__, check.keywords
            # The same with memory that cannot be written is left once.
            if of not in name or options == {"readonly_memmap": True}:
                continue
            reason = EXPECTED_FAILURES.get(name)
            marks = pytest.mark.xfail(reason=reason) if reason else ()
            yield pytest.param(one, check, id=f"{name}{options or ''}", marks=marks)


@pytest.mark.slow
@pytest.mark.parametrize(("estimator", "check"), list(checks()))
def test_pipelines_pass_the_checks_of_sklearn(estimator, check):
    check(estimator)
