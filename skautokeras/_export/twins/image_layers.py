"""Layers that start from images as they come: twins of `ImageAdapter`."""

import keras
import tensorflow as tf

from skautokeras._data.codes import BRIGHTEST

# How a photograph that was taken lying or upside down begins, in either byte order: the
# tag of the orientation (0x0112), its type and count, and a value from 2 to 8.
_TURNED = (
    r"\C*(?:\x01\x12\x00\x03\x00\x00\x00\x01\x00[\x02-\x08]"
    r"|\x12\x01\x03\x00\x01\x00\x00\x00[\x02-\x08]\x00)\C*"
)
_EXIF = r"\C*Exif\x00\x00\C*"
# Where a camera writes it: in one of the first segments of a file.
_HEADER_BYTES = 2**17
# Place of the type of the colours in a PNG file, its pixels, and the chunk before them
# that says which colours are transparent.
_PNG_COLOUR_TYPE, _PNG_PIXELS, _PNG_TRANSPARENCY = 25, r"IDAT\C*", r"\C*tRNS\C*"

# What Pillow makes of colours: weights of red, green and blue, and their sum.
_GREY, _GREY_UNIT = (19595, 38470, 7471), 2**16
# Its alpha_composite works with seven more bits.
_ALPHA_UNIT = 2**7


@keras.saving.register_keras_serializable("skautokeras")
class Pixels(keras.layers.Layer):
    """Bring pixels to the size and dtype that a network takes.

    Values become floats, or whole numbers from 0 to 255, rounded and clipped. A new
    pixel is the mean of the old ones below it, weighted by a triangle that is as wide
    as two new pixels (as two old ones where the image grows).

    Parameters
    ----------
    shape : sequence of int
        (height, width, channels) of the result.
    kind : {"uint8", "float32"}
        Dtype of the result.
    channels_first : bool, default=False
        Whether images come as (channels, height, width).

    Notes
    -----
    **Shape**: ``(batch, any height, any width, channels)``, or with channels first, to
    ``(batch, *shape)``.

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._export.twins.image_layers import Pixels
    >>> layer = Pixels(shape=(1, 2, 1), kind="uint8")
    >>> layer(np.array([[[[1.6], [300.0]]]], "float32")).numpy().ravel()
    array([  2, 255], dtype=uint8)
    """

    def __init__(self, shape, kind, channels_first=False, **kwargs):
        super().__init__(**kwargs)
        self.shape = tuple(int(n) for n in shape)
        self.kind = kind
        self.channels_first = channels_first

    def call(self, pixels):
        """Return the pixels."""
        pixels = tf.cast(pixels, tf.float32)
        if self.channels_first:
            pixels = tf.transpose(pixels, [0, 2, 3, 1])
        if self.kind == "uint8":
            _refuse_fractions(pixels)
            pixels = _whole(pixels)
        if tuple(pixels.shape[1:3]) != self.shape[:2]:
            pixels = resize(pixels, self.shape[:2])
            pixels = _whole(pixels) if self.kind == "uint8" else pixels
        return tf.cast(tf.ensure_shape(pixels, (None, *self.shape)), self.kind)

    def compute_output_shape(self, input_shape):
        """Return ``(batch, *shape)``."""
        return (input_shape[0], *self.shape)

    def compute_output_spec(self, pixels):
        """Return the kind that is wanted."""
        return keras.KerasTensor((pixels.shape[0], *self.shape), dtype=self.kind)

    def get_config(self):
        """Return what `from_config` needs."""
        config = {
            "shape": list(self.shape),
            "kind": self.kind,
            "channels_first": self.channels_first,
        }
        return {**super().get_config(), **config}


def _whole(pixels):
    return tf.clip_by_value(tf.round(pixels), 0, BRIGHTEST)


def _refuse_fractions(pixels):
    """Raise where the values are between 0 and 1: all would become black or nearly."""
    is_small = (tf.reduce_min(pixels) >= 0) & (tf.reduce_max(pixels) <= 1)
    is_fraction = tf.reduce_any(tf.round(pixels) != pixels)
    tf.debugging.Assert(
        ~(is_small & is_fraction),
        [
            "The images hold fractions between 0 and 1, but the pixels seen in fit are "
            "whole numbers from 0 to 255. Multiply by 255."
        ],
    )


def resize(pixels, size):
    """Resize images, free of aliasing.

    Parameters
    ----------
    pixels : tensor of shape (batch, height, width, channels), dtype float32
        Pixels of the images.
    size : tuple (height, width)
        Height and width after resizing.

    Returns
    -------
    resized : tensor of shape (batch, *size, channels), dtype float32

    Examples
    --------
    >>> import tensorflow as tf
    >>> from skautokeras._export.twins.image_layers import resize
    >>> resize(tf.reshape(tf.range(4.0), (1, 2, 2, 1)), (1, 1)).numpy().ravel()
    array([1.5], dtype=float32)
    """
    height, width = tf.shape(pixels)[1], tf.shape(pixels)[2]
    pixels = tf.einsum("ij,bjwc->biwc", _weights(height, size[0]), pixels)
    return tf.einsum("ij,bhjc->bhic", _weights(width, size[1]), pixels)


def _weights(n_old, n_new):
    """Return what each old pixel gives to each new one: (n_new, n_old)."""
    scale = tf.cast(n_old, tf.float64) / n_new
    centers = (tf.range(n_new, dtype=tf.float64) + 0.5) * scale
    places = tf.cast(tf.range(n_old), tf.float64) + 0.5
    distances = tf.abs(places - centers[:, None])
    weights = tf.maximum(1 - distances / tf.maximum(scale, 1), 0)
    return tf.cast(weights / tf.reduce_sum(weights, 1, keepdims=True), tf.float32)


@keras.saving.register_keras_serializable("skautokeras")
class DecodedImages(keras.layers.Layer):
    """Decode the bytes of image files: PNG, JPEG, GIF (its first frame) or BMP.

    What is transparent becomes white; colours become grey as Pillow does it, where the
    network takes grey. A photograph that its camera says to turn (the orientation of
    Exif) is an error: it must be turned before.

    Parameters
    ----------
    shape : sequence of int
        (height, width, channels) of the result.
    resizes : bool, default=False
        Whether images of other sizes are resized; else they are an error.

    Notes
    -----
    **Shape**: string ``(batch,)`` to float32 ``(batch, *shape)``, values from 0 to 255.

    Examples
    --------
    >>> import tensorflow as tf
    >>> from skautokeras._export.twins.image_layers import DecodedImages
    >>> png = tf.io.encode_png(tf.fill((2, 3, 1), tf.constant(7, tf.uint8)))
    >>> DecodedImages(shape=(2, 3, 1))(tf.stack([png])).numpy()[0, ..., 0]
    array([[7., 7., 7.],
           [7., 7., 7.]], dtype=float32)
    """

    def __init__(self, shape, resizes=False, **kwargs):
        super().__init__(**kwargs)
        self.shape = tuple(int(n) for n in shape)
        self.resizes = resizes

    def call(self, files):
        """Return the pixels."""
        spec = tf.TensorSpec(self.shape, tf.float32)
        return tf.map_fn(self._decode, files, fn_output_signature=spec)

    def _decode(self, file):
        header = tf.strings.substr(file, 0, _HEADER_BYTES)
        is_turned = tf.strings.regex_full_match(header, _TURNED)
        has_exif = tf.strings.regex_full_match(header, _EXIF)
        tf.debugging.Assert(
            ~(is_turned & has_exif),
            ["The camera says that the photograph is to be turned. Turn it before."],
        )
        rgba = tf.cond(
            tf.io.is_jpeg(file), lambda: _decode_jpeg(file), lambda: _decode_other(file)
        )
        pixels = _on_white(tf.cast(rgba, tf.int32))
        if self.shape[2] == 1:
            pixels = _grey(pixels)
        pixels = tf.cast(pixels, tf.float32)
        if not self.resizes:
            return tf.ensure_shape(pixels, self.shape)
        return _whole(resize(pixels[None], self.shape[:2]))[0]

    def compute_output_shape(self, input_shape):
        """Return ``(batch, *shape)``."""
        return (input_shape[0], *self.shape)

    def compute_output_spec(self, files):
        """Return floats."""
        return keras.KerasTensor((files.shape[0], *self.shape), dtype="float32")

    def get_config(self):
        """Return what `from_config` needs."""
        config = {"shape": list(self.shape), "resizes": self.resizes}
        return {**super().get_config(), **config}


def _decode_jpeg(file):
    """Return (height, width, 4) of a JPEG file, as Pillow decodes it."""
    rgb = tf.io.decode_jpeg(file, channels=3, dct_method="INTEGER_ACCURATE")
    return _opaque(rgb)


def _decode_other(file):
    """Return (height, width, 4) of a PNG, GIF or BMP file."""
    is_png = tf.strings.substr(file, 0, 4) == b"\x89PNG"

    def without_alpha():
        return _opaque(tf.io.decode_image(file, channels=3, expand_animations=False))

    return tf.cond(
        is_png & _has_alpha(file),
        lambda: tf.io.decode_png(file, channels=4),
        without_alpha,
    )


def _has_alpha(file):
    """Tell whether a PNG file says how transparent its pixels are.

    The type of its colours says it, or a chunk before the pixels. Where there is
    neither, TensorFlow fills up with the largest value of palettes of few bits, which
    is nearly transparent.
    """
    kind = tf.strings.substr(file, _PNG_COLOUR_TYPE, 1)
    header = tf.strings.substr(file, 0, _HEADER_BYTES)
    before = tf.strings.regex_replace(header, _PNG_PIXELS, b"")
    has_chunk = tf.strings.regex_full_match(before, _PNG_TRANSPARENCY)
    return (kind == b"\x04") | (kind == b"\x06") | has_chunk


def _opaque(rgb):
    """Put a channel behind those of colours that hides everything below."""
    shape = [*tf.unstack(tf.shape(rgb)[:2]), 1]
    return tf.concat([rgb, tf.fill(shape, tf.cast(BRIGHTEST, tf.uint8))], 2)


def _on_white(rgba):
    """Lay pixels on white, in the whole numbers of Pillow's alpha_composite."""
    rgb, alpha = rgba[..., :3], rgba[..., 3:] * _ALPHA_UNIT
    mixed = rgb * alpha + BRIGHTEST * (BRIGHTEST * _ALPHA_UNIT - alpha)
    mixed += _ALPHA_UNIT * 128
    return (mixed // 256 + mixed) // 256 // _ALPHA_UNIT


def _grey(rgb):
    weighted = tf.reduce_sum(rgb * tf.constant(_GREY), axis=-1, keepdims=True)
    return (weighted + _GREY_UNIT // 2) // _GREY_UNIT
