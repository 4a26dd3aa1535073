"""The Keras layers of this package.

Importing this module registers them with Keras, which is what it takes to load an
exported model in another process:

>>> import keras
>>> import skautokeras.layers
>>> keras.saving.get_registered_object("skautokeras>OneHot").__name__
'OneHot'
"""

from skautokeras._layers import (
    CategoricalEmbedding,
    CodeEmbedding,
    Cutout,
    Dropout,
    FeatureScaling,
    KnownCodes,
    MeanOfMirrored,
    OneHot,
    OrientedGradients,
    PeriodicEmbedding,
    PiecewiseLinearEmbedding,
    PositionEmbedding,
    QuantileScaling,
    RandomAffine,
    RandomContrast,
    Scaling,
    WeightedBag,
    WithMirrored,
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
