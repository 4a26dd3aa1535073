"""A layer that holds decision trees, which scikit-learn fits to the training rows."""

import keras
import numpy as np
from keras import ops

from skautokeras._layers.base import Layer
from skautokeras._layers.boosting import SURE
from skautokeras._layers.target_scale import TargetScale
from skautokeras._layers.tree_fitting import FittingRows, fit_trees
from skautokeras._layers.tree_nodes import TreeSettings

# Trees that are followed at once, and rows times trees: their nodes stay close to the
# processor (measurement 0056).
_TREES_AT_ONCE, _MOST_PATHS = 64, 2**13
# A network is trained with so many operations while one tree is fitted to one row, and
# so many more for each feature (measurement 0051).
_FLOPS_PER_TREE, _FLOPS_PER_FEATURE = 3000, 250


@keras.saving.register_keras_serializable("skautokeras")
class TreeEnsemble(Layer):
    """Sum of decision trees: gradient boosting, or random trees.

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
    scale : TargetScale, dict or None, default=None
        Scale of the outputs, or its configuration, if they are standardised numbers on
        another scale than the targets.

    Notes
    -----
    **Shape**: ``(batch, n_features) -> (batch, n_outputs)``.

    References
    ----------
    scikit-learn's `HistGradientBoostingClassifier`, `ExtraTreesClassifier` and
    `RandomForestClassifier`, and the regressors of the same names; Guolin Ke et al.,
    "LightGBM", NeurIPS 2017; Pierre Geurts et al., "Extremely randomized trees",
    Machine Learning 63, 2006; Leo Breiman, "Random forests", Machine Learning 45, 2001.

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._layers.trees import TreeEnsemble
    >>> x = np.arange(40, dtype="float32")[:, None]
    >>> layer = TreeEnsemble({"kind": "boosted"}, task="numbers", n_outputs=1)
    >>> layer.build(x.shape)
    >>> y = (x > 20).astype("float32")
    >>> n_trees = layer.start_from(x, np.random.default_rng(0), y=y)
    >>> (layer(x[[0, 39]]).numpy() > 0.5).ravel().tolist()
    [False, True]
    """

    starts_from_targets = True

    def __init__(
        self,
        settings,
        *,
        task,
        n_outputs,
        cardinalities=(),
        head="",
        scale=None,
        **kwargs,
    ):
        # Thresholds are exact in this precision only.
        super().__init__(**{**kwargs, "dtype": "float32"})
        self.trainable = False
        self.settings = TreeSettings(**settings)
        self.task = task
        self.n_outputs = n_outputs
        self.cardinalities = [int(n) for n in cardinalities]
        self.head = head
        self.scale = TargetScale.of(scale)

    @property
    def max_rows_at_once(self):
        """Number of rows whose paths through some trees are followed at once."""
        n_trees = self._iterations_at_once * self._n_trees_per_iteration
        return max(32, _MOST_PATHS // n_trees)

    @property
    def n_comparisons(self):
        """Number of comparisons that a prediction for one row takes at most."""
        return self.settings.n_trees_in_all(self.n_outputs) * self.settings.max_depth

    @property
    def flops_of_fitting(self):
        """Number of operations, about, that the fitting of the trees takes for one row.

        It is measured in operations of networks that take as long.
        """
        n_trees = self.settings.n_trees_in_all(self.n_outputs)
        n_features = self.input.shape[-1]
        return n_trees * (_FLOPS_PER_TREE + _FLOPS_PER_FEATURE * n_features)

    @property
    def _n_trees_per_iteration(self):
        return self.n_outputs // self.settings.n_values(self.n_outputs)

    @property
    def _iterations_at_once(self):
        """Number of iterations whose trees are followed at once."""
        most = max(1, _TREES_AT_ONCE // self._n_trees_per_iteration)
        return min(most, self.settings.n_iterations(self.n_outputs))

    def build(self, input_shape):
        """Create the nodes of the trees; all of them are leaves until they are fitted.

        Parameters
        ----------
        input_shape : tuple of int
            Shape of the input.
        """
        n_nodes = self.settings.n_trees_in_all(self.n_outputs) * self.settings.n_nodes

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
        self.n_iterations = constant("n_iterations", (), "int32")
        self.depth = constant("depth", (), "int32")
        n_means = self.settings.n_means(self.n_outputs)
        self.means = constant("means", (sum(self.cardinalities), n_means), "float32")

    def start_from(
        self, x, rng, *, y, weight=None, valid=None, n_iterations=None, deadline=None
    ):
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
        valid : tuple (x, y, weight) or None, default=None
            Validation rows, which tell after how many iterations boosting ends. If
            None, all trees are kept.
        n_iterations : int or None, default=None
            Number of iterations of boosting, or of random trees, which is at most that
            of the settings. If None, the settings and the validation rows decide.
        deadline : Deadline or None, default=None
            Deadline after which no tree is added. If None, there is none.

        Returns
        -------
        n_iterations : int
            Number of iterations of boosting that are kept, or of random trees.
        """
        fitted, n_done = fit_trees(
            self._as_rows(x, y, weight),
            settings=self.settings,
            task=self.task,
            n_outputs=self.n_outputs,
            cardinalities=self.cardinalities,
            rng=rng,
            valid=None if valid is None else self._as_rows(*valid),
            n_iterations=n_iterations,
            deadline=deadline,
        )
        for name, array in fitted.items():
            getattr(self, name).assign(array)
        return n_done

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
        per_iteration, at_once = self._n_trees_per_iteration, self._iterations_at_once
        n_nodes = self.settings.n_nodes
        roots = np.arange(at_once * per_iteration, dtype="int32") * n_nodes
        last = self.settings.n_iterations(self.n_outputs) - at_once

        def go_down(_, node):
            seen = ops.take(values, first + ops.take(self.feature, node))
            goes_right = ops.greater(seen, ops.take(self.threshold, node))
            return ops.take(self.left, node) + ops.cast(goes_right, "int32")

        def add_some(i, sums):
            # The last trees begin earlier where their number does not come out even,
            # and those that were added before are left out.
            start = ops.minimum(i * at_once, last)
            node = ops.zeros_like(first) + roots + start * (per_iteration * n_nodes)
            node = ops.fori_loop(0, self.depth, go_down, node)
            leaves = ops.take(self.value, node, axis=0)  # (batch, n_trees, n_values)
            leaves = ops.reshape(leaves, (-1, at_once, self.n_outputs))
            is_new = np.arange(at_once, dtype="int32") + start >= i * at_once
            is_new = ops.cast(is_new, leaves.dtype)[None, :, None]
            return sums + ops.sum(leaves * is_new, axis=1)

        n_steps = (self.n_iterations + (at_once - 1)) // at_once
        sums = ops.cast(ops.zeros_like(first), "float32") + self.base
        return self._as_outputs(ops.fori_loop(0, n_steps, add_some, sums))

    def _as_rows(self, x, y, weight):
        """Return rows as trees are fitted to them."""
        y = np.asarray(y)
        if self.scale is not None:
            y = ops.convert_to_numpy(self.scale.forward(y.astype("float32")))
        return FittingRows(np.asarray(x, "float32"), y, weight)

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
            "scale": None if self.scale is None else self.scale.get_config(),
        }
        return {**super().get_config(), **config}
