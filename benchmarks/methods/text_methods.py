"""Methods for texts."""

from importlib.metadata import version

from benchmarks.datasets.text_data import TASKS, read_texts, some_rows
from benchmarks.methods.autokeras_method import prepare_task
from benchmarks.methods.fitting import Fitted, fit_search, measure_fit


def _is_classification(spec):
    return TASKS[spec["dataset"]] == "classification"


def prepare_skautokeras(spec):
    """Prepare skautokeras, which takes the strings."""
    import tensorflow  # noqa: F401 - loading it is not part of the fit

    from skautokeras import TextClassifier, TextRegressor

    estimators = (TextRegressor, TextClassifier)
    estimator = estimators[_is_classification(spec)](
        max_time=spec["max_time"],
        max_trials=spec["max_trials"],
        random_state=spec["seed"],
    )
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

    def read(folder, dataset, split):
        X, y = read_texts(folder, dataset, split)
        n_rows = spec["rows"] if split == "train" else None
        return some_rows(X, y, n_rows, spec["seed"])

    task = TASKS[spec["dataset"]]
    report(measure_fit(spec, PREPARE[spec["method"]], read=read, task=task))
