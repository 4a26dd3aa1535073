"""Methods for tables that run in the environment of skautokeras."""

import time
from importlib.metadata import version

from threadpoolctl import threadpool_limits

from benchmarks.datasets.table_data import TABLES, task_of
from benchmarks.methods.categories import Categories
from benchmarks.methods.fitting import Fitted, fit_search, measure_fit


def make_estimator(dataset, **params):
    """Return the estimator of skautokeras for a known data set."""
    return make_estimator_of(TABLES[dataset], **params)


def make_estimator_of(task, **params):
    """Return the estimator of skautokeras for a task."""
    from skautokeras import StructuredDataClassifier, StructuredDataRegressor

    estimators = (StructuredDataRegressor, StructuredDataClassifier)
    return estimators[task == "classification"](**params)


def prepare_skautokeras(spec):
    """Prepare skautokeras, which takes the raw DataFrame."""
    # The first fit would load TensorFlow. It is loaded here, because the time of a fit
    # does not include the imports of the other methods, either.
    import tensorflow  # noqa: F401

    params = {"random_state": spec["seed"], **spec.get("params", {})}
    return fit_search(make_estimator_of(task_of(spec), **params))


def _search_with_block(spec, block_params, **params):
    """Prepare a search in which `StructuredDataBlock` has other parameters."""
    import tensorflow  # noqa: F401 - loading it is not part of the fit

    from skautokeras import (
        AutoModel,
        ClassificationHead,
        RegressionHead,
        StructuredDataBlock,
        StructuredDataInput,
    )

    heads = (RegressionHead, ClassificationHead)
    head = heads[task_of(spec) == "classification"]()
    table = StructuredDataInput()
    block = StructuredDataBlock(**block_params)
    params = {"random_state": spec["seed"], **params}
    return fit_search(AutoModel(table, head(block(table)), **params))


def prepare_block(spec):
    """Prepare one predefined network of skautokeras: one trial and no ensemble.

    As in pytabkit, a fifth of the rows are for validation, and there is no refit.
    """
    return _search_with_block(
        spec,
        {"block_type": spec["method"]},
        max_trials=1,
        ensemble_size=1,
        refit=False,
        validation_fraction=0.2,
    )


def prepare_family(spec):
    """Prepare a search of skautokeras among networks alone, or among trees alone."""
    from skautokeras import Choice

    families = {
        "skautokeras_networks": {"trees": False},
        "skautokeras_trees": {
            "block_type": Choice(("boosted_trees", "extra_trees", "random_forest"))
        },
    }
    return _search_with_block(spec, families[spec["method"]], **spec.get("params", {}))


def make_boosting(spec, **params):
    """Return scikit-learn's histogram gradient boosting with native categories."""
    from sklearn.ensemble import (
        HistGradientBoostingClassifier,
        HistGradientBoostingRegressor,
    )

    estimators = (HistGradientBoostingRegressor, HistGradientBoostingClassifier)
    return estimators[task_of(spec) == "classification"](
        categorical_features="from_dtype", random_state=spec["seed"], **params
    )


def fitted_on_categories(estimator, categories, **facts):
    """Return the `Fitted` of an estimator whose training rows were converted.

    Parameters
    ----------
    estimator : estimator
        Fitted estimator.
    categories : Categories
        Conversion of the rows.
    **facts
        Other attributes of the `Fitted`.
    """
    proba = getattr(estimator, "predict_proba", None)
    return Fitted(
        predict=lambda X: estimator.predict(categories.convert(X)),
        predict_proba=proba and (lambda X: proba(categories.convert(X))),
        note=f"scikit-learn {version('scikit-learn')}{categories.note}",
        **facts,
    )


def prepare_hist_gradient_boosting(spec):
    """Prepare histogram gradient boosting with its defaults."""
    estimator = make_boosting(spec)

    def fit(X, y):
        categories = Categories(X)
        estimator.fit(categories.convert(X), y)
        return fitted_on_categories(estimator, categories)

    return fit


def prepare_hgb(spec):
    """Prepare histogram gradient boosting as the scores of peers have it.

    The 200 most frequent values of a column of strings are categories. One thread is
    not disturbed by other processes, which can make two of them fifty times as slow.
    """
    estimator = make_boosting(spec)

    def fit(X, y):
        categories = Categories(X, most_frequent=200)
        with threadpool_limits(limits=1):
            estimator.fit(categories.convert(X), y)
        return fitted_on_categories(estimator, categories)

    return fit


def prepare_tuned_hist_gradient_boosting(spec):
    """Prepare histogram gradient boosting that random search tunes for `max_time`."""
    from benchmarks.methods.random_search import draw_boosting, random_search

    def fit(X, y):
        started = time.perf_counter()
        categories = Categories(X)
        X = categories.convert(X)
        result = random_search(
            make_boosting(spec, early_stopping=True, max_iter=1000),
            X,
            y,
            draw_boosting(spec["seed"], categories.largest),
            seed=spec["seed"],
            deadline=started + spec["max_time"],
        )
        estimator = result.estimator.fit(X, y)
        return fitted_on_categories(
            estimator,
            categories,
            n_trials=result.n_candidates,
            details={
                "validation_score": result.score,
                "best_params": result.params,
                "n_iter": int(estimator.n_iter_),
            },
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
    """Prepare scikit-learn's multi-layer perceptron on scaled and one-hot columns."""
    from sklearn.compose import TransformedTargetRegressor
    from sklearn.neural_network import MLPClassifier, MLPRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    options = {"early_stopping": True, "random_state": spec["seed"]}
    if task_of(spec) == "classification":
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
    "skautokeras_networks": prepare_family,
    "skautokeras_trees": prepare_family,
    "real_mlp": prepare_block,
    "tab_m": prepare_block,
    "hist_gradient_boosting": prepare_hist_gradient_boosting,
    "hgb": prepare_hgb,
    "tuned_hist_gradient_boosting": prepare_tuned_hist_gradient_boosting,
    "mlp": prepare_mlp,
}


def fit_method(spec, report):
    """Report the measurement of one fit of the method ``spec["method"]``."""
    report(measure_fit(spec, PREPARE[spec["method"]]))
