"""Automated deep learning as ordinary scikit-learn estimators.

Data walks through five rooms, and imports run one way along them:

1. ``_data``: what is there. Raw X and y become a schema and model-ready arrays.
2. ``_space``: what could be built. Blocks of ``_layers`` wired into a graph.
3. ``_search``: what is tried. An oracle proposes values, a trial scores them.
4. ``_export``: what is handed over. Adapter, network and target as Keras models.
5. ``_estimators``: what the user holds. The scikit-learn estimators.
"""

from importlib import import_module

__version__ = "0.1.0.dev0"

# Public name -> the module it lives in, imported when the name is first asked for:
# TensorFlow takes seconds to import, and only some names need it.
_HOMES = {
    "AutoModel": "skautokeras._estimators.auto_model",
    "BertBlock": "skautokeras._space.bert",
    "Block": "skautokeras._space.block",
    "Boolean": "skautokeras._space.hyperparameters",
    "CategoricalEncoding": "skautokeras._space.preprocessing",
    "Choice": "skautokeras._space.hyperparameters",
    "ClassificationHead": "skautokeras._space.heads",
    "ConvBlock": "skautokeras._space.convolution",
    "DenseBlock": "skautokeras._space.dense",
    "EfficientNetBlock": "skautokeras._space.efficient_net",
    "Embedding": "skautokeras._space.attention",
    "Flatten": "skautokeras._space.reduction",
    "Float": "skautokeras._space.hyperparameters",
    "GeneralBlock": "skautokeras._space.general",
    "GreedyOracle": "skautokeras._search.oracle",
    "ImageAugmentation": "skautokeras._space.augmentation",
    "ImageBlock": "skautokeras._space.image",
    "ImageClassifier": "skautokeras._estimators.image",
    "ImageInput": "skautokeras._space.inputs",
    "ImageRegressor": "skautokeras._estimators.image",
    "Input": "skautokeras._space.inputs",
    "Int": "skautokeras._space.hyperparameters",
    "Merge": "skautokeras._space.reduction",
    "Normalization": "skautokeras._space.preprocessing",
    "NumericalEmbedding": "skautokeras._space.preprocessing",
    "OrientedGradientsBlock": "skautokeras._space.gradients",
    "RNNBlock": "skautokeras._space.recurrent",
    "RealMLPBlock": "skautokeras._space.real_mlp",
    "RegressionHead": "skautokeras._space.heads",
    "ResNetBlock": "skautokeras._space.residual",
    "ResidualDenseBlock": "skautokeras._space.residual_dense",
    "SpatialReduction": "skautokeras._space.reduction",
    "StructuredDataBlock": "skautokeras._space.structured_data",
    "StructuredDataClassifier": "skautokeras._estimators.structured_data",
    "StructuredDataInput": "skautokeras._space.inputs",
    "StructuredDataRegressor": "skautokeras._estimators.structured_data",
    "TabMBlock": "skautokeras._space.tab_m",
    "TemporalReduction": "skautokeras._space.reduction",
    "TextBlock": "skautokeras._space.text",
    "TextClassifier": "skautokeras._estimators.text",
    "TextInput": "skautokeras._space.inputs",
    "TextRegressor": "skautokeras._estimators.text",
    "TextToIntSequence": "skautokeras._space.text",
    "TextToNgramVector": "skautokeras._space.text",
    "TransformerBlock": "skautokeras._space.attention",
    "XceptionBlock": "skautokeras._space.residual",
    "load": "skautokeras._estimators.persistence",
}

__all__ = list(_HOMES)


def __getattr__(name):
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__():
    return sorted({*globals(), *__all__})
