"""Names: what the classes of this package are called in files.

A class that may be part of a file declares itself under a name of its own. Files hold
that name and neither the class's module nor its Python name, so that code can be moved
and renamed without making old files unreadable. This module imports nothing: the rooms
that do without Keras use it as well.
"""

_CLASSES = {}
_NAMES = {}
_public = {"names": (), "get": None}


def saved_as(name):
    """Declare a class whose instances may be part of a file.

    An instance is written as its attributes, without those that the class lists in
    ``_left_out``, and read back without its constructor being called.

    Parameters
    ----------
    name : str
        The name of the class in files. It must never change. Classes of another
        package put the package's name before it: ``"my_package>MyAdapter"``.

    Returns
    -------
    declare : callable
        Class decorator that returns the class as it is.

    Raises
    ------
    ValueError
        If another class has the name already.

    Examples
    --------
    An attribute of an estimator, or of an adapter in it, is saved and loaded with it:

    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from sklearn.datasets import load_iris
    >>> from skautokeras import StructuredDataClassifier, load, saved_as
    >>> @saved_as("my_package>Range")
    ... class Range:
    ...     def __init__(self, low, high):
    ...         self.low, self.high = low, high
    >>> clf = StructuredDataClassifier(max_trials=1, epochs=1, cv=None, random_state=0)
    >>> clf = clf.fit(*load_iris(return_X_y=True))
    >>> clf.range_ = Range(0, 8)
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "iris.skautokeras")
    ...     clf.save(path)
    ...     loaded = load(path)
    >>> loaded.range_.low, loaded.range_.high
    (0, 8)
    """

    def declare(cls):
        before = _CLASSES.get(name, cls)
        # The same class is defined again where a notebook cell is run twice.
        if (before.__module__, before.__qualname__) != (
            cls.__module__,
            cls.__qualname__,
        ):
            raise ValueError(f"{before!r} is already saved as {name!r}.")
        _CLASSES[name] = cls
        _NAMES[cls] = name
        return cls

    return declare


def name_of(cls):
    """Return the name of a class in files, or None if it has none.

    Parameters
    ----------
    cls : type
        The class; a subclass of one that is declared is not.
    """
    return _NAMES.get(cls)


def class_named(name):
    """Return the class that has a name in files.

    Parameters
    ----------
    name : str
        A name from a file. Only declared classes are found, whatever it is.

    Raises
    ------
    ValueError
        If no class has declared itself under the name.
    """
    if name not in _CLASSES:
        import_public(name)
    if name not in _CLASSES:
        raise ValueError(
            f"No class is known as {name!r}. If it is your own, import the module "
            "that defines it first."
        )
    return _CLASSES[name]


def use_public_names(names, get):
    """Let classes that are not imported yet be found by the public names.

    The package hands its lazy names down to this room, which cannot import upwards.

    Parameters
    ----------
    names : collection of str
        The public names of the package.
    get : callable
        Returns what a public name stands for. It imports the module that defines it,
        where classes register themselves.
    """
    _public.update(names=frozenset(names), get=get)


def import_public(name):
    """Import what a public name of the package stands for; nothing for other names.

    Parameters
    ----------
    name : str
        A name from a file.
    """
    if name in _public["names"]:
        _public["get"](name)
