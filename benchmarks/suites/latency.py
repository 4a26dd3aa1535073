"""Seconds to import skautokeras, and to predict few or many rows."""

import json
import subprocess
import sys
import time

from benchmarks.datasets.table_data import read_split
from benchmarks.harness.markdown import (
    failures,
    grouped,
    markdown_table,
    median,
    summarize,
    without_errors,
)
from benchmarks.harness.process import environment, last_line, run
from benchmarks.harness.suite import Suite

IMPORTS = (
    "import skautokeras",
    "from skautokeras import StructuredDataClassifier",
    # For comparison: packages that every estimator needs.
    "import pandas, scipy.sparse, sklearn.callback",
)
_TIMING = """
import json, sys, time
started = time.perf_counter()
exec(sys.argv[1])
print(json.dumps([time.perf_counter() - started, "tensorflow" in sys.modules]))
"""
ROWS = (1, 100, 100_000)
# Calls of the Keras model alone, on prepared arrays.
KERAS_CALLS = ("model_.predict", "model_()", "tf.function(model_)")
# Seconds during which a call is repeated, and limits of the number of repetitions.
SPAN, MIN_REPETITIONS, MAX_REPETITIONS = 3.0, 5, 100


def measurements(options):
    """Yield one measurement per import and repetition, then one per call."""
    for statement in IMPORTS:
        for repetition in range(options.repetitions):
            case = {"import": statement, "repetition": repetition}
            yield {**case, **time_import(statement)}
    for dataset in options.datasets:
        for seed in options.seeds:
            case = {"dataset": dataset, "seed": seed}
            spec = {**case, "folder": options.folder, "max_trials": options.trials[0]}
            for result in run(f"{__name__}:time_predict", spec):
                yield {**case, **result}


def time_import(statement):
    """Return the seconds of an import in a fresh process."""
    command = [sys.executable, "-c", _TIMING, statement]
    done = subprocess.run(
        command, capture_output=True, text=True, env=environment(sys.executable)
    )
    if done.returncode != 0:
        return {"error": last_line(done.stderr, f"exit status {done.returncode}")}
    seconds, imports_tensorflow = json.loads(done.stdout)
    return {"seconds": seconds, "imports_tensorflow": imports_tensorflow}


def time_predict(spec, report):
    """Report the seconds of calls of the estimator, and of its Keras model alone."""
    import tensorflow as tf

    from benchmarks.internals import prepare_rows
    from benchmarks.methods.table_methods import make_estimator

    X, y = read_split(spec["folder"], spec["dataset"], "train")
    X_test, _ = read_split(spec["folder"], spec["dataset"], "test")
    estimator = make_estimator(
        spec["dataset"], max_trials=spec["max_trials"], random_state=spec["seed"]
    ).fit(X, y)
    model = estimator.model_
    compiled = tf.function(lambda arrays: model(arrays, training=False))
    for n_rows in ROWS:
        rows = X_test.iloc[[i % len(X_test) for i in range(n_rows)]]
        arrays = prepare_rows(estimator, rows)
        calls = {
            "estimator.predict": lambda rows=rows: estimator.predict(rows),
            "its preparation of rows": lambda rows=rows: prepare_rows(estimator, rows),
        }
        calls |= _keras_calls(model, compiled, arrays)
        for name, call in calls.items():
            first, *seconds = _repeat(call)
            report(
                {
                    "n_rows": n_rows,
                    "call": name,
                    "first_seconds": first,
                    "seconds": seconds,
                }
            )


def _keras_calls(model, compiled, arrays):
    """Return the `KERAS_CALLS` as functions without arguments."""
    functions = (
        lambda: model.predict(arrays, verbose=0),
        lambda: _to_numpy(model(arrays, training=False)),
        lambda: _to_numpy(compiled(arrays)),
    )
    return dict(zip(KERAS_CALLS, functions, strict=True))


def _to_numpy(outputs):
    return [output.numpy() for output in outputs.values()]


def _repeat(call):
    """Return the seconds of each of several calls."""
    seconds = []
    while len(seconds) <= MIN_REPETITIONS or (
        sum(seconds) < SPAN and len(seconds) < MAX_REPETITIONS
    ):
        started = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - started)
    return seconds


def make_table(measurements):
    """Make two Markdown tables: imports, and calls by number of rows."""
    good = without_errors(measurements)
    tables = [
        _import_table([row for row in good if "import" in row]),
        _predict_table([row for row in good if "call" in row]),
    ]
    why = failures(measurements, "import", "dataset", "seed")
    return "\n\n".join(tables) + why


def _import_table(measurements):
    rows = []
    for (statement,), group in grouped(measurements, "import").items():
        heavy = any(row["imports_tensorflow"] for row in group)
        seconds = summarize([row["seconds"] for row in group], "{:.2f}")
        rows.append([f"`{statement}`", "yes" if heavy else "no", len(group), seconds])
    headings = ["statement", "imports TensorFlow", "processes", "s"]
    return markdown_table(headings, rows, n_labels=2)


def _predict_table(measurements):
    rows = []
    groups = grouped(measurements, "dataset", "seed", "n_rows")
    for (dataset, seed, n_rows), group in groups.items():
        medians = {row["call"]: median(row["seconds"]) for row in group}
        for row in group:
            seconds = medians[row["call"]]
            rows.append(
                [
                    dataset,
                    seed,
                    n_rows,
                    row["call"],
                    f"{1000 * row['first_seconds']:.1f}",
                    f"{1000 * seconds:.2f}",
                    *(
                        f"{seconds / medians[call]:.2f}" if call in medians else "-"
                        for call in KERAS_CALLS
                    ),
                ]
            )
    headings = ["data set", "seed", "rows", "call", "first, ms", "later, ms"]
    headings += [f"ratio to {call}" for call in KERAS_CALLS]
    return markdown_table(headings, rows, n_labels=4)


SUITE = Suite(
    name="latency",
    title="Import and predict latency",
    defaults={
        "datasets": ["titanic"],
        "seeds": [0],
        "trials": [20],
        "repetitions": 5,
    },
    quick={"trials": [2], "repetitions": 2},
    measurements=measurements,
    make_table=make_table,
)
