"""One configuration, evaluated: results and failures are records."""

import keras
import pytest
import tensorflow as tf

from skautokeras import Block, ClassificationHead, StructuredDataInput
from skautokeras._search.deadline import Deadline
from skautokeras._search.trial import evaluate
from skautokeras._space.graph import Graph


class Failing(Block):
    """Raises what it was given."""

    def __init__(self, error):
        self.error = error

    def build(self, hp, inputs):
        """Raise, or make the output not a number."""
        if isinstance(self.error, str):
            return keras.layers.Dense(2)(inputs) * float("nan")
        raise self.error


def evaluated(problem, graph=None, values=None, **kwargs):
    graph = graph or problem.graph
    return evaluate(
        values or {},
        3,
        Deadline(None),
        graph=graph,
        recipe=problem.recipe,
        data=problem.data,
        objective=problem.objective(),
        **kwargs,
    )


def graph_with(problem, block):
    node = StructuredDataInput()
    return Graph(
        [node],
        [ClassificationHead()(block(node))],
        schemas=problem.graph.schemas,
        targets=problem.graph.targets,
        n_samples=150,
    )


def test_a_trial_holds_what_the_search_needs(problem):
    trial = evaluated(problem)
    assert trial.status == "completed"
    assert trial.score == max(trial.history["val_score"])
    assert trial.epochs == len(trial.history["loss"]) == 6
    assert trial.values["training/learning_rate"] == 2e-3
    assert trial.n_parameters > 0
    assert trial.seconds > 0
    assert trial.y_pred["classification_head_1"].shape == (45, 3)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ArithmeticError("no such shape"), "ArithmeticError: no such shape"),
        (MemoryError("too large"), "MemoryError: too large"),
        (tf.errors.ResourceExhaustedError(None, None, "OOM"), "OOM"),
        ("nan", "nan"),
    ],
    ids=str,
)
def test_a_failure_is_recorded_with_its_reason(problem, error, reason):
    trial = evaluated(problem, graph_with(problem, Failing(error)))
    assert trial.status == "failed"
    assert reason in trial.error
    assert trial.weights is None


def test_ctrl_c_is_no_failure(problem):
    with pytest.raises(KeyboardInterrupt):
        evaluated(problem, graph_with(problem, Failing(KeyboardInterrupt())))


def test_large_networks_are_refused(problem):
    size = evaluated(problem).n_parameters
    assert evaluated(problem, max_model_size=size).status == "completed"
    refused = evaluated(problem, max_model_size=size - 1)
    assert f"more than max_model_size={size - 1}" in refused.error
    assert refused.n_parameters is None


def test_hyperband_says_how_long(problem):
    assert evaluated(problem, values={"tuner/epochs": 2}).epochs == 2


def test_a_callback_ends_the_training(problem):
    assert evaluated(problem, on_epoch=lambda epoch, logs: epoch == 2).epochs == 2
