"""Ranges that a hyperparameter is searched in, apart from its name.

A range is data until it is given a name, so that a user can put a narrower one in the
place of the default.

>>> import keras_tuner
>>> from skautokeras import Choice
>>> hp = keras_tuner.HyperParameters()
>>> Choice([32, 64], default=64).suggest(hp, "units")
64
>>> list(hp.values)
['units']
"""

from dataclasses import dataclass

import keras
import keras_tuner

from skautokeras._space.configurable import Configurable


@keras.saving.register_keras_serializable("skautokeras")
@dataclass(frozen=True)
class Choice(Configurable):
    """One of a few values of the same type (int, float, str or bool).

    Parameters
    ----------
    values : sequence
        Values to choose from.
    default : object or None, default=None
        Value that the search starts from. If None, it is the first one.

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
            Container that the range is registered in.
        name : str
            Name of the hyperparameter.

        Returns
        -------
        value : object
            Current value, one of those to choose from.
        """
        values = list(self.values)
        default = values[0] if self.default is None else self.default
        return hp.Choice(name, values, default=default)


@keras.saving.register_keras_serializable("skautokeras")
@dataclass(frozen=True)
class Int(Configurable):
    """A whole number between two bounds, both included.

    Parameters
    ----------
    low, high : int
        Bounds of the values.
    default : int or None, default=None
        Value that the search starts from. If None, it is ``low``.
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
            Container that the range is registered in.
        name : str
            Name of the hyperparameter.

        Returns
        -------
        value : int
            Current value, between the bounds.
        """
        default = self.low if self.default is None else self.default
        return hp.Int(
            name, self.low, self.high, sampling=self.sampling, default=default
        )


@keras.saving.register_keras_serializable("skautokeras")
@dataclass(frozen=True)
class Float(Configurable):
    """A number between two bounds.

    Parameters
    ----------
    low, high : float
        Bounds of the values.
    default : float or None, default=None
        Value that the search starts from. If None, it is ``low``.
    sampling : {"linear", "log"}, default="linear"
        Whether numbers or their logarithms (for rates) are drawn evenly.
    step : float or None, default=None
        Distance of the values. If None, any value between the bounds is allowed.

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
            Container that the range is registered in.
        name : str
            Name of the hyperparameter.

        Returns
        -------
        value : float
            Current value, between the bounds.
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
class Boolean(Configurable):
    """True or False.

    Parameters
    ----------
    default : bool, default=False
        Value that the search starts from.

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
            Container that the range is registered in.
        name : str
            Name of the hyperparameter.

        Returns
        -------
        value : bool
            Current value.
        """
        return hp.Boolean(name, default=self.default)


def is_searched(given):
    """Return whether a block's parameter is searched rather than fixed."""
    return given is None or hasattr(given, "suggest")


def admits(given, value):
    """Return whether what is given for a block's parameter leaves it a value.

    Parameters
    ----------
    given : object
        Parameter that the user passed: None, a range, or the value itself.
    value : object
        Value of the hyperparameter. Ranges of numbers are not asked: the search starts
        at their default instead.

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
