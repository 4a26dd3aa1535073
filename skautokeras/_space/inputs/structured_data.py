"""The input for tables."""

from numbers import Integral

import keras
import numpy as np
import pandas as pd

from skautokeras._data.structured_data import StructuredDataAdapter
from skautokeras._space.inputs.base import InputNode, tensors_of
from skautokeras._space.records import Table, Text
from skautokeras._space.structured_data import StructuredDataBlock
from skautokeras._space.text import TextBlock


@keras.saving.register_keras_serializable("skautokeras")
class StructuredDataInput(InputNode):
    """Input for a table: numbers, categories, dates, texts, missing values.

    Parameters
    ----------
    columns : str, int, array-like of them, slice, callable or None, default=None
        Columns of X that the input takes, if one DataFrame holds the data of several
        inputs, in the forms of `sklearn.compose.ColumnTransformer`: names, positions, a
        slice, a mask, or a function of X such as `make_column_selector`, which is asked
        in `fit` only. If None, the input has an X of its own, or takes the columns that
        no other input takes.
    categorical_features : "from_dtype", array-like or None, default="from_dtype"
        Columns to take for categories, as in `StructuredDataClassifier`.
    column_types : dict or None, default=None
        "numerical", "categorical", "datetime", "short_text" or "text" by name or index
        of a column, as in `StructuredDataClassifier`.
    name : str or None, default=None
        Name of the input. If None, inputs are counted in the graph:
        "structured_data_input_1".

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

    def make_adapter(self, tokenizers=()):
        """Return the adapter for the table, not fitted.

        Parameters
        ----------
        tokenizers : tuple of callable, default=()
            Tokenizers of the pretrained models that blocks on the input need.

        Returns
        -------
        adapter : StructuredDataAdapter
            Adapter with the parameters of the input.
        """
        return StructuredDataAdapter(
            categorical_features=self.categorical_features,
            column_types=self.column_types,
            tokenizers=tokenizers,
        )

    def default_block(self):
        """Return the block that is built on the input if the user names none.

        Returns
        -------
        block : StructuredDataBlock
            Block with everything searched.
        """
        return StructuredDataBlock()

    def selected_columns(self):
        """Return the columns of X that the adapter is given.

        Returns
        -------
        columns : list of str or int, or None
            One column as a list: it is a table, too.
        """
        if isinstance(self.columns, str | Integral):
            return [self.columns]
        return self.columns

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
        X : DataFrame
            Columns of numbers, of numbers with gaps, and of words.
        """
        gaps = np.where(rng.random(n_rows) < 0.2, np.nan, rng.random(n_rows))
        return pd.DataFrame(
            {
                "number": rng.normal(size=n_rows),
                "gap": gaps,
                "word": rng.choice(["a", "b", "c"], size=n_rows),
            }
        )

    def symbolic(self, schema, prefix=""):
        """Return the tensors of the input and the symbolic table made of them.

        Parameters
        ----------
        schema : StructuredDataSchema
            Schema of the fitted adapter.
        prefix : str, default=""
            Put before the names of the arrays.

        Returns
        -------
        tensors : dict of str to keras.KerasTensor
            One per array that the adapter makes.
        table : Table
            Table made of the tensors. Blocks are called on it.
        """
        tensors = tensors_of(schema, prefix)
        parts = zip(schema.texts.values(), schema.text_arrays(tensors), strict=True)
        columns = ("numerical", "indicator", "categorical")
        columns += ("sparse_codes", "sparse_values")
        table = Table(
            **{part: tensors.get(part) for part in columns},
            quantiles=schema.quantiles,
            cardinalities=schema.cardinalities,
            n_sparse=schema.n_sparse,
            texts=tuple(
                Text.of(text, part, default_block=TextBlock) for text, part in parts
            ),
            default_block=self.default_block,
        )
        return {prefix + part: tensor for part, tensor in tensors.items()}, table
