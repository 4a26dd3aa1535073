"""How a configuration is optimised: optimizer, learning rate and its schedule."""

import keras
import numpy as np

# Variables whose names end like this are not decayed.
NOT_DECAYED = ("bias", "gamma", "beta", "embeddings")
_OPTIMIZERS = {
    "adam": keras.optimizers.Adam,
    "nadam": keras.optimizers.Nadam,
    "rmsprop": keras.optimizers.RMSprop,
}


def make_optimizer(training):
    """Return a fresh Keras optimizer; weight decay is up to whoever uses it."""
    average = {}
    if training.ema_momentum:
        average = {"use_ema": True, "ema_momentum": training.ema_momentum}
    return _OPTIMIZERS[training.optimizer](training.learning_rate, **average)


def schedule_of(training, callbacks):
    """Return the schedule; a callback that sets the rate takes its place."""
    setters = (keras.callbacks.LearningRateScheduler, keras.callbacks.ReduceLROnPlateau)
    by_callback = any(isinstance(callback, setters) for callback in callbacks)
    return "by_callback" if by_callback else training.schedule


def learning_rate_factor(schedule, progress):
    """Return what the highest learning rate is multiplied by.

    Parameters
    ----------
    schedule : {"constant", "by_callback", "cosine", "flat_cosine", "one_cycle"}
        "cosine" falls from 1 to 0 along a half wave, "flat_cosine" stays at 1 for the
        first half, "one_cycle" climbs to 1 over the first 20 % and falls like "cosine".
    progress : float or ndarray
        Share of the training that is done, 0 to 1.

    Examples
    --------
    >>> from skautokeras._search.optimization import learning_rate_factor
    >>> round(float(learning_rate_factor("cosine", 0.5)), 6)
    0.5
    """
    progress = np.asarray(progress, "float64")
    if schedule in ("constant", "by_callback"):
        return np.ones_like(progress)
    start = {"cosine": 0.0, "flat_cosine": 0.5, "one_cycle": 0.2}[schedule]
    falling = np.maximum(progress - start, 0.0) / (1.0 - start)
    factor = 0.5 * (1.0 + np.cos(np.pi * falling))
    if schedule == "one_cycle":
        factor = np.where(progress < start, 0.05 + 0.95 * progress / start, factor)
    return factor
