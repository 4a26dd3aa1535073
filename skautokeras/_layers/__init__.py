"""Keras layers of our own: registered by name, serialisable, exportable."""

from skautokeras._layers.categorical import CategoricalEmbedding, OneHot
from skautokeras._layers.numerical import (
    PeriodicEmbedding,
    PiecewiseLinearEmbedding,
    QuantileScaling,
    Scaling,
)
from skautokeras._layers.regularization import Dropout

__all__ = [
    "CategoricalEmbedding",
    "Dropout",
    "OneHot",
    "PeriodicEmbedding",
    "PiecewiseLinearEmbedding",
    "QuantileScaling",
    "Scaling",
]
