"""The facts about the data that the other rooms read: frozen records, no behaviour."""

from dataclasses import dataclass, field

import numpy as np

from skautokeras._state.names import saved_as


@saved_as("Column")
@dataclass(frozen=True)
class Column:
    """One column of X: what it is, and why.

    Parameters
    ----------
    name : str
        Name of the column; ``"x0"``, ``"x1"``, ... where X has no column names.

    kind : {"numerical", "categorical", "datetime", "short_text", "text", "constant"}
        Kind of the column. Short texts, such as names, become repeated values and
        frequent words; texts are sentences. A constant column is left out.

    n_missing : int
        Number of rows without a value.

    n_unique : int
        Number of distinct values, not counting missing ones.

    identifier : bool, default=False
        Whether the column looks like a row number or another identifier.

    reason : str, default=""
        Reason for the kind, such as "dtype float64" or "declared by column_types".

    Examples
    --------
    >>> from skautokeras._data.schema import Column
    >>> column = Column("deck", "categorical", 1, 2, reason="2 different strings")
    >>> column.kind, column.reason
    ('categorical', '2 different strings')
    """

    name: str
    kind: str
    n_missing: int
    n_unique: int
    identifier: bool = False
    reason: str = ""


@saved_as("StructuredDataSchema")
@dataclass(frozen=True, eq=False)
class StructuredDataSchema:
    """What a table holds, and what its model-ready arrays look like.

    Parameters
    ----------
    columns : tuple of Column
        The columns of X, in their order; of a wide sparse matrix those that are not
        mostly zero.

    n_samples : int
        Number of rows seen in `fit`.

    numerical : tuple of str
        Names of the columns of the array ``"numerical"``: ``"age"`` for a column of
        numbers, ``"when:elapsed"`` for a part of a date.

    indicator : tuple of str
        Names of the columns of the array ``"indicator"``: ``"age:missing"``,
        ``"name:word=mr"``.

    categorical : tuple of str
        Names of the columns of the array ``"categorical"``.

    cardinalities : tuple of int
        Number of codes of each categorical column: 0 for unknown or rare, 1 for
        missing, then the learned categories.

    quantiles : ndarray of shape (n_quantiles, len(numerical)), dtype float32
        Equally spaced quantiles of the array ``"numerical"`` over the rows of `fit`, at
        most 1001 of them. No column decreases.

    texts : dict of str to TextSchema, default={}
        What the columns of texts hold, by their names.

    sparse_width : int, default=0
        Values of a row in columns that are mostly zero: the width of the arrays
        ``"sparse_codes"`` and ``"sparse_values"``. 0: there are no such arrays.

    n_sparse : int, default=0
        Codes of such columns: 0 for none, then one per column.

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._data.schema import Column, StructuredDataSchema
    >>> schema = StructuredDataSchema(
    ...     columns=(
    ...         Column("age", "numerical", 0, 3),
    ...         Column("deck", "categorical", 1, 2),
    ...     ),
    ...     n_samples=3,
    ...     numerical=("age",),
    ...     indicator=(),
    ...     categorical=("deck",),
    ...     cardinalities=(4,),
    ...     quantiles=np.array([[-1], [0], [1]], dtype=np.float32),
    ... )
    >>> schema.shapes
    {'numerical': (1, 'float32'), 'categorical': (1, 'int32')}
    """

    columns: tuple[Column, ...]
    n_samples: int
    numerical: tuple[str, ...]
    indicator: tuple[str, ...]
    categorical: tuple[str, ...]
    cardinalities: tuple[int, ...]
    quantiles: np.ndarray
    texts: dict = field(default_factory=dict)
    sparse_width: int = 0
    n_sparse: int = 0

    @property
    def shapes(self):
        """Width and dtype of each array that exists, by name.

        Returns
        -------
        shapes : dict of str to (int, str)
            In the order numerical, indicator, categorical, codes and values of columns
            that are mostly zero, then those of each text: ``"text_1__tokens"``, for
            one.
        """
        widths = {
            "numerical": (len(self.numerical), "float32"),
            "indicator": (len(self.indicator), "float32"),
            "categorical": (len(self.categorical), "int32"),
            "sparse_codes": (self.sparse_width, "int32"),
            "sparse_values": (self.sparse_width, "float32"),
        }
        shapes = {name: shape for name, shape in widths.items() if shape[0]}
        for i, text in enumerate(self.texts.values()):
            shapes |= {text_array(i, part): s for part, s in text.shapes.items()}
        return shapes

    def text_arrays(self, arrays):
        """Return the arrays of each text by the names that they have in its schema.

        Parameters
        ----------
        arrays : dict of str to array
            Those that `shapes` names.

        Returns
        -------
        text_arrays : list of dict of str to array
            In the order of `texts`.
        """
        return [
            {part: arrays[text_array(i, part)] for part in text.shapes}
            for i, text in enumerate(self.texts.values())
        ]


def text_array(i, part):
    """Return the name that an array of a text has in a table.

    Parameters
    ----------
    i : int
        Position of the text among those of the table.

    part : str
        Name of the array in `TextSchema`.

    Examples
    --------
    >>> from skautokeras._data.schema import text_array
    >>> text_array(0, "tokens")
    'text_1__tokens'
    """
    return f"text_{i + 1}__{part}"


@saved_as("ArraySchema")
@dataclass(frozen=True)
class ArraySchema:
    """What a plain array of numbers is.

    Parameters
    ----------
    shape : tuple of int
        Shape of one sample.

    n_samples : int
        Number of samples seen in `fit`.

    Examples
    --------
    >>> from skautokeras._data.schema import ArraySchema
    >>> ArraySchema(shape=(28, 28), n_samples=100).shape
    (28, 28)
    """

    shape: tuple[int, ...]
    n_samples: int


@saved_as("ImageSchema")
@dataclass(frozen=True)
class ImageSchema:
    """What images are.

    Parameters
    ----------
    shape : tuple of int
        (height, width, channels) of every image.

    n_samples : int
        Number of images seen in `fit`.

    dtype : {"uint8", "float32"}
        Of the array that the adapter makes.

    low, high : float
        The values that stand for the darkest and the brightest pixel.

    mean, std : tuple of float
        Of each channel, values between `low` and `high` taken to between 0 and 1. A
        constant channel has a standard deviation of 1.

    Examples
    --------
    >>> from skautokeras._data.schema import ImageSchema
    >>> schema = ImageSchema((8, 8, 1), 100, "uint8", 0.0, 255.0, (0.3,), (0.4,))
    >>> schema.shape
    (8, 8, 1)
    """

    shape: tuple[int, int, int]
    n_samples: int
    dtype: str
    low: float
    high: float
    mean: tuple[float, ...]
    std: tuple[float, ...]


@saved_as("Subwords")
@dataclass(frozen=True)
class Subwords:
    """What texts are for a pretrained model.

    Parameters
    ----------
    preset : str
        Name or folder of the model.

    width : int, default=0
        Tokens of a text that are kept at most: the width of the array. 0: there is no
        tokenizer.

    start, end : int or None, default=None
        Numbers of the tokens that the model wants around a text. None: none.

    pad : int, default=0
        Number of the token that fills up.

    problem : str or None, default=None
        Why there is no tokenizer.

    Examples
    --------
    >>> from skautokeras._data.schema import Subwords
    >>> Subwords("folder", width=30, start=101, end=102).longest
    32
    """

    preset: str
    width: int = 0
    start: int | None = None
    end: int | None = None
    pad: int = 0
    problem: str | None = None

    @property
    def longest(self):
        """Tokens of a text at most, with those around it.

        Returns
        -------
        longest : int
        """
        return self.width + (self.start is not None) + (self.end is not None)


@saved_as("TextSchema")
@dataclass(frozen=True, eq=False)
class TextSchema:
    """What texts are.

    Parameters
    ----------
    n_samples : int
        Number of texts seen in `fit`.

    n_words : float
        Words of a text, the median.

    n_tokens : int
        Tokens of a text that are kept at most: the width of the array ``"tokens"``.

    vocabulary_size : int
        Codes of tokens: 0 for none, 1 for unknown, then the most frequent first.

    word_width : int
        Different n-grams of words of a text that are kept at most: the width of the
        arrays ``"word_ngrams"`` and ``"word_weights"``.

    n_word_ngrams : int
        Codes of n-grams of words: 0 for none, then the most frequent first.

    character_width, n_character_ngrams : int, default=0
        The same of n-grams of characters; 0 where there are none.

    word_contrasts, character_contrasts : ndarray of shape (n_codes,) or None, \
default=None
        How unevenly each n-gram is spread over the classes, 0 for code 0. None: it is
        not known (see `with_contrasts`), or there are no such n-grams.

    subwords : tuple of Subwords, default=()
        What the texts are for pretrained models. Arrays ``"subwords_1"``, ... hold the
        numbers of their tokens plus one, 0 behind the end.

    Examples
    --------
    >>> from skautokeras._data.schema import TextSchema
    >>> TextSchema(100, 7.0, 12, 500, 30, 900).shapes["tokens"]
    (12, 'int32')
    """

    n_samples: int
    n_words: float
    n_tokens: int
    vocabulary_size: int
    word_width: int
    n_word_ngrams: int
    character_width: int = 0
    n_character_ngrams: int = 0
    word_contrasts: np.ndarray | None = None
    character_contrasts: np.ndarray | None = None
    subwords: tuple[Subwords, ...] = ()

    @property
    def shapes(self):
        """Width and dtype of each array, by name.

        Returns
        -------
        shapes : dict of str to (int, str)
            Tokens, then codes and weights of each kind of n-grams, then subwords.
        """
        shapes = {
            "tokens": (self.n_tokens, "int32"),
            "word_ngrams": (self.word_width, "int32"),
            "word_weights": (self.word_width, "float32"),
        }
        if self.character_width:
            shapes |= {
                "character_ngrams": (self.character_width, "int32"),
                "character_weights": (self.character_width, "float32"),
            }
        for i, subwords in enumerate(self.subwords, start=1):
            if subwords.width:
                shapes[f"subwords_{i}"] = (subwords.width, "int32")
        return shapes


@saved_as("TargetSchema")
@dataclass(frozen=True)
class TargetSchema:
    """What the target is.

    Parameters
    ----------
    kind : {"binary", "multiclass", "multilabel", "regression"}
        The task.

    n_outputs : int
        1 for binary, else the number of classes, labels or regression targets.

    lowest, highest : tuple of float, default=()
        The range of each standardised number. Empty: not known, or no numbers.

    Examples
    --------
    >>> from skautokeras._data.schema import TargetSchema
    >>> TargetSchema(kind="multiclass", n_outputs=3).is_classification
    True
    """

    kind: str
    n_outputs: int
    lowest: tuple = ()
    highest: tuple = ()

    @property
    def is_classification(self):
        """Whether the target is made of classes or labels.

        Returns
        -------
        is_classification : bool
        """
        return self.kind != "regression"
