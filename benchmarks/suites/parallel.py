"""Trials per minute with one and with several workers (`n_jobs`)."""

from benchmarks.harness.markdown import (
    failures,
    grouped,
    markdown_table,
    without_errors,
)
from benchmarks.harness.process import run_once
from benchmarks.harness.suite import Suite


def measurements(options):
    """Yield one measurement per data set, seed, number of trials and of jobs."""
    for dataset in options.datasets:
        for seed in options.seeds:
            for n_trials in options.trials:
                for n_jobs in options.jobs:
                    case = {
                        "dataset": dataset,
                        "seed": seed,
                        "max_trials": n_trials,
                        "n_jobs": n_jobs,
                    }
                    yield {**case, **_measure(options.folder, case)}


def _measure(folder, case):
    params = {
        # A random search tries the same configurations in whatever order trials end.
        "tuner": "random",
        "refit": False,
        "max_trials": case["max_trials"],
        "n_jobs": case["n_jobs"],
    }
    spec = {**case, "folder": folder, "method": "skautokeras", "params": params}
    return run_once("benchmarks.methods.table_methods:fit_method", spec)


def make_table(measurements):
    """Make a Markdown table of the rates, compared with that of the first `n_jobs`."""
    rows = []
    groups = grouped(without_errors(measurements), "dataset", "seed", "max_trials")
    for (dataset, seed, _), group in groups.items():
        for row in group:
            rows.append(
                [
                    dataset,
                    seed,
                    row["n_trials"],
                    row["n_jobs"],
                    f"{row['fit_seconds']:.1f}",
                    f"{row['trials_per_minute']:.1f}",
                    f"{row['trials_per_minute'] / group[0]['trials_per_minute']:.2f}",
                ]
            )
    headings = ["data set", "seed", "trials", "n_jobs", "fit, s", "trials / min"]
    table = markdown_table([*headings, "times as many"], rows)
    return table + failures(measurements, "dataset", "seed", "max_trials", "n_jobs")


SUITE = Suite(
    name="parallel",
    title="Trials at the same time",
    defaults={
        "datasets": ["titanic"],
        "seeds": [0],
        "trials": [20, 60],
        "jobs": [1, 2],
    },
    quick={"trials": [4]},
    measurements=measurements,
    make_table=make_table,
)
