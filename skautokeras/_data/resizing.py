"""Change the size of images: bilinear, and free of aliasing where they shrink."""

from functools import lru_cache

import numpy as np

from skautokeras._data.codes import BRIGHTEST


def resize(images, size):
    """Resize one image or several of one size.

    A new pixel is the mean of the old ones below it, weighted by a triangle that is as
    wide as two new pixels (as two old ones where the image grows).

    Parameters
    ----------
    images : ndarray of shape (..., height, width, channels), dtype uint8 or float32
        Pixels of the images.

    size : tuple (height, width)
        New size of the images.

    Returns
    -------
    resized : ndarray of shape (..., *size, channels)
        Resized images of the same dtype.

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._data.resizing import resize
    >>> resize(np.full((4, 6, 3), 7, dtype=np.uint8), (2, 2))[..., 0]
    array([[7, 7],
           [7, 7]], dtype=uint8)
    """
    if images.shape[-3:-1] == tuple(size):
        return images
    pixels = images.astype(np.float32, copy=False)
    pixels = _resize_rows(pixels, size[0]).swapaxes(-3, -2)
    pixels = _resize_rows(pixels, size[1]).swapaxes(-3, -2)
    if images.dtype == np.uint8:
        return np.clip(np.rint(pixels), 0, BRIGHTEST).astype(np.uint8)
    return pixels


def _resize_rows(pixels, n_rows):
    """Change the length of the third axis from the end."""
    *batch, height, width, n_channels = pixels.shape
    if height == n_rows:
        return pixels
    flat = pixels.reshape(*batch, height, width * n_channels)
    resized = _weights(height, n_rows) @ flat
    return resized.reshape(*batch, n_rows, width, n_channels)


@lru_cache(maxsize=256)
def _weights(n_old, n_new):
    """Return the weights of old pixels in new ones, float32 of shape (n_new, n_old)."""
    scale = n_old / n_new
    centers = (np.arange(n_new) + 0.5) * scale
    distances = np.abs(np.arange(n_old) + 0.5 - centers[:, None])
    weights = np.maximum(0, 1 - distances / max(scale, 1))
    return (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)
