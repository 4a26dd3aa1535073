"""Compare skautokeras with other libraries on tables: score, seconds, trials, memory.

See the README next to this file for what is compared and how to run it.
"""

import argparse
import csv
import statistics
import sys
from pathlib import Path

from _measurement import AUTOKERAS_WORKER, TASKS, WORKER, run_worker

METHODS = ("skautokeras", "hist_gradient_boosting", "mlp", "autokeras")
# AutoKeras counts trials, not seconds; the budget may end its search before these.
AUTOKERAS_TRIALS = {"titanic": 5}
AUTOKERAS_TRIALS_ELSEWHERE = 3
# A method that ignores its budget is stopped after this many times the budget
# (AutoKeras trains once more after its search), and never before an hour.
PATIENCE = 10
LEAST_TIMEOUT = 3600
CSV_COLUMNS = (
    "dataset",
    "method",
    "seed",
    "max_time",
    "metric",
    "score",
    "rmse",
    "fit_seconds",
    "import_seconds",
    "predict_seconds",
    "n_trials",
    "trials_per_minute",
    "peak_rss_mb",
    "note",
    "error",
)
# Heading of the Markdown column -> (key of a row, format).
TABLE = {
    "score": ("score", "{:.4f}"),
    "RMSE": ("rmse", "{:.0f}"),
    "fit, s": ("fit_seconds", "{:.1f}"),
    "import, s": ("import_seconds", "{:.1f}"),
    "trials": ("n_trials", "{:.0f}"),
    "trials / min": ("trials_per_minute", "{:.1f}"),
    "peak RSS, MB": ("peak_rss_mb", "{:.0f}"),
}


def parse_arguments():
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="folder with one folder per data set")
    parser.add_argument("--datasets", nargs="+", choices=TASKS, default=list(TASKS))
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=list(METHODS))
    parser.add_argument(
        "--max-time", type=float, default=120, help="seconds for a search"
    )
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument(
        "--autokeras-python",
        metavar="PYTHON",
        help="interpreter of a virtual environment with AutoKeras 3.0.0",
    )
    parser.add_argument(
        "--autokeras-trials",
        type=int,
        help="trials of AutoKeras (default: 5 on titanic, 3 elsewhere)",
    )
    parser.add_argument(
        "--autokeras-column-types",
        choices=("dtype", "inferred"),
        default="dtype",
        help="tell AutoKeras which columns are numbers, or let it infer them",
    )
    parser.add_argument(
        "--output", type=Path, help="CSV file that every measurement is appended to"
    )
    arguments = parser.parse_args()
    if "autokeras" in arguments.methods and arguments.autokeras_python is None:
        parser.error(
            "the method autokeras needs --autokeras-python; to go without it, "
            "name the others with --methods"
        )
    return arguments


def measure_method(arguments, dataset, method, seed):
    """Run one method once, in a process of its own.

    Returns
    -------
    dict
        One row: a value or None for each of `CSV_COLUMNS`.
    """
    spec = {
        "method": method,
        "dataset": dataset,
        "folder": str(arguments.folder.resolve()),
        "seed": seed,
        "max_time": arguments.max_time,
    }
    python, script = sys.executable, WORKER
    if method == "autokeras":
        python, script = arguments.autokeras_python, AUTOKERAS_WORKER
        spec["column_types"] = arguments.autokeras_column_types
        spec["max_trials"] = arguments.autokeras_trials or AUTOKERAS_TRIALS.get(
            dataset, AUTOKERAS_TRIALS_ELSEWHERE
        )
    timeout = max(PATIENCE * arguments.max_time, LEAST_TIMEOUT)
    result = run_worker(python, script, spec, timeout)
    metric = "accuracy" if TASKS[dataset] == "classification" else "R2"
    row = {**result, **spec, "metric": metric}
    return {name: row.get(name) for name in CSV_COLUMNS}


def append_row(path, row):
    """Append a row to a CSV file; a new file gets the header first."""
    new = not path.exists()
    with path.open("a", newline="") as file:
        writer = csv.DictWriter(file, CSV_COLUMNS)
        if new:
            writer.writeheader()
        writer.writerow(row)


def summarize(values, form):
    """Format measurements as their median and, if they differ, their range.

    Parameters
    ----------
    values : list of (float or None)
        One per seed; None are left out.
    form : str
        A format such as `"{:.1f}"`.

    Returns
    -------
    str

    Examples
    --------
    >>> summarize([3.0, 1.0, 2.0], "{:.1f}")
    '2.0 (1.0-3.0)'
    >>> summarize([None], "{:.1f}")
    '-'
    """
    values = [value for value in values if value is not None]
    if not values:
        return "-"
    median, low, high = (
        form.format(v) for v in (statistics.median(values), min(values), max(values))
    )
    return median if low == high else f"{median} ({low}-{high})"


def make_table(rows):
    """Make a Markdown table: one line per data set and method, over the seeds.

    Parameters
    ----------
    rows : list of dict
        As returned by `measure_method`.

    Returns
    -------
    str
        The table, and under it the notes and errors.
    """
    headings = ["data set", "method", "metric", "seeds", *TABLE]
    lines = [
        "| " + " | ".join(headings) + " |",
        "|" + " --- |" * 4 + " ---: |" * len(TABLE),
    ]
    remarks = []
    groups = {}
    for row in rows:
        groups.setdefault((row["dataset"], row["method"]), []).append(row)
    for (dataset, method), group in groups.items():
        good = [row for row in group if row["error"] is None]
        cells = [dataset, method, group[0]["metric"], f"{len(good)}/{len(group)}"]
        for key, form in TABLE.values():
            cells.append(summarize([row[key] for row in good], form))
        lines.append("| " + " | ".join(cells) + " |")
        for row in group:
            remark = row["error"] or row["note"]
            remarks.append(f"- {dataset}, {method}, seed {row['seed']}: {remark}")
    return "\n".join([*lines, "", *remarks])


def main():
    """Measure everything asked for, one process after the other."""
    arguments = parse_arguments()
    rows = []
    for dataset in arguments.datasets:
        for seed in arguments.seeds:
            for method in arguments.methods:
                row = measure_method(arguments, dataset, method, seed)
                rows.append(row)
                if arguments.output is not None:
                    append_row(arguments.output, row)
                outcome = row["error"] or f"{row['score']:.4f}"
                sys.stderr.write(f"{dataset}, seed {seed}, {method}: {outcome}\n")
    rows.sort(key=lambda row: arguments.methods.index(row["method"]))
    rows.sort(key=lambda row: arguments.datasets.index(row["dataset"]))
    sys.stdout.write(make_table(rows) + "\n")


if __name__ == "__main__":
    main()
