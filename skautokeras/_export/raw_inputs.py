"""Raw inputs of an exported model: their names, and what a format can hold."""

import re
from collections import Counter
from dataclasses import dataclass
from keyword import iskeyword

import keras
from keras import ops

from skautokeras._data.array import ArrayAdapter
from skautokeras._data.codes import WITH_NUMBERS
from skautokeras._data.image import ImageAdapter
from skautokeras._data.structured_data import StructuredDataAdapter
from skautokeras._data.text import TextAdapter
from skautokeras._layers import CategoryCodes
from skautokeras.exceptions import ExportError

# Inputs that hold one thing, by the class of their adapter.
_KINDS = {ImageAdapter: "image", TextAdapter: "text", ArrayAdapter: "array"}

# No column has this name as an input: it has a dot.
LAYERS = "skautokeras.layers"


@dataclass(frozen=True)
class Abilities:
    """What a model of some format can do.

    ``strings`` says whether it works with strings, ``lookups`` whether categories can
    be looked up before it and labels behind it, ``numbers`` in which precision it takes
    numbers. ``checks`` says whether it can refuse a value, and resize images.
    """

    format: str
    strings: bool = True
    lookups: bool = True
    numbers: str = "float64"
    checks: bool = True


KERAS = Abilities("keras")


def refuse(format, what):
    """Raise because a format cannot hold something.

    Parameters
    ----------
    format : str
        The format.
    what : str
        What it cannot hold.

    Raises
    ------
    ExportError
        Always.

    Examples
    --------
    >>> from skautokeras._export.raw_inputs import refuse
    >>> refuse("litert", "texts")
    Traceback (most recent call last):
    skautokeras.exceptions.ExportError: The format 'litert' cannot hold texts. Use ...
    """
    raise ExportError(
        f"The format {format!r} cannot hold {what}. Use format='tf_saved_model', or "
        "pass raw=False: the exported model then starts from the arrays that the "
        "estimator makes of X."
    )


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
    >>> from skautokeras._export.raw_inputs import input_names
    >>> X = pd.DataFrame({"width (cm)": [1.0, 2.0], "class": ["C", "E"]})
    >>> adapter = XAdapter(["table"], [StructuredDataAdapter()], [None]).fit(X)
    >>> input_names(adapter)
    {'table': {'width (cm)': 'width__cm_', 'class': 'class_'}}
    """
    wanted = {}
    for name, part in zip(adapter.names, adapter.adapters_, strict=True):
        for column in _columns_of(part):
            wanted[name, column] = column
            if column is None:
                wanted[name, None] = _name_of(adapter, name, part)
    counts = Counter(wanted.values())
    names, taken = {name: {} for name in adapter.names}, set()
    for (name, column), label in wanted.items():
        label = f"{name}__{label}" if counts[label] > 1 else label
        names[name][column] = _as_identifier(label, taken)
        taken.add(names[name][column])
    return names


def _columns_of(adapter):
    """Return the columns of a table that matter, None for the data of other inputs."""
    if not isinstance(adapter, StructuredDataAdapter):
        return [None]
    used = {*adapter.categories_, *adapter.vocabularies_, *adapter.texts_}
    return [
        column.name
        for column in adapter.schema_.columns
        if column.kind in WITH_NUMBERS or column.name in used
    ]


def _name_of(adapter, name, part):
    column = adapter.column_names_[name]
    if isinstance(column, str):
        return column
    if len(adapter.names) > 1:
        return name
    return next(kind for base, kind in _KINDS.items() if isinstance(part, base))


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


class RawInputs:
    """The raw inputs of a model in the making.

    Parameters
    ----------
    abilities : Abilities
        Of the format.
    encoded : bool
        Whether images come as the bytes of files.
    """

    def __init__(self, abilities, encoded):
        self.abilities = abilities
        self.encoded = encoded
        self.tensors, self.dtypes, self.lookups = {}, {}, {}

    def add(self, name, shape, dtype, *, signature_dtype=None):
        """Return a new input."""
        inner_name = f"input.{len(self.tensors)}"
        self.tensors[name] = keras.Input(shape, dtype=dtype, name=inner_name)
        self.dtypes[name] = signature_dtype or dtype
        return self.tensors[name]

    def number(self, name):
        """Return an input for a column of numbers."""
        return self.add(name, (), self.abilities.numbers)

    def string(self, name, what):
        """Return the input of that name for strings, if the format has them."""
        if not self.abilities.strings:
            refuse(self.abilities.format, f"{what} (input {name!r})")
        if name in self.tensors:
            return self.tensors[name]
        return self.add(name, (), "string")

    def codes(self, name, categories):
        """Return codes of categories, which are looked up here or before the model."""
        if self.abilities.strings:
            return CategoryCodes(categories)(self.string(name, "categories"))
        if not self.abilities.lookups:
            refuse(self.abilities.format, f"strings of categories (input {name!r})")
        self.lookups[name] = list(categories)
        return ops.expand_dims(ops.cast(self.add(name, (), "int64"), "int32"), 1)

    def model(self, outputs):
        """Return the model from all inputs by name.

        Columns may have the names of layers: these are in a model of their own.
        """
        layers = keras.Model(list(self.tensors.values()), outputs, name=LAYERS)
        inputs = {
            name: keras.Input(tensor.shape[1:], dtype=tensor.dtype, name=name)
            for name, tensor in self.tensors.items()
        }
        return keras.Model(inputs, layers(list(inputs.values())))
