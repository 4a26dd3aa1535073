"""The rules by which weights are learned, the same for every way of training.

- Weight decay is decoupled (AdamW, arXiv:1711.05101): a step takes away the fraction
  ``learning_rate * weight_decay`` of a weight, unless it is `not_decayed`.
- Weights of layers with a ``learning_rate_factor`` have a learning rate of their own,
  which is 0 as long as the layer is frozen (`learning_rate_factors`).
- The learning rate, and the shares of weight decay and dropout that act, follow
  `schedules`.
- Weights are averaged by the optimizers of Keras (``use_ema``).
- The loss of a network with members is the mean of their losses (`LossOfMembers`).
- Labels are smoothed by `Head.smooth`.

Compiled epochs call these functions directly. If `keras.Model.fit` trains, in the
search or in the estimators of `to_scikeras`, `optimizer_for` and `TrainingRules` apply
the rules.
"""

import keras

from skautokeras._layers.base import traits_of, walk
from skautokeras._layers.regularization import Dropout
from skautokeras._training.optimizers import WeightRules, optimizer_class

# Variables whose names end with one of these words are not decayed.
_NOT_DECAYED = ("bias", "gamma", "beta", "embeddings")
_OPTIMIZERS = {
    "adam": keras.optimizers.Adam,
    "nadam": keras.optimizers.Nadam,
    "rmsprop": keras.optimizers.RMSprop,
}


def make_optimizer(training, **kwargs):
    """Return a fresh optimizer for a configuration, without weight decay.

    Parameters
    ----------
    training : Training
        Configuration with the optimizer, its learning rate and its momenta.
    **kwargs : dict
        Further arguments of the optimizer.

    Returns
    -------
    optimizer : WeightRules
        An optimizer of Keras with the rules of this package.
    """
    if training.ema_momentum:
        kwargs |= {"use_ema": True, "ema_momentum": training.ema_momentum}
    if training.squared_momentum is not None:
        kwargs["beta_2"] = training.squared_momentum
    made_by = optimizer_class(_OPTIMIZERS[training.optimizer])
    return made_by(training.learning_rate, **kwargs)


def optimizer_for(network, optimizer):
    """Return an optimizer that follows the rules for the weights of a network.

    Parameters
    ----------
    network : keras.Model
        Network to be trained.
    optimizer : keras.optimizers.Optimizer
        Optimizer that has made no steps yet.

    Returns
    -------
    optimizer : keras.optimizers.Optimizer
        Copy with the rules of this package, built for the network. An optimizer of the
        user's own class is not copied; its weight decay is only kept from the weights
        that are `not_decayed`.
    """
    variables = network.trainable_variables
    kept = not_decayed(network, variables)
    ids = set(map(id, kept))
    factors = learning_rate_factors(network, variables)
    made_by = optimizer_class(type(optimizer))
    if made_by is None and not isinstance(optimizer, WeightRules):
        optimizer.exclude_from_weight_decay(var_list=kept)
        return optimizer
    config = {
        **optimizer.get_config(),
        "undecayed": [i for i, v in enumerate(variables) if id(v) in ids],
        "own_rates": "none" if factors is None else "variables",
    }
    ruled = (made_by or type(optimizer)).from_config(config)
    # It is built now, because the first epoch needs the factors of the learning rate.
    ruled.build(variables)
    return ruled


def not_decayed(network, variables):
    """Return the variables that weight decay does not act on.

    These are biases and the like, weights of layers with a learning rate of their own,
    and weights of layers that do not use weight decay.

    Parameters
    ----------
    network : keras.Model
        A network with these variables.
    variables : list of keras.Variable
        Trainable variables of the network.
    """
    kept = {
        id(variable)
        for layer in walk(network)
        if _is_not_decayed(traits_of(layer))
        for variable in layer.trainable_variables
    }
    return [v for v in variables if v.name.endswith(_NOT_DECAYED) or id(v) in kept]


def _is_not_decayed(traits):
    return traits.learning_rate_factor is not None or not traits.uses_weight_decay


def learning_rate_factors(network, variables, progress=1.0):
    """Return the factors by which the learning rates of variables are multiplied.

    Parameters
    ----------
    network : keras.Model
        A network with these variables.
    variables : list of keras.Variable
        Trainable variables of the network.
    progress : float, default=1.0
        Share of the training that is done, from 0 to 1. For an epoch, it is that in its
        middle, so that layers are frozen for the nearest whole number of epochs, and
        not in the only epoch of a short training.

    Returns
    -------
    factors : list of float or None
        One factor per variable, which is 0 if its layer is still frozen. It is None if
        all variables have the same learning rate.
    """
    factors = {}
    for layer in walk(network):
        traits = traits_of(layer)
        if traits.learning_rate_factor is not None:
            is_frozen = progress < traits.frozen_until
            factor = 0.0 if is_frozen else traits.learning_rate_factor
            weights = layer.trainable_variables
            relative = traits.relative_rates or [1.0] * len(weights)
            by_weight = zip(weights, relative, strict=True)
            factors |= {id(weight): factor * rate for weight, rate in by_weight}
    found = [factors.get(id(variable), 1.0) for variable in variables]
    return found if any(id(variable) in factors for variable in variables) else None


def dropout_rates(network):
    """Return the variables with the rates of dropout in a network.

    Parameters
    ----------
    network : keras.Model
        A network whose layers may be networks.

    Returns
    -------
    rates : list of keras.Variable
        One rate per dropout layer.
    """
    layers = (layer for layer in walk(network) if isinstance(layer, Dropout))
    return [layer.current_rate for layer in layers]
