"""Tables of errors over those of references, in all, by group and by table."""

import statistics

from benchmarks.harness.error_ratios import (
    OF_ERRORS,
    common_means,
    comparable,
    error_ratios,
    scored,
    scores_by_table,
)
from benchmarks.harness.markdown import grouped, markdown_table
from benchmarks.harness.ranks import average_ranks
from benchmarks.suites.references import REFERENCE

# Peer whose error is a second reference, where its scores are there.
SECOND_REFERENCE = "catboost"
# Groups of tables by training rows: heading -> least number, and the first above.
SIZES = {
    "less than 1 000 rows": (0, 1000),
    "1 000 to 3 000 rows": (1000, 3000),
    "3 000 to 10 000 rows": (3000, 10_000),
    "10 000 rows or more": (10_000, float("inf")),
}
KINDS = ("binary", "multiclass", "regression")
N_WORST = 5
# One split of fewer test rows is noise.
ENOUGH_TEST_ROWS = 300


def starred(methods, measurements):
    """Return the names of methods, with a star if they are references."""
    references = {row["method"] for row in measurements if row.get("reference")}
    return [f"{name}*" if name in references else name for name in methods]


def make_error_report(measurements):
    """Make Markdown of the errors over those of the reference.

    Parameters
    ----------
    measurements : list of dict
        Measurements of the suite `tabular`.

    Returns
    -------
    text : str
        Empty unless the reference has scores on tables of a folder.
    """
    rows = [
        row
        for row in scored(measurements)
        if row["metric"] in OF_ERRORS and "kind" in row
    ]
    ratios = error_ratios(rows, REFERENCE)
    if not ratios:
        return ""
    facts = {row["dataset"]: row for row in rows}
    measured = [m for m in ratios if not starred([m], rows)[0].endswith("*")]
    others = sorted(method for method in ratios if method not in measured)
    methods = measured + others
    parts = [
        f"## Errors over those of {REFERENCE}",
        _explanation(rows, others),
        _summary(rows, methods, ratios, facts),
        _worst(measured, ratios, facts),
        _by_group(rows, methods, ratios, facts),
        _by_table(rows, methods, measured, ratios, facts),
    ]
    return "\n\n".join(part for part in parts if part)


def _explanation(rows, references):
    """Explain the figures, and say where those of the references come from."""
    sources = grouped((row for row in rows if row.get("reference")), "reference")
    stars = [
        f"{', '.join(starred(dict.fromkeys(row['method'] for row in own), rows))}: "
        f"{source}."
        for (source,), own in sources.items()
    ]
    return " ".join(
        [
            "The error is 1 - score in the metric of the table, but at least 0.001 and "
            "half a test row. Means of ratios are geometric.",
            *stars,
        ]
    )


def _summary(rows, methods, ratios, facts):
    """Make the table over all tables: one line per method."""
    second = error_ratios(rows, SECOND_REFERENCE)
    ranks, best = _ranks_and_wins(rows)
    names = starred(methods, rows)
    lines = []
    for name, method in zip(names, methods, strict=True):
        own = ratios[method]
        enough = [t for t in own if facts[t]["n_test_rows"] > ENOUGH_TEST_ROWS]
        lines.append(
            [
                name,
                len(own),
                _mean(own.values()),
                _mean(second.get(method, {}).values()),
                ranks.get(method, "-"),
                best.get(method, "-"),
                sum(ratio < 1 for ratio in own.values()),
                _form(max((own[t] for t in enough), default=None)),
                *_mean_costs(rows, method),
            ]
        )
    headings = [
        "method",
        "tables",
        f"error / {REFERENCE}",
        f"error / {SECOND_REFERENCE}",
        "average rank",
        "best on",
        f"better than {REFERENCE}",
        f"worst of > {ENOUGH_TEST_ROWS} test rows",
        "log loss",
        "fit, s",
        "trials",
    ]
    return markdown_table(headings, lines)


def _ranks_and_wins(rows):
    """Return average ranks, and numbers of tables on which none is better."""
    methods, scores = comparable(rows)
    if not scores:
        return {}, {}
    ranks = average_ranks(list(scores.values()))
    best = [
        sum(row[i] == max(row) for row in scores.values()) for i in range(len(ranks))
    ]
    forms = [f"{rank:.2f}" for rank in ranks]
    return dict(zip(methods, forms, strict=True)), dict(zip(methods, best, strict=True))


def _mean_costs(rows, method):
    """Return means over the tables of log loss, seconds and trials."""
    cells = []
    for key, form in (
        ("log_loss", "{:.3f}"),
        ("fit_seconds", "{:.1f}"),
        ("n_trials", "{:.1f}"),
    ):
        values = [row.get(key) for row in rows if row["method"] == method]
        values = [value for value in values if value is not None]
        cells.append(form.format(statistics.mean(values)) if values else "-")
    return cells


def _worst(measured, ratios, facts):
    """List the tables on which the measured methods have the greatest ratios."""
    lines = []
    for method in measured:
        worst = sorted(ratios[method], key=ratios[method].get, reverse=True)[:N_WORST]
        tables = [
            f"{t} {ratios[method][t]:.2f} ({facts[t]['n_test_rows']} test rows)"
            for t in worst
        ]
        lines.append(f"- Worst of {method}: {', '.join(tables)}")
    return "\n".join(lines)


def _by_group(rows, methods, ratios, facts):
    """Make the table of mean ratios by size and by kind."""
    groups = {
        name: [t for t in facts if low <= facts[t]["n_rows"] < high]
        for name, (low, high) in SIZES.items()
    }
    groups |= {kind: [t for t in facts if facts[t]["kind"] == kind] for kind in KINDS}
    lines = []
    for name, tables in groups.items():
        tables = [t for t in tables if t in ratios[REFERENCE]]
        means = [_mean(ratios[m][t] for t in tables if t in ratios[m]) for m in methods]
        lines.append([name, len(tables), *means])
    return markdown_table(["group", "tables", *starred(methods, rows)], lines)


def _by_table(rows, methods, measured, ratios, facts):
    """Make the table of all scores, and of the ratios of the measured methods."""
    tables = scores_by_table(rows)
    lines = []
    for name, row in facts.items():
        own = tables[name]
        means = common_means(*own.values()) or [None] * len(own)
        scores = dict(zip(own, means, strict=True))
        lines.append(
            [
                name,
                row["kind"],
                row["metric"],
                row["n_rows"],
                *(_form(scores.get(m), "{:.4f}") for m in methods),
                *(_form(ratios[m].get(name)) for m in measured),
            ]
        )
    headings = [
        "table",
        "kind",
        "metric",
        "rows",
        *starred(methods, rows),
        *(f"error of {m} / {REFERENCE}" for m in measured),
    ]
    return markdown_table(headings, lines, n_labels=3)


def _mean(ratios):
    ratios = list(ratios)
    return _form(statistics.geometric_mean(ratios) if ratios else None, "{:.3f}")


def _form(value, form="{:.2f}"):
    return "-" if value is None else form.format(value)
