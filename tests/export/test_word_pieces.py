"""The layer that splits strings into pieces, against the tokenizer it stands for."""

import unicodedata

import pytest
import tensorflow as tf

from skautokeras._export.twins import WordPieces
from skautokeras._space.word_piece_tokenizer import WordPieceTokenizer

pytest.importorskip("tokenizers")

MARKS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]


def characters():
    """Return the characters of Unicode 3.2, whose kinds all libraries agree on."""
    old = unicodedata.ucd_3_2_0
    for code in range(0x110000):
        character = chr(code)
        category = old.category(character)
        is_sure = category == unicodedata.category(character)
        if is_sure and category not in ("Cn", "Cs", "Co"):
            yield character


def numbers_of(layer, texts):
    """Return the numbers that the layer gives to texts, as the tokenizer gives them."""
    rows = layer(tf.constant(texts)).numpy()
    return [[number - 1 for number in row if number] for row in rows.tolist()]


@pytest.mark.parametrize("lowercase", [True, False])
@pytest.mark.parametrize("strip_accents", [True, False])
def test_every_character_is_treated_as_by_the_tokenizer(lowercase, strip_accents):
    found = list(characters())
    # Each character, and each one that may become of it, is a piece.
    parts = {
        part
        for character in found
        for form in (character, unicodedata.normalize("NFD", character))
        for part in form + form.lower()
        if not part.isspace()
    }
    pieces = sorted(parts)
    vocabulary = [*MARKS, *pieces, *(f"##{piece}" for piece in pieces)]
    config = {"lowercase": lowercase, "strip_accents": strip_accents}
    tokenizer = WordPieceTokenizer(vocabulary, **config)
    layer = WordPieces(vocabulary, **config)
    texts = [f"a{character}b" for character in found]
    expected, seen = tokenizer(texts), numbers_of(layer, texts)
    different = [
        hex(ord(character))
        for character, one, other in zip(found, expected, seen, strict=True)
        if one != other
    ]
    assert different == []


@pytest.mark.parametrize("length", [99, 100, 101])
def test_long_words_are_unknown_to_both(length):
    vocabulary = [*MARKS, "é", "##é"]
    config = {"lowercase": True, "strip_accents": False}
    texts = ["É" * length, "é " * length]
    layer = WordPieces(vocabulary, **config)
    assert numbers_of(layer, texts) == WordPieceTokenizer(vocabulary, **config)(texts)


def test_words_without_any_character_have_no_piece():
    vocabulary = [*MARKS, "a"]
    layer = WordPieces(vocabulary, lowercase=True, strip_accents=True)
    assert numbers_of(layer, ["\u200b \u0301", "a\u200b \x00"]) == [[], [4]]


def test_numbers_without_a_piece_are_never_given():
    vocabulary = [*MARKS, "", "", "new"]
    layer = WordPieces(vocabulary, lowercase=True, strip_accents=True)
    assert numbers_of(layer, ["new york"]) == [[6, 1]]
