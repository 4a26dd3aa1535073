"""Comparison of methods over data sets: ranks, win rates, critical difference.

The tests follow J. Demšar, "Statistical comparisons of classifiers over multiple data
sets", Journal of Machine Learning Research 7 (2006).
"""

from functools import cache

import numpy as np
from scipy.stats import friedmanchisquare, rankdata, studentized_range

from benchmarks.harness.figures import new_figure, save_figure


def average_ranks(scores):
    """Return the mean rank of every method over the data sets.

    Parameters
    ----------
    scores : array-like of shape (n_datasets, n_methods)
        Scores; greater is better.

    Returns
    -------
    ranks : ndarray of shape (n_methods,)
        Mean ranks; 1 is the best. Methods with equal scores share the mean of their
        ranks.

    Examples
    --------
    >>> average_ranks([[0.9, 0.8, 0.7], [0.5, 0.5, 0.4]])
    array([1.25, 1.75, 3.  ])
    """
    return rankdata(-np.asarray(scores, dtype="float64"), axis=1).mean(axis=0)


def win_rates(scores):
    """Return the share of the data sets on which one method is better than another.

    Parameters
    ----------
    scores : array-like of shape (n_datasets, n_methods)
        Scores; greater is better.

    Returns
    -------
    shares : ndarray of shape (n_methods, n_methods)
        Wins of the method of the row over the method of the column. A tie counts as
        half a win, so the diagonal is 0.5.

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
    """Return the p-value of the Friedman test that all methods are equally good.

    Parameters
    ----------
    scores : array-like of shape (n_datasets, n_methods)
        Scores; greater is better.

    Returns
    -------
    p_value : float or None
        None for fewer than three methods or two data sets, and if all methods are tied
        on every data set.

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
    """Return the difference from which on average ranks differ significantly.

    The Nemenyi test for all pairs of methods has the critical difference
    q sqrt(k (k + 1) / (6 N)) for k methods on N data sets, where q is a quantile of the
    studentized range divided by sqrt(2).

    Parameters
    ----------
    n_methods : int
        Number of methods, at least 2.
    n_datasets : int
        Number of data sets, at least 1.
    alpha : float, default=0.05
        Level of significance.

    Returns
    -------
    difference : float

    Examples
    --------
    >>> round(critical_difference(4, 14), 2)
    1.25
    """
    q = studentized_range.ppf(1 - alpha, n_methods, np.inf) / np.sqrt(2)
    return float(q * np.sqrt(n_methods * (n_methods + 1) / (6 * n_datasets)))


def not_different(ranks, difference):
    """Return the largest groups of methods that do not differ significantly.

    Parameters
    ----------
    ranks : array-like of shape (n_methods,)
        Average ranks.
    difference : float
        The critical difference.

    Returns
    -------
    groups : list of (float, float)
        Lowest and highest rank of every group of at least two methods.

    Examples
    --------
    >>> not_different([3.0, 1.0, 1.5, 2.2], difference=1.3)
    [(1.0, 2.2), (2.2, 3.0)]
    """
    ranks = sorted(ranks)
    groups, end = [], 0
    for i, low in enumerate(ranks):
        last = max(j for j, rank in enumerate(ranks) if rank - low < difference)
        # A group that ends where the one before it ends is contained in that one.
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
        Names of at least two methods.
    scores : array-like of shape (n_datasets, n_methods)
        Scores; greater is better.
    path : Path
        Path of the PNG and SVG files without their suffixes.
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
    # The margins beside the axis hold the names.
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
    """Draw the axis of ranks, and the critical difference above it."""
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
    """Draw lines down from the axis, the better half to the left, the rest right."""
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
