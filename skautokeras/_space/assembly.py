"""Assembly: the graph between inputs and heads that the user leaves to us."""

from skautokeras._space.graph import check_inputs
from skautokeras._space.heads import Head
from skautokeras._space.node import Node
from skautokeras._space.reduction import Merge


def assemble(inputs, outputs):
    """Return the nodes of the outputs; heads that are not wired get a graph.

    The default block of each input, then `Merge` if there are several, then the heads.

    Parameters
    ----------
    inputs : list of InputNode
        In the order of the data.
    outputs : list of Head or Node
        Heads, or what heads return that were called on nodes; not both.

    Returns
    -------
    nodes : list of Node
        Results of heads.

    Raises
    ------
    TypeError
        If something is no input, or no head.
    ValueError
        If some heads are wired and others are not.
    """
    check_inputs(inputs)
    wired = [isinstance(output, Node) for output in outputs]
    if all(wired):
        return list(outputs)
    if any(wired):
        raise ValueError(
            "The 'outputs' parameter must hold either heads alone or results of heads "
            f"alone. Got {outputs!r} instead."
        )
    for head in outputs:
        if not isinstance(head, Head):
            raise TypeError(
                "The 'outputs' parameter must hold heads such as ClassificationHead(), "
                f"or what they return when they are called. Got {head!r} instead."
            )
    branches = [node.default_block()(node) for node in inputs]
    node = branches[0] if len(branches) == 1 else Merge()(branches)
    return [head(node) for head in outputs]
