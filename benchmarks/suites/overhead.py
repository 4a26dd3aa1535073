"""The time of a search, compared with training the same networks in a plain loop."""

import time

from benchmarks.datasets.table_data import read_split
from benchmarks.harness.markdown import failures, markdown_table, summary_rows
from benchmarks.harness.process import run_once
from benchmarks.harness.suite import Suite


def measurements(options):
    """Yield one measurement per data set and seed."""
    for dataset in options.datasets:
        for seed in options.seeds:
            for n_trials in options.trials:
                spec = {"dataset": dataset, "seed": seed, "max_trials": n_trials}
                where = {"folder": options.folder}
                result = run_once(f"{__name__}:compare", {**spec, **where})
                yield {**spec, **result}


def compare(spec, report):
    """Report the seconds of a search, and of a plain loop over its networks."""
    import tensorflow  # noqa: F401 - loading it is not part of the search

    from benchmarks.internals import prepare_search
    from benchmarks.methods.table_methods import make_estimator

    X, y = read_split(spec["folder"], spec["dataset"], "train")
    # Neither an ensemble nor a refit follows the search.
    estimator = make_estimator(
        spec["dataset"],
        max_trials=spec["max_trials"],
        ensemble_size=1,
        refit=False,
        random_state=spec["seed"],
    )
    started = time.perf_counter()
    estimator.fit(X, y)
    searched = time.perf_counter()
    board = estimator.leaderboard_.sort_values("trial")
    board = board[board["error"].isna()]
    preparation = prepare_search(estimator, X, y)
    started_bare = time.perf_counter()
    for values, epochs in zip(board["params"], board["epochs"], strict=True):
        train_bare(preparation, values, epochs)
    finished = time.perf_counter()
    search, bare = searched - started, finished - started_bare
    report(
        {
            "n_trials": len(board),
            "epochs": board["epochs"].tolist(),
            "search_seconds": search,
            "bare_seconds": bare,
            "ratio": search / bare,
        }
    )


def train_bare(preparation, values, epochs):
    """Train one network with one `tf.function` for an epoch and one for validation.

    Parameters
    ----------
    preparation : Preparation
        Search space and arrays, from `prepare_search`.
    values : dict
        Hyperparameters of the network.
    epochs : int
        Number of epochs.
    """
    import keras
    import numpy as np
    import tensorflow as tf

    from benchmarks.internals import build

    built = build(preparation, values)
    network, training, loss = built.network, built.training, built.loss
    (x, y), (x_valid, y_valid) = (
        ({name: tf.constant(array) for name, array in x.items()}, tf.constant(y))
        for x, y in (built.train, built.valid)
    )
    n_rows, size = len(y), training.batch_size
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


def make_table(measurements):
    """Make a Markdown table of the ratios, over the seeds."""
    columns = {"search_seconds": "{:.1f}", "bare_seconds": "{:.1f}", "ratio": "{:.2f}"}
    rows = summary_rows(measurements, ("dataset", "max_trials"), columns.items())
    headings = ["data set", "trials", "seeds", "search, s", "plain loop, s", "ratio"]
    return markdown_table(headings, rows) + failures(measurements, "dataset", "seed")


SUITE = Suite(
    name="overhead",
    title="A search compared with training its networks in a plain loop",
    defaults={"datasets": ["titanic"], "seeds": [0], "trials": [20]},
    quick={"trials": [3]},
    measurements=measurements,
    make_table=make_table,
)
