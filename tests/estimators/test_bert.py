"""Pretrained models for texts inside of estimators, with tiny ones made on the fly."""

import pickle
import sys

import keras
import numpy as np
import pandas as pd
import pytest

from skautokeras import (
    AutoModel,
    BertBlock,
    ClassificationHead,
    StructuredDataBlock,
    StructuredDataInput,
    TextBlock,
    TextInput,
    load,
)
from skautokeras._layers import TextEncoder, walk
from skautokeras._space import PresetTokenizer, load_backbone
from skautokeras.exceptions import SearchError


def model_of(block, node=None, **params):
    """Return an estimator of one quick trial."""
    node = TextInput() if node is None else node
    params = {"max_trials": 1, "epochs": 20, "refit": False} | params
    output = ClassificationHead()(block(node))
    params |= {"random_state": 0, "batch_size": 16, "ensemble_size": 1}
    return AutoModel(node, output, **params)


def tuned(preset, **params):
    """Return a block whose few weights learn fast."""
    params = {
        "trainable": True,
        "learning_rate_factor": 1.0,
        "pooling": "mean",
    } | params
    return BertBlock(preset=preset, **params)


@pytest.fixture(scope="module")
def fitted(wines, tiny_preset):
    texts, y = wines
    return model_of(tuned(tiny_preset("bert"))).fit(texts[:160], y[:160])


def test_a_preset_of_a_folder_is_fine_tuned(fitted, wines):
    texts, y = wines
    assert fitted.score(texts[160:], y[160:]) > 0.9
    assert np.isfinite(fitted.predict_proba(["", "unheard of", "GOOD"])).all()
    good, bad = fitted.predict_proba(["GOOD wine", "bad wine"])[:, 1]
    assert good > bad


@pytest.mark.parametrize("how", ["pickle", "file"])
def test_what_is_written_down_needs_no_preset(
    fitted, wines, monkeypatch, tmp_path, how
):
    import keras_hub

    data = pickle.dumps(fitted)
    fitted.save(tmp_path / "model")

    def refuse(*args, **kwargs):
        raise AssertionError("a preset was asked for")

    for kind in (keras_hub.models.Tokenizer, keras_hub.models.Backbone):
        monkeypatch.setattr(kind, "from_preset", refuse)
    texts = [*wines[0][160:], "unheard of"]
    again = pickle.loads(data) if how == "pickle" else load(tmp_path / "model")
    np.testing.assert_array_equal(
        again.predict_proba(texts), fitted.predict_proba(texts)
    )


def test_the_exported_model_is_read_back_from_a_file(fitted, wines, tmp_path):
    path = tmp_path / "model.keras"
    fitted.export_model().save(path)
    model = keras.models.load_model(path)
    arrays = fitted._adapter.transform(wines[0])
    (y_pred,) = model({name: arrays[name] for name in model.input}).values()
    expected = fitted.predict_proba(wines[0])[:, 1]
    np.testing.assert_allclose(np.ravel(y_pred), expected, atol=1e-5)


@pytest.mark.parametrize("kind", ["distil_bert", "roberta"])
def test_other_architectures_are_fine_tuned(wines, tiny_preset, kind):
    texts, y = wines
    model = model_of(tuned(tiny_preset(kind)), refit=True, epochs=15)
    assert model.fit(texts, y).score(texts, y) > 0.8
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(
        again.predict_proba(texts), model.predict_proba(texts)
    )


def weights_of(model, preset):
    """Return the weights of the encoder in a fitted model, and those of the preset."""
    layers = walk(model.model_)
    encoder = next(layer for layer in layers if isinstance(layer, TextEncoder))
    return encoder.get_weights(), load_backbone(preset).get_weights()


class OnBatches(keras.callbacks.Callback):
    """A callback with which trainings go through `keras.Model.fit`."""

    def on_train_batch_end(self, batch, logs=None):
        """Do nothing."""


@pytest.mark.parametrize(
    "callbacks",
    [
        pytest.param(None, id="compiled"),
        pytest.param([OnBatches()], id="fit", marks=pytest.mark.slow),
    ],
)
def test_pretrained_weights_change_as_much_as_their_rate_says(
    wines, tiny_preset, callbacks
):
    texts, y = wines
    preset = tiny_preset("bert")
    steps = {}
    for factor in (1.0, 0.01):
        block = tuned(preset, learning_rate_factor=factor)
        model = model_of(block, epochs=1, callbacks=callbacks).fit(texts, y)
        after, before = weights_of(model, preset)
        pairs = zip(after, before, strict=True)
        steps[factor] = max(np.abs(a - b).max() for a, b in pairs)
    assert steps[1.0] > 1e-3
    assert 0.003 < steps[0.01] / steps[1.0] < 0.03


def test_frozen_weights_stay_and_the_head_learns(wines, tiny_preset):
    texts, y = wines
    block = BertBlock(preset=tiny_preset("bert"), trainable=False)
    model = model_of(block).fit(texts, y)
    assert not any(isinstance(layer, TextEncoder) for layer in walk(model.model_))
    losses = model.history_["loss"]
    assert losses[-1] < losses[0]
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(
        again.predict_proba(texts), model.predict_proba(texts)
    )


def test_a_text_of_a_table_goes_through_a_pretrained_model(wines, tiny_preset):
    texts, y = wines
    X = pd.DataFrame({"year": np.arange(200) % 7, "description": texts})
    node = StructuredDataInput(column_types={"description": "text"})
    block = StructuredDataBlock(text=tuned(tiny_preset("bert")))
    model = model_of(block, node).fit(X[:160], y[:160])
    assert model.score(X[160:], y[160:]) > 0.9


def test_texts_are_taken_apart_once_for_all_trials(wines, tiny_preset, monkeypatch):
    seen = []
    tokenise = PresetTokenizer.__call__

    def counted(self, texts):
        seen.append(len(texts))
        return tokenise(self, texts)

    monkeypatch.setattr(PresetTokenizer, "__call__", counted)
    n_seen = []
    for max_trials in (1, 3):
        seen.clear()
        block = BertBlock(preset=tiny_preset("bert"))
        model_of(block, max_trials=max_trials, epochs=1).fit(*wines)
        n_seen.append(sum(seen))
    assert n_seen[0] == n_seen[1]


def test_a_search_goes_on_without_a_preset_that_cannot_be_had(wines, tmp_path):
    block = TextBlock(pretrained=str(tmp_path / "nowhere"))
    model = model_of(block, max_trials=7, epochs=1)
    with pytest.warns(UserWarning, match="could not be had") as caught:
        model.fit(*wines)
    assert len([w for w in caught if "could not be had" in str(w.message)]) == 1
    assert model.n_trials_ == 7
    kinds = [p["text_block_1/block_type"] for p in model.leaderboard_["params"]]
    assert not {"pretrained", "tuned"} & {*kinds}


def test_nothing_but_a_missing_preset_is_an_error_that_says_so(wines, tmp_path):
    model = model_of(BertBlock(preset=str(tmp_path / "nowhere")))
    with (
        pytest.warns(UserWarning, match="could not be had"),
        pytest.raises(SearchError, match=r"could not be had.*save_to_preset"),
    ):
        model.fit(*wines)


def test_without_keras_hub_an_error_names_the_extra(wines, monkeypatch):
    monkeypatch.setitem(sys.modules, "keras_hub", None)
    with pytest.raises(ImportError, match=r'pip install "skautokeras\[text\]"'):
        model_of(BertBlock()).fit(*wines)
