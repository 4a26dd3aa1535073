"""Display of the final model: its networks, their weights and what each one adds."""

import numpy as np

from skautokeras.inspection._base import (
    SearchRecordDisplayMixin,
    check_is_record,
    colours_of,
    new_axes,
    plain,
    shown_kind,
)


class EnsembleDisplay(SearchRecordDisplayMixin):
    """The networks of the final model: weights, scores, and what each one adds.

    The length of a bar is the weight of a network. Beside it stand its own score on the
    validation rows, and by how much the score of the ensemble would change without it.

    Parameters
    ----------
    members : DataFrame
        Table with one row per network of the final model: "trial", "kind", "weight",
        "score" (its own) and "gain" (score of the ensemble minus the score of the
        ensemble without it; missing if there is one network).
    scoring : str
        Name of the score.
    score : float
        Score of the ensemble.
    colours : dict of str to str, default=None
        Colour of each kind of network. If None, colours are chosen.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes of the last plot.
    figure_ : matplotlib Figure
        Figure of the last plot.
    bars_ : matplotlib BarContainer
        Bars of the networks.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("agg")
    >>> from sklearn.datasets import load_iris
    >>> from skautokeras import StructuredDataClassifier
    >>> from skautokeras.inspection import EnsembleDisplay
    >>> X, y = load_iris(return_X_y=True)
    >>> clf = StructuredDataClassifier(max_trials=3, epochs=5, random_state=0).fit(X, y)
    >>> display = EnsembleDisplay.from_estimator(clf)
    >>> float(display.members["weight"].sum())
    1.0
    """

    def __init__(self, *, members, scoring, score, colours=None):
        self.members = members
        self.scoring = scoring
        self.score = score
        self.colours = colours

    @classmethod
    def from_search(cls, record, *, ax=None):
        """Draw the ensemble of a search that has ended.

        Parameters
        ----------
        record : SearchRecord
            Record of a search, from ``estimator.search_``.
        ax : matplotlib Axes, default=None
            Axes to draw on. If None, a new figure is made.

        Returns
        -------
        display : EnsembleDisplay

        Raises
        ------
        ValueError
            If there is no final model: the search has not ended, or its record was read
            from a folder, which holds the trials only.
        """
        check_is_record(record)
        board = record.leaderboard
        if not (board["weight"] > 0).any():
            raise ValueError(
                "The record has no final model: the search has not ended, or the "
                "record was read from a folder, which holds the trials only. Pass a "
                "fitted estimator to from_estimator."
            )
        members = board.loc[
            board["weight"] > 0, ["trial", "kind", "weight", "score"]
        ].sort_values("weight", ascending=False, ignore_index=True)
        gains = [record.gains.get(str(trial), np.nan) for trial in members["trial"]]
        display = cls(
            members=members.assign(gain=gains),
            scoring=record.scoring,
            score=record.score,
            colours=colours_of(record.kinds),
        )
        return display.plot(ax=ax)

    def plot(self, *, ax=None):
        """Draw the networks.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on. If None, a new figure is made.

        Returns
        -------
        display : EnsembleDisplay
        """
        members = self.members
        height = 0.8 + 0.5 * len(members)
        self.ax_ = ax = new_axes(ax, figsize=(6.4, height))
        self.figure_ = ax.figure
        colours = self.colours or colours_of(members["kind"])
        self.bars_ = ax.barh(
            [
                f"trial {row.trial}: {shown_kind(row.kind)}"
                for row in members.itertuples()
            ],
            members["weight"],
            color=[colours[kind] for kind in members["kind"]],
        )
        labels = [self._label(row) for row in members.itertuples()]
        ax.bar_label(self.bars_, labels, padding=4, fontsize="small")
        ax.invert_yaxis()
        # There is room for the labels, and no weight beyond the greatest one.
        most = members["weight"].max()
        ax.set_xlim(0, 2.4 * most)
        ax.set_xticks([tick for tick in ax.get_xticks() if tick <= max(most, 0.5)])
        ax.set_xlabel("Weight")
        ax.set_title(
            f"{plain(self.scoring)} of the ensemble: {self.score:.4g}", fontsize=10
        )
        return self

    def _label(self, member):
        label = f"{member.weight:.2f}, score {member.score:.4g}"
        if np.isnan(member.gain):
            return label
        return f"{label}, adds {member.gain:+.2g}"
