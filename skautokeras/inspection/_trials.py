"""Displays of the trials: their scores along the search, and their trainings."""

from numbers import Integral

from pandas.api.types import is_bool_dtype, is_numeric_dtype
from sklearn.utils import check_scalar

from skautokeras.inspection._base import (
    SearchRecordDisplayMixin,
    beside,
    check_is_record,
    colours_of,
    needs,
    new_axes,
    plain,
    shown_kind,
)

# Beyond so many epochs, the first ones would hide at the edge.
_MANY_EPOCHS = 16
_AXES = {"seconds": "ended", "trials": "trial"}
_LABELS = {"seconds": "Seconds since the beginning of the search", "trials": "Trial"}


class SearchDisplay(SearchRecordDisplayMixin):
    """The score of every trial along the search, and the best score so far.

    Every trial is a point whose colour tells the kind of its network. Predefined
    configurations, which the search begins with, are circles, and those that the oracle
    proposed later, such as mutations, are triangles. Pruned trials are hollow, and
    failed ones are crosses at the bottom.

    Parameters
    ----------
    leaderboard : DataFrame
        Table with one row per trial, as `leaderboard_`.
    scoring : str
        Name of the score.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes of the last plot.
    figure_ : matplotlib Figure
        Figure of the last plot.
    line_ : matplotlib Artist
        Line of the best score so far.
    points_ : dict of str to list of matplotlib Artist
        Points of the trials by the kind of their network.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("agg")
    >>> from sklearn.datasets import load_iris
    >>> from skautokeras import StructuredDataClassifier
    >>> from skautokeras.inspection import SearchDisplay
    >>> X, y = load_iris(return_X_y=True)
    >>> clf = StructuredDataClassifier(max_trials=3, epochs=2, random_state=0).fit(X, y)
    >>> display = SearchDisplay.from_estimator(clf, x="trials")
    >>> display.ax_.get_xlabel()
    'Trial'
    """

    def __init__(self, *, leaderboard, scoring):
        self.leaderboard = leaderboard
        self.scoring = scoring

    @classmethod
    def from_search(cls, record, *, x="seconds", metric=None, ax=None):
        """Draw the record of a search.

        Parameters
        ----------
        record : SearchRecord
            Record of a search, from `read_search` or from ``estimator.search_``.
        x : {"seconds", "trials"}, default="seconds"
            Quantity on the horizontal axis.
        metric : str, default=None
            Column of the leaderboard on the vertical axis, such as "accuracy". If None,
            it is the score that the search optimises.
        ax : matplotlib Axes, default=None
            Axes to draw on. If None, a new figure is made.

        Returns
        -------
        display : SearchDisplay
        """
        check_is_record(record)
        display = cls(leaderboard=record.leaderboard, scoring=record.scoring)
        return display.plot(x=x, metric=metric, ax=ax)

    def plot(self, *, x="seconds", metric=None, ax=None):
        """Draw the trials.

        Parameters
        ----------
        x : {"seconds", "trials"}, default="seconds"
            Quantity on the horizontal axis.
        metric : str, default=None
            Column of the leaderboard on the vertical axis. If None, it is the score.
        ax : matplotlib Axes, default=None
            Axes to draw on. If None, a new figure is made.

        Returns
        -------
        display : SearchDisplay

        Raises
        ------
        ValueError
            If no trial has a score, or if a name is unknown.
        """
        if x not in list(_AXES):
            raise ValueError(f"x must be one of {list(_AXES)}, got {x!r}.")
        column = "score" if metric is None else metric
        board = self.leaderboard.sort_values("trial")
        numbers = [
            name
            for name, values in board.items()
            if is_numeric_dtype(values) and not is_bool_dtype(values)
        ]
        if column not in numbers:
            raise ValueError(
                f"metric must be a column of the leaderboard that holds numbers, "
                f"{numbers}, got {metric!r}."
            )
        has_score = board[column].notna() & (board["status"] != "failed")
        needs(has_score.sum(), 1, "trials with a score")
        self.ax_ = ax = new_axes(ax)
        self.figure_ = ax.figure
        at = board[_AXES[x]]
        self._draw_best(board, at, column, has_score)
        self._draw_points(board, at, column, has_score)
        self._draw_failed(at[board["status"] == "failed"])
        ax.set_xlabel(_LABELS[x])
        ax.set_ylabel(plain(self.scoring if metric is None else metric))
        beside(ax)
        return self

    def _draw_best(self, board, at, column, has_score):
        """Draw the value of the trial with the best score so far, as steps."""
        done = board[has_score & (board["status"] == "completed")]
        leads = done["score"].cummax() == done["score"]
        values = done[column].where(leads).ffill()
        (self.line_,) = self.ax_.step(
            [*at[done.index], at.max()],
            [*values, *values.iloc[-1:]],
            where="post",
            color="0.6",
            zorder=1,
            label="best so far",
        )

    def _draw_points(self, board, at, column, has_score):
        self.points_ = {}
        ax = self.ax_
        for kind, colour in colours_of(board["kind"]).items():
            ax.scatter([], [], c=colour, marker="s", label=shown_kind(kind))
            for is_predefined, marker in ((True, "o"), (False, "^")):
                for status, face in (("completed", colour), ("pruned", "none")):
                    rows = board[
                        has_score
                        & (board["kind"] == kind)
                        & (board["predefined"] == is_predefined)
                        & (board["status"] == status)
                    ]
                    if rows.empty:
                        continue
                    points = ax.scatter(
                        at[rows.index],
                        rows[column],
                        marker=marker,
                        facecolors=face,
                        edgecolors=colour,
                        zorder=2,
                    )
                    self.points_.setdefault(kind, []).append(points)
        if board["predefined"].nunique() > 1:
            ax.scatter([], [], c="0.5", marker="o", label="predefined")
            ax.scatter([], [], c="0.5", marker="^", label="proposed")
        if (board["status"] == "pruned").any():
            ax.scatter([], [], edgecolors="0.5", facecolors="none", label="pruned")

    def _draw_failed(self, at):
        if len(at):
            import matplotlib

            low = self.ax_.get_ylim()[0]
            colour = matplotlib.rcParams["text.color"]  # that of a dark style, too
            self.ax_.scatter(at, [low] * len(at), marker="x", c=colour, label="failed")


class TrainingDisplay(SearchRecordDisplayMixin):
    """Losses, scores or metrics of trials over their epochs.

    The best trainings of several epochs have the colour of their kind of network, and a
    point in the epoch whose weights were kept. The others are grey: pruned ones are
    dashed, and failed ones dotted. Trees, which are fitted at once, are points in the
    first epoch.

    Parameters
    ----------
    histories : DataFrame
        Table with one row per trial and epoch, as ``search_.histories``.
    leaderboard : DataFrame
        Table with one row per trial, as `leaderboard_`.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes of the last plot.
    figure_ : matplotlib Figure
        Figure of the last plot.
    lines_ : dict of int to matplotlib Artist
        Line of each trial that has epochs.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("agg")
    >>> from sklearn.datasets import load_iris
    >>> from skautokeras import StructuredDataClassifier
    >>> from skautokeras.inspection import TrainingDisplay
    >>> X, y = load_iris(return_X_y=True)
    >>> clf = StructuredDataClassifier(max_trials=3, epochs=2, random_state=0).fit(X, y)
    >>> display = TrainingDisplay.from_estimator(clf, metric="loss")
    >>> display.ax_.get_ylabel()
    'loss'
    """

    def __init__(self, *, histories, leaderboard):
        self.histories = histories
        self.leaderboard = leaderboard

    @classmethod
    def from_search(cls, record, *, metric="val_score", n_best=3, ax=None):
        """Draw the record of a search.

        Parameters
        ----------
        record : SearchRecord
            Record of a search, from `read_search` or from ``estimator.search_``.
        metric : str, default="val_score"
            Column of ``search_.histories`` to draw, such as "loss" or "val_loss".
        n_best : int, default=3
            Number of trials that have a colour and are named in the legend.
        ax : matplotlib Axes, default=None
            Axes to draw on. If None, a new figure is made.

        Returns
        -------
        display : TrainingDisplay
        """
        check_is_record(record)
        display = cls(histories=record.histories, leaderboard=record.leaderboard)
        return display.plot(metric=metric, n_best=n_best, ax=ax)

    def plot(self, *, metric="val_score", n_best=3, ax=None):
        """Draw the trainings.

        Parameters
        ----------
        metric : str, default="val_score"
            Column of the histories to draw.
        n_best : int, default=3
            Number of trials that have a colour and are named in the legend.
        ax : matplotlib Axes, default=None
            Axes to draw on. If None, a new figure is made.

        Returns
        -------
        display : TrainingDisplay

        Raises
        ------
        ValueError
            If the metric is unknown, or no trial has it.
        """
        check_scalar(n_best, "n_best", Integral, min_val=0)
        if metric not in list(self.histories):
            raise ValueError(
                f"metric must be a column of the histories, {list(self.histories)}, "
                f"got {metric!r}."
            )
        curves = self.histories.dropna(subset=metric)
        needs(curves["trial"].nunique(), 1, "trials with epochs")
        self.ax_ = ax = new_axes(ax)
        self.figure_ = ax.figure
        board = self.leaderboard
        self.lines_ = {}
        best = self._best(curves, n_best)
        styles = self._styles(best)
        # The best trial is drawn last, above all others.
        for row in board[::-1].itertuples():
            curve = curves[curves["trial"] == row.trial]
            if curve.empty:
                continue
            is_best = row.trial in best
            style = {"completed": "-", "pruned": "--", "failed": ":"}[row.status]
            is_kept = (curve["epoch"] == row.best_epoch).to_numpy()
            (self.lines_[row.trial],) = ax.plot(
                curve["epoch"],
                curve[metric],
                style,
                linewidth=2.0 if is_best else 0.8,
                marker="o" if is_best or len(curve) == 1 else None,
                markevery=is_kept.nonzero()[0].tolist() if is_kept.any() else None,
                label=f"trial {row.trial}: {shown_kind(row.kind)}" if is_best else None,
                **styles.get(row.trial, {"color": "0.6"}),
            )
        if curves["epoch"].max() > _MANY_EPOCHS:
            ax.set_xscale("log")
            ax.xaxis.set_major_formatter("{x:g}")
        ax.set_xlabel("Epoch")
        ax.set_ylabel(metric)
        beside(ax)
        return self

    def _styles(self, best):
        """Return the colours of the best trials, paler for further ones of a kind."""
        kinds = self.leaderboard.set_index("trial")["kind"].sort_index()
        colours = colours_of(kinds)
        styles, seen = {}, []
        for trial in best:
            kind = kinds[trial]
            styles[trial] = {"color": colours[kind], "alpha": 0.6 ** seen.count(kind)}
            seen.append(kind)
        return styles

    def _best(self, curves, n_best):
        """Return the best trials of several epochs, or else the best ones."""
        board = self.leaderboard
        done = board.loc[board["status"] == "completed", "trial"]
        n_epochs = curves["trial"].value_counts()
        trained = [t for t in done if n_epochs.get(t, 0) > 1]
        return (trained or list(done))[:n_best]
