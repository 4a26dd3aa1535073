"""The parameter `pretrained` for images, with small networks in files of Keras."""

import json
import pickle
import subprocess
import sys

import keras
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_digits

from skautokeras import (
    AutoModel,
    ClassificationHead,
    EfficientNetBlock,
    ImageAugmentation,
    ImageBlock,
    ImageClassifier,
    ImageInput,
    ImageRegressor,
    Merge,
    load,
)
from skautokeras._layers import ImageEncoder, walk
from skautokeras._layers.frozen import FrozenEncoder
from skautokeras.exceptions import JournalMismatchError, SearchError


@pytest.fixture(scope="module")
def digits():
    images, y = load_digits(return_X_y=True)
    return images[:400].reshape(-1, 8, 8).astype("uint8"), y[:400]


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    """A file of a network whose vectors are the pixels, each a bit blurred."""
    keras.utils.set_random_seed(0)
    colours = keras.Input((8, 8, 3))
    x = keras.layers.Rescaling(1 / 255)(colours)
    x = keras.layers.Conv2D(1, 3, padding="same", kernel_initializer="ones")(x)
    path = tmp_path_factory.mktemp("network") / "pixels.keras"
    keras.Model(colours, keras.layers.Flatten()(x)).save(path)
    return str(path)


@pytest.fixture(scope="module")
def useless(tmp_path_factory):
    """A file of a network that makes the same of all images."""
    colours = keras.Input((8, 8, 3))
    x = keras.layers.Conv2D(3, 3, kernel_initializer="zeros")(colours)
    path = tmp_path_factory.mktemp("network") / "useless.keras"
    keras.Model(colours, x).save(path)
    return str(path)


def alone(pretrained, block_type="pretrained", **params):
    """Return a model of nothing but one kind of pretrained networks."""
    node = ImageInput()
    block = ImageBlock(block_type=block_type, pretrained=pretrained)
    params = {"max_trials": 3, "random_state": 0} | params
    return AutoModel(node, ClassificationHead()(block(node)), **params)


@pytest.fixture(scope="module")
def fitted(digits, network):
    X, y = digits
    return alone(network).fit(X[:320], y[:320])


def test_a_file_of_keras_is_all_that_is_needed(digits, network):
    X, y = digits
    model = ImageClassifier(pretrained=network, max_trials=4, random_state=0)
    model.fit(X[:320], y[:320])
    assert model.score(X[320:], y[320:]) > 0.85
    assert (model.leaderboard_["kind"] == "pretrained").sum() == 3
    (becomes,) = model.columns_["becomes"]
    assert becomes.startswith("8 x 8 x 1 pixels, 64 numbers by ")
    assert "64 numbers by it and the mirror image" in becomes
    assert clone(model).pretrained == network


def test_numbers_are_predicted_from_several_models(digits, network, useless):
    X, y = digits
    model = ImageRegressor(
        pretrained=[network, useless], max_trials=6, random_state=0
    ).fit(X[:320], y[:320].astype(float))
    assert model.score(X[320:], y[320:]) > 0.5
    presets = [v.get("image_block_1/preset") for v in model.leaderboard_["params"]]
    assert {network, useless} <= {*presets}


def test_models_that_no_network_reads_are_not_kept(digits, network, useless):
    X, y = digits
    model = alone([useless, network], ensemble_size=1, max_trials=4).fit(X, y)
    best = model.best_params_
    assert best["image_block_1/preset"] == network
    kept = model._adapter.encoders
    assert kept[f"{useless}: pixels"].model.count_params() == 0
    assert kept[f"{network}: pixels"].model.count_params() > 0
    (unread,) = {"encoder", "mirrored"} - {best["image_block_1/frozen_1/vectors"]}
    arrays = model._adapter.transform(X[:5])
    # Arrays have the numbers of the models in their order: 1 is the useless one.
    assert not arrays["encoder_1"].any()
    assert not arrays[f"{unread}_2"].any()
    np.testing.assert_array_equal(
        pickle.loads(pickle.dumps(model)).predict(X), model.predict(X)
    )


def test_images_are_encoded_once_for_all_trials(digits, network, monkeypatch):
    seen = []
    encode = FrozenEncoder.encode

    def counted(self, pixels, *args):
        seen.append(len(pixels))
        return encode(self, pixels, *args)

    monkeypatch.setattr(FrozenEncoder, "encode", counted)
    n_seen = []
    for max_trials in (1, 3):
        seen.clear()
        alone(network, max_trials=max_trials, epochs=1).fit(*digits)
        n_seen.append(sum(seen))
    # Each image and its mirror image.
    assert n_seen == [800, 800]


@pytest.mark.parametrize("how", ["pickle", "file"])
def test_what_is_written_down_needs_no_file_of_the_network(
    fitted, digits, tmp_path, how
):
    X, _ = digits
    if how == "pickle":
        again = pickle.loads(pickle.dumps(fitted))
    else:
        fitted.save(tmp_path / "model")
        again = load(tmp_path / "model")
    np.testing.assert_array_equal(again.predict_proba(X), fitted.predict_proba(X))


def test_a_search_goes_on_without_encoding_again(
    digits, network, tmp_path, monkeypatch
):
    first = alone(network, directory=tmp_path, max_trials=2).fit(*digits)

    def refuse(*args, **kwargs):
        raise AssertionError("a model was loaded")

    monkeypatch.setattr("skautokeras._fit.encoding.load_image_encoder", refuse)
    again = alone(network, directory=tmp_path, max_trials=2).fit(*digits)
    np.testing.assert_array_equal(
        first.predict_proba(digits[0]), again.predict_proba(digits[0])
    )


def test_a_search_does_not_go_on_with_another_network(digits, tmp_path):
    path = tmp_path / "own.keras"
    for seed in (0, 1):
        keras.utils.set_random_seed(seed)
        colours = keras.Input((8, 8, 3))
        keras.Model(colours, keras.layers.Conv2D(4, 3)(colours)).save(path)
        params = {"max_trials": 1, "epochs": 1, "directory": tmp_path / "search"}
        model = alone(str(path), **params, refit=False)
        if seed == 0:
            model.fit(*digits)
    with pytest.raises(JournalMismatchError, match=r"other parameters \(pretrained\)"):
        model.fit(*digits)


def test_folds_share_the_vectors(digits, network):
    model = alone(network, cv=3, refit=False).fit(*digits)
    assert len(model._ensemble.models) > 1
    layers = [layer for member in model._ensemble.models for layer in walk(member)]
    assert not any(isinstance(layer, ImageEncoder) for layer in layers)
    assert model.score(*digits) > 0.9


def test_weights_are_trained_further(digits, network):
    X, y = digits
    model = alone(network, "tuned", max_trials=3, ensemble_size=1).fit(X, y)
    assert model._adapter.encoders is None
    (layer,) = [x for x in walk(model.model_) if isinstance(x, ImageEncoder)]
    source = keras.models.load_model(network).get_weights()[0]
    assert not np.allclose(layer.network.get_weights()[0], source)
    # A tenth would be right by chance.
    assert model.score(X, y) > 0.3


def test_the_last_layers_are_trained_further_before_all_layers(digits, network):
    model = ImageClassifier(
        pretrained=network, max_trials=4, random_state=0, epochs=1
    ).fit(*digits)
    trials = model.leaderboard_.sort_values("trial")
    assert set(trials["kind"]) == {"pretrained", "tuned"}
    params = trials["params"][trials["kind"] == "tuned"].iloc[0]
    assert params["image_block_1/tuned_1/trained_share"] == 0.3


@pytest.mark.parametrize("augmented", [False, True])
def test_a_block_of_its_own(digits, network, augmented):
    """Vectors are of images as they are, so that varied ones have none."""
    node = ImageInput()
    x = ImageAugmentation(flip="none", translation=0.05)(node) if augmented else node
    block = EfficientNetBlock(weights=network, trainable=False, dropout=0.0)
    model = AutoModel(
        node, ClassificationHead()(block(x)), max_trials=2, random_state=0
    ).fit(*digits)
    layers = [layer for layer in walk(model.model_) if isinstance(layer, ImageEncoder)]
    assert bool(layers) is augmented
    assert bool(model._adapter.encoders) is not augmented
    assert model.score(*digits) > 0.7


def test_a_wrong_parameter_is_told_before_images_are_encoded(
    digits, network, monkeypatch
):
    def refuse(*args, **kwargs):
        raise AssertionError("a model was loaded")

    monkeypatch.setattr("skautokeras._fit.encoding.load_image_encoder", refuse)
    node = ImageInput()
    block = EfficientNetBlock(weights=network, trainable=False, head_first=1.5)
    model = AutoModel(node, ClassificationHead()(block(node)), max_trials=1)
    with pytest.raises(ValueError, match="The 'head_first' parameter of Effic"):
        model.fit(*digits)


def test_a_model_that_cannot_be_had_is_one_warning(digits):
    X, y = digits
    model = ImageClassifier(pretrained="nowhere.keras", max_trials=2, epochs=1)
    with pytest.warns(UserWarning, match=r"no file 'nowhere.keras'") as caught:
        model.fit(X, y)
    assert len([w for w in caught if "nowhere" in str(w.message)]) == 1
    assert model.n_trials_ == 2
    with (
        pytest.warns(UserWarning, match="nowhere"),
        pytest.raises(SearchError, match=r"no file 'nowhere.keras'"),
    ):
        alone("nowhere.keras").fit(X, y)


def test_images_of_other_channels_are_left_to_other_networks(network):
    rng = np.random.default_rng(0)
    X, y = rng.random((60, 8, 8, 2)), np.arange(60) % 2
    model = ImageClassifier(pretrained=network, max_trials=2, epochs=1)
    with pytest.warns(UserWarning, match="one or three channels, got 2"):
        model.fit(X, y)


def test_too_little_time_is_told(digits, network, monkeypatch):
    # A machine that encodes nothing in time.
    monkeypatch.setattr("skautokeras._fit.encoding._SAFE", 1e-6)
    model = ImageClassifier(pretrained=network, max_time=15, max_trials=1)
    with pytest.warns(UserWarning, match="no time to encode the images"):
        model.fit(*digits)


def test_kinds_that_need_weights_ask_for_them(digits):
    with pytest.raises(ValueError, match=r"ImageBlock\(block_type='tuned'\) needs"):
        alone(None, "tuned").fit(*digits)


def test_exported_models_start_from_pixels(fitted, digits, tmp_path):
    X = digits[0][:20]
    expected = fitted.predict_proba(X)
    model = fitted.export_model()
    assert list(model.input) == ["pixels"]
    pixels = fitted._adapter.transform(X)["pixels"]
    np.testing.assert_allclose(
        model({"pixels": pixels})["classification_head_1"], expected, atol=1e-5
    )
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(
        again({"pixels": pixels})["classification_head_1"], expected, atol=1e-5
    )
    fitted.export(tmp_path / "saved_model")
    # This package is not there.
    np.save(tmp_path / "X.npy", X)
    code = f"""
import json, sys, numpy as np, tensorflow as tf
sys.modules["skautokeras"] = None
model = tf.saved_model.load({str(tmp_path / "saved_model")!r})
signature = model.signatures["serving_default"]
((name, spec),) = signature.structured_input_signature[1].items()
X = tf.cast(np.load({str(tmp_path / "X.npy")!r})[..., None], spec.dtype)
print(json.dumps(signature(**{{name: X}})["probabilities"].numpy().tolist()))
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    np.testing.assert_allclose(json.loads(done.stdout), expected, atol=1e-5)


@pytest.mark.parametrize("format", ["onnx", "litert"])
def test_other_runtimes_read_the_model(fitted, digits, tmp_path, format):
    X = digits[0][:20]
    expected = fitted.predict(X)
    path = tmp_path / f"model.{'onnx' if format == 'onnx' else 'tflite'}"
    if format == "onnx":
        ort = pytest.importorskip("onnxruntime")
        pytest.importorskip("tf2onnx")
        fitted.export(path, format="onnx")
        session = ort.InferenceSession(path)
        (spec,) = session.get_inputs()
        dtype = {"tensor(float)": "float32", "tensor(uint8)": "uint8"}[spec.type]
        names = [x.name for x in session.get_outputs()]
        outputs = session.run(None, {spec.name: X[..., None].astype(dtype)})
        found = dict(zip(names, outputs, strict=True))
        found = found["probabilities"].argmax(axis=1)
    else:
        fitted.export(path, format="litert")
        interpreter = pytest.importorskip("ai_edge_litert.interpreter").Interpreter
        runner = interpreter(str(path)).get_signature_runner()
        ((name, spec),) = runner.get_input_details().items()
        outputs = runner(**{name: X[..., None].astype(spec["dtype"])})
        found = outputs["probabilities"].argmax(axis=1)
    np.testing.assert_array_equal(found, expected)


def test_the_pipeline_of_scikeras_encodes_images(fitted, digits):
    X, y = digits
    pipeline = fitted.to_scikeras(fitted=True)
    np.testing.assert_allclose(
        pipeline.predict_proba(X[:20]), fitted.predict_proba(X[:20]), atol=1e-5
    )
    again = fitted.to_scikeras().fit(X[:320], y[:320])
    assert again.score(X[320:], y[320:]) > 0.8


def test_two_inputs_of_images_have_encoders_of_their_own(digits, network):
    """Their pixels have other shapes and ranges."""
    X, y = digits
    wide = np.repeat(X, 2, axis=2) / 16.0
    inputs = [ImageInput(), ImageInput()]
    block = {"block_type": "pretrained", "pretrained": network}
    made = [ImageBlock(**block)(node) for node in inputs]
    model = AutoModel(
        inputs, ClassificationHead()(Merge()(made)), max_trials=2, random_state=0
    ).fit([X, wide], y)
    assert len(model._adapter.encoders) == 2
    assert model.score([X, wide], y) > 0.8


def test_networks_that_resize_are_read_by_other_runtimes(digits, tmp_path):
    ort = pytest.importorskip("onnxruntime")
    pytest.importorskip("tf2onnx")
    colours = keras.Input((None, None, 3))
    maps = keras.layers.Conv2D(4, 9, strides=8, activation="relu")(colours)
    keras.Model(colours, maps).save(tmp_path / "own.keras")
    X, y = digits
    model = alone(str(tmp_path / "own.keras"), max_trials=1, epochs=2).fit(X, y)
    model.export(tmp_path / "model.onnx", format="onnx")
    session = ort.InferenceSession(tmp_path / "model.onnx")
    (spec,) = session.get_inputs()
    dtype = {"tensor(float)": "float32", "tensor(uint8)": "uint8"}[spec.type]
    names = [x.name for x in session.get_outputs()]
    outputs = session.run(None, {spec.name: X[:20, ..., None].astype(dtype)})
    found = dict(zip(names, outputs, strict=True))["probabilities"]
    np.testing.assert_allclose(found, model.predict_proba(X[:20]), atol=1e-3)
    model.export(tmp_path / "model.tflite", format="litert")
