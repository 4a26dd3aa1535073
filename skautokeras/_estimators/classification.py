"""What classifiers share, whatever the kind of data."""

from sklearn.base import ClassifierMixin

from skautokeras._estimators.base import BaseAutoEstimator
from skautokeras._sklearn import StrOptions


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
        return super().predict(X)

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
        (y_pred,) = self._outputs(X).values()
        (target,) = self._targets.targets_
        return target.probabilities(y_pred)

    def _make_head(self):
        from skautokeras._space.heads import ClassificationHead

        return ClassificationHead(loss=self.loss, metrics=self.metrics)

    def _fitted_attributes(self, preparation, outcome):
        attributes = super()._fitted_attributes(preparation, outcome)
        return {**attributes, "classes_": preparation.y_adapter.targets_[0].classes_}

    def __sklearn_tags__(self):
        """Return scikit-learn's tags."""
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags
