"""Progress of a fit: scikit-learn callbacks, and one line per trial.

The lines are logged by the logger "skautokeras" at the level INFO. They are printed as
well if the fit is verbose, so that nobody has to configure `logging` to see them. No
handler or level is ever set here: they belong to the program that uses the package.
"""

import logging
import sys

_LOGGER = logging.getLogger("skautokeras")


class Progress:
    """Reports trials and epochs as they begin and end.

    Parameters
    ----------
    estimator : estimator
        Estimator that is fitted.
    context : sklearn.callback.CallbackContext
        Context of the fit; trials become tasks below it, epochs tasks below them.
    verbose : int
        0 prints nothing. Greater numbers print one line per trial, unless a handler of
        the logger "skautokeras" already writes it to the console.
    sample : RawRows
        Training data, for callbacks that ask for it.
    """

    def __init__(self, estimator, context, verbose, sample):
        self._context = context
        self._verbose = verbose
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
        context.call_on_fit_task_begin(**self._task)

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
        self._tell_about(trials)
        return self._trials.pop(pending.number).call_on_fit_task_end(
            **self._task,
            reconstruction_attributes=lambda: (
                attributes(trials)
                if any(t.status == "completed" for t in trials)
                else None
            ),
        )

    def end(self):
        """Report the end of the fit."""
        self._context.call_on_fit_task_end(**self._task)

    def _tell_about(self, trials):
        """Log the line of the last trial, and print it if that is wanted."""
        line = self._line(trials)
        _LOGGER.info(line)
        if self._verbose and not _is_logged_to_the_console():
            print(line, flush=True)

    def _line(self, trials):
        """Return what is said about the last trial."""
        trial = trials[-1]
        head = f"[{len(trials)}/{self._context.max_subtasks}]"
        if trial.error is not None:
            return f"{head} failed after {trial.seconds:.1f} s: {trial.error}"
        mark = " *" if trial.score > self._best else ""
        mark = " pruned" if trial.pruned else mark
        self._best = max(self._best, trial.score)
        return (
            f"{head} score {trial.score:.5g}, best {self._best:.5g}, "
            f"{trial.epochs} epochs, {trial.seconds:.1f} s{mark}"
        )


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
