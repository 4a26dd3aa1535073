"""Where there is a fast GPU, what looks at images is trained in bfloat16."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from skautokeras import (
    Block,
    ConvBlock,
    EfficientNetBlock,
    ImageBlock,
    ResNetBlock,
    RNNBlock,
    XceptionBlock,
)
from skautokeras._space import accelerator, bfloat16_in_training, built_for_training

FAST = {
    "Activation",
    "Add",
    "BatchNormalization",
    "Conv2D",
    "DepthwiseConv2D",
    "Dropout",
    "MaxPooling2D",
    "SeparableConv2D",
}
# Layers that see pixels before the network does, or make one row of its maps.
EXACT = {
    "Cutout",
    "Dense",
    "Flatten",
    "GlobalMaxPooling2D",
    "InputLayer",
    "MeanOfMirrored",
    "RandomAffine",
    "RandomContrast",
    "Rescaling",
    "WithMirrored",
}


@pytest.fixture
def fast_gpu(monkeypatch):
    """Pretend that there is one; TensorFlow computes in bfloat16 without, slowly."""
    monkeypatch.setattr(accelerator, "has_fast_gpu", lambda: True)


@pytest.mark.parametrize(
    ("gpus", "expected"),
    [
        ([], False),
        ([{"compute_capability": (8, 0)}], True),
        ([{"compute_capability": (7, 5)}], False),
        ([{"compute_capability": (10, 0)}, {"compute_capability": (9, 0)}], True),
        ([{"compute_capability": (9, 0)}, {"compute_capability": (7, 5)}], False),
        ([{"device_name": "not one of NVIDIA"}], False),
    ],
)
def test_a_gpu_is_fast_from_compute_capability_8_on(monkeypatch, gpus, expected):
    monkeypatch.setattr(
        tf.config, "get_visible_devices", lambda kind: gpus if kind == "GPU" else ["c"]
    )
    monkeypatch.setattr(
        tf.config.experimental, "get_device_details", lambda device: device
    )
    assert accelerator.has_fast_gpu() is expected


def layers_of(model):
    """Return all layers, those of models inside of it for these."""
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            yield from layers_of(layer)
        else:
            yield layer


def dtypes(model):
    """Return what layers compute in, by their class."""
    return {(type(layer).__name__, layer.compute_dtype) for layer in layers_of(model)}


AUGMENTED = {
    "image_block_1/augment": True,
    "image_block_1/image_augmentation_1/flip": "horizontal",
    "image_block_1/image_augmentation_1/contrast": 0.1,
    "image_block_1/image_augmentation_1/cutout": 0.25,
    "image_block_1/spatial_reduction_1/reduction_type": "global_max",
}


@pytest.mark.parametrize(
    ("block", "values"),
    [
        (ConvBlock(filters=4, n_blocks=1, dropout=0.2), {}),
        (ConvBlock(filters=4, n_blocks=1, separable=True, activation="gelu"), {}),
        (ResNetBlock(depth=9, filters=4, version="v1", dropout=0.2), {}),
        (ResNetBlock(depth=9, filters=4, version="v2"), {}),
        (XceptionBlock(filters=4, n_blocks=0), {}),
        (EfficientNetBlock(version="small"), {}),
        (ImageBlock(block_type="conv"), AUGMENTED),
    ],
    ids=repr,
)
def test_networks_are_trained_in_bfloat16_and_predict_in_float32(
    fast_gpu, make_graph, source_for, block, values
):
    search_space, arrays = make_graph(block), source_for(block)[2]
    exact = search_space.build(values)
    assert {dtype for _, dtype in dtypes(exact.model)} == {"float32"}
    with built_for_training():
        trained = search_space.build(values)
    computed = dtypes(trained.network)
    assert ("Conv2D", "bfloat16") in computed or ("SeparableConv2D", "bfloat16") in (
        computed
    )
    for name, dtype in computed:
        assert name not in EXACT or dtype == "float32", name
        assert name not in FAST or dtype == "bfloat16", name
    assert {v.dtype for v in trained.network.trainable_variables} == {"float32"}
    with tf.GradientTape() as tape:
        (y_pred,) = trained.model(arrays, training=True).values()
        loss = tf.reduce_mean(y_pred)
    assert y_pred.dtype == "float32"
    weights = [v.value for v in trained.network.trainable_variables]
    gradients = tape.gradient(loss, weights)
    assert all(np.isfinite(g).all() and g.dtype == tf.float32 for g in gradients)
    # What was trained is what predicts.
    exact.network.set_weights(trained.network.get_weights())
    (expected,), (y_pred,) = (
        built.model(arrays, training=False).values() for built in (exact, trained)
    )
    np.testing.assert_allclose(y_pred, expected, atol=0.05)


def test_networks_of_series_and_blocks_of_users_stay_exact(
    fast_gpu, make_graph, source_for
):
    class Mine(Block):
        def build(self, hp, inputs):
            return keras.layers.Conv2D(2, 3)(inputs)

    series, pixels = source_for(RNNBlock()), source_for(ConvBlock())
    with built_for_training():
        for block, source in ((ConvBlock(filters=4), series), (Mine(), pixels)):
            network = make_graph(block, source=source).build({}).network
            assert {dtype for _, dtype in dtypes(network)} == {"float32"}


def test_without_a_fast_gpu_all_is_exact(make_graph):
    with built_for_training():
        network = make_graph(ConvBlock(filters=4, n_blocks=1)).build({}).network
    assert {dtype for _, dtype in dtypes(network)} == {"float32"}


def test_the_policy_of_keras_is_left_as_it_was(fast_gpu):
    def inside(error=None):
        with built_for_training(), bfloat16_in_training():
            if error:
                raise error
            return keras.config.dtype_policy().name

    assert inside() == "mixed_bfloat16"
    with pytest.raises(ValueError, match="wrong"):
        inside(ValueError("wrong"))
    assert keras.config.dtype_policy().name == "float32"
    keras.config.set_dtype_policy("float64")
    try:
        assert inside() == "float64"
        assert keras.config.dtype_policy().name == "float64"
    finally:
        keras.config.set_dtype_policy("float32")
