"""Take texts apart: words, or characters in scripts that write no spaces."""

import re
import unicodedata
from functools import cache

import numpy as np

# Scripts without spaces between words: Thai and Lao, Myanmar, Khmer, kana and bopomofo,
# Han. A character of them is a token by itself.
UNSEGMENTED = (
    (0x0E00, 0x0EFF),
    (0x1000, 0x109F),
    (0x1780, 0x17FF),
    (0x3005, 0x3007),
    (0x3040, 0x312F),
    (0x31F0, 0x31FF),
    (0x3400, 0x4DBF),
    (0x4E00, 0x9FFF),
    (0xF900, 0xFAFF),
)
# Characters behind these are emoji, rare Han and historic scripts, each one a token.
# A class of them among the others would make `re` look through all ranges in turn.
_N_IN_CLASSES = 0x10000
_BEHIND = "\U00010000-\U0010ffff"


def normalise(text):
    """Return a text in one form: NFKC and lower case.

    Parameters
    ----------
    text : str
        Text in any language.

    Returns
    -------
    text : str
        Full-width letters, ligatures, curly apostrophes and the like as plain ones.

    Examples
    --------
    >>> from skautokeras._data.tokens import normalise
    >>> normalise("DRY ﬁno")
    'dry fino'
    """
    if text.isascii():
        return text.lower()
    text = unicodedata.normalize("NFKC", text).lower().replace("\u2019", "'")
    return unicodedata.normalize("NFKC", text)


# Characters of a text that are read; the arrays hold a small part of them.
MAX_CHARACTERS = 2**18


def beginning(text):
    """Return the part of a text that is read.

    Parameters
    ----------
    text : str
        Text of any length.

    Returns
    -------
    text : str
        Its first 262 144 characters.

    Examples
    --------
    >>> from skautokeras._data.tokens import beginning
    >>> len(beginning("a" * 10**6))
    262144
    """
    return text[:MAX_CHARACTERS]


def tokenise(text):
    """Split a normalised text.

    Parameters
    ----------
    text : str
        Result of `normalise`.

    Returns
    -------
    tokens : list of str
        Words, with the apostrophes inside them; single characters (with their marks)
        of scripts without spaces; emoji, punctuation and other signs.

    Examples
    --------
    >>> from skautokeras._data.tokens import tokenise
    >>> tokenise("don't pay £5, 山田さん")
    ["don't", 'pay', '£', '5', ',', '山', '田', 'さ', 'ん']
    """
    return (_ascii_words() if text.isascii() else _words()).findall(text)


def spell(text):
    """Return a normalised text as words between single spaces.

    Parameters
    ----------
    text : str
        Result of `normalise`.

    Returns
    -------
    text : str
        Words with single spaces between them, before the first and behind the last. A
        text without words is one space. Punctuation belongs to the word that it
        touches.

    Examples
    --------
    >>> from skautokeras._data.tokens import spell
    >>> spell("dry,  with a hint of oak")
    ' dry, with a hint of oak '
    """
    return _gaps().sub(" ", f" {text} ")


def count_words(text):
    """Return how many words a text has, about.

    Parameters
    ----------
    text : str
        Text in any script, normalised or not.

    Returns
    -------
    n_words : int
        Number of parts between white space. Of scripts without spaces, two characters
        count as a word.

    Examples
    --------
    >>> from skautokeras._data.tokens import count_words
    >>> count_words("two words"), count_words("这家餐厅的菜很好吃")
    (2, 5)
    """
    if text.isascii():
        return len(text.split())
    others, n_characters = _unsegmented().subn(" ", text)
    return len(others.split()) + (n_characters + 1) // 2


def has_unsegmented(text):
    """Whether a text has characters of a script without spaces between words.

    Parameters
    ----------
    text : str
        Text in any script, normalised or not.

    Returns
    -------
    has_unsegmented : bool

    Examples
    --------
    >>> from skautokeras._data.tokens import has_unsegmented
    >>> has_unsegmented("山田 B"), has_unsegmented("Ünal")
    (True, False)
    """
    return not text.isascii() and _unsegmented().search(text) is not None


@cache
def _unsegmented():
    return re.compile(f"[{_inside_of_class(UNSEGMENTED)}]")


@cache
def _ascii_words():
    # An apostrophe is a sign inside of words only.
    return re.compile(r"\w+(?:'\w+)*|[^\w\s'\x00-\x1f\x7f]")


@cache
def _words():
    letter, mark, alone = _character_classes()
    word = f"[{letter}{mark}]+"
    return re.compile(f"{word}(?:'{word})*|[{alone}{_BEHIND}][{mark}]*")


@cache
def _gaps():
    return re.compile(f"[^{''.join(_character_classes())}{_BEHIND}]+")


@cache
def character_ranges():
    r"""Return which characters are letters, marks, and tokens by themselves.

    Marks are the vowels and accents that are characters of their own; ``\w`` leaves
    them out and would cut Hindi words into pieces.

    Returns
    -------
    ranges : dict of str to list of (int, int)
        First and last code points below U+10000 of "letters", "marks" and "alone".

    Examples
    --------
    >>> from skautokeras._data.tokens import character_ranges
    >>> character_ranges()["letters"][:2]  # digits and capitals
    [(48, 57), (65, 90)]
    """
    kinds = {"letters": [], "marks": [], "alone": []}
    for code in range(_N_IN_CLASSES):
        kind = _kind(code)
        if kind is not None:
            kinds[kind].append(code)
    return {kind: _as_ranges(codes) for kind, codes in kinds.items()}


def _character_classes():
    """Return the three kinds as the insides of character classes for `re`."""
    return tuple(map(_inside_of_class, character_ranges().values()))


def _inside_of_class(ranges):
    return "".join(f"\\u{first:04x}-\\u{last:04x}" for first, last in ranges)


def _kind(code):
    character = chr(code)
    category = unicodedata.category(character)
    if category[0] == "M":
        return "marks"
    if character == "_" or character.isalnum():
        unsegmented = any(first <= code <= last for first, last in UNSEGMENTED)
        return "alone" if unsegmented else "letters"
    # An apostrophe is a sign inside of words only.
    return "alone" if category[0] in "PS" and character != "'" else None


def _as_ranges(codes):
    """Return first and last of each run of rising code points."""
    codes = np.array(codes)
    breaks = np.flatnonzero(np.diff(codes) > 1)
    starts = codes[np.concatenate([[0], breaks + 1])]
    ends = codes[np.concatenate([breaks, [-1]])]
    return list(zip(starts.tolist(), ends.tolist(), strict=True))
