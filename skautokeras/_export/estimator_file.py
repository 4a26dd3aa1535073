"""Fitted estimators in one file, without pickles."""

import os

from skautokeras._data import (
    array,
    image,
    ngrams,
    profile,
    schema,
    sparse,
    structured_data,
    target,
    text,
    x_adapter,
    y_adapter,
)
from skautokeras._ensemble import ensemble
from skautokeras._search import record, trial
from skautokeras._space import heads, node, pretrained, text_models
from skautokeras._state.codec import encode
from skautokeras._state.document import dumps, loads
from skautokeras._state.files import file_to_write, local_path, write_whole
from skautokeras.exceptions import FileFormatError

# Classes declare themselves when their module is imported. Public ones are found by
# their names; others that the file of an estimator may name are in these modules.
_DECLARED_IN = (
    array,
    ensemble,
    heads,
    image,
    ngrams,
    node,
    pretrained,
    profile,
    record,
    schema,
    sparse,
    structured_data,
    target,
    text,
    text_models,
    trial,
    x_adapter,
    y_adapter,
)


def save_estimator(estimator, path):
    """Write a fitted estimator.

    Parameters
    ----------
    estimator : estimator
        The fitted estimator.
    path : str or path-like
        The file. It is replaced at once if it is there.

    Raises
    ------
    TypeError
        If a parameter or attribute cannot be written, or a layer is not registered with
        Keras; no file is written then.
    """
    path = file_to_write(path, "path")
    try:
        content = dumps(estimator)
    except TypeError:
        _name_the_culprit(estimator)
        raise
    write_whole(path, content)


def load_estimator(path, base_class):
    """Read a fitted estimator.

    Parameters
    ----------
    path : str or path-like
        A file that `save_estimator` has written.
    base_class : type
        The class that all estimators derive from.

    Returns
    -------
    estimator : estimator
        The estimator as it was saved.
    other_version : str or None
        The version that wrote the file, if it is another minor one of skautokeras.

    Raises
    ------
    OSError
        If there is no file to read.
    FileFormatError
        If it is no such file, has been damaged or cannot be read here.
    """
    content = local_path(path, "path").read_bytes()
    try:
        estimator, other_version = loads(content)
        if not isinstance(estimator, base_class):
            raise FileFormatError(
                f"It holds a {type(estimator).__name__}, which is no estimator of this "
                "package."
            )
    except FileFormatError as error:
        name = os.fsdecode(path)
        raise FileFormatError(f"{name!r} cannot be loaded. {error}") from error
    return estimator, other_version


def _name_the_culprit(estimator):
    """Raise TypeError that says which parameter or attribute cannot be written."""
    parameters = estimator.get_params(deep=False)
    # The networks come first in the state, because nothing else helps as long as they
    # cannot be written, and then the parameters, which the user can change.
    for name, value in estimator.__getstate__().items():
        if name in type(estimator)._left_out:
            continue
        try:
            encode(value, {})
        except TypeError as error:
            what = "parameter" if name in parameters else "attribute"
            message = f"The {name!r} {what} cannot be saved. {error}"
            if name in parameters:
                message += (
                    " Or give it another value with `set_params`, which leaves the "
                    "fitted networks as they are."
                )
            raise TypeError(message) from error
