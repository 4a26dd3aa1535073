"""Exported models against the estimators that they come from, on spoilt rows."""

import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks import image_data
from benchmarks.data import TASKS, read_split
from benchmarks.exports import SUFFIXES, run_exported
from benchmarks.markdown import failures, markdown_table, without_errors
from benchmarks.mixed_data import DATASETS as MIXED
from benchmarks.process import run
from benchmarks.suite import Suite

TEXTS = {"sms_spam": True, "ag_news": True, "imdb": True}
IMAGES = ("mnist", "fashion_mnist", "cifar10")
DATASETS = (*TASKS, *IMAGES, *TEXTS, *MIXED)
# What is learned matters little here.
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
    """Report for each format how far its outputs are from those of the estimator."""
    from benchmarks.internals import make_request, prepare_rows

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
        (found,) = [y for name, y in outputs.items() if not name.endswith("label")]
        report(
            {
                "format": format,
                "starts": "raw data" if is_raw else "arrays",
                "n_rows": len(found),
                "n_missing": n_missing,
                "difference": _difference(found, expected, is_raw, estimator),
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
    """Return an estimator that has learned a little, and rows to predict."""
    dataset, folder = spec["dataset"], spec["folder"]
    quick = {
        "max_trials": spec["max_trials"],
        "epochs": 2,
        "random_state": spec["seed"],
    }
    if dataset in IMAGES:
        from skautokeras import ImageClassifier

        X, y = image_data.read_images(folder, dataset, "train")
        rows, _ = image_data.read_images(folder, dataset, "test")
        estimator = ImageClassifier(**quick).fit(X[:TRAIN_ROWS], y[:TRAIN_ROWS])
        return estimator, rows[:TEST_ROWS]
    X, y, rows, estimator = _make(dataset, folder, quick)
    estimator.fit(X[:TRAIN_ROWS], y[:TRAIN_ROWS])
    return estimator, spoil(rows[:TEST_ROWS], spec["seed"])


def _make(dataset, folder, quick):
    from benchmarks.methods import make_estimator
    from skautokeras import AutoModel, ClassificationHead, TextInput

    if dataset in MIXED:
        read, make_graph = MIXED[dataset]
        (X, y), (rows, _) = read(folder, "train"), read(folder, "test")
        parts = ("attributes", "images" if dataset == "houses" else "text")
        return X, y, rows, AutoModel(*make_graph(parts), **quick)
    X, y = read_split(folder, dataset, "train")
    rows, _ = read_split(folder, dataset, "test")
    if dataset in TEXTS:
        graph = TextInput(columns="text"), ClassificationHead()
        return X, y, rows, AutoModel(*graph, **quick)
    return X, y, rows, make_estimator(dataset, **quick)


def spoil(rows, seed):
    """Return rows with missing and unseen values in every column but images."""
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
    """Return what the estimator predicts: probabilities, or numbers."""
    if hasattr(estimator, "predict_proba"):
        return estimator.predict_proba(rows)
    return estimator.predict(rows)


def _difference(found, expected, is_raw, estimator):
    """Return the largest difference, of numbers in standard deviations."""
    if not is_raw:
        (target,) = estimator._targets.targets_
        is_class = target.schema_.is_classification
        found = target.probabilities(found) if is_class else target.decode(found)
    scale = 1.0 if hasattr(estimator, "predict_proba") else float(np.std(expected))
    return float(np.abs(found - expected).max() / scale)


def _size(path):
    """Return the bytes of a file, or of all files in a folder."""
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
    title="Exported models against their estimators",
    defaults={"datasets": list(DATASETS), "seeds": [0], "trials": [2]},
    quick={"datasets": ["titanic"], "trials": [1]},
    measurements=measurements,
    make_table=make_table,
)
