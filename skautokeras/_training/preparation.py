"""Preparation of rows and weights before the first epoch."""

import keras
import numpy as np
import tensorflow as tf

from skautokeras._data.rows import spread_rows
from skautokeras._layers.base import starting_from_data, traits_of, walk
from skautokeras._state.deadline import Deadline
from skautokeras._training.inference import rows_at_once

# Number of rows that weights are drawn from; further rows would hardly change the means
# and variances.
ROWS_TO_START_FROM = 2048
# Numbers in the rows that layers are fitted to, which take several times the memory of
# the rows.
_MOST_FITTED = 2**26


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
    x = _arrays_for(built, rows.x)
    return type(rows)(x=x, y=rows.y, weight=rows.weight)


def _arrays_for(built, x):
    """Return the arrays that a network takes, from those of the adapter."""
    x = prepared_arrays(built.preprocess, x)
    return {name: x[name] for name in built.network.input}


def known_rows(built, rows):
    """Return the rows that have all vectors of pretrained models that a network reads.

    They are NaN where there was no time to compute them.

    Parameters
    ----------
    built : BuiltNetwork
        Network with its preprocessing layers.
    rows : Rows
        Rows as the adapter makes them.

    Returns
    -------
    rows : Rows
        The rows themselves if none is left out.
    """
    known = np.ones(len(rows), bool)
    for name in built.vectors:
        known &= ~np.isnan(rows.x[name][:, 0])
    if known.all():
        return rows
    if built.preprocess is None:
        # What vectors are made of would be copied for nothing.
        x = {name: rows.x[name] for name in built.network.input}
        rows = type(rows)(x=x, y=rows.y, weight=rows.weight)
    return rows.take(np.flatnonzero(known))


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


def start_from_data(
    built,
    rows,
    rng,
    *,
    valid_rows=None,
    n_iterations=None,
    deadline=None,
    share=1.0,
):
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
    valid_rows : Rows or None, default=None
        Validation rows, which tell when layers that are fitted are best.
    n_iterations : int or None, default=None
        Number of iterations of layers that are fitted. If None, the layers decide.
    deadline : Deadline or None, default=None
        Deadline of the training. If None, there is none.
    share : float, default=1.0
        Share of the time that is left that the fitting of layers takes at most.

    Returns
    -------
    n_iterations : int or None
        Mean number of iterations of the layers that were fitted to targets. None if
        there are no such layers.
    cut : bool
        Whether the deadline has ended the fitting of a layer.
    """
    if deadline is None:
        deadline = Deadline(None)
    else:
        deadline = deadline.within(share * deadline.left())
    counts = _fit_to_targets(built, rows, rng, valid_rows, n_iterations, deadline)
    _start_from_some(built, rows, rng)
    return round(np.mean(counts)) if counts else None, deadline.cut


def _start_from_some(built, rows, rng):
    """Let layers draw their weights anew by means of some rows."""
    network = built.network
    layers = [layer for layer in walk(network) if traits_of(layer).starts_from_data]
    if not layers:
        return
    some = rng.permutation(len(rows))[:ROWS_TO_START_FROM]
    x = {name: array[some] for name, array in rows.x.items()}
    x = _arrays_for(built, x)
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


def _fit_to_targets(built, rows, rng, valid_rows, n_iterations, deadline):
    """Fit the layers that are fitted to targets; return their numbers of iterations."""
    counts = []
    for layer, features in built.fitted.items():
        before = keras.Model(built.network.input, {"features": features})
        if before.trainable_variables:
            raise ValueError(
                f"The layer {type(layer).__name__} is fitted before the training, so "
                "that no trained layer can come before it."
            )
        x, y, weight = _rows_for(layer, before, built, _as_many_as_fit(rows, layer))
        count = layer.start_from(
            x,
            rng,
            y=y,
            weight=weight,
            valid=None
            if valid_rows is None
            else _rows_for(layer, before, built, valid_rows),
            n_iterations=n_iterations,
            deadline=deadline,
        )
        counts.append(count)
    return counts


def _as_many_as_fit(rows, layer):
    """Return some of the rows, if it would take too much memory to fit all."""
    most = _MOST_FITTED // layer.input.shape[-1]
    return rows if len(rows) <= most else rows.take(spread_rows(len(rows), most))


def _rows_for(layer, before, built, rows):
    """Return the inputs of a layer for some rows, with their targets and weights."""
    x = prepared_arrays(before, _arrays_for(built, rows.x))
    weight = None if rows.weight is None else rows.weight[layer.head]
    return x["features"], rows.y[layer.head], weight
