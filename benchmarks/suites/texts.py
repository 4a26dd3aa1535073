"""Comparison of skautokeras with other methods on texts."""

from benchmarks.datasets.text_data import MAX_TIME, TASKS
from benchmarks.harness.markdown import (
    SEARCH_COLUMNS,
    failures,
    markdown_table,
    summary_rows,
)
from benchmarks.harness.peers import run_in_time
from benchmarks.harness.suite import Suite

METHODS = ("skautokeras", "tfidf", "autokeras")
# More trials than AutoKeras can make in its time, so that only the time ends it.
AUTOKERAS_TRIALS = 100
FUNCTION = "benchmarks.methods.text_methods:fit_texts"


def measurements(options):
    """Yield one measurement per data set, number of rows, seed and method."""
    for dataset in options.datasets:
        for rows in options.rows:
            for seed in options.seeds:
                for method in options.methods:
                    is_class = TASKS[dataset] == "classification"
                    case = {
                        "dataset": dataset,
                        "method": method,
                        "seed": seed,
                        "rows": rows,
                        "texts": "all" if rows is None else str(rows),
                        "max_time": options.max_time or MAX_TIME[dataset],
                        "metric": "accuracy" if is_class else "R2",
                    }
                    yield {**case, **run_in_time(FUNCTION, case, options)}


def make_table(measurements):
    """Make a Markdown table: one line per data set, rows and method, over the seeds."""
    keys = ("dataset", "texts", "method", "metric")
    rows = summary_rows(measurements, keys, SEARCH_COLUMNS.values())
    headings = ["data set", "rows", "method", "metric", "seeds", *SEARCH_COLUMNS]
    table = markdown_table(headings, rows, n_labels=4)
    return table + failures(measurements, "dataset", "texts", "method", "seed")


SUITE = Suite(
    name="texts",
    title="Texts",
    defaults={
        "datasets": list(TASKS),
        "rows": [None],
        "seeds": [0],
        "methods": list(METHODS),
        "trials": [20],
        "max_time": None,
        "autokeras_trials": AUTOKERAS_TRIALS,
    },
    quick={
        "datasets": ["sms_spam"],
        "rows": [300],
        "seeds": [0],
        "trials": [1],
        "max_time": 20.0,
        "autokeras_trials": 1,
    },
    measurements=measurements,
    make_table=make_table,
)
