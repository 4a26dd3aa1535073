"""Progress of a fit: scikit-learn callbacks, and lines that say what is being done.

The lines are logged by the logger "skautokeras" at the level INFO. They are printed as
well if the fit is verbose, so that nobody has to configure `logging` to see them. No
handler or level is ever set here: they belong to the program that uses the package.
"""

import contextlib
import logging
import sys

from skautokeras._fit import wording
from skautokeras._fit.live import live_table
from skautokeras._search.record import scoring_name

_LOGGER = logging.getLogger("skautokeras")


class Progress:
    """Reports trials and epochs as they begin and end.

    Parameters
    ----------
    estimator : estimator
        Estimator that is fitted.
    context : sklearn.callback.CallbackContext
        Context of the fit; trials become tasks below it, epochs tasks below them.
    options : FitOptions
        Parameters of this call. With ``verbose=0`` nothing is printed. Greater numbers
        print lines about the data, the trials and the final model, unless a handler of
        the logger "skautokeras" already writes them to the console; from 2 on, what
        each column was taken for is printed as well.
    deadline : Deadline
        Deadline of the fit.
    sample : RawRows
        Training data, for callbacks that ask for it.
    """

    def __init__(self, estimator, context, options, deadline, sample):
        self._context = context
        self._options = options
        self._deadline = deadline
        metadata = {"sample_weight": sample.sample_weight}
        if sample.sample_weight is None:
            metadata = None
        self._task = {
            "estimator": estimator,
            "X": sample.X,
            "y": sample.y,
            "metadata": metadata,
        }
        self._trials = {}  # contexts of the pending trials, by number
        self._best = float("-inf")
        self._live = None
        if options.verbose and not _is_logged_to_the_console():
            self._live = live_table(
                type(estimator).__name__, scoring_name(options.scoring)
            )
        context.call_on_fit_task_begin(**self._task)

    def begin_search(self, preparation):
        """Report what the data is, and what the search is going to do.

        Parameters
        ----------
        preparation : Preparation
            Data, search space and settings of the search.
        """
        if not self._is_heard():
            return
        x_adapter, data = preparation.x_adapter, preparation.data
        n_rows = len(data.train if data.all is None else data.all)
        self._tell(wording.data_line(x_adapter, preparation.y_adapter, n_rows))
        if self._options.verbose > 1:
            report = x_adapter.describe_columns().drop(columns=["missing", "distinct"])
            if len(x_adapter.names) == 1:
                report = report.drop(columns="input")
            self._tell(report.to_string(index=False))
        n_folds = len(preparation.problem.folds)
        self._tell(wording.search_line(self._options, n_folds, len(data.valid)))

    def begin_trial(self, pending):
        """Report the beginning of a trial.

        Parameters
        ----------
        pending : PendingTrial
            Trial that is about to start.
        """
        sequential = self._context.sequential_subtasks
        context = self._context.subcontext(
            "trial", task_id=None if sequential else pending.number, max_subtasks=None
        )
        self._trials[pending.number] = context
        context.call_on_fit_task_begin(**self._task)

    def leave_out_trial(self, pending):
        """Report that a trial has begun, but has no configuration that can be tried.

        Parameters
        ----------
        pending : PendingTrial
            The trial as it was started for the last time.
        """
        self._trials.pop(pending.number).call_on_fit_task_end(
            **self._task, reconstruction_attributes=lambda: None
        )

    def end_epoch(self, epoch, logs):
        """Report the end of an epoch of the only pending trial.

        Parameters
        ----------
        epoch : int
            Number of the epoch, from 1; callbacks count for themselves.
        logs : dict of str to float
            Losses and metrics of the epoch; callbacks are not told of them.

        Returns
        -------
        stop : bool
            Whether the training is to stop.
        """
        (trial,) = self._trials.values()
        context = trial.subcontext("epoch")
        context.call_on_fit_task_begin(**self._task)
        return context.call_on_fit_task_end(**self._task)

    def end_trial(self, attributes, pending, trials):
        """Report the end of a trial; return whether the search is to stop.

        Parameters
        ----------
        attributes : callable
            Function from trials to the attributes that the estimator would have if its
            fit ended now. It is called only if a callback asks for a fitted estimator.
        pending : PendingTrial
            Trial that ended.
        trials : list of Trial
            Trials so far, of which the last one has just ended.
        """
        self._tell_about(pending, trials)
        return self._trials.pop(pending.number).call_on_fit_task_end(
            **self._task,
            reconstruction_attributes=lambda: (
                attributes(trials)
                if any(t.status == "completed" for t in trials)
                else None
            ),
        )

    def begin_refit(self, i, n_members, n_rows):
        """Report that a network is about to be trained on all rows.

        Parameters
        ----------
        i : int
            Number of the network in the final model, from 1.
        n_members : int
            Number of networks in the final model.
        n_rows : int
            Number of rows.
        """
        if self._is_heard():
            line = wording.refit_line(i, n_members, n_rows, self._deadline)
            self._tell(line, passing=True)

    def end(self, outcome):
        """Report the end of the fit.

        Parameters
        ----------
        outcome : Outcome
            Result of the search.
        """
        if self._is_heard():
            if self._live is not None:
                self._live.show(outcome.record)
            seconds = self._deadline.spent()
            self._tell(wording.model_line(outcome, self._options, seconds))
        self._context.call_on_fit_task_end(**self._task)

    def _is_heard(self):
        """Return whether anybody reads the lines, some of which take time to make."""
        return bool(self._options.verbose) or _LOGGER.isEnabledFor(logging.INFO)

    def _tell_about(self, pending, trials):
        """Say how the last trial went."""
        trial = trials[-1]
        is_best = trial.status == "completed" and trial.score > self._best
        if is_best:
            self._best = trial.score
        if self._is_heard():
            if self._live is not None:
                self._live.show_trials(trials)
            deadline = None if pending.is_known else self._deadline
            line = wording.trial_line(trials, self._options, deadline, is_best)
            self._tell(line, passing=True)

    def _tell(self, line, *, passing=False):
        """Log a line, and print it or show it in a notebook if that is wanted."""
        _LOGGER.info(line)
        if self._live is not None:
            self._live.tell(line, passing=passing)
        elif self._options.verbose and not _is_logged_to_the_console():
            # A stream without flush, or a closed one, must not end a fit.
            with contextlib.suppress(AttributeError, ValueError, OSError):
                print(line, flush=True)


def _is_logged_to_the_console():
    """Return whether a line of the logger appears on stdout or stderr.

    It would be there twice if it were printed, too.
    """
    if not _LOGGER.isEnabledFor(logging.INFO):
        return False
    logger, handlers = _LOGGER, list(_LOGGER.handlers)
    while logger.propagate and logger.parent is not None:
        logger = logger.parent
        handlers += logger.handlers
    console = (sys.stdout, sys.stderr)
    return any(
        handler.level <= logging.INFO and getattr(handler, "stream", None) in console
        for handler in handlers
    )
