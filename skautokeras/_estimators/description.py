"""Descriptions of parameters and attributes: their form, and which estimator has which.

The descriptions are in `parameters` and `attributes`, each of them once. The docstrings
and the constructors of the estimators are written from there by ``python -m
tools.write_docstrings``, and a test fails if they differ.
"""

from dataclasses import dataclass

# The kinds of each estimator: what it learns from, and what it predicts.
KINDS = {
    "StructuredDataClassifier": {"table", "classes"},
    "StructuredDataRegressor": {"table", "numbers"},
    "ImageClassifier": {"images", "classes"},
    "ImageRegressor": {"images", "numbers"},
    "TextClassifier": {"texts", "classes"},
    "TextRegressor": {"texts", "numbers"},
    "AutoModel": {"inputs", "heads"},
}
REQUIRED = object()  # the default of a parameter that has none


@dataclass(frozen=True)
class Parameter:
    """A parameter of the constructor.

    Parameters
    ----------
    name : str
        Name of the parameter.
    type : str
        Type as the docstring shows it.
    default : object
        Default value, or `REQUIRED`.
    constraint : list or "no_validation"
        Allowed values, as in `_parameter_constraints` of scikit-learn.
    text : str
        Description. Line breaks in it have no meaning.
    kinds : tuple of str, default=()
        Kinds of estimators that have the parameter. If empty, all of them have it.
    """

    name: str
    type: str
    default: object
    constraint: list | str
    text: str
    kinds: tuple = ()


@dataclass(frozen=True)
class Attribute:
    """A fitted attribute.

    Parameters
    ----------
    name : str
        Name of the attribute.
    type : str
        Type as the docstring shows it.
    text : str
        Description. Line breaks in it have no meaning.
    kinds : tuple of str, default=()
        Kinds of estimators that have the attribute. If empty, all of them have it.
    """

    name: str
    type: str
    text: str
    kinds: tuple = ()


def entries_of(estimator, entries):
    """Return the parameters or the attributes of an estimator, in their order.

    Parameters
    ----------
    estimator : str
        Name of the estimator.
    entries : tuple of Parameter or tuple of Attribute
        Entries of all estimators.

    Returns
    -------
    entries : list of Parameter or list of Attribute
        Entries of this estimator.

    Examples
    --------
    >>> from skautokeras._estimators.description import Attribute, entries_of
    >>> attributes = (
    ...     Attribute("classes_", "ndarray", "Class labels.", kinds=("classes",)),
    ...     Attribute("n_trials_", "int", "Number of trials."),
    ... )
    >>> [attribute.name for attribute in entries_of("TextRegressor", attributes)]
    ['n_trials_']
    """
    kinds = KINDS[estimator]
    return [
        entry for entry in entries if not entry.kinds or kinds.intersection(entry.kinds)
    ]
