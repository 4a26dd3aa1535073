"""A small real problem, and small spaces for oracles."""

from dataclasses import dataclass, replace

import keras_tuner
import numpy as np
import pytest
from scipy.sparse import csr_matrix
from sklearn.datasets import load_diabetes, load_iris

from skautokeras import (
    ClassificationHead,
    DenseBlock,
    RegressionHead,
    StructuredDataInput,
)
from skautokeras import _training as training
from skautokeras._data import (
    ClassAdapter,
    Data,
    NumberAdapter,
    Rows,
    StructuredDataAdapter,
    split_indices,
)
from skautokeras._space import Graph, SearchSpace
from skautokeras._state import seeded
from skautokeras._training import Deadline, Recipe, make_objective, train
from skautokeras._training import deadline as deadline_module


@dataclass(frozen=True)
class Problem:
    """A table and its target, ready to be trained on; X and y are the valid rows."""

    search_space: SearchSpace
    data: Data
    target: ClassAdapter | NumberAdapter
    y: np.ndarray
    X: np.ndarray

    @property
    def recipe(self):
        return Recipe(heads=self.search_space.heads, epochs=6)

    def of_one_fold(self, search_space=None, recipe=None):
        """Return what trials share: the search space, one fold and the recipe."""
        return training.Problem.of_one_fold(
            search_space or self.search_space, self.objective(), recipe or self.recipe
        )

    def objective(self, scoring=None, **kwargs):
        heads, rows = self.search_space.heads, self.data.valid
        targets = dict.fromkeys(heads, self.target)
        y_true = dict.fromkeys(heads, self.y)
        return make_objective(scoring, heads, targets, rows, y_true=y_true, **kwargs)

    def train(self, values=None, *, seed=0, data=None, recipe=None, **changes):
        """Build and train; return the network and the monitor."""
        data = data or self.data
        with seeded(seed):
            built = self.search_space.build(values or {})
            monitor = train(
                built,
                replace(recipe or self.recipe, **changes),
                data.train,
                data.valid,
                self.objective(),
                deadline=Deadline(None),
                seed=seed,
                on_epoch=lambda epoch, logs: False,
            )
        return built, monitor


def make_problem(X, y, *, head, target, stratify):
    """Take a table through the adapters, to one dense block."""
    adapter, target = StructuredDataAdapter().fit(X), target.fit(y)
    node = StructuredDataInput()
    block = DenseBlock(n_layers=1, units=16, use_batchnorm=False, residual=False)
    search_space = SearchSpace(
        Graph([node], [head(block(node))]),
        schemas=[adapter.schema_],
        targets=[target.schema_],
        n_samples=len(y),
        batch_size=16,
    )
    (name,) = search_space.heads
    rows = Rows(adapter.transform(X), {name: target.transform(y)}, None)
    train_rows, valid_rows = split_indices(y, 0.3, stratify=stratify, seed=0)
    data = Data(rows.take(train_rows), rows.take(valid_rows), all=rows)
    return Problem(search_space, data, target, y[valid_rows], X[valid_rows])


@pytest.fixture(scope="session")
def problem():
    """Iris as a problem for one dense block."""
    X, y = load_iris(return_X_y=True)
    return make_problem(
        X, y, head=ClassificationHead(), target=ClassAdapter(), stratify=True
    )


@pytest.fixture(scope="session")
def words_problem():
    """A sparse table of 1200 columns, of which ten tell what class a row is of."""
    rng = np.random.default_rng(0)
    y = np.arange(400) % 2
    telling = rng.integers(0, 5, 400) + 5 * y
    columns = np.column_stack([telling, rng.integers(10, 1200, (400, 6))]).ravel()
    starts = np.arange(0, len(columns) + 1, 7)
    X = csr_matrix((np.full(len(columns), 0.4), columns, starts), shape=(400, 1200))
    return make_problem(
        X, y, head=ClassificationHead(), target=ClassAdapter(), stratify=True
    )


@pytest.fixture(scope="session")
def regression_problem():
    """Half of the diabetes table as a problem for one dense block."""
    X, y = load_diabetes(return_X_y=True)
    return make_problem(
        X[::2], y[::2], head=RegressionHead(), target=NumberAdapter(), stratify=False
    )


@pytest.fixture(scope="session")
def measured_problem():
    """320 training rows of two classes, with a metric that is no mean over rows."""
    X = np.random.default_rng(0).standard_normal((458, 3))
    return make_problem(
        X,
        (X[:, 0] > 0).astype(int),
        head=ClassificationHead(metrics=["AUC"]),
        target=ClassAdapter(),
        stratify=True,
    )


@pytest.fixture
def space():
    """A space with a branch: three hyperparameters exist for one choice only."""
    hp = keras_tuner.HyperParameters()
    kind = hp.Choice("block_1/kind", ["a", "b"])
    hp.Choice("block_1/size", [1, 2, 3])
    with hp.conditional_scope("block_1/kind", ["b"]):
        for name in ("x", "y", "z"):
            hp.Choice(f"block_1/b/{name}", [1, 2])
    hp.Float("training/rate", 0.0, 1.0)
    assert kind == "a"
    return hp


@pytest.fixture
def clock(monkeypatch):
    """A clock that is set by hand."""

    class Clock:
        now = 0.0

    monkeypatch.setattr(deadline_module.time, "monotonic", lambda: Clock.now)
    return Clock
