"""The hooks of a search: what it asks the fit around it, and what it reports to it."""

import math


class SearchHooks:
    """The questions that a search puts to the fit around it, and its reports.

    A search calls these methods in the process and the thread of `run_search`. Every
    one has a default; a subclass overrides those that it has something to say about.

    Examples
    --------
    >>> from skautokeras._search import SearchHooks
    >>> class StopAtPerfection(SearchHooks):
    ...     def on_trial_end(self, pending, trials):
    ...         return trials[-1].score == 1.0
    """

    def reserved_seconds(self, trials):
        """Return how much time to keep for the work that follows the search.

        Asked before each trial. By default, no time is kept.

        Parameters
        ----------
        trials : list of Trial
            Trials that have ended.

        Returns
        -------
        seconds : float
        """
        return 0.0

    def pruning_curve(self, trials):
        """Return the scores that the next trial must not fall behind.

        By default, no trial is pruned.

        Parameters
        ----------
        trials : list of Trial
            Trials that have ended.

        Returns
        -------
        curve : tuple of float
            Scores at equal steps of the training, as `MedianCurve` makes them. Unless
            it is empty, the evaluation is called with it as ``curve``.
        """
        return ()

    def worst_fold(self, trials):
        """Return the score that the mean of a trial's folds must not fall behind.

        By default, all folds of each trial are trained.

        Parameters
        ----------
        trials : list of Trial
            Trials that have ended.

        Returns
        -------
        score : float
            If it is not -inf, the evaluation is called with it as ``worst_fold``.
        """
        return -math.inf

    def every(self):
        """Return that trials learn from every so many-th training row.

        By default, they learn from all rows.

        Returns
        -------
        every : int
            If it is not 1, the evaluation is called with it as ``every``.
        """
        return 1

    def promotion(self, trials, seconds):
        """Return the next configuration to be trained again, on more rows.

        Asked when all trials that the oracle has proposed have ended. By default, there
        is none.

        Parameters
        ----------
        trials : list of Trial
            Trials that have ended.
        seconds : float
            Time that is left.

        Returns
        -------
        promotion : Promotion or None
        """
        return None

    def takes_long(self, values):
        """Return whether a trial of a configuration may take most of what is left.

        Others have an equal share of the time. By default, no configuration does.

        Parameters
        ----------
        values : dict of str to object
            Configuration that the oracle has proposed.

        Returns
        -------
        takes_long : bool
        """
        return False

    def limits(self, seconds):
        """Return what a proposed configuration is judged by.

        If they are not None, the evaluation is called with them as ``limits`` and can
        return a `Rejection` in the place of a trial. The oracle is then asked for
        another configuration. By default, every configuration is tried.

        Parameters
        ----------
        seconds : float
            Time that is left for the search.

        Returns
        -------
        limits : Limits or None
        """
        return None

    def on_trial_begin(self, pending):
        """Take note that a trial is about to start. By default, do nothing.

        Parameters
        ----------
        pending : PendingTrial
            Trial that is about to start.
        """

    def on_trial_left_out(self, pending):
        """Take note that a trial has begun for which there is no configuration.

        All that the oracle proposed were rejected. By default, do nothing.

        Parameters
        ----------
        pending : PendingTrial
            The trial as it was started for the last time.
        """

    def on_trial_end(self, pending, trials):
        """Take note that a trial has ended, and say whether the search ends, too.

        By default, the search goes on.

        Parameters
        ----------
        pending : PendingTrial
            The trial as it was started.
        trials : list of Trial
            Trials that have ended; the last one is the result of ``pending``.

        Returns
        -------
        stop : bool
            Whether to end the search at once.
        """
        return False
