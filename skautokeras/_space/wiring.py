"""The nodes of a graph: in which order they are built, and whether they fit."""

from skautokeras._space.block import Node
from skautokeras._space.heads import Head


def topological_order(outputs):
    """Return all nodes that lead to the outputs, parents first.

    Parameters
    ----------
    outputs : list of Node
        Where to begin.
    """
    order, seen = [], set()

    def visit(node):
        if node._key not in seen:
            seen.add(node._key)
            for parent in node.parents:
                visit(parent)
            order.append(node)

    for output in outputs:
        visit(output)
    return order


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
    for node in inputs:
        if not (isinstance(node, Node) and hasattr(node, "symbolic")):
            raise TypeError(
                "The 'inputs' parameter must hold inputs such as "
                f"StructuredDataInput(). Got {node!r} instead."
            )
    _check_outputs(outputs)
    _check_different("inputs", inputs)
    _check_different("outputs", outputs)
    order = topological_order(outputs)
    _check_heads_are_last(order)
    _check_inputs_are_used(inputs, order)


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
        if node._key in seen:
            raise ValueError(
                f"The {parameter!r} parameter must hold each node once. "
                f"Got {node!r} twice."
            )
        seen.add(node._key)


def _check_heads_are_last(order):
    for node in order:
        for parent in node.parents:
            if isinstance(parent.block, Head):
                raise ValueError(
                    f"{type(parent.block).__name__} must be the last block before an "
                    f"output. Got {node!r} on it."
                )


def _check_inputs_are_used(inputs, order):
    known = {node._key for node in inputs}
    for node in order:
        if node.block is None and node._key not in known:
            raise ValueError(
                f"{node!r} is used by an output but is not among the inputs."
            )
    used = {node._key for node in order}
    for i, node in enumerate(inputs):
        if node._key not in used:
            raise ValueError(
                "The 'inputs' parameter must hold inputs that an output is built on. "
                f"Got {node!r} at position {i}, which no block is called on."
            )
