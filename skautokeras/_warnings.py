"""Warnings that point at the line of the user's code that has led to them."""

import inspect
import warnings

# Packages whose lines say nothing to the user: this one, and tools that call it.
_BETWEEN = ("skautokeras", "sklearn", "joblib")
# Between them, functions are called in these ways.
_WAYS = ("concurrent.futures", "contextlib", "functools", "threading")


def warn(message, category=UserWarning):
    """Issue a warning for the nearest line of code outside of this package.

    Lines of scikit-learn and joblib are passed over too, so that the warning points at
    the call of `fit`, of a `Pipeline` or of `GridSearchCV` in the user's code.

    Parameters
    ----------
    message : str
        Text of the warning.
    category : type, default=UserWarning
        Class of the warning.

    Examples
    --------
    >>> import warnings
    >>> from skautokeras._warnings import warn
    >>> with warnings.catch_warnings(record=True) as caught:
    ...     warnings.simplefilter("always")
    ...     warn("The columns look alike.")
    >>> "skautokeras" in caught[0].filename
    False
    """
    # The first level is this function.
    warnings.warn(message, category, stacklevel=2 + _frames_between())


def _frames_between():
    """Return how many callers of `warn` belong to packages in between.

    Where nothing else is found, as in a thread of joblib, it is the caller itself.
    """
    frame, n_frames = inspect.currentframe().f_back.f_back, 0
    while frame is not None and is_of(
        frame.f_globals.get("__name__") or "", (*_BETWEEN, *_WAYS)
    ):
        frame, n_frames = frame.f_back, n_frames + 1
    return 0 if frame is None else n_frames


def is_of(module, packages):
    """Return whether a module is one of some packages, or lies in one of them.

    Parameters
    ----------
    module : str
        Dotted name of the module.
    packages : iterable of str
        Dotted names of packages and modules.

    Returns
    -------
    is_of : bool
    """
    return any(module == p or module.startswith(f"{p}.") for p in packages)
