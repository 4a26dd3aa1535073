"""Layers for images of shape (batch, height, width, channels); most vary them."""

import math

import keras
import numpy as np
from keras import ops

from skautokeras._layers.base import Layer

# Probabilities that an image is mirrored from left to right and from top to bottom.
_FLIPS = {"none": (0.0, 0.0), "horizontal": (0.5, 0.0), "both": (0.5, 0.5)}


class _RandomVariation(Layer):
    """Base class of layers that vary each image at random, in training.

    A subclass says in ``amounts`` how much images are varied. The numbers are held in a
    variable, so that layers with others share a compiled function.

    Parameters
    ----------
    seed : int or None, default=None
        Seed of the random numbers. If None, it is drawn at random.
    **kwargs : dict
        Arguments of `Layer`.
    """

    # Random numbers that are drawn for each image.
    n_draws = 1

    def __init__(self, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    @property
    def amounts(self):
        """The numbers that say how much images are varied."""
        raise NotImplementedError

    def vary(self, x, amounts, draws):
        """Return varied images.

        Parameters
        ----------
        x : tensor of shape (batch, height, width, channels)
            Images to vary.
        amounts : tensor
            The current ``amounts``.
        draws : tensor of shape (batch, n_draws)
            Random numbers between 0 and 1.
        """
        raise NotImplementedError

    def build(self, input_shape):
        """Create the variable that holds the amounts."""
        amounts = np.array(self.amounts, "float32")
        self.current_amounts = self.add_weight(
            shape=amounts.shape,
            initializer=lambda shape, dtype: ops.cast(amounts, dtype),
            trainable=False,
            dtype="float32",
            autocast=False,
            name="amounts",
        )

    def call(self, x, training=False):
        """Return ``x``, or varied images in training."""
        x = ops.cast(x, self.compute_dtype)
        if not training:
            return x
        draws = keras.random.uniform(
            (ops.shape(x)[0], self.n_draws), dtype="float32", seed=self.seed_generator
        )
        return self.vary(x, self.current_amounts, draws)

    def compute_output_shape(self, input_shape):
        """Return the shape of the input."""
        return input_shape

    def compute_output_spec(self, x, training=False):
        """Return floats, although the input may hold integers."""
        return keras.KerasTensor(x.shape, dtype=self.compute_dtype)

    def get_config(self):
        """Return the configuration for `from_config`."""
        return {**super().get_config(), "seed": self.seed}


@keras.saving.register_keras_serializable("skautokeras")
class RandomAffine(_RandomVariation):
    """Mirror, shift, zoom and rotate each image at random, in one interpolation.

    Outside of training, the layer does nothing. In training, a new pixel at place p has
    the value of the old image at ``c + d + s R (p - c)``, interpolated linearly. Here c
    is the centre of the image, d the sum of both shifts, s the scale with the signs of
    the flips, and R the rotation. All are drawn for each image separately, uniformly
    between their bounds.

    Parameters
    ----------
    flip : {"none", "horizontal", "both"}, default="none"
        Directions in which an image is mirrored, each with a probability of one half.
        "horizontal" mirrors from left to right, "both" also from top to bottom.
    translation : float, default=0.0
        Maximum shift, as a fraction of height and width.
    zoom : float, default=0.0
        Maximum change of the scale, which lies between ``1 - zoom`` and ``1 + zoom``.
    crop : float, default=0.0
        Maximum shift by whole pixels, as a fraction of height and width. It has the
        effect of padding and random cropping.
    rotation : float, default=0.0
        Maximum angle in degrees.
    fill : sequence of float, shape (n_channels,), or None, default=None
        Value of each channel beyond the edges of the image. If None, the image is
        mirrored at its edges.
    seed : int or None, default=None
        Seed of the random numbers. If None, it is drawn at random.

    Notes
    -----
    **Shape**: the output has the shape of the input, (batch, height, width, channels).

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._layers.image import RandomAffine
    >>> layer = RandomAffine(flip="horizontal", crop=0.125, seed=0)
    >>> layer(np.ones((2, 8, 8, 3)), training=True).shape
    TensorShape([2, 8, 8, 3])
    """

    uncompiled_config = ("flip", "translation", "zoom", "crop", "rotation")
    n_draws = 8

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
        super().__init__(seed, **kwargs)
        self.flip = flip
        self.translation = translation
        self.zoom = zoom
        self.crop = crop
        self.rotation = rotation
        self.fill = fill if fill is None else np.ravel(fill).tolist()

    @property
    def amounts(self):
        """Probabilities of both flips, and the four bounds."""
        bounds = [self.translation, self.zoom, self.crop, self.rotation]
        return [*_FLIPS[self.flip], *bounds]

    def vary(self, x, amounts, draws):
        """Return images that are mirrored, shifted, zoomed and rotated."""
        fill = 0.0 if self.fill is None else ops.cast(self.fill, self.compute_dtype)
        moved = ops.image.affine_transform(
            x - fill,
            self._transforms(*x.shape[1:3], amounts, draws),
            interpolation="bilinear",
            fill_mode="reflect" if self.fill is None else "constant",
            data_format="channels_last",
        )
        return moved + fill

    def _transforms(self, height, width, amounts, draws):
        """Return eight numbers per image, the matrix that maps new places to old ones.

        The matrix is given row by row. The columns of ``draws`` are random numbers for
        the flips, the shifts and the shifts by whole pixels, each along x and y, then
        for the zoom and the angle.
        """
        flip_x, flip_y, translation, zoom, crop, angle = ops.unstack(amounts)
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

    def get_config(self):
        """Return the configuration for `from_config`."""
        config = {
            "flip": self.flip,
            "translation": self.translation,
            "zoom": self.zoom,
            "crop": self.crop,
            "rotation": self.rotation,
            "fill": self.fill,
        }
        return {**super().get_config(), **config}


@keras.saving.register_keras_serializable("skautokeras")
class RandomContrast(_RandomVariation):
    """Strengthen or weaken the contrast of each image at random, in training.

    The output is ``y = m + f (x - m)``, where m is the mean of each channel of the
    image, and f is drawn for each image between ``1 - amount`` and ``1 + amount``.
    Unlike `keras.layers.RandomContrast`, this layer clips nothing, so that it can
    follow a normalization, and it holds the amount in a variable.

    Parameters
    ----------
    amount : float
        Maximum change of the contrast, at least 0 and at most 1.
    seed : int or None, default=None
        Seed of the random numbers. If None, it is drawn at random.

    Notes
    -----
    **Shape**: the output has the shape of the input, (batch, height, width, channels).

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._layers.image import RandomContrast
    >>> RandomContrast(0.2)(np.ones((2, 8, 8, 3)), training=True).shape
    TensorShape([2, 8, 8, 3])
    """

    uncompiled_config = ("amount",)

    def __init__(self, amount, seed=None, **kwargs):
        super().__init__(seed, **kwargs)
        self.amount = amount

    @property
    def amounts(self):
        """The maximum change."""
        return self.amount

    def vary(self, x, amounts, draws):
        """Return images with other contrasts."""
        factor = 1.0 + amounts * (2.0 * draws[:, :, None, None] - 1.0)
        mean = ops.mean(x, axis=(1, 2), keepdims=True)
        return mean + ops.cast(factor, self.compute_dtype) * (x - mean)

    def get_config(self):
        """Return the configuration for `from_config`."""
        return {**super().get_config(), "amount": self.amount}


@keras.saving.register_keras_serializable("skautokeras")
class Cutout(_RandomVariation):
    """Cover one square of each image at a random place, in training.

    The centre of the square can be any pixel of the image, so that a part of the square
    may lie outside (DeVries and Taylor, arXiv:1708.04552).

    Parameters
    ----------
    size : float
        Side of the square as a fraction of the shorter side of the image, from 0 to 1.
        It is rounded to whole pixels.
    fill : float or sequence of float, shape (n_channels,), default=0.0
        Value of the pixels in the square, for all channels or for each of them.
    seed : int or None, default=None
        Seed of the random numbers. If None, it is drawn at random.

    Notes
    -----
    **Shape**: the output has the shape of the input, (batch, height, width, channels).

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._layers.image import Cutout
    >>> covered = Cutout(0.25, seed=0)(np.ones((1, 8, 8, 1)), training=True)
    >>> int(np.sum(covered == 0)) <= 4
    True
    """

    uncompiled_config = ("size",)
    n_draws = 2

    def __init__(self, size, fill=0.0, seed=None, **kwargs):
        super().__init__(seed, **kwargs)
        self.size = size
        self.fill = np.ravel(fill).tolist()

    @property
    def amounts(self):
        """The side of the square."""
        return self.size

    def vary(self, x, amounts, draws):
        """Return images with a covered square."""
        height, width = x.shape[1:3]
        side = ops.round(amounts * min(height, width))
        rows = self._covered(height, side, draws[:, :1])
        columns = self._covered(width, side, draws[:, 1:])
        square = ops.logical_and(rows[:, :, None, None], columns[:, None, :, None])
        return ops.where(square, ops.cast(self.fill, self.compute_dtype), x)

    def _covered(self, length, side, draws):
        """Return a mask (batch, length) of the places that squares cover on an axis."""
        center = ops.floor(draws * length)
        start = center - ops.floor(side / 2.0)
        places = np.arange(length, dtype="float32")
        return ops.logical_and(places >= start, places < start + side)

    def get_config(self):
        """Return the configuration for `from_config`."""
        return {**super().get_config(), "size": self.size, "fill": self.fill}


@keras.saving.register_keras_serializable("skautokeras")
class WithMirrored(keras.layers.Layer):
    """Insert the mirror image of each image behind it, except in training.

    `MeanOfMirrored` later averages the two rows of each pair.

    Notes
    -----
    **Shape**: (batch, height, width, channels) to (2 batch, height, width, channels).
    In training, the output has the shape of the input.

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._layers.image import WithMirrored
    >>> WithMirrored()(np.array([[[[1.0], [2.0]]]])).numpy()[..., 0].tolist()
    [[[1.0, 2.0]], [[2.0, 1.0]]]
    """

    def call(self, x, training=False):
        """Return ``x`` with the mirror images, or ``x`` in training."""
        if training:
            return x
        pairs = ops.stack([x, ops.flip(x, axis=2)], axis=1)
        return ops.reshape(pairs, (-1, *x.shape[1:]))

    def compute_output_shape(self, input_shape):
        """Return the shape for twice the number of rows."""
        n_rows, *rest = input_shape
        return (None if n_rows is None else 2 * n_rows, *rest)


@keras.saving.register_keras_serializable("skautokeras")
class MeanOfMirrored(keras.layers.Layer):
    """Average the outputs of a network for images and for their mirror images.

    The layer follows `WithMirrored`. The layers between the two must treat rows one by
    one. In training, it does nothing.

    Notes
    -----
    **Shape**: (2 batch, ...) to (batch, ...). In training, the output has the shape of
    the input.

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._layers.image import MeanOfMirrored
    >>> MeanOfMirrored()(np.array([[1.0], [2.0], [3.0], [4.0]])).numpy().tolist()
    [[1.5], [3.5]]
    """

    def call(self, x, training=False):
        """Return the mean of each pair of rows, or ``x`` in training."""
        if training:
            return x
        return ops.mean(ops.reshape(x, (-1, 2, *x.shape[1:])), axis=1)

    def compute_output_shape(self, input_shape):
        """Return the shape for half of the rows."""
        n_rows, *rest = input_shape
        return (None if n_rows is None else n_rows // 2, *rest)
