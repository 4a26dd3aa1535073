"""A layer that holds decision trees, which scikit-learn fits to the training rows."""

import keras
import numpy as np
from keras import ops

from skautokeras._layers.base import Layer
from skautokeras._layers.tree_fitting import SURE, TreeSettings, fit_trees

# Rows times trees that are followed at once, which limits the memory of a prediction.
_MOST_PATHS = 2**21


@keras.saving.register_keras_serializable("skautokeras")
class TreeEnsemble(Layer):
    """Sum of decision trees: gradient boosting, or extremely randomised trees.

    scikit-learn fits the trees before the training of the network begins, to the inputs
    of the layer for the training rows and to the targets of a head. The nodes of the
    trees are weights that are not trained, so that the layer is saved and exported like
    any other. A prediction follows all trees of a row at the same time, one level after
    the other: at each node, the row goes to the left if ``x[feature] <= threshold``.

    The outputs are logits for classes and labels, and standardised numbers otherwise.

    Parameters
    ----------
    settings : dict
        Parameters of `TreeSettings`.
    task : {"binary", "classes", "labels", "numbers"}
        Kind of the target: one label, classes that exclude each other, several labels,
        or numbers.
    n_outputs : int
        Number of outputs, which is 1 for a binary target and the number of classes for
        several ones.
    cardinalities : sequence of int, default=()
        Number of codes of the last columns of the input, which are categories. The mean
        targets of the categories are further columns for the trees.
    head : str, default=""
        Name of the head whose targets the trees are fitted to.

    Notes
    -----
    **Shape**: ``(batch, n_features) -> (batch, n_outputs)``.

    References
    ----------
    scikit-learn's `HistGradientBoostingClassifier` and `ExtraTreesClassifier` and the
    regressors of the same names; Guolin Ke et al., "LightGBM", NeurIPS 2017; Pierre
    Geurts et al., "Extremely randomized trees", Machine Learning 63, 2006.

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._layers.trees import TreeEnsemble
    >>> x = np.arange(40, dtype="float32")[:, None]
    >>> layer = TreeEnsemble({"kind": "boosted"}, task="numbers", n_outputs=1)
    >>> layer.build(x.shape)
    >>> layer.start_from(x, np.random.default_rng(0), y=(x > 20).astype("float32"))
    >>> (layer(x[[0, 39]]).numpy() > 0.5).ravel().tolist()
    [False, True]
    """

    starts_from_targets = True

    def __init__(
        self, settings, *, task, n_outputs, cardinalities=(), head="", **kwargs
    ):
        # Thresholds are exact in this precision only.
        super().__init__(**{**kwargs, "dtype": "float32"})
        self.trainable = False
        self.settings = TreeSettings(**settings)
        self.task = task
        self.n_outputs = n_outputs
        self.cardinalities = [int(n) for n in cardinalities]
        self.head = head

    @property
    def max_rows_at_once(self):
        """Number of rows whose paths through all trees are followed at once."""
        return max(32, _MOST_PATHS // self._n_trees)

    @property
    def n_comparisons(self):
        """Number of comparisons that a prediction for one row takes at most."""
        return self._n_trees * self.settings.max_depth

    @property
    def _n_trees(self):
        return self.settings.n_trees_in_all(self.n_outputs)

    def build(self, input_shape):
        """Create the nodes of the trees; all of them are leaves until they are fitted.

        Parameters
        ----------
        input_shape : tuple of int
            Shape of the input.
        """
        n_nodes = self._n_trees * self.settings.n_nodes

        def constant(name, shape, dtype):
            return self.add_weight(
                shape=shape,
                dtype=dtype,
                initializer="zeros",
                trainable=False,
                name=name,
            )

        self.feature = constant("feature", (n_nodes,), "int32")
        self.threshold = constant("threshold", (n_nodes,), "float32")
        self.left = constant("left", (n_nodes,), "int32")
        n_values = self.settings.n_values(self.n_outputs)
        self.value = constant("value", (n_nodes, n_values), "float32")
        self.base = constant("base", (self.n_outputs,), "float32")
        n_means = self.settings.n_means(self.n_outputs)
        self.means = constant("means", (sum(self.cardinalities), n_means), "float32")

    def start_from(self, x, rng, *, y, weight=None, deadline=None):
        """Fit the trees.

        Parameters
        ----------
        x : ndarray of shape (n_rows, n_features)
            Inputs of the layer for the training rows.
        rng : numpy.random.Generator
            Source of the random numbers.
        y : ndarray of shape (n_rows,) or (n_rows, n_outputs)
            Codes of classes, zeros and ones for labels, or standardised numbers.
        weight : ndarray of shape (n_rows,) or None, default=None
            Weights of the rows. If None, all rows weigh the same.
        deadline : Deadline or None, default=None
            Deadline after which no tree is added. If None, there is none.
        """
        fitted = fit_trees(
            np.asarray(x, "float32"),
            y,
            weight,
            settings=self.settings,
            task=self.task,
            n_outputs=self.n_outputs,
            cardinalities=self.cardinalities,
            rng=rng,
            deadline=deadline,
        )
        for name, array in fitted.items():
            getattr(self, name).assign(array)

    def call(self, x):
        """Return the sum of the leaves that each row reaches.

        Parameters
        ----------
        x : tensor of shape (batch, n_features)
            Features, categories last.

        Returns
        -------
        outputs : tensor of shape (batch, n_outputs)
        """
        x = self._with_means(x)
        n_features = x.shape[-1]
        values = ops.reshape(x, (-1,))
        first = ops.arange(ops.shape(x)[0], dtype="int32")[:, None] * n_features
        roots = np.arange(self._n_trees, dtype="int32") * self.settings.n_nodes
        node = ops.zeros_like(first) + roots[None, :]

        def go_down(_, node):
            seen = ops.take(values, first + ops.take(self.feature, node))
            goes_right = ops.greater(seen, ops.take(self.threshold, node))
            return ops.take(self.left, node) + ops.cast(goes_right, "int32")

        node = ops.fori_loop(0, self.settings.max_depth, go_down, node)
        leaves = ops.take(self.value, node, axis=0)  # (batch, n_trees, n_values)
        n_iterations = self.settings.n_iterations(self.n_outputs)
        leaves = ops.reshape(leaves, (-1, n_iterations, self.n_outputs))
        sums = ops.sum(leaves, axis=1)
        return self._as_outputs(sums + self.base)

    def _as_outputs(self, sums):
        """Return logits or numbers for the sums of the leaves."""
        if self.settings.kind == "boosted" or self.task == "numbers":
            return sums
        p = ops.clip(sums, SURE, 1.0 - SURE)
        return ops.log(p) if self.task == "classes" else ops.log(p) - ops.log(1.0 - p)

    def _with_means(self, x):
        """Return the features with the mean targets of the categories."""
        n_columns = len(self.cardinalities)
        if not n_columns or not self.means.shape[1]:
            return x
        starts = np.cumsum([0, *self.cardinalities[:-1]]).astype("int32")
        codes = ops.cast(x[:, -n_columns:], "int32") + starts
        means = ops.take(self.means, codes, axis=0)
        width = n_columns * self.means.shape[1]
        return ops.concatenate([x, ops.reshape(means, (-1, width))], axis=1)

    def compute_output_shape(self, input_shape):
        """Return ``(batch, n_outputs)``."""
        return (input_shape[0], self.n_outputs)

    def get_config(self):
        """Return the configuration for `from_config`."""
        config = {
            "settings": self.settings.as_dict(),
            "task": self.task,
            "n_outputs": self.n_outputs,
            "cardinalities": self.cardinalities,
            "head": self.head,
        }
        return {**super().get_config(), **config}
