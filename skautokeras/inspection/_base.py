"""What all Displays of a search share."""

from sklearn.utils.validation import check_is_fitted


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
        check_is_fitted(estimator)
        return cls.from_search(estimator.search_, ax=ax, **options)


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
    return ax


def beside(ax):
    """Put the legend beside the axes, where it hides nothing."""
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
    return {kind: f"C{i % 10}" for i, kind in enumerate(dict.fromkeys(kinds))}


def shown_kind(kind):
    """Return the name of a kind of network in a legend."""
    return kind or "network"


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
            f"At least {n_needed} {what} are needed, and the search has {n_found}."
        )
