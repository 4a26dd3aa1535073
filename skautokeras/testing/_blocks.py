"""The contract of blocks."""

import copy
import inspect
import json
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from sklearn.base import clone

from skautokeras._data.schema import TargetSchema
from skautokeras._fit.adapters import make_x_adapter
from skautokeras._fit.encoding import encode_all
from skautokeras._space.block import Block
from skautokeras._space.declaration import Searched, declared
from skautokeras._space.graph import Graph
from skautokeras._space.heads import ClassificationHead
from skautokeras._space.inputs import StructuredDataInput
from skautokeras._space.node import topological_order
from skautokeras._space.search_space import SearchSpace
from skautokeras._space.unfilled import without_weights
from skautokeras._state.randomness import seeded
from skautokeras.testing._checks import require, run_checks

_N_ROWS = 40
# Words that leave it open what a parameter is.
_BAD_BEGINNINGS = {"As", "Of", "What", "From"}


def check_block(block, inputs=None, X=None, *, expected_failed_checks=None):
    """Check that a block keeps the contract of blocks.

    Parameters must be stored as they are, so that copies, configurations and graphs
    that are read back ask for the same hyperparameters. Declared parameters must have a
    description and refuse wrong values. The network must predict finite numbers, and
    the ends of all ranges must build. Networks are built, none is trained.

    Parameters
    ----------
    block : Block or type
        Block to check. A class is called without parameters.
    inputs : Node, list of Node or None, default=None
        Input, or output of other blocks, that the block is called on; a list for a
        block that takes several. If None, it is a `StructuredDataInput`.
    X : object, default=None
        Data for the input, as an estimator takes it. If None, some rows are made up:
        a table, images of 8 × 8 pixels, short texts, or series of 5 steps for `Input`.
    expected_failed_checks : dict of str to str or None, default=None
        Names of checks that are expected to fail, each with the reason. None expects
        all checks to pass.

    Raises
    ------
    AssertionError
        If a check fails, or if one passes that is expected to fail. The message starts
        with the name of the check.

    Examples
    --------
    >>> import keras
    >>> from skautokeras import Block, Choice, Searched
    >>> from skautokeras.testing import check_block
    >>> class Gate(Block):
    ...     units = Searched(Choice((8, 16)), at_least=1, doc="Width of the layers.")
    ...
    ...     def build(self, hp, inputs):
    ...         units = self.choose(hp, "units")
    ...         gate = keras.layers.Dense(units, activation="sigmoid")(inputs)
    ...         return gate * keras.layers.Dense(units)(inputs)
    >>> check_block(Gate)
    """
    block = block() if isinstance(block, type) else block
    inputs = StructuredDataInput() if inputs is None else inputs
    nodes = inputs if isinstance(inputs, list) else [inputs]
    roots = [node for node in topological_order(nodes) if node.block is None]
    if X is None:
        rng = np.random.default_rng(0)
        parts = [node.example_rows(_N_ROWS, rng) for node in roots]
        X = parts[0] if len(parts) == 1 else parts
    run_checks(_CHECKS, _Case(block, inputs, roots, X), expected_failed_checks)


@dataclass(frozen=True, eq=False)
class _Case:
    """A block, and what it is built on."""

    block: Block
    inputs: object
    roots: list
    X: object

    @cached_property
    def data(self):
        """Schemas and arrays of X."""
        adapter = make_x_adapter(self.graph())
        arrays = encode_all(adapter, adapter.fit_transform(self.X))
        return adapter.schemas_, arrays

    @property
    def n_rows(self):
        """Number of rows of X."""
        return len(next(iter(self.data[1].values())))

    def graph(self):
        """Return a graph with a head on the block."""
        return Graph(self.roots, [ClassificationHead()(self.block(self.inputs))])

    def search_space(self, graph=None):
        """Return the search space of a graph, by default one with the block."""
        return SearchSpace(
            graph or self.graph(),
            schemas=self.data[0],
            targets=[TargetSchema(kind="binary", n_outputs=1)],
            n_samples=self.n_rows,
        )

    def of(self, block):
        """Return the case with another block on the same data."""
        case = replace(self, block=block)
        vars(case)["data"] = self.data
        return case

    @cached_property
    def hyperparameters(self):
        """All hyperparameters of the search space, those of the training included."""
        return self.search_space().hyperparameters()

    def predict(self, graph):
        """Return what the network of all defaults predicts, its weights seeded."""
        with seeded(0):
            built = self.search_space(graph).build({})
            return np.asarray(*built.model(self.data[1]).values())

    @cached_property
    def prediction(self):
        """What the network on the block itself predicts."""
        return self.predict(self.graph())


def check_parameters_are_stored(case):
    """Check that the constructor stores its parameters as they are."""
    block_class = type(case.block)
    names = _parameters(block_class)
    for given in ({name: object() for name in names}, dict.fromkeys(names)):
        found = vars(block_class(**given))
        for name, value in given.items():
            require(name in found, f"{name!r} must be stored under the same name.")
            require(found[name] is value, f"{name!r} must be stored as it is.")


def check_declarations(case):
    """Check that declared parameters have a description, and a default in the range."""
    for name, item in declared(type(case.block)).items():
        words = item.doc.split()
        require(len(words) > 1, f"the description of {name!r} is no sentence.")
        require(
            words[0] not in _BAD_BEGINNINGS,
            f"the description of {name!r} begins with {words[0]!r}: it must say what "
            "the parameter is.",
        )
        require(
            words[0][0] in "\"'`" or words[0][0].isupper(),
            f"the description of {name!r} must begin with a capital letter.",
        )
        require(
            item.doc.endswith("."),
            f"the description of {name!r} must end with a full stop.",
        )
        if isinstance(item, Searched) and item.range.default is not None:
            require(
                _holds(item.range, item.range.default),
                f"the default of {name!r} is outside of its range.",
            )


def check_wrong_values_are_refused(case):
    """Check that an object of no sense is refused with the name of the parameter."""
    block_class = type(case.block)
    for name in declared(block_class):
        if name not in _parameters(block_class):
            continue
        block = copy.copy(case.block)
        setattr(block, name, _Nonsense())
        message = _error_of(case.of(block).search_space(), {})
        require(
            message is not None, f"a value of no sense for {name!r} is not refused."
        )
        require(
            repr(name) in message,
            f"the error about {name!r} must name it. Got: {message}",
        )


def check_copies_are_equal(case):
    """Check that a copy, and what is read back, is equal and asks for the same."""
    block = case.block
    config = json.loads(json.dumps(block.get_config()))
    copies = {
        "clone": clone(block, safe=False),
        "from_config": block.from_config(config),
    }
    for maker, copied in copies.items():
        require(copied is not block, f"{maker} must return another object.")
        require(copied == block, f"{maker} must return an equal block.")
        require(hash(copied) == hash(block), f"{maker} must keep the hash.")
        found = case.of(copied).hyperparameters.get_config()
        require(
            found == case.hyperparameters.get_config(),
            f"{maker} must return a block that asks for the same hyperparameters.",
        )


def check_building_changes_nothing(case):
    """Check that a block is as it was after it has been built."""
    before = copy.deepcopy(vars(case.block))
    without_weights(case.search_space().build, {})
    require(vars(case.block) == before, "build must not change the block.")


def check_defaults_predict(case):
    """Check that the network of all defaults predicts a finite number per row."""
    require(
        case.prediction.shape == (case.n_rows, 1),
        "the network must predict a number per row.",
    )
    require(
        np.isfinite(case.prediction).all(),
        "the network must predict finite numbers.",
    )


def check_clones_make_the_same_network(case):
    """Check that inputs and outputs that are cloned apart make the same network."""
    graph = case.graph()
    copied = Graph(clone(graph.inputs, safe=False), clone(graph.outputs, safe=False))
    require(
        np.array_equal(case.predict(copied), case.prediction),
        "with the same seed, copies must make networks that predict the same.",
    )


def check_ranges_build(case):
    """Check that the first and the last value of each range can be built."""
    space = case.search_space()
    scope = f"{space.graph.block_names[-1]}/"
    for hp in case.hyperparameters.space:
        # Hyperparameters of inner blocks are theirs.
        if not hp.name.startswith(scope) or hp.name.count("/") > 1:
            continue
        values = {c.name: c.values[0] for c in hp.conditions}
        for value in {*_ends(hp)} - {hp.default}:
            message = _error_of(space, {**values, hp.name: value})
            require(message is None, f"{hp.name}={value!r} cannot be built: {message}")


_CHECKS = (
    check_parameters_are_stored,
    check_declarations,
    check_wrong_values_are_refused,
    check_copies_are_equal,
    check_building_changes_nothing,
    check_defaults_predict,
    check_clones_make_the_same_network,
    check_ranges_build,
)


class _Nonsense:
    """A value that no parameter can have."""

    def __repr__(self):
        return "nonsense"


def _error_of(search_space, values):
    """Return what building complains of, None if it does not."""
    try:
        without_weights(search_space.build, values)
    except (TypeError, ValueError) as error:
        return str(error)
    return None


def _parameters(block_class):
    """Return the names of the parameters of a constructor."""
    if block_class.__init__ is object.__init__:
        return []
    return list(inspect.signature(block_class).parameters)


def _holds(searched, value):
    """Return whether a range holds a value."""
    if hasattr(searched, "values"):
        return value in searched.values
    if hasattr(searched, "low"):
        return searched.low <= value <= searched.high
    return True


def _ends(hp):
    """Return the first and the last value of a hyperparameter of KerasTuner."""
    if hasattr(hp, "values"):
        values = list(hp.values)
        return [values[0], values[-1]]
    if hasattr(hp, "min_value"):
        return [hp.min_value, hp.max_value]
    return [False, True]
