"""Layers that start from strings of text: the twins of `TextAdapter`'s arrays."""

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from skautokeras._data.codes import FIRST_TOKEN, UNKNOWN_TOKEN
from skautokeras._data.tokens import MAX_CHARACTERS
from skautokeras._export.twins.characters import (
    CodeTable,
    decode,
    encode,
    find,
    is_first,
    previous,
    runs,
    to_lower,
    to_nfkc,
)

_SPACE, _APOSTROPHE, _CURLY_APOSTROPHE = 0x20, 0x27, 0x2019
_LETTER, _MARK, _ALONE = 1, 2, 3
# Characters from here on are tokens by themselves.
_BEHIND = 0x10000


@keras.saving.register_keras_serializable("skautokeras")
class NormalizedText(keras.layers.Layer):
    """Bring strings to one form: NFKC and lower case.

    As `unicodedata.normalize` and `str.lower` do it, with the tables of the Python that
    makes the layer; curly apostrophes become plain ones.

    Notes
    -----
    **Shape**: string ``(batch,) -> (batch,)``.

    Examples
    --------
    >>> import tensorflow as tf
    >>> from skautokeras._export.twins.text_layers import NormalizedText
    >>> NormalizedText()(tf.constant(["DRY ﬁno"])).numpy().tolist()
    [b'dry fino']
    """

    def call(self, texts):
        """Return the normalised strings."""
        texts = tf.strings.substr(texts, 0, MAX_CHARACTERS, unit="UTF8_CHAR")
        characters = to_lower(to_nfkc(decode(texts)))
        codes = tf.where(
            characters.codes == _CURLY_APOSTROPHE, _APOSTROPHE, characters.codes
        )
        return encode(*to_nfkc(characters._replace(codes=codes)))

    def compute_output_shape(self, input_shape):
        """Return the shape of the input."""
        return input_shape

    def compute_output_spec(self, texts):
        """Return strings."""
        return keras.KerasTensor(texts.shape, dtype="string")


class _Segmented(keras.layers.Layer):
    """What layers share that know which characters make words.

    Parameters
    ----------
    letters, marks, alone : sequence of (int, int)
        First and last code points of ranges: of letters, of marks, and of characters
        that are words by themselves. Those from U+10000 on are, too.
    """

    def __init__(self, letters, marks, alone, **kwargs):
        super().__init__(**kwargs)
        self._ranges = {
            name: np.array(ranges, "int32").reshape(-1, 2)
            for name, ranges in zip(
                ("letters", "marks", "alone"), (letters, marks, alone), strict=True
            )
        }
        self._kinds = CodeTable(
            {
                code: kind
                for kind, ranges in enumerate(self._ranges.values(), start=_LETTER)
                for first, last in ranges.tolist()
                for code in range(first, last + 1)
            }
        )

    def _kinds_of(self, codes):
        return tf.where(codes >= _BEHIND, _ALONE, self._kinds(codes))

    def compute_output_shape(self, input_shape):
        """Return ``(batch, None)``: as long as the longest."""
        return (input_shape[0], None)

    def compute_output_spec(self, texts):
        """Return integers."""
        return keras.KerasTensor((texts.shape[0], None), dtype="int32")

    def get_config(self):
        """Return what `from_config` needs."""
        ranges = {name: ranges.tolist() for name, ranges in self._ranges.items()}
        return {**super().get_config(), **ranges}


@keras.saving.register_keras_serializable("skautokeras")
class WordCodes(_Segmented):
    """Split normalised strings into words, and look up their codes.

    A word is a longest run of letters and marks, with apostrophes between two of them,
    or a character that stands alone with the marks behind it.

    Parameters
    ----------
    vocabulary : sequence of str
        The words of codes 2, 3, ... All others have code 1.
    letters, marks, alone : sequence of (int, int)
        First and last code points of ranges of characters.

    Notes
    -----
    **Shape**: string ``(batch,)`` to int32 ``(batch, n_words)`` of the longest text, 0
    behind the end of the others.

    Examples
    --------
    >>> import tensorflow as tf
    >>> from skautokeras._export.twins.text_layers import WordCodes
    >>> layer = WordCodes(["dry", "oak"], letters=[(97, 122)], marks=[], alone=[])
    >>> layer(tf.constant(["dry, with oak", ""])).numpy().tolist()
    [[2, 1, 3], [0, 0, 0]]
    """

    def __init__(self, vocabulary, letters, marks, alone, **kwargs):
        super().__init__(letters, marks, alone, **kwargs)
        self.vocabulary = np.array(list(vocabulary), dtype=object)
        self.table = make_table(
            numbered(self.vocabulary, FIRST_TOKEN), default=UNKNOWN_TOKEN
        )

    def call(self, texts):
        """Return the codes of the words."""
        characters = decode(texts)
        words, rows, _ = runs(characters, *self._tokens(characters))
        codes = tf.cast(self.table.lookup(words), tf.int32)
        return to_dense(codes, rows, characters.n_rows)

    def _tokens(self, characters):
        """Return which characters are in a word, and which start one."""
        codes, rows, _ = characters
        kinds = self._kinds_of(codes)
        is_alone, is_mark = kinds == _ALONE, kinds == _MARK
        # Marks belong to what they are behind.
        base = tf.where(is_mark, 0, 1)
        n_bases = tf.cumsum(base)
        bases = tf.concat([[0], tf.boolean_mask(kinds, base == 1)], 0)
        base_rows = tf.concat([[-1], tf.boolean_mask(rows, base == 1)], 0)
        is_behind_alone = (
            is_mark
            & (tf.gather(bases, n_bases) == _ALONE)
            & (tf.gather(base_rows, n_bases) == rows)
        )
        in_word = (kinds == _LETTER) | (is_mark & ~is_behind_alone)
        is_before_word = tf.roll(in_word, -1, 0) & ~tf.roll(is_first(rows), -1, 0)
        is_inside = (codes == _APOSTROPHE) & previous(in_word, rows) & is_before_word
        goes_on = previous(in_word | is_inside, rows)
        inside = in_word | is_inside | is_alone | is_behind_alone
        return inside, is_alone | (in_word & ~goes_on)

    def get_config(self):
        """Return what `from_config` needs."""
        return {**super().get_config(), "vocabulary": self.vocabulary.tolist()}


@keras.saving.register_keras_serializable("skautokeras")
class CharacterCodes(_Segmented):
    """Spell normalised strings with codes of an alphabet.

    What is in no word becomes a single space; one is before the first word and one
    behind the last.

    Parameters
    ----------
    alphabet : sequence of int
        Code points, rising, of codes 2, 3, ... All others have code 1.
    letters, marks, alone : sequence of (int, int)
        First and last code points of ranges of characters.

    Notes
    -----
    **Shape**: string ``(batch,)`` to int32 ``(batch, n_characters)`` of the longest
    text, 0 behind the end of the others.

    Examples
    --------
    >>> import tensorflow as tf
    >>> from skautokeras._export.twins.text_layers import CharacterCodes
    >>> layer = CharacterCodes([32, 97, 98], letters=[(97, 122)], marks=[], alone=[])
    >>> layer(tf.constant(["a, b", "c"])).numpy().tolist()
    [[2, 3, 2, 4, 2], [2, 1, 2, 0, 0]]
    """

    def __init__(self, alphabet, letters, marks, alone, **kwargs):
        super().__init__(letters, marks, alone, **kwargs)
        self.alphabet = np.array(alphabet, "int32")

    def call(self, texts):
        """Return the codes of the characters."""
        codes, rows, n_rows = decode(tf.strings.join([" ", texts, " "]))
        in_word = self._kinds_of(codes) != 0
        kept = in_word | is_first(rows) | previous(in_word, rows)
        codes = tf.boolean_mask(tf.where(in_word, codes, _SPACE), kept)
        ranks = np.arange(len(self.alphabet), dtype="int32") + FIRST_TOKEN
        found = find(self.alphabet, ranks, codes)
        found = tf.where(found < 0, UNKNOWN_TOKEN, found)
        return to_dense(found, tf.boolean_mask(rows, kept), n_rows)

    def get_config(self):
        """Return what `from_config` needs."""
        return {**super().get_config(), "alphabet": self.alphabet.tolist()}


@keras.saving.register_keras_serializable("skautokeras")
class Beginning(keras.layers.Layer):
    """Cut sequences off, or fill them up with zeros.

    Parameters
    ----------
    length : int
        Length of the sequences after the layer.

    Notes
    -----
    **Shape**: int32 ``(batch, steps) -> (batch, length)``, whatever the steps.

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._export.twins.text_layers import Beginning
    >>> Beginning(2)(np.array([[5, 6, 7]], "int32")).numpy().tolist()
    [[5, 6]]
    """

    def __init__(self, length, **kwargs):
        super().__init__(**kwargs)
        self.length = length

    def call(self, codes):
        """Return the beginnings."""
        return ops.pad(codes, ((0, 0), (0, self.length)))[:, : self.length]

    def compute_output_shape(self, input_shape):
        """Return ``(batch, length)``."""
        return (input_shape[0], self.length)

    def compute_output_spec(self, codes):
        """Return integers."""
        return keras.KerasTensor((codes.shape[0], self.length), dtype="int32")

    def get_config(self):
        """Return what `from_config` needs."""
        return {**super().get_config(), "length": self.length}


@keras.saving.register_keras_serializable("skautokeras")
class NgramWeights(keras.layers.Layer):
    """Weigh the n-grams of coded sequences by tf-idf, and keep the strongest.

    The weight of an n-gram is ``count * idf``; the weights of all known ones of a
    sequence have the Euclidean norm 1. An n-gram is known by the number
    ``sum_i code_i base^(length - 1 - i)``.

    Parameters
    ----------
    keys : sequence of int, shape (n_ngrams,)
        The known n-grams as numbers, rising.
    ranks : sequence of int, shape (n_ngrams,)
        Their codes, counted from 0.
    idf : sequence of float, shape (n_ngrams,)
        Inverse document frequencies, by code.
    lengths : sequence of int
        Lengths of the n-grams.
    base : int
        Above all codes of the sequences.
    width : int
        N-grams of a sequence that are kept at most.
    gap : int or None, default=None
        Code that may be at the ends of an n-gram only. None if there is no such code.

    Notes
    -----
    **Shape**: int32 ``(batch, steps)``, codes below 2 being in no n-gram, to int32 and
    float32 ``(batch, width)``: codes counted from 1, the largest weight first, and the
    weights; 0 where a sequence has no more.

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._export.twins.text_layers import NgramWeights
    >>> layer = NgramWeights(
    ...     keys=[2, 3], ranks=[1, 0], idf=[1.0, 2.0], lengths=[1], base=5, width=2
    ... )
    >>> codes, weights = layer(np.array([[2, 3, 3], [4, 0, 0]], "int32"))
    >>> codes.numpy().tolist()
    [[1, 2], [0, 0]]
    >>> weights.numpy().round(2)
    array([[0.71, 0.71],
           [0.  , 0.  ]], dtype=float32)
    """

    def __init__(self, keys, ranks, idf, lengths, base, width, gap=None, **kwargs):
        super().__init__(**kwargs)
        self.keys = np.array(keys, "int64")
        self.ranks = np.array(ranks, "int64")
        self.idf = np.array(idf, "float32")
        self.lengths = [int(length) for length in lengths]
        self.base = base
        self.width = width
        self.gap = gap

    def call(self, sequences):
        """Return codes and weights of the strongest n-grams."""
        n_rows = tf.shape(sequences, out_type=tf.int64)[0]
        ngrams, rows = self._ngrams(sequences)
        rank = find(self.keys, self.ranks, ngrams)
        rows, rank = (tf.boolean_mask(part, rank >= 0) for part in (rows, rank))
        n_ranks = max(len(self.keys), 1)
        distinct, _, count = tf.unique_with_counts(rows * n_ranks + rank)
        # Equal weights stay in the order of the codes.
        order = tf.argsort(distinct)
        distinct, count = tf.gather(distinct, order), tf.gather(count, order)
        rows, rank = distinct // n_ranks, distinct % n_ranks
        idf = self.idf if len(self.idf) else np.ones(1, "float32")
        weights = tf.cast(count, tf.float32) * tf.gather(idf, rank)
        squares = tf.cast(weights * weights, tf.float64)
        norm = tf.sqrt(tf.math.unsorted_segment_sum(squares, rows, n_rows))
        weights = tf.cast(
            tf.cast(weights, tf.float64) / tf.gather(norm, rows), "float32"
        )
        # Floats above 0 are in the order of their bits.
        falling = 2**31 - tf.cast(tf.bitcast(weights, tf.int32), tf.int64)
        order = tf.argsort(rows * 2**32 + falling, stable=True)
        rows = tf.gather(rows, order)
        return tuple(
            to_dense(tf.gather(part, order), rows, n_rows, self.width)
            for part in (tf.cast(rank + 1, tf.int32), weights)
        )

    def _ngrams(self, sequences):
        """Return all n-grams as numbers, and which sequence each is of."""
        is_there = sequences > 0
        rows = tf.where(is_there)[:, 0]
        codes = tf.cast(tf.boolean_mask(sequences, is_there), tf.int64)
        known = codes >= FIRST_TOKEN
        inner = known if self.gap is None else known & (codes != self.gap)
        all_ngrams, all_rows = [], []
        for length in self.lengths:
            n_places = tf.maximum(tf.size(codes) - length + 1, 0)
            last = tf.size(codes) - n_places
            ngram = tf.zeros(n_places, tf.int64)
            valid = rows[:n_places] == rows[last:]
            for i in range(length):
                part = slice(i, i + n_places)
                ngram = ngram * self.base + codes[part]
                valid &= (known if i in (0, length - 1) else inner)[part]
            all_ngrams.append(tf.boolean_mask(ngram, valid))
            all_rows.append(tf.boolean_mask(rows[:n_places], valid))
        return tf.concat(all_ngrams, 0), tf.concat(all_rows, 0)

    def compute_output_shape(self, input_shape):
        """Return ``(batch, width)`` twice."""
        return ((input_shape[0], self.width),) * 2

    def compute_output_spec(self, sequences):
        """Return integers and floats."""
        shape = (sequences.shape[0], self.width)
        return tuple(keras.KerasTensor(shape, dtype=d) for d in ("int32", "float32"))

    def get_config(self):
        """Return what `from_config` needs."""
        config = {
            "keys": self.keys.tolist(),
            "ranks": self.ranks.tolist(),
            "idf": self.idf.tolist(),
            "lengths": self.lengths,
            "base": self.base,
            "width": self.width,
            "gap": self.gap,
        }
        return {**super().get_config(), **config}


def make_table(numbers, default):
    """Return a table that numbers strings.

    Parameters
    ----------
    numbers : dict of str to int
        Numbers of strings. Strings that are no valid Unicode are left out, because no
        tensor can hold them.
    default : int
        Number of all other strings.

    Returns
    -------
    table : tf.lookup.StaticHashTable
        Table from strings to int64 numbers.

    Examples
    --------
    >>> import tensorflow as tf
    >>> from skautokeras._export.twins.text_layers import make_table
    >>> make_table({"a": 2}, default=0).lookup(tf.constant(["a", "b"])).numpy()
    array([2, 0])
    """
    numbers = {string: i for string, i in numbers.items() if is_unicode(string)}
    # TensorFlow has no empty tables.
    numbers = numbers or {"": default}
    initializer = tf.lookup.KeyValueTensorInitializer(
        tf.constant(list(numbers), tf.string),
        tf.constant(list(numbers.values()), tf.int64),
    )
    return tf.lookup.StaticHashTable(initializer, default)


def numbered(strings, first=0):
    """Return the numbers of strings, from a first one on.

    Parameters
    ----------
    strings : sequence of str
        Different strings to number.
    first : int, default=0
        Number of the first string.

    Returns
    -------
    numbers : dict of str to int

    Examples
    --------
    >>> from skautokeras._export.twins.text_layers import numbered
    >>> numbered(["a", "b"], 2)
    {'a': 2, 'b': 3}
    """
    return {string: i for i, string in enumerate(strings, start=first)}


def is_unicode(string):
    """Return whether a string is valid Unicode: it has no lone surrogates.

    Parameters
    ----------
    string : str
        String that may hold lone surrogates.

    Returns
    -------
    is_unicode : bool
    """
    try:
        string.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def to_dense(values, rows, n_rows, width=None):
    """Put the values of each row side by side.

    Parameters
    ----------
    values : tensor of shape (n,)
        Values of all rows, one row after another.
    rows : tensor of shape (n,), dtype int64
        Which row each is of (not falling).
    n_rows : scalar tensor, dtype int64
        Number of rows.
    width : int or None, default=None
        Largest number of values that are kept of a row. If None, it is that of the
        longest row.

    Returns
    -------
    dense : tensor of shape (n_rows, width)
        0 where a row has no more.

    Examples
    --------
    >>> import tensorflow as tf
    >>> from skautokeras._export.twins.text_layers import to_dense
    >>> rows, n_rows = tf.constant([0, 2, 2], tf.int64), tf.constant(3, tf.int64)
    >>> to_dense(tf.constant([5, 6, 7]), rows, n_rows).numpy().tolist()
    [[5, 0], [0, 0], [6, 7]]
    """
    ragged = tf.RaggedTensor.from_value_rowids(
        values, rows, nrows=n_rows, validate=False
    )
    return ragged.to_tensor(shape=(None, width))
