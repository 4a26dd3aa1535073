"""Rungs: configurations prove themselves on some rows before the best get all rows.

A search over many rows has two rungs. All trials of the oracle learn from evenly spaced
training rows, as few as several of them can be trained on in half of the time. In the
other half, the configurations that predict best together are trained again, on as many
rows as their share of the time allows. This is successive halving over rows (Jamieson
and Talwalkar, AISTATS 2016; Li et al., Hyperband, JMLR 2018) with two rungs, because
the time is limited and not the number of epochs.
"""

import math
from dataclasses import dataclass

from skautokeras._search.selection import ensemble_candidates
from skautokeras._state.codec import text_key

# Rows of a trial for each second of the whole time, and rows that are few in any case:
# networks pass the first ones some ten times in their share of the time, and boosting
# adds about 100 trees (measurement 0065).
_ROWS_PER_SECOND, _FEWEST_ROWS = 1_000, 50_000
# With fewer times the rows, all trials learn from all of them.
_MANY_TIMES = 3
# Share of the whole time in which the best configurations are trained again, and how
# many of them are at most.
_SHARE_OF_PROMOTIONS, _MOST_CHOSEN = 0.5, 3
# Others follow them if time is left, so many in all.
_MOST_PROMOTED = 5
# Share of its time that a training of promoted trees is planned for.
_SAFE = 0.7
# Share of the time of a training on some rows that layers which are fitted may take. A
# part is for the evaluation, as many validation rows follow the paths of many trees.
SHARE_OF_FITTING = 0.5
# Seconds that the choice of the ensemble takes after the last training, about.
_SECONDS_TO_END = 1.0
# Least number of seconds of such a training.
_LEAST_SECONDS = 1.0
# Shorter times are not told apart by every clock.
_SHORTEST = 1e-3


@dataclass(frozen=True)
class Promotion:
    """A configuration that is trained again, on more rows.

    Attributes
    ----------
    position : int
        Position of its trial among all trials.
    every : int
        Its training rows are every so many-th of all training rows.
    seconds : float
        Seconds that the training may take.
    share_of_fitting : float, default=0.5
        Share of them that layers which are fitted may take.
    """

    position: int
    every: int
    seconds: float
    share_of_fitting: float = SHARE_OF_FITTING


@dataclass(frozen=True)
class Rungs:
    """The numbers of rows that the trials of one search learn from.

    Parameters
    ----------
    every : int, default=1
        Trials learn from every so many-th training row. If 1, they learn from all rows,
        and no configuration is trained again.

    Examples
    --------
    >>> from skautokeras._search.rungs import Rungs
    >>> Rungs.for_time(n_rows=1_000_000, max_time=120)
    Rungs(every=9)
    >>> Rungs.for_time(n_rows=60_000, max_time=60)
    Rungs(every=1)
    """

    every: int = 1

    @classmethod
    def for_time(cls, n_rows, max_time):
        """Return the rungs of a search.

        Parameters
        ----------
        n_rows : int
            Number of training rows.
        max_time : float or None
            Seconds of the whole fit. If None, time is not limited, and all trials learn
            from all rows.

        Returns
        -------
        rungs : Rungs
        """
        if max_time is None:
            return cls()
        n_first = max(_FEWEST_ROWS, _ROWS_PER_SECOND * max_time)
        every = math.ceil(n_rows / n_first)
        return cls(every) if every >= _MANY_TIMES else cls()

    @property
    def are_several(self):
        """Whether configurations prove themselves on some of the rows first."""
        return self.every > 1

    @property
    def most_promoted(self):
        """Number of configurations that are trained again at most."""
        return _MOST_PROMOTED if self.are_several else 0

    def reserved_seconds(self, seconds):
        """Return the time to keep for the trainings on more rows.

        Parameters
        ----------
        seconds : float
            Seconds that the search had when it began.

        Returns
        -------
        seconds : float
        """
        return _SHARE_OF_PROMOTIONS * seconds if self.are_several else 0.0

    def promotion(self, position, trial, seconds):
        """Return how a configuration can be trained again.

        Networks learn from all rows, because their training ends at any time. Trees are
        fitted to as many rows, with as many more iterations, as the time allows.

        Parameters
        ----------
        position : int
            Position of the trial of the configuration on some rows.
        trial : Trial
            Trial at that position.
        seconds : float
            Seconds that the training may take.

        Returns
        -------
        promotion : Promotion or None
            None if the time is too short for more rows than those of the trial.
        """
        if seconds < max(_LEAST_SECONDS, trial.seconds):
            return None
        if trial.n_iterations is None:
            return Promotion(position, 1, seconds)
        times = _times_the_rows(trial, _SAFE * seconds, self.every)
        every = math.ceil(self.every / times)
        if every >= self.every:
            return None
        fitting = _SAFE * seconds * _share_of_fitting(trial, self.every / every)
        return Promotion(position, every, seconds, fitting / seconds)


def _times_the_rows(trial, seconds, most):
    """Return how many times as many rows trees can be fitted to in some time.

    A trial that the time has cut gets more iterations by the same factor. Its fitting
    takes longer with more rows and more iterations, and the evaluation of the network
    with more iterations.
    """
    fitting = max(trial.fitting_seconds, _SHORTEST)
    rest = max(trial.seconds - fitting, 0.0)
    if trial.cut:
        root = math.sqrt(rest**2 + 4 * fitting * seconds)
        times = (root - rest) / (2 * fitting)
    else:
        times = (seconds - rest) / fitting
    return min(max(times, 1.0), most)


def _share_of_fitting(trial, times):
    """Return the share of the fitting in a training on more rows."""
    fitting = times * max(trial.fitting_seconds, _SHORTEST)
    return fitting / (fitting + max(trial.seconds - trial.fitting_seconds, 0.0))


def promoted_values(trial):
    """Return the configuration of a trial as it is trained again.

    Hyperband's number of epochs is that of one of its own rungs.

    Parameters
    ----------
    trial : Trial
        Trial on some of the rows.

    Returns
    -------
    values : dict of str to object
    """
    return {k: v for k, v in trial.values.items() if k != "tuner/epochs"}


def _key(trial):
    return text_key(promoted_values(trial))


class Promotions:
    """Decides which configurations of a search are trained again, on more rows.

    Parameters
    ----------
    rungs : Rungs
        Numbers of rows of the search.
    choose : callable
        Function from trials to the positions of those that predict best together, the
        heaviest first.
    n_workers : int, default=1
        Number of trainings at the same time.
    """

    def __init__(self, rungs, choose, n_workers=1):
        self._rungs = rungs
        self._choose = choose
        self._n_workers = n_workers
        self._ranked, self._n_chosen, self._n_promoted = None, 0, 0

    def next(self, trials, seconds):
        """Return the next configuration to be trained again.

        Parameters
        ----------
        trials : list of Trial
            Trials that have ended. Those on some of the rows come first, and all of
            them have ended.
        seconds : float
            Seconds that are left.

        Returns
        -------
        promotion : Promotion or None
            None if there are no further ones, or is no time for another one.
        """
        if not self._rungs.are_several:
            return None
        seconds -= _SECONDS_TO_END
        if self._ranked is None:
            self._rank(trials)
        while self._ranked and self._n_promoted < self._rungs.most_promoted:
            n_left = max(1, self._n_chosen - self._n_promoted)
            position = self._ranked.pop(0)
            # Fewer configurations have more time each.
            for n_rounds in range(math.ceil(n_left / self._n_workers), 0, -1):
                share = seconds / n_rounds
                trial = trials[position]
                promotion = self._rungs.promotion(position, trial, share)
                if promotion is not None:
                    self._n_promoted += 1
                    return promotion
        return None

    def _rank(self, trials):
        """Order the trials: those that predict best together, then the others."""
        positions = [i for i, t in enumerate(trials) if t.every == self._rungs.every]
        first = [trials[i] for i in positions]
        candidates = ensemble_candidates(first)
        chosen = list(self._choose(first))[:_MOST_CHOSEN] if candidates else []
        ranked = [*chosen, *(i for i in candidates if i not in chosen)]
        # A search that goes on may have trained some of them before it was ended.
        done = {_key(t) for t in trials if t.every < self._rungs.every}
        self._n_promoted = len(trials) - len(first)
        self._n_chosen = len(chosen)
        self._ranked = [positions[i] for i in ranked if _key(first[i]) not in done]
