"""Feasibility: which of the configurations that an oracle proposes can be tried."""

import contextlib
import math
from dataclasses import dataclass, replace

from skautokeras._search.cost import estimate_cost
from skautokeras._search.trial import evaluate
from skautokeras._space.pretrained import all_presets
from skautokeras._state.codec import text_key
from skautokeras._state.deadline import NO_DEADLINE
from skautokeras._state.keras_door import through_the_door
from skautokeras._warnings import warn
from skautokeras.exceptions import WeightsMissingError

# Floating-point operations per second, one way, that any machine reaches. A training
# that fits into the time at this speed is feasible without another thought.
_SLOWEST = 1e8
# Epochs without which a training says little, however its learning rate is annealed.
_FEWEST_EPOCHS = 4
# Batches are not made smaller than this for want of memory.
_BATCH_SIZE, _FEWEST_ROWS = "training/batch_size", 16
# Small networks are bound by overhead, so the speed of one tells little about another
# with more than so many times its arithmetic.
_ALIKE = 4


@dataclass(frozen=True)
class Rejection:
    """The reason why a proposed configuration is not tried.

    Attributes
    ----------
    reason : str
        Reason in words, for the user.
    n_parameters, flops : int, default=0
        Number of parameters of the network, and a third of the floating-point
        operations of a step of training for one row. They are 0 if they are not known.
    depends_on_time : bool, default=False
        Whether the configuration would have been tried with more time.
    is_last : bool, default=False
        Whether a search looks for no other configuration in the place of this one,
        because that has taken too much time.
    lacks_weights : bool, default=False
        Whether pretrained weights cannot be had, of which the user is to be warned.
    is_told : bool, default=False
        Whether the user had been warned of the reason before.
    """

    reason: str
    n_parameters: int = 0
    flops: int = 0
    depends_on_time: bool = False
    is_last: bool = False
    lacks_weights: bool = False
    is_told: bool = False


@dataclass(frozen=True)
class Limits:
    """The time for a proposed configuration, and what is known of the machine.

    Attributes
    ----------
    seconds : float, default=inf
        Time in which four epochs have to end, or all epochs if they are fewer.
    speed : float, default=0.0
        Greatest number of floating-point operations per second of a trial so far.
    flops : int, default=0
        Greatest third of the operations of a step for one row of such a trial.

    Examples
    --------
    >>> from skautokeras._search import Limits, Trial
    >>> trial = Trial({}, 0, step_flops=100, n_rows=1000, trained_epochs=5, seconds=2)
    >>> Limits(seconds=60.0).after(trial)
    Limits(seconds=60.0, speed=250000.0, flops=100)
    """

    seconds: float = math.inf
    speed: float = 0.0
    flops: int = 0

    def after(self, trial):
        """Return what is known after a trial.

        Parameters
        ----------
        trial : Trial
            Trial that has ended.

        Returns
        -------
        limits : Limits
        """
        is_timed = trial.error is None and trial.n_iterations is None
        done = (trial.step_flops or 0) * trial.n_rows * trial.trained_epochs
        if not (is_timed and done and trial.seconds):
            return self
        return replace(
            self,
            speed=max(self.speed, done / trial.seconds),
            flops=max(self.flops, trial.step_flops),
        )


@through_the_door
def evaluate_if_feasible(
    values, seed, deadline, *, feasibility, limits=None, **options
):
    """Build, train and score a configuration, unless it is rejected.

    Whoever trains also judges. So it takes no time in the process that proposes, and
    the speed that counts is that of the machine of the training.

    Parameters
    ----------
    values, seed, deadline : object
        Arguments of `evaluate`.
    feasibility : Feasibility
        Object that rejects configurations.
    limits : Limits or None, default=None
        Time and speed that the configuration is judged by. If None, it is tried in
        any case.
    **options : dict
        Keyword arguments of `evaluate`.

    Returns
    -------
    result : Trial or Rejection
    """
    rejection = None
    if limits is not None:
        # What cannot be judged is tried: its trial will say what is wrong.
        with contextlib.suppress(Exception):
            rejection = feasibility.rejection(values, limits)
    return rejection or evaluate(values, seed, deadline, **options)


class Feasibility:
    """Tells what configurations cost, and rejects those that cannot be trained.

    A configuration is rejected if its network would be too large, if its pretrained
    weights cannot be had, or if the time suffices for a few epochs only.

    Parameters
    ----------
    search_space : SearchSpace
        Search space that makes networks from configurations.
    n_rows : int
        Number of training rows, those of all folds added up.
    peak_speed : callable
        Function without arguments that returns the floating-point operations per second
        that this machine can do at most.
    max_model_size : int or None, default=None
        Greatest number of parameters of a network. None sets no limit.
    max_memory : int or None, default=None
        Most bytes that a training may take. None sets no limit.

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras import ClassificationHead, DenseBlock, Input
    >>> from skautokeras._data import ArraySchema, TargetSchema
    >>> from skautokeras._search import Feasibility, Limits
    >>> from skautokeras._space import Graph, SearchSpace
    >>> node = Input()
    >>> search_space = SearchSpace(
    ...     Graph(
    ...         [node], [ClassificationHead()(DenseBlock(n_layers=1, units=64)(node))]
    ...     ),
    ...     schemas=[ArraySchema(shape=(4,), n_samples=100)],
    ...     targets=[TargetSchema(kind="binary", n_outputs=1)],
    ...     n_samples=100,
    ... )
    >>> feasibility = Feasibility(search_space, 100, lambda: 1e11, max_model_size=50)
    >>> feasibility.cost({}).n_parameters
    386
    >>> feasibility.rejection({}, Limits(seconds=60.0)).reason
    'The network would have 386 parameters, more than max_model_size=50.'
    """

    def __init__(
        self,
        search_space,
        n_rows,
        peak_speed,
        *,
        max_model_size=None,
        max_memory=None,
    ):
        self._search_space = search_space
        self._n_rows = n_rows
        self._peak_speed = peak_speed
        self._max_model_size = max_model_size
        self._max_memory = max_memory
        self._costs = {}  # by values
        self._missing = {}  # by values: why pretrained weights cannot be had
        self._has_warned = False
        # Of a copy: reasons that the first process knows, and whether more may come.
        self._known, self._may_lack_more = set(), False

    def __getstate__(self):
        """Return the state of a copy for a worker, which may lack other weights."""
        return {
            **vars(self),
            "_has_warned": False,
            "_known": {*self._known, *self._missing.values()},
            "_may_lack_more": bool(all_presets(self._search_space.graph)),
        }

    def cost(self, values):
        """Return the cost of a configuration; None if its network cannot be built.

        Parameters
        ----------
        values : dict of str to object
            Configuration that was proposed.

        Returns
        -------
        cost : Cost or None
        """
        key = text_key(values)
        if key not in self._costs:
            try:
                self._costs[key] = estimate_cost(self._search_space, values)
            except WeightsMissingError as error:
                self._costs[key] = None
                self._missing[key] = str(error)
            # Its trial will fail the same way, and record why.
            except Exception:  # noqa: BLE001
                self._costs[key] = None
        return self._costs[key]

    def cheapest_first(self, configurations, rank=None, deadline=NO_DEADLINE):
        """Return configurations ordered by the cost of their whole training.

        A configuration that cannot be built is taken to cost nothing: its trial will
        say why. Whether weights can be had is found out here, and the first ones that
        cannot give a warning.

        Parameters
        ----------
        configurations : list of dict
            Configurations to order.
        rank : callable or None, default=None
            Function from a configuration to a number: configurations of a lower rank
            come first whatever they cost. None gives all the same rank.
        deadline : Deadline, default=NO_DEADLINE
            Deadline of finding out the costs. If it passes before all are known, those
            of one rank stay in the order that they have.

        Returns
        -------
        configurations : list of dict
        """
        arithmetic = self._arithmetic(configurations, deadline)
        ranks = [0 if rank is None else rank(values) for values in configurations]
        positions = zip(ranks, arithmetic, range(len(configurations)), strict=True)
        ordered = [configurations[place] for *_, place in sorted(positions)]
        if self._missing and not self._has_warned:
            warn_of_missing(next(iter(self._missing.values())))
            self._has_warned = True
        return ordered

    def _arithmetic(self, configurations, deadline):
        """Return the operations of each training; all are 0 if there is no time."""
        arithmetic = []
        for values in configurations:
            if not self._can_tell_cost(values, deadline):
                return [0] * len(configurations)
            cost = self.cost(values)
            arithmetic.append(0 if cost is None else cost.training_flops)
        return arithmetic

    def _can_tell_cost(self, values, deadline):
        """Return whether a cost is known, or there is time for finding it out."""
        return text_key(values) in self._costs or not deadline.passed()

    def rejection(self, values, limits):
        """Return why a configuration is not to be tried.

        Parameters
        ----------
        values : dict of str to object
            Configuration that was proposed.
        limits : Limits
            Time and speed that the configuration is judged by.

        Returns
        -------
        rejection : Rejection or None
            None if the configuration can be tried.
        """
        limited = self._max_model_size is not None or self._max_memory is not None
        may_lack = self._missing or self._may_lack_more
        if not limited and not may_lack and limits.seconds == math.inf:
            return None
        cost = self.cost(values)
        missing = self._missing.get(text_key(values))
        if missing:
            is_told = self._has_warned or missing in self._known
            return Rejection(missing, lacks_weights=True, is_told=is_told)
        if cost is None:
            return None
        if reason := self._too_large(cost):
            return Rejection(reason, cost.n_parameters, cost.flops)
        if reason := self._takes_too_long(cost, limits):
            return Rejection(
                reason, cost.n_parameters, cost.flops, depends_on_time=True
            )
        return None

    def _takes_too_long(self, cost, limits):
        """Return why a training takes more time than there is; "" if it does not."""
        # The fitting of layers ends with the time.
        seconds = limits.seconds
        if not cost.epochs or seconds == math.inf:
            return ""
        n_epochs = min(_FEWEST_EPOCHS, cost.epochs)
        needed = self._epoch_seconds(cost, limits, seconds / n_epochs)
        if n_epochs * needed <= seconds:
            return ""
        return (
            f"An epoch of it would take about {needed:.3g} s, and "
            f"{max(seconds, 0.0):.3g} s are left for {n_epochs} at least."
        )

    def with_batches_that_fit(self, values, deadline=NO_DEADLINE):
        """Return a configuration with batches that the memory can hold.

        Parameters
        ----------
        values : dict of str to object
            Predefined configuration.
        deadline : Deadline, default=NO_DEADLINE
            Deadline of finding out the costs, after which batches stay as they are.

        Returns
        -------
        values : dict of str to object
            The same one, or one with smaller batches.
        """
        if self._max_memory is None:
            return values
        while values.get(_BATCH_SIZE, 0) > _FEWEST_ROWS:
            if not self._can_tell_cost(values, deadline):
                break
            cost = self.cost(values)
            if cost is None or cost.memory <= self._max_memory:
                break
            values = {**values, _BATCH_SIZE: values[_BATCH_SIZE] // 2}
        return values

    def _too_large(self, cost):
        """Return why a network is too large; "" if it is not."""
        most = self._max_model_size
        if most is not None and cost.n_parameters > most:
            return (
                f"The network would have {cost.n_parameters} parameters, more than "
                f"max_model_size={most}."
            )
        if self._max_memory is not None and cost.memory > self._max_memory:
            return (
                f"Its training would take about {cost.memory / 2**30:.1f} GB of "
                f"memory, and {self._max_memory / 2**30:.1f} GB can be had. Pass a "
                "smaller image_size, batch_size or block."
            )
        return ""

    def _epoch_seconds(self, cost, limits, seconds):
        """Return about how long an epoch takes; exact only if ``seconds`` are few."""
        arithmetic = cost.flops * self._n_rows
        if arithmetic <= seconds * _SLOWEST:
            return arithmetic / _SLOWEST
        speed = limits.speed
        if arithmetic > seconds * speed and limits.flops * _ALIKE < cost.flops:
            # A training passes rows three times. Nothing is timed: a step of a slow
            # network takes long itself, and a training ends with its time anyway.
            speed = self._peak_speed() / 3
        return arithmetic / speed


def warn_of_missing(reason):
    """Warn that pretrained weights cannot be had, and say what that means.

    Parameters
    ----------
    reason : str
        Sentences that say which weights, and why.
    """
    warn(f"{reason} The search leaves out the configurations that need them.")
