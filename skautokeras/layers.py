"""The Keras layers of this package.

Importing this module registers them with Keras, which is what it takes to load an
exported model in another process:

>>> import keras
>>> import skautokeras.layers
>>> keras.saving.get_registered_object("skautokeras>OneHot").__name__
'OneHot'
"""

from skautokeras._layers import (
    Beginning,
    BothProbabilities,
    CategoricalEmbedding,
    CategoryCodes,
    CharacterCodes,
    CodeEmbedding,
    Cutout,
    DateParts,
    DecodedImages,
    Dropout,
    FeatureScaling,
    KnownCodes,
    MeanOfMirrored,
    MissingIndicator,
    MostProbable,
    NgramWeights,
    NormalizedText,
    Numbers,
    OneHot,
    OrientedGradients,
    OriginalScale,
    PeriodicEmbedding,
    PiecewiseLinearEmbedding,
    Pixels,
    PositionEmbedding,
    ProbableLabels,
    QuantileScaling,
    RandomAffine,
    RandomContrast,
    Scaling,
    WeightedBag,
    WithMirrored,
    WordCodes,
    WordIndicators,
)

__all__ = [
    "Beginning",
    "BothProbabilities",
    "CategoricalEmbedding",
    "CategoryCodes",
    "CharacterCodes",
    "CodeEmbedding",
    "Cutout",
    "DateParts",
    "DecodedImages",
    "Dropout",
    "FeatureScaling",
    "KnownCodes",
    "MeanOfMirrored",
    "MissingIndicator",
    "MostProbable",
    "NgramWeights",
    "NormalizedText",
    "Numbers",
    "OneHot",
    "OrientedGradients",
    "OriginalScale",
    "PeriodicEmbedding",
    "PiecewiseLinearEmbedding",
    "Pixels",
    "PositionEmbedding",
    "ProbableLabels",
    "QuantileScaling",
    "RandomAffine",
    "RandomContrast",
    "Scaling",
    "WeightedBag",
    "WithMirrored",
    "WordCodes",
    "WordIndicators",
]
