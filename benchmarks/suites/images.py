"""skautokeras and other ways to learn from images: score, seconds, trials, memory."""

from benchmarks.image_data import MAX_TIME, TASKS
from benchmarks.markdown import (
    SEARCH_COLUMNS,
    failures,
    markdown_table,
    summary_rows,
)
from benchmarks.peers import run_in_time
from benchmarks.suite import Suite

METHODS = ("skautokeras", "keras_cnn", "pca_svm", "mean", "autokeras")
# Support vectors are for small data.
MOST_ROWS = {"pca_svm": ("digits", "cifar10", "houses"), "mean": ("houses",)}
# AutoKeras counts trials; these are more than fit in its time.
AUTOKERAS_TRIALS = 100
FUNCTION = "benchmarks.image_methods:fit_images"


def measurements(options):
    """Yield one measurement per data set, seed and method."""
    for dataset in options.datasets:
        for seed in options.seeds:
            for method in options.methods:
                if dataset not in MOST_ROWS.get(method, TASKS):
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
