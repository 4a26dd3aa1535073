"""The ensemble of a search: its networks are restored, or trained again on all rows."""

from dataclasses import replace

import keras
import numpy as np
import pytest

from skautokeras._ensemble import Refit, make_ensemble
from skautokeras._search import Trial, evaluate
from skautokeras._training import Deadline, Problem

HEAD = "classification_head_1"


def one_fold(problem, **changes):
    """Return what all trials share, with changes of the options."""
    options = replace(problem.options, **changes)
    return Problem.of_one_fold(problem.search_space, problem.objective(), options)


@pytest.fixture(scope="module")
def trials(problem):
    """Two finished trials."""
    return [
        evaluate(
            {"training/learning_rate": rate},
            seed,
            Deadline(None),
            problem=one_fold(problem),
            data=problem.data,
        )
        for seed, rate in enumerate([0.01, 0.001])
    ]


class Watch(keras.callbacks.LearningRateScheduler):
    """Notes of each training what it was planned for, and its epochs.

    A refit keeps callbacks that schedule the learning rate, and each has its own copy.
    """

    trainings = ()  # of all copies

    def __init__(self):
        super().__init__(lambda epoch, rate: rate)

    def on_train_begin(self, logs=None):
        self.training = {"planned": self.params["epochs"], "epochs": 0}
        self.trainings.append(self.training)

    def on_epoch_end(self, epoch, logs=None):
        super().on_epoch_end(epoch, logs)
        self.training |= {"epochs": epoch + 1, "logs": set(logs)}


class OutOfMemory(keras.callbacks.LearningRateScheduler):
    """Lets a training need more memory than there is."""

    def on_train_begin(self, logs=None):
        raise MemoryError("more rows than in the trial")


@pytest.fixture
def trainings(monkeypatch):
    """What is known of the trainings that `refitted` has started."""
    monkeypatch.setattr(Watch, "trainings", [])
    return Watch.trainings


class PassesAfter(Deadline):
    """Is over once it was asked a number of times."""

    def __init__(self, n_times):
        super().__init__(None)
        self.n_times = n_times

    def passed(self):
        """Count."""
        self.n_times -= 1
        return self.n_times < 0


def make_refit(problem, *, data=None, deadline=None, callbacks=()):
    shared = one_fold(problem, callbacks=callbacks)
    return Refit(shared, data or problem.data, deadline or Deadline(None))


def refitted(problem, trials, weights, *, rows=None, **options):
    data = replace(problem.data, all=rows or problem.data.all)
    refit = make_refit(problem, data=data, **options)
    return make_ensemble(one_fold(problem), trials, weights, refit=refit)


def assert_are_the_networks_of_the_trials(problem, ensemble, trials, weights):
    assert ensemble.weights == list(weights.values())
    found = ensemble.predict(problem.data.valid.x)[HEAD]
    expected = sum(w * trials[i].y_pred[HEAD] for i, w in weights.items())
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("how", ["no refit", "no rows", "no time", "too slow"])
def test_without_a_refit_trials_are_restored_as_they_were(
    problem, trials, trainings, how
):
    weights = {1: 0.6, 0: 0.4}
    if how == "too slow":
        trials = [replace(trial, seconds=1e6) for trial in trials]
    refit = make_refit(
        problem,
        data=replace(problem.data, all=None) if how == "no rows" else problem.data,
        deadline=Deadline({"no time": 0, "too slow": 1000}.get(how)),
        callbacks=(Watch(),),
    )
    ensemble = make_ensemble(
        one_fold(problem),
        trials,
        weights,
        refit=None if how == "no refit" else refit,
    )
    assert trainings == []
    assert_are_the_networks_of_the_trials(problem, ensemble, trials, weights)


def test_a_refit_takes_as_many_epochs_as_were_best(problem, trials, trainings):
    trials = [replace(trials[0], best_epoch=3), trials[1]]
    ensemble = refitted(problem, trials, {1: 0.6, 0: 0.4}, callbacks=(Watch(),))
    assert ensemble.weights == [0.6, 0.4]
    assert len(ensemble.models) == len(trainings) == 2
    for training, trial in zip(trainings, (trials[1], trials[0]), strict=True):
        assert training["epochs"] == trial.best_epoch
        # The learning rate falls as it did in the trial.
        assert training["planned"] == trial.planned_epochs
        # There are no validation rows: it learns from all of them.
        assert training["logs"] == {"loss", "learning_rate"}


def test_a_refit_learns_from_the_validation_rows(problem, trials):
    rows = problem.data.all
    other_labels = replace(rows, y={HEAD: (rows.y[HEAD] + 1) % 3})
    first, again, other = (
        refitted(problem, trials, {0: 1.0}, rows=r).predict(rows.x)[HEAD]
        for r in (rows, rows, other_labels)
    )
    np.testing.assert_array_equal(first, again)
    assert not np.allclose(first, other, atol=0.05)


def test_a_refit_that_is_cut_off_is_dropped(problem, trials, trainings):
    assert trials[0].best_epoch > 2
    weights = {0: 1.0}
    deadline = PassesAfter(2)
    ensemble = refitted(
        problem, trials, weights, deadline=deadline, callbacks=(Watch(),)
    )
    (training,) = trainings
    assert 0 < training["epochs"] < trials[0].best_epoch
    assert_are_the_networks_of_the_trials(problem, ensemble, trials, weights)


def test_a_refit_whose_loss_is_not_finite_is_dropped(problem, trials):
    rows, weights = problem.data.all, {0: 1.0}
    broken = replace(rows, x={k: np.full_like(a, np.nan) for k, a in rows.x.items()})
    ensemble = refitted(problem, trials, weights, rows=broken)
    assert_are_the_networks_of_the_trials(problem, ensemble, trials, weights)


def test_a_refit_that_runs_out_of_memory_is_dropped(problem, trials):
    weights, broken = {0: 1.0}, OutOfMemory(lambda epoch, rate: rate)
    ensemble = refitted(problem, trials, weights, callbacks=(broken,))
    assert_are_the_networks_of_the_trials(problem, ensemble, trials, weights)


def reserved(problem, trials, size, max_time=1e6, **options):
    refit = make_refit(problem, deadline=Deadline(max_time), **options)
    return refit.reserved_seconds(trials, size)


def test_more_networks_take_longer_to_refit(problem, trials):
    one, two = (reserved(problem, trials, size) for size in (1, 2))
    assert 0 < one < two
    # What does not fit into a quarter of the time needs none.
    assert reserved(problem, trials, 2, 4.01 * one) == pytest.approx(one)
    least = min(one, two - one)
    assert reserved(problem, trials, 2, 3.9 * least) == 0
    assert reserved(problem, trials, 2, None) == 0
    no_rows = replace(problem.data, all=None)
    assert reserved(problem, trials, 2, data=no_rows) == 0
    assert reserved(problem, [Trial({}, 0, error="no")], 2) == 0


def test_no_time_is_reserved_for_trials_that_can_be_in_no_ensemble(problem, trials):
    left = [trials[0], replace(trials[0], weights=None, y_pred=None), trials[0]]
    assert reserved(problem, left, 3) == pytest.approx(2 * reserved(problem, left, 1))
