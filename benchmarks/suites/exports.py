"""Exported models, compared with their estimators on rows with missing values."""

import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.datasets.image_data import read_images
from benchmarks.datasets.mixed_data import READERS
from benchmarks.datasets.table_data import TASKS, read_split
from benchmarks.harness.markdown import failures, markdown_table, without_errors
from benchmarks.harness.process import run
from benchmarks.harness.suite import Suite
from benchmarks.methods.exported_models import SUFFIXES, run_exported
from benchmarks.methods.mixed_methods import GRAPHS

TEXTS = ("sms_spam", "ag_news", "imdb")
IMAGES = ("mnist", "fashion_mnist", "cifar10")
DATASETS = (*TASKS, *IMAGES, *TEXTS, *READERS)
# Few rows are enough, because the quality of the predictions does not matter.
TRAIN_ROWS, TEST_ROWS = 2000, 200


def measurements(options):
    """Yield one measurement per data set, seed and format."""
    for dataset in options.datasets:
        for seed in options.seeds:
            case = {"dataset": dataset, "seed": seed}
            spec = {**case, "folder": options.folder, "max_trials": options.trials[0]}
            for result in run(f"{__name__}:measure", spec):
                yield {**case, **result}


def measure(spec, report):
    """Report how far the outputs of each format are from those of the estimator."""
    from benchmarks.internals import decode_outputs, make_request, prepare_rows

    estimator, rows = fit(spec)
    expected = _expected(estimator, rows)
    raw, arrays = make_request(estimator, rows), prepare_rows(estimator, rows)
    n_missing = int(pd.isna(pd.DataFrame(rows)).sum().sum()) if rows.ndim == 2 else 0
    for format in SUFFIXES:
        with tempfile.TemporaryDirectory() as folder:
            path = f"{folder}/model{SUFFIXES[format]}"
            started = time.perf_counter()
            is_raw = _export(estimator, path, format)
            seconds = time.perf_counter() - started
            megabytes = _size(Path(path)) / 1e6
            request = raw if is_raw else arrays
            (outputs,) = run_exported(format, {path: request}).values()
        (y_pred,) = [y for name, y in outputs.items() if not name.endswith("label")]
        if not is_raw:
            y_pred = decode_outputs(estimator, y_pred)
        report(
            {
                "format": format,
                "starts": "raw data" if is_raw else "arrays",
                "n_rows": len(y_pred),
                "n_missing": n_missing,
                "difference": _difference(y_pred, expected, estimator),
                "export_seconds": seconds,
                "mb": megabytes,
            }
        )


def _export(estimator, path, format):
    """Export a model; return whether it starts from raw data."""
    try:
        estimator.export(path, format=format)
    except ValueError:
        estimator.export(path, format=format, raw=False)
        return False
    return True


def fit(spec):
    """Return an estimator after a short fit, and rows to predict."""
    dataset, folder = spec["dataset"], spec["folder"]
    params = {
        "max_trials": spec["max_trials"],
        "epochs": 2,
        "random_state": spec["seed"],
    }
    if dataset in IMAGES:
        from skautokeras import ImageClassifier

        X, y = read_images(folder, dataset, "train")
        rows, _ = read_images(folder, dataset, "test")
        estimator = ImageClassifier(**params).fit(X[:TRAIN_ROWS], y[:TRAIN_ROWS])
        return estimator, rows[:TEST_ROWS]
    X, y, rows, estimator = _make(dataset, folder, params)
    estimator.fit(X[:TRAIN_ROWS], y[:TRAIN_ROWS])
    return estimator, spoil(rows[:TEST_ROWS], spec["seed"])


def _make(dataset, folder, params):
    """Return training rows, rows to predict and an estimator that is not fitted."""
    from benchmarks.methods.table_methods import make_estimator
    from skautokeras import AutoModel, ClassificationHead, TextInput

    if dataset in READERS:
        read = READERS[dataset]
        (X, y), (rows, _) = read(folder, "train"), read(folder, "test")
        parts = ("attributes", "images" if dataset == "houses" else "text")
        return X, y, rows, AutoModel(*GRAPHS[dataset](parts), **params)
    X, y = read_split(folder, dataset, "train")
    rows, _ = read_split(folder, dataset, "test")
    if dataset in TEXTS:
        graph = TextInput(columns="text"), ClassificationHead()
        return X, y, rows, AutoModel(*graph, **params)
    return X, y, rows, make_estimator(dataset, **params)


def spoil(rows, seed):
    """Return rows with missing and unseen values in every column without images."""
    rng = np.random.default_rng(seed)
    rows = rows.reset_index(drop=True).copy()
    for column in rows:
        if isinstance(rows[column].iloc[0], np.ndarray):
            continue
        is_number = pd.api.types.is_numeric_dtype(rows[column])
        rows[column] = rows[column].astype("float64" if is_number else object)
        draws = rng.random(len(rows))
        if not is_number:
            rows.loc[draws > 0.9, column] = "never SEEN ﬁfth café ΟΔΟΣ 山田"
        rows.loc[draws < 0.1, column] = np.nan
    return rows


def _expected(estimator, rows):
    """Return the predicted probabilities of a classifier, or numbers of a regressor."""
    if hasattr(estimator, "predict_proba"):
        return estimator.predict_proba(rows)
    return estimator.predict(rows)


def _difference(y_pred, expected, estimator):
    """Return the largest difference; for regression, in standard deviations."""
    scale = 1.0 if hasattr(estimator, "predict_proba") else float(np.std(expected))
    return float(np.abs(y_pred - expected).max() / scale)


def _size(path):
    """Return the size in bytes of a file, or of all files in a folder."""
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files if file.is_file())


def make_table(measurements):
    """Make a Markdown table: one line per data set and format."""
    rows = [
        [
            row["dataset"],
            row["format"],
            row["starts"],
            row["n_rows"],
            row["n_missing"],
            f"{row['difference']:.1e}",
            f"{row['export_seconds']:.1f}",
            f"{row['mb']:.1f}",
        ]
        for row in without_errors(measurements)
    ]
    headings = ["data set", "format", "starts from", "rows", "missing values"]
    headings += ["largest difference", "s", "MB"]
    table = markdown_table(headings, rows, n_labels=3)
    return table + failures(measurements, "dataset", "seed")


SUITE = Suite(
    name="exports",
    title="Exported models compared with their estimators",
    defaults={"datasets": list(DATASETS), "seeds": [0], "trials": [2]},
    quick={"datasets": ["titanic"], "trials": [1]},
    measurements=measurements,
    make_table=make_table,
)
