"""How a configuration is optimised: optimizer, learning rate and its schedule."""

import keras
import numpy as np

from skautokeras._layers.regularization import Dropout

# Variables whose names end like this are not decayed.
NOT_DECAYED = ("bias", "gamma", "beta", "embeddings")
# What the learning rate starts from where it climbs, and how long "one_cycle" does.
_LOWEST = 0.05
_CYCLE_START = 0.2


# Epochs without a better score that any training may have.
_MIN_PATIENCE = 8
_OPTIMIZERS = {
    "adam": keras.optimizers.Adam,
    "nadam": keras.optimizers.Nadam,
    "rmsprop": keras.optimizers.RMSprop,
}


def make_optimizer(training):
    """Return a fresh Keras optimizer; weight decay is up to whoever uses it."""
    others = {}
    if training.ema_momentum:
        others = {"use_ema": True, "ema_momentum": training.ema_momentum}
    if training.squared_momentum is not None:
        others["beta_2"] = training.squared_momentum
    return _OPTIMIZERS[training.optimizer](training.learning_rate, **others)


def dropout_rates(network):
    """Return the variables that hold rates of dropout.

    Parameters
    ----------
    network : keras.Model
        Its shared blocks are models in it.
    """
    rates = []
    for layer in network.layers:
        if isinstance(layer, keras.Model):
            rates += dropout_rates(layer)
        elif isinstance(layer, Dropout):
            rates.append(layer.current_rate)
    return rates


def scale_learning_rates(optimizer, factor_of):
    """Let variables, or single weights, have learning rates of their own.

    Parameters
    ----------
    optimizer : keras.optimizers.Optimizer
        It stays one of Keras by its config.
    factor_of : callable
        From the position of a variable to the factor, or to one per weight.
    """
    update_step = type(optimizer).update_step

    def scaled(gradient, variable, learning_rate):
        # As Keras tells whoever writes an update step to find the position.
        factor = factor_of(optimizer._get_variable_index(variable))
        update_step(optimizer, gradient, variable, learning_rate * factor)

    optimizer.update_step = scaled


def learning_rate_factors(network, variables, progress=1.0):
    """Return what the learning rate of each variable is multiplied by.

    Parameters
    ----------
    network : keras.Model
        Its layers may have a ``learning_rate_factor``, and ``head_first``: the share of
        the training in which they stay as they are, while others learn to use them.
    variables : list of keras.Variable
        Of the network, trainable.
    progress : float, default=1.0
        Share of the training that is done.

    Returns
    -------
    factors : list of float or None
        None: nothing.
    """
    found = dict(_factors(network, progress))
    return [found.get(id(variable)) for variable in variables]


def not_decayed(network, variables):
    """Return the variables that weight decay leaves alone.

    These are biases and the like, weights with a learning rate of their own, and those
    of layers that say that they are not ``decayed``.

    Parameters
    ----------
    network : keras.Model
        Of layers.
    variables : list of keras.Variable
        Of the network, trainable.
    """
    kept = set(_not_decayed(network))
    return [v for v in variables if v.name.endswith(NOT_DECAYED) or id(v) in kept]


def _not_decayed(network):
    for layer in network.layers:
        has_own_rate = hasattr(layer, "learning_rate_factor")
        if has_own_rate or not getattr(layer, "decayed", True):
            yield from map(id, layer.trainable_variables)
        elif isinstance(layer, keras.Model):
            yield from _not_decayed(layer)


def _factors(network, progress):
    for layer in network.layers:
        if hasattr(layer, "learning_rate_factor"):
            rests = progress < getattr(layer, "head_first", 0.0)
            for variable in layer.trainable_variables:
                yield id(variable), 0.0 if rests else layer.learning_rate_factor
        elif isinstance(layer, keras.Model):
            yield from _factors(layer, progress)


def schedule_of(training, callbacks):
    """Return the schedule; a callback that sets the rate takes its place."""
    setters = (keras.callbacks.LearningRateScheduler, keras.callbacks.ReduceLROnPlateau)
    by_callback = any(isinstance(callback, setters) for callback in callbacks)
    return "by_callback" if by_callback else training.schedule


def learning_rate_factor(schedule, progress, warm_up=0.0):
    """Return what the highest learning rate is multiplied by.

    Parameters
    ----------
    schedule : {"constant", "by_callback", "cosine", "flat_cosine", "one_cycle", \
"cos_log"}
        "cosine" falls from 1 to 0 along a half wave, "flat_cosine" stays at 1 for the
        first half, "one_cycle" climbs to 1 over the first 20 % and falls like "cosine".
        "cos_log" makes four waves, each about twice as long as the one before:
        ``0.5 - 0.5 cos(2 pi log2(1 + 15 t))`` (RealMLP, arXiv:2407.04491).
    progress : float or ndarray
        Share of the training that is done, 0 to 1.
    warm_up : float, default=0.0
        Share of the training in which the rate climbs in a line, unless the schedule
        says how it begins.

    Examples
    --------
    >>> from skautokeras._training.optimization import learning_rate_factor
    >>> round(float(learning_rate_factor("cosine", 0.5)), 6)
    0.5
    """
    progress = np.asarray(progress, "float64")
    if schedule == "by_callback":
        return np.ones_like(progress)
    factor = _falling(schedule, progress)
    if schedule == "one_cycle":
        warm_up = _CYCLE_START
    if not warm_up:
        return factor
    climbing = _LOWEST + (1.0 - _LOWEST) * progress / warm_up
    return np.where(progress < warm_up, climbing * factor, factor)


def _falling(schedule, progress):
    if schedule == "constant":
        return np.ones_like(progress)
    if schedule == "cos_log":
        return 0.5 - 0.5 * np.cos(2 * np.pi * np.log2(1.0 + 15.0 * progress))
    start = {"cosine": 0.0, "flat_cosine": 0.5, "one_cycle": _CYCLE_START}[schedule]
    falling = np.maximum(progress - start, 0.0) / (1.0 - start)
    return 0.5 * (1.0 + np.cos(np.pi * falling))


def patience(schedule, epochs):
    """Return how many epochs without a better score end a training.

    A third of them; with "cos_log" the last wave, which begins at 7/15 and whose end is
    what the others prepare.

    Parameters
    ----------
    schedule : str
        As `learning_rate_factor` takes it.
    epochs : int
        Of the whole training.

    Examples
    --------
    >>> from skautokeras._training.optimization import patience
    >>> patience("cosine", 30), patience("cos_log", 30), patience("cosine", 6)
    (10, 16, 8)
    """
    longest = epochs * 8 // 15 if schedule == "cos_log" else epochs // 3
    return max(_MIN_PATIENCE, longest)
