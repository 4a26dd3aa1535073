"""The methods that live in the environment of skautokeras."""

from importlib.metadata import version

from benchmarks.data import is_classification
from benchmarks.fitting import Fitted, measure_fit

# The most categories a HistGradientBoosting model can hold in one column.
MAX_CATEGORIES = 255


def make_estimator(dataset, **params):
    """Return the estimator of skautokeras for a data set."""
    from skautokeras import StructuredDataClassifier, StructuredDataRegressor

    estimators = (StructuredDataRegressor, StructuredDataClassifier)
    return estimators[is_classification(dataset)](**params)


def prepare_skautokeras(spec):
    """skautokeras on the raw DataFrame."""
    # TensorFlow is loaded by the first fit; loading it here keeps its seconds
    # out of the fit, as they are for the other methods.
    import tensorflow  # noqa: F401

    params = {"random_state": spec["seed"], **spec.get("params", {})}
    estimator = make_estimator(spec["dataset"], **params)

    def fit(X, y):
        estimator.fit(X, y)
        board = estimator.leaderboard_.sort_values("trial")
        trained = board[board["error"].isna()]
        return Fitted(
            predict=estimator.predict,
            predict_proba=getattr(estimator, "predict_proba", None),
            n_trials=int(estimator.n_trials_),
            note=f"skautokeras {version('skautokeras')}",
            details={
                "validation_score": float(estimator.best_score_),
                "search_seconds": float(board["seconds"].sum()),
                "n_pruned": int((board["status"] == "pruned").sum()),
                "networks": trained["params"].tolist(),
                "epochs": trained["epochs"].tolist(),
            },
        )

    return fit


def prepare_hist_gradient_boosting(spec):
    """scikit-learn's histogram gradient boosting with native categories."""
    import pandas as pd
    from sklearn.ensemble import (
        HistGradientBoostingClassifier,
        HistGradientBoostingRegressor,
    )

    estimators = (HistGradientBoostingRegressor, HistGradientBoostingClassifier)
    estimator = estimators[is_classification(spec["dataset"])](
        categorical_features="from_dtype", random_state=spec["seed"]
    )

    def fit(X, y):
        strings = X.select_dtypes(exclude=["number", "bool"]).columns
        categories = {name: X[name].dropna().unique() for name in strings}
        dropped = [name for name in strings if len(categories[name]) > MAX_CATEGORIES]
        dtypes = {
            name: pd.CategoricalDtype(sorted(categories[name]))
            for name in strings
            if name not in dropped
        }

        def convert(frame):
            # A category that training has not seen becomes missing.
            return frame.drop(columns=dropped).astype(dtypes)

        estimator.fit(convert(X), y)
        note = f"scikit-learn {version('scikit-learn')}"
        if dropped:
            names = ", ".join(dropped)
            note += f"; dropped for more than {MAX_CATEGORIES} categories: {names}"
        proba = getattr(estimator, "predict_proba", None)
        return Fitted(
            predict=lambda frame: estimator.predict(convert(frame)),
            predict_proba=proba and (lambda frame: proba(convert(frame))),
            note=note,
        )

    return fit


def _make_preprocessing():
    from sklearn.compose import make_column_selector, make_column_transformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    numbers = ["number", "bool"]
    return make_column_transformer(
        (
            make_pipeline(SimpleImputer(strategy="median"), StandardScaler()),
            make_column_selector(dtype_include=numbers),
        ),
        (
            OneHotEncoder(handle_unknown="ignore", min_frequency=2),
            make_column_selector(dtype_exclude=numbers),
        ),
        sparse_threshold=0,
    )


def prepare_mlp(spec):
    """scikit-learn's multi-layer perceptron on scaled and one-hot columns."""
    from sklearn.compose import TransformedTargetRegressor
    from sklearn.neural_network import MLPClassifier, MLPRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    options = {"early_stopping": True, "random_state": spec["seed"]}
    if is_classification(spec["dataset"]):
        estimator = make_pipeline(_make_preprocessing(), MLPClassifier(**options))
    else:
        estimator = TransformedTargetRegressor(
            make_pipeline(_make_preprocessing(), MLPRegressor(**options)),
            transformer=StandardScaler(),
        )

    def fit(X, y):
        estimator.fit(X, y)
        note = f"scikit-learn {version('scikit-learn')}"
        proba = getattr(estimator, "predict_proba", None)
        return Fitted(predict=estimator.predict, predict_proba=proba, note=note)

    return fit


PREPARE = {
    "skautokeras": prepare_skautokeras,
    "hist_gradient_boosting": prepare_hist_gradient_boosting,
    "mlp": prepare_mlp,
}


def fit_method(spec, report):
    """Report the measurement of one fit of the method that `spec` names."""
    report(measure_fit(spec, PREPARE[spec["method"]]))
