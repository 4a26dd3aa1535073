"""Base class of the regressors for every kind of data."""

from sklearn.base import RegressorMixin

from skautokeras._estimators.base import BaseAutoEstimator


class BaseAutoRegressor(RegressorMixin, BaseAutoEstimator):
    """Base class of the regressors, which predict one or several numbers per row."""

    def predict(self, X):
        """Predict the target of each row.

        Parameters
        ----------
        X : DataFrame, array-like, sparse matrix, list, str or path-like
            Rows to predict for, in a form that `fit` takes.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_outputs), dtype float64
            Predicted numbers, on the scale that the target had in `fit`.
        """
        return super().predict(X)

    def score(self, X, y, sample_weight=None):
        """Return R2, the share of the variance of y that is predicted.

        It does not depend on `scoring`. For that score, use
        ``sklearn.metrics.get_scorer(scoring)(reg, X, y)``.

        Parameters
        ----------
        X : DataFrame, array-like, sparse matrix, list, str or path-like
            Rows to predict for, in a form that `fit` takes.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs), or str
            True numbers of the rows, in a form that `fit` takes.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows. If None, all rows have the same weight.

        Returns
        -------
        r2 : float
            1.0 is the best score, and 0.0 that of predicting the mean of y. With
            several targets, it is the mean over them.
        """
        return self._score(X, y, sample_weight)

    def _make_head(self):
        from skautokeras._space.heads import RegressionHead

        return RegressionHead(loss=self.loss, metrics=self.metrics)

    def __sklearn_tags__(self):
        """Return scikit-learn's tags."""
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
