"""The adapters of one target: classes or numbers, to arrays and back."""

import numpy as np
import pandas as pd
from scipy.sparse import issparse
from sklearn.base import BaseEstimator
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import (
    assert_all_finite,
    check_array,
    check_is_fitted,
    column_or_1d,
)

from skautokeras._data.schema import TargetSchema
from skautokeras._data.standardisation import mean_and_scale, standardise
from skautokeras._state.names import saved_as

# A label is predicted where its probability is above this.
LABEL_THRESHOLD = 0.5


def balanced_weights(class_weight, y):
    """Weight of every row from the weights of its classes.

    Parameters
    ----------
    class_weight : dict, list of dict, "balanced" or None
        Weights of the classes, as in scikit-learn. None gives every row the weight 1.

    y : array-like of shape (n_samples,) or (n_samples, n_labels)
        The labels, not encoded.

    Returns
    -------
    weights : ndarray of shape (n_samples,), dtype float64

    Examples
    --------
    >>> from skautokeras._data.target import balanced_weights
    >>> balanced_weights({"no": 1, "yes": 3}, ["no", "yes", "no"])
    array([1., 3., 1.])
    """
    return np.asarray(compute_sample_weight(class_weight, y), dtype=np.float64)


@saved_as("ClassAdapter")
class ClassAdapter(BaseEstimator):
    """Encode class labels and label indicators, and decode probabilities.

    Labels come back with the dtype of ``np.asarray(y)``: a pandas ``category`` of
    strings as an array of objects, ``Int64`` as int64.

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

    def fit(self, y):
        """Learn the classes.

        Parameters
        ----------
        y : array-like of shape (n_samples,) or (n_samples, n_labels), or sparse matrix
            Labels, or indicators of labels.

        Returns
        -------
        self : ClassAdapter
        """
        y, is_multilabel = _check_labels(y)
        if is_multilabel:
            self.classes_ = np.arange(y.shape[1])
            self.schema_ = TargetSchema(kind="multilabel", n_outputs=y.shape[1])
            return self
        self.classes_ = np.unique(y)
        n_classes = len(self.classes_)
        if n_classes < 2:
            raise ValueError(
                "Classification needs samples of at least 2 classes in the data, but "
                f"the data contains only one class: {self.classes_.tolist()[0]!r}"
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
        y, is_multilabel = _check_labels(y)
        if is_multilabel != (self.schema_.kind == "multilabel"):
            raise ValueError(
                f"y is {'' if is_multilabel else 'not '}a multilabel indicator, but "
                f"the target seen in fit is {self.schema_.kind}."
            )
        if is_multilabel:
            if y.shape[1] != len(self.classes_):
                raise ValueError(
                    f"y has {y.shape[1]} labels, but fit has seen {len(self.classes_)}."
                )
            return y.astype(np.float32)
        codes = pd.Index(self.classes_).get_indexer(pd.Index(y))
        if (codes < 0).any():
            unseen = np.unique(y[codes < 0]).tolist()
            raise ValueError(f"y contains previously unseen labels: {unseen}")
        return codes.astype(np.int32)

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
        y = y.toarray() if issparse(y) else np.asarray(y)
        return y if y.ndim == 2 and y.shape[1] > 1 else column_or_1d(y)

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

    def fit(self, y):
        """Learn means and standard deviations.

        Parameters
        ----------
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            Numbers to predict.

        Returns
        -------
        self : NumberAdapter
        """
        y = _check_numbers(y)
        self.one_dimensional_ = y.ndim == 1
        columns = y.reshape(len(y), -1)
        statistics = np.array([mean_and_scale(column) for column in columns.T])
        self.means_, self.scales_ = statistics.T.copy()
        z = standardise(columns, self.means_, self.scales_)
        self.schema_ = TargetSchema(
            kind="regression",
            n_outputs=columns.shape[1],
            lowest=tuple(z.min(axis=0).tolist()),
            highest=tuple(z.max(axis=0).tolist()),
            quantiles=_quantiles(z),
            origin=tuple((-self.means_ / self.scales_).tolist()),
        )
        return self

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
        y = _check_numbers(y)
        columns = y.reshape(len(y), -1)
        if columns.shape[1] != len(self.means_):
            raise ValueError(
                f"y has {columns.shape[1]} targets, but fit has seen "
                f"{len(self.means_)}."
            )
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


# Number of quantiles of a target.
_N_QUANTILES = 201


def _quantiles(z):
    """Return equally spaced quantiles of each column."""
    shares = np.linspace(0.0, 1.0, _N_QUANTILES)
    return np.quantile(z, shares, axis=0)


def _check_labels(y):
    """Labels (n_samples,) or indicators (n_samples, n_labels), and which of the two."""
    _check_passed(y)
    if not issparse(y):
        y = _without_missing(y)
    kind = type_of_target(y, input_name="y", raise_unknown=True)
    check_classification_targets(y)
    if kind == "multilabel-indicator":
        return (y.toarray() if issparse(y) else np.asarray(y)), True
    if kind == "multiclass-multioutput":
        raise ValueError(
            "y has several columns of more than two values (multiclass-multioutput), "
            "which is not supported. Fit one classifier per column, for example with "
            "sklearn.multioutput.MultiOutputClassifier."
        )
    return column_or_1d(y, warn=True, input_name="y"), False


def _without_missing(y):
    """`y` as an array, nullable dtypes as the NumPy dtypes behind them."""
    array = np.asarray(y)
    if array.dtype.kind in "fc":
        assert_all_finite(array, input_name="y")
    elif pd.isna(array).any():
        raise ValueError("Input y contains NaN.")
    return array


def _check_numbers(y):
    """Finite float64 numbers of shape (n_samples,) or (n_samples, n_targets >= 2)."""
    _check_passed(y)
    array = y if issparse(y) else np.asarray(y)
    if array.dtype.kind in "USO":
        strings = [value for value in array.flat if isinstance(value, (str, bytes))]
        if strings:
            raise ValueError(
                "Regression needs numbers in y, but y holds strings such as "
                f"{str(strings[0])!r}. Convert them, or use a classifier."
            )
        array = np.where(pd.isna(array), np.nan, array)
    array = check_array(
        array, dtype=np.float64, ensure_2d=False, input_name="y", ensure_min_features=0
    )
    if array.ndim == 2 and array.shape[1] != 1:
        return array
    return column_or_1d(array, warn=True, input_name="y")


def _check_passed(y):
    if y is None:
        raise ValueError(
            "This estimator requires y to be passed, but the target y is None."
        )
