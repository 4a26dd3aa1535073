"""The first configurations are put in order as long as there is time for that."""

from types import SimpleNamespace

import keras
import pytest

from skautokeras import Block, ClassificationHead, Input
from skautokeras._data import ArraySchema, TargetSchema
from skautokeras._fit import make_search_oracle
from skautokeras._search import Feasibility, Journal, estimate_cost
from skautokeras._space import Graph, SearchSpace
from skautokeras._state import Deadline

LONG, SHORT = {"training/epochs": 64}, {"training/epochs": 8}


class Known(Block):
    """A block that knows a long training before a short one."""

    def known_configurations(self, schemas, targets):
        """Return two configurations."""
        return [LONG, SHORT]

    def build(self, hp, inputs):
        """Build one layer."""
        return keras.layers.Dense(hp.Int("units", 8, 64, default=32))(inputs)


@pytest.fixture
def space():
    """A search space with two predefined configurations."""
    node = Input()
    return SearchSpace(
        Graph([node], [ClassificationHead()(Known()(node))]),
        schemas=[ArraySchema(shape=(4,), n_samples=100)],
        targets=[TargetSchema(kind="binary", n_outputs=1)],
        n_samples=100,
    )


def feasibility_of(space, **limits):
    """Return what tells the costs in a search space."""
    return Feasibility(space, 100, lambda: 1e11, **limits)


def test_costs_are_not_found_out_after_the_time(space):
    feasibility = feasibility_of(space)
    over = Deadline(0)
    assert feasibility.cheapest_first([LONG, SHORT], deadline=over) == [LONG, SHORT]
    # An order by the known half of the costs would be none.
    feasibility.cost(LONG)
    assert feasibility.cheapest_first([LONG, SHORT], deadline=over) == [LONG, SHORT]
    feasibility.cost(SHORT)
    assert feasibility.cheapest_first([LONG, SHORT], deadline=over) == [SHORT, LONG]


def test_what_ranks_first_comes_first_after_the_time_too(space):
    ordered = feasibility_of(space).cheapest_first(
        [LONG, SHORT], rank=[SHORT, LONG].index, deadline=Deadline(0)
    )
    assert ordered == [SHORT, LONG]


def test_batches_stay_as_they_are_after_the_time(space):
    values = {"training/batch_size": 128}
    memory = estimate_cost(space, {"training/batch_size": 16}).memory
    feasibility = feasibility_of(space, max_memory=memory)
    assert feasibility.with_batches_that_fit(values, Deadline(0)) == values
    fitting = feasibility.with_batches_that_fit(values, Deadline(60))
    assert fitting["training/batch_size"] < 128


def first_epochs(space, journal, deadline):
    """Return the epochs of the first trial that an oracle proposes."""
    preparation = SimpleNamespace(
        problem=SimpleNamespace(search_space=space),
        options=SimpleNamespace(tuner="greedy", max_trials=2, planned_epochs=None),
        journal=journal,
        oracle_seed=1,
    )
    oracle = make_search_oracle(preparation, feasibility_of(space), deadline)
    return oracle.populate_space("0")["values"]["training/epochs"]


@pytest.mark.parametrize(
    ("first", "later", "epochs"),
    [(Deadline(0), Deadline(None), 64), (Deadline(None), Deadline(0), 8)],
)
def test_a_search_that_goes_on_has_the_order_that_it_has_begun_with(
    space, tmp_path, first, later, epochs
):
    for deadline in (first, later):
        journal = Journal(tmp_path, {"data": "1f", "parameters": {}}, 1)
        assert first_epochs(space, journal, deadline) == epochs
