"""Live: one table in a notebook that changes while a search runs."""

import sys
from html import escape

from skautokeras._search.record import make_record

# Trials that are shown.
_N_BEST = 5


def live_table(estimator, scoring):
    """Return a table that a notebook shows, or None outside of notebooks.

    Parameters
    ----------
    estimator : str
        Name of the class of the estimator.
    scoring : str
        Name of the score.

    Returns
    -------
    table : LiveTable or None
    """
    if "IPython" not in sys.modules:
        return None
    from IPython import get_ipython

    # The shell of a terminal has no kernel, and cannot show tables.
    if getattr(get_ipython(), "kernel", None) is None:
        return None
    return LiveTable(estimator, scoring)


class LiveTable:
    """The lines of a fit and its best trials so far, as one output of a notebook.

    Parameters
    ----------
    estimator : str
        Name of the class of the estimator.
    scoring : str
        Name of the score.
    """

    def __init__(self, estimator, scoring):
        from IPython.display import display

        self._about = estimator, scoring
        self._lines, self._table = [], ""
        self._handle = display(self, display_id=True)

    def tell(self, line, *, passing=False):
        """Show a line below the others.

        Parameters
        ----------
        line : str
            Line to show.
        passing : bool, default=False
            Whether the line replaces the one before it, if that was passing, too.
        """
        if self._lines and self._lines[-1][1]:
            del self._lines[-1]
        self._lines.append((line, passing))
        self._handle.update(self)

    def show_trials(self, trials):
        """Take the best trials into the table, which the next line shows.

        Parameters
        ----------
        trials : list of Trial
            Trials that have ended.
        """
        self.show(make_record(*self._about, trials))

    def show(self, record):
        """Take a record into the table, which the next line shows.

        Parameters
        ----------
        record : SearchRecord
            Record of the search.
        """
        self._table = record.summary_html(_N_BEST)

    def _repr_html_(self):
        lines = "\n".join(escape(line) for line, _ in self._lines)
        return f"<pre>{lines}</pre>{self._table}"

    def __repr__(self):
        """Return the lines: what a notebook shows that takes no HTML."""
        return "\n".join(line for line, _ in self._lines)
