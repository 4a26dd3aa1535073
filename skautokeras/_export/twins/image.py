"""The twin of `ImageAdapter`."""

from keras import ops

from skautokeras._data.codes import BRIGHTEST
from skautokeras._data.image import ImageAdapter
from skautokeras._export.twins.base import RawTwin
from skautokeras._export.twins.image_layers import DecodedImages, Pixels


class ImageTwin(RawTwin, of=ImageAdapter):
    """What `ImageAdapter` makes of images, from pixels or the bytes of files."""

    kind = "image"

    def arrays(self, names, inputs):
        """Return the pixels of one size."""
        name, schema = names[None], self.adapter.schema_
        height, width, n_channels = schema.shape
        if inputs.encoded and self.takes_files():
            files = inputs.add(f"{name}_bytes", (), "string")
            pixels = DecodedImages(schema.shape, self.adapter.resizes_)(files)
            return {"pixels": Pixels(schema.shape, schema.dtype)(pixels)}
        is_first = self.adapter.channels_ == "first"
        if self.adapter.resizes_ and inputs.abilities.checks:
            height = width = None
        size = (height, width)
        shape = (n_channels, *size) if is_first else (*size, n_channels)
        if not inputs.abilities.checks:
            pixels = inputs.add(name, shape, schema.dtype)
            return {
                "pixels": ops.transpose(pixels, (0, 2, 3, 1)) if is_first else pixels
            }
        pixels = inputs.add(name, shape, "float32", signature_dtype=schema.dtype)
        return {"pixels": Pixels(schema.shape, schema.dtype, is_first)(pixels)}

    def takes_files(self):
        """Return whether images are grey or coloured, with pixels from 0 to 255."""
        schema = self.adapter.schema_
        is_full = (schema.low, schema.high) == (0, BRIGHTEST)
        return schema.shape[2] in (1, 3) and is_full
