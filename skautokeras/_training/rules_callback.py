"""A callback that applies the rules of training in `keras.Model.fit`."""

import keras

from skautokeras._training.optimization import dropout_rates, learning_rate_factors
from skautokeras._training.optimizers import WeightRules
from skautokeras._training.schedules import scheduled_share


class TrainingRules(keras.callbacks.Callback):
    """Apply the rules that change along a training to `keras.Model.fit`.

    At the beginning of each epoch, the callback sets the learning rate, the shares of
    weight decay and dropout, and the factors of layers with a learning rate of their
    own. Once another callback has set the learning rate, it is left alone in this
    training. At the end, the dropout rates are restored, and the learning rate as well
    if no other callback has set it.
    Weight decay and factors need an optimizer from `optimizer_for`.

    Parameters
    ----------
    schedule : str, default="constant"
        Schedule of the learning rate, one of those of `scheduled_share`. Its
        highest value is the learning rate of the optimizer when the training begins.
        With "by_callback", the learning rate is not changed.
    warm_up : float, default=0.0
        Share of the training in which the learning rate climbs.
    regularization : str, default="constant"
        Schedule of weight decay and dropout, one of those of `scheduled_share`.
    progress : callable or None, default=None
        Function that returns the shares of the training at which the next epoch begins
        and ends. If None, the epochs of this call of `keras.Model.fit` are counted.

    Examples
    --------
    >>> import keras
    >>> import numpy as np
    >>> from skautokeras._training.rules_callback import TrainingRules
    >>> model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    >>> model.compile("sgd", "mse")
    >>> rates = []
    >>> x = np.ones((2, 1))
    >>> rules = TrainingRules("cosine")
    >>> spied = keras.callbacks.LambdaCallback(
    ...     on_epoch_end=lambda epoch, logs: rates.append(
    ...         round(float(model.optimizer.learning_rate), 3)
    ...     )
    ... )
    >>> history = model.fit(x, x, epochs=2, verbose=0, callbacks=[rules, spied])
    >>> rates
    [0.01, 0.005]
    """

    def __init__(
        self,
        schedule="constant",
        warm_up=0.0,
        regularization="constant",
        progress=None,
    ):
        super().__init__()
        self.schedule = schedule
        self.warm_up = warm_up
        self.regularization = regularization
        self.progress = progress
        self._highest_rate = self._latest_rate = None
        self._is_overruled = False
        self._first_epoch = None
        self._dropouts = []

    def on_train_begin(self, logs=None):
        """Store the rates that the training begins with."""
        self._is_overruled = False
        self._first_epoch = None
        self._dropouts = [
            (rate, _value_of(rate)) for rate in self._scheduled_dropouts()
        ]
        if self._sets_rate:
            self._highest_rate = _value_of(self.model.optimizer.learning_rate)
            self._latest_rate = self._highest_rate

    def on_epoch_begin(self, epoch, logs=None):
        """Set the rates and the factors for the epoch."""
        progress, end = self._progress(epoch)
        optimizer = self.model.optimizer
        if self._sets_rate and self._latest_rate != _value_of(optimizer.learning_rate):
            # Another callback has set it.
            self._is_overruled = True
        if self._sets_rate:
            share = float(scheduled_share(self.schedule, progress, self.warm_up))
            optimizer.learning_rate = self._highest_rate * share
            self._latest_rate = _value_of(optimizer.learning_rate)
        share = float(scheduled_share(self.regularization, progress))
        for rate, highest in self._dropouts:
            rate.assign(highest * share)
        if isinstance(optimizer, WeightRules):
            optimizer.regularization.assign(share)
            self._set_factors(optimizer, (progress + end) / 2)

    def on_train_end(self, logs=None):
        """Restore the rates, and drop the reference to the network."""
        if self._sets_rate:
            self.model.optimizer.learning_rate = self._highest_rate
        self.put_dropout_back()
        self.set_model(None)

    def put_dropout_back(self):
        """Restore the dropout rates; setting all weights changes them again."""
        for rate, highest in self._dropouts:
            rate.assign(highest)

    @property
    def _sets_rate(self):
        if self._is_overruled:
            return False
        if self.schedule == "constant":
            return self.warm_up > 0
        return self.schedule != "by_callback"

    def _scheduled_dropouts(self):
        is_constant = self.regularization == "constant"
        return [] if is_constant else dropout_rates(self.model)

    def _progress(self, epoch):
        if self.progress is not None:
            return self.progress()
        if self._first_epoch is None:
            self._first_epoch = epoch
        n_epochs = self.params["epochs"] - self._first_epoch
        n_done = epoch - self._first_epoch
        return n_done / n_epochs, (n_done + 1) / n_epochs

    def _set_factors(self, optimizer, progress):
        if not optimizer.learning_rate_factors:
            return
        variables = self.model.trainable_variables
        factors = learning_rate_factors(self.model, variables, progress)
        for variable, factor in zip(
            optimizer.learning_rate_factors, factors, strict=True
        ):
            variable.assign(factor)


def _value_of(variable):
    """Return the value of a variable, which may have copies on several devices."""
    return float(keras.ops.convert_to_numpy(variable))
