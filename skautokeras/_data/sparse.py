"""Wide sparse matrices: columns that are mostly zero become codes and values."""

import numpy as np
import pandas as pd
from scipy.sparse import csr_matrix, issparse
from sklearn.base import BaseEstimator, TransformerMixin

from skautokeras._data.analysis import is_mostly_zero, is_too_rare
from skautokeras._data.column_report import make_report
from skautokeras._data.errors import too_large
from skautokeras._data.ngrams import enough, strongest
from skautokeras._data.storage import empty
from skautokeras._data.table import names_of_positions
from skautokeras._state.names import saved_as

# Values of a row that are kept at most, those of the largest size.
MAX_VALUES = 1024

# Rows that are taken apart at a time.
_CHUNK = 4096


@saved_as("SparseColumns")
class SparseColumns(TransformerMixin, BaseEstimator):
    """Turn the columns of a wide sparse matrix that are mostly zero into arrays.

    The arrays are ``"sparse_codes"``, int32, which of these columns have a value in a
    row, counted from 1, and ``"sparse_values"``, float32, the values. Rows with fewer
    values end in zeros. A column with values beyond -1 and 1 is divided by the largest
    of them, so that zeros stay zeros and the weights of tf-idf are not changed.

    Parameters
    ----------
    kept : sequence of int, default=()
        Columns that are not set aside, whatever they hold.

    Attributes
    ----------
    rest_ : ndarray of int
        Columns that are not mostly zero.

    codes_ : ndarray of shape (n_features,), dtype int32
        Code of each column; 0 for the rest, and for those that have a value in one row
        alone (in none, if there are few rows).

    n_codes_ : int
        Codes are below it.

    scales_ : ndarray of shape (n_codes,), dtype float32
        Number by which the values of each code are divided.

    n_values_, n_missing_ : ndarray of shape (n_features,), dtype int32
        Number of rows in which each column has a value other than zero, and of those in
        which it has NaN, which counts as zero.

    width_ : int
        Values of a row that are kept at most. 0: no column is mostly zero.

    Examples
    --------
    >>> from scipy.sparse import csr_matrix
    >>> from skautokeras._data.sparse import SparseColumns
    >>> X = csr_matrix([[1.0, 0, 0.5], [2.0, 4.0, 0], [3.0, 0, 0]])
    >>> arrays = SparseColumns().fit_transform(X)
    >>> arrays["sparse_codes"].ravel().tolist()
    [2, 1, 0]
    >>> arrays["sparse_values"].ravel().tolist()
    [0.5, 1.0, 0.0]
    """

    def __init__(self, *, kept=()):
        self.kept = kept

    def fit(self, X, y=None):
        """Learn which columns are mostly zero.

        Parameters
        ----------
        X : sparse matrix of shape (n_samples, n_features)
            Table with more columns than are made dense.

        y : None
            Not used. It is here for scikit-learn's interface.

        Returns
        -------
        self : SparseColumns
        """
        X = _as_rows(X)
        n_samples, n_features = X.shape
        n_missing = np.bincount(X.indices[np.isnan(X.data)], minlength=n_features)
        _make_missing_zero(X)
        n_values = np.bincount(X.indices, minlength=n_features)
        self.n_values_ = n_values.astype("int32")
        self.n_missing_ = n_missing.astype("int32")
        in_rest = ~is_mostly_zero(n_values, n_samples)
        in_rest[list(self.kept)] = True
        coded = np.flatnonzero(~in_rest & ~is_too_rare(n_values, n_samples))
        self.rest_ = np.flatnonzero(in_rest)
        self.codes_ = np.zeros(n_features, "int32")
        self.n_codes_ = len(coded) + 1
        self.codes_[coded] = np.arange(1, self.n_codes_)
        largest = abs(X).max(axis=0).toarray().ravel()
        self.scales_ = np.ones(self.n_codes_, "float32")
        self.scales_[1:] = np.maximum(largest[coded], 1.0)
        n_coded = np.concatenate([[0], np.cumsum(self.codes_[X.indices] > 0)])
        self.width_ = 0
        if self.n_codes_ > 1:
            self.width_ = enough(np.diff(n_coded[X.indptr]), MAX_VALUES)
        return self

    def transform(self, X):
        """Make the arrays.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            A table with the columns seen in `fit`.

        Returns
        -------
        arrays : dict of str to ndarray of shape (n_samples, width)
            Codes and values of the entries of each row that are largest in size.
        """
        X = _as_rows(X)
        _make_missing_zero(X)
        shape = X.shape[0], self.width_
        codes, values = empty(shape, "int32"), empty(shape, "float32")
        for start in range(0, len(codes), _CHUNK):
            rows = slice(start, start + _CHUNK)
            codes[rows], values[rows] = strongest(self._coded(X[rows]), self.width_)
        return {"sparse_codes": codes, "sparse_values": values}

    def rest(self, X):
        """Return the other columns as a table.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            A table with the columns seen in `fit`.

        Returns
        -------
        table : DataFrame of shape (n_samples, n_rest)
            Columns that are not mostly zero, named "x0", "x1", ... by their positions
            in X.
        """
        names = names_of_positions(self.rest_)
        if issparse(X):
            return pd.DataFrame(X.tocsc()[:, self.rest_].toarray(), columns=names)
        return pd.DataFrame(np.asarray(X)[:, self.rest_], columns=names)

    def describe_columns(self, names, n_samples, report):
        """Add columns that are mostly zero to the report about the other columns.

        Parameters
        ----------
        names : list of str of length n_features
            Names of all columns.

        n_samples : int
            Number of rows seen in `fit`.

        report : DataFrame with n_rest rows
            Report about the columns that are not mostly zero.

        Returns
        -------
        report : DataFrame with n_features rows
            Report with the columns that `make_report` returns, in the order of X.
        """
        is_rest = np.zeros(len(names), dtype=bool)
        is_rest[self.rest_] = True
        sparse = np.flatnonzero(~is_rest)
        # There are few different counts, and maybe hundreds of thousands of columns.
        counts, place = np.unique(self.n_values_[sparse], return_inverse=True)
        reasons = np.array(
            [f"a value in {n} of {n_samples} rows" for n in counts], dtype=object
        )
        is_coded, is_zero = self.codes_[sparse] > 0, self.n_values_[sparse] == 0
        left_out = reasons[place] + ", so it is left out"
        described = make_report(
            [names[i] for i in sparse],
            kind=np.select([is_coded, is_zero], ["numerical", "constant"], "rare"),
            reason=np.where(is_coded, reasons[place], left_out),
            missing=self.n_missing_[sparse] / n_samples,
            becomes=np.where(is_coded, "a code and a number, if not zero", "nothing"),
        )
        together = pd.concat([report, described], ignore_index=True)
        return together.iloc[np.argsort(np.r_[self.rest_, sparse], kind="stable")]

    def _coded(self, X):
        """Return the scaled values of the columns that have a code."""
        codes = self.codes_[X.indices]
        is_coded = codes > 0
        starts = np.concatenate([[0], np.cumsum(is_coded)])[X.indptr]
        codes = codes[is_coded]
        values = X.data[is_coded] / self.scales_[codes]
        shape = X.shape[0], self.n_codes_ - 1
        return csr_matrix((values, codes - 1, starts), shape=shape)


def _as_rows(X):
    """Return a copy of a table as CSR, with each value once, finite or NaN."""
    X = X if issparse(X) else np.asarray(X, "float64")
    X = csr_matrix(X, dtype="float64", copy=True)
    X.sum_duplicates()
    infinite = np.flatnonzero(np.isinf(X.data))
    if len(infinite):
        (name,) = names_of_positions(X.indices[infinite[:1]])
        raise ValueError(too_large(name))
    return X


def _make_missing_zero(X):
    """Let a copy of a table store neither NaN nor zeros."""
    X.data[np.isnan(X.data)] = 0
    X.eliminate_zeros()
