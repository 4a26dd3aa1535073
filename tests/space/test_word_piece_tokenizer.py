"""The tokenizer of BERT: words of all scripts, and the pieces in them."""

import pickle

import pytest

from skautokeras._space.word_piece_tokenizer import WordPieceTokenizer

pytest.importorskip("tokenizers")

MARKS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
PIECES = [
    "new",
    "york",
    "##s",
    "cafe",
    "café",
    "½",
    "™",
    "…",
    "ß",
    "ss",
    "½",
    ",",
    "鮨",
]


def tokenizer_of(pieces, *, lowercase=True, strip_accents=True):
    return WordPieceTokenizer(
        [*MARKS, *pieces], lowercase=lowercase, strip_accents=strip_accents
    )


def pieces_of(tokenizer, text):
    (numbers,) = tokenizer([text])
    return [tokenizer.vocabulary[number] for number in numbers]


@pytest.mark.parametrize("space", [" ", "\u00a0", "\u3000", "\u2028", "\u2009", "\n"])
def test_words_end_at_white_space_of_every_kind(space):
    assert pieces_of(tokenizer_of(PIECES), f"New{space}York") == ["new", "york"]


@pytest.mark.parametrize("unseen", ["\u200b", "\u00ad", "\u200f", "\x00", "\x1f"])
def test_characters_that_are_not_seen_are_left_out(unseen):
    assert pieces_of(tokenizer_of(PIECES), f"yo{unseen}rk") == ["york"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("½ ™ … ß", ["½", "™", "…", "ß"]),
        ("Cafés", ["cafe", "##s"]),
        ("new,york", ["new", ",", "york"]),
        ("new鮨york", ["new", "鮨", "york"]),
        ("new[SEP]york", ["new", "[UNK]", "[UNK]", "[UNK]", "york"]),
        ("", []),
        ("  ", []),
    ],
)
def test_texts_become_the_pieces_that_bert_was_trained_with(text, expected):
    assert pieces_of(tokenizer_of(PIECES), text) == expected


def test_letters_of_korean_are_taken_apart_where_accents_are_taken_off():
    letters = [chr(0x1109), *(f"##{chr(code)}" for code in (0x1165, 0x110B, 0x116E))]
    tokenizer = tokenizer_of([*letters, f"##{chr(0x11AF)}", "서울"])
    assert len(pieces_of(tokenizer, "서울")) == 5
    whole = tokenizer_of(["서울"], strip_accents=False)
    assert pieces_of(whole, "서울") == ["서울"]


def test_case_and_accents_are_kept_where_the_model_keeps_them():
    tokenizer = tokenizer_of(PIECES, lowercase=False, strip_accents=False)
    assert pieces_of(tokenizer, "café New") == ["café", "[UNK]"]


@pytest.mark.parametrize(("length", "known"), [(100, True), (101, False)])
def test_words_of_more_than_a_hundred_characters_are_unknown(length, known):
    tokenizer = tokenizer_of(["é", "##é"], strip_accents=False)
    assert (pieces_of(tokenizer, "é" * length) != ["[UNK]"]) == known


def test_numbers_without_a_piece_change_no_other_number():
    tokenizer = tokenizer_of(["", "", "new", ""])
    assert tokenizer(["new york"]) == [[6, 1]]
    assert (tokenizer.pad_token_id, tokenizer.start_token_id) == (0, 2)
    assert tokenizer.end_token_id == 3


def test_of_equal_pieces_the_last_one_counts():
    tokenizer = tokenizer_of(["[UNK]", "new", "new"])
    assert tokenizer(["new york"]) == [[6, 4]]
    assert tokenizer.vocabulary.index("[UNK]") == 4


def test_a_vocabulary_without_the_marks_is_refused():
    with pytest.raises(ValueError, match=r"has no \[UNK\] and no \[SEP\]"):
        WordPieceTokenizer(["[PAD]", "[CLS]"], lowercase=True, strip_accents=True)


@pytest.mark.parametrize("is_used", [False, True])
def test_copies_split_texts_alike(is_used):
    tokenizer = tokenizer_of(PIECES)
    if is_used:
        tokenizer(["new"])
    copies = [
        pickle.loads(pickle.dumps(tokenizer)),
        WordPieceTokenizer(**tokenizer.get_config()),
    ]
    for copy in copies:
        assert copy(["new cafés"]) == tokenizer(["new cafés"])
