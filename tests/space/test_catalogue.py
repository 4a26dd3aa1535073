"""The blocks for images, series and codes: shapes, sizes, values and refusals."""

from dataclasses import replace

import keras
import keras_tuner
import numpy as np
import pytest

from skautokeras import (
    Block,
    Boolean,
    Choice,
    ClassificationHead,
    ConvBlock,
    DenseBlock,
    EfficientNetBlock,
    Embedding,
    Float,
    GeneralBlock,
    ImageAugmentation,
    ImageBlock,
    ImageInput,
    Input,
    Int,
    Merge,
    Normalization,
    OrientedGradientsBlock,
    ResNetBlock,
    RNNBlock,
    SpatialReduction,
    StructuredDataBlock,
    TemporalReduction,
    TransformerBlock,
    XceptionBlock,
)
from skautokeras._data import ArraySchema, ImageSchema, Rows, TargetSchema, TextSchema
from skautokeras._data.schema import Views
from skautokeras._layers import ImageEncoder, walk
from skautokeras._space import (
    Graph,
    Image,
    SearchSpace,
    Table,
    Text,
    build_block,
    pixels_as_bytes,
)
from skautokeras._training import Chunks, CompiledEpoch, learning_rate_factors
from skautokeras.exceptions import WeightsMissingError

SIZES = [(8, 8, 1), (28, 28, 1), (32, 32, 3), (5, 20, 2), (1, 1, 3), (70, 64, 3)]
SERIES = [(1, 2), (3, 1), (20, 3)]


def image_of(shape, seed=0):
    """Return a symbolic image and what it is made of."""
    x = keras.Input(shape)
    n = shape[-1]
    facts = {"mean": 0.25, "std": 0.5, "black": 0.0, "white": 1.0}
    return Image(x, **{k: np.full(n, v, "float32") for k, v in facts.items()})


class Answers:
    """Stand in for hyperparameters; every range is answered at random."""

    def __init__(self, seed):
        self.hp = keras_tuner.HyperParameters()
        self.rng = np.random.default_rng(seed)

    def fill(self, block, inputs):
        """Build until all hyperparameters that turn up have a random value."""
        for _ in range(6):
            hp = keras_tuner.HyperParameters()
            hp.values = dict(self.hp.values)
            known = set(hp.values)
            output = build_block(hp, "block", block, inputs)
            active = [h for h in hp.space if hp.is_active(h)]
            if {h.name for h in active} <= known:
                return output
            for h in active:
                if h.name not in known:
                    self.hp.values[h.name] = h.random_sample(
                        int(self.rng.integers(1e6))
                    )
        raise AssertionError("the hyperparameters do not settle")


def build(block, inputs, **values):
    """Return the output of a block, its hyperparameters at their defaults."""
    hp = keras_tuner.HyperParameters()
    hp.values = {f"block/{name}": value for name, value in values.items()}
    return build_block(hp, "block", block, inputs)


def outputs(x, y, arrays, **kwargs):
    return np.asarray(keras.Model(x, y)(arrays, **kwargs))


@pytest.mark.parametrize("shape", [*SIZES, *SERIES], ids=repr)
def test_convolutions_leave_every_axis_at_least_one_place(shape):
    x = keras.Input(shape)
    block = ConvBlock(n_blocks=4, n_layers=1, filters=3, pooling="max")
    expected = tuple(max(1, n // 16) for n in shape[:-1])
    assert build(block, x).shape == (None, *expected, 3)
    assert build(ConvBlock(n_blocks=2, filters=3, pooling="none"), x).shape == (
        None,
        *shape[:-1],
        3,
    )


@pytest.mark.parametrize("shape", SIZES, ids=repr)
@pytest.mark.parametrize(
    ("block", "n_channels"),
    [
        (ResNetBlock(version="v1", depth=9, filters=4), 32),
        (ResNetBlock(version="v2", depth=9, filters=4), 32),
        (ResNetBlock(version="v1", depth=18, filters=2), 16),
        (ResNetBlock(version="v2", depth=50, filters=2), 64),
        (XceptionBlock(filters=2, n_blocks=1), 64),
        (EfficientNetBlock(version="small"), 448),
    ],
    ids=repr,
)
def test_networks_return_maps_of_two_pixels_at_least(block, n_channels, shape):
    image = image_of(shape)
    height, width, channels = build(block, image).shape[1:]
    assert channels == n_channels
    for side, length in ((height, shape[0]), (width, shape[1])):
        assert min(2, length) <= side <= length
    # The shorter side decides where halving ends: twice at least if it is long enough.
    assert min(height, width) <= max(2, -(-min(shape[:2]) // 4), min(3, min(shape[:2])))


@pytest.mark.parametrize("depth", [18, 34, 50])
def test_a_residual_network_has_as_many_layers_as_it_says(depth):
    x = keras.Input((32, 32, 3))
    model = keras.Model(x, build(ResNetBlock(depth=depth, filters=1, version="v1"), x))
    kernels = [v for v in model.layers if isinstance(v, keras.layers.Conv2D)]
    # Projections around a block do not count, and the head is the last layer.
    deep = [layer for layer in kernels if layer.kernel_size != (1, 1)]
    narrow = [layer for layer in kernels if layer.kernel_size == (1, 1)]
    n_skips = 4 if depth >= 50 else 3
    assert len(deep) + len(narrow) - n_skips + 1 == depth


BLOCKS_OF_IMAGES = [
    ConvBlock(filters=Choice([2, 4])),
    ResNetBlock(depth=Choice([9, 18]), filters=2),
    XceptionBlock(filters=2, n_blocks=Int(0, 2)),
    OrientedGradientsBlock(),
    ImageAugmentation(),
    SpatialReduction(),
]
BLOCKS_OF_SERIES = [ConvBlock(), RNNBlock(), TransformerBlock(), TemporalReduction()]


@pytest.mark.parametrize("shape", [(8, 8, 1), (28, 28, 1), (32, 32, 3)], ids=repr)
@pytest.mark.parametrize("block", BLOCKS_OF_IMAGES, ids=repr)
def test_random_values_build_on_images(block, shape):
    for seed in range(2):
        image = image_of(shape)
        y = Answers(seed).fill(block, image)
        y = getattr(y, "pixels", y)
        result = outputs(image.pixels, y, np.ones((2, *shape), "float32"))
        assert result.shape == (2, *y.shape[1:])
        assert np.isfinite(result).all()


@pytest.mark.parametrize("shape", SERIES, ids=repr)
@pytest.mark.parametrize("block", BLOCKS_OF_SERIES, ids=repr)
def test_random_values_build_on_series(block, shape):
    for seed in range(3):
        x = keras.Input(shape)
        y = Answers(seed).fill(block, x)
        result = outputs(x, y, np.ones((2, *shape), "float32"))
        assert result.shape == (2, *y.shape[1:])
        assert np.isfinite(result).all()


@pytest.mark.parametrize("seed", range(4))
def test_random_values_of_an_image_block_build(seed):
    image = image_of((8, 8, 1))
    # EfficientNets of Keras take seconds each: they have a test of their own.
    block = ImageBlock(block_type=Choice(["conv", "xception", "oriented_gradients"]))
    y = Answers(seed).fill(block, image)
    assert len(y.shape) == 2
    result = outputs(image.pixels, y, np.ones((2, 8, 8, 1), "float32"))
    assert np.isfinite(result).all()


@pytest.mark.parametrize(
    ("block", "shape", "expected"),
    [
        (RNNBlock(units=4, bidirectional=False), (5, 3), (4,)),
        (RNNBlock(units=4, bidirectional=True), (5, 3), (8,)),
        (RNNBlock(units=4, return_sequences=True, n_layers=2), (5, 3), (5, 8)),
        (RNNBlock(units=4, layer_type="lstm", n_layers=3), (1, 1), (8,)),
        (TransformerBlock(width=6, n_heads=4, n_layers=1), (5, 3), (5, 6)),
        (TemporalReduction(reduction_type="flatten"), (5, 3), (15,)),
        (TemporalReduction(reduction_type="last"), (5, 3), (3,)),
        (SpatialReduction(reduction_type="flatten"), (4, 5, 3), (60,)),
        (SpatialReduction(reduction_type="global_avg"), (4, 5, 3), (3,)),
        (Embedding(max_features=9, dim=4), (5,), (5, 4)),
        (GeneralBlock(block_type="transformer"), (5, 3), (64,)),
        (GeneralBlock(block_type="conv"), (5, 3), (32,)),
        (GeneralBlock(block_type="rnn"), (5, 3), (128,)),
        (GeneralBlock(), (5,), (256,)),
        (GeneralBlock(), (8, 8, 1), (32,)),
    ],
    ids=repr,
)
def test_what_comes_out_has_the_shape_that_is_told(block, shape, expected):
    assert build(block, keras.Input(shape)).shape == (None, *expected)


@pytest.mark.parametrize(
    ("kind", "reduce"),
    [
        ("global_max", lambda x, axes: x.max(axis=axes)),
        ("global_avg", lambda x, axes: x.mean(axis=axes)),
        ("flatten", lambda x, axes: x.reshape(len(x), -1)),
        ("last", lambda x, axes: x[:, -1]),
    ],
)
def test_reductions_compute_what_they_are_called(kind, reduce):
    rng = np.random.default_rng(0)
    for block, shape in [
        (TemporalReduction(reduction_type=kind), (5, 3)),
        (SpatialReduction(reduction_type=kind), (4, 5, 3)),
    ]:
        if kind == "last" and len(shape) == 3:
            continue
        values = rng.normal(size=(2, *shape)).astype("float32")
        x = keras.Input(shape)
        axes = tuple(range(1, len(shape)))
        np.testing.assert_allclose(
            outputs(x, build(block, x), values), reduce(values, axes), rtol=1e-5
        )


WRONG = [
    (ConvBlock(), (4,), "ConvBlock needs series .* or images .*ImageInput"),
    (ResNetBlock(), (4, 3), "ResNetBlock needs images .*ImageInput"),
    (XceptionBlock(), (4,), "XceptionBlock needs images"),
    (EfficientNetBlock(), (4,), "EfficientNetBlock needs images"),
    (OrientedGradientsBlock(), (4,), "OrientedGradientsBlock needs images"),
    (ImageBlock(), (4, 3), "ImageBlock needs images"),
    (ImageAugmentation(), (4,), "ImageAugmentation needs images"),
    (RNNBlock(), (4,), "RNNBlock needs series .*Embedding"),
    (RNNBlock(), (8, 8, 1), "RNNBlock needs series"),
    (TransformerBlock(), (4,), "TransformerBlock needs series .*Embedding"),
    (TransformerBlock(), (None, 4), "TransformerBlock needs series of one length"),
    (Embedding(), (4, 2), "Embedding needs codes"),
    (SpatialReduction(), (4,), "SpatialReduction needs images .*ConvBlock"),
    (TemporalReduction(), (8, 8, 1), "TemporalReduction needs series"),
    (GeneralBlock(), (2, 2, 2, 2), "GeneralBlock needs .*Flatten"),
]


@pytest.mark.parametrize(("block", "shape", "message"), WRONG, ids=repr)
def test_a_shape_that_does_not_fit_is_refused_with_advice(block, shape, message):
    with pytest.raises(ValueError, match=message):
        build(block, keras.Input(shape))


@pytest.mark.parametrize(
    "block", [ConvBlock(), RNNBlock(), ResNetBlock(), TemporalReduction()], ids=repr
)
def test_several_branches_are_refused_with_advice(block):
    message = f"{type(block).__name__} takes one node, got 2. Put Merge before it"
    with pytest.raises(TypeError, match=message):
        build(block, [keras.Input((4, 4)), keras.Input((4, 4))])


# --- Normalization and ImageAugmentation


def test_normalized_images_have_mean_zero_and_know_black_and_white():
    pixels = np.random.default_rng(0).random((50, 6, 6, 2)).astype("float32")
    pixels[..., 1] *= 0.5
    mean, std = pixels.mean(axis=(0, 1, 2)), pixels.std(axis=(0, 1, 2))
    x = keras.Input((6, 6, 2))
    image = Image(x, mean, std, np.zeros(2, "float32"), np.ones(2, "float32"))
    scaled = build(Normalization(), image)
    result = outputs(x, scaled.pixels, pixels)
    np.testing.assert_allclose(result.mean(axis=(0, 1, 2)), 0, atol=1e-5)
    np.testing.assert_allclose(result.std(axis=(0, 1, 2)), 1, atol=1e-5)
    np.testing.assert_allclose(scaled.black, -mean / std, rtol=1e-5)
    np.testing.assert_allclose(scaled.white, (1 - mean) / std, rtol=1e-5)
    np.testing.assert_array_equal([scaled.mean, scaled.std], [[0, 0], [1, 1]])


@pytest.mark.parametrize("shape", [(5,), (5, 1), (6, 6, 1)], ids=repr)
def test_normalized_samples_have_mean_zero_and_keep_their_differences(shape):
    x = keras.Input(shape)
    values = np.random.default_rng(0).normal(3, 2, (4, *shape)).astype("float32")
    result = outputs(x, build(Normalization(), x), values).reshape(4, -1)
    np.testing.assert_allclose(result.mean(axis=1), 0, atol=1e-5)
    np.testing.assert_allclose(result.std(axis=1), 1, atol=0.02)


def test_a_single_feature_is_not_normalized_away():
    x = keras.Input((1,))
    assert build(Normalization(), x) is x


NOTHING = {
    "flip": "none",
    "translation": 0.0,
    "rotation": 0.0,
    "zoom": 0.0,
    "contrast": 0.0,
    "crop": 0.0,
    "cutout": 0.0,
    "fill": "black",
}


def varied(image, values, arrays):
    y = build(ImageAugmentation(**{**NOTHING, **values}), image)
    return outputs(image.pixels, y.pixels, arrays, training=True)


def test_images_are_varied_in_training_only():
    # Of 64 images, one is always mirrored; of 6, once in 64 runs none would be.
    arrays = np.random.default_rng(0).random((64, 8, 8, 1)).astype("float32")
    for values in [
        {"flip": "horizontal"},
        {"translation": 0.2},
        {"rotation": 20.0},
        {"zoom": 0.2},
        {"contrast": 0.5},
        {"crop": 0.25},
        {"cutout": 0.5},
    ]:
        image = image_of((8, 8, 1))
        y = build(ImageAugmentation(**{**NOTHING, **values}), image)
        assert isinstance(y, Image)
        model = keras.Model(image.pixels, y.pixels)
        np.testing.assert_array_equal(model(arrays), arrays)
        assert not np.allclose(model(arrays, training=True), arrays), values


@pytest.mark.parametrize(
    ("flip", "average", "same"),
    [
        ("horizontal", True, True),
        ("both", True, True),
        ("horizontal", False, False),
        ("none", True, False),
        (Choice(["none", "horizontal"]), True, False),
        (Choice(["horizontal", "none"]), None, True),
    ],
)
def test_mirror_images_count_in_prediction_where_training_sees_them(
    flip, average, same
):
    block = ImageBlock(
        block_type="conv",
        augment=ImageAugmentation(**{**NOTHING, "flip": flip}),
        reduction_type="flatten",
        average_mirrored=average,
    )
    image = image_of((6, 7, 1))
    model = keras.Model(image.pixels, build(block, image))
    arrays = np.random.default_rng(0).random((5, 6, 7, 1)).astype("float32")
    features, mirrored = model(arrays), model(arrays[:, :, ::-1])
    assert features.shape == model(arrays, training=True).shape
    assert np.allclose(features, mirrored, atol=1e-6) == same


class Mirroring(Block):
    """A user's block that mirrors images."""

    takes_records = True

    def build(self, hp, inputs):
        """Vary the images, or the pixels alone."""
        varied = ImageAugmentation(**{**NOTHING, "flip": "horizontal"})
        return build_block(hp, "varied", varied, inputs)


@pytest.mark.parametrize(
    ("average", "same"),
    [(None, True), (True, True), (False, False), (Boolean(default=False), False)],
)
def test_a_block_of_the_user_mirrors_as_image_augmentation_does(average, same):
    block = ImageBlock(
        block_type="conv",
        augment=Mirroring(),
        reduction_type="flatten",
        average_mirrored=average,
    )
    image = image_of((6, 7, 1))
    model = keras.Model(image.pixels, build(block, image))
    arrays = np.random.default_rng(0).random((5, 6, 7, 1)).astype("float32")
    mirrored = model(arrays[:, :, ::-1])
    assert np.allclose(model(arrays), mirrored, atol=1e-6) == same


def test_images_that_were_mirrored_before_are_averaged_whatever_the_flip():
    mirrored = build(Mirroring(), image_of((8, 8, 1)))
    scaled = build(Normalization(), mirrored)
    assert mirrored.mirrored
    assert scaled.mirrored
    hp = keras_tuner.HyperParameters()
    build_block(hp, "block", ImageBlock(augment=True), scaled)
    (found,) = [h for h in hp.space if h.name == "block/average_mirrored"]
    assert hp.values["block/image_augmentation_1/flip"] == "none"
    assert hp.is_active(found)


def test_averages_over_mirror_images_are_searched_where_there_are_some():
    hp = keras_tuner.HyperParameters()
    build_block(hp, "block", ImageBlock(augment=True), image_of((8, 8, 1)))
    (found,) = [h for h in hp.space if h.name == "block/average_mirrored"]
    assert found.default
    assert not hp.is_active(found)
    hp.values["block/image_augmentation_1/flip"] = "both"
    assert hp.is_active(found)


def test_no_augmentation_is_no_layer():
    image = image_of((8, 8, 1))
    assert build(ImageAugmentation(**NOTHING), image).pixels is image.pixels


def test_flips_leave_digits_alone_unless_they_are_asked_for():
    arrays = np.random.default_rng(0).random((40, 8, 8, 1)).astype("float32")
    result = varied(image_of((8, 8, 1)), {"flip": "horizontal"}, arrays)
    mirrored = [
        np.allclose(a, b[:, ::-1], atol=1e-5)
        for a, b in zip(result, arrays, strict=True)
    ]
    kept = [np.allclose(a, b, atol=1e-5) for a, b in zip(result, arrays, strict=True)]
    assert 8 < sum(mirrored) < 32
    assert sum(mirrored) + sum(kept) == 40


@pytest.mark.parametrize(("fill", "expected"), [("black", -0.5), ("reflect", 1.0)])
def test_what_lies_outside_is_black_or_the_image_mirrored(fill, expected):
    image = image_of((8, 8, 1))
    scaled = build(Normalization(), image)
    # Bright everywhere: only the outside can be dark.
    block = ImageAugmentation(**{**NOTHING, "crop": 0.25, "fill": fill})
    y = build(block, scaled)
    ones = np.full((40, 8, 8, 1), 0.75, "float32")
    result = outputs(image.pixels, y.pixels, ones, training=True)
    assert result.min() == pytest.approx(expected, abs=1e-5)
    assert result.max() == pytest.approx(1.0, abs=1e-5)


def test_a_square_is_covered_with_the_mean_colour():
    result = varied(image_of((8, 8, 1)), {"cutout": 0.5}, np.ones((9, 8, 8, 1)))
    assert set(np.unique(result)) == {np.float32(0.25), np.float32(1.0)}


def test_tensors_that_are_no_images_of_an_input_are_varied_too():
    x = keras.Input((8, 8, 2))
    y = build(ImageAugmentation(translation=0.1), x)
    assert y.shape == x.shape
    assert y is not x


def test_colours_are_mirrored_at_the_edges_first_and_grey_is_not():
    for channels, first in ((1, "black"), (3, "reflect")):
        hp = keras_tuner.HyperParameters()
        build_block(hp, "a", ImageAugmentation(), image_of((8, 8, channels)))
        assert hp.values["a/fill"] == first


# --- EfficientNets of Keras


def test_weights_of_a_file_and_the_pixels_they_were_trained_on(tmp_path):
    path = tmp_path / "b0.weights.h5"
    source = keras.applications.EfficientNetB0(include_top=False, weights=None)
    source.save_weights(path)
    image = image_of((16, 16, 1))
    block = EfficientNetBlock(version="b0", weights=path, trainable=False, dropout=0.0)
    y = build(block, build(Normalization(), image))
    assert y.shape == (None, 1280)
    model = keras.Model(image.pixels, y)
    assert not model.trainable_variables
    # One colour everywhere stays so when it is resized.
    result = np.asarray(model(np.full((1, 16, 16, 1), 0.5, "float32")))
    expected = np.asarray(source(np.full((1, 160, 160, 3), 127.5, "float32")))
    np.testing.assert_allclose(result, expected.mean(axis=(1, 2)), atol=1e-4)


def test_weights_of_a_file_are_trained_in_two_stages(tmp_path):
    path = tmp_path / "b0.weights.h5"
    source = keras.applications.EfficientNetB0(include_top=False, weights=None)
    source.save_weights(path)
    image = image_of((16, 16, 1))
    block = EfficientNetBlock(version="b0", weights=path, dropout=0.0)
    model = keras.Model(image.pixels, build(block, image))
    assert not model.trainable_variables
    values = {"trainable": True, "learning_rate_factor": 0.01, "head_first": 0.25}
    block = EfficientNetBlock(version="b0", weights=path, dropout=0.0, **values)
    model = keras.Model(image.pixels, build(block, image))
    variables = model.trainable_variables
    assert len(variables) > 100
    for progress, factor in [(0.0, 0.0), (0.2, 0.0), (0.25, 0.01), (1.0, 0.01)]:
        factors = learning_rate_factors(model, variables, progress)
        assert factors == [factor] * len(variables)
    # Means and variances stay those of what the weights were trained on.
    statistics = [v for v in model.non_trainable_variables if "moving" in v.path]
    before = [variable.numpy().copy() for variable in statistics]
    model(np.ones((4, 16, 16, 1), "float32"), training=True)
    assert len(statistics) == 98
    for variable, values in zip(statistics, before, strict=True):
        np.testing.assert_array_equal(variable, values)


@pytest.mark.parametrize(
    ("trained_share", "first"), [(1.0, "stem_conv"), (0.3, "block6a"), (0.001, "top")]
)
def test_the_last_layers_alone_may_be_trained(tmp_path, trained_share, first):
    path = tmp_path / "b0.weights.h5"
    source = keras.applications.EfficientNetB0(include_top=False, weights=None)
    source.save_weights(path)
    image = image_of((16, 16, 1))
    block = EfficientNetBlock(
        version="b0",
        weights=path,
        trainable=True,
        trained_share=trained_share,
        learning_rate_factor=0.5,
        first_layer_rate=0.1,
        side=96,
    )
    model = keras.Model(image.pixels, build(block, image))
    (layer,) = [x for x in model.layers if isinstance(x, ImageEncoder)]
    assert layer.network.input.shape == (None, 96, 96, 3)
    trained = [x.name for x in walk(layer.network) if x.trainable_weights]
    assert trained[0].startswith(first)
    # The rates are those of the whole network, whatever share of it is trained.
    factors = learning_rate_factors(model, model.trainable_variables)
    assert factors == sorted(factors)
    assert factors[-1] == pytest.approx(0.5)
    assert factors[0] == pytest.approx(0.5 * 0.1**trained_share, rel=0.05)
    # All of them are behind those that stay as they are.
    names = [x.name for x in walk(layer.network) if x.weights and "bn" not in x.name]
    assert [n for n in names[-len(trained) :] if "normalization" not in n] == trained


@pytest.mark.parametrize("n_channels", [1, 3])
def test_pixels_are_between_0_and_255_whatever_came_before(n_channels):
    arrays = np.linspace(0, 1, 4 * 4 * n_channels, dtype="float32")
    arrays = arrays.reshape(1, 4, 4, n_channels)
    image = image_of((4, 4, n_channels))
    for each in (image, build(Normalization(), image)):
        result = outputs(image.pixels, pixels_as_bytes(each), arrays)
        np.testing.assert_allclose(result, 255 * arrays, atol=1e-3)


def test_without_weights_small_images_are_brought_to_32_pixels():
    y = build(EfficientNetBlock(version="b0"), image_of((16, 40, 1)))
    assert y.shape == (None, 1, 2, 1280)


@pytest.mark.parametrize(
    ("block", "channels", "error", "message"),
    [
        (
            EfficientNetBlock(version="b0", weights="no/such.weights.h5"),
            3,
            FileNotFoundError,
            "There is no file 'no/such.weights.h5'",
        ),
        (
            EfficientNetBlock(weights="some.weights.h5"),
            3,
            OSError,
            "name of a file of weights must contain that of a network",
        ),
        (
            EfficientNetBlock(version="small", weights="imagenet"),
            3,
            ValueError,
            "no weights for EfficientNetBlock",
        ),
        (
            EfficientNetBlock(version="b0", weights="imagenet"),
            2,
            OSError,
            "one or three channels, got 2",
        ),
        (
            EfficientNetBlock(version="b0", trainable=False),
            3,
            ValueError,
            "needs weights",
        ),
        (
            EfficientNetBlock(version="b0", head_first=0.25),
            3,
            ValueError,
            r"head_first=0.25\) needs weights",
        ),
    ],
    ids=["no file", "no version", "small", "channels", "frozen", "head first"],
)
def test_weights_that_cannot_be_had_are_refused(block, channels, error, message):
    with pytest.raises(error, match=message):
        build(block, image_of((32, 32, channels)))


def test_weights_without_a_network_say_what_to_do(monkeypatch):
    def unreachable(**kwargs):
        raise Exception("URL fetch failure")

    monkeypatch.setattr(keras.applications, "EfficientNetB1", unreachable)
    block = EfficientNetBlock(version="b1", weights="imagenet")
    with pytest.raises(OSError, match=r"URL fetch failure.*save_weights.*that file"):
        build(block, image_of((32, 32, 3)))


@pytest.mark.parametrize("problem", [None, "There was no time."])
def test_vectors_that_are_not_there_are_missing(problem):
    views = Views("efficientnet_b0", 0.0, 255.0, problem=problem)
    image = replace(image_of((32, 32, 3)), views=(views,), vectors=({},))
    block = EfficientNetBlock(version="b0", weights="imagenet", trainable=False)
    with pytest.raises(WeightsMissingError, match=problem or "were not computed"):
        build(block, image)


def test_another_kind_of_vectors_takes_the_place_of_one_that_is_not_there():
    views = Views("efficientnet_b0", 0.0, 255.0, mirrored=7)
    vectors = {"mirrored": keras.Input((7,))}
    image = replace(image_of((32, 32, 3)), views=(views,), vectors=(vectors,))
    block = EfficientNetBlock(
        version="b0", weights="imagenet", trainable=False, vectors="encoder"
    )
    assert build(block, image).shape == (None, 7)


# --- Embedding, attention, merging, general


def test_codes_that_are_not_known_share_the_vector_of_code_one():
    x = keras.Input((5,))
    y = build(Embedding(max_features=4, dim=3, dropout=0.0), x)
    result = outputs(x, y, np.array([[1, 3, 4, 99, -2]], "float32"))[0]
    np.testing.assert_array_equal(result[2:], np.tile(result[0], (3, 1)))
    assert not np.allclose(result[0], result[1])


def text_of(vocabulary_size):
    schema = TextSchema(10, 3.0, 5, vocabulary_size, 4, 9)
    tensors = {
        name: keras.Input((width,), dtype=dtype)
        for name, (width, dtype) in schema.shapes.items()
    }
    return Text(**tensors, schema=schema)


def test_the_vocabulary_of_a_text_is_known():
    text = text_of(30)
    y = build(Embedding(dim=3), text)
    model = keras.Model(text.tokens, y)
    (table,) = [w for w in model.weights if w.name == "embeddings"]
    assert table.shape == (30, 3)


def test_attention_tells_positions_apart():
    x = keras.Input((4, 3))
    y = build(TransformerBlock(n_layers=1, width=8, dropout=0.0), x)
    result = outputs(x, y, np.ones((1, 4, 3), "float32"))[0]
    assert not np.allclose(result[0], result[1], atol=1e-4)


@pytest.mark.parametrize(
    ("shapes", "kind", "reduction", "expected"),
    [
        ([(3,), (5,)], "concatenate", None, (8,)),
        ([(3,), (5,)], "add", None, (3,)),
        ([(4, 4, 2), (4, 4, 5)], "concatenate", None, (4, 4, 7)),
        ([(4, 4, 2), (4, 4, 5)], "add", None, (4, 4, 2)),
        ([(4, 4, 2), (2, 2, 5)], "concatenate", None, (7,)),
        ([(4, 4, 2), (3,)], "concatenate", "flatten", (35,)),
        ([(6, 2), (4, 4, 5), (3,)], "add", "global_max", (2,)),
    ],
    ids=repr,
)
def test_branches_of_any_shapes_can_be_merged(shapes, kind, reduction, expected):
    block = Merge(merge_type=kind, reduction_type=reduction)
    y = build(block, [keras.Input(shape) for shape in shapes])
    assert y.shape == (None, *expected)


def test_records_of_different_kinds_can_be_merged():
    image = image_of((4, 4, 2))
    table = Table(numerical=keras.Input((3,)))
    assert build(Merge(merge_type="concatenate"), [image, table]).shape == (None, 5)


def test_a_general_block_takes_each_record():
    image = replace(image_of((8, 8, 1)), default_block=ImageBlock)
    table = Table(
        numerical=keras.Input((3,)),
        quantiles=np.zeros((5, 3), "float32"),
        default_block=StructuredDataBlock,
    )
    assert build(GeneralBlock(), image).shape == (None, 32)
    assert build(GeneralBlock(), table).shape == (None, 256)


def test_a_general_block_takes_a_record_of_no_default_for_a_tensor():
    assert build(GeneralBlock(), image_of((8, 8, 1))).shape == (None, 32)


# --- Training and keras_tuner


def trained(block, source, head=None):
    """Return the loss before and after some steps with few parameters."""
    node, schema, arrays = source
    search_space = SearchSpace(
        Graph([node], [ClassificationHead()(block(node))]),
        schemas=[schema],
        targets=[TargetSchema(kind="binary", n_outputs=1)],
        n_samples=8,
    )
    built = search_space.build({})
    epoch = CompiledEpoch(built, search_space.heads)
    y = dict.fromkeys(search_space.heads, np.arange(8, dtype="float32") % 2)
    chunks = Chunks(Rows(arrays, y, weight=None), lambda rows: rows, 4, seed=None)
    before = epoch.weights.state[0]
    plan = np.array([[1e-3, 1.0]] * 2)
    logs, _ = epoch.run_epoch(chunks.epoch(), lambda first, last: plan[first:last])
    assert np.isfinite(logs["loss"])
    return before, epoch.weights.state[0]


def images(*shape):
    n = shape[-1]
    pixels = np.random.default_rng(0).integers(0, 256, (8, *shape)).astype("uint8")
    schema = ImageSchema(shape, 8, "uint8", 0.0, 255.0, (0.5,) * n, (0.3,) * n)
    return ImageInput(), schema, {"pixels": pixels}


def arrays(*shape, high=None):
    rng = np.random.default_rng(0)
    X = (
        rng.normal(size=(8, *shape))
        if high is None
        else rng.integers(0, high, (8, *shape))
    )
    return Input(), ArraySchema(shape, 8), {"array": X.astype("float32")}


@pytest.mark.parametrize(
    ("block", "source"),
    [
        (ConvBlock(filters=2, n_blocks=1, n_layers=1, separable=True), images(8, 8, 1)),
        (ResNetBlock(version="v2", depth=9, filters=2), images(8, 8, 1)),
        (XceptionBlock(filters=1, n_blocks=0), images(8, 8, 1)),
        (
            ImageBlock(
                block_type="conv",
                augment=ImageAugmentation(flip="both", contrast=0.2, cutout=0.25),
            ),
            images(8, 8, 3),
        ),
        (RNNBlock(units=2), arrays(5, 3)),
        (TransformerBlock(n_layers=1, width=4, n_heads=1), arrays(5, 3)),
        (ConvBlock(filters=2, n_blocks=1), arrays(5, 3)),
        (Embedding(max_features=9, dim=2), arrays(5, high=9)),
    ],
    ids=lambda value: repr(value) if not isinstance(value, tuple) else "",
)
def test_every_block_is_trained_in_the_compiled_epoch(block, source):
    before, after = trained(block, source)
    assert np.isfinite(after).all()
    assert (before != after).mean() > 0.3


@pytest.mark.parametrize(
    ("block", "name", "values"),
    [
        (ConvBlock(filters=Choice([3, 5])), "block/filters_0", [3, 5]),
        (ResNetBlock(depth=Choice([18, 34])), "block/depth", [18, 34]),
        (RNNBlock(units=Choice([8, 16])), "block/units", [8, 16]),
    ],
    ids=repr,
)
def test_ranges_of_the_user_take_the_place_of_those_of_the_block(block, name, values):
    x = keras.Input((5, 3) if isinstance(block, RNNBlock) else (8, 8, 1))
    hp = keras_tuner.HyperParameters()
    build_block(hp, "block", block, x)
    (found,) = [h for h in hp.space if h.name == name]
    assert list(found.values) == values


def test_ranges_answer_as_those_of_keras_tuner():
    hp = keras_tuner.HyperParameters()
    assert Choice(["x", "y"]).suggest(hp, "a") == "x"
    assert Int(2, 5).suggest(hp, "b") == 2
    assert Float(0.5, 1.0, default=0.75).suggest(hp, "c") == 0.75
    assert {h.name for h in hp.space} == {"a", "b", "c"}
    assert build(DenseBlock(units=Choice([3])), keras.Input((4,))).shape == (None, 3)
