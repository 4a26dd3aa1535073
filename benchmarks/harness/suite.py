"""The definition of a suite, and the options that it runs with."""

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Suite:
    """One benchmark.

    Attributes
    ----------
    name : str
        Name on the command line, and stem of the files with the results.
    title : str
        Heading of the table.
    defaults : dict
        Values of the options that the command line does not set. The suite has no
        other options.
    quick : dict
        Values that replace some defaults with `--quick`.
    measurements : callable
        Generator function ``measurements(options)``, called with an `Options`. It
        yields one dict of JSON values as soon as a measurement ends.
    make_table : callable
        Function that turns the list of measurements into Markdown.
    plot : callable or None, default=None
        Function ``plot(measurements, path)`` that writes figures; ``path`` has no
        suffix. None for a suite without figures.
    folder_defaults : callable or None, default=None
        Function that takes the data folder and returns values that replace some
        defaults. None if the defaults suit every folder.
    keys : tuple of str, default=()
        Keys whose values identify a measurement. A suite that has them leaves out the
        measurements in `Options.finished`, so that its runs can be continued.
    """

    name: str
    title: str
    defaults: dict
    quick: dict
    measurements: Callable
    make_table: Callable
    plot: Callable | None = None
    folder_defaults: Callable | None = None
    keys: tuple = ()

    def options(self, arguments, folder, *, quick):
        """Return the values of the options by name.

        Parameters
        ----------
        arguments : dict
            Options that the command line sets, for whatever suite.
        folder : Path
            Data folder.
        quick : bool
            Whether the command line has `--quick`.
        """
        of_folder = self.folder_defaults(folder) if self.folder_defaults else {}
        own = {k: value for k, value in arguments.items() if k in self.defaults}
        return {**self.defaults, **of_folder, **(self.quick if quick else {}), **own}


@dataclass(frozen=True)
class Options:
    """Options of one run of a suite.

    Attributes
    ----------
    folder : str
        Data folder, which has one folder per data set.
    values : dict
        Values of the options by name. They can be read as attributes.
    peers : Peers
        Interpreters of other libraries.
    finished : frozenset of tuple, default=frozenset()
        Values of `Suite.keys` of the measurements that an earlier run has made.
    """

    folder: str
    values: dict = field(default_factory=dict)
    peers: object = None
    finished: frozenset = frozenset()

    def __getattr__(self, name):
        try:
            return self.values[name]
        except KeyError:
            raise AttributeError(f"The suite has no option {name!r}.") from None
