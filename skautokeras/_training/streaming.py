"""Chunks: the training rows on their way to the device, epoch by epoch."""

import math
from itertools import pairwise

import numpy as np
import tensorflow as tf

from skautokeras._training.compiled_epoch import batch_bounds, tensors

# Bytes of model-ready rows that are sent to the device at once, and kept there. It does
# not depend on the machine: results would, too.
STREAMED_FROM = 128 * 2**20
# Bytes of the chunks of longer data.
CHUNK_BYTES = 64 * 2**20
_MAX_SEED = 2**31 - 1


def in_order(rows):
    """Return what gives the tensors of rows, as a few parts one after the other.

    Parameters
    ----------
    rows : Rows
        As the network takes them.

    Returns
    -------
    parts : callable
        Returns an iterable of (x, y, weight). Rows that fit are one part, which stays
        on the device.
    """
    slices = _slices(rows)
    if len(slices) == 1:
        kept = [tensors(rows)]
        return lambda: kept
    return lambda: (tensors(rows.take(part)) for part in slices)


def _slices(rows):
    """Return the slices of rows that are sent to the device at once."""
    n_chunks = 1
    if rows.nbytes > STREAMED_FROM:
        n_chunks = math.ceil(rows.nbytes / CHUNK_BYTES)
    edges = np.linspace(0, len(rows), n_chunks + 1).round().astype(int)
    return [slice(*pair) for pair in pairwise(edges)]


class Chunks:
    """Rows in as many chunks of equal length as it takes.

    Rows that fit stay on the device, which permutes them itself. Of longer data, a
    chunk at a time is drawn from the permuted rows, prepared and sent.

    Parameters
    ----------
    rows : Rows
        The training rows.
    prepare : callable
        From rows to rows as the network takes them.
    batch_size : int
        Rows per step.
    seed : int or None
        Of the order of the rows. None: the order is as given.

    Attributes
    ----------
    n_steps : int
        Of an epoch.

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._data.split import Rows
    >>> from skautokeras._training.streaming import Chunks
    >>> rows = Rows(x={"x": np.eye(5)}, y={"head": np.arange(5)}, weight=None)
    >>> chunks = Chunks(rows, lambda rows: rows, batch_size=2, seed=0)
    >>> [(x, y, weight, order, bounds)] = chunks.epoch()
    >>> chunks.n_steps, bounds.numpy().tolist()
    (3, [0, 2, 3, 5])
    """

    def __init__(self, rows, prepare, batch_size, seed):
        self._rng = None if seed is None else np.random.default_rng(seed)
        self._prepare = prepare
        self._rows = rows
        self._slices = _slices(rows)
        self._bounds = [
            batch_bounds(s.stop - s.start, batch_size) for s in self._slices
        ]
        self.n_steps = sum(len(bounds) - 1 for bounds in self._bounds)
        self._kept = self._order = None
        if len(self._slices) == 1:
            self._kept, self._in_order = tensors(prepare(rows)), tf.range(len(rows))
        elif seed is not None:
            self._order = np.arange(len(rows), dtype="int32")

    def epoch(self):
        """Yield the arguments of `CompiledNetwork.run_epoch` for one epoch.

        Yields
        ------
        x, y, weight : tensors
            Of a chunk.
        order : tensor of int
            Its rows in the order of this epoch.
        bounds : tensor of int
            Where its batches begin and end.
        """
        if self._kept is not None:
            yield *self._kept, self._permuted(), *self._bounds
            return
        if self._order is not None:
            self._rng.shuffle(self._order)
        for part, bounds in zip(self._slices, self._bounds, strict=True):
            part = part if self._order is None else self._order[part]
            rows = self._prepare(self._rows.take(part))
            yield *tensors(rows), tf.range(len(rows)), bounds

    def _permuted(self):
        """Return the rows that are kept in a new order, drawn on the device."""
        if self._rng is None:
            return self._in_order
        seed = self._rng.integers(_MAX_SEED, size=2, dtype="int32")
        return tf.random.experimental.stateless_shuffle(self._in_order, seed)
