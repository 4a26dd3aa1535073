"""What networks say in terms of the target, as layers behind them."""

from functools import singledispatch

from skautokeras._data.target import ClassAdapter, NumberAdapter
from skautokeras._export.raw_inputs import refuse
from skautokeras._export.twins.text_layers import is_unicode
from skautokeras._layers import (
    BothProbabilities,
    MostProbable,
    OriginalScale,
    ProbableLabels,
)
from skautokeras.exceptions import ExportError


@singledispatch
def decode(target, y, abilities):
    """Return what a network says in terms of the target, as layers behind it.

    Parameters
    ----------
    target : ClassAdapter or NumberAdapter
        Fitted adapter of the target.
    y : keras.KerasTensor of shape (batch, n_outputs)
        Output of the network.
    abilities : Abilities
        Abilities of the format.

    Returns
    -------
    outputs : dict of str to keras.KerasTensor
        Outputs of the model, by what they are.
    labels : dict of str to list of str
        The strings of outputs that hold their positions.
    """
    raise TypeError(f"{type(target).__name__} has no layers.")


@decode.register
def _(target: ClassAdapter, y, abilities):
    if target.schema_.kind == "multilabel":
        return {"probabilities": y, "label": ProbableLabels()(y)}, {}
    if target.schema_.kind == "binary" and y.shape[1] == 1:
        y = BothProbabilities()(y)
    classes = _as_list(target.classes_)
    if abilities.strings or not isinstance(classes[0], str):
        return {"probabilities": y, "label": MostProbable(classes)(y)}, {}
    if not abilities.lookups:
        refuse(abilities.format, f"strings, as the labels {classes[:2]} are")
    return {"probabilities": y, "label": MostProbable()(y)}, {"label": classes}


def _as_list(classes):
    """Return classes as what tensors can hold."""
    found = classes.tolist()
    kinds = {type(label) for label in found}
    strange = [x for x in found if isinstance(x, str) and not is_unicode(x)]
    if strange:
        raise ExportError(
            f"The label {strange[0]!r} is no valid Unicode, which tensors cannot hold. "
            "Pass raw=False, and decode positions by classes_."
        )
    cut = [x for x in found if isinstance(x, str) and x.endswith("\0")]
    if cut:
        raise ExportError(
            f"The label {cut[0]!r} ends with NUL, which a model would leave out. Pass "
            "raw=False, and decode positions by classes_."
        )
    large = [x for x in found if isinstance(x, int) and not -(2**63) <= x < 2**63]
    if len(kinds) == 1 and kinds <= {str, int, float, bool} and not large:
        return found
    raise ExportError(
        "Only labels that are all strings, integers of 64 bits, floats or booleans can "
        f"be decoded in a model, got {(large or found)[:2]}. Pass raw=False, and "
        "decode positions by classes_."
    )


@decode.register
def _(target: NumberAdapter, y, abilities):
    layer = OriginalScale(
        target.means_, target.scales_, target.one_dimensional_, abilities.numbers
    )
    return {"values": layer(y)}, {}
