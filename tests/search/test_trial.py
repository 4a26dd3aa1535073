"""One configuration, evaluated: results and failures are records."""

import random
from dataclasses import replace

import keras
import keras_tuner
import numpy as np
import pytest
import tensorflow as tf

from skautokeras import Block, ClassificationHead, StructuredDataInput
from skautokeras._search import evaluate
from skautokeras._space import Graph, SearchSpace
from skautokeras._state import Deadline
from skautokeras._training import Problem

HEAD = "classification_head_1"


class Failing(Block):
    """Raises what it was given, while it is built."""

    def __init__(self, error):
        self.error = error

    def build(self, hp, inputs):
        """Raise the error."""
        raise self.error


class NotANumber(Block):
    """Makes the output of the network not a number."""

    def build(self, hp, inputs):
        """Multiply by NaN."""
        return keras.ops.multiply(keras.layers.Dense(2)(inputs), float("nan"))


@keras.saving.register_keras_serializable("tests")
class OneRowOnly(keras.layers.Layer):
    """Refuses batches of more than one row when it runs."""

    def call(self, inputs):
        """Check the number of rows."""
        tf.debugging.assert_equal(tf.shape(inputs)[0], 1, message="one row only")
        return keras.ops.add(inputs, 1.0)

    def compute_output_shape(self, input_shape):
        """Return the shape that came in."""
        return input_shape


class Tower(Block):
    """Asks for a hyperparameter only if another one is greater than its default."""

    def build(self, hp, inputs):
        """Stack as many layers as the hyperparameter says."""
        x = inputs
        for i in range(hp.Int("depth", 1, 3)):
            x = keras.layers.Dense(hp.Int(f"width_{i}", 2, 8))(x)
        return x


class FailingLate(Block):
    """Raises once data runs through it: building the network works."""

    def build(self, hp, inputs):
        """Add the layer that raises."""
        return OneRowOnly()(keras.layers.Dense(2)(inputs))


def evaluated(problem, search_space=None, values=None, options=None, **kwargs):
    search_space = search_space or problem.search_space
    return evaluate(
        values or {},
        3,
        Deadline(None),
        problem=Problem.of_one_fold(
            search_space, problem.objective(), options or problem.options
        ),
        data=problem.data,
        **kwargs,
    )


def graph_with(problem, block):
    node = StructuredDataInput()
    return SearchSpace(
        Graph([node], [ClassificationHead()(block(node))]),
        schemas=problem.search_space.schemas,
        targets=problem.search_space.targets,
        n_samples=150,
    )


def test_a_trial_holds_what_the_search_needs(problem):
    trial = evaluated(problem)
    assert trial.status == "completed"
    assert trial.error is None
    assert trial.score == max(trial.history["val_score"])
    assert trial.best_epoch == 1 + np.argmax(trial.history["val_score"])
    assert trial.epochs == len(trial.history["loss"]) == trial.planned_epochs == 6
    assert trial.values["training/learning_rate"] == 2e-3
    assert trial.n_parameters == sum(w.size for w in trial.weights[0])
    assert trial.seconds > 0
    assert trial.seed == 3
    assert trial.y_pred[HEAD].shape == (45, 3)


def test_the_same_seed_gives_the_same_trial(problem):
    first, again = evaluated(problem), evaluated(problem)
    assert first.history == again.history
    np.testing.assert_array_equal(first.y_pred[HEAD], again.y_pred[HEAD])


@pytest.mark.parametrize(
    ("block", "reason"),
    [
        (Failing(ArithmeticError("no such shape")), "ArithmeticError: no such shape"),
        (Failing(MemoryError("too large")), "MemoryError: too large"),
        (
            Failing(tf.errors.ResourceExhaustedError(None, None, "OOM on a GPU")),
            "ResourceExhaustedError: OOM on a GPU",
        ),
        (NotANumber(), "FloatingPointError: The loss became nan"),
        (FailingLate(), "one row only"),
    ],
    ids=["exception", "memory", "device memory", "nan", "while it trains"],
)
def test_a_failure_is_recorded_with_its_reason(problem, block, reason):
    trial = evaluated(problem, graph_with(problem, block))
    assert_has_failed(trial, reason)


def test_a_failure_in_model_fit_is_recorded_with_its_reason(problem):
    options = replace(problem.options, fit_arguments={"validation_freq": 1})
    trial = evaluated(problem, graph_with(problem, NotANumber()), options=options)
    assert_has_failed(trial, "FloatingPointError: The loss became nan")


def assert_has_failed(trial, reason):
    assert trial.status == "failed"
    assert reason in trial.error
    assert np.isnan(trial.score)
    assert trial.weights is None
    assert trial.y_pred is None
    assert trial.seconds > 0


def test_a_reason_is_never_endless(problem):
    trial = evaluated(problem, graph_with(problem, Failing(ValueError("x" * 10_000))))
    assert trial.error.startswith("ValueError: failing_1, Failing(")
    assert trial.error.endswith("xxx")
    assert len(trial.error) <= 2000


@pytest.mark.parametrize("when", ["building", "training"])
def test_ctrl_c_passes_through_and_leaves_the_generator_as_it_was(problem, when):
    def interrupt(epoch, logs):
        raise KeyboardInterrupt

    search_space = problem.search_space
    if when == "building":
        search_space = graph_with(problem, Failing(KeyboardInterrupt()))
    before = random.getstate()
    with pytest.raises(KeyboardInterrupt):
        evaluated(problem, search_space, on_epoch=interrupt)
    assert random.getstate() == before


def test_hyperband_says_how_long(problem):
    trial = evaluated(problem, values={"tuner/epochs": 2})
    assert trial.epochs == trial.planned_epochs == len(trial.history["loss"]) == 2


def test_hyperband_trains_no_longer_than_the_user_allows(problem):
    options = replace(problem.options, epochs=1)
    values = {"tuner/epochs": 2}
    assert evaluated(problem, values=values, options=options).epochs == 1


def test_who_watches_can_end_the_training(problem):
    seen = []

    def on_epoch(epoch, logs):
        seen.append(set(logs))
        return epoch == 2

    assert evaluated(problem, on_epoch=on_epoch).epochs == 2
    assert all({"loss", "val_loss", "val_score"} <= names for names in seen)


def test_a_training_ends_with_the_first_epoch_behind_the_deadline(problem):
    trial = evaluate(
        {},
        3,
        Deadline(0),
        problem=Problem.of_one_fold(
            problem.search_space, problem.objective(), problem.options
        ),
        data=problem.data,
    )
    assert (trial.status, trial.epochs, trial.best_epoch) == ("completed", 1, 1)


def test_hyperparameters_that_come_up_in_a_trial_are_part_of_it(problem):
    search_space = graph_with(problem, Tower())
    assert evaluated(problem, search_space).new_hyperparameters is None
    trial = evaluated(problem, search_space, {"tower_1/depth": 3})
    assert trial.status == "completed"
    found = keras_tuner.HyperParameters.from_config(trial.new_hyperparameters)
    assert [hp.name for hp in found.space] == ["tower_1/width_1", "tower_1/width_2"]
