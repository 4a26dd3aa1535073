"""The contract of oracles: every one that has a name keeps it, and faults are found."""

import os
import random
import sys
import tempfile

import keras_tuner
import pytest

from skautokeras import GreedyOracle
from skautokeras._search import ORACLES
from skautokeras.testing import check_oracle

RandomSearchOracle = keras_tuner.oracles.RandomSearchOracle
# What KerasTuner's oracles do otherwise, and why it is left to them.
EXPECTED_FAILURES = {
    "bayesian": {
        "check_no_configuration_is_tried_twice": (
            "KerasTuner's Bayesian oracle proposes its optimum again and again"
        )
    }
}


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("tuner", ORACLES)
def test_every_oracle_with_a_name_keeps_the_contract(tuner, capfd):
    check_oracle(tuner, expected_failed_checks=EXPECTED_FAILURES.get(tuner))
    assert capfd.readouterr() == ("", "")


class Talkative(RandomSearchOracle):
    def end_trial(self, trial):
        sys.stdout.write("A trial has ended.")
        super().end_trial(trial)


class Untidy(RandomSearchOracle):
    def populate_space(self, trial_id):
        handle, _ = tempfile.mkstemp()
        os.close(handle)
        return super().populate_space(trial_id)


class Discouraged(RandomSearchOracle):
    def populate_space(self, trial_id):
        if any(trial.status == "FAILED" for trial in self.trials.values()):
            return {"status": "STOPPED", "values": None}
        return super().populate_space(trial_id)


class Careless(RandomSearchOracle):
    def populate_space(self, trial_id):
        return {"status": "RUNNING", "values": {"a": 2, "b": int(trial_id) + 4}}


class Stubborn(RandomSearchOracle):
    def populate_space(self, trial_id):
        return {"status": "RUNNING", "values": {"a": 1}}


class Unseeded(RandomSearchOracle):
    def __init__(self, seed=None, **kwargs):
        super().__init__(seed=random.SystemRandom().randint(1, 10**9), **kwargs)


class Greedy(GreedyOracle):
    """Draws from the global generator."""

    def populate_space(self, trial_id):
        random.random()
        return super().populate_space(trial_id)


@pytest.mark.parametrize(
    ("oracle", "fault"),
    [
        (Talkative, "check_nothing_is_printed: The oracle printed 'A trial has"),
        (Untidy, "check_no_file_is_left: The oracle left files behind"),
        (Discouraged, "check_failures_in_a_row_.*: SearchError: All 1 trials"),
        (Careless, "check_every_proposal_is_.*'a': 2, 'b': 7}, which is no"),
        (Stubborn, 'check_no_configuration_is_tried_twice: .*twice: {"a": 1}'),
        (Unseeded, "check_the_seed_decides_.*: Two oracles with the same seed"),
        (Greedy, "check_the_global_generators_are_left_alone"),
    ],
)
def test_an_oracle_that_breaks_the_contract_is_told_how(oracle, fault):
    with pytest.raises(AssertionError, match=fault):
        check_oracle(oracle)


def test_expected_failures_must_be_true():
    expected = {"check_nothing_is_printed": "it talks"}
    with pytest.raises(AssertionError, match="is expected to fail: it talks"):
        check_oracle(RandomSearchOracle, expected_failed_checks=expected)
    with pytest.raises(ValueError, match="no such checks: \\['check_nothing'\\]"):
        check_oracle(RandomSearchOracle, expected_failed_checks={"check_nothing": ""})
