"""Nodes of the trees of a layer: how many there are, and how arrays hold them."""

from dataclasses import asdict, dataclass, replace

import numpy as np

# Total number of boosted trees: more classes have fewer trees each.
_MOST_TREES = 3000
# More classes than this have no mean targets of categories: there would be too many
# columns.
_MOST_MEANS = 10
# Maximum number of numbers that the nodes of random trees hold, which take 64 MB. Where
# they would hold more, there are fewer trees. Where there would be fewer than this
# minimum of trees, they have fewer leaves.
_MOST_NUMBERS, _LEAST_TREES = 2**24, 16
# Numbers of a node besides its values: feature, threshold and child.
_NUMBERS_OF_SPLIT = 3


@dataclass(frozen=True)
class TreeSettings:
    """Settings of the trees of one layer.

    Parameters
    ----------
    kind : {"boosted", "extra", "forest"}
        Gradient boosting, extremely randomised trees, or a random forest.
    n_trees : int, default=100
        Number of trees. For boosted trees, it is the maximum number for each output,
        and there are fewer for very many classes.
    max_leaf_nodes : int, default=31
        Maximum number of leaves of a tree.
    max_depth : int, default=16
        Maximum number of splits between the root and a leaf.
    min_samples_leaf : int, default=20
        Minimum number of training rows in a leaf.
    max_features : float, default=1.0
        Share of the features that each split chooses from.
    learning_rate : float, default=0.1
        Factor of each boosted tree.
    l2_regularization : float, default=0.0
        Penalty of the values of leaves of boosted trees.
    """

    kind: str
    n_trees: int = 100
    max_leaf_nodes: int = 31
    max_depth: int = 16
    min_samples_leaf: int = 20
    max_features: float = 1.0
    learning_rate: float = 0.1
    l2_regularization: float = 0.0

    @property
    def is_random(self):
        """Whether the trees are independent of each other, and their mean predicts."""
        return self.kind != "boosted"

    @property
    def n_nodes(self):
        """Number of nodes of the largest possible tree."""
        return 2 * self.max_leaf_nodes - 1

    def n_iterations(self, n_outputs):
        """Return the maximum number of trees for each output.

        Parameters
        ----------
        n_outputs : int
            Number of outputs.
        """
        if self.is_random:
            return self.n_trees
        return max(1, min(self.n_trees, _MOST_TREES // n_outputs))

    def n_trees_in_all(self, n_outputs):
        """Return the maximum number of all trees.

        Random trees predict all outputs at once.

        Parameters
        ----------
        n_outputs : int
            Number of outputs.
        """
        return self.n_iterations(n_outputs) * n_outputs // self.n_values(n_outputs)

    def n_values(self, n_outputs):
        """Return the number of values of a leaf.

        Parameters
        ----------
        n_outputs : int
            Number of outputs.
        """
        return n_outputs if self.is_random else 1

    def n_means(self, n_outputs):
        """Return the number of mean targets of each category.

        Parameters
        ----------
        n_outputs : int
            Number of outputs.
        """
        return n_outputs if n_outputs <= _MOST_MEANS else 0

    def most_leaves(self, n_rows):
        """Return how many leaves the rows can fill.

        Parameters
        ----------
        n_rows : int
            Number of training rows.
        """
        return max(2, n_rows // self.min_samples_leaf)

    def limited(self, n_rows, n_outputs):
        """Return the settings with the leaves and trees that rows and memory allow.

        Parameters
        ----------
        n_rows : int or None
            Number of training rows, or None if it is not known.
        n_outputs : int
            Number of outputs.

        Examples
        --------
        >>> from skautokeras._layers.tree_nodes import TreeSettings
        >>> settings = TreeSettings("extra", max_leaf_nodes=512, min_samples_leaf=5)
        >>> settings.limited(n_rows=100, n_outputs=1).max_leaf_nodes
        20
        """
        n_leaves, n_trees = self.max_leaf_nodes, self.n_trees
        if n_rows is not None:
            n_leaves = min(n_leaves, self.most_leaves(n_rows))
        if self.is_random:
            n_leaves, n_trees = _within_memory(n_leaves, n_trees, n_outputs)
        return replace(self, max_leaf_nodes=n_leaves, n_trees=n_trees)

    def as_dict(self):
        """Return the settings as a dict."""
        return asdict(self)


def _within_memory(n_leaves, n_trees, n_outputs):
    """Return numbers of leaves and trees whose nodes take no more than the memory."""
    n_nodes = _MOST_NUMBERS // (_NUMBERS_OF_SPLIT + n_outputs)
    n_leaves = max(2, min(n_leaves, n_nodes // (2 * _LEAST_TREES)))
    return n_leaves, max(1, min(n_trees, n_nodes // (2 * n_leaves)))


def empty_trees(settings, n_outputs):
    """Return the arrays of trees that consist of one leaf of value 0 each.

    Parameters
    ----------
    settings : TreeSettings
        Settings of the trees.
    n_outputs : int
        Number of outputs of the layer.

    Returns
    -------
    arrays : dict of str to ndarray
        Arrays by the names of the weights of a `TreeEnsemble`.
    """
    n_nodes = settings.n_trees_in_all(n_outputs) * settings.n_nodes
    return {
        "feature": np.zeros(n_nodes, "int32"),
        "threshold": np.full(n_nodes, np.inf, "float32"),
        "left": np.arange(n_nodes, dtype="int32"),
        "value": np.zeros((n_nodes, settings.n_values(n_outputs)), "float32"),
        "base": np.zeros(n_outputs, "float32"),
        "n_iterations": np.zeros((), "int32"),
        "depth": np.zeros((), "int32"),
    }


def place_tree(arrays, tree, start):
    """Write a tree into the arrays; its nodes begin at ``start``.

    The right child of a node stands behind the left one, and a leaf is its own left
    child, to which all rows go.

    Parameters
    ----------
    arrays : dict of str to ndarray
        Arrays by the names of the weights of a `TreeEnsemble`.
    tree : dict of str to ndarray
        Arrays "feature", "threshold", "left", "right" and "value" of the nodes of one
        tree. The children of a leaf are -1.
    start : int
        Position of the root.
    """
    order, place, depth = _by_levels(tree["left"], tree["right"])
    is_inner = tree["left"][order] >= 0
    inner, at = order[is_inner], start + np.flatnonzero(is_inner)
    arrays["feature"][at] = tree["feature"][inner]
    arrays["threshold"][at] = largest_float32(tree["threshold"][inner])
    arrays["left"][at] = start + place[tree["left"][inner]]
    arrays["value"][start : start + len(order)] = tree["value"][order]
    arrays["depth"] = np.maximum(arrays["depth"], np.int32(depth))


def _by_levels(left, right):
    """Return the nodes of a tree level by level, the place of each, and the depth.

    Siblings stand side by side.
    """
    level, levels = np.zeros(1, int), []
    while len(level):
        levels.append(level)
        inner = level[left[level] >= 0]
        level = np.column_stack([left[inner], right[inner]]).ravel()
    order = np.concatenate(levels)
    place = np.empty(len(left), int)
    place[order] = np.arange(len(order))
    return order, place, len(levels) - 1


def largest_float32(threshold):
    """Return the largest float32 that is not above each float64.

    For a number ``x`` in float32, ``x <= threshold`` then holds for both or for none.

    Parameters
    ----------
    threshold : ndarray, dtype float64
        Numbers to be rounded down.

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._layers.tree_nodes import largest_float32
    >>> bool(largest_float32(np.array([0.1]))[0] <= 0.1)
    True
    """
    with np.errstate(over="ignore"):
        rounded = threshold.astype("float32")
    below = np.nextafter(rounded, np.float32(-np.inf))
    return np.where(rounded.astype("float64") > threshold, below, rounded)


def sum_of_leaves(arrays, x, settings, outputs):
    """Return what boosted trees in the arrays predict, as a `TreeEnsemble` does.

    Parameters
    ----------
    arrays : dict of str to ndarray
        Arrays by the names of the weights of the layer.
    x : ndarray of shape (n_rows, n_features), dtype float32
        Features, with the mean targets of categories.
    settings : TreeSettings
        Settings of the trees.
    outputs : sequence of int
        Positions of the outputs to predict. Trees of others are not looked at.

    Returns
    -------
    sums : ndarray of shape (n_rows, len(outputs))
    """
    n_outputs, outputs = arrays["base"].size, np.asarray(outputs)
    # No tree comes after the last iteration.
    first = np.arange(arrays["n_iterations"])[:, None] * n_outputs
    roots = (first + outputs).ravel() * settings.n_nodes
    node = np.tile(roots, (len(x), 1))
    rows = np.arange(len(x))[:, None]
    for _ in range(arrays["depth"]):
        goes_right = x[rows, arrays["feature"][node]] > arrays["threshold"][node]
        node = arrays["left"][node] + goes_right
    leaves = arrays["value"][node].astype("float64")
    leaves = leaves.reshape(len(x), -1, len(outputs))
    return leaves.sum(axis=1) + arrays["base"][outputs]
