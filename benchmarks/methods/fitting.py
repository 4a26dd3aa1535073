"""The measurement of one fit: seconds, memory and the score on the test rows.

The interpreters of peers import this module as well, so it uses only packages that all
of them have: the standard library, NumPy, pandas and scikit-learn.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from importlib.metadata import version

import numpy as np
import pandas as pd
from sklearn.metrics import (
    accuracy_score,
    log_loss,
    r2_score,
    roc_auc_score,
    root_mean_squared_error,
)

from benchmarks.datasets.rows import some_rows
from benchmarks.datasets.table_data import read_split, task_of
from benchmarks.harness.resident_memory import peak_memory_mb


@dataclass(frozen=True, eq=False)
class Fitted:
    """A fitted method.

    Attributes
    ----------
    predict : callable
        Function that takes raw features and returns (n_samples,) predictions.
    n_trials : int or None, default=None
        Number of trials that finished. None for a method that does not search.
    note : str, default=""
        Versions, and other facts that help to read the figures.
    predict_proba : callable or None, default=None
        Function that takes raw features and returns (n_samples, n_classes)
        probabilities. None for a method without probabilities.
    details : dict
        Further JSON values, which are stored but are not in the table.
    """

    predict: Callable
    n_trials: int | None = None
    note: str = ""
    predict_proba: Callable | None = None
    details: dict = field(default_factory=dict)


def fit_search(estimator):
    """Return a function that fits an estimator of skautokeras.

    Parameters
    ----------
    estimator : estimator
        Estimator that is not fitted.

    Returns
    -------
    fit : callable
        Function ``fit(X, y)`` that returns a `Fitted`; its details list all trials.
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
        Classification is scored by accuracy, regression by R2 and RMSE.
    y_true, y_pred : array-like of shape (n_samples,)
        Targets and predictions.

    Returns
    -------
    scores : dict
        "score", and "rmse" in units of the target (None for classification).
    """
    if task == "classification":
        return {"score": accuracy_score(y_true, y_pred), "rmse": None}
    return {
        "score": r2_score(y_true, y_pred),
        "rmse": root_mean_squared_error(y_true, y_pred),
    }


def calibration_error(y_true, y_pred, proba, n_bins=15):
    """Return the expected calibration error (Guo et al., ICML 2017).

    Rows are put into bins of equal width by the probability of their predicted class.
    The error is the mean, over all rows, of the distance between the mean probability
    and the accuracy in the bin of the row.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n_samples,)
        Targets and predictions.
    proba : ndarray of shape (n_samples, n_classes)
        Probabilities of the classes.
    n_bins : int, default=15
        Number of bins between 0 and 1.

    Returns
    -------
    error : float
        Between 0 and 1.

    Examples
    --------
    >>> import numpy as np
    >>> from benchmarks.methods.fitting import calibration_error
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
        Targets and predictions.
    proba : array-like of shape (n_samples, n_classes) or None
        Probabilities of the classes. With None, all scores are None.
    classes : ndarray of shape (n_classes,)
        The classes in the order of the columns of ``proba``.

    Returns
    -------
    scores : dict
        "auc" (None unless there are two classes), "log_loss" and "calibration_error".

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
    # A class that training has not seen has the probability 0.
    table = pd.DataFrame(proba, columns=classes)
    table = table.reindex(columns=np.union1d(classes, y_true), fill_value=0.0)
    return {
        "auc": auc,
        "log_loss": float(log_loss(y_true, table.to_numpy(), labels=table.columns)),
        "calibration_error": calibration_error(y_true, y_pred, proba),
    }


def measure_fit(spec, prepare, read=None, task=None):
    """Fit and score one method in this process.

    Parameters
    ----------
    spec : dict
        "folder", "dataset", "seed", for tables "task", "rows" (number of training
        rows) and "validation" (as in `read_split`), and the values that ``prepare``
        reads.
    prepare : callable
        Function ``prepare(spec)`` that imports the libraries of the method and returns
        ``fit``, a function of X and y that returns a `Fitted`.
    read : callable or None, default=None
        Function ``read(folder, dataset, split)`` that returns X and y. None reads
        tables. For tables without a test file, the seed is the number of the split.
    task : {"classification", "regression"} or None, default=None
        Kind of the target. None is the task of a table.

    Returns
    -------
    measurement : dict
    """
    read = read or partial(
        read_split,
        number=spec["seed"],
        n_rows=spec.get("rows"),
        validation=spec.get("validation", False),
    )
    X, y = read(spec["folder"], spec["dataset"], "train")

    started = time.perf_counter()
    fit = prepare(spec)
    imported = time.perf_counter()
    fitted = fit(X, y)
    finished = time.perf_counter()

    # The test rows are read after the fit, so that no method can learn from them.
    X_test, y_test = read(spec["folder"], spec["dataset"], "test")
    predicting = time.perf_counter()
    y_pred = fitted.predict(X_test)
    predicted = time.perf_counter()

    proba = fitted.predict_proba and fitted.predict_proba(X_test)

    fit_seconds = finished - imported
    rate = None if fitted.n_trials is None else 60 * fitted.n_trials / fit_seconds
    return {
        **score_predictions(task or task_of(spec), y_test, y_pred),
        **score_probabilities(y_test, y_pred, proba, np.unique(y)),
        "fit_seconds": fit_seconds,
        "import_seconds": imported - started,
        "predict_seconds": predicted - predicting,
        "n_test_rows": len(y_test),
        "n_trials": fitted.n_trials,
        "trials_per_minute": rate,
        "peak_rss_mb": peak_memory_mb(),
        "note": fitted.note,
        **fitted.details,
    }


def search_parameters(spec):
    """Return the parameters of an estimator that searches on images or texts.

    Parameters
    ----------
    spec : dict
        "max_time", "max_trials", "seed", and "params", which take precedence.
    """
    return {
        "max_time": spec["max_time"],
        "max_trials": spec["max_trials"],
        "random_state": spec["seed"],
        **spec["params"],
    }


def measure_raw(spec, methods, read, tasks):
    """Fit and score one method for images or texts in this process.

    Parameters
    ----------
    spec : dict
        As in `measure_fit`, and "method".
    methods : dict of str to callable
        Functions as ``prepare`` of `measure_fit`, by the name of the method.
    read : callable
        Function ``read(folder, dataset, split)`` that returns X and y, all rows.
    tasks : dict of str to str
        Kind of the target, by the name of the data set.

    Returns
    -------
    measurement : dict
    """

    def read_some(folder, dataset, split):
        n_rows = spec["rows"] if split == "train" else None
        return some_rows(*read(folder, dataset, split), n_rows, spec["seed"])

    method, task = methods[spec["method"]], tasks[spec["dataset"]]
    return measure_fit(spec, method, read=read_some, task=task)
