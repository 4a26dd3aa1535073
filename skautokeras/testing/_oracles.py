"""The contract of oracles."""

import contextlib
import io
import json
import random
import tempfile
from pathlib import Path

import keras_tuner
import numpy as np

from skautokeras._search import Trial, make_oracle, run_search
from skautokeras._space import complete
from skautokeras._state import Deadline
from skautokeras.testing._checks import require, run_checks


def check_oracle(tuner, *, expected_failed_checks=None):
    """Check that an oracle does what a search expects of it.

    The oracle searches through small spaces with a made-up score; no network is
    trained. It must propose whole configurations and none of them twice, propose the
    same for the same seed, go on after trials that failed, print nothing, leave no file
    and leave the global random generators alone.

    Parameters
    ----------
    tuner : str or callable
        Oracle as the parameter ``tuner`` of the estimators takes it: a name, or a
        callable that is called with ``objective``, ``hyperparameters``, ``max_trials``
        and ``seed`` and returns a `keras_tuner.Oracle`.
    expected_failed_checks : dict of str to str or None, default=None
        Names of checks that are expected to fail, each with the reason. None expects
        all checks to pass.

    Raises
    ------
    AssertionError
        If a check fails, or if one passes that is expected to fail. The message starts
        with the name of the check.

    Examples
    --------
    >>> import keras_tuner
    >>> from skautokeras.testing import check_oracle
    >>> check_oracle(keras_tuner.oracles.RandomSearchOracle)
    """
    run_checks(_CHECKS, tuner, expected_failed_checks)


def check_nothing_is_printed(tuner):
    """Check that neither results nor failures are printed."""
    stream = io.StringIO()
    with contextlib.redirect_stdout(stream), contextlib.redirect_stderr(stream):
        _search(tuner, 4, fails=lambda i: i == 1)
    require(not stream.getvalue(), f"The oracle printed {stream.getvalue()!r}.")


def check_no_file_is_left(tuner):
    """Check that what the oracle writes is gone after the search."""
    before = tempfile.tempdir
    with tempfile.TemporaryDirectory(prefix="skautokeras-") as folder:
        tempfile.tempdir = folder
        try:
            _search(tuner, 3)
        finally:
            tempfile.tempdir = before
        left = sorted(path.name for path in Path(folder).iterdir())
    require(not left, f"The oracle left files behind: {left}.")


def check_failures_in_a_row_do_not_end_the_search(tuner):
    """Check that the oracle goes on proposing after trials that failed."""
    tried = _search(tuner, 5, fails=lambda i: i < 4)
    require(len(tried) == 5, f"The search ended after {len(tried)} of 5 trials.")


def check_every_proposal_is_a_whole_configuration(tuner):
    """Check that exactly the active hyperparameters have a value that they may have."""
    for values in _search(tuner, len(_ALL_CONFIGURATIONS)):
        # Some oracles add values of their own, such as the number of epochs.
        chosen = {name: v for name, v in values.items() if "tuner/" not in name}
        whole = complete(_make_small_space(), chosen)
        require(
            chosen == whole and _configuration(chosen) in _ALL_CONFIGURATIONS,
            f"The oracle proposed {chosen}, which is no configuration of a space with "
            "'a' in (1, 2, 3) and, unless 'a' is 1, 'b' in (4, 5, 6).",
        )


def check_no_configuration_is_tried_twice(tuner):
    """Check that all proposals differ, in a space of only seven configurations."""
    tried = [json.dumps(values, sort_keys=True) for values in _search(tuner, 9)]
    repeated = sorted({values for values in tried if tried.count(values) > 1})
    require(not repeated, f"The oracle proposed twice: {', '.join(repeated)}.")


def check_the_seed_decides_what_is_proposed(tuner):
    """Check that a seed gives the same proposals again, and another one others."""
    first, again, other = (
        _search(tuner, 6, make_space=_make_large_space, seed=seed, fails=_second_fails)
        for seed in (1, 1, 2)
    )
    require(first == again, "Two oracles with the same seed proposed other values.")
    require(first != other, "Oracles with different seeds proposed the same values.")


def check_the_global_generators_are_left_alone(tuner):
    """Check that nothing is drawn from Python's and NumPy's global generators."""
    before = _states_of_global_generators()
    _search(tuner, 4)
    require(
        _states_of_global_generators() == before,
        "The oracle drew from, or seeded, a global random generator.",
    )


_CHECKS = (
    check_nothing_is_printed,
    check_no_file_is_left,
    check_failures_in_a_row_do_not_end_the_search,
    check_every_proposal_is_a_whole_configuration,
    check_no_configuration_is_tried_twice,
    check_the_seed_decides_what_is_proposed,
    check_the_global_generators_are_left_alone,
)


def _make_small_space():
    """Return a space with a branch: b exists only beside a = 2 and a = 3."""
    space = keras_tuner.HyperParameters()
    space.Choice("a", [1, 2, 3])
    with space.conditional_scope("a", [2, 3]):
        space.Choice("b", [4, 5, 6])
    return space


_ALL_CONFIGURATIONS = {(1, None), *((a, b) for a in (2, 3) for b in (4, 5, 6))}


def _configuration(values):
    """Return a configuration of the small space as (a, b)."""
    return values.get("a"), values.get("b")


def _make_large_space():
    """Return a space in which no configuration comes up twice by accident."""
    space = _make_small_space()
    space.Float("rate", 0.0, 1.0)
    return space


def _never_fails(i):
    return False


def _second_fails(i):
    return i == 1


def _search(tuner, n_trials, *, make_space=_make_small_space, seed=1, fails=None):
    """Search through a space; return the configurations in the order they were tried.

    ``fails`` says by its number which trial fails; the score of others is a.
    """
    fails = _never_fails if fails is None else fails
    tried = []

    def evaluate(values, seed, deadline):
        error = "This trial fails." if fails(len(tried)) else None
        tried.append(dict(values))
        return Trial(dict(values), seed, score=float(values["a"]), error=error)

    oracle = make_oracle(
        tuner,
        make_space(),
        initial_values=[],
        max_trials=n_trials,
        max_epochs=9,
        seed=seed,
    )
    run_search(oracle, evaluate, seeds=range(n_trials), deadline=Deadline(None))
    return tried


def _states_of_global_generators():
    name, keys, *rest = np.random.get_state()  # noqa: NPY002
    return random.getstate(), (name, keys.tolist(), *rest)
