"""BERT in layers that need no other package: embedding, transformer layers, weights."""

import keras
from keras import ops

from skautokeras._layers.base import Layer

# Added to the scores of places that hold no token, so that their weight is 0.
_NO_TOKEN = -1e9
_EPSILON = 1e-12


@keras.saving.register_keras_serializable("skautokeras")
class BertEmbedding(Layer):
    """Embed tokens and their places, as the first layer of BERT does.

    Devlin et al., arXiv:1810.04805. All tokens belong to the first segment, whose
    vector is part of the vectors of the places.

    Parameters
    ----------
    vocabulary_size : int
        Number of different tokens.
    n_places : int
        Maximum number of tokens of a text.
    width : int
        Length of the vectors.

    Notes
    -----
    **Shape**: int ``(batch, steps) -> (batch, steps, width)``.

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._layers.bert import BertEmbedding
    >>> BertEmbedding(vocabulary_size=9, n_places=5, width=3)(np.array([[2, 8]])).shape
    TensorShape([1, 2, 3])
    """

    def __init__(self, vocabulary_size, n_places, width, **kwargs):
        super().__init__(**kwargs)
        self.vocabulary_size = vocabulary_size
        self.n_places = n_places
        self.width = width
        self.norm = keras.layers.LayerNormalization(
            epsilon=_EPSILON, dtype=self.dtype_policy, name="norm"
        )

    def build(self, input_shape):
        """Create the tables of tokens and places."""
        for name, length in (
            ("tokens", self.vocabulary_size),
            ("places", self.n_places),
        ):
            weight = self.add_weight(
                shape=(length, self.width),
                initializer=keras.initializers.TruncatedNormal(stddev=0.02),
                name=f"{name}_embeddings",
            )
            setattr(self, name, weight)
        self.norm.build((None, None, self.width))

    def call(self, tokens):
        """Return the vectors of the tokens at their places."""
        n_steps = ops.shape(tokens)[1]
        places = ops.take(self.places, ops.arange(n_steps), axis=0)
        return self.norm(ops.take(self.tokens, tokens, axis=0) + places)

    def compute_output_shape(self, input_shape):
        """Return ``(batch, steps, width)``."""
        return (*input_shape, self.width)

    def compute_output_spec(self, tokens):
        """Return floats, although tokens are integers."""
        shape = self.compute_output_shape(tokens.shape)
        return keras.KerasTensor(shape, dtype=self.compute_dtype)

    def get_config(self):
        """Return the configuration for `from_config`."""
        config = {
            "vocabulary_size": self.vocabulary_size,
            "n_places": self.n_places,
            "width": self.width,
        }
        return {**super().get_config(), **config}


@keras.saving.register_keras_serializable("skautokeras")
class BertLayer(Layer):
    """A transformer layer of BERT: attention, then two dense layers.

    Vaswani et al., arXiv:1706.03762. Both parts are added to their inputs and
    normalised afterwards. All products with weights are products of matrices, which
    CPUs compute faster than the products of tensors that `keras.layers` makes of them.

    Parameters
    ----------
    n_heads : int
        Number of attention heads.
    hidden : int
        Number of units between the two dense layers.

    Notes
    -----
    **Shape**: float ``(batch, steps, width)`` and a mask ``(batch, steps)`` of the
    places that hold a token ``-> (batch, steps, width)``.

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._layers.bert import BertLayer
    >>> BertLayer(n_heads=2, hidden=8)(np.ones((1, 3, 4)), np.ones((1, 3))).shape
    TensorShape([1, 3, 4])
    """

    def __init__(self, n_heads, hidden, **kwargs):
        super().__init__(**kwargs)
        self.n_heads = n_heads
        self.hidden = hidden

    def build(self, x_shape, mask_shape=None):
        """Create the weights."""
        width = x_shape[-1]
        self.attended = self._dense("attended", width, 3 * width)
        self.joined = self._dense("joined", width, width)
        self.attention_norm = self._norm("attention_norm", width)
        self.inner = self._dense("inner", width, self.hidden)
        self.outer = self._dense("outer", self.hidden, width)
        self.norm = self._norm("norm", width)

    def _dense(self, name, n_inputs, n_units):
        layer = keras.layers.Dense(
            n_units,
            kernel_initializer=keras.initializers.TruncatedNormal(stddev=0.02),
            dtype=self.dtype_policy,
            name=name,
        )
        layer.build((None, n_inputs))
        return layer

    def _norm(self, name, width):
        layer = keras.layers.LayerNormalization(
            epsilon=_EPSILON, dtype=self.dtype_policy, name=name
        )
        layer.build((None, width))
        return layer

    def call(self, x, mask=None):
        """Return the vectors after attention and the dense layers.

        Without a mask, all places hold a token.
        """
        n_rows, n_steps = ops.shape(x)[0], ops.shape(x)[1]
        width = x.shape[-1]
        length = width // self.n_heads
        flat = ops.reshape(x, (-1, width))
        parts = ops.reshape(
            self.attended(flat), (n_rows, n_steps, 3, self.n_heads, length)
        )
        query, key, value = ops.unstack(ops.transpose(parts, (2, 0, 3, 1, 4)), 3)
        scores = ops.matmul(query * length**-0.5, ops.transpose(key, (0, 1, 3, 2)))
        if mask is not None:
            is_missing = 1.0 - ops.cast(mask, scores.dtype)
            scores = scores + _NO_TOKEN * is_missing[:, None, None, :]
        found = ops.matmul(ops.softmax(scores), value)
        found = ops.reshape(ops.transpose(found, (0, 2, 1, 3)), (-1, width))
        flat = self.attention_norm(flat + self.joined(found))
        inner = ops.gelu(self.inner(flat), approximate=True)
        flat = self.norm(flat + self.outer(inner))
        return ops.reshape(flat, (n_rows, n_steps, width))

    def compute_output_shape(self, x_shape, mask_shape=None):
        """Return the shape of the vectors."""
        return x_shape

    def compute_output_spec(self, x, mask=None):
        """Return floats of the shape of the vectors."""
        return keras.KerasTensor(x.shape, dtype=self.compute_dtype)

    def get_config(self):
        """Return the configuration for `from_config`."""
        config = {"n_heads": self.n_heads, "hidden": self.hidden}
        return {**super().get_config(), **config}


def make_bert(*, vocabulary_size, n_places, n_layers, n_heads, width, hidden):
    """Return a BERT with random weights.

    Parameters
    ----------
    vocabulary_size : int
        Number of different tokens.
    n_places : int
        Maximum number of tokens of a text.
    n_layers : int
        Number of transformer layers.
    n_heads : int
        Number of attention heads of each of them.
    width : int
        Length of the vectors.
    hidden : int
        Number of units between the two dense layers of each of them.

    Returns
    -------
    network : keras.Model
        Functional network from the numbers of tokens, "token_ids" (batch, steps), and
        the places that hold one, "padding_mask" (batch, steps), to a vector for each
        token (batch, steps, width).

    Examples
    --------
    >>> from skautokeras._layers.bert import make_bert
    >>> bert = make_bert(
    ...     vocabulary_size=9, n_places=5, n_layers=1, n_heads=2, width=4, hidden=8
    ... )
    >>> bert.output.shape
    (None, None, 4)
    """
    tokens = keras.Input((None,), dtype="int32", name="token_ids")
    mask = keras.Input((None,), dtype="int32", name="padding_mask")
    x = BertEmbedding(vocabulary_size, n_places, width, name="embedding")(tokens)
    for i in range(n_layers):
        x = BertLayer(n_heads, hidden, name=f"layer_{i + 1}")(x, mask)
    return keras.Model({"token_ids": tokens, "padding_mask": mask}, x)
