"""The input for plain arrays of numbers."""

import keras

from skautokeras._data.array import ArrayAdapter
from skautokeras._space.inputs.base import InputNode


@keras.saving.register_keras_serializable("skautokeras")
class Input(InputNode):
    """Input for a numeric array of any rank, the first axis being the rows.

    Parameters
    ----------
    columns : str, int, array-like of them, slice, callable or None, default=None
        Columns of X that the input takes, if one DataFrame holds the data of several
        inputs: columns of numbers, or one column of arrays. If None, the input has an X
        of its own, or takes the columns that no other input takes.
    name : str or None, default=None
        Name of the input. If None, inputs are counted in the graph: "input_1".

    Examples
    --------
    >>> from skautokeras import DenseBlock, Flatten, Input
    >>> node = DenseBlock()(Flatten()(Input()))
    """

    def make_adapter(self, tokenizers=()):
        """Return the adapter for the array, not fitted.

        Parameters
        ----------
        tokenizers : tuple of callable, default=()
            Tokenizers of pretrained models, which this input does not need.

        Returns
        -------
        adapter : ArrayAdapter
            Adapter with the parameters of the input.
        """
        return ArrayAdapter()

    def example_rows(self, n_rows, rng):
        """Return made-up rows of the kind that the input takes.

        `skautokeras.testing.check_block` builds networks on them.

        Parameters
        ----------
        n_rows : int
            Number of rows.
        rng : numpy.random.Generator
            Generator that the values are drawn from.

        Returns
        -------
        X : ndarray of shape (n_rows, 5, 3), dtype float32
            Series of five steps.
        """
        return rng.normal(size=(n_rows, 5, 3)).astype("float32")

    def symbolic(self, schema, prefix=""):
        """Return the tensor of the input, twice: by name and for the blocks.

        Parameters
        ----------
        schema : ArraySchema
            Schema of the fitted adapter.
        prefix : str, default=""
            Put before the name of the array.

        Returns
        -------
        tensors : dict of str to keras.KerasTensor
            The one tensor, by name.
        tensor : keras.KerasTensor
            The same tensor. Blocks are called on it.
        """
        tensor = keras.Input(schema.shape, dtype="float32", name=prefix + "array")
        return {prefix + "array": tensor}, tensor
