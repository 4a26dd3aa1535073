"""InputNode: the base class of the inputs, which know all that a modality is."""

import keras
from sklearn.utils import get_tags

from skautokeras._space.general import GeneralBlock
from skautokeras._space.node import Node, parameters_config
from skautokeras._state.codec import decode


class InputNode(Node):
    """Base class of the inputs: one for each kind of data.

    An input says what a kind of data is and how networks begin with it: which adapter
    turns it into arrays, which tensors these arrays become, and which block is built on
    them if the user names none. For a kind of data of your own, derive from this class,
    set the parameters of the constructor as attributes, define `make_adapter` and
    `symbolic`, and register the class with Keras so that it can be saved.
    `skautokeras.testing.check_input` says what is missing.

    Parameters
    ----------
    columns : str, int, array-like of them, slice, callable or None, default=None
        Columns of X that the input takes, if one DataFrame holds the data of several
        inputs, in the forms of `sklearn.compose.ColumnTransformer`: names, positions, a
        slice, a mask, or a function of X such as `make_column_selector`, which is asked
        in `fit` only. If None, the input has an X of its own, or takes the columns that
        no other input takes.
    name : str or None, default=None
        Name of the input. If None, inputs are counted in the graph: "image_input_1".

    Examples
    --------
    Letters of DNA, of which each row has equally many:

    >>> from dataclasses import dataclass
    >>> import keras
    >>> import numpy as np
    >>> from sklearn.base import BaseEstimator, TransformerMixin
    >>> from skautokeras import InputNode, Schema
    >>> @dataclass(frozen=True)
    ... class DnaSchema(Schema):
    ...     n_samples: int
    ...     length: int
    >>> class DnaAdapter(TransformerMixin, BaseEstimator):
    ...     def fit(self, X, y=None):
    ...         self.schema_ = DnaSchema(n_samples=len(X), length=len(X[0]))
    ...         return self
    ...
    ...     def transform(self, X):
    ...         codes = [["ACGT".index(letter) for letter in row] for row in X]
    ...         return {"letters": np.array(codes, dtype="int32")}
    >>> @keras.saving.register_keras_serializable("my_package")
    ... class DnaInput(InputNode):
    ...     def make_adapter(self, tokenizers=()):
    ...         return DnaAdapter()
    ...
    ...     def symbolic(self, schema, prefix=""):
    ...         name = prefix + "letters"
    ...         codes = keras.Input((schema.length,), dtype="int32", name=name)
    ...         return {name: codes}, keras.ops.one_hot(codes, 4)
    >>> DnaInput().make_adapter().fit_transform(["AC", "GT"])["letters"].tolist()
    [[0, 1], [2, 3]]
    """

    def __init__(self, *, columns=None, name=None):
        super().__init__()
        self.columns = columns
        self.name = name

    def make_adapter(self, tokenizers=()):
        """Return what turns the data of the input into arrays, not fitted.

        Parameters
        ----------
        tokenizers : tuple of callable, default=()
            Tokenizers of the pretrained models that blocks on the input need, as
            `TextAdapter` takes them. Inputs without texts leave them aside.

        Returns
        -------
        adapter : transformer
            A scikit-learn estimator. `fit` takes the part of X that belongs to the
            input and sets ``schema_``, a `Schema`; `transform` returns a dict of arrays
            of shape (n_samples, ...). Its scikit-learn tags say whether it takes
            missing values, sparse matrices and strings. `describe_columns`, which may
            be missing, takes the names of its columns in X and returns a DataFrame
            with a row for each: its part of `columns_`.
        """
        raise NotImplementedError(f"{type(self).__name__} must define make_adapter.")

    def symbolic(self, schema, prefix=""):
        """Return the tensors of the input, and what blocks are called on.

        Parameters
        ----------
        schema : Schema
            Schema of the fitted adapter.
        prefix : str, default=""
            Put before the names of the arrays.

        Returns
        -------
        tensors : dict of str to keras.KerasTensor
            One per array that the adapter makes, by its name with the prefix, which is
            the name of the tensor as well.
        symbolic : keras.KerasTensor or Record
            One float tensor, or a record that holds tensors together with what is known
            of them. Blocks are called on it.
        """
        raise NotImplementedError(f"{type(self).__name__} must define symbolic.")

    def default_block(self):
        """Return the block that is built on the input if the user names none.

        Returns
        -------
        block : Block
            By default a `GeneralBlock`, which fits one float tensor of any rank.
        """
        return GeneralBlock()

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
        X : object
            Data as `fit` of the adapter takes it.
        """
        raise NotImplementedError(
            f"{type(self).__name__} does not define example_rows: pass X."
        )

    def selected_columns(self):
        """Return the columns of X that the adapter is given.

        Returns
        -------
        columns : str, int, list of them or None
            One name gives a Series, a list gives a DataFrame. By default `columns`.
        """
        return self.columns

    @property
    def tags(self):
        """What data the input takes: the `sklearn.utils.InputTags` of its adapter."""
        return get_tags(self.make_adapter()).input_tags

    def get_config(self):
        """Return the parameters of the constructor, and which node it is, for JSON.

        Returns
        -------
        config : dict
            Configuration for `from_config`.
        """
        return {**parameters_config(self), "key": self.key}

    @classmethod
    def from_config(cls, config):
        """Return the input that a configuration describes.

        Parameters
        ----------
        config : dict
            Configuration that `get_config` has returned.

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


def tensors_of(schema, prefix):
    """Return a tensor (batch, width) for each array that a schema names.

    Parameters
    ----------
    schema : StructuredDataSchema or TextSchema
        Schema that names the arrays.
    prefix : str
        Put before the names of the tensors.

    Returns
    -------
    tensors : dict of str to keras.KerasTensor
        By the names of the arrays without the prefix.
    """
    return {
        part: keras.Input((width,), dtype=dtype, name=prefix + part)
        for part, (width, dtype) in schema.shapes.items()
    }
