"""Inputs of a graph: where data comes in, by which columns and as which tensors."""

import keras
import numpy as np

from skautokeras._space.node import Node, parameters_config
from skautokeras._space.records import Image, Table, Text
from skautokeras._state.codec import decode


class InputNode(Node):
    """Base class of the inputs.

    Parameters
    ----------
    columns : str, int, list of them or None, default=None
        Columns of X that the input takes, where one DataFrame holds the data of several
        inputs. None: the input has an X of its own, or what no other input takes.
    name : str or None, default=None
        Name of the input. None: counted in the graph, "image_input_1".
    """

    def __init__(self, *, columns=None, name=None):
        super().__init__()
        self.columns = columns
        self.name = name

    def get_config(self):
        """Return the parameters of the constructor, and which node it is, for JSON.

        Returns
        -------
        config : dict
            For `from_config`.
        """
        return {**parameters_config(self), "key": self.key}

    @classmethod
    def from_config(cls, config):
        """Return the input that a configuration describes.

        Parameters
        ----------
        config : dict
            From `get_config`.

        Returns
        -------
        node : InputNode
            Equal to the one that was asked.
        """
        values = {name: decode(value) for name, value in config.items()}
        key = values.pop("key", None)
        node = cls(**values)
        node.key = key or node.key
        return node

    def symbolic(self, schema, prefix=""):
        """Return the tensors of the input, and what blocks are called on.

        Parameters
        ----------
        schema : object
            What the analysis found.
        prefix : str, default=""
            Put before the names of the arrays.

        Returns
        -------
        tensors : dict of str to keras.KerasTensor
            One per array that the adapter makes.
        symbolic : keras.KerasTensor, Table, Image or Text
            What blocks are called on.
        """
        raise NotImplementedError


@keras.saving.register_keras_serializable("skautokeras")
class StructuredDataInput(InputNode):
    """Input for a table: numbers, categories, dates, texts, missing values.

    Parameters
    ----------
    columns : str, int, list of them or None, default=None
        Columns of X that the input takes, where one DataFrame holds the data of several
        inputs. None: the input has an X of its own, or what no other input takes.
    categorical_features : "from_dtype", array-like or None, default="from_dtype"
        Columns to take for categories, as in `StructuredDataClassifier`.
    column_types : dict or None, default=None
        "numerical", "categorical", "datetime", "short_text" or "text" by name or index
        of a column, as in `StructuredDataClassifier`.
    name : str or None, default=None
        Name of the input. None: counted in the graph, "structured_data_input_1".

    Examples
    --------
    >>> from skautokeras import DenseBlock, StructuredDataInput
    >>> node = DenseBlock()(StructuredDataInput(columns=["age", "deck"]))
    """

    def __init__(
        self,
        *,
        columns=None,
        categorical_features="from_dtype",
        column_types=None,
        name=None,
    ):
        super().__init__(columns=columns, name=name)
        self.categorical_features = categorical_features
        self.column_types = column_types

    def symbolic(self, schema, prefix=""):
        """Return the tensors of the input and the symbolic table made of them.

        Parameters
        ----------
        schema : StructuredDataSchema
            What the analysis found.
        prefix : str, default=""
            Put before the names of the arrays.

        Returns
        -------
        tensors : dict of str to keras.KerasTensor
            One per array that the adapter makes.
        table : Table
            What blocks are called on.
        """
        tensors = _tensors(schema, prefix)
        parts = zip(schema.texts.values(), schema.text_arrays(tensors), strict=True)
        columns = ("numerical", "indicator", "categorical")
        columns += ("sparse_codes", "sparse_values")
        table = Table(
            **{part: tensors.get(part) for part in columns},
            quantiles=schema.quantiles,
            cardinalities=schema.cardinalities,
            n_sparse=schema.n_sparse,
            texts=tuple(Text.of(text, part) for text, part in parts),
        )
        return {prefix + part: tensor for part, tensor in tensors.items()}, table


@keras.saving.register_keras_serializable("skautokeras")
class ImageInput(InputNode):
    """Input for images: arrays of pixels, or paths of image files.

    Parameters
    ----------
    columns : str, int or None, default=None
        The column of X that holds the images, one array or path per row, where one
        DataFrame holds the data of several inputs. None: the input has an X of its own,
        or what no other input takes.
    channels : {"first", "last"} or None, default=None
        Where the axis of the colours is. None: found out.
    image_shape : tuple of int or None, default=None
        (height, width) or (height, width, channels) of images that come as rows of a
        two-dimensional X. None: they do not.
    image_size : tuple of int or None, default=None
        (height, width) that all images are resized to. None: as they are; those of
        different sizes, the median of their sizes.
    name : str or None, default=None
        Name of the input. None: counted in the graph, "image_input_1".

    Examples
    --------
    >>> from skautokeras import DenseBlock, Flatten, ImageInput
    >>> node = DenseBlock()(Flatten()(ImageInput()))
    """

    def __init__(
        self,
        *,
        columns=None,
        channels=None,
        image_shape=None,
        image_size=None,
        name=None,
    ):
        super().__init__(columns=columns, name=name)
        self.channels = channels
        self.image_shape = image_shape
        self.image_size = image_size

    def symbolic(self, schema, prefix=""):
        """Return the tensor of the pixels, and the symbolic image made of it.

        Parameters
        ----------
        schema : ImageSchema
            What the analysis found.
        prefix : str, default=""
            Put before the name of the array.

        Returns
        -------
        tensors : dict of str to keras.KerasTensor
            The one tensor, in the dtype of the array.
        image : Image
            Its pixels between 0 and 1.
        """
        name = prefix + "pixels"
        tensor = keras.Input(schema.shape, dtype=schema.dtype, name=name)
        scale = 1.0 / (schema.high - schema.low)
        pixels = keras.layers.Rescaling(scale, offset=-schema.low * scale)(tensor)
        n_channels = schema.shape[-1]
        image = Image(
            pixels,
            mean=np.array(schema.mean, "float32"),
            std=np.array(schema.std, "float32"),
            black=np.zeros(n_channels, "float32"),
            white=np.ones(n_channels, "float32"),
        )
        return {name: tensor}, image


@keras.saving.register_keras_serializable("skautokeras")
class TextInput(InputNode):
    """Input for texts.

    Parameters
    ----------
    columns : str, int or None, default=None
        The column of X that holds the texts, where one DataFrame holds the data of
        several inputs. None: the input has an X of its own, or what no other input
        takes.
    max_tokens : int or None, default=None
        Different words and n-grams that are told apart at most, each. None: 200 000.
    name : str or None, default=None
        Name of the input. None: counted in the graph, "text_input_1".

    Examples
    --------
    >>> from skautokeras import TextInput
    >>> TextInput(columns="description")
    TextInput(columns='description')
    """

    def __init__(self, *, columns=None, max_tokens=None, name=None):
        super().__init__(columns=columns, name=name)
        self.max_tokens = max_tokens

    def symbolic(self, schema, prefix=""):
        """Return the tensors of the texts, and the symbolic text made of them.

        Parameters
        ----------
        schema : TextSchema
            What the analysis found.
        prefix : str, default=""
            Put before the names of the arrays.

        Returns
        -------
        tensors : dict of str to keras.KerasTensor
            Codes of tokens and n-grams, weights of the n-grams, and subwords.
        text : Text
            What blocks are called on.
        """
        tensors = _tensors(schema, prefix)
        named = {prefix + part: tensor for part, tensor in tensors.items()}
        return named, Text.of(schema, tensors)


@keras.saving.register_keras_serializable("skautokeras")
class Input(InputNode):
    """Input for a numeric array of any rank, the first axis being the rows.

    Parameters
    ----------
    columns : str, int, list of them or None, default=None
        Columns of X that the input takes, where one DataFrame holds the data of several
        inputs: columns of numbers, or one column of arrays. None: the input has an X
        of its own, or what no other input takes.
    name : str or None, default=None
        Name of the input. None: counted in the graph, "input_1".

    Examples
    --------
    >>> from skautokeras import DenseBlock, Flatten, Input
    >>> node = DenseBlock()(Flatten()(Input()))
    """

    def symbolic(self, schema, prefix=""):
        """Return the tensor of the input, twice: by name and for the blocks.

        Parameters
        ----------
        schema : ArraySchema
            What the analysis found.
        prefix : str, default=""
            Put before the name of the array.

        Returns
        -------
        tensors : dict of str to keras.KerasTensor
            The one tensor, by name.
        tensor : keras.KerasTensor
            What blocks are called on.
        """
        tensor = keras.Input(schema.shape, dtype="float32", name=prefix + "array")
        return {prefix + "array": tensor}, tensor


def _tensors(schema, prefix):
    """Return a tensor (batch, width) for each array that a schema names."""
    return {
        part: keras.Input((width,), dtype=dtype, name=prefix + part)
        for part, (width, dtype) in schema.shapes.items()
    }
