"""What texts are."""

from dataclasses import dataclass, replace

import numpy as np

from skautokeras._data.ngrams import contrasts, groups_of
from skautokeras._data.schema.base import Schema, TrainingTraits
from skautokeras._data.schema.feature import Feature
from skautokeras._data.schema.pretrained import Encoding, Subwords, with_facts
from skautokeras._state.names import saved_as


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
        return self.adapter_shapes | self.vectors

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
        tokens = {e.array: (e.facts.width, "int32") for e in self.encodings}
        return shapes | tokens

    @property
    def encodings(self):
        """What pretrained models read, without those whose tokenizer cannot be had.

        Returns
        -------
        encodings : list of Encoding
        """
        return [
            Encoding(f"subwords_{i}", subwords, i)
            for i, subwords in enumerate(self.subwords, start=1)
            if subwords.width
        ]

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
        return replace(self, subwords=with_facts(self.subwords, facts))

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
        n_words = np.count_nonzero(arrays["tokens"], axis=1).astype(np.float32)
        return [Feature(f"{name}: words", n_words, column=name)]

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
