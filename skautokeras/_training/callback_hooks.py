"""The user's Keras callbacks around compiled epochs."""

import keras


def works_on_batches(callback):
    """Return whether a callback acts at the beginning or the end of batches.

    Parameters
    ----------
    callback : keras.callbacks.Callback
        Callback of the user.

    Examples
    --------
    >>> import keras
    >>> from skautokeras._training.callback_hooks import works_on_batches
    >>> works_on_batches(keras.callbacks.EarlyStopping())
    False
    """
    if isinstance(callback, keras.callbacks.ModelCheckpoint):
        return callback.save_freq != "epoch"
    hooks = ("on_train_batch_begin", "on_train_batch_end", "on_batch_begin")
    hooks += ("on_batch_end", "on_test_batch_begin", "on_test_batch_end")
    return _has_any(callback, hooks)


def _has_any(callback, hooks):
    """Return whether a callback defines any of some hooks."""
    base = keras.callbacks.Callback
    # A LambdaCallback sets its hooks on the instance.
    return any(
        h in vars(callback) or getattr(type(callback), h) is not getattr(base, h)
        for h in hooks
    )


class CallbackHooks:
    """The user's Keras callbacks around a compiled training.

    Callbacks access the network, not the compiled weights. Before each call, the
    compiled weights are written into the network, and after it they are read back,
    because a callback may have changed them.

    Parameters
    ----------
    callbacks : list of keras.callbacks.Callback
        Callbacks of this training.
    network : keras.Model
        Network that the callbacks access, compiled.
    weights : FlatWeights
        The compiled weights of the network.
    epochs : int
        Number of epochs that are planned.
    n_steps : int, default=1
        Number of batches of an epoch.

    Attributes
    ----------
    have_set_rate : bool
        Whether a callback has set the learning rate.
    """

    def __init__(self, callbacks, network, weights, epochs, n_steps=1):
        self._network = network
        self._weights = weights
        self._list = None
        self.have_set_rate = False
        tests = ("on_test_begin", "on_test_end")
        self._hear_of_tests = any(_has_any(callback, tests) for callback in callbacks)
        if callbacks:
            network.stop_training = False
            self._list = keras.callbacks.CallbackList(
                callbacks, model=network, epochs=epochs, steps=n_steps, verbose=0
            )

    @property
    def wants_to_stop(self):
        """Whether a callback has asked for the end of the training."""
        return self._list is not None and self._network.stop_training

    def __enter__(self):
        """Begin the training."""
        if self._list is not None:
            self._call(self._list.on_train_begin)
        return self

    def __exit__(self, error, *_):
        """End the training, unless it has failed."""
        if self._list is not None and error is None:
            self._call(self._list.on_train_end)

    def begin(self, epoch):
        """Begin an epoch, numbered from 0."""
        if self._list is not None:
            self._call(self._list.on_epoch_begin, epoch)

    def end(self, epoch, logs):
        """End an epoch, numbered from 0."""
        if self._list is not None:
            self._call(self._list.on_epoch_end, epoch, logs)

    def begin_test(self):
        """Begin a validation."""
        if self._hear_of_tests:
            self._call(self._list.on_test_begin)

    def end_test(self, logs):
        """End a validation; its logs have names that begin with "val_"."""
        if self._hear_of_tests:
            logs = {name.removeprefix("val_"): value for name, value in logs.items()}
            self._call(self._list.on_test_end, logs)

    def _call(self, hook, *args):
        optimizer = self._weights.optimizer
        rate = float(optimizer.learning_rate)
        self._weights.write_back()
        hook(*args)
        self._weights.read_back()
        if float(optimizer.learning_rate) != rate:
            self.have_set_rate = True
