"""Records: what blocks are called on, tensors together with what is known of them."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace

import keras
import numpy as np

from skautokeras._data.schema import Encoding
from skautokeras._layers.categorical import OneHot
from skautokeras._layers.ensemble import MeanOfMembers, MemberDense
from skautokeras._layers.text import WeightedBag
from skautokeras._layers.tree_nodes import TreeSettings
from skautokeras._layers.trees import TreeEnsemble

# Features of a text of a table on which no block for texts is called, and of columns
# that are mostly zero where nobody says how many.
_TEXT_WIDTH = SPARSE_DIM = 32


@dataclass(frozen=True, eq=False, kw_only=True)
class Record:
    """Base class of what inputs give to blocks that take more than one tensor.

    ``default_block`` returns the block that `GeneralBlock` builds on the record. None:
    there is none. ``leads_to_head`` tells whether heads with their default losses are
    called on all blocks that are called on the record.
    """

    default_block: object = None
    leads_to_head: bool = False

    # True: the record is one tensor with facts that hold for all inputs of its shape,
    # so that a block may be shared by several of them. It then has a method
    # `with_tensor`, which returns the record with another tensor.
    is_shareable = False

    def to_tensor(self):
        """Return the record as one float tensor, for blocks that take no records."""
        raise NotImplementedError


@dataclass(frozen=True, eq=False)
class Table(Record):
    """A table on its way through the network: symbolic columns and what is known.

    ``numerical`` (batch, p) float, ``indicator`` (batch, m) float and ``categorical``
    (batch, c) int codes are tensors or None; ``quantiles`` (n_quantiles, p) describe
    ``numerical`` as it is now; ``cardinalities`` are the numbers of codes. Of columns
    that are mostly zero, ``sparse_codes`` (batch, n) int tell those that have a value,
    0 where there are no more, ``sparse_values`` (batch, n) float the values; codes are
    below ``n_sparse``. ``encoded`` holds what blocks have already turned into plain
    features; ``texts`` are a `Text` per column of texts.
    """

    numerical: object = None
    indicator: object = None
    categorical: object = None
    quantiles: np.ndarray | None = None
    cardinalities: tuple = ()
    sparse_codes: object = None
    sparse_values: object = None
    n_sparse: int = 0
    encoded: tuple = ()
    texts: tuple = ()

    def to_tensor(self):
        """Return all columns as features (batch, n_features).

        Categories are one-hot, texts the sums of learned vectors of their n-grams.
        """
        parts = [self.numerical, self.indicator, *self.encoded]
        if self.sparse_codes is not None:
            bag = WeightedBag(self.n_sparse, SPARSE_DIM)
            parts.append(bag(self.sparse_codes, self.sparse_values))
        if self.categorical is not None:
            parts.append(OneHot(self.cardinalities)(self.categorical))
        for text in self.texts:
            bag = WeightedBag(text.schema.n_word_ngrams, _TEXT_WIDTH)
            parts.append(bag(text.word_ngrams, text.word_weights))
        parts = [part for part in parts if part is not None]
        return parts[0] if len(parts) == 1 else keras.layers.Concatenate()(parts)

    def encode(self, name, features):
        """Return the table with the columns ``name`` replaced by ``features``."""
        return replace(self, **{name: None}, encoded=(*self.encoded, features))


@dataclass(frozen=True, eq=False)
class Image(Record):
    """Images on their way through the network.

    ``pixels`` (batch, height, width, channels) is a float tensor; ``mean`` and ``std``
    (channels,) are those of the training data as ``pixels`` is now; ``black`` and
    ``white`` (channels,) are the values that now stand for the darkest and the
    brightest one (0 and 1 as they come from the input). ``mirrored`` tells whether
    training mirrors images from left to right. ``learned_size`` is the one that
    networks without pretrained weights reduce images to, or None. ``views`` are facts
    about the images for pretrained models, and ``vectors`` holds the vectors (batch,
    width) that each of these models makes of the images, by their kind.
    """

    pixels: object
    mean: np.ndarray
    std: np.ndarray
    black: np.ndarray
    white: np.ndarray
    mirrored: bool = False
    learned_size: tuple | None = None
    views: tuple = ()
    vectors: tuple = ()

    is_shareable = True

    def to_tensor(self):
        """Return the pixels."""
        return self.pixels

    def with_tensor(self, tensor):
        """Return what is known of the images for other pixels."""
        return replace(self, pixels=tensor, views=(), vectors=())

    def of_preset(self, preset):
        """Return what the images are for a pretrained model: facts and vectors.

        None: the model was not asked about them.
        """
        for facts, vectors in zip(self.views, self.vectors, strict=True):
            if facts.preset == preset:
                return facts, vectors
        return None


@dataclass(frozen=True, eq=False)
class Text(Record):
    """Texts on their way through the network.

    ``tokens`` (batch, n_tokens) are int codes of the words or characters in their
    order: 0 behind the end, 1 for those that are not in the vocabulary, then the most
    frequent first. ``word_ngrams`` (batch, n) are int codes of the different n-grams of
    each text, 0 where there are no more, the most frequent ones first, and
    ``word_weights`` (batch, n) their weights; so are ``character_ngrams`` and
    ``character_weights``, None where texts are too long for them. ``schema`` is what
    the analysis found; ``subwords`` (batch, n) holds int tokens for each pretrained
    model that it names, or None; ``vectors`` holds the vectors (batch, width) that each
    of these models makes of the texts, by their kind.
    """

    tokens: object
    word_ngrams: object
    word_weights: object
    schema: object
    character_ngrams: object = None
    character_weights: object = None
    subwords: tuple = ()
    vectors: tuple = ()

    @classmethod
    def of(cls, schema, tensors, default_block=None):
        """Return the text whose arrays a schema names."""
        tensors, subwords, vectors = dict(tensors), [], []
        for i, facts in enumerate(schema.subwords, start=1):
            name = f"subwords_{i}"
            subwords.append(tensors.pop(name, None))
            vectors.append(vectors_of(Encoding(name, facts, i), tensors))
        return cls(
            **tensors,
            schema=schema,
            subwords=tuple(subwords),
            vectors=tuple(vectors),
            default_block=default_block,
        )

    def of_preset(self, preset):
        """Return what the texts are for a pretrained model: facts, tokens, vectors."""
        found = zip(self.schema.subwords, self.subwords, self.vectors, strict=True)
        for facts, tokens, vectors in found:
            if facts.preset == preset:
                return facts, tokens, vectors
        raise ValueError(
            f"The texts were not taken apart for the preset {preset!r}. A block that "
            "makes a BertBlock must have it as a parameter, or name its presets in "
            "'presets'."
        )

    def to_tensor(self):
        """Raise: words are no numbers."""
        raise TypeError(
            "A text is no tensor of numbers: call TextBlock, TextToNgramVector or "
            "TextToIntSequence on a TextInput before other blocks."
        )


def vectors_of(encoding, tensors):
    """Take the vectors of a pretrained model out of tensors, and return them by kind.

    Parameters
    ----------
    encoding : Encoding
        Names of the vectors.
    tensors : dict of str to keras.KerasTensor
        Tensors by name, from which the vectors are taken.

    Returns
    -------
    vectors : dict of str to keras.KerasTensor
    """
    names = {kind: encoding.name(kind) for kind in encoding.facts.kinds}
    return {kind: tensors.pop(n) for kind, n in names.items() if n in tensors}


def check_text(block, inputs):
    """Raise TypeError unless a block is built on texts."""
    if not isinstance(inputs, Text):
        raise TypeError(f"{type(block).__name__} needs texts: call it on a TextInput.")


class Predictions(ABC):
    """Base class of what a head makes its output of otherwise than by one layer.

    ``takes_losses`` tells whether it is trained by any loss of the head.
    """

    takes_losses = True

    @abstractmethod
    def to_tensor(self):
        """Return one float tensor, for blocks other than heads."""

    @abstractmethod
    def to_output(self, output):
        """Return the output of a head.

        Parameters
        ----------
        output : OutputLayer
            Facts about the last layer of the head.
        """


@dataclass(frozen=True)
class OutputLayer:
    """The last layer of a head.

    ``task`` is "binary", "classes", "labels" or "numbers", and ``head`` the name of the
    head. ``name`` is that of the layer; None: Keras chooses one. ``scale`` is the one
    on which numbers are computed, or None.
    """

    n_units: int
    activation: str | None
    task: str
    head: str
    name: str | None
    scale: object = None


@dataclass(frozen=True, eq=False)
class Members(Predictions):
    """What several networks in one have made of the rows.

    ``features`` (batch, n_members, n_features) is a float tensor.
    """

    features: object

    def to_tensor(self):
        """Return the mean of the members."""
        return keras.layers.GlobalAveragePooling1D()(self.features)

    def to_output(self, output):
        """Return the mean of a last layer of each member."""
        members = MemberDense(output.n_units, output.activation)(self.features)
        return MeanOfMembers(name=output.name)(members)


@dataclass(frozen=True, eq=False)
class Trees(Predictions):
    """Columns that decision trees are fitted to, with the settings of the trees.

    ``features`` (batch, n_features) is a float tensor, ``settings`` holds the
    parameters of `TreeSettings`, and ``cardinalities`` are the numbers of codes of the
    last columns, which are categories. The search space sets ``n_samples``, the number
    of rows; None: it is not known.
    """

    takes_losses = False

    features: object
    settings: dict
    cardinalities: tuple = ()
    n_samples: int | None = None

    def to_tensor(self):
        """Raise: trees predict a target."""
        raise TypeError(
            "Decision trees predict the target itself. Call a head on them, and no "
            "other block."
        )

    def to_output(self, output):
        """Return the predictions of the trees that are fitted to the target."""
        settings = TreeSettings(**self.settings)
        trees = TreeEnsemble(
            settings.limited(self.n_samples, output.n_units).as_dict(),
            task=output.task,
            n_outputs=output.n_units,
            cardinalities=self.cardinalities,
            head=output.head,
            scale=output.scale,
        )
        activation = keras.layers.Activation(
            output.activation or "linear", dtype="float32", name=output.name
        )
        return activation(trees(self.features))
