"""Updates by rows: a step changes only the rows of a large embedding in its batch."""

import math

import tensorflow as tf

from skautokeras._layers.base import traits_of, walk
from skautokeras._layers.text import CodeEmbedding, WeightedBag, rows_read_from
from skautokeras._training.optimization import not_decayed

# Number of weights of an embedding above which updates by rows are faster (decision
# 0038).
LARGE = 2**17
# Constants of Adam, with their defaults in Keras.
_BETA, _EPSILON = 0.999, 1e-7


class RowUpdates:
    """The large embeddings of a network, which are learned row by row.

    They are learned by Adam without momentum. With momentum, a row that is in few
    batches would continue to move in all batches after them; here it makes its whole
    step at once. Embeddings with a learning rate of their own are not among them.

    Parameters
    ----------
    network : keras.Model
        Functional network with the embeddings.
    smallest : float, default=LARGE
        Minimum number of weights of an embedding that counts as large.

    Examples
    --------
    >>> import keras
    >>> from skautokeras._layers.text import WeightedBag
    >>> from skautokeras._training.row_updates import RowUpdates
    >>> codes = keras.Input((5,), dtype="int32")
    >>> network = keras.Model(codes, WeightedBag(n_codes=9000, dim=32)(codes))
    >>> [tuple(variable.shape) for variable in RowUpdates(network).variables]
    [(9000, 32)]
    """

    def __init__(self, network, smallest=LARGE):
        large = {id(v) for v in _embeddings_of(network) if _size(v) >= smallest}
        variables = network.trainable_variables
        self._positions = [i for i, v in enumerate(variables) if id(v) in large]
        # Layers look up their weights by these variables, whose values are not used.
        self._asked_for = [variables[i] for i in self._positions]
        kept = set(map(id, not_decayed(network, self._asked_for)))
        self._decayed = [float(id(v) not in kept) for v in self._asked_for]
        zeros = [tf.zeros(variable.shape) for variable in self._asked_for]
        self._weights = [tf.Variable(values) for values in zeros]
        self._squares = [tf.Variable(values) for values in zeros]

    @property
    def variables(self):
        """The weights of the large embeddings, of which gradients are taken."""
        return tuple(self._weights)

    @property
    def state(self):
        """A copy of the weights; can be set."""
        return tuple(weights.numpy() for weights in self._weights)

    @state.setter
    def state(self, state):
        for weights, values in zip(self._weights, state, strict=True):
            weights.assign(values)

    def read_from(self, variables):
        """Copy the weights, given all variables of a network that are trained."""
        for i, weights in zip(self._positions, self._weights, strict=True):
            weights.assign(variables[i].value)

    def write_to(self, variables):
        """Write the weights, given all variables of a network that are trained."""
        for i, weights in zip(self._positions, self._weights, strict=True):
            variables[i].assign(weights)

    def without_large(self, variables):
        """Return variables, all that are trained, without the large embeddings."""
        return [v for i, v in enumerate(variables) if i not in self._positions]

    def with_large(self, weights):
        """Insert the large embeddings into weights in the order of `without_large`."""
        weights = list(weights)
        for i, variable in zip(self._positions, self._asked_for, strict=True):
            weights.insert(i, variable.value)
        return weights

    def restart(self):
        """Forget the gradients of all steps."""
        for squares in self._squares:
            squares.assign(tf.zeros_like(squares))

    def in_use(self):
        """Return a context in which the layers of the network read these weights."""
        ids = map(id, self._asked_for)
        return rows_read_from(dict(zip(ids, self._weights, strict=True)))

    def update(self, gradients, rate, decay, n_steps):
        """Update the rows that have gradients.

        Parameters
        ----------
        gradients : sequence of tf.IndexedSlices
            Gradients of the rows of a batch, one per embedding.
        rate : tensor
            Learning rate of the step.
        decay : tensor
            Share of the weights of these rows that weight decay takes away.
        n_steps : tensor
            Number of steps, this one included.
        """
        for weights, squares, gradient, decayed in zip(
            self._weights, self._squares, gradients, self._decayed, strict=True
        ):
            rows, places = tf.unique(gradient.indices)
            slope = tf.math.unsorted_segment_sum(gradient.values, places, tf.size(rows))
            square = _BETA * tf.gather(squares, rows) + (1.0 - _BETA) * slope**2
            squares.scatter_update(tf.IndexedSlices(square, rows))
            correction = 1.0 - _BETA ** tf.cast(n_steps, "float32")
            step = rate * slope / (tf.sqrt(square / correction) + _EPSILON)
            kept = 1.0 - decay * decayed
            changed = kept * tf.gather(weights, rows) - step
            weights.scatter_update(tf.IndexedSlices(changed, rows))


def _embeddings_of(network):
    """Yield the weights of embeddings that have the learning rate of the training."""
    for layer in walk(network):
        has_usual_rate = traits_of(layer).learning_rate_factor is None
        if isinstance(layer, CodeEmbedding | WeightedBag) and has_usual_rate:
            yield layer.table


def _size(variable):
    return math.prod(variable.shape)
