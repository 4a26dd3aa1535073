"""Encoding before the trials, and what becomes of it if time is short."""

import re
import shutil

import keras
import numpy as np
import pytest

from skautokeras._data import ImageAdapter, Rows, SplitRows, TextAdapter, XAdapter
from skautokeras._fit import encoding, with_read_vectors, with_vectors
from skautokeras._layers.frozen import FrozenEncoder
from skautokeras._search import Journal
from skautokeras._space import PresetTokenizer
from skautokeras._state import Deadline

# Tokens that a slow machine encodes in a second.
SPEED = 100.0
N_ROWS, N_WORDS = 400, 20
WORDS = ["a", "dry", "red", "wine", "good", "bad", "oak", "with"]


@pytest.fixture(scope="module")
def texts():
    """Different texts of twenty known words, most of which the preset cuts to 30."""
    rng = np.random.default_rng(0)
    return [" ".join(rng.choice(WORDS, N_WORDS)) for _ in range(N_ROWS)]


@pytest.fixture
def encode(texts, tiny_preset, clock, monkeypatch):
    """From the seconds of a fit, to rows with vectors and the adapter."""
    compiled = FrozenEncoder._function

    def slow(self, kinds):
        function = compiled(self, kinds)
        if "encoder" not in kinds:
            return function

        def call(tokens):
            clock.now += tokens.shape[0] * (tokens.shape[1] + 2) / SPEED
            return function(tokens)

        return call

    monkeypatch.setattr(FrozenEncoder, "_function", slow)

    def run(seconds, n_folds=1, journal=None, presets=None):
        presets = presets or [tiny_preset("bert")]
        text = TextAdapter(tokenizers=tuple(map(PresetTokenizer, presets)))
        adapter = XAdapter(["text"], [text], [None])
        x = adapter.fit_transform(texts)
        rows = Rows(x, {"head": np.zeros(N_ROWS)}, weight=None)
        data = SplitRows(rows.take(slice(320)), rows.take(slice(320, None)), all=rows)
        deadline = Deadline(seconds, clock)
        journal = journal or Journal(None, {}, seed=0)
        data = with_vectors(
            data, adapter, presets, deadline, journal, n_folds=n_folds, seed=0
        )
        return data, adapter, deadline.spent()

    return run


@pytest.fixture
def slow_reading(clock, monkeypatch):
    """From the seconds that reading a model takes, to a list of those that are read."""
    load, read = encoding.load_encoder, []

    def slow(seconds):
        def call(preset, facts):
            clock.now += seconds
            read.append(preset)
            return load(preset, facts)

        monkeypatch.setattr(encoding, "load_encoder", call)
        return read

    return slow


@pytest.fixture(scope="module")
def three(tiny_preset, tmp_path_factory):
    """Folders of three models."""
    folder = tmp_path_factory.mktemp("three")
    return [str(shutil.copytree(tiny_preset("bert"), folder / name)) for name in "abc"]


def known(rows, kind="encoder", number=1):
    """Return which rows have vectors."""
    return np.isfinite(rows.x[f"{kind}_{number}"]).all(axis=1)


# Tokens of all texts with the marks, and seconds that they take.
ALL = N_ROWS * (N_WORDS + 2) / SPEED


@pytest.mark.parametrize("seconds", [None, 12 * ALL])
def test_all_rows_have_vectors_if_there_is_time(encode, seconds):
    data, adapter, _ = encode(seconds)
    for kind in ("encoder", "static"):
        assert known(data.all, kind).all()
        assert np.shares_memory(data.all.x[f"{kind}_1"], data.train.x[f"{kind}_1"])
        assert np.shares_memory(data.all.x[f"{kind}_1"], data.valid.x[f"{kind}_1"])
    train = data.train.x["encoder_1"]
    np.testing.assert_allclose(train.mean(0), 0, atol=1e-3)
    np.testing.assert_allclose(np.sqrt((train**2).mean()), 1, atol=1e-3)
    (schema,) = adapter.schemas_
    assert schema.shapes["encoder_1"] == (8, "float32")


def test_other_rows_get_the_vectors_of_the_rows_of_fit(encode, texts):
    data, adapter, _ = encode(None)
    arrays = adapter.transform(texts[320:])
    for kind in ("encoder_1", "static_1"):
        np.testing.assert_allclose(arrays[kind], data.valid.x[kind], atol=1e-4)


def test_training_rows_go_without_if_time_is_short(encode):
    data, _, spent = encode(3.3 * ALL)
    assert known(data.valid).all()
    assert 0.5 < known(data.train).mean() < 1
    assert known(data.all).sum() == known(data.train).sum() + 80
    assert known(data.all, "static").all()
    assert spent < 0.4 * 3.3 * ALL


@pytest.mark.parametrize(("seconds", "n_folds"), [(0.15 * ALL, 1), (3.3 * ALL, 3)])
def test_no_vectors_are_better_than_those_of_some_validation_rows(
    encode, seconds, n_folds
):
    with pytest.warns(UserWarning, match="fixed vectors of tokens in their place"):
        data, adapter, spent = encode(seconds, n_folds)
    assert "encoder_1" not in data.all.x
    (subwords,) = adapter.schemas_[0].subwords
    assert "no time to encode" in subwords.problem
    assert spent < 0.4 * seconds


def test_a_search_that_goes_on_keeps_the_vectors(encode, tmp_path):
    prints = {"data": "1", "parameters": {}}
    first, *_ = encode(3.3 * ALL, journal=Journal(tmp_path, prints, seed=0))
    # The header of a search without trials gives way to another one.
    again, _, spent = encode(3.3 * ALL, journal=Journal(tmp_path, prints, seed=0))
    assert spent == 0
    for kind in ("encoder_1", "static_1"):
        np.testing.assert_array_equal(first.all.x[kind], again.all.x[kind])
    other = Journal(tmp_path, {"data": "2", "parameters": {}}, seed=0)
    assert encode(None, journal=other)[2] > 0


def test_reading_a_model_takes_nothing_of_the_time_for_encoding(encode, slow_reading):
    slow_reading(2.5 * ALL)
    data, _, spent = encode(12 * ALL)
    assert known(data.all).all()
    assert spent < 0.5 * 12 * ALL


def test_no_time_is_left_when_reading_has_taken_it(encode, slow_reading):
    slow_reading(7 * ALL)
    message = r"no time to encode the texts by .*: none was left\. Pass a longer"
    with pytest.warns(UserWarning, match=message):
        data, _, spent = encode(12 * ALL)
    assert "encoder_1" not in data.all.x
    # The model is there, and the vectors of tokens take no time.
    assert known(data.all, "static").all()
    assert spent == pytest.approx(7 * ALL, rel=0.01)


def test_models_that_there_is_no_time_for_are_not_read(encode, slow_reading, three):
    read = slow_reading(1.5 * ALL)
    data, adapter, spent = encode(6 * ALL, presets=three)
    # A third of the time would do for none of them.
    assert known(data.all).all()
    assert read == three[:1]
    assert spent < 0.5 * 6 * ALL
    first, *others = adapter.schemas_[0].subwords
    assert first.problem is None
    for facts in others:
        assert f"by {facts.preset!r}: none was left to read it" in facts.problem


def test_no_model_is_read_where_the_time_was_too_short_for_one(
    encode, slow_reading, three
):
    read = slow_reading(0.1 * ALL)
    with pytest.warns(UserWarning, match="times as long as it may"):
        data, *_ = encode(2 * ALL, presets=three)
    assert read == three[:1]
    assert "encoder_1" not in data.all.x


def test_several_models_share_the_time(encode, slow_reading, three):
    read = slow_reading(0.1 * ALL)
    data, adapter, _ = encode(20 * ALL, presets=three)
    assert read == three
    assert all(known(data.all, number=number).all() for number in (1, 2, 3))
    assert [facts.problem for facts in adapter.schemas_[0].subwords] == [None] * 3


# Keras says so when it writes a file, see pyproject.toml.
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_large_factors_have_no_decimal_places(encode):
    with pytest.warns(UserWarning, match="no time to encode"):
        _, adapter, _ = encode(0.5 * ALL)
    (subwords,) = adapter.schemas_[0].subwords
    (factor,) = re.findall(r"about (\S+) times", subwords.problem)
    assert int(factor) >= 10


# Keras says so when it writes a file, see pyproject.toml.
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_a_search_that_goes_on_is_told_what_would_help(encode, tmp_path):
    prints = {"data": "1", "parameters": {}}
    with pytest.warns(UserWarning, match=r"it may\. Pass a longer max_time\. The"):
        encode(0.15 * ALL, journal=Journal(tmp_path, prints, seed=0))
    message = r"it may\. A search that goes on keeps .* longer max_time and another dir"
    with pytest.warns(UserWarning, match=message):
        _, adapter, spent = encode(99 * ALL, journal=Journal(tmp_path, prints, seed=0))
    assert spent == 0
    (subwords,) = adapter.schemas_[0].subwords
    assert "another directory" in subwords.problem


# --- Images


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    """A file of a network that takes images of any size."""
    keras.utils.set_random_seed(0)
    colours = keras.Input((None, None, 3))
    maps = keras.layers.Conv2D(4, 32, strides=32, activation="relu")(colours)
    path = tmp_path_factory.mktemp("network") / "network.keras"
    keras.Model(colours, maps).save(path)
    return str(path)


# Images that a slow machine encodes in a second at the largest size.
IMAGES_PER_SECOND = 10.0
# Seconds that all images take at the largest size.
ALL_IMAGES = N_ROWS / IMAGES_PER_SECOND


@pytest.fixture
def encode_images(network, clock, monkeypatch):
    """From the seconds of a fit, to rows with vectors, the adapter and the size."""
    images = np.random.default_rng(0).integers(0, 256, (N_ROWS, 8, 8, 3))
    compiled, sizes = FrozenEncoder._function, []

    def slow(self, kinds):
        function = compiled(self, kinds)
        layers = [x for x in self.model.layers if hasattr(x, "mirrored")]
        if not layers:
            return function
        (layer,) = layers
        height, width = layer.encoder.network.input.shape[1:3]

        def call(pixels):
            share = height * width / 160**2
            clock.now += pixels.shape[0] * share / IMAGES_PER_SECOND
            sizes.append((height, width))
            return function(pixels)

        return call

    monkeypatch.setattr(FrozenEncoder, "_function", slow)

    def run(seconds, n_folds=1):
        adapter = XAdapter(["image"], [ImageAdapter(presets=(network,))], [None])
        x = adapter.fit_transform(images.astype("uint8"))
        rows = Rows(x, {"head": np.zeros(N_ROWS)}, weight=None)
        data = SplitRows(rows.take(slice(320)), rows.take(slice(320, None)), all=rows)
        deadline, journal = Deadline(seconds, clock), Journal(None, {}, seed=0)
        data = with_vectors(
            data, adapter, [network], deadline, journal, n_folds=n_folds, seed=0
        )
        return data, adapter, deadline.spent(), sizes[-1]

    return run


@pytest.mark.parametrize("seconds", [None, 10 * ALL_IMAGES])
def test_all_images_are_mirrored_if_there_is_time(encode_images, seconds):
    data, adapter, _, size = encode_images(seconds)
    assert size == (160, 160)
    for kind in ("encoder", "mirrored"):
        assert known(data.all, kind).all()
        assert np.shares_memory(data.all.x[f"{kind}_1"], data.train.x[f"{kind}_1"])
    arrays = adapter.transform(data.valid.x["pixels"])
    for kind in ("encoder_1", "mirrored_1"):
        np.testing.assert_allclose(arrays[kind], data.valid.x[kind], atol=1e-3)


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(4.5 * ALL_IMAGES, (160, 160)), (3.0 * ALL_IMAGES, (128, 128))],
)
def test_images_are_smaller_before_they_go_without(encode_images, seconds, expected):
    data, _, spent, size = encode_images(seconds)
    assert size == expected
    assert known(data.all).all()
    assert "mirrored_1" not in data.all.x
    assert spent < 0.5 * seconds


def test_training_images_go_without_if_time_is_short(encode_images):
    data, _, spent, size = encode_images(0.85 * ALL_IMAGES)
    assert size == (96, 96)
    assert known(data.valid).all()
    assert 0.5 < known(data.train).mean() < 1
    assert spent < 0.5 * 0.85 * ALL_IMAGES


@pytest.mark.parametrize(("seconds", "n_folds"), [(0.3, 1), (0.8, 3)])
def test_too_few_images_are_a_problem(encode_images, seconds, n_folds):
    data, adapter, *_ = encode_images(seconds * ALL_IMAGES, n_folds)
    assert set(data.all.x) == {"pixels"}
    (views,) = adapter.schemas_[0].views
    assert "no time to encode the images" in views.problem
    assert adapter.transform(data.all.x["pixels"]).keys() == {"pixels"}


@pytest.mark.parametrize("kinds", [(), ("encoder",), ("mirrored",)])
def test_other_rows_get_only_what_is_read(encode_images, kinds):
    data, adapter, *_ = encode_images(None)
    inputs = {
        name: keras.Input(x.shape[1:], dtype=x.dtype, name=name)
        for name, x in data.all.x.items()
    }
    read = [inputs[f"{kind}_1"] for kind in kinds] or [
        keras.layers.Flatten()(inputs["pixels"])
    ]
    model = keras.Model(inputs, keras.layers.Dense(1)(read[0]))
    smaller = with_read_vectors(adapter, [model])
    arrays = smaller.transform(data.valid.x["pixels"])
    for kind in ("encoder", "mirrored"):
        expected = data.valid.x[f"{kind}_1"] if kind in kinds else np.zeros((80, 4))
        np.testing.assert_allclose(arrays[f"{kind}_1"], expected, atol=1e-3)
    assert adapter.transform(data.valid.x["pixels"])["encoder_1"].any()
