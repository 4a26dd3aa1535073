"""Encoding: pretrained models turn texts into vectors once, before the trials."""

import math

import keras
import numpy as np

from skautokeras._data.schema import VECTORS, vector_array
from skautokeras._data.split import Rows, SplitRows
from skautokeras._layers.frozen import (
    TOKENS_AT_ONCE,
    FrozenEncoder,
    StaticVectors,
    TextVectors,
    different_rows,
    table_of,
)
from skautokeras._search.journal import Journal
from skautokeras._space.pretrained import load_encoder
from skautokeras._state.deadline import NO_DEADLINE
from skautokeras._state.randomness import seeded
from skautokeras._warnings import warn
from skautokeras.exceptions import WeightsMissingError

# Share of the whole time that encoding takes at most, and share of what is left.
_SHARE_OF_TIME, _SHARE_OF_REST = 0.25, 0.5
# The plan uses this share of the time that is left, because encoding can be slower than
# measured.
_SAFE = 0.8
# Tokens that are timed: a few, and more of them if that took a small share of the time.
_TIMED_TOKENS = (TOKENS_AT_ONCE // 8, TOKENS_AT_ONCE, 2 * TOKENS_AT_ONCE)
_SHARE_OF_TIMING = 0.02
# Tokens of a text that are kept where there is no time for all of them.
_SHORTER = (128, 64)
# Fewest training rows that are encoded where there is no time for all of them: a share
# of them, or so many.
_SHARE_OF_ROWS, _MANY_ROWS = 0.5, 4000
# Training rows with vectors from which networks can learn.
_FEWEST_ROWS = 50
# Tokens of training rows in a block. The clock is asked after each block.
_TOKENS_OF_A_BLOCK = 8 * TOKENS_AT_ONCE
_WITHOUT = "The search uses fixed vectors of tokens in their place."
_ENCODER, _STATIC = [(kind,) for kind in VECTORS]
# Length of texts that are not encoded.
_NOTHING = 0


def with_vectors(data, x_adapter, presets, deadline, journal, *, n_folds, seed):
    """Return rows with the vectors that pretrained models make of their texts.

    All trials, folds and final networks share these vectors. If time is short, texts
    are cut, and then some training rows get NaN in place of vectors. The adapter keeps
    the encoders, so that it can encode the rows of `predict`.

    Parameters
    ----------
    data : SplitRows
        Training rows and validation rows.
    x_adapter : XAdapter
        Fitted adapter of X.
    presets : list of str
        Pretrained models whose vectors may be read.
    deadline : Deadline
        Deadline of the whole fit.
    journal : Journal
        Journal that keeps the vectors for a search that goes on.
    n_folds : int
        Number of folds. If there are several, all rows are validation rows.
    seed : int
        Seed of the order in which training rows are encoded, if there is no time for
        all of them.

    Returns
    -------
    data : SplitRows
    """
    arrays = x_adapter.subword_arrays()
    arrays = {name: facts for name, facts in arrays.items() if facts.preset in presets}
    if not arrays:
        return data
    made = journal.keep(
        "encoders", lambda: _encode(arrays, data, deadline, n_folds, seed)
    )
    for preset in made["encoders"]:
        if preset in made["problems"]:
            warn(f"{made['problems'][preset]} {_WITHOUT}")
    x_adapter.set_encoders(made["encoders"], made["problems"])
    return _joined(data, made["vectors"])


def encode_all(x_adapter, x):
    """Return arrays with the vectors of all texts, however long that takes.

    Parameters
    ----------
    x_adapter : XAdapter
        Fitted adapter of X, which is told the encoders.
    x : dict of str to ndarray
        Arrays that the adapter has returned.

    Returns
    -------
    x : dict of str to ndarray
    """
    n_rows = len(next(iter(x.values())))
    rows = Rows(x, {"": np.zeros(n_rows)}, weight=None)
    data = SplitRows(rows, rows, all=rows)
    journal = Journal(None, {}, seed=0)
    presets = [facts.preset for facts in x_adapter.subword_arrays().values()]
    data = with_vectors(
        data, x_adapter, presets, NO_DEADLINE, journal, n_folds=1, seed=0
    )
    return data.train.x


def _encode(arrays, data, deadline, n_folds, seed):
    """Return encoders and problems by pretrained model, and vectors by array."""
    share = min(_SHARE_OF_TIME * deadline.total(), _SHARE_OF_REST * deadline.left())
    deadline = deadline.within(share)
    by_preset = {}
    for name, subwords in arrays.items():
        by_preset.setdefault(subwords.preset, {})[name] = subwords
    made = {"encoders": {}, "problems": {}, "vectors": {}}
    for i, (preset, own) in enumerate(by_preset.items()):
        own_deadline = deadline.within(deadline.left() / (len(by_preset) - i))
        try:
            stage = _Stage(preset, own, data, own_deadline, n_folds > 1, seed)
            made["encoders"][preset], vectors = stage.run()
        except WeightsMissingError as error:
            made["problems"][preset] = str(error)
            continue
        made["vectors"] |= vectors
        if stage.problem:
            made["problems"][preset] = stage.problem
    return made


def _joined(data, vectors):
    """Return rows with vectors, which training and validation rows share with all."""
    train = {name: parts["train"] for name, parts in vectors.items()}
    valid = {name: parts["valid"] for name, parts in vectors.items()}
    if data.all is None or data.all is data.train:
        rows = _added(data.train, train)
        return SplitRows(
            rows, _added(data.valid, valid), all=None if data.all is None else rows
        )
    # In this order, both parts are views.
    both = {name: np.concatenate([train[name], valid[name]]) for name in vectors}
    n_train = len(data.train)
    return SplitRows(
        _added(data.train, {name: v[:n_train] for name, v in both.items()}),
        _added(data.valid, {name: v[n_train:] for name, v in both.items()}),
        all=_added(data.all, both),
    )


def _added(rows, arrays):
    return Rows(x={**rows.x, **arrays}, y=rows.y, weight=rows.weight)


class _Texts:
    """The texts of one array: those that differ, with their vectors.

    Parameters
    ----------
    train, valid : ndarray of int of shape (n_rows, n_steps)
        Tokens of the training rows and of the validation rows.

    Attributes
    ----------
    tokens : ndarray of int of shape (n_texts, n_steps)
        Tokens of the texts that differ.
    train, valid : ndarray of int of shape (n_rows,)
        Position of the text of each row among them.
    vectors : ndarray of shape (n_texts, width)
        Vectors of the texts, NaN where they are not known.
    """

    def __init__(self, train, valid):
        self.tokens, places = different_rows(np.concatenate([train, valid]))
        self.train, self.valid = np.split(places, [len(train)])
        self.vectors = None

    def encode(self, encoder, texts, deadline):
        """Compute the vectors of some texts, given by their positions, once."""
        if self.vectors is None:
            shape = len(self.tokens), encoder.widths["encoder"]
            self.vectors = np.full(shape, np.nan, "float32")
        texts = np.unique(texts)
        texts = texts[~_are_known(self.vectors[texts])]
        found = encoder.encode(self.tokens[texts], _ENCODER, deadline)
        self.vectors[texts] = found["encoder"]


class _Stage:
    """The encoding of all texts by one pretrained model.

    Parameters
    ----------
    preset : str
        Name or folder of the pretrained model.
    arrays : dict of str to Subwords
        Facts about the texts by the arrays of their tokens.
    data : SplitRows
        Training rows and validation rows.
    deadline : Deadline
        Deadline of the encoding.
    needs_all : bool
        Whether all rows need vectors.
    seed : int
        Seed of the order of the training rows.

    Attributes
    ----------
    problem : str or None
        Reason why the model itself has made no vectors.
    """

    def __init__(self, preset, arrays, data, deadline, needs_all, seed):
        self.problem = None
        self._preset = preset
        self._subwords = next(iter(arrays.values()))
        self._texts = {n: _Texts(data.train.x[n], data.valid.x[n]) for n in arrays}
        self._n_train = len(data.train)
        self._deadline = deadline
        self._needs_all = needs_all
        self._rng = np.random.default_rng(seed)
        with seeded(0):
            self._layers = load_encoder(preset, self._subwords)

    def run(self):
        """Return the encoder, and the vectors by array."""
        encoder = self._encoder(None)
        n_left = self._tokens_left(encoder)
        length = self._length(n_left)
        vectors = {}
        shorter = encoder if length is None else self._encoder(length)
        if length != _NOTHING and self._encode(shorter):
            encoder = shorter
            found = {name: texts.vectors for name, texts in self._texts.items()}
            vectors = self._by_row("encoder", encoder, found)
        elif "static" in encoder.widths:
            encoder = _without_network(encoder)
        else:
            raise WeightsMissingError(self.problem)
        if "static" in encoder.widths:
            # They are looked up, and need no network.
            found = {
                name: encoder.encode(texts.tokens, _STATIC)["static"]
                for name, texts in self._texts.items()
            }
            vectors |= self._by_row("static", encoder, found)
        return encoder, vectors

    def _encoder(self, length):
        """Return the model for texts of some tokens at most; None keeps all."""
        pack, encoder = self._layers
        length = min(pack.length, length or pack.length)
        tokens = keras.Input((None,), dtype="int32")
        vectors = TextVectors(encoder, length, pack.start, pack.end)(tokens)
        return FrozenEncoder(keras.Model(tokens, vectors))

    def _tokens_left(self, encoder):
        """Return for how many tokens there is time, measured on a few texts."""
        if self._deadline.left() == math.inf:
            return math.inf
        texts = max(self._texts.values(), key=lambda t: self._lengths(t).sum())
        order = self._rng.permutation(len(texts.tokens))
        lengths = self._lengths(texts)[order]
        tokens, ends = texts.tokens[order], np.cumsum(lengths)
        encoder.encode(tokens[:1], _ENCODER)
        for n_tokens in _TIMED_TOKENS:
            n_texts = np.searchsorted(ends, n_tokens) + 1
            start = self._deadline.spent()
            encoder.encode(tokens[:n_texts], _ENCODER)
            seconds = self._deadline.spent() - start
            if seconds > _SHARE_OF_TIMING * self._deadline.total():
                break
        speed = lengths[:n_texts].sum() / max(seconds, 1e-6)
        return _SAFE * speed * self._deadline.left()

    def _lengths(self, texts, length=None):
        """Return how many tokens of each text are encoded, with the marks."""
        n_marks = self._subwords.longest - self._subwords.width
        most = min(self._layers[0].length, length or math.inf)
        return np.minimum(np.count_nonzero(texts.tokens, axis=1) + n_marks, most)

    def _n_tokens(self, length, *, only_valid=False):
        """Return the number of tokens of all texts, or of those to validate on."""
        n_tokens = 0
        for texts in self._texts.values():
            lengths = self._lengths(texts, length)
            wanted = np.unique(texts.valid) if only_valid else slice(None)
            n_tokens += lengths[wanted].sum()
        return n_tokens

    def _length(self, n_left):
        """Return how many tokens of a text are kept: None keeps all.

        `_NOTHING` if there is not enough time.
        """
        for length in (None, *_SHORTER):
            if self._n_tokens(length) <= n_left:
                return length
        shortest = _SHORTER[-1]
        n_all = self._n_tokens(shortest)
        n_valid = self._n_tokens(shortest, only_valid=True)
        # Networks on the vectors of a few rows are no better than others on all rows.
        enough = min(_SHARE_OF_ROWS, _MANY_ROWS / self._n_train)
        if not self._needs_all and n_left - n_valid >= enough * (n_all - n_valid):
            return shortest
        times = n_all / max(n_left, 1)
        self.problem = (
            f"There was no time to encode the texts by {self._preset!r}: it would take "
            f"about {times:.0f} times as long as it may. Pass a longer max_time."
        )
        return _NOTHING

    def _encode(self, encoder):
        """Encode texts until the deadline; return whether enough rows have vectors.

        Those of validation rows come first, then those of training rows in any order.
        """
        for texts in self._texts.values():
            texts.encode(encoder, texts.valid, self._deadline)
        order = self._rng.permutation(self._n_train)
        n_tokens = sum(self._lengths(t)[t.train] for t in self._texts.values())
        blocks = np.cumsum(n_tokens[order]) // _TOKENS_OF_A_BLOCK
        for rows in np.split(order, np.flatnonzero(np.diff(blocks)) + 1):
            for texts in self._texts.values():
                texts.encode(encoder, texts.train[rows], self._deadline)
            if self._deadline.passed():
                break
        known = {name: _are_known(t.vectors) for name, t in self._texts.items()}
        pairs = [(known[name], texts) for name, texts in self._texts.items()]
        n_known = np.all([k[t.train] for k, t in pairs], axis=0).sum()
        fewest = self._n_train if self._needs_all else min(_FEWEST_ROWS, self._n_train)
        if n_known >= fewest and all(k[t.valid].all() for k, t in pairs):
            return True
        self.problem = (
            f"The time was over before {self._preset!r} had encoded the texts. Pass a "
            "longer max_time."
        )
        return False

    def _by_row(self, kind, encoder, found):
        """Return standardised vectors of rows by array, from those of texts."""
        train = {name: found[name][texts.train] for name, texts in self._texts.items()}
        known = [v[_are_known(v)] for v in train.values()]
        encoder.learn_scale(kind, np.concatenate(known))
        return {
            vector_array(name, kind): {
                "train": encoder.standardised(kind, train[name]),
                "valid": encoder.standardised(kind, found[name][texts.valid]),
            }
            for name, texts in self._texts.items()
        }


def _are_known(vectors):
    """Return which rows have vectors."""
    return np.isfinite(vectors).all(axis=1)


def _without_network(encoder):
    """Return an encoder that only looks vectors of tokens up."""
    (layer,) = [x for x in encoder.model.layers if isinstance(x, TextVectors)]
    table = np.asarray(table_of(layer.encoder))
    tokens = keras.Input((None,), dtype="int32")
    static = StaticVectors(*table.shape)
    model = keras.Model(tokens, {"static": static(tokens)})
    static.set_weights([table])
    return FrozenEncoder(model)
