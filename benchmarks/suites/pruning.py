"""What pruning saves, and what it costs: `prune="median"` against `"none"`."""

from benchmarks.data import TASKS
from benchmarks.markdown import failures, markdown_table, summary_rows
from benchmarks.process import run_once
from benchmarks.suite import Suite

# Heading of the Markdown column -> (key of a measurement, format).
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
                for prune in ("none", "median"):
                    case = {
                        "dataset": dataset,
                        "seed": seed,
                        "max_trials": n_trials,
                        "prune": prune,
                    }
                    yield {**case, **_measure(options.folder, case)}


def _measure(folder, case):
    # No time limit: both rules try as many configurations.
    params = {"prune": case["prune"], "max_trials": case["max_trials"]}
    spec = {**case, "folder": folder, "method": "skautokeras", "params": params}
    return run_once("benchmarks.methods:fit_method", spec)


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
    title="What pruning saves",
    defaults={"datasets": list(TASKS), "seeds": [0], "trials": [20]},
    # Nothing is pruned before five trials have ended.
    quick={"datasets": ["titanic"], "trials": [8]},
    measurements=measurements,
    make_table=make_table,
)
