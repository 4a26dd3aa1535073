"""The adapter of texts: from strings to codes of words and weights of n-grams."""

from collections import defaultdict
from itertools import count

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from skautokeras._data.codes import FIRST_TOKEN, UNKNOWN_TOKEN
from skautokeras._data.column_report import make_report, what_becomes_of_texts
from skautokeras._data.ngrams import (
    NgramVectorizer,
    enough,
    strongest,
)
from skautokeras._data.schema import Subwords, TextSchema
from skautokeras._data.strings import read_texts, texts_or_none
from skautokeras._data.tokens import beginning, normalise, spell, tokenise
from skautokeras._state.names import saved_as

# Different tokens and n-grams of each kind, unless the user says another number.
MAX_TOKENS = 200_000
# Below this many texts, words that are in one of them only are kept.
FEW_TEXTS = 100
# Tokens of a text, and different n-grams of it, that are kept at most.
MAX_LENGTH = 512
MAX_WORD_NGRAMS = 768
MAX_CHARACTER_NGRAMS = 1024
# Texts whose median is longer (in characters) get no n-grams of characters, and neither
# do so many that their arrays would hold more entries than this (decision 0021).
LONG_TEXT = 500
MAX_ENTRIES = 2**25
# N-grams are learned from texts, evenly spaced, of this many words or characters.
MAX_LEARNED = 2**23
# Words, and characters, that are learned from for each second of the search, and at
# least; and texts that tell how large the arrays will be.
_LEARNED_PER_SECOND, _LEAST_LEARNED, _FEW = 70_000, 2**17, 1000

WORD_NGRAMS = (1, 2, 3)
# Three words are one number below 2**63.
MOST_WORDS = 2**21 - FIRST_TOKEN - 1
CHARACTER_NGRAMS = (3, 4, 5)
# Five characters are one number below 2**60.
N_CHARACTERS = 2**12
# Spaces are the first of the known characters, as they have the lowest code point.
SPACE = FIRST_TOKEN

# Texts that are taken apart at a time.
CHUNK = 4096


@saved_as("TextAdapter")
class TextAdapter(TransformerMixin, BaseEstimator):
    """Turn texts into codes of words and weights of n-grams.

    Parameters
    ----------
    max_tokens : int or None, default=None
        Largest number of different words, of n-grams of words, and of n-grams of
        characters that are told apart. None stands for 200 000.

    tokenizers : tuple of callable, default=()
        Tokenizers of pretrained models: from a list of texts to a list of lists of
        numbers, with the attributes of `Subwords`, width excepted.

    max_time : float or None, default=None
        Seconds of the search. N-grams are learned from so many texts that a small part
        of it suffices. If None, they are learned from up to 8 million words, and as
        many characters.

    Attributes
    ----------
    schema_ : TextSchema
        Numbers of texts, tokens and n-grams, and widths of the arrays.

    tokenizers_ : tuple of callable
        Tokenizers of pretrained models.

    n_missing_, n_unique_ : int
        Number of missing texts, and of different texts.

    vocabulary_ : dict of str to int
        Code of each token, the most frequent first.

    alphabet_ : ndarray of shape (n_characters,), dtype uint32, or None
        Code points of the known characters, rising.

    word_ngrams_ : NgramVectorizer
        The known n-grams of tokens.

    character_ngrams_ : NgramVectorizer or None
        The known n-grams of characters. None if texts are too long or too many.

    Examples
    --------
    >>> from skautokeras._data.text import TextAdapter
    >>> adapter = TextAdapter().fit(["dry and fruity", "dry with oak", "fruity"])
    >>> adapter.transform(["dry oak", "sweet"])["tokens"].tolist()
    [[2, 6, 0], [1, 0, 0]]
    """

    def __init__(self, *, max_tokens=None, tokenizers=(), max_time=None):
        self.max_tokens = max_tokens
        self.tokenizers = tokenizers
        self.max_time = max_time

    def __sklearn_tags__(self):
        """Return scikit-learn's tags: one string per row, missing ones too."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.one_d_array = tags.input_tags.string = True
        return tags

    def fit(self, X, y=None):
        """Learn which words and n-grams there are.

        Parameters
        ----------
        X : list, tuple, ndarray, Series or DataFrame of shape (n_samples,) or \
(n_samples, 1)
            Strings; None, NaN and the like are missing.

        y : None
            Not used. It is here for scikit-learn's interface.

        Returns
        -------
        self : TextAdapter
        """
        values = texts_or_none(X)
        self.n_missing_ = values.count(None)
        self.n_unique_ = len(set(values) - {None})
        originals = [beginning(text or "") for text in values]
        texts = [normalise(text) for text in originals]
        max_tokens = MAX_TOKENS if self.max_tokens is None else self.max_tokens
        at_least = 1 if len(texts) < FEW_TEXTS else 2
        n_words = min(max_tokens, MOST_WORDS)
        self.vocabulary_, words = _learn_vocabulary(texts, n_words, at_least)
        self.word_ngrams_ = NgramVectorizer(
            lengths=WORD_NGRAMS,
            base=len(self.vocabulary_) + FIRST_TOKEN,
            max_ngrams=max_tokens,
            min_sequences=at_least,
        )
        most = self._most_learned()
        facts = _fit_ngrams(self.word_ngrams_, words, MAX_WORD_NGRAMS, "word", most)
        self.alphabet_, self.character_ngrams_ = None, None
        if np.median([len(text) for text in texts]) <= LONG_TEXT:
            facts |= self._fit_characters(texts, max_tokens, at_least, most)
        self.tokenizers_ = self.tokenizers
        n_words = np.bincount(words[1], minlength=len(texts))
        self.schema_ = TextSchema(
            n_samples=len(texts),
            n_words=float(np.median(n_words)),
            n_tokens=enough(n_words, MAX_LENGTH),
            vocabulary_size=len(self.vocabulary_) + FIRST_TOKEN,
            subwords=tuple(
                _subwords(tokenizer, originals) for tokenizer in self.tokenizers_
            ),
            **facts,
        )
        return self

    def _most_learned(self):
        """Return from how many words, and from how many characters, is learned."""
        if self.max_time is None:
            return MAX_LEARNED
        in_time = int(self.max_time * _LEARNED_PER_SECOND)
        return min(max(in_time, _LEAST_LEARNED), MAX_LEARNED)

    def _fit_characters(self, texts, max_tokens, at_least, most):
        """Learn n-grams of characters; return what the schema tells of them."""
        ngrams = NgramVectorizer(
            lengths=CHARACTER_NGRAMS,
            base=N_CHARACTERS,
            gap=SPACE,
            max_ngrams=max_tokens,
            min_sequences=at_least,
        )

        def facts_of(texts):
            alphabet, codes = _learn_alphabet(texts)
            facts = _fit_ngrams(ngrams, codes, MAX_CHARACTER_NGRAMS, "character", most)
            return alphabet, facts

        # A few texts tell whether the arrays will be too large.
        few = texts[:: len(texts) // _FEW + 1]
        n_few = facts_of(few)[1]["character_width"] if len(few) < len(texts) else 0
        if n_few * len(texts) > MAX_ENTRIES:
            return {}
        alphabet, facts = facts_of(texts)
        if facts["character_width"] * len(texts) > MAX_ENTRIES:
            return {}
        self.alphabet_, self.character_ngrams_ = alphabet, ngrams
        return facts

    def transform(self, X):
        """Turn texts into arrays.

        Parameters
        ----------
        X : list, tuple, ndarray, Series or DataFrame of shape (n_samples,) or \
(n_samples, 1)
            Strings; None, NaN and the like are missing.

        Returns
        -------
        arrays : dict of str to ndarray
            Those of `TextSchema`, with one row per text, vectors excepted.
        """
        check_is_fitted(self)
        texts = list(map(beginning, read_texts(X)))
        arrays = {
            name: np.zeros((len(texts), width), dtype)
            for name, (width, dtype) in self.schema_.adapter_shapes.items()
        }
        for start in range(0, len(texts), CHUNK):
            rows = slice(start, start + CHUNK)
            for name, part in self._transform(texts[rows]).items():
                arrays[name][rows] = part
        return arrays

    def set_vectors(self, facts):
        """Let the schema tell which vectors pretrained models make of the texts.

        Parameters
        ----------
        facts : dict of str to dict
            New values of parameters of `Subwords` by the name or folder of the model.
        """
        self.schema_ = self.schema_.with_vectors(facts)

    def describe_columns(self, names):
        """Say what a column of texts was taken for, why, and what it becomes.

        Parameters
        ----------
        names : list of str of length n_columns
            Names of the columns in X.

        Returns
        -------
        report : DataFrame with n_columns rows
            Report with the columns that `make_report` returns.
        """
        check_is_fitted(self)
        return make_report(
            names,
            kind="text",
            reason="the input takes texts",
            missing=self.n_missing_ / self.schema_.n_samples,
            distinct=[self.n_unique_] * len(names),
            becomes=what_becomes_of_texts(self.schema_),
        )

    def _transform(self, texts):
        subwords = self._subwords(texts)
        texts = [normalise(text) for text in texts]
        words = self._words(texts)
        arrays = {"tokens": _padded(words, self.schema_.n_tokens)}
        arrays["word_ngrams"], arrays["word_weights"] = strongest(
            self.word_ngrams_.transform(words), self.schema_.word_width
        )
        if self.character_ngrams_ is not None:
            characters = _as_sequences(_code_points(texts), self.alphabet_)
            arrays["character_ngrams"], arrays["character_weights"] = strongest(
                self.character_ngrams_.transform(characters),
                self.schema_.character_width,
            )
        return arrays | subwords

    def _subwords(self, texts):
        """Return the tokens of pretrained models; their tokenizers normalise texts."""
        pairs = zip(self.tokenizers_, self.schema_.subwords, strict=True)
        return {
            f"subwords_{i}": _padded(_flat(tokenizer(texts)), subwords.width, shift=1)
            for i, (tokenizer, subwords) in enumerate(pairs, start=1)
            if subwords.width
        }

    def _words(self, texts):
        code = self.vocabulary_.get
        return _flat(
            [[code(token, UNKNOWN_TOKEN) for token in tokenise(t)] for t in texts]
        )


def _learn_vocabulary(texts, max_tokens, at_least):
    """Return the code of each frequent token, and the codes of all texts."""
    first_seen = defaultdict(count().__next__)
    codes, rows, n_texts = _flat(
        [first_seen[token] for token in tokenise(text)] for text in texts
    )
    n_found = np.bincount(codes, minlength=len(first_seen))
    order = np.argsort(-n_found, kind="stable")
    order = order[n_found[order] >= at_least][:max_tokens]
    recoded = np.full(len(first_seen), UNKNOWN_TOKEN, "int32")
    recoded[order] = np.arange(len(order)) + FIRST_TOKEN
    tokens = list(first_seen)
    vocabulary = {
        tokens[i]: FIRST_TOKEN + rank for rank, i in enumerate(order.tolist())
    }
    return vocabulary, (recoded[codes], rows, n_texts)


def _flat(lists):
    """Return sequences as `NgramVectorizer` takes them."""
    parts = [np.array(codes, "int32") for codes in lists]
    return np.concatenate(parts), _rows_of(parts), len(parts)


def _rows_of(parts):
    """Return which part each entry of the parts, one after another, is of."""
    return np.repeat(np.arange(len(parts), dtype="int32"), [len(p) for p in parts])


def _learn_alphabet(texts):
    """Return the most frequent characters, and the codes of all texts."""
    points = _code_points(texts)
    alphabet, n_found = np.unique(points[0], return_counts=True)
    frequent = np.argsort(-n_found, kind="stable")[: N_CHARACTERS - FIRST_TOKEN]
    alphabet = np.sort(alphabet[frequent])
    return alphabet, _as_sequences(points, alphabet)


def _code_points(texts):
    """Return the characters of texts as numbers, and which text each is of."""
    spelled = [spell(text) for text in texts]
    points = np.frombuffer("".join(spelled).encode("utf-32-le"), "<u4")
    return points, _rows_of(spelled), len(texts)


def _as_sequences(points, alphabet):
    """Return code points as codes of an alphabet."""
    points, rows, n_texts = points
    places = np.searchsorted(alphabet, points)
    places[places == len(alphabet)] = 0
    codes = np.where(alphabet[places] == points, places + FIRST_TOKEN, UNKNOWN_TOKEN)
    return codes, rows, n_texts


def _fit_ngrams(ngrams, sequences, most, kind, most_learned):
    """Learn n-grams from some of the sequences, evenly spaced, if they are many.

    Returns what the schema tells of n-grams of a kind.
    """
    codes, rows, n_sequences = sequences
    step = max(-(-len(codes) // most_learned), 1)
    kept = rows % step == 0
    some = codes[kept], rows[kept] // step, -(-n_sequences // step)
    weights = ngrams.fit_transform(some)
    return {
        f"{kind}_width": enough(np.diff(weights.indptr), most),
        f"n_{kind}_ngrams": weights.shape[1] + 1,
    }


def _subwords(tokenizer, texts):
    """Return what texts are for a pretrained model."""
    facts = {
        name: getattr(tokenizer, name)
        for name in ("preset", "start", "end", "pad", "problem")
    }
    if tokenizer.problem is not None:
        return Subwords(**facts)
    lengths = []
    for start in range(0, len(texts), CHUNK):
        lengths += [len(tokens) for tokens in tokenizer(texts[start : start + CHUNK])]
    return Subwords(**facts, width=enough(lengths, MAX_LENGTH))


def _padded(sequences, width, shift=0):
    """Return the beginnings of sequences as rows; ``shift`` is added to codes."""
    codes, rows, n_sequences = sequences
    starts = np.searchsorted(rows, np.arange(n_sequences))
    place = np.arange(len(codes)) - starts[rows]
    kept = place < width
    padded = np.zeros((n_sequences, width), "int32")
    padded[rows[kept], place[kept]] = codes[kept] + shift
    return padded
