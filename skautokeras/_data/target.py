"""The adapters of one target: classes or numbers, to arrays and back."""

from decimal import Decimal
from numbers import Real

import numpy as np
import pandas as pd
from scipy.sparse import issparse
from sklearn.base import BaseEstimator
from sklearn.metrics import accuracy_score, r2_score, root_mean_squared_error
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.validation import check_is_fitted, column_or_1d

from skautokeras._data.labels import (
    check_labels,
    check_same_type,
    codes_of,
    distinct_labels,
    plain_labels,
    plain_numbers,
)
from skautokeras._data.schema import TargetSchema
from skautokeras._data.standardisation import (
    mean_and_scale,
    ordinary_range,
    standardise,
)
from skautokeras._state.names import saved_as
from skautokeras._warnings import warn

# A label is predicted where its probability is above this.
LABEL_THRESHOLD = 0.5


def balanced_weights(class_weight, y, classes=None):
    """Weight of every row from the weights of its classes.

    Parameters
    ----------
    class_weight : dict, list of dict, "balanced" or None
        Weights of the classes, as in scikit-learn. None gives every row the weight 1.

    y : array-like of shape (n_samples,) or (n_samples, n_labels)
        The labels, not encoded.

    classes : ndarray of shape (n_classes,) or None, default=None
        All classes, which `y` need not have. None takes those of `y`.

    Returns
    -------
    weights : ndarray of shape (n_samples,), dtype float64

    Raises
    ------
    ValueError
        If a weight is negative or no finite number, if some classes have no weight and
        some weights no class, or if all rows get the weight 0.

    Examples
    --------
    >>> from skautokeras._data.target import balanced_weights
    >>> balanced_weights({"no": 1, "yes": 3}, ["no", "yes", "no"])
    array([1., 3., 1.])
    """
    for weights in class_weight if isinstance(class_weight, list) else [class_weight]:
        if isinstance(weights, dict):
            _check_class_weights(weights)
    y, is_multilabel = check_labels(y)
    if not is_multilabel:
        # scikit-learn does not know labels such as intervals and dates.
        classes = distinct_labels(y) if classes is None else classes
        y = codes_of(y, classes)
    if not is_multilabel and isinstance(class_weight, dict):
        weights = _weights_of_classes(class_weight, classes)[y]
    else:
        weights = compute_sample_weight(class_weight, y)
    if not np.any(weights):
        raise ValueError(
            f"class_weight gives all {len(weights)} rows of a sample the weight 0. At "
            "least one of their classes must have a greater one."
        )
    return np.asarray(weights, dtype=np.float64)


def _check_class_weights(class_weight):
    for label, weight in class_weight.items():
        is_number = isinstance(weight, Real | Decimal) and np.isfinite(float(weight))
        if not is_number or weight < 0:
            raise ValueError(
                "The weights in class_weight must be finite numbers that are not "
                f"negative. Got {weight!r} for the class {label!r}."
            )


def _weights_of_classes(class_weight, classes):
    """Return the weight of each class, which is 1 where none is given."""
    weights, unknown = np.ones(len(classes)), []
    is_given = np.zeros(len(classes), dtype=bool)
    for label, weight in class_weight.items():
        code = _code_of(label, classes)
        if code < 0:
            unknown.append(label)
        else:
            weights[code], is_given[code] = weight, True
    if unknown and not is_given.all():
        raise ValueError(
            f"The classes, {classes[~is_given].tolist()}, are not in class_weight, "
            f"and these labels in class_weight are no classes: {unknown}."
        )
    return weights


def _code_of(label, classes):
    """Return the position of a label among the classes, -1 if it is none of them."""
    try:
        if classes.dtype.kind == "M":
            moment = pd.Timestamp(label).to_datetime64()
            return int(codes_of(np.array([moment]), classes)[0])
        array = np.empty(1, dtype=object)
        array[0] = label
        return int(codes_of(plain_labels(array), classes)[0])
    except (TypeError, ValueError):
        return -1


@saved_as("ClassAdapter")
class ClassAdapter(BaseEstimator):
    """Encode class labels and label indicators, and decode probabilities.

    Labels come back as `plain_labels` returns them: a pandas ``category`` of strings as
    an array of objects, ``Int64`` and objects that are whole numbers as int64.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,) or (n_labels,)
        The sorted classes; for multilabel targets the numbers of the labels.

    schema_ : TargetSchema
        Kind and width of the target.

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._data.target import ClassAdapter
    >>> target = ClassAdapter().fit(["no", "yes", "no"])
    >>> target.transform(["yes", "no"])
    array([1, 0], dtype=int32)
    >>> target.inverse_transform(np.array([[0.2, 0.8]])).tolist()
    ['yes']
    """

    def fit(self, y, used=None):
        """Learn the classes.

        Parameters
        ----------
        y : array-like of shape (n_samples,) or (n_samples, n_labels), or sparse matrix
            Labels, or indicators of labels.

        used : ndarray of int of shape (n_used,) or None, default=None
            Positions of the rows that are learned from; None stands for all. All other
            rows have classes, too, and there must be two classes among the rows that
            are used.

        Returns
        -------
        self : ClassAdapter
        """
        y, is_multilabel = check_labels(y)
        if is_multilabel:
            _warn_about_one_hot(y)
            self.classes_ = np.arange(y.shape[1])
            self.schema_ = TargetSchema(kind="multilabel", n_outputs=y.shape[1])
            return self
        self.classes_ = distinct_labels(y)
        n_classes = len(self.classes_)
        present = self.classes_ if used is None else distinct_labels(y[used])
        if len(present) < 2:
            raise ValueError(
                "Classification needs samples of at least 2 classes in the data, but "
                f"the data contains only one class: {present.tolist()[0]!r}"
            )
        is_binary = n_classes == 2
        self.schema_ = TargetSchema(
            kind="binary" if is_binary else "multiclass",
            n_outputs=1 if is_binary else n_classes,
        )
        return self

    def transform(self, y):
        """Encode labels.

        Parameters
        ----------
        y : array-like of shape (n_samples,) or (n_samples, n_labels), or sparse matrix
            Labels of the classes seen in `fit`.

        Returns
        -------
        codes : ndarray of shape (n_samples,), dtype int32
            Positions in `classes_`. For multilabel targets of shape (n_samples,
            n_labels) and dtype float32, zeros and ones.
        """
        check_is_fitted(self)
        y, is_multilabel = check_labels(y)
        self._check_kind(is_multilabel)
        if is_multilabel:
            if y.shape[1] != len(self.classes_):
                raise ValueError(
                    f"y has {y.shape[1]} labels, but fit has seen {len(self.classes_)}."
                )
            return y.astype(np.float32)
        codes = codes_of(y, self.classes_)
        if (codes < 0).any():
            unseen = np.unique(y[codes < 0]).tolist()
            raise ValueError(f"y contains previously unseen labels: {unseen}")
        return codes

    def _check_kind(self, is_multilabel):
        """Raise unless y has classes, or labels, as the target in `fit` had."""
        if is_multilabel != (self.schema_.kind == "multilabel"):
            raise ValueError(
                f"y is {'' if is_multilabel else 'not '}a multilabel indicator, but "
                f"the target seen in fit is {self.schema_.kind}."
            )

    def probabilities(self, y_pred):
        """Return the probability of every class.

        Parameters
        ----------
        y_pred : ndarray of shape (n_samples, n_outputs)
            Output of a network. The single column of a binary target is the probability
            of the second class.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes) or (n_samples, n_labels)
        """
        y_pred = np.asarray(y_pred)
        if self.schema_.kind == "binary" and y_pred.shape[1] == 1:
            return np.hstack([1 - y_pred, y_pred])
        return y_pred

    def inverse_transform(self, probabilities):
        """Decode probabilities.

        Parameters
        ----------
        probabilities : ndarray of shape (n_samples, n_classes) or (n_samples, n_labels)
            One column per class, two for a binary target.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_labels)
            The most probable class; for multilabel targets 1 where the probability is
            above 0.5, else 0.
        """
        check_is_fitted(self)
        probabilities = np.asarray(probabilities)
        if self.schema_.kind == "multilabel":
            return (probabilities > LABEL_THRESHOLD).astype(int)
        return self.classes_[probabilities.argmax(axis=1)]

    def decode(self, y_pred):
        """Turn the output of a network into labels.

        Parameters
        ----------
        y_pred : ndarray of shape (n_samples, n_outputs)
            Output of a network.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_labels)
            Classes, or zeros and ones.
        """
        return self.inverse_transform(self.probabilities(y_pred))

    def true_values(self, y):
        """Return labels as scikit-learn's metrics take them.

        Parameters
        ----------
        y : array-like of shape (n_samples,) or (n_samples, n_labels), or sparse matrix
            Labels of the rows.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_labels)
        """
        y = plain_labels(y)
        if y.ndim == 2 and y.shape[1] > 1:
            return check_labels(y)[0]
        return column_or_1d(y.toarray() if issparse(y) else y)

    def plain(self, y):
        """Return labels as arrays of dtypes that NumPy sorts.

        Parameters
        ----------
        y : array-like of shape (n_samples,) or (n_samples, n_labels), or sparse matrix
            Labels of the rows.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_labels)
        """
        return check_labels(y)[0]

    # Name of the metric that a leaderboard shows.
    metric_name = "accuracy"

    def metric(self, y, y_pred, sample_weight=None):
        """Return the metric that a leaderboard shows: the accuracy.

        Parameters
        ----------
        y : array-like of shape (n_samples,) or (n_samples, n_labels), or sparse matrix
            Labels of the rows.
        y_pred : ndarray of shape (n_samples, n_outputs)
            Output of a network.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows.

        Returns
        -------
        accuracy : float
        """
        return self.score(y, y_pred, sample_weight)

    def score(self, y, y_pred, sample_weight=None):
        """Return the accuracy, which for multi-label targets needs all labels of a row.

        Parameters
        ----------
        y : array-like of shape (n_samples,) or (n_samples, n_labels), or sparse matrix
            Labels of the rows. `fit` need not have seen all of them, but labels of
            their type.
        y_pred : ndarray of shape (n_samples, n_outputs)
            Output of a network.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows.

        Returns
        -------
        accuracy : float

        Raises
        ------
        ValueError
            If all labels are of another type than those that `fit` has seen, or if
            classes are passed for labels, or labels for classes.
        """
        y, is_multilabel = check_labels(y)
        self._check_kind(is_multilabel)
        predicted = self.decode(y_pred)
        if not is_multilabel:
            # scikit-learn's metrics do not know labels such as intervals.
            codes = codes_of(y, self.classes_)
            if (codes < 0).all():
                check_same_type(y, self.classes_)
            y, predicted = codes, codes_of(predicted, self.classes_)
        return accuracy_score(y, predicted, sample_weight=sample_weight)

    def compared(self, y, y_pred):
        """Return true and predicted values as Keras's losses and metrics take them.

        Parameters
        ----------
        y : array-like of shape (n_samples,) or (n_samples, n_labels), or sparse matrix
            Labels of the rows.
        y_pred : ndarray of shape (n_samples, n_outputs)
            Output of a network.

        Returns
        -------
        y_true, y_pred : ndarray
            Codes and probabilities.
        """
        return self.transform(y), y_pred


@saved_as("NumberAdapter")
class NumberAdapter(BaseEstimator):
    """Standardise numbers to predict, and bring predictions back to their scale.

    Attributes
    ----------
    means_, scales_ : ndarray of shape (n_targets,), dtype float64
        Mean and standard deviation of each target; a constant target has scale 1.

    lows_, highs_ : ndarray of shape (n_targets,), dtype float64
        Bounds of each target in training, beyond which there are only values that are
        far from all others; infinite where there are none.

    schema_ : TargetSchema
        Kind, width and range of the target.

    Examples
    --------
    >>> from skautokeras._data.target import NumberAdapter
    >>> target = NumberAdapter().fit([10.0, 20.0])
    >>> z = target.transform([10.0, 20.0])
    >>> z.shape
    (2, 1)
    >>> target.inverse_transform(z)
    array([10., 20.])
    """

    def fit(self, y, used=None):
        """Learn means and standard deviations.

        Parameters
        ----------
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            Numbers to predict.

        used : ndarray of int of shape (n_used,) or None, default=None
            Positions of the rows that are learned from; None stands for all.

        Returns
        -------
        self : NumberAdapter
        """
        y = plain_numbers(y)
        y = y if used is None else y[used]
        self.one_dimensional_ = y.ndim == 1
        columns = y.reshape(len(y), -1)
        self.lows_, self.highs_ = _ordinary_ranges(columns)
        _warn_about_far_values(columns, self.lows_, self.highs_)
        columns = np.clip(columns, self.lows_, self.highs_)
        statistics = np.array([mean_and_scale(column) for column in columns.T])
        self.means_, self.scales_ = statistics.T.copy()
        z = standardise(columns, self.means_, self.scales_)
        self.schema_ = TargetSchema(
            kind="regression",
            n_outputs=columns.shape[1],
            lowest=self._bounds(z.min(axis=0), columns.min(axis=0), 1),
            highest=self._bounds(z.max(axis=0), columns.max(axis=0), -1),
            quantiles=_quantiles(z),
            origin=tuple((-self.means_ / self.scales_).tolist()),
            scale=tuple(self.scales_.tolist()),
        )
        return self

    def _bounds(self, z, y, direction):
        """Return bounds in single precision that are within those on the scale of y."""
        bounds = z.astype(np.float32)
        for _ in range(_ROUNDINGS):
            restored = bounds.astype(np.float64) * self.scales_ + self.means_
            is_beyond = direction * (y - restored) > 0
            inner = np.nextafter(bounds, np.float32(direction * np.inf))
            bounds = np.where(is_beyond, inner, bounds)
        return tuple(bounds.tolist())

    def transform(self, y):
        """Standardise.

        Parameters
        ----------
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            Numbers to predict.

        Returns
        -------
        z : ndarray of shape (n_samples, n_targets), dtype float32
        """
        check_is_fitted(self)
        y = plain_numbers(y)
        columns = y.reshape(len(y), -1)
        if columns.shape[1] != len(self.means_):
            raise ValueError(
                f"y has {columns.shape[1]} targets, but fit has seen "
                f"{len(self.means_)}."
            )
        columns = np.clip(columns, self.lows_, self.highs_)
        return standardise(columns, self.means_, self.scales_)

    def inverse_transform(self, z):
        """Return to the original scale.

        Parameters
        ----------
        z : ndarray of shape (n_samples, n_targets)
            Standardised predictions.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_targets), dtype float64
            One-dimensional where the target in `fit` was, or had one column.
        """
        check_is_fitted(self)
        y = np.asarray(z, dtype=np.float64) * self.scales_ + self.means_
        return y[:, 0] if self.one_dimensional_ else y

    def decode(self, y_pred):
        """Turn the output of a network into numbers, as `inverse_transform` does.

        Parameters
        ----------
        y_pred : ndarray of shape (n_samples, n_targets)
            Output of a network.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_targets), dtype float64
        """
        return self.inverse_transform(y_pred)

    def true_values(self, y):
        """Return numbers as scikit-learn's metrics take them.

        Parameters
        ----------
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            Numbers to predict.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_targets)
        """
        y = np.asarray(y)
        return y.ravel() if y.ndim == 2 and y.shape[1] == 1 else y

    def plain(self, y):
        """Return numbers as float64.

        Parameters
        ----------
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            Numbers to predict.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_targets), dtype float64
        """
        return plain_numbers(y)

    # Name of the metric that a leaderboard shows.
    metric_name = "rmse"

    def metric(self, y, y_pred, sample_weight=None):
        """Return the metric that a leaderboard shows: the root mean squared error.

        Parameters
        ----------
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            Numbers to predict.
        y_pred : ndarray of shape (n_samples, n_targets)
            Output of a network.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows.

        Returns
        -------
        rmse : float
            Error in the unit of y. With several targets, it is the mean of their
            errors.
        """
        return root_mean_squared_error(
            plain_numbers(y), self.decode(y_pred), sample_weight=sample_weight
        )

    def score(self, y, y_pred, sample_weight=None):
        """Return R2, the share of the variance that is predicted.

        Parameters
        ----------
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            Numbers to predict.
        y_pred : ndarray of shape (n_samples, n_targets)
            Output of a network.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows.

        Returns
        -------
        r2 : float
        """
        return r2_score(
            plain_numbers(y), self.decode(y_pred), sample_weight=sample_weight
        )

    def compared(self, y, y_pred):
        """Return true and predicted values as Keras's losses and metrics take them.

        Parameters
        ----------
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            Numbers to predict.
        y_pred : ndarray of shape (n_samples, n_targets)
            Output of a network.

        Returns
        -------
        y_true, y_pred : ndarray of shape (n_samples, n_targets), dtype float64
            True and predicted numbers on their original scale.
        """
        y_true, y_pred = np.asarray(y, np.float64), self.inverse_transform(y_pred)
        return y_true.reshape(len(y_true), -1), y_pred.reshape(len(y_pred), -1)


def _warn_about_one_hot(y):
    if (np.count_nonzero(y, axis=1) == 1).all():
        warn(
            "Every row of y has exactly one label, as classes have that are encoded "
            "one-hot. The labels are predicted independently of one another. If each "
            "row has one class, pass it instead: y.argmax(axis=1), or "
            "y.idxmax(axis=1) of a DataFrame.",
        )


# Rounding to single precision is off by one step at most, and once more in the product.
_ROUNDINGS = 2

# A few targets that are this many times as far away as the others would be all that a
# network learns. They are at most this share of the rows.
_FAR, _FAR_SHARE = 1000.0, 0.001


def _ordinary_ranges(columns):
    """Return bounds of each target, infinite where no value is far from all others."""
    most_rows = max(1, int(_FAR_SHARE * len(columns)))
    ranges = [ordinary_range(y, far=_FAR, most_rows=most_rows) for y in columns.T]
    lows, highs = np.array(ranges, dtype=np.float64).T
    return (
        np.where(lows > columns.min(axis=0), lows, -np.inf),
        np.where(highs < columns.max(axis=0), highs, np.inf),
    )


def _warn_about_far_values(columns, lows, highs):
    is_far = (columns < lows) | (columns > highs)
    if not is_far.any():
        return
    target = np.flatnonzero(is_far.any(axis=0))[0]
    y, is_far_here = columns[:, target], is_far[:, target]
    others = y[~is_far_here]
    warn(
        f"{is_far.sum()} of {columns.size} values of y are far from all others, such "
        f"as {y[is_far_here][0]:.6g}: the others are between {others.min():.6g} and "
        f"{others.max():.6g}. In training, they count as the nearest of the others. "
        "Leave such rows out if they are errors.",
    )


# Number of quantiles of a target.
_N_QUANTILES = 201


def _quantiles(z):
    """Return equally spaced quantiles of each column."""
    shares = np.linspace(0.0, 1.0, _N_QUANTILES)
    return np.quantile(z, shares, axis=0)
