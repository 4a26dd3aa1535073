"""Layers for images, which are (batch, height, width, channels): most vary them."""

import math

import keras
import numpy as np
from keras import ops

from skautokeras._layers.base import Layer

# How often an image is mirrored from left to right, and from top to bottom.
_FLIPS = {"none": (0.0, 0.0), "horizontal": (0.5, 0.0), "both": (0.5, 0.5)}


@keras.saving.register_keras_serializable("skautokeras")
class RandomAffine(Layer):
    """Mirror, shift, zoom and rotate each image at random, in one interpolation.

    Only in training. The value of a new pixel is that of the old image at ``c + d +
    s R (p - c)``, interpolated linearly: p the place of the new pixel, c the centre, d
    the sum of both shifts, s the zoom with the signs of the flips, R the rotation. All
    are drawn for each image by itself, evenly between their bounds.

    Parameters
    ----------
    flip : {"none", "horizontal", "both"}, default="none"
        Along which axes half of the images are mirrored.
    translation : float, default=0.0
        Greatest shift, as a share of height and width.
    zoom : float, default=0.0
        s lies between 1 - zoom and 1 + zoom.
    crop : float, default=0.0
        Greatest shift by whole pixels, as a share of height and width: what padding
        and random cropping does.
    rotation : float, default=0.0
        Greatest angle in degrees.
    fill : sequence of float, shape (n_channels,), or None, default=None
        What is seen beyond the edges. None: the image, mirrored at its edges.
    seed : int or None, default=None
        Seed of the draws. None: a fresh one.

    Notes
    -----
    **Shape**: that of the input, (batch, height, width, channels).

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._layers.image import RandomAffine
    >>> layer = RandomAffine(flip="horizontal", crop=0.125, seed=0)
    >>> layer(np.ones((2, 8, 8, 3)), training=True).shape
    TensorShape([2, 8, 8, 3])
    """

    # They are held in a variable.
    uncompiled_config = ("flip", "translation", "zoom", "crop", "rotation")

    def __init__(
        self,
        flip="none",
        translation=0.0,
        zoom=0.0,
        crop=0.0,
        rotation=0.0,
        fill=None,
        seed=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.flip = flip
        self.translation = translation
        self.zoom = zoom
        self.crop = crop
        self.rotation = rotation
        self.fill = fill if fill is None else np.ravel(fill).tolist()
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def build(self, input_shape):
        """Create the variable that holds the bounds."""
        bounds = [self.translation, self.zoom, self.crop, self.rotation]
        self.amounts = self.add_weight(
            shape=(6,),
            initializer=_constant([*_FLIPS[self.flip], *bounds]),
            trainable=False,
            dtype="float32",
            autocast=False,
            name="amounts",
        )

    def call(self, x, training=False):
        """Return ``x``, in training with every image varied."""
        x = ops.cast(x, self.compute_dtype)
        if not training:
            return x
        draws = keras.random.uniform(
            (ops.shape(x)[0], 8), dtype="float32", seed=self.seed_generator
        )
        fill = 0.0 if self.fill is None else ops.cast(self.fill, self.compute_dtype)
        moved = ops.image.affine_transform(
            x - fill,
            self._transforms(*x.shape[1:3], draws),
            interpolation="bilinear",
            fill_mode="reflect" if self.fill is None else "constant",
            data_format="channels_last",
        )
        return moved + fill

    def _transforms(self, height, width, draws):
        """Return eight numbers per image: rows of the matrix from new to old places.

        Columns of ``draws``: flips, bounds and bounds by whole pixels, each along x and
        y; zoom; angle.
        """
        flip_x, flip_y, translation, zoom, crop, angle = ops.unstack(self.amounts)
        flips = ops.where(draws[:, :2] < ops.stack([flip_x, flip_y]), -1.0, 1.0)
        size = np.array([width, height], "float32")
        border = ops.round(size * crop)
        shift = size * translation * (2.0 * draws[:, 2:4] - 1.0)
        shift += ops.floor((2.0 * border + 1.0) * draws[:, 4:6]) - border
        scale = flips * (1.0 + zoom * (2.0 * draws[:, 6:7] - 1.0))
        angle = math.radians(1.0) * angle * (2.0 * draws[:, 7] - 1.0)
        cos, sin = ops.cos(angle), ops.sin(angle)
        x_x, x_y = scale[:, 0] * cos, -scale[:, 0] * sin
        y_x, y_y = scale[:, 1] * sin, scale[:, 1] * cos
        center_x, center_y = (size - 1.0) / 2.0
        rest_x = center_x + shift[:, 0] - x_x * center_x - x_y * center_y
        rest_y = center_y + shift[:, 1] - y_x * center_x - y_y * center_y
        none = ops.zeros_like(angle)
        return ops.stack([x_x, x_y, rest_x, y_x, y_y, rest_y, none, none], axis=1)

    def compute_output_shape(self, input_shape):
        """Return the shape of the input."""
        return input_shape

    def compute_output_spec(self, x, training=False):
        """Return floats although the input may hold integers."""
        return keras.KerasTensor(x.shape, dtype=self.compute_dtype)

    def get_config(self):
        """Return what `from_config` needs."""
        config = {
            "flip": self.flip,
            "translation": self.translation,
            "zoom": self.zoom,
            "crop": self.crop,
            "rotation": self.rotation,
            "fill": self.fill,
            "seed": self.seed,
        }
        return {**super().get_config(), **config}


@keras.saving.register_keras_serializable("skautokeras")
class RandomContrast(Layer):
    """Strengthen or weaken the contrast of each image at random; only in training.

    ``y = m + f (x - m)``, m the mean of each channel of the image and f drawn for each
    image between 1 - amount and 1 + amount. Unlike the layer of Keras it clips nothing,
    so that it can stand behind a normalization, and holds the amount in a variable.

    Parameters
    ----------
    amount : float
        Greatest change, at least 0 and at most 1.
    seed : int or None, default=None
        Seed of the draws. None: a fresh one.

    Notes
    -----
    **Shape**: that of the input, (batch, height, width, channels).

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._layers.image import RandomContrast
    >>> RandomContrast(0.2)(np.ones((2, 8, 8, 3)), training=True).shape
    TensorShape([2, 8, 8, 3])
    """

    uncompiled_config = ("amount",)

    def __init__(self, amount, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.amount = amount
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def build(self, input_shape):
        """Create the variable that holds the amount."""
        self.current_amount = self.add_weight(
            shape=(),
            initializer=keras.initializers.Constant(self.amount),
            trainable=False,
            dtype="float32",
            autocast=False,
            name="amount",
        )

    def call(self, x, training=False):
        """Return ``x``, in training with the contrast of every image changed."""
        x = ops.cast(x, self.compute_dtype)
        if not training:
            return x
        draws = keras.random.uniform(
            (ops.shape(x)[0], 1, 1, 1), dtype="float32", seed=self.seed_generator
        )
        factor = 1.0 + self.current_amount * (2.0 * draws - 1.0)
        mean = ops.mean(x, axis=(1, 2), keepdims=True)
        return mean + ops.cast(factor, self.compute_dtype) * (x - mean)

    def compute_output_shape(self, input_shape):
        """Return the shape of the input."""
        return input_shape

    def compute_output_spec(self, x, training=False):
        """Return floats although the input may hold integers."""
        return keras.KerasTensor(x.shape, dtype=self.compute_dtype)

    def get_config(self):
        """Return what `from_config` needs."""
        return {**super().get_config(), "amount": self.amount, "seed": self.seed}


@keras.saving.register_keras_serializable("skautokeras")
class Cutout(Layer):
    """Cover one square of each image, at a random place; only in training.

    DeVries and Taylor, arXiv:1708.04552. The centre lies anywhere on the image, so that
    part of the square may lie outside of it.

    Parameters
    ----------
    size : float
        Side of the square as a share of the shorter side of the image, 0 to 1, rounded
        to whole pixels.
    fill : float or sequence of float, shape (n_channels,), default=0.0
        What covers the square.
    seed : int or None, default=None
        Seed of the draws. None: a fresh one.

    Notes
    -----
    **Shape**: that of the input, (batch, height, width, channels).

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._layers.image import Cutout
    >>> covered = Cutout(0.25, seed=0)(np.ones((1, 8, 8, 1)), training=True)
    >>> int(np.sum(covered == 0)) <= 4
    True
    """

    uncompiled_config = ("size",)

    def __init__(self, size, fill=0.0, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.size = size
        self.fill = np.ravel(fill).tolist()
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def build(self, input_shape):
        """Create the variable that holds the size."""
        self.current_size = self.add_weight(
            shape=(),
            initializer=keras.initializers.Constant(self.size),
            trainable=False,
            dtype="float32",
            autocast=False,
            name="size",
        )

    def call(self, x, training=False):
        """Return ``x``, in training with a square of every image covered."""
        x = ops.cast(x, self.compute_dtype)
        if not training:
            return x
        height, width = x.shape[1:3]
        draws = keras.random.uniform(
            (ops.shape(x)[0], 2), dtype="float32", seed=self.seed_generator
        )
        side = ops.round(self.current_size * min(height, width))
        rows = self._covered(height, side, draws[:, :1])
        columns = self._covered(width, side, draws[:, 1:])
        square = ops.logical_and(rows[:, :, None, None], columns[:, None, :, None])
        return ops.where(square, ops.cast(self.fill, self.compute_dtype), x)

    def _covered(self, length, side, draws):
        """Return which places along an axis the squares cover: (batch, length)."""
        center = ops.floor(draws * length)
        start = center - ops.floor(side / 2.0)
        places = np.arange(length, dtype="float32")
        return ops.logical_and(places >= start, places < start + side)

    def compute_output_shape(self, input_shape):
        """Return the shape of the input."""
        return input_shape

    def compute_output_spec(self, x, training=False):
        """Return floats although the input may hold integers."""
        return keras.KerasTensor(x.shape, dtype=self.compute_dtype)

    def get_config(self):
        """Return what `from_config` needs."""
        config = {"size": self.size, "fill": self.fill, "seed": self.seed}
        return {**super().get_config(), **config}


@keras.saving.register_keras_serializable("skautokeras")
class WithMirrored(keras.layers.Layer):
    """Put behind each image its mirror image; not in training.

    What is made of such a pair of rows becomes one row again in `MeanOfMirrored`.

    Notes
    -----
    **Shape**: (batch, height, width, channels) to (2 batch, height, width, channels);
    in training that of the input.

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._layers.image import WithMirrored
    >>> WithMirrored()(np.array([[[[1.0], [2.0]]]])).numpy()[..., 0].tolist()
    [[[1.0, 2.0]], [[2.0, 1.0]]]
    """

    def call(self, x, training=False):
        """Return ``x``, outside of training with the mirror images."""
        if training:
            return x
        pairs = ops.stack([x, ops.flip(x, axis=2)], axis=1)
        return ops.reshape(pairs, (-1, *x.shape[1:]))

    def compute_output_shape(self, input_shape):
        """Return the shape of twice as many rows."""
        n_rows, *rest = input_shape
        return (None if n_rows is None else 2 * n_rows, *rest)


@keras.saving.register_keras_serializable("skautokeras")
class MeanOfMirrored(keras.layers.Layer):
    """Average what a network says of images and of their mirror images.

    Behind `WithMirrored`, with whatever treats rows one by one in between.

    Notes
    -----
    **Shape**: (2 batch, ...) to (batch, ...); in training that of the input.

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._layers.image import MeanOfMirrored
    >>> MeanOfMirrored()(np.array([[1.0], [2.0], [3.0], [4.0]])).numpy().tolist()
    [[1.5], [3.5]]
    """

    def call(self, x, training=False):
        """Return the mean of each pair of rows, in training ``x``."""
        if training:
            return x
        return ops.mean(ops.reshape(x, (-1, 2, *x.shape[1:])), axis=1)

    def compute_output_shape(self, input_shape):
        """Return the shape of half as many rows."""
        n_rows, *rest = input_shape
        return (None if n_rows is None else n_rows // 2, *rest)


def _constant(values):
    """Return an initializer that gives one vector."""
    values = np.array(values, "float32")
    return lambda shape, dtype: ops.cast(values, dtype)
