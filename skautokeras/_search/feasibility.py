"""Admission: which of the configurations that an oracle proposes become trials."""

import warnings
from dataclasses import dataclass

from skautokeras._search.cost import Cost, estimate_cost
from skautokeras._state.codec import text_key
from skautokeras.exceptions import WeightsMissingError

# Floating-point operations per second, one way, that any machine reaches. What fits
# into the time at this speed is admitted without another thought.
_SLOWEST = 1e8
# Epochs without which a training says little, however its learning rate is annealed.
_FEWEST_EPOCHS = 4
# Small networks are bound by overhead, so the speed of one tells little about another
# with more than so many times its arithmetic.
_ALIKE = 4


@dataclass(frozen=True)
class Refusal:
    """Why a configuration is not tried: its ``cost``, and the reason in words.

    ``depends_on_time`` tells those that would have been tried with more time.
    """

    cost: object
    reason: str
    depends_on_time: bool


class Admission:
    """Turns down what is too large, lacks weights, or had time for a few epochs only.

    Parameters
    ----------
    search_space : SearchSpace
        Makes networks from values.
    n_rows : int
        Of the training data, those of all folds added up.
    time_step : callable
        ``time_step(values)`` trains the real network on one batch and returns the
        seconds per row.
    max_model_size : int or None, default=None
        Parameters. None: no limit.
    n_folds : int, default=1
        Trainings of each trial; a pruned one has not seen all of them.

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras import ClassificationHead, DenseBlock, Input
    >>> from skautokeras._data.schema import ArraySchema, TargetSchema
    >>> from skautokeras._search.feasibility import Admission
    >>> from skautokeras._space.graph import Graph
    >>> from skautokeras._space.search_space import SearchSpace
    >>> node = Input()
    >>> search_space = SearchSpace(
    ...     Graph(
    ...         [node], [ClassificationHead()(DenseBlock(n_layers=1, units=64)(node))]
    ...     ),
    ...     schemas=[ArraySchema(shape=(4,), n_samples=100)],
    ...     targets=[TargetSchema(kind="binary", n_outputs=1)],
    ...     n_samples=100,
    ... )
    >>> admission = Admission(search_space, 100, lambda values: 1e-3, max_model_size=50)
    >>> admission.refusal({}, trials=[], seconds=60).reason
    'The network would have 386 parameters, more than max_model_size=50.'
    """

    def __init__(
        self, search_space, n_rows, time_step, *, max_model_size=None, n_folds=1
    ):
        self._graph = search_space
        self._n_rows = n_rows
        self._time_step = time_step
        self._max_model_size = max_model_size
        self._n_folds = n_folds
        self._costs = {}  # by values
        self._missing = {}  # by values: why pretrained weights cannot be had
        self._timed = []  # arithmetic for one row, and the speed it was done at

    def cheapest_first(self, configurations, rank=lambda values: 0):
        """Return configurations ordered by what a whole training of them costs.

        One that cannot be built costs nothing: its trial says why. Whether weights can
        be had is found out here; if not, there is a warning.

        Parameters
        ----------
        configurations : list of dict
            Values by name.
        rank : callable
            From values to a number: those of a lower one come first whatever they cost.
        """

        def arithmetic(values):
            cost = self._cost(values)
            return 0 if cost is None else cost.flops * cost.epochs

        return sorted(
            configurations, key=lambda values: (rank(values), arithmetic(values))
        )

    def refusal(self, values, trials, seconds):
        """Return why a configuration is not to be tried, or None.

        Parameters
        ----------
        values : dict of str to object
            The configuration.
        trials : list of Trial
            So far: how fast others were.
        seconds : float
            In which four epochs have to end, or all of them if they are fewer.
        """
        limited = self._max_model_size is not None
        if not limited and not self._missing and seconds == float("inf"):
            return None
        cost = self._cost(values)
        missing = self._missing.get(text_key(values))
        if missing:
            return Refusal(Cost(0, 0, 0), missing, depends_on_time=False)
        if cost is None:
            return None
        if limited and cost.n_parameters > self._max_model_size:
            reason = (
                f"The network would have {cost.n_parameters} parameters, more than "
                f"max_model_size={self._max_model_size}."
            )
            return Refusal(cost, reason, depends_on_time=False)
        n_epochs = min(_FEWEST_EPOCHS, cost.epochs)
        needed = self._epoch_seconds(values, cost, trials, seconds / n_epochs)
        if n_epochs * needed > seconds:
            reason = (
                f"An epoch of it would take about {needed:.3g} s, and "
                f"{max(seconds, 0.0):.3g} s are left for {n_epochs} at least."
            )
            return Refusal(cost, reason, depends_on_time=True)
        return None

    def _cost(self, values):
        """Return what a configuration costs; None if it cannot be built."""
        key = text_key(values)
        if key not in self._costs:
            try:
                self._costs[key] = estimate_cost(self._graph, values)
            except WeightsMissingError as error:
                self._costs[key] = None
                self._warn_of_missing(key, error)
            # Its trial will fail the same way, and record why.
            except Exception:  # noqa: BLE001
                self._costs[key] = None
        return self._costs[key]

    def _warn_of_missing(self, key, error):
        """Remember, and tell once, that weights cannot be had."""
        if not self._missing:
            warnings.warn(
                f"{error} The search leaves out the configurations that need them.",
                UserWarning,
                stacklevel=2,
            )
        self._missing[key] = str(error)

    def _epoch_seconds(self, values, cost, trials, seconds):
        """Return about how long an epoch takes; exact only if ``seconds`` are few."""
        arithmetic = cost.flops * self._n_rows
        if arithmetic <= seconds * _SLOWEST:
            return arithmetic / _SLOWEST
        known = self._known_speeds(trials)
        speed = max((speed for _, speed in known), default=0.0)
        if arithmetic > seconds * speed and not any(
            flops * _ALIKE >= cost.flops for flops, _ in known
        ):
            speed = self._measured_speed(values, cost)
        return arithmetic / speed

    def _measured_speed(self, values, cost):
        """Time one step of the real network."""
        try:
            speed = cost.flops / self._time_step(values)
        # Too large for the memory, perhaps: its trial will fail, and record why.
        except Exception:  # noqa: BLE001
            return float("inf")
        self._timed.append((cost.flops, speed))
        return speed

    def _known_speeds(self, trials):
        """Return arithmetic for one row and speed, for trainings and timed steps."""
        n_rows = self._n_rows / self._n_folds
        trained = [
            (t.flops, t.flops * n_rows * t.n_folds * t.epochs / t.seconds)
            for t in trials
            if t.error is None and t.flops and t.seconds
        ]
        return trained + self._timed
