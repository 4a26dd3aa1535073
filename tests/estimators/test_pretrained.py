"""The parameter `pretrained`, with tiny models that are made on the fly."""

import json
import os
import pickle
import shutil
import subprocess
import sys
from functools import partial

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

pytest.importorskip("keras_hub")
pytest.importorskip("safetensors")

import tensorflow as tf

from skautokeras import (
    AutoModel,
    BertBlock,
    Block,
    ClassificationHead,
    DenseBlock,
    Input,
    StructuredDataBlock,
    StructuredDataClassifier,
    StructuredDataInput,
    TextBlock,
    TextClassifier,
    TextInput,
    TextRegressor,
    load,
)
from skautokeras._layers import TextEncoder, walk
from skautokeras._layers.frozen import FrozenEncoder
from skautokeras._search.parallel.loky import stop_idle_workers
from skautokeras._space import PresetTokenizer
from skautokeras.exceptions import JournalMismatchError, WeightsMissingError


@pytest.fixture(scope="module")
def folder(tmp_path_factory, write_bert):
    """A tiny BERT as Hugging Face writes it, without a vocabulary in its own file."""
    return write_bert(tmp_path_factory.mktemp("hugging_face"))


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
    assert with_accent == without == [14]
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


LOAD = """
import sys
import joblib
import numpy as np

for name in ("keras_hub", "tensorflow_text"):
    sys.modules[name] = None  # as where it is not installed
import skautokeras

*_, how, path, texts, found = sys.argv
model = skautokeras.load(path) if how == "file" else joblib.load(path)
np.save(found, model.predict_proba(np.load(texts)))
"""


@pytest.mark.parametrize("how", ["joblib", "file"])
def test_a_new_process_needs_no_keras_hub(fitted, wines, tmp_path, how):
    paths = [str(tmp_path / name) for name in ("model", "texts.npy", "found.npy")]
    np.save(paths[1], np.array(wines[0], dtype=str))
    write = fitted.save if how == "file" else partial(joblib.dump, fitted)
    write(paths[0])
    subprocess.run([sys.executable, "-c", LOAD, how, *paths], check=True, timeout=120)
    found = np.load(paths[2])
    np.testing.assert_allclose(found, fitted.predict_proba(wines[0]), atol=1e-6)


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


def test_weights_that_were_replaced_are_read_anew(wines, tmp_path, write_bert):
    folder, proba = tmp_path / "replaced", []
    for seed in (0, 1):
        write_bert(folder, seed=seed)
        model = alone(folder, max_trials=1, epochs=1, refit=False).fit(*wines)
        proba.append(model.predict_proba(wines[0]))
    other = alone(write_bert(tmp_path / "other", seed=1), max_trials=1, epochs=1)
    other.set_params(refit=False).fit(*wines)
    assert np.abs(proba[0] - proba[1]).max() > 1e-3
    np.testing.assert_array_equal(proba[1], other.predict_proba(wines[0]))


@pytest.mark.parametrize("where", ["directory", "memory"])
def test_a_search_does_not_go_on_with_other_weights(wines, tmp_path, write_bert, where):
    folder = write_bert(tmp_path / "hf")
    params = {"max_trials": 1, "epochs": 1, "refit": False}
    if where == "directory":
        params["directory"] = tmp_path / "search"
    model = alone(folder, **params, warm_start=where == "memory").fit(*wines)
    write_bert(folder, seed=1)
    with pytest.raises(JournalMismatchError, match=r"of other parameters \(pretrained"):
        model.fit(*wines)


def test_a_search_goes_on_in_a_copy_of_its_folder(
    wines, tmp_path, write_bert, monkeypatch
):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    write_bert(tmp_path / "here" / "hf")
    model = classifier("hf", max_trials=2, epochs=1, refit=False, directory="search")
    expected = model.fit(*wines).predict_proba(wines[0])
    # All files are newer, and nothing is where it was.
    shutil.copytree("../here", "../there", copy_function=shutil.copyfile)
    shutil.rmtree("hf")
    monkeypatch.chdir(tmp_path / "there")

    def refuse(*args):
        raise AssertionError("a model was loaded")

    monkeypatch.setattr("skautokeras._fit.encoding.load_encoder", refuse)
    model.fit(*wines)
    np.testing.assert_array_equal(model.predict_proba(wines[0]), expected)


def test_a_model_that_was_missing_is_named_when_a_search_goes_on(
    wines, tmp_path, write_bert
):
    params = {"max_trials": 1, "epochs": 1, "refit": False}
    model = classifier(tmp_path / "hf", directory=tmp_path / "search", **params)
    with pytest.warns(UserWarning, match="could not be had"):
        model.fit(*wines)
    write_bert(tmp_path / "hf")
    with pytest.raises(JournalMismatchError, match=r"other parameters \(pretrained\)"):
        model.fit(*wines)


def test_a_model_that_is_missing_when_a_search_goes_on_is_told(
    wines, tmp_path, write_bert
):
    params = {"max_trials": 1, "epochs": 1, "refit": False}
    folder = write_bert(tmp_path / "hf")
    model = classifier(folder, directory=tmp_path / "search", **params).fit(*wines)
    shutil.rmtree(folder)
    message = (
        r"\(pretrained\)\. A pretrained model that .* is missing now.* put it back"
    )
    with pytest.raises(JournalMismatchError, match=message):
        model.fit(*wines)


def test_a_model_may_be_written_in_another_way_when_a_search_goes_on(
    wines, tmp_path, folder
):
    params = {"max_trials": 1, "epochs": 1, "refit": False}
    for same in (str(folder), folder, [folder], (str(folder), folder)):
        model = classifier(same, directory=tmp_path / "search", **params).fit(*wines)
        assert model.n_trials_ == 1
    assert len(list((tmp_path / "search").glob("trial_*"))) == 1


@pytest.fixture
def _nothing_is_encoded(monkeypatch):
    def refuse(*args):
        raise AssertionError("a model was loaded")

    monkeypatch.setattr("skautokeras._fit.encoding.load_encoder", refuse)


@pytest.mark.usefixtures("_nothing_is_encoded")
@pytest.mark.parametrize(
    "wrong", [{"head_first": 1.5}, {"first_layer_rate": 2}, {"trained_share": 0}]
)
def test_a_wrong_parameter_is_told_before_texts_are_encoded(wines, folder, wrong):
    node = TextInput()
    block = BertBlock(preset=folder, trainable=False, **wrong)
    model = AutoModel(node, ClassificationHead()(block(node)), max_trials=1)
    (name,) = wrong
    with pytest.raises(ValueError, match=f"The '{name}' parameter of BertBlock must"):
        model.fit(*wines)


@pytest.mark.usefixtures("_nothing_is_encoded")
@pytest.mark.parametrize("where", ["behind", "inside"])
def test_wrong_parameters_of_other_blocks_are_told_before_encoding(
    wines, folder, where
):
    texts, y = wines
    wrong = DenseBlock(n_layers=0)
    if where == "behind":
        node = TextInput()
        output = wrong(TextBlock(block_type="pretrained", pretrained=folder)(node))
    else:
        node = StructuredDataInput(column_types={"text": "text"})
        output = StructuredDataBlock(pretrained=folder, dense=wrong)(node)
        texts = pd.DataFrame({"year": np.arange(len(y)) % 7, "text": texts})
    model = AutoModel(node, ClassificationHead()(output), max_trials=1)
    with pytest.raises(ValueError, match="The 'n_layers' parameter of DenseBlock must"):
        model.fit(texts, y)


def test_what_names_no_model_is_an_error_with_the_parameter(wines):
    with pytest.raises(TypeError, match="'pretrained' parameter must hold names"):
        classifier([None]).fit(*wines)


@pytest.fixture
def _new_workers():
    """Start workers in the working folder of the test, for none but it."""
    stop_idle_workers()
    yield
    stop_idle_workers()


@pytest.mark.usefixtures("_new_workers")
def test_workers_with_another_working_folder_read_the_same_model(
    wines, tmp_path, write_bert, monkeypatch
):
    params = {"max_trials": 2, "epochs": 1, "random_state": 0, "n_jobs": 2}
    for name in ("of_workers", "of_fit"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / "of_workers")
    TextClassifier(**params, refit=False).fit(*wines)
    monkeypatch.chdir(tmp_path / "of_fit")
    write_bert(tmp_path / "of_fit" / "hf")
    node = TextInput()
    output = ClassificationHead()(BertBlock(preset="hf", trainable=True)(node))
    model = AutoModel(node, output, ensemble_size=2, **params).fit(*wines)
    assert set(model.leaderboard_["status"]) == {"completed"}
    assert output.parents[0].block.preset == "hf"


class InOneProcess(Block):
    """Has its weights in the process that it was made in."""

    def __init__(self, *, process):
        self.process = process

    def build(self, hp, inputs):
        """Build a layer, with weights if they are asked for."""
        if hp.Boolean("with_weights", default=True) and os.getpid() != self.process:
            raise WeightsMissingError("This machine has no weights.")
        return DenseBlock(n_layers=1, units=4).build(hp, inputs)


def test_what_only_workers_lack_is_told_to_the_user():
    X = np.random.default_rng(0).normal(size=(100, 3))
    node = Input()
    output = ClassificationHead()(InOneProcess(process=os.getpid())(node))
    params = {"max_trials": 3, "epochs": 1, "random_state": 0, "refit": False}
    model = AutoModel(node, output, n_jobs=2, **params)
    with pytest.warns(
        UserWarning, match=r"has no weights\. The search leaves"
    ) as caught:
        model.fit(X, (X[:, 0] > 0).astype(int))
    assert len(caught) == 1
    chosen = {v["in_one_process_1/with_weights"] for v in model.leaderboard_["params"]}
    assert chosen == {False}


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


def test_a_search_that_goes_on_warns_again_of_what_it_lacks(wines, tmp_path):
    model = classifier("nowhere", epochs=1, directory=tmp_path, refit=False)
    for max_trials in (2, 3):
        model.set_params(max_trials=max_trials)
        with pytest.warns(UserWarning, match="could not be had") as caught:
            model.fit(*wines)
        assert len([w for w in caught if "could not be had" in str(w.message)]) == 1


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
