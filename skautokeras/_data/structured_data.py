"""The adapter of tables: from columns of any kind to the arrays of a network."""

from collections import defaultdict
from dataclasses import replace
from functools import partial

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from skautokeras._data.analysis import (
    analyse_table,
    is_wide,
    warn_about_identifiers,
)
from skautokeras._data.categories import category_codes, frequent_categories
from skautokeras._data.codes import (
    FIRST_CATEGORY,
    UNKNOWN_CATEGORY,
    WITH_KEYS,
    WITH_NUMBERS,
)
from skautokeras._data.column_report import make_report, what_becomes_of
from skautokeras._data.dates import datetime_parts, varying_parts
from skautokeras._data.declarations import declared_kinds
from skautokeras._data.long_tables import MOST_ANALYSED, in_batches, some_rows
from skautokeras._data.numeric_codes import targets_of
from skautokeras._data.parsing import (
    UnreadableStrings,
    UnsignedPercentages,
    are_percentages,
    read_in_format,
    refuse_unreadable,
)
from skautokeras._data.schema import StructuredDataSchema, text_array
from skautokeras._data.series import content_of_values, read_column
from skautokeras._data.sparse import SparseColumns
from skautokeras._data.standardisation import NumberStatistics, fill_and_standardise
from skautokeras._data.table import (
    check_structured_data,
    column_names,
    columns_of,
    has_names,
    validate_columns,
)
from skautokeras._data.text import TextAdapter
from skautokeras._data.words import frequent_words, word_indicators
from skautokeras._state.names import saved_as
from skautokeras._warnings import warn

# Name of the one column of zeros of a table in which every column is constant.
PLACEHOLDER = "constant"


@saved_as("StructuredDataAdapter")
class StructuredDataAdapter(TransformerMixin, BaseEstimator):
    """Turn a table into the arrays a network takes.

    The arrays are

    - ``"numerical"``, float32: numbers and the parts of dates, missing ones replaced by
      the median, centred and scaled;
    - ``"indicator"``, float32: 1 where a number or a date is missing, in columns that
      had missing values in `fit`, and 1 where a short text has a word;
    - ``"categorical"``, int32 codes: 0 for unknown or rare, 1 for missing, then the
      learned categories;
    - ``"text_1__tokens"`` and so on: the arrays of `TextAdapter` for each column of
      texts;
    - ``"sparse_codes"`` and ``"sparse_values"``, where X is a sparse matrix with more
      than 1000 columns: the columns that are mostly zero and have a value in the row,
      and these values (`SparseColumns`). Such a matrix is never made dense.

    An array without columns is left out. If all columns are constant, there is one
    numerical column of zeros, ``"constant"``.

    Strings become numbers or dates if nearly all of them can be read as such; the unit
    or the format is learned in `fit`, and strings that do not have it are missing. In
    an array of strings, which NumPy makes of numbers that share it with a string, a
    column is also numerical if every string that is not empty is a number. Lists and
    arrays of objects keep the numbers.

    Parameters
    ----------
    categorical_features : "from_dtype", None or array-like, default="from_dtype"
        Columns to take as categorical: names, indices or a boolean mask of shape
        (n_features,). Other columns may be categorical as well. With "from_dtype", y
        tells which whole numbers are. With None, booleans, categories that are numbers,
        and whole numbers are numbers.

    column_types : dict or None, default=None
        Kinds by name or index of a column: "numerical", "categorical", "datetime",
        "short_text" or "text". It wins over everything else. In a column that is
        declared as "numerical" or "datetime" a string that cannot be parsed is an
        error.

    tokenizers : tuple of callable, default=()
        Tokenizers of pretrained models for the columns of texts, as in `TextAdapter`.

    Attributes
    ----------
    schema_ : StructuredDataSchema
        Columns of the table, and shapes of the arrays.

    n_features_in_ : int
        Number of columns of X.

    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns, where they are strings.

    strict_ : list of str
        Columns of numbers or dates in which a string that cannot be read is an error:
        those that are declared, and those that held no strings in `fit`.

    datetime_origins_ : dict of str to int
        The median of each datetime column, in microseconds since 1970 (UTC).

    datetime_parts_ : dict of str to list of str
        The parts of each datetime column that vary.

    medians_, means_, scales_ : ndarray of shape (n_numerical,), dtype float64
        Statistics of the columns of the array ``"numerical"`` before they are
        standardised. The median replaces missing numbers.

    lows_, highs_ : ndarray of shape (n_numerical,), dtype float64
        Bounds of the columns of the array ``"numerical"`` after that.

    indicated_ : list of str
        Columns with an indicator of missing values.

    categories_ : dict of str to list of str
        Keys of the learned categories of each column, sorted: the key of code 2 comes
        first. The key of a number that is whole has no decimal point.

    vocabularies_ : dict of str to list of str
        Words with an indicator, the most frequent first.

    texts_ : dict of str to TextAdapter
        The fitted adapter of each column of texts.

    sparse_ : SparseColumns or None
        Fitted transformer of the columns that are mostly zero. None if X was not a wide
        sparse matrix.

    Examples
    --------
    >>> import pandas as pd
    >>> from skautokeras._data.structured_data import StructuredDataAdapter
    >>> X = pd.DataFrame({"age": [22.0, 38.0, None], "deck": ["C", None, "E"]})
    >>> adapter = StructuredDataAdapter().fit(X)
    >>> arrays = adapter.transform(X)
    >>> arrays["numerical"].ravel().round(1)
    array([-1.2,  1.2,  0. ], dtype=float32)
    >>> arrays["indicator"].ravel().tolist()
    [0.0, 0.0, 1.0]
    >>> arrays["categorical"].ravel().tolist()
    [2, 1, 3]
    """

    def __init__(
        self, *, categorical_features="from_dtype", column_types=None, tokenizers=()
    ):
        self.categorical_features = categorical_features
        self.column_types = column_types
        self.tokenizers = tokenizers

    def __sklearn_tags__(self):
        """Return scikit-learn's tags: missing values, sparse matrices and strings."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.sparse = True
        tags.input_tags.string = True
        return tags

    def fit(self, X, y=None):
        """Decide what each column is, and learn what it becomes.

        Many rows are represented by some that are spread evenly, because more of them
        would tell the same in a longer time.

        Parameters
        ----------
        X : DataFrame, array-like or sparse matrix of shape (n_samples, n_features)
            The table. It is not changed.

        y : array-like, dict of them or None, default=None
            Target. With it, whole numbers that name things become categories, unless
            the user says what is one (`are_numeric_codes`).

        Returns
        -------
        self : StructuredDataAdapter
        """
        X = check_structured_data(X, self)
        validate_columns(self, X, reset=True)
        declarations = declared_kinds(
            column_names(X),
            has_names(X),
            categorical_features=self.categorical_features,
            column_types=self.column_types,
        )
        X, declarations = self._set_sparse_columns_aside(X, declarations)
        self._forget()
        n_samples = X.shape[0]
        X, rows = some_rows(X, MOST_ANALYSED)
        targets = None
        if y is not None and isinstance(self.categorical_features, str):
            targets = targets_of(y, rows)
        columns, numbers = [], []
        for i, (column, values) in enumerate(
            analyse_table(
                X,
                declarations,
                prefer_numbers=self.categorical_features is None,
                targets=targets,
            )
        ):
            columns.append(column)
            has_strings = column.content in {"string", "mixed"}
            if column.kind in WITH_NUMBERS and (i in declarations or not has_strings):
                self.strict_.append(column.name)
            numbers.extend(self._learn(column, values))
        warn_about_identifiers(columns)
        if not numbers and self._has_no_arrays():
            numbers.append((PLACEHOLDER, NumberStatistics.of(np.zeros(1))))
        self.medians_, self.means_, self.scales_, self.lows_, self.highs_ = (
            np.array([getattr(part, name) for _, part in numbers], dtype=np.float64)
            for name in ("median", "mean", "scale", "low", "high")
        )
        share = X.shape[0] / n_samples
        columns = [replace(c, n_missing=round(c.n_missing / share)) for c in columns]
        self.schema_ = self._make_schema(tuple(columns), n_samples, numbers)
        return self

    def transform(self, X):
        """Make the arrays.

        Parameters
        ----------
        X : DataFrame, array-like or sparse matrix of shape (n_samples, n_features)
            A table with the columns seen in `fit`, in their order. It is not changed.

        Returns
        -------
        arrays : dict of str to ndarray of shape (n_samples, width)
            The arrays that `schema_.adapter_shapes` names. Every row depends on its own
            values only, and all values are finite.
        """
        check_is_fitted(self)
        X = self._with_columns_of_fit(check_structured_data(X, self))
        sparse = {}
        if self.sparse_ is not None:
            sparse, X = self.sparse_.transform(X), self.sparse_.rest(X)
        problems, unreadable, unsigned = {}, UnreadableStrings(), UnsignedPercentages()
        make = partial(
            self._arrays_of_batch,
            problems=problems,
            unreadable=unreadable,
            unsigned=unsigned,
        )
        arrays = in_batches(make, X) | sparse
        told = (*unreadable.warnings(), *unsigned.warnings())
        for problem in (*filter(None, problems.values()), *told):
            warn(problem)
        return {name: arrays[name] for name in self.schema_.adapter_shapes}

    def _arrays_of_batch(self, X, problems, unreadable, unsigned):
        """Make the arrays of some rows, but those of columns that are mostly zero.

        ``problems`` says by column what is wrong with its values, as far as no batch
        had values of `fit`, ``unreadable`` counts strings that cannot be read, and
        ``unsigned`` notices percentages without their sign.
        """
        arrays = defaultdict(list)
        statistics = zip(*self.statistics_of_numbers(), strict=True)
        for column, series, values in self._read(X, unreadable, unsigned):
            for name, array in self._arrays_of(column, values, statistics):
                arrays[name].append(array)
                if name == "categorical" and problems.get(column.name, "none yet"):
                    n_known = len(self.categories_[column.name])
                    problem = _problem_with_values(column, series, array, n_known)
                    if problem is not None:
                        problems[column.name] = problem
        if self.schema_.numerical == (PLACEHOLDER,) and not arrays["numerical"]:
            arrays["numerical"].append(np.zeros(X.shape[0], dtype=np.float32))
        arrays["indicator"] = arrays.pop("missing", []) + arrays.pop("words", [])
        return {
            name: np.column_stack(arrays[name])
            for name in self.schema_.adapter_shapes
            if arrays[name]
        }

    def statistics_of_numbers(self):
        """Return what `fill_and_standardise` needs for the columns of numbers.

        Returns
        -------
        statistics : tuple of ndarray of shape (n_numerical,), dtype float64
            Medians, means, scales, lowest and highest values.
        """
        return self.medians_, self.means_, self.scales_, self.lows_, self.highs_

    def set_vectors(self, facts):
        """Let the schema tell which vectors pretrained models make of texts.

        Parameters
        ----------
        facts : dict of str to dict
            New values of parameters of `Subwords` by the name or folder of the model.
        """
        for text in self.texts_.values():
            text.set_vectors(facts)
        self.schema_ = self.schema_.with_vectors(facts)

    def describe_columns(self, names):
        """Say what each column was taken for, why, and what it becomes.

        Parameters
        ----------
        names : list of str of length n_columns
            Names of the columns in X.

        Returns
        -------
        report : DataFrame with n_columns rows
            Report with the columns that `make_report` returns.
        """
        check_is_fitted(self)
        columns, n_samples = self.schema_.columns, self.schema_.n_samples
        read = names if self.sparse_ is None else [names[i] for i in self.sparse_.rest_]
        report = make_report(
            read,
            kind=[column.kind for column in columns],
            reason=[column.reason for column in columns],
            missing=[column.n_missing / n_samples for column in columns],
            distinct=[column.n_unique for column in columns],
            becomes=[what_becomes_of(column, self) for column in columns],
        )
        if self.sparse_ is None:
            return report
        return self.sparse_.describe_columns(names, n_samples, report)

    def _forget(self):
        """Drop what an earlier fit has learned."""
        self.strict_, self.indicated_ = [], []
        self.datetime_origins_, self.datetime_parts_ = {}, {}
        self.categories_, self.vocabularies_, self.texts_ = {}, {}, {}

    def _set_sparse_columns_aside(self, X, declarations):
        """Return the columns that are not mostly zero, and what is declared of them."""
        self.sparse_ = None
        if not is_wide(X):
            return X, declarations
        self.sparse_ = SparseColumns(kept=sorted(declarations)).fit(X)
        kept = {
            i: declarations[position]
            for i, position in enumerate(self.sparse_.rest_.tolist())
            if position in declarations
        }
        return self.sparse_.rest(X), kept

    def _learn(self, column, values):
        """Learn what a column becomes; return the statistics of its numbers by name."""
        if column.kind in WITH_NUMBERS:
            return self._learn_numbers(column, values)
        if column.kind in WITH_KEYS:
            self._learn_keys(column, *values)
        elif column.kind == "text":
            text = TextAdapter(tokenizers=self.tokenizers)
            self.texts_[column.name] = text.fit(_texts_of(*values))
        return []

    def _learn_numbers(self, column, values):
        present = values[~np.isnan(values)]
        if len(present) < len(values):
            self.indicated_.append(column.name)
        if column.kind == "datetime":
            origin, parts = varying_parts(present)
            self.datetime_origins_[column.name] = origin
            self.datetime_parts_[column.name] = parts
        return [
            (name, NumberStatistics.of(part))
            for name, part in self._number_parts(column, values).items()
        ]

    def _learn_keys(self, column, codes, keys):
        is_short_text = column.kind == "short_text"
        counts = np.bincount(codes[codes >= 0], minlength=len(keys))
        if is_short_text:
            words = frequent_words(keys, counts, len(codes))
            if words:
                self.vocabularies_[column.name] = words
        categories = frequent_categories(keys, counts, only_repeated=is_short_text)
        if categories or column.n_missing:
            self.categories_[column.name] = categories

    def _has_no_arrays(self):
        learned = self.categories_, self.vocabularies_, self.indicated_, self.texts_
        return not any(learned) and not self._sparse_width

    @property
    def _sparse_width(self):
        return 0 if self.sparse_ is None else self.sparse_.width_

    def _with_columns_of_fit(self, X):
        """Compare names where `fit` and X have them, else the number of columns."""
        # If only one of the two has names, the estimator in front has warned.
        if has_names(X) == hasattr(self, "feature_names_in_"):
            return validate_columns(self, X, reset=False)
        if X.shape[1] != self.n_features_in_:
            raise ValueError(
                f"X has {X.shape[1]} features, but {type(self).__name__} is expecting "
                f"{self.n_features_in_} features as input."
            )
        return X

    def _read(self, X, unreadable, unsigned):
        """Yield each column that is not constant, as it is in X and as it is read.

        One column is read at a time, because a table may be large.
        """
        are_strings = isinstance(X, np.ndarray) and X.dtype.kind == "U"
        for column, series in zip(self.schema_.columns, columns_of(X), strict=True):
            if column.kind == "constant":
                continue
            if column.kind not in WITH_NUMBERS:
                yield column, series, read_column(series, column.kind)
                continue
            # NumPy makes strings of numbers beside a string.
            format = "" if column.format is None and are_strings else column.format
            is_strict = column.name in self.strict_
            told = refuse_unreadable if is_strict else unreadable.count
            values = read_in_format(series, column.kind, format, told)
            if column.kind == "numerical" and are_percentages(column.format):
                unsigned.count(series, values, self._largest_percentage(column))
            yield column, series, values

    def _largest_percentage(self, column):
        """Return the largest size of a percentage in `fit`."""
        i = self.schema_.numerical.index(column.name)
        ends = self.schema_.quantiles[[0, -1], i].astype(np.float64)
        return float(np.abs(ends * self.scales_[i] + self.means_[i]).max())

    def _arrays_of(self, column, values, statistics):
        """Yield what a column adds to which array."""
        if column.kind in WITH_NUMBERS:
            for part in self._number_parts(column, values).values():
                yield "numerical", fill_and_standardise(part, *next(statistics))
            if column.name in self.indicated_:
                yield "missing", np.isnan(values).astype(np.float32)
        elif column.kind in WITH_KEYS:
            if column.name in self.categories_:
                categories = self.categories_[column.name]
                yield "categorical", category_codes(*values, categories)
            if column.name in self.vocabularies_:
                yield "words", self._words(column.name, *values)
        else:
            i = list(self.texts_).index(column.name)
            texts = _texts_of(*values)
            for part, array in self.texts_[column.name].transform(texts).items():
                yield text_array(i, part), array

    def _number_parts(self, column, values):
        """Make the numbers of a column by name; NaN where missing."""
        if column.kind == "numerical":
            return {column.name: values}
        origin = np.datetime64(self.datetime_origins_[column.name], "us")
        parts = datetime_parts(values, origin)
        varying = self.datetime_parts_[column.name]
        return {f"{column.name}:{part}": parts[part] for part in varying}

    def _words(self, name, codes, keys):
        indicators = word_indicators(keys, self.vocabularies_[name])
        # The row of zeros at the end is that of code -1, a missing value.
        nothing = np.zeros((1, indicators.shape[1]), dtype=np.float32)
        return np.concatenate([indicators, nothing])[codes]

    def _make_schema(self, columns, n_samples, numbers):
        words = self.vocabularies_.items()
        return StructuredDataSchema(
            columns=columns,
            n_samples=n_samples,
            numerical=tuple(name for name, _ in numbers),
            indicator=(
                *(f"{name}:missing" for name in self.indicated_),
                *(f"{name}:word={word}" for name, vocab in words for word in vocab),
            ),
            categorical=tuple(self.categories_),
            cardinalities=tuple(
                FIRST_CATEGORY + len(keys) for keys in self.categories_.values()
            ),
            quantiles=_stacked([part.quantiles for _, part in numbers]),
            texts={name: text.schema_ for name, text in self.texts_.items()},
            sparse_width=self._sparse_width,
            n_sparse=self.sparse_.n_codes_ if self._sparse_width else 0,
        )


# So many rows without any known value are hardly an accident.
_MIN_UNKNOWN_ROWS = 5


def _problem_with_values(column, series, codes, n_categories):
    """Say that no value is known, and whether the values are of another kind.

    It is "" if a value is known, and None if nothing can be said.
    """
    if (codes >= FIRST_CATEGORY).any():
        return ""
    is_unknown = codes == UNKNOWN_CATEGORY
    if not is_unknown.any():
        return None
    content = content_of_values(series)
    start = f"No value of column {column.name!r} is known"
    example = series[is_unknown].iloc[0]
    if column.content not in ("", "empty", "mixed", content):
        return (
            f"{start}. The values were of the kind {column.content!r} in fit and are "
            f"of the kind {content!r} now, such as {example!r}. All of them count as "
            "unknown."
        )
    # Short texts, and categories of which the rare ones are not learned, are new often.
    has_all = column.kind == "categorical" and n_categories >= column.n_unique
    if has_all and is_unknown.sum() >= _MIN_UNKNOWN_ROWS:
        return f"{start}, such as {example!r}. All of them count as unknown."
    return None


def _texts_of(codes, keys):
    """Return the text of each row; the one at the end is that of a missing value."""
    return np.append(keys, "")[codes]


def _stacked(quantiles):
    if not quantiles:
        return np.zeros((0, 0), dtype=np.float32)
    return np.column_stack(quantiles).astype(np.float32)
