"""Profile: what is worth knowing of the rows of a fit after they are gone.

It is made of a sample of the model-ready rows, in a fraction of a second, and answers
the questions that a report asks: does one column tell the target, are there copies of
columns and rows, and do other rows look different?
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.sparse import csr_matrix
from scipy.stats import rankdata
from sklearn.tree import DecisionTreeRegressor

from skautokeras._data.rows import spread_rows
from skautokeras._data.schema import is_vector_array
from skautokeras._state.deadline import NO_DEADLINE
from skautokeras._state.names import saved_as

# Rows that are looked at: for copies of rows, and for everything else.
_MOST_ROWS, _MOST_ROWS_OF_COLUMNS = 50_000, 3_000
# More columns would take too long.
_MOST_FEATURES = 1_000
# Features, times outputs of the heads, for which it is computed what they tell.
_MOST_WORK = 3_000
_N_LEAVES, _N_QUANTILES = 32, 101
# Share of the time of a fit in which it is computed what features tell.
_SHARE_OF_TIME = 0.05
# Rows by which the mean target of a category is drawn to that of all rows.
_PRIOR = 0.2
# Fewer rows say nothing about single columns.
_FEWEST_ROWS = 50
# Categories with fewer rows in the fit count as one: other rows have others of them.
_RARE = 10
# Digits by which equal columns agree.
_DIGITS = 3


@saved_as("FeatureProfile")
@dataclass(frozen=True, eq=False)
class FeatureProfile:
    """What is known of a feature.

    Parameters
    ----------
    name : str
        Name of the feature.
    is_category : bool
        Whether the values are codes of categories.
    reference : ndarray
        Equally spaced quantiles of numbers, or the share of each code, 0 for codes of
        a few rows.
    strength : float
        Share of the variance of the target that the feature explains by itself.
    column : str or None, default=None
        Name of the column that the feature is made of. If None, it is the name itself.
    """

    name: str
    is_category: bool
    reference: np.ndarray
    strength: float
    column: str | None = None

    def drift(self, values):
        """Return by how much the distribution of other values differs, from 0 to 1.

        Parameters
        ----------
        values : ndarray of shape (n_samples,)
            Values of the feature in other rows.

        Returns
        -------
        drift : float
            Greatest difference between the shares of values below a number (the
            statistic of Kolmogorov and Smirnov); for categories, half of the sum of the
            differences between their shares (total variation), where those of few rows
            count as one category.
        """
        if self.is_category:
            counts = np.bincount(values.astype(int), minlength=len(self.reference))
            shares = counts[: len(self.reference)] / max(len(values), 1)
            shares = shares[self.reference > 0]
            known = self.reference[self.reference > 0]
            # What is left of each sum is the share of all rare categories.
            gaps = np.append(shares - known, known.sum() - shares.sum())
            return float(np.abs(gaps).sum() / 2)
        values = np.sort(values)
        grid = np.unique(self.reference)
        gaps = [
            np.abs(_shares(values, grid, side) - _shares(self.reference, grid, side))
            for side in ("left", "right")
        ]
        return float(np.max(gaps))


def _shares(ordered, grid, side):
    """Return the share of sorted values below (or up to) each number of a grid."""
    return np.searchsorted(ordered, grid, side) / len(ordered)


@saved_as("DataProfile")
@dataclass(frozen=True, eq=False)
class DataProfile:
    """What is worth knowing of the rows of a fit after they are gone.

    Parameters
    ----------
    n_rows : int
        Number of rows, those for validation included.
    features : tuple of FeatureProfile
        Columns of numbers and categories, and measures of images and texts.
    copies : tuple of (str, str)
        Features that are copies of another one, with its name.
    n_looked_at : int
        Number of rows among which copies of rows were looked for.
    n_repeated : int
        Number of these rows that are copies of another row.
    n_shared : int
        Number of validation rows that are copies of a training row, with one held-out
        part; with folds, it is 0.
    classes : dict of str to list of int
        Number of rows of each class, by the name of the head.
    """

    n_rows: int
    features: tuple
    copies: tuple = ()
    n_looked_at: int = 0
    n_repeated: int = 0
    n_shared: int = 0
    classes: dict = None


def features_of(x_adapter, arrays):
    """Return the features of some rows.

    Parameters
    ----------
    x_adapter : XAdapter
        Fitted adapter of X.
    arrays : dict of str to ndarray
        The rows as the adapter has made them.

    Returns
    -------
    features : list of Feature
    """
    by_input = x_adapter.arrays_by_input(arrays).items()
    found = []
    for schema, (name, own) in zip(x_adapter.schemas_, by_input, strict=True):
        found += schema.features(own, name)
    return found[:_MOST_FEATURES]


def make_profile(x_adapter, y_adapter, data, deadline=NO_DEADLINE):
    """Return the profile of the rows of a fit.

    Parameters
    ----------
    x_adapter, y_adapter : XAdapter and YAdapter
        Fitted adapters of X and y.
    data : SplitRows
        Rows of the fit.
    deadline : Deadline, default=NO_DEADLINE
        Deadline of the fit, of which a share is for what features tell by themselves.

    Returns
    -------
    profile : DataProfile
    """
    deadline = deadline.within(_SHARE_OF_TIME * deadline.total())
    is_one_part = data.all is None or len(data.train) < len(data.all)
    parts = [data.train, data.valid] if is_one_part else [data.all]
    sample = data.train.take(spread_rows(len(data.train), _MOST_ROWS_OF_COLUMNS))
    features = features_of(x_adapter, sample.x)
    strengths = _strengths(features, sample.y, y_adapter, deadline)
    hashes = [_row_hashes(part) for part in parts]
    together = np.concatenate(hashes)
    classes = {
        name: np.bincount(
            np.concatenate([part.y[name] for part in parts]).astype(int),
            minlength=len(target.classes_),
        ).tolist()
        for name, target in y_adapter.class_adapters.items()
        if target.schema_.kind != "multilabel"
    }
    return DataProfile(
        n_rows=sum(map(len, parts)),
        features=tuple(
            FeatureProfile(f.name, f.is_category, _reference(f), strength, f.column)
            for f, strength in zip(features, strengths, strict=True)
        ),
        copies=_copies(features),
        n_looked_at=len(together),
        n_repeated=int(len(together) - len(np.unique(together))),
        n_shared=int(np.isin(*hashes[::-1]).sum()) if is_one_part else 0,
        classes=classes,
    )


def _row_hashes(rows):
    """Return a hash of each row; of long data, of some of them."""
    rows = rows.take(spread_rows(len(rows), _MOST_ROWS))
    total = np.zeros(len(rows), np.uint64)
    for name, array in rows.x.items():
        # Vectors follow from the texts, and equal ones can differ in their last bits.
        if is_vector_array(name):
            continue
        flat = np.ascontiguousarray(array).reshape(len(rows), -1)
        if flat.shape[1] == 0:
            continue
        as_bytes = [row.tobytes() for row in flat]
        own = pd.util.hash_array(np.array(as_bytes, dtype=object), categorize=False)
        total = total * np.uint64(1_000_003) + own
    return total


def _reference(feature):
    """Return the quantiles of numbers, or the shares of categories."""
    if feature.is_category:
        counts = np.bincount(feature.values.astype(int))
        counts[0] = 0  # the code of what is rare or unknown
        return np.where(counts < _RARE, 0, counts) / max(len(feature.values), 1)
    return np.quantile(feature.values, np.linspace(0, 1, _N_QUANTILES))


def _copies(features):
    """Return pairs of a feature and an earlier one with the same values."""
    seen, copies = {}, []
    for feature in features:
        values = feature.values
        if feature.is_category:
            values = pd.factorize(values)[0]
        else:
            values = np.round(values.astype(np.float64), _DIGITS) + 0.0
        if len(np.unique(values)) < 2:
            continue
        key = feature.is_category, values.tobytes()
        if key in seen:
            copies.append((feature.name, seen[key]))
        else:
            seen[key] = feature.name
    return tuple(copies)


def _strengths(features, y, y_adapter, deadline):
    """Return how much of the variance of a target each feature explains by itself.

    One half of the rows teaches a small regression tree of a number, or the mean target
    of each category, and the share of the variance is that of the other half. It is 0
    for features that there is no time for.
    """
    targets = [
        _as_numbers(y[name], target.schema_)
        for name, target in y_adapter.by_head.items()
    ]
    n_outputs = sum(target.shape[1] for target in targets)
    strengths = np.zeros(len(features))
    for i, feature in enumerate(features[: _MOST_WORK // n_outputs]):
        if deadline.passed():
            break
        strengths[i] = max(_explained(feature, target) for target in targets)
    return strengths.tolist()


def _as_numbers(y, schema):
    """Return classes as columns of 0 and 1, and numbers as their ranks."""
    y = np.asarray(y)
    if schema.kind == "regression":
        return rankdata(y.reshape(len(y), -1), axis=0) / len(y)
    if schema.kind == "multilabel":
        return y.astype(np.float64)
    codes = y.astype(int)
    return np.eye(codes.max() + 1)[codes]


def _explained(feature, y):
    """Return the share of the variance of y that a feature explains."""
    if len(y) < _FEWEST_ROWS:
        return 0.0
    # The order of the rows may have a pattern, so the halves are drawn at random.
    learned, judged = np.array_split(np.random.default_rng(0).permutation(len(y)), 2)
    predict = _category_means if feature.is_category else _tree
    predicted = predict(feature.values, y, learned)[judged]
    error = ((y[judged] - predicted) ** 2).sum()
    total = ((y[judged] - y[learned].mean(axis=0)) ** 2).sum()
    return max(0.0, 1.0 - error / total) if total > 0 else 0.0


def _tree(values, y, learned):
    """Return the predictions of a small tree for all rows."""
    tree = DecisionTreeRegressor(
        max_leaf_nodes=_N_LEAVES, min_samples_leaf=2, random_state=0
    )
    column = values[:, None]
    return tree.fit(column[learned], y[learned]).predict(column).reshape(y.shape)


def _category_means(values, y, learned):
    """Return the mean target of the category of each row."""
    groups = pd.factorize(values)[0]
    members = np.ones(len(learned)), (groups[learned], np.arange(len(learned)))
    sums = csr_matrix(members, shape=(groups.max() + 1, len(learned)))
    counts = np.asarray(sums.sum(axis=1)) + _PRIOR
    means = (sums @ y[learned] + _PRIOR * y[learned].mean(axis=0)) / counts
    return means[groups]
