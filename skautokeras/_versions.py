"""What differs between the supported versions of other libraries.

`docs/versions.md` lists the versions. No other module asks which one is installed.
"""

try:
    from sklearn.callback import CallbackSupportMixin, with_callbacks
except ImportError:  # scikit-learn before 1.9 has no callbacks.

    class CallbackSupportMixin:
        """Stands for scikit-learn's class, without callbacks."""

        def _init_callback_context(self, *, max_subtasks, sequential_subtasks):
            """Return a context that has nobody to tell."""
            return NoCallbacks(max_subtasks, sequential_subtasks)

    def with_callbacks(method):
        """Return a method of `fit` as it is.

        Parameters
        ----------
        method : callable
            Method that callbacks could follow.
        """
        return method


__all__ = ["CallbackSupportMixin", "NoCallbacks", "with_callbacks"]


class NoCallbacks:
    """A context of callbacks where there are none.

    Parameters
    ----------
    max_subtasks : int or None
        Greatest number of tasks inside of this one.
    sequential_subtasks : bool, default=True
        Whether they follow one another.

    Examples
    --------
    >>> from skautokeras._versions import NoCallbacks
    >>> context = NoCallbacks(3).subcontext("trial", max_subtasks=None)
    >>> context.call_on_fit_task_end(estimator=None)
    False
    """

    def __init__(self, max_subtasks, sequential_subtasks=True):
        self.max_subtasks = max_subtasks
        self.sequential_subtasks = sequential_subtasks

    def subcontext(self, name, *, task_id=None, max_subtasks=0):
        """Return the context of a task inside of this one.

        Parameters
        ----------
        name : str
            Name of the task.
        task_id : int or None, default=None
            Number of the task.
        max_subtasks : int or None, default=0
            Greatest number of tasks inside of it.

        Returns
        -------
        context : NoCallbacks
        """
        return NoCallbacks(max_subtasks)

    def call_on_fit_task_begin(self, **task):
        """Tell nobody that a task begins."""

    def call_on_fit_task_end(self, **task):
        """Tell nobody that a task ends; return that the fit is to go on."""
        return False
