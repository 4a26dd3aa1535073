"""Streaming: rows are sent to the device all at once or chunk by chunk."""

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import tensorflow as tf

from skautokeras._state.randomness import MAX_SEED


@dataclass(frozen=True)
class Streaming:
    """Limits of the data that is sent to the device at once.

    They do not depend on the machine, because the order of the rows depends on them.

    Parameters
    ----------
    max_kept : int, default=128 * 2**20
        Maximum size, in bytes, of rows that are sent at once and stay on the device.
    chunk_size : int, default=64 * 2**20
        Size of a chunk, in bytes, if the rows are larger than that.
    """

    max_kept: int = 128 * 2**20
    chunk_size: int = 64 * 2**20

    def slices(self, rows):
        """Return the slices of rows that are sent to the device at once.

        Parameters
        ----------
        rows : Rows
            Rows to be sent.

        Returns
        -------
        slices : list of slice
            Slices of all rows, whose lengths differ by at most one row.
        """
        n_chunks = 1
        if rows.nbytes > self.max_kept:
            n_chunks = math.ceil(rows.nbytes / self.chunk_size)
        edges = np.linspace(0, len(rows), n_chunks + 1).round().astype(int)
        return [slice(*pair) for pair in pairwise(edges)]


STREAMING = Streaming()
# Rows that follow each other are read from a file as fast as one of them. A chunk has
# rows of so many places at least, because those of a place may be alike.
_BLOCK, _BLOCKS_OF_A_CHUNK = 256, 256


def in_order(rows, streaming=STREAMING):
    """Return a function that returns the tensors of rows, in parts and in their order.

    Parameters
    ----------
    rows : Rows
        Rows as the network takes them.
    streaming : Streaming, default=STREAMING
        Limits of the data that is sent at once.

    Returns
    -------
    parts : callable
        Function that returns an iterable of (x, y, weight). If `streaming` lets all
        rows be sent at once, they are one part, which stays on the device.
    """
    slices = streaming.slices(rows)
    if len(slices) == 1:
        kept = [tensors(rows)]
        return lambda: kept
    return lambda: (tensors(rows.take(part)) for part in slices)


class Chunks:
    """Training rows, divided into chunks of equal length if they are many.

    Rows that fit stay on the device, which permutes them itself. If there are more,
    they are permuted, and one chunk at a time is prepared and sent.

    Parameters
    ----------
    rows : Rows
        Training rows, as the adapter makes them.
    prepare : callable
        Function that turns these rows into rows as the network takes them.
    batch_size : int
        Maximum number of rows per step.
    seed : int or None
        Seed of the order of the rows. If None, they are not permuted.
    streaming : Streaming, default=STREAMING
        Limits of the data that is sent at once.

    Attributes
    ----------
    n_steps : int
        Number of steps of an epoch.

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

    def __init__(self, rows, prepare, batch_size, seed, streaming=STREAMING):
        self._rng = None if seed is None else np.random.default_rng(seed)
        self._prepare = prepare
        self._rows = rows
        self._slices = streaming.slices(rows)
        self._bounds = [
            batch_bounds(s.stop - s.start, batch_size) for s in self._slices
        ]
        self.n_steps = sum(len(bounds) - 1 for bounds in self._bounds)
        self._kept = self._order = None
        if len(self._slices) == 1:
            self._kept, self._in_order = tensors(prepare(rows)), tf.range(len(rows))
        elif seed is not None:
            self._order = np.arange(len(rows), dtype="int32")
        n_rows = len(rows) // len(self._slices)
        self._block = min(_BLOCK, max(n_rows // _BLOCKS_OF_A_CHUNK, 1))

    def epoch(self):
        """Yield the chunks of one epoch, as `CompiledEpoch.run_epoch` takes them.

        Yields
        ------
        x, y, weight : tensors
            Arrays of a chunk.
        order : tensor of int
            Positions of the rows in the chunk, in the order of this epoch.
        bounds : tensor of int
            Positions in ``order`` at which batches begin and end.
        """
        if self._kept is not None:
            yield *self._kept, self._permuted(), *self._bounds
            return
        if self._order is not None:
            self._shuffle()
        for part, bounds in zip(self._slices, self._bounds, strict=True):
            part = part if self._order is None else self._order[part]
            rows = self._prepare(self._rows.take(part))
            order = tf.range(len(rows))
            if self._order is not None and self._block > 1:
                order = tf.constant(self._rng.permutation(len(rows)).astype("int32"))
            yield *tensors(rows), order, bounds

    def _shuffle(self):
        """Draw a new order of the rows, in which those of a block stay together.

        They are permuted with those of many other blocks, once they have been read.
        """
        n_rows = len(self._order) // self._block * self._block
        blocks = self._order[:n_rows].reshape(-1, self._block)
        self._rng.shuffle(blocks)

    def _permuted(self):
        """Return the positions of the kept rows in a new order, drawn on the device."""
        if self._rng is None:
            return self._in_order
        seed = self._rng.integers(MAX_SEED, size=2, dtype="int32")
        return tf.random.experimental.stateless_shuffle(self._in_order, seed)


def tensors(rows):
    """Return x, y and weight on the device; rows without weights weigh 1."""
    x = {name: tf.constant(array) for name, array in rows.x.items()}
    y = {name: tf.constant(array) for name, array in rows.y.items()}
    weight = {name: tf.constant(array) for name, array in weights_of(rows).items()}
    return x, y, weight


def weights_of(rows):
    """Return the weights of rows by head; rows without weights weigh 1."""
    if rows.weight is not None:
        return rows.weight
    return dict.fromkeys(rows.y, np.ones(len(rows), "float32"))


def batch_bounds(n_rows, batch_size):
    """Return the bounds of batches whose sizes differ by at most one row."""
    n_steps = -(-n_rows // batch_size)
    return tf.constant(np.round(np.linspace(0, n_rows, n_steps + 1)).astype("int32"))
