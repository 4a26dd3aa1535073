"""Displays of the trials: their scores along the search, and their trainings."""

from skautokeras.inspection._base import (
    SearchRecordDisplayMixin,
    beside,
    colours_of,
    needs,
    new_axes,
    shown_kind,
)

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
        if x not in _AXES:
            raise ValueError(f"x must be one of {list(_AXES)}, got {x!r}.")
        column = "score" if metric is None else metric
        board = self.leaderboard.sort_values("trial")
        if column not in board:
            raise ValueError(
                f"metric must be a column of the leaderboard, {list(board)}, got "
                f"{metric!r}."
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
        ax.set_ylabel(self.scoring if metric is None else metric)
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
        ax.scatter([], [], c="0.4", marker="o", label="predefined")
        if not board["predefined"].all():
            ax.scatter([], [], c="0.4", marker="^", label="proposed")
        if (board["status"] == "pruned").any():
            ax.scatter([], [], edgecolors="0.4", facecolors="none", label="pruned")

    def _draw_failed(self, at):
        if len(at):
            low = self.ax_.get_ylim()[0]
            self.ax_.scatter(at, [low] * len(at), marker="x", c="k", label="failed")


class TrainingDisplay(SearchRecordDisplayMixin):
    """Losses, scores or metrics of trials over their epochs.

    The best trainings of several epochs have a colour each, and the others are grey:
    pruned ones are dashed, and failed ones dotted. Trees, which are fitted at once, are
    points in the first epoch.

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
        if metric not in self.histories:
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
        # The best trial is drawn last, above all others.
        for row in board[::-1].itertuples():
            curve = curves[curves["trial"] == row.trial]
            if curve.empty:
                continue
            is_best = row.trial in best
            style = {"completed": "-", "pruned": "--", "failed": ":"}[row.status]
            (self.lines_[row.trial],) = ax.plot(
                curve["epoch"],
                curve[metric],
                style,
                color=f"C{best.index(row.trial) % 10}" if is_best else "0.6",
                linewidth=2.0 if is_best else 0.8,
                marker="o" if len(curve) == 1 else None,
                label=f"trial {row.trial}: {shown_kind(row.kind)}" if is_best else None,
            )
        if curves["epoch"].max() > 1:
            ax.set_xscale("log")
        ax.set_xlabel("Epoch")
        ax.set_ylabel(metric)
        beside(ax)
        return self

    def _best(self, curves, n_best):
        """Return the best trials of several epochs, or else the best ones."""
        board = self.leaderboard
        done = board.loc[board["status"] == "completed", "trial"]
        n_epochs = curves["trial"].value_counts()
        trained = [t for t in done if n_epochs.get(t, 0) > 1]
        return (trained or list(done))[:n_best]
