"""Frozen encoders: pretrained networks that turn texts and images into vectors."""

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from skautokeras._layers.base import Layer, WrapperLayer, traits_of
from skautokeras._layers.bert import BertEmbedding
from skautokeras._layers.pretrained import PackedTokens
from skautokeras._state.deadline import NO_DEADLINE
from skautokeras._state.keras_door import through_the_door
from skautokeras._state.names import saved_as
from skautokeras._state.networks import from_bytes, to_bytes

# Tokens that go through a network at once. More of them are no faster on processors.
TOKENS_AT_ONCE = 2048
# Tokens whose vectors are only looked up at once.
_LOOKED_UP_AT_ONCE = 2**17
# Images that are encoded at once at most.
_MOST_IMAGES = 512
# Weights that can be constants of a graph: TensorFlow allows two gigabytes.
_MOST_CONSTANTS = 2**27


@keras.saving.register_keras_serializable("skautokeras")
class StaticVectors(Layer):
    """Mean of one fixed vector per token, whatever tokens are around it.

    Parameters
    ----------
    n_tokens : int
        Number of different tokens. Tokens with higher numbers have a vector of zeros.
    dim : int
        Length of the vectors.

    Notes
    -----
    **Shape**: int ``(batch, steps) -> (batch, dim)``. A token is stored as its number
    plus one, and 0 fills the places behind the end.

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._layers.frozen import StaticVectors
    >>> layer = StaticVectors(n_tokens=2, dim=1)
    >>> layer.build((None, 3))
    >>> layer.set_weights([np.array([[4.0], [8.0]])])
    >>> layer(np.array([[1, 2, 0], [2, 0, 0]])).numpy().ravel().tolist()
    [6.0, 8.0]
    """

    def __init__(self, n_tokens, dim, **kwargs):
        super().__init__(**kwargs)
        self.n_tokens = n_tokens
        self.dim = dim

    def build(self, input_shape):
        """Create the table, which is not trained."""
        self.table = self.add_weight(
            shape=(self.n_tokens, self.dim),
            initializer="zeros",
            trainable=False,
            name="table",
        )

    def call(self, tokens):
        """Return the means of the vectors."""
        return mean_of_rows(self.table, tokens)

    def compute_output_shape(self, input_shape):
        """Return ``(batch, dim)``."""
        return (input_shape[0], self.dim)

    def compute_output_spec(self, tokens):
        """Return floats, although tokens are integers."""
        shape = self.compute_output_shape(tokens.shape)
        return keras.KerasTensor(shape, dtype=self.compute_dtype)

    def get_config(self):
        """Return the configuration for `from_config`."""
        return {**super().get_config(), "n_tokens": self.n_tokens, "dim": self.dim}


@keras.saving.register_keras_serializable("skautokeras")
class TextVectors(WrapperLayer):
    """All vectors that a pretrained network makes of the tokens of texts.

    Parameters
    ----------
    encoder : TextEncoder
        Layer around the network.
    length : int
        Maximum number of tokens of a text that the network takes, with the marks.
    start, end : int or None, default=None
        Number of the token that marks the start or the end. If None, there is no mark.

    Notes
    -----
    **Shape**: int ``(batch, steps)`` to a dict of ``(batch, width)``: "encoder" is what
    the network makes of a text. "static" is the mean of the vectors of tokens that it
    begins with; a network of KerasHub's layers has none.
    """

    wrapped = "encoder"

    def __init__(self, encoder, length, start=None, end=None, **kwargs):
        super().__init__(trainable=False, **kwargs)
        self.encoder = encoder
        self.pack = PackedTokens(length, start, end)
        self.built = True

    def call(self, tokens):
        """Return the vectors by their kind."""
        vectors = {"encoder": self.encoder(self.pack(tokens))}
        table = table_of(self.encoder)
        if table is not None:
            vectors["static"] = mean_of_rows(table, tokens)
        return vectors

    def compute_output_spec(self, tokens):
        """Return the shapes of the vectors by their kind."""
        widths = {"encoder": self.encoder.width}
        table = table_of(self.encoder)
        if table is not None:
            widths["static"] = table.shape[1]
        return {
            kind: keras.KerasTensor((tokens.shape[0], width), dtype=self.compute_dtype)
            for kind, width in widths.items()
        }

    def get_config(self):
        """Return the configuration for `from_config`."""
        config = super().get_config()
        del config["trainable"]
        return {
            **config,
            "length": self.pack.length,
            "start": self.pack.start,
            "end": self.pack.end,
        }


@keras.saving.register_keras_serializable("skautokeras")
class ImageVectors(WrapperLayer):
    """All vectors that a pretrained network makes of the pixels of images.

    Parameters
    ----------
    encoder : ImageEncoder
        Layer around the network.
    low, high : float
        Values of the darkest and the brightest pixel.
    mirrored : bool, default=False
        Whether there are means with the vectors of the mirror images.

    Notes
    -----
    **Shape**: ``(batch, height, width, 1 or 3)`` to a dict of ``(batch, width)``:
    "encoder" is what the network makes of an image, and "mirrored" is the mean of that
    and of what it makes of the mirror image.
    """

    wrapped = "encoder"

    def __init__(self, encoder, low, high, mirrored=False, **kwargs):
        super().__init__(trainable=False, autocast=False, **kwargs)
        self.encoder = encoder
        self.low = low
        self.high = high
        self.mirrored = mirrored
        self.built = True

    @property
    def max_rows_at_once(self):
        """Maximum number of rows at once."""
        return self.encoder.max_rows_at_once

    def call(self, pixels):
        """Return the vectors by their kind."""
        x = (ops.cast(pixels, "float32") - self.low) * (255.0 / (self.high - self.low))
        vectors = {"encoder": ops.cast(self.encoder(x), "float32")}
        if self.mirrored:
            mirrored = ops.cast(self.encoder(ops.flip(x, axis=2)), "float32")
            vectors["mirrored"] = (vectors["encoder"] + mirrored) / 2
        return vectors

    def compute_output_spec(self, pixels):
        """Return the shapes of the vectors by their kind."""
        kinds = ["encoder", "mirrored"] if self.mirrored else ["encoder"]
        shape = pixels.shape[0], self.encoder.width
        return {kind: keras.KerasTensor(shape, dtype="float32") for kind in kinds}

    def get_config(self):
        """Return the configuration for `from_config`."""
        config = super().get_config()
        del config["trainable"]
        values = {"low": self.low, "high": self.high, "mirrored": self.mirrored}
        return {**config, **values}


@keras.saving.register_keras_serializable("skautokeras")
class Zeros(Layer):
    """Zeros in the place of vectors that nobody reads.

    Parameters
    ----------
    dim : int
        Length of the vectors.

    Notes
    -----
    **Shape**: ``(batch, ...) -> (batch, dim)``.

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._layers.frozen import Zeros
    >>> Zeros(2)(np.ones((1, 5))).numpy().tolist()
    [[0.0, 0.0]]
    """

    def __init__(self, dim, **kwargs):
        super().__init__(**kwargs)
        self.dim = dim

    def call(self, x):
        """Return the zeros."""
        return ops.zeros((ops.shape(x)[0], self.dim), "float32")

    def compute_output_spec(self, x):
        """Return the shape, whatever the input is."""
        return keras.KerasTensor((x.shape[0], self.dim), dtype="float32")

    def get_config(self):
        """Return the configuration for `from_config`."""
        return {**super().get_config(), "dim": self.dim}


def table_of(encoder):
    """Return the table of the vectors of tokens that a pretrained network begins with.

    Parameters
    ----------
    encoder : TextEncoder
        Layer around the network.

    Returns
    -------
    table : keras.Variable of shape (n_tokens, dim) or None
        None if the network is not made of the layers of this package.
    """
    for layer in encoder.network.layers:
        if isinstance(layer, BertEmbedding):
            return layer.tokens
    return None


def mean_of_rows(table, tokens):
    """Return the means of the rows of a table that belong to tokens.

    Parameters
    ----------
    table : tensor of shape (n_tokens, dim)
        Vector of each token.
    tokens : int tensor of shape (batch, steps)
        Numbers of the tokens plus one, 0 behind the end.

    Returns
    -------
    means : tensor of shape (batch, dim)

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._layers.frozen import mean_of_rows
    >>> table, tokens = np.array([[4.0], [8.0]]), np.array([[1, 2, 0]])
    >>> mean_of_rows(table, tokens).numpy().tolist()
    [[6.0]]
    """
    tokens = ops.cast(tokens, "int32")
    n_tokens = table.shape[0]
    is_known = ops.cast((tokens > 0) & (tokens <= n_tokens), table.dtype)
    vectors = ops.take(table, ops.clip(tokens - 1, 0, n_tokens - 1), axis=0)
    sums = ops.sum(vectors * is_known[:, :, None], axis=1)
    counts = ops.sum(ops.cast(tokens > 0, table.dtype), axis=1, keepdims=True)
    return sums / ops.maximum(counts, 1)


@saved_as("FrozenEncoder")
class FrozenEncoder:
    """Networks that are not trained and turn each text or image into vectors.

    Texts are sorted by their length and padded to the longest of a few, so that the
    networks compute little that is not needed. Equal texts are computed once.

    Parameters
    ----------
    model : keras.Model
        Functional network to a dict of vectors (batch, width) by their kind. It starts
        from tokens (batch, steps) of any length or from pixels (batch, height, width,
        channels). A token is stored as its number plus one, and 0 fills the places
        behind the end.

    Attributes
    ----------
    scales : dict of str to tuple of (ndarray, float)
        Mean, and one standard deviation for all numbers, by which vectors of a kind are
        standardised. So numbers that vary more count more, as they did in pretraining.
    widths : dict of str to int
        Length of the vectors of each kind.

    Examples
    --------
    >>> import keras
    >>> import numpy as np
    >>> from skautokeras._layers.frozen import FrozenEncoder, StaticVectors
    >>> tokens = keras.Input((None,), dtype="int32")
    >>> static = StaticVectors(9, 4)(tokens)
    >>> encoder = FrozenEncoder(keras.Model(tokens, {"static": static}))
    >>> encoder.encode(np.array([[3, 0], [5, 8]]))["static"].shape
    (2, 4)
    """

    # The compiled functions belong to the process.
    _left_out = ("_compiled",)
    _compiled = None

    def __init__(self, model):
        self.model = model
        self.scales = {}

    @property
    def widths(self):
        """Length of the vectors of each kind."""
        return {kind: x.shape[-1] for kind, x in self.model.output.items()}

    @through_the_door
    def encode(self, rows, kinds=None, deadline=NO_DEADLINE):
        """Return the vectors of some texts or images.

        Parameters
        ----------
        rows : ndarray of shape (n_rows, n_steps) or (n_rows, height, width, channels)
            Tokens of each text, or pixels of each image.
        kinds : sequence of str or None, default=None
            Kinds of the vectors. If None, they are of all kinds.
        deadline : Deadline, default=NO_DEADLINE
            Moment after which no more rows are encoded.

        Returns
        -------
        vectors : dict of str to ndarray of shape (n_rows, width), dtype float32
            Standardised vectors, NaN for rows that there was no time for.
        """
        kinds = tuple(self.widths) if kinds is None else tuple(kinds)
        if rows.ndim > 2:
            places, parts = slice(None), self._parts_of_images(rows)
            n_different = len(rows)
        else:
            different, places = different_rows(rows)
            parts = _parts_of_texts(different, "encoder" in kinds)
            n_different = len(different)
        found = {
            kind: np.full((n_different, self.widths[kind]), np.nan, "float32")
            for kind in kinds
        }
        for positions, part in parts:
            if deadline.passed():
                break
            for kind, vectors in self._function(kinds)(tf.constant(part)).items():
                found[kind][positions] = vectors
        return {kind: self.standardised(kind, v)[places] for kind, v in found.items()}

    def standardised(self, kind, vectors):
        """Return vectors with the mean and the standard deviation taken off."""
        if kind not in self.scales:
            return vectors
        mean, scale = self.scales[kind]
        return (vectors - mean) / scale

    def learn_scale(self, kind, vectors):
        """Learn the mean and the standard deviation of vectors.

        Parameters
        ----------
        kind : str
            Kind of the vectors.
        vectors : ndarray of shape (n_rows, width)
            Vectors of training rows, which are not standardised.
        """
        vectors = vectors.astype("float64")
        mean = vectors.mean(axis=0)
        scale = float(np.sqrt(np.mean((vectors - mean) ** 2)))
        self.scales[kind] = mean.astype("float32"), np.float32(scale or 1.0)

    def as_model(self):
        """Return networks and standardisation as one model, which shares the layers."""
        outputs = dict(self.model.output)
        for kind, (mean, scale) in self.scales.items():
            scaling = keras.layers.Rescaling(1.0 / scale, (-mean / scale).tolist())
            outputs[kind] = scaling(outputs[kind])
        return keras.Model(self.model.input, outputs)

    def _parts_of_images(self, pixels):
        """Yield which images are encoded at once, and their pixels."""
        limits = (traits_of(layer).max_rows_at_once for layer in self.model.layers)
        n_rows = min([_MOST_IMAGES, *filter(None, limits)])
        for start in range(0, len(pixels), n_rows):
            positions = slice(start, start + n_rows)
            yield positions, pixels[positions]

    def _function(self, kinds):
        """Return the compiled network of some kinds, for any number of rows."""
        if self._compiled is None:
            self._compiled = {}
        if kinds not in self._compiled:
            outputs = {kind: self.model.output[kind] for kind in kinds}
            rows = self.model.input
            network = keras.Model(rows, outputs)
            self._compiled[kinds] = tf.function(
                _called(network),
                autograph=False,
                input_signature=[tf.TensorSpec(rows.shape, rows.dtype)],
            ).get_concrete_function()
        return self._compiled[kinds]

    @through_the_door
    def __getstate__(self):
        """Return the networks as bytes; the compiled functions cannot be saved."""
        return {"network": to_bytes(self.model), "scales": self.scales}

    @through_the_door
    def __setstate__(self, state):
        """Restore the networks from their bytes."""
        self.__init__(from_bytes(state["network"]))
        self.scales = state["scales"]

    def __sklearn_clone__(self):
        """Return the encoder itself, because nothing changes it after `fit`."""
        return self


def _called(network):
    """Return a function that calls a network of images or texts.

    TensorFlow makes convolutions of constant weights faster: it multiplies those of
    batch normalization into them.
    """
    groups = network.trainable_variables, network.non_trainable_variables
    if len(network.input.shape) < 3 or network.count_params() > _MOST_CONSTANTS:
        return lambda rows: network(rows, training=False)
    weights = [[variable.numpy() for variable in group] for group in groups]

    def call(rows):
        constants = [list(map(tf.constant, values)) for values in weights]
        outputs, _ = network.stateless_call(*constants, rows, training=False)
        return outputs

    return call


def different_rows(tokens):
    """Return the rows that differ, and which of them each row is equal to.

    Parameters
    ----------
    tokens : ndarray of int of shape (n_rows, n_steps)
        Tokens of each text.

    Returns
    -------
    different : ndarray of int32 of shape (n_different, n_steps)
        Rows without repetitions.
    places : ndarray of int of shape (n_rows,)
        Position of each row among them.

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._layers.frozen import different_rows
    >>> different, places = different_rows(np.array([[7], [5], [7]]))
    >>> different[places].tolist()
    [[7], [5], [7]]
    """
    tokens = np.ascontiguousarray(tokens, "int32")
    if not tokens.size:
        return tokens[:0], np.zeros(len(tokens), int)
    keys = tokens.view(np.dtype((np.void, tokens.itemsize * tokens.shape[1]))).ravel()
    _, first, places = np.unique(keys, return_index=True, return_inverse=True)
    return tokens[first], places


def _parts_of_texts(tokens, by_network):
    """Yield which texts are encoded at once, and their tokens."""
    lengths = np.count_nonzero(tokens, axis=1)
    n_tokens = TOKENS_AT_ONCE if by_network else _LOOKED_UP_AT_ONCE
    for positions in _chunks(lengths, n_tokens):
        yield positions, tokens[positions, : max(lengths[positions[-1]], 1)]


def _chunks(lengths, n_tokens):
    """Yield the positions of texts, the shortest first, that are encoded at once."""
    order = np.argsort(lengths, kind="stable")
    start = 0
    while start < len(order):
        # As many as there is room for if all are as long as the longest.
        longest = np.maximum(lengths[order[start : start + n_tokens]], 1)
        room = longest * np.arange(1, len(longest) + 1) <= n_tokens
        end = start + max(int(np.count_nonzero(room)), 1)
        yield order[start:end]
        start = end
