"""Base class of the classifiers for every kind of data."""

from sklearn.base import ClassifierMixin

from skautokeras._estimators.base import BaseAutoEstimator


class BaseAutoClassifier(ClassifierMixin, BaseAutoEstimator):
    """Base class of the classifiers: binary, multi-class and multi-label."""

    def predict(self, X):
        """Predict the class of each row.

        Parameters
        ----------
        X : DataFrame, array-like, sparse matrix, list, str or path-like
            Rows to predict for, in a form that `fit` takes.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_labels)
            Predicted class labels; for multi-label targets, a 1 for each label that is
            predicted and a 0 for each other one.
        """
        return super().predict(X)

    def predict_proba(self, X):
        """Predict the probability of each class.

        Parameters
        ----------
        X : DataFrame, array-like, sparse matrix, list, str or path-like
            Rows to predict for, in a form that `fit` takes.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes)
            Probabilities, with one column per class in the order of `classes_`. For
            multi-label targets, column i is the probability of label i.
        """
        (y_pred,) = self._outputs(X).values()
        (target,) = self._targets.targets_
        return target.probabilities(y_pred)

    def score(self, X, y, sample_weight=None):
        """Return the accuracy of the predictions.

        It does not depend on `scoring`. For that score, use
        ``sklearn.metrics.get_scorer(scoring)(clf, X, y)``.

        Parameters
        ----------
        X : DataFrame, array-like, sparse matrix, list, str or path-like
            Rows to predict for, in a form that `fit` takes.
        y : array-like of shape (n_samples,) or (n_samples, n_labels), or str
            True labels of the rows, in a form that `fit` takes.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows. If None, all rows have the same weight.

        Returns
        -------
        accuracy : float
            Share of the rows whose labels are predicted; for multi-label targets, all
            labels of a row must be.
        """
        return self._score(X, y, sample_weight)

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
