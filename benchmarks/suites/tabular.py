"""Comparison of skautokeras with other libraries on tables: scores, costs and ranks."""

import statistics

from benchmarks.datasets.table_data import TABLES, WITHOUT_TEST_FILE
from benchmarks.harness.markdown import (
    failures,
    grouped,
    markdown_table,
    mean_and_spread,
    summarize,
    without_errors,
)
from benchmarks.harness.peers import run_peer
from benchmarks.harness.process import patience, run_once
from benchmarks.harness.ranks import (
    average_ranks,
    critical_difference,
    friedman_p_value,
    plot_ranks,
    win_rates,
)
from benchmarks.harness.suite import Suite

# Peer whose environment a method needs. None is the environment of skautokeras.
METHODS = {
    "skautokeras": None,
    "real_mlp": None,
    "tab_m": None,
    "hist_gradient_boosting": None,
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
# More trials than AutoKeras can make in its time, so that only the time ends it.
AUTOKERAS_TRIALS = 100
# Key of a measurement by which methods are ranked, and its sign, for each task.
RANKS_BY = {"classification": ("score", 1), "regression": ("rmse", -1)}
# Columns of the table of each task: heading -> (key, format). Methods are ranked by the
# first one.
SCORES = {
    "classification": {
        "accuracy": ("score", "{:.4f}"),
        "AUC": ("auc", "{:.4f}"),
        "log loss": ("log_loss", "{:.4f}"),
        "ECE": ("calibration_error", "{:.4f}"),
    },
    "regression": {"RMSE": ("rmse", "{:.5g}"), "R2": ("score", "{:.4f}")},
}
COSTS = {
    "fit, s": ("fit_seconds", "{:.1f}"),
    "import, s": ("import_seconds", "{:.1f}"),
    "trials": ("n_trials", "{:.0f}"),
    "trials / min": ("trials_per_minute", "{:.1f}"),
    "peak RSS, MB": ("peak_rss_mb", "{:.0f}"),
}


def measurements(options):
    """Yield one measurement per data set, seed or split, and method.

    Raises
    ------
    ValueError
        If the options name several numbers of rows, which the ranks would mix.
    """
    if len(options.rows) > 1:
        raise ValueError(f"tabular takes one number of --rows, got {options.rows}.")
    for dataset in options.datasets:
        # Without a test file, the seed is the number of the split as well.
        splits = range(options.splits)
        for seed in splits if dataset in WITHOUT_TEST_FILE else options.seeds:
            for method in options.methods:
                case = {
                    "dataset": dataset,
                    "method": method,
                    "seed": seed,
                    "max_time": options.max_time,
                    "rows": options.rows[0],
                }
                yield {**case, **_measure(options, case)}


def _measure(options, case):
    """Return the measurement of one method, which runs in a process of its own."""
    spec = {
        **case,
        "folder": options.folder,
        "params": {"max_time": options.max_time},
        "max_trials": options.autokeras_trials,
        "column_types": options.autokeras_column_types,
    }
    peer = METHODS[case["method"]]
    timeout = patience(options.max_time)
    if peer is None:
        return run_once(FUNCTIONS[None], spec, timeout=timeout)
    interpreter = getattr(options.peers, peer)
    return run_peer(FUNCTIONS[peer], spec, interpreter, timeout=timeout)


def make_table(measurements):
    """Make Markdown: tables of the scores by task, then ranks and win rates."""
    measured = {TABLES[row["dataset"]] for row in measurements}
    parts = [
        _scores_table(measurements, task)
        for task in SCORES
        if task in measured or not measured
    ]
    parts += [_ranks_table(measurements), _notes(measurements)]
    why = failures(measurements, "dataset", "method", "seed")
    return "\n\n".join(part for part in parts if part) + why


def _scores_table(measurements, task):
    """Make a table of one task: one line per data set and method."""
    scores = SCORES[task]
    rows = []
    for (dataset, method), group in grouped(measurements, "dataset", "method").items():
        if TABLES[dataset] != task:
            continue
        good = without_errors(group)
        label = [dataset, method, f"{len(good)}/{len(group)}"]
        for columns, form_values in ((scores, mean_and_spread), (COSTS, summarize)):
            label += [
                form_values([row[key] for row in good], form)
                for key, form in columns.values()
            ]
        rows.append(label)
    ranking = next(iter(scores))
    headings = ["data set", "method", "runs", *scores, *COSTS]
    table = markdown_table(headings, rows, n_labels=3)
    return f"## {task.capitalize()}: {ranking} ranks\n\n{table}"


def comparable(measurements):
    """Return the scores of the methods on the data sets that all of them have.

    Parameters
    ----------
    measurements : list of dict
        Measurements of the suite.

    Returns
    -------
    methods : list of str
        Methods with at least one result.
    scores : dict of str to list of float
        Scores of the methods by data set; greater is better. A score is the mean
        accuracy, or the mean negative RMSE, over the seeds or splits that all methods
        have. A data set without such a seed or split is left out.
    """
    good = without_errors(measurements)
    methods = list(dict.fromkeys(row["method"] for row in good))
    scores = {}
    for (dataset,), group in grouped(good, "dataset").items():
        key, sign = RANKS_BY[TABLES[dataset]]
        complete = [
            [row[key] for row in sorted(rows, key=lambda r: methods.index(r["method"]))]
            for rows in grouped(group, "seed").values()
            if len(rows) == len(methods)
        ]
        if complete:
            columns = zip(*complete, strict=True)
            scores[dataset] = [sign * statistics.mean(column) for column in columns]
    return methods, scores


def _ranks_table(measurements):
    """Make the table of average ranks and win rates; empty without a comparison."""
    methods, scores = comparable(measurements)
    if len(methods) < 2 or not scores:
        return ""
    table = list(scores.values())
    ranks, wins = average_ranks(table), win_rates(table)
    order = sorted(range(len(methods)), key=lambda i: ranks[i])
    names = [methods[i] for i in order]
    rows = [
        [
            methods[i],
            f"{ranks[i]:.2f}",
            *("-" if i == j else f"{wins[i, j]:.2f}" for j in order),
        ]
        for i in order
    ]
    headings = ["method", "average rank", *(f"against {name}" for name in names)]
    difference = critical_difference(len(methods), len(table))
    p_value = friedman_p_value(table)
    text = (
        f"Over {len(table)} data sets ({', '.join(scores)}): average rank (1 is the "
        "best), and the share of the data sets on which a method is better than "
        "another, a tie being half of it. Critical difference (Nemenyi, 0.05): "
        f"{difference:.2f}."
    )
    if p_value is not None:
        text += f" Friedman test: p = {p_value:.2g}."
    left_out = [d for (d,) in grouped(measurements, "dataset") if d not in scores]
    if left_out:
        text += f" Left out, as a method has no result: {', '.join(left_out)}."
    return f"## Ranks\n\n{text}\n\n{markdown_table(headings, rows)}"


def _notes(measurements):
    """Make a list of the notes of the methods, each with its data sets."""
    lines = [
        f"- {method}: {note} ({', '.join(d for (d,) in grouped(rows, 'dataset'))})"
        for (method, note), rows in grouped(
            without_errors(measurements), "method", "note"
        ).items()
    ]
    return "\n".join(lines)


def plot(measurements, path):
    """Write the critical-difference diagram, if there is anything to compare.

    Parameters
    ----------
    measurements : list of dict
        Measurements of the suite.
    path : Path
        Path of the figures without their suffixes.
    """
    methods, scores = comparable(measurements)
    if len(methods) > 1 and scores:
        plot_ranks(methods, list(scores.values()), path)


SUITE = Suite(
    name="tabular",
    title="Scores on tables",
    defaults={
        "datasets": list(TABLES),
        "seeds": [0, 1, 2],
        "splits": 5,
        "rows": [None],
        "methods": list(METHODS),
        "max_time": 120.0,
        "autokeras_trials": AUTOKERAS_TRIALS,
        "autokeras_column_types": "dtype",
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
)
