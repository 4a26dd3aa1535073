"""RealMLP-TD and TabM-D of pytabkit, in a virtual environment of its own."""

import os
from importlib.metadata import version

from benchmarks.datasets.table_data import task_of
from benchmarks.methods.categories import Categories
from benchmarks.methods.fitting import Fitted, measure_fit

# Names of the estimators without "_Classifier" and "_Regressor".
ESTIMATORS = {"realmlp_td": "RealMLP_TD", "tabm_d": "TabM_D"}


def prepare_pytabkit(spec):
    """Prepare an estimator of pytabkit with its defaults on all usable cores."""
    import pytabkit

    kind = "Classifier" if task_of(spec) == "classification" else "Regressor"
    estimator = getattr(pytabkit, f"{ESTIMATORS[spec['method']]}_{kind}")(
        random_state=spec["seed"],
        device="cpu",
        n_threads=len(os.sched_getaffinity(0)),
    )

    def fit(X, y):
        categories = Categories(X)
        numbers = X.select_dtypes(["number", "bool"]).astype("float64")
        medians = numbers.median()

        def convert(X):
            # pytabkit accepts missing categories, but not missing numbers.
            X = categories.convert(X)
            filled = X[medians.index].astype("float64").fillna(medians)
            return X.assign(**filled)

        estimator.fit(convert(X), y)
        proba = getattr(estimator, "predict_proba", None)
        return Fitted(
            predict=lambda X: estimator.predict(convert(X)),
            predict_proba=proba and (lambda X: proba(convert(X))),
            note=f"pytabkit {version('pytabkit')}, torch {version('torch')}"
            f"{categories.note}",
        )

    return fit


def fit_pytabkit(spec, report):
    """Report the measurement of one fit of a method of pytabkit."""
    report(measure_fit(spec, prepare_pytabkit))
