"""Images on another scale than those in `fit` are noticed, and dark ones are images."""

import numpy as np
import pytest
from PIL import Image

from skautokeras._data import ImageAdapter

RNG = np.random.default_rng(0)
GREY = RNG.integers(0, 256, (12, 8, 8)).astype(np.uint8)
GREY[:, 0, 0], GREY[:, 0, 1] = 0, 255
DEEP = GREY.astype(np.uint16) * 257
TWELVE = GREY.astype(np.uint16) * 16
FRACTIONS = GREY / 255
CENTRED = GREY / 127.5 - 1
MASKS = GREY > 127
LEVELS = np.rint(FRACTIONS * 16)
STANDARDISED = (GREY - GREY.mean()) / GREY.std()
HOUNSFIELD = GREY.astype(np.int16) * 10 - 1024
# As pretrained models of photographs take them: of a bright one, few are negative.
BRIGHT = (np.where(GREY > 10, 250, GREY) / 255 - 0.456) / 0.224
LESS_MEAN = GREY - GREY.mean()
# Few pixels are bright, and the others are a little negative.
STROKES = np.where(RNG.random((12, 8, 8)) < 0.06, 255.0, 0.0)
STROKES = (STROKES - STROKES.mean()) / STROKES.std()


def as_list(images):
    return list(images)


@pytest.mark.parametrize("make", [np.asarray, as_list])
@pytest.mark.parametrize(
    ("first", "later", "message"),
    [
        (DEEP, GREY, "whole numbers of 8 bits, but .* between 0 and 65535"),
        (DEEP.astype("float32"), GREY, "whole numbers of 8 bits"),
        (DEEP, GREY.astype(int), "no values above 255"),
        (DEEP, MASKS, "booleans"),
        (DEEP, DEEP / 65535, "fractions between 0 and 1"),
        (TWELVE, GREY, "whole numbers of 8 bits"),
        (GREY, DEEP, "whole numbers of 16 bits up to 65535"),
        (GREY, TWELVE, "whole numbers of 16 bits up to 4080"),
        (GREY, DEEP.astype(float), "values up to 65535"),
        (GREY, MASKS, "booleans, but .* between 0 and 255"),
        (GREY, CENTRED, "values from -1 to 1"),
        (GREY, FRACTIONS, "fractions between 0 and 1"),
        (GREY.astype(float), MASKS, "booleans"),
        (GREY.astype(float), CENTRED, "values from -1 to 1"),
        (FRACTIONS, CENTRED, "values from -1 to 1"),
        (FRACTIONS, GREY, "values up to 255, .* fractions between 0 and 1. Divide"),
        (MASKS, MASKS.astype(np.uint8) * 255, "up to 255, .* are 0 and 1. Divide"),
        (MASKS, GREY, "up to 255, .* are 0 and 1. Divide"),
        (MASKS, CENTRED, "values from -1 to 1"),
        (LEVELS, GREY, "values up to 255"),
        (LEVELS, MASKS, "booleans"),
        (CENTRED, GREY, "values up to 255, .* between -1 and 1"),
        (STANDARDISED, GREY, "values up to 255"),
        (GREY, GREY.astype(np.int16) - 128, "values from -128 to 127"),
        *(
            (first, later, f"values from {later.min():g} to {later.max():g}, but")
            for first in (GREY, GREY.astype(float), TWELVE, DEEP, FRACTIONS, MASKS)
            for later in (STANDARDISED, BRIGHT, STROKES)
        ),
        (LEVELS, STANDARDISED, "values from -1.7"),
        (GREY, LESS_MEAN, "values from -131"),
        (GREY.astype(float), LESS_MEAN, "values from -131"),
    ],
)
def test_another_range_is_an_error(make, first, later, message):
    adapter = ImageAdapter().fit(make(first))
    with pytest.raises(ValueError, match=message):
        adapter.transform(make(later))


@pytest.mark.parametrize("first", [MASKS, CENTRED, FRACTIONS])
def test_files_after_other_ranges_are_an_error(first):
    adapter = ImageAdapter().fit(first)
    with pytest.raises(ValueError, match="values up to 255"):
        adapter.transform([Image.fromarray(image) for image in GREY])


@pytest.mark.parametrize("later", [CENTRED, STANDARDISED, BRIGHT, LESS_MEAN])
@pytest.mark.parametrize("n_files", [1, 12])
def test_centred_floats_in_files_are_an_error(later, n_files):
    # They come beside images that are right.
    images = [Image.fromarray(image.astype("float32")) for image in later[:n_files]]
    images += [Image.fromarray(image) for image in GREY[n_files:]]
    for first in (GREY, [Image.fromarray(image) for image in GREY]):
        with pytest.raises(ValueError, match="values from -"):
            ImageAdapter().fit(first).transform(images)


@pytest.mark.parametrize("n_images", [1, 12])
def test_measured_values_may_fall_below_zero(n_images):
    adapter = ImageAdapter().fit(GREY * (35 / 255))
    adapter.transform(GREY[:n_images] * (15 / 255) - 10)  # no error


def resampled(images, filter):
    """Enlarge images with a filter that makes values beyond those that there are."""
    images = [Image.fromarray(image.astype("float32")) for image in images]
    return np.stack([np.asarray(image.resize((20, 20), filter)) for image in images])


@pytest.mark.parametrize("filter", [Image.Resampling.BICUBIC, Image.Resampling.LANCZOS])
@pytest.mark.parametrize(
    ("images", "high"),
    [(MASKS, 1), (GREY < 20, 1), (GREY, 255), (GREY // 20, 255), (GREY < 20, 65535)],
)
def test_negative_values_of_resampling_are_taken(images, high, filter):
    images = images * (high / images.max())
    later = resampled(images, filter)
    assert later.min() < -0.05 * high
    adapter = ImageAdapter(image_size=(8, 8)).fit(images)
    assert adapter.schema_.high == high
    assert len(adapter.transform(later)["pixels"]) == 12
    assert len(adapter.transform(later[:1])["pixels"]) == 1


BLACK = np.zeros((1, 8, 8), np.uint8)
DARK = np.full((1, 8, 8), 2)


@pytest.mark.parametrize(
    ("first", "later"),
    [
        # What is black is so in every range, and one image tells little of the others.
        *((X, BLACK) for X in (GREY, DEEP, FRACTIONS, MASKS, LEVELS)),
        *((X, BLACK.astype(bool)) for X in (GREY, DEEP, FRACTIONS)),
        *((X, DARK) for X in (GREY, DEEP, LEVELS)),
        (GREY, np.repeat(DARK, 12, axis=0)),
        (DEEP, np.repeat(DARK * 100, 9, axis=0)),
        (GREY, np.full((1, 8, 8), 255)),
        # The same range may come in other dtypes.
        (GREY, GREY.astype(np.uint16)),
        (GREY, GREY.astype(float) + 0.25),
        (GREY, MASKS.astype(np.uint8)),
        (FRACTIONS, MASKS),
        (CENTRED, FRACTIONS),
        (DEEP, DEEP.astype(int)),
        (DEEP, DEEP // 257 + DEEP // 2),
        # A few values are wrong, or a little beyond because of resizing.
        (FRACTIONS, FRACTIONS * 1.1 - 0.05),
        (GREY, GREY * 1.1 - 9),
        *((X, CENTRED[:1] / 5) for X in (GREY, DEEP, FRACTIONS)),
        (GREY, np.where(GREY > 5, GREY.astype(float), -30)),
        (STANDARDISED, STANDARDISED),
        (STANDARDISED, BRIGHT),
        (LESS_MEAN, LESS_MEAN),
        (HOUNSFIELD, GREY),
        (HOUNSFIELD, HOUNSFIELD + 500),
        (STANDARDISED, STANDARDISED * 3),
    ],
)
def test_images_that_can_have_the_same_range_are_taken(first, later):
    adapter = ImageAdapter().fit(first)
    assert len(adapter.transform(later)["pixels"]) == len(later)


def test_no_images_have_no_range():
    adapter = ImageAdapter().fit(GREY)
    message = "0 sample"
    with pytest.raises(ValueError, match=message):
        adapter.transform([])
