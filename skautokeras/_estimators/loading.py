"""Load estimators from files."""

import os

from skautokeras._estimators.base import BaseAutoEstimator
from skautokeras._state.keras_door import through_the_door
from skautokeras._warnings import warn


@through_the_door
def load(path):
    """Load a fitted estimator from a file that its `save` has written.

    Loading runs no code from the file, which contains plain values, arrays, and
    networks that Keras opens in its safe mode. Your own layers, blocks and losses must
    be registered with Keras, and the modules that define them imported first.

    Parameters
    ----------
    path : str or path-like
        Path of the file.

    Returns
    -------
    estimator : object
        Estimator of the class that was saved. It predicts the same as before; with the
        same versions of the packages on the same kind of processor, to the last bit.

    Raises
    ------
    OSError
        If the file cannot be opened.
    FileFormatError
        If the file was not written by `save`, has been damaged, or cannot be read by
        this version. The message names the version that wrote it.

    Warns
    -----
    UserWarning
        If another minor version of the package wrote the file.

    Examples
    --------
    >>> import os, tempfile
    >>> import skautokeras
    >>> from sklearn.datasets import load_iris
    >>> X, y = load_iris(return_X_y=True)
    >>> clf = skautokeras.StructuredDataClassifier(max_trials=1, epochs=1).fit(X, y)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     clf.save(os.path.join(folder, "iris.skautokeras"))
    ...     loaded = skautokeras.load(os.path.join(folder, "iris.skautokeras"))
    >>> bool((loaded.predict_proba(X) == clf.predict_proba(X)).all())
    True
    """
    from skautokeras._export.estimator_file import load_estimator

    estimator, other_version = load_estimator(path, BaseAutoEstimator)
    if other_version is not None:
        warn(
            f"{os.fsdecode(path)!r} was saved by skautokeras {other_version}; this is "
            "another version, which may predict something else.",
        )
    return estimator
