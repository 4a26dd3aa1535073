"""What texts are."""

from dataclasses import dataclass, replace

import numpy as np

from skautokeras._data.ngrams import contrasts, groups_of
from skautokeras._data.schema.base import Schema, TrainingTraits
from skautokeras._data.schema.feature import Feature
from skautokeras._state.names import saved_as

# Kinds of vectors that a pretrained model makes of texts: those of the model itself,
# and means of fixed vectors of tokens.
VECTORS = ("encoder", "static")
_SUBWORDS = "subwords"


def vector_array(subwords_array, kind):
    """Return the name of the array of vectors that are made of an array of tokens.

    Parameters
    ----------
    subwords_array : str
        Name of the array of tokens.

    kind : str
        Kind of the vectors, one of `VECTORS`.

    Examples
    --------
    >>> from skautokeras._data.schema import vector_array
    >>> vector_array("text_1__subwords_2", "static")
    'text_1__static_2'
    """
    before, _, number = subwords_array.rpartition(f"{_SUBWORDS}_")
    return f"{before}{kind}_{number}"


def is_vector_array(name):
    """Return whether an array has the name of vectors of a pretrained model.

    Parameters
    ----------
    name : str
        Name of the array, with or without that of its input before it.

    Examples
    --------
    >>> from skautokeras._data.schema import is_vector_array
    >>> is_vector_array("text_1__static_2"), is_vector_array("text_1__tokens")
    (True, False)
    """
    kind, _, number = name.rpartition("__")[2].partition("_")
    return kind in VECTORS and number.isdecimal()


@saved_as("Subwords")
@dataclass(frozen=True)
class Subwords:
    """Facts about texts for one pretrained model.

    Parameters
    ----------
    preset : str
        Name or folder of the model.

    width : int, default=0
        Tokens of a text that are kept at most: the width of the array. 0: there is no
        tokenizer.

    start, end : int or None, default=None
        Numbers of the tokens that the model expects around a text. None if it expects
        none.

    pad : int, default=0
        Number of the token that fills up.

    problem : str or None, default=None
        Reason why there is no tokenizer, or why there are no vectors.

    encoder, static : int, default=0
        Lengths of the vectors that the model, and fixed vectors of its tokens, make of
        the texts (`VECTORS`). 0: there are no such vectors.

    Examples
    --------
    >>> from skautokeras._data.schema import Subwords
    >>> Subwords("folder", width=30, start=101, end=102).longest
    32
    """

    preset: str
    width: int = 0
    start: int | None = None
    end: int | None = None
    pad: int = 0
    problem: str | None = None
    encoder: int = 0
    static: int = 0

    @property
    def longest(self):
        """Tokens of a text at most, with those around it.

        Returns
        -------
        longest : int
        """
        return self.width + (self.start is not None) + (self.end is not None)


@saved_as("TextSchema")
@dataclass(frozen=True, eq=False)
class TextSchema(Schema):
    """Facts about texts.

    Parameters
    ----------
    n_samples : int
        Number of texts seen in `fit`.

    n_words : float
        Words of a text, the median.

    n_tokens : int
        Tokens of a text that are kept at most: the width of the array ``"tokens"``.

    vocabulary_size : int
        Codes of tokens: 0 for none, 1 for unknown, then the most frequent first.

    word_width : int
        Different n-grams of words of a text that are kept at most: the width of the
        arrays ``"word_ngrams"`` and ``"word_weights"``.

    n_word_ngrams : int
        Codes of n-grams of words: 0 for none, then the most frequent first.

    character_width, n_character_ngrams : int, default=0
        The same of n-grams of characters; 0 where there are none.

    word_contrasts, character_contrasts : ndarray of shape (n_codes,) or None, \
default=None
        Numbers that say how unevenly each n-gram is spread over the classes, 0 for code
        0. None if that was not computed (see `with_training_rows`), or if there are no
        such n-grams.

    subwords : tuple of Subwords, default=()
        Facts about the texts for pretrained models. Arrays ``"subwords_1"``, ... hold
        the numbers of their tokens plus one, 0 behind the end, and arrays
        ``"encoder_1"``, ``"static_1"``, ... the vectors that are made of them.

    Examples
    --------
    >>> from skautokeras._data.schema import TextSchema
    >>> TextSchema(100, 7.0, 12, 500, 30, 900).shapes["tokens"]
    (12, 'int32')
    """

    n_samples: int
    n_words: float
    n_tokens: int
    vocabulary_size: int
    word_width: int
    n_word_ngrams: int
    character_width: int = 0
    n_character_ngrams: int = 0
    word_contrasts: np.ndarray | None = None
    character_contrasts: np.ndarray | None = None
    subwords: tuple[Subwords, ...] = ()

    @property
    def shapes(self):
        """Width and dtype of each array, by name.

        Returns
        -------
        shapes : dict of str to (int, str)
            Those of `adapter_shapes`, then vectors of pretrained models.
        """
        shapes = self.adapter_shapes
        for name, facts in self.subword_arrays.items():
            for kind in VECTORS:
                if getattr(facts, kind):
                    width = getattr(facts, kind)
                    shapes[vector_array(name, kind)] = (width, "float32")
        return shapes

    @property
    def adapter_shapes(self):
        """Width and dtype of each array that the adapter of texts makes, by name.

        Returns
        -------
        shapes : dict of str to (int, str)
            Tokens, then codes and weights of each kind of n-grams, then subwords.
        """
        shapes = {
            "tokens": (self.n_tokens, "int32"),
            "word_ngrams": (self.word_width, "int32"),
            "word_weights": (self.word_width, "float32"),
        }
        if self.character_width:
            shapes |= {
                "character_ngrams": (self.character_width, "int32"),
                "character_weights": (self.character_width, "float32"),
            }
        subwords = self.subword_arrays
        return shapes | {n: (facts.width, "int32") for n, facts in subwords.items()}

    @property
    def subword_arrays(self):
        """Facts about the texts for each pretrained model, by the array of its tokens.

        Returns
        -------
        arrays : dict of str to Subwords
            Without models whose tokenizer could not be had.
        """
        return {
            f"{_SUBWORDS}_{i}": subwords
            for i, subwords in enumerate(self.subwords, start=1)
            if subwords.width
        }

    def with_vectors(self, facts):
        """Return the schema with what is known of the vectors of pretrained models.

        Parameters
        ----------
        facts : dict of str to dict
            New values of parameters of `Subwords` by the name or folder of the model.

        Returns
        -------
        schema : TextSchema
        """
        subwords = [replace(s, **facts.get(s.preset, {})) for s in self.subwords]
        return replace(self, subwords=tuple(subwords))

    @property
    def traits(self):
        """What follows for training: texts may be cut up for pretrained models.

        Returns
        -------
        traits : TrainingTraits
        """
        return TrainingTraits(pretrained=bool(self.subwords))

    def features(self, arrays, name):
        """Return the number of words of the texts, as far as they are kept.

        Parameters
        ----------
        arrays : dict of str to ndarray
            Those that `shapes` names.

        name : str
            Name of the input or of the column.

        Returns
        -------
        features : list of Feature
        """
        n_words = np.count_nonzero(arrays["tokens"], axis=1)
        return [Feature(f"{name}: words", n_words.astype(np.float32))]

    def with_training_rows(self, arrays, y):
        """Return the schema with which n-grams tell classes apart.

        Parameters
        ----------
        arrays : dict of str to ndarray
            Those that `shapes` names.

        y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            Targets, as `Schema.with_training_rows` takes them.

        Returns
        -------
        schema : TextSchema
            With the contrasts; the schema itself if all rows have the same target.

        Examples
        --------
        >>> from skautokeras._data.text import TextAdapter
        >>> adapter = TextAdapter().fit(["dry wine", "sweet wine"])
        >>> arrays = adapter.transform(["dry wine", "sweet wine"])
        >>> schema = adapter.schema_.with_training_rows(arrays, [0, 1])
        >>> (schema.word_contrasts > 0).tolist()  # none, wine, dry, ...
        [False, False, True, True, True, True]
        """
        groups = groups_of(y)
        if groups is None:
            return self
        facts = {}
        for kind in ("word", "character"):
            codes = arrays.get(f"{kind}_ngrams")
            if codes is not None:
                n_codes = getattr(self, f"n_{kind}_ngrams")
                facts[f"{kind}_contrasts"] = contrasts(codes, n_codes, groups)
        return replace(self, **facts)
