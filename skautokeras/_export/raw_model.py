"""The fitted estimator as one Keras model: from raw columns, strings and pixels."""

import re
from collections import Counter
from dataclasses import dataclass, field
from keyword import iskeyword

import keras

from skautokeras._export.keras_model import export_keras_model
from skautokeras._export.raw_inputs import KERAS, RawInputs
from skautokeras._export.raw_targets import decode
from skautokeras._export.twins import twin_of


@dataclass(frozen=True, eq=False)
class RawModel:
    """A model from raw inputs, and what has to be around it.

    ``dtypes`` are those of the inputs, where a signature is stricter than the model.
    ``lookups`` are the categories, ``labels`` the classes of codes that stand for
    strings, by the names of inputs and outputs.
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
        Of a fitted estimator.
    adapter : XAdapter
        What it makes of X.
    targets : YAdapter
        What it made of y.
    abilities : Abilities, default=KERAS
        Of the format that the model is for.
    encoded : bool, default=False
        Whether images come as the bytes of files.

    Returns
    -------
    raw : RawModel
        From a dict of inputs, one per column of a table, one per other input, to a dict
        of "probabilities" and "label" or "values"; with several heads the name of the
        head and "__" stand before.

    Raises
    ------
    ExportError
        If something cannot be said in the layers of the format.
    """
    network = export_keras_model(ensemble)
    network.name = "skautokeras.network"
    names = input_names(adapter)
    inputs = RawInputs(abilities, encoded)
    arrays = {}
    for name, part in zip(adapter.names, adapter.adapters_, strict=True):
        prefix = f"{name}__" if len(adapter.names) > 1 else ""
        made = twin_of(part).arrays(names[name], inputs)
        arrays |= {prefix + key: array for key, array in made.items()}
    outputs, labels = {}, {}
    predicted = network(arrays)
    for name, target in targets.by_head.items():
        prefix = f"{name}__" if len(targets.names) > 1 else ""
        decoded, classes = decode(target, predicted[name], abilities)
        outputs |= {prefix + key: output for key, output in decoded.items()}
        labels |= {prefix + key: names for key, names in classes.items()}
    return RawModel(inputs.model(outputs), inputs.dtypes, inputs.lookups, labels)


def input_names(adapter):
    """Name the raw inputs.

    Names are those of the columns, for inputs that hold one thing that of their column,
    or of the input if there are several, else "image", "text" or "array". Characters
    that Python does not allow in names become underscores.

    Parameters
    ----------
    adapter : XAdapter
        Fitted.

    Returns
    -------
    names : dict of str to dict
        By input: by column, or by None if it is not a table, the name.

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
    names, taken = {name: {} for name in adapter.names}, set()
    for (name, column), label in wanted.items():
        label = f"{name}__{label}" if counts[label] > 1 else label
        names[name][column] = _as_identifier(label, taken)
        taken.add(names[name][column])
    return names


def _name_of(adapter, name, twin):
    """Return the name of the raw input of data that is no table."""
    column = adapter.column_names_[name]
    if isinstance(column, str):
        return column
    return name if len(adapter.names) > 1 else twin.kind


def _as_identifier(label, taken):
    """Return a label as a name that signatures take and that is not taken."""
    name = re.sub(r"\W", "_", label, flags=re.ASCII)
    if not re.match(r"[A-Za-z]", name):
        name = f"column_{name}"
    if iskeyword(name) or name == "self":
        name = f"{name}_"
    free, i = name, 2
    while free in taken:
        free, i = f"{name}_{i}", i + 1
    return free
