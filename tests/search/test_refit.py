"""The ensemble of a search: its networks are restored, or trained again on all rows."""

from dataclasses import replace

import keras
import numpy as np
import pytest

from skautokeras import (
    BoostedTreesBlock,
    ClassificationHead,
    ExtraTreesBlock,
    StructuredDataInput,
)
from skautokeras._data import SplitRows, cv_splits, valid_positions
from skautokeras._ensemble import Refit, make_ensemble
from skautokeras._layers import TreeEnsemble, walk
from skautokeras._search import Trial, evaluate
from skautokeras._space import Graph, SearchSpace
from skautokeras._state import Deadline
from skautokeras._training import Fold, Objective, Problem

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
    return make_ensemble(one_fold(problem), trials, weights, refit=refit)[0]


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
    )[0]
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


# --- Trainings that the time has cut short


@pytest.fixture
def cut_short(trials):
    """A trial of eight epochs that had ended after four of them, in six seconds.

    About as long is taken by a refit that ends after the third epoch, which was best.
    """
    return replace(
        trials[0],
        values={**trials[0].values, "training/epochs": 8},
        epochs=4,
        planned_epochs=4,
        best_epoch=3,
        seconds=6.0,
    )


@pytest.fixture
def usual_seconds(problem, cut_short):
    """Time that the refit of the trial takes if it is as short as the trial."""
    return reserved(problem, [cut_short], 1)


def lasted(problem, trials, weights, trainings, deadline):
    """Return the planned epochs and the epochs of each refit."""
    refitted(problem, trials, weights, deadline=deadline, callbacks=(Watch(),))
    return [(training["planned"], training["epochs"]) for training in trainings]


@pytest.mark.parametrize(
    ("factor", "expected"),
    [
        # All eight epochs of the configuration, and no more of them.
        (1e6, (8, 6)),
        (2.01 / 0.8, (8, 6)),
        # As far as four fifths of the time suffice.
        (1.5 / 0.8, (6, 4)),
        # It never takes less than the trial did.
        (1.01, (4, 3)),
    ],
)
def test_a_training_that_was_cut_short_lasts_as_long_as_there_is_time(
    problem, cut_short, usual_seconds, trainings, clock, factor, expected
):
    deadline = Deadline(factor * usual_seconds, clock)
    assert lasted(problem, [cut_short], {0: 1.0}, trainings, deadline) == [expected]


def test_networks_share_the_time_for_longer_trainings_by_their_weights(
    problem, cut_short, usual_seconds, trainings, clock
):
    # Three fifths of the time for the first; its clock stands still, so that all of it
    # is left for the second one.
    deadline = Deadline(2.5 * usual_seconds, clock)
    trials, weights = [cut_short, cut_short], {1: 0.75, 0: 0.25}
    found = lasted(problem, trials, weights, trainings, deadline)
    assert found == [(6, 4), (8, 6)]


def test_the_last_of_several_networks_has_all_that_is_left(
    problem, cut_short, usual_seconds, trainings, clock
):
    deadline = Deadline(5.0 * usual_seconds, clock)
    trials, weights = [cut_short] * 3, {0: 0.5, 1: 0.3, 2: 0.2}
    found = lasted(problem, trials, weights, trainings, deadline)
    # 0.5, 0.3 / 0.5 and 0.2 / 0.2 of four times the usual time.
    assert found == [(8, 6), (8, 6), (8, 6)]
    trainings.clear()
    deadline = Deadline(2.6 * usual_seconds, clock)
    found = lasted(problem, trials, weights, trainings, deadline)
    assert found == [(4, 3), (5, 4), (8, 6)]


def test_a_training_that_was_not_cut_short_lasts_as_long_as_it_did(
    problem, cut_short, trainings, clock
):
    whole = replace(cut_short, epochs=5, planned_epochs=8, best_epoch=2)
    for deadline in (Deadline(1e6, clock), Deadline(None, clock)):
        assert lasted(problem, [whole], {0: 1.0}, trainings, deadline) == [(8, 2)]
        trainings.clear()


def test_without_a_limit_of_time_no_training_lasts_longer(
    problem, cut_short, trainings
):
    found = lasted(problem, [cut_short], {0: 1.0}, trainings, Deadline(None))
    assert found == [(4, 3)]


# --- Trees


def trees_of(model):
    """Return the numbers of iterations of the trees of a network."""
    layers = [layer for layer in walk(model) if isinstance(layer, TreeEnsemble)]
    return [int(layer.n_iterations) for layer in layers]


def trees_problem(problem, block, n_folds=1):
    """Return data and a problem of the classes of iris for trees, in some folds."""
    node, rows = StructuredDataInput(), problem.data.all
    search_space = SearchSpace(
        Graph([node], [ClassificationHead()(block(node))]),
        schemas=problem.search_space.schemas,
        targets=problem.search_space.targets,
        n_samples=len(rows),
    )
    options = replace(problem.options, heads=search_space.heads, epochs=None)
    objective = Objective(lambda outputs: -outputs.loss)
    if n_folds == 1:
        return problem.data, Problem.of_one_fold(search_space, objective, options)
    y = rows.y[HEAD]
    splits = cv_splits(n_folds, y, y, stratify=True, seed=0)
    data = SplitRows(rows, rows.take(valid_positions(splits)), all=rows)
    parts = np.split(np.arange(len(rows)), n_folds)
    folds = tuple(
        Fold(search_space, objective, train, slice(part[0], part[-1] + 1))
        for (train, _), part in zip(splits, parts, strict=True)
    )
    return data, Problem(search_space, objective, folds, options)


def evaluated_trees(problem, block, n_folds=1):
    data, shared = trees_problem(problem, block, n_folds)
    trial = evaluate({}, 0, Deadline(None), problem=shared, data=data)
    assert trial.error is None
    return data, shared, trial


@pytest.mark.parametrize("max_time", [None, 1e6])
def test_trees_are_fitted_again_with_as_many_iterations(problem, max_time):
    block = BoostedTreesBlock(n_trees=200, learning_rate=0.05)
    data, shared, trial = evaluated_trees(problem, block)
    (of_trial,) = trees_of(make_ensemble(shared, [trial], {0: 1.0})[0].models[0])
    assert trial.n_iterations == of_trial < 200
    refit = Refit(shared, data, Deadline(max_time))
    ensemble = make_ensemble(shared, [trial], {0: 1.0}, refit=refit)[0]
    (model,) = ensemble.models
    assert trees_of(model) == [of_trial]
    # They have learned from other rows.
    before = make_ensemble(shared, [trial], {0: 1.0})[0].predict(data.valid.x)[HEAD]
    assert not np.allclose(ensemble.predict(data.valid.x)[HEAD], before, atol=1e-3)
    # However short they were: nothing says that the time has ended them.
    few = replace(trial, n_iterations=3, seconds=1e-3)
    (model,) = make_ensemble(shared, [few], {0: 1.0}, refit=refit)[0].models
    assert trees_of(model) == [3]


def test_trees_have_the_mean_number_of_iterations_of_the_folds(problem):
    block = BoostedTreesBlock(n_trees=200, learning_rate=0.05)
    data, shared, trial = evaluated_trees(problem, block, n_folds=3)
    folds = make_ensemble(shared, [trial], {0: 1.0})[0].models
    counts = [count for model in folds for count in trees_of(model)]
    assert len(set(counts)) > 1
    assert trial.n_iterations == round(np.mean(counts))
    refit = Refit(shared, data, Deadline(None))
    (model,) = make_ensemble(shared, [trial], {0: 1.0}, refit=refit)[0].models
    assert trees_of(model) == [trial.n_iterations]


def test_random_trees_are_as_many_as_before(problem):
    data, shared, trial = evaluated_trees(problem, ExtraTreesBlock(n_trees=20))
    assert trial.n_iterations == 20
    refit = Refit(shared, data, Deadline(None))
    (model,) = make_ensemble(shared, [trial], {0: 1.0}, refit=refit)[0].models
    assert trees_of(model) == [20]


def test_networks_that_are_trained_have_no_iterations(trials):
    assert [trial.n_iterations for trial in trials] == [None, None]


def test_workers_train_the_same_networks_again(problem, trials):
    weights = {1: 0.6, 0: 0.4}
    alone = make_ensemble(one_fold(problem), trials, weights, refit=make_refit(problem))
    refit = Refit(one_fold(problem), problem.data, Deadline(None), n_workers=2)
    together = make_ensemble(one_fold(problem), trials, weights, refit=refit)
    assert alone[1] == together[1] == (1, 0)
    assert alone[0].weights == together[0].weights
    np.testing.assert_allclose(
        alone[0].predict(problem.data.valid.x)[HEAD],
        together[0].predict(problem.data.valid.x)[HEAD],
        atol=1e-5,
    )


def test_a_network_whose_workers_die_is_that_of_its_trial(problem, trials):
    class Dies(keras.callbacks.LearningRateScheduler):
        """Ends the process of a training."""

        def __init__(self):
            super().__init__(lambda epoch, rate: rate)

        def on_train_begin(self, logs=None):
            import os

            os._exit(1)

    weights = {1: 0.6, 0: 0.4}
    shared = one_fold(problem, callbacks=(Dies(),))
    refit = Refit(shared, problem.data, Deadline(None), n_workers=2)
    ensemble, refitted = make_ensemble(one_fold(problem), trials, weights, refit=refit)
    assert refitted == ()
    assert_are_the_networks_of_the_trials(problem, ensemble, trials, weights)


def test_less_time_is_kept_for_networks_that_are_trained_together(problem, trials):
    deadline = Deadline(1000)
    one, two = (
        Refit(one_fold(problem), problem.data, deadline, n_workers=n) for n in (1, 2)
    )
    trials = [replace(trial, seconds=10.0) for trial in trials]
    alone = one.reserved_seconds(trials, 2)
    assert alone / 2 <= two.reserved_seconds(trials, 2) < alone
