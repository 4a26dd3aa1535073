"""Keras layers of our own: registered by name, serialisable, exportable."""

from skautokeras._layers.categorical import CategoricalEmbedding, OneHot
from skautokeras._layers.gradients import OrientedGradients
from skautokeras._layers.image import (
    Cutout,
    MeanOfMirrored,
    RandomAffine,
    RandomContrast,
    WithMirrored,
)
from skautokeras._layers.numerical import (
    PeriodicEmbedding,
    PiecewiseLinearEmbedding,
    QuantileScaling,
    Scaling,
)
from skautokeras._layers.regularization import Dropout
from skautokeras._layers.sequence import PositionEmbedding
from skautokeras._layers.text import (
    CodeEmbedding,
    FeatureScaling,
    KnownCodes,
    WeightedBag,
)

__all__ = [
    "CategoricalEmbedding",
    "CodeEmbedding",
    "Cutout",
    "Dropout",
    "FeatureScaling",
    "KnownCodes",
    "MeanOfMirrored",
    "OneHot",
    "OrientedGradients",
    "PeriodicEmbedding",
    "PiecewiseLinearEmbedding",
    "PositionEmbedding",
    "QuantileScaling",
    "RandomAffine",
    "RandomContrast",
    "Scaling",
    "WeightedBag",
    "WithMirrored",
]
