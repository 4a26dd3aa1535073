"""Layers of TabM: many networks that share their matrices, trained as one."""

import math

import keras
from keras import ops


@keras.saving.register_keras_serializable("skautokeras")
class MemberScaling(keras.layers.Layer):
    """Give every member of an ensemble its own view of a row.

    ``y_k = x * r_k``: what makes the members of TabM differ (Gorishniy, Kotelnikov,
    Babenko, arXiv:2410.24210), before anything mixes the features. Every r is drawn
    from N(0, 1).

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
        # A name that is not decayed: members would become alike.
        self.gamma = self.add_weight(
            shape=(self.n_members, input_shape[-1]),
            initializer=keras.initializers.RandomNormal(stddev=1.0),
            name="gamma",
        )

    def call(self, x):
        """Return the views of all members."""
        return ops.expand_dims(x, 1) * self.gamma

    def compute_output_shape(self, input_shape):
        """Return ``(batch, n_members, n_features)``."""
        return (input_shape[0], self.n_members, input_shape[-1])

    def get_config(self):
        """Return what `from_config` needs."""
        return {**super().get_config(), "n_members": self.n_members}


@keras.saving.register_keras_serializable("skautokeras")
class BatchEnsembleDense(keras.layers.Layer):
    """A dense layer whose matrix all members share and each of them adapts.

    ``y_k = ((x_k * r_k) W) * s_k + b_k`` (BatchEnsemble, Wen et al., arXiv:2002.06715).
    All r and s are 1 and all b equal at the start, as in TabM (arXiv:2410.24210): what
    makes members differ comes before.

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
        # Names that are not decayed.
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
        """Return what `from_config` needs."""
        return {**super().get_config(), "units": self.units}


@keras.saving.register_keras_serializable("skautokeras")
class MemberDense(keras.layers.Layer):
    """A dense layer for each member of an ensemble, nothing shared.

    ``y_k = f(x_k W_k + b_k)``: the heads of TabM (arXiv:2410.24210). W and b are drawn
    evenly between ``-1 / sqrt(n)`` and ``1 / sqrt(n)``, n the number of inputs.

    Parameters
    ----------
    units : int
        Number of outputs of each member.
    activation : str or None, default=None
        Name of the Keras activation f. None: the identity.

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
        """Return what `from_config` needs."""
        config = {
            "units": self.units,
            "activation": keras.activations.serialize(self.activation),
        }
        return {**super().get_config(), **config}


@keras.saving.register_keras_serializable("skautokeras")
class MeanOfMembers(keras.layers.Layer):
    """Average what the members of an ensemble say; not in training.

    Training needs the outputs one by one: the loss of TabM is the mean of the members'
    losses. That of the mean would let them become one (arXiv:2410.24210).

    Notes
    -----
    **Shape**: ``(batch, n_members, units) -> (batch, units)``; in training that of the
    input.

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._layers.ensemble import MeanOfMembers
    >>> MeanOfMembers()(np.array([[[1.0], [3.0]]])).numpy().tolist()
    [[2.0]]
    """

    def call(self, x, training=False):
        """Return the mean over the members, in training ``x``."""
        return x if training else mean_of_members(x)

    def compute_output_shape(self, input_shape):
        """Return ``(batch, units)``."""
        return (input_shape[0], input_shape[-1])


def mean_of_members(y_pred, network_weights=(1.0,)):
    """Return the mean over the members of outputs, if there are some.

    Parameters
    ----------
    y_pred : tensor
        (batch, n_members, units), or (batch, units) without members.
    network_weights : sequence of float, default=(1.0,)
        Weights of several networks, whose outputs stand side by side as members, the
        same number of each. They sum to 1.

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
    """Return the mean over axis 1, on which members of networks stand side by side.

    Parameters
    ----------
    values : tensor of shape (batch, n_members, ...)
        One value per member, such as its loss.
    network_weights : sequence of float, default=(1.0,)
        Weights of networks, each of which has the same number of members.

    Returns
    -------
    mean : tensor of shape (batch, ...)

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._layers.ensemble import mean_over_members
    >>> losses = np.array([[1.0, 3.0, 10.0, 10.0]])
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
