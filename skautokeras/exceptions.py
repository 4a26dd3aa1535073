"""Errors that a program may want to catch.

Each of them is also an error of Python's own, which a program can catch in its place.
"""

__all__ = [
    "ExportError",
    "FileFormatError",
    "JournalMismatchError",
    "SearchError",
    "WeightsMissingError",
]


class SearchError(RuntimeError):
    """Error of a `fit` whose search ended without a trained network.

    Either every trial failed, and the message holds the reason of the first failure, or
    no configuration could be tried, for example because of ``max_model_size``.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skautokeras import StructuredDataClassifier
    >>> from skautokeras.exceptions import SearchError
    >>> classifier = StructuredDataClassifier(max_model_size=10)
    >>> try:
    ...     classifier.fit(*load_iris(return_X_y=True))
    ... except SearchError as error:
    ...     print(error)
    None of ... configurations was tried. The smallest one: ... max_model_size=10.
    """


class WeightsMissingError(FileNotFoundError):
    """Error of a block whose pretrained weights cannot be loaded.

    A search warns of it and leaves out the configurations that need the weights. `fit`
    raises `SearchError` if no configuration can do without them. Blocks of your own may
    raise it in `build`.

    Examples
    --------
    >>> import os
    >>> from skautokeras import Block
    >>> from skautokeras.exceptions import WeightsMissingError
    >>> class Pretrained(Block):
    ...     def __init__(self, *, path):
    ...         self.path = path
    ...
    ...     def build(self, hp, x):
    ...         if not os.path.exists(self.path):
    ...             raise WeightsMissingError(f"There is no file {self.path!r}.")
    ...         return x
    >>> try:
    ...     Pretrained(path="nowhere.weights.h5").build(None, None)
    ... except WeightsMissingError as error:
    ...     print(error)
    There is no file 'nowhere.weights.h5'.
    """


class JournalMismatchError(ValueError):
    """Error of a `fit` that cannot continue the search it finds.

    The folder of ``directory``, or the estimator with ``warm_start=True``, holds the
    search of other data, of other parameters or of another version of the package.
    Nothing in the folder is changed.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skautokeras import StructuredDataClassifier
    >>> from skautokeras.exceptions import JournalMismatchError
    >>> X, y = load_iris(return_X_y=True)
    >>> classifier = StructuredDataClassifier(max_trials=1, epochs=1, warm_start=True)
    >>> try:
    ...     classifier.fit(X, y).fit(X[1:], y[1:])
    ... except JournalMismatchError as error:
    ...     print(error)
    This estimator holds the search of other data. ...
    """


class FileFormatError(ValueError):
    """Error of a file that cannot be read here.

    `skautokeras.load` raises it for a file that was damaged, that no `save` has
    written, or that needs another version of the package; the message names that
    version. `fit` raises it if the file that describes the search in ``directory`` was
    damaged.

    Examples
    --------
    >>> import os, tempfile
    >>> import skautokeras
    >>> from skautokeras.exceptions import FileFormatError
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "notes.txt")
    ...     with open(path, "w") as file:
    ...         _ = file.write("no estimator")
    ...     try:
    ...         skautokeras.load(path)
    ...     except FileFormatError as error:
    ...         print(error)
    '...notes.txt' cannot be loaded. It is not a file that `save` wrote, ...
    """


class ExportError(ValueError):
    """Error of an export to a format that cannot hold the fitted model.

    The message says what the format lacks and what to use in its place.

    Examples
    --------
    >>> import os, tempfile
    >>> from skautokeras import TextClassifier
    >>> from skautokeras.exceptions import ExportError
    >>> classifier = TextClassifier(max_trials=1, epochs=1)
    >>> classifier = classifier.fit(["good", "bad"] * 10, [1, 0] * 10)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "model.tflite")
    ...     try:
    ...         classifier.export(path, format="litert")
    ...     except ExportError as error:
    ...         print(error)
    The format 'litert' cannot hold ... Use format='tf_saved_model', ...
    """
