"""Oracles: they propose the next configuration and are told how each one did."""

import contextlib
import os
import warnings
from collections import defaultdict
from difflib import get_close_matches
from functools import partial
from inspect import signature
from itertools import islice
from numbers import Real
from uuid import uuid4

import keras_tuner
import numpy as np
import tensorflow as tf

from skautokeras._search.selection import network_types
from skautokeras._search.temporary_folder import temporary_folder
from skautokeras._space.search_space import complete
from skautokeras._state.codec import text_key
from skautokeras._state.names import saved_as
from skautokeras._warnings import is_of, warn

# Draws that may repeat a configuration before the space counts as exhausted.
_MUTATIONS = 20
_RANDOM_DRAWS = 100
# KerasTuner takes a seed of 0 for "no seed", so seeds start from 1.
_FIRST_SEED = 1
# With this, addresses of TensorFlow's files in memory begin.
_MEMORY = "ram://"


@saved_as("GreedyOracle")
class GreedyOracle(keras_tuner.Oracle):
    """Known good configurations first, then mutations of the best ones so far.

    Algorithm 1 of the AutoKeras paper (Jin, Chollet, Song, Hu, JMLR 24(6), 2023). In
    one point it differs: where blocks choose among kinds of networks, not only the best
    configuration is mutated. The best one of the n-th best kind is taken with
    probability 1 / 2^n, because an ensemble gains from networks that err differently.

    The names of the active hyperparameters form a tree, cut at each ``/``. To mutate, a
    node of the tree - one hyperparameter, a layer, a block or the whole model - is
    drawn with probability softmax(-ln n), n being the number of hyperparameters below
    it, and everything below it is sampled anew. Hyperparameters of a branch that
    becomes active are sampled, too. No configuration is proposed twice.

    Parameters
    ----------
    objective : keras_tuner.Objective or str or None, default=None
        Score to optimise, as in `keras_tuner.Oracle`.
    max_trials : int or None, default=None
        Greatest number of configurations to propose. None sets no limit.
    initial_values : sequence of dict, default=()
        Configurations to propose first, in this order. Hyperparameters without a value
        have their default.
    seed : int or None, default=None
        Seed of the oracle's own generator; 0 is a seed. None draws a fresh one.
    **kwargs : dict
        Further parameters of `keras_tuner.Oracle` (``hyperparameters``,
        ``allow_new_entries``, ...).

    Attributes
    ----------
    predefined_trials : set of str
        Identifiers of the trials whose configuration is one of ``initial_values``.

    Examples
    --------
    >>> import keras_tuner
    >>> from skautokeras import GreedyOracle
    >>> space = keras_tuner.HyperParameters()
    >>> _ = space.Choice("units", [16, 32, 64])
    >>> oracle = GreedyOracle(
    ...     hyperparameters=space, initial_values=[{"units": 32}], seed=0
    ... )
    >>> oracle.populate_space("0")["values"]
    {'units': 32}
    """

    def __init__(
        self,
        objective=None,
        max_trials=None,
        initial_values=(),
        seed=None,
        **kwargs,
    ):
        # The parent would draw from Python's global generator for a seed of 0 or None.
        super().__init__(
            objective=objective, max_trials=max_trials, seed=_FIRST_SEED, **kwargs
        )
        self.seed = seed
        self.initial_values = [dict(values) for values in initial_values]
        self._rng = np.random.default_rng(seed)
        self._n_initial_used = 0
        self.predefined_trials = set()
        self._blank, self._seen = None, None

    def populate_space(self, trial_id):
        """Propose values for the next trial.

        Parameters
        ----------
        trial_id : str
            Identifier of the trial.

        Returns
        -------
        response : dict
            "status" ("RUNNING", or "STOPPED" once nothing new is left) and "values".
        """
        space = self._copy_of_space()
        tried = self._seen.update(self)
        for values, is_predefined in self._proposals(space):
            if text_key(values) not in tried:
                if is_predefined:
                    self.predefined_trials.add(trial_id)
                return {"status": "RUNNING", "values": values}
        return {"status": "STOPPED", "values": None}

    def get_state(self):
        """Return what `set_state` needs, as JSON-able values."""
        state = super().get_state()
        state["generator"] = self._rng.bit_generator.state
        state["n_initial_used"] = self._n_initial_used
        state["predefined_trials"] = sorted(self.predefined_trials)
        return state

    def set_state(self, state):
        """Continue where the oracle with this state was."""
        super().set_state(state)
        self._rng.bit_generator.state = state["generator"]
        self._blank, self._seen = None, None
        self._n_initial_used = state["n_initial_used"]
        self.predefined_trials = set(state["predefined_trials"])

    def _copy_of_space(self):
        """Return a copy of the space whose values may be overwritten.

        A copy takes milliseconds, so there is a new one only if the space has grown.
        What is known of trials is then found anew, as they tell of names outside of it.
        """
        if self._blank is None or len(self._blank.space) != len(
            self.hyperparameters.space
        ):
            self._blank = self.hyperparameters.copy()
            self._seen = _SeenTrials(self._blank)
        return self._blank

    def _proposals(self, space):
        """Yield configurations in the order of Algorithm 1, possibly tried ones.

        With each comes whether it is one of the initial values.
        """
        while self._n_initial_used < len(self.initial_values):
            self._n_initial_used += 1
            values = self.initial_values[self._n_initial_used - 1]
            yield complete(space, values), True
        parents = self._seen.best_of_kinds()
        if parents:
            for _ in range(_MUTATIONS):
                parent = self._draw_parent(parents)
                yield mutate(space, parent, self._rng), False
        for _ in range(_RANDOM_DRAWS):
            yield resample(space, {}, self._rng), False

    def _draw_parent(self, parents):
        """Draw one of the configurations, each half as likely as the one before it."""
        place = 0
        while place < len(parents) - 1 and self._rng.random() < 0.5:
            place += 1
        return parents[place]


class _SeenTrials:
    """What an oracle remembers of its trials, of which each is looked at once.

    So a proposal costs the same however many trials there have been.

    Parameters
    ----------
    space : keras_tuner.HyperParameters
        Copy of the search space, whose values are overwritten.
    """

    def __init__(self, space):
        self._space = space
        self._n_listed = 0
        self._open = {}  # identifiers of trials that may still run -> place and key
        self._keys = set()  # those of trials that have ended
        self._best = {}  # network types -> loss, place and values of the best trial

    def update(self, oracle):
        """Look at the trials that are new or have ended, and return the keys of all.

        Parameters
        ----------
        oracle : keras_tuner.Oracle
            Oracle with its trials.

        Returns
        -------
        keys : collection of str
            Keys of the configurations of all trials.
        """
        new = islice(oracle.trials, self._n_listed, None)
        for place, trial_id in enumerate(new, start=self._n_listed):
            self._open[trial_id] = place, self._key(oracle.trials[trial_id])
        self._n_listed = len(oracle.trials)
        trials = [oracle.trials[trial_id] for trial_id in self._open]
        for trial in trials:
            if trial.status not in ("RUNNING", "IDLE"):
                place, _ = self._open.pop(trial.trial_id)
                self._close(trial, place, oracle.objective.direction)
        return _Either(self._keys, {key for _, key in self._open.values()})

    def _key(self, trial):
        return text_key(complete(self._space, trial.hyperparameters.values))

    def _close(self, trial, place, direction):
        """Remember a trial that has ended, whose values may have been narrowed."""
        self._keys.add(self._key(trial))
        if trial.status == "COMPLETED":
            values = trial.hyperparameters.values
            loss = -trial.score if direction == "max" else trial.score
            found = (loss, place, dict(values))
            types = network_types(values)
            self._best[types] = min(self._best.get(types, found), found)

    def best_of_kinds(self):
        """Return the best configuration of each kind of network, the best first."""
        return [
            values for *_, values in sorted(self._best.values(), key=_without_values)
        ]


class _Either:
    """Two sets, of which the first one is too large to be copied."""

    def __init__(self, *sets):
        self._sets = sets

    def __contains__(self, key):
        return any(key in each for each in self._sets)


def _without_values(found):
    return found[:2]


def mutate(space, values, rng):
    """Return a configuration with one subtree of the tree of names sampled anew.

    Parameters
    ----------
    space : keras_tuner.HyperParameters
        Search space, conditions included; its values are overwritten.
    values : dict of str to object
        Configuration to start from.
    rng : numpy.random.Generator
        Source of all draws.

    Returns
    -------
    values : dict of str to object
    """
    start = complete(space, values)
    drawn = set(draw_subtree(sorted(_searched_names(space, start)), rng))
    # By hyperparameter, not by name: another branch may use the name, too.
    kept = {
        id(hp): start[hp.name]
        for hp in space.space
        if space.is_active(hp) and hp.name not in drawn
    }
    return resample(space, kept, rng)


def draw_subtree(names, rng):
    """Draw a node of the tree of names; return the names below it.

    A node with n names below it has probability softmax(-ln n), that is, proportional
    to 1 / n.

    Parameters
    ----------
    names : list of str
        Names of hyperparameters, cut into a tree at each ``/``.
    rng : numpy.random.Generator
        Source of the draw.

    Returns
    -------
    names : list of str

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._search import draw_subtree
    >>> draw_subtree(["a/units"], np.random.default_rng(0))
    ['a/units']
    """
    below = defaultdict(list)  # node of the tree -> names below it
    for name in names:
        parts = name.split("/")
        for depth in range(len(parts) + 1):
            below["/".join(parts[:depth])].append(name)
    if not below:
        return []
    weight = np.array([1 / len(leaves) for leaves in below.values()])
    return list(below.values())[rng.choice(len(below), p=weight / weight.sum())]


def resample(space, kept, rng):
    """Return a configuration in which only some hyperparameters keep their value.

    Parameters
    ----------
    space : keras_tuner.HyperParameters
        Search space, conditions included; its values are overwritten.
    kept : dict of int to object
        Value by the id of the hyperparameter in ``space`` that keeps it. All other
        active hyperparameters are drawn.
    rng : numpy.random.Generator
        Source of all draws.

    Returns
    -------
    values : dict of str to object
    """
    space.values = {}
    # Parents come before their children in the space, so conditions are settled.
    for hp in space.space:
        if space.is_active(hp) and hp.name not in space.values:
            space.values[hp.name] = (
                kept[id(hp)] if id(hp) in kept else hp.prob_to_value(rng.random())
            )
    return dict(space.values)


def _searched_names(space, values):
    """Return the active names that have more than one possible value."""
    return {hp.name for hp in space.space if hp.name in values and not _is_fixed(hp)}


def _is_fixed(hp):
    return type(hp).__name__ == "Fixed"


ORACLES = {
    "greedy": GreedyOracle,
    "random": keras_tuner.oracles.RandomSearchOracle,
    "bayesian": keras_tuner.oracles.BayesianOptimizationOracle,
    "hyperband": keras_tuner.oracles.HyperbandOracle,
}


def _check_initial_values(initial_values, space):
    """Raise for values that a hyperparameter cannot have, and warn of unknown names.

    Blocks may name further hyperparameters while networks are built, so that an unknown
    name need not be wrong.
    """
    known = defaultdict(list)
    for hp in space.space:
        known[hp.name].append(hp)
    unknown = {}
    for name, value in (pair for values in initial_values for pair in values.items()):
        if name not in known:
            unknown[name] = get_close_matches(name, known, 1)
        elif not any(_allows(hp, value) for hp in known[name]):
            raise ValueError(
                f"initial_values has {value!r} for {name!r}, which cannot be. Its "
                f"range is {known[name][0]!r}."
            )
    if unknown:
        told = [f"{n!r}" + "".join(f" ({m!r}?)" for m in unknown[n]) for n in unknown]
        warn(
            "initial_values names hyperparameters that the search space does not know "
            f"yet, and that may be ignored: {', '.join(told)}."
        )


def _allows(hp, value):
    """Return whether a hyperparameter can have a value."""
    if hasattr(hp, "min_value"):
        is_number = isinstance(value, Real) and not isinstance(value, bool)
        return is_number and hp.min_value <= value <= hp.max_value
    if hasattr(hp, "values"):
        return value in hp.values
    return type(value) is type(hp.default)


def _takes(function, name):
    """Return whether a callable can be called with an argument of a name."""
    parameters = signature(function).parameters
    return name in parameters or any(
        parameter.kind == parameter.VAR_KEYWORD for parameter in parameters.values()
    )


def make_oracle(tuner, space, *, initial_values, max_trials, max_epochs, seed):
    """Return the oracle that the user asked for.

    Parameters
    ----------
    tuner : {"greedy", "random", "bayesian", "hyperband"} or callable
        Name of an oracle, or a callable that is called with ``objective``,
        ``hyperparameters``, ``max_trials``, if it takes it, and ``seed``, and returns a
        `keras_tuner.Oracle`.
    space : keras_tuner.HyperParameters
        Search space.
    initial_values : list of dict
        Known good configurations, proposed first (greedy only).
    max_trials : int
        Greatest number of configurations.
    max_epochs : int
        Number of epochs of a full training (hyperband only).
    seed : int
        Seed of the oracle, at least 1.

    Returns
    -------
    oracle : keras_tuner.Oracle

    Raises
    ------
    TypeError
        If the callable does not return an oracle.
    ValueError
        If the oracle has another objective than the one that it is called with, or if
        the user's `GreedyOracle` is to begin with values that cannot be.
    """
    arguments = {
        "objective": keras_tuner.Objective("score", "max"),
        "hyperparameters": space,
        "seed": seed,
    }
    if tuner == "hyperband":
        arguments["max_epochs"] = max(2, max_epochs)
        # None begins anew after the last bracket, as long as the search goes on.
        arguments["hyperband_iterations"] = None
    else:
        arguments["max_trials"] = max_trials
    if tuner == "greedy":
        arguments["initial_values"] = initial_values
    make = ORACLES[tuner] if isinstance(tuner, str) else tuner
    if not _takes(make, "max_trials"):
        # Such as KerasTuner's HyperbandOracle: the search ends after as many.
        arguments.pop("max_trials", None)
    oracle = make(**arguments)
    if not isinstance(oracle, keras_tuner.Oracle):
        raise TypeError(
            "The callable given as 'tuner' must return a keras_tuner.Oracle, got "
            f"{type(oracle).__name__}."
        )
    wanted = arguments["objective"]
    objective = oracle.objective
    if (getattr(objective, "name", None), getattr(objective, "direction", None)) != (
        wanted.name,
        wanted.direction,
    ):
        raise ValueError(
            "The oracle that the callable given as 'tuner' returns must have the "
            f"objective that it is called with, {wanted}. Got {objective!r} instead. "
            "Pass the criterion as 'scoring', for example scoring='val_loss'."
        )
    if not isinstance(tuner, str) and isinstance(oracle, GreedyOracle):
        _check_initial_values(oracle.initial_values, space)
    if not isinstance(tuner, str):
        oracle.populate_space = _with_defaults(oracle)
    return oracle


def _with_defaults(oracle):
    """Return the proposals of an oracle, with defaults where it gives no value.

    KerasTuner would draw the values, and no seed would repeat them.
    """
    propose = oracle.populate_space

    def populate_space(trial_id):
        response = propose(trial_id)
        values = response.get("values")
        if values is None:
            return response
        defaults = complete(oracle.hyperparameters.copy(), values)
        return {**response, "values": {**values, **defaults}}

    return populate_space


@contextlib.contextmanager
def _folder_in_memory():
    """Make a folder in memory for as long as the context lasts; yield its address."""
    address = f"{_MEMORY}skautokeras-{uuid4().hex}"
    try:
        yield address
    finally:
        _empty(address)


def _empty(folder):
    """Delete what is in a folder, if it is in memory."""
    if folder.startswith(_MEMORY) and tf.io.gfile.exists(folder):
        tf.io.gfile.rmtree(folder)


def _open_project(oracle, stack):
    """Return a folder for what an oracle saves, which nobody reads.

    It is in memory where that is possible: a process that is killed leaves nothing on
    the disk then, and no other process has to look after it.
    """
    if not _saves_through_tensorflow(oracle):
        with contextlib.suppress(OSError):  # There may be no folder to write to.
            return stack.enter_context(temporary_folder())
    return stack.enter_context(_folder_in_memory())


def _saves_through_tensorflow(oracle):
    """Return whether an oracle saves by TensorFlow, which knows files in memory.

    An oracle by somebody else may open files itself. On Windows, KerasTuner would not
    make an address in memory of that of the folder.
    """
    is_known = is_of(type(oracle).__module__, ("keras_tuner", "skautokeras"))
    return is_known and os.sep == "/"


@contextlib.contextmanager
def temporary_project(oracle):
    """Give an oracle a temporary project folder for as long as the context lasts.

    Every `keras_tuner.Oracle` saves each trial. It also saves itself after each trial,
    unless it does that in the way of KerasTuner, which is left out.

    Parameters
    ----------
    oracle : keras_tuner.Oracle
        Oracle to be asked and told inside of the context.
    """
    oracle.verbose = 0
    # A search records failures and goes on, however many there are in a row.
    oracle.max_consecutive_failed_trials = None
    with contextlib.ExitStack() as stack:
        folder = _open_project(oracle, stack)
        if type(oracle).save is keras_tuner.Oracle.save:
            # It takes longer with each trial, and nobody reads the file. It follows the
            # saving of a trial, so that the memory never holds more than one.
            oracle.save = partial(_empty, folder)
            stack.callback(vars(oracle).pop, "save", None)
        with _quiet():
            keras_tuner.Tuner(
                oracle,
                hypermodel=_no_model,
                directory=folder,
                project_name="oracle",
                overwrite=True,
            )
        yield oracle


def _no_model(hp):
    """Stand in for the hypermodel, which only tells KerasTuner the search space."""
    return None


def ask(oracle, worker="search"):
    """Return the next proposal of an oracle, or None if it has none now.

    Parameters
    ----------
    oracle : keras_tuner.Oracle
        Oracle inside of `temporary_project`.
    worker : str, default="search"
        Name of the asking worker. As long as its proposal has no result, the oracle
        repeats it to the same worker.

    Returns
    -------
    proposal : KerasTuner trial or None
        Its configuration is ``proposal.hyperparameters.values``.
    """
    with _quiet():
        proposal = oracle.create_trial(worker)
    return proposal if proposal.status == "RUNNING" else None


def is_predefined(oracle, proposal):
    """Return whether a proposal is one of the initial values of its oracle.

    Parameters
    ----------
    oracle : keras_tuner.Oracle
        Oracle that made the proposal.
    proposal : KerasTuner trial
        Proposal from `ask`.

    Returns
    -------
    is_predefined : bool
        False for oracles that do not tell.
    """
    return proposal.trial_id in getattr(oracle, "predefined_trials", ())


def tell(oracle, proposal, trial):
    """Tell an oracle the result of a proposal.

    Parameters
    ----------
    oracle : keras_tuner.Oracle
        Oracle that made the proposal.
    proposal : KerasTuner trial
        Proposal from `ask`.
    trial : Trial
        Result of the proposal.
    """
    if trial.new_hyperparameters is not None and oracle.allow_new_entries:
        oracle.update_space(
            keras_tuner.HyperParameters.from_config(trial.new_hyperparameters)
        )
    hyperparameters = proposal.hyperparameters
    # A block may have narrowed what was proposed.
    hyperparameters.values.update(trial.values)
    if trial.error is not None:
        reject(oracle, proposal, trial.error)
        return
    with _quiet():
        oracle.update_trial(proposal.trial_id, {"score": trial.score})
        proposal.status = "COMPLETED"
        oracle.end_trial(proposal)
    _forget_space(oracle, proposal)


def reject(oracle, proposal, reason):
    """Tell an oracle that a proposal has failed or is not tried.

    Parameters
    ----------
    oracle : keras_tuner.Oracle
        Oracle that made the proposal.
    proposal : KerasTuner trial
        Proposal from `ask`.
    reason : str
        Reason in words.
    """
    proposal.status, proposal.message = "FAILED", reason
    with _quiet():
        oracle.end_trial(proposal)
    _forget_space(oracle, proposal)


def _forget_space(oracle, proposal):
    """Let a trial that has ended keep its values only, not its copy of the space.

    Thousands of copies would fill the memory. An oracle of KerasTuner or of the user
    may need them. The order in which trials have ended is forgotten, too: KerasTuner
    would go through it after each trial, to count failures that nobody limits.
    """
    if type(oracle) is GreedyOracle:
        oracle.end_order.clear()
        values = keras_tuner.HyperParameters()
        values.values = dict(proposal.hyperparameters.values)
        oracle.trials[proposal.trial_id].hyperparameters = values


def raise_max_trials(oracle):
    """Let an oracle make one more proposal, as one does not become a trial.

    Parameters
    ----------
    oracle : keras_tuner.Oracle
        Oracle whose ``max_trials`` is raised by 1, if it has a limit.
    """
    if oracle.max_trials is not None:
        oracle.max_trials += 1


@contextlib.contextmanager
def _quiet():
    """Silence KerasTuner's use of names that Python has deprecated."""
    with warnings.catch_warnings():
        warnings.filterwarnings(
            "ignore", category=DeprecationWarning, module=r"keras_tuner\..*"
        )
        yield
