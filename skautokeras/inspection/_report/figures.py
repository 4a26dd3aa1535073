"""Figures of a report, as SVG elements."""

import io
import re
import warnings
from contextlib import contextmanager

# Text stays text, so that figures are small and can be searched.
_STYLE = {
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 9,
    "axes.titlesize": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    # Names of columns and classes may contain dollars.
    "text.parse_math": False,
}


class Figures:
    """Draws figures one after the other, and keeps them as SVG elements.

    The identifiers inside of an SVG element are those of the whole page, so that each
    figure has its own.
    """

    def __init__(self):
        self._n_drawn = 0

    @contextmanager
    def axes(self, found, title, width=4.4, height=3.3):
        """Give axes to draw on, and add the figure to a list in the end.

        Parameters
        ----------
        found : list of dict
            List that the figure is added to: a dict of "title" and "svg".
        title : str
            Title, which stands above the figure and is read by screen readers.
        width, height : float
            Size in inches.

        Yields
        ------
        ax : matplotlib Axes
        """
        import matplotlib.style
        from matplotlib.figure import Figure

        self._n_drawn += 1
        style = {**_STYLE, "svg.hashsalt": f"figure-{self._n_drawn}"}
        # Settings of the user, such as a dark style, are for other pages.
        with matplotlib.style.context(["default", style]), _quiet_about_glyphs():
            figure = Figure(figsize=(width, height), layout="constrained")
            yield figure.subplots()
            file = io.StringIO()
            figure.savefig(file, format="svg", metadata={"Date": None})
        found.append({"title": title, "svg": _element(file.getvalue())})


@contextmanager
def _quiet_about_glyphs():
    """Leave out warnings that a font lacks a letter; the browser has other fonts."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from", UserWarning)
        yield


def _element(svg):
    """Return the SVG element of a file, as wide as the page allows."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    size = r'<svg ([^>]*?)width="([\d.]+)pt" height="[\d.]+pt"'
    return re.sub(size, _sized, svg, count=1)


def _sized(match):
    return f'<svg {match[1]}style="width:{match[2]}pt;max-width:100%;height:auto"'
