"""Pending trials: what is asked of an evaluation, and the places that wait for one."""

import math
from dataclasses import dataclass, field

from skautokeras._search.feasibility import Limits
from skautokeras._state.deadline import Deadline

# Proposals for one trial that may be rejected, and those among them for want of time.
_MAX_REJECTIONS = 50
_MAX_REJECTIONS_FOR_TIME = 10


@dataclass(frozen=True, eq=False)
class PendingTrial:
    """A trial that has been asked for and has no result yet.

    Attributes
    ----------
    number : int
        Number of the trial in the order they are asked for, from 0.
    values : dict of str to object
        Configuration that the oracle proposed.
    seed : int
        Seed of the trial.
    deadline : Deadline
        Moment at which the trial must end.
    curve : tuple of float, default=()
        Scores that the trial must not fall behind; empty if there are none.
    worst_fold : float, default=-inf
        Score that the mean of its folds must not fall behind.
    predefined : bool, default=False
        Whether the configuration is one of those that the search begins with.
    is_known : bool, default=False
        Whether the journal has its result, so that it is not evaluated again.
    every : int, default=1
        The trial learns from every so many-th training row.
    share_of_fitting : float or None, default=None
        Share of the time that layers which are fitted may take. None is the usual one.
    limits : Limits or None, default=None
        Time and speed that the configuration is judged by. If None, it is tried in
        any case.
    """

    number: int
    values: dict
    seed: int
    deadline: Deadline
    curve: tuple = ()
    worst_fold: float = -math.inf
    predefined: bool = False
    is_known: bool = False
    every: int = 1
    share_of_fitting: float | None = None
    limits: Limits | None = None

    @property
    def options(self):
        """Keyword arguments of the evaluation."""
        options = {"curve": self.curve} if self.curve else {}
        if self.limits is not None:
            options["limits"] = self.limits
        if self.worst_fold > -math.inf:
            options["worst_fold"] = self.worst_fold
        if self.every > 1:
            options["every"] = self.every
        if self.share_of_fitting is not None:
            options["share_of_fitting"] = self.share_of_fitting
        return options


@dataclass(eq=False)
class Place:
    """A trial that is to have a configuration, for which the oracle is asked.

    Attributes
    ----------
    number : int
        Number of the trial in the order they are asked for, from 0.
    seed : int
        Seed of the trial.
    most_seconds : float
        Seconds that the trial may take.
    reserve : float
        Seconds to keep for the work that follows the search.
    left : float
        Seconds of the search that were left when the oracle was asked first.
    n_asked : int
        How often the oracle has been asked.
    rejected : list of tuple
        Proposals that were rejected, as KerasTuner trials, and the rejections, as long
        as the oracle has not been told.
    n_rejected, n_for_time : int
        Number of proposals that were rejected, and of those among them for want of
        time.
    is_given_up : bool
        Whether the oracle is not asked any more.
    pending : PendingTrial or None
        Trial as it was started last.
    proposal : KerasTuner trial or None
        Proposal that it was started with.
    """

    number: int
    seed: int
    most_seconds: float = math.inf
    reserve: float = 0.0
    left: float = math.inf
    n_asked: int = 0
    rejected: list = field(default_factory=list)
    n_rejected: int = 0
    n_for_time: int = 0
    is_given_up: bool = False
    pending: PendingTrial | None = None
    proposal: object = None

    def limit(self, most_seconds, reserve, left):
        """Let the oracle be asked from now on, with these limits.

        Parameters
        ----------
        most_seconds : float
            Seconds that the trial may take.
        reserve : float
            Seconds to keep for the work that follows the search.
        left : float
            Seconds of the search that are left.
        """
        self.most_seconds, self.reserve, self.left = most_seconds, reserve, left
        self.n_rejected, self.n_for_time, self.is_given_up = 0, 0, False

    def seconds(self, left):
        """Return the time for the trial.

        Parameters
        ----------
        left : float
            Seconds of the search that are left.

        Returns
        -------
        seconds : float
        """
        # The first trial starts even if all time is reserved.
        if self.left <= self.reserve:
            return math.inf
        return max(left - self.reserve, 0.0)

    def take(self, rejection):
        """Count a rejection; after enough of them, the place is given up.

        Parameters
        ----------
        rejection : Rejection
            Rejection of the last proposal.
        """
        self.n_rejected += 1
        self.n_for_time += rejection.depends_on_time
        self.is_given_up = (
            rejection.is_last
            or self.n_rejected >= _MAX_REJECTIONS
            or self.n_for_time >= _MAX_REJECTIONS_FOR_TIME
        )
