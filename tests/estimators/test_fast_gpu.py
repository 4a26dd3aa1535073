"""What was trained on a fast GPU, in bfloat16, is an estimator like any other."""

import pickle

import keras
import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import skautokeras
from benchmarks.internals import make_request
from benchmarks.methods.exported_models import SUFFIXES, run_exported
from skautokeras import (
    AutoModel,
    ClassificationHead,
    ImageBlock,
    ImageClassifier,
    ImageInput,
)
from skautokeras._layers import walk
from skautokeras._space import accelerator

seen = []


class Look(keras.callbacks.Callback):
    """Notes what the layers compute in while they are trained; also in copies."""

    def on_train_begin(self, logs=None):
        seen.append({layer.compute_dtype for layer in self.model.layers})


class LookAtBatches(Look):
    """Makes training go through `keras.Model.fit`."""

    def on_train_batch_end(self, batch, logs=None):
        pass


@pytest.fixture(scope="module")
def digits():
    """Digits in two halves: images (n, 8, 8) of 0 to 16, and the classes."""
    data = load_digits()
    return train_test_split(
        data.images, data.target, stratify=data.target, test_size=0.25, random_state=0
    )


def fit(digits, callback, **params):
    seen.clear()
    classifier = ImageClassifier(
        max_trials=1, ensemble_size=1, random_state=0, callbacks=[callback()], **params
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(accelerator, "has_fast_gpu", lambda: True)
        classifier.fit(digits[0], digits[2])
    assert seen == [{"bfloat16", "float32"}]
    return classifier.set_params(callbacks=None)


@pytest.fixture(scope="module")
def fitted(digits):
    """A classifier whose network was trained once, in bfloat16."""
    return fit(digits, Look, epochs=4, refit=False)


def test_digits_are_learned_in_bfloat16(fitted, digits):
    losses = fitted.history_["loss"]
    assert losses[-1] < 0.5 * losses[0]
    assert fitted.score(digits[1], digits[3]) > 0.85
    proba = fitted.predict_proba(digits[1])
    assert proba.dtype == np.float32
    np.testing.assert_allclose(proba.sum(axis=1), 1, atol=1e-6, rtol=0)


@pytest.mark.parametrize(("callback", "refit"), [(LookAtBatches, False), (Look, True)])
def test_what_predicts_is_exact_however_it_was_trained(digits, callback, refit):
    classifier = fit(digits, callback, epochs=2, refit=refit)
    assert {layer.compute_dtype for layer in classifier.model_.layers} == {"float32"}
    assert "bfloat16" not in classifier.model_.to_json()
    assert classifier.score(digits[1], digits[3]) > 0.3


def test_files_and_pickles_say_the_same_without_a_gpu(fitted, digits, tmp_path):
    X_test = digits[1][:20]
    path = tmp_path / "model.skautokeras"
    fitted.save(path)
    expected = fitted.predict_proba(X_test)
    for copy in (skautokeras.load(path), pickle.loads(pickle.dumps(fitted))):
        proba = copy.predict_proba(X_test)
        assert proba.dtype == np.float32
        np.testing.assert_allclose(proba, expected, atol=1e-6)


@pytest.mark.parametrize("format", ["onnx", "litert"])
def test_other_runtimes_say_the_same(fitted, digits, tmp_path, format):
    X_test = digits[1][:20].astype("float32")
    path = f"{tmp_path / 'model'}{SUFFIXES[format]}"
    fitted.export(path, format=format)
    outputs = run_exported(format, {path: make_request(fitted, X_test)})[path]
    expected = fitted.predict_proba(X_test)
    np.testing.assert_allclose(outputs["probabilities"], expected, atol=1e-5)


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    """A file of a small network with batch normalization, from colours to vectors."""
    keras.utils.set_random_seed(0)
    colours = keras.Input((8, 8, 3))
    x = keras.layers.Rescaling(1 / 255)(colours)
    x = keras.layers.Conv2D(8, 3, padding="same", use_bias=False)(x)
    x = keras.layers.ReLU()(keras.layers.BatchNormalization()(x))
    x = keras.layers.Flatten()(keras.layers.DepthwiseConv2D(3)(x))
    path = tmp_path_factory.mktemp("network") / "network.keras"
    keras.Model(colours, x).save(path)
    return str(path)


@pytest.mark.parametrize(("kind", "least"), [("pretrained", 0.85), ("tuned", 0.35)])
def test_pretrained_networks_are_exact_in_files(digits, network, tmp_path, kind, least):
    seen.clear()
    node = ImageInput()
    block = ImageBlock(block_type=kind, pretrained=network)
    model = AutoModel(
        node,
        ClassificationHead()(block(node)),
        max_trials=2,
        epochs=10,
        ensemble_size=1,
        random_state=0,
        callbacks=[Look()],
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(accelerator, "has_fast_gpu", lambda: True)
        model.fit(digits[0][:300], digits[2][:300])
    assert all("bfloat16" in dtypes for dtypes in seen)
    assert {layer.compute_dtype for layer in walk(model.model_)} == {"float32"}
    assert model.score(digits[1], digits[3]) > least
    assert "bfloat16" not in model.model_.to_json()
    model.set_params(callbacks=None).save(tmp_path / "model")
    again = skautokeras.load(tmp_path / "model")
    assert {layer.compute_dtype for layer in walk(again.model_)} == {"float32"}
    np.testing.assert_array_equal(
        again.predict_proba(digits[1]), model.predict_proba(digits[1])
    )
