"""The report of the suite `tabular`: scores, errors, ranks and notes."""

from benchmarks.harness.error_ratios import comparable
from benchmarks.harness.markdown import (
    failures,
    grouped,
    markdown_table,
    mean_and_spread,
    summarize,
    without_errors,
)
from benchmarks.harness.ranks import (
    average_ranks,
    critical_difference,
    friedman_p_value,
    plot_ranks,
    win_rates,
)
from benchmarks.suites.error_report import make_error_report, starred

# Columns of the table of each task: heading -> (key, format).
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


def make_table(measurements):
    """Make Markdown: tables of the scores by task, errors, ranks and win rates."""
    measured = [row for row in measurements if not row.get("reference")]
    tasks = {row["task"] for row in measured}
    parts = [
        _scores_table(measured, task) for task in SCORES if task in tasks or not tasks
    ]
    parts += [
        make_error_report(measurements),
        _ranks_table(measurements),
        _notes(measured),
    ]
    why = failures(measurements, "dataset", "method", "seed")
    return "\n\n".join(part for part in parts if part) + why


def _scores_table(measurements, task):
    """Make a table of one task: one line per data set and method."""
    scores = SCORES[task]
    rows = []
    for (dataset, method), group in grouped(measurements, "dataset", "method").items():
        if group[0]["task"] != task:
            continue
        good = without_errors(group)
        label = [dataset, method, f"{len(good)}/{len(group)}"]
        for columns, form_values in ((scores, mean_and_spread), (COSTS, summarize)):
            label += [
                form_values([row[key] for row in good], form)
                for key, form in columns.values()
            ]
        rows.append(label)
    headings = ["data set", "method", "runs", *scores, *COSTS]
    table = markdown_table(headings, rows, n_labels=3)
    metrics = sorted({row["metric"] for row in measurements if row["task"] == task})
    ranking = " or ".join(metrics) or next(iter(scores))
    return f"## {task.capitalize()}: {ranking} ranks\n\n{table}"


def _ranks_table(measurements):
    """Make the table of average ranks and win rates; empty without a comparison."""
    methods, scores = comparable(measurements)
    if len(methods) < 2 or not scores:
        return ""
    table = list(scores.values())
    ranks, wins = average_ranks(table), win_rates(table)
    order = sorted(range(len(methods)), key=lambda i: ranks[i])
    names = starred(methods, measurements)
    rows = [
        [
            names[i],
            f"{ranks[i]:.2f}",
            *("-" if i == j else f"{wins[i, j]:.2f}" for j in order),
        ]
        for i in order
    ]
    headings = ["method", "average rank", *(f"against {names[i]}" for i in order)]
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
