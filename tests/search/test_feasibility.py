"""What is too large or too slow is told before it is trained."""

import os
import pickle
from dataclasses import replace
from functools import reduce

import keras
import numpy as np
import pytest

from skautokeras import (
    Block,
    ClassificationHead,
    DenseBlock,
    ImageBlock,
    ImageInput,
    Input,
    StructuredDataBlock,
    StructuredDataInput,
)
from skautokeras._data import ArraySchema, ImageSchema, TargetSchema
from skautokeras._search import (
    Feasibility,
    Limits,
    Rejection,
    Trial,
    count_flops,
    estimate_cost,
    evaluate_if_feasible,
)
from skautokeras._space import (
    Graph,
    SearchSpace,
    accelerator,
    predefined,
)
from skautokeras._state import Deadline
from skautokeras._training import Problem
from skautokeras.exceptions import WeightsMissingError

N_ROWS = 100_000_000


def never():
    raise AssertionError("the machine is not timed")


def trained(flops, seconds, **changes):
    facts = {"trained_epochs": 2.0, "step_flops": flops, "n_rows": N_ROWS}
    trial = Trial({}, 0, score=0.0, seconds=seconds, **facts)
    return replace(trial, **changes)


def after(trials, seconds):
    """Return the limits that some trials leave."""
    return reduce(Limits.after, trials, Limits(seconds))


@pytest.fixture
def flops(problem):
    return estimate_cost(problem.search_space, {}).flops


def test_the_estimate_is_what_the_network_has(problem):
    built = problem.search_space.build({})
    cost = estimate_cost(problem.search_space, {})
    assert cost.flops == count_flops(built.network)
    assert cost.n_parameters == built.network.count_params()
    assert cost.epochs == built.training.epochs


class Fragile(Block):
    """A block that cannot be built for one of its values."""

    def build(self, hp, inputs):
        if hp.Boolean("broken"):
            raise ValueError("It is broken.")
        return DenseBlock().build(hp, inputs)


def test_the_order_is_that_of_the_whole_training(problem):
    node = StructuredDataInput()
    search_space = SearchSpace(
        Graph([node], [ClassificationHead()(Fragile()(node))]),
        schemas=problem.search_space.schemas,
        targets=problem.search_space.targets,
        n_samples=150,
    )
    feasibility = Feasibility(search_space, N_ROWS, never)
    long, short, broken = [
        {"training/epochs": 64},
        {"training/epochs": 8},
        {"fragile_1/broken": True},
    ]
    assert feasibility.cheapest_first([long, short, broken]) == [broken, short, long]


def test_what_ranks_first_comes_first_whatever_it_costs(problem):
    feasibility = Feasibility(problem.search_space, N_ROWS, never)
    long, short = {"training/epochs": 64}, {"training/epochs": 8}
    ordered = feasibility.cheapest_first([short, long], rank=[long, short].index)
    assert ordered == [long, short]


def test_the_size_is_allowed_up_to_the_limit(problem):
    size = estimate_cost(problem.search_space, {}).n_parameters
    allowed = Feasibility(problem.search_space, N_ROWS, never, max_model_size=size)
    assert allowed.rejection({}, Limits()) is None
    feasibility = Feasibility(
        problem.search_space, N_ROWS, never, max_model_size=size - 1
    )
    rejection = feasibility.rejection({}, Limits())
    assert rejection.reason == (
        f"The network would have {size} parameters, more than "
        f"max_model_size={size - 1}."
    )
    assert not rejection.depends_on_time


def test_the_speed_is_that_of_the_fastest_trial(problem, flops):
    feasibility = Feasibility(problem.search_space, N_ROWS, never)
    # An epoch took 3 s in the faster one.
    trials = [trained(flops, 6.0), trained(flops, 60.0)]
    trials.append(trained(flops, 1e-9, error="no"))
    assert feasibility.rejection({}, after(trials, 12.1)) is None
    rejection = feasibility.rejection({}, after(trials, 11.5))
    assert rejection.reason == (
        "An epoch of it would take about 3 s, and 11.5 s are left for 4 at least."
    )
    assert rejection.depends_on_time


def test_a_short_training_needs_the_time_for_all_of_it(problem, flops):
    search_space = SearchSpace(
        problem.search_space.graph,
        schemas=problem.search_space.schemas,
        targets=problem.search_space.targets,
        n_samples=150,
        epochs=2,
    )
    feasibility = Feasibility(search_space, N_ROWS, never)
    trials = [trained(flops, 6.0)]
    assert feasibility.rejection({}, after(trials, 6.1)) is None
    assert (
        "5.9 s are left for 2" in feasibility.rejection({}, after(trials, 5.9)).reason
    )


def test_the_machine_sets_the_limit_where_nothing_alike_was_trained(problem, flops):
    # An epoch passes all rows three times, which takes 4 s.
    feasibility = Feasibility(
        problem.search_space, N_ROWS, lambda: 3 * flops * N_ROWS / 4.0
    )
    small = [trained(flops / 100, 1.0)]
    assert feasibility.rejection({}, after(small, 16.1)) is None
    assert feasibility.rejection({}, after(small, 15.9)) is not None
    assert (
        Feasibility(problem.search_space, 1, never).rejection({}, Limits(1.0)) is None
    )


def test_part_of_an_epoch_tells_the_speed(problem, flops):
    feasibility = Feasibility(problem.search_space, N_ROWS, never)
    # A tenth of an epoch took 0.3 s.
    trials = [trained(flops, 0.3, epochs=1, trained_epochs=0.1, cut=True)]
    assert feasibility.rejection({}, after(trials, 12.1)) is None
    assert "about 3 s" in feasibility.rejection({}, after(trials, 11.5)).reason


class Pretrained(Block):
    """Has the weights of some versions only."""

    def build(self, hp, inputs):
        if hp.Choice("version", ["there", "large", "small"]) != "there":
            raise WeightsMissingError("There are no weights.")
        return DenseBlock(n_layers=1, units=4).build(hp, inputs)


def pretrained_graph(problem, block):
    search_space, node = problem.search_space, Input()
    return SearchSpace(
        Graph([node], [ClassificationHead()(block(node))]),
        schemas=[ArraySchema((4,), 10)],
        targets=search_space.targets,
        n_samples=10,
    )


def test_what_lacks_its_weights_is_left_out_with_one_warning(problem):
    search_space = pretrained_graph(problem, Pretrained())
    feasibility = Feasibility(search_space, N_ROWS, never)
    there, *others = [
        {"pretrained_1/version": version} for version in ("there", "large", "small")
    ]
    with pytest.warns(UserWarning, match="There are no weights. The search leaves out"):
        feasibility.cheapest_first([others[0], there])
    for values in others:  # warnings are errors here
        rejection = feasibility.rejection(values, Limits())
        assert rejection.reason == "There are no weights."
        assert not rejection.depends_on_time
    assert feasibility.rejection(there, Limits()) is None


class InOneProcess(Block):
    """Has weights as long as a file of it is there."""

    presets = ("weights",)

    def build(self, hp, inputs):
        if not os.path.exists("weights"):
            raise WeightsMissingError("There are no weights here.")
        return DenseBlock(n_layers=1, units=4).build(hp, inputs)


@pytest.mark.parametrize("has_warned", [False, True])
def test_what_only_a_worker_lacks_is_to_be_told_by_the_search(
    problem, tmp_path, monkeypatch, has_warned
):
    monkeypatch.chdir(tmp_path)
    space = pretrained_graph(problem, InOneProcess())
    feasibility = Feasibility(space, N_ROWS, never)
    values = {"training/epochs": 4}
    if has_warned:
        with pytest.warns(UserWarning, match="no weights here"):
            feasibility.cheapest_first([values])
        assert feasibility.rejection(values, Limits()).is_told
    else:
        (tmp_path / "weights").touch()
        feasibility.cheapest_first([{}])
        assert feasibility.rejection(values, Limits()) is None
        (tmp_path / "weights").unlink()
    worker = pickle.loads(pickle.dumps(feasibility))
    # Warnings are errors here: nobody reads those of a worker.
    rejection = worker.rejection(values, Limits())
    assert rejection.reason == "There are no weights here."
    assert rejection.lacks_weights
    assert rejection.is_told is has_warned


def test_a_faster_machine_is_given_larger_networks(monkeypatch):
    # Half an hour for 50 000 photographs; operations per second of two cores, and of a
    # GPU that reaches a tenth of what it is sold for.
    monkeypatch.setattr(accelerator, "has_fast_gpu", lambda: True)
    shape, facts = (32, 32, 3), [(0.5,) * 3, (0.3,) * 3]
    schema = ImageSchema(shape, 50_000, "uint8", 0.0, 255.0, *facts)
    node = ImageInput()
    search_space = SearchSpace(
        Graph([node], [ClassificationHead()(ImageBlock()(node))]),
        schemas=[schema],
        targets=[TargetSchema(kind="multiclass", n_outputs=10)],
        n_samples=50_000,
    )
    configurations = predefined(search_space)
    flops = [estimate_cost(search_space, values).flops for values in configurations]

    def admitted(speed):
        feasibility = Feasibility(search_space, 50_000, lambda: 3 * speed)
        return [
            cost
            for values, cost in zip(configurations, flops, strict=True)
            if feasibility.rejection(values, Limits(1800.0)) is None
        ]

    on_cores, on_a_gpu = admitted(1e10), admitted(1e13)
    assert sorted(on_a_gpu) == sorted(flops)
    assert set(on_cores) < set(on_a_gpu)
    assert max(on_cores) < min(set(on_a_gpu) - set(on_cores))
    deepest = flops[-1]
    assert deepest == max(flops)
    assert deepest not in on_cores


def test_the_speed_of_the_machine_is_that_of_a_computer():
    assert 1e8 < accelerator.peak_speed() < 1e16


# --- Decision trees


@pytest.fixture(scope="module")
def table_space(problem):
    """A search space of trees and networks on the table of iris."""
    node = StructuredDataInput()
    return SearchSpace(
        Graph([node], [ClassificationHead()(StructuredDataBlock()(node))]),
        schemas=problem.search_space.schemas,
        targets=problem.search_space.targets,
        n_samples=150,
    )


def values_of(kind, **values):
    """Return a configuration of one kind of network or trees."""
    block = "structured_data_block_1"
    own = {f"{block}/{kind}_block_1/{name}": value for name, value in values.items()}
    return {f"{block}/block_type": kind, **own}


BOOSTED = values_of("boosted_trees", n_trees=800)


def test_trees_stand_in_the_order_of_their_fitting(table_space):
    feasibility = Feasibility(table_space, N_ROWS, never)
    short, long = (
        {**values_of("dense", n_layers=1, units_0=units), "training/epochs": epochs}
        for units, epochs in ((32, 8), (128, 256))
    )
    few, many = values_of("extra_trees", n_trees=50), BOOSTED
    costs = [feasibility.cost(v).training_flops for v in (short, few, long, many)]
    assert costs == sorted(costs)
    ordered = feasibility.cheapest_first([many, long, few, short])
    assert ordered == [short, few, long, many]


@pytest.mark.parametrize("seconds", [1e-9, 1.0])
def test_trees_are_never_too_slow(table_space, seconds):
    feasibility = Feasibility(table_space, N_ROWS, lambda: 1e9)
    for values in (BOOSTED, values_of("extra_trees")):
        assert feasibility.rejection(values, Limits(seconds)) is None
    network = values_of("dense", n_layers=3)
    assert feasibility.rejection(network, Limits(seconds)).depends_on_time


def test_trees_can_be_too_large(table_space):
    size = estimate_cost(table_space, BOOSTED).n_parameters
    feasibility = Feasibility(table_space, N_ROWS, never, max_model_size=size - 1)
    rejection = feasibility.rejection(BOOSTED, Limits())
    assert f"The network would have {size} parameters" in rejection.reason
    assert not rejection.depends_on_time


def test_trees_do_not_tell_how_fast_networks_are_trained(problem, flops):
    feasibility = Feasibility(problem.search_space, N_ROWS, never)
    network = trained(flops, 6.0)
    # With the speed that trees seem to have, an epoch would take no time.
    trees = trained(1000 * flops, 1e-6, n_iterations=100)
    for trials in ([network], [network, trees]):
        assert feasibility.rejection({}, after(trials, 12.1)) is None
        assert "about 3 s" in feasibility.rejection({}, after(trials, 11.5)).reason


def space_of_images(side):
    node = ImageInput()
    graph = Graph([node], [ClassificationHead()(ImageBlock(block_type="conv")(node))])
    schema = ImageSchema(
        shape=(side, side, 3),
        n_samples=100,
        dtype="uint8",
        low=0.0,
        high=255.0,
        mean=np.zeros(3),
        std=np.ones(3),
    )
    targets = [TargetSchema(kind="binary", n_outputs=1)]
    return SearchSpace(graph, schemas=[schema], targets=targets, n_samples=100)


def test_memory_grows_with_pixels_and_batches():
    small, large = (estimate_cost(space_of_images(n), {}).memory for n in (32, 128))
    assert 8 * small < large < 20 * small
    values = estimate_cost(space_of_images(128), {"training/batch_size": 16})
    assert values.memory < large


def test_what_the_memory_cannot_hold_is_rejected_with_advice():
    space = space_of_images(256)
    memory = estimate_cost(space, {}).memory
    enough = Feasibility(space, 100, never, max_memory=memory)
    assert enough.rejection({}, Limits()) is None
    little = Feasibility(space, 100, never, max_memory=memory - 1)
    rejection = little.rejection({}, Limits())
    assert "smaller image_size, batch_size or block" in rejection.reason
    assert not rejection.depends_on_time


def test_predefined_configurations_get_smaller_batches():
    space = space_of_images(128)
    values = {"training/batch_size": 128}
    memory = estimate_cost(space, {"training/batch_size": 32}).memory
    fitting = Feasibility(space, 100, never, max_memory=memory).with_batches_that_fit(
        values
    )
    assert fitting == {"training/batch_size": 32}
    assert Feasibility(space, 100, never).with_batches_that_fit(values) == values
    # There is a smallest one, and the search says why it is not tried.
    tiny = Feasibility(space, 100, never, max_memory=1000)
    assert tiny.with_batches_that_fit(values) == {"training/batch_size": 16}
    assert tiny.rejection({}, Limits(60.0))


def test_images_are_judged_whatever_the_configuration_of_keras_says():
    feasibility = Feasibility(space_of_images(32), 100, never, max_model_size=50)
    values = {"image_block_1/block_type": "conv"}
    keras.config.set_image_data_format("channels_first")
    try:
        result = evaluate_if_feasible(
            values, 0, None, feasibility=feasibility, limits=Limits()
        )
    finally:
        keras.config.set_image_data_format("channels_last")
    assert isinstance(result, Rejection)


def test_what_cannot_be_judged_is_tried(problem):
    feasibility = Feasibility(problem.search_space, N_ROWS, never)
    trial = evaluate_if_feasible(
        {"training/epochs": 1},
        0,
        Deadline(60),
        feasibility=feasibility,
        limits=Limits(10.0),  # The machine would have to be timed.
        problem=Problem.of_one_fold(
            problem.search_space, problem.objective(), problem.options
        ),
        data=problem.data,
    )
    assert trial.status == "completed"
