"""What happens to rows and weights before the first epoch."""

import keras
import numpy as np
import tensorflow as tf

from skautokeras._layers.base import starting_from_data, traits_of, walk
from skautokeras._training.inference import rows_at_once

# More rows do not change means and variances.
_ROWS_TO_START_FROM = 2048


def prepared(built, rows):
    """Return rows as the network takes them: preprocessing is applied once.

    Parameters
    ----------
    built : BuiltNetwork
        A configuration.
    rows : Rows
        Rows as the adapter makes them.

    Returns
    -------
    rows : Rows
    """
    x = prepared_arrays(built.preprocess, rows.x)
    return type(rows)(x=x, y=rows.y, weight=rows.weight)


def prepared_arrays(preprocess, x):
    """Return arrays behind the preprocessing layers.

    Parameters
    ----------
    preprocess : keras.Model or None
        The preprocessing layers of a configuration. None: there are none.
    x : dict of str to ndarray
        Arrays of the adapter.

    Returns
    -------
    x : dict of str to ndarray
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


def start_from_data(network, x, rng, prepare=lambda x: x):
    """Draw weights anew from training rows, where layers say so (RealMLP).

    Parameters
    ----------
    network : keras.Model
        Freshly initialised.
    x : dict of str to ndarray
        Training rows.
    rng : numpy.random.Generator
        Source of the draws.
    prepare : callable, default=lambda x: x
        Turns the rows that are chosen into what the network takes.
    """
    layers = [layer for layer in walk(network) if traits_of(layer).starts_from_data]
    if not layers:
        return
    n_rows = len(next(iter(x.values())))
    some = rng.permutation(n_rows)[:_ROWS_TO_START_FROM]
    x = prepare({name: array[some] for name, array in x.items()})
    with starting_from_data(layers, rng):
        network({name: tf.constant(array) for name, array in x.items()})
