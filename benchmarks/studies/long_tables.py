"""Peak memory of a fit on a long table.

The table is generated. The peak resident memory of this process is compared with a
limit of 2.5 times the size of the data and 1 GB.
"""

import argparse
import sys
import time

import numpy as np
import pandas as pd
from scipy.sparse import csr_matrix

from benchmarks.harness.markdown import markdown_table
from benchmarks.harness.resident_memory import peak_memory_mb

MB = 1e6


def parse_arguments():
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--columns", type=int, default=30)
    parser.add_argument(
        "--values-per-row",
        type=int,
        help="make a sparse matrix with this number of values in each row",
    )
    parser.add_argument("--trials", type=int, default=2)
    parser.add_argument("--no-refit", action="store_true")
    return parser.parse_args()


def make_table(n_rows, n_columns):
    """Return a DataFrame of float64 numbers and a target of two classes."""

    rng = np.random.default_rng(0)
    X = rng.standard_normal((n_rows, n_columns))
    y = (X[:, 0] + X[:, 1] ** 2 > 1).astype("int8")
    names = [f"x{i}" for i in range(n_columns)]
    return pd.DataFrame(X, columns=names, copy=False), y


def make_sparse(n_rows, n_columns, n_values):
    """Return a CSR matrix with few frequent and many rare columns, and two classes."""

    rng = np.random.default_rng(0)
    columns = (n_columns ** rng.random(n_rows * n_values)).astype("int32") - 1
    starts = np.arange(0, len(columns) + 1, n_values)
    data = (rng.random(len(columns)), columns, starts)
    X = csr_matrix(data, shape=(n_rows, n_columns))
    weights = rng.standard_normal(n_columns)
    return X, (X @ weights > 0).astype("int8")


def size_of(X):
    """Return the size in bytes of a DataFrame or a CSR matrix."""
    if hasattr(X, "memory_usage"):
        return X.memory_usage().sum()
    return X.data.nbytes + X.indices.nbytes + X.indptr.nbytes


def main():
    """Fit once and print a Markdown table."""
    arguments = parse_arguments()
    import tensorflow  # noqa: F401 - loading it is not part of the fit

    from skautokeras import StructuredDataClassifier

    shape = arguments.rows, arguments.columns
    if arguments.values_per_row is None:
        X, y = make_table(*shape)
    else:
        X, y = make_sparse(*shape, arguments.values_per_row)
    size = size_of(X) + y.nbytes
    before = peak_memory_mb()
    started = time.perf_counter()
    classifier = StructuredDataClassifier(
        max_trials=arguments.trials,
        epochs=1,
        refit=not arguments.no_refit,
        random_state=0,
    ).fit(X, y)
    seconds = time.perf_counter() - started
    megabytes = [size / MB, before, peak_memory_mb(), 2.5 * size / MB + 1000]
    headings = ["rows", "columns", "data, MB", "before the fit, MB", "peak, MB"]
    headings += ["limit, MB", "trials", "fit, s"]
    cells = [*shape, *(f"{n:.0f}" for n in megabytes)]
    row = [*cells, classifier.n_trials_, f"{seconds:.0f}"]
    sys.stdout.write(markdown_table(headings, [row], n_labels=0) + "\n")


if __name__ == "__main__":
    main()
