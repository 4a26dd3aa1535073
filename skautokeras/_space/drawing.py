"""Drawing: a graph as an SVG picture, with inputs at the top and outputs below."""

from html import escape

from skautokeras._space.node import given_parameters

_ROW, _BOX, _GAP = 64, 38, 18
_LETTER = 7.2
_STYLE = (
    "<style>.skautokeras-graph text{font:12px sans-serif;text-anchor:middle;"
    "fill:currentColor}.skautokeras-graph rect{fill:none;stroke:currentColor}"
    ".skautokeras-graph path{fill:none;stroke:currentColor;opacity:.6}</style>"
)


def draw(graph):
    """Return a picture of a graph.

    The picture has a box for each node, with its name and the parameters that are not
    the default, and a line from each node to the nodes that are built on it.

    Parameters
    ----------
    graph : Graph
        Graph to draw.

    Returns
    -------
    svg : str
        Picture as an SVG element, which can be part of an HTML page.

    Examples
    --------
    >>> from skautokeras import ClassificationHead, DenseBlock, StructuredDataInput
    >>> from skautokeras._space.drawing import draw
    >>> from skautokeras._space.graph import Graph
    >>> node = StructuredDataInput()
    >>> svg = draw(Graph([node], [ClassificationHead()(DenseBlock()(node))]))
    >>> svg.count("<rect"), "dense_block_1" in svg
    (3, True)
    """
    nodes = list({n.key: n for n in [*graph.inputs, *graph.order]}.values())
    return draw_boxes(
        {node.key: _label(node, graph) for node in nodes},
        {node.key: [parent.key for parent in node.parents] for node in nodes},
    )


def draw_boxes(labels, parents):
    """Return a picture of boxes and of lines between them.

    Parameters
    ----------
    labels : dict of object to list of str
        One or two lines of text for each box, by its key.
    parents : dict of object to list of object
        Keys of the boxes that lead to each box. They come before it in ``labels``.

    Returns
    -------
    svg : str
        Picture as an SVG element, which can be part of an HTML page.
    """
    rows = _rows(labels, parents)
    widths = {
        key: _LETTER * max(map(len, label)) + _GAP for key, label in labels.items()
    }
    lengths = [sum(widths[key] + _GAP for key in row) for row in rows]
    total = max(lengths) + _GAP
    places, parts = {}, []
    for i, (row, length) in enumerate(zip(rows, lengths, strict=True)):
        x = (total - length + _GAP) / 2
        for key in row:
            places[key] = (x + widths[key] / 2, i * _ROW + 1)
            x += widths[key] + _GAP
    for key, label in labels.items():
        x, y = places[key]
        parts.extend(_line(places[parent], (x, y)) for parent in parents[key])
        parts.append(_box(label, x, y, widths[key]))
    height = len(rows) * _ROW - (_ROW - _BOX) + 2
    return (
        f'<svg class="skautokeras-graph" xmlns="http://www.w3.org/2000/svg" '
        f'viewBox="0 0 {total:.0f} {height}" width="{total:.0f}" '
        'style="max-width:100%;height:auto">'
        f"{_STYLE}{''.join(parts)}</svg>"
    )


def _rows(keys, parents):
    """Return rows of boxes, by the length of the longest path from an input to them."""
    depths = {}
    for key in keys:
        depths[key] = max((depths[parent] + 1 for parent in parents[key]), default=0)
    rows = [[] for _ in range(max(depths.values()) + 1)]
    for key, depth in depths.items():
        rows[depth].append(key)
    return rows


def _label(node, graph):
    """Return the lines of text in the box of a node."""
    # The name of the node is in the line above.
    given = given_parameters(node if node.block is None else node.block, but=("name",))
    shortened = given if len(given) <= 40 else f"{given[:37]}..."
    return [graph.name(node), shortened] if given else [graph.name(node)]


def _box(lines, x, y, width):
    rectangle = (
        f'<rect x="{x - width / 2:.0f}" y="{y}" width="{width:.0f}" height="{_BOX}" '
        'rx="6"/>'
    )
    first = y + (23 if len(lines) == 1 else 16)
    texts = (
        f'<text x="{x:.0f}" y="{first + 15 * i}">{escape(line)}</text>'
        for i, line in enumerate(lines)
    )
    return rectangle + "".join(texts)


def _line(start, end):
    (x0, y0), (x1, y1) = start, end
    y0 += _BOX
    middle = (y0 + y1) / 2
    path = f"M{x0:.0f} {y0}C{x0:.0f} {middle:.0f} {x1:.0f} {middle:.0f} {x1:.0f} {y1}"
    return f'<path d="{path}"/>'
