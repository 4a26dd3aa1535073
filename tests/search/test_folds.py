"""A configuration that is trained once per fold: one trial, judged by all folds."""

from dataclasses import replace
from functools import reduce
from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.metrics import log_loss

from skautokeras._data import SplitRows, cv_splits, valid_positions
from skautokeras._ensemble import Refit, make_ensemble
from skautokeras._search import (
    Feasibility,
    Journal,
    Limits,
    Trial,
    estimate_cost,
    evaluate,
)
from skautokeras._state import Deadline
from skautokeras._training import (
    Fold,
    MedianCurve,
    Objective,
    Problem,
    WorstFold,
    make_objective,
)

HEAD = "classification_head_1"
N_FOLDS = 3


@pytest.fixture(scope="module")
def folds(problem):
    """Iris in three folds: data, what trials share, and the classes to judge by."""
    rows = problem.data.all
    y = rows.y[HEAD]
    splits = cv_splits(N_FOLDS, y, y, stratify=True, seed=0)
    positions = valid_positions(splits)
    data = SplitRows(rows, rows.take(positions), all=rows)
    y = y[positions]

    def objective(part):
        return make_objective(
            "neg_log_loss",
            problem.search_space.heads,
            {HEAD: problem.target},
            data.valid.take(part),
            y_true={HEAD: y[part]},
        )

    parts = [slice(50 * i, 50 * (i + 1)) for i in range(N_FOLDS)]
    shared = Problem(
        problem.search_space,
        objective(slice(None)),
        tuple(
            Fold(problem.search_space, objective(part), train, part)
            for (train, _), part in zip(splits, parts, strict=True)
        ),
        problem.options,
    )
    return SimpleNamespace(data=data, problem=shared, y=y)


def evaluated(folds, values=None, deadline=None, **kwargs):
    return evaluate(
        values or {},
        3,
        deadline or Deadline(None),
        problem=folds.problem,
        data=folds.data,
        **kwargs,
    )


def with_objectives(folds, objective, of_folds):
    """Return the same folds, judged by other objectives."""
    changed = [
        replace(fold, objective=of_fold)
        for fold, of_fold in zip(folds.problem.folds, of_folds, strict=True)
    ]
    shared = replace(folds.problem, objective=objective, folds=tuple(changed))
    return SimpleNamespace(data=folds.data, problem=shared)


@pytest.fixture(scope="module")
def trial(folds):
    return evaluated(folds)


def test_the_score_is_that_of_what_all_folds_predict(trial, folds):
    assert (trial.status, trial.n_folds) == ("completed", N_FOLDS)
    assert trial.y_pred[HEAD].shape == (150, 3)
    expected = -log_loss(folds.y, trial.y_pred[HEAD])
    assert trial.score == pytest.approx(expected, abs=1e-5)


def test_every_fold_has_a_network_that_predicts_its_rows(problem, trial, folds):
    ensemble = make_ensemble(folds.problem, [trial], {0: 1.0})[0]
    assert ensemble.weights == [1 / 3] * 3
    said = [np.asarray(model(folds.data.valid.x)[HEAD]) for model in ensemble.models]
    for fold, y_pred in zip(folds.problem.folds, said, strict=True):
        part = fold.valid
        np.testing.assert_allclose(y_pred[part], trial.y_pred[HEAD][part], atol=1e-5)
    # The one model of the three says their mean.
    found = ensemble.as_model()(folds.data.valid.x)[HEAD]
    np.testing.assert_allclose(found, np.mean(said, axis=0), atol=1e-5)


def test_networks_of_the_folds_share_the_weight_of_their_trial(problem, trial, folds):
    no_time = Refit(folds.problem, folds.data, Deadline(0))
    ensemble = make_ensemble(
        folds.problem, [trial, trial], {1: 0.75, 0: 0.25}, refit=no_time
    )[0]
    assert ensemble.weights == pytest.approx([0.25] * 3 + [0.25 / 3] * 3)


def test_the_history_is_the_mean_of_the_folds(trial):
    scores = np.array([trial.history[f"split{i}_val_score"] for i in range(N_FOLDS)])
    assert scores.shape == (N_FOLDS, 6)
    np.testing.assert_allclose(trial.history["val_score"], scores.mean(axis=0))
    assert trial.best_epoch == round(np.mean(1 + scores.argmax(axis=1)))
    assert trial.epochs == trial.planned_epochs == len(trial.history["loss"]) == 6


def test_a_fold_that_ended_earlier_stays_what_it_was(problem, folds):
    calls = []

    def on_epoch(epoch, logs):
        calls.append(epoch)
        return len(calls) == 2  # the first fold only

    trial = evaluated(folds, on_epoch=on_epoch)
    scores = [trial.history[f"split{i}_val_score"] for i in range(N_FOLDS)]
    assert list(map(len, scores)) == [2, 6, 6]
    last = scores[0][-1], scores[1][-1], scores[2][-1]
    assert trial.history["val_score"][-1] == pytest.approx(np.mean(last))
    assert trial.epochs == round((2 + 6 + 6) / 3)


def test_folds_differ_in_their_seeds_and_repeat_with_the_trial(problem, trial, folds):
    again = evaluated(folds)
    assert again.history == trial.history
    np.testing.assert_array_equal(again.y_pred[HEAD], trial.y_pred[HEAD])
    # The same rows twice: what differs is the seed.
    fold = folds.problem.folds[0]
    twice = replace(
        folds.problem, objective=Objective(lambda outputs: 0.0), folds=(fold, fold)
    )
    found = evaluated(SimpleNamespace(data=folds.data, problem=twice))
    first, second = np.split(found.y_pred[HEAD], 2)
    np.testing.assert_array_equal(first, trial.y_pred[HEAD][fold.valid])
    assert not np.allclose(first, second, atol=1e-3)


def test_a_trial_that_is_behind_in_the_first_fold_ends_there(problem, folds):
    trial = evaluated(folds, curve=(1.0,) * 8)
    assert (trial.status, trial.n_folds, trial.epochs) == ("pruned", 1, 2)
    # Later folds are not compared: they may be harder.
    first = folds.problem.folds[0].objective
    bad = Objective(lambda outputs: -1e9)
    rest = with_objectives(folds, folds.problem.objective, [first, bad, bad])
    trial = evaluated(rest, curve=(-1e6,) * 8)
    assert (trial.status, trial.n_folds) == ("completed", N_FOLDS)


def test_a_trial_whose_folds_are_worse_than_the_worst_fold_ends(problem, trial, folds):
    scores = [max(trial.history[f"split{i}_val_score"]) for i in range(N_FOLDS)]
    assert WorstFold().of([trial]) == min(scores)
    again = evaluated(folds, worst_fold=WorstFold().of([trial]))
    assert (again.status, again.n_folds) == ("completed", N_FOLDS)
    ended = evaluated(folds, worst_fold=scores[0] + 1e-6)
    assert (ended.status, ended.n_folds) == ("pruned", 1)
    assert ended.score == pytest.approx(scores[0])
    between = (scores[0] + np.mean(scores[:2])) / 2
    if scores[1] < scores[0]:
        ended = evaluated(folds, worst_fold=between)
        assert (ended.status, ended.n_folds) == ("pruned", 2)


def test_the_last_of_the_best_trials_is_compared_with(trial):
    def moved(by):
        history = {k: [s + by for s in v] for k, v in trial.history.items()}
        return replace(trial, score=trial.score + by, history=history)

    trials = [moved(-0.5), trial, moved(-0.2), replace(moved(-9.0), error="failed")]
    worst = WorstFold().of([trial])
    assert WorstFold(1).of(trials) == worst
    assert WorstFold(2).of(trials) == pytest.approx(worst - 0.2)
    assert WorstFold(3).of(trials) == pytest.approx(worst - 0.5)
    # An ensemble that has room left may take any trial.
    assert WorstFold(4).of(trials) == -np.inf


def test_without_folds_there_is_no_worst_one(trial):
    assert WorstFold().of([]) == -np.inf
    assert WorstFold().of([replace(trial, error="failed")]) == -np.inf
    one = replace(trial, n_folds=1, history={"val_score": [1.0]})
    assert WorstFold().of([one]) == -np.inf


def test_trials_are_compared_in_their_first_fold():
    history = {"val_score": [9.0, 9.0], "split0_val_score": [1.0, 2.0]}
    trials = [Trial({}, 0, score=9.0, planned_epochs=2, history=history)] * 5
    assert set(MedianCurve().of(trials)) == {1.0, 1.5}


@pytest.mark.parametrize("seconds", [0, 1e-3])
def test_without_time_every_fold_still_has_an_epoch(problem, folds, seconds):
    trial = evaluated(folds, deadline=Deadline(seconds))
    assert (trial.status, trial.n_folds, trial.epochs) == ("completed", N_FOLDS, 1)


def test_every_fold_has_its_share_of_the_time(problem, folds, clock):
    started = []

    def on_epoch(epoch, logs):
        started.append((clock.now, epoch))
        clock.now += 1.0
        return False

    options = replace(problem.options, epochs=1000, early_stopping=False)
    long = SimpleNamespace(
        data=folds.data, problem=replace(folds.problem, options=options)
    )
    evaluated(long, deadline=Deadline(30.0, clock), on_epoch=on_epoch)
    first = [now for now, epoch in started if epoch == 1]
    assert first == pytest.approx([0, 10, 20], abs=2)
    assert clock.now == pytest.approx(30, abs=2)


def test_a_refit_takes_as_long_as_was_best_on_average(problem, trial, folds):
    trial = replace(trial, best_epoch=2)
    epochs = []

    class TrainingOptions(type(problem.options)):
        def as_refit(self, planned_epochs, best_epoch, n_iterations=None):
            epochs.append((planned_epochs, best_epoch))
            assert n_iterations is None  # nothing is fitted before the training
            return super().as_refit(planned_epochs, best_epoch)

    options = TrainingOptions(heads=problem.search_space.heads, epochs=6)
    shared = replace(folds.problem, options=options)
    refit = Refit(shared, folds.data, Deadline(None))
    ensemble = make_ensemble(shared, [trial], {0: 1.0}, refit=refit)[0]
    assert epochs == [(6, 2)]
    assert ensemble.weights == [1.0]


def test_the_time_for_a_refit_is_told_from_all_folds(trial, folds):
    trial = replace(trial, seconds=8.0, epochs=6, best_epoch=6)
    refit = Refit(folds.problem, folds.data, Deadline(1e6))
    # Three folds of 100 rows took 8 s: 150 rows take half as long.
    assert refit.reserved_seconds([trial], 1) == pytest.approx(4.0)


def test_the_speed_is_told_from_the_folds_that_were_trained(problem):
    flops = estimate_cost(problem.search_space, {}).flops
    feasibility = Feasibility(problem.search_space, 3e8, peak_speed=None)
    # An epoch of all folds took 3 s.
    facts = {"trained_epochs": 2.0, "step_flops": flops, "n_rows": 3e8}
    done = Trial({}, 0, seconds=6.0, n_folds=3, **facts)
    pruned = replace(done, seconds=2.0, n_folds=1, n_rows=1e8, pruned=True)
    for trials in ([done], [pruned], [done, pruned]):
        known = reduce(Limits.after, trials, Limits())
        assert feasibility.rejection({}, replace(known, seconds=12.1)) is None
        rejection = feasibility.rejection({}, replace(known, seconds=11.5))
        assert "would take about 3 s" in rejection.reason


def test_a_trial_of_folds_comes_back_from_disk(trial, tmp_path):
    pending = SimpleNamespace(values={}, seed=3)
    data = {"data": "1", "parameters": {"loss": "2"}}
    Journal(tmp_path, data, seed=1).add(pending, trial)
    journal = Journal(tmp_path, data, seed=1)
    journal.begin()
    _, found = journal.earliest([pending])
    np.testing.assert_equal(vars(found), vars(trial))
    assert len(found.weights) == N_FOLDS


def test_a_score_that_is_not_finite_is_a_failure(problem, folds):
    of_folds = [fold.objective for fold in folds.problem.folds]
    found = evaluated(
        with_objectives(folds, Objective(lambda outputs: float("nan")), of_folds)
    )
    assert "The score of all folds is nan" in found.error
