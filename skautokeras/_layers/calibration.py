"""A layer behind probabilities, so that they say how often they are right."""

import keras
from keras import ops

# What is taken for the smallest probability, as in the losses of Keras.
SMALLEST = 1e-7


@keras.saving.register_keras_serializable("skautokeras")
class Temperature(keras.layers.Layer):
    """Divide the logits behind probabilities by a constant.

    ``softmax(log(p) / T)`` of one distribution over classes, ``sigmoid(logit(p) / T)``
    of separate probabilities (Guo, Pleiss, Sun, Weinberger, On Calibration of Modern
    Neural Networks, ICML 2017, section 4.2). T > 1 makes them more cautious, T < 1 more
    certain; which class is the most probable one stays, and so does which side of 1/2
    a probability is on.

    Parameters
    ----------
    temperature : float
        T, above 0. 1 changes nothing.
    activation : {"softmax", "sigmoid"}, default="softmax"
        Where the probabilities come from: whether those of a row sum to 1.

    Notes
    -----
    **Shape**: ``(batch, n_outputs) -> (batch, n_outputs)``. Probabilities below 1e-7
    are taken for 1e-7.

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._layers.calibration import Temperature
    >>> Temperature(2.0)(np.array([[0.1, 0.9]])).numpy()
    array([[0.25, 0.75]], dtype=float32)
    >>> Temperature(0.5, "sigmoid")(np.array([[0.25]])).numpy().round(3)
    array([[0.1]], dtype=float32)
    """

    def __init__(self, temperature, activation="softmax", **kwargs):
        super().__init__(**kwargs)
        self.temperature = float(temperature)
        self.activation = activation

    def call(self, p):
        """Return the calibrated probabilities."""
        logits = ops.log(ops.maximum(p, SMALLEST))
        # TensorFlow's graph optimizer, where it is on, would make this of a division.
        scale = 1.0 / self.temperature
        if self.activation == "softmax":
            return ops.softmax(logits * scale, axis=-1)
        logits = logits - ops.log(ops.maximum(1.0 - p, SMALLEST))
        return ops.sigmoid(logits * scale)

    def compute_output_shape(self, input_shape):
        """Return the shape of the input."""
        return input_shape

    def get_config(self):
        """Return what `from_config` needs."""
        config = {"temperature": self.temperature, "activation": self.activation}
        return {**super().get_config(), **config}
