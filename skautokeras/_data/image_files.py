"""Images that Pillow reads: the facts in their headers, and their pixels."""

import io
import os
import sys
import threading
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import cache

import numpy as np

from skautokeras._data.pixels import smallest_dtype
from skautokeras._data.strings import quoted

FORMATS = ("PNG", "JPEG", "GIF", "BMP", "WEBP", "TIFF", "PPM")
# Formats that not every Pillow reads, by the name of what it needs for them.
_OPTIONAL_FORMATS = {"avif": "AVIF", "jpg_2000": "JPEG2000"}

# Tag in which a camera notes how it was held. From 5 on, height and width are swapped.
ORIENTATION_TAG = 0x0112
FIRST_LYING_ORIENTATION = 5

DRAFT_FACTOR = 2

GREY_MODES = {"1", "L", "LA", "La", "I", "F"}

# Modes of images that are arrays of 32 bits: of whole numbers and of floats.
_NUMBER_MODES = {"I", "F"}
# Formats whose files have 16 bits per channel where Pillow reads 32: some versions do
# so for PNG. Other images of 32 bits are arrays of whole numbers, of any range.
_DEEP_FORMATS = {"PNG", "PPM"}


@dataclass(frozen=True)
class ImageFacts:
    """Size and values of one image.

    Parameters
    ----------
    height, width : int
        Size in pixels.

    n_channels : int
        Number of channels. A source has 1 (grey) or 3.

    dtype : {"uint8", "uint16", "float32"}
        Smallest dtype that holds its values. Only sources with 16 bits per channel have
        "uint16", and of sources, only grey ones of floats, or of whole numbers of 32
        bits that 8 do not hold, have "float32".

    Examples
    --------
    >>> from skautokeras._data.image_files import ImageFacts
    >>> ImageFacts(480, 640, 3, "uint8").width
    640
    """

    height: int
    width: int
    n_channels: int
    dtype: str


def is_source(content):
    """Return whether an object is an image that Pillow reads.

    Parameters
    ----------
    content : object
        Content of one row.

    Returns
    -------
    is_source : bool
        True for a path, the bytes of a file, an open file and an image of Pillow.

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._data.image_files import is_source
    >>> is_source("a.png"), is_source(b"..."), is_source(np.zeros((8, 8)))
    (True, True, False)
    """
    if isinstance(content, str | os.PathLike | bytes | bytearray | memoryview):
        return True
    # A column of a DataFrame can be called "read".
    return callable(getattr(content, "read", None)) or _is_image(content)


def check_is_several(X):
    """Raise if X is one image, because a list of them is expected.

    Parameters
    ----------
    X : object
        Data of one input that takes images.

    Raises
    ------
    ValueError
        If X is a single path, file or image of Pillow, or the path of a folder.

    Examples
    --------
    >>> from skautokeras._data.image_files import check_is_several
    >>> check_is_several("cat.png")
    Traceback (most recent call last):
        ...
    ValueError: X is a single image; put it into a list: [image].
    """
    if not is_source(X):
        return
    if is_folder(X):
        raise ValueError(
            f"X is the folder {quoted(os.fspath(X))}; pass the list of the paths of "
            "the images in it, for example sorted(Path(folder).glob('*.png'))."
        )
    raise ValueError("X is a single image; put it into a list: [image].")


def is_folder(content):
    """Return whether an object is the path of a folder.

    Parameters
    ----------
    content : object
        Path, or anything else.

    Returns
    -------
    is_folder : bool
    """
    return isinstance(content, str | bytes | os.PathLike) and os.path.isdir(content)


def _is_image(content):
    """Return whether an object is an image of Pillow, which need not be installed."""
    pillow = sys.modules.get("PIL.Image")
    return pillow is not None and isinstance(content, pillow.Image)


def source_facts(source):
    """Find out what an image holds, without decoding it if that is possible.

    Parameters
    ----------
    source : path, bytes, file or PIL.Image.Image
        Image of which the facts are wanted.

    Returns
    -------
    facts : ImageFacts

    Raises
    ------
    ValueError
        If the file does not exist or cannot be read. The message names it.
    """
    with _opened(source) as image:
        width, height = image.size
        # A PNG file may tell it after its pixels, which would have to be decoded.
        if image.format != "PNG":
            orientation = image.getexif().get(ORIENTATION_TAG, 1)
            if orientation >= FIRST_LYING_ORIENTATION:
                width, height = _turned(image)
        n_channels = 1 if _is_grey(image) else 3
        return ImageFacts(height, width, n_channels, _dtype_of(image))


def _turned(image):
    """Return width and height of an image that its header says is lying."""
    if image.format == "TIFF":
        image.load()  # Pillow turns such an image itself, some versions already before.
        return image.size
    width, height = image.size
    return height, width


def decode(source, n_channels, size=None):
    """Read the pixels of an image.

    Transparent pixels become white. If there are several frames, the first is read. A
    photograph is turned as the orientation in its header says.

    Parameters
    ----------
    source : path, bytes, file or PIL.Image.Image
        The image. An image of Pillow is not changed.

    n_channels : {1, 3}
        Number of channels of the result. With 1, colours become grey. With 3, grey
        becomes three equal channels.

    size : tuple (height, width) or None, default=None
        Size that the image will have in the end. A JPEG file that is much larger is
        decoded at a half, a quarter or an eighth of its size. None decodes it as it is.

    Returns
    -------
    pixels : ndarray of shape (height, width, n_channels)
        Pixels of dtype uint8; of dtype uint16 if the image is grey and has 16 bits per
        channel, and of dtype float32 or int32 if it is grey and has floats or whole
        numbers of 32 bits. If it has colours with 16 bits, Pillow reads the upper 8.

    Raises
    ------
    ValueError
        If the file does not exist or cannot be read. The message names it.
    """
    with _opened(source) as image:
        if _is_deep(image) or image.mode in _NUMBER_MODES:
            values = np.asarray(image)
            if _is_deep(image):
                values = values.astype(np.uint16)
            return np.repeat(values[..., None], n_channels, axis=2)
        if size is not None and image is not source:
            # Larger by this, or resizing would have nothing left to smooth.
            image.draft(None, (DRAFT_FACTOR * max(size),) * 2)
        if image.format != "PNG":
            image = _pillow().ImageOps.exif_transpose(image)
        pixels = np.asarray(_opaque(image).convert("L" if n_channels == 1 else "RGB"))
        return pixels.reshape(*pixels.shape[:2], n_channels)


# A file or an image of the user has one position, and may stand in several rows.
_SHARED = threading.RLock()


@contextmanager
def _opened(source):
    """Open an image, and name it in the error if it cannot be read."""
    pillow = _pillow()
    is_shared = _is_image(source) or hasattr(source, "read")
    if _is_image(source):
        name = f"The image of the mode {source.mode!r}"
    elif isinstance(source, str | os.PathLike) or _is_path_in_bytes(source):
        source = os.fspath(source)
        name = f"The image file {quoted(source)}"
        if not os.path.isfile(source):
            raise ValueError(f"There is no image file {quoted(source)}.")
    else:
        name = "The image"
        source = _as_file(source)
    try:
        with _SHARED if is_shared else nullcontext():
            if _is_image(source):
                yield source
            else:
                with pillow.Image.open(_from_start(source), formats=formats()) as image:
                    yield image
    except pillow.UnidentifiedImageError as error:
        # Pillow would name an object of Python where a file has no name.
        raise ValueError(
            f"{name} cannot be read: it is damaged, or not one of "
            f"{', '.join(formats())}."
        ) from error
    except Exception as error:  # decoders raise all sorts of errors on damaged files
        raise ValueError(f"{name} cannot be read: {error}") from error


@cache
def formats():
    """Return the formats of files that the installed Pillow reads.

    Returns
    -------
    formats : tuple of str
        Names that Pillow gives them.

    Examples
    --------
    >>> from skautokeras._data.image_files import formats
    >>> formats()[:2]
    ('PNG', 'JPEG')
    """
    features = _pillow().features
    # Older versions have not heard of some features, and warn if they are asked.
    known = {*features.modules, *features.codecs}
    return FORMATS + tuple(
        format
        for feature, format in _OPTIONAL_FORMATS.items()
        if feature in known and features.check(feature)
    )


def _is_path_in_bytes(source):
    """Return whether bytes are the path of a file, as arrays of bytes hold paths."""
    return isinstance(source, bytes) and os.path.isfile(source)


def _as_file(source):
    """Return bytes, or an open file, as a file."""
    return source if hasattr(source, "read") else io.BytesIO(source)


def _from_start(source):
    """Return a source which is read from its beginning."""
    if hasattr(source, "seek"):
        source.seek(0)
    return source


def _pillow():
    try:
        import PIL.features
        import PIL.Image
        import PIL.ImageOps

        # Pillow knows these formats only after their import.
        import PIL.TiffImagePlugin
        import PIL.WebPImagePlugin
    except ImportError as error:
        raise ImportError(
            "Reading image files needs Pillow: pip install 'skautokeras[image]'. "
            "Or pass the images as arrays."
        ) from error
    return PIL


def _is_deep(image):
    """Return whether a grey image has 16 bits, so that 65535 is white."""
    if image.mode == "I":
        return image.format in _DEEP_FORMATS
    return image.mode.startswith("I;16")


def _dtype_of(image):
    """Return the smallest dtype that holds the values of an image.

    What Pillow keeps as whole numbers of 32 bits may be anything: grey levels of 8
    bits, elevations, or those of computed tomography. They are what they are in an
    array.
    """
    if _is_deep(image):
        return "uint16"
    if image.mode == "I":
        return smallest_dtype(np.asarray(image))
    return "float32" if image.mode == "F" else "uint8"


def _is_grey(image):
    if image.mode in {"P", "PA"}:
        palette = np.reshape(image.getpalette("RGB"), (-1, 3))
        return bool((palette == palette[:, :1]).all())
    return image.mode in GREY_MODES or _is_deep(image)


def _opaque(image):
    """Lay an image with transparent pixels on white."""
    if not image.has_transparency_data:
        return image
    image = image.convert("RGBA")
    white = _pillow().Image.new("RGBA", image.size, "white")
    return _pillow().Image.alpha_composite(white, image)
