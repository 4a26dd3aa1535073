"""Displays of the configurations: which values were tried, and which ones matter."""

from numbers import Real

import numpy as np
import pandas as pd
from sklearn.utils import check_random_state

from skautokeras._data.containers import is_missing
from skautokeras.inspection._base import (
    SearchRecordDisplayMixin,
    check_is_record,
    needs,
    new_axes,
    plain,
)

# Completed trials without which nothing can be said about hyperparameters.
_FEWEST_TRIALS = 8
_N_SPLITS, _TEST_SHARE = 20, 0.25
_N_TREES, _N_REPEATS = 50, 5
_UNUSED = "not used"
_MANY_VALUES = 8
# Hyperparameters that are drawn beside one another.
_MOST_AXES = 8


class HyperparameterImportanceDisplay(SearchRecordDisplayMixin):
    """Which hyperparameters decided about the scores of the trials.

    A random forest learns the ranks of the scores from the configurations of three
    quarters of the completed trials. The importance of a hyperparameter is by how much
    its R2 on the other trials drops when the values of the hyperparameter are permuted
    (Breiman, Random forests, 2001). It is repeated for twenty splits, whose standard
    deviation is the uncertainty. Trials that do not use a hyperparameter say nothing
    about it. A search tries good regions more often, so the importances are about the
    configurations that were tried, not about all.

    Parameters
    ----------
    importances : DataFrame
        Importance of each hyperparameter: "name", "importance" and "std", the most
        important one first.
    r2 : float
        Mean R2 of the forests on the trials that they have not seen. If it is near 0 or
        below, the scores cannot be explained and the importances say nothing.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes of the last plot.
    figure_ : matplotlib Figure
        Figure of the last plot.
    bars_ : matplotlib BarContainer
        Bars of the hyperparameters.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("agg")
    >>> from sklearn.datasets import load_iris
    >>> from skautokeras import StructuredDataClassifier
    >>> from skautokeras.inspection import HyperparameterImportanceDisplay
    >>> X, y = load_iris(return_X_y=True)
    >>> clf = StructuredDataClassifier(
    ...     max_trials=9, epochs=2, prune=None, cv=None, random_state=0
    ... )
    >>> display = HyperparameterImportanceDisplay.from_estimator(clf.fit(X, y))
    >>> list(display.importances)
    ['name', 'importance', 'std']
    """

    def __init__(self, *, importances, r2):
        self.importances = importances
        self.r2 = r2

    @classmethod
    def from_search(cls, record, *, n_shown=10, random_state=0, ax=None):
        """Compute and draw the importances.

        Parameters
        ----------
        record : SearchRecord
            Record of a search with eight completed trials or more.
        n_shown : int, default=10
            Number of hyperparameters that are drawn.
        random_state : int, RandomState instance or None, default=0
            Seed of the forests, of the splits and of the permutations.
        ax : matplotlib Axes, default=None
            Axes to draw on. If None, a new figure is made.

        Returns
        -------
        display : HyperparameterImportanceDisplay

        Raises
        ------
        ValueError
            If there are fewer than eight completed trials, or if all configurations
            or all scores are equal.
        """
        check_is_record(record)
        importances, r2 = _importances(record, check_random_state(random_state))
        return cls(importances=importances, r2=r2).plot(n_shown=n_shown, ax=ax)

    def plot(self, *, n_shown=10, ax=None):
        """Draw the importances.

        Parameters
        ----------
        n_shown : int, default=10
            Number of hyperparameters that are drawn.
        ax : matplotlib Axes, default=None
            Axes to draw on. If None, a new figure is made.

        Returns
        -------
        display : HyperparameterImportanceDisplay
        """
        shown = self.importances.head(n_shown)
        self.ax_ = ax = new_axes(ax, figsize=(7, 1.2 + 0.32 * len(shown)))
        self.figure_ = ax.figure
        self.bars_ = ax.barh(
            list(map(plain, short_names(shown["name"]))),
            shown["importance"],
            xerr=shown["std"],
        )
        ax.invert_yaxis()
        ax.set_xlabel("Drop of R2 when permuted")
        ax.set_title(f"R2 of the forests on unseen trials: {self.r2:.2f}", fontsize=10)
        return self


def _importances(record, rng):
    """Return the importances of hyperparameters, and R2 of the forests."""
    from sklearn.ensemble import RandomForestRegressor
    from sklearn.model_selection import ShuffleSplit

    params, scores = completed_configurations(record)
    needs(len(params), _FEWEST_TRIALS, "completed trials")
    needs(scores.nunique(), 2, "different scores")
    needs(params.shape[1], 1, "hyperparameters with several values")
    columns = [_encoded(values) for _, values in params.items()]
    ranks = scores.rank().to_numpy()
    errors = []
    splits = ShuffleSplit(_N_SPLITS, test_size=_TEST_SHARE, random_state=rng)
    for train, test in splits.split(ranks):
        forest = RandomForestRegressor(_N_TREES, random_state=rng)
        forest.fit(np.hstack([part[train] for part in columns]), ranks[train])
        errors.append(_permuted_errors(forest, columns, ranks, test, rng))
    errors = np.array(errors)
    # The trials of one split may all be equal, so all splits share one variance.
    relative = errors / max(errors[:, 0].mean(), np.finfo(float).tiny)
    drops = relative[:, 2:] - relative[:, 1:2]
    table = pd.DataFrame(
        {
            "name": list(params),
            "importance": drops.mean(axis=0),
            "std": drops.std(axis=0),
        }
    )
    table = table.sort_values("importance", ascending=False, ignore_index=True)
    return table, float(1 - relative[:, 1].mean())


def _encoded(values):
    """Return the columns of a forest for a hyperparameter, choices as one-hot.

    Trials that do not use it have its most usual value. Otherwise a hyperparameter of
    one kind of network would tell which trials are of that kind, and take the
    importance of the choice of the kind.
    """
    if values.dtype == object:
        return pd.get_dummies(values.fillna(values.mode()[0])).to_numpy(float)
    return values.fillna(values.median()).to_numpy(float)[:, None]


def _permuted_errors(forest, columns, ranks, test, rng):
    """Return squared errors on some trials: of the mean, of the forest, permuted.

    All permutations are predicted at once, because a prediction of few rows takes as
    long as one of many.
    """
    rows = [part[test] for part in columns]
    parts = [np.hstack(rows)]
    for i, values in enumerate(rows):
        for _ in range(_N_REPEATS):
            permuted = values[rng.permutation(len(test))]
            parts.append(np.hstack([*rows[:i], permuted, *rows[i + 1 :]]))
    off = forest.predict(np.vstack(parts)).reshape(len(parts), -1) - ranks[test]
    errors = (off**2).mean(axis=1)
    of_mean = ((ranks[test] - ranks.mean()) ** 2).mean()
    permuted = errors[1:].reshape(len(columns), -1).mean(axis=1)
    return [of_mean, errors[0], *permuted]


def completed_configurations(record):
    """Return the configurations of completed trials, and their scores.

    Parameters
    ----------
    record : SearchRecord
        Record of a search.

    Returns
    -------
    params : DataFrame
        Hyperparameters that have several values. Columns of numbers hold floats, and
        all others strings. Where a configuration does not use a hyperparameter, its
        value is missing.
    scores : Series
        Scores of the trials.
    """
    board = record.leaderboard.set_index("trial").sort_index()
    board = board[board["status"] == "completed"]
    params = record.params.loc[board.index]
    columns = {}
    for name, values in params.items():
        used = [value for value in values if not is_missing(value)]
        if len(set(map(str, used))) < 2:
            continue
        convert = float if all(map(_is_number, used)) else str
        shown = [np.nan if is_missing(value) else convert(value) for value in values]
        dtype = float if convert is float else object
        columns[name] = pd.Series(shown, values.index, dtype=dtype)
    return pd.DataFrame(columns, index=params.index), board["score"]


def _is_number(value):
    return isinstance(value, Real) and not isinstance(value, bool)


def short_names(names):
    """Return names of hyperparameters without the beginning that all of them share.

    Parameters
    ----------
    names : iterable of str
        Names, in which "/" separates blocks.

    Returns
    -------
    short : list of str

    Examples
    --------
    >>> from skautokeras.inspection._hyperparameters import short_names
    >>> short_names(["block_1/dense_block_1/units_0", "block_1/dropout"])
    ['dense_block_1/units_0', 'dropout']
    """
    parts = [name.split("/") for name in names]
    n_shared = 0
    while all(len(p) > n_shared + 1 for p in parts) and (
        len({p[n_shared] for p in parts}) == 1
    ):
        n_shared += 1
    return ["/".join(p[n_shared:]) for p in parts]


class ParallelCoordinatesDisplay(SearchRecordDisplayMixin):
    """Configurations as lines through one axis per hyperparameter.

    The colour of a line tells the rank of its score: bright lines are good. Every axis
    has the values that were tried, equally spaced, from the lowest to the highest.

    Parameters
    ----------
    params : DataFrame
        Configuration of each completed trial.
    scores : Series
        Scores of these trials.
    scoring : str
        Name of the score.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes of the last plot.
    figure_ : matplotlib Figure
        Figure of the last plot.
    lines_ : list of matplotlib Artist
        Line of each trial, the worst one first.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("agg")
    >>> from sklearn.datasets import load_iris
    >>> from skautokeras import StructuredDataClassifier
    >>> from skautokeras.inspection import ParallelCoordinatesDisplay
    >>> X, y = load_iris(return_X_y=True)
    >>> clf = StructuredDataClassifier(max_trials=4, epochs=2, random_state=0).fit(X, y)
    >>> len(ParallelCoordinatesDisplay.from_estimator(clf).lines_)
    4
    """

    def __init__(self, *, params, scores, scoring):
        self.params = params
        self.scores = scores
        self.scoring = scoring

    @classmethod
    def from_search(cls, record, *, names=None, ax=None):
        """Draw the configurations of a search.

        Parameters
        ----------
        record : SearchRecord
            Record of a search.
        names : list of str, default=None
            Hyperparameters to draw. If None, they are the eight that were varied most.
        ax : matplotlib Axes, default=None
            Axes to draw on. If None, a new figure is made.

        Returns
        -------
        display : ParallelCoordinatesDisplay

        Raises
        ------
        ValueError
            If there are fewer than two completed trials, or if a name is unknown.
        """
        check_is_record(record)
        params, scores = completed_configurations(record)
        needs(len(params), 2, "completed trials")
        needs(params.shape[1], 1, "hyperparameters with several values")
        display = cls(params=params, scores=scores, scoring=record.scoring)
        return display.plot(names=names, ax=ax)

    def plot(self, *, names=None, ax=None):
        """Draw the configurations.

        Parameters
        ----------
        names : list of str, default=None
            Hyperparameters to draw. If None, they are the eight that were varied most.
        ax : matplotlib Axes, default=None
            Axes to draw on. If None, a new figure is made.

        Returns
        -------
        display : ParallelCoordinatesDisplay
        """
        names = self._most_varied() if names is None else list(names)
        unknown = [name for name in names if name not in self.params]
        if unknown or not names:
            raise ValueError(
                f"names must be hyperparameters that were varied, {list(self.params)}, "
                f"got {unknown or names}."
            )
        self.ax_ = ax = new_axes(ax, figsize=(1.6 + 1.5 * len(names), 4.6))
        self.figure_ = ax.figure
        places = np.column_stack([self._places(name) for name in names])
        self._draw_axes(names)
        order = np.argsort(self.scores.to_numpy(), kind="stable")
        shades = np.linspace(0.05, 0.95, len(order))
        colormap = _colormap()
        self.lines_ = [
            ax.plot(places[i], color=colormap(shade), alpha=0.4 + 0.5 * shade)[0]
            for i, shade in zip(order, shades, strict=True)
        ]
        best = self.scores.max()
        ax.set_title(f"Best {plain(self.scoring)}: {best:.4g} (yellow)", fontsize=10)
        return self

    def _most_varied(self):
        counts = self.params.nunique().sort_values(ascending=False, kind="stable")
        chosen = set(counts.index[:_MOST_AXES])
        return [name for name in self.params if name in chosen]

    def _values(self, name):
        """Return the values on an axis from below; None is that it was not used."""
        values = self.params[name]
        unused = [None] if values.isna().any() else []
        return [*unused, *sorted(values.dropna().unique())]

    def _places(self, name):
        """Return the height of each trial on an axis, from 0 to 1."""
        values = self._values(name)
        heights = {v: i / max(len(values) - 1, 1) for i, v in enumerate(values)}
        shown = (None if is_missing(v) else v for v in self.params[name])
        return np.array([heights[value] for value in shown])

    def _draw_axes(self, names):
        ax = self.ax_
        for i, name in enumerate(names):
            ax.axvline(i, color="0.7", linewidth=0.8, zorder=0)
            values = self._values(name)
            step = max(1, -(-len(values) // _MANY_VALUES))
            for place in range(0, len(values), step):
                ax.annotate(
                    _shown(values[place]),
                    (i, place / max(len(values) - 1, 1)),
                    xytext=(3, 2),
                    textcoords="offset points",
                    fontsize="small",
                )
        labels = ["/\n".join(map(plain, n.split("/"))) for n in short_names(names)]
        ax.set_xticks(range(len(names)), labels, fontsize="small", rotation=30)
        ax.set_yticks([])
        ax.spines[["left", "right", "top"]].set_visible(False)
        ax.margins(x=0.04)


def _shown(value):
    if value is None:
        return _UNUSED
    return plain(value) if isinstance(value, str) else f"{value:.6g}"


def _colormap():
    import matplotlib

    return matplotlib.colormaps["viridis"]
