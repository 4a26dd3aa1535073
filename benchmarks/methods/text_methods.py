"""Methods for texts."""

from importlib.metadata import version

from benchmarks.datasets.text_data import TASKS, read_texts
from benchmarks.methods.autokeras_method import prepare_task
from benchmarks.methods.fitting import (
    Fitted,
    fit_search,
    measure_raw,
    search_parameters,
)


def _is_classification(spec):
    return TASKS[spec["dataset"]] == "classification"


def prepare_skautokeras(spec):
    """Prepare skautokeras, which takes the strings."""
    import tensorflow  # noqa: F401 - loading it is not part of the fit

    from skautokeras import TextClassifier, TextRegressor

    estimators = (TextRegressor, TextClassifier)
    estimator = estimators[_is_classification(spec)](**search_parameters(spec))
    return fit_search(estimator)


def prepare_tfidf(spec):
    """Prepare logistic or ridge regression on tf-idf of words and pairs of words."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression, Ridge
    from sklearn.pipeline import make_pipeline

    linear = LogisticRegression(C=10, max_iter=1000)
    if not _is_classification(spec):
        linear = Ridge()
    model = make_pipeline(TfidfVectorizer(ngram_range=(1, 2)), linear)

    def fit(X, y):
        model.fit(X, y)
        note = f"scikit-learn {version('scikit-learn')}"
        return Fitted(predict=model.predict, note=note)

    return fit


def prepare_autokeras(spec):
    """Prepare AutoKeras 3.0.0: default epochs, early stopping and refit."""
    kind = "Classifier" if _is_classification(spec) else "Regressor"
    return prepare_task(f"Text{kind}", spec, lambda X: X.astype(str))


PREPARE = {
    "skautokeras": prepare_skautokeras,
    "tfidf": prepare_tfidf,
    "autokeras": prepare_autokeras,
}


def fit_texts(spec, report):
    """Report the measurement of one fit of the method ``spec["method"]``."""
    report(measure_raw(spec, PREPARE, read_texts, TASKS))
