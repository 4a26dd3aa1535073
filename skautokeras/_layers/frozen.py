"""Frozen encoders: pretrained networks that turn the tokens of texts into vectors."""

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from skautokeras._layers.base import Layer
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
class TextVectors(Layer):
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
            "encoder": keras.saving.serialize_keras_object(self.encoder),
            "length": self.pack.length,
            "start": self.pack.start,
            "end": self.pack.end,
        }

    @classmethod
    def from_config(cls, config):
        """Return the layer that a configuration describes, with random weights.

        Parameters
        ----------
        config : dict
            Configuration that `get_config` returned.

        Returns
        -------
        layer : TextVectors
        """
        config = dict(config)
        encoder = keras.saving.deserialize_keras_object(config.pop("encoder"))
        return cls(encoder, **config)


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
    """Networks that are not trained and turn the tokens of each text into vectors.

    Texts are sorted by their length and padded to the longest of a few, so that the
    networks compute little that is not needed. Equal texts are computed once.

    Parameters
    ----------
    model : keras.Model
        Functional network from tokens (batch, steps) of any length to a dict of vectors
        (batch, width) by their kind. A token is stored as its number plus one, and 0
        fills the places behind the end.

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
    def encode(self, tokens, kinds=None, deadline=NO_DEADLINE):
        """Return the vectors of some texts.

        Parameters
        ----------
        tokens : ndarray of int of shape (n_texts, n_steps)
            Tokens of each text.
        kinds : sequence of str or None, default=None
            Kinds of the vectors. If None, they are of all kinds.
        deadline : Deadline, default=NO_DEADLINE
            Moment after which no more texts are encoded.

        Returns
        -------
        vectors : dict of str to ndarray of shape (n_texts, width), dtype float32
            Standardised vectors, NaN for texts that there was no time for.
        """
        kinds = tuple(self.widths) if kinds is None else tuple(kinds)
        different, places = different_rows(tokens)
        lengths = np.count_nonzero(different, axis=1)
        found = {
            kind: np.full((len(different), self.widths[kind]), np.nan, "float32")
            for kind in kinds
        }
        at_once = TOKENS_AT_ONCE if "encoder" in kinds else _LOOKED_UP_AT_ONCE
        for rows in _chunks(lengths, at_once):
            if deadline.passed():
                break
            longest = max(lengths[rows[-1]], 1)
            part = self._function(kinds)(tf.constant(different[rows, :longest]))
            for kind, vectors in part.items():
                found[kind][rows] = vectors
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
        vectors : ndarray of shape (n_texts, width)
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

    def _function(self, kinds):
        """Return the compiled network of some kinds, for any number of texts."""
        if self._compiled is None:
            self._compiled = {}
        if kinds not in self._compiled:
            outputs = {kind: self.model.output[kind] for kind in kinds}
            network = keras.Model(self.model.input, outputs)
            self._compiled[kinds] = tf.function(
                lambda tokens: network(tokens, training=False),
                autograph=False,
                input_signature=[tf.TensorSpec((None, None), "int32")],
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
