"""The arrays of an adapter as one table, which SciKeras takes as X."""

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.utils import get_tags
from sklearn.utils.validation import check_is_fitted

from skautokeras._data.table import check_columns


class Preprocessing(TransformerMixin, BaseEstimator):
    """Transformer that fits an adapter and returns its arrays as one table.

    Parameters
    ----------
    adapter : XAdapter
        Adapter that turns X into arrays.
    targets : YAdapter
        Adapter that encodes y. The adapters of texts learn from y which n-grams
        distinguish the classes.

    Attributes
    ----------
    adapter_ : XAdapter
        Fitted adapter of X.
    schemas_ : list
        Schemas that the adapter has learned, one per input.
    """

    def __init__(self, adapter, targets):
        self.adapter = adapter
        self.targets = targets

    def fit(self, X, y=None):
        """Fit the adapter.

        Parameters
        ----------
        X : object
            Data in any form that the estimator takes.
        y : array-like, DataFrame, or list or dict of them, default=None
            Target in any form that the estimator takes.

        Returns
        -------
        self : Preprocessing
        """
        self.fit_transform(X, y)
        return self

    def fit_transform(self, X, y=None):
        """Fit the adapter and return the table; files are read once.

        Parameters
        ----------
        X : object
            Data in any form that the estimator takes.
        y : array-like, DataFrame, or list or dict of them, default=None
            Target in any form that the estimator takes.

        Returns
        -------
        table : DataFrame of shape (n_samples, n_columns)
            Table that `transform` returns for the same data.
        """
        X = check_columns(self, X, reset=True)
        self.adapter_ = clone(self.adapter)
        arrays = self.adapter_.fit_transform(X, y)
        self.schemas_ = self.adapter_.schemas_
        if y is not None:
            y = clone(self.targets).fit(y).transform(y)
            # As in the search, only the first of several targets is used.
            y = next(iter(y.values()))
            self.schemas_ = self.adapter_.schemas_with_training_rows(arrays, y)
        return as_table(arrays, self.schemas_)

    def transform(self, X):
        """Return the arrays of the adapter as one table.

        Parameters
        ----------
        X : object
            Data in any form that the estimator takes.

        Returns
        -------
        table : DataFrame of shape (n_samples, n_columns)
            Table of all arrays, whose ``attrs`` hold the schemas and the layout.
        """
        check_is_fitted(self)
        X = check_columns(self, X, reset=False)
        return as_table(self.adapter_.transform(X), self.schemas_)

    def __sklearn_tags__(self):
        """Return scikit-learn's tags."""
        tags = super().__sklearn_tags__()
        of_inputs = [get_tags(adapter).input_tags for adapter in self.adapter.adapters]
        tags.input_tags.allow_nan = all(of_input.allow_nan for of_input in of_inputs)
        tags.input_tags.sparse = all(of_input.sparse for of_input in of_inputs)
        tags.input_tags.string = True
        return tags


def as_table(arrays, schemas):
    """Return arrays (n_samples, ...) as one table, with each row flattened."""
    names = sorted(arrays)
    parts = [arrays[name].reshape(len(arrays[name]), -1) for name in names]
    dtype = parts[0].dtype if len(parts) == 1 else np.float32
    # Codes are below 2**24, so float32 holds them exactly.
    table = pd.DataFrame(
        np.concatenate(parts, axis=1, dtype=dtype, casting="unsafe"),
        columns=[
            f"{name}_{i}"
            for name, part in zip(names, parts, strict=True)
            for i in range(part.shape[1])
        ],
    )
    layout = layout_of({name: arrays[name] for name in names})
    table.attrs = {"schemas": schemas, "layout": layout}
    return table


def layout_of(arrays):
    """Return the shape of a row and the type of each array (n_samples, ...)."""
    return {name: (a.shape[1:], a.dtype.str) for name, a in arrays.items()}


def as_arrays(table, layout):
    """Return the arrays that a table (n_samples, n_columns) consists of."""
    arrays, start = {}, 0
    for name, (shape, dtype) in layout.items():
        end = start + int(np.prod(shape))
        part = table[:, start:end]
        arrays[name] = part.reshape(-1, *shape).astype(dtype, copy=False)
        start = end
    return arrays
