"""Trials per minute: skautokeras, KerasTuner on the same networks, AutoKeras."""

import tempfile
import time
from importlib.metadata import version

from benchmarks.datasets.table_data import read_split
from benchmarks.harness.markdown import (
    failures,
    grouped,
    markdown_table,
    without_errors,
)
from benchmarks.harness.peers import run_peer
from benchmarks.harness.process import run_once
from benchmarks.harness.suite import Suite


def measurements(options):
    """Yield one measurement per data set, seed and method.

    skautokeras and KerasTuner are measured for every number of trials.
    """
    for dataset in options.datasets:
        for seed in options.seeds:
            case = {"dataset": dataset, "seed": seed}
            for n_trials in options.trials:
                yield from _same_networks(options, {**case, "max_trials": n_trials})
            yield _autokeras(options, case)


def _same_networks(options, case):
    """Yield the measurements of skautokeras, and of KerasTuner on its networks."""
    spec = {**case, "folder": options.folder}
    params = {"max_trials": case["max_trials"]}
    ours = run_once(
        "benchmarks.methods.table_methods:fit_method",
        {**spec, "method": "skautokeras", "params": params},
    )
    yield {**case, "method": "skautokeras", **ours}
    if "error" not in ours:
        trained = [t for t in ours["trials"] if t["status"] != "failed"]
        spec["networks"] = [t["params"] for t in trained]
        spec["epochs"] = [t["epochs"] for t in trained]
        function = f"{__name__}:fit_keras_tuner"
        theirs = run_peer(function, spec, options.peers.keras_tuner)
        yield {**case, "method": "keras_tuner", **theirs}


def _autokeras(options, case):
    case = {**case, "max_trials": options.autokeras_trials}
    spec = {
        **case,
        "folder": options.folder,
        "max_time": None,
        "column_types": options.autokeras_column_types,
    }
    function = "benchmarks.methods.autokeras_method:fit_autokeras"
    theirs = run_peer(function, spec, options.peers.autokeras)
    return {**case, "method": "autokeras", **theirs}


def fit_keras_tuner(spec, report):
    """Report KerasTuner's random search over the networks that skautokeras has tried.

    `Model.fit` trains each network without early stopping, for as many epochs as
    skautokeras trained it, with the same optimizer, learning rate and batch size.
    """
    import keras
    import keras_tuner

    from benchmarks.internals import prepare_search
    from benchmarks.methods.table_methods import make_estimator

    # For a KerasTuner oracle, seed 0 means no seed.
    seed = spec["seed"] + 1
    keras.utils.set_random_seed(seed)
    X, y = read_split(spec["folder"], spec["dataset"], "train")
    started = time.perf_counter()
    estimator = make_estimator(spec["dataset"], random_state=spec["seed"])
    preparation = prepare_search(estimator, X, y)
    with tempfile.TemporaryDirectory() as directory:
        tuner = keras_tuner.RandomSearch(
            _make_hypermodel(preparation, spec["networks"], spec["epochs"]),
            objective=keras_tuner.Objective("val_loss", "min"),
            max_trials=len(spec["networks"]),
            seed=seed,
            directory=directory,
            overwrite=True,
        )
        tuner.search(verbose=0)
        seconds = time.perf_counter() - started
        trials = tuner.oracle.trials.values()
        n_trials = sum(trial.status == "COMPLETED" for trial in trials)
    report(
        {
            "fit_seconds": seconds,
            "n_trials": n_trials,
            "trials_per_minute": 60 * n_trials / seconds,
            "note": f"keras-tuner {version('keras-tuner')}, keras {keras.__version__}",
        }
    )


def _make_hypermodel(preparation, networks, epochs):
    """Return a hypermodel whose only hyperparameter is the number of the network."""
    import keras
    import keras_tuner

    from benchmarks.internals import build

    optimizers = {
        "adam": keras.optimizers.Adam,
        "nadam": keras.optimizers.Nadam,
        "rmsprop": keras.optimizers.RMSprop,
    }

    class TriedNetworks(keras_tuner.HyperModel):
        def build(self, hp):
            number = hp.Int("network", 0, len(networks) - 1)
            self.built = build(preparation, networks[number])
            training = self.built.training
            self.built.network.compile(
                optimizers[training.optimizer](
                    training.learning_rate, weight_decay=training.weight_decay
                ),
                loss={self.built.head: self.built.loss},
            )
            return self.built.network

        def fit(self, hp, model, **arguments):
            head = self.built.head
            (x, y), (x_valid, y_valid) = self.built.train, self.built.valid
            return model.fit(
                x,
                {head: y},
                validation_data=(x_valid, {head: y_valid}),
                batch_size=self.built.training.batch_size,
                epochs=epochs[hp.get("network")],
                **arguments,
            )

    return TriedNetworks()


def make_table(measurements):
    """Make a Markdown table of the rates, and of how they compare with skautokeras."""
    rows = []
    for (dataset, seed), group in grouped(measurements, "dataset", "seed").items():
        ours = None
        for row in without_errors(group):
            rate = row["trials_per_minute"]
            is_ours = row["method"] == "skautokeras"
            # A peer is compared with the last search of skautokeras before it.
            ours = rate if is_ours else ours
            rows.append(
                [
                    dataset,
                    row["method"],
                    seed,
                    row["n_trials"],
                    f"{row['fit_seconds']:.1f}",
                    f"{rate:.1f}",
                    "" if is_ours or not ours else f"{ours / rate:.1f} x",
                ]
            )
    headings = ["data set", "method", "seed", "trials", "fit, s", "trials / min"]
    headings.append("skautokeras does")
    notes = {f"- {row['note']}": None for row in without_errors(measurements)}
    table = markdown_table(headings, rows, n_labels=2)
    why = failures(measurements, "dataset", "method", "seed")
    return "\n".join([table, "", *notes]) + why


SUITE = Suite(
    name="rate",
    title="Trials per minute",
    defaults={
        "datasets": ["titanic"],
        "seeds": [0],
        "trials": [20, 60],
        "autokeras_trials": 5,
        "autokeras_column_types": "dtype",
    },
    quick={"trials": [3], "autokeras_trials": 1},
    measurements=measurements,
    make_table=make_table,
)
