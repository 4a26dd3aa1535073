"""Layers that start from raw data make what the adapters make."""

import io
import unicodedata
from datetime import timedelta, timezone

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image

from skautokeras._data import (
    ClassAdapter,
    ImageAdapter,
    NgramVectorizer,
    NumberAdapter,
    character_ranges,
    datetime_parts,
    normalise,
    parse_dates,
    spell,
    standardise,
    strongest,
    tokenise,
    word_indicators,
)
from skautokeras._export import twins
from skautokeras.layers import (
    Beginning,
    BothProbabilities,
    CategoryCodes,
    CharacterCodes,
    DateParts,
    DecodedImages,
    MissingIndicator,
    MostProbable,
    NgramWeights,
    NormalizedText,
    Numbers,
    OriginalScale,
    Pixels,
    ProbableLabels,
    WithinRange,
    WordCodes,
    WordIndicators,
    WordPieces,
)

NAN = float("nan")
RANGES = character_ranges()
PARTS = [
    "elapsed",
    "year_sin",
    "year_cos",
    "week_sin",
    "week_cos",
    "day_sin",
    "day_cos",
]


def png(pixels):
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


GREY = np.arange(48, dtype="uint8").reshape(6, 8) * 5

# Layer class -> how instances are made, and what they take. A new one needs an entry.
MADE_BY = {
    Numbers: (
        lambda: Numbers([1.0, 2.0, 0.0], [3.0, 4.0, 0.0], [0.5, 2.0, 1.0]),
        [np.array([1.0, NAN]), np.array([[0.0, NAN], [1e300, -1.0]])],
    ),
    MissingIndicator: (
        MissingIndicator,
        [np.array([1.0, NAN]), np.array([[NAN, NAN], [1.0, 2.0]])],
    ),
    CategoryCodes: (lambda: CategoryCodes(["a", "é"]), tf.constant(["é", "", "x"])),
    WordIndicators: (
        lambda: WordIndicators(["ab", "éa"]),
        tf.constant(["AB ab, c", "ÉA-x", ""]),
    ),
    DateParts: (
        lambda: DateParts(10**15, PARTS),
        tf.constant(["2024-02-29", "", "1912-04-15 02:20:30.25+02:00"]),
    ),
    NormalizedText: (NormalizedText, tf.constant(["\uff24ry ﬁno", "ΟΔΟΣ", ""])),
    WordCodes: (
        lambda: WordCodes(["dry", "don't"], **RANGES),
        tf.constant(["dry, don't 'dry'", "", "山田"]),
    ),
    CharacterCodes: (
        lambda: CharacterCodes([32, 97, 0x5C71], **RANGES),
        tf.constant(["a, b", "", "山"]),
    ),
    Beginning: (lambda: Beginning(2), np.array([[1, 2, 3], [4, 0, 0]], "int32")),
    NgramWeights: (
        lambda: NgramWeights([2, 13], [1, 0], [1.5, 2.0], [1, 2], 5, 3, gap=4),
        np.array([[2, 3, 2], [1, 2, 0]], "int32"),
    ),
    WordPieces: (
        lambda: WordPieces(["[UNK]", "wine", "##s", "e", "!"], True, True),
        tf.constant(["Wínes é!", "", "xyz"]),
    ),
    Pixels: (
        lambda: Pixels((2, 3, 2), "uint8", channels_first=True),
        np.linspace(0, 300, 48).reshape(2, 2, 3, 4).astype("float32"),
    ),
    DecodedImages: (
        lambda: DecodedImages((3, 4, 1), resizes=True),
        tf.constant([png(GREY), png(GREY[::-1])]),
    ),
    BothProbabilities: (BothProbabilities, np.array([[0.25], [1.0]], "float32")),
    MostProbable: (
        lambda: MostProbable(["no", "yes"]),
        np.array([[0.25, 0.75], [0.5, 0.5]], "float32"),
    ),
    ProbableLabels: (ProbableLabels, np.array([[0.25, 0.75]], "float32")),
    WithinRange: (
        lambda: WithinRange([-1.0, 0.0], [2.0, 0.5]),
        np.array([[0.25, 0.75], [3.0, -1.0]], "float32"),
    ),
    OriginalScale: (
        lambda: OriginalScale([1.0], [2.0], one_dimensional=True),
        np.array([[0.25], [0.75]], "float32"),
    ),
}
BEHIND_NETWORKS = (
    BothProbabilities,
    MostProbable,
    OriginalScale,
    ProbableLabels,
    WithinRange,
)


def raw_layer_classes():
    found = {getattr(twins, name) for name in twins.__all__}
    return sorted(
        {*found, *BEHIND_NETWORKS}, key=lambda layer_class: layer_class.__name__
    )


every_layer = pytest.mark.parametrize(
    "layer_class", raw_layer_classes(), ids=lambda layer_class: layer_class.__name__
)


def symbolic(x):
    tensors = [tf.convert_to_tensor(part) for part in keras.tree.flatten(x)]
    inputs = [keras.Input(t.shape[1:], dtype=t.dtype.name) for t in tensors]
    return inputs if isinstance(x, list) else inputs[0]


def arrays(result):
    return [np.asarray(part) for part in keras.tree.flatten(result)]


# --- The contract of every layer


@every_layer
def test_a_model_with_the_layer_is_saved_and_loaded_in_safe_mode(layer_class, tmp_path):
    make, x = MADE_BY[layer_class]
    inputs = symbolic(x)
    model = keras.Model(inputs, make()(inputs))
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras", safe_mode=True)
    for got, expected in zip(arrays(loaded(x)), arrays(make()(x)), strict=True):
        np.testing.assert_array_equal(got, expected)


@every_layer
def test_the_symbolic_output_has_the_shape_and_dtype_of_the_eager_one(layer_class):
    make, x = MADE_BY[layer_class]
    expected = keras.tree.flatten(make()(x))
    for told, tensor in zip(
        keras.tree.flatten(make()(symbolic(x))), expected, strict=True
    ):
        assert told.dtype == keras.backend.standardize_dtype(tensor.dtype)
        assert len(told.shape) == len(tensor.shape)
        for length, found in zip(told.shape[1:], tensor.shape[1:], strict=True):
            assert length in (None, found)


@every_layer
def test_every_argument_of_a_layer_is_in_its_config(layer_class):
    make, _ = MADE_BY[layer_class]
    code = layer_class.__init__.__code__
    arguments = set(code.co_varnames[1 : code.co_argcount])
    config = make().get_config()
    assert arguments <= set(config)
    assert layer_class.from_config(config).get_config() == config


@every_layer
def test_a_row_alone_gives_the_same_as_among_others(layer_class):
    make, x = MADE_BY[layer_class]
    layer, is_list = make(), isinstance(x, list)
    together = arrays(layer(x))
    for i in range(len(together[0])):
        row = [part[i : i + 1] for part in x] if is_list else x[i : i + 1]
        for alone, among in zip(arrays(layer(row)), together, strict=True):
            # Sequences are as long as the longest.
            among = among[i : i + 1]
            if among.ndim == 2:
                assert not among[:, alone.shape[1] :].any()
                among = among[:, : alone.shape[1]]
            np.testing.assert_array_equal(alone, among)


# --- Characters

# What text is made of, and what makes normal forms hard: marks that change places,
# jamo, ligatures, full-width letters, sigmas, characters beyond the basic plane.
HARD = st.text(
    st.one_of(
        st.sampled_from("aeAE oO'\u2019Σς\u0130ß\ufb01\uff11\uff76\uff9e가각"),
        st.sampled_from("\u0301\u0302\u0323\u0327\u0345"),
        st.sampled_from("\u09c7\u09be\u0cc6\u0cc2\u0cd5\u0f71\u0f72\u1100\u1161\u11a8"),
        st.sampled_from("\U0001f600\U0001d400\U000e0101\U0002f800\u00ad\u200d-_.,"),
        st.characters(codec="utf-8"),
    ),
    max_size=12,
)


@settings(max_examples=50)
@given(st.lists(HARD, min_size=1, max_size=4))
@example(["e\u0302\u0323", "\u1100\u1161\u11a8", "ΑΣ ΑΣΑ Σ", "", "\u0301a"])
def test_texts_are_normalised_as_python_does_it(texts):
    normalised = NormalizedText()(tf.constant(texts)).numpy()
    assert [text.decode() for text in normalised] == [normalise(t) for t in texts]


def test_every_single_character_is_normalised_as_python_does_it():
    texts = [
        chr(code)
        for code in range(0x110000)
        if unicodedata.category(chr(code)) not in ("Cs", "Cn", "Co")
    ]
    normalised = NormalizedText()(tf.constant(texts)).numpy()
    assert [text.decode() for text in normalised] == [normalise(t) for t in texts]


@settings(max_examples=30)
@given(st.lists(HARD, min_size=1, max_size=4))
@example(["don't 'a' b'' c'd'e", "山\u0301a\u0301'b", "\u0301'a", "£5 a_b!'?"])
def test_words_are_those_of_the_adapter(texts):
    texts = [normalise(text) for text in texts]
    found = sorted({token for text in texts for token in tokenise(text)})
    codes = np.asarray(WordCodes(found, **RANGES)(tf.constant(texts)))
    number = {token: i for i, token in enumerate(found, start=2)}
    for row, text in zip(codes, texts, strict=True):
        expected = [number[token] for token in tokenise(text)]
        assert row[: len(expected)].tolist() == expected
        assert not row[len(expected) :].any()


@settings(max_examples=30)
@given(st.lists(HARD, min_size=1, max_size=4))
@example(["", "...", "a..b", " a ", "a''b"])
def test_characters_are_those_of_the_adapter(texts):
    texts = [normalise(text) for text in texts]
    alphabet = sorted({ord(c) for text in texts for c in spell(text)})
    codes = np.asarray(CharacterCodes(alphabet, **RANGES)(tf.constant(texts)))
    for row, text in zip(codes, texts, strict=True):
        spelled = "".join(chr(alphabet[code - 2]) for code in row[row > 0])
        assert spelled == spell(text)


@settings(max_examples=30)
@given(
    st.lists(st.lists(st.integers(1, 6), max_size=9), min_size=1, max_size=5),
    st.sampled_from([((1, 2), None), ((3, 4, 5), 2), ((2,), 3)]),
    st.integers(1, 4),
)
def test_ngrams_are_those_of_the_adapter(rows, kind, width):
    lengths, gap = kind
    flat = np.array([code for row in rows for code in row], "int64")
    row_of = np.repeat(np.arange(len(rows)), [len(row) for row in rows])
    sequences = flat, row_of, len(rows)
    ngrams = NgramVectorizer(
        lengths=lengths, base=7, gap=gap, max_ngrams=20, min_sequences=1
    )
    expected = strongest(ngrams.fit_transform(sequences), width)
    dense = np.zeros((len(rows), 9), "int32")
    for target, row in zip(dense, rows, strict=True):
        target[: len(row)] = row
    layer = NgramWeights(
        ngrams.keys_, ngrams.codes_, ngrams.idf_, lengths, 7, width, gap
    )
    codes, weights = layer(dense)
    np.testing.assert_array_equal(codes, expected[0])
    np.testing.assert_allclose(weights, expected[1], rtol=1e-6)


# --- Columns of tables


@settings(max_examples=30)
@given(st.lists(HARD, min_size=1, max_size=4))
@example(["Mr. O'Neil_x", "a bc", "ΑΣ ας", "\U00030000\U00030001"])
def test_word_indicators_are_those_of_the_adapter(texts):
    words = ["mr", "ας", "neil_x", "bc", "\U00030000\U00030001", "가각"]
    np.testing.assert_array_equal(
        WordIndicators(words)(tf.constant(texts)),
        word_indicators(np.array(texts, dtype=object), words),
    )


@given(
    st.lists(
        st.one_of(st.just(NAN), st.floats(allow_nan=False, allow_infinity=False)),
        min_size=1,
    )
)
def test_numbers_are_those_of_the_adapter(values):
    values = np.array(values)
    with np.errstate(over="ignore"):
        filled = np.where(np.isnan(values), 3.0, values)
        expected = standardise(filled, 1e9, 0.25)
    result = Numbers([3.0], [1e9], [0.25])([values])
    np.testing.assert_array_equal(np.asarray(result)[:, 0], expected)


def test_large_numbers_keep_their_differences():
    result = Numbers([0.0], [1.7e9], [1.0])([np.array([1.7e9, 1.7e9 + 1])])
    assert np.asarray(result).ravel().tolist() == [0.0, 1.0]


FORMS = [
    "%Y-%m-%d",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%dT%H:%M:%S",
    "%Y-%m-%d %H:%M:%S.%f",
    "%Y-%m-%dT%H:%M:%S.%fZ",
    "%Y-%m-%d %H:%M:%S%z",
]


@settings(max_examples=30)
@given(
    st.datetimes(
        min_value=pd.Timestamp("1700-01-01").to_pydatetime(),
        max_value=pd.Timestamp("2250-01-01").to_pydatetime(),
        timezones=st.integers(-14 * 60, 14 * 60).map(
            lambda minutes: timezone(timedelta(minutes=minutes))
        ),
    ),
    st.sampled_from(FORMS),
)
def test_dates_are_read_as_the_adapter_reads_them(moment, form):
    string = moment.strftime(form)
    string = string.rjust(len(string) + 4 - string.index("-"), "0")
    origin = np.datetime64("2000-01-01", "us")
    layer = DateParts(origin.astype(int), PARTS)
    moments = parse_dates([string], "ISO8601")
    expected = datetime_parts(moments, origin)
    for part, number in zip(
        PARTS, np.asarray(layer(tf.constant([string])))[0], strict=True
    ):
        assert number == pytest.approx(expected[part][0], rel=1e-12, abs=1e-12), part


@pytest.mark.parametrize(
    "string",
    [
        *("2023-02-29", "2023-13-01", "2023-00-01", "2023-01-00", "31/12/2023", " "),
        *("2023-01-01 24:00", "2023-01-01 10:60", "2023-01-01T10:00+24:00"),
        *("2023-01-01Z", "2023", "soon", "0000-01-01"),
    ],
)
def test_what_is_no_date_is_an_error_that_shows_it(string):
    layer = DateParts(0, PARTS)
    with pytest.raises(tf.errors.InvalidArgumentError, match="no dates"):
        layer(tf.constant(["2023-01-01", string]))


def test_empty_dates_are_missing():
    result = DateParts(0, PARTS)(tf.constant(["", "1970-01-01"]))
    assert np.isnan(result[0]).all()
    assert np.isfinite(result[1]).all()


def test_an_empty_string_can_be_a_category():
    assert np.ravel(CategoryCodes(["", "a"])(tf.constant(["", "a", "b"]))).tolist() == [
        2,
        3,
        0,
    ]


# --- Images


@pytest.mark.parametrize("kind", ["uint8", "float32"])
@pytest.mark.parametrize("size", [(6, 8), (3, 4), (9, 5), (6, 12)])
@pytest.mark.parametrize("channels", ["first", "last"])
def test_pixels_are_those_of_the_adapter(kind, size, channels):
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (3, 6, 8, 3)).astype(kind)
    if channels == "first":
        images = np.moveaxis(images, -1, 1)
    adapter = ImageAdapter(channels=channels, image_size=size)
    expected = adapter.fit_transform(images)["pixels"]
    layer = Pixels(adapter.schema_.shape, adapter.schema_.dtype, channels == "first")
    result = np.asarray(layer(images))
    assert result.dtype == expected.dtype
    np.testing.assert_allclose(result, expected, rtol=1e-5, atol=1e-4)


def test_pixels_are_rounded_and_clipped():
    layer = Pixels((1, 4, 1), "uint8")
    pixels = np.array([-3.0, 0.5, 1.5, 999.0], "float32").reshape(1, 1, 4, 1)
    assert np.ravel(layer(pixels)).tolist() == [0, 0, 2, 255]


def test_fractions_are_an_error_where_whole_numbers_are_expected():
    layer = Pixels((1, 2, 1), "uint8")
    with pytest.raises(tf.errors.InvalidArgumentError, match="Multiply by 255"):
        layer(np.array([0.0, 0.5], "float32").reshape(1, 1, 2, 1))


def image_file(mode, format, rng, **options):
    shape = (7, 9, {"RGB": 3, "RGBA": 4, "LA": 2}.get(mode, 1))
    pixels = rng.integers(0, 256, shape).astype("uint8")
    image = Image.fromarray(pixels[..., 0] if shape[2] == 1 else pixels, mode=None)
    if mode == "P":
        image = Image.fromarray(rng.integers(0, 256, (7, 9, 3)).astype("uint8"))
        image = image.convert("P", palette=Image.Palette.ADAPTIVE)
    if mode == "P4":
        image = Image.fromarray(rng.integers(0, 256, (7, 9, 3)).astype("uint8"))
        image = image.convert("P", palette=Image.Palette.ADAPTIVE, colors=16)
        options = {"bits": 4, **options}
    if mode == "1":
        image = Image.fromarray(pixels[..., 0]).convert("1")
    file = io.BytesIO()
    image.save(file, format, **options)
    return file.getvalue()


@pytest.mark.parametrize("n_channels", [1, 3])
@pytest.mark.parametrize(
    ("mode", "format", "tolerance"),
    [
        ("L", "PNG", 0),
        ("LA", "PNG", 0),
        ("RGB", "PNG", 0),
        ("RGBA", "PNG", 0),
        ("P", "PNG", 0),
        ("P4", "PNG", 0),
        ("1", "PNG", 0),
        ("RGB", "BMP", 0),
        ("P", "GIF", 0),
        ("RGB", "JPEG", 2),
        ("L", "JPEG", 2),
    ],
)
def test_files_are_decoded_as_the_adapter_decodes_them(
    mode, format, tolerance, n_channels, tmp_path
):
    content = image_file(mode, format, np.random.default_rng(1))
    path = tmp_path / f"image.{format.lower()}"
    path.write_bytes(content)
    shape = (7, 9) if n_channels == 1 else (7, 9, 3)
    rng = np.random.default_rng(2)
    adapter = ImageAdapter().fit(rng.integers(0, 256, (2, *shape)).astype("uint8"))
    expected = adapter.transform([str(path)])["pixels"].astype(int)
    result = np.asarray(DecodedImages((7, 9, n_channels))(tf.constant([content])))
    assert np.abs(result - expected).max() <= tolerance


def test_a_photograph_that_is_to_be_turned_is_an_error():
    exif = Image.Exif()
    exif[0x0112] = 6
    content = image_file("RGB", "JPEG", np.random.default_rng(1), exif=exif)
    with pytest.raises(tf.errors.InvalidArgumentError, match="to be turned"):
        DecodedImages((7, 9, 3))(tf.constant([content]))
    exif[0x0112] = 1
    content = image_file("RGB", "JPEG", np.random.default_rng(1), exif=exif)
    assert DecodedImages((7, 9, 3))(tf.constant([content])).shape == (1, 7, 9, 3)


def test_a_file_of_another_size_is_an_error_unless_it_is_resized():
    with pytest.raises((ValueError, tf.errors.InvalidArgumentError)):
        DecodedImages((3, 4, 1))(tf.constant([png(GREY)]))


# --- Targets


@pytest.mark.parametrize(
    "y",
    [
        ["no", "yes", "no"],
        [3, 1, 2],
        [True, False],
        [1.0, 2.0, 3.0, 1.0],
        np.array(["a", "é"], dtype=object),
    ],
    ids=str,
)
def test_labels_are_those_of_the_target(y):
    target = ClassAdapter().fit(y)
    rng = np.random.default_rng(0)
    y_pred = rng.random((20, target.schema_.n_outputs)).astype("float32")
    y_pred[0] = 0.5
    expected = target.probabilities(y_pred)
    probabilities = y_pred
    if y_pred.shape[1] == 1:
        probabilities = np.asarray(BothProbabilities()(y_pred))
    np.testing.assert_array_equal(probabilities, expected)
    labels = np.asarray(MostProbable(target.classes_.tolist())(probabilities)).tolist()
    labels = [v.decode() if isinstance(v, bytes) else v for v in labels]
    assert labels == target.inverse_transform(expected).tolist()


def test_multilabel_targets_are_decoded_as_the_adapter_does():
    target = ClassAdapter().fit([[0, 1], [1, 1]])
    y_pred = np.array([[0.5, 0.51], [0.2, 0.9]], "float32")
    np.testing.assert_array_equal(ProbableLabels()(y_pred), target.decode(y_pred))


@pytest.mark.parametrize("y", [[10.0, 30.0], [[1.0, 1e9], [2.0, 3e9]]], ids=str)
def test_numbers_are_brought_back_as_the_target_does(y):
    target = NumberAdapter().fit(y)
    z = np.random.default_rng(0).normal(size=(5, target.schema_.n_outputs))
    z = z.astype("float32")
    layer = OriginalScale(target.means_, target.scales_, target.one_dimensional_)
    np.testing.assert_array_equal(layer(z), target.decode(z))


def test_numbers_stay_within_the_range_in_prediction_only():
    layer = WithinRange([-1.0, 0.0], [2.0, 0.5])
    z = np.array([[0.25, 0.75], [3.0, -1.0], [-4.0, 0.25]], "float32")
    np.testing.assert_array_equal(layer(z), np.clip(z, [-1.0, 0.0], [2.0, 0.5]))
    np.testing.assert_array_equal(layer(z, training=True), z)
    # Members are averaged in prediction only.
    apart = np.zeros((3, 4, 2), "float32")
    assert layer(apart, training=True).shape == (3, 4, 2)
