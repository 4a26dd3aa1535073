"""Layers that turn the output of a network into probabilities, labels or numbers."""

import keras
import numpy as np
import tensorflow as tf
from keras import ops

# A label is predicted if its probability is above this value.
_THRESHOLD = 0.5


@keras.saving.register_keras_serializable("skautokeras")
class BothProbabilities(keras.layers.Layer):
    """Return the probabilities of both classes of a binary target: ``[1 - p, p]``.

    Notes
    -----
    **Shape**: ``(batch, 1) -> (batch, 2)``.

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._layers.target import BothProbabilities
    >>> BothProbabilities()(np.array([[0.25]])).numpy().tolist()
    [[0.75, 0.25]]
    """

    def call(self, p):
        """Return the probabilities."""
        return ops.concatenate([1.0 - p, p], axis=1)

    def compute_output_shape(self, input_shape):
        """Return ``(batch, 2)``."""
        return (input_shape[0], 2)


@keras.saving.register_keras_serializable("skautokeras")
class MostProbable(keras.layers.Layer):
    """Return the most probable class of each row.

    Parameters
    ----------
    classes : sequence of str, int, float or bool, shape (n_classes,), or None, \
default=None
        Names of the classes. If None, the positions of the classes are returned.

    Notes
    -----
    **Shape**: ``(batch, n_classes) -> (batch,)``, of dtype string, int64, float64 or
    bool.

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._layers.target import MostProbable
    >>> MostProbable(["no", "yes"])(np.array([[0.25, 0.75]])).numpy().tolist()
    [b'yes']
    """

    def __init__(self, classes=None, **kwargs):
        super().__init__(**kwargs)
        self.classes = None if classes is None else np.array(classes)
        self.label_dtype = "int64"
        if self.classes is not None:
            self.label_dtype = _DTYPES[self.classes.dtype.kind]

    def call(self, probabilities):
        """Return the name or the position of one class per row."""
        place = tf.argmax(probabilities, axis=1)
        if self.classes is None:
            return place
        classes = tf.constant(self.classes.tolist(), self.label_dtype)
        return tf.gather(classes, place)

    def compute_output_shape(self, input_shape):
        """Return ``(batch,)``."""
        return (input_shape[0],)

    def compute_output_spec(self, probabilities):
        """Return the shape of the output, with the dtype of the classes."""
        return keras.KerasTensor((probabilities.shape[0],), dtype=self.label_dtype)

    def get_config(self):
        """Return the configuration for `from_config`."""
        classes = None if self.classes is None else self.classes.tolist()
        return {**super().get_config(), "classes": classes}


_DTYPES = {"U": "string", "i": "int64", "u": "int64", "f": "float64", "b": "bool"}


@keras.saving.register_keras_serializable("skautokeras")
class ProbableLabels(keras.layers.Layer):
    """Return 1 for each label with a probability above 0.5, and 0 for the others.

    Notes
    -----
    **Shape**: ``(batch, n_labels)`` to int64 ``(batch, n_labels)``.

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._layers.target import ProbableLabels
    >>> ProbableLabels()(np.array([[0.25, 0.75]])).numpy().tolist()
    [[0, 1]]
    """

    def call(self, probabilities):
        """Return zeros and ones."""
        return ops.cast(probabilities > _THRESHOLD, "int64")

    def compute_output_shape(self, input_shape):
        """Return the shape of the input."""
        return input_shape

    def compute_output_spec(self, probabilities):
        """Return integers."""
        return keras.KerasTensor(probabilities.shape, dtype="int64")


@keras.saving.register_keras_serializable("skautokeras")
class WithinRange(keras.layers.Layer):
    """Keep predictions within the range of the targets of the training data.

    The output is ``min(max(z, low), high)`` (RealMLP, Holzmueller et al.,
    arXiv:2407.04491), because the predictions of a network for rows far from all others
    are usually too extreme. In training, the layer does nothing, because predictions
    beyond a bound would have no gradient.

    Parameters
    ----------
    low, high : sequence of float, shape (n_targets,)
        Smallest and largest value of each target.

    Notes
    -----
    **Shape**: ``(batch, n_targets) -> (batch, n_targets)``.

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._layers.target import WithinRange
    >>> WithinRange([-1.0], [2.0])(np.array([[0.5], [3.0]])).numpy().tolist()
    [[0.5], [2.0]]
    """

    def __init__(self, low, high, **kwargs):
        super().__init__(**kwargs)
        self.low = np.array(low, "float32")
        self.high = np.array(high, "float32")

    def call(self, z, training=False):
        """Return the numbers within the range, or ``z`` in training."""
        if training:
            return z
        return ops.minimum(ops.maximum(z, self.low), self.high)

    def compute_output_shape(self, input_shape):
        """Return the shape of the input."""
        return input_shape

    def get_config(self):
        """Return the configuration for `from_config`."""
        config = {"low": self.low.tolist(), "high": self.high.tolist()}
        return {**super().get_config(), **config}


@keras.saving.register_keras_serializable("skautokeras")
class OriginalScale(keras.layers.Layer):
    """Undo the standardisation of a target: ``z * scale + mean``.

    Parameters
    ----------
    means, scales : sequence of float, shape (n_targets,)
        Mean and scale by which each target was standardised.
    one_dimensional : bool
        Whether the result has the shape (batch,), for a single target.
    kind : {"float64", "float32"}, default="float64"
        Dtype of the result.

    Notes
    -----
    **Shape**: ``(batch, n_targets) -> (batch, n_targets)`` or ``(batch,)``.

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._layers.target import OriginalScale
    >>> layer = OriginalScale(means=[10.0], scales=[2.0], one_dimensional=True)
    >>> layer(np.array([[0.5]], "float32")).numpy().tolist()
    [11.0]
    """

    def __init__(self, means, scales, one_dimensional, kind="float64", **kwargs):
        super().__init__(**kwargs)
        self.means = np.array(means, "float64")
        self.scales = np.array(scales, "float64")
        self.one_dimensional = one_dimensional
        self.kind = kind

    def call(self, z):
        """Return the numbers on the original scale."""
        y = tf.cast(z, self.kind) * self.scales.astype(self.kind)
        y = y + self.means.astype(self.kind)
        return y[:, 0] if self.one_dimensional else y

    def compute_output_shape(self, input_shape):
        """Return ``(batch, n_targets)`` or ``(batch,)``."""
        return input_shape[:1] if self.one_dimensional else input_shape

    def compute_output_spec(self, z):
        """Return the shape of the output, with the dtype ``kind``."""
        shape = self.compute_output_shape(z.shape)
        return keras.KerasTensor(shape, dtype=self.kind)

    def get_config(self):
        """Return the configuration for `from_config`."""
        config = {
            "means": self.means.tolist(),
            "scales": self.scales.tolist(),
            "one_dimensional": self.one_dimensional,
            "kind": self.kind,
        }
        return {**super().get_config(), **config}
