"""The layer that splits strings into the pieces of words that BERT knows."""

import unicodedata
from functools import cache

import keras
import numpy as np
import tensorflow as tf

from skautokeras._data.tokens import MAX_CHARACTERS
from skautokeras._export.twins.characters import (
    Characters,
    CodeTable,
    Expansion,
    all_codes,
    decode,
    find,
    is_first,
)
from skautokeras._export.twins.text_layers import to_dense
from skautokeras._space.word_piece_tokenizer import INSIDE, LONGEST_WORD, MARKS

# Kinds of characters: those between words, and those that are words by themselves.
_BETWEEN, _ALONE = 1, 2
# Han, as Hugging Face's tokenizers list it.
_HAN = (
    (0x4E00, 0x9FFF),
    (0x3400, 0x4DBF),
    (0x20000, 0x2A6DF),
    (0x2A700, 0x2B73F),
    (0x2B740, 0x2B81F),
    (0x2B920, 0x2CEAF),
    (0xF900, 0xFAFF),
    (0x2F800, 0x2FA1F),
)
# White space among the control characters; all others are left out.
_LINES = "\t\n\r"
_LEFT_OUT = ("Cc", "Cf", "Co", "Cs")
_REPLACEMENT = 0xFFFD
# Above all code points.
_BASE = 2**21


@keras.saving.register_keras_serializable("skautokeras")
class WordPieces(keras.layers.Layer):
    """Split strings into words, and words into the longest pieces of a vocabulary.

    It does what `WordPieceTokenizer` does (WordPiece; Wu et al., arXiv:1609.08144), in
    operations of TensorFlow alone. Characters that are younger than Unicode 8 may have
    another kind, because each library has a table of its own.

    Parameters
    ----------
    vocabulary : sequence of str
        Pieces by their numbers. Those inside of words begin with "##".
    lowercase : bool
        Whether letters become lower case.
    strip_accents : bool
        Whether accents are taken off.

    Notes
    -----
    **Shape**: string ``(batch,)`` to int32 ``(batch, n_pieces)`` of the longest text,
    the numbers of the pieces plus one, 0 behind the end of the others.

    Examples
    --------
    >>> import tensorflow as tf
    >>> from skautokeras._export.twins.word_pieces import WordPieces
    >>> layer = WordPieces(["[UNK]", "wine", "##s", "!"], True, True)
    >>> layer(tf.constant(["Wines!", "oak"])).numpy().tolist()
    [[2, 3, 4], [1, 0, 0]]
    """

    def __init__(self, vocabulary, lowercase, strip_accents, **kwargs):
        super().__init__(**kwargs)
        self.vocabulary = np.array(list(vocabulary), dtype=object)
        self.lowercase = lowercase
        self.strip_accents = strip_accents
        self._unknown = list(vocabulary).index(MARKS["unknown"]) + 1
        self._keys, self._nodes, self._numbers = _tree_of(self.vocabulary)

    def call(self, texts):
        """Return the numbers of the pieces."""
        texts = tf.strings.substr(texts, 0, MAX_CHARACTERS, unit="UTF8_CHAR")
        normalised = _normalisation(self.lowercase, self.strip_accents)
        characters = normalised(decode(texts))
        kinds = _kinds()(characters.codes)
        characters, word_of, n_words = _words(characters, kinds)
        pieces, words = self._pieces(characters.codes, word_of, n_words)
        rows = tf.math.unsorted_segment_max(characters.rows, word_of, n_words)
        return to_dense(pieces, tf.gather(rows, words), characters.n_rows)

    def _pieces(self, codes, word_of, n_words):
        """Return the pieces of all words, and which word each is of."""
        ones = tf.ones_like(word_of, tf.int32)
        lengths = tf.math.unsorted_segment_sum(ones, word_of, n_words)
        starts = tf.cumsum(lengths, exclusive=True)
        # One more, so that there is something to read behind the last word.
        codes = tf.concat([codes, [0]], 0)
        too_long = lengths > LONGEST_WORD

        def step(place, unknown, i, found):
            end, number = self._longest_piece(codes, starts, lengths, place)
            is_open = place < lengths
            unknown |= is_open & (end < 0)
            found = found.write(i, tf.where(is_open & (end >= 0), number, 0))
            return tf.where(end < 0, lengths, end), unknown, i + 1, found

        place = tf.where(too_long, lengths, 0)
        found = tf.TensorArray(
            tf.int32, size=1, dynamic_size=True, element_shape=[None]
        ).write(0, tf.zeros_like(lengths))
        _, unknown, _, found = tf.while_loop(
            lambda place, unknown, i, found: tf.reduce_any(place < lengths),
            step,
            (place, too_long, tf.constant(1), found),
        )
        numbers = tf.transpose(found.stack())  # (words, steps)
        numbers = tf.where(unknown[:, None], 0, numbers)
        first = tf.where(unknown, self._unknown, 0)
        numbers = tf.concat([first[:, None], numbers], 1)
        is_piece = numbers > 0
        return tf.boolean_mask(numbers, is_piece), tf.where(is_piece)[:, 0]

    def _longest_piece(self, codes, starts, lengths, place):
        """Return where the longest piece from each place ends, and its number.

        The end is -1 where there is none.
        """

        def step(active, node, at, end, number):
            code = tf.gather(codes, tf.where(active, starts + at, 0))
            key = tf.cast(node, tf.int64) * _BASE + tf.cast(code, tf.int64)
            following = find(self._keys, self._nodes, key)
            active &= following >= 0
            node = tf.where(active, following, node)
            at = tf.where(active, at + 1, at)
            reached = tf.gather(self._numbers, node)
            is_piece = active & (reached > 0)
            end = tf.where(is_piece, at, end)
            number = tf.where(is_piece, reached, number)
            return active & (at < lengths), node, at, end, number

        state = (
            place < lengths,
            tf.where(place > 0, 1, 0),
            place,
            tf.fill(tf.shape(place), -1),
            tf.zeros_like(place),
        )
        *_, end, number = tf.while_loop(
            lambda active, *_: tf.reduce_any(active), step, state
        )
        return end, number

    def compute_output_shape(self, input_shape):
        """Return ``(batch, None)``: as long as the longest."""
        return (input_shape[0], None)

    def compute_output_spec(self, texts):
        """Return integers."""
        return keras.KerasTensor((texts.shape[0], None), dtype="int32")

    def get_config(self):
        """Return what `from_config` needs."""
        config = {
            "vocabulary": self.vocabulary.tolist(),
            "lowercase": self.lowercase,
            "strip_accents": self.strip_accents,
        }
        return {**super().get_config(), **config}


def _tree_of(vocabulary):
    """Return a vocabulary as a tree of characters.

    Node 0 is where words begin, node 1 where they go on. Returns pairs of a node and a
    character as rising numbers, the node that each leads to, and the number of the
    piece, plus one, that ends at each node, or 0.
    """
    following, numbers = {}, [0, 0]
    for i, piece in enumerate(vocabulary):
        node = 1 if piece.startswith(INSIDE) else 0
        for character in piece.removeprefix(INSIDE):
            key = node * _BASE + ord(character)
            if key not in following:
                following[key] = len(numbers)
                numbers.append(0)
            node = following[key]
        if node > 1:
            numbers[node] = i + 1
    keys = np.array(sorted(following), "int64")
    nodes = np.array([following[key] for key in keys.tolist()], "int32")
    return keys, nodes, np.array(numbers, "int32")


@cache
def _kinds():
    """Return the kind of each character."""
    kinds = {}
    for code in all_codes():
        character = chr(code)
        is_ascii_mark = 32 < code < 127 and not character.isalnum()
        if (
            any(low <= code <= high for low, high in _HAN)
            or is_ascii_mark
            or unicodedata.category(character).startswith("P")
        ):
            kinds[code] = _ALONE
        elif character.isspace():
            kinds[code] = _BETWEEN
    return CodeTable(kinds)


@cache
def _normalisation(lowercase, strip_accents):
    """Return what leaves out control characters, and may change letters."""
    mapping = {}
    for code in all_codes():
        kept = _normalised(chr(code), lowercase, strip_accents)
        if kept != chr(code):
            mapping[code] = [ord(character) for character in kept]
    return Expansion(mapping)


def _normalised(character, lowercase, strip_accents):
    """Return what is left of a character."""
    category = unicodedata.category(character)
    is_control = category in _LEFT_OUT and character not in _LINES
    if is_control or ord(character) == _REPLACEMENT:
        return ""
    parts = character
    if strip_accents:
        parts = unicodedata.normalize("NFD", character)
        parts = "".join(c for c in parts if unicodedata.category(c) != "Mn")
    # Each by itself: what str.lower makes of sigma depends on its neighbours.
    return "".join(c.lower() for c in parts) if lowercase else parts


def _words(characters, kinds):
    """Return the characters of words, the number of the word of each, and how many."""
    codes, rows, n_rows = characters
    inside = kinds != _BETWEEN
    before = tf.where(is_first(rows), _BETWEEN, tf.roll(kinds, 1, 0))
    starts = inside & ((kinds == _ALONE) | (before != 0))
    word_of = tf.cumsum(tf.cast(starts, tf.int32)) - 1
    n_words = tf.reduce_sum(tf.cast(starts, tf.int32))
    kept = (tf.boolean_mask(part, inside) for part in (codes, rows, word_of))
    codes, rows, word_of = kept
    return Characters(codes, rows, n_rows), word_of, n_words
