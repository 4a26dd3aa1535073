"""Effect of the temperature of a classifier on log loss and ECE for new rows.

The tables come with scikit-learn and with this package. One half of the rows is for the
search, the other half for the losses.
"""

import argparse
import sys

import numpy as np
from sklearn.datasets import (
    load_breast_cancer,
    load_digits,
    load_wine,
    make_classification,
)
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split

from benchmarks.harness.markdown import markdown_table
from benchmarks.internals import has_temperatures, without_temperatures
from benchmarks.methods.fitting import calibration_error

SCORINGS = (None, "accuracy")


def make_tables():
    """Return X and y by the name of the table."""
    from skautokeras.datasets import load_titanic

    noisy = make_classification(
        3000, n_features=10, n_informative=5, n_classes=3, flip_y=0.2, random_state=0
    )
    return {
        "titanic": load_titanic(return_X_y=True),
        "breast_cancer": load_breast_cancer(return_X_y=True),
        "digits": load_digits(return_X_y=True),
        "wine": load_wine(return_X_y=True),
        "noisy": noisy,
    }


def measure(X, y, scoring, seed, arguments):
    """Return log loss and ECE without and with temperature, and whether it is used."""
    from skautokeras import StructuredDataClassifier

    X, X_test, y, y_test = train_test_split(
        X, y, test_size=0.5, random_state=seed, stratify=y
    )
    classifier = StructuredDataClassifier(
        max_trials=arguments.trials,
        epochs=arguments.epochs,
        scoring=scoring,
        random_state=seed,
    ).fit(X, y)
    results = []
    for variant in (without_temperatures(classifier), classifier):
        proba = np.clip(variant.predict_proba(X_test).astype("float64"), 1e-7, 1)
        proba /= proba.sum(axis=1, keepdims=True)
        y_pred = variant.predict(X_test)
        results += [log_loss(y_test, proba), calibration_error(y_test, y_pred, proba)]
    return [*results, has_temperatures(classifier)]


def main():
    """Print one line per table and scoring, with means over the seeds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=4)
    parser.add_argument("--epochs", type=int, default=16)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    arguments = parser.parse_args()
    rows = []
    for name, (X, y) in make_tables().items():
        for scoring in SCORINGS:
            results = [measure(X, y, scoring, s, arguments) for s in arguments.seeds]
            *figures, share = np.mean(results, axis=0)
            kept = f"{share * len(results):.0f} of {len(results)}"
            loss, error, loss_after, error_after = (f"{f:.4f}" for f in figures)
            cells = [name, scoring, kept, loss, loss_after, error, error_after]
            rows.append(list(map(str, cells)))
    headings = ["table", "scoring", "kept", "log loss", "with T", "ECE", "with T"]
    sys.stdout.write(markdown_table(headings, rows, n_labels=3) + "\n")


if __name__ == "__main__":
    main()
