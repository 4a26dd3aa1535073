"""Graph: nodes and what they are called, in which order, and whether they fit."""

import re
from collections import Counter

from skautokeras._space.block import Names
from skautokeras._space.heads import Head
from skautokeras._space.inputs import InputNode
from skautokeras._space.node import Node, describe, topological_order


class Graph:
    """Nodes from inputs to heads, as they depend on nothing but one another.

    Parameters
    ----------
    inputs : list of Node
        In the order of the data.
    outputs : list of Node
        Results of heads, in the order of the targets.

    Attributes
    ----------
    order : list of Node
        All that lead to the outputs, parents first.
    input_names, head_names, block_names : list of str
        Of the inputs, the heads and the blocks between them.

    Raises
    ------
    TypeError
        If an input is no input node, or an output no node at all.
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
        """Return what the graph is, equal for equal graphs in any process."""
        return describe([*self.inputs, *self.outputs])

    def heads(self, targets):
        """Return the head of each output with the schema of its target.

        Parameters
        ----------
        targets : list of TargetSchema
            One per output.

        Returns
        -------
        heads : dict of str to (Head, TargetSchema)
            By the names of the heads.
        """
        return {
            self.name(node): (node.block, target)
            for node, target in zip(self.outputs, targets, strict=True)
        }

    def name(self, node):
        """Return the name of a node: of the input, or of the block that makes it."""
        return self._names[node.key]

    def is_shared(self, node):
        """Return whether the block of a node makes several nodes."""
        return self.name(node) in self._shared


def is_head(node):
    """Return whether a node is the result of a head."""
    return isinstance(node.block, Head)


def _name_nodes(nodes):
    """Return the name of each node by its key; a shared block has one name."""
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
    """Return the names of the blocks that make several nodes."""
    counts = Counter(names[node.key] for node in nodes if node.block is not None)
    return {name for name, count in counts.items() if count > 1}


def _check_different_names(names):
    """Raise if inputs and heads share a name, one given and one counted, say."""
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise ValueError(
            f"Two inputs or heads are called {twice[0]!r}. Every head must be another "
            "object, and given names must differ from the counted ones."
        )


def check_wiring(inputs, outputs):
    """Raise unless the nodes form a graph from all inputs to all outputs.

    Parameters
    ----------
    inputs : list of Node
        Nodes that data comes in by.
    outputs : list of Node
        Results of heads.

    Raises
    ------
    TypeError
        If an input is no input node, or an output no node at all.
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
    """Raise unless nodes are inputs.

    Parameters
    ----------
    inputs : list
        What the user gave.

    Raises
    ------
    TypeError
        If one is no input.
    ValueError
        If there is none.
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
        # Copies of one node are one node.
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
    """Raise unless the names that inputs and heads were given tell them apart."""
    names = [thing.name for thing in named if thing.name is not None]
    for name in names:
        if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z0-9]\w*", name):
            raise ValueError(
                "The 'name' of an input or a head must consist of letters, digits and "
                f"underscores and begin with one of the former. Got {name!r} instead."
            )
