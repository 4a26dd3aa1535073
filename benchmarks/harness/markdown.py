"""Markdown tables of measurements."""

import statistics

# Columns of the suites that compare searches: heading -> (key, format).
SEARCH_COLUMNS = {
    "score": ("score", "{:.4f}"),
    "fit, s": ("fit_seconds", "{:.1f}"),
    "predict, s": ("predict_seconds", "{:.1f}"),
    "trials": ("n_trials", "{:.0f}"),
    "peak RSS, MB": ("peak_rss_mb", "{:.0f}"),
}


def markdown_table(headings, rows, n_labels=1):
    """Make a Markdown table.

    Parameters
    ----------
    headings : sequence of str
        Headings of the columns.
    rows : iterable of sequence of str
        Cells of each row.
    n_labels : int, default=1
        Number of columns, from the left, that hold labels. They are aligned to the
        left and the columns with numbers to the right.

    Returns
    -------
    table : str
    """
    rules = ["---" if i < n_labels else "---:" for i in range(len(headings))]
    rows = [[_on_one_line(cell).replace("|", "\\|") for cell in row] for row in rows]
    lines = [headings, rules, *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _on_one_line(text):
    return " ".join(str(text).split())


def summarize(values, form):
    """Format measurements as their median and, if they differ, their range.

    Parameters
    ----------
    values : iterable of (float or None)
        One value per seed; None is left out.
    form : str
        A format such as `"{:.1f}"`.

    Returns
    -------
    text : str

    Examples
    --------
    >>> summarize([3.0, 1.0, 2.0], "{:.1f}")
    '2.0 (1.0 to 3.0)'
    >>> summarize([None], "{:.1f}")
    '-'
    """
    values = _measured(values)
    if not values:
        return "-"
    median, low, high = (
        form.format(v) for v in (statistics.median(values), min(values), max(values))
    )
    return median if low == high else f"{median} ({low} to {high})"


def mean_and_spread(values, form):
    """Format measurements as their mean and standard deviation.

    Parameters
    ----------
    values : iterable of (float or None)
        One value per seed or split; None is left out.
    form : str
        A format such as `"{:.1f}"`.

    Returns
    -------
    text : str

    Examples
    --------
    >>> mean_and_spread([3.0, 1.0, 2.0], "{:.1f}")
    '2.0 ± 1.0'
    >>> mean_and_spread([2.0], "{:.1f}"), mean_and_spread([None], "{:.1f}")
    ('2.0', '-')
    """
    values = _measured(values)
    if not values:
        return "-"
    mean = form.format(statistics.mean(values))
    if len(values) == 1:
        return mean
    return f"{mean} ± {form.format(statistics.stdev(values))}"


def median(values):
    """Return the median of the values that are not None, or None without any."""
    values = _measured(values)
    return statistics.median(values) if values else None


def _measured(values):
    return [value for value in values if value is not None]


def grouped(measurements, *keys):
    """Group measurements by the values of some keys, in order of appearance."""
    groups = {}
    for row in measurements:
        groups.setdefault(tuple(row[key] for key in keys), []).append(row)
    return groups


def without_errors(measurements):
    """Return the measurements that did not fail."""
    return [row for row in measurements if not row.get("error")]


def summary_rows(measurements, labels, columns):
    """Return the rows of a table: labels, number of measurements, summaries.

    Parameters
    ----------
    measurements : list of dict
        Measurements; the failed ones are left out.
    labels : sequence of str
        Keys whose values identify a row.
    columns : iterable of (str, str)
        Key and format of each summarized value.

    Returns
    -------
    rows : list of list of str
    """
    columns = list(columns)
    return [
        [
            *label,
            len(group),
            *(summarize([row[key] for row in group], form) for key, form in columns),
        ]
        for label, group in grouped(without_errors(measurements), *labels).items()
    ]


def failures(measurements, *keys):
    """Return a Markdown list of the failed measurements; empty if there are none.

    Parameters
    ----------
    measurements : list of dict
        Measurements; those with an "error" are listed.
    keys : str
        Keys that identify a measurement. Keys that it lacks are left out.
    """
    lines = []
    for row in measurements:
        if row.get("error"):
            which = ", ".join(f"{key} {row[key]}" for key in keys if key in row)
            lines.append(f"- {which}: {_on_one_line(row['error'])}")
    return "\n\nNot measured:\n\n" + "\n".join(lines) if lines else ""
