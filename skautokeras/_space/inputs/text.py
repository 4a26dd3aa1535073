"""The input for texts."""

import keras

from skautokeras._data.text import TextAdapter
from skautokeras._space.inputs.base import InputNode, tensors_of
from skautokeras._space.records import Text
from skautokeras._space.text import TextBlock


@keras.saving.register_keras_serializable("skautokeras")
class TextInput(InputNode):
    """Input for texts.

    Parameters
    ----------
    columns : str, int or None, default=None
        Column of X that holds the texts, if one DataFrame holds the data of several
        inputs. If None, the input has an X of its own, or takes the column that no
        other input takes.
    max_tokens : int or None, default=None
        Largest number of different words, of n-grams of words, and of n-grams of
        characters that are told apart. If None, each of these maxima is 200 000.
        ``vocabulary_size`` of `TextBlock` and ``max_features`` of `Embedding` say how
        many of them a network uses.
    name : str or None, default=None
        Name of the input. If None, inputs are counted in the graph: "text_input_1".

    Examples
    --------
    >>> from skautokeras import TextInput
    >>> TextInput(columns="description")
    TextInput(columns='description')
    """

    def __init__(self, *, columns=None, max_tokens=None, name=None):
        super().__init__(columns=columns, name=name)
        self.max_tokens = max_tokens

    def make_adapter(self, tokenizers=()):
        """Return the adapter for the texts, not fitted.

        Parameters
        ----------
        tokenizers : tuple of callable, default=()
            Tokenizers of the pretrained models that blocks on the input need.

        Returns
        -------
        adapter : TextAdapter
            Adapter with the parameters of the input.
        """
        return TextAdapter(max_tokens=self.max_tokens, tokenizers=tokenizers)

    def default_block(self):
        """Return the block that is built on the input if the user names none.

        Returns
        -------
        block : TextBlock
            Block with everything searched.
        """
        return TextBlock()

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
        X : list of str
            Texts of four words.
        """
        return [" ".join(rng.choice(["oak", "dry", "red"], 4)) for _ in range(n_rows)]

    def symbolic(self, schema, prefix=""):
        """Return the tensors of the texts, and the symbolic text made of them.

        Parameters
        ----------
        schema : TextSchema
            Schema of the fitted adapter.
        prefix : str, default=""
            Put before the names of the arrays.

        Returns
        -------
        tensors : dict of str to keras.KerasTensor
            Codes of tokens and n-grams, weights of the n-grams, and subwords.
        text : Text
            Text made of the tensors. Blocks are called on it.
        """
        tensors = tensors_of(schema, prefix)
        named = {prefix + part: tensor for part, tensor in tensors.items()}
        return named, Text.of(schema, tensors, default_block=self.default_block)
