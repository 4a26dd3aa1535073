"""Encoding: pretrained models turn texts and images into vectors before the trials."""

import copy
import math
from functools import cached_property
from hashlib import blake2b
from itertools import chain

import keras
import numpy as np

from skautokeras._data.schema import Subwords
from skautokeras._data.split import Rows, SplitRows
from skautokeras._layers.base import inputs_read
from skautokeras._layers.frozen import (
    TOKENS_AT_ONCE,
    FrozenEncoder,
    ImageVectors,
    StaticVectors,
    TextVectors,
    Zeros,
    different_rows,
    table_of,
)
from skautokeras._search.journal import Journal
from skautokeras._space.image_models import load_image_encoder, sizes_for
from skautokeras._space.text_models import load_encoder
from skautokeras._state.deadline import NO_DEADLINE
from skautokeras._state.randomness import seeded
from skautokeras._warnings import warn
from skautokeras.exceptions import WeightsMissingError

# Share of the whole time that encoding takes at most, of texts and of images, from
# which networks that are not pretrained learn less. Models are read before, which takes
# some seconds however long the whole time is, longest in a process that has read none.
_OF_TEXTS, _OF_IMAGES = 0.25, 0.35
# Share of what is left of the whole time, in which models are read and rows encoded.
_SHARE_OF_REST = 0.5
# Share of its part of the time for encoding without which no further model is read.
_WORTH_READING = 0.5
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
# What to do if time was short, now or when a search that goes on has begun.
_MORE_TIME = "Pass a longer max_time."
_MORE_TIME_ANEW = (
    "A search that goes on keeps the vectors that it has begun with: pass a longer "
    "max_time and another directory; with warm_start=True, make a new estimator."
)
_ENCODER, _STATIC = ("encoder",), ("static",)
# Images whose encoding is timed: a few, and more of them if that took a small share of
# the time.
_TIMED_IMAGES = (4, 32, 128)
# Images of training rows in a block.
_IMAGES_OF_A_BLOCK = 256
# Factors from which on decimal places tell nothing.
_LARGE = 10
# Bytes that tell images apart.
_DIGEST_SIZE = 16


def with_vectors(data, x_adapter, presets, deadline, journal, *, n_folds, seed):
    """Return rows with the vectors that pretrained models make of texts and images.

    All trials, folds and final networks share these vectors. If time is short, texts
    are cut and images are smaller, and then some training rows get NaN in place of
    vectors. The adapter keeps the encoders, so that it can encode the rows of
    `predict`.

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
    encodings = [e for e in x_adapter.encodings() if e.facts.preset in presets]
    if not encodings:
        return data
    made_now = []

    def make():
        made_now.append(_encode(encodings, data, deadline, n_folds, seed))
        return made_now[0]

    made = journal.keep("encoders", make)
    if not made_now:
        made = _as_kept(made)
    for problem in made["warnings"]:
        warn(problem)
    x_adapter.set_encoders(made["encoders"], made["problems"])
    return _joined(data, made["vectors"])


def _as_kept(made):
    """Return what `_encode` has made for a search that goes on, with other advice."""

    def advised(problem):
        return problem.replace(_MORE_TIME, _MORE_TIME_ANEW)

    problems = {key: advised(problem) for key, problem in made["problems"].items()}
    warnings = list(map(advised, made["warnings"]))
    return {**made, "problems": problems, "warnings": warnings}


def with_read_vectors(x_adapter, models):
    """Return an adapter whose encoders make only the vectors that networks read.

    The other arrays of vectors are filled with zeros, which takes no time.

    Parameters
    ----------
    x_adapter : XAdapter
        Fitted adapter of X.
    models : list of keras.Model
        Networks from the arrays of the adapter.

    Returns
    -------
    x_adapter : XAdapter
        The adapter itself if there are no encoders.
    """
    if not x_adapter.encoders:
        return x_adapter
    read = {key: set() for key in x_adapter.encoders}
    for encoding in x_adapter.encodings():
        kinds = {encoding.name(kind): kind for kind in encoding.facts.kinds}
        for model in models:
            names = inputs_read(model, kinds.keys() & model.input.keys())
            read.setdefault(encoding.key, set()).update(map(kinds.get, names))
    smaller = copy.copy(x_adapter)
    smaller.encoders = {
        key: _with_kinds(encoder, read[key])
        for key, encoder in x_adapter.encoders.items()
    }
    return smaller


def encode_all(x_adapter, x):
    """Return arrays with all vectors, however long that takes.

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
    presets = [encoding.facts.preset for encoding in x_adapter.encodings()]
    data = with_vectors(
        data, x_adapter, presets, NO_DEADLINE, journal, n_folds=1, seed=0
    )
    return data.train.x


def _encode(encodings, data, deadline, n_folds, seed):
    """Return encoders and problems by pretrained model, vectors by array, warnings."""
    are_texts = [isinstance(encoding.facts, Subwords) for encoding in encodings]
    by_key = {}
    for encoding in encodings:
        by_key.setdefault(encoding.key, []).append(encoding)
    share = _OF_TEXTS if any(are_texts) else _OF_IMAGES
    budget = _Budget(deadline, share, len(by_key))
    made = {"encoders": {}, "problems": {}, "vectors": {}, "warnings": []}
    for i, (key, own) in enumerate(by_key.items()):
        make = _TextStage if isinstance(own[0].facts, Subwords) else _ImageStage
        try:
            stage = make(own, data, n_folds > 1, seed)
            budget.read(stage)
            made["encoders"][key], vectors = budget.run(stage, len(by_key) - i)
        except WeightsMissingError as error:
            made["problems"][key] = str(error)
            continue
        made["vectors"] |= vectors
        if stage.problem:
            made["problems"][key] = stage.problem
            made["warnings"].append(f"{stage.problem} {_WITHOUT}")
    return made


class _Budget:
    """The time for pretrained models: to read them, and a share of it to encode rows.

    Parameters
    ----------
    deadline : Deadline
        Deadline of the whole fit.
    share : float
        Share of its whole time in which rows are encoded.
    n_models : int
        Number of models that have this time together.
    """

    def __init__(self, deadline, share, n_models):
        self._deadline = deadline.within(_SHARE_OF_REST * deadline.left())
        self._seconds = share * deadline.total()
        self._fewest_seconds = _WORTH_READING * self._seconds / n_models
        # What reading a model has taken so far, at most.
        self._slowest = 0.0
        self._was_short = False

    def read(self, stage):
        """Let a stage read its model, or raise if there is no time to make use of it.

        Reading is taken to need as long as it did for the models before. If all that
        was left was too short for one of them, it is for others.
        """
        is_short = self._was_short or self._seconds < self._fewest_seconds
        if is_short or self._deadline.left() <= self._slowest:
            raise WeightsMissingError(stage.no_time("none was left to read it"))
        start = self._deadline.spent()
        stage.read(is_timed=self._deadline.left() < math.inf)
        self._slowest = max(self._slowest, self._deadline.spent() - start)

    def run(self, stage, n_stages):
        """Return the encoder and the vectors of a stage, the first of ``n_stages``."""
        rest = self._deadline.within(self._seconds)
        part = rest.within(rest.left() / n_stages)
        try:
            return stage.run((part, rest))
        finally:
            self._seconds -= rest.spent()
            self._was_short = self._was_short or stage.problem is not None


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

    def __len__(self):
        return len(self.tokens)

    def take(self, texts):
        """Return the tokens of some texts, given by their positions."""
        return self.tokens[texts]


class _Images:
    """The images of one array, with their vectors.

    Parameters
    ----------
    train, valid : ndarray of shape (n_rows, height, width, channels)
        Pixels of the training rows and of the validation rows.

    Attributes
    ----------
    train, valid : ndarray of int of shape (n_rows,)
        Position of the image of each row among those that differ.
    vectors : ndarray of shape (n_images, width)
        Vectors of these images, NaN where they are not known.
    shape : tuple (height, width, channels)
        Shape of an image.
    dtype : str
        Type of the pixels.
    """

    def __init__(self, train, valid):
        self._rows = train, valid
        # With folds, all rows are in both parts.
        digests = b"".join(map(_digest, chain(train, valid)))
        keys = np.frombuffer(digests, f"V{_DIGEST_SIZE}")
        _, self._first, places = np.unique(keys, return_index=True, return_inverse=True)
        self.train, self.valid = np.split(places, [len(train)])
        self.vectors = None
        self.shape, self.dtype = train.shape[1:], train.dtype.name

    def __len__(self):
        return len(self._first)

    def take(self, images):
        """Return the pixels of some images, given by their positions."""
        train, valid = self._rows
        rows = self._first[images]
        is_train = rows < len(train)
        pixels = np.empty((len(rows), *self.shape), self.dtype)
        pixels[is_train] = train[rows[is_train]]
        pixels[~is_train] = valid[rows[~is_train] - len(train)]
        return pixels


def _digest(image):
    """Return a number of few bytes that equal images share."""
    return blake2b(np.ascontiguousarray(image), digest_size=_DIGEST_SIZE).digest()


class _Stage:
    """The encoding of all rows by one pretrained model.

    Subclasses know whether these are texts or images. A level says how much of a row
    the model looks at: the first one is all, and each further one takes less time.

    Parameters
    ----------
    encodings : list of Encoding
        Arrays that the model reads.
    data : SplitRows
        Training rows and validation rows.
    needs_all : bool
        Whether all rows need vectors.
    seed : int
        Seed of the order of the training rows.

    Attributes
    ----------
    problem : str or None
        Reason why the model itself has made no vectors.
    """

    what = None
    # Rows that are copied at once, which texts are not limited in.
    most_rows = math.inf

    def __init__(self, encodings, data, needs_all, seed):
        self.problem = None
        self._preset = encodings[0].facts.preset
        self._encodings = {encoding.array: encoding for encoding in encodings}
        self._facts = encodings[0].facts
        self._data = data
        self._n_train = len(data.train)
        self._needs_all = needs_all
        self._rng = np.random.default_rng(seed)
        self._encoders = {}
        self._deadline = NO_DEADLINE

    @cached_property
    def _parts(self):
        """What the model encodes, by array. Telling images apart takes some time."""
        train, valid = self._data.train.x, self._data.valid.x
        return {n: self._make_part(train[n], valid[n]) for n in self._encodings}

    def read(self, is_timed):
        """Read the model; encode a row, so that what is done once is not timed."""
        level = self._read()
        if is_timed:
            part = next(iter(self._parts.values()))
            self._encoder(level).encode(part.take(np.arange(1)), _ENCODER)

    def _read(self):
        """Read the model, and return its first level."""
        raise NotImplementedError

    def run(self, deadlines):
        """Return the encoder, and the vectors by array.

        Parameters
        ----------
        deadlines : sequence of Deadline
            Ends of the part of the time that belongs to this model, and of all that is
            left for the models behind it as well. If the part is too short, the model
            takes the rest, because vectors of one model are better than of none.
        """
        raise NotImplementedError

    def no_time(self, why):
        """Return the message that there was no time, with the reason."""
        return (
            f"There was no time to encode the {self.what} by {self._preset!r}: {why}. "
            f"{_MORE_TIME}"
        )

    def _encoder(self, level, **kwargs):
        """Return the model for a level, which is kept: its function takes long."""
        key = (level, *kwargs.items())
        if key not in self._encoders:
            self._encoders[key] = self._make_encoder(level, **kwargs)
        return self._encoders[key]

    def _encode_at(self, levels, speed, deadlines):
        """Return an encoder with which enough rows were encoded, and its level."""
        for self._deadline in deadlines:
            self.problem = None
            level = self._level(levels, speed)
            if not self.problem:
                encoder = self._encoder(level)
                return encoder if self._encode(encoder, level) else None, level
        return None, None

    def _level(self, levels, speed):
        """Return the first level that there is time for, or set the problem.

        The last level will do if there is time for validation rows and for some of the
        training rows.
        """
        n_left = _SAFE * speed * self._deadline.left()
        if not n_left:
            self.problem = self.no_time("none was left")
            return None
        for level in levels:
            if self._amount(level) <= n_left:
                return level
        n_all = self._amount(level)
        n_valid = self._amount(level, only_valid=True)
        # Networks on the vectors of a few rows are no better than others on all rows.
        enough = min(_SHARE_OF_ROWS, _MANY_ROWS / self._n_train)
        if not self._needs_all and n_left - n_valid >= enough * (n_all - n_valid):
            return level
        times = n_all / n_left
        factor = f"{times:.1f}" if times < _LARGE else f"{times:.0f}"
        self.problem = self.no_time(
            f"in the fastest way, it would take about {factor} times as long as it may"
        )
        return None

    def _amount(self, level, *, only_valid=False):
        """Return how much the model looks at, of all rows or of validation rows."""
        amount = 0
        for part in self._parts.values():
            amounts = self._amounts(part, level)
            wanted = np.unique(part.valid) if only_valid else slice(None)
            amount += amounts[wanted].sum()
        return amount

    def _encode(self, encoder, level):
        """Encode rows until the deadline; return whether enough of them have vectors.

        Validation rows come first, then training rows in any order.
        """
        for part in self._parts.values():
            part.vectors = np.full((len(part), encoder.widths["encoder"]), np.nan, "f4")
            self._fill(part, encoder, part.valid)
        order = self._rng.permutation(self._n_train)
        amounts = sum(self._amounts(p, level)[p.train] for p in self._parts.values())
        blocks = np.cumsum(amounts[order]) // self._block(level)
        for rows in np.split(order, np.flatnonzero(np.diff(blocks)) + 1):
            for part in self._parts.values():
                self._fill(part, encoder, part.train[rows])
            if self._deadline.passed():
                break
        known = [(_are_known(part.vectors), part) for part in self._parts.values()]
        n_known = np.all([k[part.train] for k, part in known], axis=0).sum()
        fewest = self._n_train if self._needs_all else min(_FEWEST_ROWS, self._n_train)
        if n_known >= fewest and all(k[part.valid].all() for k, part in known):
            return True
        self.problem = (
            f"The time was over before {self._preset!r} had encoded the {self.what}. "
            f"{_MORE_TIME}"
        )
        return False

    def _fill(self, part, encoder, places):
        """Compute the vectors of some texts or images, given by their positions."""
        places = np.unique(places)
        places = places[~_are_known(part.vectors[places])]
        n_blocks = max(math.ceil(len(places) / self.most_rows), 1)
        for block in np.array_split(places, n_blocks):
            found = encoder.encode(part.take(block), _ENCODER, self._deadline)
            part.vectors[block] = found["encoder"]

    def _by_row(self, kind, encoder, found):
        """Return standardised vectors of rows by array, from those of parts."""
        parts = self._parts
        train = {name: found[name][part.train] for name, part in parts.items()}
        known = [v[_are_known(v)] for v in train.values()]
        encoder.learn_scale(kind, np.concatenate(known))
        return {
            self._encodings[name].name(kind): {
                "train": encoder.standardised(kind, train[name]),
                "valid": encoder.standardised(kind, found[name][part.valid]),
            }
            for name, part in parts.items()
        }

    def _speed(self, encoder, part, amounts, numbers, deadline):
        """Return how much of rows is encoded in a second, measured on a few of them.

        Parameters
        ----------
        encoder : FrozenEncoder
            The model, which has been called before.
        part : _Texts or _Images
            Rows to choose from.
        amounts : ndarray of shape (n,)
            Number of tokens or pixels of each of them.
        numbers : sequence of float
            Numbers of tokens or pixels to encode, from few to many.
        deadline : Deadline
            Deadline of the encoding.
        """
        if deadline.left() == math.inf:
            return math.inf
        if deadline.passed():
            return 0.0
        order = self._rng.permutation(len(part))
        ends = np.cumsum(amounts[order])
        for number in numbers:
            n_rows = np.searchsorted(ends, number) + 1
            rows = part.take(np.sort(order[:n_rows]))
            start = deadline.spent()
            encoder.encode(rows, _ENCODER)
            seconds = deadline.spent() - start
            if seconds > _SHARE_OF_TIMING * deadline.total() or deadline.passed():
                break
        return amounts[order[:n_rows]].sum() / max(seconds, 1e-6)


class _TextStage(_Stage):
    """The encoding of texts, whose levels are the most tokens that are kept."""

    what = "texts"
    _make_part = _Texts

    def _read(self):
        with seeded(0):
            self._layers = load_encoder(self._preset, self._facts)
        return None

    def run(self, deadlines):
        """Return the encoder, and the vectors by array."""
        whole = self._encoder(None)
        texts = max(self._parts.values(), key=lambda t: self._amounts(t, None).sum())
        amounts = self._amounts(texts, None)
        speed = self._speed(whole, texts, amounts, _TIMED_TOKENS, deadlines[0])
        encoder, _ = self._encode_at((None, *_SHORTER), speed, deadlines)
        vectors = {}
        if encoder is not None:
            found = {name: texts.vectors for name, texts in self._parts.items()}
            vectors = self._by_row("encoder", encoder, found)
        elif "static" in whole.widths:
            encoder = _without_network(whole)
        else:
            raise WeightsMissingError(self.problem)
        if "static" in encoder.widths:
            # They are looked up, and need no network.
            found = {
                name: encoder.encode(texts.tokens, _STATIC)["static"]
                for name, texts in self._parts.items()
            }
            vectors |= self._by_row("static", encoder, found)
        return encoder, vectors

    def _make_encoder(self, length):
        """Return the model for texts of some tokens at most; None keeps all."""
        pack, encoder = self._layers
        length = min(pack.length, length or pack.length)
        tokens = keras.Input((None,), dtype="int32")
        vectors = TextVectors(encoder, length, pack.start, pack.end)(tokens)
        return FrozenEncoder(keras.Model(tokens, vectors))

    def _amounts(self, texts, length):
        """Return how many tokens of each text are encoded, with the marks."""
        n_marks = self._facts.longest - self._facts.width
        most = min(self._layers[0].length, length or math.inf)
        return np.minimum(np.count_nonzero(texts.tokens, axis=1) + n_marks, most)

    def _block(self, length):
        """Return the number of tokens between two looks at the clock."""
        return _TOKENS_OF_A_BLOCK


class _ImageStage(_Stage):
    """The encoding of images, whose levels are the sizes that they are brought to."""

    what = "images"
    most_rows = _IMAGES_OF_A_BLOCK
    _make_part = _Images

    def __init__(self, *args):
        super().__init__(*args)
        self._layers = {}
        self._sizes = None

    def _read(self):
        (images,) = self._parts.values()
        self._sizes = sizes_for(self._preset, images.shape)
        self._encoder(self._sizes[0])
        return self._sizes[0]

    def run(self, deadlines):
        """Return the encoder, and the vectors by array."""
        ((name, images),) = self._parts.items()
        speed = self._pixels_per_second(images, self._sizes[0], deadlines[0])
        encoder, size = self._encode_at(self._sizes, speed, deadlines)
        if encoder is None:
            raise WeightsMissingError(self.problem)
        vectors = self._by_row("encoder", encoder, {name: images.vectors})
        mirrored = self._mirrored(encoder, images, size, speed)
        if mirrored is not None:
            scales = encoder.scales
            encoder = self._encoder(size, mirrored=True)
            encoder.scales = scales
            vectors |= self._by_row("mirrored", encoder, {name: mirrored})
        return encoder, vectors

    def _make_encoder(self, size, *, mirrored=False):
        """Return the model for images that are brought to a size."""
        (images,) = self._parts.values()
        if size not in self._layers:
            with seeded(0):
                self._layers[size] = load_image_encoder(
                    self._preset, size, trainable=False
                )
        pixels = keras.Input(images.shape, dtype=images.dtype)
        facts = self._facts
        layer = ImageVectors(self._layers[size], facts.low, facts.high, mirrored)
        return FrozenEncoder(keras.Model(pixels, layer(pixels)))

    def _pixels_per_second(self, images, size, deadline):
        """Return how many pixels are encoded in a second, measured on a few images."""
        numbers = [n_images * math.prod(size) for n_images in _TIMED_IMAGES]
        amounts = self._amounts(images, size)
        return self._speed(self._encoder(size), images, amounts, numbers, deadline)

    def _amounts(self, images, size):
        """Return how many pixels of each image are encoded."""
        return np.full(len(images), math.prod(size))

    def _block(self, size):
        """Return the number of pixels between two looks at the clock."""
        return _IMAGES_OF_A_BLOCK * math.prod(size)

    def _mirrored(self, encoder, images, size, speed):
        """Return means with the vectors of mirror images; None if there is no time."""
        known = np.flatnonzero(_are_known(images.vectors))
        n_left = _SAFE * speed * self._deadline.left()
        if len(known) * math.prod(size) > n_left:
            return None
        means = np.full_like(images.vectors, np.nan)
        for part in np.array_split(known, math.ceil(len(known) / _IMAGES_OF_A_BLOCK)):
            if self._deadline.passed():
                return None
            flipped = images.take(part)[:, :, ::-1]
            # The encoder standardises its vectors by now.
            mean, scale = encoder.scales["encoder"]
            found = encoder.encode(flipped, _ENCODER)["encoder"] * scale + mean
            means[part] = (images.vectors[part] + found) / 2
        return means


def _are_known(vectors):
    """Return which rows have vectors."""
    return np.isfinite(vectors).all(axis=1)


def _with_kinds(encoder, kinds):
    """Return an encoder that makes vectors of some kinds, and zeros for the others."""
    if kinds == set(encoder.widths):
        return encoder
    scales = encoder.scales
    if kinds == {"static"} and "encoder" in encoder.widths:
        encoder = _without_network(encoder)
    rows = encoder.model.input
    outputs = {kind: encoder.model.output[kind] for kind in sorted(kinds)}
    for kind in scales.keys() - kinds:
        outputs[kind] = Zeros(scales[kind][0].size)(rows)
    smaller = FrozenEncoder(keras.Model(rows, outputs))
    smaller.scales = {kind: scales[kind] for kind in kinds}
    return smaller


def _without_network(encoder):
    """Return an encoder that only looks vectors of tokens up."""
    (layer,) = [x for x in encoder.model.layers if isinstance(x, TextVectors)]
    table = np.asarray(table_of(layer.encoder))
    tokens = keras.Input((None,), dtype="int32")
    static = StaticVectors(*table.shape)
    model = keras.Model(tokens, {"static": static(tokens)})
    static.set_weights([table])
    return FrozenEncoder(model)
