"""Algorithm 1 of the AutoKeras paper, pinned; the other oracles as they come."""

import json
import random
import subprocess
import sys
from collections import Counter, defaultdict

import keras_tuner
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chisquare

from skautokeras import GreedyOracle
from skautokeras._search.deadline import Deadline
from skautokeras._search.loop import search
from skautokeras._search.oracle import (
    ask,
    draw_subtree,
    hosted,
    make_oracle,
    mutate,
    tell,
)
from skautokeras._search.trial import Trial
from skautokeras._space.graph import complete

NAMES = ["a/x/1", "a/x/2", "a/y", "b/1", "b/2", "b/3"]


def run(oracle, n, score=lambda values: 0.0):
    """Return the first ``n`` proposals of an oracle, each told its score."""
    proposals = []
    with hosted(oracle):
        for seed in range(n):
            proposal = ask(oracle)
            if proposal is None:
                break
            values = dict(proposal.hyperparameters.values)
            tell(oracle, proposal, Trial(values, seed, score=score(values)))
            proposals.append(values)
    return proposals


def greedy(space, **kwargs):
    oracle = GreedyOracle(
        keras_tuner.Objective("score", "max"), hyperparameters=space, **kwargs
    )
    oracle.verbose = 0
    return oracle


def test_predefined_configurations_come_first_in_order_and_once(space):
    first = {"block_1/kind": "b", "block_1/b/x": 2}
    # The second belongs to a branch that is not active: its values are left aside.
    second = {"block_1/kind": "a", "block_1/size": 3, "block_1/b/y": 2}
    oracle = greedy(space, initial_values=[first, first, second], seed=0)
    found = run(oracle, 2)
    assert found[0] == complete(space.copy(), first)
    assert found[1] == {
        "block_1/kind": "a",
        "block_1/size": 3,
        "training/rate": 0.0,
    }


def test_nodes_are_drawn_in_inverse_proportion_to_their_size():
    rng = np.random.default_rng(0)
    counts = Counter(frozenset(draw_subtree(NAMES, rng)) for _ in range(20_000))
    below = defaultdict(set)
    for name in NAMES:
        parts = name.split("/")
        for depth in range(len(parts) + 1):
            below["/".join(parts[:depth])].add(name)
    # Softmax of -ln n over the nodes; nodes with the same names below are one event.
    logits = {node: -np.log(len(names)) for node, names in below.items()}
    total = sum(np.exp(list(logits.values())))
    expected = defaultdict(float)
    for node, names in below.items():
        expected[frozenset(names)] += np.exp(logits[node]) / total
    assert set(counts) == set(expected)
    events = list(expected)
    observed = [counts[event] for event in events]
    probability = [20_000 * expected[event] for event in events]
    assert chisquare(observed, probability).pvalue > 0.001


@pytest.mark.parametrize("seed", range(30))
def test_a_mutation_touches_one_subtree(space, seed):
    start = complete(
        space.copy(), {"block_1/kind": "b" if seed % 2 else "a", "training/rate": 0.3}
    )
    new = mutate(space.copy(), start, np.random.default_rng(seed))
    changed = {n for n in start if n in new and new[n] != start[n]}
    nodes = {
        "/".join(n.split("/")[:depth])
        for n in start
        for depth in range(len(n.split("/")) + 1)
    }
    inside = [node for node in nodes if all(n.startswith(node) for n in changed)]
    drawn = max(inside, key=len)
    assert all(
        new[n] == start[n] for n in start if n in new and not n.startswith(drawn)
    )
    appeared, gone = set(new) - set(start), set(start) - set(new)
    if appeared or gone:
        assert "block_1/kind" in changed
    assert set(new) == set(complete(space.copy(), new))


def test_nothing_is_proposed_twice_and_the_best_is_mutated(space):
    found = run(greedy(space, seed=1), 60, score=lambda values: values["block_1/size"])
    keys = [json.dumps(values, sort_keys=True) for values in found]
    assert len(set(keys)) == len(keys) == 60
    assert (
        Counter(values["block_1/size"] for values in found[20:]).most_common(1)[0][0]
        == 3
    )


def test_a_small_space_is_searched_through_and_the_search_ends():
    hp = keras_tuner.HyperParameters()
    hp.Choice("a", [1, 2, 3])
    hp.Boolean("b")
    found = run(greedy(hp, seed=0), 100)
    assert sorted((v["a"], v["b"]) for v in found) == [
        (a, b) for a in (1, 2, 3) for b in (False, True)
    ]


def test_failed_trials_are_never_the_best(space):
    oracle = greedy(space, seed=0)
    with hosted(oracle):
        proposal = ask(oracle)
        tell(oracle, proposal, Trial({}, 0, error="no"))
        assert oracle._best_values() is None
        assert ask(oracle) is not None


def test_less_may_be_better(space):
    oracle = greedy(space, seed=0)
    oracle.objective = keras_tuner.Objective("score", "min")
    found = run(oracle, 40, score=lambda values: values["block_1/size"])
    assert Counter(v["block_1/size"] for v in found[15:]).most_common(1)[0][0] == 1


SEQUENCE = """
import json, random, sys
import keras_tuner, numpy as np
from skautokeras import GreedyOracle
random.seed(int(sys.argv[2])); np.random.seed(int(sys.argv[2]))
hp = keras_tuner.HyperParameters()
hp.Float("a/x", 0, 1); hp.Float("a/y", 0, 1); hp.Choice("b", [1, 2, 3])
oracle = GreedyOracle(hyperparameters=hp, seed=int(sys.argv[1]))
print(json.dumps([oracle.populate_space("")["values"] for _ in range(5)]))
"""


def test_the_seed_decides_the_sequence_in_every_process():
    def sequence(seed, other):
        arguments = [sys.executable, "-c", SEQUENCE, str(seed), str(other)]
        out = subprocess.run(arguments, capture_output=True, text=True, check=True)
        return out.stdout.splitlines()[-1]

    assert sequence(0, 1) == sequence(0, 2)
    assert sequence(0, 1) != sequence(1, 1)


def test_global_generators_are_not_touched(space):
    before = random.getstate(), np.random.get_state()[1].tolist()  # noqa: NPY002
    run(greedy(space, seed=0), 5)
    after = random.getstate(), np.random.get_state()[1].tolist()  # noqa: NPY002
    assert before == after


def test_an_oracle_goes_on_from_its_state(space):
    first, second = greedy(space, seed=0), greedy(space, seed=5)
    for oracle in (first, second):
        oracle.populate_space("0")
    state = json.loads(json.dumps(first.get_state()))
    second.set_state(state)
    assert second.populate_space("1") == first.populate_space("1")


@settings(max_examples=30)
@given(
    sizes=st.lists(st.integers(1, 3), min_size=1, max_size=4),
    seed=st.integers(0, 2**31),
)
def test_mutations_are_complete_in_any_space(sizes, seed):
    hp = keras_tuner.HyperParameters()
    for i, size in enumerate(sizes):
        hp.Choice(f"b{i}/kind", [0, 1])
        with hp.conditional_scope(f"b{i}/kind", [1]):
            for j in range(size):
                hp.Int(f"b{i}/child/{j}", 0, 5)
    rng = np.random.default_rng(seed)
    values = complete(hp.copy(), {})
    for _ in range(10):
        values = mutate(hp.copy(), values, rng)
        assert set(values) == set(complete(hp.copy(), values))


@pytest.mark.parametrize(
    "tuner",
    [
        "greedy",
        "random",
        "bayesian",
        "hyperband",
        keras_tuner.oracles.RandomSearchOracle,
    ],
    ids=str,
)
def test_every_oracle_searches_in_silence_and_leaves_nothing(
    space, tuner, tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    oracle = make_oracle(
        tuner, space, initial_values=[], max_trials=5, max_epochs=9, seed=1
    )

    def evaluate(values, seed, deadline):
        return Trial(dict(values), seed, score=values["training/rate"])

    trials, _ = search(oracle, evaluate, seeds=range(5), deadline=Deadline(None))
    assert len(trials) == 5
    assert list(tmp_path.iterdir()) == []
    assert capsys.readouterr().out == ""


def test_a_callable_must_return_an_oracle(space):
    with pytest.raises(TypeError, match=r"must return a keras_tuner\.Oracle"):
        make_oracle(
            lambda **kwargs: "oracle",
            space,
            initial_values=[],
            max_trials=1,
            max_epochs=1,
            seed=1,
        )
