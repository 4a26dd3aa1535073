"""Layers around pretrained models."""

from itertools import accumulate

import keras
from keras import ops

from skautokeras._layers.base import Layer, WrapperLayer, walk

# Where nothing is learned, the vectors of all tokens that a model takes at once hold at
# most so many numbers, unless this limit allows fewer rows than the second number.
_MOST_NUMBERS, _FEWEST_ROWS = 2**20, 32
# Pixels that go through a network at once where nothing is learned.
PIXELS_AT_ONCE = 2**20
# Name of the layer that brings pixels to what a network expects.
PREPROCESSING = "preprocessing_of_pixels"


@keras.saving.register_keras_serializable("skautokeras")
class PackedTokens(Layer):
    """Cut sequences of tokens, and add the tokens that mark the start and the end.

    A token is stored as its number plus one, and 0 fills the places behind the end.

    Parameters
    ----------
    length : int
        Maximum length of the packed sequences, which includes the marks.
    start, end : int or None, default=None
        Number of the token that marks the start or the end. If None, there is no mark.

    Notes
    -----
    **Shape**: int ``(batch, steps) -> (batch, min(steps + marks, length))``. The layer
    has no weights and treats rows one by one, so it is applied once per configuration
    (``preprocessing``).

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._layers.pretrained import PackedTokens
    >>> layer = PackedTokens(length=4, start=1, end=2)
    >>> layer(np.array([[8, 0, 0], [8, 7, 9]])).numpy()
    array([[2, 8, 3, 0],
           [2, 8, 7, 3]], dtype=int32)
    """

    preprocessing = True

    def __init__(self, length, start=None, end=None, **kwargs):
        super().__init__(**kwargs)
        self.length = length
        self.start = start
        self.end = end

    @property
    def _n_marks(self):
        return (self.start is not None) + (self.end is not None)

    def call(self, tokens):
        """Return the packed sequences."""
        x = ops.cast(tokens[:, : self.length - self._n_marks], "int32")
        if self.end is not None:
            n_tokens = ops.sum(ops.cast(x > 0, "int32"), axis=1, keepdims=True)
            x = ops.pad(x, ((0, 0), (0, 1)))
            places = ops.arange(ops.shape(x)[1], dtype="int32")
            x = ops.where(places[None, :] == n_tokens, self.end + 1, x)
        if self.start is not None:
            x = ops.pad(x, ((0, 0), (1, 0)), constant_values=self.start + 1)
        return x

    def compute_output_shape(self, input_shape):
        """Return ``(batch, min(steps + marks, length))``."""
        n_steps = input_shape[1]
        if n_steps is not None:
            n_steps = min(n_steps + self._n_marks, self.length)
        return input_shape[0], n_steps

    def compute_output_spec(self, tokens):
        """Return integers, although the layer may compute in floats."""
        return keras.KerasTensor(self.compute_output_shape(tokens.shape), dtype="int32")

    def get_config(self):
        """Return the configuration for `from_config`."""
        config = {"length": self.length, "start": self.start, "end": self.end}
        return {**super().get_config(), **config}


class _Encoder(WrapperLayer):
    """Base class of layers around a pretrained network that may be trained further.

    Parameters
    ----------
    network : keras.Model
        Functional network.
    learning_rate_factor : float, default=1.0
        Factor by which the learning rate of the weights is multiplied.
    frozen_until : float, default=0.0
        Fraction of the training, from 0 to 1, during which the weights stay unchanged.
    trained_share : float, default=1.0
        Share of the layers whose weights are trained, those nearest to the output.
    first_layer_rate : float, default=1.0
        Learning rate of the first layer, as a share of that of the last one. The rates
        of those in between rise by the same factor from layer to layer.
    **kwargs : object
        Arguments of `keras.layers.Layer`.
    """

    # These values are arguments of the compiled function.
    uncompiled_config = ("learning_rate_factor", "frozen_until", "first_layer_rate")

    def __init__(
        self,
        network,
        *,
        learning_rate_factor=1.0,
        frozen_until=0.0,
        trained_share=1.0,
        first_layer_rate=1.0,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.network = network
        self.learning_rate_factor = learning_rate_factor
        self.frozen_until = frozen_until
        self.trained_share = trained_share
        self.first_layer_rate = first_layer_rate
        self.width = network.output.shape[-1]
        self.network.trainable = self.trainable
        for layer in walk(network):
            if self._stays(layer):
                layer.trainable = False
        self._heights = _heights(network)
        _freeze_first_layers(network, trained_share)
        self.built = True

    @property
    def relative_rates(self):
        """Factors on the learning rates of the trained weights, greater behind."""
        rates = {
            id(weight): self.first_layer_rate ** (1 - height)
            for layer, height in zip(walk(self.network), self._heights, strict=True)
            for weight in layer.weights
        }
        return [rates[id(weight)] for weight in self.trainable_variables]

    def get_config(self):
        """Return the configuration for `from_config`."""
        return {
            **super().get_config(),
            "learning_rate_factor": self.learning_rate_factor,
            "frozen_until": self.frozen_until,
            "trained_share": self.trained_share,
            "first_layer_rate": self.first_layer_rate,
        }

    def _stays(self, layer):
        """Return whether a layer of the network is never trained."""
        return False


@keras.saving.register_keras_serializable("skautokeras")
class TextEncoder(_Encoder):
    """Turn the packed tokens of each text into a vector by a pretrained network.

    Parameters
    ----------
    network : keras.Model
        Functional network from a dict of tensors (batch, steps) to vectors (batch,
        steps, width). Its inputs are "token_ids", the numbers of tokens, and
        "padding_mask", which places hold one, and perhaps "segment_ids".
    pooling : {"first", "mean"}, default="mean"
        Way to get one vector per text: that of the first token, or the mean over those
        of all tokens.
    pad : int, default=0
        Number of the token that fills the places behind the end of a text.
    **kwargs : object
        Parameters about training, those of `_Encoder`, and those of a Keras layer.

    Notes
    -----
    **Shape**: int ``(batch, steps) -> (batch, width of the model)``.
    """

    # Inputs that a model can have.
    known_inputs = ("token_ids", "padding_mask", "segment_ids")

    def __init__(self, network, pooling="mean", pad=0, **kwargs):
        super().__init__(network, **kwargs)
        self.pooling = pooling
        self.pad = pad
        self._asked_for = list(network.input)
        self.n_steps = None

    @property
    def max_rows_at_once(self):
        """Maximum number of rows at once when nothing is learned.

        The limit depends on the number of tokens, because every token has a vector.
        """
        n_numbers = self.n_steps * self.width
        return max(_MOST_NUMBERS // n_numbers, _FEWEST_ROWS)

    def call(self, tokens, training=None):
        """Return the vectors of the texts."""
        tokens = ops.cast(tokens, "int32")
        is_token = tokens > 0
        known = {
            "token_ids": ops.where(is_token, tokens - 1, self.pad),
            "padding_mask": ops.cast(is_token, "int32"),
            "segment_ids": ops.zeros_like(tokens),
        }
        x = self.network(
            {name: known[name] for name in self._asked_for},
            training=bool(training) and self.trainable,
        )
        if self.pooling == "first":
            return x[:, 0]
        weights = ops.cast(is_token, x.dtype)[:, :, None]
        return ops.sum(x * weights, axis=1) / ops.maximum(ops.sum(weights, axis=1), 1)

    def compute_output_shape(self, input_shape):
        """Return ``(batch, width of the model)``."""
        return input_shape[0], self.width

    def compute_output_spec(self, tokens, training=None):
        """Return floats, although tokens are integers."""
        self.n_steps = tokens.shape[1]
        shape = self.compute_output_shape(tokens.shape)
        return keras.KerasTensor(shape, dtype=self.compute_dtype)

    def get_config(self):
        """Return the configuration for `from_config`."""
        return {**super().get_config(), "pooling": self.pooling, "pad": self.pad}


@keras.saving.register_keras_serializable("skautokeras")
class ImageEncoder(_Encoder):
    """Turn each image into a vector by a pretrained network.

    Images of other sizes than the network takes are resized, and grey ones become
    coloured. Batch normalization stays as it was for the data of the pretraining.

    Parameters
    ----------
    network : keras.Model
        Functional network from colours between 0 and 255, of shape (batch, height,
        width, 3), to maps (batch, rows, columns, width), to vectors of parts (batch,
        parts, width), or to vectors (batch, width).
    **kwargs : object
        Parameters about training, those of `_Encoder`, and those of a Keras layer.

    Notes
    -----
    **Shape**: ``(batch, height, width, 1 or 3) -> (batch, width)``, the mean over all
    places.

    Examples
    --------
    >>> import keras
    >>> import numpy as np
    >>> from skautokeras._layers.pretrained import ImageEncoder
    >>> pixels = keras.Input((8, 8, 3))
    >>> network = keras.Model(pixels, keras.layers.Conv2D(5, 3)(pixels))
    >>> ImageEncoder(network)(np.ones((2, 4, 6, 1))).shape
    TensorShape([2, 5])
    """

    def __init__(self, network, **kwargs):
        # The network casts its inputs itself.
        super().__init__(network, autocast=False, **kwargs)

    @property
    def max_rows_at_once(self):
        """Maximum number of rows at once when nothing is learned."""
        height, width = self.network.input.shape[1:3]
        return max(PIXELS_AT_ONCE // (height * width), 1)

    def call(self, x, training=None):
        """Return the vectors of the images."""
        x = ops.cast(x, "float32")
        size = self.network.input.shape[1:3]
        if tuple(x.shape[1:3]) != tuple(size):
            x = ops.image.resize(
                x,
                size,
                interpolation="bilinear",
                data_format="channels_last",
            )
        if x.shape[-1] == 1:
            x = ops.repeat(x, 3, axis=-1)
        y = self.network(x, training=bool(training) and self.trainable)
        places = tuple(range(1, len(y.shape) - 1))
        return ops.mean(y, axis=places) if places else y

    def compute_output_shape(self, input_shape):
        """Return ``(batch, width)``."""
        return input_shape[0], self.width

    def compute_output_spec(self, x, training=None):
        """Return the shape and dtype of the output without a call of the network."""
        shape = self.compute_output_shape(x.shape)
        return keras.KerasTensor(shape, dtype=self.network.output.dtype)

    def _stays(self, layer):
        """Return whether a layer describes the data of the pretraining."""
        is_normalization = isinstance(layer, keras.layers.BatchNormalization)
        return is_normalization or layer.name == PREPROCESSING


def _heights(network):
    """Return the place of each layer among those that learn, from 0 to 1, the last."""
    learn = [bool(layer.trainable_weights) for layer in walk(network)]
    last = max(sum(learn) - 1, 1)
    return [n_before / last for n_before in accumulate(learn, initial=0)][:-1]


def _freeze_first_layers(network, trained_share):
    """Let only a share of the layers be trained, those nearest to the output."""
    layers = [layer for layer in walk(network) if layer.trainable_weights]
    n_frozen = min(round(len(layers) * (1 - trained_share)), len(layers) - 1)
    for layer in layers[: max(n_frozen, 0)]:
        layer.trainable = False
