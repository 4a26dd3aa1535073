"""Cost: how much arithmetic a network takes, told from its layers."""

import math
from dataclasses import dataclass

import keras

from skautokeras._layers.base import walk
from skautokeras._layers.categorical import CategoricalEmbedding
from skautokeras._layers.ensemble import BatchEnsembleDense, MemberDense, MemberScaling
from skautokeras._layers.pretrained import ImageEncoder, TextEncoder
from skautokeras._layers.text import WeightedBag
from skautokeras._layers.trees import TreeEnsemble
from skautokeras._space.unfilled import without_weights
from skautokeras._training.inference import bytes_per_row

# Layers whose weights are looked up, not multiplied.
_TABLES = (keras.layers.Embedding, CategoricalEmbedding)
# A number takes so many bytes. Of trained weights there are also gradients, two
# moments, an average, and copies of the best epoch and of the trial; of outputs,
# gradients too.
_BYTES, _COPIES_OF_TRAINED, _COPIES_OF_OTHERS, _COPIES_OF_OUTPUTS = 4, 8, 3, 2.5
# A multiplication and an addition.
_FLOPS_PER_WEIGHT = 2


@dataclass(frozen=True)
class Cost:
    """Cost of training the network of a configuration.

    Attributes
    ----------
    n_parameters : int
        Number of the network's parameters.
    flops : int
        A third of the floating-point operations of a step of training for one row
        (`count_flops`): those of a forward pass, unless some weights stay as they are.
    epochs : int
        Number of epochs of a whole training; 0 if nothing is trained.
    fitting_flops : int, default=0
        Floating-point operations, about, of the fitting of layers before the training,
        for one row. They are comparable to those of forward passes.
    memory : int, default=0
        Bytes, about, that a step of the training takes.
    """

    n_parameters: int
    flops: int
    epochs: int
    fitting_flops: int = 0
    memory: int = 0

    @property
    def training_flops(self):
        """Operations of the whole training for one row; passes count one way."""
        return self.flops * self.epochs + self.fitting_flops


def estimate_cost(search_space, values):
    """Return the cost of a configuration, without taking memory for its weights.

    Parameters
    ----------
    search_space : SearchSpace
        Search space that makes networks from configurations.
    values : dict of str to object
        Configuration whose network is measured.

    Returns
    -------
    cost : Cost
    """
    return without_weights(_cost_of, search_space, values)


def _cost_of(search_space, values):
    built = search_space.build(values)
    return Cost(
        n_parameters=built.network.count_params(),
        flops=count_flops(built.network, training=True),
        epochs=built.training.epochs if built.network.trainable_variables else 0,
        fitting_flops=sum(
            layer.flops_of_fitting
            for layer in walk(built.network)
            if isinstance(layer, TreeEnsemble)
        ),
        memory=_memory_of(built, search_space.n_samples),
    )


def _memory_of(built, n_samples):
    """Return the bytes, about, that a step of the training takes."""
    network = built.network
    trained = sum(math.prod(w.shape) for w in network.trainable_variables)
    others = network.count_params() - trained
    weights = _BYTES * (_COPIES_OF_TRAINED * trained + _COPIES_OF_OTHERS * others)
    if not trained:
        return weights
    n_bytes, _ = bytes_per_row(network)
    n_bytes += sum(map(_bytes_in_encoder, walk(network)))
    n_rows = min(built.training.batch_size, n_samples)
    return weights + int(_COPIES_OF_OUTPUTS * n_bytes * n_rows)


def _bytes_in_encoder(layer):
    """Return the bytes for one row of what training keeps of a pretrained network.

    Outputs of layers before the first one that is trained are not kept.
    """
    if not isinstance(layer, ImageEncoder | TextEncoder):
        return 0
    n_numbers, is_trained = 0, False
    for inner in walk(layer.network):
        is_trained = is_trained or bool(inner.trainable_weights)
        if is_trained:
            n_numbers += math.prod(n or 1 for n in _shape_of_output(inner)[1:])
    return _BYTES * n_numbers * (getattr(layer, "n_steps", None) or 1)


def count_flops(network, *, training=False):
    """Return the floating-point operations of a forward pass for one row, about.

    A step of training takes three times as many. Every matrix of weights is multiplied
    once per position of its layer's output (positions of a convolution, steps of a
    sequence); what else layers do costs less. Tables of embeddings are looked up, not
    multiplied.

    Parameters
    ----------
    network : keras.Model
        Functional, of known shapes.
    training : bool, default=False
        Whether to return a third of the operations of a step of training. Layers of a
        pretrained network that are not trained are passed once, so they count a third.

    Returns
    -------
    flops : int

    Examples
    --------
    >>> import keras
    >>> from skautokeras._search.cost import count_flops
    >>> x = keras.Input((4,))
    >>> count_flops(keras.Model(x, keras.layers.Dense(3)(x)))
    24
    """
    return sum(_layer_flops(layer, training) for layer in walk(network))


def _layer_flops(layer, training):
    if isinstance(layer, ImageEncoder):
        return _flops_of_encoder(layer.network, training)
    if isinstance(layer, _TABLES):
        return 0
    if isinstance(layer, WeightedBag):
        # Only the vectors of the listed codes are multiplied.
        codes = keras.tree.flatten(layer.input)[0]
        return _FLOPS_PER_WEIGHT * codes.shape[1] * layer.dim
    if isinstance(layer, TextEncoder):
        # All of its layers are used for each token, what is looked up excepted.
        return layer.n_steps * _flops_of_encoder(layer.network, training)
    if isinstance(layer, TreeEnsemble):
        # A row is compared once on every level of each tree.
        return layer.n_comparisons
    if isinstance(layer, MemberDense):
        # Every member uses its own matrix, once.
        return _FLOPS_PER_WEIGHT * math.prod(layer.kernel.shape)
    return _flops_of_weights(_matrices(layer), layer)


def _flops_of_encoder(network, training):
    """Return the operations of a pretrained network."""
    flops = 0
    for layer in walk(network):
        # A layer of such networks may hold tables.
        multiplied = [w for w in layer.weights if not w.name.endswith("embeddings")]
        n_flops = _flops_of_weights(multiplied, layer)
        is_passed_once = training and not layer.trainable_weights
        flops += n_flops // 3 if is_passed_once else n_flops
    return flops


def _flops_of_weights(weights, layer):
    matrices = [w.shape for w in weights if len(w.shape) > 1]
    n_weights = sum(math.prod(shape) for shape in matrices)
    return _FLOPS_PER_WEIGHT * n_weights * _positions(layer) if matrices else 0


def _matrices(layer):
    """Return the weights of a layer without those that single numbers multiply by."""
    if isinstance(layer, MemberScaling):
        return []
    if isinstance(layer, BatchEnsembleDense):
        return [layer.kernel]
    return layer.trainable_weights


def _positions(layer):
    """Return how often the weights of a layer are used for one row."""
    shape = _shape_of_output(layer)
    if isinstance(layer, keras.layers.RNN) and len(shape) > 1:
        # A recurrent layer uses them at every step, also where it returns the last one.
        shape = layer.input.shape
    return math.prod(n or 1 for n in shape[1:-1])


def _shape_of_output(layer):
    """Return the shape of the output of a layer; (1,) if it is not known.

    Layers that a subclassed model calls have no shapes of their own.
    """
    try:
        return keras.tree.flatten(layer.output)[0].shape
    except (AttributeError, ValueError):
        return (1,)
