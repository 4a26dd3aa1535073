"""The search: ask the oracle, evaluate, tell it, until the budget is spent."""

import math
import statistics
from dataclasses import dataclass, replace

from skautokeras._search.feasibility import Rejection
from skautokeras._search.garbage_collector import GarbageCollector
from skautokeras._search.hooks import SearchHooks
from skautokeras._search.oracle import (
    ask,
    is_predefined,
    raise_max_trials,
    reject,
    tell,
    temporary_project,
)
from skautokeras._search.rungs import SHARE_OF_FITTING, promoted_values
from skautokeras._state.deadline import Deadline
from skautokeras._state.randomness import MAX_SEED
from skautokeras.exceptions import SearchError

# Trials that share the time, so that several kinds of networks are tried, and the time
# that each of them has at least, in seconds, as far as half of what is left is enough.
FIRST_TRIALS, _LEAST_SECONDS = 8, 5.0
# A trial that can have less than this share of a usual trial's time is not started.
_WORTH_STARTING = 0.5
# Proposals in a row that may be rejected, and those among them for want of time.
_MAX_REJECTIONS = 50
_MAX_REJECTIONS_FOR_TIME = 10
# What is added to the seed of a trial whose configuration is trained again.
_SEED_OF_PROMOTED = 2**20
# Share of the time that they leave at least.
_LEFT = 0.9


def run_search(
    oracle, evaluate, *, seeds, deadline, hooks=None, journal=None, workers=None
):
    """Try configurations until the oracle stops or the seeds or the time are used up.

    Parameters
    ----------
    oracle : keras_tuner.Oracle
        Oracle that proposes configurations.
    evaluate : callable
        Function ``evaluate(values, seed, deadline, **options) -> Trial``. The options
        are ``curve``, if the hooks have one, and what ``workers`` share.
    seeds : sequence of int
        Seeds of the trials, in the order they start; there are never more trials.
    deadline : Deadline
        Deadline of the whole search.
    hooks : SearchHooks or None, default=None
        Object that is asked and told along the search. None uses the defaults.
    journal : Journal or None, default=None
        Journal whose trials are not evaluated again; all others are added to it.
    workers : WorkerPool or None, default=None
        Pool in which several trials run at the same time. None runs them in this
        process, one after the other.

    Returns
    -------
    trials : list of Trial
        Trials in the order they ended.
    interrupted : bool
        Whether the user pressed Ctrl+C; the trials that had ended by then are there.

    Raises
    ------
    SearchError
        If every trial failed, or every proposal was rejected; the message holds a
        reason.
    KeyboardInterrupt
        If the user pressed Ctrl+C before a trial had finished.

    Examples
    --------
    >>> import keras_tuner
    >>> from skautokeras import GreedyOracle
    >>> from skautokeras._search import Trial, run_search
    >>> from skautokeras._state import Deadline
    >>> space = keras_tuner.HyperParameters()
    >>> _ = space.Int("x", 0, 6)
    >>> objective = keras_tuner.Objective("score", "max")
    >>> oracle = GreedyOracle(objective=objective, hyperparameters=space, seed=0)
    >>> def parabola(values, seed, deadline):
    ...     return Trial(values, seed, score=-((values["x"] - 3) ** 2))
    >>> trials, _ = run_search(oracle, parabola, seeds=range(7), deadline=Deadline(60))
    >>> sorted(trial.values["x"] for trial in trials)
    [0, 1, 2, 3, 4, 5, 6]
    """
    search = Search(oracle, seeds, deadline, hooks=hooks, journal=journal)
    interrupted = False
    with temporary_project(oracle):
        try:
            if workers is None:
                _run_in_this_process(search, evaluate)
            else:
                workers.run(search, evaluate)
        except KeyboardInterrupt:
            interrupted = True
    _check_any_completed(search, interrupted)
    return search.trials, interrupted


def _run_in_this_process(search, evaluate):
    """Run the trials of a search one after the other."""
    with GarbageCollector() as collector:
        while pending_trials := search.start_trials():
            for pending in pending_trials:
                trial = evaluate(
                    pending.values, pending.seed, pending.deadline, **pending.options
                )
                # Before the result is reported: a user's callback may raise.
                collector.collect()
                search.finish_trial(pending, trial)


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
    is_promoted : bool, default=False
        Whether the configuration has been tried before, on fewer rows.
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
    is_promoted: bool = False

    @property
    def options(self):
        """Keyword arguments of the evaluation."""
        options = {"curve": self.curve} if self.curve else {}
        if self.worst_fold > -math.inf:
            options["worst_fold"] = self.worst_fold
        if self.every > 1:
            options["every"] = self.every
        if self.share_of_fitting is not None:
            options["share_of_fitting"] = self.share_of_fitting
        return options


class Search:
    """A search under way: starts trials and finishes them, wherever they run.

    The oracle is asked as soon as fewer than ``n_jobs`` trials are pending. So what it
    is asked and told, and in which order, depends on nothing but the order in which
    trials end, which the journal keeps. Rejections for want of time depend on the
    machine, so the journal keeps those, too, and they are repeated as long as the
    journal has trials that came after them.

    Parameters
    ----------
    oracle : keras_tuner.Oracle
        Oracle that proposes configurations, inside of `temporary_project`.
    seeds : sequence of int
        Seeds of the trials, in the order they start.
    deadline : Deadline
        Deadline of the whole search.
    hooks : SearchHooks or None, default=None
        Object that is asked and told along the search. None uses the defaults.
    journal : Journal or None, default=None
        Journal whose trials are not evaluated again.
    n_jobs : int, default=1
        Number of trials at the same time.

    Attributes
    ----------
    n_jobs : int
        Number of trials at the same time, which may be changed between two calls.
    trials : list of Trial
        Trials in the order they ended.
    exhausted : bool
        Whether no other trial will start.
    stopped : bool
        Whether the results of pending trials are of no use, either.
    lasting_rejections : list of Rejection
        Rejections that more time would not have prevented.

    Examples
    --------
    >>> import keras_tuner
    >>> from skautokeras import GreedyOracle
    >>> from skautokeras._search import Search, Trial, temporary_project
    >>> from skautokeras._state import Deadline
    >>> space = keras_tuner.HyperParameters()
    >>> _ = space.Int("x", 0, 6)
    >>> objective = keras_tuner.Objective("score", "max")
    >>> oracle = GreedyOracle(objective=objective, hyperparameters=space, seed=0)
    >>> with temporary_project(oracle):
    ...     search = Search(oracle, seeds=[7, 8], deadline=Deadline(60))
    ...     while pending_trials := search.start_trials():
    ...         for pending in pending_trials:
    ...             trial = Trial(pending.values, pending.seed, score=1.0)
    ...             search.finish_trial(pending, trial)
    >>> [trial.seed for trial in search.trials]
    [7, 8]
    """

    def __init__(self, oracle, seeds, deadline, *, hooks=None, journal=None, n_jobs=1):
        self._oracle = oracle
        self._seeds = seeds
        self._deadline = deadline
        self._hooks = SearchHooks() if hooks is None else hooks
        self._journal = journal
        self.n_jobs = n_jobs
        self._n_asked = 0
        self._proposals = {}  # by the numbers of the pending trials
        # Promoted configurations come after all trials that the oracle has proposed.
        self._oracle_is_done, self._n_promoted = False, 0
        known = (0, {}) if journal is None else journal.begin(seeds)
        self._n_known, self._to_repeat = known
        # Seconds that the search has taken before it was continued.
        self._spent_before = 0.0 if journal is None else journal.spent()
        self.trials = []
        self.lasting_rejections = []
        self.exhausted = self.stopped = False

    def start_trials(self):
        """Return the trials to be started now; the journal answers those it has.

        Returns
        -------
        pending_trials : list of PendingTrial
            Empty if the search is over, or as many trials as possible are pending.
        """
        started = []
        while not self.stopped:
            while len(self._proposals) < self.n_jobs and (pending := self._ask()):
                started.append(pending)
            known = None if self._journal is None else self._journal.earliest(started)
            if known is None:
                return started
            pending, trial = known
            started.remove(pending)
            self._tell(replace(pending, is_known=True), trial)
        return []

    def finish_trial(self, pending, trial):
        """Take in the result of a trial.

        Parameters
        ----------
        pending : PendingTrial
            The trial as it was started.
        trial : Trial
            Result of the trial.
        """
        ended = self._spent_before + self._deadline.spent()
        trial = replace(trial, predefined=pending.predefined, ended=ended)
        if self._journal is not None:
            self._journal.add(pending, trial)
        self._tell(pending, trial)

    def _ask(self):
        """Return a new pending trial, or None if there is none now."""
        if self.exhausted:
            return None
        pending = None if self._oracle_is_done else self._ask_oracle()
        promotes = self._n_promoted or not self._proposals
        if self._oracle_is_done and promotes:
            pending = self._promote()
            self.exhausted = pending is None
        return pending

    def _ask_oracle(self):
        """Return a new trial that the oracle has proposed, or None."""
        limit = None
        if self._n_asked < len(self._seeds):
            reserve = self._hooks.reserved_seconds(self.trials)
            limit = trial_deadline(self._deadline, self.trials, reserve)
        if limit is None:
            self._oracle_is_done = True
            return None
        seed = self._seeds[self._n_asked]
        proposal = self._propose(seed, self._deadline.left() - reserve)
        if proposal is None:
            # Hyperband waits for results, and greedy may find another one to mutate.
            self._oracle_is_done = not self._proposals
            return None
        every = self._hooks.every()
        pending = PendingTrial(
            self._n_asked,
            _values(proposal),
            seed,
            limit,
            self._hooks.pruning_curve(self.trials),
            self._hooks.worst_fold(self.trials),
            is_predefined(self._oracle, proposal),
            every=every,
            share_of_fitting=SHARE_OF_FITTING if every > 1 else None,
        )
        self._proposals[pending.number] = proposal
        self._n_asked += 1
        self._hooks.on_trial_begin(pending)
        return pending

    def _promote(self):
        """Return the next trial of a configuration on more rows, or None."""
        if not self._n_promoted and self._journal is not None:
            self._tell_promoted_of_journal()
        promotion = self._hooks.promotion(self.trials, self._deadline.left())
        if promotion is None:
            return None
        pending = replace(
            self._as_promoted(self.trials[promotion.position]),
            deadline=self._deadline.within(promotion.seconds),
            every=promotion.every,
            share_of_fitting=promotion.share_of_fitting,
        )
        self._begin_promoted(pending)
        return pending

    def _as_promoted(self, trial):
        """Return a pending trial of the configuration of a trial."""
        return PendingTrial(
            len(self._seeds) + self._n_promoted,
            promoted_values(trial),
            # The journal tells trials apart by their configuration and their seed.
            (trial.seed + _SEED_OF_PROMOTED) % MAX_SEED,
            self._deadline,
            predefined=trial.predefined,
            is_promoted=True,
        )

    def _begin_promoted(self, pending):
        self._proposals[pending.number] = None
        self._n_promoted += 1
        self._hooks.on_trial_begin(pending)

    def _tell_promoted_of_journal(self):
        """Tell what the journal has of configurations that were trained again."""
        completed = [t for t in self.trials if t.status == "completed"]
        waiting = list(map(self._as_promoted, completed))
        while (known := self._journal.earliest(waiting)) is not None:
            pending, trial = known
            waiting.remove(pending)
            pending = replace(pending, number=len(self._seeds) + self._n_promoted)
            self._begin_promoted(pending)
            self._tell(replace(pending, is_known=True), trial)

    def _propose(self, seed, seconds):
        """Return the first proposal that is not rejected, or None.

        A search needs a result: if there is none, none to come and the time too short
        for all proposals, the one with the least arithmetic is tried.
        """
        if seconds <= 0:  # The first trial starts even if all time is reserved.
            seconds = float("inf")
        accepted, rejected, n_for_time = None, [], 0
        left = self._deadline.left()
        for attempt in range(_MAX_REJECTIONS):
            proposal = ask(self._oracle, f"worker_{self._n_asked}_{attempt}")
            if proposal is None:
                break
            rejection = self._rejection(proposal, seed, seconds)
            if rejection is None:
                accepted = proposal
            else:
                raise_max_trials(self._oracle)
                rejected.append((proposal, rejection))
                n_for_time += rejection.depends_on_time
            if n_for_time and self._has_looked_enough(n_for_time, left):
                break
            # The proposal with the least arithmetic came before others.
            if accepted is not None and not self._to_repeat.get(seed):
                break
        needed = not self._proposals and all(t.error for t in self.trials)
        if accepted is None and needed:
            accepted = _least_arithmetic(rejected)
        for proposal, rejection in rejected:
            if proposal is not accepted:
                self._reject(proposal, rejection, seed)
        return accepted

    def _has_looked_enough(self, n_for_time, left):
        """Return whether to stop looking for what fits into the time.

        Where time is short, that must not use it up. What is repeated from a journal
        depends on no clock.
        """
        is_new = self._n_asked >= self._n_known
        is_late = is_new and self._deadline.left() < _LEFT * left
        # What was asked while trials were pending would be repeated in another order.
        is_late = is_late and not self._proposals
        return is_late or n_for_time == _MAX_REJECTIONS_FOR_TIME

    def _rejection(self, proposal, seed, seconds):
        """Return why a proposal is not to be tried; None if it is."""
        values = _values(proposal)
        if self._n_asked < self._n_known:
            if values in self._to_repeat.get(seed, ()):
                self._to_repeat[seed].remove(values)
                return Rejection("It was rejected before.", depends_on_time=True)
            seconds = float("inf")
        return self._hooks.rejection(values, self.trials, seconds)

    def _reject(self, proposal, rejection, seed):
        reject(self._oracle, proposal, rejection.reason)
        if not rejection.depends_on_time:
            self.lasting_rejections.append(rejection)
        elif self._journal is not None and self._n_asked >= self._n_known:
            self._journal.add_rejection(_values(proposal), seed)

    def _tell(self, pending, trial):
        proposal = self._proposals.pop(pending.number)
        if not pending.is_promoted:
            tell(self._oracle, proposal, trial)
        self.trials.append(trial)
        self._free_arrays()
        if self._hooks.on_trial_end(pending, self.trials):
            self.exhausted = self.stopped = True

    def _free_arrays(self):
        kept = set(self._hooks.kept_trials(self.trials))
        for i, trial in enumerate(self.trials):
            if i not in kept and trial.weights is not None:
                self.trials[i] = replace(trial, weights=None, y_pred=None)


def trial_deadline(deadline, trials, reserve):
    """Return until when the next trial may run; None if none is worth starting.

    The learning rate of a network is annealed until then. So the first trials, which
    are of different kinds, share the time, and later ones leave half of it.

    Parameters
    ----------
    deadline : Deadline
        Deadline of the whole search.
    trials : list of Trial
        Trials that have ended.
    reserve : float
        Seconds to keep for the work that follows the search.
    """
    if deadline.left() == float("inf"):
        return deadline
    left = deadline.left() - reserve
    completed = [t.seconds for t in trials if t.status == "completed"]
    if completed and left < _WORTH_STARTING * statistics.median(completed):
        return None
    if trials and left <= 0:
        return None
    share = max(deadline.total() / FIRST_TRIALS, _LEAST_SECONDS)
    if len(completed) < FIRST_TRIALS:
        share = min(share, left / 2)
    else:
        share = max(share, left / 2)
    return deadline.within(max(min(share, left), 0.0))


def best_trial(trials):
    """Return the best completed trial; of equal scores, the one with the least loss.

    Parameters
    ----------
    trials : list of Trial
        Trials of which at least one is completed.
    """
    completed = [trial for trial in trials if trial.status == "completed"]
    return max(completed, key=lambda trial: trial.quality)


def _values(proposal):
    return dict(proposal.hyperparameters.values)


def _least_arithmetic(rejected):
    """Return the cheapest of the proposals that were rejected for want of time."""
    candidates = [
        (proposal, rejection.cost.flops)
        for proposal, rejection in rejected
        if rejection.depends_on_time and rejection.cost is not None
    ]
    return min(candidates, key=lambda pair: pair[1], default=(None, 0))[0]


def _n_parameters(rejection):
    return 0 if rejection.cost is None else rejection.cost.n_parameters


def _check_any_completed(search, interrupted):
    """Raise unless a trial can be used."""
    trials, rejections = search.trials, search.lasting_rejections
    if any(trial.status == "completed" for trial in trials):
        return
    if interrupted:
        raise KeyboardInterrupt("Interrupted before a trial had finished.")
    if not trials and rejections:
        smallest = min(rejections, key=_n_parameters)
        raise SearchError(
            f"None of {len(rejections)} proposed configurations was tried. The "
            f"smallest one: {smallest.reason}"
        )
    if not trials:
        raise SearchError("The oracle proposed no configuration.")
    raise SearchError(
        f"All {len(trials)} trials failed. The first one:\n{trials[0].error}"
    )
