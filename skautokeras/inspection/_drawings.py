"""Drawings of the search space and of the networks that were found."""

import math
from numbers import Integral

from sklearn.utils import check_scalar

from skautokeras._state.files import file_to_write
from skautokeras.inspection._base import check_is_ours


class Drawing:
    """A picture, which notebooks show.

    Parameters
    ----------
    svg : str
        Picture as an SVG element.

    Examples
    --------
    >>> from skautokeras.inspection import Drawing
    >>> Drawing("<svg></svg>")._repr_html_()
    '<svg></svg>'
    """

    def __init__(self, svg):
        self.svg = svg

    def _repr_html_(self):
        return self.svg

    def save(self, path):
        """Write the picture to a file.

        Parameters
        ----------
        path : str or path-like
            Path of an SVG file.
        """
        file_to_write(path, "path").write_text(self.svg, encoding="utf-8")


def draw_search_space(estimator):
    """Draw the blocks of a search space, from the inputs to the heads.

    Parameters
    ----------
    estimator : estimator
        Estimator of skautokeras, which need not be fitted.

    Returns
    -------
    drawing : Drawing

    Examples
    --------
    >>> from skautokeras import TextClassifier
    >>> from skautokeras.inspection import draw_search_space
    >>> "text_block_1" in draw_search_space(TextClassifier()).svg
    True
    """
    from skautokeras._space.drawing import draw

    return Drawing(draw(estimator._wire()))


def draw_network(estimator, member=0):
    """Draw the layers of a network of the final model.

    Each box has the class of a layer with its size, and below it the shape of its
    output and the number of its parameters.

    Parameters
    ----------
    estimator : estimator
        Fitted estimator.
    member : int, default=0
        Position of the network in the final model, the one with the greatest weight
        first. Networks that were not refitted after cross-validation count once for
        each fold.

    Returns
    -------
    drawing : Drawing

    Raises
    ------
    ValueError
        If there is no such network.
    TypeError
        If the estimator is one of another package.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skautokeras import StructuredDataClassifier
    >>> from skautokeras.inspection import draw_network
    >>> X, y = load_iris(return_X_y=True)
    >>> clf = StructuredDataClassifier(max_trials=1, epochs=2, random_state=0).fit(X, y)
    >>> draw_network(clf).svg.count("Dense")
    3
    """
    from skautokeras._space.drawing import draw_boxes

    check_is_ours(estimator)
    models = estimator._ensemble.models
    check_scalar(member, "member", Integral, min_val=0, max_val=len(models) - 1)
    labels, parents = {}, {}
    _collect(models[member], "", {}, labels, parents)
    return Drawing(draw_boxes(labels, parents))


def _collect(model, prefix, sources, labels, parents):
    """Collect the boxes of a model; models inside of it are taken apart.

    Parameters
    ----------
    model : keras.Model
        Functional model.
    prefix : str
        Beginning of the keys of its layers.
    sources : dict of str to list of str
        Keys of the boxes that lead to its inputs; empty for the outer model.
    labels, parents : dict
        Boxes that were collected so far, by their keys. They are added to.

    Returns
    -------
    ends : dict of str to list of str
        Keys of the boxes behind each layer, by the name of the layer.
    """
    ends = {}
    operations = {operation.name: operation for operation in model.operations}
    for config in model.get_config()["layers"]:
        name = config["config"]["name"]
        layer = operations[name]
        before = _layers_in(config["inbound_nodes"])
        leading = list(dict.fromkeys(key for b in before for key in ends[b]))
        if name in sources:
            ends[name] = sources[name]
        elif hasattr(layer, "layers") and hasattr(layer, "inputs"):
            inner = _inputs(layer, config["inbound_nodes"])
            inner = {name: ends[source] for name, source in inner.items()}
            found = _collect(layer, f"{prefix}{name}/", inner, labels, parents)
            ends[name] = [key for last in _outputs(layer) for key in found[last]]
        else:
            key = prefix + name
            labels[key], parents[key] = _label(layer), leading
            ends[name] = [key]
    return ends


def _layers_in(node):
    """Return the names of the layers whose outputs a node takes, in their order."""
    if isinstance(node, dict) and node.get("class_name") == "__keras_tensor__":
        return [node["config"]["keras_history"][0]]
    if isinstance(node, dict):
        node = list(node.values())
    if isinstance(node, list | tuple):
        return [name for part in node for name in _layers_in(part)]
    return []


def _inputs(model, nodes):
    """Return the layer that leads to each input of a model, by the input's name."""
    names = model.get_config()["input_layers"]
    given = nodes[0]["args"][0]
    if isinstance(names, dict):
        return {names[key][0]: _layers_in(given[key])[0] for key in names}
    return dict(zip(_first_strings(names), _layers_in(given), strict=True))


def _outputs(model):
    """Return the names of the last layers of a model."""
    found = model.get_config()["output_layers"]
    return list(dict.fromkeys(_first_strings(found)))


def _first_strings(found):
    """Yield the names in (nested) triples of name, node and tensor."""
    if isinstance(found, dict):
        found = list(found.values())
    if found and isinstance(found[0], str):
        yield found[0]
        return
    for part in found:
        yield from _first_strings(part)


# What says how large a layer is, by the name in its configuration.
_SIZES = ("units", "filters", "rate", "depth", "num_tokens", "output_dim", "activation")


def _label(layer):
    """Return the two lines of the box of a layer."""
    try:
        config = layer.get_config()
    except NotImplementedError:
        config = {}  # Operations such as those of slices may have none.
    sizes = [config[name] for name in _SIZES if name in config]
    shown = [str(size) for size in sizes if isinstance(size, int | float | str)]
    first = " ".join([type(layer).__name__, *(s for s in shown if s != "linear")])
    # These leave out the states of random generators.
    n_parameters = sum(math.prod(w.shape) for w in getattr(layer, "weights", ()))
    parts = [_shape(layer)]
    if n_parameters:
        parts.append(f"{n_parameters:,} parameters")
    return [first, ", ".join(part for part in parts if part)]


def _shape(layer):
    """Return the shape of the output for one row, such as "8 x 8 x 3"."""
    try:
        output = layer.output
    except (AttributeError, ValueError):
        return ""  # A layer that is shared, or takes no tensor, has no single output.
    if not hasattr(output, "shape"):
        return ""
    return " x ".join("?" if n is None else str(n) for n in output.shape[1:])
