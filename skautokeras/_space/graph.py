"""Graph: the nodes of a network with their order and names, and checks of them."""

import re
from collections import Counter

from skautokeras._space.block import Names
from skautokeras._space.heads import Head
from skautokeras._space.inputs import InputNode
from skautokeras._space.node import Node, describe, topological_order


class Graph:
    """The nodes of a network, from the inputs to the heads, with their names.

    A graph does not depend on data.

    Parameters
    ----------
    inputs : list of Node
        Input nodes, in the order of the data.
    outputs : list of Node
        Results of heads, in the order of the targets.

    Attributes
    ----------
    order : list of Node
        All nodes that the outputs are built on, parents first, and the outputs.
    input_names, head_names, block_names : list of str
        Names of the inputs, of the heads and of the blocks between them.

    Raises
    ------
    TypeError
        If an input is not an input node, or an output is not a node.
    ValueError
        If the nodes do not fit together.
    """

    def __init__(self, inputs, outputs):
        self.inputs, self.outputs = list(inputs), list(outputs)
        check_wiring(self.inputs, self.outputs)
        self.order = topological_order(self.outputs)
        self._names = _name_nodes([*self.inputs, *self.order])
        self._shared = _shared_names(self.order, self._names)
        self.input_names = [self.name(node) for node in self.inputs]
        self.head_names = [self.name(node) for node in self.outputs]
        _check_different_names([*self.input_names, *self.head_names])
        blocks = [node for node in self.order if node.block and not is_head(node)]
        self.block_names = list(dict.fromkeys(map(self.name, blocks)))

    def describe(self):
        """Return a description that is equal for equal graphs, in any process."""
        return describe([*self.inputs, *self.outputs])

    def heads(self, targets):
        """Return the head of each output with the schema of its target.

        Parameters
        ----------
        targets : list of TargetSchema
            Schema of the target of each output.

        Returns
        -------
        heads : dict of str to (Head, TargetSchema)
            Head and schema of its target, by the name of the head.
        """
        return {
            self.name(node): (node.block, target)
            for node, target in zip(self.outputs, targets, strict=True)
        }

    def name(self, node):
        """Return the name of a node: that of the input or of the block behind it."""
        return self._names[node.key]

    def is_shared(self, node):
        """Return whether the block of a node is called several times."""
        return self.name(node) in self._shared


def is_head(node):
    """Return whether a node is the result of a head."""
    return isinstance(node.block, Head)


def _name_nodes(nodes):
    """Return the name of each node by its key. A shared block has one name."""
    counted, by_key, by_block = Names(), {}, {}
    # Inputs come first: they are counted in the order of the data, not of the wiring.
    for node in nodes:
        if node.key in by_key:
            continue
        named = node if node.block is None else node.block
        if node.block is None or id(named) not in by_block:
            given = getattr(named, "name", None)
            is_named = given is not None and (node.block is None or is_head(node))
            by_block[id(named)] = given if is_named else counted(type(named).__name__)
        by_key[node.key] = by_block[id(named)]
    return by_key


def _shared_names(nodes, names):
    """Return the names of the blocks that are called several times."""
    counts = Counter(names[node.key] for node in nodes if node.block is not None)
    return {name for name, count in counts.items() if count > 1}


def _check_different_names(names):
    """Raise an error if two inputs or heads have the same name.

    This happens, for instance, if a user gives a name that is also counted.
    """
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise ValueError(
            f"Two inputs or heads are called {twice[0]!r}. Every head must be another "
            "object, and given names must differ from the counted ones."
        )


def check_wiring(inputs, outputs):
    """Raise an error unless the nodes form a graph from all inputs to all outputs.

    Parameters
    ----------
    inputs : list of Node
        Input nodes, which stand for the data.
    outputs : list of Node
        Results of heads.

    Raises
    ------
    TypeError
        If an input is not an input node, or an output is not a node.
    ValueError
        If the nodes do not fit together.
    """
    check_inputs(inputs)
    _check_outputs(outputs)
    _check_different("inputs", inputs)
    _check_different("outputs", outputs)
    order = topological_order(outputs)
    _check_heads_are_last(order)
    _check_inputs_are_used(inputs, order)
    _check_names([*inputs, *(node.block for node in outputs)])


def check_inputs(inputs):
    """Raise an error unless all objects are input nodes.

    Parameters
    ----------
    inputs : list
        Objects that the user passed as inputs.

    Raises
    ------
    TypeError
        If an object is not an input.
    ValueError
        If the list is empty.
    """
    if not inputs:
        raise ValueError(
            "The 'inputs' parameter must hold one input at least. Got [] instead."
        )
    for node in inputs:
        if not isinstance(node, InputNode):
            raise TypeError(
                "The 'inputs' parameter must hold inputs such as "
                f"StructuredDataInput(). Got {node!r} instead."
            )


def _check_outputs(outputs):
    if not outputs:
        raise ValueError(
            "The 'outputs' parameter must hold the result of one head at least. "
            "Got [] instead."
        )
    for node in outputs:
        if not isinstance(node, Node):
            raise TypeError(
                "The 'outputs' parameter must hold what a head returns when it is "
                f"called on a node. Got {node!r} instead."
            )
        if not isinstance(node.block, Head):
            raise ValueError(
                "The 'outputs' parameter must hold results of a ClassificationHead or "
                f"a RegressionHead. Got {node!r} instead."
            )
        if len(node.parents) != 1:
            raise ValueError(
                f"{type(node.block).__name__} takes one node, got "
                f"{len(node.parents)}. Put a Merge block before it."
            )


def _check_different(parameter, nodes):
    seen = set()
    for node in nodes:
        # Copies of a node have the same key and count as the same node.
        if node.key in seen:
            raise ValueError(
                f"The {parameter!r} parameter must hold each node once. "
                f"Got {node!r} twice."
            )
        seen.add(node.key)


def _check_heads_are_last(order):
    for node in order:
        for parent in node.parents:
            if isinstance(parent.block, Head):
                raise ValueError(
                    f"{type(parent.block).__name__} must be the last block before an "
                    f"output. Got {node!r} on it."
                )


def _check_inputs_are_used(inputs, order):
    known = {node.key for node in inputs}
    for node in order:
        if node.block is None and node.key not in known:
            raise ValueError(
                f"{node!r} is used by an output but is not among the inputs."
            )
    used = {node.key for node in order}
    for i, node in enumerate(inputs):
        if node.key not in used:
            raise ValueError(
                "The 'inputs' parameter must hold inputs that an output is built on. "
                f"Got {node!r} at position {i}, which no block is called on."
            )


def _check_names(named):
    """Raise an error if an input or a head has a name that is not allowed."""
    names = [thing.name for thing in named if thing.name is not None]
    for name in names:
        if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z0-9]\w*", name):
            raise ValueError(
                "The 'name' of an input or a head must consist of letters, digits and "
                f"underscores and begin with one of the former. Got {name!r} instead."
            )
