"""The facts about the data that the other rooms read: frozen records."""

from skautokeras._data.schema.array import ArraySchema
from skautokeras._data.schema.base import Schema, TrainingTraits
from skautokeras._data.schema.image import ImageSchema
from skautokeras._data.schema.pretrained import (
    IMAGE_VECTORS,
    VECTORS,
    Encoding,
    Subwords,
    Views,
    is_vector_array,
)
from skautokeras._data.schema.structured_data import (
    Column,
    StructuredDataSchema,
    text_array,
)
from skautokeras._data.schema.target import TargetSchema
from skautokeras._data.schema.text import TextSchema

__all__ = [
    "IMAGE_VECTORS",
    "VECTORS",
    "ArraySchema",
    "Column",
    "Encoding",
    "ImageSchema",
    "Schema",
    "StructuredDataSchema",
    "Subwords",
    "TargetSchema",
    "TextSchema",
    "TrainingTraits",
    "Views",
    "is_vector_array",
    "text_array",
]
