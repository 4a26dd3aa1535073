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
    table_of,
)
from skautokeras._search.journal import Journal
from skautokeras._space.pretrained import load_encoder
from skautokeras._state.deadline import NO_DEADLINE
from skautokeras._warnings import warn
from skautokeras.exceptions import WeightsMissingError

# Share of the whole time that encoding takes at most, and share of what is left.
_SHARE_OF_TIME, _SHARE_OF_REST = 0.25, 0.5
# What is planned for takes so much longer at most.
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
# Tokens of training rows that are encoded before the clock is asked for the rest.
_TOKENS_OF_A_BLOCK = 8 * TOKENS_AT_ONCE
_WITHOUT = "The search uses fixed vectors of tokens in their place."
_ENCODER, _STATIC = [(kind,) for kind in VECTORS]


def with_vectors(data, x_adapter, deadline, journal, *, n_folds, seed):
    """Return rows with the vectors that pretrained models make of their texts.

    All trials, folds and final networks share these vectors. What there is no time for
    gets shorter texts, and then fewer training rows, whose vectors are NaN. The adapter
    is told the encoders, so that it adds vectors to other rows.

    Parameters
    ----------
    data : SplitRows
        Training rows and validation rows.
    x_adapter : XAdapter
        Fitted adapter of X.
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
    if not arrays:
        return data
    made = journal.keep(
        "encoders", lambda: _encode(arrays, data, deadline, n_folds, seed)
    )
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
    data = with_vectors(data, x_adapter, NO_DEADLINE, journal, n_folds=1, seed=0)
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
            warn(f"{stage.problem} {_WITHOUT}")
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
        self._train = {name: data.train.x[name] for name in arrays}
        self._valid = {name: data.valid.x[name] for name in arrays}
        self._deadline = deadline
        self._needs_all = needs_all
        self._rng = np.random.default_rng(seed)
        self._layers = load_encoder(preset, self._subwords)

    def run(self):
        """Return the encoder, and the vectors by array."""
        encoder = self._encoder(None)
        found = self._encoded(encoder, self._tokens_left(encoder))
        vectors = {}
        if found is not None:
            encoder, *parts = found
            vectors = self._vectors("encoder", encoder, *parts)
        elif "static" in encoder.widths:
            encoder = _without_network(encoder)
        else:
            raise WeightsMissingError(self.problem)
        if "static" in encoder.widths:
            # They are looked up, and need no network.
            parts = [
                {name: encoder.encode(x, _STATIC)["static"] for name, x in rows.items()}
                for rows in (self._train, self._valid)
            ]
            vectors |= self._vectors("static", encoder, *parts)
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
        tokens = next(iter(self._valid.values()))
        encoder.encode(tokens[:1], _ENCODER)
        ends = np.cumsum(self._lengths(tokens))
        for n_tokens in _TIMED_TOKENS:
            some = tokens[: np.searchsorted(ends, n_tokens) + 1]
            start = self._deadline.spent()
            encoder.encode(some, _ENCODER)
            seconds = self._deadline.spent() - start
            if seconds > _SHARE_OF_TIMING * self._deadline.total():
                break
        speed = self._lengths(some).sum() / max(seconds, 1e-6)
        return _SAFE * speed * self._deadline.left()

    def _lengths(self, tokens, length=None):
        """Return how many tokens of each text are encoded, with the marks."""
        n_marks = self._subwords.longest - self._subwords.width
        most = min(self._layers[0].length, length or math.inf)
        return np.minimum(np.count_nonzero(tokens, axis=1) + n_marks, most)

    def _n_tokens(self, length=None, parts=("train", "valid")):
        """Return the number of tokens of all texts."""
        by_part = {"train": self._train, "valid": self._valid}
        return sum(
            self._lengths(tokens, length).sum()
            for part in parts
            for tokens in by_part[part].values()
        )

    def _encoded(self, encoder, n_left):
        """Return encoder and vectors of training and validation rows, by array.

        None if there is no time for the validation rows.
        """
        lengths = (None, *_SHORTER)
        fitting = [length for length in lengths if self._n_tokens(length) <= n_left]
        if fitting:
            encoder = encoder if fitting[0] is None else self._encoder(fitting[0])
            encode = self._together if self._needs_all else self._block_by_block
            return self._checked(encoder, *encode(encoder))
        if self._needs_all or not self._suffices(lengths[-1], n_left):
            self.problem = (
                f"There was no time to encode the texts by {self._preset!r}: it would "
                "take about "
                f"{self._n_tokens(lengths[-1]) / max(n_left, 1):.0f} times as long as "
                "it may. Pass a longer max_time."
            )
            return None
        encoder = self._encoder(lengths[-1])
        return self._checked(encoder, *self._block_by_block(encoder))

    def _suffices(self, length, n_left):
        """Return whether so many tokens are those of enough training rows.

        Networks on the vectors of a few rows are no better than others on all rows.
        """
        n_train = self._n_tokens(length, ["train"])
        n_left -= self._n_tokens(length, ["valid"])
        n_rows = len(next(iter(self._train.values())))
        enough = min(_SHARE_OF_ROWS * n_rows, _MANY_ROWS)
        return n_rows * n_left >= enough * n_train

    def _together(self, encoder):
        """Return the vectors of all rows, among which validation rows are twice."""
        train, valid = {}, {}
        for name, tokens in self._train.items():
            both = np.concatenate([tokens, self._valid[name]])
            vectors = self._encode(encoder, both)
            train[name], valid[name] = np.split(vectors, [len(tokens)])
        return train, valid

    def _block_by_block(self, encoder):
        """Return the vectors of validation rows, and of some training rows."""
        valid = {
            name: self._encode(encoder, tokens) for name, tokens in self._valid.items()
        }
        train = {
            name: np.full((len(tokens), encoder.widths["encoder"]), np.nan, "float32")
            for name, tokens in self._train.items()
        }
        n_rows = len(next(iter(self._train.values())))
        n_tokens = sum(self._lengths(tokens) for tokens in self._train.values())
        order = self._rng.permutation(n_rows)
        blocks = np.cumsum(n_tokens[order]) // _TOKENS_OF_A_BLOCK
        for rows in np.split(order, np.flatnonzero(np.diff(blocks)) + 1):
            for name, tokens in self._train.items():
                train[name][rows] = self._encode(encoder, tokens[rows])
            if self._deadline.passed():
                break
        return train, valid

    def _encode(self, encoder, tokens):
        """Return the vectors of texts, NaN where there is no time for them."""
        return encoder.encode(tokens, _ENCODER, self._deadline)["encoder"]

    def _checked(self, encoder, train, valid):
        """Return what has been made; None if too few rows have vectors."""
        n_known = sum(_are_known(vectors).sum() for vectors in train.values())
        n_rows = sum(map(len, train.values()))
        fewest = n_rows if self._needs_all else min(_FEWEST_ROWS, n_rows)
        if n_known >= fewest and all(_are_known(v).all() for v in valid.values()):
            return encoder, train, valid
        self.problem = (
            f"The time was over before {self._preset!r} had encoded the texts."
        )
        return None

    def _vectors(self, kind, encoder, train, valid):
        """Return standardised vectors by array."""
        known = [v[_are_known(v)] for v in train.values()]
        encoder.learn_scale(kind, np.concatenate(known))
        return {
            vector_array(name, kind): {
                "train": encoder.standardised(kind, train[name]),
                "valid": encoder.standardised(kind, valid[name]),
            }
            for name in train
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
