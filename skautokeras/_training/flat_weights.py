"""FlatWeights: the weights of a network in one variable, for compiled epochs."""

import contextlib
import math

import keras
import numpy as np
import tensorflow as tf

from skautokeras._training.optimization import (
    learning_rate_factors,
    make_optimizer,
    not_decayed,
)
from skautokeras._training.row_updates import LARGE, RowUpdates


class FlatWeights:
    """The weights of one network; networks of the same structure can take turns.

    All trained weights are in one variable, so that the optimizer has one update
    instead of one per weight. Large embeddings are separate, because they are updated
    by rows.

    Parameters
    ----------
    built : BuiltNetwork
        First network to train.
    min_row_updates : int, default=LARGE
        Minimum number of weights of an embedding that is updated by rows.

    Attributes
    ----------
    n_weights : int
        Number of weights of a network.
    variable : keras.Variable of shape (n_trained,)
        Trained weights, without those of large embeddings.
    decayed : tensor of shape (n_trained,)
        Mask of the weights that weight decay acts on: 1 for these, 0 for the rest.
    untrained : tuple of tensor
        State of the network that is not trained, such as means of batches and states of
        random generators. It consists of tensors, because variables in their place
        would have to be traced once more.
    large : RowUpdates
        Large embeddings, with their weights.
    optimizer : WeightRules
        Optimizer that is built for ``variable``.
    """

    def __init__(self, built, min_row_updates=LARGE):
        network = built.network
        # If weights are averaged, the optimizer averages the flat variable, so that all
        # weights must be in it.
        averaged = built.training.ema_momentum > 0
        self.large = RowUpdates(network, math.inf if averaged else min_row_updates)
        variables = self.large.without_large(network.trainable_variables)
        self._shapes = [tuple(v.shape) for v in variables]
        self._sizes = [math.prod(shape) for shape in self._shapes]
        self._has_own_rates = learning_rate_factors(network, variables) is not None
        self.n_weights = network.count_params()
        self.decayed = tf.constant(self._decay_mask(network, variables))
        self.variable = keras.Variable(_joined(variables), name="weights")
        self.optimizer = make_optimizer(
            built.training, own_rates="weights" if self._has_own_rates else "none"
        )
        self.optimizer.build([self.variable])
        self.optimizer.keep_start()
        self.untrained = ()
        self.start(built)

    def start(self, built):
        """Begin a training: copy the weights of a network, and reset the optimizer.

        Parameters
        ----------
        built : BuiltNetwork
            Network of the same structure.
        """
        # The variables that weights are read from and written back to.
        self._trained = built.network.trainable_variables
        self._others = built.network.non_trainable_variables
        self.read_back()
        self.large.restart()
        self.optimizer.restart(built.training.learning_rate)

    def read_back(self):
        """Copy the weights of the network that `start` was called with."""
        self.variable.assign(_joined(self.large.without_large(self._trained)))
        self.large.read_from(self._trained)
        self.untrained = tuple(tf.constant(v.numpy()) for v in self._others)

    def write_back(self):
        """Write the weights into the network that `start` was called with."""
        parts = np.split(self.variable.numpy(), np.cumsum(self._sizes))[:-1]
        variables = self.large.without_large(self._trained)
        for variable, part in zip(variables, parts, strict=True):
            variable.assign(part.reshape(variable.shape))
        self.large.write_to(self._trained)
        for variable, value in zip(self._others, self.untrained, strict=True):
            variable.assign(value)

    @property
    def state(self):
        """A copy of all weights, as averages if they are averaged; can be set."""
        with self.averaged():
            untrained = tuple(v.numpy() for v in self.untrained)
            return self.variable.numpy(), untrained, self.large.state

    @state.setter
    def state(self, state):
        weights, untrained, self.large.state = state
        self.variable.assign(weights)
        self.untrained = tuple(tf.constant(value) for value in untrained)

    def take_average(self):
        """Replace the weights by their averages, if they are averaged."""
        self.optimizer.finalize_variable_values([self.variable])

    @contextlib.contextmanager
    def averaged(self):
        """Return a context in which the weights are replaced by their averages."""
        if not self.optimizer.use_ema:
            yield
            return
        weights = tf.identity(self.variable.value)
        self.take_average()
        yield
        self.variable.assign(weights)

    def set_progress(self, network, progress):
        """Set the learning rate factor of every layer at this point of the training.

        Parameters
        ----------
        network : keras.Model
            Network that has these weights.
        progress : float
            Share of the training that is done, from 0 to 1.
        """
        if self._has_own_rates:
            variables = self.large.without_large(self._trained)
            factors = learning_rate_factors(network, variables, progress)
            (by_weight,) = self.optimizer.learning_rate_factors
            by_weight.assign(tf.repeat(tf.constant(factors, "float32"), self._sizes))

    def tensors(self):
        """Return the weights in their shapes, as slices of the flat variable."""
        if not self._sizes:
            return self.large.with_large([])
        parts = tf.split(self.variable.value, self._sizes)
        # Biases and the like already have their shape, so they are not reshaped: every
        # operation and its gradient take time to trace.
        weights = [
            part if len(shape) == 1 else tf.reshape(part, shape)
            for part, shape in zip(parts, self._shapes, strict=True)
        ]
        return self.large.with_large(weights)

    def _decay_mask(self, network, variables):
        kept = set(map(id, not_decayed(network, variables)))
        decayed = [id(variable) not in kept for variable in variables]
        return np.repeat(np.array(decayed, "float32"), self._sizes)


def _joined(variables):
    empty = np.zeros(0, "float32")
    return np.concatenate([empty, *(v.numpy().ravel() for v in variables)])
