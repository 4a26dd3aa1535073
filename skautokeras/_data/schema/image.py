"""What images are."""

from dataclasses import dataclass, replace

import numpy as np

from skautokeras._data.schema.base import Schema, TrainingTraits
from skautokeras._data.schema.feature import Feature
from skautokeras._data.schema.pretrained import Encoding, Views, with_facts
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

    learned_size : tuple (height, width) or None, default=None
        Size to which networks that are learned from nothing but the images reduce
        them, where pretrained models look at larger ones. If None, the networks take
        the images as they are.

    views : tuple of Views, default=()
        Facts about the images for pretrained models. Arrays ``"encoder_1"``,
        ``"mirrored_1"``, ... hold the vectors that they make of the pixels.

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
    learned_size: tuple[int, int] | None = None
    views: tuple[Views, ...] = ()

    @property
    def traits(self):
        """What follows for training: averages and smoothed labels, as published.

        Returns
        -------
        traits : TrainingTraits
            Pretrained models may be trained further.
        """
        return TrainingTraits(
            average_weights=True, smooth_labels=True, pretrained=bool(self.views)
        )

    @property
    def encodings(self):
        """What pretrained models read: all of them the pixels.

        Returns
        -------
        encodings : list of Encoding
        """
        return [Encoding("pixels", v, i) for i, v in enumerate(self.views, start=1)]

    def with_vectors(self, facts):
        """Return the schema with what is known of the vectors of pretrained models.

        Parameters
        ----------
        facts : dict of str to dict
            New values of parameters of `Views` by the name or folder of the model.

        Returns
        -------
        schema : ImageSchema
        """
        return replace(self, views=with_facts(self.views, facts))

    def features(self, arrays, name):
        """Return the brightness and the contrast of the images.

        Parameters
        ----------
        arrays : dict of str to ndarray
            Array of the pixels, perhaps with vectors.

        name : str
            Name of the input.

        Returns
        -------
        features : list of Feature
            Mean and standard deviation of the pixels of each image.
        """
        pixels = arrays["pixels"]
        flat = pixels.reshape(len(pixels), -1)
        mean, std = (f(axis=1, dtype=np.float32) for f in (flat.mean, flat.std))
        return [
            Feature(f"{name}: brightness", mean, column=name),
            Feature(f"{name}: contrast", std, column=name),
        ]
