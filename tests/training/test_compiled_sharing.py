"""Compiled functions are shared by networks that compute the same, and by no others."""

import gc
import weakref
from dataclasses import replace

import keras
import numpy as np
import pytest

from skautokeras import Block, ClassificationHead, StructuredDataInput
from skautokeras._search import evaluate
from skautokeras._space import Graph, SearchSpace
from skautokeras._state import Deadline
from skautokeras._training import CompiledCache, Problem, structure


class Scaled(Block):
    """Multiplies by a hyperparameter, in a way that is not in every config."""

    def __init__(self, how):
        self.how = how

    def build(self, hp, inputs):
        """Multiply the outputs of a dense layer."""
        factor = hp.Choice("factor", [0.0, 1.0])

        def multiply(x):
            return x * factor

        class Multiply(keras.layers.Layer):
            def call(self, x):
                return x * factor

        class Forgetful(keras.layers.Layer):
            def __init__(self, factor, **kwargs):
                super().__init__(**kwargs)
                self.factor = factor

            def call(self, x):
                return x * self.factor

        class Regularizer(keras.regularizers.Regularizer):
            def __call__(self, x):
                return factor * keras.ops.sum(x * x)

            def get_config(self):
                return {}

        x = keras.layers.Dense(4)(inputs)
        return {
            "operation": lambda: x * factor,
            "array": lambda: x * np.full(4, factor, "float32"),
            "regularizer": lambda: (
                keras.layers.Dense(4, kernel_regularizer="l2")(x)
                if factor
                else keras.layers.Dense(4)(x)
            ),
            "keras dropout": lambda: keras.layers.Dropout(factor / 2)(x),
            "function": lambda: keras.layers.Lambda(multiply)(x),
            "activation": lambda: keras.layers.Dense(4, activation=multiply)(x),
            "class": lambda: Multiply()(x),
            "lambda function": lambda: keras.layers.Lambda(lambda x: x * factor)(x),
            "forgotten argument": lambda: Forgetful(factor)(x),
            "forgotten inside of a model": lambda: keras.Sequential(
                [Forgetful(factor)]
            )(x),
            "class inside of a model": lambda: keras.Sequential([Multiply()])(x),
            "regularizer of one's own": lambda: keras.layers.Dense(
                4, kernel_regularizer=Regularizer()
            )(x),
        }[self.how]()


@pytest.mark.parametrize(
    "how",
    [
        "operation",
        "array",
        "regularizer",
        "keras dropout",
        "function",
        "lambda function",
        "activation",
        "class",
        "class inside of a model",
        "forgotten argument",
        "forgotten inside of a model",
        "regularizer of one's own",
    ],
)
def test_networks_that_differ_do_not_share_a_compiled_function(problem, how):
    node = StructuredDataInput()
    search_space = SearchSpace(
        Graph([node], [ClassificationHead()(Scaled(how)(node))]),
        schemas=problem.search_space.schemas,
        targets=problem.search_space.targets,
        n_samples=150,
        batch_size=105,
    )

    def losses(factor, cache):
        trial = evaluate(
            {"scaled_1/factor": factor},
            0,
            Deadline(None),
            problem=Problem.of_one_fold(
                search_space,
                problem.objective(),
                replace(problem.options, epochs=2, cache=cache),
            ),
            data=problem.data,
        )
        assert trial.error is None
        return trial.history["loss"]

    cache = CompiledCache()
    losses(0.0, cache)
    after_another = losses(1.0, cache)
    assert after_another == losses(1.0, CompiledCache())


@pytest.mark.parametrize(("limit", "is_kept"), [(1, False), (10**6, True)])
def test_large_networks_are_not_kept_for_reuse(problem, limit, is_kept):
    cache = CompiledCache(max_weights=limit)
    first, second = (
        problem.search_space.build({"training/optimizer": name})
        for name in ("adam", "nadam")
    )
    found = weakref.ref(cache.get(first, problem.search_space.heads))
    cache.get(second, problem.search_space.heads)
    gc.collect()
    assert (found() is not None) is is_kept


def test_networks_that_read_other_inputs_do_not_share_a_compiled_function():
    inputs = {name: keras.Input((3,), name=name) for name in ("first", "second")}

    def network(name):
        return keras.Model(inputs, {"head": keras.layers.Dense(2)(inputs[name])})

    assert structure(network("first")) == structure(network("first"))
    assert structure(network("first")) != structure(network("second"))
