"""Layers that regularise the training of a network."""

import keras
from keras import ops

from skautokeras._layers.base import Layer


@keras.saving.register_keras_serializable("skautokeras")
class Dropout(Layer):
    """Drop a random fraction of the values in training.

    In training, the output is ``x / (1 - rate)`` where a uniform random number is below
    ``1 - rate``, and 0 elsewhere (Srivastava et al., JMLR 15, 2014). The rate is held
    in a variable, so that networks which differ only in it share one compiled function.

    Parameters
    ----------
    rate : float
        Fraction of the values that is dropped, at least 0 and below 1.
    seed : int or None, default=None
        Seed of the random numbers. If None, it is drawn at random.
    channels : bool, default=False
        Whether all values of a channel of a series or an image are dropped together,
        because neighbouring values are nearly equal (Tompson et al., arXiv:1411.4280).

    Notes
    -----
    **Shape**: the output has the shape of the input.

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._layers.regularization import Dropout
    >>> layer = Dropout(0.5, seed=0)
    >>> sorted(set(np.asarray(layer(np.ones((8, 8)), training=True)).ravel().tolist()))
    [0.0, 2.0]
    """

    # The rate is held in a variable.
    uncompiled_config = ("rate",)

    def __init__(self, rate, seed=None, channels=False, **kwargs):
        super().__init__(**kwargs)
        self.rate = rate
        self.seed = seed
        self.channels = channels
        self.seed_generator = keras.random.SeedGenerator(seed)

    def build(self, input_shape):
        """Create the variable that holds the rate."""
        self.current_rate = self.add_weight(
            shape=(),
            initializer=keras.initializers.Constant(self.rate),
            trainable=False,
            autocast=False,
            name="rate",
        )

    def call(self, x, training=False):
        """Return ``x``, or ``x`` with dropped values in training."""
        if not training:
            return x
        keep = 1.0 - self.current_rate
        shape = ops.shape(x)
        if self.channels:
            shape = (shape[0], *[1] * (len(shape) - 2), shape[-1])
        draws = keras.random.uniform(shape, seed=self.seed_generator)
        factors = ops.where(draws < keep, 1.0 / keep, 0.0)
        # The rate has no gradient, so that there are fewer operations to trace.
        return x * ops.stop_gradient(ops.cast(factors, x.dtype))

    def compute_output_shape(self, input_shape):
        """Return the shape of the input."""
        return input_shape

    def get_config(self):
        """Return the configuration for `from_config`."""
        config = {"rate": self.rate, "seed": self.seed, "channels": self.channels}
        return {**super().get_config(), **config}
