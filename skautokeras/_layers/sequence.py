"""Layers for series (batch, steps, channels)."""

import keras


@keras.saving.register_keras_serializable("skautokeras")
class PositionEmbedding(keras.layers.Layer):
    """Add a learned vector for each position to a series.

    ``y[t] = x[t] + p[t]`` (Devlin et al., arXiv:1810.04805).

    Notes
    -----
    **Shape**: that of the input, (batch, steps, channels); the number of steps is fixed
    when the layer is built.

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._layers.sequence import PositionEmbedding
    >>> PositionEmbedding()(np.ones((2, 5, 3))).shape
    TensorShape([2, 5, 3])
    """

    def build(self, input_shape):
        """Create the vectors."""
        self.table = self.add_weight(
            shape=input_shape[1:],
            initializer=keras.initializers.RandomNormal(stddev=0.02),
            name="embeddings",
        )

    def call(self, x):
        """Return ``x`` with the vectors added."""
        return x + self.table

    def compute_output_shape(self, input_shape):
        """Return the shape of the input."""
        return input_shape
