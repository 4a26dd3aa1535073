"""Read X as a list of strings, and quote strings in messages."""

import reprlib

import numpy as np
import pandas as pd

from skautokeras._data.containers import is_missing, to_pandas


def read_texts(X):
    """Return X as a list of strings.

    Parameters
    ----------
    X : list, tuple, ndarray, Series or DataFrame of shape (n_samples,) or \
(n_samples, 1)
        Strings, or bytes in UTF-8; None, NaN and the like are missing. Tensors, and
        columns of other libraries, are taken like arrays.

    Returns
    -------
    texts : list of str
        Empty where one is missing.

    Raises
    ------
    TypeError
        If X is a single string, or holds something else than strings.
    ValueError
        If X has another shape, or no rows.

    Examples
    --------
    >>> from skautokeras._data.strings import read_texts
    >>> read_texts(["dry", None])
    ['dry', '']
    """
    return [text or "" for text in texts_or_none(X)]


def texts_or_none(X):
    """Return X as a list of strings, with None where one is missing.

    Parameters
    ----------
    X : list, tuple, ndarray, Series or DataFrame of shape (n_samples,) or \
(n_samples, 1)
        Strings as `read_texts` takes them. The same errors are raised.

    Returns
    -------
    texts : list of str or None

    Examples
    --------
    >>> from skautokeras._data.strings import texts_or_none
    >>> texts_or_none(["dry", float("nan"), ""])
    ['dry', None, '']
    """
    values = _as_column(X)
    if not len(values):
        raise ValueError(
            "Found array with 0 sample(s) while a minimum of 1 is required."
        )
    return [_text_or_none(value, i) for i, value in enumerate(values)]


def quoted(value):
    """Return a value as messages quote it, without the middle of long ones.

    Parameters
    ----------
    value : object
        Value that a user passed, such as a path.

    Returns
    -------
    quoted : str
        Literal of at most about 80 characters.

    Examples
    --------
    >>> from skautokeras._data.strings import quoted
    >>> quoted("a.png"), len(quoted("a" * 1000))
    ("'a.png'", 80)
    """
    return _QUOTING.repr(value)


_QUOTING = reprlib.Repr()
_QUOTING.maxstring = _QUOTING.maxother = 80


def _as_column(X):
    """Return the one column of X as a sequence."""
    if isinstance(X, str | bytes):
        raise TypeError(
            f"X must hold one text per row, got a single {type(X).__name__}. "
            "Put it into a list."
        )
    X = to_pandas(X)
    if not isinstance(X, list | tuple | pd.DataFrame):
        if not hasattr(X, "__array__"):
            raise TypeError(
                "X must be a list, an array, a Series or a DataFrame of one column of "
                f"texts, got {type(X).__name__}."
            )
        X = np.asarray(X)
    if isinstance(X, list | tuple):
        if any(isinstance(value, list | tuple | np.ndarray) for value in X):
            X = np.array(X, dtype=object)
        else:
            return X
    if X.ndim == 2 and X.shape[1] == 1:
        X = X.iloc[:, 0] if isinstance(X, pd.DataFrame) else X[:, 0]
    if X.ndim != 1:
        raise ValueError(
            f"X must have one column of texts, got an array of shape {X.shape}. For "
            "several columns, use StructuredDataClassifier, StructuredDataRegressor or "
            "AutoModel."
        )
    return X.astype(object).tolist()


def _decoded(value, i):
    """Return bytes as a string, as scikit-learn's vectorizers do by default."""
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(
            f"Row {i} of X is not UTF-8: {error}. Decode it with its own encoding "
            "first, for example with bytes.decode('latin-1')."
        ) from error


def _text_or_none(value, i):
    if isinstance(value, str):
        return value
    if isinstance(value, bytes):
        return _decoded(value, i)
    if is_missing(value):
        return None
    raise TypeError(
        f"X must hold strings, got {quoted(value)} ({type(value).__name__}) in row "
        f"{i}. Convert it to a string first."
    )
