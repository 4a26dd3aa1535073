"""The adapters that belong to inputs and heads."""

from numbers import Integral

from skautokeras._data.array import ArrayAdapter
from skautokeras._data.image import ImageAdapter
from skautokeras._data.structured_data import StructuredDataAdapter
from skautokeras._data.target import (
    ClassAdapter,
    NumberAdapter,
)
from skautokeras._data.text import TextAdapter
from skautokeras._data.x_adapter import XAdapter
from skautokeras._data.y_adapter import YAdapter
from skautokeras._space.pretrained import PresetTokenizer, presets_on

# By the class of an input: its adapter, and which of its parameters that one takes.
_ADAPTERS = {
    "StructuredDataInput": (
        StructuredDataAdapter,
        ("categorical_features", "column_types"),
    ),
    "ImageInput": (ImageAdapter, ("channels", "image_shape", "image_size")),
    "TextInput": (TextAdapter, ("max_tokens",)),
    "Input": (ArrayAdapter, ()),
}
_TARGETS = {
    "ClassificationHead": ClassAdapter,
    "RegressionHead": NumberAdapter,
}


def make_x_adapter(graph):
    """Return the adapter of all inputs, not fitted.

    Parameters
    ----------
    graph : Graph
        Names the inputs.
    """
    adapters = []
    for node in graph.inputs:
        adapter_class, parameters = _of_class(_ADAPTERS, node)
        adapter = adapter_class(**{p: getattr(node, p) for p in parameters})
        if "tokenizers" in adapter.get_params():
            adapter.set_params(tokenizers=_tokenizers(graph, node))
        adapters.append(adapter)
    columns = [_columns_of(node) for node in graph.inputs]
    return XAdapter(graph.input_names, adapters, columns)


def _tokenizers(graph, node):
    """Return the tokenizers of the pretrained models that blocks on an input need."""
    return tuple(PresetTokenizer(preset) for preset in presets_on(graph, node))


def _columns_of(node):
    """Return the columns of an input; a table stays one if it has one column."""
    is_table = type(node).__name__ == "StructuredDataInput"
    if is_table and isinstance(node.columns, str | Integral):
        return [node.columns]
    return node.columns


def make_y_adapter(graph):
    """Return the adapter of all targets, not fitted.

    Parameters
    ----------
    graph : Graph
        Names the heads.
    """
    targets = [_of_class(_TARGETS, node.block)() for node in graph.outputs]
    return YAdapter(graph.head_names, targets)


def _of_class(table, thing):
    """Return what a table by class names holds for an object, or for a base of it."""
    for base in type(thing).__mro__:
        if base.__module__.startswith("skautokeras.") and base.__name__ in table:
            return table[base.__name__]
    raise TypeError(f"{thing!r} is none of {list(table)}.")
