"""What all Displays of a search share."""

from sklearn.utils.validation import check_is_fitted

from skautokeras._search.record import SearchRecord

# Letters of a name in a figure.
_MOST_LETTERS = 40


class SearchRecordDisplayMixin:
    """Makes a Display from a fitted estimator or from the record of a search.

    A subclass has a class method `_from_record`, which takes the record and options.
    """

    @classmethod
    def from_estimator(cls, estimator, *, ax=None, **options):
        """Draw the search of a fitted estimator.

        Parameters
        ----------
        estimator : estimator
            Fitted estimator of skautokeras.
        ax : matplotlib Axes, default=None
            Axes to draw on. If None, a new figure is made.
        **options : dict
            Options of `from_search`.

        Returns
        -------
        display : Display
            Display that has drawn itself.

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        """
        check_is_ours(estimator)
        return cls.from_search(estimator.search_, ax=ax, **options)


def check_is_ours(estimator):
    """Raise unless an object is a fitted estimator of this package.

    Parameters
    ----------
    estimator : object
        Estimator that the user has passed.

    Raises
    ------
    NotFittedError
        If it is not fitted.
    TypeError
        If it is an object of another package.
    """
    if not hasattr(estimator, "_wire"):
        raise TypeError(
            f"An estimator of skautokeras is needed, got {type(estimator).__name__}. "
            "Of a Pipeline, pass the last step, pipeline[-1]; of a search such as "
            "GridSearchCV, pass best_estimator_."
        )
    check_is_fitted(estimator)


def check_is_record(record):
    """Raise TypeError unless an object is the record of a search."""
    if not isinstance(record, SearchRecord):
        raise TypeError(
            "The record of a search is needed, from read_search or from the attribute "
            f"search_ of a fitted estimator. Got {type(record).__name__}."
        )


def new_axes(ax, **kwargs):
    """Return the axes to draw on.

    Parameters
    ----------
    ax : matplotlib Axes or None
        Axes of the user. If None, a new figure is made.
    **kwargs : dict
        Arguments of `matplotlib.pyplot.subplots` for a new figure.

    Returns
    -------
    ax : matplotlib Axes
    """
    import matplotlib.pyplot as plt

    if ax is None:
        _, ax = plt.subplots(layout="constrained", **kwargs)
    if not hasattr(ax, "figure"):
        raise TypeError(f"ax must be the Axes of one plot, got {type(ax).__name__}.")
    return ax


def beside(ax):
    """Put the legend, if there is any, beside the axes, where it hides nothing."""
    if ax.get_legend_handles_labels()[1]:
        ax.legend(
            loc="upper left", bbox_to_anchor=(1.01, 1), fontsize="small", frameon=False
        )


def colours_of(kinds):
    """Return a colour for each kind of network.

    Parameters
    ----------
    kinds : iterable of str
        Kinds in the order of the trials, so that all Displays have the same colours.

    Returns
    -------
    colours : dict of str to str
    """
    import matplotlib

    kinds = list(dict.fromkeys(kinds))
    colours = [f"C{i}" for i in range(10)]
    if len(kinds) > len(colours):
        colours = [
            matplotlib.colors.to_hex(c) for c in matplotlib.colormaps["tab20"].colors
        ]
    return {kind: colours[i % len(colours)] for i, kind in enumerate(kinds)}


def shown_kind(kind):
    """Return the name of a kind of network in a legend."""
    return plain(kind or "network")


def plain(name):
    r"""Return a name as text for a figure, shortened.

    Matplotlib takes text between dollars for formulas, and leaves names that begin with
    an underscore out of legends.

    Parameters
    ----------
    name : str
        Name of a column, a class or a hyperparameter.

    Returns
    -------
    text : str

    Examples
    --------
    >>> from skautokeras.inspection._base import plain
    >>> plain("US$ per $"), plain("a" * 50) == "a" * 37 + "..."
    ('US\\$ per \\$', True)
    """
    name = " ".join(str(name).split())
    if len(name) > _MOST_LETTERS:
        name = f"{name[: _MOST_LETTERS - 3]}..."
    hidden = "\u200b" if name.startswith("_") else ""
    return hidden + name.replace("$", r"\$")


def needs(n_found, n_needed, what):
    """Raise ValueError if there is too little to draw.

    Parameters
    ----------
    n_found, n_needed : int
        Number of things that there are, and that there must be.
    what : str
        Name of the things.

    Raises
    ------
    ValueError
        If there are fewer things than are needed.
    """
    if n_found < n_needed:
        raise ValueError(
            f"{what.capitalize()} are needed, at least {n_needed}, and the search has "
            f"{n_found}."
        )
