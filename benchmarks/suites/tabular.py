"""Comparison of skautokeras with other libraries on tables: scores, costs and ranks."""

from dataclasses import asdict
from functools import partial
from pathlib import Path

from benchmarks.datasets.table_data import TABLES, TASKS, WITHOUT_TEST_FILE
from benchmarks.datasets.table_folder import find_tables, halve, read_facts
from benchmarks.harness.peers import AUTOKERAS_TRIALS, run_peer
from benchmarks.harness.process import patience, run_once
from benchmarks.harness.results import key_of
from benchmarks.harness.suite import Suite
from benchmarks.harness.variants import variants
from benchmarks.suites.references import REFERENCE, fold_row, peer_rows
from benchmarks.suites.tabular_report import make_table, plot

# Peer whose environment a method needs. None is the environment of skautokeras.
METHODS = {
    "skautokeras": None,
    "skautokeras_networks": None,
    "skautokeras_trees": None,
    "real_mlp": None,
    "tab_m": None,
    "hist_gradient_boosting": None,
    REFERENCE: None,
    "tuned_hist_gradient_boosting": None,
    "mlp": None,
    "realmlp_td": "pytabkit",
    "tabm_d": "pytabkit",
    "autokeras": "autokeras",
}
FUNCTIONS = {
    None: "benchmarks.methods.table_methods:fit_method",
    "pytabkit": "benchmarks.methods.pytabkit_methods:fit_pytabkit",
    "autokeras": "benchmarks.methods.autokeras_method:fit_autokeras",
}
# Methods that are measured by default on known data sets.
_ON_REQUEST = {REFERENCE, "skautokeras_networks", "skautokeras_trees"}
DEFAULT_METHODS = [method for method in METHODS if method not in _ON_REQUEST]
# Metrics of known data sets.
KNOWN_METRICS = {"classification": "accuracy", "regression": "RMSE"}


def folder_defaults(folder):
    """Return the defaults for a folder of tables, and none for the known data sets.

    Parameters
    ----------
    folder : path-like
        The data folder. It is a folder of tables if it has tables but no known one.

    Returns
    -------
    defaults : dict
        All tables of the folder, and the options with which its peers were measured.
    """
    tables = find_tables(folder)
    if not tables or any(name in TASKS for name in tables):
        return {}
    options = {"methods": ["skautokeras"], "seeds": [0], "max_time": 60.0}
    return {"datasets": tables, **options}


def measurements(options):
    """Yield one measurement per data set, seed, split or fold, and method.

    The scores of peers, and the reference on a fold, come before the methods.

    Raises
    ------
    ValueError
        If the options name several numbers of rows, which the ranks would mix, or
        folds or halves of data sets that have none.
    """
    _check(options)
    for dataset, facts in _select_tables(options).items():
        case = {
            "dataset": dataset,
            **facts,
            "max_time": options.max_time,
            "rows": options.rows[0],
        }
        yield from _references(options, case)
        yield from _measured(options, case)


def _check(options):
    """Raise a `ValueError` if the options do not fit together."""
    if len(options.rows) > 1:
        raise ValueError(f"tabular takes one number of --rows, got {options.rows}.")
    for option, value in (("validation", options.validation), ("half", options.half)):
        unfit = [name for name in options.datasets if name in WITHOUT_TEST_FILE]
        if value is not None and unfit:
            raise ValueError(
                f"--{option} is for tables with a training file, which "
                f"{', '.join(unfit)} lack."
            )
    if min(options.validation or [0]) < 0:
        raise ValueError(f"Folds are counted from 0, got {options.validation}.")


def _select_tables(options):
    """Return the facts about the data sets to measure, by name."""
    names = options.datasets
    if options.half is not None:
        tables = find_tables(options.folder)
        facts = {name: read_facts(options.folder, name) for name in tables}
        half = halve(facts)[options.half]
        names = [name for name in names if name in half]
        if not names:
            raise ValueError(f"The {options.half} half has none of the data sets.")
    return {name: _facts(options, name) for name in names}


def _facts(options, dataset):
    """Return the facts about a data set that are part of its measurements."""
    known = {}
    if dataset in TABLES:
        task = TABLES[dataset]
        known = {"task": task, "metric": KNOWN_METRICS[task]}
    if dataset in WITHOUT_TEST_FILE:
        return known
    return {**asdict(read_facts(options.folder, dataset)), **known}


def _seeds(options, dataset):
    """Return the seeds of the methods, which number splits and folds as well."""
    if dataset in WITHOUT_TEST_FILE:
        return range(options.splits)
    return options.seeds if options.validation is None else options.validation


def _references(options, case):
    """Yield the measurements of references that the run does not have yet."""
    if options.validation is None:
        # The peers have learned from all rows.
        rows = []
        if case["rows"] is None:
            rows = peer_rows(options.folder, case, options.methods)
        yield from (row for row in rows if _is_wanted(options, row))
    elif REFERENCE not in options.methods:
        for seed in options.validation:
            row = {**case, "seed": seed}
            if _is_wanted(options, {**row, "method": REFERENCE}):
                yield fold_row(
                    options.folder,
                    row,
                    Path(options.references),
                    partial(_measure, options),
                )


def _measured(options, case):
    """Yield the measurements of the methods that the run does not have yet."""
    for seed in _seeds(options, case["dataset"]):
        for name, method, params in variants(options.methods, options.params):
            row = {**case, "method": name, "seed": seed, "params": params}
            if _is_wanted(options, row):
                yield {**row, **_measure(options, row, method)}


def _is_wanted(options, row):
    """Return whether an earlier run has not made a measurement."""
    return key_of(SUITE, row) not in options.finished


def _measure(options, row, method):
    """Return the measurement of one method, which runs in a process of its own."""
    params = {"max_time": options.max_time, **row.get("params", {})}
    spec = {
        **row,
        "method": method,
        "folder": options.folder,
        "params": params,
        "validation": options.validation is not None,
        "max_trials": options.autokeras_trials,
        "column_types": options.autokeras_column_types,
    }
    peer = METHODS[method]
    timeout = patience(params["max_time"] or options.max_time)
    if peer is None:
        return run_once(FUNCTIONS[None], spec, timeout=timeout)
    interpreter = getattr(options.peers, peer)
    return run_peer(FUNCTIONS[peer], spec, interpreter, timeout=timeout)


SUITE = Suite(
    name="tabular",
    title="Scores on tables",
    defaults={
        "datasets": list(TABLES),
        "seeds": [0, 1, 2],
        "splits": 5,
        "rows": [None],
        "methods": DEFAULT_METHODS,
        "max_time": 120.0,
        "autokeras_trials": AUTOKERAS_TRIALS,
        "autokeras_column_types": "dtype",
        "validation": None,
        "half": None,
        "params": [{}],
        "references": "benchmark-results/references.jsonl",
    },
    quick={
        "datasets": ["breast_cancer", "diabetes"],
        "splits": 1,
        "max_time": 10.0,
        "autokeras_trials": 1,
    },
    measurements=measurements,
    make_table=make_table,
    plot=plot,
    folder_defaults=folder_defaults,
    keys=("dataset", "method", "seed"),
)
