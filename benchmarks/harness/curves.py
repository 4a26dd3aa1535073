"""The best score of a search as a function of time."""

import statistics

from benchmarks.harness.figures import new_figure, save_figure
from benchmarks.harness.markdown import grouped


def steps(row):
    """Return the times at which a search had a new best score, and these scores.

    Parameters
    ----------
    row : dict
        Measurement with "ended" (seconds), "scores" (greater is better, None for a
        failed trial) and "status" of the trials.

    Returns
    -------
    steps : list of (float, float)

    Examples
    --------
    >>> steps(
    ...     {"ended": [1, 2, 3], "scores": [0.1, 0.0, 0.2], "status": ["completed"] * 3}
    ... )
    [(1, 0.1), (3, 0.2)]
    """
    best = []
    trials = zip(row["ended"], row["scores"], row["status"], strict=True)
    for seconds, score, status in trials:
        if status == "completed" and (not best or score > best[-1][1]):
            best.append((seconds, score))
    return best


def best_at(row, seconds):
    """Return the best score after some seconds, or None if there was none."""
    scores = [score for ended, score in steps(row) if ended <= seconds]
    return scores[-1] if scores else None


def seconds_until(row, score):
    """Return the seconds until a search reached a score, or None if it never did."""
    return next((ended for ended, best in steps(row) if best >= score), None)


def band(rows):
    """Return the median and the range of several searches over time.

    Parameters
    ----------
    rows : list of dict
        One search per seed.

    Returns
    -------
    points : list of (float, float, float, float)
        Seconds, and the median, the lowest and the highest of the best scores. The
        first point is where all searches have a score.
    """
    end = max(row["fit_seconds"] for row in rows)
    times = sorted({ended for row in rows for ended, _ in steps(row)} | {end})
    points = []
    for seconds in times:
        best = [best_at(row, seconds) for row in rows]
        if None not in best:
            points.append((seconds, statistics.median(best), min(best), max(best)))
    return points


def plot_curves(rows, path):
    """Write the curves of all searches, median and range over the seeds.

    Parameters
    ----------
    rows : list of dict
        Measurements of searches, with "dataset" and "search".
    path : Path
        Path of the PNG and SVG files without their suffixes.
    """
    datasets = grouped(rows, "dataset")
    if not datasets:
        return
    figure = new_figure(6 * len(datasets), 4.5)
    if figure is None:
        return
    axes = figure.subplots(1, len(datasets), squeeze=False)[0]
    for ax, ((dataset,), group) in zip(axes, datasets.items(), strict=True):
        for (search,), searches in grouped(group, "search").items():
            points = band(searches)
            if points:
                seconds, middle, low, high = zip(*points, strict=True)
                (line,) = ax.step(seconds, middle, where="post", label=search)
                ax.fill_between(
                    seconds, low, high, step="post", alpha=0.15, color=line.get_color()
                )
        ax.set(xlabel="seconds since the start of fit", title=dataset, xscale="log")
        ax.set_ylabel("best validation score so far")
        ax.legend()
    save_figure(figure, path)
