"""Data of several kinds in one estimator, compared with each kind alone."""

from benchmarks.datasets.mixed_data import READERS
from benchmarks.harness.markdown import failures, markdown_table, summary_rows
from benchmarks.harness.process import run_once
from benchmarks.harness.suite import Suite

# Pairs of a method and parts of the data that are measured on each data set.
CASES = {
    "houses": (
        ("AutoModel", ("attributes",)),
        ("AutoModel", ("images",)),
        ("AutoModel", ("attributes", "images")),
    ),
    "wine_reviews": (
        ("AutoModel", ("attributes",)),
        ("AutoModel", ("text",)),
        ("AutoModel", ("attributes", "text")),
        ("tf-idf and ridge", ("text",)),
        ("tf-idf and ridge", ("attributes", "text")),
    ),
}
# Columns of the table: heading -> (key, format).
COLUMNS = {
    "R2": ("score", "{:.4f}"),
    "fit, s": ("fit_seconds", "{:.1f}"),
    "trials": ("n_trials", "{:.0f}"),
    "peak RSS, MB": ("peak_rss_mb", "{:.0f}"),
}


def measurements(options):
    """Yield one measurement per data set, seed, method and parts of the data."""
    for dataset in options.datasets:
        for seed in options.seeds:
            for method, parts in CASES[dataset]:
                case = {
                    "dataset": dataset,
                    "seed": seed,
                    "method": method,
                    "parts": list(parts),
                    "max_time": options.max_time,
                    "max_trials": options.trials[0],
                }
                function = "fit_mixed" if method == "AutoModel" else "fit_ridge"
                spec = {**case, "folder": options.folder}
                result = run_once(f"benchmarks.methods.mixed_methods:{function}", spec)
                yield {**case, "of": " and ".join(parts), **result}


def make_table(measurements):
    """Make a Markdown table: one line per data set, method and parts."""
    rows = summary_rows(measurements, ("dataset", "method", "of"), COLUMNS.values())
    headings = ["data set", "method", "data", "seeds", *COLUMNS]
    table = markdown_table(headings, rows, n_labels=3)
    return table + failures(measurements, "dataset", "method", "of", "seed")


SUITE = Suite(
    name="mixed",
    title="Data of several kinds",
    defaults={
        "datasets": list(READERS),
        "seeds": [0, 1, 2],
        "trials": [20],
        "max_time": 300.0,
    },
    quick={"seeds": [0], "trials": [1], "max_time": 20.0},
    measurements=measurements,
    make_table=make_table,
)
