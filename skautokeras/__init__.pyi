# Every public name and where it lives. The package imports a name from there when it
# is first asked for; editors and type checkers read the same lines.
from ._data.schema.base import Schema as Schema
from ._data.schema.base import TrainingTraits as TrainingTraits
from ._estimators.auto_model import AutoModel as AutoModel
from ._estimators.image import ImageClassifier as ImageClassifier
from ._estimators.image import ImageRegressor as ImageRegressor
from ._estimators.loading import load as load
from ._estimators.structured_data import (
    StructuredDataClassifier as StructuredDataClassifier,
)
from ._estimators.structured_data import (
    StructuredDataRegressor as StructuredDataRegressor,
)
from ._estimators.text import TextClassifier as TextClassifier
from ._estimators.text import TextRegressor as TextRegressor
from ._export.twins.base import RawTwin as RawTwin
from ._search.oracle import GreedyOracle as GreedyOracle
from ._space.attention import Embedding as Embedding
from ._space.attention import TransformerBlock as TransformerBlock
from ._space.augmentation import ImageAugmentation as ImageAugmentation
from ._space.bert import BertBlock as BertBlock
from ._space.block import Block as Block
from ._space.convolution import ConvBlock as ConvBlock
from ._space.declaration import Fixed as Fixed
from ._space.declaration import Searched as Searched
from ._space.dense import DenseBlock as DenseBlock
from ._space.efficient_net import EfficientNetBlock as EfficientNetBlock
from ._space.general import GeneralBlock as GeneralBlock
from ._space.gradients import OrientedGradientsBlock as OrientedGradientsBlock
from ._space.heads import ClassificationHead as ClassificationHead
from ._space.heads import RegressionHead as RegressionHead
from ._space.hyperparameters import Boolean as Boolean
from ._space.hyperparameters import Choice as Choice
from ._space.hyperparameters import Float as Float
from ._space.hyperparameters import Int as Int
from ._space.image import ImageBlock as ImageBlock
from ._space.inputs.array import Input as Input
from ._space.inputs.base import InputNode as InputNode
from ._space.inputs.image import ImageInput as ImageInput
from ._space.inputs.structured_data import StructuredDataInput as StructuredDataInput
from ._space.inputs.text import TextInput as TextInput
from ._space.preprocessing import CategoricalEncoding as CategoricalEncoding
from ._space.preprocessing import Normalization as Normalization
from ._space.preprocessing import NumericalEmbedding as NumericalEmbedding
from ._space.real_mlp import RealMLPBlock as RealMLPBlock
from ._space.recurrent import RNNBlock as RNNBlock
from ._space.reduction import Flatten as Flatten
from ._space.reduction import Merge as Merge
from ._space.reduction import SpatialReduction as SpatialReduction
from ._space.reduction import TemporalReduction as TemporalReduction
from ._space.residual import ResNetBlock as ResNetBlock
from ._space.residual import XceptionBlock as XceptionBlock
from ._space.residual_dense import ResidualDenseBlock as ResidualDenseBlock
from ._space.structured_data import StructuredDataBlock as StructuredDataBlock
from ._space.tab_m import TabMBlock as TabMBlock
from ._space.text import TextBlock as TextBlock
from ._space.text import TextToIntSequence as TextToIntSequence
from ._space.text import TextToNgramVector as TextToNgramVector
from ._space.trees import BoostedTreesBlock as BoostedTreesBlock
from ._space.trees import ExtraTreesBlock as ExtraTreesBlock
from ._space.trees import RandomForestBlock as RandomForestBlock
from ._state.names import saved_as as saved_as
