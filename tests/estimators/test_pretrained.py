"""The parameter `pretrained`, with tiny models that are made on the fly."""

import json
import pickle
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

pytest.importorskip("keras_hub")
pytest.importorskip("safetensors")

import tensorflow as tf
from safetensors.numpy import save_file

from skautokeras import (
    AutoModel,
    ClassificationHead,
    StructuredDataClassifier,
    TextBlock,
    TextClassifier,
    TextInput,
    TextRegressor,
    load,
)
from skautokeras._layers import TextEncoder, walk
from skautokeras._layers.frozen import FrozenEncoder
from skautokeras._space import PresetTokenizer

VOCABULARY = [
    *("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"),
    *("a", "dry", "red", "wine", "##s", "good", "bad", "oak", "with", "rose"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A tiny BERT as Hugging Face writes it, without a vocabulary in its own file."""
    folder, rng = tmp_path_factory.mktemp("hugging_face"), np.random.default_rng(0)
    width, hidden = 8, 16
    shapes = {
        "embeddings.word_embeddings.weight": (len(VOCABULARY), width),
        "embeddings.position_embeddings.weight": (32, width),
        "embeddings.token_type_embeddings.weight": (2, width),
        "embeddings.LayerNorm.weight": (width,),
        "embeddings.LayerNorm.bias": (width,),
        "pooler.dense.weight": (width, width),
        "pooler.dense.bias": (width,),
    }
    inner = {"intermediate.dense": (hidden, width), "output.dense": (width, hidden)}
    inner |= {
        f"attention.{name}": (width, width)
        for name in ("self.query", "self.key", "self.value", "output.dense")
    }
    for name, shape in inner.items():
        shapes[f"encoder.layer.0.{name}.weight"] = shape
        shapes[f"encoder.layer.0.{name}.bias"] = shape[:1]
    for name in ("attention.output", "output"):
        shapes[f"encoder.layer.0.{name}.LayerNorm.weight"] = (width,)
        shapes[f"encoder.layer.0.{name}.LayerNorm.bias"] = (width,)
    weights = {k: rng.normal(0, 0.5, s).astype("float32") for k, s in shapes.items()}
    save_file(weights, folder / "model.safetensors")
    config = {
        "model_type": "bert",
        "vocab_size": len(VOCABULARY),
        "hidden_size": width,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "intermediate_size": hidden,
        "hidden_dropout_prob": 0.1,
        "max_position_embeddings": 32,
    }
    tokenizer = {
        "normalizer": {"lowercase": True, "strip_accents": None},
        "model": {
            "type": "WordPiece",
            "vocab": {piece: i for i, piece in enumerate(VOCABULARY)},
        },
    }
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer))
    return folder


def classifier(pretrained, **params):
    """Return a classifier that needs no more than some seconds."""
    params = {"max_trials": 4, "random_state": 0} | params
    return TextClassifier(pretrained=pretrained, **params)


def alone(pretrained, **params):
    """Return a model of nothing but heads on vectors of a pretrained model."""
    node = TextInput()
    block = TextBlock(block_type="pretrained", pretrained=pretrained)
    params = {"max_trials": 4, "random_state": 0} | params
    return AutoModel(node, ClassificationHead()(block(node)), **params)


@pytest.fixture(scope="module")
def fitted(wines, folder):
    texts, y = wines
    return alone(folder).fit(texts[:160], y[:160])


def test_a_folder_of_hugging_face_is_all_that_is_needed(wines, folder):
    texts, y = wines
    model = classifier(folder).fit(texts[:160], y[:160])
    assert model.score(texts[160:], y[160:]) > 0.9
    assert "pretrained" in set(model.leaderboard_["kind"])
    assert "8 numbers by" in model.columns_["becomes"].iloc[0]
    assert clone(model).pretrained == folder


def test_accents_are_taken_off_as_the_model_was_trained(folder):
    tokenizer = PresetTokenizer(str(folder))
    with_accent, without = tokenizer(["Rosé", "rose"])
    assert with_accent == without == [VOCABULARY.index("rose")]
    again = PresetTokenizer.from_config(tokenizer.get_config())
    assert again(["Rosé"]) == [without]


@pytest.mark.parametrize("how", ["pickle", "file"])
def test_what_is_written_down_needs_no_folder(fitted, wines, tmp_path, how):
    texts = [*wines[0][160:], "unheard of", ""]
    if how == "pickle":
        again = pickle.loads(pickle.dumps(fitted))
    else:
        fitted.save(tmp_path / "model")
        again = load(tmp_path / "model")
    np.testing.assert_array_equal(
        again.predict_proba(texts), fitted.predict_proba(texts)
    )


def test_members_share_one_copy_of_the_encoder(wines, folder):
    model = alone(folder, cv=3, refit=False).fit(*wines)
    assert len(model._ensemble.models) > 1
    layers = [layer for member in model._ensemble.models for layer in walk(member)]
    assert not any(isinstance(layer, TextEncoder) for layer in layers)
    widths = {"encoder": 8, "static": 8}
    assert model._adapter.encoders[str(folder)].widths == widths


def test_texts_are_encoded_once_for_all_trials(wines, folder, monkeypatch):
    seen = []
    encode = FrozenEncoder.encode

    def counted(self, tokens, *args):
        seen.append(len(tokens))
        return encode(self, tokens, *args)

    monkeypatch.setattr(FrozenEncoder, "encode", counted)
    n_seen = []
    for max_trials in (1, 3):
        seen.clear()
        alone(folder, max_trials=max_trials, epochs=1).fit(*wines)
        n_seen.append(sum(seen))
    assert n_seen[0] == n_seen[1]


def test_a_search_goes_on_without_encoding_again(wines, folder, tmp_path, monkeypatch):
    first = alone(folder, directory=tmp_path, max_trials=2).fit(*wines)

    def refuse(*args):
        raise AssertionError("a model was loaded")

    monkeypatch.setattr("skautokeras._fit.encoding.load_encoder", refuse)
    again = alone(folder, directory=tmp_path, max_trials=2).fit(*wines)
    np.testing.assert_array_equal(
        first.predict_proba(wines[0]), again.predict_proba(wines[0])
    )


def test_trials_in_other_processes_read_the_same_vectors(wines, folder):
    one = alone(folder, refit=False, n_jobs=1).fit(*wines)
    two = alone(folder, refit=False, n_jobs=2).fit(*wines)
    assert two.n_trials_ == one.n_trials_
    assert two.score(*wines) > 0.9


def test_a_column_of_texts_of_a_table(wines, folder):
    texts, y = wines
    X = pd.DataFrame({"year": np.arange(200) % 7, "description": texts})
    X["other"] = X["description"].str[::-1]
    model = StructuredDataClassifier(
        pretrained=folder,
        column_types={"description": "text", "other": "text"},
        max_trials=4,
        random_state=0,
    ).fit(X[:160], y[:160])
    assert model.score(X[160:], y[160:]) > 0.9
    assert "dense + pretrained" in set(model.leaderboard_["kind"])
    becomes = model.columns_.set_index("name")["becomes"]
    assert "8 numbers by" in becomes["description"]
    assert "8 numbers by" in becomes["other"]


def test_a_table_without_texts_needs_no_model(folder):
    X = np.random.default_rng(0).normal(size=(60, 3))
    model = StructuredDataClassifier(pretrained="nowhere", max_trials=1, epochs=1)
    assert model.fit(X, np.arange(60) % 2).n_trials_ == 1


def test_numbers_are_predicted_from_several_models(wines, folder, tiny_preset):
    texts, y = wines
    model = TextRegressor(
        pretrained=[folder, tiny_preset("roberta")], max_trials=5, random_state=0
    ).fit(texts[:160], y[:160].astype(float))
    assert model.score(texts[160:], y[160:]) > 0.9
    presets = [v.get("text_block_1/preset") for v in model.leaderboard_["params"]]
    assert {str(folder), tiny_preset("roberta")} <= {*presets}


def test_a_model_that_cannot_be_had_is_one_warning(wines, tmp_path):
    model = classifier(str(tmp_path / "nowhere"), max_trials=6, epochs=1)
    with pytest.warns(UserWarning, match="could not be had") as caught:
        model.fit(*wines)
    assert len([w for w in caught if "could not be had" in str(w.message)]) == 1
    assert model.n_trials_ == 6


def test_too_little_time_is_told(wines, folder, monkeypatch):
    # A machine that encodes nothing in time.
    monkeypatch.setattr("skautokeras._fit.encoding._SAFE", 1e-6)
    with pytest.warns(UserWarning, match="no time to encode"):
        model = classifier(folder, max_time=20, max_trials=5).fit(*wines)
    assert model.score(*wines) > 0.9


TEXTS = ["good wines", "bad rosé, with oak!", "", "unheard of"]


def test_exported_models_start_from_strings(fitted, tmp_path):
    expected = fitted.predict_proba(TEXTS)
    model = fitted.export_model(raw=True)
    (name,) = model.input
    found = model({name: tf.constant(TEXTS)})["probabilities"]
    np.testing.assert_allclose(found, expected, atol=1e-5)
    fitted.export(tmp_path / "saved_model")
    # Neither KerasHub nor this package is there.
    code = f"""
import sys, tensorflow as tf
sys.modules["keras_hub"] = sys.modules["skautokeras"] = None
model = tf.saved_model.load({str(tmp_path / "saved_model")!r})
texts = tf.constant({TEXTS!r})
outputs = model.signatures["serving_default"](**{{{name!r}: texts}})
print(outputs["probabilities"].numpy().tolist())
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    np.testing.assert_allclose(json.loads(done.stdout), expected, atol=1e-5)


def test_exported_models_start_from_tokens(fitted, tmp_path):
    ort = pytest.importorskip("onnxruntime")
    pytest.importorskip("tf2onnx")
    model = fitted.export_model()
    assert "subwords_1" in model.input
    assert "encoder_1" not in model.input
    arrays = fitted._adapter.transform(TEXTS)
    expected = fitted.predict_proba(TEXTS)[:, 1]
    found = model({name: arrays[name] for name in model.input})
    np.testing.assert_allclose(
        np.ravel(found["classification_head_1"]), expected, atol=1e-5
    )
    fitted.export(tmp_path / "model.onnx", format="onnx", raw=False)
    session = ort.InferenceSession(tmp_path / "model.onnx")
    inputs = {x.name: arrays[x.name] for x in session.get_inputs()}
    np.testing.assert_allclose(
        np.ravel(session.run(None, inputs)[0]), expected, atol=1e-5
    )


def test_a_tokenizer_that_needs_keras_hub_is_refused(wines, tiny_preset, tmp_path):
    from skautokeras.exceptions import ExportError

    model = alone(tiny_preset("roberta"), max_trials=1).fit(*wines)
    with pytest.raises(ExportError, match=r"needs KerasHub.*raw=False"):
        model.export_model(raw=True)
    model.export(tmp_path / "model.keras", format="keras", raw=False)


def test_the_pipeline_of_scikeras_encodes_texts(fitted, wines):
    texts, y = wines
    pipeline = fitted.to_scikeras(fitted=True)
    np.testing.assert_allclose(
        pipeline.predict_proba(TEXTS), fitted.predict_proba(TEXTS), atol=1e-5
    )
    again = fitted.to_scikeras().fit(texts[:160], y[:160])
    assert again.score(texts[160:], y[160:]) > 0.9
