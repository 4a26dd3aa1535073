"""The adapter of images: from arrays and files to one array of pixels."""

import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
from joblib import cpu_count
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_array, check_is_fitted

from skautokeras._data import storage
from skautokeras._data.array import as_array, check_numeric, row_contents, stacked
from skautokeras._data.codes import BRIGHTEST
from skautokeras._data.column_report import (
    make_report,
    what_becomes_of_array,
    what_models_make,
)
from skautokeras._data.containers import is_missing
from skautokeras._data.errors import errors_about
from skautokeras._data.image_files import (
    ImageFacts,
    check_is_several,
    decode,
    is_source,
    source_facts,
)
from skautokeras._data.pixel_ranges import (
    DEEP_PER_LEVEL,
    DEEPEST,
    problem_with_range,
    values_of,
)
from skautokeras._data.pixels import (
    CHUNK_SIZE,
    channel_statistics,
    convert,
    smallest_dtype,
    value_range,
)
from skautokeras._data.resizing import resize
from skautokeras._data.rows import spread_rows
from skautokeras._data.schema import ImageSchema, Views
from skautokeras._data.table import check_names
from skautokeras._state.names import saved_as

# Axes of these lengths look like channels: grey, with alpha, colour, colour with alpha.
USUAL_CHANNELS = (1, 2, 3, 4)

# Images with more pixels than this are reduced. They keep so many pixels at least and
# at most, and no side is shorter than this.
_LARGE_PIXELS, _FEWEST_PIXELS, _MOST_PIXELS = 96 * 96, 64 * 64, 128 * 128
_LEAST_LENGTH = 8
# Pixels of all images together that a core can learn from in a second of a search.
_PIXELS_PER_SECOND = 40_000
# The same for pretrained models, which look at each image once.
_ENCODED_FEWEST, _ENCODED_MOST, _ENCODED_PER_SECOND = 128 * 128, 224 * 224, 800_000

# Image files that are read to know how long all of them take.
_FILES_TO_TIME = 64


def find_channels(shapes):
    """Find out which axis of images is that of the channels.

    Parameters
    ----------
    shapes : iterable of tuple of int
        Shapes of images, of three axes each.

    Returns
    -------
    channels : {"first", "last"}
        "first" if that is the better guess for every image: the first axis is as short
        as channels are and the last one is not, or it is the shorter one of two that
        both are not.

    Examples
    --------
    >>> from skautokeras._data.image import find_channels
    >>> find_channels([(3, 32, 32)]), find_channels([(32, 32, 3)])
    ('first', 'last')
    >>> find_channels([(13, 64, 64)])
    'first'
    """
    return "first" if all(_looks_first(shape) for shape in shapes) else "last"


def _looks_first(shape):
    first, last = (shape[axis] in USUAL_CHANNELS for axis in (0, -1))
    if first or last:
        return not last
    return shape[0] < shape[-1]


@saved_as("ImageAdapter")
class ImageAdapter(TransformerMixin, BaseEstimator):
    """Turn images into one array of pixels.

    X can be

    - an array of shape (n_samples, height, width), (n_samples, height, width, channels)
      or (n_samples, channels, height, width);
    - a table whose rows are flattened images, if `image_shape` is given;
    - a list, a Series, an Index, an array of objects or a DataFrame of one column, with
      one array, nested lists or one image file (PNG, JPEG, GIF, BMP, WebP, TIFF, and
      AVIF and JPEG 2000 where Pillow reads them) per row: a path, bytes, an open file
      or an image of Pillow. Grey images among coloured ones become coloured.

    The one array that it makes is ``"pixels"``, of shape (n_samples, height, width,
    channels). Booleans and integers between 0 and 255 become uint8, everything else
    float32; the values stay as they are. What files hold is decoded once; where it does
    not fit in memory, it lies in a file without a name (see `storage.empty`).

    Parameters
    ----------
    channels : {"first", "last"} or None, default=None
        Position of the axis of the channels. None finds it out from the shapes.

    image_shape : tuple of int or None, default=None
        (height, width) or (height, width, channels) of images that come as rows of a
        two-dimensional X. None if they do not.

    image_size : tuple of int or None, default=None
        (height, width) that all images are resized to. None keeps their size; images of
        different sizes get the median height and the median width. Images of more than
        96 x 96 pixels are reduced to as many pixels as can be learned from, at most
        128 x 128.

    max_time : float or None, default=None
        Seconds of the search that learns from the images. The less time there is for
        each image, the fewer pixels it keeps, down to 64 x 64. None sets no limit.

    n_cores : int or None, default=None
        Number of processors of the search. If None, those of this machine count.

    presets : tuple of str, default=()
        Names, files or folders of pretrained models that read the images. With them,
        images keep up to 224 x 224 pixels.

    Attributes
    ----------
    schema_ : ImageSchema
        Shape, dtype and statistics of the images.

    channels_ : {"first", "last"} or None
        Position of the axis of the channels in `fit`. None if there was none.

    resizes_ : bool
        Whether images may have any size.

    median_size_ : tuple (height, width)
        Median size of the images in `fit`.

    deep_ : bool
        Whether there were files with 16 bits per channel. Those with 8 bits are then
        brought to the same range, if the 16 bits were used: where no file in `fit` had
        a value that needs more than 12, files with 8 bits are refused.

    feature_names_in_ : ndarray of shape (n_features,)
        Names of the columns of a DataFrame, where they are strings.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skautokeras._data.image import ImageAdapter
    >>> adapter = ImageAdapter()
    >>> pixels = adapter.fit_transform(load_digits().images)["pixels"]
    >>> pixels.shape, adapter.schema_.high
    ((1797, 8, 8, 1), 16.0)
    """

    def __init__(
        self,
        *,
        channels=None,
        image_shape=None,
        image_size=None,
        max_time=None,
        n_cores=None,
        presets=(),
    ):
        self.channels = channels
        self.image_shape = image_shape
        self.image_size = image_size
        self.max_time = max_time
        self.n_cores = n_cores
        self.presets = presets

    def fit(self, X, y=None):
        """Learn what the images are.

        Parameters
        ----------
        X : array-like of shape (n_samples, ...)
            Images. They are not changed.

        y : None
            Not used. It is here for scikit-learn's interface.

        Returns
        -------
        self : ImageAdapter
        """
        self._learn(X)
        return self

    def fit_transform(self, X, y=None):
        """Learn what the images are and make the array; files are decoded once.

        Parameters
        ----------
        X : array-like of shape (n_samples, ...)
            Images. They are not changed.

        y : None
            Not used. It is here for scikit-learn's interface.

        Returns
        -------
        arrays : dict of str to ndarray of shape (n_samples, height, width, channels)
            Arrays as `transform` returns them.
        """
        return {"pixels": self._learn(X)}

    def transform(self, X):
        """Make the array.

        Parameters
        ----------
        X : array-like of shape (n_samples, ...)
            Images. They are not changed; an array that is as it should be comes back
            itself.

        Returns
        -------
        arrays : dict of str to ndarray of shape (n_samples, height, width, channels)
            The one array, ``"pixels"``. If the pixels in `fit` were uint8, other
            numbers are rounded and clipped.
        """
        check_is_fitted(self, "schema_")
        check_names(self, X, reset=False)
        images, channels = self._read(X, self.channels_ or self.channels)
        if channels is None:
            self._check_is_no_single(images)
        shape, files = self.schema_.shape, []

        def read(source):
            pixels = self._decode(source, shape, scales=self._scales())
            files.append(values_of(pixels, self.schema_))
            return pixels

        pixels = self._make(images, shape, self.schema_.dtype, read)
        self._check_range(images, files)
        return {"pixels": pixels}

    def most_rows(self, X, seconds):
        """Return how many image files can be read in some time.

        Parameters
        ----------
        X : array-like of shape (n_samples, ...)
            Images. They are not changed.

        seconds : float
            Time to read the files in.

        Returns
        -------
        n_rows : int or None
            None if X is not made of files.
        """
        contents = row_contents(X)
        if not contents or not all(map(is_source, contents)):
            return None
        some = spread_rows(len(contents), _FILES_TO_TIME)
        most = _ENCODED_MOST if self.presets else _MOST_PIXELS
        size = self.image_size or (round(most**0.5),) * 2
        start = time.perf_counter()

        def read(i):
            with errors_about(f"Row {some[i]} of X"):
                decode(contents[some[i]], 3, size)

        _for_each([contents[row] for row in some], read)
        per_row = (time.perf_counter() - start) / len(some)
        return int(seconds / max(per_row, 1e-9))

    def set_vectors(self, facts):
        """Let the schema tell which vectors pretrained models make of the images.

        Parameters
        ----------
        facts : dict of str to dict
            New values of parameters of `Views` by the name or folder of the model.
        """
        self.schema_ = self.schema_.with_vectors(facts)

    def _check_range(self, images, files):
        """Raise if images are on another scale than those in fit."""
        arrays = [images]
        if isinstance(images, list):
            arrays = [image for image in images if not is_source(image)]
        problem = problem_with_range(arrays, files, self.schema_)
        if problem is not None:
            raise ValueError(problem)

    def describe_columns(self, names):
        """Say what each column was taken for, why, and what it becomes.

        Parameters
        ----------
        names : list of str of length n_columns
            Names of the columns in X.

        Returns
        -------
        report : DataFrame with n_columns rows
            Report with the columns that `make_report` returns.
        """
        check_is_fitted(self, "schema_")
        return make_report(
            names,
            kind="image",
            reason=self._reason(),
            becomes=", ".join(
                [
                    what_becomes_of_array(self.schema_.shape, "pixels", len(names)),
                    *what_models_make(self.schema_.encodings),
                ]
            ),
        )

    def _reason(self):
        height, width = self.median_size_
        if self.image_size is not None or (height, width) == self.schema_.shape[:2]:
            return "the input takes images"
        return (
            f"the input takes images; those of {height} x {width} pixels are reduced "
            f"to {self.schema_.shape[0]} x {self.schema_.shape[1]} (image_size)"
        )

    def _learn(self, X):
        """Set the fitted attributes and return the pixels."""
        self._check_parameters()
        check_names(self, X, reset=True)
        images, self.channels_ = self._read(X, self.channels)
        facts = _facts_of(images)
        sizes = {(fact.height, fact.width) for fact in facts}
        self.median_size_ = _median_size(facts)
        usual = self._usual_size(len(images))
        height, width = self.image_size or usual
        if self.presets and not self.image_size:
            height, width = self._usual_size(len(images), for_presets=True)
        self.resizes_ = self.image_size is not None or sizes != {(height, width)}
        self.deep_ = any(fact.dtype == "uint16" for fact in facts)
        shape = (int(height), int(width), _common_channels(facts))
        is_small = all(fact.dtype == "uint8" for fact in facts)

        def read(source):
            return self._decode(source, shape, scales=self.deep_)

        pixels = self._make(images, shape, "uint8" if is_small else "float32", read)
        low, high = self._range_of(images, facts, pixels)
        mean, std = channel_statistics(pixels, low, high)
        self.schema_ = ImageSchema(
            shape=shape,
            n_samples=len(pixels),
            dtype=pixels.dtype.name,
            low=low,
            high=high,
            mean=mean,
            std=std,
            learned_size=None if self.image_size or usual == (height, width) else usual,
            views=tuple(Views(preset, low, high) for preset in self.presets),
        )
        return pixels

    def _range_of(self, images, facts, pixels):
        """Return the values for black and white, which the bits of files tell, too."""
        low, high = value_range(pixels)
        if not isinstance(images, list):
            return low, high
        files = [
            fact for fact, image in zip(facts, images, strict=True) if is_source(image)
        ]
        if len(files) == len(images) and all(fact.dtype != "float32" for fact in files):
            # Those of 16 bits may hold 12 of them, or 8, as arrays do.
            low, high = 0.0, max(high, float(BRIGHTEST))
        if low >= 0 and {fact.dtype for fact in files} >= {"uint8", "uint16"}:
            # Those of 8 bits have been brought to 16.
            high = max(high, float(DEEPEST))
        return low, high

    def _usual_size(self, n_images, *, for_presets=False):
        """Return the median size, or a smaller one that there is time to learn from."""
        fewest, most, speed = _FEWEST_PIXELS, _MOST_PIXELS, _PIXELS_PER_SECOND
        if for_presets:
            fewest, most, speed = _ENCODED_FEWEST, _ENCODED_MOST, _ENCODED_PER_SECOND
        height, width = self.median_size_
        if self.max_time is not None:
            core_seconds = self.max_time * (self.n_cores or cpu_count())
            most = min(max(core_seconds * speed / n_images, fewest), most)
        if height * width <= _LARGE_PIXELS:
            return height, width
        factor = min(1.0, (most / (height * width)) ** 0.5)
        return tuple(max(round(n * factor), _LEAST_LENGTH) for n in (height, width))

    def _check_parameters(self):
        if self.channels not in ("first", "last", None):
            raise ValueError(
                "The 'channels' parameter must be 'first', 'last' or None. Got "
                f"{self.channels!r} instead."
            )
        for name, lengths in {"image_shape": (2, 3), "image_size": (2,)}.items():
            value = getattr(self, name)
            if value is not None and not _is_shape(value, lengths):
                raise ValueError(
                    f"The {name!r} parameter must be None or "
                    f"{' or '.join(map(str, lengths))} positive integers, (height, "
                    f"width{'[, channels]' if 3 in lengths else ''}). Got {value!r} "
                    "instead."
                )

    def _read(self, X, channels):
        """Return the images and where the axis of their channels was.

        Images are an array, or a list of arrays and sources; all arrays have their
        channels last.
        """
        check_is_several(X)
        contents = row_contents(X)
        if contents is None:
            _check_has_one_column(X)
            return self._read_array(X, channels)
        if not contents:
            return self._read_array(np.empty((0, 1)), channels)
        images = [_read_row(i, content) for i, content in enumerate(contents)]
        if all(not is_source(image) and image.ndim < 2 for image in images):
            return self._read_array(stacked(images), channels)
        shapes = []
        for i, image in enumerate(images):
            if not is_source(image):
                _check_rank(i, image)
                shapes.append(image.shape)
        shapes = [shape for shape in shapes if len(shape) == 3]
        if shapes and channels is None:
            channels = find_channels(shapes)
        images = [
            image if is_source(image) else _with_channels_last(image, 2, channels)
            for image in images
        ]
        return images, channels if shapes else None

    def _check_is_no_single(self, images):
        """Raise if images without channels are what one image with channels looks like.

        Its rows would be taken for grey images that are as wide as it has channels.
        """
        shapes = {getattr(image, "shape", None) for image in images}
        shape = shapes.pop()
        if shapes or shape is None or shape[1] not in USUAL_CHANNELS:
            return
        usual = self.median_size_[1]
        is_clear = self.channels_ is not None or usual > max(USUAL_CHANNELS)
        if is_clear and shape[1] != usual:
            raise ValueError(
                f"X has the shape {(len(images), *shape[:2])}, as a single image has; "
                "put it into a list: [image]. Grey images that are so narrow need an "
                "axis of channels, (n_samples, height, width, 1)."
            )

    def _read_array(self, X, channels):
        array = check_array(
            X,
            dtype="numeric",
            allow_nd=True,
            ensure_all_finite=False,
            input_name="X",
            estimator=self,
        )
        check_numeric(array)
        if array.ndim == 2:
            return self._unflattened(array), channels
        if array.ndim > 4 or 0 in array.shape:
            raise ValueError(
                "Images must have the shape (n_samples, height, width[, channels]), "
                f"got an array of shape {array.shape}."
            )
        if array.ndim == 4 and channels is None:
            channels = find_channels([array.shape[1:]])
        images = _with_channels_last(array, 3, channels)
        return images, channels if array.ndim == 4 else None

    def _unflattened(self, array):
        if self.image_shape is None:
            raise ValueError(
                "Images must have the shape (n_samples, height, width[, channels]), "
                f"got an array of shape {array.shape}. Pass image_shape=(height, "
                "width) if each row is a flattened image, and put a single image into "
                "a list."
            )
        height, width, n_channels = (*self.image_shape, 1)[:3]
        n_expected = height * width * n_channels
        if array.shape[1] != n_expected:
            raise ValueError(
                f"X has {array.shape[1]} features, but rows of flattened images have "
                f"{n_expected} with image_shape={tuple(self.image_shape)}."
            )
        if self.channels == "first":
            images = array.reshape(-1, n_channels, height, width)
            return np.moveaxis(images, 1, -1)
        return array.reshape(-1, height, width, n_channels)

    def _make(self, images, shape, dtype, read):
        """Return pixels of one shape and dtype; `read` decodes a source."""
        if isinstance(images, np.ndarray):
            return self._make_from_array(images, shape, dtype)
        pixels = storage.empty((len(images), *shape), dtype)

        def fill(i):
            with errors_about(f"Row {i} of X"):
                pixels[i] = self._make_one(images[i], shape, dtype, read)

        _for_each(images, fill)
        return pixels

    def _make_from_array(self, images, shape, dtype):
        problem = self._mismatch(images.shape[1:], shape)
        if problem:
            raise ValueError(f"X has images of shape {problem}")
        if images.shape[1:] == shape:
            return np.ascontiguousarray(convert(images, dtype))
        pixels = storage.empty((len(images), *shape), dtype)
        n_rows = max(1, CHUNK_SIZE // images[0].size)
        for start in range(0, len(images), n_rows):
            rows = slice(start, start + n_rows)
            pixels[rows] = resize(convert(images[rows], dtype), shape[:2])
        return pixels

    def _make_one(self, image, shape, dtype, read):
        """Return the pixels of one image."""
        if is_source(image):
            image = read(image)
        elif shape[2] == 3 and image.shape[2] == 1:
            image = np.repeat(image, 3, axis=2)
        problem = self._mismatch(image.shape, shape)
        if problem:
            raise ValueError(f"The image has the shape {problem}")
        return resize(convert(image, dtype), shape[:2])

    def _decode(self, source, shape, *, scales):
        """Read a source, in the range of the images in `fit` if its bits tell it.

        `scales` says whether 8 bits are brought to 16.
        """
        # Files are grey or coloured; other numbers of channels are no match.
        n_channels = 1 if shape[2] == 1 else 3
        pixels = decode(source, n_channels, shape[:2] if self.resizes_ else None)
        if pixels.dtype == np.uint8 and scales:
            return pixels.astype(np.float32) * DEEP_PER_LEVEL
        if pixels.dtype == np.uint16 and self.deep_:
            # As floats, because this dtype is that of `fit` and tells no other range.
            return pixels.astype(np.float32)
        if pixels.dtype == np.uint16 and self._is_of_8_bits():
            return np.rint(pixels / DEEP_PER_LEVEL).astype(np.uint16)
        return pixels

    def _scales(self):
        """Return whether files of 8 bits become those of 16 that `fit` has seen."""
        return self.deep_ and (self.schema_.low < 0 or self.schema_.high >= DEEPEST)

    def _is_of_8_bits(self):
        """Return whether `fit` has seen grey levels of 8 bits."""
        return self.schema_.low == 0 and self.schema_.high == BRIGHTEST

    def _mismatch(self, shape, expected):
        """Say how a shape differs from the expected one; None if it does not."""
        says = f"{shape}, but {tuple(expected)} is expected."
        if shape[2] != expected[2]:
            return says
        if shape != expected and not self.resizes_:
            return f"{says} With image_size=(height, width), images may have any size."
        return None


def _is_shape(value, lengths):
    return (
        isinstance(value, tuple | list)
        and len(value) in lengths
        and all(isinstance(n, int | np.integer) and n > 0 for n in value)
    )


def _check_has_one_column(X):
    """Raise if columns of images have others beside them, such as identifiers."""
    if not isinstance(X, np.ndarray | pd.DataFrame) or X.ndim != 2 or not len(X):
        return
    first = X.iloc[0].tolist() if isinstance(X, pd.DataFrame) else X[0]
    if any(is_source(value) and not _is_number(value) for value in first):
        raise ValueError(
            "X must have one column of paths or images, got an array of shape "
            f"{X.shape}. Pass this column alone. For several columns, use AutoModel."
        )


def _is_number(value):
    """Whether a value is a pixel, which may be a string."""
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return True


def _read_row(i, content):
    """Return a source or an array of numbers."""
    if is_source(content):
        return content
    if is_missing(content):
        raise ValueError(f"Input X contains NaN: row {i} is {content!r}, no image.")
    with errors_about(f"Row {i} of X"):
        array = as_array(content)
        if array.dtype.kind == "O" and array.ndim:
            array = array.astype(np.float64)
    if array.dtype.kind not in "biuf":
        raise ValueError(
            f"Row {i} of X is {type(content).__name__} with values of dtype "
            f"{array.dtype}, no image: an array of numbers, the path of a file, its "
            "bytes or an image of Pillow."
        )
    return array


def _check_rank(i, image):
    if image.ndim not in (2, 3) or 0 in image.shape:
        raise ValueError(
            f"Row {i} of X has the shape {image.shape}, no image: (height, width) or "
            "(height, width, channels)."
        )


def _with_channels_last(array, n_axes, channels):
    """Return an array of `n_axes` without or one more with channels, channels last."""
    if array.ndim == n_axes:
        return array[..., None]
    return np.moveaxis(array, -3, -1) if channels == "first" else array


def _facts_of(images):
    """Return the facts of each image, or those of an array of them once."""
    if isinstance(images, np.ndarray):
        return [ImageFacts(*images.shape[1:], smallest_dtype(images))]

    def facts_of(i):
        image = images[i]
        if not is_source(image):
            return ImageFacts(*image.shape, smallest_dtype(image))
        with errors_about(f"Row {i} of X"):
            return source_facts(image)

    return _for_each(images, facts_of)


def _median_size(facts):
    heights = [fact.height for fact in facts]
    widths = [fact.width for fact in facts]
    return round(np.median(heights)), round(np.median(widths))


def _common_channels(facts):
    """Return the number of channels of all images, 3 if some of them are grey."""
    counts = [fact.n_channels for fact in facts]
    if set(counts) in ({1, 3}, {counts[0]}):
        return max(counts)
    others = [i for i, n in enumerate(counts) if n != counts[0]]
    odd = next((i for i in others if counts[i] not in (1, 3)), others[0])
    raise ValueError(
        "X must hold images with one number of channels, or grey ones among coloured "
        f"ones, but row 0 has {counts[0]} channels and row {odd} has {counts[odd]}. "
        "Convert them, for example with PIL.Image.fromarray(image).convert('RGB')."
    )


def _for_each(images, function):
    """Call a function with the position of each image; threads decode files."""
    if not any(map(is_source, images)):
        return [function(i) for i in range(len(images))]
    with ThreadPoolExecutor(max_workers=cpu_count()) as pool:
        futures = [pool.submit(function, i) for i in range(len(images))]
        try:
            # Of several errors that of the first row is raised.
            return [future.result() for future in futures]
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
