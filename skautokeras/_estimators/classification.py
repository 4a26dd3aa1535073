"""What classifiers share, whatever the kind of data."""

import numpy as np
from scipy.sparse import issparse
from sklearn.base import ClassifierMixin
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.validation import column_or_1d

from skautokeras._data.target import ClassificationTarget
from skautokeras._estimators.base import BaseAutoEstimator


class BaseAutoClassifier(ClassifierMixin, BaseAutoEstimator):
    """Base class of the classifiers: binary, multi-class and multi-label."""

    _parameter_constraints = {
        **BaseAutoEstimator._parameter_constraints,
        "class_weight": [dict, list, StrOptions({"balanced"}), None],
    }

    def __init__(self, *, class_weight, **params):
        super().__init__(**params)
        self.class_weight = class_weight

    def predict(self, X):
        """Predict classes.

        Parameters
        ----------
        X : {array-like, sparse matrix, DataFrame} of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_labels)
            Labels as in `fit`; for multi-label targets 0 and 1.
        """
        probabilities = self.predict_proba(X)
        return self._target.inverse_transform(probabilities)

    def predict_proba(self, X):
        """Predict probabilities of the classes.

        Parameters
        ----------
        X : {array-like, sparse matrix, DataFrame} of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes)
            In the order of `classes_`. For multi-label targets of shape (n_samples,
            n_labels), the probability of each label.
        """
        y_pred = self._outputs(X)
        return self._target.probabilities(y_pred)

    def _make_target(self):
        return ClassificationTarget()

    def _make_head(self):
        from skautokeras._space.heads import ClassificationHead

        return ClassificationHead(loss=self.loss, metrics=self.metrics)

    def _y_true(self, y):
        y = y.toarray() if issparse(y) else np.asarray(y)
        return y if y.ndim == 2 and y.shape[1] > 1 else column_or_1d(y)

    def _comparable(self, y, y_pred):
        """Return codes and probabilities, as loss and metrics compare them."""
        return self._target.transform(y), y_pred

    def _fitted_attributes(self, problem, trials, weights, ensemble):
        attributes = super()._fitted_attributes(problem, trials, weights, ensemble)
        return {**attributes, "classes_": problem.target.classes_}

    def __sklearn_tags__(self):
        """Return scikit-learn's tags."""
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags
