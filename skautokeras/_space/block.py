"""Block, the one contract of the search space."""

import contextlib
import inspect
import re
from collections.abc import Hashable

import keras

from skautokeras._space.accelerator import bfloat16_in_training
from skautokeras._space.configurable import Configurable
from skautokeras._space.declaration import (
    Searched,
    check_parameters,
    complete_class,
    declared,
)
from skautokeras._space.hyperparameters import greatest, is_searched
from skautokeras._space.node import Node, given_parameters, parameters_of
from skautokeras._space.records import Predictions, Record

# Number of characters that an error shows of a block.
_SHOWN = 200


class Block(Configurable):
    """Base class of everything that a search space is made of.

    A block of your own derives from it and says in `build` which hyperparameters it
    needs and which layers it makes of them. It may ask ``hp`` for hyperparameters by
    name, and store fixed values in a constructor. Or it declares its parameters as
    `Searched` and `Fixed`: then it has a constructor and a docstring that tell of
    them, users can fix each value or narrow its range, and `choose` returns a value
    that has been checked. `skautokeras.testing.check_block` checks a block.

    Hyperparameters are named inside the block; the graph adds the path, so that names
    such as ``dense_block_1/units_0`` are the same in every process.

    Calling a block on the node of an input or of another block (or on a list of
    nodes) wires it into a graph and returns its own node. A block that is called
    several times is shared, as a Keras layer is: its hyperparameters and weights are
    the same everywhere, on tensors of the same shapes.

    Examples
    --------
    >>> import keras
    >>> from skautokeras import Block, ClassificationHead, StructuredDataInput
    >>> class Gated(Block):
    ...     def build(self, hp, inputs):
    ...         units = hp.Int("units", 8, 64, step=8, default=32)
    ...         gate = keras.layers.Dense(units, activation="sigmoid")(inputs)
    ...         return gate * keras.layers.Dense(units)(inputs)
    >>> head = ClassificationHead()(Gated()(StructuredDataInput()))

    The same block with a parameter that users can give:

    >>> from skautokeras import Int, Searched
    >>> class Gated(Block):
    ...     units = Searched(
    ...         Int(8, 64, default=32), at_least=1, doc="Width of the gate."
    ...     )
    ...
    ...     def build(self, hp, inputs):
    ...         units = self.choose(hp, "units")
    ...         gate = keras.layers.Dense(units, activation="sigmoid")(inputs)
    ...         return gate * keras.layers.Dense(units)(inputs)
    >>> Gated(units=16), Gated(units=Int(8, 16))
    (Gated(units=16), Gated(units=Int(low=8, high=16, default=None, sampling='linear')))
    """

    # True: `build` gets the record that an input gives (`Table`, `Image`, `Text`) as it
    # is; False: one float tensor.
    takes_records = False
    # True: on images, its layers may compute in bfloat16 while they are trained.
    tolerates_bfloat16 = False
    # Blocks of a graph may differ in what their known configurations say of training,
    # or in their ranks: the block with the highest number decides.
    training_priority = 0
    # Names, files or folders of the pretrained models that the block needs for texts or
    # images; those of blocks among the parameters are found without it.
    presets = ()

    @property
    def encoded_presets(self):
        """Those of the ``presets`` whose vectors of texts or images may be read."""
        return self.presets

    def __init__(self, **parameters):
        if parameters and super().__init__.__qualname__ == "object.__init__":
            raise TypeError(
                f"{type(self).__name__} passes {', '.join(parameters)} to the "
                "constructor of Block, which takes no parameters. Blocks have no name "
                "of their own, because the graph names them: dense_block_1. Call "
                "super().__init__() without arguments."
            )
        super().__init__(**parameters)

    # A class with declarations gets a constructor that takes them; others take nothing.
    __init__.made_for = None
    __init__.__signature__ = inspect.Signature(
        [inspect.Parameter("self", inspect.Parameter.POSITIONAL_OR_KEYWORD)]
    )

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        complete_class(cls)

    def __call__(self, inputs):
        """Wire the block behind ``inputs``.

        Parameters
        ----------
        inputs : Node or list of Node
            Nodes that the block is built on.

        Returns
        -------
        node : Node
            The output of the block.

        Raises
        ------
        TypeError
            If ``inputs`` holds something else than nodes.
        ValueError
            If ``inputs`` is an empty list.
        """
        parents = inputs if isinstance(inputs, (list, tuple)) else [inputs]
        if not parents:
            raise ValueError(f"{type(self).__name__} was called on an empty list.")
        for parent in parents:
            if not isinstance(parent, Node):
                raise TypeError(
                    f"{type(self).__name__} must be called on an input or on the "
                    f"output of another block, got {type(parent).__name__}."
                )
        return Node(self, parents)

    def build(self, hp, inputs):
        """Return the output of the block on ``inputs``.

        Parameters
        ----------
        hp : keras_tuner.HyperParameters
            Container that is asked for hyperparameters, by names inside the block.
        inputs : keras.KerasTensor, or a list of them if called on several nodes
            Tensors that the layers of the block are called on.

        Returns
        -------
        outputs : keras.KerasTensor
            The symbolic output.
        """
        raise NotImplementedError(f"{type(self).__name__} must define build.")

    def known_configurations(self, schemas, targets):
        """Return configurations of the block that are known to work.

        A search begins with them, and then changes the best.

        Parameters
        ----------
        schemas : sequence of Schema
            Schema of each input of the graph. If empty, nothing is known about the
            data, and the configurations for any data are wanted.
        targets : sequence of TargetSchema
            Schema of the target of each head.

        Returns
        -------
        configurations : sequence of dict
            Values by the names that hyperparameters have in the block, such as
            ``"dense_block_1/n_layers"``. The search tries them in the order of their
            `rank`, and then of their cost. Names that begin with ``"training/"`` are
            those of the training. What is not named has its default. By default there
            are none.
        """
        return []

    def rank(self, values, schemas, targets):
        """Return whether a known configuration comes behind others whatever it costs.

        Parameters
        ----------
        values : dict of str to object
            Values of the block, as in `known_configurations`.
        schemas : sequence of Schema
            Schema of each input of the graph.
        targets : sequence of TargetSchema
            Schema of each target of the graph.

        Returns
        -------
        rank : int or None
            Rank of the configuration: 0 if it comes first. Among configurations of one
            rank, the cheapest comes first. If None, which is the default, its cost
            decides.
        """
        return None

    def takes_long(self, values, schemas):
        """Return whether training takes long, so that it may have more of the time.

        Parameters
        ----------
        values : dict of str to object
            Values of the block in any configuration, as in `known_configurations`.
        schemas : sequence of Schema
            Schema of each input of the graph.

        Returns
        -------
        takes_long : bool
            By default False: the trial has the same share of the time as others.
        """
        return False

    def least_steps(self, values):
        """Return the steps of training that a known configuration needs at least.

        Parameters
        ----------
        values : dict of str to object
            Values of the block, as in `known_configurations`.

        Returns
        -------
        n_steps : int
            Number of steps, for which training is made longer if rows are few. By
            default 0, so that the usual number is enough.
        """
        return 0

    def trained_if(self, inputs):
        """Return for which values of a hyperparameter the network is trained.

        Other networks have no hyperparameters of training.

        Parameters
        ----------
        inputs : keras.KerasTensor or Record
            Tensor or record that `build` is called on.

        Returns
        -------
        condition : tuple (name, values) or None
            Name of a hyperparameter of the block, and a list of its values. None means
            that the block is trained in any case, or in none.
        """
        return None

    def inner_blocks(self):
        """Return the blocks inside of this one that know configurations of their own.

        Returns
        -------
        blocks : dict of str to Block
            Blocks by the names under which `build` builds them. By default none.
        """
        return {}

    def choose(self, hp, name, proposed=None):
        """Return the value of a declared hyperparameter.

        Parameters
        ----------
        hp : keras_tuner.HyperParameters
            Container that is asked for the value where the hyperparameter is searched.
        name : str
            Name of an attribute of the class that is a `Searched`.
        proposed : Choice, Int, Float or Boolean, default=None
            Range that takes the place of the declared one, where it depends on the
            inputs. A range or a value that the user gave counts more.

        Returns
        -------
        value : object
            Value to build with.

        Raises
        ------
        ValueError
            If the declaration does not allow the value.
        AttributeError
            If the class declares no hyperparameter of that name.
        """
        return self._choose(hp, name, name, proposed)

    def choose_each(self, hp, name, count):
        """Return the values of a hyperparameter, one for each layer or stage.

        Values of layers that are not there do not exist: ``units_2`` comes with a third
        layer only.

        Parameters
        ----------
        hp : keras_tuner.HyperParameters
            Container that is asked for the values.
        name : str
            Name of a declared hyperparameter; numbers are put behind it: ``units_0``.
        count : str
            Name of the declared hyperparameter that says how many layers there are.

        Returns
        -------
        values : list
            One value per layer or stage.
        """
        n, given = self.choose(hp, count), self._given(count)
        deepest = n
        if is_searched(given):
            own = self.declaration(count).range
            deepest = greatest(own if given is None else given)
        values = []
        for i in range(deepest):
            with self.when(hp, count, list(range(i + 1, deepest + 1))):
                values.append(self._choose(hp, name, f"{name}_{i}"))
        return values[:n]

    def when(self, hp, name, values):
        """Return a scope whose hyperparameters exist only for some values of another.

        Parameters
        ----------
        hp : keras_tuner.HyperParameters
            Container of the hyperparameters.
        name : str
            Name of a declared hyperparameter. There is no condition if the user has
            given a value for it.
        values : list
            Values for which the hyperparameters in the scope exist.

        Returns
        -------
        scope : context manager
            Context in which hyperparameters that do not exist have the value None.
        """
        if self.is_searched(name):
            return hp.conditional_scope(name, values)
        return contextlib.nullcontext()

    def declaration(self, name):
        """Return the declaration of a parameter.

        Parameters
        ----------
        name : str
            Name of the parameter.

        Returns
        -------
        declaration : Searched or Fixed
            Attribute of the class.

        Raises
        ------
        AttributeError
            If the class has no declaration of that name.
        """
        found = declared(type(self)).get(name)
        if found is None:
            raise AttributeError(
                f"{type(self).__name__} declares no parameter {name!r}. Write "
                f"{name} = Searched(...) into its class."
            )
        return found

    def is_searched(self, name):
        """Return whether a hyperparameter is searched: the user gave no value for it.

        Parameters
        ----------
        name : str
            Name of a declared hyperparameter.

        Returns
        -------
        searched : bool
            False if the user gave a value.
        """
        return is_searched(self._given(name))

    def _choose(self, hp, name, full_name, proposed=None):
        """Return the value of a declared hyperparameter, which may have a number."""
        searched, value = self.declaration(name), self._given(name)
        if not isinstance(searched, Searched):
            raise AttributeError(
                f"The parameter {name!r} of {type(self).__name__} is not searched."
            )
        if is_searched(value):
            choices = (value, proposed, searched.range)
            chosen = next(choice for choice in choices if choice is not None)
            value = chosen.suggest(hp, full_name)
        check_parameters(self, **{name: value})
        return value

    def _given(self, name):
        """Return what the user gave for a parameter."""
        return vars(self).get(name)

    def __eq__(self, other):
        """Compare class and parameters."""
        if not isinstance(other, Block):
            return NotImplemented
        return type(self) is type(other) and (
            parameters_of(self) == parameters_of(other)
        )

    def __hash__(self):
        """Hash class and parameters."""
        return hash((type(self), _hashable(parameters_of(self))))

    def __repr__(self):
        """Show the parameters that are not None."""
        return f"{type(self).__name__}({given_parameters(self)})"


def _hashable(value):
    """Return something hashable that is equal for equal values."""
    if isinstance(value, dict):
        return frozenset((key, _hashable(part)) for key, part in value.items())
    if isinstance(value, (list, tuple)):
        return tuple(map(_hashable, value))
    return value if isinstance(value, Hashable) else None


def snake_case(name):
    """Return a class name as it stands in the names of hyperparameters.

    >>> snake_case("StructuredDataBlock"), snake_case("RNNBlock")
    ('structured_data_block', 'rnn_block')
    """
    boundary = r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])"
    return re.sub(boundary, "_", name).lower()


def inner_name(block_class):
    """Return the name of a block inside another one that has no other of its class.

    Parameters
    ----------
    block_class : type
        Class of the inner block.

    Examples
    --------
    >>> from skautokeras import DenseBlock
    >>> from skautokeras._space.block import inner_name
    >>> inner_name(DenseBlock)
    'dense_block_1'
    """
    return f"{snake_case(block_class.__name__)}_1"


class Names:
    """Counts names inside one scope: ``dense_block_1``, ``dense_block_2``, ...

    >>> names = Names()
    >>> names("DenseBlock"), names("Merge"), names("DenseBlock")
    ('dense_block_1', 'merge_1', 'dense_block_2')
    """

    def __init__(self):
        self._counts = {}

    def __call__(self, class_name):
        """Return the next name for an instance of ``class_name``."""
        base = snake_case(class_name)
        self._counts[base] = self._counts.get(base, 0) + 1
        return f"{base}_{self._counts[base]}"


@contextlib.contextmanager
def naming(name, block):
    """Add the name of a block to the errors that are raised about it.

    Parameters
    ----------
    name : str
        Name of the block in its graph.
    block : Block
        The block, which is shown as well.

    Examples
    --------
    >>> from skautokeras import DenseBlock
    >>> from skautokeras._space.block import naming
    >>> with naming("dense_block_1", DenseBlock()):
    ...     raise ValueError("It is too wide.")
    Traceback (most recent call last):
    ValueError: dense_block_1, DenseBlock(): It is too wide.
    """
    try:
        yield
    except Exception as error:
        shown = repr(block)
        if len(shown) > _SHOWN:
            shown = f"{shown[:_SHOWN]}..."
        named = _with_message(error, f"{name}, {shown}: {error}")
        if named is None:
            error.add_note(f"This is an error of {name}, {shown}.")
            raise
        raise named from error


def _with_message(error, message):
    """Return an error of the same class; None if a message is not all that it has."""
    if not isinstance(error, TypeError | ValueError):
        return None
    try:
        return type(error)(message)
    except TypeError:  # A UnicodeDecodeError has several arguments.
        return None


def build_block(hp, name, block, inputs):
    """Build ``block`` inside another one, its hyperparameters under ``name``.

    Parameters
    ----------
    hp : keras_tuner.HyperParameters
        Hyperparameters of the surrounding block.
    name : str
        Scope of the inner block, ``"dense_block_1"``.
    block : Block
        The inner block.
    inputs : keras.KerasTensor, Table or list of them
        Input of the block; a record becomes one tensor unless the block takes records.

    Returns
    -------
    outputs : keras.KerasTensor or Table
        Output of the block.
    """
    if not block.takes_records:
        several = isinstance(inputs, list)
        inputs = [as_tensor(x) for x in inputs] if several else as_tensor(inputs)
    with hp.name_scope(name), _precision(block, inputs):
        outputs = block.build(hp, inputs)
    if not isinstance(outputs, keras.KerasTensor | Record | Predictions):
        raise TypeError(_no_tensor(block, outputs))
    return outputs


def _no_tensor(block, outputs):
    """Return what is wrong with what a block has returned, and how to mend it."""
    name = f"{type(block).__name__}.build"
    if outputs is None:
        return f"{name} returned nothing. Is a return statement missing?"
    if isinstance(outputs, list | tuple | dict):
        return (
            f"{name} returned a {type(outputs).__name__} of {len(outputs)}, and must "
            "return one tensor. Join them in build, for example with "
            "keras.layers.Concatenate."
        )
    if isinstance(outputs, keras.layers.Layer):
        what = "model" if isinstance(outputs, keras.Model) else "layer"
        return f"{name} returned a {what}. Call it on the inputs and return the result."
    return f"{name} must return one tensor. Got {type(outputs).__name__} instead."


def build_chosen(hp, block, kind, networks, inputs):
    """Build the network of the type that a block has chosen.

    The hyperparameters of each type exist for that type only.

    Parameters
    ----------
    hp : keras_tuner.HyperParameters
        Container of the hyperparameters of the block.
    block : Block
        Block whose class declares ``block_type``.
    kind : str
        Value that was chosen for ``block_type``.
    networks : dict of str to type
        Class of the network for each value of ``block_type``.
    inputs : keras.KerasTensor, Table or Image
        Tensor or record that the network is built on.

    Returns
    -------
    outputs : keras.KerasTensor or Members
        Output of the network.
    """
    outputs = None
    for name, network in networks.items():
        with block.when(hp, "block_type", [name]):
            if name == kind:
                outputs = build_block(hp, inner_name(network), network(), inputs)
    return outputs


def _precision(block, inputs):
    """Return the context that says what the layers of a block compute in."""
    if not block.tolerates_bfloat16:
        return contextlib.nullcontext()
    # A list of inputs has no shape; the block says what it thinks of it.
    of_images = len(getattr(as_tensor(inputs), "shape", ())) == 4
    return bfloat16_in_training() if of_images else contextlib.nullcontext()


def as_tensor(x):
    """Return ``x`` as one tensor: a record gives its own, a tensor stays."""
    to_tensor = getattr(x, "to_tensor", None)
    return x if to_tensor is None else to_tensor()
