"""Pretrained models for images: by name, file and folder, and what they expect."""

import json

import keras
import numpy as np
import pytest

from skautokeras import Choice, EfficientNetBlock
from skautokeras._space.image_models import (
    IMAGENET,
    load_image_encoder,
    sides_for,
    size_for,
    sizes_for,
)
from skautokeras._space.unfilled import without_weights
from skautokeras.exceptions import WeightsMissingError

COLOURS = np.random.default_rng(0).integers(0, 256, (3, 160, 160, 3)).astype("float32")
# Size to which small images are brought.
SIZE = (160, 160)


@pytest.fixture
def keras_file(tmp_path):
    """A file of a small network from colours of any size to maps."""
    colours = keras.Input((None, None, 3))
    x = keras.layers.Rescaling(1 / 255)(colours)
    x = keras.layers.Conv2D(5, 3, strides=2, activation="relu")(x)
    network = keras.Model(colours, keras.layers.BatchNormalization()(x))
    path = tmp_path / "own.keras"
    network.save(path)
    return str(path), network


def vectors(preset, x=COLOURS, size=SIZE):
    return np.asarray(load_image_encoder(preset, size, trainable=False)(x))


def test_a_file_of_keras_is_any_network_of_colours(keras_file):
    path, network = keras_file
    expected = np.asarray(network(COLOURS)).mean(axis=(1, 2))
    np.testing.assert_allclose(vectors(path), expected, atol=1e-5)


def test_inspection_needs_no_weights(keras_file):
    path, _ = keras_file

    def shapes():
        encoder = load_image_encoder(path, SIZE, trainable=True)
        return [tuple(w.shape) for w in encoder.trainable_variables]

    assert without_weights(shapes) == [(3, 3, 3, 5), (5,)]
    # The shape of maps, without which nobody knows what they cost, is known.
    assert load_image_encoder(path, SIZE).network.output.shape == (None, 79, 79, 5)


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("EfficientNetB0", "efficientnetb0_notop.weights.h5"),
        ("MobileNetV3Small", "mobilenet_v3_small:own.weights.h5"),
        ("MobileNetV2", "MobileNetV2.weights.h5"),
        ("ResNet50", "resnet50.weights.h5"),
        ("DenseNet121", "densenet121.weights.h5"),
    ],
)
def test_weights_of_a_file_get_the_pixels_of_their_training(
    tmp_path, monkeypatch, name, file
):
    monkeypatch.chdir(tmp_path)
    network = getattr(keras.applications, name)(
        include_top=False, weights=None, input_shape=(32, 32, 3)
    )
    network.save_weights(file.rpartition(":")[2])
    modules = {
        "EfficientNetB0": keras.applications.efficientnet,
        "MobileNetV3Small": keras.applications.mobilenet_v3,
        "MobileNetV2": keras.applications.mobilenet_v2,
        "ResNet50": keras.applications.resnet50,
        "DenseNet121": keras.applications.densenet,
    }
    x = COLOURS[:1, :32, :32]
    expected = network(modules[name].preprocess_input(x.copy()))
    expected = np.asarray(expected).mean(axis=(1, 2))
    np.testing.assert_allclose(
        vectors(file, x, (32, 32)), expected, rtol=1e-3, atol=1e-4
    )


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nowhere/own.keras", "no file 'nowhere/own.keras'"),
        ("efficientnet_b0:b0.weights.h5", "no file 'b0.weights.h5'.*save_weights"),
        ("b0.weights.h5", "must contain that of a network"),
        ("no_such_network", "no model of keras.applications or KerasHub"),
    ],
)
def test_what_cannot_be_had_is_told_with_the_way_out(name, message):
    if "KerasHub" in message:
        pytest.importorskip("keras_hub")
    with pytest.raises(WeightsMissingError, match=message):
        load_image_encoder(name, SIZE)


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ([keras.Input((None, None, 1))], "of the shape"),
        ([keras.Input((4,))], "of the shape"),
        ([keras.Input((8, 8, 3)), keras.Input((8, 8, 3))], "and has 2 outputs"),
    ],
    ids=["grey", "a table", "two"],
)
def test_networks_of_something_else_are_refused(tmp_path, inputs, message):
    path = tmp_path / "own.keras"
    keras.Model(inputs, [keras.layers.Activation("relu")(x) for x in inputs]).save(path)
    with pytest.raises(WeightsMissingError, match=message):
        load_image_encoder(str(path), SIZE)


def test_a_network_is_downloaded_by_its_name(monkeypatch):
    asked = []

    def make(**kwargs):
        asked.append(kwargs["weights"])
        raise OSError("URL fetch failure on ...")

    monkeypatch.setattr(keras.applications, "EfficientNetV2B0", make)
    with pytest.raises(WeightsMissingError, match=r"V2B0\(include_top=False\)\.save"):
        load_image_encoder(IMAGENET, SIZE)
    assert asked == ["imagenet"]


@pytest.mark.parametrize(
    ("height", "width", "expected"),
    [
        (32, 32, [(160, 160), (128, 128), (96, 96)]),
        (96, 96, [(224, 224), (160, 160), (128, 128), (96, 96)]),
        (600, 800, [(192, 256), (128, 192), (96, 160), (96, 96)]),
        (10, 2000, [(32, 3168), (32, 2272), (32, 1824), (32, 1344)]),
    ],
)
def test_images_keep_the_ratio_of_their_sides(keras_file, height, width, expected):
    shape = (height, width, 3)
    assert sizes_for(keras_file[0], shape) == expected
    sides = sides_for(keras_file[0], shape)
    assert [size_for(keras_file[0], shape, side) for side in sides] == expected
    assert size_for(keras_file[0], shape) == expected[0]


def test_a_network_of_one_size_keeps_it(tmp_path):
    colours = keras.Input((24, 20, 3))
    x = keras.layers.Flatten()(colours)
    path = str(tmp_path / "own.keras")
    keras.Model(colours, keras.layers.Dense(4)(x)).save(path)
    assert sizes_for(path, (32, 32, 3)) == [(24, 20)]
    assert sides_for(path, (32, 32, 3)) == []
    assert size_for(path, (32, 32, 3)) == (24, 20)
    assert vectors(path).shape == (3, 4)


@pytest.fixture
def keras_hub():
    return pytest.importorskip("keras_hub")


@pytest.fixture
def res_net_folder(keras_hub, tmp_path):
    """A folder with a small ResNet of KerasHub, and its backbone."""
    keras.utils.set_random_seed(0)
    backbone = keras_hub.models.ResNetBackbone(
        input_conv_filters=[64],
        input_conv_kernel_sizes=[7],
        stackwise_num_filters=[64, 64],
        stackwise_num_blocks=[1, 1],
        stackwise_num_strides=[1, 2],
        block_type="basic_block",
    )
    backbone.save_to_preset(str(tmp_path))
    return tmp_path, backbone


def test_a_folder_of_keras_hub_brings_its_scaling(keras_hub, res_net_folder):
    folder, backbone = res_net_folder
    converter = keras_hub.layers.ResNetImageConverter(
        scale=[0.1, 0.2, 0.3], offset=[-1.0, 0.0, 1.0]
    )
    converter.save_to_preset(str(folder))
    x = COLOURS * [0.1, 0.2, 0.3] + [-1.0, 0.0, 1.0]
    expected = np.asarray(backbone(x)).mean(axis=(1, 2))
    np.testing.assert_allclose(vectors(str(folder)), expected, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("kind", ["vit", "deit", "dinov2", "swin"])
def test_activations_that_are_not_computed_are_refused(keras_hub, tmp_path, kind):
    config = {"model_type": kind, "hidden_act": "relu"}
    (tmp_path / "config.json").write_text(json.dumps(config))
    with pytest.raises(WeightsMissingError, match=r"json says hidden_act='relu'"):
        load_image_encoder(str(tmp_path), SIZE)


def test_a_file_of_hugging_face_says_the_scaling(res_net_folder):
    folder, backbone = res_net_folder
    config = {"image_mean": [0.5, 0.4, 0.3], "image_std": [0.2, 0.3, 0.4]}
    (folder / "preprocessor_config.json").write_text(json.dumps(config))
    x = (COLOURS / 255 - config["image_mean"]) / config["image_std"]
    expected = np.asarray(backbone(x)).mean(axis=(1, 2))
    np.testing.assert_allclose(vectors(str(folder)), expected, rtol=1e-3, atol=1e-3)


def test_a_model_of_texts_is_no_model_of_images(tiny_preset):
    message = r"could not be had: it is a BertBackbone, which takes texts\. Pass the"
    with pytest.raises(WeightsMissingError, match=message):
        load_image_encoder(tiny_preset("bert"), SIZE)


def test_what_brings_pixels_to_a_network_is_not_trained(tmp_path):
    network = keras.applications.MobileNetV2(
        include_top=False, weights=None, input_shape=(32, 32, 3)
    )
    path = str(tmp_path / "MobileNetV2.weights.h5")
    network.save_weights(path)
    encoder = load_image_encoder(path, (32, 32), trainable=True)
    names = [variable.path for variable in encoder.trainable_variables]
    assert names
    assert not any("preprocessing" in name for name in names)
    again = type(encoder).from_config(encoder.get_config())
    assert len(again.trainable_variables) == len(names)


@pytest.mark.parametrize("name", ["nowhere/resnet50", "nowhere\\resnet50"])
def test_a_path_is_no_name_of_a_network(name):
    with pytest.raises(WeightsMissingError, match="could not be had"):
        load_image_encoder(name, SIZE)


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"version": "b0", "weights": "own.keras"}, ("own.keras",)),
        ({"version": "b0", "weights": "resnet50"}, ("resnet50",)),
        ({"version": "b0", "weights": "own.h5"}, ("efficientnet_b0:own.h5",)),
        (
            {"version": Choice(("b3", "b4")), "weights": "imagenet"},
            ("efficientnet_b3", "efficientnet_b4"),
        ),
    ],
)
def test_the_block_names_the_models_that_it_needs(params, expected):
    assert EfficientNetBlock(**params).presets == expected
