"""Frozen encoders: what they compute, once per row, and how they are kept."""

import pickle

import keras
import numpy as np
import pytest

from skautokeras._layers import ImageVectors, StaticVectors, TextVectors, Zeros
from skautokeras._layers.bert import make_bert
from skautokeras._layers.frozen import TOKENS_AT_ONCE, FrozenEncoder, table_of
from skautokeras._layers.pretrained import ImageEncoder, TextEncoder
from skautokeras._state import Deadline

# Pieces of 14 kinds, of which 0 fills the places behind the end.
N_TOKENS, LENGTH = 14, 12


@pytest.fixture(scope="module")
def encoder():
    """A frozen BERT of random weights."""
    keras.utils.set_random_seed(0)
    bert = make_bert(
        vocabulary_size=N_TOKENS,
        n_places=LENGTH + 2,
        n_layers=2,
        n_heads=2,
        width=8,
        hidden=16,
    )
    vectors = TextVectors(
        TextEncoder(bert, "mean", trainable=False), LENGTH + 2, start=1, end=2
    )
    tokens = keras.Input((None,), dtype="int32")
    return FrozenEncoder(keras.Model(tokens, vectors(tokens)))


@pytest.fixture(scope="module")
def tokens():
    """Tokens of texts of 0 to 12 of them, some of which are equal."""
    rng = np.random.default_rng(0)
    tokens = rng.integers(1, N_TOKENS + 1, (3000, LENGTH))
    lengths = rng.integers(0, LENGTH + 1, len(tokens))
    tokens[np.arange(LENGTH) >= lengths[:, None]] = 0
    tokens[1000:1100] = tokens[:100]
    return tokens.astype("int32")


def test_chunks_of_sorted_texts_have_the_vectors_of_each_alone(encoder, tokens):
    assert (tokens > 0).sum() > 2 * TOKENS_AT_ONCE
    vectors = encoder.encode(tokens)
    for kind in ("encoder", "static"):
        np.testing.assert_array_equal(vectors[kind][1000:1100], vectors[kind][:100])
        for i in range(0, len(tokens), 300):
            alone = encoder.model(tokens[i : i + 1, : (tokens[i] > 0).sum()])[kind]
            np.testing.assert_allclose(
                vectors[kind][i], np.asarray(alone)[0], atol=1e-5
            )
    assert {*encoder.encode(tokens[:3], ["static"])} == {"static"}


def test_static_vectors_are_means_of_those_that_the_network_begins_with(
    encoder, tokens
):
    (layer,) = [x for x in encoder.model.layers if isinstance(x, TextVectors)]
    table = np.asarray(table_of(layer.encoder))
    found = encoder.encode(tokens[:20], ["static"])["static"]
    for row, vector in zip(tokens[:20], found, strict=True):
        known = row[row > 0] - 1
        expected = table[known].mean(axis=0) if len(known) else np.zeros(8)
        np.testing.assert_allclose(vector, expected, atol=1e-6)


def test_equal_texts_are_computed_once(encoder, tokens, monkeypatch):
    sizes = []
    function = encoder._function

    def counted(kinds):
        def call(x):
            sizes.append(len(x))
            return function(kinds)(x)

        return call

    monkeypatch.setattr(encoder, "_function", counted)
    encoder.encode(np.tile(tokens[:50], (3, 1)))
    assert sum(sizes) == len(np.unique(tokens[:50], axis=0))


def test_texts_behind_the_deadline_have_no_vectors(encoder, tokens):
    vectors = encoder.encode(tokens[:5], deadline=Deadline(0))
    assert all(np.isnan(found).all() for found in vectors.values())
    assert encoder.encode(tokens[:0])["encoder"].shape == (0, 8)


def standardised(encoder, tokens):
    """Return an encoder that knows the scales of vectors."""
    other = FrozenEncoder(encoder.model)
    for kind, vectors in encoder.encode(tokens).items():
        other.learn_scale(kind, vectors)
    return other


def test_vectors_are_standardised_by_what_was_learned(encoder, tokens):
    other = standardised(encoder, tokens)
    vectors = other.encode(tokens)
    exported = other.as_model().predict(tokens, verbose=0)
    for kind, found in vectors.items():
        np.testing.assert_allclose(found.mean(0), 0, atol=1e-4)
        # Numbers keep their sizes in proportion to each other.
        np.testing.assert_allclose(np.sqrt((found**2).mean()), 1, atol=1e-4)
        np.testing.assert_allclose(exported[kind], found, atol=1e-4)


def test_a_pickled_encoder_gives_the_same_vectors(encoder, tokens):
    encoder = standardised(encoder, tokens)
    again = pickle.loads(pickle.dumps(encoder)).encode(tokens)
    for kind, expected in encoder.encode(tokens).items():
        np.testing.assert_array_equal(again[kind], expected)


def test_vectors_that_never_change_become_zero():
    layer = StaticVectors(N_TOKENS, 2)
    inputs = keras.Input((None,), dtype="int32")
    encoder = FrozenEncoder(keras.Model(inputs, {"static": layer(inputs)}))
    layer.set_weights([np.full((N_TOKENS, 2), 7.0)])
    tokens = np.array([[1], [3], [8]])
    encoder.learn_scale("static", encoder.encode(tokens)["static"])
    np.testing.assert_array_equal(encoder.encode(tokens)["static"], 0)


def test_tokens_behind_the_table_have_no_vector():
    layer = StaticVectors(2, 1)
    layer.build((None, 2))
    layer.set_weights([np.array([[4.0], [8.0]])])
    found = np.asarray(layer(np.array([[2, 9], [0, 0]])))
    np.testing.assert_array_equal(found, [[4.0], [0.0]])


# --- Images


@pytest.fixture(scope="module")
def image_encoder():
    """A frozen network of random weights on grey images of 5 x 6 pixels."""
    keras.utils.set_random_seed(0)
    colours = keras.Input((8, 8, 3))
    maps = keras.layers.Conv2D(4, 3, activation="relu")(colours)
    network = keras.Model(colours, keras.layers.BatchNormalization()(maps))
    layer = ImageVectors(
        ImageEncoder(network, trainable=False), low=0.0, high=15.0, mirrored=True
    )
    pixels = keras.Input((5, 6, 1), dtype="uint8")
    return FrozenEncoder(keras.Model(pixels, layer(pixels)))


@pytest.fixture(scope="module")
def pixels():
    return np.random.default_rng(0).integers(0, 16, (40, 5, 6, 1)).astype("uint8")


def test_images_become_colours_of_the_size_that_the_network_takes(
    image_encoder, pixels
):
    vectors = image_encoder.encode(pixels)
    (layer,) = [x for x in image_encoder.model.layers if isinstance(x, ImageVectors)]
    colours = np.repeat(pixels.astype("float32") * 17, 3, axis=-1)
    colours = keras.ops.image.resize(colours, (8, 8), antialias=True)
    maps = np.asarray(layer.encoder.network(colours))
    np.testing.assert_allclose(vectors["encoder"], maps.mean((1, 2)), atol=1e-3)


def test_the_mean_with_the_mirror_image_is_that_of_the_mirror_image(
    image_encoder, pixels
):
    vectors = image_encoder.encode(pixels)
    mirrored = image_encoder.encode(pixels[:, :, ::-1])
    assert not np.allclose(vectors["encoder"], mirrored["encoder"], atol=0.1)
    np.testing.assert_allclose(vectors["mirrored"], mirrored["mirrored"], atol=1e-3)
    mean = (vectors["encoder"] + mirrored["encoder"]) / 2
    np.testing.assert_allclose(vectors["mirrored"], mean, atol=1e-3)


def test_an_encoder_of_images_is_kept_with_its_scales(image_encoder, pixels):
    encoder = FrozenEncoder(image_encoder.model)
    for kind, values in encoder.encode(pixels).items():
        encoder.learn_scale(kind, values)
    again = pickle.loads(pickle.dumps(encoder))
    for kind, values in encoder.encode(pixels).items():
        np.testing.assert_allclose(values.mean(axis=0), 0, atol=1e-4)
        np.testing.assert_array_equal(again.encode(pixels)[kind], values)


def test_images_end_with_the_time(image_encoder, pixels, clock, monkeypatch):
    monkeypatch.setattr("skautokeras._layers.frozen._MOST_IMAGES", 10)
    deadline = Deadline(2.5, clock)
    compiled = image_encoder._function(("encoder",))

    def slow(part):
        clock.now += 1
        return compiled(part)

    monkeypatch.setattr(image_encoder, "_compiled", {("encoder",): slow})
    vectors = image_encoder.encode(pixels, ["encoder"], deadline)["encoder"]
    assert np.isfinite(vectors).all(axis=1).tolist() == 30 * [True] + 10 * [False]


def test_vectors_that_nobody_reads_are_zeros(pixels):
    inputs = keras.Input((5, 6, 1), dtype="uint8")
    encoder = FrozenEncoder(keras.Model(inputs, {"encoder": Zeros(3)(inputs)}))
    again = pickle.loads(pickle.dumps(encoder))
    np.testing.assert_array_equal(again.encode(pixels)["encoder"], np.zeros((40, 3)))
