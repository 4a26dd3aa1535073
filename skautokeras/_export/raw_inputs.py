"""Raw inputs of an exported model, and what a format can hold."""

from dataclasses import dataclass

import keras

from skautokeras.exceptions import ExportError

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
        """Return a new input.

        Parameters
        ----------
        name : str
            Name of the input in the model.
        shape : tuple of int or None
            Shape of one row.
        dtype : str
            Type of the tensor.
        signature_dtype : str or None, default=None
            Type that a SavedModel asks for. None: ``dtype``.

        Returns
        -------
        tensor : keras.KerasTensor of shape (batch, ...)
        """
        inner_name = f"input.{len(self.tensors)}"
        self.tensors[name] = keras.Input(shape, dtype=dtype, name=inner_name)
        self.dtypes[name] = signature_dtype or dtype
        return self.tensors[name]

    def number(self, name):
        """Return a new input for a column of numbers.

        Parameters
        ----------
        name : str
            Name of the input in the model.

        Returns
        -------
        tensor : keras.KerasTensor of shape (batch,)
        """
        return self.add(name, (), self.abilities.numbers)

    def string(self, name, what):
        """Return the input of that name for strings, if the format has them.

        Parameters
        ----------
        name : str
            Name of the input in the model.
        what : str
            What the strings are, for the error.

        Returns
        -------
        tensor : keras.KerasTensor of shape (batch,)

        Raises
        ------
        ValueError
            If the format has no strings.
        """
        if not self.abilities.strings:
            refuse(self.abilities.format, f"{what} (input {name!r})")
        if name in self.tensors:
            return self.tensors[name]
        return self.add(name, (), "string")

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
