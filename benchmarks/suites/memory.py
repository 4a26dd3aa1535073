"""Resident memory of a search after every few trials."""

from benchmarks.datasets.table_data import read_split
from benchmarks.harness.markdown import (
    failures,
    grouped,
    markdown_table,
    without_errors,
)
from benchmarks.harness.process import run
from benchmarks.harness.suite import Suite

# Trials between two measurements. All are compared with the first one.
STEP = 10


def measurements(options):
    """Yield one measurement per data set, seed and `STEP` trials."""
    for dataset in options.datasets:
        for seed in options.seeds:
            for n_trials in options.trials:
                case = {"dataset": dataset, "seed": seed, "max_trials": n_trials}
                spec = {**case, "folder": options.folder}
                for result in run(f"{__name__}:watch", spec):
                    yield {**case, **result}


def watch(spec, report):
    """Report the resident memory after `STEP` trials at a time."""
    from benchmarks.harness.resident_memory import resident_memory_mb
    from benchmarks.harness.trial_callback import AfterTrials
    from benchmarks.methods.table_methods import make_estimator

    def look(n_trials):
        if n_trials % STEP == 0:
            report({"n_trials": n_trials, "rss_mb": resident_memory_mb()})

    X, y = read_split(spec["folder"], spec["dataset"], "train")
    estimator = make_estimator(
        spec["dataset"],
        max_trials=spec["max_trials"],
        refit=False,
        random_state=spec["seed"],
    )
    estimator.set_callbacks(AfterTrials(look)).fit(X, y)


def make_table(measurements):
    """Make a Markdown table of the memory and of its ratio to the first one."""
    rows = []
    groups = grouped(without_errors(measurements), "dataset", "seed", "max_trials")
    for (dataset, seed, _), group in groups.items():
        first = group[0]["rss_mb"]
        for row in group:
            ratio = f"{row['rss_mb'] / first:.2f}"
            rows.append([dataset, seed, row["n_trials"], f"{row['rss_mb']:.0f}", ratio])
    headings = ["data set", "seed", "trials", "resident, MB", "ratio to the first"]
    return markdown_table(headings, rows) + failures(measurements, "dataset", "seed")


SUITE = Suite(
    name="memory",
    title="Memory over trials",
    defaults={"datasets": ["titanic"], "seeds": [0], "trials": [200]},
    quick={"trials": [20]},
    measurements=measurements,
    make_table=make_table,
)
