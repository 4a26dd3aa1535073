"""The input for images."""

import keras
import numpy as np

from skautokeras._data.image import ImageAdapter
from skautokeras._space.image import ImageBlock
from skautokeras._space.inputs.base import InputNode
from skautokeras._space.records import Image, vectors_of


@keras.saving.register_keras_serializable("skautokeras")
class ImageInput(InputNode):
    """Input for images: arrays of pixels, or paths of image files.

    Parameters
    ----------
    columns : str, int or None, default=None
        Column of X that holds the images, one array or path per row, if one DataFrame
        holds the data of several inputs. If None, the input has an X of its own, or
        takes the column that no other input takes.
    channels : {"first", "last"} or None, default=None
        Place of the axis of the colours. If None, it is found out.
    image_shape : tuple of int or None, default=None
        Height and width, or height, width and channels, of images that are rows of a
        two-dimensional X. None if images are no such rows.
    image_size : tuple of int or None, default=None
        Height and width that all images are resized to. If None, images of different
        sizes get the median of their sizes, and images of more than 96 x 96 pixels are
        reduced to at most as many pixels as 128 x 128. If `max_time` is short for so
        many images on so many processors, they keep fewer pixels, but as many as
        64 x 64 at least. With a pretrained model, these limits are 224 x 224 and
        128 x 128. The ratio of height to width is kept.
    name : str or None, default=None
        Name of the input. If None, inputs are counted in the graph: "image_input_1".

    Examples
    --------
    >>> from skautokeras import DenseBlock, Flatten, ImageInput
    >>> node = DenseBlock()(Flatten()(ImageInput()))
    """

    def __init__(
        self,
        *,
        columns=None,
        channels=None,
        image_shape=None,
        image_size=None,
        name=None,
    ):
        super().__init__(columns=columns, name=name)
        self.channels = channels
        self.image_shape = image_shape
        self.image_size = image_size

    def make_adapter(self, tokenizers=()):
        """Return the adapter for the images, not fitted.

        Parameters
        ----------
        tokenizers : tuple of callable, default=()
            Tokenizers of pretrained models, which this input does not need.

        Returns
        -------
        adapter : ImageAdapter
            Adapter with the parameters of the input.
        """
        return ImageAdapter(
            channels=self.channels,
            image_shape=self.image_shape,
            image_size=self.image_size,
        )

    def default_block(self):
        """Return the block that is built on the input if the user names none.

        Returns
        -------
        block : ImageBlock
            Block with everything searched.
        """
        return ImageBlock()

    def example_rows(self, n_rows, rng):
        """Return made-up rows of the kind that the input takes.

        `skautokeras.testing.check_block` builds networks on them.

        Parameters
        ----------
        n_rows : int
            Number of rows.
        rng : numpy.random.Generator
            Generator that the values are drawn from.

        Returns
        -------
        X : ndarray of shape (n_rows, 8, 8, 1), dtype uint8
            Grey images of 8 × 8 pixels.
        """
        return rng.integers(0, 256, (n_rows, 8, 8, 1)).astype("uint8")

    def symbolic(self, schema, prefix=""):
        """Return the tensor of the pixels, and the symbolic image made of it.

        Parameters
        ----------
        schema : ImageSchema
            Schema of the fitted adapter.
        prefix : str, default=""
            Put before the name of the array.

        Returns
        -------
        tensors : dict of str to keras.KerasTensor
            The pixels, in the dtype of the array, and vectors of pretrained models.
        image : Image
            Its pixels between 0 and 1.
        """
        pixels = keras.Input(schema.shape, dtype=schema.dtype, name=prefix + "pixels")
        vectors = {
            name: keras.Input((width,), dtype=dtype, name=prefix + name)
            for name, (width, dtype) in schema.vectors.items()
        }
        named = {prefix + name: tensor for name, tensor in vectors.items()}
        scale = 1.0 / (schema.high - schema.low)
        rescaling = keras.layers.Rescaling(scale, offset=-schema.low * scale)
        n_channels = schema.shape[-1]
        image = Image(
            rescaling(pixels),
            mean=np.array(schema.mean, "float32"),
            std=np.array(schema.std, "float32"),
            black=np.zeros(n_channels, "float32"),
            white=np.ones(n_channels, "float32"),
            learned_size=schema.learned_size,
            views=schema.views,
            vectors=tuple(vectors_of(e, vectors) for e in schema.encodings),
            default_block=self.default_block,
        )
        return {prefix + "pixels": pixels, **named}, image
