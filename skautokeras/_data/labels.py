"""Labels and numbers of y, whatever holds them, as arrays that NumPy can sort."""

from datetime import date, timedelta
from numbers import Number

import numpy as np
import pandas as pd
from scipy.sparse import issparse
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import assert_all_finite, check_array, column_or_1d

from skautokeras._data.containers import (
    plain_dtype,
    plain_string,
    to_pandas,
    without_signals,
)

_BOOLEANS = (bool, np.bool_)
_SEQUENCES = (list, tuple, dict, set, np.ndarray)


def plain_labels(y):
    """Return labels as an array of a dtype that NumPy sorts.

    Numbers and booleans that are held as objects become numbers and booleans, and other
    objects of one type that can be sorted, such as intervals or dates, remain objects.

    Parameters
    ----------
    y : array-like of shape (n_samples,) or (n_samples, n_labels), or sparse matrix
        Labels, or indicators of labels.

    Returns
    -------
    y : ndarray of shape (n_samples,) or (n_samples, n_labels), or sparse matrix
        Half precision becomes single precision, and extended precision double
        precision.

    Raises
    ------
    TypeError
        If labels are bytes, or of types that cannot be sorted together.
    ValueError
        If y is None or if values are missing.

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._data.labels import plain_labels
    >>> plain_labels(np.array([3, 5], dtype=object)).dtype.kind
    'i'
    >>> plain_labels(np.array([3, "a"], dtype=object))
    Traceback (most recent call last):
        ...
    TypeError: Labels in y must be uniformly strings or numbers. Got ['int', 'str']. \
Convert them, for example with y.astype(str).
    """
    y = to_pandas(y)
    _check_passed(y)
    if issparse(y):
        return y
    array = _native(_as_array(y))
    if array.dtype.kind in "fc":
        assert_all_finite(array, input_name="y")
    elif array.dtype.kind != "S" and pd.isna(array).any():
        raise ValueError("Input y contains NaN.")
    if array.dtype.kind == "S":
        raise TypeError(_BYTES)
    return _plain_objects(array) if array.dtype == object else array


# In scikit-learn's words.
_BYTES = (
    "Support for labels represented as bytes is not supported. Convert the labels to a "
    "string or integer format."
)


def _as_array(y):
    """Return an array that keeps what a list holds, where NumPy would make strings.

    Arrays of strings, which NumPy pads with NUL, lose NUL at the end of a string.
    """
    try:
        array = np.asarray(y)
    except ValueError:  # rows of several lengths
        array = np.empty(len(y), dtype=object)
        array[:] = y
        return array
    if array.dtype.kind == "U" and isinstance(y, list | tuple):
        objects = np.array(y, dtype=object)
        types = {type(value) for value in objects.flat}
        if not types <= {str, np.str_}:
            # NumPy would also take the names of an enumeration for its strings.
            return _plain_strings(objects) if _all_are(types, str) else objects
        if any(value.endswith("\0") for value in objects.flat):
            return objects
    return without_signals(array) if array.dtype == object else array


def _plain_strings(array):
    """Return objects that are strings without what their classes add to them."""
    plain = np.empty(array.shape, dtype=object)
    plain.flat = [plain_string(value) for value in array.flat]
    return plain


def _native(array):
    """Return an array with a dtype that all libraries know."""
    is_string = array.dtype.kind == "T"
    dtype = np.dtype(object) if is_string else plain_dtype(array.dtype)
    return array if array.dtype == dtype else array.astype(dtype)


def _plain_objects(array):
    """Return objects as booleans or numbers if they are; check that they sort."""
    types = {type(value) for value in array.flat}
    if any(issubclass(t, bytes) for t in types):
        raise TypeError(_BYTES)
    if types and _all_are(types, str):
        return array if types <= {str, np.str_} else _plain_strings(array)
    if not types or any(issubclass(t, _SEQUENCES) for t in types):
        # scikit-learn has a message of its own for sequences of labels.
        return array
    if _all_are(types, _BOOLEANS):
        return array.astype(bool)
    if _all_are(types, (Number, *_BOOLEANS)):
        return _plain_numbers(array, types)
    try:
        if len(types) == 1:
            np.unique(array)
            return array
    except TypeError:
        pass
    names = sorted(t.__name__ for t in types)
    raise TypeError(
        f"Labels in y must be uniformly strings or numbers. Got {names}. Convert them, "
        "for example with y.astype(str)."
    )


def _all_are(types, base):
    return all(issubclass(t, base) for t in types)


def _plain_numbers(array, types):
    """Return numbers that are held as objects with the dtype that holds them all."""
    if not _all_are(types, (int, float, np.number, *_BOOLEANS)):
        # Of decimals and fractions, NumPy makes objects.
        return array.astype(np.float64)
    numbers = np.array(array.tolist())
    # Whole numbers beyond 64 bits remain what they are.
    return numbers if numbers.dtype.kind in "biufc" else array


def check_labels(y):
    """Return plain labels or indicators, and whether they are indicators.

    Parameters
    ----------
    y : array-like of shape (n_samples,) or (n_samples, n_labels), or sparse matrix
        Labels, or indicators of labels.

    Returns
    -------
    y : ndarray of shape (n_samples,) or (n_samples, n_labels)
        Labels as `plain_labels` returns them, or indicators.
    is_multilabel : bool
        Whether they are indicators.

    Raises
    ------
    TypeError
        If labels are bytes, or of types that cannot be sorted together.
    ValueError
        If y is None, if values are missing, if they are no classes, or if there are
        several columns of them that are not zeros and ones.

    Examples
    --------
    >>> from skautokeras._data.labels import check_labels
    >>> check_labels(["no", "yes"])
    (array(['no', 'yes'], dtype='<U3'), False)
    """
    y = plain_labels(y)
    if _are_other_objects(y):
        return column_or_1d(y, warn=True), False
    examples = _examples(y)
    kind = type_of_target(examples, input_name="y", raise_unknown=True)
    check_classification_targets(examples)
    if kind == "multilabel-indicator":
        y = y.toarray() if issparse(y) else y
        _check_indicators(y)
        return y, True
    if kind == "multiclass-multioutput":
        _refuse_columns(y)
    return column_or_1d(y, warn=True), False


def _check_indicators(y):
    """Raise if a matrix of two values holds others than 0 and 1."""
    is_wrong = (y != 0) & (y != 1)
    if is_wrong.any():
        found = np.unique(y).tolist()
        lower = found[0] if len(found) == 2 and found[0] > 0 else 0
        raise ValueError(
            "A matrix of several labels holds zeros and ones: 1 where a row has the "
            f"label of the column, and 0 where not. y holds {found}. Convert it, for "
            f"example with (y > {lower}).astype(int)."
        )


def _refuse_columns(y):
    """Raise an error about several columns of values that are no indicators."""
    values = np.unique(y)
    if len(values) <= 2 and isinstance(values[0], str):
        raise ValueError(
            "A matrix of several labels holds zeros and ones, and y holds the strings "
            f"{values.tolist()}. Convert it, for example with "
            f"(y == {str(values[-1])!r}).astype(int)."
        )
    raise ValueError(
        "y has several columns of more than two values (multiclass-multioutput), "
        "which is not supported. Fit one classifier per column, for example with "
        "sklearn.multioutput.MultiOutputClassifier."
    )


# scikit-learn sorts all labels each time that it looks at them, which takes a second
# for a million strings.
_MANY = 100_000


def _examples(y):
    """Return labels of the same kind as y, of which there are fewer."""
    if issparse(y) or y.ndim > 1 or len(y) < _MANY:
        return y
    found = distinct_labels(y)
    # Labels that are all different would not look like classes.
    return np.tile(found, 4) if len(found) <= len(y) / 4 else y


def distinct_labels(y):
    """Return the different labels, sorted.

    Parameters
    ----------
    y : ndarray of shape (n_samples,)
        Plain labels.

    Returns
    -------
    labels : ndarray of shape (n_labels,)
        In the dtype of ``y``.

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._data.labels import distinct_labels
    >>> distinct_labels(np.array(["yes", "no", "yes"])).tolist()
    ['no', 'yes']
    """
    if len(y) >= _MANY and _are_hashed_fast(y):
        y = pd.unique(y)
    return np.unique(y)


def _are_hashed_fast(y):
    """Return whether pandas keeps the dtype of labels and finds equal ones quickly."""
    return y.dtype.kind in "biuf" or _are_string_objects(y)


def _are_string_objects(y):
    return y.dtype == object and isinstance(y[0], str)


def _are_other_objects(y):
    """Whether labels are objects that can be sorted, and that are no strings.

    scikit-learn does not know intervals, periods and dates as labels.
    """
    if issparse(y) or y.dtype != object or not y.size or y.ndim > 2:
        return False
    is_column = y.ndim == 1 or y.shape[1] == 1
    return is_column and not isinstance(y.flat[0], (str, *_SEQUENCES))


def codes_of(y, classes):
    """Return the positions of labels among the classes.

    Parameters
    ----------
    y : ndarray of shape (n_samples,)
        Plain labels.
    classes : ndarray of shape (n_classes,)
        Plain labels, all different, in their order.

    Returns
    -------
    codes : ndarray of shape (n_samples,), dtype int32
        -1 for labels that are not among the classes.

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._data.labels import codes_of
    >>> codes_of(np.array(["b", "c"]), np.array(["a", "b"]))
    array([ 1, -1], dtype=int32)
    """
    codes = np.full(len(y), -1, dtype=np.int32)
    # NumPy would compare numbers with strings as strings.
    if _are_numbers(y) != _are_numbers(classes):
        return codes
    if len(y) >= _MANY and _are_string_objects(y):
        return pd.Index(classes, dtype=object).get_indexer(y).astype(np.int32)
    try:
        places = np.searchsorted(classes, y).clip(max=len(classes) - 1)
        is_known = np.asarray(classes[places] == y, dtype=bool)
    except TypeError:
        return codes
    codes[is_known] = places[is_known]
    return codes


def check_same_type(y, classes):
    """Raise if labels can equal none of the classes, because of their type.

    Parameters
    ----------
    y : ndarray of shape (n_samples,)
        Plain labels.
    classes : ndarray of shape (n_classes,)
        Plain labels, all different.

    Raises
    ------
    ValueError
        If one holds numbers and the other one strings, for instance.

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._data.labels import check_same_type
    >>> check_same_type(np.array(["0", "1"]), np.array([0, 1]))
    Traceback (most recent call last):
        ...
    ValueError: Mix of label input types (string and number): y holds labels such as \
'0', and fit has seen labels such as 0. Convert y to the type that it had in fit.
    """
    if not len(y) or _type_name(y) == _type_name(classes):
        return
    # In scikit-learn's words.
    raise ValueError(
        f"Mix of label input types ({_type_name(y)} and {_type_name(classes)}): y "
        f"holds labels such as {_as_python(y[0])!r}, and fit has seen labels such as "
        f"{_as_python(classes[0])!r}. Convert y to the type that it had in fit."
    )


def _type_name(array):
    """Return the name that tells types of labels apart of which none equals another."""
    if _are_numbers(array):
        return "number"
    if array.dtype.kind == "U" or _are_string_objects(array):
        return "string"
    # An array of NumPy holds the same moments as one of objects.
    if array.dtype.kind == "M" or isinstance(array[0], date):
        return "date"
    is_duration = array.dtype.kind == "m" or isinstance(array[0], timedelta)
    return "duration" if is_duration else type(array[0]).__name__


def _as_python(label):
    return label.item() if isinstance(label, np.generic) else label


def _are_numbers(array):
    if array.dtype == object:
        return bool(array.size) and isinstance(array.flat[0], Number)
    return array.dtype.kind in "biufc"


def plain_numbers(y):
    """Return numbers to predict as an array of float64.

    Parameters
    ----------
    y : array-like of shape (n_samples,) or (n_samples, n_targets)
        Numbers that a regressor predicts.

    Returns
    -------
    y : ndarray of shape (n_samples,) or (n_samples, n_targets), dtype float64
        One-dimensional if there is one column.

    Raises
    ------
    ValueError
        If y is None, if values are missing or infinite, or if they are no numbers.

    Examples
    --------
    >>> from skautokeras._data.labels import plain_numbers
    >>> plain_numbers([[1, 2], [3, 4]])
    array([[1., 2.],
           [3., 4.]])
    >>> plain_numbers(["a", "b"])
    Traceback (most recent call last):
        ...
    ValueError: Regression needs numbers in y, but y holds strings such as 'a'. \
Convert them, or use a classifier.
    """
    y = to_pandas(y)
    _check_passed(y)
    array = y if issparse(y) else np.asarray(y)
    if array.dtype.kind in "mM":
        _refuse(_first(array), str(array.dtype))
    if array.dtype.kind in "USTO":
        array = _numbers_of_objects(array.astype(object))
    array = check_array(
        array, dtype=np.float64, ensure_2d=False, input_name="y", ensure_min_features=0
    )
    if array.ndim == 2 and array.shape[1] != 1:
        return array
    return column_or_1d(array, warn=True)


def _first(array):
    return array.flat[0] if array.size else None


def _numbers_of_objects(array):
    """Return objects with NaN where they are missing; raise if they are no numbers."""
    array = without_signals(array)
    is_missing = pd.isna(array)
    for value in array[~is_missing]:
        if not isinstance(value, (Number, *_BOOLEANS)):
            _refuse(value, type(value).__name__)
    numbers = np.where(is_missing, np.nan, array)
    try:
        return numbers.astype(np.float64)
    except OverflowError as error:
        # In scikit-learn's words.
        raise ValueError(
            "Input y contains infinity or a value too large for dtype('float64')."
        ) from error
    except TypeError:
        return numbers  # scikit-learn says what is wrong with complex numbers.


def _refuse(value, type_name):
    """Raise an error about values that are no numbers, with the way to numbers."""
    if isinstance(value, str | bytes):
        raise ValueError(
            "Regression needs numbers in y, but y holds strings such as "
            f"{str(value)!r}. Convert them, or use a classifier."
        )
    name = type_name.lower()
    if "delta" in name:
        what, advice = "durations", "y.dt.total_seconds()"
    elif name == "time":
        what = "times of the day"
        advice = "pd.to_timedelta(y.astype(str)).dt.total_seconds()"
    elif any(word in name for word in ("date", "time", "period")):
        what, advice = "dates", "(y - y.min()).dt.total_seconds() / 86400"
    else:
        raise ValueError(
            f"Regression needs numbers in y, but y holds values such as {value!r} "
            f"({type_name}). Convert them, or use a classifier."
        )
    raise ValueError(
        f"Regression needs numbers in y, but y holds {what} ({type_name}). Convert "
        f"them, for example with {advice}, or use a classifier."
    )


def _check_passed(y):
    if y is None:
        raise ValueError(
            "This estimator requires y to be passed, but the target y is None."
        )
