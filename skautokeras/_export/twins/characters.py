"""Characters of many strings as numbers: NFKC, lower case and runs in TensorFlow.

The results are those of Python's `unicodedata` and `str.lower`, whose tables become
constants of the graph.
"""

import unicodedata
from functools import cache
from typing import NamedTuple

import numpy as np
import tensorflow as tf

# Code points below this have tables, and so have the tags and variation selectors of
# plane 14, which are put behind them. All others stay as they are.
_PLANES = 0x34000
_PLANE_14, _PLANE_14_END = 0xE0000, 0xE1000
_N_CODES = _PLANES + _PLANE_14_END - _PLANE_14
_BLOCK = 256

# Above all code points: two of them make one number.
_PAIR_BASE = 2**21
# Above all canonical combining classes.
_CLASS_BASE = 256

_CAPITAL_SIGMA, _FINAL_SIGMA = 0x3A3, 0x3C2
_CASED, _IGNORABLE = 1, 2


class Characters(NamedTuple):
    """The characters of some strings, one string after another.

    ``codes`` (n_characters,), int32, are their code points, ``rows`` (n_characters,),
    int64, tell which string each is of (not falling); ``n_rows`` is the number of
    strings.
    """

    codes: tf.Tensor
    rows: tf.Tensor
    n_rows: tf.Tensor


def decode(strings):
    """Take strings apart.

    Parameters
    ----------
    strings : tensor of shape (batch,), dtype string
        UTF-8.

    Returns
    -------
    characters : Characters

    Examples
    --------
    >>> import tensorflow as tf
    >>> from skautokeras._export.twins.characters import decode
    >>> characters = decode(tf.constant(["hi", "!"]))
    >>> characters.codes.numpy().tolist(), characters.rows.numpy().tolist()
    ([104, 105, 33], [0, 0, 1])
    """
    ragged = tf.strings.unicode_decode(strings, "UTF-8")
    n_rows = tf.size(strings, out_type=tf.int64)
    return Characters(ragged.flat_values, ragged.value_rowids(), n_rows)


def encode(codes, rows, n_rows):
    """Put strings together.

    Parameters
    ----------
    codes : tensor of shape (n_characters,), dtype int32
        Code points.
    rows : tensor of shape (n_characters,), dtype int64
        Number of the string of each character, not falling.
    n_rows : scalar tensor, dtype int64
        Number of strings.

    Returns
    -------
    strings : tensor of shape (n_rows,), dtype string

    Examples
    --------
    >>> import tensorflow as tf
    >>> from skautokeras._export.twins.characters import decode, encode
    >>> encode(*decode(tf.constant(["hi", ""]))).numpy().tolist()
    [b'hi', b'']
    """
    ragged = tf.RaggedTensor.from_value_rowids(
        codes, rows, nrows=n_rows, validate=False
    )
    return tf.strings.unicode_encode(ragged, "UTF-8")


class CodeTable:
    """A number for each code point; blocks of equal numbers are kept once.

    Parameters
    ----------
    numbers : dict of int to int
        Numbers by code point. All other code points have 0.

    Examples
    --------
    >>> import tensorflow as tf
    >>> from skautokeras._export.twins.characters import CodeTable
    >>> CodeTable({65: 7})(tf.constant([65, 66])).numpy().tolist()
    [7, 0]
    """

    def __init__(self, numbers):
        dense = np.zeros(_N_CODES, "int32")
        if numbers:
            dense[_place(np.array(list(numbers)))] = list(numbers.values())
        blocks, block_of = np.unique(
            dense.reshape(-1, _BLOCK), axis=0, return_inverse=True
        )
        self.numbers = blocks.ravel()
        self.block_of = block_of.ravel().astype("int32")

    def __call__(self, codes):
        """Return the numbers of code points, int32."""
        last = _PLANES - 1  # no character
        codes = tf.where(
            (codes >= _PLANE_14) & (codes < _PLANE_14_END),
            codes - _PLANE_14 + _PLANES,
            tf.minimum(codes, last),
        )
        block = tf.gather(self.block_of, codes // _BLOCK)
        return tf.gather(self.numbers, block * _BLOCK + codes % _BLOCK)


def _place(codes):
    return np.where(codes >= _PLANE_14, codes - _PLANE_14 + _PLANES, codes)


@cache
def all_codes():
    """Return the code points that tables are made of.

    Returns
    -------
    codes : tuple of int
        Code points, rising.

    Examples
    --------
    >>> from skautokeras._export.twins.characters import all_codes
    >>> all_codes()[:3]
    (0, 1, 2)
    """
    return (*range(_PLANES), *range(_PLANE_14, _PLANE_14_END))


def find(keys, values, wanted):
    """Look numbers up.

    Parameters
    ----------
    keys : ndarray of shape (n_keys,)
        Keys to look up in, rising.
    values : ndarray of shape (n_keys,)
        Value of each key.
    wanted : tensor of shape (n,), of the dtype of the keys
        Keys to look up.

    Returns
    -------
    found : tensor of shape (n,)
        Values of the wanted keys, -1 where there is no such key.

    Examples
    --------
    >>> import numpy as np
    >>> import tensorflow as tf
    >>> from skautokeras._export.twins.characters import find
    >>> keys, values = np.array([10, 20]), np.array([1, 2])
    >>> find(keys, values, tf.constant([20, 15, 99], tf.int64)).numpy().tolist()
    [2, -1, -1]
    """
    missing = tf.constant(-1, values.dtype)
    if not len(keys):
        return tf.fill(tf.shape(wanted), missing)
    # TensorFlow cannot search for nothing.
    some = tf.concat([wanted, tf.zeros(1, wanted.dtype)], 0)
    places = tf.minimum(tf.searchsorted(keys, some)[:-1], len(keys) - 1)
    return tf.where(
        tf.gather(keys, places) == wanted, tf.gather(values, places), missing
    )


def is_first(rows):
    """Return which characters are the first of their string.

    Parameters
    ----------
    rows : tensor of shape (n,), dtype int64
        Number of the string of each character, not falling.

    Returns
    -------
    is_first : tensor of shape (n,), dtype bool

    Examples
    --------
    >>> import tensorflow as tf
    >>> from skautokeras._export.twins.characters import is_first
    >>> is_first(tf.constant([0, 0, 3], tf.int64)).numpy().tolist()
    [True, False, True]
    """
    return (tf.range(tf.size(rows)) == 0) | (rows != tf.roll(rows, 1, 0))


def previous(values, rows):
    """Return what belongs to the character before each, in the same string.

    Parameters
    ----------
    values : tensor of shape (n,)
        Value of each character.
    rows : tensor of shape (n,), dtype int64
        Number of the string of each character, not falling.

    Returns
    -------
    previous : tensor of shape (n,)
        False or 0 for the first character of each string.

    Examples
    --------
    >>> import tensorflow as tf
    >>> from skautokeras._export.twins.characters import previous
    >>> rows = tf.constant([0, 0, 1], tf.int64)
    >>> previous(tf.constant([5, 6, 7]), rows).numpy().tolist()
    [0, 5, 0]
    """
    return tf.where(is_first(rows), tf.zeros_like(values), tf.roll(values, 1, 0))


def runs(characters, inside, starts):
    """Return parts of strings as strings.

    Parameters
    ----------
    characters : Characters
        Characters of all strings.
    inside : tensor of shape (n_characters,), dtype bool
        Membership of each character in a part.
    starts : tensor of shape (n_characters,), dtype bool
        Whether a part of the string begins with each character.

    Returns
    -------
    parts : tensor of shape (n_parts,), dtype string
    rows : tensor of shape (n_parts,), dtype int64
        Number of the string of each part.
    lengths : tensor of shape (n_parts,), dtype int64
        Lengths of the parts in characters.

    Examples
    --------
    >>> import tensorflow as tf
    >>> from skautokeras._export.twins.characters import decode, runs
    >>> characters = decode(tf.constant(["a bc"]))
    >>> starts = tf.constant([True, False, True, False])
    >>> runs(characters, characters.codes != 32, starts)[0].numpy().tolist()
    [b'a', b'bc']
    """
    part = tf.cumsum(tf.cast(starts, tf.int64)) - 1
    part = tf.boolean_mask(part, inside)
    codes = tf.boolean_mask(characters.codes, inside)
    rows = tf.boolean_mask(characters.rows, starts)
    n_parts = tf.size(rows, out_type=tf.int64)
    lengths = tf.math.unsorted_segment_sum(tf.ones_like(part), part, n_parts)
    return encode(codes, part, n_parts), rows, lengths


class Expansion:
    """Replace characters by others, several where need be.

    Parameters
    ----------
    mapping : dict of int to sequence of int
        Code points by code point; none where a character is left out. All other
        characters stay as they are.

    Examples
    --------
    >>> import tensorflow as tf
    >>> from skautokeras._export.twins.characters import Expansion, decode, encode
    >>> replace = Expansion({ord("a"): [ord("b"), ord("c")], ord("!"): []})
    >>> encode(*replace(decode(tf.constant(["an!"])))).numpy().tolist()
    [b'bcn']
    """

    def __init__(self, mapping):
        extra, start, parts = {}, {}, [0]
        for code, replacement in mapping.items():
            extra[code], start[code] = len(replacement) - 1, len(parts)
            parts.extend(replacement)
        self.extra, self.start = CodeTable(extra), CodeTable(start)
        self.parts = np.array(parts, "int32")

    def __call__(self, characters):
        """Return the characters with their replacements."""
        codes, rows, n_rows = characters
        length = self.extra(codes) + 1  # 0: the character is left out
        source = tf.repeat(tf.range(tf.size(codes)), length)
        first = tf.cumsum(length, exclusive=True)
        place = tf.range(tf.size(source)) - tf.gather(first, source)
        start = tf.gather(self.start(codes), source)
        parts = tf.gather(self.parts, tf.where(start > 0, start + place, 0))
        codes = tf.where(start > 0, parts, tf.gather(codes, source))
        return Characters(codes, tf.gather(rows, source), n_rows)


def _points(string):
    return [ord(character) for character in string]


@cache
def _decomposition():
    # Syllables of Hangul stay whole: they come out of a composition as they went in.
    return Expansion(
        {
            code: _points(unicodedata.normalize("NFKD", chr(code)))
            for code in all_codes()
            if unicodedata.decomposition(chr(code))
        }
    )


@cache
def _combining_class():
    classes = {code: unicodedata.combining(chr(code)) for code in all_codes()}
    return CodeTable({code: number for code, number in classes.items() if number})


@cache
def _compositions():
    """Return pairs of characters as rising numbers, and what each becomes."""
    composed = {}
    for code in all_codes():
        if unicodedata.normalize("NFC", chr(code)) != chr(code):
            continue  # excluded from composition
        mapping = unicodedata.decomposition(chr(code)).split()
        if len(mapping) == 2 and not mapping[0].startswith("<"):
            composed[tuple(int(part, 16) for part in mapping)] = code
        syllable = unicodedata.normalize("NFD", chr(code))
        if not mapping and len(syllable) > 1:
            before = unicodedata.normalize("NFC", syllable[:-1])
            composed[ord(before), ord(syllable[-1])] = code
    pairs = sorted(composed)
    keys = [first * _PAIR_BASE + second for first, second in pairs]
    return np.array(keys, "int64"), np.array([composed[p] for p in pairs], "int32")


@cache
def _lower():
    lowered = {code: chr(code).lower() for code in all_codes()}
    return Expansion({c: _points(s) for c, s in lowered.items() if s != chr(c)})


@cache
def _casing():
    """Return what decides about a sigma: letters with case, and what is skipped.

    Python does not tell these properties, but shows them by what it makes of a sigma.
    """
    found = {}
    for code in all_codes():
        after = chr(code) + chr(_CAPITAL_SIGMA)
        if (" " + after).lower()[-1] == chr(_FINAL_SIGMA):
            found[code] = _CASED
        elif ("a" + after).lower()[-1] == chr(_FINAL_SIGMA):
            found[code] = _IGNORABLE
    return CodeTable(found)


def to_nfkc(characters):
    """Bring characters to the normal form NFKC.

    Parameters
    ----------
    characters : Characters
        Characters to change.

    Returns
    -------
    normalised : Characters
        Characters that `unicodedata.normalize` returns.

    References
    ----------
    Unicode Standard Annex 15, Unicode Normalization Forms.

    Examples
    --------
    >>> import tensorflow as tf
    >>> from skautokeras._export.twins.characters import decode, encode, to_nfkc
    >>> encode(*to_nfkc(decode(tf.constant(["ﬁno"])))).numpy().tolist()
    [b'fino']
    """
    characters = _ordered(_decomposition()(characters))

    def step(codes, rows, _):
        return _compose_once(codes, rows)

    codes, rows, _ = tf.while_loop(
        lambda codes, rows, goes_on: goes_on,
        step,
        (characters.codes, characters.rows, tf.constant(True)),
        shape_invariants=(
            tf.TensorShape([None]),
            tf.TensorShape([None]),
            tf.TensorShape([]),
        ),
    )
    return Characters(codes, rows, characters.n_rows)


def _ordered(characters):
    """Sort the marks behind each starter by their classes."""
    codes, rows, n_rows = characters
    classes = _combining_class()(codes)
    segment = tf.cumsum(tf.cast((classes == 0) | is_first(rows), tf.int64))
    key = segment * _CLASS_BASE + tf.cast(classes, tf.int64)
    return Characters(tf.gather(codes, tf.argsort(key, stable=True)), rows, n_rows)


def _compose_once(codes, rows):
    """Let each starter take in one character; return whether any did."""
    places = tf.range(tf.size(codes))
    classes = _combining_class()(codes)
    starters = tf.cast(tf.where(classes == 0)[:, 0], tf.int32)
    n_before = tf.cumsum(tf.cast(classes == 0, tf.int32), exclusive=True)
    starter = tf.gather(tf.concat([[0], starters], 0), n_before)
    before = tf.maximum(places - 1, 0)
    is_blocked = (starter != before) & (
        (classes == 0) | (tf.gather(classes, before) == classes)
    )
    same_row = tf.gather(rows, starter) == rows
    pair = tf.cast(tf.gather(codes, starter), tf.int64) * _PAIR_BASE
    composed = find(*_compositions(), pair + tf.cast(codes, tf.int64))
    found = (composed >= 0) & (n_before > 0) & same_row & ~is_blocked
    # The first one of each starter, if the starter itself is not taken in.
    first = tf.math.unsorted_segment_min(
        tf.where(found, places, tf.size(codes)), starter, tf.size(codes)
    )
    taken = found & (tf.gather(first, starter) == places) & ~tf.gather(found, starter)
    codes = tf.tensor_scatter_nd_update(
        codes,
        tf.boolean_mask(starter, taken)[:, None],
        tf.boolean_mask(composed, taken),
    )
    left = tf.boolean_mask(codes, ~taken), tf.boolean_mask(rows, ~taken)
    return *left, tf.reduce_any(taken)


def to_lower(characters):
    """Bring characters to lower case.

    Parameters
    ----------
    characters : Characters
        Characters to change.

    Returns
    -------
    lowered : Characters
        Characters that `str.lower` returns: a sigma at the end of a word has its own
        form.

    Examples
    --------
    >>> import tensorflow as tf
    >>> from skautokeras._export.twins.characters import decode, encode, to_lower
    >>> lowered = encode(*to_lower(decode(tf.constant(["ΟΔΟΣ"]))))
    >>> lowered.numpy()[0].decode()
    'οδος'
    """
    is_final = _is_final_sigma(characters)
    codes = tf.where(is_final, _FINAL_SIGMA, characters.codes)
    return _lower()(characters._replace(codes=codes))


def _is_final_sigma(characters):
    """Return which capital sigmas have a letter before them, but none behind."""
    codes, rows, _ = characters
    kinds = _casing()(codes)
    is_seen = kinds != _IGNORABLE
    seen = tf.concat([[0], tf.cast(tf.where(is_seen)[:, 0], tf.int32), [0]], 0)
    n_before = tf.cumsum(tf.cast(is_seen, tf.int32), exclusive=True)
    n_until = n_before + tf.cast(is_seen, tf.int32)
    last, following = tf.gather(seen, n_before), tf.gather(seen, n_until + 1)

    def is_cased(place, exists):
        same_row = tf.gather(rows, place) == rows
        return exists & same_row & (tf.gather(kinds, place) == _CASED)

    has_before = is_cased(last, n_before > 0)
    has_behind = is_cased(following, n_until < tf.size(seen) - 2)
    return (codes == _CAPITAL_SIGMA) & has_before & ~has_behind
