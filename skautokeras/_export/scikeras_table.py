"""The arrays of an adapter as one table: what SciKeras takes as X."""

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.utils import get_tags
from sklearn.utils.validation import check_is_fitted

from skautokeras._data.table import check_columns


class Preprocessing(TransformerMixin, BaseEstimator):
    """Fit an adapter and hand its arrays on as one table.

    Parameters
    ----------
    adapter : XAdapter
        Turns X into arrays.
    targets : YAdapter
        Encodes y, from which texts learn which n-grams tell classes apart.

    Attributes
    ----------
    adapter_ : XAdapter
        Fitted.
    schemas_ : list
        What the adapter has learned about each input.
    """

    def __init__(self, adapter, targets):
        self.adapter = adapter
        self.targets = targets

    def fit(self, X, y=None):
        """Fit the adapter.

        Parameters
        ----------
        X : object
            As the estimator takes it.
        y : array-like, DataFrame, or list or dict of them, default=None
            Target, as the estimator takes it.

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
            As the estimator takes it.
        y : array-like, DataFrame, or list or dict of them, default=None
            Target, as the estimator takes it.

        Returns
        -------
        table : DataFrame of shape (n_samples, n_columns)
            As in `transform`.
        """
        X = check_columns(self, X, reset=True)
        self.adapter_ = clone(self.adapter)
        arrays = self.adapter_.fit_transform(X)
        self.schemas_ = self.adapter_.schemas_
        if y is not None:
            y = clone(self.targets).fit(y).transform(y)
            # As in the search: of several targets the first one counts.
            y = next(iter(y.values()))
            self.schemas_ = self.adapter_.schemas_with_training_rows(arrays, y)
        return as_table(arrays, self.schemas_)

    def transform(self, X):
        """Return the arrays of the adapter side by side.

        Parameters
        ----------
        X : object
            As the estimator takes it.

        Returns
        -------
        table : DataFrame of shape (n_samples, n_columns)
            Its ``attrs`` say what belongs together.
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
    """Return arrays (n_samples, ...) side by side, each row flattened."""
    names = sorted(arrays)
    parts = [arrays[name].reshape(len(arrays[name]), -1) for name in names]
    dtype = parts[0].dtype if len(parts) == 1 else np.float32
    # Codes are below 2**24: float32 holds them as they are.
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
    """Return how arrays (n_samples, ...) that stand side by side are taken apart."""
    return {name: (a.shape[1:], a.dtype.str) for name, a in arrays.items()}


def as_arrays(table, layout):
    """Return the arrays that stand side by side in a table (n_samples, n_columns)."""
    arrays, start = {}, 0
    for name, (shape, dtype) in layout.items():
        end = start + int(np.prod(shape))
        part = table[:, start:end]
        arrays[name] = part.reshape(-1, *shape).astype(dtype, copy=False)
        start = end
    return arrays
