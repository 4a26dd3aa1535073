"""Layers that are fitted to the targets before a training, as decision trees are."""

from dataclasses import replace

import keras
import numpy as np
import pytest

from skautokeras import (
    Block,
    BoostedTreesBlock,
    ClassificationHead,
    Normalization,
    StructuredDataBlock,
    StructuredDataInput,
)
from skautokeras._layers import TreeEnsemble, walk
from skautokeras._space import Graph, SearchSpace
from skautokeras._state import Deadline, seeded
from skautokeras._training import TrainingOptions, train
from skautokeras.layers import Layer

HEAD = "classification_head_1"


class Fitted(Layer):
    """A layer that passes on what it gets, and notes what it is fitted with."""

    starts_from_targets = True
    head = HEAD

    def start_from(self, x, rng, **given):
        """Note what is given; return the number of iterations."""
        self.given = {"x": x, **given}
        return 7

    def call(self, x):
        """Return what came in."""
        return x


class FittedBlock(Block):
    """Some fitted layers, one after the other."""

    layer = Fitted

    def __init__(self, n_layers=1):
        self.n_layers = n_layers

    def build(self, hp, inputs):
        """Stack the layers."""
        x = keras.layers.Flatten()(inputs)
        for _ in range(self.n_layers):
            x = self.layer()(x)
        return x


def _for_all(rows, heads):
    """Return rows whose only target is that of all heads."""
    (y,) = rows.y.values()
    return replace(rows, y=dict.fromkeys(heads, y))


@pytest.fixture
def on_block(problem):
    """From a block, to the problem of the classes of iris behind that block.

    Several blocks have a head each, all of them for the same classes.
    """

    def make(*blocks):
        node, space = StructuredDataInput(), problem.search_space
        search_space = SearchSpace(
            Graph([node], [ClassificationHead()(block(node)) for block in blocks]),
            schemas=space.schemas,
            targets=space.targets * len(blocks),
            n_samples=150,
        )
        data = replace(
            problem.data,
            train=_for_all(problem.data.train, search_space.heads),
            valid=_for_all(problem.data.valid, search_space.heads),
        )
        return replace(problem, search_space=search_space, data=data)

    return make


def train_until(problem, deadline, *, data=None, **options):
    """Train for one epoch; return the network and the monitor."""
    data = data or problem.data
    options = TrainingOptions(heads=problem.search_space.heads, epochs=1, **options)
    with seeded(0):
        built = problem.search_space.build({})
        monitor = train(
            built,
            options,
            data.train,
            data.valid,
            problem.objective(),
            deadline=deadline,
            seed=0,
            on_epoch=lambda epoch, logs: False,
        )
    return built.network, monitor


def given_to(network):
    """Return what the only fitted layer of a network was given."""
    (layer,) = (v for v in walk(network) if isinstance(v, Fitted))
    return layer.given


def test_a_layer_is_given_the_training_rows_and_the_validation_rows(on_block):
    problem = on_block(FittedBlock())
    rows, rng = problem.data, np.random.default_rng(0)
    train_rows, valid_rows = (
        replace(part, weight={HEAD: rng.random(len(part)).astype("float32")})
        for part in (rows.train, rows.valid)
    )
    data = replace(rows, train=train_rows, valid=valid_rows)
    network, monitor = train_until(problem, Deadline(None), data=data)
    given = given_to(network)
    assert monitor.n_iterations == 7
    assert given["n_iterations"] is None
    found = (given["x"], given["y"], given["weight"]), given["valid"]
    for (x, y, weight), part in zip(found, (train_rows, valid_rows), strict=True):
        np.testing.assert_allclose(x, part.x["numerical"], atol=1e-6)
        np.testing.assert_array_equal(y, part.y[HEAD])
        np.testing.assert_array_equal(weight, part.weight[HEAD])


def test_without_early_stopping_there_are_no_validation_rows(on_block):
    network, _ = train_until(
        on_block(FittedBlock()), Deadline(None), early_stopping=False, n_iterations=5
    )
    given = given_to(network)
    assert given["valid"] is None
    assert given["n_iterations"] == 5


def test_the_fitting_has_a_quarter_of_the_time(on_block, clock):
    problem = on_block(FittedBlock())
    deadline = Deadline(120, clock)
    clock.now = 20.0
    network, _ = train_until(problem, deadline)
    assert given_to(network)["deadline"].left() == 25


def test_the_fitting_of_a_refit_has_all_of_the_time(on_block, clock):
    problem = on_block(FittedBlock())
    options = TrainingOptions(heads=problem.search_space.heads)
    deadline = Deadline(120, clock)
    clock.now = 20.0
    # With fewer iterations, the layer would not be the one that is asked for.
    share = options.as_refit(1, 1).share_of_fitting
    network, _ = train_until(problem, deadline, share_of_fitting=share)
    assert given_to(network)["deadline"].left() == 100


def test_a_layer_that_ends_for_want_of_time_says_so(on_block):
    class Short(Fitted):
        def start_from(self, x, rng, *, deadline, **given):
            deadline.cut = True
            return 1

    class ShortBlock(FittedBlock):
        layer = Short

    for block, cut in ((FittedBlock(), False), (ShortBlock(), True)):
        _, monitor = train_until(on_block(block), Deadline(1e6))
        assert monitor.cut == cut


def test_several_layers_have_their_mean_number_of_iterations(on_block):
    counts = iter([7, 2])

    class Counting(Fitted):
        def start_from(self, x, rng, **given):
            return next(counts)

    class Two(Block):
        def build(self, hp, inputs):
            return Counting()(Counting()(keras.layers.Flatten()(inputs)))

    _, monitor = train_until(on_block(Two()), Deadline(None))
    assert monitor.n_iterations == round((7 + 2) / 2)


def test_a_layer_is_given_what_preprocessing_has_made_of_the_rows(on_block):
    problem = on_block(lambda node: FittedBlock()(Normalization(method="robust")(node)))
    network, _ = train_until(problem, Deadline(None))
    x = given_to(network)["x"]
    assert len(x) == len(problem.data.train)
    # The adapter only makes the means 0, not the medians.
    np.testing.assert_allclose(np.median(x, axis=0), 0, atol=0.05)
    assert np.abs(np.median(problem.data.train.x["numerical"], axis=0)).max() > 0.2


def test_trees_stand_behind_preprocessing_and_beside_a_network(on_block):
    behind = on_block(lambda node: BoostedTreesBlock(n_trees=5)(Normalization()(node)))
    beside = on_block(
        BoostedTreesBlock(n_trees=5), StructuredDataBlock(block_type="dense")
    )
    for problem in (behind, beside):
        _, monitor = train_until(problem, Deadline(None))
        y_pred = monitor.best_evaluation.y_pred[HEAD]
        assert (y_pred.argmax(axis=1) == problem.y).mean() > 0.8


def test_where_nothing_is_fitted_there_are_no_iterations(problem):
    assert problem.train(epochs=1)[1].n_iterations is None


def test_trees_end_where_the_loss_for_validation_rows_is_least(on_block):
    problem = on_block(BoostedTreesBlock(n_trees=200, learning_rate=0.1))
    network, monitor = train_until(problem, Deadline(None))
    (trees,) = (v for v in walk(network) if isinstance(v, TreeEnsemble))
    assert int(trees.n_iterations) == monitor.n_iterations < 200
    options = {"early_stopping": False, "n_iterations": 3}
    network, monitor = train_until(problem, Deadline(None), **options)
    (trees,) = (v for v in walk(network) if isinstance(v, TreeEnsemble))
    assert int(trees.n_iterations) == monitor.n_iterations == 3
