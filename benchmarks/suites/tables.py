"""skautokeras and other libraries on tables: score, seconds, trials, memory."""

from benchmarks.data import TASKS, is_classification
from benchmarks.markdown import (
    failures,
    grouped,
    markdown_table,
    summarize,
    without_errors,
)
from benchmarks.peers import run_peer
from benchmarks.process import patience, run_once
from benchmarks.suite import Suite

METHODS = ("skautokeras", "hist_gradient_boosting", "mlp", "autokeras")
# AutoKeras counts trials, not seconds; the budget may end its search before these.
AUTOKERAS_TRIALS = {"titanic": 5}
AUTOKERAS_TRIALS_ELSEWHERE = 3
# Heading of the Markdown column -> (key of a measurement, format).
COLUMNS = {
    "score": ("score", "{:.4f}"),
    "RMSE": ("rmse", "{:.0f}"),
    "ECE": ("calibration_error", "{:.4f}"),
    "fit, s": ("fit_seconds", "{:.1f}"),
    "import, s": ("import_seconds", "{:.1f}"),
    "trials": ("n_trials", "{:.0f}"),
    "trials / min": ("trials_per_minute", "{:.1f}"),
    "peak RSS, MB": ("peak_rss_mb", "{:.0f}"),
}


def measurements(options):
    """Yield one measurement per data set, seed and method."""
    for dataset in options.datasets:
        for seed in options.seeds:
            for method in options.methods:
                case = {
                    "dataset": dataset,
                    "method": method,
                    "seed": seed,
                    "max_time": options.max_time,
                    "metric": "accuracy" if is_classification(dataset) else "R2",
                }
                yield {**case, **_measure(options, case)}


def _measure(options, case):
    """Return what one method reports, run in a process of its own."""
    spec = {**case, "folder": options.folder}
    timeout = patience(options.max_time)
    if case["method"] != "autokeras":
        if case["method"] == "skautokeras":
            spec["params"] = {"max_time": options.max_time}
        return run_once("benchmarks.methods:fit_method", spec, timeout=timeout)
    trials = AUTOKERAS_TRIALS.get(case["dataset"], AUTOKERAS_TRIALS_ELSEWHERE)
    spec["max_trials"] = options.autokeras_trials or trials
    spec["column_types"] = options.autokeras_column_types
    function = "benchmarks.autokeras_method:fit_autokeras"
    return run_peer(function, spec, options.peers.autokeras, timeout=timeout)


def make_table(measurements):
    """Make a Markdown table: one line per data set and method, over the seeds."""
    rows = []
    notes = {}
    for (dataset, method), group in grouped(measurements, "dataset", "method").items():
        good = without_errors(group)
        rows.append(
            [
                dataset,
                method,
                group[0]["metric"],
                f"{len(good)}/{len(group)}",
                *(
                    summarize([row[key] for row in good], form)
                    for key, form in COLUMNS.values()
                ),
            ]
        )
        for row in good:
            notes[f"- {dataset}, {method}: {row['note']}"] = None
    headings = ["data set", "method", "metric", "seeds", *COLUMNS]
    table = markdown_table(headings, rows, n_labels=4)
    why = failures(measurements, "dataset", "method", "seed")
    return "\n".join([table, "", *notes]) + why


SUITE = Suite(
    name="tables",
    title="Scores on tables",
    defaults={
        "datasets": list(TASKS),
        "seeds": [0, 1, 2],
        "methods": list(METHODS),
        "max_time": 120.0,
        "autokeras_trials": None,
        "autokeras_column_types": "dtype",
    },
    quick={
        "datasets": ["titanic"],
        "seeds": [0],
        "max_time": 10.0,
        "autokeras_trials": 1,
    },
    measurements=measurements,
    make_table=make_table,
)
