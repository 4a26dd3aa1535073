"""Twins: what adapters do to raw data, said in Keras layers.

For every adapter of this package there is a twin, with which an exported model starts
from raw columns, strings and pixels. On the same data a twin gives the same arrays as
its adapter, to the precision of the format; what layers cannot do is refused when a
model is exported, with a sentence that says what to use instead. The layers that this
takes are registered with Keras by name as soon as this package is imported.
"""

import keras

from skautokeras._export.twins.array import ArrayTwin
from skautokeras._export.twins.base import RawTwin, twin_of
from skautokeras._export.twins.image import ImageTwin
from skautokeras._export.twins.image_layers import DecodedImages, Pixels
from skautokeras._export.twins.structured_data import StructuredDataTwin
from skautokeras._export.twins.structured_data_layers import (
    CategoryCodes,
    DateParts,
    MissingIndicator,
    Numbers,
    WordIndicators,
)
from skautokeras._export.twins.text import TextTwin
from skautokeras._export.twins.text_layers import (
    Beginning,
    CharacterCodes,
    NgramWeights,
    NormalizedText,
    WordCodes,
)
from skautokeras._export.twins.word_pieces import WordPieces

# The layers, which are public.
__all__ = sorted(
    name
    for name, value in globals().items()
    if isinstance(value, type) and issubclass(value, keras.layers.Layer)
)
