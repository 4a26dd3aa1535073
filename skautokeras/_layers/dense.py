"""Layers of RealMLP, whose constant factors set the learning rates of their weights.

An optimizer such as Adam moves every weight by about the learning rate, whatever the
scale of its gradient. A weight that is ``factor * u`` with a trained u therefore has
``factor`` times the learning rate of u. In this way the layers hold the learning rates
that RealMLP has for groups of weights, and every training loop applies them.
"""

import math

import keras
import numpy as np
from keras import ops

from skautokeras._layers.base import Layer

# Number of weighted sums whose convex combination gives a bias.
_N_MIXED = 5


@keras.saving.register_keras_serializable("skautokeras")
class InputScaling(keras.layers.Layer):
    """Multiply each feature by a learned number.

    The output is ``y = x * factor * u``, where u is learned and ``factor * u`` starts
    at 1. Training can thus reduce the influence of features that do not help. This is
    the scaling layer of RealMLP (Holzmueller et al., arXiv:2407.04491).

    Parameters
    ----------
    factor : float, default=96.0
        Factor by which the learning rate is multiplied. The default is 6 times that of
        `NTKDense`, as in RealMLP.

    Notes
    -----
    **Shape**: ``(batch, n_features) -> (batch, n_features)``.

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._layers.dense import InputScaling
    >>> InputScaling()(np.array([[2.0, 3.0]])).numpy().round(4)
    array([[2., 3.]], dtype=float32)
    """

    def __init__(self, factor=96.0, **kwargs):
        super().__init__(**kwargs)
        self.factor = factor

    def build(self, input_shape):
        """Create one number per feature."""
        self.scale = self.add_weight(
            shape=(input_shape[-1],),
            initializer=keras.initializers.Constant(1.0 / self.factor),
            name="scale",
        )

    def call(self, x):
        """Return the scaled features."""
        return x * (self.factor * self.scale)

    def compute_output_shape(self, input_shape):
        """Return the shape of the input."""
        return input_shape

    def get_config(self):
        """Return the configuration for `from_config`."""
        return {**super().get_config(), "factor": self.factor}


@keras.saving.register_keras_serializable("skautokeras")
class NTKDense(Layer):
    """A dense layer in the neural tangent parametrisation.

    The output is ``y = factor / sqrt(n) x W + bias_factor b``, where n is the number of
    inputs (Jacot et al., arXiv:1806.07572). At first, ``factor * W`` is drawn from
    N(0, 1) and ``bias_factor * b`` from N(0, 1/3). With ``from_data=True``, a training
    draws them again by `start_from`.

    With the default ``factor`` of 16, a layer of 256 inputs learns as fast as a dense
    layer of Keras at the same learning rate, and a layer of fewer inputs learns faster.

    Parameters
    ----------
    units : int
        Number of outputs.
    factor : float, default=16.0
        Factor by which the learning rate of the matrix W is multiplied.
    bias_factor : float, default=1.6
        Factor by which the learning rate of the biases b is multiplied. The default is
        a tenth of that of ``factor``, as in RealMLP.
    from_data : bool, default=False
        Whether a training draws the weights again, so that they suit its rows.

    Notes
    -----
    **Shape**: ``(batch, n) -> (batch, units)``.

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._layers.dense import NTKDense
    >>> NTKDense(3)(np.ones((2, 5))).shape
    TensorShape([2, 3])
    """

    # It only decides where the weights start.
    uncompiled_config = ("from_data",)

    def __init__(self, units, factor=16.0, bias_factor=1.6, from_data=False, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.factor = factor
        self.bias_factor = bias_factor
        self.starts_from_data = from_data

    def build(self, input_shape):
        """Create the matrix and the biases."""
        self.kernel = self.add_weight(
            shape=(input_shape[-1], self.units),
            initializer=keras.initializers.RandomNormal(stddev=1.0 / self.factor),
            name="kernel",
        )
        self.bias = self.add_weight(
            shape=(self.units,),
            initializer=keras.initializers.RandomNormal(
                stddev=1.0 / (math.sqrt(3.0) * self.bias_factor)
            ),
            name="bias",
        )

    def start_from(self, x, rng):
        """Draw the matrix and the biases again, so that they suit the training rows.

        Each column of the matrix is scaled so that its sums over the rows have unit
        variance. Each bias is a random convex combination of five of these sums with
        the opposite sign, so that every neuron bends somewhere among the rows ("he+5",
        Steinwart, arXiv:1902.01677; RealMLP, arXiv:2407.04491).

        Parameters
        ----------
        x : ndarray of shape (n_rows, n)
            Inputs of the layer for some training rows.
        rng : numpy.random.Generator
            Source of the random numbers.
        """
        n_rows, n_inputs = x.shape
        kernel = rng.standard_normal((n_inputs, self.units))
        sums = x @ kernel / math.sqrt(n_inputs)
        scale = sums.std(axis=0)
        scale[scale == 0] = 1.0
        rows = rng.integers(n_rows, size=(_N_MIXED, self.units))
        shares = rng.exponential(size=rows.shape)
        shares /= shares.sum(axis=0)
        mixed = (shares * np.take_along_axis(sums / scale, rows, axis=0)).sum(axis=0)
        self.kernel.assign(kernel / scale / self.factor)
        self.bias.assign(-mixed / self.bias_factor)

    def call(self, x):
        """Return the weighted sums."""
        gain = self.factor / math.sqrt(x.shape[-1])
        if gain != 1.0:
            x = x * gain
        return ops.matmul(x, self.kernel) + self.bias_factor * self.bias

    def compute_output_shape(self, input_shape):
        """Return ``(batch, units)``."""
        return (*input_shape[:-1], self.units)

    def get_config(self):
        """Return the configuration for `from_config`."""
        config = {
            "units": self.units,
            "factor": self.factor,
            "bias_factor": self.bias_factor,
            "from_data": self.starts_from_data,
        }
        return {**super().get_config(), **config}


@keras.saving.register_keras_serializable("skautokeras")
class ParametricActivation(keras.layers.Layer):
    """An activation whose strength is learned for each neuron.

    The output is ``y = x + a (f(x) - x)``. Each neuron learns its own ``a = factor *
    u``, which is 1 at the start: the plain activation f. At 0 the neuron is linear
    (RealMLP, arXiv:2407.04491).

    Parameters
    ----------
    activation : str
        Name of the Keras activation f.
    factor : float, default=1.6
        Factor by which the learning rate is multiplied. The default is a tenth of that
        of `NTKDense`, as in RealMLP.

    Notes
    -----
    **Shape**: ``(batch, n) -> (batch, n)``.

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._layers.dense import ParametricActivation
    >>> ParametricActivation("relu")(np.array([[-1.0, 2.0]])).numpy()
    array([[0., 2.]], dtype=float32)
    """

    def __init__(self, activation, factor=1.6, **kwargs):
        super().__init__(**kwargs)
        self.activation = keras.activations.get(activation)
        self.factor = factor

    def build(self, input_shape):
        """Create one number per neuron."""
        # Weights with this name are not decayed. Decay would end in a linear network.
        self.gamma = self.add_weight(
            shape=(input_shape[-1],),
            initializer=keras.initializers.Constant(1.0 / self.factor),
            name="gamma",
        )

    def call(self, x):
        """Return the activations."""
        return x + (self.factor * self.gamma) * (self.activation(x) - x)

    def compute_output_shape(self, input_shape):
        """Return the shape of the input."""
        return input_shape

    def get_config(self):
        """Return the configuration for `from_config`."""
        config = {
            "activation": keras.activations.serialize(self.activation),
            "factor": self.factor,
        }
        return {**super().get_config(), **config}
