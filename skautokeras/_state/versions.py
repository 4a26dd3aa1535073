"""Versions: which versions of other packages are installed."""

from functools import cache
from importlib.metadata import PackageNotFoundError, packages_distributions, version


@cache
def version_of(package):
    """Return the version of an installed package.

    Parameters
    ----------
    package : str
        Name of the package on PyPI. If a build of it has another name there, as
        tensorflow-cpu has, the name under which it is imported finds it.

    Returns
    -------
    version : str
        "?" if there is no such package.

    Examples
    --------
    >>> from skautokeras._state.versions import version_of
    >>> version_of("numpy").count(".") > 0, version_of("no-such-package")
    (True, '?')
    """
    try:
        return version(package)
    except PackageNotFoundError:
        names = packages_distributions().get(package.replace("-", "_"))
        return version(names[0]) if names else "?"
