"""Distribution: the strategy that spreads one training over several devices."""

import tensorflow as tf


def make_strategy(distribution):
    """Return the strategy that the user asked for.

    Parameters
    ----------
    distribution : tf.distribute.Strategy, callable or None
        Strategy, or a callable without arguments that makes one.

    Returns
    -------
    strategy : tf.distribute.Strategy or None
        Strategy of all trainings. If None, they use one device.

    Raises
    ------
    TypeError
        If `distribution` is not a strategy, None or a callable that returns a strategy.

    Examples
    --------
    >>> import tensorflow as tf
    >>> from skautokeras._training.distribution import make_strategy
    >>> strategy = make_strategy(lambda: tf.distribute.OneDeviceStrategy("CPU:0"))
    >>> strategy.num_replicas_in_sync
    1
    """
    if distribution is None or isinstance(distribution, tf.distribute.Strategy):
        return distribution
    strategy = distribution() if callable(distribution) else distribution
    if not isinstance(strategy, tf.distribute.Strategy):
        raise TypeError(
            "'distribution' must be a tf.distribute.Strategy or a callable that "
            f"returns one, got {type(strategy).__name__}. Those of keras.distribution "
            "are for JAX."
        )
    return strategy
