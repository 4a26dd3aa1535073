"""Compare a search with the bare training of the same networks.

See the README next to this file for what is compared and how to run it.
"""

import argparse
import sys
import time
from pathlib import Path

from _measurement import TASKS, read_split


def parse_arguments():
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="folder with one folder per data set")
    parser.add_argument("--datasets", nargs="+", choices=TASKS, default=["titanic"])
    parser.add_argument("--trials", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


def make_estimator(dataset, arguments):
    """Return an estimator that searches and does nothing behind the search."""
    from skautokeras import StructuredDataClassifier, StructuredDataRegressor

    is_classification = TASKS[dataset] == "classification"
    estimators = (StructuredDataRegressor, StructuredDataClassifier)
    return estimators[is_classification](
        max_trials=arguments.trials,
        ensemble_size=1,
        refit=False,
        random_state=arguments.seed,
    )


def make_problem(estimator, X, y):
    """Return the arrays and the graph of the estimator's search."""
    from skautokeras._estimators.base import Sample
    from skautokeras._estimators.settings import fit_settings

    sample = Sample(X, y)
    return estimator._make_problem(sample, None, fit_settings(estimator, {}))


def train_bare(problem, values, epochs):
    """Train one network with a `tf.function` of its own per epoch.

    Parameters
    ----------
    problem : Problem
        Graph and arrays.
    values : dict
        Hyperparameters of the network.
    epochs : int
        To train.
    """
    import keras
    import numpy as np
    import tensorflow as tf

    built = problem.graph.build(values)
    network, training = built.network, built.training
    ((head, target),) = problem.graph.heads.values()

    def arrays(rows):
        x = rows.x if built.preprocess is None else built.preprocess(rows.x)
        x = {name: tf.constant(np.asarray(array)) for name, array in x.items()}
        (y,) = rows.y.values()
        return x, tf.constant(np.asarray(head.encode(y, target)))

    (x, y), (x_valid, y_valid) = arrays(problem.data.train), arrays(problem.data.valid)
    n_rows, size = len(problem.data.train), training.batch_size
    (loss,) = built.losses.values()
    optimizer = keras.optimizers.AdamW(
        training.learning_rate, weight_decay=training.weight_decay
    )
    optimizer.build(network.trainable_variables)

    @tf.function
    def run_epoch(order):
        total = 0.0
        for start in tf.range(0, n_rows, size):
            rows = order[start : start + size]
            batch = {name: tf.gather(array, rows) for name, array in x.items()}
            with tf.GradientTape() as tape:
                (y_pred,) = network(batch, training=True).values()
                value = loss(tf.gather(y, rows), y_pred)
            variables = network.trainable_variables
            optimizer.apply(tape.gradient(value, variables), variables)
            total += value
        return total

    @tf.function
    def validate():
        (y_pred,) = network(x_valid, training=False).values()
        return loss(y_valid, y_pred)

    rng = np.random.default_rng(0)
    for _ in range(epochs):
        run_epoch(tf.constant(rng.permutation(n_rows).astype("int32")))
        float(validate())


def measure(dataset, arguments):
    """Return the trials of a search, its seconds and those of the bare loop."""
    X, y = read_split(arguments.folder, dataset, "train")
    estimator = make_estimator(dataset, arguments)
    started = time.perf_counter()
    estimator.fit(X, y)
    searched = time.perf_counter()
    board = estimator.leaderboard_.sort_values("trial")
    problem = make_problem(estimator, X, y)
    started_bare = time.perf_counter()
    for values, epochs in zip(board["params"], board["epochs"], strict=True):
        train_bare(problem, values, epochs)
    finished = time.perf_counter()
    return len(board), searched - started, finished - started_bare


def main():
    """Measure every data set and print a Markdown table."""
    import tensorflow  # noqa: F401 - loading it is no part of a search

    arguments = parse_arguments()
    lines = [
        "| data set | trials | search, s | bare loop, s | ratio |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    for dataset in arguments.datasets:
        n_trials, search, bare = measure(dataset, arguments)
        lines.append(
            f"| {dataset} | {n_trials} | {search:.1f} | {bare:.1f} "
            f"| {search / bare:.2f} |"
        )
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
