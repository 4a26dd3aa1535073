"""Tables: what each column is, and the arrays a network takes."""

import warnings
from collections import defaultdict
from numbers import Integral

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from skautokeras._data.codes import (
    FIRST_CATEGORY,
    MISSING_CATEGORY,
    UNKNOWN_CATEGORY,
    WITH_KEYS,
    WITH_NUMBERS,
)
from skautokeras._data.dates import datetime_parts
from skautokeras._data.declared import declared_kinds
from skautokeras._data.schema import Column, StructuredDataSchema, text_array
from skautokeras._data.series import (
    can_be_numbers,
    content,
    parse_numbers,
    read_datetimes,
    read_keys,
    read_numbers,
)
from skautokeras._data.sparse import SparseColumns, is_wide
from skautokeras._data.standardisation import mean_and_scale, standardise
from skautokeras._data.table import (
    check_structured_data,
    columns_of,
    has_names,
    is_string_array,
)
from skautokeras._data.text import TextAdapter
from skautokeras._data.words import frequent_words, word_indicators

# Strings with more distinct values than this, and than this share of the rows that have
# one, are short texts.
SHORT_TEXT_MIN_UNIQUE = 50
SHORT_TEXT_MIN_UNIQUE_SHARE = 0.1
# Strings of which half of the given ones have as many words, and that differ more often
# than not, are texts. The names of passengers have four words.
TEXT_MIN_WORDS = 6
TEXT_MIN_UNIQUE = 10
TEXT_MIN_UNIQUE_SHARE = 0.5
# Fewer rows than this say nothing about identifiers.
IDENTIFIER_MIN_ROWS = 50
# Columns with more categories than this keep those that occur at least twice.
RARE_MIN_CATEGORIES = 50
RARE_MIN_ROWS = 2

MAX_QUANTILES = 1001

# The one column of a table in which every column is constant: zeros.
PLACEHOLDER = "constant"


def analyse_column(series, kind=None):
    """Find out what a column is.

    Parameters
    ----------
    series : Series of shape (n_samples,)
        The values.

    kind : {"numerical", "categorical", "datetime", "short_text", "text"} or None, \
default=None
        What the user says it is. None: inferred from the dtype and the values.

    Returns
    -------
    column : Column
        The facts.

    Examples
    --------
    >>> import pandas as pd
    >>> from skautokeras._data.structured_data import analyse_column
    >>> analyse_column(pd.Series(["a", "b", None, "a"], name="deck"))
    Column(name='deck', kind='categorical', n_missing=1, n_unique=2, identifier=False)
    >>> analyse_column(pd.Series([1, 2, 3], name="class"), kind="categorical").kind
    'categorical'
    """
    found = content(series)
    values, given = _values_of(series, found, kind)
    n_missing = len(series) - int(given.sum())
    unique = pd.unique(values[given])
    facts = {"name": series.name, "n_missing": n_missing, "n_unique": len(unique)}
    if kind is None and (found == "empty" or (len(unique) == 1 and n_missing == 0)):
        return Column(kind="constant", **facts)
    return Column(
        kind=kind or _inferred_kind(series, found, len(unique)),
        identifier=kind is None and _is_identifier(series, found, unique),
        **facts,
    )


def _values_of(series, found, kind):
    """Make values that can be compared, and a mask of where there are any."""
    if kind == "datetime" or (kind is None and found == "datetime"):
        values = read_datetimes(series, parse=kind is not None)
    elif kind == "numerical" or (kind is None and found in {"number", "timedelta"}):
        values = read_numbers(series, parse=kind is not None)
    else:
        codes, keys = read_keys(series)
        return pd.factorize(keys)[0][codes] if len(keys) else codes, codes >= 0
    return values, ~pd.isna(values)


def _inferred_kind(series, found, n_unique):
    if found in {"number", "timedelta"}:
        return "numerical"
    if found == "datetime":
        return "datetime"
    n_given = series.notna().sum()
    if found == "string" and _are_texts(series, n_unique, n_given):
        return "text"
    most = max(SHORT_TEXT_MIN_UNIQUE, SHORT_TEXT_MIN_UNIQUE_SHARE * n_given)
    is_short_text = n_unique > most and found in {"string", "mixed"}
    return "short_text" if is_short_text else "categorical"


def _are_texts(series, n_unique, n_given):
    """Whether strings are sentences: most of them differ and have some words."""
    if n_unique < max(TEXT_MIN_UNIQUE, TEXT_MIN_UNIQUE_SHARE * n_given):
        return False
    return series.dropna().str.split().str.len().median() >= TEXT_MIN_WORDS


def _is_identifier(series, found, unique):
    """Whether all values differ and number the rows, or have no white space."""
    if not IDENTIFIER_MIN_ROWS <= len(series) == len(unique):
        return False
    if found == "number":
        is_integer = all(isinstance(v, Integral) for v in series.iloc[:1].tolist())
        return is_integer and np.ptp(unique) == len(unique) - 1
    return found == "string" and not series.str.contains(r"\s", regex=True).any()


def analyse_structured_data(X, *, categorical_features="from_dtype", column_types=None):
    """Find out what each column of a table is.

    Parameters
    ----------
    X : DataFrame, array-like or sparse matrix of shape (n_samples, n_features)
        The table.

    categorical_features : "from_dtype", None or array-like, default="from_dtype"
        As in `StructuredDataAdapter`.

    column_types : dict or None, default=None
        As in `StructuredDataAdapter`.

    Returns
    -------
    columns : tuple of Column
        In the order of the columns of X.

    Examples
    --------
    >>> from skautokeras._data.structured_data import analyse_structured_data
    >>> columns = analyse_structured_data([[1.5, "a"], [2.5, "b"]])
    >>> [column.kind for column in columns]
    ['numerical', 'categorical']
    """
    X = check_structured_data(X, "analyse_structured_data")
    columns = columns_of(X)
    kinds = declared_kinds(
        [series.name for series in columns],
        has_names(X),
        categorical_features=categorical_features,
        column_types=column_types,
    )
    if is_string_array(X):
        # Undo what NumPy does to numbers in an array that holds a string.
        columns = [
            parse_numbers(series) if kind in {None, "numerical"} else series
            for series, kind in zip(columns, kinds, strict=True)
        ]
    found = [analyse_column(*pair) for pair in zip(columns, kinds, strict=True)]
    if categorical_features is None:
        for i, series in enumerate(columns):
            is_inferred = found[i].kind == "categorical" and kinds[i] is None
            if is_inferred and can_be_numbers(series):
                found[i] = analyse_column(series, "numerical")
    return tuple(found)


class StructuredDataAdapter(TransformerMixin, BaseEstimator):
    """Turn a table into the arrays a network takes.

    The arrays are

    - ``"numerical"``, float32: numbers and the parts of dates, missing ones replaced by
      the median, centred and scaled;
    - ``"indicator"``, float32: 1 where a number or a date is missing, in columns that
      had missing values in `fit`, and 1 where a short text has a word;
    - ``"categorical"``, int32 codes: 0 for unknown or rare, 1 for missing, then the
      learned categories;
    - ``"text_1__tokens"`` and so on: what `TextAdapter` makes of each column of texts.

    - ``"sparse_codes"`` and ``"sparse_values"``, where X is a sparse matrix with more
      than 1000 columns: which of the columns that are mostly zero have a value in a
      row, and the values (`SparseColumns`). Such a matrix is never made dense.

    An array without columns is left out. If all columns are constant, there is one
    numerical column of zeros, ``"constant"``.

    NumPy makes strings of numbers that share an array with a string. In such an array a
    column is numerical if every non-empty string is a number, else categorical. Lists
    and arrays of objects keep the numbers.

    Parameters
    ----------
    categorical_features : "from_dtype", None or array-like, default="from_dtype"
        Columns to take as categorical: names, indices or a boolean mask of shape
        (n_features,). "from_dtype": categories, strings and booleans. None: only what
        cannot be a number.

    column_types : dict or None, default=None
        "numerical", "categorical", "datetime", "short_text" or "text" by name or index
        of a column. Wins over everything else. Strings are parsed as numbers or dates
        only where the column is declared here.

    tokenizers : tuple of callable, default=()
        Tokenizers of pretrained models for the columns of texts, as in `TextAdapter`.

    Attributes
    ----------
    schema_ : StructuredDataSchema
        What the table holds and what the arrays look like.

    n_features_in_ : int
        Number of columns of X.

    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns, where they are strings.

    parsed_ : list of str
        Columns whose strings are read as numbers or dates.

    datetime_origins_ : dict of str to int
        The median of each datetime column, in microseconds since 1970 (UTC).

    datetime_parts_ : dict of str to list of str
        The parts of each datetime column that vary.

    medians_, means_, scales_ : ndarray of shape (n_numerical,), dtype float64
        What replaces a missing number, mean and standard deviation of the columns of
        the array ``"numerical"``, before they are standardised.

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
        What knows the columns that are mostly zero. None: X was no wide sparse matrix.

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

    def fit(self, X, y=None):
        """Learn what the columns are.

        Parameters
        ----------
        X : DataFrame, array-like or sparse matrix of shape (n_samples, n_features)
            The table. It is not changed.

        y : None
            Ignored.

        Returns
        -------
        self : StructuredDataAdapter
        """
        X = check_structured_data(X, self)
        validate_data(self, X, skip_check_array=True)
        X, declared = self._learn_sparse(X)
        # Nothing may be left of a sparse matrix.
        columns = analyse_structured_data(X, **declared) if X.shape[1] else ()
        _warn_about_identifiers(columns)
        self.parsed_ = _parsed_columns(X, declared["column_types"])
        self.datetime_origins_, self.datetime_parts_ = {}, {}
        self.categories_, self.vocabularies_, self.indicated_ = {}, {}, []
        self.texts_ = {}
        numbers = []
        for column, values in self._read(X, columns):
            if column.kind in WITH_NUMBERS:
                numbers.extend(self._learn_numbers(column, values))
            elif column.kind in WITH_KEYS:
                self._learn_keys(column, *values)
            else:
                text = TextAdapter(tokenizers=self.tokenizers)
                self.texts_[column.name] = text.fit(values)
        others = self.categories_, self.vocabularies_, self.indicated_, self.texts_
        if not (numbers or any(others) or self._sparse_width):
            numbers.append((PLACEHOLDER, 0.0, 0.0, 1.0, np.zeros(1)))
        self.medians_, self.means_, self.scales_ = (
            np.array([learned[i] for learned in numbers], dtype=np.float64)
            for i in (1, 2, 3)
        )
        self.schema_ = self._make_schema(columns, X.shape[0], numbers)
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
            The arrays that `schema_.shapes` names. Every row depends on its own values
            only, and all values are finite.
        """
        check_is_fitted(self)
        X = check_structured_data(X, self)
        self._check_columns(X)
        sparse = {}
        if self.sparse_ is not None:
            sparse, X = self.sparse_.transform(X), self.sparse_.rest(X)
        parts = defaultdict(list)
        statistics = zip(self.medians_, self.means_, self.scales_, strict=True)
        for column, values in self._read(X, self.schema_.columns):
            for name, part in self._parts(column, values, statistics):
                parts[name].append(part)
        if self.schema_.numerical == (PLACEHOLDER,) and not parts["numerical"]:
            parts["numerical"].append(np.zeros(X.shape[0], dtype=np.float32))
        parts["indicator"] = parts.pop("missing", []) + parts.pop("words", [])
        return {
            name: sparse[name] if name in sparse else np.column_stack(parts[name])
            for name in self.schema_.shapes
        }

    def _parts(self, column, values, statistics):
        """Yield what a column gives to which array."""
        if column.kind in WITH_NUMBERS:
            for part in self._number_parts(column, values).values():
                yield "numerical", _standardised(part, *next(statistics))
            if column.name in self.indicated_:
                yield "missing", np.isnan(values).astype(np.float32)
        elif column.kind in WITH_KEYS:
            if column.name in self.categories_:
                yield "categorical", self._codes(column.name, *values)
            if column.name in self.vocabularies_:
                yield "words", self._words(column.name, *values)
        else:
            i = list(self.texts_).index(column.name)
            for part, array in self.texts_[column.name].transform(values).items():
                yield text_array(i, part), array

    def _read(self, X, columns):
        """Pairs of column and values, one at a time: a table may be large."""
        has_strings = is_string_array(X)
        for column, series in zip(columns, columns_of(X), strict=True):
            is_parsed = column.name in self.parsed_
            if column.kind == "numerical":
                yield column, read_numbers(series, parse=is_parsed or has_strings)
            elif column.kind == "datetime":
                yield column, read_datetimes(series, parse=is_parsed)
            elif column.kind in WITH_KEYS:
                yield column, read_keys(series)
            elif column.kind == "text":
                codes, keys = read_keys(series)
                # The text at the end is that of code -1, a missing value.
                yield column, np.append(keys, "")[codes]

    @property
    def _sparse_width(self):
        return 0 if self.sparse_ is None else self.sparse_.width_

    def _learn_sparse(self, X):
        """Return what is not mostly zero, and what the user has said of its columns."""
        declared = {
            "categorical_features": self.categorical_features,
            "column_types": self.column_types,
        }
        self.sparse_ = None
        if not is_wide(X):
            return X, declared
        kinds = declared_kinds([f"x{i}" for i in range(X.shape[1])], False, **declared)
        kept = [i for i, kind in enumerate(kinds) if kind is not None]
        declared["column_types"] = {f"x{i}": kinds[i] for i in kept}
        if self.categorical_features is not None:
            declared["categorical_features"] = "from_dtype"
        self.sparse_ = SparseColumns(kept=kept).fit(X)
        return self.sparse_.rest(X), declared

    def _check_columns(self, X):
        """Compare names where `fit` and X have them, else the number of columns."""
        # If only one of the two has names, the estimator in front has warned.
        if has_names(X) == hasattr(self, "feature_names_in_"):
            validate_data(self, X, reset=False, skip_check_array=True)
        elif X.shape[1] != self.n_features_in_:
            raise ValueError(
                f"X has {X.shape[1]} features, but {type(self).__name__} is expecting "
                f"{self.n_features_in_} features as input."
            )

    def _number_parts(self, column, values):
        """Make the numbers of a column by name; NaN where missing."""
        if column.kind == "numerical":
            return {column.name: values}
        origin = np.datetime64(self.datetime_origins_[column.name], "us")
        parts = datetime_parts(values, origin)
        varying = self.datetime_parts_[column.name]
        return {f"{column.name}:{part}": parts[part] for part in varying}

    def _learn_numbers(self, column, values):
        """Name, median, mean, scale and quantiles of each part."""
        given = values[~np.isnan(values)]
        if len(given) < len(values):
            self.indicated_.append(column.name)
        if column.kind == "datetime":
            self._learn_datetimes(column.name, given)
        for name, part in self._number_parts(column, values).items():
            median = _median(part[~np.isnan(part)])
            mean, scale = mean_and_scale(np.where(np.isnan(part), median, part))
            standardised = _standardised(part, median, mean, scale)
            yield name, median, mean, scale, _quantiles(standardised)

    def _learn_datetimes(self, name, given):
        moments = np.sort(given.astype(np.int64))
        origin = int(moments[(len(moments) - 1) // 2]) if len(moments) else 0
        parts = datetime_parts(given, np.datetime64(origin, "us"))
        self.datetime_origins_[name] = origin
        self.datetime_parts_[name] = [
            part
            for part, numbers in parts.items()
            if part == "elapsed" or len(np.unique(numbers)) > 1
        ]

    def _learn_keys(self, column, codes, keys):
        counts = np.bincount(codes[codes >= 0], minlength=len(keys))
        if column.kind == "short_text":
            words = frequent_words(keys, counts, len(codes))
            if words:
                self.vocabularies_[column.name] = words
        # Several values may share a key, and a category may have no row.
        key_counts = pd.Series(counts).groupby(keys).sum()
        many = (key_counts > 0).sum() > RARE_MIN_CATEGORIES
        is_high = column.kind == "short_text" or many
        frequent = key_counts[key_counts >= (RARE_MIN_ROWS if is_high else 1)]
        if len(frequent) or column.n_missing:
            self.categories_[column.name] = sorted(frequent.index)

    def _codes(self, name, codes, keys):
        positions = pd.Index(self.categories_[name], dtype=object).get_indexer(keys)
        code_of_key = np.where(
            positions < 0, UNKNOWN_CATEGORY, positions + FIRST_CATEGORY
        )
        # The value at the end is that of code -1, a missing value.
        return np.append(code_of_key, MISSING_CATEGORY).astype(np.int32)[codes]

    def _words(self, name, codes, keys):
        indicators = word_indicators(keys, self.vocabularies_[name])
        nothing = np.zeros((1, indicators.shape[1]), dtype=np.float32)
        return np.concatenate([indicators, nothing])[codes]

    def _make_schema(self, columns, n_samples, numbers):
        words = self.vocabularies_.items()
        return StructuredDataSchema(
            columns=columns,
            n_samples=n_samples,
            numerical=tuple(learned[0] for learned in numbers),
            indicator=(
                *(f"{name}:missing" for name in self.indicated_),
                *(f"{name}:word={word}" for name, vocab in words for word in vocab),
            ),
            categorical=tuple(self.categories_),
            cardinalities=tuple(
                FIRST_CATEGORY + len(keys) for keys in self.categories_.values()
            ),
            quantiles=_stacked([learned[4] for learned in numbers]),
            texts={name: text.schema_ for name, text in self.texts_.items()},
            sparse_width=self._sparse_width,
            n_sparse=self.sparse_.n_codes_ if self._sparse_width else 0,
        )


def _parsed_columns(X, column_types):
    """Return the names of columns that the user says are numbers or dates."""
    names = [series.name for series in columns_of(X)]
    kinds = declared_kinds(
        names, has_names(X), categorical_features=None, column_types=column_types
    )
    return [n for n, k in zip(names, kinds, strict=True) if k in WITH_NUMBERS]


def _warn_about_identifiers(columns):
    names = [column.name for column in columns if column.identifier]
    if names:
        warnings.warn(
            f"The columns {names} look like identifiers: every row has its own value. "
            "They are used nevertheless. Drop them from X if they mean nothing, or say "
            "with column_types what they are.",
            UserWarning,
            stacklevel=3,
        )


def _median(given):
    """Return the median of finite numbers, 0 of none."""
    if not len(given):
        return 0.0
    # Halves first: the sum of two numbers of 1e308 is infinite.
    return float(np.median(given / 2) * 2)


def _standardised(values, median, mean, scale):
    return standardise(np.where(np.isnan(values), median, values), mean, scale)


def _stacked(quantiles):
    if not quantiles:
        return np.zeros((0, 0), dtype=np.float32)
    return np.column_stack(quantiles).astype(np.float32)


def _quantiles(values):
    """Equally spaced quantiles of float32 values, never decreasing."""
    ordered = np.sort(values)
    positions = np.linspace(0, len(values) - 1, min(len(values), MAX_QUANTILES))
    quantiles = np.interp(positions, np.arange(len(values)), ordered)
    return np.maximum.accumulate(quantiles.astype(np.float32))
