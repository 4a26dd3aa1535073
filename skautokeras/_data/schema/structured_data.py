"""What a table holds."""

from dataclasses import dataclass, field, replace

import numpy as np

from skautokeras._data.schema.base import Schema, TrainingTraits
from skautokeras._data.schema.feature import Feature
from skautokeras._data.schema.pretrained import is_vector_array
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

    format : str or None, default=None
        Format of strings that are read: that of `pandas.to_datetime` for dates, and for
        numbers the unit, which may be empty, and perhaps in front of it how they are
        written, as in "1.234,5 €", or a sample of a measure, such as "1:05 h". None if
        strings are not read, because there were numbers in `fit`, or as the column has
        another kind.

    content : str, default=""
        Kind of the values of categories, numbers and dates: a result of
        `content_of_values`. It is empty for other columns.

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
    format: str | None = None
    content: str = ""


@saved_as("StructuredDataSchema")
@dataclass(frozen=True, eq=False)
class StructuredDataSchema(Schema):
    """Facts about a table: its columns, and the shapes of its arrays.

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
        Schemas of the columns of texts, by the names of the columns.

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

    def features(self, arrays, name):
        """Return the columns of numbers and categories, and what is missing.

        Of a date, these are its parts, and of texts their numbers of words.

        Parameters
        ----------
        arrays : dict of str to ndarray
            Those that `shapes` names.

        name : str
            Name of the input.

        Returns
        -------
        features : list of Feature
        """
        found = []
        known = {column.name for column in self.columns}
        for array, names in (
            ("numerical", self.numerical),
            ("indicator", self.indicator),
            ("categorical", self.categorical),
        ):
            is_category = array == "categorical"
            for i, own in enumerate(names if array in arrays else ()):
                column, part = _column_and_part(own, known)
                # Words of short texts are too many, and a table of constants is empty.
                if column is not None and not part.startswith("word="):
                    values = arrays[array][:, i]
                    found.append(Feature(own, values, is_category, column))
        parts = zip(self.texts.items(), self.text_arrays(arrays), strict=True)
        for (own, schema), of_text in parts:
            found += schema.features(of_text, own)
        return found

    def far_columns(self, arrays, prefix=""):
        """Return the columns of numbers whose median is far outside of those in `fit`.

        It is further away from the range in `fit` than the range is wide. The parts of
        dates are left out: time goes on.
        """
        values = arrays.get(f"{prefix}numerical")
        if values is None or not len(values) or not len(self.quantiles):
            return []
        medians = np.median(values, axis=0)
        low, high = self.quantiles[0], self.quantiles[-1]
        width = high - low
        is_far = (medians > high + width) | (medians < low - width)
        names = zip(self.numerical, is_far & (width > 0), strict=True)
        columns = {column.name for column in self.columns}
        return [name for name, far in names if far and name in columns]

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

    @property
    def adapter_shapes(self):
        """Width and dtype of each array that the adapter of tables makes, by name.

        Returns
        -------
        shapes : dict of str to (int, str)
            Those of `shapes` without the vectors of pretrained models.
        """
        return {n: s for n, s in self.shapes.items() if not is_vector_array(n)}

    @property
    def encodings(self):
        """What pretrained models read of the columns of texts.

        Returns
        -------
        encodings : list of Encoding
        """
        return [
            encoding.within(text_array(i, ""))
            for i, text in enumerate(self.texts.values())
            for encoding in text.encodings
        ]

    def with_vectors(self, facts):
        """Return the schema with what is known of vectors, as `TextSchema` does.

        Parameters
        ----------
        facts : dict of str to dict
            New values of parameters of `Subwords` by the name or folder of the model.

        Returns
        -------
        schema : StructuredDataSchema
        """
        texts = {name: text.with_vectors(facts) for name, text in self.texts.items()}
        return replace(self, texts=texts)

    @property
    def traits(self):
        """What follows for training: tables are regularized by schedule, and folded.

        Returns
        -------
        traits : TrainingTraits
            With those of the texts in the table.
        """
        of_texts = TrainingTraits.of(self.texts.values())
        are_plain = not self.texts and not self.n_sparse
        return replace(of_texts, regularize_by_schedule=True, prefers_folds=are_plain)

    def with_training_rows(self, arrays, y):
        """Return the schema with what training rows tell of its texts.

        Parameters
        ----------
        arrays : dict of str to ndarray
            Those that `shapes` names.

        y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            Targets, as `Schema.with_training_rows` takes them.

        Returns
        -------
        schema : StructuredDataSchema
            The schema itself if there are no texts.
        """
        if not self.texts:
            return self
        pairs = zip(self.texts.items(), self.text_arrays(arrays), strict=True)
        texts = {name: s.with_training_rows(own, y) for (name, s), own in pairs}
        return replace(self, texts=texts)

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


def _column_and_part(own, known):
    """Return the column that a number or category is of, and which part of it.

    The part is "" for the column itself. The column is None if no known one has this
    part. Colons may also be in the names of columns.
    """
    column, part = own, ""
    while column not in known:
        column, colon, last = column.rpartition(":")
        if not colon:
            return None, ""
        part = f"{last}:{part}" if part else last
    return column, part


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
