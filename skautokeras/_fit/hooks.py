"""The answers that a fit gives its search, and the reports that it passes on."""

import math
from dataclasses import replace

from skautokeras._search.feasibility import Limits
from skautokeras._search.hooks import SearchHooks
from skautokeras._space.configurations import takes_long
from skautokeras._training.pruning import MedianCurve, WorstFold


class FitHooks(SearchHooks):
    """Puts the parts of a fit behind the questions of its search.

    Parameters
    ----------
    preparation : Preparation
        Search space, options and numbers of rows of the search.
    refit : Refit or None
        Final training, for which time is reserved. None if there is none.
    promotions : Promotions
        Object that decides which configurations are trained again, on more rows.
    seconds : float
        Seconds that the search has.
    progress : Progress
        Object that reports trials and epochs to the user.
    attributes : callable
        Function from trials to the attributes that the estimator would have if its fit
        ended now.
    """

    def __init__(self, preparation, refit, promotions, seconds, progress, attributes):
        self._rungs = preparation.rungs
        self._options = preparation.options
        # Its blocks know which configurations take long.
        self._search_space = preparation.problem.search_space
        self._refit = refit
        self._promotions = promotions
        self._seconds = seconds
        self._progress = progress
        self._attributes = attributes
        self._median_curve = MedianCurve()
        self._worst_fold = WorstFold(self._options.ensemble_size)
        self._limits = Limits()

    def reserved_seconds(self, trials):
        """Return the time that trainings after those of the oracle will take.

        They are refits of the best trials so far, or trainings on more rows.
        """
        if self._refit is None:
            return self._rungs.reserved_seconds(self._seconds)
        return self._refit.reserved_seconds(trials, self._options.ensemble_size)

    def pruning_curve(self, trials):
        """Return the median of the trials so far, if trials are pruned."""
        return self._median_curve.of(trials) if self._prunes else ()

    def worst_fold(self, trials):
        """Return the lowest score in a fold of the last trial of an ensemble.

        Trials that are worse than the best one, but of another kind, are what an
        ensemble gains from. It is -inf if trials are not pruned.
        """
        return self._worst_fold.of(trials) if self._prunes else -math.inf

    def every(self):
        """Return that trials learn from every so many-th training row."""
        return self._rungs.every

    def promotion(self, trials, seconds):
        """Return the next configuration to be trained again, on more rows."""
        return self._promotions.next(trials, seconds)

    def takes_long(self, values):
        """Return whether a pretrained network is trained further."""
        return takes_long(values, self._search_space)

    def limits(self, seconds):
        """Return the time for a configuration and the speed of trials so far."""
        return replace(self._limits, seconds=seconds)

    def on_trial_begin(self, pending):
        """Report the beginning of a trial."""
        self._progress.begin_trial(pending)

    def on_trial_left_out(self, pending):
        """Report that a trial has no configuration."""
        self._progress.leave_out_trial(pending)

    def on_epoch_end(self, epoch, logs):
        """Report the end of an epoch; return whether the training is to stop."""
        return self._progress.end_epoch(epoch, logs)

    def on_trial_end(self, pending, trials):
        """Report the end of a trial; return whether the search is to stop.

        It is to stop if the first trials have all failed in the same way, because the
        next ones would.
        """
        self._limits = self._limits.after(trials[-1])
        stop = self._progress.end_trial(self._attributes, pending, trials)
        return stop or _fail_alike(trials)

    @property
    def _prunes(self):
        return self._options.prune == "median"


# So many failures in the same way are the fault of the graph, not of configurations.
_EQUAL_FAILURES = 3
# Smaller networks may fit into the memory, and other learning rates may not diverge.
_OF_CONFIGURATIONS = (
    *("MemoryError", "ResourceExhausted", "OOM", "out of memory"),
    "FloatingPointError",
)


def _fail_alike(trials):
    if len(trials) != _EQUAL_FAILURES:
        return False
    errors = {trial.error for trial in trials}
    if len(errors) > 1 or None in errors:
        return False
    return not any(word in error for error in errors for word in _OF_CONFIGURATIONS)
