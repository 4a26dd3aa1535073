"""Layers of RealMLP: what is learned is small, factors in front of it say how fast.

An optimizer of Adam's kind moves every weight by about the learning rate, whatever the
scale of its gradient. A weight that is ``factor * u`` with a trained u therefore has
``factor`` times the learning rate of u: the rates per group of RealMLP are part of the
layers, and any training loop has them.
"""

import math

import keras
import numpy as np
from keras import ops

from skautokeras._layers.base import Layer

# Sums that a bias is mixed from.
_N_MIXED = 5


@keras.saving.register_keras_serializable("skautokeras")
class InputScaling(keras.layers.Layer):
    """Multiply each feature by a learned number.

    ``y = x * factor * u``, ``factor * u`` being 1 at the start (the scaling layer of
    RealMLP, Holzmueller et al., arXiv:2407.04491): features that do not help fade.

    Parameters
    ----------
    factor : float, default=96.0
        What the learning rate is multiplied by. RealMLP: 6 times that of `NTKDense`.

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
        """Return what `from_config` needs."""
        return {**super().get_config(), "factor": self.factor}


@keras.saving.register_keras_serializable("skautokeras")
class NTKDense(Layer):
    """A dense layer in the neural tangent parametrisation.

    ``y = factor / sqrt(n) x W + bias_factor b``, n the number of inputs (Jacot et al.,
    arXiv:1806.07572). ``factor * W`` is drawn from N(0, 1), ``bias_factor * b`` from
    N(0, 1/3). A training draws them anew by `start_from` with
    ``from_data=True``.

    With ``factor`` 16, a layer of 256 inputs learns as a dense layer of Keras does at
    the same learning rate, and those of fewer inputs learn faster.

    Parameters
    ----------
    units : int
        Number of outputs.
    factor : float, default=16.0
        What the learning rate of the matrix is multiplied by.
    bias_factor : float, default=1.6
        The same for the biases. RealMLP: a tenth of ``factor``.
    from_data : bool, default=False
        Whether trainings start from their data.

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

    # It only says where the weights start.
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
        """Draw matrix and biases anew, after the training data.

        Each column of the matrix is scaled so that its sums over the rows have unit
        variance. Each bias is minus a random convex combination of five of these sums,
        so that every neuron bends somewhere among the rows ("he+5", Steinwart,
        arXiv:1902.01677; RealMLP, arXiv:2407.04491).

        Parameters
        ----------
        x : ndarray of shape (n_rows, n)
            Inputs of the layer.
        rng : numpy.random.Generator
            Source of the draws.
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
        """Return what `from_config` needs."""
        config = {
            "units": self.units,
            "factor": self.factor,
            "bias_factor": self.bias_factor,
            "from_data": self.starts_from_data,
        }
        return {**super().get_config(), **config}


@keras.saving.register_keras_serializable("skautokeras")
class ParametricActivation(keras.layers.Layer):
    """An activation that each neuron can turn down, off or over.

    ``y = x + a (f(x) - x)`` with a learned ``a = factor * u`` for every neuron, 1 at
    the start (RealMLP, arXiv:2407.04491).

    Parameters
    ----------
    activation : str
        Name of the Keras activation f.
    factor : float, default=1.6
        What the learning rate is multiplied by. RealMLP: a tenth of that of `NTKDense`.

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
        # A name that is not decayed: the end of decay would be a linear network.
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
        """Return what `from_config` needs."""
        config = {
            "activation": keras.activations.serialize(self.activation),
            "factor": self.factor,
        }
        return {**super().get_config(), **config}
