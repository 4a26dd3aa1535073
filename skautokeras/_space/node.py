"""Node: what blocks are called on and return, and the way from one to another."""

import uuid
from inspect import signature

import keras

from skautokeras._state.codec import decode, encode


@keras.saving.register_keras_serializable("skautokeras")
class Node:
    """The output of a block in a graph that is being wired.

    Parameters
    ----------
    block : Block or None
        Block that computes the node; None for an input.
    parents : tuple of Node
        Nodes that the block is called on.
    """

    def __init__(self, block=None, parents=()):
        self.block = block
        self.parents = tuple(parents)
        # Inputs and outputs of one graph can be deep-copied apart from each other
        # (scikit-learn's clone does); the key tells which nodes were the same.
        self.key = uuid.uuid4().hex

    def get_config(self):
        """Return the node and all that lead to it, ready for JSON.

        Returns
        -------
        config : dict
            Configuration of the nodes and blocks, for `from_config`.

        Raises
        ------
        TypeError
            If a block or a parameter is nothing that a configuration can hold, of a
            class that is not registered with Keras for instance.
        """
        order = topological_order([self])
        places = {node.key: i for i, node in enumerate(order)}
        blocks = {id(node.block): node.block for node in order if node.block}
        block_places = {block: i for i, block in enumerate(blocks)}
        nodes = []
        for node in order:
            if node.block is None:
                nodes.append({"input": encode(node, where="an input")})
                continue
            parents = [places[parent.key] for parent in node.parents]
            block = block_places[id(node.block)]
            nodes.append({"key": node.key, "block": block, "parents": parents})
        return {
            "nodes": nodes,
            "blocks": [encode(block, where="a block") for block in blocks.values()],
        }

    @classmethod
    def from_config(cls, config):
        """Return the node that a configuration describes, with all that lead to it.

        Nodes are the same as those of other configurations that they came with, so that
        inputs and outputs may be read one by one.

        Parameters
        ----------
        config : dict
            Configuration that `get_config` has returned.

        Returns
        -------
        node : Node
            Equal to the one that was asked.
        """
        blocks = [decode(block) for block in config["blocks"]]
        nodes = []
        for one in config["nodes"]:
            if "input" in one:
                nodes.append(decode(one["input"]))
                continue
            node = Node(blocks[one["block"]], [nodes[i] for i in one["parents"]])
            node.key = one["key"]
            nodes.append(node)
        return nodes[-1]

    def __eq__(self, other):
        """Compare inputs, blocks and how they are wired."""
        if not isinstance(other, Node):
            return NotImplemented
        return describe([self]) == describe([other])

    def __hash__(self):
        """Hash what computes the node."""
        return hash((type(self), self.block, len(self.parents)))

    def __repr__(self):
        """Show the calls that make the node."""
        return _expression(self, shown=set())


def _expression(node, shown):
    """Return the calls that make a node, as code; what was shown before as "..."."""
    if node.block is None:
        return f"{type(node).__name__}({given_parameters(node)})"
    if node.key in shown:
        return f"{node.block!r}(...)"
    shown.add(node.key)
    parents = [_expression(parent, shown) for parent in node.parents]
    inner = parents[0] if len(parents) == 1 else f"[{', '.join(parents)}]"
    return f"{node.block!r}({inner})"


def topological_order(outputs):
    """Return all nodes that lead to the outputs, parents first.

    Parameters
    ----------
    outputs : list of Node
        Nodes that the graph ends with.

    Raises
    ------
    ValueError
        If a node leads to itself.
    """
    order, seen, path = [], set(), []

    def visit(node):
        if node.key in path:
            circle = path[path.index(node.key) :]
            raise ValueError(
                f"{type(node.block).__name__} leads to itself, by way of "
                f"{len(circle)} nodes: the graph must not have a cycle."
            )
        if node.key not in seen:
            path.append(node.key)
            for parent in node.parents:
                visit(parent)
            path.pop()
            seen.add(node.key)
            order.append(node)

    for output in outputs:
        visit(output)
    return order


def describe(nodes):
    """Return what nodes and all that lead to them are, without their keys.

    Parameters
    ----------
    nodes : list of Node
        Nodes that the graph ends with.

    Returns
    -------
    description : list
        Equal for equal graphs: class, parameters and parents of each node, and which
        nodes share a block.
    """
    order = topological_order(nodes)
    places = {node.key: i for i, node in enumerate(order)}
    first = {}
    description = [[places[node.key] for node in nodes]]
    for i, node in enumerate(order):
        thing = node if node.block is None else node.block
        parents = [places[parent.key] for parent in node.parents]
        shared_with = first.setdefault(id(thing), i)
        description.append([type(thing), parameters_of(thing), parents, shared_with])
    return description


def parameters_of(thing):
    """Return the parameters of a block's constructor and their values, by name.

    Parameters
    ----------
    thing : Block
        Object whose attributes are the parameters of its constructor.
    """
    names = signature(type(thing).__init__).parameters
    values = vars(thing)
    return {name: values[name] for name in names if name in values}


def parameters_config(thing):
    """Return the parameters of a block or an input as plain values for JSON.

    Parameters
    ----------
    thing : Block or Node
        Object whose attributes are the parameters of its constructor.
    """
    return {
        name: encode(value, where=f"the {name!r} parameter of {type(thing).__name__}")
        for name, value in parameters_of(thing).items()
    }


def given_parameters(thing, but=()):
    """Return the parameters of a block or an input that are not the default, as text.

    Parameters
    ----------
    thing : Block or Node
        Object whose attributes are the parameters of its constructor.
    but : tuple of str, default=()
        Names of parameters that are left out.
    """
    defaults = {
        p.name: p.default for p in signature(type(thing).__init__).parameters.values()
    }
    given = [
        f"{name}={value!r}"
        for name, value in vars(thing).items()
        if name in defaults and name not in but and repr(value) != repr(defaults[name])
    ]
    return ", ".join(given)
