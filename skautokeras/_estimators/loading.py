"""Load estimators from files."""

import warnings

from skautokeras._estimators.base import BaseAutoEstimator


def load(path):
    """Load a fitted estimator from a file that its `save` has written.

    Loading runs no code from the file: it holds plain values, arrays and networks that
    Keras opens in its safe mode. Layers, blocks and losses of your own must have been
    registered with Keras, and the modules that define them imported before.

    Parameters
    ----------
    path : str or path-like
        The file.

    Returns
    -------
    estimator : object
        An estimator of the class that was saved. It predicts the same, to the last bit
        with the same versions of the packages on the same kind of processor.

    Raises
    ------
    OSError
        If there is no file to read.
    FileFormatError
        If it is no such file, has been damaged, or cannot be read by this version; the
        message says which version wrote it.

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
        warnings.warn(
            f"{str(path)!r} was saved by skautokeras {other_version}; this is another "
            "version, which may predict something else.",
            UserWarning,
            stacklevel=2,
        )
    return estimator
