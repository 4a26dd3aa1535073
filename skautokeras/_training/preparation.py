"""Preparation of rows and weights before the first epoch."""

import keras
import numpy as np
import tensorflow as tf

from skautokeras._layers.base import starting_from_data, traits_of, walk
from skautokeras._training.inference import rows_at_once

# Number of rows that weights are drawn from; further rows would hardly change the means
# and variances.
ROWS_TO_START_FROM = 2048


def prepared(built, rows):
    """Return the rows with preprocessing applied, which is not repeated per epoch.

    Parameters
    ----------
    built : BuiltNetwork
        Network with its preprocessing layers.
    rows : Rows
        Rows as the adapter makes them.

    Returns
    -------
    rows : Rows
        Rows as the network takes them.
    """
    x = prepared_arrays(built.preprocess, rows.x)
    return type(rows)(x=x, y=rows.y, weight=rows.weight)


def prepared_arrays(preprocess, x):
    """Return the outputs of the preprocessing layers.

    Parameters
    ----------
    preprocess : keras.Model or None
        Preprocessing layers of a network. If None, the arrays are returned unchanged.
    x : dict of str to ndarray
        Arrays of the adapter.

    Returns
    -------
    x : dict of str to ndarray
        Arrays as the network takes them.
    """
    if preprocess is None:
        return x
    n_rows = len(next(iter(x.values())))
    size = rows_at_once(x, preprocess)
    made = {}
    for i in range(0, n_rows, size):
        part = preprocess({k: v[i : i + size] for k, v in x.items()})
        for name, values in part.items():
            if name not in made:
                shape = (n_rows, *values.shape[1:])
                dtype = keras.backend.standardize_dtype(values.dtype)
                made[name] = np.empty(shape, dtype)
            made[name][i : i + size] = values
    return made


def start_from_data(built, rows, rng, deadline=None):
    """Let layers that ask for it start from the training rows.

    Some draw their weights anew (RealMLP), others are fitted (decision trees).

    Parameters
    ----------
    built : BuiltNetwork
        Freshly initialised network with its preprocessing layers.
    rows : Rows
        Training rows, as the adapter makes them.
    rng : numpy.random.Generator
        Generator of the random draws.
    deadline : Deadline or None, default=None
        Deadline of the training. If None, there is none.
    """
    network = built.network
    _fit_to_targets(built, rows, rng, deadline)
    layers = [layer for layer in walk(network) if traits_of(layer).starts_from_data]
    if not layers:
        return
    some = rng.permutation(len(rows))[:ROWS_TO_START_FROM]
    x = {name: array[some] for name, array in rows.x.items()}
    x = prepared_arrays(built.preprocess, x)
    with starting_from_data(layers, rng):
        network({name: tf.constant(array) for name, array in x.items()})


def starts_from_rows(network):
    """Return whether a layer of a network starts from the training rows.

    Parameters
    ----------
    network : keras.Model
        Network that `start_from_data` prepares.
    """
    traits = map(traits_of, walk(network))
    return any(t.starts_from_data or t.starts_from_targets for t in traits)


def _fit_to_targets(built, rows, rng, deadline):
    """Fit the layers of a network that are fitted to targets."""
    network = built.network
    for layer in walk(network):
        if not traits_of(layer).starts_from_targets:
            continue
        before = keras.Model(network.input, {"features": layer.input})
        if before.trainable_variables:
            raise ValueError(
                f"The layer {type(layer).__name__} is fitted before the training, so "
                "that no trained layer can come before it."
            )
        x = prepared_arrays(before, prepared_arrays(built.preprocess, rows.x))
        weight = None if rows.weight is None else rows.weight[layer.head]
        layer.start_from(
            x["features"], rng, y=rows.y[layer.head], weight=weight, deadline=deadline
        )
