"""The user's Keras callbacks around compiled epochs."""

import keras

from skautokeras._layers.base import WrapperLayer
from skautokeras._warnings import warn


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


def _trainable_flags(network):
    """Yield all layers and whether they are trainable, the inner ones last."""
    for layer in network.layers:
        yield layer, layer.trainable
        inner = layer
        if isinstance(layer, WrapperLayer):
            inner = getattr(layer, layer.wrapped)
        if isinstance(inner, keras.Model):
            yield from _trainable_flags(inner)


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
        self.have_set_rate = self._has_warned = False
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

    def _put_back(self, flags):
        """Let the layers be trained that were, as the compiled function assumes.

        With Keras, too, such a change has no effect on a training under way.
        """
        for layer, flag in flags:
            layer.trainable = flag
        if not self._has_warned:
            self._has_warned = True
            warn(
                "A callback has frozen or unfrozen layers, which has no effect: which "
                "layers are trained is settled when a training begins."
            )

    def _call(self, hook, *args):
        optimizer = self._weights.optimizer
        rate = float(optimizer.learning_rate)
        self._weights.write_back()
        flags = list(_trainable_flags(self._network))
        hook(*args)
        if any(layer.trainable != flag for layer, flag in flags):
            self._put_back(flags)
        self._weights.read_back()
        if float(optimizer.learning_rate) != rate:
            self.have_set_rate = True
