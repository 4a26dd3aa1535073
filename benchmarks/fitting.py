"""One fit: seconds, memory and the score on the test file.

Two interpreters import this module, so it uses only what both have: the standard
library, pandas and scikit-learn.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.metadata import version

import numpy as np
from sklearn.metrics import accuracy_score, r2_score, root_mean_squared_error

from benchmarks.data import TASKS, read_split
from benchmarks.memory_use import peak_memory_mb


@dataclass(frozen=True, eq=False)
class Fitted:
    """What a method hands back after its fit.

    Attributes
    ----------
    predict : callable
        Takes raw features, returns (n_samples,) predictions.
    n_trials : int or None
        Trials that finished. None: the method does not search.
    note : str
        What a reader of the figures has to know.
    predict_proba : callable or None
        Takes raw features, returns (n_samples, n_classes) probabilities. None: the
        method has none to offer.
    details : dict
        Further JSON values for the caller, not part of the table.
    """

    predict: Callable
    n_trials: int | None = None
    note: str = ""
    predict_proba: Callable | None = None
    details: dict = field(default_factory=dict)


def fit_search(estimator, X, y):
    """Fit an estimator of skautokeras.

    Parameters
    ----------
    estimator : estimator
        Not fitted.
    X, y : array-like
        As it takes them.

    Returns
    -------
    fitted : Fitted
        With every trial among its details.
    """
    estimator.fit(X, y)
    board = estimator.leaderboard_.sort_values("trial")
    return Fitted(
        predict=estimator.predict,
        n_trials=int(estimator.n_trials_),
        note=f"skautokeras {version('skautokeras')}",
        details={
            "validation_score": float(estimator.best_score_),
            "trials": board[
                ["score", "weight", "seconds", "epochs", "params", "error"]
            ].to_dict("records"),
        },
    )


def score_predictions(task, y_true, y_pred):
    """Score test predictions.

    Parameters
    ----------
    task : {"classification", "regression"}
        Accuracy for the first, R2 and RMSE for the second.
    y_true, y_pred : array-like of shape (n_samples,)
        Truth and prediction.

    Returns
    -------
    dict
        `score`, and `rmse` in units of the target (None for classification).
    """
    if task == "classification":
        return {"score": accuracy_score(y_true, y_pred), "rmse": None}
    return {
        "score": r2_score(y_true, y_pred),
        "rmse": root_mean_squared_error(y_true, y_pred),
    }


def calibration_error(y_true, y_pred, proba, n_bins=15):
    """Return how far the probability of what is predicted is from how often it is true.

    The expected calibration error (Guo et al., ICML 2017): rows in bins of equal width
    by the probability of the predicted class, and the mean over all rows of the
    distance between mean probability and accuracy in their bin.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n_samples,)
        Truth and prediction.
    proba : ndarray of shape (n_samples, n_classes)
        Probabilities of the classes.
    n_bins : int, default=15
        Bins between 0 and 1.

    Examples
    --------
    >>> import numpy as np
    >>> from benchmarks.fitting import calibration_error
    >>> proba = np.array([[0.1, 0.9]] * 4)
    >>> round(calibration_error([1, 1, 1, 0], [1, 1, 1, 1], proba), 3)
    0.15
    """
    confidence = np.asarray(proba).max(axis=1)
    excess = confidence - (np.asarray(y_true) == np.asarray(y_pred))
    bins = np.minimum((confidence * n_bins).astype(int), n_bins - 1)
    return float(np.abs(np.bincount(bins, weights=excess)).sum() / len(excess))


def measure_fit(spec, prepare, read=read_split, tasks=TASKS):
    """Fit and score one method in this process.

    Parameters
    ----------
    spec : dict
        `folder`, `dataset` and what `prepare` reads.
    prepare : callable
        `prepare(spec)` imports the method's libraries and returns `fit`;
        `fit(X, y)` returns a `Fitted`.
    read : callable
        `read(folder, dataset, split)` returns X and y.
    tasks : dict
        Data set -> "classification" or "regression".

    Returns
    -------
    dict
        The measurement.
    """
    X, y = read(spec["folder"], spec["dataset"], "train")

    started = time.perf_counter()
    fit = prepare(spec)
    imported = time.perf_counter()
    fitted = fit(X, y)
    finished = time.perf_counter()

    # The test file is opened here, once, after everything has been decided.
    X_test, y_test = read(spec["folder"], spec["dataset"], "test")
    predicting = time.perf_counter()
    y_pred = fitted.predict(X_test)
    predicted = time.perf_counter()

    calibrated = None
    if fitted.predict_proba is not None:
        proba = fitted.predict_proba(X_test)
        calibrated = calibration_error(y_test, y_pred, proba)

    fit_seconds = finished - imported
    rate = None if fitted.n_trials is None else 60 * fitted.n_trials / fit_seconds
    return {
        **score_predictions(tasks[spec["dataset"]], y_test, y_pred),
        "calibration_error": calibrated,
        "fit_seconds": fit_seconds,
        "import_seconds": imported - started,
        "predict_seconds": predicted - predicting,
        "n_trials": fitted.n_trials,
        "trials_per_minute": rate,
        "peak_rss_mb": peak_memory_mb(),
        "note": fitted.note,
        **fitted.details,
    }
