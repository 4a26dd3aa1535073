"""Memory, time and accuracy of a fit on a long table.

The table is generated: 20 numbers, 5 columns of 12 categories and 5 of whole numbers,
with two classes that depend on some of them. The peak resident memory of this process
is compared with a limit of 2.5 times the size of the data and 1 GB, and the accuracy on
100 000 other rows with that of scikit-learn's `HistGradientBoostingClassifier`.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.sparse import csr_matrix
from sklearn.ensemble import HistGradientBoostingClassifier

from benchmarks.harness.markdown import markdown_table
from benchmarks.harness.resident_memory import peak_memory_mb

MB = 1e6
# Rows that are generated at a time, and rows to judge the result on.
BATCH, TEST_ROWS = 1_000_000, 100_000
WORDS = np.array([f"kind_{i}" for i in range(12)])


def parse_arguments():
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--columns", type=int, default=30, help="of a sparse matrix")
    parser.add_argument(
        "--values-per-row",
        type=int,
        help="make a sparse matrix with this number of values in each row",
    )
    parser.add_argument("--max-time", type=float, help="seconds; replaces --trials")
    parser.add_argument("--trials", type=int, default=2)
    parser.add_argument("--no-refit", action="store_true")
    parser.add_argument(
        "--parquet", action="store_true", help="fit to a folder of Parquet files"
    )
    parser.add_argument(
        "--peer", action="store_true", help="fit HistGradientBoostingClassifier as well"
    )
    return parser.parse_args()


def make_table(n_rows, seed=0):
    """Return a DataFrame of 30 columns of mixed types, and a target of two classes."""

    rng = np.random.default_rng(seed)
    effects = np.random.default_rng(0).standard_normal(len(WORDS))
    numbers = rng.standard_normal((n_rows, 20))
    codes = rng.integers(0, len(WORDS), (n_rows, 5))
    counts = rng.integers(0, 100, (n_rows, 5))
    columns = {f"x{i}": numbers[:, i] for i in range(20)}
    columns |= {
        f"kind{i}": pd.Categorical.from_codes(codes[:, i], WORDS) for i in range(5)
    }
    columns |= {f"count{i}": counts[:, i] for i in range(5)}
    signal = numbers[:, 0] + numbers[:, 1] ** 2 + numbers[:, 2] * numbers[:, 3]
    signal += effects[codes[:, 0]] * numbers[:, 4] + np.sin(counts[:, 0] / 8)
    signal += rng.standard_normal(n_rows)
    return pd.DataFrame(columns, copy=False), (signal > 1).astype("int8")


def make_sparse(n_rows, n_columns, n_values):
    """Return a CSR matrix with few frequent and many rare columns, and two classes."""

    rng = np.random.default_rng(0)
    columns = (n_columns ** rng.random(n_rows * n_values)).astype("int32") - 1
    starts = np.arange(0, len(columns) + 1, n_values)
    data = (rng.random(len(columns)), columns, starts)
    X = csr_matrix(data, shape=(n_rows, n_columns))
    weights = rng.standard_normal(n_columns)
    return X, (X @ weights > 0).astype("int8")


def write_table(n_rows, folder):
    """Write a table to files of a million rows each."""
    for i, start in enumerate(range(0, n_rows, BATCH)):
        X, y = make_table(min(BATCH, n_rows - start), seed=i)
        X.assign(target=y).to_parquet(folder / f"part{i:03d}.parquet")


def size_of(X):
    """Return the size in bytes of a DataFrame, a CSR matrix or a folder of files."""
    if isinstance(X, Path):
        return sum(path.stat().st_size for path in X.iterdir())
    if hasattr(X, "memory_usage"):
        return X.memory_usage().sum()
    return X.data.nbytes + X.indices.nbytes + X.indptr.nbytes


def make_data(arguments, folder):
    """Return X and y as the command line asks for them."""
    if arguments.parquet:
        write_table(arguments.rows, folder)
        return folder, "target"
    if arguments.values_per_row is None:
        return make_table(arguments.rows)
    return make_sparse(arguments.rows, arguments.columns, arguments.values_per_row)


def peer_of(X, y, test):
    """Return the seconds and the accuracy of scikit-learn's boosting."""
    started = time.perf_counter()
    model = HistGradientBoostingClassifier(random_state=0).fit(X, y)
    return time.perf_counter() - started, model.score(*test)


def main():
    """Fit once and print a Markdown table."""
    arguments = parse_arguments()
    import tensorflow  # noqa: F401 - loading it is not part of the fit

    from skautokeras import StructuredDataClassifier

    limits = {"max_trials": arguments.trials, "epochs": 1}
    if arguments.max_time is not None:
        limits = {"max_time": arguments.max_time}
    with tempfile.TemporaryDirectory() as folder:
        X, y = make_data(arguments, Path(folder))
        size = size_of(X) + (0 if arguments.parquet else y.nbytes)
        before = peak_memory_mb()
        started = time.perf_counter()
        classifier = StructuredDataClassifier(
            **limits, refit=not arguments.no_refit, random_state=0
        ).fit(X, y)
        seconds = time.perf_counter() - started
        peak = peak_memory_mb()
        board = classifier.leaderboard_
        cells = {
            "rows": arguments.rows,
            "data, MB": f"{size / MB:.0f}",
            "before the fit, MB": f"{before:.0f}",
            "peak, MB": f"{peak:.0f}",
            "limit, MB": f"{2.5 * size / MB + 1000:.0f}",
            "trials": classifier.n_trials_,
            "first trial after, s": f"{board['ended'].min():.0f}",
            "fit, s": f"{seconds:.0f}",
        }
        if arguments.values_per_row is None:
            test = make_table(TEST_ROWS, seed=10**6)
            cells["accuracy"] = f"{classifier.score(*test):.4f}"
        if arguments.peer:
            seconds, accuracy = peer_of(X, y, test)
            cells |= {"peer, s": f"{seconds:.0f}", "its accuracy": f"{accuracy:.4f}"}
    table = markdown_table(list(cells), [list(cells.values())], n_labels=0)
    sys.stdout.write(table + "\n")


if __name__ == "__main__":
    main()
