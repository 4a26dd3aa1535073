"""Copies of the user's Keras callbacks, and what the user's own objects learn."""

import contextlib
import copy
import os
import string

import keras

from skautokeras._training.callback_hooks import works_on_batches
from skautokeras._training.keras_metrics import KerasMetrics
from skautokeras._training.objective import direction_of

_COLLECTIONS = (list, dict, set)


def copied(callbacks):
    """Return copies of callbacks for one training.

    Callbacks that refer to each other are copied together. One that cannot be copied,
    because it holds a lock, a file or a progress bar for instance, is used itself in
    every training, as several calls of `keras.Model.fit` would use it.

    Parameters
    ----------
    callbacks : sequence of keras.callbacks.Callback
        Callbacks as they are before a training.

    Returns
    -------
    copies : list of keras.callbacks.Callback

    Examples
    --------
    >>> import keras
    >>> from skautokeras._training.user_callbacks import copied
    >>> history = keras.callbacks.History()
    >>> copied([history])[0] is history
    False
    """
    try:
        return copy.deepcopy(list(callbacks))
    # Objects raise anything where they cannot be copied.
    except Exception:  # noqa: BLE001
        return [_copied(callback) for callback in callbacks]


def _copied(callback):
    return copy.deepcopy(callback) if can_be_copied(callback) else callback


def can_be_copied(value):
    """Return whether a value can be copied.

    Parameters
    ----------
    value : object
        Callback, or attribute of one.

    Returns
    -------
    can_be_copied : bool
    """
    try:
        copy.deepcopy(value)
    except Exception:  # noqa: BLE001
        return False
    return True


def check_logs(callbacks, heads):
    """Raise if a callback of Keras waits for something that no epoch logs.

    Keras would say so after the first epoch, in every training. Nothing is known of
    what callbacks of the user write into the logs for those behind them.

    Parameters
    ----------
    callbacks : sequence of keras.callbacks.Callback
        The user's callbacks.
    heads : dict of str to (Head, TargetSchema)
        Heads of the graph, and the schemas of their targets.

    Raises
    ------
    ValueError
        If the name of a monitored value, or in the name of a file, is unknown.
    FileNotFoundError
        If a file is to be written into a folder that does not exist.
    """
    names = ["loss", *KerasMetrics(heads).labels]
    if len(heads) > 1 and any(map(works_on_batches, callbacks)):
        names += [f"{name}_loss" for name in heads]
    names += ["val_score", "learning_rate", *(f"val_{name}" for name in names)]
    for callback in callbacks:
        if type(callback) is keras.callbacks.CSVLogger:
            _check_folder(os.fspath(callback.filename))
        if not type(callback).__module__.startswith("keras."):
            return
        if isinstance(callback, keras.callbacks.ModelCheckpoint):
            _check_fields(callback.filepath, {"epoch", "batch", *names})
        if _waits(callback) and callback.monitor not in names:
            raise ValueError(
                f"{type(callback).__name__} monitors {callback.monitor!r}, which no "
                f"epoch logs. There are {names}. Metrics are logged if they are passed "
                "as 'metrics'."
            )


def _waits(callback):
    """Return whether a callback of Keras cannot do without what it monitors."""
    if isinstance(callback, keras.callbacks.ModelCheckpoint):
        return callback.save_best_only
    waiting = (keras.callbacks.EarlyStopping, keras.callbacks.ReduceLROnPlateau)
    return isinstance(callback, waiting)


def _check_fields(path, known):
    """Raise if the name of a checkpoint needs a value that there is not."""
    for _, name, _, _ in string.Formatter().parse(path):
        if name is not None and name not in known:
            raise ValueError(
                f"The name {path!r} of the file of ModelCheckpoint contains {name!r}, "
                f"which no epoch logs. There are {sorted(known)}."
            )


def _check_folder(path):
    """Raise if there is no folder for the file of a logger, which does not make it."""
    folder = os.path.dirname(path)
    if folder and "://" not in path and not os.path.isdir(folder):
        raise FileNotFoundError(
            f"CSVLogger writes to {path!r}, and there is no {folder!r}."
        )


def for_training(callbacks):
    """Return copies of callbacks that know whether what they monitor should be high.

    Keras knows it of the metrics of a compiled model. Networks are trained otherwise
    here, and the score of the search is no metric.

    Parameters
    ----------
    callbacks : sequence of keras.callbacks.Callback
        Callbacks as they are before a training.

    Returns
    -------
    copies : list of keras.callbacks.Callback
    """
    copies = copied(callbacks)
    for callback in copies:
        monitor = getattr(callback, "monitor", None)
        if getattr(callback, "mode", None) == "auto" and isinstance(monitor, str):
            with contextlib.suppress(ValueError):
                name = monitor.removeprefix("val_")
                callback.mode = "max" if direction_of(name) > 0 else "min"
    return copies


def give_back(copies, originals):
    """Let the user's callbacks know what their copies have seen.

    Lists, dicts and sets are filled in place, so that whoever holds them sees it.
    Models and optimizers are left out, and so is what cannot be copied: the estimator
    must remain one that can be cloned and pickled.

    Parameters
    ----------
    copies : list of keras.callbacks.Callback
        Copies after a training.
    originals : sequence of keras.callbacks.Callback
        The user's own objects, in the same order.

    Examples
    --------
    >>> import keras
    >>> from skautokeras._training.user_callbacks import copied, give_back
    >>> history = keras.callbacks.History()
    >>> copies = copied([history])
    >>> copies[0].history["loss"] = [0.5]
    >>> give_back(copies, [history])
    >>> history.history
    {'loss': [0.5]}
    """
    left_out = (keras.Model, keras.optimizers.Optimizer)
    for copy_, original in zip(copies, originals, strict=True):
        if copy_ is original:
            continue
        for name, value in vars(copy_).items():
            if isinstance(value, left_out) or not can_be_copied(value):
                continue
            own = vars(original).get(name)
            if own is value:
                continue
            if type(own) is type(value) and isinstance(value, _COLLECTIONS):
                own.clear()
                own.extend(value) if isinstance(value, list) else own.update(value)
            else:
                setattr(original, name, value)
