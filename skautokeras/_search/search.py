"""The search: ask the oracle, evaluate, tell it, until the budget is spent."""

import statistics
from dataclasses import dataclass, replace

from skautokeras._search.collector import Collector
from skautokeras._search.feasibility import Refusal
from skautokeras._search.oracle import ask, hosted, make_room, tell, turn_down
from skautokeras._search.selection import candidates
from skautokeras._training.deadline import Deadline
from skautokeras.exceptions import SearchError

# Trials that get no more than half of what is left, so that several are tried.
_FIRST_TRIALS = 2
# A trial that can have less than this share of a usual trial's time is not started.
_WORTH_STARTING = 0.5
# Proposals in a row that may be turned down, and because of the time.
_MAX_REFUSALS = 50
_MAX_REFUSALS_FOR_TIME = 10


def search(
    oracle,
    evaluate,
    *,
    seeds,
    deadline,
    reserve=lambda trials: 0.0,
    curve=lambda trials: (),
    refusal=lambda values, trials, seconds: None,
    on_start=lambda job: None,
    on_trial=lambda job, trials: False,
    journal=None,
    workers=None,
):
    """Try configurations until the oracle stops, the seeds or the time are used up.

    Parameters
    ----------
    oracle : keras_tuner.Oracle
        Proposes values.
    evaluate : callable
        ``evaluate(values, seed, deadline) -> Trial``.
    seeds : sequence of int
        One per trial; their number is the most trials there are.
    deadline : Deadline
        Of the whole search.
    reserve : callable
        From the trials so far to the seconds to keep for what follows the search.
    curve : callable
        From the trials so far to what the next one must not be behind; passed on to
        ``evaluate`` as ``curve`` unless it is empty.
    refusal : callable
        From values, the trials so far and the seconds that are left to the `Refusal` of
        a configuration that is not to be tried; the oracle is asked for another one,
        which takes its place. None: it is tried.
    on_start : callable
        Called with the job before each trial.
    on_trial : callable
        Called with the job and the list of trials after each one; True ends the search.
    journal : Journal or None, default=None
        Its trials are not evaluated again; all others are added to it.
    workers : Workers or None, default=None
        Where trials run, several at the same time; they have their own ``evaluate``.
        None: here, one after the other.

    Returns
    -------
    trials : list of Trial
        In the order they ended.
    interrupted : bool
        Whether the user pressed Ctrl+C; the trials before it are there.

    Raises
    ------
    SearchError
        If every trial failed, or every proposal was turned down; the message holds a
        reason.
    KeyboardInterrupt
        If the user pressed Ctrl+C before a trial had finished.

    Examples
    --------
    >>> import keras_tuner
    >>> from skautokeras import GreedyOracle
    >>> from skautokeras._training.deadline import Deadline
    >>> from skautokeras._search.search import search
    >>> from skautokeras._search.trial import Trial
    >>> space = keras_tuner.HyperParameters()
    >>> _ = space.Int("x", 0, 6)
    >>> objective = keras_tuner.Objective("score", "max")
    >>> oracle = GreedyOracle(objective=objective, hyperparameters=space, seed=0)
    >>> def parabola(values, seed, deadline):
    ...     return Trial(values, seed, score=-((values["x"] - 3) ** 2))
    >>> trials, _ = search(oracle, parabola, seeds=range(7), deadline=Deadline(60))
    >>> sorted(trial.values["x"] for trial in trials)
    [0, 1, 2, 3, 4, 5, 6]
    """
    desk = Desk(
        oracle,
        seeds=seeds,
        deadline=deadline,
        reserve=reserve,
        curve=curve,
        refusal=refusal,
        on_start=on_start,
        on_trial=on_trial,
        journal=journal,
        n_jobs=1 if workers is None else workers.n_jobs,
    )
    interrupted = False
    with hosted(oracle):
        try:
            if workers is None:
                _run_here(desk, evaluate)
            else:
                workers.run(desk)
        except KeyboardInterrupt:
            interrupted = True
    _check_any_completed(desk, interrupted)
    return desk.trials, interrupted


def _run_here(desk, evaluate):
    """Run the trials that a desk hands out, one after the other."""
    with Collector() as collector:
        while jobs := desk.hand_out():
            for job in jobs:
                trial = evaluate(job.values, job.seed, job.deadline, **job.options)
                # Before `take_in`, which a user's callback can leave by an exception.
                collector.collect()
                desk.take_in(job, trial)


@dataclass(frozen=True, eq=False)
class Job:
    """A trial to be run: the ``number``-th that was asked for, from 0.

    ``curve`` is what others had reached by the time it was handed out.
    """

    number: int
    values: dict
    seed: int
    deadline: Deadline
    proposal: object
    curve: tuple = ()

    @property
    def options(self):
        """What ``evaluate`` is told besides values, seed and deadline."""
        return {"curve": self.curve} if self.curve else {}


class Desk:
    """Where trials are handed out and taken in: asks the oracle, and tells it.

    The oracle is asked as soon as fewer than ``n_jobs`` trials are under way. So what
    it is asked and told, and in which order, depends on nothing but the order in which
    trials end, which the journal keeps. What is turned down because of the time depends
    on the machine, so the journal keeps that, too, and it is repeated as far as trials
    are known that came after it.

    Parameters
    ----------
    oracle, seeds, deadline, reserve, curve, refusal, on_start, on_trial, journal
        As in `search`.
    n_jobs : int
        Trials at the same time.

    Attributes
    ----------
    trials : list of Trial
        In the order they ended.
    over : bool
        Whether no other trial will start.
    stopped : bool
        Whether those that are under way are of no use, either.
    too_large : list of Refusal
        Those of proposals that no time would make possible.
    """

    def __init__(
        self,
        oracle,
        *,
        seeds,
        deadline,
        reserve,
        curve,
        refusal,
        on_start,
        on_trial,
        journal,
        n_jobs,
    ):
        self._oracle = oracle
        self._seeds = seeds
        self._deadline = deadline
        self._reserve = reserve
        self._curve = curve
        self._refusal = refusal
        self._on_start = on_start
        self._on_trial = on_trial
        self._journal = journal
        self._n_jobs = n_jobs
        self._n_asked = 0
        known = (0, {}) if journal is None else journal.begin(seeds)
        self._n_known, self._to_repeat = known
        self.trials = []
        self.too_large = []
        self.over = self.stopped = False

    def hand_out(self):
        """Return the jobs to be started now."""
        jobs = []
        while not self.stopped:
            while self._n_under_way < self._n_jobs and (job := self._ask()):
                jobs.append(job)
            known = None if self._journal is None else self._journal.earliest(jobs)
            if known is None:
                return jobs
            job, trial = known
            jobs.remove(job)
            self._tell(job, trial)
        return []

    def take_in(self, job, trial):
        """Take in the result of a job."""
        if self._journal is not None:
            self._journal.add(job, trial)
        self._tell(job, trial)

    @property
    def _n_under_way(self):
        return self._n_asked - len(self.trials)

    def _ask(self):
        """Return a new job, or None if there is none now."""
        limit = None
        if not self.over and self._n_asked < len(self._seeds):
            reserve = self._reserve(self.trials)
            limit = trial_deadline(self._deadline, self.trials, reserve)
        if limit is None:
            self.over = True
            return None
        seed = self._seeds[self._n_asked]
        proposal = self._propose(seed, self._deadline.left() - reserve)
        if proposal is None:
            # Hyperband waits for results, and greedy may find another one to mutate.
            self.over = self._n_under_way == 0
            return None
        values, curve = _values(proposal), self._curve(self.trials)
        job = Job(self._n_asked, values, seed, limit, proposal, curve)
        self._n_asked += 1
        self._on_start(job)
        return job

    def _propose(self, seed, seconds):
        """Return the first proposal that is not turned down, or None.

        A search needs a result: if there is none, none to come and the time too short
        for all of them, the one with the least arithmetic is tried.
        """
        if seconds <= 0:  # of the first trial, which is started all the same
            seconds = float("inf")
        chosen, refused, n_for_time = None, [], 0
        for attempt in range(_MAX_REFUSALS):
            proposal = ask(self._oracle, f"worker_{self._n_asked}_{attempt}")
            refusal = proposal and self._why_not(proposal, seed, seconds)
            if proposal is not None and refusal is None:
                chosen = proposal
            if refusal is not None:
                make_room(self._oracle)
                refused.append((proposal, refusal))
                n_for_time += refusal.depends_on_time
            if proposal is None or n_for_time == _MAX_REFUSALS_FOR_TIME:
                break
            # The proposal with the least arithmetic came before others.
            if chosen is not None and not self._to_repeat.get(seed):
                break
        needed = self._n_under_way == 0 and all(t.error for t in self.trials)
        if chosen is None and needed:
            chosen = _least_arithmetic(refused)
        for proposal, refusal in refused:
            if proposal is not chosen:
                self._turn_down(proposal, refusal, seed)
        return chosen

    def _why_not(self, proposal, seed, seconds):
        """Return why a proposal is not to be tried; None if it is."""
        values = _values(proposal)
        if self._n_asked < self._n_known:
            if values in self._to_repeat.get(seed, ()):
                self._to_repeat[seed].remove(values)
                return Refusal(None, "It was turned down before.", depends_on_time=True)
            seconds = float("inf")
        return self._refusal(values, self.trials, seconds)

    def _turn_down(self, proposal, refusal, seed):
        turn_down(self._oracle, proposal, refusal.reason)
        if not refusal.depends_on_time:
            self.too_large.append(refusal)
        elif self._journal is not None and self._n_asked >= self._n_known:
            self._journal.refuse(_values(proposal), seed)

    def _tell(self, job, trial):
        tell(self._oracle, job.proposal, trial)
        self.trials.append(trial)
        self._drop_arrays()
        if self._on_trial(job, self.trials):
            self.over = self.stopped = True

    def _drop_arrays(self):
        """Free the arrays of trials that can be in no ensemble any more."""
        kept = set(candidates(self.trials))
        for i, trial in enumerate(self.trials):
            if i not in kept and trial.weights is not None:
                self.trials[i] = replace(trial, weights=None, y_pred=None)


def trial_deadline(deadline, trials, reserve):
    """Return until when the next trial may run; None if none is worth starting.

    Parameters
    ----------
    deadline : Deadline
        Of the whole search.
    trials : list of Trial
        So far.
    reserve : float
        Seconds to keep for what follows the search.
    """
    if deadline.left() == float("inf"):
        return deadline
    left = deadline.left() - reserve
    completed = [t.seconds for t in trials if t.status == "completed"]
    if completed and left < _WORTH_STARTING * statistics.median(completed):
        return None
    if trials and left <= 0:
        return None
    share = left / 2 if len(completed) < _FIRST_TRIALS else left
    return deadline.within(max(share, 0.0))


def _values(proposal):
    return dict(proposal.hyperparameters.values)


def _least_arithmetic(refused):
    """Return the cheapest of the proposals that were refused for want of time."""
    candidates = [(p, r.cost.flops) for p, r in refused if r.depends_on_time]
    return min(candidates, key=lambda pair: pair[1], default=(None, 0))[0]


def best_trial(trials):
    """Return the completed trial with the greatest score; the earlier one of equals."""
    completed = [trial for trial in trials if trial.status == "completed"]
    return max(completed, key=lambda trial: trial.score)


def _check_any_completed(desk, interrupted):
    """Raise unless a trial can be used."""
    trials = desk.trials
    if any(trial.status == "completed" for trial in trials):
        return
    if interrupted:
        raise KeyboardInterrupt("Interrupted before a trial had finished.")
    if not trials and desk.too_large:
        smallest = min(desk.too_large, key=lambda refusal: refusal.cost.n_parameters)
        raise SearchError(
            f"None of {len(desk.too_large)} proposed configurations was tried. The "
            f"smallest one: {smallest.reason}"
        )
    if not trials:
        raise SearchError("The oracle proposed no configuration.")
    raise SearchError(
        f"All {len(trials)} trials failed. The first one:\n{trials[0].error}"
    )
