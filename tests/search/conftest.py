"""Small spaces for oracles, and workers and hooks for searches with fakes."""

import keras_tuner
import pytest

from skautokeras._search import Limits, SearchHooks


@pytest.fixture
def space():
    """A space with a branch: three hyperparameters exist for one choice only."""
    hp = keras_tuner.HyperParameters()
    kind = hp.Choice("block_1/kind", ["a", "b"])
    hp.Choice("block_1/size", [1, 2, 3])
    with hp.conditional_scope("block_1/kind", ["b"]):
        for name in ("x", "y", "z"):
            hp.Choice(f"block_1/b/{name}", [1, 2])
    hp.Float("training/rate", 0.0, 1.0)
    assert kind == "a"
    return hp


class Limited(SearchHooks):
    """Lets the evaluation reject; notes what it is told."""

    def __init__(self):
        self.started, self.left_out = [], []

    def limits(self, seconds):
        return Limits(seconds)

    def on_trial_begin(self, pending):
        self.started.append(pending.number)

    def on_trial_left_out(self, pending):
        self.left_out.append(pending.number)


class FakeWorkers:
    """Several trials at a time, all in this process.

    Parameters
    ----------
    n_jobs : int
        Number of trials at the same time.
    ends_next : callable
        Function from the number of running trials to the place, among them in the order
        they started, of the one that ends next.
    """

    def __init__(self, n_jobs, ends_next=lambda n_running: n_running - 1):
        self.n_jobs, self.ends_next = n_jobs, ends_next

    def run(self, search, evaluate):
        search.n_jobs = self.n_jobs
        waiting = search.start_trials()
        while waiting:
            pending = waiting.pop(self.ends_next(len(waiting)))
            result = evaluate(
                pending.values, pending.seed, pending.deadline, **pending.options
            )
            search.finish_trial(pending, result)
            waiting += search.start_trials()
            assert len(waiting) <= self.n_jobs
