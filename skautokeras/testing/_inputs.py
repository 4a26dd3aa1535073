"""The contract of inputs, and of their adapters, schemas, blocks and twins."""

import copy
import json
import pickle
from dataclasses import dataclass
from functools import cached_property

import joblib
import keras
import numpy as np
from sklearn.base import clone

from skautokeras._data.rows import n_rows, take_rows
from skautokeras._data.schema import Schema, TargetSchema, TrainingTraits
from skautokeras._export.raw_inputs import KERAS, RawInputs
from skautokeras._export.raw_model import input_names
from skautokeras._export.twins import twin_of
from skautokeras._fit.adapters import make_x_adapter
from skautokeras._space.block import Block
from skautokeras._space.configurations import predefined
from skautokeras._space.graph import Graph
from skautokeras._space.heads import ClassificationHead
from skautokeras._space.inputs import InputNode
from skautokeras._space.search_space import SearchSpace
from skautokeras._space.unfilled import without_weights
from skautokeras._state.codec import decode, encode
from skautokeras._state.randomness import seeded
from skautokeras.testing._checks import require, run_checks

_PREFIX = "input__"


def check_input(input_node, X, raw=None, *, expected_failed_checks=None):
    """Check that an input keeps the contract of inputs.

    The input must be made again from its configuration. Its adapter must be an ordinary
    scikit-learn transformer that treats rows one by one and can be written to a file.
    Its schema must say what the search space asks for, and the tensors of the input
    must fit the arrays. The default block must be built on them, with every
    configuration that it knows to work. Networks are built, none is trained.

    Parameters
    ----------
    input_node : InputNode
        Input to check.
    X : object
        Some ten rows of data for the input, as an estimator takes it.
    raw : dict of str to array-like of shape (n_samples, ...) or None, default=None
        The same rows as an exported model takes them, by the names of its raw inputs.
        With them, the twin of the adapter must make the same arrays. If None, the input
        needs no twin.
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
    >>> import numpy as np
    >>> from skautokeras import Input
    >>> from skautokeras.testing import check_input
    >>> X = np.random.default_rng(0).normal(size=(10, 5))
    >>> check_input(Input(), X, raw={"array": X})
    """
    run_checks(_CHECKS, _Case(input_node, X, raw), expected_failed_checks)


@dataclass(frozen=True, eq=False)
class _Case:
    """An input, and rows for it."""

    node: InputNode
    X: object
    raw: dict | None

    @cached_property
    def graph(self):
        """The default block of the input, and a head."""
        block = self.node.default_block()
        return Graph([self.node], [ClassificationHead()(block(self.node))])

    @cached_property
    def x_adapter(self):
        """The adapter of the graph, fitted."""
        return make_x_adapter(self.graph).fit(self.X)

    @cached_property
    def schema(self):
        """What the adapter has learned."""
        return self.x_adapter.schemas_[0]

    @cached_property
    def arrays(self):
        """The arrays of all rows."""
        return self.x_adapter.transform(self.X)

    @property
    def y(self):
        """Two classes, by turns."""
        return np.arange(n_rows(self.X)) % 2

    @cached_property
    def search_space(self):
        """The search space for two classes."""
        return SearchSpace(
            self.graph,
            schemas=[self.schema.with_training_rows(self.arrays, self.y)],
            targets=[TargetSchema(kind="binary", n_outputs=1)],
            n_samples=n_rows(self.X),
        )


def check_the_input_is_made_again(case):
    """Check that copies and what is read back are equal, and the same node."""
    node = case.node
    require(isinstance(node, InputNode), "the input must derive from InputNode.")
    config = json.loads(json.dumps(node.get_config()))
    copies = {
        "clone": clone(node, safe=False),
        "from_config": type(node).from_config(config),
        "pickle": pickle.loads(pickle.dumps(node)),
    }
    for maker, copied in copies.items():
        require(copied == node, f"{maker} must return an equal input.")
        Graph([copied], case.graph.outputs)


def check_the_adapter_is_a_transformer(case):
    """Check that the adapter is cloned, has tags, and is not fitted yet."""
    adapter = case.node.make_adapter()
    require(
        adapter is not case.node.make_adapter(),
        "make_adapter must return another adapter in each call.",
    )
    require(not hasattr(adapter, "schema_"), "the adapter must not be fitted.")
    clone(adapter)
    for tag in ("allow_nan", "sparse", "string"):
        require(
            isinstance(getattr(case.node.tags, tag), bool), f"the tag {tag} is missing."
        )


def check_the_schema(case):
    """Check that the schema has what the search space and the training ask for."""
    schema = case.schema
    require(isinstance(schema, Schema), "schema_ must derive from Schema.")
    require(
        schema.n_samples == n_rows(case.X),
        f"n_samples must be {n_rows(case.X)}, got {schema.n_samples}.",
    )
    require(isinstance(schema.traits, TrainingTraits), "traits must be TrainingTraits.")
    informed = schema.with_training_rows(case.arrays, case.y)
    require(
        isinstance(informed, type(schema)),
        "with_training_rows must return a schema of the same class.",
    )


def check_x_is_not_changed(case):
    """Check that neither fit nor transform changes X."""
    X = copy.deepcopy(case.X)
    before = joblib.hash(X)
    make_x_adapter(case.graph).fit(X).transform(X)
    require(joblib.hash(X) == before, "the adapter must not change X.")


def check_the_arrays(case):
    """Check that arrays have a row per row of X, whatever other rows there are."""
    n_samples = n_rows(case.X)
    fitted = clone(case.x_adapter)
    _require_equal(fitted.fit_transform(case.X), case.arrays, "fit_transform")
    for name, array in case.arrays.items():
        require(
            isinstance(array, np.ndarray) and array.ndim > 1,
            f"{name!r} must be an array of shape (n_samples, ...).",
        )
        require(len(array) == n_samples, f"{name!r} must have {n_samples} rows.")
    rows = np.arange(n_samples)[::-2]
    some = case.x_adapter.transform(take_rows(case.X, rows))
    expected = {name: array[rows] for name, array in case.arrays.items()}
    _require_equal(some, expected, "transform of some rows")


def check_the_adapter_pickles(case):
    """Check that the fitted adapter makes the same arrays after pickling."""
    copied = pickle.loads(pickle.dumps(case.x_adapter))
    _require_equal(copied.transform(case.X), case.arrays, "a pickled adapter")


def check_the_adapter_is_saved(case):
    """Check that the fitted adapter makes the same arrays after a file was read."""
    members = {}
    content = json.loads(json.dumps(encode(case.x_adapter, members)))
    read = decode(content, members)
    _require_equal(read.transform(case.X), case.arrays, "an adapter from a file")


def check_the_tensors(case):
    """Check that the tensors have the names, shapes and types of the arrays."""
    for prefix in ("", _PREFIX):
        tensors, _ = case.node.symbolic(case.schema, prefix)
        expected = {prefix + name for name in case.arrays}
        require(
            set(tensors) == expected,
            f"symbolic must return the tensors {sorted(expected)}, got "
            f"{sorted(tensors)}.",
        )
        for name, array in case.arrays.items():
            tensor = tensors[prefix + name]
            found = (tensor.name, tensor.shape, tensor.dtype)
            wanted = (prefix + name, (None, *array.shape[1:]), array.dtype.name)
            require(found == wanted, f"a tensor is {found}, its array is {wanted}.")


def check_the_default_block_predicts(case):
    """Check that the default block predicts a finite number per row."""
    require(
        isinstance(case.node.default_block(), Block),
        "default_block must return a Block.",
    )
    with seeded(0):
        built = case.search_space.build({})
    (y_pred,) = built.model(case.arrays).values()
    require(
        y_pred.shape == (n_rows(case.X), 1) and np.isfinite(y_pred).all(),
        "the network on the default block must predict a finite number per row.",
    )


def check_known_configurations(case):
    """Check that what is known to work can be built, with values of the space."""
    space = {hp.name: hp for hp in case.search_space.hyperparameters().space}
    for values in predefined(case.search_space):
        # What a configuration says of parts that these data do not need is left aside.
        known = values.keys() & space.keys()
        require(
            known or not values, f"no hyperparameter has a name of {sorted(values)}."
        )
        for name in known:
            require(
                _admits(space[name], values[name]),
                f"{name!r} cannot have the value {values[name]!r}.",
            )
        without_weights(case.search_space.build, values)


def check_the_twin(case):
    """Check that the twin makes of raw data what the adapter makes of X."""
    if case.raw is None:
        return
    (names,) = input_names(case.x_adapter).values()
    inputs = RawInputs(KERAS, encoded=False)
    arrays = twin_of(case.x_adapter.adapters_[0]).arrays(names, inputs)
    require(
        set(inputs.tensors) == set(case.raw),
        f"the raw inputs are {sorted(inputs.tensors)}, not {sorted(case.raw)}.",
    )
    raw = {
        name: keras.ops.convert_to_tensor(np.asarray(value), inputs.tensors[name].dtype)
        for name, value in case.raw.items()
    }
    made = {
        name: np.asarray(array) for name, array in inputs.model(arrays)(raw).items()
    }
    _require_equal(made, case.arrays, "the twin", tolerance=1e-5)


_CHECKS = (
    check_the_input_is_made_again,
    check_the_adapter_is_a_transformer,
    check_x_is_not_changed,
    check_the_schema,
    check_the_arrays,
    check_the_adapter_pickles,
    check_the_adapter_is_saved,
    check_the_tensors,
    check_the_default_block_predicts,
    check_known_configurations,
    check_the_twin,
)


def _admits(hp, value):
    """Return whether a hyperparameter of KerasTuner can have a value."""
    if hasattr(hp, "min_value"):
        return hp.min_value <= value <= hp.max_value
    return value in hp.values if hasattr(hp, "values") else isinstance(value, bool)


def _require_equal(arrays, expected, what, tolerance=0.0):
    require(
        set(arrays) == set(expected),
        f"{what} must make the arrays {sorted(expected)}, got {sorted(arrays)}.",
    )
    for name, array in arrays.items():
        same = array.shape == expected[name].shape and np.allclose(
            array, expected[name], rtol=tolerance, atol=tolerance, equal_nan=True
        )
        require(same, f"{what} must make the same array {name!r} as transform.")
