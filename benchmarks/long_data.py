"""Measure the memory that a fit on a long table takes.

The table is made in a fresh process, whose peak resident memory is then compared with
the data: it may be 2.5 times its size and 1 GB.
"""

import argparse
import resource
import sys
import time

MB = 1e6


def parse_arguments():
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--columns", type=int, default=30)
    parser.add_argument(
        "--values-per-row",
        type=int,
        help="make a sparse matrix with so many values in a row, as words have them",
    )
    parser.add_argument("--trials", type=int, default=2)
    parser.add_argument("--no-refit", action="store_true")
    return parser.parse_args()


def peak_memory():
    """Return the peak resident memory of this process in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def make_table(n_rows, n_columns):
    """Return a DataFrame of float64 numbers and a target of two classes."""
    import numpy as np
    import pandas as pd

    rng = np.random.default_rng(0)
    X = rng.standard_normal((n_rows, n_columns))
    y = (X[:, 0] + X[:, 1] ** 2 > 1).astype("int8")
    names = [f"x{i}" for i in range(n_columns)]
    return pd.DataFrame(X, columns=names, copy=False), y


def make_sparse(n_rows, n_columns, n_values):
    """Return a CSR matrix with few frequent and many rare columns, and two classes."""
    import numpy as np
    from scipy.sparse import csr_matrix

    rng = np.random.default_rng(0)
    columns = (n_columns ** rng.random(n_rows * n_values)).astype("int32") - 1
    starts = np.arange(0, len(columns) + 1, n_values)
    data = (rng.random(len(columns)), columns, starts)
    X = csr_matrix(data, shape=(n_rows, n_columns))
    weights = rng.standard_normal(n_columns)
    return X, (X @ weights > 0).astype("int8")


def size_of(X):
    """Return the bytes of a DataFrame or a CSR matrix."""
    if hasattr(X, "memory_usage"):
        return X.memory_usage().sum()
    return X.data.nbytes + X.indices.nbytes + X.indptr.nbytes


def main():
    """Fit once and print a Markdown table."""
    arguments = parse_arguments()
    import tensorflow  # noqa: F401 - loading it is no part of a fit

    from skautokeras import StructuredDataClassifier

    shape = arguments.rows, arguments.columns
    if arguments.values_per_row is None:
        X, y = make_table(*shape)
    else:
        X, y = make_sparse(*shape, arguments.values_per_row)
    size = size_of(X) + y.nbytes
    before = peak_memory()
    started = time.perf_counter()
    classifier = StructuredDataClassifier(
        max_trials=arguments.trials,
        epochs=1,
        refit=not arguments.no_refit,
        random_state=0,
    ).fit(X, y)
    seconds = time.perf_counter() - started
    peak, limit = peak_memory(), 2.5 * size + 1e9
    sys.stdout.write(
        "| rows | columns | data, MB | before the fit, MB | peak, MB | limit, MB "
        "| trials | fit, s |\n| ---: | ---: | ---: | ---: | ---: | ---: | ---: "
        f"| ---: |\n| {arguments.rows} | {arguments.columns} | {size / MB:.0f} "
        f"| {before / MB:.0f} | {peak / MB:.0f} | {limit / MB:.0f} "
        f"| {classifier.n_trials_} | {seconds:.0f} |\n"
    )


if __name__ == "__main__":
    main()
