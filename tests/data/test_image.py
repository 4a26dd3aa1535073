import copy
import io
import pickle
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.base import clone
from sklearn.datasets import load_digits, load_sample_image

from skautokeras._data import (
    ImageAdapter,
    XAdapter,
    channel_statistics,
    resize,
    take_rows,
    value_range,
)
from skautokeras._data.containers import to_pandas
from skautokeras._data.image_files import formats

Image = pytest.importorskip("PIL.Image")

rng = np.random.RandomState(0)
GREY = rng.randint(0, 256, size=(5, 9, 7), dtype=np.uint8)
COLOUR = rng.randint(0, 256, size=(5, 9, 7, 3), dtype=np.uint8)
# Smooth, so that JPEG keeps it nearly.
SMOOTH = np.add.outer(np.arange(0, 160, 8), np.arange(0, 96, 6)).astype(np.uint8)


def pixels_of(X, **params):
    return ImageAdapter(**params).fit_transform(X)["pixels"]


def save(directory, name, array, mode=None, **options):
    path = directory / name
    image = Image.fromarray(array)
    if mode is not None:
        image = image.convert(mode)
    image.save(path, **options)
    return str(path)


# Arrays


@pytest.mark.parametrize(
    ("X", "params", "wanted"),
    [
        (GREY, {}, GREY[..., None]),
        (GREY[..., None], {}, GREY[..., None]),
        (GREY[:, None], {}, GREY[..., None]),
        (COLOUR, {}, COLOUR),
        (COLOUR.transpose(0, 3, 1, 2), {}, COLOUR),
        (COLOUR[:, :, :3], {}, COLOUR[:, :, :3]),
        (COLOUR[:, :3].transpose(0, 3, 1, 2), {"channels": "first"}, COLOUR[:, :3]),
        (COLOUR.transpose(0, 3, 1, 2), {"channels": "last"}, None),
        (GREY.reshape(5, 63), {"image_shape": (9, 7)}, GREY[..., None]),
        (COLOUR.reshape(5, 189), {"image_shape": [9, 7, 3]}, COLOUR),
        (
            COLOUR.transpose(0, 3, 1, 2).reshape(5, 189),
            {"image_shape": (9, 7, 3), "channels": "first"},
            COLOUR,
        ),
    ],
)
def test_axes_are_told_apart(X, params, wanted):
    before = X.copy()
    adapter = ImageAdapter(**params).fit(X)
    pixels = adapter.transform(X)["pixels"]
    wanted = X if wanted is None else wanted
    assert pixels.dtype == np.uint8
    assert_array_equal(pixels, wanted)
    assert_array_equal(ImageAdapter(**params).fit_transform(X)["pixels"], wanted)
    assert adapter.schema_.shape == wanted.shape[1:]
    assert adapter.schema_.n_samples == 5
    assert_array_equal(X, before)


def test_many_channels_are_the_shortest_axis():
    assert pixels_of(np.zeros((2, 13, 20, 21))).shape == (2, 20, 21, 13)
    assert pixels_of(np.zeros((2, 20, 21, 13))).shape == (2, 20, 21, 13)


WHOLE = np.array([[[0, 1], [2, 255]], [[3, 0], [1, 9]]])


@pytest.mark.parametrize(
    ("X", "dtype"),
    [
        (WHOLE.astype(np.uint8), "uint8"),
        (WHOLE, "uint8"),
        (WHOLE.astype(np.uint16), "uint8"),
        (WHOLE > 1, "uint8"),
        (WHOLE * 256, "float32"),
        (WHOLE - 1, "float32"),
        (WHOLE.astype(np.float64), "float32"),
        (WHOLE.astype(np.float16), "float32"),
        (WHOLE.astype(object), "float32"),
    ],
)
def test_the_dtype_is_the_smallest_without_loss(X, dtype):
    adapter = ImageAdapter().fit(X)
    for as_given in (X, list(X), X.tolist()):
        pixels = adapter.transform(as_given)["pixels"]
        assert pixels.dtype == adapter.schema_.dtype == dtype
        assert_array_equal(pixels[..., 0], X.astype(float))


@pytest.mark.parametrize("X", [COLOUR, COLOUR.astype(np.float32)])
def test_an_array_that_is_ready_is_not_copied(X):
    adapter = ImageAdapter().fit(X)
    assert np.shares_memory(adapter.transform(X)["pixels"], X)
    assert np.shares_memory(adapter.fit_transform(X)["pixels"], X)


def test_digits_as_rows_and_as_images_are_the_same():
    digits = load_digits(as_frame=True)
    by_row = ImageAdapter(image_shape=(8, 8)).fit(digits.data)
    by_image = ImageAdapter().fit(digits.images)
    assert by_row.schema_ == by_image.schema_
    assert (by_row.schema_.low, by_row.schema_.high) == (0, 16)
    assert by_row.feature_names_in_[1] == "pixel_0_1"
    assert_array_equal(
        by_row.transform(digits.data)["pixels"],
        by_image.transform(digits.images)["pixels"],
    )
    with pytest.raises(ValueError, match="feature names should match"):
        by_row.transform(digits.data.iloc[:, ::-1])


CONTAINERS = {
    "list": list(COLOUR),
    "tuple": tuple(COLOUR),
    "nested lists": COLOUR.tolist(),
    "Series": pd.Series(list(COLOUR), index=range(9, 14)),
    "DataFrame": pd.DataFrame({"photo": list(COLOUR)}),
    "object column": pd.DataFrame({"photo": list(COLOUR)}).to_numpy(),
    "channels first": list(COLOUR.transpose(0, 3, 1, 2)),
}


@pytest.mark.parametrize("X", CONTAINERS.values(), ids=CONTAINERS)
def test_every_container_of_arrays_becomes_one_array(X):
    before = copy.deepcopy(X)
    assert_array_equal(pixels_of(X), COLOUR)
    assert type(X) is type(before)
    assert_array_equal(pixels_of(before), COLOUR)


def arrays_of_arrays(image):
    """Return an image as pandas reads nested lists of a Parquet file."""
    rows = np.empty(len(image), dtype=object)
    rows[:] = [arrays_of_arrays(r) if r.ndim > 1 else r.astype(int) for r in image]
    return rows


@pytest.mark.parametrize("images", [GREY, COLOUR])
def test_nested_lists_of_files_become_one_array(images):
    X = pd.Series([arrays_of_arrays(image) for image in images])
    pixels = pixels_of(X)
    assert pixels.dtype == np.uint8
    assert_array_equal(pixels, images.reshape(pixels.shape))


@pytest.mark.parametrize("kind", ["List", "Array"])
def test_nested_columns_of_polars_become_one_array(kind):
    polars = pytest.importorskip("polars")
    X = COLOUR if kind == "Array" else COLOUR.tolist()
    column = to_pandas(polars.DataFrame({"photo": X}))
    assert_array_equal(pixels_of(column), COLOUR)


def test_a_list_of_flattened_images_is_a_table():
    rows = list(GREY.reshape(5, 63))
    assert_array_equal(pixels_of(rows, image_shape=(9, 7))[..., 0], GREY)


def test_grey_images_among_coloured_ones_become_coloured():
    adapter = ImageAdapter().fit([GREY[0], COLOUR[1], GREY[2][..., None]])
    pixels = adapter.transform([GREY[3], COLOUR[4]])["pixels"]
    assert adapter.schema_.shape == (9, 7, 3)
    assert_array_equal(pixels[0], np.repeat(GREY[3][..., None], 3, axis=2))
    assert_array_equal(pixels[1], COLOUR[4])
    assert_array_equal(adapter.transform([GREY[3]])["pixels"][0], pixels[0])


# Sizes


def test_images_of_different_sizes_get_the_median_size():
    images = [np.full(size, 7, np.uint8) for size in [(4, 10), (6, 20), (8, 12)]]
    X = np.empty(3, dtype=object)
    X[:] = images
    adapter = ImageAdapter().fit(X)
    assert adapter.schema_.shape == (6, 12, 1)
    assert (adapter.transform(images)["pixels"] == 7).all()
    assert adapter.transform(np.zeros((2, 30, 31)))["pixels"].shape == (2, 6, 12, 1)


@pytest.mark.parametrize("X", [COLOUR, list(COLOUR), COLOUR.astype(np.float32)])
def test_image_size_is_the_size(X):
    adapter = ImageAdapter(image_size=(4, 5)).fit(X)
    pixels = adapter.transform(X)["pixels"]
    assert pixels.shape == (5, 4, 5, 3)
    assert pixels.dtype == X[0].dtype
    assert_allclose(pixels.mean(), COLOUR.mean(), rtol=0.02)
    assert adapter.transform([COLOUR[0, :4, :5]])["pixels"].shape == (1, 4, 5, 3)


@pytest.mark.parametrize("size", [(5, 20), (3, 3), (40, 33), (19, 1), (1, 1)])
def test_resizing_is_what_others_do(size):
    image = rng.randint(0, 256, size=(19, 23, 3), dtype=np.uint8)
    pillow = Image.fromarray(image).resize(size[::-1], Image.Resampling.BILINEAR)
    ours = resize(image, size)
    assert ours.dtype == np.uint8
    assert_allclose(ours.astype(int), np.asarray(pillow).astype(int), atol=1)
    assert_allclose(resize(image.astype(np.float32), size), ours, atol=0.51)


def test_images_are_resized_one_by_one_or_together():
    one_by_one = np.stack([resize(image, (6, 11)) for image in COLOUR])
    assert_array_equal(resize(COLOUR, (6, 11)), one_by_one)


def test_resizing_to_the_same_size_changes_nothing():
    image = COLOUR[0]
    assert resize(image, (9, 7)) is image


# Schema


@pytest.mark.parametrize(
    ("X", "expected"),
    [
        (np.array([0, 200], np.uint8), (0, 255)),
        (np.array([0, 100], np.uint8), (0, 255)),
        (np.array([0, 1], np.uint8), (0, 1)),
        (np.array([0, 0], np.uint8), (0, 1)),
        (np.array([0, 15.0]), (0, 15)),
        (np.array([0, 16.0]), (0, 16)),
        (np.array([3.0, 250.0]), (0, 255)),
        (np.array([0, 4000.0]), (0, 4095)),
        (np.array([0, 60000.0]), (0, 65535)),
        (np.array([0, 1e6]), (0, 1e6)),
        (np.array([0.2, 0.9]), (0, 1)),
        (np.array([-0.2, 0.9]), (-1, 1)),
        (np.array([-3.0, 2.0]), (-3, 2)),
        (np.array([-3.0, -3.0]), (-3, -2)),
        (np.array([0.0]), (0, 1)),
    ],
)
def test_the_range_is_a_usual_one(X, expected):
    assert value_range(X) == expected


def test_statistics_are_those_of_scaled_channels(monkeypatch):
    monkeypatch.setattr("skautokeras._data.pixels.CHUNK_SIZE", 400)
    X = COLOUR.copy()
    X[..., 1] = 200
    X[..., 0] //= 2
    schema = ImageAdapter().fit(X).schema_
    scaled = X.reshape(-1, 3) / 255
    assert (schema.low, schema.high) == (0, 255)
    assert_allclose(schema.mean, scaled.mean(axis=0))
    assert_allclose(schema.std, [scaled[:, 0].std(), 1, scaled[:, 2].std()])


def test_statistics_of_floats_are_those_of_values_between_0_and_1():
    X = rng.uniform(-2, 5, size=(6, 4, 4, 2)).astype(np.float32)
    scaled = (X.astype(float) - X.min()) / (float(X.max()) - X.min())
    mean, std = channel_statistics(X, float(X.min()), float(X.max()))
    assert_allclose(mean, scaled.mean(axis=(0, 1, 2)), rtol=1e-6)
    assert_allclose(std, scaled.std(axis=(0, 1, 2)), rtol=1e-6)


@pytest.mark.parametrize("value", [0, 0.3, -4.0, 255])
def test_one_constant_image_is_enough(value):
    adapter = ImageAdapter().fit(np.full((1, 3, 4), value))
    schema = adapter.schema_
    assert schema.std == (1,)
    assert schema.high > schema.low
    # Other values of the same range are no error.
    other = adapter.transform(np.full((2, 3, 4), min(7 * value + 2, 200)))["pixels"]
    assert other.shape == (2, 3, 4, 1)


def test_other_numbers_are_rounded_where_pixels_are_integers():
    adapter = ImageAdapter().fit(GREY)
    X = np.array([-3.0, 0.4, 127.6, 300.0, 1e9, 7.0]).reshape(1, 3, 2)
    adapter = ImageAdapter().fit(GREY[:, :3, :2])
    pixels = adapter.transform(X)["pixels"]
    assert pixels.dtype == np.uint8
    assert pixels.ravel().tolist() == [0, 0, 128, 255, 255, 7]
    with pytest.raises(ValueError, match="Multiply by 255, or fit on fractions"):
        adapter.transform(X.clip(0, 0.5))


# Files


@pytest.mark.parametrize("suffix", ["png", "jpg", "gif", "bmp"])
@pytest.mark.parametrize("is_grey", [True, False])
def test_files_of_every_format_are_read(tmp_path, suffix, is_grey):
    image = SMOOTH if is_grey else np.stack([SMOOTH, SMOOTH // 2, 255 - SMOOTH], -1)
    path = save(tmp_path, f"image.{suffix}", image)
    adapter = ImageAdapter().fit([path])
    pixels = adapter.transform([path])["pixels"]
    assert pixels.dtype == np.uint8
    assert pixels.shape == (1, *SMOOTH.shape, 1 if is_grey else 3)
    wanted = image.reshape(pixels.shape).astype(int)
    tolerance = {"png": 0, "bmp": 0, "jpg": 20, "gif": 0 if is_grey else 40}[suffix]
    assert_allclose(pixels.astype(int), wanted, atol=tolerance)
    assert (adapter.schema_.low, adapter.schema_.high) == (0, 255)


@pytest.mark.parametrize(
    "container",
    [
        list,
        lambda paths: [Path(path) for path in paths],
        np.array,
        lambda paths: np.array(paths, dtype=object)[:, None],
        lambda paths: pd.Series(paths, dtype="str"),
        lambda paths: pd.Series(paths, dtype="category"),
        pd.Index,
        lambda paths: [path.encode() for path in paths],
        lambda paths: pd.DataFrame({"photo": paths}),
    ],
)
def test_paths_come_in_every_container(tmp_path, container):
    paths = [save(tmp_path, f"{i}.png", image) for i, image in enumerate(COLOUR)]
    assert_array_equal(pixels_of(container(paths)), COLOUR)


def test_paths_and_arrays_may_be_mixed(tmp_path):
    path = save(tmp_path, "a.png", COLOUR[0])
    assert_array_equal(pixels_of([path, COLOUR[1]]), COLOUR[:2])


def test_palettes_become_colours_or_grey(tmp_path):
    palette = Image.fromarray(COLOUR[0]).quantize(16)
    palette.save(tmp_path / "colour.png")
    grey = Image.fromarray(GREY[0]).convert("P")
    grey.save(tmp_path / "grey.png")
    assert palette.mode == grey.mode == "P"
    assert_array_equal(
        pixels_of([str(tmp_path / "colour.png")])[0], palette.convert("RGB")
    )
    assert_array_equal(pixels_of([str(tmp_path / "grey.png")])[0, ..., 0], GREY[0])


def test_black_and_white_is_grey(tmp_path):
    path = save(tmp_path, "a.png", GREY[0] > 127, mode="1")
    assert_array_equal(pixels_of([path])[0, ..., 0], 255 * (GREY[0] > 127))


def test_what_is_transparent_becomes_white(tmp_path):
    alpha = np.zeros((9, 7), np.uint8)
    alpha[:4] = 255
    colour = save(tmp_path, "a.png", np.dstack([COLOUR[0], alpha]))
    grey = save(tmp_path, "b.png", np.dstack([GREY[0], alpha]))
    seen = np.where(alpha[..., None] > 0, COLOUR[0], 255)
    assert_array_equal(pixels_of([colour])[0], seen)
    assert_array_equal(pixels_of([grey])[0, ..., 0], np.where(alpha > 0, GREY[0], 255))


def test_a_transparent_colour_of_a_palette_becomes_white(tmp_path):
    image = Image.fromarray(COLOUR[0]).quantize(4)
    image.info["transparency"] = 0
    image.save(tmp_path / "a.gif", transparency=0)
    pixels = pixels_of([tmp_path / "a.gif"])[0]
    assert (pixels[np.asarray(image) == 0] == 255).all()


def test_16_bits_stay_16_bits(tmp_path):
    deep = (GREY[0].astype(np.uint16) * 257) ^ 3
    paths = [save(tmp_path, "a.png", deep), save(tmp_path, "b.png", GREY[1])]
    adapter = ImageAdapter().fit(paths)
    pixels = adapter.transform(paths)["pixels"]
    assert (adapter.schema_.dtype, adapter.schema_.high) == ("float32", 65535)
    assert_array_equal(pixels[0, ..., 0], deep)
    assert_array_equal(pixels[1, ..., 0], GREY[1] * 257.0)
    shallow = ImageAdapter().fit(paths[1:]).transform(paths)["pixels"]
    assert shallow.dtype == np.uint8
    assert_array_equal(shallow[..., 0], GREY[:2])


TWELVE = GREY.astype(np.uint16) << 4


def png(array):
    file = io.BytesIO()
    Image.fromarray(array).save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize("make", [Image.fromarray, png])
@pytest.mark.parametrize("factor", [257, 16])
@pytest.mark.parametrize("dtype", ["uint16", "int32", "float32"])
def test_files_of_8_bits_after_deeper_arrays_are_refused(make, factor, dtype):
    deep = GREY.astype(dtype) * factor
    adapter = ImageAdapter().fit(deep)
    message = f"whole numbers of 8 bits, .* between 0 and {adapter.schema_.high:g}"
    # The bits of each file are known, so that one among others is noticed.
    for others in ([], [make(GREY[1].astype(np.uint16) * 257)], list(deep)):
        with pytest.raises(ValueError, match=message):
            adapter.transform([make(GREY[0]), *others])
    black = adapter.transform([make(np.zeros((9, 7), np.uint8))])["pixels"]
    assert (black == 0).all()
    if dtype == "uint16":
        same = adapter.transform([make(image) for image in deep])["pixels"]
        assert_array_equal(same[..., 0], deep)


def test_coloured_files_of_8_bits_after_deeper_arrays_are_refused():
    adapter = ImageAdapter().fit(COLOUR.astype(np.uint16) * 257)
    with pytest.raises(ValueError, match="whole numbers of 8 bits"):
        adapter.transform([Image.fromarray(COLOUR[0])])


def test_files_of_16_bits_that_hold_12_have_the_range_of_12():
    adapter = ImageAdapter().fit([png(image) for image in TWELVE])
    of_array = ImageAdapter().fit(TWELVE)
    assert adapter.deep_
    assert adapter.schema_ == of_array.schema_
    assert adapter.schema_.high == 4095
    with pytest.raises(ValueError, match=r"numbers of 8 bits, .* 0 and 4095"):
        adapter.transform([png(GREY[0]), png(TWELVE[0])])
    with pytest.raises(ValueError, match=r"values up to 6\d*, .* 0 and 4095"):
        adapter.transform([png(image * 16) for image in TWELVE])


def test_files_of_16_bits_that_hold_8_equal_those_of_8():
    adapter = ImageAdapter().fit([png(image.astype(np.uint16)) for image in GREY])
    assert adapter.schema_.high == 255
    assert_array_equal(adapter.transform([png(GREY[1])])["pixels"][0, ..., 0], GREY[1])
    # A little more than in `fit` is not another range.
    brighter = np.where(GREY[1] > 250, 300, GREY[1].astype(np.uint16))
    assert_array_equal(
        adapter.transform([png(brighter)])["pixels"][0, ..., 0], brighter
    )


@pytest.mark.parametrize("n_dark", [0, 3])
def test_files_of_8_bits_beside_16_come_as_in_fit(n_dark):
    # Even if they are so dark that 12 bits would hold what becomes of them.
    images = [png(GREY[0] // 20), *map(png, TWELVE), *[png(GREY[1] // 20)] * n_dark]
    adapter = ImageAdapter()
    pixels = adapter.fit_transform(images)["pixels"]
    assert adapter.schema_.high == 65535
    assert_array_equal(pixels[0, ..., 0], GREY[0] // 20 * 257.0)
    assert_array_equal(adapter.transform(images)["pixels"], pixels)
    assert_array_equal(adapter.transform(images[:1])["pixels"], pixels[:1])


def test_many_files_of_12_bits_after_8_are_refused():
    many = [png(image) for image in TWELVE] * 2
    for first in (GREY, [png(image) for image in GREY]):
        adapter = ImageAdapter().fit(first)
        with pytest.raises(
            ValueError, match=r"up to about 4\d* of 65535, .* 0 and 255"
        ):
            adapter.transform(many)
        # Some may be dark, and so may be all where those of `fit` were.
        assert adapter.transform(many[:9])["pixels"].max() == 16
        assert len(adapter.transform([*many, png(TWELVE[0] * 16)])["pixels"]) == 11
    dark = ImageAdapter().fit([png(image // 20) for image in GREY])
    assert len(dark.transform(many)["pixels"]) == 10


def test_files_of_12_bits_after_fractions_are_refused():
    adapter = ImageAdapter().fit(GREY / 255)
    with pytest.raises(ValueError, match=r"values up to 4\d*, .* fractions"):
        adapter.transform([png(TWELVE[0])])


def test_a_dark_file_of_16_bits_among_8_is_dark(tmp_path):
    dark = np.full((9, 7), 100, dtype=np.uint16)
    paths = [save(tmp_path, "a.png", GREY[0]), save(tmp_path, "b.png", dark)]
    adapter = ImageAdapter().fit(paths[:1])
    assert (adapter.transform(paths[1:])["pixels"] == 0).all()


def test_files_of_different_sizes_and_colours_become_one_array(tmp_path):
    paths = [
        save(tmp_path, "a.png", SMOOTH),
        save(tmp_path, "b.png", COLOUR[0]),
        save(tmp_path, "c.bmp", np.dstack([SMOOTH] * 3)),
    ]
    adapter = ImageAdapter().fit(paths)
    assert adapter.schema_.shape == (20, 16, 3)
    pixels = adapter.transform(paths)["pixels"]
    assert_array_equal(pixels[0], pixels[2])
    assert_array_equal(adapter.transform(paths[1:2])["pixels"][0], pixels[1])
    assert pixels_of(paths, image_size=(6, 5)).shape == (3, 6, 5, 3)


def test_a_coloured_file_becomes_grey_where_all_were_grey(tmp_path):
    grey = save(tmp_path, "a.png", GREY[0])
    same = save(tmp_path, "b.png", np.dstack([GREY[0]] * 3))
    pixels = ImageAdapter().fit([grey]).transform([same, grey])["pixels"]
    assert_array_equal(pixels[0], pixels[1])


def test_a_photograph_is_turned_as_its_camera_says(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    path = save(tmp_path, "a.jpg", SMOOTH, exif=exif, quality=100)
    pixels = pixels_of([path])[0, ..., 0]
    assert pixels.shape == SMOOTH.shape[::-1]
    assert_allclose(pixels.astype(int), np.rot90(SMOOTH, -1).astype(int), atol=3)


def test_a_large_photograph_is_the_same_as_its_pixels(tmp_path):
    path = save(tmp_path, "a.jpg", load_sample_image("china.jpg"))
    adapter = ImageAdapter(image_size=(24, 36)).fit([path])
    from_file = adapter.transform([path])["pixels"]
    from_pixels = adapter.transform(np.asarray(Image.open(path))[None])["pixels"]
    difference = np.abs(from_file.astype(int) - from_pixels.astype(int))
    assert difference.mean() < 2
    assert difference.max() < 15


def test_files_are_decoded_once(tmp_path, monkeypatch):
    paths = [save(tmp_path, f"{i}.png", image) for i, image in enumerate(COLOUR)]
    read = []

    def decode(path, n_channels, size):
        read.append(path)
        return COLOUR[0]

    monkeypatch.setattr("skautokeras._data.image.decode", decode)
    inputs = XAdapter(["a", "b"], [ImageAdapter(), ImageAdapter()], [0, 1])
    inputs.fit_transform(pd.DataFrame({"x": paths, "y": paths}))
    assert sorted(read) == sorted(paths * 2)


def test_files_that_cannot_be_read_are_named(tmp_path):
    good = save(tmp_path, "good.png", COLOUR[0])
    data = Path(good).read_bytes()
    for name, content in {
        "empty.png": b"",
        "text.png": b"This is no image.",
        "half.png": data[: len(data) // 2],
        "odd.png": data[:60] + b"odd" + data[63:],
    }.items():
        (tmp_path / name).write_bytes(content)
        bad = str(tmp_path / name)
        with pytest.raises(ValueError, match=rf"Row 1 of X: .*{name}.*cannot be read"):
            ImageAdapter().fit([good, bad])
        with pytest.raises(ValueError, match=rf"Row 1 of X: .*{name}.*cannot be read"):
            ImageAdapter().fit([good]).transform([good, bad])
    missing = str(tmp_path / "missing.png")
    with pytest.raises(ValueError, match=r"Row 0 of X: There is no .*missing\.png"):
        ImageAdapter().fit([missing, good])
    with pytest.raises(ValueError, match=r"Row 0 of X: There is no image file"):
        ImageAdapter().fit([str(tmp_path)])


def test_without_pillow_the_extra_is_named(tmp_path, monkeypatch):
    path = save(tmp_path, "a.png", COLOUR[0])
    for name in [name for name in sys.modules if name.split(".")[0] == "PIL"]:
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ImportError, match=r"pip install 'skautokeras\[image\]'"):
        ImageAdapter().fit([path])
    assert_array_equal(pixels_of(COLOUR), COLOUR)


# Mistakes

BAD = {
    "rows": (
        GREY.reshape(5, 63),
        {},
        r"got an array of shape \(5, 63\). Pass image_shape=\(height, width\)",
    ),
    "another width": (
        GREY.reshape(5, 63),
        {"image_shape": (8, 8)},
        r"X has 63 features, but .* have 64 with image_shape=\(8, 8\)",
    ),
    "one dimension": (GREY.ravel(), {}, "Expected 2D array, got 1D array"),
    "five dimensions": (GREY[..., None, None], {}, r"shape \(5, 9, 7, 1, 1\)"),
    "no pixels": (np.zeros((3, 0, 4)), {}, r"shape \(3, 0, 4\)"),
    "no rows": (GREY[:0], {}, "Found array with 0 sample"),
    "an empty list": ([], {}, "Found array with 0 sample"),
    "NaN": (np.full((2, 3, 4), np.nan), {}, "Input X contains NaN"),
    "NaN in a row": (
        [np.zeros((3, 4)), np.full((4, 3), np.nan)],
        {},
        "Row 1 of X: Input X contains NaN",
    ),
    "infinity": (np.full((2, 3, 4), np.inf), {}, "Input X contains infinity"),
    "too large": (np.full((2, 3, 4), 1e300), {}, "Input X contains infinity"),
    "complex": (np.full((2, 3, 4), 1j), {}, "Complex data not supported"),
    "None": ([GREY[0], None], {}, "Input X contains NaN: row 1 is None, no image"),
    "NaN in a Series": (
        pd.Series(["a.png", np.nan], dtype="str"),
        {},
        "Input X contains NaN: row 1 is nan, no image",
    ),
    "strings": (np.array([["a", "b"]]), {}, "one column of paths or images"),
    "objects": ([{"a": 1}], {}, "Row 0 of X is dict with values of dtype object"),
    "a string in an image": (
        [np.array([[1, "a"]], dtype=object)],
        {},
        "Row 0 of X: could not convert string to float: 'a'",
    ),
    "ragged": ([[[1, 2], [1]]], {}, "Row 0 of X: Its lists differ in length"),
    "ragged arrays": (
        pd.Series([[np.zeros(2), np.zeros(2)], [np.zeros(2), np.zeros(3)]]),
        {},
        "Row 1 of X: Its lists differ in length",
    ),
    "a flat image": ([GREY[0], GREY[0, 0]], {}, r"Row 1 of X has the shape \(7,\)"),
    "channels": (
        [COLOUR[0], COLOUR[0][..., :2]],
        {},
        "row 0 has 3 channels and row 1 has 2",
    ),
    "numbers": ([1, 2, 3], {}, "Expected 2D array, got 1D array"),
}


@pytest.mark.parametrize(("X", "params", "message"), BAD.values(), ids=BAD)
def test_what_is_no_image_is_refused(X, params, message):
    with pytest.raises(ValueError, match=message):
        ImageAdapter(**params).fit(X)


def test_sparse_data_are_refused():
    with pytest.raises(TypeError, match="Sparse data was passed"):
        ImageAdapter(image_shape=(1, 2)).fit(sparse.csr_array(np.eye(2)))


@pytest.mark.parametrize(
    "params",
    [
        {"channels": "middle"},
        {"image_shape": 8},
        {"image_shape": (8,)},
        {"image_shape": (8, 8.0)},
        {"image_size": (8, 8, 3)},
        {"image_size": (0, 8)},
    ],
)
def test_parameters_are_checked(params):
    (name,) = params
    with pytest.raises(ValueError, match=f"The '{name}' parameter must be"):
        ImageAdapter(**params).fit(GREY)


@pytest.mark.parametrize(
    ("X", "other", "message"),
    [
        (
            GREY,
            GREY[:, :8],
            r"X has images of shape \(8, 7, 1\), but .*\(9, 7, 1\).*ima",
        ),
        (
            GREY,
            COLOUR,
            r"X has images of shape \(9, 7, 3\), but \(9, 7, 1\) is expected",
        ),
        (COLOUR, GREY, r"shape \(9, 7, 1\), but \(9, 7, 3\) is expected"),
        (
            list(GREY),
            [GREY[0], GREY[0][:8]],
            r"Row 1 of X: The image has the shape \(8, 7, 1\), but .*\(9, 7, 1\).*With",
        ),
        (list(GREY), list(COLOUR), r"Row 0 of X: The image has the shape \(9, 7, 3\)"),
        (
            COLOUR,
            COLOUR.transpose(0, 3, 1, 2),
            r"shape \(3, 9, 7\), but \(9, 7, 3\) is expected",
        ),
    ],
)
def test_images_of_another_shape_are_refused(X, other, message):
    adapter = ImageAdapter().fit(X)
    with pytest.raises(ValueError, match=message):
        adapter.transform(other)


def test_the_adapter_is_pickled_and_cloned():
    adapter = ImageAdapter(image_size=(4, 4)).fit(COLOUR)
    wanted = adapter.transform(COLOUR)["pixels"]
    for other in (pickle.loads(pickle.dumps(adapter)), clone(adapter).fit(COLOUR)):
        assert other.schema_ == adapter.schema_
        assert_array_equal(other.transform(COLOUR)["pixels"], wanted)


SOURCES = {
    "array": COLOUR,
    "floats": GREY / 255,
    "channels first": COLOUR.transpose(0, 3, 1, 2),
    "different images": [
        COLOUR[0],
        GREY[1],
        SMOOTH,
        np.pad(COLOUR[3], ((1, 1), (0, 3), (0, 0))),
        COLOUR[4],
    ],
}


@hypothesis_settings(max_examples=30, deadline=None)
@given(
    name=st.sampled_from(sorted(SOURCES)),
    size=st.sampled_from([None, (4, 5), (12, 8)]),
    rows=st.lists(st.integers(0, 4), min_size=1, max_size=6),
)
def test_some_rows_give_the_same_as_all(name, size, rows):
    X = SOURCES[name]
    adapter = ImageAdapter(image_size=size).fit(X)
    full = adapter.transform(X)["pixels"]
    some = adapter.transform(take_rows(X, rows))["pixels"]
    assert_array_equal(some, full[rows])


# Sources: whatever Pillow reads


MODES = ["1", "L", "P", "LA", "PA", "RGB", "RGBA", "CMYK", "YCbCr", "HSV"]


def as_path(image, format, folder):
    path = folder / f"image.{format.lower()}"
    image.save(path, format=format, **({"lossless": True} if format == "WEBP" else {}))
    return path


def as_bytes(image, format, folder):
    return as_path(image, format, folder).read_bytes()


def as_file(image, format, folder):
    return io.BytesIO(as_bytes(image, format, folder))


def as_pillow(image, format, folder):
    return Image.open(as_path(image, format, folder))


@pytest.mark.parametrize("make", [as_path, as_bytes, as_file, as_pillow])
@pytest.mark.parametrize("format", ["PNG", "TIFF", "WEBP"])
def test_images_come_as_paths_bytes_files_and_pillow_images(make, format, tmp_path):
    sources = [make(Image.fromarray(array), format, tmp_path) for array in COLOUR[:1]]
    assert_array_equal(pixels_of(sources), COLOUR[:1])


@pytest.mark.parametrize("mode", MODES)
def test_pillow_images_of_any_mode_are_their_colours(mode):
    image = Image.fromarray(COLOUR[0]).convert("RGB").convert(mode.replace("PA", "P"))
    image = image.convert(mode) if mode == "PA" else image
    kept = image.copy()
    n_channels = 1 if mode in {"1", "L", "LA"} else 3
    expected = image.convert("RGB" if n_channels == 3 else "L")
    assert_array_equal(
        pixels_of([image])[0], np.asarray(expected).reshape(9, 7, n_channels)
    )
    assert image == kept


def test_modes_and_arrays_share_a_list():
    images = [Image.fromarray(COLOUR[0]), Image.fromarray(GREY[0]), COLOUR[1], GREY[1]]
    assert pixels_of(images).shape == (4, 9, 7, 3)
    with pytest.raises(ValueError, match=r"row 3 has 2\. .*convert\('RGB'\)"):
        pixels_of([*images[:3], COLOUR[1][..., :2]])


def test_a_turned_photograph_is_turned_back_whatever_holds_it(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    path = save(tmp_path, "a.jpg", SMOOTH, exif=exif)
    upright = pixels_of([path])
    assert upright.shape == (1, 16, 20, 1)
    assert_array_equal(pixels_of([Image.open(path)]), upright)
    assert_array_equal(pixels_of([Path(path).read_bytes()]), upright)


@pytest.mark.parametrize(
    "source", [b"no image", b"", b"<svg></svg>", io.BytesIO(b"\x89PNG\r\n")]
)
def test_what_is_no_image_names_its_row_and_the_formats(source):
    message = "Row 1 of X: The image cannot be read: .* not one of PNG, JPEG, "
    with pytest.raises(ValueError, match=message):
        pixels_of([Image.fromarray(GREY[0]), source])


@pytest.mark.parametrize("format", ["AVIF", "JPEG2000"])
def test_formats_that_this_pillow_reads_are_read(format, tmp_path):
    if format not in formats():
        pytest.skip(f"This Pillow does not read {format}.")
    colour = np.stack([SMOOTH, SMOOTH // 2, 255 - SMOOTH], -1)
    Image.fromarray(colour).save(tmp_path / "a", format=format)
    pixels = pixels_of([tmp_path / "a", (tmp_path / "a").read_bytes()])
    assert_allclose(pixels.astype(int), [colour.astype(int)] * 2, atol=20)


def test_long_strings_are_cut_in_messages():
    with pytest.raises(ValueError, match="There is no image file 'data:image") as error:
        pixels_of(["data:image/png;base64," + "A" * 100_000])
    assert len(str(error.value)) < 150


# One image in the place of several


def one_image(kind, folder):
    path = save(folder, "cat.png", COLOUR[0])
    return {
        "str": path,
        "path": Path(path),
        "bytes": Path(path).read_bytes(),
        "file": io.BytesIO(Path(path).read_bytes()),
        "pillow": Image.fromarray(COLOUR[0]),
        "missing file": "cat",
    }[kind]


@pytest.mark.parametrize(
    "kind", ["str", "path", "bytes", "file", "pillow", "missing file"]
)
def test_a_single_image_is_refused(kind, tmp_path):
    message = r"^X is a single image; put it into a list: \[image\]"
    with pytest.raises(ValueError, match=message):
        ImageAdapter().fit(one_image(kind, tmp_path))
    with pytest.raises(ValueError, match=message):
        ImageAdapter().fit(COLOUR).transform(one_image(kind, tmp_path))


def test_a_folder_is_refused(tmp_path):
    for folder in (tmp_path, str(tmp_path)):
        with pytest.raises(ValueError, match=r"X is the folder .*; pass the list of"):
            ImageAdapter().fit(folder)


@pytest.mark.parametrize(
    ("X", "params", "single"),
    [
        (GREY, {}, GREY[0][..., None]),
        (GREY, {"image_size": (4, 5)}, COLOUR[0]),
        (COLOUR, {}, COLOUR[0]),
        (COLOUR, {"image_size": (4, 5)}, COLOUR[0].tolist()),
        (COLOUR[:, :, :4], {"image_size": (4, 5)}, COLOUR[0]),
        ([GREY[0], SMOOTH], {}, np.dstack([COLOUR[0], GREY[0]])),
    ],
)
def test_a_single_array_is_refused(X, params, single):
    adapter = ImageAdapter(**params).fit(X)
    with pytest.raises(ValueError, match=r"as a single image has; put it into a list"):
        adapter.transform(single)


def test_narrow_images_are_no_single_image():
    adapter = ImageAdapter().fit(GREY[..., :3])
    assert adapter.transform(GREY[..., :3])["pixels"].shape == (5, 9, 3, 1)
    wide = ImageAdapter(image_size=(4, 5)).fit(GREY)
    assert wide.transform(GREY[..., :3, None])["pixels"].shape == (5, 4, 5, 1)


def test_a_truncated_file_is_named(tmp_path):
    path = save(tmp_path, "a.png", COLOUR[0])
    Path(path).write_bytes(Path(path).read_bytes()[:60])
    with pytest.raises(ValueError, match=r"a.png' cannot be read"):
        pixels_of([path])


def test_floats_of_pillow_keep_their_range():
    image = Image.fromarray(np.linspace(0, 1, 63, dtype="float32").reshape(9, 7))
    adapter = ImageAdapter()
    pixels = adapter.fit_transform([image])["pixels"]
    assert (pixels.dtype, adapter.schema_.high) == ("float32", 1.0)


CT = GREY.astype(np.int32) * 20 - 1024


@pytest.mark.parametrize("values", [CT, GREY.astype(np.int32) * 1000])
@pytest.mark.parametrize("make", [as_pillow, as_path])
def test_whole_numbers_beyond_16_bits_are_those_of_the_array(make, values, tmp_path):
    (tmp_path / "0").mkdir()
    images = []
    for i, image in enumerate(values):
        folder = tmp_path / str(i)
        folder.mkdir(exist_ok=True)
        images.append(make(Image.fromarray(image), "TIFF", folder))
    assert Image.fromarray(values[0]).mode == "I"
    of_images, of_array = ImageAdapter(), ImageAdapter()
    pixels = of_images.fit_transform(images)["pixels"]
    assert_array_equal(pixels, of_array.fit_transform(values)["pixels"])
    assert of_images.schema_ == of_array.schema_
    # What fits into 16 bits keeps its values beside the others.
    for adapter in (of_images, of_array):
        bone = Image.fromarray(np.full((9, 7), 700, np.int32))
        assert (adapter.transform([bone])["pixels"] == 700).all()


@pytest.mark.parametrize("dtype", ["int32", "int16", "uint32"])
@pytest.mark.parametrize("make", [as_pillow, as_path])
def test_whole_numbers_of_32_bits_equal_those_of_8(make, dtype, tmp_path):
    small = [Image.fromarray(image) for image in GREY]
    wide = []
    for i, image in enumerate(GREY):
        folder = tmp_path / str(i)
        folder.mkdir()
        wide.append(make(Image.fromarray(image.astype(dtype)), "TIFF", folder))
    wide.append(Image.fromarray(GREY[0].astype(dtype)))
    small.append(small[0])
    expected = np.concatenate([GREY, GREY[:1]])[..., None]
    schemas = []
    for first in (small, wide, GREY, [*small[:3], *wide[3:]]):
        adapter = ImageAdapter().fit(first)
        schemas.append(adapter.schema_)
        for later in (small, wide, wide[:1], [wide[0], small[1]]):
            pixels = adapter.transform(later)["pixels"]
            assert pixels.dtype == np.uint8
            assert_array_equal(pixels, expected[: len(later)])
    assert schemas[0] == schemas[1] == schemas[3]


def test_whole_numbers_of_32_bits_are_those_of_the_array():
    levels = TWELVE.astype(np.int32)
    images = [Image.fromarray(image) for image in levels]
    adapter, of_array = ImageAdapter(), ImageAdapter().fit(levels)
    assert_array_equal(adapter.fit_transform(images)["pixels"][..., 0], levels)
    assert adapter.schema_ == of_array.schema_
    for fitted in (adapter, of_array):
        # Those of a dark image are small, and remain so.
        dark = fitted.transform([Image.fromarray(levels[0] // 30)])["pixels"]
        assert_array_equal(dark[0, ..., 0], levels[0] // 30)
        with pytest.raises(ValueError, match="whole numbers of 8 bits"):
            fitted.transform([Image.fromarray(GREY[0])])
    grey = ImageAdapter().fit(GREY)
    with pytest.raises(ValueError, match=r"values up to 4\d*, .* between 0 and 255"):
        grey.transform(images)


def test_a_png_file_of_16_bits_has_them_in_every_version_of_pillow():
    deep = GREY.astype(np.uint16) * 257
    images = [Image.fromarray(image.astype(np.int32)) for image in deep]
    for image in images:
        image.format = "PNG"  # as versions read it that do not know "I;16" there
    as_now = [Image.open(io.BytesIO(png(image))) for image in deep]
    pgm = [
        Image.open(io.BytesIO(b"P5 7 9 65535\n" + image.astype(">u2").tobytes()))
        for image in deep
    ]
    assert (images[0].mode, pgm[0].mode) == ("I", "I")
    for sources in (images, as_now, pgm):
        # Those of 8 bits become so, and those of 16 bits become those of 8.
        for first, expected in ((sources, deep), (GREY, GREY)):
            adapter = ImageAdapter().fit(first)
            for later in (sources, [Image.fromarray(image) for image in GREY]):
                pixels = adapter.transform(later)["pixels"]
                assert_array_equal(pixels[..., 0], expected)


def test_whole_numbers_of_16_bits_remain_such():
    images = [Image.fromarray(image.astype(np.int32) * 257) for image in GREY]
    adapter = ImageAdapter().fit(images)
    assert adapter.schema_.high == 65535
    assert_array_equal(adapter.transform(images)["pixels"][..., 0], GREY * 257.0)


@pytest.mark.parametrize("high", [16.0, 255.0])
def test_fractions_after_levels_are_noticed(high):
    levels = np.random.default_rng(0).random((20, 8, 8)) * high
    levels[0, 0, 0] = high
    adapter = ImageAdapter().fit(levels)
    with pytest.raises(ValueError, match=f"between 0 and {high:g}. Multiply by"):
        adapter.transform(levels / high)
    # A dark picture has no bright pixel, and one of two values has no fractions.
    for pixels in (np.full((1, 8, 8), 0.3), np.eye(8)[None], levels):
        assert adapter.transform(pixels)["pixels"].shape[1:] == (8, 8, 1)


def test_levels_after_fractions_are_noticed():
    adapter = ImageAdapter().fit(COLOUR / 255)
    with pytest.raises(ValueError, match=r"fractions between 0 and 1. Divide by 255"):
        adapter.transform(COLOUR)
    with pytest.raises(ValueError, match="fractions between 0 and 1"):
        adapter.transform([Image.fromarray(image) for image in COLOUR])


@pytest.mark.parametrize(
    ("size", "n_images", "max_time", "expected"),
    [
        ((96, 96), 5, None, (96, 96)),
        ((600, 800), 5, None, (111, 148)),
        ((800, 600), 5, 60.0, (148, 111)),
        ((600, 800), 5, 1e-3, (55, 74)),
        ((100, 100), 5, None, (100, 100)),
    ],
)
def test_large_images_are_reduced(size, n_images, max_time, expected):
    adapter = ImageAdapter(max_time=max_time)
    pixels = adapter.fit_transform(np.zeros((n_images, *size), "uint8"))["pixels"]
    assert pixels.shape[1:3] == expected
    reason = adapter.describe_columns(["photo"])["reason"][0]
    assert ("reduced to" in reason) == (size != expected)
    if size != expected:
        # Other sizes may come then.
        assert adapter.transform(np.zeros((1, 50, 60)))["pixels"].shape[1:3] == expected


def test_an_image_size_is_kept():
    X = np.zeros((2, 300, 400), "uint8")
    assert pixels_of(X, image_size=(300, 400)).shape == (2, 300, 400, 1)


def test_one_image_may_stand_in_several_rows(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (40, 30, 3)).astype("uint8")
    Image.fromarray(pixels).save(tmp_path / "a.png")
    with (
        Image.open(tmp_path / "a.png") as lazy,
        open(tmp_path / "a.png", "rb") as file,
    ):
        for source in (lazy, file):
            found = ImageAdapter().fit_transform([source] * 16)["pixels"]
            np.testing.assert_array_equal(found, [pixels] * 16)


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_a_tiff_file_is_turned_once(tmp_path, orientation):
    pixels = np.random.default_rng(0).integers(0, 256, (20, 30, 3)).astype("uint8")
    image = Image.fromarray(pixels)
    image.save(tmp_path / "a.tiff", tiffinfo={274: orientation})
    found = ImageAdapter().fit_transform([tmp_path / "a.tiff"] * 4)["pixels"]
    lies = orientation > 4
    assert found.shape == (4, *((30, 20) if lies else (20, 30)), 3)
