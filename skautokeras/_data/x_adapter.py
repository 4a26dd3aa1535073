"""The adapters of all inputs together: from X to arrays by name."""

from collections import Counter

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.utils.validation import check_is_fitted

from skautokeras._data.codes import prefix_among
from skautokeras._data.column_report import in_order_of, report_of
from skautokeras._data.columns import (
    positions_by_input,
    split_columns,
    takes_all,
    without_functions,
)
from skautokeras._data.errors import errors_about
from skautokeras._data.table import (
    has_names,
    is_frame,
    is_table,
    names_of_positions,
)
from skautokeras._state.names import saved_as


@saved_as("XAdapter")
class XAdapter(TransformerMixin, BaseEstimator):
    """Turn X into the arrays of all inputs.

    Parameters
    ----------
    names : list of str
        The names of the inputs, in their order.

    adapters : list of transformers
        Adapter of each input, which is cloned. Its `transform` returns a dict of
        arrays, and its `schema_` describes them. If it has a method `describe_columns`,
        the report about the columns of X shows the result.

    columns : list of object
        Columns of X that each input takes, as in `split_columns`.

    encoders : dict of str to FrozenEncoder, default=None
        Encoders that turn the tokens of texts and the pixels of images into vectors, by
        `Encoding.key`. If None, there are no vectors.

    Attributes
    ----------
    adapters_ : list of transformers
        The fitted adapters.

    schemas_ : list of schemas
        Schema of the data of each input.

    column_names_ : dict of str to object
        Columns of a table that each input takes. If X is a DataFrame whose columns are
        named by strings, these are names, so that `transform` takes them in any order.

    chosen_columns_ : dict of str to object
        ``columns`` by input, where functions are replaced by what they have chosen.

    n_features_in_ : int
        Number of columns of X, where it is a table.

    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns, where they are strings.

    Examples
    --------
    >>> import pandas as pd
    >>> from skautokeras._data.x_adapter import XAdapter
    >>> from skautokeras._data.structured_data import StructuredDataAdapter
    >>> X = pd.DataFrame({"size": [1.0, 2.0], "deck": ["C", "E"]})
    >>> adapter = XAdapter(
    ...     ["a", "b"],
    ...     [StructuredDataAdapter(), StructuredDataAdapter()],
    ...     [["size"], None],
    ... )
    >>> {name: array.shape for name, array in adapter.fit_transform(X).items()}
    {'a__numerical': (2, 1), 'b__categorical': (2, 1)}
    """

    def __init__(self, names, adapters, columns, encoders=None):
        self.names = names
        self.adapters = adapters
        self.columns = columns
        self.encoders = encoders

    def fit(self, X, y=None):
        """Fit the adapter of every input.

        Parameters
        ----------
        X : object
            X as `split_columns` takes it. It is not changed.

        y : object, default=None
            Target as `fit` of the estimator takes it. It tells which numbers of a table
            name things.

        Returns
        -------
        self : XAdapter
        """
        parts = self._learn_columns(X)
        for name, part, adapter in zip(self.names, parts, self.adapters_, strict=True):
            with self._errors_of(name):
                adapter.fit(part, y)
        self._set_schemas()
        return self

    def fit_transform(self, X, y=None):
        """Fit the adapter of every input and make its arrays; files are read once.

        Parameters
        ----------
        X : object
            X as `split_columns` takes it. It is not changed.

        y : object, default=None
            Target as `fit` of the estimator takes it. It tells which numbers of a table
            name things.

        Returns
        -------
        arrays : dict of str to ndarray of shape (n_samples, ...)
            Arrays as `transform` returns them.
        """
        parts = self._learn_columns(X)
        arrays = self._all_arrays(parts, "fit_transform", y)
        self._set_schemas()
        return self._with_vectors(arrays)

    def transform(self, X):
        """Make the arrays of every input.

        Parameters
        ----------
        X : object
            X as `split_columns` takes it. It is not changed.

        Returns
        -------
        arrays : dict of str to ndarray of shape (n_samples, ...)
            Arrays by the names that the adapters give them. If there are several
            inputs, each name begins with the name of the input and "__".
        """
        check_is_fitted(self, "schemas_")
        return self._with_vectors(self._all_arrays(self._split(X), "transform"))

    def most_rows(self, X, seconds):
        """Return how many rows of X can be read in some time.

        Parameters
        ----------
        X : object
            X as `split_columns` takes it, of `fit`.

        seconds : float
            Time to read the rows in.

        Returns
        -------
        n_rows : int or None
            None if no input reads files.
        """
        columns = dict(zip(self.names, self.columns, strict=True))
        parts = split_columns(X, without_functions(X, columns))
        found = []
        for adapter, part in zip(self.adapters, parts.values(), strict=True):
            if hasattr(adapter, "most_rows"):
                found.append(adapter.most_rows(part, seconds))
        return min((n for n in found if n is not None), default=None)

    def set_encoders(self, encoders, problems=()):
        """Let `transform` add vectors to the tokens of texts and to pixels.

        Parameters
        ----------
        encoders : dict of str to FrozenEncoder
            Encoders as in the constructor.
        problems : dict of str to str, default=()
            Reason why there are no vectors, by `Encoding.key`.
        """
        self.encoders = encoders
        self._set_schemas(problems)

    def vectors(self, arrays, encoders):
        """Return the vectors that encoders make of texts and images.

        Parameters
        ----------
        arrays : dict of str to ndarray or keras.KerasTensor
            Arrays with those of tokens and pixels.
        encoders : dict of str to callable
            Function from such an array to a dict of vectors by their kind, by
            `Encoding.key`. There are no vectors of other models.

        Returns
        -------
        vectors : dict of str to ndarray or keras.KerasTensor
            Vectors by the names of their arrays.
        """
        return {
            encoding.name(kind): vectors
            for encoding in self.encodings()
            if encoding.key in encoders
            for kind, vectors in encoders[encoding.key](arrays[encoding.array]).items()
        }

    def prefix(self, name):
        """Return the beginning of the names of the arrays of an input.

        Parameters
        ----------
        name : str
            Name of the input.

        Returns
        -------
        prefix : str
            The name and "__"; "" if there is one input.
        """
        return prefix_among(self.names, name)

    def encodings(self):
        """Return what pretrained models read of all inputs.

        Returns
        -------
        encodings : list of Encoding
            Under the names of the arrays that `transform` returns.
        """
        return [
            encoding.within(self.prefix(name))
            for name, schema in zip(self.names, self.schemas_, strict=True)
            for encoding in schema.encodings
        ]

    def describe_columns(self):
        """Say what each column of X was taken for, why, and what it becomes.

        Returns
        -------
        report : DataFrame
            One row per column of X, in their order: "name", "input" (name of the input
            that takes the column), "kind", "reason", "missing" (share of the rows),
            "distinct" (number of values; missing where it was not counted) and
            "becomes". An input whose X has no columns, such as a list of texts, has one
            row with the name of the input.
        """
        check_is_fitted(self, "schemas_")
        names, positions = self._names_and_positions()
        parts = {}
        for name, adapter in zip(self.names, self.adapters_, strict=True):
            report = report_of(adapter, [names[i] for i in positions[name]])
            parts[name] = positions[name], report
        return in_order_of(names, parts)

    def schemas_with_training_rows(self, arrays, y):
        """Return the schemas with what only training rows may tell.

        Parameters
        ----------
        arrays : dict of str to ndarray
            Training rows, from `transform`.

        y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            Their targets, as in `Schema.with_training_rows`.

        Returns
        -------
        schemas : list of Schema
            One per input.
        """
        by_input = zip(
            self.schemas_, self.arrays_by_input(arrays).values(), strict=True
        )
        return [schema.with_training_rows(own, y) for schema, own in by_input]

    def arrays_by_input(self, arrays):
        """Return the arrays of each input, under the names that its adapter gives them.

        Parameters
        ----------
        arrays : dict of str to ndarray
            Rows, from `transform`.

        Returns
        -------
        arrays_by_input : dict of str to dict of str to ndarray
            In the order of the inputs.
        """
        prefixes = {name: self.prefix(name) for name in self.names}
        return {
            name: {
                key.removeprefix(prefix): array
                for key, array in arrays.items()
                if key.startswith(prefix)
            }
            for name, prefix in prefixes.items()
        }

    def _names_and_positions(self):
        """Return the names of all columns, and where the columns of each input are."""
        if hasattr(self, "n_features_in_"):
            return self._names_of_table(), self._positions_in_table()
        names, positions = [], {}
        for name, adapter in zip(self.names, self.adapters_, strict=True):
            own_names = _own_names(adapter, self.column_names_[name], name)
            positions[name] = range(len(names), len(names) + len(own_names))
            names += own_names
        return names, positions

    def _names_of_table(self):
        if hasattr(self, "feature_names_in_"):
            return self.feature_names_in_.tolist()
        return names_of_positions(range(self.n_features_in_))

    def _positions_in_table(self):
        n_features = self.n_features_in_
        if len(self.names) == 1 and takes_all(self.column_names_):
            return {self.names[0]: range(n_features)}
        # A table of no rows stands for X, which is not kept.
        X = np.empty((0, n_features))
        if hasattr(self, "feature_names_in_"):
            X = pd.DataFrame(columns=self.feature_names_in_)
        positions = positions_by_input(X, self.column_names_)
        return {name: np.atleast_1d(taken) for name, taken in positions.items()}

    def _all_arrays(self, parts, method, *args):
        arrays = {}
        for name, part, adapter in zip(self.names, parts, self.adapters_, strict=True):
            prefix = self.prefix(name)
            with self._errors_of(name):
                own_arrays = getattr(adapter, method)(part, *args)
            arrays |= {prefix + key: array for key, array in own_arrays.items()}
        return arrays

    def _set_schemas(self, problems=()):
        """Set the schemas of the adapters, with what is known of the vectors."""
        facts = {key: encoder.widths for key, encoder in (self.encoders or {}).items()}
        for key, problem in dict(problems).items():
            facts.setdefault(key, {})["problem"] = problem
        for name, adapter in zip(self.names, self.adapters_, strict=True):
            if hasattr(adapter, "set_vectors"):
                own = [e.within(self.prefix(name)) for e in adapter.schema_.encodings]
                adapter.set_vectors({e.facts.preset: facts.get(e.key, {}) for e in own})
        self.schemas_ = [adapter.schema_ for adapter in self.adapters_]

    def _with_vectors(self, arrays):
        """Return arrays with the vectors that encoders make of them."""
        encoders = {p: encoder.encode for p, encoder in (self.encoders or {}).items()}
        return {**arrays, **self.vectors(arrays, encoders)}

    def _learn_columns(self, X):
        """Learn which columns there are; return the part of X of each input."""
        columns = dict(zip(self.names, self.columns, strict=True))
        columns = self.chosen_columns_ = without_functions(X, columns)
        parts = split_columns(X, columns)
        self.adapters_ = [clone(adapter) for adapter in self.adapters]
        for attribute in ("n_features_in_", "feature_names_in_"):
            vars(self).pop(attribute, None)
        self.column_names_ = columns
        if is_table(X):
            self.n_features_in_ = X.shape[1]
        if is_table(X) and has_names(X):
            self.feature_names_in_ = np.asarray(X.columns, dtype=object)
            if len(columns) > 1 or not takes_all(columns):
                positions = positions_by_input(X, columns)
                self.column_names_ = {
                    name: _labels(X, at) for name, at in positions.items()
                }
        return parts.values()

    def _split(self, X):
        """Return the part of X of each input."""
        if not is_table(X):
            return split_columns(X, self.chosen_columns_).values()
        is_by_name = is_frame(X) and hasattr(self, "feature_names_in_")
        n_expected = getattr(self, "n_features_in_", X.shape[1])
        if not is_by_name and len(self.names) > 1 and X.shape[1] != n_expected:
            raise ValueError(
                f"X has {X.shape[1]} features, but {type(self).__name__} is expecting "
                f"{n_expected} features as input."
            )
        return split_columns(X, self.column_names_).values()

    def _errors_of(self, name):
        return errors_about(f"Input {name!r}" if len(self.names) > 1 else None)


def _own_names(adapter, column, name):
    """Return the names of the columns of an input that has an X of its own."""
    if hasattr(adapter, "feature_names_in_"):
        return adapter.feature_names_in_.tolist()
    if hasattr(adapter, "n_features_in_"):
        return names_of_positions(range(adapter.n_features_in_))
    return [column if isinstance(column, str) else name]


def _labels(X, positions):
    """Return the names of columns, if they are unique, else their positions."""
    labels = list(X.columns)
    twice = [label for label, count in Counter(labels).items() if count > 1]
    if twice:
        raise ValueError(f"Column names must be unique, got {twice} more than once.")
    if isinstance(positions, int):
        return labels[positions]
    return [labels[i] for i in positions]
