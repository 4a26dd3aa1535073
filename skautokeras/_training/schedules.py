"""Schedules: learning rate and regularization along a training."""

import keras
import numpy as np

# Initial share of the highest value if it climbs, and the share of the training in
# which it climbs with "one_cycle".
_LOWEST = 0.05
_CYCLE_START = 0.2
# Minimum patience of a training, in epochs without a better score.
_MIN_PATIENCE = 8


def schedule_of(training, callbacks):
    """Return the schedule of the learning rate, "by_callback" if a callback sets it.

    Parameters
    ----------
    training : Training
        Training parameters of a configuration, with the schedule.
    callbacks : iterable of keras.callbacks.Callback
        The user's callbacks.

    Returns
    -------
    schedule : str
        Name of the schedule, one of those of `scheduled_share`.
    """
    setters = (keras.callbacks.LearningRateScheduler, keras.callbacks.ReduceLROnPlateau)
    by_callback = any(isinstance(callback, setters) for callback in callbacks)
    return "by_callback" if by_callback else training.schedule


def scheduled_share(schedule, progress, warm_up=0.0):
    """Return the share of its highest value that something has along a training.

    Learning rate, weight decay and dropout follow schedules.

    Parameters
    ----------
    schedule : {"constant", "by_callback", "cosine", "flat_cosine", "one_cycle", \
"cos_log"}
        Name of the schedule. "cosine" falls from 1 to 0 along a half wave,
        "flat_cosine" stays at 1 for the first half, "one_cycle" climbs to 1 over the
        first 20 % and falls like "cosine". "cos_log" makes four waves, each about twice
        as long as the one before: ``0.5 - 0.5 cos(2 pi log2(1 + 15 t))`` (RealMLP,
        arXiv:2407.04491). "constant" and "by_callback" stay at 1.
    progress : float or ndarray
        Share of the training that is done, from 0 to 1.
    warm_up : float, default=0.0
        Share of the training in which the value climbs linearly. "one_cycle" has its
        own, and "by_callback" has none.

    Returns
    -------
    share : ndarray
        One share from 0 to 1 for each ``progress``.

    Examples
    --------
    >>> from skautokeras._training.schedules import scheduled_share
    >>> round(float(scheduled_share("cosine", 0.5)), 6)
    0.5
    """
    progress = np.asarray(progress, "float64")
    if schedule == "by_callback":
        return np.ones_like(progress)
    share = _falling(schedule, progress)
    if schedule == "one_cycle":
        warm_up = _CYCLE_START
    if not warm_up:
        return share
    climbing = _LOWEST + (1.0 - _LOWEST) * progress / warm_up
    return np.where(progress < warm_up, climbing * share, share)


def _falling(schedule, progress):
    if schedule == "constant":
        return np.ones_like(progress)
    if schedule == "cos_log":
        return 0.5 - 0.5 * np.cos(2 * np.pi * np.log2(1.0 + 15.0 * progress))
    start = {"cosine": 0.0, "flat_cosine": 0.5, "one_cycle": _CYCLE_START}[schedule]
    falling = np.maximum(progress - start, 0.0) / (1.0 - start)
    return 0.5 * (1.0 + np.cos(np.pi * falling))


def patience(schedule, epochs):
    """Return after how many epochs without a better score a training ends.

    It is a third of all epochs. With "cos_log" it is the length of the last wave, which
    begins at 7/15 of the training, because the other waves only prepare for its end. It
    is never less than 8.

    Parameters
    ----------
    schedule : str
        Name of the schedule, one of those of `scheduled_share`.
    epochs : int
        Number of epochs of the whole training.

    Examples
    --------
    >>> from skautokeras._training.schedules import patience
    >>> patience("cosine", 30), patience("cos_log", 30), patience("cosine", 6)
    (10, 16, 8)
    """
    longest = epochs * 8 // 15 if schedule == "cos_log" else epochs // 3
    return max(_MIN_PATIENCE, longest)
