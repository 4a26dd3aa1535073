"""The layer that describes images by their gradients."""

import math

import keras
import numpy as np
from keras import ops

# This is added below square roots, so that they stay smooth where a gradient is zero.
_SMALLEST = 1e-12


@keras.saving.register_keras_serializable("skautokeras")
class OrientedGradients(keras.layers.Layer):
    """Describe images by the strength of their edges, per place and direction.

    The layer computes histograms of oriented gradients (Dalal and Triggs, CVPR 2005)
    without blocks. The image is divided into cells. Let g be the mean of the channels,
    g_x and g_y the differences of a pixel's neighbours, and D the number of directions.
    A pixel adds ``|∇g| max(0, 1 − |a − d|)`` to direction d, where ``a = D/π atan2(g_y,
    g_x)`` lies on a circle of circumference D, so that an edge and its negative are
    alike. The value of a cell is the square root of the mean over its pixels. The layer
    has no weights.

    Parameters
    ----------
    n_cells : int, default=8
        Number of cells along each side of the image. A pixel on a border between cells
        counts in each of them by its share.
    n_directions : int, default=8
        Number D of directions.

    Notes
    -----
    **Shape**: (batch, height, width, channels) to (batch, n_cells, n_cells,
    n_directions).

    References
    ----------
    Navneet Dalal and Bill Triggs, "Histograms of oriented gradients for human
    detection", CVPR 2005.

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._layers.gradients import OrientedGradients
    >>> brighter_to_the_right = np.arange(4.0).reshape(1, 1, 4, 1)
    >>> layer = OrientedGradients(n_cells=1, n_directions=2)
    >>> layer(brighter_to_the_right).numpy().round(2).ravel()
    array([0.87, 0.  ], dtype=float32)
    """

    def __init__(self, n_cells=8, n_directions=8, **kwargs):
        super().__init__(**kwargs)
        self.n_cells = n_cells
        self.n_directions = n_directions

    def call(self, x):
        """Return the values of the cells."""
        gray = ops.mean(ops.cast(x, self.compute_dtype), axis=-1)
        height, width = gray.shape[1:]
        padded = ops.pad(gray, [[0, 0], [1, 1], [1, 1]], mode="symmetric")
        along_x = (padded[:, 1:-1, 2:] - padded[:, 1:-1, :-2]) / 2.0
        along_y = (padded[:, 2:, 1:-1] - padded[:, :-2, 1:-1]) / 2.0
        strength = ops.sqrt(along_x**2 + along_y**2 + _SMALLEST)
        angle = self.n_directions / math.pi * ops.arctan2(along_y, along_x)
        # Angles lie between −D and D. Both ends and 0 are the same direction.
        distance = ops.abs(
            angle[..., None] - np.arange(self.n_directions, dtype="float32")
        )
        distance = ops.minimum(distance, ops.abs(distance - self.n_directions))
        shares = strength[..., None] * ops.relu(1.0 - distance)
        rows = _cell_means(height, self.n_cells)
        columns = _cell_means(width, self.n_cells)
        means = ops.einsum("ih,bhwd,jw->bijd", rows, shares, columns)
        return ops.sqrt(means + _SMALLEST)

    def compute_output_shape(self, input_shape):
        """Return the shape of the cells."""
        return (input_shape[0], self.n_cells, self.n_cells, self.n_directions)

    def compute_output_spec(self, x):
        """Return floats, although the input may hold integers."""
        return keras.KerasTensor(
            self.compute_output_shape(x.shape), dtype=self.compute_dtype
        )

    def get_config(self):
        """Return the configuration for `from_config`."""
        config = {"n_cells": self.n_cells, "n_directions": self.n_directions}
        return {**super().get_config(), **config}


def _cell_means(length, n_cells):
    """Return the matrix (n_cells, length) that averages pixels over cells."""
    edges = np.linspace(0, length, n_cells + 1)
    pixels = np.arange(length)
    first = np.maximum(edges[:-1, None], pixels)
    last = np.minimum(edges[1:, None], pixels + 1)
    share = np.maximum(last - first, 0.0)
    return (share / share.sum(axis=1, keepdims=True)).astype("float32")
