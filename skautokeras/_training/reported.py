"""Reported metrics: the quality of predictions in the unit of the user."""


class ReportedMetrics:
    """The accuracy of classes and the error of numbers on the validation rows.

    A search optimises a score that may have no unit, such as the loss of standardised
    numbers. These metrics tell how good predictions are in terms of y.

    Parameters
    ----------
    targets : dict of str to ClassAdapter or NumberAdapter
        Fitted adapters of the targets, by the names of the heads.
    y_true : dict of str to array-like
        Targets of the validation rows by head, as the user passed them.
    sample_weight : ndarray or None, default=None
        The user's weights of the validation rows.

    Examples
    --------
    >>> import numpy as np
    >>> from skautokeras._data.target import NumberAdapter
    >>> from skautokeras._training.reported import ReportedMetrics
    >>> price = NumberAdapter().fit([10.0, 20.0])
    >>> report = ReportedMetrics({"price": price}, {"price": [10.0, 20.0]})
    >>> report({"price": np.array([[0.0], [0.0]])})
    {'rmse': 5.0}
    """

    def __init__(self, targets, y_true, sample_weight=None):
        self._targets = targets
        self._y_true = y_true
        self._sample_weight = sample_weight

    @property
    def names(self):
        """Names of the metrics; with several heads, they begin with the head's name."""
        several = len(self._targets) > 1
        return [
            f"{head}_{target.metric_name}" if several else target.metric_name
            for head, target in self._targets.items()
        ]

    def __call__(self, y_pred):
        """Return the metrics of the outputs of a network, by name."""
        values = (
            float(target.metric(self._y_true[head], y_pred[head], self._sample_weight))
            for head, target in self._targets.items()
        )
        return dict(zip(self.names, values, strict=True))
