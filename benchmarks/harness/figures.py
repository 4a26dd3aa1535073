"""Empty figures, and their files, if matplotlib is installed."""

import warnings


def new_figure(width, height):
    """Return an empty figure, or None without matplotlib.

    Parameters
    ----------
    width, height : float
        Size in inches.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError:
        # Python shows it once, although the plot is made after every measurement.
        warnings.warn(  # noqa: TID251
            "No plot: matplotlib is not installed.", stacklevel=2
        )
        return None
    return Figure(figsize=(width, height), layout="constrained")


def save_figure(figure, path):
    """Write a figure as PNG and as SVG.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        The figure.
    path : Path
        Path of the files without their suffixes.
    """
    for suffix in (".png", ".svg"):
        figure.savefig(path.with_suffix(suffix), dpi=150)
