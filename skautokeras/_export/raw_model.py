"""Export of the fitted estimator as one Keras model that starts from raw data."""

import re
from collections import Counter
from dataclasses import dataclass, field
from keyword import iskeyword

import keras

from skautokeras._export.keras_model import export_keras_model, symbolic_vectors
from skautokeras._export.raw_inputs import KERAS, RawInputs
from skautokeras._export.raw_targets import decode
from skautokeras._export.twins import twin_of


@dataclass(frozen=True, eq=False)
class RawModel:
    """A model that starts from raw inputs, with the lookups that a file adds to it.

    ``dtypes`` are the types of the inputs in a signature, which can be stricter than
    those of the model. ``lookups`` are the categories of inputs that hold codes instead
    of strings, by the name of the input. ``labels`` are the classes of outputs that
    hold positions instead of strings, by the name of the output.
    """

    model: keras.Model
    dtypes: dict
    lookups: dict = field(default_factory=dict)
    labels: dict = field(default_factory=dict)


def export_raw_model(ensemble, adapter, targets, abilities=KERAS, *, encoded=False):
    """Return a model that starts from raw data and ends with labels and numbers.

    Parameters
    ----------
    ensemble : Ensemble
        Fitted ensemble to export.
    adapter : XAdapter
        Fitted adapter of X.
    targets : YAdapter
        Fitted adapter of y.
    abilities : Abilities, default=KERAS
        Abilities of the format of the exported model.
    encoded : bool, default=False
        Whether images are passed as the bytes of image files.

    Returns
    -------
    raw : RawModel
        Model that maps a dict of inputs to a dict of outputs. A table has one input per
        column, and all other data has one input. The outputs are "probabilities" and
        "label" for classes, and "values" for numbers. With several heads, their names
        begin with the name of the head and "__".

    Raises
    ------
    ExportError
        If the format cannot hold a part of the model.
    """
    network = export_keras_model(
        ensemble, name="skautokeras.network", is_traced=abilities.format != "keras"
    )
    reserved = _output_names(targets) if abilities.shares_names else ()
    names = input_names(adapter, reserved)
    inputs = RawInputs(abilities, encoded)
    arrays = {}
    for name, part in zip(adapter.names, adapter.adapters_, strict=True):
        prefix = adapter.prefix(name)
        made = twin_of(part).arrays(names[name], inputs)
        arrays |= {prefix + key: array for key, array in made.items()}
    arrays |= symbolic_vectors(adapter, arrays)
    outputs, labels = {}, {}
    predicted = network(arrays)
    for name, target in targets.by_head.items():
        prefix = targets.prefix(name)
        decoded, classes = decode(target, predicted[name], abilities)
        outputs |= {prefix + key: output for key, output in decoded.items()}
        labels |= {prefix + key: names for key, names in classes.items()}
    return RawModel(inputs.model(outputs), inputs.dtypes, inputs.lookups, labels)


def _output_names(targets):
    """Return the names that outputs may have."""
    return {
        targets.prefix(name) + key
        for name in targets.names
        for key in ("probabilities", "label", "values")
    }


def input_names(adapter, reserved=()):
    """Return the names of the raw inputs.

    The raw inputs of a table have the names of its columns. Any other input has one raw
    input. If it was read from a named column, the raw input has the name of the column.
    Otherwise, it has the name of the input if there are several inputs, and else
    "image", "text" or "array". Characters that Python does not allow in names become
    underscores.

    Parameters
    ----------
    adapter : XAdapter
        Fitted adapter of X.
    reserved : iterable of str, default=()
        Names that no input can have.

    Returns
    -------
    names : dict of str to dict
        Names of the raw inputs of each input, by column. If the input is not a table,
        the only key is None.

    Examples
    --------
    >>> import pandas as pd
    >>> from skautokeras._data.x_adapter import XAdapter
    >>> from skautokeras._data.structured_data import StructuredDataAdapter
    >>> from skautokeras._export.raw_model import input_names
    >>> X = pd.DataFrame({"width (cm)": [1.0, 2.0], "class": ["C", "E"]})
    >>> adapter = XAdapter(["table"], [StructuredDataAdapter()], [None]).fit(X)
    >>> input_names(adapter)
    {'table': {'width (cm)': 'width__cm_', 'class': 'class_'}}
    """
    wanted = {}
    for name, part in zip(adapter.names, adapter.adapters_, strict=True):
        for column in twin_of(part).columns():
            wanted[name, column] = column
            if column is None:
                wanted[name, None] = _name_of(adapter, name, twin_of(part))
    counts = Counter(wanted.values())
    for (name, column), label in wanted.items():
        wanted[name, column] = f"{name}__{label}" if counts[label] > 1 else label
    # Labels that are valid names keep them, whatever the others become. TensorFlow does
    # not tell capitals from small letters.
    kept, taken = {}, {name.lower() for name in reserved}
    for label in wanted.values():
        if label == _as_identifier(label, ()) and label.lower() not in taken:
            kept.setdefault(label.lower(), label)
    names, taken = {name: {} for name in adapter.names}, {*taken, *kept}
    for (name, column), label in wanted.items():
        is_kept = kept.get(label.lower()) == label
        names[name][column] = label if is_kept else _as_identifier(label, taken)
        taken.add(names[name][column].lower())
        if is_kept:
            del kept[label.lower()]
    return names


def _name_of(adapter, name, twin):
    """Return the name of the raw input of data that is not a table."""
    column = adapter.column_names_[name]
    if isinstance(column, str):
        return column
    return name if len(adapter.names) > 1 else twin.kind


def _as_identifier(label, taken):
    """Turn a label into a name that signatures accept and that is still free."""
    name = re.sub(r"\W", "_", label, flags=re.ASCII)
    if not re.match(r"[A-Za-z]", name):
        name = f"column_{name}"
    if iskeyword(name) or name == "self":
        name = f"{name}_"
    free, i = name, 2
    while free.lower() in taken:
        free, i = f"{name}_{i}", i + 1
    return free
