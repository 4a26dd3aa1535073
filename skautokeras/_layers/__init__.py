"""Layers: what the Keras layers of this package compute.

They are registered with Keras by name as soon as this room is imported.
"""

from skautokeras._state.keras_door import prepare_import

prepare_import()

# ruff: noqa: E402
import keras

from skautokeras._layers.base import Layer, starting_from_data, traits_of, walk
from skautokeras._layers.bert import BertEmbedding, BertLayer
from skautokeras._layers.calibration import Temperature
from skautokeras._layers.categorical import CategoricalEmbedding, OneHot
from skautokeras._layers.dense import (
    InputScaling,
    NTKDense,
    ParametricActivation,
)
from skautokeras._layers.ensemble import (
    BatchEnsembleDense,
    MeanOfMembers,
    MemberDense,
    MemberScaling,
    mean_of_members,
)
from skautokeras._layers.frozen import (
    ImageVectors,
    StaticVectors,
    TextVectors,
    Zeros,
)
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
from skautokeras._layers.pretrained import ImageEncoder, PackedTokens, TextEncoder
from skautokeras._layers.regularization import Dropout
from skautokeras._layers.sequence import PositionEmbedding
from skautokeras._layers.target import (
    BothProbabilities,
    MostProbable,
    OriginalScale,
    ProbableLabels,
    WithinRange,
)
from skautokeras._layers.target_scale import FromTargetScale
from skautokeras._layers.text import (
    CodeEmbedding,
    FeatureScaling,
    KnownCodes,
    WeightedBag,
)
from skautokeras._layers.tree_nodes import largest_float32
from skautokeras._layers.trees import TreeEnsemble

__all__ = sorted(
    name
    for name, value in globals().items()
    if isinstance(value, type) and issubclass(value, keras.layers.Layer)
)
