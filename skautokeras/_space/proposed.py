"""Proposed values of hyperparameters, within the bounds that blocks set."""

import contextlib

import keras_tuner


class Proposed(keras_tuner.HyperParameters):
    """Hyperparameters that take proposed values when they are declared.

    The bounds of a hyperparameter may depend on the value of another one. A value that
    was proposed for other bounds becomes the nearest one that this call allows, so that
    no network breaks the bounds of its block.

    As in KerasTuner, the first call that has a value decides for its name: later calls
    return the same value, whatever their own bounds are.

    Parameters
    ----------
    values : dict of str to object, default={}
        Proposed values by the names of hyperparameters.

    Examples
    --------
    >>> from skautokeras._space.proposed import Proposed
    >>> hp = Proposed({"dense/second": 64})
    >>> with hp.name_scope("dense"):
    ...     hp.Int("second", 4, 16)
    16
    >>> with hp.name_scope("dense"):
    ...     hp.Int("second", 32, 64)
    16
    >>> hp.values
    {'dense/second': 16}
    """

    def __init__(self, values=()):
        super().__init__()
        self.values = dict(values)
        self._path = []

    @contextlib.contextmanager
    def name_scope(self, name):
        """Return the scope in which names begin with ``name`` and a slash."""
        self._path.append(name)
        try:
            with super().name_scope(name):
                yield
        finally:
            self._path.pop()

    def Int(self, name, min_value, max_value, step=None, **arguments):
        """Declare a whole number, and return its value."""
        has_value = self._has_value(name)
        value = super().Int(name, min_value, max_value, step=step, **arguments)
        if has_value:
            return value
        return self._bounded(name, value, min_value, max_value, step, arguments)

    def Float(self, name, min_value, max_value, step=None, **arguments):
        """Declare a number, and return its value."""
        has_value = self._has_value(name)
        value = super().Float(name, min_value, max_value, step=step, **arguments)
        if has_value:
            return value
        return self._bounded(name, value, min_value, max_value, step, arguments)

    def Choice(self, name, values, *args, **arguments):
        """Declare a choice, and return its value."""
        has_value = self._has_value(name)
        value = super().Choice(name, values, *args, **arguments)
        if has_value or value is None or value in values:
            return value
        default = arguments.get("default")
        return self._replaced(name, values[0] if default is None else default)

    def _has_value(self, name):
        """Return whether this build has declared a name, and has used its value."""
        full_name = self._full_name(name)
        return any(hp.name == full_name and self.is_active(hp) for hp in self.space)

    def _bounded(self, name, value, low, high, step, arguments):
        """Return a value, or the nearest one within its bounds."""
        if value is None or low <= value <= high:
            return value
        nearest = min(max(value, low), high)
        if step is not None and arguments.get("sampling", "linear") == "linear":
            nearest = low + (nearest - low) // step * step
        return self._replaced(name, nearest)

    def _replaced(self, name, value):
        self.values[self._full_name(name)] = value
        return value

    def _full_name(self, name):
        return "/".join([*self._path, name])
