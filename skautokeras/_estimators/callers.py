"""Callers: who has called `fit`, which decides what an interruption means."""

import inspect

from skautokeras._warnings import is_of

# Tools that fit an estimator many times.
_TOOLS = ("sklearn", "joblib", "imblearn", "mlxtend")
# Parts of scikit-learn that fit it once, and pass on what it keeps.
_WRAPPERS = (
    "sklearn.base",
    "sklearn.callback",
    "sklearn.compose",
    "sklearn.pipeline",
    "sklearn.utils",
)


def is_called_by_a_tool():
    """Return whether a tool such as `GridSearchCV` has called, and not the user.

    Ctrl+C ends one search. A tool would go on with the next one.

    Returns
    -------
    is_called : bool

    Examples
    --------
    >>> from skautokeras._estimators.callers import is_called_by_a_tool
    >>> is_called_by_a_tool()
    False
    """
    frame = inspect.currentframe()
    while frame is not None:
        name = frame.f_globals.get("__name__") or ""
        if is_of(name, _TOOLS) and not is_of(name, _WRAPPERS):
            return True
        frame = frame.f_back
    return False
