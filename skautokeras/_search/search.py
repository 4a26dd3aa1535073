"""The search: ask the oracle, evaluate, tell it, until the budget is spent."""

import statistics
from collections import deque
from dataclasses import replace
from itertools import islice

from skautokeras._search.feasibility import Rejection, warn_of_missing
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
from skautokeras._search.pending import PendingTrial, Place
from skautokeras._search.rungs import SHARE_OF_FITTING, promoted_values
from skautokeras._search.selection import kept_trials
from skautokeras._state.randomness import MAX_SEED
from skautokeras.exceptions import SearchError

# Trials that share the time, so that several kinds of networks are tried, and the time
# that each of them has at least, in seconds, as far as half of what is left is enough.
FIRST_TRIALS, _LEAST_SECONDS = 8, 5.0
# A trial that can have less than this share of a usual trial's time is not started. The
# last trials, so many of them, tell what is usual.
_WORTH_STARTING, _USUAL_TRIALS = 0.5, 50
# A trial that takes long may have this share of the time that is left.
_SHARE_OF_LONG = 0.75
# What is added to the seed of a trial whose configuration is trained again.
_SEED_OF_PROMOTED = 2**20
# Share of the time that the search for a configuration leaves at least.
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
        Function ``evaluate(values, seed, deadline, **options)`` that returns a `Trial`
        or, if the hooks have ``limits``, possibly a `Rejection`. The options are those
        of a `PendingTrial`, and what ``workers`` share.
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
                result = evaluate(
                    pending.values, pending.seed, pending.deadline, **pending.options
                )
                # Before the result is reported: a user's callback may raise.
                collector.collect()
                search.finish_trial(pending, result)


class Search:
    """A search under way: starts trials and finishes them, wherever they run.

    The oracle is asked as soon as fewer than ``n_jobs`` trials are pending. So what it
    is asked and told, and in which order, depends on nothing but the order in which
    trials end or are rejected, which the journal keeps.

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
        self._n_places = 0
        # By the numbers of the pending trials; None for those that are trained again,
        # which begin when no other trial is pending any more.
        self._places = {}
        self._waiting = deque()  # places whose last proposal was rejected
        self._given_up = []  # those for which nothing was found
        self._rested = deque()  # those of them since which another trial has ended
        self._cheapest = None  # of all proposals that were rejected for want of time
        # Promoted configurations come after all trials that the oracle has proposed.
        self._oracle_is_done, self._n_promoted = False, 0
        self._has_result = self._has_warned = False
        if journal is not None:
            journal.begin()
        # Seconds that the search has taken before it was continued.
        self._spent_before = 0.0 if journal is None else journal.spent()
        self.trials = []
        self._holders = []  # positions of trials that have arrays
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
            while len(self._places) < self.n_jobs and (pending := self._ask()):
                started.append(pending)
            known = None if self._journal is None else self._journal.earliest(started)
            if known is None:
                return started
            pending, result = known
            started.remove(pending)
            self._tell(replace(pending, is_known=True), result)
        return []

    def finish_trial(self, pending, result):
        """Take in the result of a trial.

        Parameters
        ----------
        pending : PendingTrial
            The trial as it was started.
        result : Trial or Rejection
            Result of the trial, or why its configuration was not tried.
        """
        if isinstance(result, Rejection):
            # The clock has its say here only, so that the journal can repeat it.
            is_last = self._has_looked_enough(self._places[pending.number], result)
            result = replace(result, is_last=is_last)
        else:
            ended = self._spent_before + self._deadline.spent()
            result = replace(
                result,
                predefined=pending.predefined,
                ended=ended,
                every=pending.every,
            )
        if self._journal is not None:
            self._journal.add(pending, result, self._n_places)
        self._tell(pending, result)

    def _ask(self):
        """Return a new pending trial, or None if there is none now."""
        if self.exhausted:
            return None
        pending = None if self._oracle_is_done else self._ask_oracle()
        if self._oracle_is_done:
            pending = self._promote()
            self.exhausted = pending is None
        return pending

    def _ask_oracle(self):
        """Return a new trial that the oracle has proposed, or None."""
        place = self._waiting.popleft() if self._waiting else self._new_place()
        while place is not None:
            has_news = bool(place.rejected)
            pending = self._ask_for(place)
            if pending is not None:
                return pending
            self._given_up.append(place)
            if self._places:
                # Hyperband waits for results, and greedy may find others to mutate.
                return None
            if has_news:
                # Now that the oracle knows of these rejections, it may have more.
                self._waiting.extend(p for p in self._given_up if not p.is_given_up)
                self._given_up = [p for p in self._given_up if p.is_given_up]
            place = self._waiting.popleft() if self._waiting else None
        if self._places:
            return None
        self._oracle_is_done = True
        for place in [*self._given_up, *self._rested]:
            if place.pending is not None:
                self._hooks.on_trial_left_out(place.pending)
        return None

    def _new_place(self):
        """Return the place of the next trial, or None if there is none."""
        if self._given_up:
            # The oracle has nothing that can be tried until another trial has ended.
            return None
        if not self._rested and self._n_places == len(self._seeds):
            return None
        pending_trials = (place.pending for place in self._places.values())
        if self._journal is not None and self._journal.had_all_places(
            self._n_places, pending_trials
        ):
            return None
        reserve = self._hooks.reserved_seconds(self.trials)
        limit = trial_deadline(self._deadline, self.trials, reserve)
        if limit is None:
            return None
        if self._rested:
            place = self._rested.popleft()
        else:
            place = Place(self._n_places, self._seeds[self._n_places])
            self._n_places += 1
        place.limit(limit.left(), reserve, self._deadline.left())
        return place

    def _ask_for(self, place):
        """Return a trial at a place, or None if there is no proposal for it now.

        A search needs a result: if there is none, none to come and the time too short
        for all proposals, the one with the least arithmetic is tried.
        """
        proposal, limits = None, None
        if not place.is_given_up:
            limits = self._hooks.limits(place.seconds(self._deadline.left()))
            proposal = ask(self._oracle, f"worker_{place.number}_{place.n_asked}")
            place.n_asked += 1
        if proposal is None:
            proposal, limits = self._last_resort(place), None
        if proposal is None:
            return None
        every = self._hooks.every()
        values = dict(proposal.hyperparameters.values)
        # Looking for a configuration takes nothing from the time of its trial.
        left = place.seconds(self._deadline.left())
        most = place.most_seconds
        if self._hooks.takes_long(values):
            most = max(most, _SHARE_OF_LONG * left)
        pending = PendingTrial(
            place.number,
            values,
            place.seed,
            self._deadline.within(min(most, left)),
            self._hooks.pruning_curve(self.trials),
            self._hooks.worst_fold(self.trials),
            is_predefined(self._oracle, proposal),
            every=every,
            share_of_fitting=SHARE_OF_FITTING if every > 1 else None,
            limits=limits,
        )
        if place.pending is None:
            self._hooks.on_trial_begin(pending)
        place.pending, place.proposal = pending, proposal
        self._places[place.number] = place
        return pending

    def _last_resort(self, place):
        """Return the cheapest proposal that was rejected, if any result is needed."""
        self._tell_rejections(place)
        if self._places or self._has_result or self._cheapest is None:
            return None
        (proposal, _), self._cheapest = self._cheapest, None
        return proposal

    def _tell_rejections(self, place):
        """Tell the oracle of the rejections at a place.

        Until then they are pending trials to the oracle, so that it proposes others.
        """
        for proposal, rejection in place.rejected:
            reject(self._oracle, proposal, rejection.reason)
            if not rejection.depends_on_time:
                self.lasting_rejections.append(rejection)
        place.rejected.clear()

    def _warn_of(self, rejection, is_known):
        """Warn once of weights that cannot be had, unless the user has been warned.

        A worker may lack them, whose warnings nobody sees. What the journal knows was
        told in another `fit`.
        """
        is_told = self._has_warned or (rejection.is_told and not is_known)
        if rejection.lacks_weights and not is_told:
            self._has_warned = True
            warn_of_missing(rejection.reason)

    def _take_rejection(self, place, rejection):
        """Take in that a proposal was rejected; the oracle will be asked again."""
        raise_max_trials(self._oracle)
        place.take(rejection)
        rejected = place.proposal, rejection
        if rejection.depends_on_time and not self._has_result:
            rejected = self._cheaper(rejected)
        if rejected is not None:
            place.rejected.append(rejected)
        self._waiting.append(place)

    def _cheaper(self, rejected):
        """Keep the cheapest rejected proposal, and return the other one or None."""
        kept, self._cheapest = self._cheapest, rejected
        if kept is not None and kept[1].flops <= rejected[1].flops:
            kept, self._cheapest = rejected, kept
        return kept

    def _tell_cheapest(self, place):
        """Give up the cheapest rejected proposal once there is a result."""
        if self._cheapest is not None and self._has_result:
            place.rejected.append(self._cheapest)
            self._cheapest = None

    def _has_looked_enough(self, place, rejection):
        """Return whether to stop looking for what fits into the time.

        Where time is short, that must not use it up. With other trials pending, it
        does not, and new workers take some time for their first answer.
        """
        left = self._deadline.left()
        if place.seconds(left) == 0:
            return True
        is_late = left < _LEFT * place.left and len(self._places) == 1
        return rejection.depends_on_time and is_late

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
        )

    def _begin_promoted(self, pending):
        self._places[pending.number] = None
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

    def _tell(self, pending, result):
        place = self._places.pop(pending.number)
        if isinstance(result, Rejection):
            self._warn_of(result, pending.is_known)
            self._take_rejection(place, result)
            return
        self._has_result = self._has_result or result.error is None
        if place is not None:
            self._tell_cheapest(place)
            self._tell_rejections(place)
            tell(self._oracle, place.proposal, result)
        self._rested.extend(self._given_up)
        self._given_up.clear()
        self.trials.append(result)
        if result.weights is not None:
            self._holders.append(len(self.trials) - 1)
            self._free_arrays()
        if self._hooks.on_trial_end(pending, self.trials):
            self.exhausted = self.stopped = True

    def _free_arrays(self):
        """Free the arrays of trials that cannot be in the ensemble any more."""
        holders = self._holders
        kept = kept_trials([self.trials[i] for i in holders])
        self._holders = sorted(holders[position] for position in kept)
        for i in set(holders).difference(self._holders):
            self.trials[i] = self.trials[i].without_arrays()


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
    last = (t.seconds for t in reversed(trials) if t.status == "completed")
    completed = list(islice(last, _USUAL_TRIALS))
    if completed and left < _WORTH_STARTING * statistics.median(completed):
        return None
    if trials and left <= 0:
        return None
    most = max(deadline.total() / FIRST_TRIALS, _LEAST_SECONDS)
    bound = min if len(completed) < FIRST_TRIALS else max
    most = bound(most, left / 2)
    return deadline.within(max(min(most, left), 0.0))


def best_trial(trials):
    """Return the best completed trial; of equal scores, the one with the least loss.

    Parameters
    ----------
    trials : list of Trial
        Trials of which at least one is completed.
    """
    completed = [trial for trial in trials if trial.status == "completed"]
    return max(completed, key=lambda trial: trial.quality)


def _check_any_completed(search, interrupted):
    """Raise unless a trial can be used."""
    trials, rejections = search.trials, search.lasting_rejections
    if any(trial.status == "completed" for trial in trials):
        return
    if interrupted:
        raise KeyboardInterrupt("Interrupted before a trial had finished.")
    if not trials and rejections:
        smallest = min(rejections, key=lambda rejection: rejection.n_parameters)
        raise SearchError(
            f"None of {len(rejections)} proposed configurations was tried. The "
            f"smallest one: {smallest.reason}"
        )
    if not trials:
        raise SearchError("The oracle proposed no configuration.")
    raise SearchError(
        f"All {len(trials)} trials failed. The first one:\n{trials[0].error}"
    )
