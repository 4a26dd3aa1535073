"""A scikit-learn callback that calls a function whenever a trial has ended."""


class AfterTrials:
    """Calls a function after every trial of a search in this process.

    Parameters
    ----------
    function : callable
        Function that takes the number of trials that have ended.
    """

    def __init__(self, function):
        self._function = function
        self._n_trials = 0

    def setup(self, estimator, context):
        """Do nothing; scikit-learn asks for it."""

    def teardown(self, estimator, context):
        """Do nothing; scikit-learn asks for it."""

    def on_fit_task_begin(self, estimator, context):
        """Do nothing; scikit-learn asks for it."""

    def on_fit_task_end(self, estimator, context):
        """Call the function if the task that ends is a trial."""
        if context.task_name == "trial":
            self._n_trials += 1
            self._function(self._n_trials)
