"""Problem: what all trainings of one search work on, fold by fold."""

from dataclasses import dataclass, field

import numpy as np

from skautokeras._data.rows import spread_rows
from skautokeras._space.search_space import SearchSpace
from skautokeras._training.objective import Objective
from skautokeras._training.options import TrainingOptions
from skautokeras._training.reported import ReportedMetrics


def _all_rows():
    return slice(None)


@dataclass(frozen=True, eq=False)
class Fold:
    """One training of a configuration: its rows, and how it is judged.

    Parameters
    ----------
    search_space : SearchSpace
        Builds networks; it knows no more about the data than the training rows tell.
    objective : Objective
        Scores the predictions for the validation rows.
    train : slice or ndarray of int, default=slice(None)
        Positions of the training rows among `SplitRows.train`.
    valid : slice, default=slice(None)
        Positions of the validation rows among `SplitRows.valid`.
    floor : float or None, default=None
        Score of predicting the same for all validation rows. None if it is not defined.

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._data.split import SplitRows, Rows
    >>> from skautokeras._training.problem import Fold
    >>> y = {"classification_head_1": np.array([0, 1, 0])}
    >>> rows = Rows(x={"numerical": np.eye(3)}, y=y, weight=None)
    >>> data = SplitRows(train=rows.take([0, 1]), valid=rows.take([2]), all=rows)
    >>> fold = Fold(search_space=None, objective=None)
    >>> [len(part) for part in fold.rows(data)]
    [2, 1]
    """

    search_space: SearchSpace
    objective: Objective
    train: slice | np.ndarray = field(default_factory=_all_rows)
    valid: slice = field(default_factory=_all_rows)
    floor: float | None = None

    def rows(self, data, every=1):
        """Return the training rows and the validation rows.

        Parameters
        ----------
        data : SplitRows
            The rows of all folds.
        every : int, default=1
            One of so many training rows is returned.

        Returns
        -------
        train, valid : Rows
            Slices are views, positions are copies.
        """
        train = data.train.take(self.train)
        if every > 1:
            train = train.take(spread_rows(len(train), -(-len(train) // every)))
        return train, data.valid.take(self.valid)


@dataclass(frozen=True, eq=False)
class Problem:
    """What all trials of one search share, besides the rows.

    The rows travel apart from it, because workers map them into their memory.

    Parameters
    ----------
    search_space : SearchSpace
        Its hyperparameters are those that the oracle knows.
    objective : Objective
        Scores the predictions for the validation rows of all folds.
    folds : tuple of Fold
        The trainings that a trial consists of.
    options : TrainingOptions
        How each of them goes.
    folds_have_scores : bool, default=True
        Whether the objectives of the folds are the score. If False, they are the loss,
        because the score is not defined in every fold, such as R2 of one row.
    reported : ReportedMetrics or None, default=None
        Metrics of the validation rows of all folds that are shown beside the score.
        None if there are none.
    """

    search_space: SearchSpace
    objective: Objective
    folds: tuple[Fold, ...]
    options: TrainingOptions
    folds_have_scores: bool = True
    reported: ReportedMetrics | None = None

    @classmethod
    def of_one_fold(cls, search_space, objective, options):
        """Return the problem whose only fold is made of all rows.

        Parameters
        ----------
        search_space : SearchSpace
            Builds networks.
        objective : Objective
            Scores the predictions for the validation rows.
        options : TrainingOptions
            How trainings go.

        Returns
        -------
        problem : Problem
        """
        return cls(search_space, objective, (Fold(search_space, objective),), options)

    @property
    def heads(self):
        """The head and the schema of the target of each output, by name."""
        return self.search_space.heads

    def n_train_rows(self, data):
        """Return how many rows a trial is trained on, all folds added up.

        Parameters
        ----------
        data : SplitRows
            The rows of all folds.
        """
        positions = np.arange(len(data.train))
        return sum(len(positions[fold.train]) for fold in self.folds)
