"""Methods compared over data sets: ranks, win rates, critical difference.

After J. Demšar, "Statistical comparisons of classifiers over multiple data sets",
Journal of Machine Learning Research 7 (2006).
"""

from functools import cache

import numpy as np
from scipy.stats import friedmanchisquare, rankdata, studentized_range

from benchmarks.figures import new_figure, save_figure


def average_ranks(scores):
    """Return the rank of every method, as the mean over the data sets.

    Parameters
    ----------
    scores : array-like of shape (n_datasets, n_methods)
        Greater is better.

    Returns
    -------
    ndarray of shape (n_methods,)
        1 is the best; methods that are equally good share the mean of their ranks.

    Examples
    --------
    >>> average_ranks([[0.9, 0.8, 0.7], [0.5, 0.5, 0.4]])
    array([1.25, 1.75, 3.  ])
    """
    return rankdata(-np.asarray(scores, dtype="float64"), axis=1).mean(axis=0)


def win_rates(scores):
    """Return on which share of the data sets one method is better than another.

    Parameters
    ----------
    scores : array-like of shape (n_datasets, n_methods)
        Greater is better.

    Returns
    -------
    ndarray of shape (n_methods, n_methods)
        The method of the row against that of the column; a tie is half a win. A method
        against itself is 0.5.

    Examples
    --------
    >>> win_rates([[0.9, 0.8], [0.5, 0.5]])
    array([[0.5 , 0.75],
           [0.25, 0.5 ]])
    """
    scores = np.asarray(scores, dtype="float64")
    mine, theirs = scores[:, :, None], scores[:, None, :]
    return ((mine > theirs) + 0.5 * (mine == theirs)).mean(axis=0)


def friedman_p_value(scores):
    """Return how probable such ranks are if all methods are equally good.

    Parameters
    ----------
    scores : array-like of shape (n_datasets, n_methods)
        Greater is better.

    Returns
    -------
    float or None
        Of the Friedman test; None for fewer than three methods or two data sets, and
        where all methods are tied everywhere.

    Examples
    --------
    >>> round(friedman_p_value([[3, 2, 1]] * 4), 4)
    0.0183
    """
    scores = np.asarray(scores, dtype="float64")
    n_datasets, n_methods = scores.shape
    if n_datasets < 2 or n_methods < 3 or np.ptp(scores, axis=1).max() == 0:
        return None
    return float(friedmanchisquare(*scores.T).pvalue)


@cache
def critical_difference(n_methods, n_datasets, alpha=0.05):
    """Return by how much average ranks must differ to differ significantly.

    The test of Nemenyi, for all pairs of methods: q sqrt(k (k + 1) / (6 N)) for k
    methods on N data sets, where q is a quantile of the studentized range over sqrt(2).

    Parameters
    ----------
    n_methods : int
        At least 2.
    n_datasets : int
        At least 1.
    alpha : float, default=0.05
        Level of significance.

    Returns
    -------
    float

    Examples
    --------
    >>> round(critical_difference(4, 14), 2)
    1.25
    """
    q = studentized_range.ppf(1 - alpha, n_methods, np.inf) / np.sqrt(2)
    return float(q * np.sqrt(n_methods * (n_methods + 1) / (6 * n_datasets)))


def not_different(ranks, difference):
    """Return the largest groups of methods whose ranks differ by less than this.

    Parameters
    ----------
    ranks : array-like of shape (n_methods,)
        Average ranks.
    difference : float
        The critical difference.

    Returns
    -------
    list of (float, float)
        Lowest and highest rank of every group of at least two.

    Examples
    --------
    >>> not_different([3.0, 1.0, 1.5, 2.2], difference=1.3)
    [(1.0, 2.2), (2.2, 3.0)]
    """
    ranks = sorted(ranks)
    groups, end = [], 0
    for i, low in enumerate(ranks):
        last = max(j for j, rank in enumerate(ranks) if rank - low < difference)
        # A group that ends where the one before it ends is a part of that.
        if last > max(i, end):
            groups.append((low, ranks[last]))
            end = last
    return groups


def plot_ranks(methods, scores, path, alpha=0.05):
    """Write a critical-difference diagram.

    The methods hang from an axis at their average ranks; a thick bar joins those that
    do not differ significantly.

    Parameters
    ----------
    methods : sequence of str
        At least two.
    scores : array-like of shape (n_datasets, n_methods)
        Greater is better.
    path : Path
        Of the figures, without suffix; PNG and SVG are written.
    alpha : float, default=0.05
        Level of significance.
    """
    n_methods = len(methods)
    figure = new_figure(12, 1.6 + 0.3 * n_methods)
    if figure is None:
        return
    ranks = average_ranks(scores)
    difference = critical_difference(n_methods, len(scores), alpha)
    ax = figure.subplots()
    # Beside the axis is room for the names.
    margin = 0.75 * (n_methods - 1)
    ax.set(xlim=(1 - margin, n_methods + margin), ylim=(-1.2 - 0.45 * n_methods, 2.2))
    ax.axis("off")
    _draw_axis(ax, n_methods, difference)
    _draw_methods(ax, methods, ranks)
    for i, (low, high) in enumerate(not_different(ranks, difference)):
        height = -0.2 - 0.15 * i
        ax.plot([low - 0.02, high + 0.02], [height] * 2, color="black", linewidth=4)
    save_figure(figure, path)


def _draw_axis(ax, n_methods, difference):
    """Draw the ranks from the best to the last, and the critical difference above."""
    ax.plot([1, n_methods], [0.5, 0.5], color="black", linewidth=1)
    for rank in range(1, n_methods + 1):
        ax.plot([rank, rank], [0.5, 0.6], color="black", linewidth=1)
        ax.text(rank, 0.7, str(rank), ha="center", va="bottom")
    end = min(1 + difference, n_methods)
    ax.plot([1, end], [1.6, 1.6], color="black", linewidth=2)
    more = "" if end == 1 + difference else ", more than the axis"
    label = f"critical difference {difference:.2f}{more}"
    ax.text((1 + end) / 2, 1.7, label, ha="center", va="bottom")


def _draw_methods(ax, methods, ranks):
    """Draw lines down from the axis: the better half to the left, the others right."""
    order = np.argsort(ranks, kind="stable")
    n_left, gap = (len(order) + 1) // 2, 0.05 * (len(order) - 1)
    sides = (
        (order[:n_left], 1 - gap, 1 - 1.5 * gap, "right"),
        (order[n_left:][::-1], len(order) + gap, len(order) + 1.5 * gap, "left"),
    )
    for side, end, label, align in sides:
        for level, i in enumerate(side):
            height = -1.2 - 0.9 * level
            ax.plot(
                [ranks[i], ranks[i], end], [0.5, height, height], color="gray", zorder=0
            )
            name = f"{methods[i]} ({ranks[i]:.2f})"
            ax.text(label, height, name, ha=align, va="center")
