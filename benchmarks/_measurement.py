"""What every method is measured with: data, clock, memory, score, own process.

The workers (`_worker.py`, `_autokeras_worker.py`) call `measure`; the command-line
scripts call `run_worker`. This module is imported by two interpreters, so it uses
only what both have: the standard library, NumPy, pandas and scikit-learn.
"""

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
from sklearn.metrics import accuracy_score, r2_score, root_mean_squared_error

TASKS = {
    "titanic": "classification",
    "adult": "classification",
    "california_housing": "regression",
    "diamonds": "regression",
}
HERE = Path(__file__).resolve().parent
WORKER = HERE / "_worker.py"
AUTOKERAS_WORKER = HERE / "_autokeras_worker.py"


@dataclass(frozen=True, eq=False)
class Fitted:
    """What a method hands back after its fit.

    Attributes
    ----------
    predict : callable
        Takes the raw DataFrame of features, returns (n_samples,) predictions.
    n_trials : int or None
        Trials that finished. None: the method does not search.
    note : str
        What a reader of the figures has to know.
    details : dict
        Further JSON values for the caller, not part of the table.
    """

    predict: Callable
    n_trials: int | None = None
    note: str = ""
    details: dict = field(default_factory=dict)


def read_split(folder, dataset, split):
    """Read one file of a data set.

    Parameters
    ----------
    folder : path-like
        The folder that holds one folder per data set.
    dataset : str
        Name of the data set.
    split : {"train", "test"}
        Which file.

    Returns
    -------
    X : DataFrame of shape (n_samples, n_features)
    y : Series of shape (n_samples,)
    """
    frame = pd.read_csv(Path(folder) / dataset / f"{split}.csv.gz")
    return frame.drop(columns="target"), frame["target"]


def peak_memory_mb():
    """Return the peak resident memory of this process in MB (10**6 bytes).

    Returns
    -------
    float
        Of this process alone; processes it started are not included.
    """
    # On Linux `ru_maxrss` can keep the parent's peak across fork and exec;
    # the high-water mark of the own address space cannot.
    status = Path("/proc/self/status")
    if status.exists():
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024 / 1e6
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


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


def measure(spec, prepare):
    """Fit and score one method in this process and report one JSON line.

    Parameters
    ----------
    spec : dict
        `folder`, `dataset`, `seed` and what `prepare` reads.
    prepare : callable
        `prepare(spec)` imports the method's libraries and returns `fit`;
        `fit(X, y)` returns a `Fitted`.
    """
    task = TASKS[spec["dataset"]]
    X, y = read_split(spec["folder"], spec["dataset"], "train")

    started = time.perf_counter()
    fit = prepare(spec)
    imported = time.perf_counter()
    fitted = fit(X, y)
    finished = time.perf_counter()

    # The test file is opened here, once, after everything has been decided.
    X_test, y_test = read_split(spec["folder"], spec["dataset"], "test")
    predicting = time.perf_counter()
    y_pred = fitted.predict(X_test)
    predicted = time.perf_counter()

    fit_seconds = finished - imported
    rate = None if fitted.n_trials is None else 60 * fitted.n_trials / fit_seconds
    result = {
        **score_predictions(task, y_test, y_pred),
        "fit_seconds": fit_seconds,
        "import_seconds": imported - started,
        "predict_seconds": predicted - predicting,
        "n_trials": fitted.n_trials,
        "trials_per_minute": rate,
        "peak_rss_mb": peak_memory_mb(),
        "note": fitted.note,
        "details": fitted.details,
    }
    # A library may have left half a line behind: ours starts on a fresh one.
    sys.stdout.write("\n" + json.dumps(result) + "\n")


def spec_from_command_line():
    """Return the dict that `run_worker` passed as the only argument."""
    return json.loads(sys.argv[1])


def _worker_environment(python):
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    environment.setdefault("KERAS_BACKEND", "tensorflow")
    if python != sys.executable:
        # The packages of this environment are not those of the worker's.
        environment.pop("PYTHONPATH", None)
        environment.pop("PYTHONHOME", None)
    return environment


def _last_line(text, default):
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else default


def run_worker(python, script, spec, timeout):
    """Run one measurement in a fresh process.

    Parameters
    ----------
    python : str
        Interpreter to run.
    script : path-like
        `WORKER` or `AUTOKERAS_WORKER`.
    spec : dict
        Handed to the worker as JSON.
    timeout : float
        Seconds after which the process is stopped.

    Returns
    -------
    dict
        What the worker reported, or `{"error": ...}` with the last line of
        what it said before it failed.
    """
    command = [python, str(script), json.dumps(spec)]
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=timeout,
            env=_worker_environment(python),
            check=False,
        )
    except subprocess.TimeoutExpired:
        return {"error": f"no result after {timeout:.0f} s"}
    except OSError as error:
        return {"error": str(error)}
    if done.returncode != 0:
        silent = f"exit status {done.returncode}"
        return {"error": _last_line(done.stderr, silent)}
    try:
        return json.loads(_last_line(done.stdout, ""))
    except json.JSONDecodeError:
        return {"error": "the last line of the worker's output is not JSON"}
