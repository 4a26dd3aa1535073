"""Figures, where matplotlib is installed."""

import warnings


def new_figure(width, height):
    """Return an empty figure, or None without matplotlib.

    Parameters
    ----------
    width, height : float
        In inches.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError:
        # Said once, although every measurement asks for the plot.
        warnings.warn("No plot: matplotlib is not installed.", stacklevel=2)
        return None
    return Figure(figsize=(width, height), layout="constrained")


def save_figure(figure, path):
    """Write a figure as PNG and as SVG.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        The figure.
    path : Path
        Without suffix.
    """
    for suffix in (".png", ".svg"):
        figure.savefig(path.with_suffix(suffix), dpi=150)
