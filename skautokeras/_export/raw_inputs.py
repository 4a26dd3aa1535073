"""Raw inputs of an exported model, and what a format can hold."""

from dataclasses import dataclass

import keras

from skautokeras.exceptions import ExportError

# The dot keeps this name apart from the inputs, whose names have no dots.
LAYERS = "skautokeras.layers"


@dataclass(frozen=True)
class Abilities:
    """Abilities of the models of one format.

    ``strings`` says whether the layers can work with strings, and ``lookups`` whether
    the file can look up the codes of categories in front of the network and the labels
    after it. ``numbers`` is the type of numerical inputs. ``checks`` says whether the
    model can reject values and resize images, and ``shares_names`` whether an input
    cannot have the name of an output.
    """

    format: str
    strings: bool = True
    lookups: bool = True
    numbers: str = "float64"
    checks: bool = True
    shares_names: bool = False


KERAS = Abilities("keras")


def refuse(format, what):
    """Raise the error for something that a format cannot hold.

    Parameters
    ----------
    format : str
        Name of the format.
    what : str
        Description of the thing that the format cannot hold, for the error message.

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
    """The raw inputs of an exported model, collected while it is built.

    Parameters
    ----------
    abilities : Abilities
        Abilities of the format.
    encoded : bool
        Whether images are passed as the bytes of image files.
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
            Type of the input in the signature of a SavedModel. If None, it is
            ``dtype``.

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
        """Return the input for strings with a name, which is added if it is new.

        Parameters
        ----------
        name : str
            Name of the input in the model.
        what : str
            Description of the strings, for the error message.

        Returns
        -------
        tensor : keras.KerasTensor of shape (batch,)

        Raises
        ------
        ValueError
            If the format cannot hold strings.
        """
        if not self.abilities.strings:
            refuse(self.abilities.format, f"{what} (input {name!r})")
        if name in self.tensors:
            return self.tensors[name]
        return self.add(name, (), "string")

    def model(self, outputs):
        """Return the model that maps all inputs, by name, to outputs.

        The layers are in an inner model, because a column may have the name of a layer.
        """
        layers = keras.Model(list(self.tensors.values()), outputs, name=LAYERS)
        inputs = {
            name: keras.Input(tensor.shape[1:], dtype=tensor.dtype, name=name)
            for name, tensor in self.tensors.items()
        }
        return keras.Model(inputs, layers(list(inputs.values())))
