"""Record of a search: its trials without their networks, as tables."""

import math
from dataclasses import dataclass, field

import pandas as pd

from skautokeras._search.selection import best_first, network_types
from skautokeras._state.names import saved_as
from skautokeras._training.objective import direction_of


@saved_as("SearchRecord")
@dataclass(frozen=True, eq=False, repr=False)
class SearchRecord:
    """What a search has tried, and what came of it.

    A fitted estimator has its record as `search_`, and
    `skautokeras.inspection.read_search` reads the record of a search from its
    `directory`, also while it runs. The Displays of `skautokeras.inspection` draw it.

    Parameters
    ----------
    estimator : str
        Name of the class of the estimator.
    scoring : str
        Name of the score; greater is better.
    trials : list of Trial
        Trials in the order they ended, without weights and predictions.
    weights : list of float, default=()
        Weight of each trial in the final model. Empty as long as there is no model.
    refitted : list of bool, default=()
        Whether the network of each trial was trained again on all rows. Empty as long
        as there is no model.
    score : float, default=nan
        Score of the final model on the validation rows, before it was refitted. Not a
        number as long as there is no model.
    metrics : dict of str to float, default={}
        Metrics of the final model on the validation rows in the unit of y, before it
        was refitted. Empty as long as there is no model.
    gains : dict of str to float, default={}
        By the number of each trial in the final model, as a string: score of the model
        minus its score without the network of the trial. Empty if there is one network.
    seconds : float or None, default=None
        Seconds that the whole fit took. None as long as it has not ended.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skautokeras import StructuredDataClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> clf = StructuredDataClassifier(max_trials=2, epochs=2, random_state=0).fit(X, y)
    >>> clf.search_.scoring, len(clf.search_.trials)
    ('neg_loss', 2)
    >>> clf.search_.histories[["trial", "epoch"]].head(2).values.tolist()
    [[0, 1], [0, 2]]
    """

    estimator: str
    scoring: str
    trials: list
    weights: list = field(default_factory=list)
    refitted: list = field(default_factory=list)
    score: float = float("nan")
    metrics: dict = field(default_factory=dict)
    gains: dict = field(default_factory=dict)
    seconds: float | None = None

    def __repr__(self):
        """Return how many trials there are, and how good the best one is."""
        completed = [t.score for t in self.trials if t.status == "completed"]
        best = f", best {self.scoring} {max(completed):.5g}" if completed else ""
        n_trials = len(self.trials)
        noun = "trial" if n_trials == 1 else "trials"
        return f"<{type(self).__name__}: {n_trials} {noun}{best}>"

    @property
    def leaderboard(self):
        """Table with one row per trial, the best one first.

        The columns are described at the attribute `leaderboard_` of the estimators.
        """
        trials = self.trials
        n_trials = len(trials)
        frame = pd.DataFrame(
            {
                "trial": range(n_trials),
                "kind": self.kinds,
                "predefined": [trial.predefined for trial in trials],
                "score": [trial.score for trial in trials],
                **self._metrics(),
                "weight": list(self.weights) or [0.0] * n_trials,
                "refitted": list(self.refitted) or [False] * n_trials,
                "status": [trial.status for trial in trials],
                "epochs": [trial.epochs for trial in trials],
                "best_epoch": [trial.best_epoch for trial in trials],
                "cut": [trial.cut for trial in trials],
                "iterations": pd.array([t.n_iterations for t in trials], dtype="Int64"),
                "seconds": [trial.seconds for trial in trials],
                "ended": [trial.ended for trial in trials],
                "n_parameters": pd.array(
                    [t.n_parameters for t in trials], dtype="Int64"
                ),
                "flops": pd.array([t.flops for t in trials], dtype="Int64"),
                "n_rows": [trial.n_rows for trial in trials],
                "params": [dict(trial.values) for trial in trials],
                "error": [trial.error for trial in trials],
            }
        )
        frame = frame.iloc[best_first(trials, range(n_trials))]
        frame.insert(0, "rank", range(1, len(frame) + 1))
        return frame.reset_index(drop=True)

    @property
    def summary(self):
        """The columns of the leaderboard that fit on a page."""
        board = self.leaderboard
        names = ["rank", "trial", "kind", "score", *self.metric_names, "weight"]
        names += ["refitted", "status", "epochs"]
        if board["iterations"].notna().any():
            names.append("iterations")
        return board[[*names, "seconds", "n_parameters"]]

    def summary_html(self, n_rows):
        """Return the first rows of the summary as an HTML table.

        Parameters
        ----------
        n_rows : int
            Number of rows.

        Returns
        -------
        html : str
        """
        head = self.summary.head(n_rows)
        # A metric that is the score stands there once.
        head = head.drop(columns=self.scoring, errors="ignore")
        head = head.rename(columns={"score": self.scoring})
        return head.astype(object).to_html(
            index=False, border=0, na_rep="", float_format="{:.4g}".format
        )

    @property
    def kinds(self):
        """Kind of the network of each trial; empty where no block has a choice."""
        return [kind_of(trial.values) for trial in self.trials]

    @property
    def params(self):
        """Table of the configurations: one row per trial, one column per value.

        Hyperparameters that a configuration does not use are missing in its row.
        """
        values = [trial.values for trial in self.trials]
        names = dict.fromkeys(name for one in values for name in one)
        frame = pd.DataFrame(
            {name: [one.get(name, math.nan) for one in values] for name in names},
            index=pd.RangeIndex(len(values), name="trial"),
            dtype=object,
        )
        return frame.infer_objects()

    @property
    def histories(self):
        """Table of all trainings: one row per trial and epoch.

        The columns are "trial", "epoch" (from 1) and the losses, scores and metrics by
        epoch. With folds, the values are means over the folds. Trees that are fitted at
        once have one epoch.
        """
        frames = [
            _as_frame(trial.history).assign(trial=i)
            for i, trial in enumerate(self.trials)
            if trial.history
        ]
        if not frames:
            return pd.DataFrame({"trial": [], "epoch": []}, dtype=int)
        frame = pd.concat(frames, ignore_index=True)
        frame.insert(0, "epoch", frame.groupby("trial").cumcount() + 1)
        frame.insert(0, "trial", frame.pop("trial"))
        return frame

    @property
    def metric_names(self):
        """Names of the metrics that are reported beside the score."""
        return list(dict.fromkeys(n for trial in self.trials for n in trial.metrics))

    def _metrics(self):
        """Return the columns of the metrics that are reported beside the score."""
        return {
            name: [trial.metrics.get(name, float("nan")) for trial in self.trials]
            for name in self.metric_names
        }


def _as_frame(history):
    """Return a history as a table; folds may have ended in different epochs."""
    return pd.DataFrame({name: pd.Series(values) for name, values in history.items()})


def make_record(estimator, scoring, trials, **kwargs):
    """Return the record of a search, which leaves out the arrays of its trials.

    Parameters
    ----------
    estimator : str
        Name of the class of the estimator.
    scoring : str
        Name of the score, as `scoring_name` returns it.
    trials : list of Trial
        Trials in the order they ended.
    **kwargs : dict
        Further parameters of `SearchRecord`.

    Returns
    -------
    record : SearchRecord
    """
    light = [trial.without_arrays() for trial in trials]
    return SearchRecord(estimator, scoring, light, **kwargs)


def scoring_name(scoring):
    """Return a name for the parameter ``scoring`` of an estimator.

    Parameters
    ----------
    scoring : None, str, callable or dict
        Parameter of the estimator.

    Returns
    -------
    name : str

    Examples
    --------
    >>> from sklearn.metrics import f1_score, make_scorer
    >>> from skautokeras._search.record import scoring_name
    >>> scoring_name(None), scoring_name("roc_auc"), scoring_name("val_auc")
    ('neg_loss', 'roc_auc', 'auc')
    >>> scoring_name(make_scorer(f1_score, average="macro"))
    "make_scorer(f1_score, response_method='predict', average=macro)"
    """
    if scoring is None or scoring == "val_loss":
        return "neg_loss"
    if isinstance(scoring, str):
        name = scoring.removeprefix("val_")
        is_error = name != scoring and direction_of(name) < 0
        return f"neg_{name}" if is_error else name
    if isinstance(scoring, dict):
        return ", ".join(f"{k}: {scoring_name(v)}" for k, v in scoring.items())
    return getattr(scoring, "__name__", None) or str(scoring)


def kind_of(values):
    """Return the kinds of network that the blocks of a configuration have chosen.

    Parameters
    ----------
    values : dict of str to object
        Configuration of one trial.

    Returns
    -------
    kind : str
        Empty if no block has a choice.

    Examples
    --------
    >>> from skautokeras._search.record import kind_of
    >>> kind_of({"image_block_1/block_type": "conv", "text_block_1/block_type": "bow"})
    'conv + bow'
    """
    return " + ".join(kind for _, kind in network_types(values))
