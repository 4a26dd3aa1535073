"""Layers of TabM, an ensemble of networks that share matrices and train as one."""

import math

import keras
from keras import ops


@keras.saving.register_keras_serializable("skautokeras")
class MemberScaling(keras.layers.Layer):
    """Scale the features of a row differently for every member of an ensemble.

    The output for member k is ``y_k = x * r_k``. Every r is learned and is drawn from
    N(0, 1) at the start. The layer makes the members of TabM differ before any other
    layer mixes the features (Gorishniy, Kotelnikov, Babenko, arXiv:2410.24210).

    Parameters
    ----------
    n_members : int
        Number of members.

    Notes
    -----
    **Shape**: ``(batch, n_features) -> (batch, n_members, n_features)``.

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._layers.ensemble import MemberScaling
    >>> MemberScaling(8)(np.ones((2, 5))).shape
    TensorShape([2, 8, 5])
    """

    def __init__(self, n_members, **kwargs):
        super().__init__(**kwargs)
        self.n_members = n_members

    def build(self, input_shape):
        """Create one number per member and feature."""
        # Weights with this name are not decayed. Decay would make the members alike.
        self.gamma = self.add_weight(
            shape=(self.n_members, input_shape[-1]),
            initializer=keras.initializers.RandomNormal(stddev=1.0),
            name="gamma",
        )

    def call(self, x):
        """Return the scaled features of all members."""
        return ops.expand_dims(x, 1) * self.gamma

    def compute_output_shape(self, input_shape):
        """Return ``(batch, n_members, n_features)``."""
        return (input_shape[0], self.n_members, input_shape[-1])

    def get_config(self):
        """Return the configuration for `from_config`."""
        return {**super().get_config(), "n_members": self.n_members}


@keras.saving.register_keras_serializable("skautokeras")
class BatchEnsembleDense(keras.layers.Layer):
    """A dense layer with one matrix for all members of an ensemble.

    The output for member k is ``y_k = ((x_k * r_k) W) * s_k + b_k`` (BatchEnsemble, Wen
    et al., arXiv:2002.06715): the matrix W is shared, and each member adapts it by its
    own r, s and b. At the start, all r and s are 1 and all b are equal, as in TabM
    (arXiv:2410.24210), where an earlier layer makes the members differ.

    Parameters
    ----------
    units : int
        Number of outputs of each member.

    Notes
    -----
    **Shape**: ``(batch, n_members, n) -> (batch, n_members, units)``.

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._layers.ensemble import BatchEnsembleDense
    >>> BatchEnsembleDense(3)(np.ones((2, 8, 5))).shape
    TensorShape([2, 8, 3])
    """

    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.units = units

    def build(self, input_shape):
        """Create the matrix, and factors and biases of every member."""
        _, n_members, n_inputs = input_shape
        self.kernel = self.add_weight(
            shape=(n_inputs, self.units), initializer="he_normal", name="kernel"
        )
        # Weights with these names are not decayed.
        self.input_factor = self.add_weight(
            shape=(n_members, n_inputs), initializer="ones", name="input_gamma"
        )
        self.output_factor = self.add_weight(
            shape=(n_members, self.units), initializer="ones", name="output_gamma"
        )
        self.bias = self.add_weight(
            shape=(n_members, self.units), initializer="zeros", name="bias"
        )

    def call(self, x):
        """Return the weighted sums of all members."""
        shared = ops.matmul(x * self.input_factor, self.kernel)
        return shared * self.output_factor + self.bias

    def compute_output_shape(self, input_shape):
        """Return ``(batch, n_members, units)``."""
        return (*input_shape[:-1], self.units)

    def get_config(self):
        """Return the configuration for `from_config`."""
        return {**super().get_config(), "units": self.units}


@keras.saving.register_keras_serializable("skautokeras")
class MemberDense(keras.layers.Layer):
    """A dense layer of its own for each member of an ensemble.

    The output for member k is ``y_k = f(x_k W_k + b_k)``; the members share nothing.
    The heads of TabM (arXiv:2410.24210) are such layers. W and b are drawn uniformly
    between ``-1 / sqrt(n)`` and ``1 / sqrt(n)``, where n is the number of inputs.

    Parameters
    ----------
    units : int
        Number of outputs of each member.
    activation : str or None, default=None
        Name of the Keras activation f. If None, it is the identity.

    Notes
    -----
    **Shape**: ``(batch, n_members, n) -> (batch, n_members, units)``.

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._layers.ensemble import MemberDense
    >>> MemberDense(1, "sigmoid")(np.ones((2, 8, 5))).shape
    TensorShape([2, 8, 1])
    """

    def __init__(self, units, activation=None, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.activation = keras.activations.get(activation)

    def build(self, input_shape):
        """Create one matrix and the biases of every member."""
        _, n_members, n_inputs = input_shape
        bound = 1.0 / math.sqrt(n_inputs)
        self.kernel = self.add_weight(
            shape=(n_members, n_inputs, self.units),
            initializer=keras.initializers.RandomUniform(-bound, bound),
            name="kernel",
        )
        self.bias = self.add_weight(
            shape=(n_members, self.units),
            initializer=keras.initializers.RandomUniform(-bound, bound),
            name="bias",
        )

    def call(self, x):
        """Return the outputs of all members."""
        sums = ops.einsum("bkn,knu->bku", x, self.kernel) + self.bias
        return self.activation(sums)

    def compute_output_shape(self, input_shape):
        """Return ``(batch, n_members, units)``."""
        return (*input_shape[:-1], self.units)

    def get_config(self):
        """Return the configuration for `from_config`."""
        config = {
            "units": self.units,
            "activation": keras.activations.serialize(self.activation),
        }
        return {**super().get_config(), **config}


@keras.saving.register_keras_serializable("skautokeras")
class MeanOfMembers(keras.layers.Layer):
    """Average the outputs of the members of an ensemble, except in training.

    In training, the layer returns the outputs of all members, because the loss of TabM
    is the mean of the losses of the members. The loss of their mean output would train
    them as a single network (arXiv:2410.24210).

    Notes
    -----
    **Shape**: ``(batch, n_members, units) -> (batch, units)``. In training, the output
    has the shape of the input.

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._layers.ensemble import MeanOfMembers
    >>> MeanOfMembers()(np.array([[[1.0], [3.0]]])).numpy().tolist()
    [[2.0]]
    """

    def call(self, x, training=False):
        """Return the mean over the members, or ``x`` in training."""
        return x if training else mean_of_members(x)

    def compute_output_shape(self, input_shape):
        """Return ``(batch, units)``."""
        return (input_shape[0], input_shape[-1])


def mean_of_members(y_pred, network_weights=(1.0,)):
    """Return the mean of outputs over the members, if the outputs have members.

    Parameters
    ----------
    y_pred : tensor
        Outputs of shape (batch, n_members, units), or (batch, units) without members.
    network_weights : sequence of float, default=(1.0,)
        Weights of several networks, which sum to 1. The outputs of the networks stand
        side by side as members, and each network has the same number of them.

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._layers.ensemble import mean_of_members
    >>> (
    ...     mean_of_members(np.zeros((4, 8, 1))).shape,
    ...     mean_of_members(np.zeros((4, 1))).shape,
    ... )
    (TensorShape([4, 1]), (4, 1))
    """
    if len(y_pred.shape) == 2:
        return y_pred
    return mean_over_members(y_pred, network_weights)


def mean_over_members(values, network_weights=(1.0,)):
    """Return the mean over axis 1, along which the members of networks are placed.

    Parameters
    ----------
    values : tensor of shape (batch, n_members, ...)
        One value per member, such as its loss.
    network_weights : sequence of float, default=(1.0,)
        Weights of the networks, each of which has the same number of members.

    Returns
    -------
    mean : tensor of shape (batch, ...)

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._layers.ensemble import mean_over_members
    >>> losses = np.array([[1.0, 3.0, 10.0, 10.0]], "float32")
    >>> mean_over_members(losses, [0.75, 0.25]).numpy()
    array([4.], dtype=float32)
    """
    if len(network_weights) == 1:
        return ops.mean(values, axis=1)
    parts = ops.split(values, len(network_weights), axis=1)
    return sum(
        weight * ops.mean(part, axis=1)
        for weight, part in zip(network_weights, parts, strict=True)
    )
