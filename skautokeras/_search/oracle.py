"""Oracles: what proposes the next configuration and learns how the last one did."""

import contextlib
import tempfile
import warnings
from collections import defaultdict

import keras_tuner
import numpy as np

from skautokeras._space.search_space import complete
from skautokeras._state.codec import text_key
from skautokeras._state.names import saved_as

# Draws that may repeat a configuration before the space counts as exhausted.
_MUTATIONS = 20
_RANDOM_DRAWS = 100
# KerasTuner takes a seed of 0 for "no seed", so seeds start from 1.
_FIRST_SEED = 1


@saved_as("GreedyOracle")
class GreedyOracle(keras_tuner.Oracle):
    """Known good configurations first, then mutations of the best one so far.

    Algorithm 1 of the AutoKeras paper (Jin, Chollet, Song, Hu, JMLR 24(6), 2023). The
    names of the active hyperparameters form a tree, cut at each ``/``. To mutate, a
    node of the tree - one hyperparameter, a layer, a block or the whole model - is
    drawn with probability softmax(-ln n), n being the number of hyperparameters below
    it, and everything below it is sampled anew. Hyperparameters of a branch that
    becomes active are sampled, too. No configuration is proposed twice.

    Parameters
    ----------
    objective : keras_tuner.Objective or str or None, default=None
        As in `keras_tuner.Oracle`.
    max_trials : int or None, default=None
        Configurations to propose at most. None: no limit.
    initial_values : sequence of dict, default=()
        Configurations to propose first, in this order. Hyperparameters without a value
        get their default.
    seed : int or None, default=None
        Seed of the oracle's own generator; 0 is a seed. None: a fresh one.
    **kwargs : dict
        Further parameters of `keras_tuner.Oracle` (``hyperparameters``,
        ``allow_new_entries``, ...).

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
        self._n_known, self._ended = 0, {}  # size of the space, keys of ended trials

    def populate_space(self, trial_id):
        """Propose values for the next trial.

        Parameters
        ----------
        trial_id : str
            Not used.

        Returns
        -------
        response : dict
            "status" ("RUNNING", or "STOPPED" once nothing new is left) and "values".
        """
        tried = self._tried_keys()
        for values in self._proposals():
            if text_key(values) not in tried:
                return {"status": "RUNNING", "values": values}
        return {"status": "STOPPED", "values": None}

    def get_state(self):
        """Return what `set_state` needs, as JSON-able values."""
        state = super().get_state()
        state["generator"] = self._rng.bit_generator.state
        state["n_initial_used"] = self._n_initial_used
        return state

    def set_state(self, state):
        """Continue where the oracle with this state was."""
        super().set_state(state)
        self._rng.bit_generator.state = state["generator"]
        self._n_initial_used = state["n_initial_used"]

    def _tried_keys(self):
        """Return the keys of all trials; those that have ended keep theirs.

        They are made anew when the space has grown: trials tell of names outside of it.
        """
        space = self.hyperparameters.copy()
        if self._n_known != len(space.space):
            self._n_known, self._ended = len(space.space), {}
        keys = set(self._ended.values())
        for trial_id, trial in self.trials.items():
            if trial_id not in self._ended:
                key = text_key(complete(space, trial.hyperparameters.values))
                keys.add(key)
                if trial.status not in ("RUNNING", "IDLE"):
                    self._ended[trial_id] = key
        return keys

    def _proposals(self):
        """Yield configurations in the order of Algorithm 1, possibly tried ones."""
        while self._n_initial_used < len(self.initial_values):
            self._n_initial_used += 1
            values = self.initial_values[self._n_initial_used - 1]
            yield complete(self.hyperparameters.copy(), values)
        best = self._best_values()
        if best is not None:
            for _ in range(_MUTATIONS):
                yield mutate(self.hyperparameters.copy(), best, self._rng)
        for _ in range(_RANDOM_DRAWS):
            yield resample(self.hyperparameters.copy(), {}, self._rng)

    def _best_values(self):
        trials = [t for t in self.trials.values() if t.status == "COMPLETED"]
        if not trials:
            return None
        sign = 1 if self.objective.direction == "max" else -1
        return max(trials, key=lambda t: sign * t.score).hyperparameters.values


def mutate(space, values, rng):
    """Return ``values`` with one subtree of the tree of names sampled anew.

    Parameters
    ----------
    space : keras_tuner.HyperParameters
        With conditions; its values are overwritten.
    values : dict of str to object
        The configuration to start from.
    rng : numpy.random.Generator
        Source of all draws.
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

    >>> import numpy as np
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
    """Return values for all active hyperparameters: kept ones, and others drawn.

    ``kept`` maps the id of a hyperparameter of ``space`` to its value.
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


def make_oracle(tuner, space, *, initial_values, max_trials, max_epochs, seed):
    """Return the oracle that the user asked for.

    Parameters
    ----------
    tuner : {"greedy", "random", "bayesian", "hyperband"} or callable
        A callable is called with ``objective``, ``hyperparameters``, ``max_trials`` and
        ``seed`` and returns a `keras_tuner.Oracle`.
    space : keras_tuner.HyperParameters
        What is searched.
    initial_values : list of dict
        Predefined configurations (greedy only).
    max_trials : int
        Configurations at most.
    max_epochs : int
        Epochs of a full training (hyperband only).
    seed : int
        At least 1.

    Raises
    ------
    TypeError
        If the callable returns something else.
    """
    arguments = {
        "objective": keras_tuner.Objective("score", "max"),
        "hyperparameters": space,
        "seed": seed,
    }
    if tuner == "hyperband":
        arguments["max_epochs"] = max(2, max_epochs)
    else:
        arguments["max_trials"] = max_trials
    if tuner == "greedy":
        arguments["initial_values"] = initial_values
    make = ORACLES[tuner] if isinstance(tuner, str) else tuner
    oracle = make(**arguments)
    if not isinstance(oracle, keras_tuner.Oracle):
        raise TypeError(
            "The callable given as 'tuner' must return a keras_tuner.Oracle, got "
            f"{type(oracle).__name__}."
        )
    return oracle


@contextlib.contextmanager
def hosted(oracle):
    """Give an oracle the folder it writes its state to, for as long as it is used.

    Every `keras_tuner.Oracle` saves itself after each trial; the folder is a temporary
    one and goes away afterwards.
    """
    oracle.verbose = 0
    # Failures are ours to count: they are recorded, and the search goes on.
    oracle.max_consecutive_failed_trials = None
    with tempfile.TemporaryDirectory(prefix="skautokeras-") as folder:
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
    """Stand in for the hypermodel: the space is known already."""
    return None


def ask(oracle, worker="search"):
    """Return the next proposal, a KerasTuner trial, or None if there is none now.

    Parameters
    ----------
    oracle : keras_tuner.Oracle
        Who proposes.
    worker : str, default="search"
        Who asks; as long as a proposal has no result, its worker gets no other one.
    """
    with _quiet():
        proposal = oracle.create_trial(worker)
    return proposal if proposal.status == "RUNNING" else None


def tell(oracle, proposal, trial):
    """Report how a proposal did.

    Parameters
    ----------
    oracle : keras_tuner.Oracle
        What made the proposal.
    proposal : keras_tuner trial
        From `ask`.
    trial : Trial
        Its result.
    """
    if trial.new_hyperparameters is not None and oracle.allow_new_entries:
        oracle.update_space(
            keras_tuner.HyperParameters.from_config(trial.new_hyperparameters)
        )
    hyperparameters = proposal.hyperparameters
    for name, value in trial.values.items():
        hyperparameters.values.setdefault(name, value)
    with _quiet():
        if trial.error is None:
            oracle.update_trial(proposal.trial_id, {"score": trial.score})
            proposal.status = "COMPLETED"
        else:
            proposal.status, proposal.message = "FAILED", trial.error
        oracle.end_trial(proposal)


def make_room(oracle):
    """Let an oracle make one proposal more: one of them does not become a trial."""
    if oracle.max_trials is not None:
        oracle.max_trials += 1


def turn_down(oracle, proposal, reason):
    """Report that a proposal is not tried.

    Parameters
    ----------
    oracle : keras_tuner.Oracle
        What made the proposal.
    proposal : keras_tuner trial
        From `ask`.
    reason : str
        Why.
    """
    proposal.status, proposal.message = "FAILED", reason
    with _quiet():
        oracle.end_trial(proposal)


@contextlib.contextmanager
def _quiet():
    """Silence KerasTuner's use of names that Python has deprecated."""
    with warnings.catch_warnings():
        warnings.filterwarnings(
            "ignore", category=DeprecationWarning, module=r"keras_tuner\..*"
        )
        yield
