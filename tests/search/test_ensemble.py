"""Ensembles: the choice of members, their mean, their refit."""

import pickle
from dataclasses import replace

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skautokeras._ensemble import PREDICT_ROWS, Ensemble, finish, refit_seconds
from skautokeras._ensemble import refit as refit_module
from skautokeras._search import Trial, candidates, evaluate, select_ensemble
from skautokeras._training import Deadline, Objective

HEAD = "classification_head_1"
TRUTH = np.array([1.0, 0.0, 1.0, 0.0])


def loss(y_pred):
    return float(np.mean((y_pred["head"] - TRUTH) ** 2))


OBJECTIVE = Objective(lambda outputs: -outputs.loss)


def trial(y_pred, values=()):
    y_pred = {"head": np.asarray(y_pred)}
    return Trial(dict(values), 0, score=-loss(y_pred), y_pred=y_pred)


def plain(units):
    return {"block/block_type": "a", "block/units": units}


def failed_trial():
    return Trial({}, 0, error="ValueError: no such shape")


def score_of(trials, weights):
    mean = sum(w * trials[i].y_pred["head"] for i, w in weights.items())
    return -loss({"head": mean})


# The choice of members


def test_networks_that_err_apart_are_put_together():
    trials = [trial([1, 0.6, 1, 0]), trial([0.4, 0, 1, 0]), trial([0, 1, 0, 1])]
    weights = select_ensemble(trials, OBJECTIVE, loss, size=3)
    assert set(weights) == {0, 1}
    assert score_of(trials, weights) > max(t.score for t in trials)


def test_two_networks_that_err_in_opposite_ways_weigh_the_same():
    trials = [trial(TRUTH + 0.25), trial(TRUTH - 0.25), trial([0.5] * 4)]
    weights = select_ensemble(trials, OBJECTIVE, loss, size=3)
    assert weights == {0: 0.5, 1: 0.5}
    assert score_of(trials, weights) == 0


def test_a_better_network_weighs_more_and_comes_first():
    trials = [trial(TRUTH - 0.75), trial(TRUTH + 0.25)]
    weights = select_ensemble(trials, OBJECTIVE, loss, size=2)
    assert list(weights.items()) == [(1, 0.75), (0, 0.25)]


def test_one_network_is_the_best_one():
    trials = [trial([0.5] * 4), trial([0.9, 0.1, 0.9, 0.1]), trial([1, 1, 1, 1])]
    assert select_ensemble(trials, OBJECTIVE, loss, size=1) == {1: 1.0}


def test_a_perfect_network_stays_alone():
    trials = [trial([0.9, 0.1, 0.9, 0.1]), trial(TRUTH), trial(TRUTH)]
    assert select_ensemble(trials, OBJECTIVE, loss, size=3) == {1: 1.0}


def test_failed_trials_are_left_out_wherever_they_stand():
    good = [trial(TRUTH + 0.25), trial(TRUTH - 0.25)]
    trials = [failed_trial(), good[0], failed_trial(), good[1], failed_trial()]
    assert select_ensemble(trials, OBJECTIVE, loss, size=5) == {1: 0.5, 3: 0.5}
    assert select_ensemble(trials[:3], OBJECTIVE, loss, size=5) == {1: 1.0}


def test_many_variations_of_one_network_leave_room_for_the_best_of_another_kind():
    variations = [trial(TRUTH + 0.1 + i / 1000, plain(i)) for i in range(30)]
    others = [trial(TRUTH - error, {"block/block_type": "b"}) for error in (0.3, 0.2)]
    for trials in ([*variations, *others], [*others, *variations]):
        weights = select_ensemble(trials, OBJECTIVE, loss, size=5)
        worse, better = map(trials.index, others)
        assert weights == {trials.index(variations[0]): 2 / 3, better: 1 / 3}
        assert worse not in candidates(trials)


def test_candidates_are_the_best_trials_and_the_best_of_six_kinds():
    trials = [Trial(plain(i), 0, score=-float(i)) for i in range(20)]
    assert candidates(trials) == list(range(12))
    others = [
        Trial({"a/block_type": f"kind_{i}", "units": 1}, 0, score=-30.0 - i)
        for i in range(7)
    ]
    assert candidates([*trials, *others]) == [*range(7), *range(20, 25)]
    assert candidates([*others, *trials]) == [*range(7, 14), *range(5)]


@settings(max_examples=50)
@given(
    scores=st.lists(st.integers(-5, 5), min_size=1, max_size=60),
    kinds=st.lists(st.sampled_from("abcdefghi"), min_size=60, max_size=60),
    joint=st.booleans(),
)
def test_what_is_no_candidate_never_becomes_one(scores, kinds, joint):
    def values(kind):
        types = {"x/block_type": kind, "y/block_type": "a" if joint else kind}
        return {**types, "units": 1}

    pairs = zip(scores, kinds, strict=False)
    trials = [Trial(values(kind), 0, score=float(score)) for score, kind in pairs]
    for n in range(1, len(trials)):
        before, after = candidates(trials[:n]), candidates(trials[: n + 1])
        assert set(after) <= {*before, n}
        assert len(after) == min(n + 1, 12)
        assert after[0] == max(range(n + 1), key=lambda i: (trials[i].score, -i))


@settings(max_examples=25)
@given(seed=st.integers(0, 10_000), n=st.integers(1, 20), size=st.integers(1, 4))
def test_an_ensemble_is_never_worse_than_its_best_member(seed, n, size):
    rng = np.random.default_rng(seed)
    trials = [failed_trial(), *(trial(rng.random(4)) for _ in range(n))]
    weights = select_ensemble(trials, OBJECTIVE, loss, size)
    assert 0 not in weights
    assert 1 <= len(weights) <= size
    assert sum(weights.values()) == pytest.approx(1)
    assert min(weights.values()) > 0
    assert list(weights.values()) == sorted(weights.values(), reverse=True)
    assert score_of(trials, weights) >= max(t.score for t in trials[1:]) - 1e-12


def test_choosing_leaves_the_predictions_of_the_trials_alone():
    trials = [trial(TRUTH + 0.25), trial(TRUTH - 0.25)]
    before = [t.y_pred["head"].copy() for t in trials]
    select_ensemble(trials, OBJECTIVE, loss, size=2)
    np.testing.assert_array_equal([t.y_pred["head"] for t in trials], before)


# Their mean


@pytest.fixture(scope="module")
def models(problem):
    """Two networks of one graph."""
    return [
        problem.search_space.build({"dense_block_1/activation": a}).model
        for a in ("relu", "silu")
    ]


@pytest.fixture(scope="module")
def many(problem):
    """More rows than one chunk has, no two alike."""
    rng = np.random.default_rng(0)
    return {
        name: rng.normal(size=(2 * PREDICT_ROWS + 100, *a.shape[1:])).astype(a.dtype)
        for name, a in problem.data.all.x.items()
    }


def test_the_mean_is_the_mean(models, problem):
    x = problem.data.all.x
    ensemble = Ensemble(models, [0.25, 0.75])
    expected = sum(
        w * np.asarray(m(x)[HEAD]) for w, m in zip([0.25, 0.75], models, strict=True)
    )
    found = ensemble.predict(x)[HEAD]
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("n_members", [1, 2])
def test_as_one_model_an_ensemble_predicts_the_same(models, problem, n_members):
    x = problem.data.all.x
    weights = {1: [1.0], 2: [0.25, 0.75]}[n_members]
    ensemble = Ensemble(models[:n_members], weights)
    model = ensemble.as_model()
    assert isinstance(model, keras.Model)
    np.testing.assert_allclose(
        model(x)[HEAD], ensemble.predict(x)[HEAD], rtol=0, atol=1e-6
    )


@pytest.mark.parametrize("used", [False, True], ids=["fresh", "used"])
def test_a_pickled_ensemble_predicts_the_same(models, problem, used):
    x = problem.data.all.x
    ensemble = Ensemble(models, [0.25, 0.75])
    if used:
        ensemble.predict(x)
    copied = pickle.loads(pickle.dumps(ensemble))
    assert copied.weights == [0.25, 0.75]
    np.testing.assert_array_equal(copied.predict(x)[HEAD], ensemble.predict(x)[HEAD])


def test_a_row_does_not_depend_on_its_company(models, many):
    ensemble = Ensemble(models, [0.5, 0.5])
    whole = ensemble.predict(many)[HEAD]
    compiled = ensemble._compiled
    for n in (1, 7, PREDICT_ROWS, PREDICT_ROWS + 1):
        part = ensemble.predict({name: a[:n] for name, a in many.items()})[HEAD]
        assert len(part) == n
        np.testing.assert_array_equal(part, whole[:n])
    spoilt = {name: a.copy() for name, a in many.items()}
    for array in spoilt.values():
        array[1::2] = np.nan
    np.testing.assert_array_equal(ensemble.predict(spoilt)[HEAD][::2], whole[::2])
    # At another place a row may come out at the end of a vector of the processor.
    order = np.random.default_rng(1).permutation(len(whole))
    shuffled = ensemble.predict({name: a[order] for name, a in many.items()})[HEAD]
    np.testing.assert_allclose(shuffled, whole[order], rtol=0, atol=1e-6)
    # One compiled function serves them all.
    assert ensemble._compiled is compiled


# Their refit


@pytest.fixture(scope="module")
def trials(problem):
    """Two finished trials."""
    return [
        evaluate(
            {"training/learning_rate": rate},
            seed,
            Deadline(None),
            problem=problem.of_one_fold(),
            data=problem.data,
        )
        for seed, rate in enumerate([0.01, 0.001])
    ]


@pytest.fixture
def trained(monkeypatch):
    """What `finish` has trained: (options, rows, valid_rows, monitor)."""
    calls = []
    train = refit_module.train

    def spy(built, options, rows, valid_rows, objective, **kwargs):
        monitor = train(built, options, rows, valid_rows, objective, **kwargs)
        calls.append((options, rows, valid_rows, monitor))
        return monitor

    monkeypatch.setattr(refit_module, "train", spy)
    return calls


class PassesAfter(Deadline):
    """Is over once it was asked a number of times."""

    def __init__(self, n_times):
        super().__init__(None)
        self.n_times = n_times

    def passed(self):
        """Count."""
        self.n_times -= 1
        return self.n_times < 0


def refitted(problem, trials, weights, *, rows=None, deadline=None, refit=True):
    data = replace(problem.data, all=rows or problem.data.all)
    deadline = deadline or Deadline(None)
    options = problem.options
    return finish(
        trials,
        weights,
        problem.of_one_fold(options=options),
        data,
        refit=refit,
        deadline=deadline,
    )


def assert_are_the_networks_of_the_trials(problem, ensemble, trials, weights):
    assert ensemble.weights == list(weights.values())
    found = ensemble.predict(problem.data.valid.x)[HEAD]
    expected = sum(w * trials[i].y_pred[HEAD] for i, w in weights.items())
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("how", ["no refit", "no rows", "no time", "too slow"])
def test_without_a_refit_trials_are_restored_as_they_were(
    problem, trials, trained, how
):
    weights = {1: 0.6, 0: 0.4}
    if how == "too slow":
        trials = [replace(trial, seconds=1e6) for trial in trials]
    ensemble = finish(
        trials,
        weights,
        problem.of_one_fold(),
        replace(problem.data, all=None) if how == "no rows" else problem.data,
        refit=how != "no refit",
        deadline=Deadline({"no time": 0, "too slow": 1000}.get(how)),
    )
    assert trained == []
    assert_are_the_networks_of_the_trials(problem, ensemble, trials, weights)


def test_a_refit_sees_all_rows_for_as_many_epochs_as_were_best(
    problem, trials, trained
):
    trials = [replace(trials[0], best_epoch=3), trials[1]]
    ensemble = refitted(problem, trials, {1: 0.6, 0: 0.4})
    assert len(ensemble.models) == len(trained) == 2
    for (options, rows, valid_rows, monitor), of in zip(
        trained, (trials[1], trials[0]), strict=True
    ):
        assert len(rows) == len(problem.data.all) == 150
        assert rows is problem.data.all
        assert valid_rows is None
        assert monitor.epoch == of.best_epoch
        # The learning rate falls as it did in the trial.
        assert options.epochs == monitor.epochs == of.planned_epochs


def test_a_refit_learns_from_the_validation_rows(problem, trials):
    rows = problem.data.all
    other_labels = replace(rows, y={HEAD: (rows.y[HEAD] + 1) % 3})
    first, again, other = (
        refitted(problem, trials, {0: 1.0}, rows=r).predict(rows.x)[HEAD]
        for r in (rows, rows, other_labels)
    )
    np.testing.assert_array_equal(first, again)
    assert not np.allclose(first, other, atol=0.05)


def test_a_refit_that_is_cut_off_is_dropped(problem, trials, trained):
    assert trials[0].best_epoch > 2
    weights = {0: 1.0}
    ensemble = refitted(problem, trials, weights, deadline=PassesAfter(2))
    ((*_, monitor),) = trained
    assert 0 < monitor.epoch < trials[0].best_epoch
    assert_are_the_networks_of_the_trials(problem, ensemble, trials, weights)


def test_a_refit_whose_loss_is_not_finite_is_dropped(problem, trials):
    rows, weights = problem.data.all, {0: 1.0}
    broken = replace(rows, x={k: np.full_like(a, np.nan) for k, a in rows.x.items()})
    ensemble = refitted(problem, trials, weights, rows=broken)
    assert_are_the_networks_of_the_trials(problem, ensemble, trials, weights)


def test_a_refit_that_runs_out_of_memory_is_dropped(problem, trials, monkeypatch):
    def out_of_memory(*args, **kwargs):
        raise MemoryError("more rows than in the trial")

    monkeypatch.setattr(refit_module, "train", out_of_memory)
    weights = {0: 1.0}
    ensemble = refitted(problem, trials, weights)
    assert_are_the_networks_of_the_trials(problem, ensemble, trials, weights)


def test_more_networks_take_longer_to_refit(problem, trials):
    shared = problem.of_one_fold()
    one, two = (
        refit_seconds(trials, shared, problem.data, size, 1e6) for size in (1, 2)
    )
    assert 0 < one < two
    # What does not fit into a quarter of the time needs none.
    assert refit_seconds(trials, shared, problem.data, 2, 4 * one) == pytest.approx(one)
    least = min(one, two - one)
    assert refit_seconds(trials, shared, problem.data, 2, 3.9 * least) == 0
    assert refit_seconds(trials, shared, problem.data, 2, None) == 0
    assert refit_seconds(trials, shared, replace(problem.data, all=None), 2, 1e6) == 0
    assert refit_seconds([failed_trial()], shared, problem.data, 2, 1e6) == 0


def test_no_time_is_kept_for_what_can_be_in_no_ensemble(problem, trials):
    alike = [replace(trials[0], score=-float(i)) for i in range(30)]
    kept, one = (
        refit_seconds(alike, problem.of_one_fold(), problem.data, size, 1e6)
        for size in (30, 1)
    )
    assert kept == pytest.approx(len(candidates(alike)) * one)
