"""One fit: seconds, memory and the score on the test file.

Two interpreters import this module, so it uses only what both have: the standard
library, pandas and scikit-learn.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from importlib.metadata import version

import numpy as np
from sklearn.metrics import (
    accuracy_score,
    log_loss,
    r2_score,
    roc_auc_score,
    root_mean_squared_error,
)

from benchmarks.data import TABLES, read_split
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


def fit_search(estimator):
    """Return what fits an estimator of skautokeras and says what it has found.

    Parameters
    ----------
    estimator : estimator
        Not fitted.

    Returns
    -------
    fit : callable
        ``fit(X, y)`` returns a `Fitted` with every trial among its details.
    """

    def fit(X, y):
        estimator.fit(X, y)
        board = estimator.leaderboard_.sort_values("trial")
        columns = ["score", "weight", "seconds", "epochs", "params", "status", "error"]
        return Fitted(
            predict=estimator.predict,
            predict_proba=getattr(estimator, "predict_proba", None),
            n_trials=int(estimator.n_trials_),
            note=f"skautokeras {version('skautokeras')}",
            details={
                "validation_score": float(estimator.best_score_),
                "search_seconds": float(board["seconds"].sum()),
                "n_pruned": int((board["status"] == "pruned").sum()),
                "trials": board[columns].to_dict("records"),
            },
        )

    return fit


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


def score_probabilities(y_true, y_pred, proba, classes):
    """Score the probabilities of the classes.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n_samples,)
        Truth and prediction.
    proba : array-like of shape (n_samples, n_classes) or None
        Probabilities of the classes. None: there are none, nor scores.
    classes : ndarray of shape (n_classes,)
        The classes, in order.

    Returns
    -------
    dict
        `auc` (for two classes only, else None), `log_loss` and `calibration_error`.

    Examples
    --------
    >>> proba = [[0.8, 0.2], [0.5, 0.5], [0.5, 0.5]]
    >>> scores = score_probabilities([0, 0, 1], [0, 0, 0], proba, np.array([0, 1]))
    >>> {name: round(score, 3) for name, score in scores.items()}
    {'auc': 0.75, 'log_loss': 0.536, 'calibration_error': 0.067}
    """
    if proba is None:
        return dict.fromkeys(("auc", "log_loss", "calibration_error"))
    proba = np.asarray(proba, dtype="float64")
    proba = proba / proba.sum(axis=1, keepdims=True)
    auc = None
    if len(classes) == 2:
        auc = float(roc_auc_score(np.asarray(y_true) == classes[1], proba[:, 1]))
    return {
        "auc": auc,
        "log_loss": float(log_loss(y_true, proba, labels=classes)),
        "calibration_error": calibration_error(y_true, y_pred, proba),
    }


def measure_fit(spec, prepare, read=None, tasks=TABLES):
    """Fit and score one method in this process.

    Parameters
    ----------
    spec : dict
        `folder`, `dataset`, for tables `rows` (how many to learn from), and what
        `prepare` reads.
    prepare : callable
        `prepare(spec)` imports the method's libraries and returns `fit`;
        `fit(X, y)` returns a `Fitted`.
    read : callable or None, default=None
        `read(folder, dataset, split)` returns X and y. None: tables; where there is no
        test file, the seed is the number of the split.
    tasks : dict
        Data set -> "classification" or "regression".

    Returns
    -------
    dict
        The measurement.
    """
    read = read or partial(read_split, number=spec["seed"], n_rows=spec.get("rows"))
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

    proba = fitted.predict_proba and fitted.predict_proba(X_test)

    fit_seconds = finished - imported
    rate = None if fitted.n_trials is None else 60 * fitted.n_trials / fit_seconds
    return {
        **score_predictions(tasks[spec["dataset"]], y_test, y_pred),
        **score_probabilities(y_test, y_pred, proba, np.unique(y)),
        "fit_seconds": fit_seconds,
        "import_seconds": imported - started,
        "predict_seconds": predicted - predicting,
        "n_trials": fitted.n_trials,
        "trials_per_minute": rate,
        "peak_rss_mb": peak_memory_mb(),
        "note": fitted.note,
        **fitted.details,
    }
