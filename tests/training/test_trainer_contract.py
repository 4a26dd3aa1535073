"""All three ways of training follow the same rules.

The same network starts from the same weights and sees the same batches in the same
order: in compiled epochs, through `keras.Model.fit`, and in the pipeline of
`to_scikeras`. Rates that follow a schedule change from step to step in compiled epochs
and from epoch to epoch in the others, so epochs are one step where there is a schedule.
"""

import functools
from dataclasses import dataclass, field, replace

import keras
import numpy as np
import pytest
from sklearn.datasets import load_iris

from skautokeras import (
    Block,
    ClassificationHead,
    DenseBlock,
    RealMLPBlock,
    StructuredDataInput,
    TabMBlock,
)
from skautokeras._data import (
    ClassAdapter,
    Rows,
    StructuredDataAdapter,
    XAdapter,
    YAdapter,
)
from skautokeras._export import ChosenNetworks, make_pipeline, training_params
from skautokeras._layers import mean_of_members
from skautokeras._state import Deadline, seeded
from skautokeras._training import TrainingOptions, train
from skautokeras.layers import Layer

EPOCHS = 10
# Sums in float32 that are added in another order differ by about 1e-7, which is what is
# seen; thirty steps of Adam, which divides by gradients, can make more of it. Without
# one of the rules, losses or probabilities differ by 0.003 to 0.2.
TOLERANCE = 2e-5


class LateLayer(Layer):
    """A dense layer that learns half as fast, and in the beginning not at all."""

    learning_rate_factor = 0.5

    def __init__(self, frozen_until=0.0, **kwargs):
        super().__init__(**kwargs)
        self.frozen_until = frozen_until

    def build(self, input_shape):
        """Create the matrix."""
        shape = (input_shape[-1], 8)
        self.kernel = self.add_weight(shape=shape, name="kernel")

    def call(self, x):
        """Return the products."""
        return keras.ops.matmul(x, self.kernel)


class Late(Block):
    """A dense layer, and one that learns later."""

    def __init__(self, frozen_until=0.0):
        self.frozen_until = frozen_until

    def build(self, hp, inputs):
        """Build both layers."""
        x = keras.layers.Dense(8, "tanh")(inputs)
        return LateLayer(self.frozen_until)(x)


class OnBatches(keras.callbacks.Callback):
    """A callback with which trainings go through `keras.Model.fit`."""

    def on_train_batch_end(self, batch, logs=None):
        """Do nothing."""


class LossOfMean(keras.losses.Loss):
    """What members of a TabM must not be trained with."""

    def call(self, y_true, y_pred):
        """Return the cross-entropy of the mean."""
        y_pred = mean_of_members(y_pred)
        return keras.losses.categorical_crossentropy(y_true, y_pred)


def dense(**params):
    """Return a small dense block without what is not asked for."""
    plain = {"use_batchnorm": False, "dropout": 0.0}
    settings = {"n_layers": 1, "units": 8, "residual": False, "activation": "tanh"}
    return DenseBlock(**{**settings, **plain, **params})


@dataclass(frozen=True)
class Case:
    """A network and its training, and a deviation that the contract must notice."""

    block: Block
    training: dict = field(default_factory=dict)
    deviation: dict = field(default_factory=dict)
    deviating_block: Block | None = None
    deviating_loss: keras.losses.Loss | None = None
    batch_size: int = 32
    # For probabilities, where rounding errors decide more than in the losses.
    tolerance: float = TOLERANCE


AT_ONCE = 96
CASES = {
    "weight decay": Case(dense(), {"weight_decay": 0.3}, {"weight_decay": 0.0}),
    "schedule of weight decay": Case(
        dense(),
        {"weight_decay": 1.0, "regularization": "flat_cosine"},
        {"regularization": "constant"},
        batch_size=AT_ONCE,
    ),
    "schedule of dropout": Case(
        dense(dropout=0.4, units=32),
        {"regularization": "flat_cosine"},
        {"regularization": "constant"},
        batch_size=AT_ONCE,
    ),
    "warm-up": Case(dense(), {"warm_up": 0.5}, {"warm_up": 0.0}, batch_size=AT_ONCE),
    "one cycle": Case(
        dense(), {"schedule": "one_cycle"}, {"schedule": "cosine"}, batch_size=AT_ONCE
    ),
    "averages": Case(dense(), {"ema_momentum": 0.9}, {"ema_momentum": 0.8}),
    "rates of a layer": Case(Late(), deviating_block=Late(frozen_until=0.1)),
    "head first": Case(Late(0.5), deviating_block=Late(0.4), batch_size=AT_ONCE),
    "RealMLP": Case(
        RealMLPBlock(n_layers=1, units=8, dropout=0.0),
        {"squared_momentum": 0.95, "weight_decay": 0.02},
        {"squared_momentum": 0.999},
    ),
    "members": Case(
        TabMBlock(n_members=4, n_layers=1, units=8, dropout=0.0),
        {"weight_decay": 0.1},
        deviating_loss=LossOfMean(),
    ),
    "label smoothing": Case(
        dense(), {"label_smoothing": 0.1}, {"label_smoothing": 0.0}
    ),
    # A bias in front of a batch normalization has no gradient but rounding errors, and
    # Adam makes whole steps of them. They cancel out in training, not in predictions.
    "batch normalization": Case(
        dense(use_batchnorm=True), deviation={"batch_size": 48}, tolerance=2e-3
    ),
    "RMSprop": Case(
        dense(),
        {"optimizer": "rmsprop", "squared_momentum": None},
        {"optimizer": "adam"},
    ),
    "Nadam": Case(dense(), {"optimizer": "nadam"}, {"optimizer": "adam"}),
}


@functools.cache
def data():
    """Return 96 rows of iris, adapters that were fitted to them, and their arrays."""
    X, y = load_iris(return_X_y=True)
    some = np.random.default_rng(0).permutation(len(X))[:AT_ONCE]
    X, y = X[some], y[some]
    x_adapter = XAdapter(["input"], [StructuredDataAdapter()], [None]).fit(X)
    y_adapter = YAdapter(["species"], [ClassAdapter()]).fit(y)
    rows = Rows(x_adapter.transform(X), y_adapter.transform(y), weight=None)
    return X, y, x_adapter, y_adapter, rows


def chosen(case, block):
    """Return a network as a search chooses it."""
    node = StructuredDataInput()
    output = ClassificationHead(name="species")(block(node))
    *_, y_adapter, _ = data()
    return ChosenNetworks(
        inputs=[node],
        outputs=[output],
        values=[{}],
        weights=[1.0],
        n_iterations=[None],
        targets=y_adapter,
        n_samples=AT_ONCE,
        epochs=EPOCHS,
        batch_size=case.batch_size,
    )


def build(case, *, deviates=False, seed=0):
    """Return the networks, and the first of them, built with its training."""
    block = case.deviating_block if deviates and case.deviating_block else case.block
    networks = chosen(case, block)
    _, _, x_adapter, y_adapter, _ = data()
    search_space = networks.search_space(x_adapter.schemas_, y_adapter.schemas_)
    with seeded(seed):
        built = search_space.build({})
    changes = {
        "optimizer": "adam",
        "learning_rate": 0.02,
        "schedule": "constant",
        "weight_decay": 0.0,
        "label_smoothing": 0.0,
        "batch_size": case.batch_size,
        **case.training,
        **(case.deviation if deviates else {}),
    }
    built = replace(built, training=replace(built.training, **changes))
    if deviates and case.deviating_loss:
        built = replace(built, losses={"species": case.deviating_loss})
    return networks, search_space, built


def by_search(case, callbacks=(), **kwargs):
    """Return losses and predictions of a training of the search."""
    _, search_space, built = build(case, **kwargs)
    rows = data()[-1]
    options = TrainingOptions(
        heads=search_space.heads,
        callbacks=callbacks,
        shuffle=False,
        epochs=EPOCHS,
    )
    monitor = train(
        built,
        options,
        rows,
        None,
        None,
        deadline=Deadline(None),
        seed=0,
        on_epoch=lambda epoch, logs: False,
    )
    return monitor.history["loss"], np.asarray(built.model(rows.x)["species"])


def fitted_model(networks, training, starts):
    """Return the fitted last step of the pipeline of `to_scikeras`, and its X."""
    X, y, x_adapter, y_adapter, _ = data()
    pipeline = make_pipeline(
        networks, x_adapter, y_adapter.schemas_, random_state=0, class_weight=None
    )
    preprocessing, model = (step for _, step in pipeline.steps)
    # SciKeras takes parameters of callbacks by its constructor only.
    params = model.get_params(deep=False)
    params = {k: v for k, v in params.items() if not k.startswith("optimizer")}
    params |= training_params(training, smooths_labels=True)
    model = type(model)(**{**params, "shuffle": False, "warm_start": True})
    table = preprocessing.fit_transform(X, y)
    model.initialize(table, y)
    # The same start, dropout's generators included.
    parts = [model.model_]
    if len(starts) > 1:
        parts = [v for v in model.model_.layers if isinstance(v, keras.Model)]
    for part, start in zip(parts, starts, strict=True):
        for variable, value in zip(part.variables, start.variables, strict=True):
            variable.assign(value)
    return model.fit(table, y), table


def by_pipeline(case):
    """Return losses and predictions of the pipeline of `to_scikeras`."""
    networks, _, built = build(case)
    model, table = fitted_model(networks, built.training, [built.model])
    return model.history_["loss"], model.predict_proba(table)


@functools.cache
def compiled(name):
    """Return losses and predictions of compiled epochs."""
    return by_search(CASES[name])


def difference(one, other):
    """Return the greatest differences of two trainings, in losses and probabilities."""
    return [np.abs(np.subtract(a, b)).max() for a, b in zip(one, other, strict=True)]


def assert_alike(one, other, tolerance=TOLERANCE):
    in_losses, in_probabilities = difference(one, other)
    assert in_losses < TOLERANCE
    assert in_probabilities < tolerance


@pytest.mark.parametrize("name", CASES)
def test_training_through_fit_is_that_of_compiled_epochs(name):
    case = CASES[name]
    found = by_search(case, callbacks=(OnBatches(),))
    assert_alike(found, compiled(name), case.tolerance)


@pytest.mark.parametrize("name", CASES)
def test_training_in_a_pipeline_is_that_of_compiled_epochs(name):
    case = CASES[name]
    assert_alike(by_pipeline(case), compiled(name), case.tolerance)


@pytest.mark.parametrize("name", CASES)
def test_a_training_without_the_rule_is_another_one(name):
    case = CASES[name]
    deviating = by_search(case, deviates=True)
    in_losses, in_probabilities = difference(deviating, compiled(name))
    # Averages of the weights are seen in what is predicted only.
    assert in_losses > 100 * TOLERANCE or name == "averages"
    assert in_probabilities > 5 * case.tolerance


def test_networks_of_an_ensemble_are_trained_in_a_pipeline_as_if_alone():
    case = CASES["weight decay"]
    (networks, _, first), (_, _, second) = build(case), build(case, seed=1)
    weights = [0.75, 0.25]
    networks = replace(
        networks, values=[{}, {}], weights=weights, n_iterations=[None, None]
    )
    starts = [first.model, second.model]
    model, table = fitted_model(networks, first.training, starts)
    alone = [compiled("weight decay"), by_search(case, seed=1)]
    expected = [
        sum(w * np.asarray(a) for w, a in zip(weights, parts, strict=True))
        for parts in zip(*alone, strict=True)
    ]
    found = model.history_["loss"], model.predict_proba(table)
    assert_alike(found, expected)
