"""Time and scores of a search with `prune="median"` and with `prune=None`."""

from benchmarks.datasets.table_data import TASKS
from benchmarks.harness.markdown import failures, markdown_table, summary_rows
from benchmarks.harness.process import run_once
from benchmarks.harness.suite import Suite

# Columns of the table: heading -> (key, format).
COLUMNS = {
    "pruned": ("n_pruned", "{:.0f}"),
    "trials, s": ("search_seconds", "{:.1f}"),
    "fit, s": ("fit_seconds", "{:.1f}"),
    "best validation score": ("validation_score", "{:.4f}"),
    "test score": ("score", "{:.4f}"),
}


def measurements(options):
    """Yield one measurement per data set, seed, number of trials and rule."""
    for dataset in options.datasets:
        for seed in options.seeds:
            for n_trials in options.trials:
                for prune in (None, "median"):
                    case = {
                        "dataset": dataset,
                        "seed": seed,
                        "max_trials": n_trials,
                        "prune": prune,
                    }
                    yield {**case, **_measure(options.folder, case)}


def _measure(folder, case):
    # Without a time limit, both rules try the same number of configurations.
    params = {"prune": case["prune"], "max_trials": case["max_trials"]}
    spec = {**case, "folder": folder, "method": "skautokeras", "params": params}
    return run_once("benchmarks.methods.table_methods:fit_method", spec)


def make_table(measurements):
    """Make a Markdown table: one line per data set and rule, over the seeds."""
    labels = ("dataset", "prune", "max_trials")
    rows = summary_rows(measurements, labels, COLUMNS.values())
    table = markdown_table(
        ["data set", "prune", "trials", "seeds", *COLUMNS], rows, n_labels=2
    )
    return table + failures(measurements, "dataset", "prune", "seed")


SUITE = Suite(
    name="pruning",
    title="Time saved by pruning",
    defaults={"datasets": list(TASKS), "seeds": [0], "trials": [20]},
    # No trial is pruned before five trials have ended.
    quick={"datasets": ["titanic"], "trials": [8]},
    measurements=measurements,
    make_table=make_table,
)
