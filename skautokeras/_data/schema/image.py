"""What images are."""

from dataclasses import dataclass

import numpy as np

from skautokeras._data.schema.base import Schema, TrainingTraits
from skautokeras._data.schema.feature import Feature
from skautokeras._state.names import saved_as


@saved_as("ImageSchema")
@dataclass(frozen=True)
class ImageSchema(Schema):
    """Facts about images.

    Parameters
    ----------
    shape : tuple of int
        (height, width, channels) of every image.

    n_samples : int
        Number of images seen in `fit`.

    dtype : {"uint8", "float32"}
        Dtype of the array that the adapter makes.

    low, high : float
        The values that stand for the darkest and the brightest pixel.

    mean, std : tuple of float
        Statistics of each channel after values between `low` and `high` are brought to
        between 0 and 1. A constant channel has a standard deviation of 1.

    Examples
    --------
    >>> from skautokeras._data.schema import ImageSchema
    >>> schema = ImageSchema((8, 8, 1), 100, "uint8", 0.0, 255.0, (0.3,), (0.4,))
    >>> schema.shape
    (8, 8, 1)
    """

    shape: tuple[int, int, int]
    n_samples: int
    dtype: str
    low: float
    high: float
    mean: tuple[float, ...]
    std: tuple[float, ...]

    # Averages and smoothed labels are part of the published recipes for images.
    traits = TrainingTraits(average_weights=True, smooth_labels=True)

    def features(self, arrays, name):
        """Return the brightness and the contrast of the images.

        Parameters
        ----------
        arrays : dict of str to ndarray
            Array of the pixels.

        name : str
            Name of the input.

        Returns
        -------
        features : list of Feature
            Mean and standard deviation of the pixels of each image.
        """
        (pixels,) = arrays.values()
        flat = pixels.reshape(len(pixels), -1)
        return [
            Feature(f"{name}: brightness", flat.mean(axis=1, dtype=np.float32)),
            Feature(f"{name}: contrast", flat.std(axis=1, dtype=np.float32)),
        ]
