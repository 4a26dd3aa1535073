"""Inputs of a graph: where data comes in, and everything that its kind decides."""

from skautokeras._space.inputs.array import Input
from skautokeras._space.inputs.base import InputNode
from skautokeras._space.inputs.image import ImageInput
from skautokeras._space.inputs.structured_data import StructuredDataInput
from skautokeras._space.inputs.text import TextInput

__all__ = ["ImageInput", "Input", "InputNode", "StructuredDataInput", "TextInput"]
