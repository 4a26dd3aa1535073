"""Suite: what a benchmark consists of."""

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Suite:
    """One benchmark.

    Attributes
    ----------
    name : str
        As on the command line; also the stem of its files.
    title : str
        Heading of its table.
    defaults : dict
        Option -> value where the command line gives none. What is not in here is no
        option of the suite.
    quick : dict
        What `--quick` puts in the place of some defaults.
    measurements : callable
        ``measurements(options)`` with an `Options` yields one dict of JSON values per
        measurement, as soon as it is there.
    make_table : callable
        From the list of measurements to Markdown.
    plot : callable or None
        ``plot(measurements, path)`` writes figures; ``path`` has no suffix.
    """

    name: str
    title: str
    defaults: dict
    quick: dict
    measurements: Callable
    make_table: Callable
    plot: Callable | None = None

    def options(self, given, *, quick):
        """Return the values of the options, by name.

        Parameters
        ----------
        given : dict
            Those of the command line that were given.
        quick : bool
            Whether it said `--quick`.
        """
        own = {name: value for name, value in given.items() if name in self.defaults}
        return {**self.defaults, **(self.quick if quick else {}), **own}


@dataclass(frozen=True)
class Options:
    """What the measurements of one suite are to be.

    Attributes
    ----------
    folder : str
        With one folder per data set.
    values : dict
        Option -> value, read as attributes.
    peers : Peers
        Interpreters of other libraries.
    """

    folder: str
    values: dict = field(default_factory=dict)
    peers: object = None

    def __getattr__(self, name):
        try:
            return self.values[name]
        except KeyError:
            raise AttributeError(f"The suite has no option {name!r}.") from None
