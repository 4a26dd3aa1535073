"""Algorithm 1 of the AutoKeras paper, pinned; the other oracles as they come."""

import json
import os
import random
import subprocess
import sys
from collections import Counter, defaultdict
from functools import partial

import keras_tuner
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chisquare, kstest

from skautokeras import GreedyOracle
from skautokeras._search import (
    ORACLES,
    Trial,
    ask,
    draw_subtree,
    make_oracle,
    mutate,
    network_types,
    reject,
    resample,
    tell,
    temporary_project,
)
from skautokeras._space import complete

NAMES = ["a/x/1", "a/x/2", "a/y", "b/1", "b/2", "b/3"]


def run(oracle, n, score=lambda values: 0.0):
    """Return the first ``n`` proposals of an oracle, each told its score."""
    proposals = []
    with temporary_project(oracle):
        for seed in range(n):
            proposal = ask(oracle)
            if proposal is None:
                break
            values = dict(proposal.hyperparameters.values)
            tell(oracle, proposal, Trial(values, seed, score=score(values)))
            proposals.append(values)
    return proposals


def greedy(space, direction="max", **kwargs):
    oracle = GreedyOracle(
        keras_tuner.Objective("score", direction), hyperparameters=space, **kwargs
    )
    oracle.verbose = 0
    return oracle


def subtrees(names):
    """Return the names below each node of the tree of names, the root being ""."""
    nodes = {
        "/".join(name.split("/")[:depth])
        for name in names
        for depth in range(len(name.split("/")) + 1)
    }
    return {
        node: frozenset(n for n in names if not node or f"{n}/".startswith(f"{node}/"))
        for node in nodes
    }


def test_predefined_configurations_come_first_in_order_and_once(space):
    first = {"block_1/kind": "b", "block_1/b/x": 2}
    # The second belongs to a branch that is not active: its values are left aside.
    second = {"block_1/kind": "a", "block_1/size": 3, "block_1/b/y": 2}
    oracle = greedy(space, initial_values=[first, first, second, first], seed=0)
    found = run(oracle, 3)
    assert found[0] == complete(space.copy(), first)
    assert found[1] == {
        "block_1/kind": "a",
        "block_1/size": 3,
        "training/rate": 0.0,
    }
    assert found[2] not in found[:2]


def test_nodes_are_drawn_in_inverse_proportion_to_their_size():
    rng = np.random.default_rng(0)
    counts = Counter(frozenset(draw_subtree(NAMES, rng)) for _ in range(20_000))
    below = subtrees(NAMES)
    # Softmax of -ln n over the nodes; nodes with the same names below are one event.
    logits = {node: -np.log(len(names)) for node, names in below.items()}
    total = sum(np.exp(list(logits.values())))
    expected = defaultdict(float)
    for node, names in below.items():
        expected[names] += np.exp(logits[node]) / total
    assert set(counts) == set(expected)
    events = list(expected)
    observed = [counts[event] for event in events]
    probability = [20_000 * expected[event] for event in events]
    assert chisquare(observed, probability).pvalue > 0.001


def test_a_mutation_draws_all_below_one_node_anew_and_nothing_else():
    hp = keras_tuner.HyperParameters()
    for name in NAMES:
        hp.Float(name, 0.0, 1.0)
    start = dict.fromkeys(NAMES, 0.5)
    changed = set()
    for seed in range(400):
        new = mutate(hp.copy(), start, np.random.default_rng(seed))
        changed.add(frozenset(name for name in NAMES if new[name] != 0.5))
    # A real number drawn anew differs, so what changed tells which node was drawn.
    assert changed == set(subtrees(NAMES).values())


@pytest.mark.parametrize("kind", ["a", "b"])
def test_a_mutation_touches_one_subtree_and_the_branches_below(space, kind):
    start = complete(space.copy(), {"block_1/kind": kind, "training/rate": 0.3})
    branch_changed = Counter()
    for seed in range(200):
        new = mutate(space.copy(), start, np.random.default_rng(seed))
        changed = {n for n in start if n in new and new[n] != start[n]}
        # The node is what a mutation draws first.
        drawn = draw_subtree(sorted(start), np.random.default_rng(seed))
        assert frozenset(drawn) in subtrees(start).values()
        assert changed <= set(drawn)
        assert set(new) == set(complete(space.copy(), new))
        same_branch = "block_1/kind" not in changed
        assert (set(new) == set(start)) == same_branch
        branch_changed[not same_branch] += 1
    assert min(branch_changed[True], branch_changed[False]) > 10


def test_the_hyperparameters_of_a_new_branch_are_sampled(space):
    # What a predefined configuration says of an inactive branch does not count.
    start = {"block_1/kind": "a", "block_1/b/x": 2, "unknown": 1}
    seen = set()
    for seed in range(300):
        new = mutate(space.copy(), start, np.random.default_rng(seed))
        assert "unknown" not in new
        if new["block_1/kind"] == "b":
            seen.add(tuple(new[f"block_1/b/{name}"] for name in "xyz"))
    assert len(seen) == 2**3


def test_a_name_in_two_branches_gets_a_value_of_the_active_one():
    hp = keras_tuner.HyperParameters()
    hp.Choice("kind", ["a", "b"])
    with hp.conditional_scope("kind", ["a"]):
        hp.Int("units", 0, 5)
    with hp.conditional_scope("kind", ["b"]):
        hp.Int("units", 10, 15)
    for seed in range(100):
        new = mutate(hp.copy(), {"kind": "a", "units": 3}, np.random.default_rng(seed))
        assert (new["units"] >= 10) == (new["kind"] == "b"), new


def test_nothing_is_proposed_twice_and_the_best_is_mutated(space):
    found = run(greedy(space, seed=1), 60, score=lambda values: values["block_1/size"])
    keys = [json.dumps(values, sort_keys=True) for values in found]
    assert len(set(keys)) == len(keys) == 60
    assert (
        Counter(values["block_1/size"] for values in found[20:]).most_common(1)[0][0]
        == 3
    )


@pytest.mark.parametrize("seed", range(4))
def test_a_small_space_is_searched_through_and_the_search_ends(seed, capsys):
    hp = keras_tuner.HyperParameters()
    hp.Choice("a", [1, 2, 3])
    with hp.conditional_scope("a", [3]):
        hp.Boolean("b")
    hp.Fixed("c", 7)
    oracle = greedy(hp, seed=seed, initial_values=[{"a": 3, "b": True}])
    found = run(oracle, 100)
    assert found[0] == {"a": 3, "b": True, "c": 7}
    assert sorted((v["a"], v.get("b"), v["c"]) for v in found) == [
        (1, None, 7),
        (2, None, 7),
        (3, False, 7),
        (3, True, 7),
    ]
    assert oracle.populate_space("more") == {"status": "STOPPED", "values": None}
    assert capsys.readouterr() == ("", "")


def first_untried(make, tried):
    """Return the first configuration of a generator's that has not been tried."""
    return next(v for v in iter(make, None) if v not in tried)


@pytest.fixture
def kinds_space():
    """A space with five kinds of networks, each with a branch of six numbers."""
    return space_of_kinds("block_1")


def space_of_kinds(*blocks):
    """Return a space in which each block chooses among five kinds of networks."""
    hp = keras_tuner.HyperParameters()
    for block in blocks:
        hp.Choice(f"{block}/block_type", list("abcde"))
        for kind in "abcde":
            with hp.conditional_scope(f"{block}/block_type", [kind]):
                for i in range(6):
                    hp.Float(f"{block}/{kind}/x{i}", 0.0, 1.0)
    return hp


def told(oracle, trials):
    """Return an oracle that was told trials: their values, and scores or None."""
    oracle.initial_values = [values for values, _ in trials]
    with temporary_project(oracle):
        for i, (_, score) in enumerate(trials):
            proposal = ask(oracle)
            values = dict(proposal.hyperparameters.values)
            error = "no" if score is None else None
            trial = Trial(values, i, score=score or 0.0, error=error)
            tell(oracle, proposal, trial)
    return oracle


def with_numbers(values, number):
    """Return a configuration of the first block with one number in all places."""
    kind = values["block_1/block_type"]
    return values | {f"block_1/{kind}/x{i}": number for i in range(6)}


def of_kind(kind, number):
    return with_numbers({"block_1/block_type": kind}, number)


def count_parents(oracle, numbers, n=500):
    """Return how often each trial was mutated: its number tells which one it was.

    A mutation that draws all numbers anew tells nothing, and all kinds are alike in how
    often that happens.
    """
    counts = Counter()
    for _ in range(n):
        values = oracle.populate_space("")["values"]
        kept = set(numbers) & set(values.values())
        counts.update(kept)
        assert len(kept) <= 1
    assert counts.total() > 0.6 * n
    return [counts[number] for number in numbers]


@pytest.mark.parametrize("direction", ["max", "min"])
@pytest.mark.parametrize(
    ("n_kinds", "shares"),
    [
        (1, [1.0]),
        (2, [0.5, 0.5]),
        (3, [0.5, 0.25, 0.25]),
        (5, [0.5, 0.25, 0.125, 0.0625, 0.0625]),
    ],
)
def test_the_best_of_each_kind_is_mutated_half_as_often_as_that_of_the_one_before(
    kinds_space, direction, n_kinds, shares
):
    sign = 1 if direction == "max" else -1
    kinds = "dbeac"[:n_kinds]
    numbers = [0.11, 0.22, 0.33, 0.44, 0.55][:n_kinds]
    best = [
        (of_kind(kind, number), sign * -rank)
        for rank, (kind, number) in enumerate(zip(kinds, numbers, strict=True))
    ]
    # Each kind has another trial, which is better than all trials of the next kind.
    worse = [(of_kind(kind, 0.9), sign * -(0.5 + i)) for i, kind in enumerate(kinds)]
    trials = [*worse[::-1], *best[::-1]]
    oracle = told(greedy(kinds_space, direction, seed=0), trials)
    *counts, of_worse = count_parents(oracle, [*numbers, 0.9])
    assert of_worse == 0
    if n_kinds > 1:
        expected = np.array(shares) * sum(counts)
        assert chisquare(counts, expected).pvalue > 0.001


def test_a_kind_of_which_all_trials_have_failed_is_not_mutated(kinds_space):
    trials = [
        (of_kind("a", 0.11), None),
        (of_kind("b", 0.22), 1.0),
        (of_kind("b", 0.33), None),
        (of_kind("c", 0.44), 0.0),
    ]
    oracle = told(greedy(kinds_space, seed=0), trials)
    counts = count_parents(oracle, [0.11, 0.22, 0.33, 0.44])
    assert (counts[0], counts[2]) == (0, 0)
    assert chisquare([counts[1], counts[3]]).pvalue > 0.001


def test_a_better_trial_takes_the_place_of_its_kind(kinds_space):
    trials = [(of_kind("a", 0.11), 1.0), (of_kind("b", 0.22), 0.5)]
    trials += [(of_kind("b", 0.33), 2.0), (of_kind("c", 0.44), 0.0)]
    oracle = told(greedy(kinds_space, seed=0), trials)
    first, second, third, old = count_parents(oracle, [0.33, 0.11, 0.44, 0.22])
    assert old == 0
    total = first + second + third
    expected = total * np.array([0.5, 0.25, 0.25])
    assert chisquare([first, second, third], expected).pvalue > 0.001


def test_the_kinds_of_several_blocks_are_one_kind_together():
    space = space_of_kinds("block_1", "block_2")
    pairs, numbers = ["aa", "ab", "ba"], [0.11, 0.22, 0.33]
    trials = [
        (of_kind(one, number) | {"block_2/block_type": other}, -rank)
        for rank, ((one, other), number) in enumerate(zip(pairs, numbers, strict=True))
    ]
    oracle = told(greedy(space, seed=0), trials)
    counts = count_parents(oracle, numbers)
    expected = sum(counts) * np.array([0.5, 0.25, 0.25])
    assert chisquare(counts, expected).pvalue > 0.001


def test_with_trials_of_one_kind_nothing_but_the_mutation_is_drawn(kinds_space):
    trials = [(of_kind("b", 0.11), 0.0), (of_kind("b", 0.22), 1.0)]
    oracle = told(greedy(kinds_space, seed=3), trials)
    tried = [complete(kinds_space.copy(), values) for values, _ in trials]
    make = partial(mutate, kinds_space.copy(), tried[1], np.random.default_rng(3))
    for _ in range(20):
        assert oracle.populate_space("")["values"] == first_untried(make, tried)


@pytest.mark.parametrize(("direction", "better"), [("max", max), ("min", min)])
def test_mutations_start_from_the_best_completed_trial(space, direction, better):
    oracle, completed, tried = greedy(space, direction, seed=0), [], []
    rng = np.random.default_rng()
    with temporary_project(oracle):
        for i in range(30):
            rng.bit_generator.state = oracle.get_state()["generator"]
            proposal = ask(oracle)
            values = dict(proposal.hyperparameters.values)
            # As long as all trials have failed, nothing is mutated.
            make = partial(resample, space.copy(), {}, rng)
            if completed:
                best = better(completed, key=lambda v: v["training/rate"])
                make = partial(mutate, space.copy(), best, rng)
            assert values == first_untried(make, tried)
            tried.append(values)
            failed = i % 3 == 0
            score = float("nan") if failed else values["training/rate"]
            error = "no" if failed else None
            tell(oracle, proposal, Trial(values, i, score=score, error=error))
            if not failed:
                completed.append(values)


def test_a_rejected_proposal_is_not_proposed_again_and_never_the_best(space):
    oracle = greedy(space, seed=0, initial_values=[{"block_1/size": 2}])
    with temporary_project(oracle):
        proposal = ask(oracle)
        reject(oracle, proposal, "too large")
        assert oracle.trials[proposal.trial_id].message == "too large"
        rejected = dict(proposal.hyperparameters.values)
        for i in range(20):
            proposal = ask(oracle)
            values = dict(proposal.hyperparameters.values)
            assert values != rejected
            tell(oracle, proposal, Trial(values, i, score=0.0))


@pytest.mark.parametrize(("direction", "best"), [("max", 3), ("min", 1)])
def test_more_or_less_may_be_better(space, direction, best):
    found = run(greedy(space, direction, seed=0), 40, score=lambda v: v["block_1/size"])
    assert Counter(v["block_1/size"] for v in found[15:]).most_common(1)[0][0] == best


SEQUENCE = """
import json, random, sys
import keras_tuner, numpy as np
from skautokeras import GreedyOracle
from skautokeras._search import ask, tell, temporary_project
from skautokeras._search import Trial

def sequence(seed):
    hp = keras_tuner.HyperParameters()
    hp.Float("a/x", 0, 1)
    hp.Float("a/y", 0, 1)
    hp.Choice("b", [1, 2, 3])
    with hp.conditional_scope("b", [2, 3]):
        hp.Float("c", 0, 1)
    objective = keras_tuner.Objective("score", "max")
    oracle = GreedyOracle(objective, hyperparameters=hp, seed=seed)
    with temporary_project(oracle):
        for i in range(10):
            proposal = ask(oracle)
            values = dict(proposal.hyperparameters.values)
            tell(oracle, proposal, Trial(values, i, score=values["a/x"]))
            yield values

random.seed(int(sys.argv[1]))
np.random.seed(int(sys.argv[1]))
print(json.dumps([list(sequence(0)), list(sequence(1))]))
"""


def test_the_seed_decides_the_sequence_in_every_process():
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", SEQUENCE, other],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONHASHSEED": other},
        )
        for other in ("1", "2")
    ]
    outputs = [process.communicate()[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    one, other = (json.loads(output.splitlines()[-1]) for output in outputs)
    assert one == other
    of_seed_0, of_seed_1 = one
    assert of_seed_0[0] != of_seed_1[0]


@pytest.mark.parametrize("seed", [0, 1, None])
def test_global_generators_are_not_touched(space, seed):
    before = random.getstate(), np.random.get_state()[1:3]  # noqa: NPY002
    run(greedy(space, seed=seed), 5)
    after = random.getstate(), np.random.get_state()[1:3]  # noqa: NPY002
    assert before[0] == after[0]
    np.testing.assert_array_equal(before[1][0], after[1][0])
    assert before[1][1] == after[1][1]


def test_a_state_knows_which_predefined_configurations_were_proposed(space):
    initial = [{"block_1/size": 2}, {"block_1/size": 3}]
    first, second = (greedy(space.copy(), initial_values=initial) for _ in range(2))
    first.populate_space("0")
    second.set_state(json.loads(json.dumps(first.get_state())))
    assert second.populate_space("1")["values"]["block_1/size"] == 3


@pytest.mark.parametrize("n_told", [0, 1, 5])
def test_an_oracle_goes_on_from_its_state(space, n_told):
    initial = [{"block_1/size": 2}, {"block_1/size": 3}]
    first, second = (
        greedy(space.copy(), initial_values=initial, seed=seed) for seed in (0, 5)
    )
    with temporary_project(first), temporary_project(second):
        for i in range(n_told):
            proposal = ask(first)
            tell(first, proposal, Trial({}, i, score=float(i)))
        # KerasTuner keeps trials beside the state, each in a file of its own.
        second.trials = dict(first.trials)
        second.set_state(json.loads(json.dumps(first.get_state())))
        for i in range(10):
            proposals = ask(first), ask(second)
            one, other = (dict(p.hyperparameters.values) for p in proposals)
            assert one == other
            for oracle, proposal in zip((first, second), proposals, strict=True):
                score = one["training/rate"]
                tell(oracle, proposal, Trial(one, i, score=score))


def add_branches(hp, prefix, branches):
    """Add to ``hp`` one choice per branch, and below one of its values the branch."""
    hp.Float(f"{prefix}rate", 1e-3, 1.0, sampling="log")
    for i, branch in enumerate(branches):
        hp.Choice(f"{prefix}{i}/kind", ["off", "on", "other"])
        with hp.conditional_scope(f"{prefix}{i}/kind", ["on"]):
            add_branches(hp, f"{prefix}{i}/", branch)
        with hp.conditional_scope(f"{prefix}{i}/kind", ["on", "other"]):
            hp.Int(f"{prefix}{i}/units", 2, 8, step=2)
        hp.Fixed(f"{prefix}{i}/fixed", 1)


def is_valid(hp, value):
    """Return whether ``value`` is one that ``hp`` may have."""
    kind = type(hp).__name__
    if kind == "Fixed":
        return value == hp.value
    if kind == "Choice":
        return value in hp.values
    in_range = hp.min_value <= value <= hp.max_value
    return in_range and (kind == "Float" or (value - hp.min_value) % hp.step == 0)


@settings(max_examples=40)
@given(
    branches=st.recursive(
        st.just([]), lambda branch: st.lists(branch, max_size=3), max_leaves=6
    ),
    seed=st.integers(0, 2**31),
)
def test_a_mutation_has_exactly_the_active_names_in_any_space(branches, seed):
    hp = keras_tuner.HyperParameters()
    add_branches(hp, "", branches)
    rng = np.random.default_rng(seed)
    values = complete(hp.copy(), {})
    for _ in range(10):
        values = mutate(hp.copy(), values, rng)
        check = hp.copy()
        check.values = values
        active = [h for h in check.space if check.is_active(h)]
        assert sorted(values) == sorted(h.name for h in active)
        assert all(is_valid(h, values[h.name]) for h in active)


def make(tuner, space, **kwargs):
    arguments = {"initial_values": [], "max_trials": 12, "max_epochs": 9, "seed": 1}
    return make_oracle(tuner, space, **{**arguments, **kwargs})


def test_only_the_greedy_oracle_begins_with_predefined_configurations(space):
    initial = [{"block_1/size": 3, "training/rate": 0.25}]
    assert run(make("greedy", space, initial_values=initial), 1) == [
        complete(space.copy(), initial[0])
    ]


def test_a_callable_is_told_what_is_searched_and_how(space):
    given_arguments = {}

    def tuner(**kwargs):
        given_arguments.update(kwargs)
        return GreedyOracle(**kwargs)

    oracle = make(tuner, space, max_trials=3, seed=4)
    assert set(given_arguments) == {
        "objective",
        "hyperparameters",
        "max_trials",
        "seed",
    }
    assert given_arguments["hyperparameters"] is space
    assert (given_arguments["max_trials"], given_arguments["seed"]) == (3, 4)
    assert (oracle.objective.name, oracle.objective.direction) == ("score", "max")
    assert len(run(oracle, 10)) == 3


def test_values_that_an_oracle_leaves_out_are_the_defaults(space):
    class Lazy(keras_tuner.Oracle):
        def populate_space(self, trial_id):
            if len(self.trials) > 1:
                return {"status": "STOPPED"}
            return {"status": "RUNNING", "values": {"made/up": 3}}

    first, second = (run(make(Lazy, space.copy()), 5) for _ in range(2))
    assert first == second
    assert all(values["made/up"] == 3 for values in first)
    assert all(
        values[hp.name] == hp.default
        for values in first
        for hp in space.space
        if hp.name in values
    )


@pytest.mark.parametrize(
    "something", ["oracle", None, keras_tuner.oracles.RandomSearchOracle]
)
def test_a_callable_must_return_an_oracle(space, something):
    with pytest.raises(TypeError, match=r"must return a keras_tuner\.Oracle, got"):
        make(lambda **kwargs: something, space)


@pytest.mark.parametrize("allowed", [True, False])
def test_a_trial_tells_of_new_hyperparameters_if_the_oracle_allows_it(space, allowed):
    new = keras_tuner.HyperParameters()
    new.Choice("block_1/new", [1, 2])
    oracle = GreedyOracle(
        keras_tuner.Objective("score", "max"),
        hyperparameters=space,
        seed=0,
        allow_new_entries=allowed,
    )
    with temporary_project(oracle):
        proposal = ask(oracle)
        values = {**proposal.hyperparameters.values, "block_1/new": 1}
        trial = Trial(values, 0, score=1.0, new_hyperparameters=new.get_config())
        for _ in range(2):  # what is known already is not added once more
            tell(oracle, proposal, trial)
            proposal = ask(oracle)
    names = [hp.name for hp in oracle.hyperparameters.space]
    assert names.count("block_1/new") == allowed
    assert ("block_1/new" in proposal.hyperparameters.values) == allowed


def test_what_is_drawn_is_drawn_from_its_whole_range():
    hp = keras_tuner.HyperParameters()
    hp.Float("rate", 1e-4, 1e-1, sampling="log")
    rates = [
        mutate(hp.copy(), {"rate": 1e-3}, np.random.default_rng(seed))["rate"]
        for seed in range(400)
    ]
    assert kstest((np.log10(rates) + 4) / 3, "uniform").pvalue > 0.001
    hp = keras_tuner.HyperParameters()
    hp.Choice("units", [8, 16, 32, 64])
    units = Counter(
        mutate(hp.copy(), {"units": 8}, np.random.default_rng(seed))["units"]
        for seed in range(400)
    )
    assert chisquare([units[n] for n in (8, 16, 32, 64)]).pvalue > 0.001


def make_units():
    space = keras_tuner.HyperParameters()
    space.Choice("block/kind", ["plain", "deep"])
    space.Int("block/units", 4, 64)
    space.Float("block/rate", 1e-4, 0.03, sampling="log", default=2e-3)
    space.Boolean("block/bias", default=True)
    return space


@pytest.mark.parametrize(
    "values",
    [
        {"block/kind": "depe"},
        {"block/units": 65},
        {"block/units": "many"},
        {"block/units": True},
    ],
)
def test_a_value_that_cannot_be_is_no_initial_value(values):
    begin = partial(GreedyOracle, initial_values=[{"block/kind": "plain"}, values])
    with pytest.raises(ValueError, match=r"which cannot be\. Its range is"):
        make(begin, make_units())


def test_an_unknown_name_of_an_initial_value_is_told_with_a_name_like_it():
    begin = partial(GreedyOracle, initial_values=[{"block/unitz": 8}])
    with pytest.warns(UserWarning, match=r"'block/unitz' \('block/units'\?\)"):
        make(begin, make_units())


def test_initial_values_within_their_ranges_are_taken():
    values = {"block/kind": "deep", "block/units": 64, "block/rate": 0.03}
    values["block/bias"] = False
    oracle = make(partial(GreedyOracle, initial_values=[values]), make_units())
    assert oracle.populate_space("0")["values"] == values


def test_an_oracle_that_takes_no_number_of_trials_is_called_without():
    oracle = make(keras_tuner.oracles.HyperbandOracle, make_units())
    assert isinstance(oracle, keras_tuner.oracles.HyperbandOracle)


def test_a_proposal_costs_the_same_after_many_trials(monkeypatch):
    """Each trial is looked at once, and keeps its values only."""
    seen = []

    def counted(values):
        seen.append(1)
        return network_types(values)

    monkeypatch.setattr("skautokeras._search.oracle.network_types", counted)
    space = keras_tuner.HyperParameters()
    for i in range(6):
        space.Int(f"units_{i}", 1, 1000)
    oracle = GreedyOracle(
        objective=keras_tuner.Objective("score", "max"), hyperparameters=space, seed=0
    )
    with temporary_project(oracle):
        for number in range(60):
            proposal = ask(oracle, str(number))
            values = dict(proposal.hyperparameters.values)
            tell(oracle, proposal, Trial(values, 0, score=float(number)))
    # The last trial has not been asked for.
    assert len(seen) == 59
    for trial in oracle.trials.values():
        assert trial.hyperparameters.space == []
        assert len(trial.hyperparameters.values) == 6


FILES_IN_MEMORY = "ram://skautokeras-*/oracle/*/*"


@pytest.mark.parametrize("tuner", sorted(ORACLES))
def test_what_oracles_save_is_in_memory_and_does_not_add_up(
    space, tuner, tmp_path, monkeypatch
):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    kwargs = {"initial_values": [], "max_trials": 9, "max_epochs": 9, "seed": 1}
    oracle = make_oracle(tuner, space, **kwargs)
    with temporary_project(oracle):
        for i in range(4):
            proposal = ask(oracle)
            values = dict(proposal.hyperparameters.values)
            error = "This trial fails." if i == 1 else None
            tell(oracle, proposal, Trial(values, i, score=0.0, error=error))
            assert list(tmp_path.iterdir()) == []
            assert tf.io.gfile.glob(FILES_IN_MEMORY) == []
    assert tf.io.gfile.glob("ram://skautokeras-*") == []


def test_an_oracle_by_somebody_else_has_a_folder_on_the_disk(
    space, tmp_path, monkeypatch
):
    class WithNotes(GreedyOracle):
        def end_trial(self, trial):
            super().end_trial(trial)
            saved.append([path.name for path in tmp_path.glob("*/oracle/*/*")])

    saved = []
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    objective = keras_tuner.Objective("score", "max")
    run(WithNotes(objective, hyperparameters=space, seed=0), 2)
    assert saved == [["trial.json"], ["trial.json"] * 2]
    assert list(tmp_path.iterdir()) == []


def test_no_oracle_needs_a_folder_on_the_disk(space, tmp_path, monkeypatch):
    class BySomebody(GreedyOracle):
        pass

    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "missing"))
    objective = keras_tuner.Objective("score", "max")
    assert len(run(BySomebody(objective, hyperparameters=space, seed=0), 3)) == 3


def test_an_oracle_saves_itself_after_the_search_again(tmp_path):
    oracle = GreedyOracle(
        objective=keras_tuner.Objective("score", "max"),
        hyperparameters=keras_tuner.HyperParameters(),
    )
    with temporary_project(oracle):
        oracle.save()
    oracle._set_project_dir(tmp_path, "again")
    oracle.save()
    assert (tmp_path / "again" / "oracle.json").exists()
