"""N-grams of coded sequences, and their tf-idf weights."""

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.utils.multiclass import type_of_target

from skautokeras._data.codes import FIRST_TOKEN
from skautokeras._state.names import saved_as

# What is kept of rows of different lengths is enough for this share of them.
KEPT_SHARE = 0.98


@saved_as("NgramVectorizer")
class NgramVectorizer(TransformerMixin, BaseEstimator):
    """Learn the frequent n-grams of coded sequences, and compute their weights.

    A weight is the number of times that the n-gram is in the sequence, times
    ``log((1 + n_sequences) / (1 + n_sequences_with_it)) + 1``; the weights of a
    sequence have the Euclidean norm 1. That is what scikit-learn's `TfidfVectorizer`
    does. N-grams are numbers here, so that millions of them need no strings.

    Parameters
    ----------
    lengths : tuple of int
        Lengths of the n-grams.

    base : int
        A number above all codes; ``base ** max(lengths)`` must be below 2**63.

    gap : int or None, default=None
        Code that may be at the ends of an n-gram only. If None, there is no such code.

    max_ngrams : int
        N-grams that are kept at most, those in most sequences first.

    min_sequences : int
        Sequences that an n-gram must be in.

    Attributes
    ----------
    keys_ : ndarray of shape (n_ngrams,), dtype int64
        The n-grams as numbers, rising.

    codes_ : ndarray of shape (n_ngrams,), dtype int64
        Rank of each n-gram by the number of sequences that have it.

    idf_ : ndarray of shape (n_ngrams,), dtype float32
        Factors of the counts, by rank.

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._data.ngrams import NgramVectorizer
    >>> sequences = np.array([2, 3, 2, 4]), np.array([0, 0, 1, 1]), 2
    >>> ngrams = NgramVectorizer(lengths=(1,), base=5, max_ngrams=9, min_sequences=1)
    >>> ngrams.fit_transform(sequences).toarray().round(1)
    array([[0.6, 0.8, 0. ],
           [0.6, 0. , 0.8]], dtype=float32)
    """

    def __init__(self, *, lengths, base, gap=None, max_ngrams, min_sequences):
        self.lengths = lengths
        self.base = base
        self.gap = gap
        self.max_ngrams = max_ngrams
        self.min_sequences = min_sequences

    def fit(self, X, y=None):
        """Find the frequent n-grams.

        Parameters
        ----------
        X : tuple of (ndarray, ndarray, int)
            Codes of all sequences one after another, which sequence each code is of
            (not falling), and how many sequences there are.

        y : None
            Not used. It is here for scikit-learn's interface.

        Returns
        -------
        self : NgramVectorizer
        """
        self.fit_transform(X)
        return self

    def fit_transform(self, X, y=None):
        """Find the frequent n-grams and weigh them.

        Parameters
        ----------
        X : tuple of (ndarray, ndarray, int)
            Codes of all sequences, as `fit` takes them.

        y : None
            Not used. It is here for scikit-learn's interface.

        Returns
        -------
        weights : sparse matrix of shape (n_sequences, n_ngrams)
            Columns in the order of frequency.
        """
        keys, rows = self._ngrams(X)
        # Most n-grams are there once: they go before anything is counted by sequence.
        distinct, n_found = np.unique(keys, return_counts=True)
        self.keys_ = distinct[n_found >= self.min_sequences]
        self.codes_ = np.arange(len(self.keys_))
        counts = self._count(keys, rows, X[2])
        n_sequences = np.bincount(counts.indices, minlength=len(self.keys_))
        # Equally frequent ones stay in the order of their keys.
        order = np.argsort(-n_sequences, kind="stable")
        order = order[n_sequences[order] >= self.min_sequences][: self.max_ngrams]
        rank = np.full(len(self.keys_), -1)
        rank[order] = np.arange(len(order))
        self.keys_, self.codes_ = self.keys_[rank >= 0], rank[rank >= 0]
        counts = counts[:, order]
        self._tfidf = TfidfTransformer().fit(counts) if len(order) else None
        return self._weigh(counts)

    def transform(self, X):
        """Weigh the n-grams of sequences.

        Parameters
        ----------
        X : tuple of (ndarray, ndarray, int)
            Codes of all sequences, as `fit` takes them.

        Returns
        -------
        weights : sparse matrix of shape (n_sequences, n_ngrams)
            Columns in the order of frequency.
        """
        return self._weigh(self._count(*self._ngrams(X), X[2]))

    @property
    def idf_(self):
        """Factors of the counts, by rank."""
        return np.ones(0, "float32") if self._tfidf is None else self._tfidf.idf_

    def _ngrams(self, X):
        """Return all n-grams as numbers, and which sequence each is of."""
        codes, rows, _ = X
        known = codes >= FIRST_TOKEN
        inner = known if self.gap is None else known & (codes != self.gap)
        all_keys, all_rows = [], []
        for n in self.lengths:
            n_places = max(len(codes) - n + 1, 0)
            key = np.zeros(n_places, "int64")
            valid = rows[:n_places] == rows[len(rows) - n_places :]
            for i in range(n):
                part = slice(i, i + n_places)
                key = key * self.base + codes[part]
                valid &= (known if i in (0, n - 1) else inner)[part]
            all_keys.append(key[valid])
            all_rows.append(rows[:n_places][valid])
        return np.concatenate(all_keys), np.concatenate(all_rows)

    def _count(self, keys, rows, n_sequences):
        """Return how often each known n-gram is in each sequence."""
        shape = (n_sequences, len(self.keys_))
        if not len(self.keys_):
            return csr_matrix(shape, dtype="float32")
        places = np.searchsorted(self.keys_, keys)
        places[places == len(self.keys_)] = 0
        known = self.keys_[places] == keys
        columns = self.codes_[places[known]]
        ones = np.ones(len(columns), "float32")
        return csr_matrix((ones, (rows[known], columns)), shape=shape)

    def _weigh(self, counts):
        return counts if self._tfidf is None else self._tfidf.transform(counts)


def contrasts(codes, n_codes, groups):
    """Return how unevenly n-grams are spread over groups of sequences.

    The square root of the largest absolute log-count ratio: for the sequences of a
    group and the others, ``log((1 + n_in) / sum(1 + n_in)) - log((1 + n_out) / sum(1 +
    n_out))``. Wang and Manning (Baselines and Bigrams, 2012) weigh by the ratio itself.

    Parameters
    ----------
    codes : ndarray of shape (n_sequences, width), dtype int32
        The different n-grams of each sequence, 0 where there are no more.

    n_codes : int
        Codes are below it.

    groups : ndarray of shape (n_sequences, n_groups), dtype bool
        Which sequences are in each group; none is in all or in no sequences.

    Returns
    -------
    contrasts : ndarray of shape (n_codes,), dtype float32
        0 for code 0, and for n-grams that are equally frequent everywhere.

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._data.ngrams import contrasts
    >>> groups = np.array([[True], [False]])
    >>> contrasts(np.array([[1, 2], [1, 3]]), 4, groups).round(2)
    array([0.  , 0.  , 0.83, 0.83], dtype=float32)
    """
    largest = np.zeros(n_codes, "float32")
    total = np.bincount(codes.ravel(), minlength=n_codes)[1:]
    for group in groups.T:
        inside = np.bincount(codes[group].ravel(), minlength=n_codes)[1:]
        ratio = _log_shares(inside) - _log_shares(total - inside)
        largest[1:] = np.maximum(largest[1:], np.sqrt(np.abs(ratio)))
    return largest


def groups_of(y):
    """Return which rows are in each class, or above the mean of each number.

    Parameters
    ----------
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        Targets: classes, labels, or numbers that are floats.

    Returns
    -------
    groups : ndarray of shape (n_samples, n_groups), dtype bool, or None
        None if all rows have the same target.

    Examples
    --------
    >>> from skautokeras._data.ngrams import groups_of
    >>> groups_of([0, 1, 1]).tolist()
    [[True, False], [False, True], [False, True]]
    >>> groups_of([0.5, 1.0, 9.0]).tolist()
    [[False], [False], [True]]
    """
    y = np.asarray(y)
    if y.ndim == 1 and not type_of_target(y).startswith("continuous"):
        groups = y[:, None] == np.unique(y)
    else:
        y = y.reshape(len(y), -1)
        groups = y > y.mean(axis=0)
    groups = groups[:, groups.any(axis=0) & ~groups.all(axis=0)]
    return groups if groups.shape[1] else None


def _log_shares(counts):
    return np.log((1 + counts) / (1 + counts).sum())


def enough(lengths, most):
    """Return a length that suffices for most rows.

    Parameters
    ----------
    lengths : array-like of int of shape (n_rows,)
        Lengths of the rows.

    most : int
        Upper bound of the result.

    Returns
    -------
    length : int
        Length of at least 1.

    Examples
    --------
    >>> from skautokeras._data.ngrams import enough
    >>> enough([3, 5, 4], most=9), enough([3, 5, 4], most=4)
    (5, 4)
    """
    return int(np.clip(np.ceil(np.quantile(lengths, KEPT_SHARE)), 1, most))


def strongest(weights, width):
    """Return the weights of each row that are largest in size, and where they are.

    Parameters
    ----------
    weights : CSR matrix of shape (n_rows, n_columns)
        Weights, none of them stored twice.

    width : int
        Number of entries that are kept in each row.

    Returns
    -------
    codes : ndarray of shape (n_rows, width), dtype int32
        Columns, counted from 1, the one with the largest weight first; 0 where a row
        has no more.

    values : ndarray of shape (n_rows, width), dtype float32
        Their weights; 0 where a row has no more.

    Examples
    --------
    >>> from scipy.sparse import csr_matrix
    >>> from skautokeras._data.ngrams import strongest
    >>> codes, values = strongest(csr_matrix([[0.5, 0, 1.0], [0, 0, 0]]), width=2)
    >>> codes.tolist(), values.tolist()
    ([[3, 1], [0, 0]], [[1.0, 0.5], [0.0, 0.0]])
    """
    n_rows = weights.shape[0]
    rows = np.repeat(np.arange(n_rows), np.diff(weights.indptr))
    order = np.lexsort((weights.indices, -np.abs(weights.data), rows))
    rank = np.arange(len(order)) - weights.indptr[rows]
    kept = rank < width
    order, rows, rank = order[kept], rows[kept], rank[kept]
    codes = np.zeros((n_rows, width), "int32")
    values = np.zeros((n_rows, width), "float32")
    codes[rows, rank] = weights.indices[order] + 1
    values[rows, rank] = weights.data[order]
    return codes, values
