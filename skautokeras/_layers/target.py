"""Layers behind a network: probabilities of all classes, labels, original scales."""

import keras
import numpy as np
import tensorflow as tf
from keras import ops

# A label is given where its probability is above this.
_THRESHOLD = 0.5


@keras.saving.register_keras_serializable("skautokeras")
class BothProbabilities(keras.layers.Layer):
    """Give both classes of a binary target their probability: ``[1 - p, p]``.

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
    """Name the most probable class of each row.

    Parameters
    ----------
    classes : sequence of str, int, float or bool, shape (n_classes,), or None, \
default=None
        Their names. None: their positions.

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
        """Return the names."""
        place = tf.argmax(probabilities, axis=1)
        if self.classes is None:
            return place
        classes = tf.constant(self.classes.tolist(), self.label_dtype)
        return tf.gather(classes, place)

    def compute_output_shape(self, input_shape):
        """Return ``(batch,)``."""
        return (input_shape[0],)

    def compute_output_spec(self, probabilities):
        """Return the dtype of the classes."""
        return keras.KerasTensor((probabilities.shape[0],), dtype=self.label_dtype)

    def get_config(self):
        """Return what `from_config` needs."""
        classes = None if self.classes is None else self.classes.tolist()
        return {**super().get_config(), "classes": classes}


_DTYPES = {"U": "string", "i": "int64", "u": "int64", "f": "float64", "b": "bool"}


@keras.saving.register_keras_serializable("skautokeras")
class ProbableLabels(keras.layers.Layer):
    """Say which labels are more probable than not: ``1 if p > 0.5 else 0``.

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
    """Keep predictions within the range of the training data; not in training.

    ``min(max(z, low), high)`` (RealMLP, Holzmueller et al., arXiv:2407.04491): what a
    network says about rows far from all others is mostly too much. Training needs the
    numbers as they are, as there is no way back from a bound.

    Parameters
    ----------
    low, high : sequence of float, shape (n_targets,)
        The range of each target.

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
        """Return the numbers, in prediction those of the range."""
        if training:
            return z
        return ops.minimum(ops.maximum(z, self.low), self.high)

    def compute_output_shape(self, input_shape):
        """Return the shape of the input."""
        return input_shape

    def get_config(self):
        """Return what `from_config` needs."""
        config = {"low": self.low.tolist(), "high": self.high.tolist()}
        return {**super().get_config(), **config}


@keras.saving.register_keras_serializable("skautokeras")
class OriginalScale(keras.layers.Layer):
    """Undo the standardisation of a target: ``z * scale + mean``.

    Parameters
    ----------
    means, scales : sequence of float, shape (n_targets,)
        Of each target.
    one_dimensional : bool
        Whether the result is (batch,).
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
        """Return the numbers."""
        y = tf.cast(z, self.kind) * self.scales.astype(self.kind)
        y = y + self.means.astype(self.kind)
        return y[:, 0] if self.one_dimensional else y

    def compute_output_shape(self, input_shape):
        """Return ``(batch, n_targets)`` or ``(batch,)``."""
        return input_shape[:1] if self.one_dimensional else input_shape

    def compute_output_spec(self, z):
        """Return the dtype that is wanted."""
        shape = self.compute_output_shape(z.shape)
        return keras.KerasTensor(shape, dtype=self.kind)

    def get_config(self):
        """Return what `from_config` needs."""
        config = {
            "means": self.means.tolist(),
            "scales": self.scales.tolist(),
            "one_dimensional": self.one_dimensional,
            "kind": self.kind,
        }
        return {**super().get_config(), **config}
