"""The contract of oracles, for every one that has a name and for a user's own."""

import random

import keras_tuner
import numpy as np
import pytest

from skautokeras._search import ORACLES, Trial, make_oracle, search
from skautokeras._space import complete
from skautokeras._training import Deadline

# All configurations of the space below: b exists only beside a = 2 and a = 3.
EVERY = {(1, None), *((a, b) for a in (2, 3) for b in (4, 5, 6))}
# What KerasTuner's oracles do otherwise, and why it is left to them.
EXPECTED_FAILURES = {
    ("bayesian", "check_no_configuration_is_tried_twice"): (
        "KerasTuner's Bayesian oracle proposes its optimum again and again"
    ),
}


def own(**arguments):
    """Return an oracle as a user's callable would."""
    return keras_tuner.oracles.RandomSearchOracle(**arguments)


def make_space():
    """Return a space with a branch."""
    space = keras_tuner.HyperParameters()
    space.Choice("a", [1, 2, 3])
    with space.conditional_scope("a", [2, 3]):
        space.Choice("b", [4, 5, 6])
    return space


def run(tuner, n, *, error=lambda i: None):
    """Search through the small space; return the values that were evaluated."""
    evaluated = []

    def evaluate(values, seed, deadline):
        i = len(evaluated)
        evaluated.append(dict(values))
        return Trial(dict(values), seed, score=float(values["a"]), error=error(i))

    oracle = make_oracle(
        tuner, make_space(), initial_values=[], max_trials=n, max_epochs=9, seed=1
    )
    trials, _ = search(oracle, evaluate, seeds=range(n), deadline=Deadline(None))
    assert len(trials) == len(evaluated)
    return evaluated


def check_nothing_is_printed(tuner, request):
    capfd = request.getfixturevalue("capfd")
    capfd.readouterr()
    run(tuner, 4, error=lambda i: "no" if i == 1 else None)
    assert capfd.readouterr() == ("", "")


def check_no_file_is_left(tuner, request):
    tmp_path = request.getfixturevalue("tmp_path")
    request.getfixturevalue("monkeypatch").setattr("tempfile.tempdir", str(tmp_path))
    run(tuner, 3)
    assert list(tmp_path.iterdir()) == []


def check_failures_in_a_row_do_not_end_the_search(tuner, request):
    # KerasTuner alone gives up after three.
    assert len(run(tuner, 5, error=lambda i: "no" if i < 4 else None)) == 5


def check_every_proposal_is_a_whole_configuration(tuner, request):
    for values in run(tuner, 5):
        found = {name: v for name, v in values.items() if "tuner/" not in name}
        assert found == complete(make_space(), found)
        assert found["a"] in (1, 2, 3)
        assert found.get("b") in (None, 4, 5, 6)


def check_no_configuration_is_tried_twice(tuner, request):
    tried = [(v["a"], v.get("b")) for v in run(tuner, 9)]
    assert len(tried) == len(set(tried))
    assert set(tried) <= EVERY
    if tuner == "greedy":
        assert set(tried) == EVERY


def check_the_global_generators_are_left_alone(tuner, request):
    def states():
        name, keys, *rest = np.random.get_state()  # noqa: NPY002
        return random.getstate(), (name, keys.tolist(), *rest)

    before = states()
    run(tuner, 4)
    assert states() == before


CHECKS = [check for name, check in globals().items() if name.startswith("check_")]


def _cases():
    for tuner in [*ORACLES, own]:
        for check in CHECKS:
            name = tuner if isinstance(tuner, str) else tuner.__name__
            reason = EXPECTED_FAILURES.get((name, check.__name__))
            marks = [] if reason is None else [pytest.mark.xfail(reason=reason)]
            case_id = f"{name}-{check.__name__.removeprefix('check_')}"
            yield pytest.param(tuner, check, marks=marks, id=case_id)


@pytest.mark.parametrize(("tuner", "check"), list(_cases()))
def test_oracle(tuner, check, request):
    check(tuner, request)
