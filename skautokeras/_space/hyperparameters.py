"""Ranges that a hyperparameter is searched in, apart from its name.

A block keeps ranges as data and names them when it builds, so that a user can put a
narrower one in the place of the default.

>>> import keras_tuner
>>> from skautokeras import Choice
>>> from skautokeras._space.hyperparameters import choose
>>> hp = keras_tuner.HyperParameters()
>>> choose(hp, "units", None, Choice([32, 64], default=64))  # searched
64
>>> choose(hp, "layers", 3, Choice((1, 2), default=1))  # fixed
3
>>> list(hp.values)
['units']
"""

from contextlib import nullcontext
from dataclasses import dataclass, fields

import keras
import keras_tuner

from skautokeras._sklearn import (
    HasMethods,
    validate_parameter_constraints,
)

# What every parameter of a block that is searched may be besides a value: a range of
# the user's, or None for the one that the block proposes.
SEARCHED = (HasMethods("suggest"), None)


class _Range:
    """What the ranges have in common: a configuration in plain values."""

    def get_config(self):
        """Return the parameters, ready for JSON.

        Returns
        -------
        config : dict
            For `from_config`.
        """
        config = {field.name: getattr(self, field.name) for field in fields(self)}
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in config.items()
        }

    @classmethod
    def from_config(cls, config):
        """Return the range that a configuration describes.

        Parameters
        ----------
        config : dict
            From `get_config`.

        Returns
        -------
        range : Choice, Int, Float or Boolean
            Equal to the one that was asked.
        """
        return cls(**config)


@keras.saving.register_keras_serializable("skautokeras")
@dataclass(frozen=True)
class Choice(_Range):
    """One of a few values of the same type (int, float, str or bool).

    Parameters
    ----------
    values : sequence
        What there is to choose from.
    default : object or None, default=None
        Where the search starts. None: the first value.

    Examples
    --------
    >>> from skautokeras import Choice, DenseBlock
    >>> DenseBlock(units=Choice([32, 64], default=64))
    DenseBlock(units=Choice(values=(32, 64), default=64))
    """

    values: tuple
    default: object = None

    def __post_init__(self):
        object.__setattr__(self, "values", tuple(self.values))

    def suggest(self, hp, name):
        """Register the range under a name and return the current value.

        Parameters
        ----------
        hp : keras_tuner.HyperParameters
            Where it is registered.
        name : str
            Of the hyperparameter.

        Returns
        -------
        value : object
            One of the values.
        """
        values = list(self.values)
        default = values[0] if self.default is None else self.default
        return hp.Choice(name, values, default=default)


@keras.saving.register_keras_serializable("skautokeras")
@dataclass(frozen=True)
class Int(_Range):
    """A whole number between two bounds, both included.

    Parameters
    ----------
    low, high : int
        The bounds.
    default : int or None, default=None
        Where the search starts. None: ``low``.
    sampling : {"linear", "log"}, default="linear"
        Whether numbers or their logarithms are drawn evenly.

    Examples
    --------
    >>> from skautokeras import DenseBlock, Int
    >>> block = DenseBlock(n_layers=Int(1, 6), units=Int(8, 512, sampling="log"))
    """

    low: int
    high: int
    default: int | None = None
    sampling: str = "linear"

    def suggest(self, hp, name):
        """Register the range under a name and return the current value.

        Parameters
        ----------
        hp : keras_tuner.HyperParameters
            Where it is registered.
        name : str
            Of the hyperparameter.

        Returns
        -------
        value : int
            Between the bounds.
        """
        default = self.low if self.default is None else self.default
        return hp.Int(
            name, self.low, self.high, sampling=self.sampling, default=default
        )


@keras.saving.register_keras_serializable("skautokeras")
@dataclass(frozen=True)
class Float(_Range):
    """A number between two bounds.

    Parameters
    ----------
    low, high : float
        The bounds.
    default : float or None, default=None
        Where the search starts. None: ``low``.
    sampling : {"linear", "log"}, default="linear"
        Whether numbers or their logarithms (for rates) are drawn evenly.
    step : float or None, default=None
        Distance of the values. None: any.

    Examples
    --------
    >>> from skautokeras import DenseBlock, Float
    >>> block = DenseBlock(dropout=Float(0.0, 0.3, step=0.1))
    """

    low: float
    high: float
    default: float | None = None
    sampling: str = "linear"
    step: float | None = None

    def suggest(self, hp, name):
        """Register the range under a name and return the current value.

        Parameters
        ----------
        hp : keras_tuner.HyperParameters
            Where it is registered.
        name : str
            Of the hyperparameter.

        Returns
        -------
        value : float
            Between the bounds.
        """
        default = self.low if self.default is None else self.default
        return hp.Float(
            name,
            self.low,
            self.high,
            step=self.step,
            sampling=self.sampling,
            default=default,
        )


@keras.saving.register_keras_serializable("skautokeras")
@dataclass(frozen=True)
class Boolean(_Range):
    """True or False.

    Parameters
    ----------
    default : bool, default=False
        Where the search starts.

    Examples
    --------
    >>> from skautokeras import Boolean, DenseBlock
    >>> block = DenseBlock(use_batchnorm=Boolean(default=True))
    """

    default: bool = False

    def suggest(self, hp, name):
        """Register the range under a name and return the current value.

        Parameters
        ----------
        hp : keras_tuner.HyperParameters
            Where it is registered.
        name : str
            Of the hyperparameter.

        Returns
        -------
        value : bool
            The current one.
        """
        return hp.Boolean(name, default=self.default)


def choose(hp, name, given, default):
    """Return the value of one hyperparameter of a block.

    Parameters
    ----------
    hp : keras_tuner.HyperParameters
        Where the hyperparameter is registered if it is searched.
    name : str
        Its name inside the block.
    given : object
        What the user passed: None to search ``default``, a range to search that one,
        anything else is the value itself and is not searched.
    default : Choice, Int, Float or Boolean
        The range the block proposes.

    Returns
    -------
    value : object
        The value to build with.
    """
    if is_searched(given):
        return (default if given is None else given).suggest(hp, name)
    return given


def is_searched(given):
    """Return whether a block's parameter is searched rather than fixed."""
    return given is None or hasattr(given, "suggest")


def admits(given, value):
    """Return whether what is given for a block's parameter leaves it a value.

    Parameters
    ----------
    given : object
        What the user passed: None, a range, or the value itself.
    value : object
        Of the hyperparameter. Ranges of numbers are not asked: the search starts at
        their default instead.

    Examples
    --------
    >>> from skautokeras._space.hyperparameters import Choice, admits
    >>> admits(None, 3), admits(3, 3), admits(2, 3), admits(Choice((1, 2)), 3)
    (True, True, False, False)
    """
    if isinstance(given, Choice):
        return value in given.values
    return is_searched(given) or given == value


def greatest(given):
    """Return the greatest value of a range of numbers.

    Parameters
    ----------
    given : Choice or Int or the like
        Anything that has `suggest`.

    Examples
    --------
    >>> from skautokeras._space.hyperparameters import Choice, Int, greatest
    >>> greatest(Choice((2, 6))), greatest(Int(1, 4))
    (6, 4)
    """
    hp = keras_tuner.HyperParameters()
    given.suggest(hp, "any")
    found = hp.space[0]
    return found.max_value if hasattr(found, "max_value") else max(found.values)


def check_parameters(block, **chosen):
    """Raise unless the parameters of a block are what it can be built of.

    Parameters
    ----------
    block : Block
        Its class says in ``_parameter_constraints`` what is allowed, as scikit-learn's
        estimators do.
    **chosen : object
        Parameters that have been chosen from their range by now.

    Raises
    ------
    ValueError
        With the name of the parameter and scikit-learn's wording.
    """
    validate_parameter_constraints(
        block._parameter_constraints,
        {**vars(block), **chosen},
        caller_name=type(block).__name__,
    )


def when(hp, name, given, values):
    """Return a scope whose hyperparameters exist only for some values of another.

    Parameters
    ----------
    hp : keras_tuner.HyperParameters
        Where they are registered.
    name : str
        The other hyperparameter, named inside the block.
    given : object
        What the user passed for it; if that is a value, there is no condition.
    values : list
        The values for which the hyperparameters in the scope exist.

    Returns
    -------
    scope : context manager
        Inside it, an inactive hyperparameter has the value None.
    """
    return hp.conditional_scope(name, values) if is_searched(given) else nullcontext()


def each(hp, block, count, counts, name, space):
    """Return the values of a hyperparameter that every layer or stage has by itself.

    Those of layers that are not there do not exist: ``units_2`` comes with a third
    layer only.

    Parameters
    ----------
    hp : keras_tuner.HyperParameters
        Asked for the values.
    block : Block
        Its parameters ``count`` and ``name`` are what the user gave.
    count : str
        The hyperparameter that says how many there are; it has been chosen by now.
    counts : Choice or Int
        The range that the block proposes for it.
    name : str
        Put before the number: "units".
    space : Choice, Int, Float or Boolean
        The range that the block proposes for each value.

    Returns
    -------
    values : list
        One per layer or stage.
    """
    given = getattr(block, count)
    n = choose(hp, count, given, counts)
    deepest = greatest(counts if given is None else given) if is_searched(given) else n
    values = []
    for i in range(deepest):
        with when(hp, count, given, list(range(i + 1, deepest + 1))):
            values.append(choose(hp, f"{name}_{i}", getattr(block, name), space))
    return values[:n]
