"""Effect of the size of the ensemble on the loss for new rows.

One half of the rows of a training file is for the search, the other half for the loss.
There is one search per table and seed. Its journal hands the same trials to the fits
with other sizes.
"""

import argparse
import sys
import tempfile
from pathlib import Path

import numpy as np
from sklearn.metrics import log_loss, mean_squared_error
from sklearn.model_selection import train_test_split

from benchmarks.datasets.table_data import TASKS, is_classification, read_split
from benchmarks.harness.markdown import markdown_table
from benchmarks.methods.table_methods import make_estimator

SIZES = (1, 2, 3, 5, 10, 20)


def measure(folder, dataset, seed, arguments):
    """Return the loss on new rows for each size of the ensemble.

    The loss is the log loss for classification, and the mean squared error divided by
    the variance of the target for regression.
    """
    X, y = read_split(folder, dataset, "train")
    has_classes = is_classification(dataset)
    X, X_test, y, y_test = train_test_split(
        X,
        y,
        train_size=min(arguments.rows, len(y) // 2),
        random_state=seed,
        stratify=y if has_classes else None,
    )
    losses = []
    with tempfile.TemporaryDirectory() as directory:
        for size in SIZES:
            estimator = make_estimator(
                dataset,
                max_trials=arguments.trials,
                ensemble_size=size,
                refit=False,
                directory=directory,
                random_state=seed,
            ).fit(X, y)
            if has_classes:
                proba = estimator.predict_proba(X_test).astype("float64")
                loss = log_loss(y_test, proba, labels=estimator.classes_)
            else:
                error = mean_squared_error(y_test, estimator.predict(X_test))
                loss = error / np.var(y_test)
            losses.append(loss)
    return losses


def main():
    """Print one line per table, with means over the seeds."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--datasets", nargs="+", choices=TASKS, default=list(TASKS))
    parser.add_argument("--rows", type=int, default=4000)
    parser.add_argument("--trials", type=int, default=20)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    arguments = parser.parse_args()
    rows = []
    for dataset in arguments.datasets:
        losses = [
            measure(arguments.folder, dataset, seed, arguments)
            for seed in arguments.seeds
        ]
        rows.append([dataset, *(f"{loss:.4f}" for loss in np.mean(losses, axis=0))])
    headings = ["table", *map(str, SIZES)]
    sys.stdout.write(markdown_table(headings, rows, n_labels=1) + "\n")


if __name__ == "__main__":
    main()
