"""The adapters that belong to inputs and heads."""

from skautokeras._data.image import ImageAdapter
from skautokeras._data.target import (
    ClassAdapter,
    NumberAdapter,
)
from skautokeras._data.text import TextAdapter
from skautokeras._data.x_adapter import XAdapter
from skautokeras._data.y_adapter import YAdapter
from skautokeras._space.heads import ClassificationHead
from skautokeras._space.pretrained import presets_on
from skautokeras._space.text_models import PresetTokenizer


def make_x_adapter(graph, max_time=None, n_cores=None):
    """Return the adapter of all inputs, not fitted.

    Parameters
    ----------
    graph : Graph
        Names the inputs.
    max_time : float or None, default=None
        Seconds of the search. Large images are reduced, and n-grams are learned from
        some of many texts, so that time is left to train.
    n_cores : int or None, default=None
        Number of processors of the search. If None, those of this machine count.
    """
    adapters = []
    for node in graph.inputs:
        presets = tuple(presets_on(graph, node))
        adapter = node.make_adapter(tuple(map(PresetTokenizer, presets)))
        if isinstance(adapter, ImageAdapter):
            adapter.set_params(max_time=max_time, n_cores=n_cores, presets=presets)
        elif isinstance(adapter, TextAdapter):
            adapter.set_params(max_time=max_time)
        adapters.append(adapter)
    columns = [node.selected_columns() for node in graph.inputs]
    return XAdapter(graph.input_names, adapters, columns)


def make_y_adapter(graph):
    """Return the adapter of all targets, not fitted.

    Parameters
    ----------
    graph : Graph
        Names the heads.
    """
    targets = [_target_of(node.block) for node in graph.outputs]
    return YAdapter(graph.head_names, targets)


def _target_of(head):
    """Return the adapter of the target of a head."""
    return ClassAdapter() if isinstance(head, ClassificationHead) else NumberAdapter()
