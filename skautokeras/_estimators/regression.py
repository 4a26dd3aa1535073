"""What regressors share, whatever the kind of data."""

import numpy as np
from sklearn.base import RegressorMixin

from skautokeras._data.target import RegressionTarget
from skautokeras._estimators.base import BaseAutoEstimator


class BaseAutoRegressor(RegressorMixin, BaseAutoEstimator):
    """Base class of the regressors, for one or several numbers."""

    def predict(self, X):
        """Predict numbers.

        Parameters
        ----------
        X : {array-like, sparse matrix, DataFrame} of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_outputs), dtype float64
            On the scale of the target in `fit`.
        """
        y_pred = self._outputs(X)
        return self._target.inverse_transform(y_pred)

    def _make_target(self):
        return RegressionTarget()

    def _make_head(self):
        from skautokeras._space.heads import RegressionHead

        return RegressionHead(loss=self.loss, metrics=self.metrics)

    def _y_true(self, y):
        y = np.asarray(y)
        return y.ravel() if y.ndim == 2 and y.shape[1] == 1 else y

    def _comparable(self, y, y_pred):
        """Return true and predicted numbers on their original scale."""
        y_pred = self._target.inverse_transform(y_pred)
        y_true = np.asarray(y, "float64")
        return y_true.reshape(len(y_true), -1), y_pred.reshape(len(y_pred), -1)

    def __sklearn_tags__(self):
        """Return scikit-learn's tags."""
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
