"""Keras layers of our own: registered by name, serialisable, exportable."""

from skautokeras._layers.categorical import CategoricalEmbedding, OneHot
from skautokeras._layers.image import Cutout, RandomAffine, RandomContrast
from skautokeras._layers.numerical import (
    PeriodicEmbedding,
    PiecewiseLinearEmbedding,
    QuantileScaling,
    Scaling,
)
from skautokeras._layers.regularization import Dropout

__all__ = [
    "CategoricalEmbedding",
    "Cutout",
    "Dropout",
    "OneHot",
    "PeriodicEmbedding",
    "PiecewiseLinearEmbedding",
    "QuantileScaling",
    "RandomAffine",
    "RandomContrast",
    "Scaling",
]
