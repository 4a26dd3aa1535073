"""Comparison of skautokeras with other methods on images."""

from benchmarks.datasets.image_data import MAX_TIME, TASKS
from benchmarks.harness.markdown import (
    SEARCH_COLUMNS,
    failures,
    markdown_table,
    summary_rows,
)
from benchmarks.harness.peers import run_in_time
from benchmarks.harness.suite import Suite

METHODS = ("skautokeras", "keras_cnn", "pca_svm", "mean", "autokeras")
# Data sets of the methods that are not measured on all of them: support vector machines
# take too long on the larger ones.
DATASETS_OF = {"pca_svm": ("digits", "cifar10", "houses"), "mean": ("houses",)}
# More trials than AutoKeras can make in its time, so that only the time ends it.
AUTOKERAS_TRIALS = 100
FUNCTION = "benchmarks.methods.image_methods:fit_images"


def measurements(options):
    """Yield one measurement per data set, seed and method."""
    for dataset in options.datasets:
        for seed in options.seeds:
            for method in options.methods:
                if dataset not in DATASETS_OF.get(method, TASKS):
                    continue
                case = {
                    "dataset": dataset,
                    "method": method,
                    "seed": seed,
                    "max_time": options.max_time or MAX_TIME[dataset],
                    "metric": "accuracy"
                    if TASKS[dataset] == "classification"
                    else "R2 of the logarithm",
                }
                yield {**case, **run_in_time(FUNCTION, case, options)}


def make_table(measurements):
    """Make a Markdown table: one line per data set and method, over the seeds."""
    rows = summary_rows(
        measurements, ("dataset", "method", "metric"), SEARCH_COLUMNS.values()
    )
    headings = ["data set", "method", "metric", "seeds", *SEARCH_COLUMNS]
    table = markdown_table(headings, rows, n_labels=3)
    return table + failures(measurements, "dataset", "method", "seed")


SUITE = Suite(
    name="images",
    title="Images",
    defaults={
        "datasets": list(TASKS),
        "seeds": [0],
        "methods": list(METHODS),
        "trials": [20],
        "max_time": None,
        "autokeras_trials": AUTOKERAS_TRIALS,
    },
    quick={
        "datasets": ["digits"],
        "seeds": [0],
        "trials": [1],
        "max_time": 20.0,
        "autokeras_trials": 1,
    },
    measurements=measurements,
    make_table=make_table,
)
