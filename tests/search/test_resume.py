"""A search that was interrupted and starts again ends as if nothing had happened."""

from dataclasses import fields

import keras_tuner
import numpy as np
import pytest

from skautokeras._search.deadline import Deadline
from skautokeras._search.journal import Journal
from skautokeras._search.loop import search
from skautokeras._search.oracle import _BY_NAME, make_oracle
from skautokeras._search.trial import Trial, evaluate

N_TRIALS, N_BEFORE = 5, 2


class Counted:
    """Counts how often it evaluates; may be interrupted."""

    def __init__(self, evaluate, interrupt_at=None):
        self._evaluate, self._interrupt_at = evaluate, interrupt_at
        self.calls = 0

    def __call__(self, *args):
        if self.calls == self._interrupt_at:
            raise KeyboardInterrupt
        self.calls += 1
        return self._evaluate(*args)


def run(tuner, space, evaluate, journal=None):
    oracle = make_oracle(
        tuner,
        space.copy(),
        initial_values=[],
        max_trials=N_TRIALS,
        max_epochs=9,
        seed=1,
    )
    return search(
        oracle,
        evaluate,
        seeds=range(N_TRIALS),
        deadline=Deadline(None),
        journal=journal,
    )


def check_resumes(tuner, space, evaluate, directory):
    """Interrupt a search, go on with it, compare with one that was not interrupted."""
    expected, _ = run(tuner, space, evaluate)
    first = Counted(evaluate, interrupt_at=N_BEFORE)
    journal = Journal(directory, "data", seed=1)
    before, interrupted = run(tuner, space, first, journal)
    assert interrupted
    assert len(before) == N_BEFORE
    second = Counted(evaluate)
    found, _ = run(tuner, space, second, Journal(directory, "data", seed=1))
    assert second.calls == N_TRIALS - N_BEFORE
    assert len(found) == len(expected) == N_TRIALS
    for one, other in zip(found, expected, strict=True):
        for field in fields(Trial):
            if field.name != "seconds":
                np.testing.assert_equal(
                    getattr(one, field.name), getattr(other, field.name), field.name
                )


@pytest.mark.parametrize("tuner", _BY_NAME)
def test_every_oracle_goes_on_where_it_was(tuner, space, tmp_path):
    def fake(values, seed, deadline):
        if seed == 1:
            return Trial(dict(values), seed, error="ValueError: no")
        score = values["training/rate"]
        return Trial(dict(values), seed, score=score, weights=[np.full(3, score)])

    check_resumes(tuner, space, fake, tmp_path)


def test_trained_networks_are_the_same_to_the_last_bit(problem, tmp_path):
    space = keras_tuner.HyperParameters()
    space.Float("training/learning_rate", 1e-3, 1e-2)
    space.Choice("dense_block_1/activation", ["relu", "silu"])

    def train(values, seed, deadline):
        return evaluate(
            {**values, "tuner/epochs": 2},
            seed,
            deadline,
            graph=problem.graph,
            recipe=problem.recipe,
            data=problem.data,
            objective=problem.objective(),
        )

    check_resumes("greedy", space, train, tmp_path)
