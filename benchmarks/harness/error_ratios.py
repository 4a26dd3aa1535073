"""Scores of methods table by table, and their errors over those of a reference."""

import statistics

from benchmarks.harness.markdown import grouped, without_errors

# Metric of a table -> key of a measurement, and 1 or -1: whether greater is better.
METRICS = {
    "accuracy": ("score", 1),
    "AUC": ("auc", 1),
    "R2": ("score", 1),
    "RMSE": ("rmse", -1),
}
# Metrics whose best value is 1, so that 1 - score is an error.
OF_ERRORS = ("accuracy", "AUC", "R2")
# Decimals of the scores of peers. All scores have them, so that equal results tie.
DECIMALS = 4
# With these decimals, a smaller error is known too badly for a ratio.
LEAST_ERROR = 1e-3


def score_of(measurement):
    """Return the score in the metric of the table; greater is better.

    None means that the method has no such score. Scores whose best value is 1 are
    rounded to `DECIMALS`.
    """
    metric = measurement["metric"]
    key, sign = METRICS[metric]
    value = measurement[key]
    if value is None:
        return None
    return sign * (round(value, DECIMALS) if metric in OF_ERRORS else value)


def scored(measurements):
    """Return the measurements that have a score in the metric of their table."""
    rows = without_errors(measurements)
    return [row for row in rows if score_of(row) is not None]


def least_error(n_test_rows):
    """Return the error that stands for all smaller ones.

    A classifier without a mistake on few rows is not infinitely better than one with a
    mistake. Half a test row is what is certain about its error, but not less than
    `LEAST_ERROR`.

    Parameters
    ----------
    n_test_rows : int
        Number of rows that the error was measured on.

    Examples
    --------
    >>> least_error(50), least_error(10_000)
    (0.01, 0.001)
    """
    return max(LEAST_ERROR, 0.5 / n_test_rows)


def scores_by_table(measurements):
    """Return the scores by table, method and seed.

    Parameters
    ----------
    measurements : list of dict
        Measurements of the suite `tabular`.

    Returns
    -------
    scores : dict of str to dict of str to dict
        Scores by seed, by method, by table. The seed None means that the score is to
        be compared with those of all seeds.
    """
    return {
        dataset: {
            method: {row["seed"]: score_of(row) for row in own}
            for (method,), own in grouped(rows, "method").items()
        }
        for (dataset,), rows in grouped(scored(measurements), "dataset").items()
    }


def common_means(*scores):
    """Return the mean score of every method over the seeds that all of them have.

    Parameters
    ----------
    *scores : dict
        Scores of one method by seed. A score of the seed None counts for all seeds.

    Returns
    -------
    means : list of float or None
        None if the methods have no seed in common.

    Examples
    --------
    >>> common_means({0: 0.5, 1: 0.75}, {None: 0.25}), common_means({0: 0.5}, {1: 0.5})
    ([0.625, 0.25], None)
    """
    by_seed = [own for own in scores if None not in own]
    if not by_seed:
        return [own[None] for own in scores]
    seeds = [seed for seed in by_seed[0] if all(seed in own for own in by_seed)]
    if not seeds:
        return None
    return [
        own[None] if None in own else statistics.mean(own[seed] for seed in seeds)
        for own in scores
    ]


def comparable(measurements):
    """Return the scores of the methods on the data sets that all of them have.

    Parameters
    ----------
    measurements : list of dict
        Measurements of the suite `tabular`.

    Returns
    -------
    methods : list of str
        Methods with at least one result.
    scores : dict of str to list of float
        Scores of the methods by data set; greater is better. A score is the mean, over
        the seeds or splits that all methods have, of the metric of the data set; an
        RMSE is negative. A data set without such a seed or split is left out.
    """
    tables = scores_by_table(measurements)
    methods = list(dict.fromkeys(row["method"] for row in scored(measurements)))
    scores = {}
    for dataset, own in tables.items():
        if len(own) == len(methods):
            means = common_means(*(own[method] for method in methods))
            if means is not None:
                scores[dataset] = means
    return methods, scores


def error_ratios(measurements, reference):
    """Return the errors of the methods over those of a reference method.

    Parameters
    ----------
    measurements : list of dict
        Measurements of the suite `tabular`.
    reference : str
        Name of the reference method.

    Returns
    -------
    ratios : dict of str to dict of str to float
        Ratios by table, by method: the error of the method over that of the reference,
        for the tables that both have a score for. An error is 1 - score, but at least
        `least_error`. The score is the mean over the seeds that all methods with a
        score for the table have. Tables that are scored by RMSE are left out.
    """
    rows = [row for row in scored(measurements) if row["metric"] in OF_ERRORS]
    least = {row["dataset"]: least_error(row["n_test_rows"]) for row in rows}
    ratios = {}
    for dataset, own in scores_by_table(rows).items():
        means = common_means(*own.values())
        if means is None or reference not in own:
            continue
        errors = [max(1 - mean, least[dataset]) for mean in means]
        errors = dict(zip(own, errors, strict=True))
        for method, error in errors.items():
            ratios.setdefault(method, {})[dataset] = error / errors[reference]
    return ratios
